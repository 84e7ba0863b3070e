"""What the windows of a trace contain at least, and a lower supply curve of few points under that.

H(t) is what has been delivered until t. While powers are constant it is piecewise linear, with corners where rows
begin. For one length D the content H(t + D) - H(t) is, as a function of t, linear wherever neither end of the window
passes a corner; so it is least where one of its ends is at a corner (or at an end of the trace, which is a corner
too), and of all positions only these are looked at. As a function of D each of these, a window that begins or ends at
a given corner, is linear between two corners for its other end. Where all rows are equally long those are the
multiples of the step, at every corner alike: between two multiples the least content is a minimum of linear functions,
concave, and not below the straight line between its values there. Elsewhere the contents are known at some lengths
only, and count one length later, which is safe as they never fall.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import accumulate, pairwise
from typing import Final

from ischedule.models.quantities import Interval
from ischedule.models.supply_curve import PER_WATT, Point, SupplyCurve, without_straight
from ischedule.models.trace import Trace

MOST_WINDOWS: Final = 4096
"""So many lengths of windows are looked at, at most."""

_MOST_WORK: Final = 400_000
"""Windows of traces with uneven rows, over all lengths: fewer lengths are looked at if there are more."""


@dataclass(frozen=True)
class Minima:
    """Lengths in ascending order from 0 on, and what every window of each contains at least (fJ).

    Between two lengths every window contains no less than the straight line between them.
    """

    points: tuple[Point, ...]

    def content(self, length: int) -> int:
        """What every window of a length contains at least, rounded down."""
        place = bisect_right([window for window, _ in self.points], length)
        if place == len(self.points):
            return self.points[-1][1]
        (start, low), (end, high) = self.points[place - 1], self.points[place]
        return low + (high - low) * (length - start) // (end - start)


def minima(trace: Trace, wraps: bool, windows: Interval | None = None) -> Minima:
    """The least contents of the trace's windows; if it wraps, of the windows that run on into its beginning as well.

    Of windows with lengths in an interval only, if one is given: shorter ones then promise nothing.
    """
    longest = trace.length if windows is None else min(windows.hi, trace.length)
    shortest = 0 if windows is None else windows.lo
    # each row rounded down to whole femtojoules: a supply that is nowhere stronger
    energies = [power * length // PER_WATT for power, length in zip(trace.powers, trace.lengths, strict=True)]
    if trace.step is not None:
        from ischedule.models.trace_windows_array import least_contents

        first, last = max(1, -(-shortest // trace.step)), longest // trace.step
        if last < first:
            raise NoWindow(trace.step)
        stride = -(-(last - first + 1) // MOST_WINDOWS)
        counts = list(range(first if first > 1 else stride, last + 1, stride))
        values = least_contents(energies, counts, wraps)
        lengths = [count * trace.step for count in counts]
        if stride == 1 and first > 1:
            # windows longer by 1 ps contain as much, and from there on the line between two lengths is below them all
            points = ((lengths[0] + 1, values[0]), *zip(lengths[1:], values[1:], strict=True))
            return Minima(((0, 0), (lengths[0], 0), *points))
        return Minima(_line(lengths, values, is_whole=stride == 1))
    lengths = _uneven_lengths(trace, None if windows is None else Interval(min(shortest, longest), longest))
    return Minima(_line(lengths, [_least(trace, energies, length, wraps) for length in lengths], is_whole=False))


class NoWindow(ValueError):
    """No window of the lengths asked for ends where rows end; `step` is how long a row is."""

    def __init__(self, step: int) -> None:
        self.step = step
        super().__init__(f"no whole number of rows of {step} ps lies between the shortest and the longest window")


def _uneven_lengths(trace: Trace, windows: Interval | None) -> list[int]:
    """The lengths that are looked at where rows differ: ends of rows, or within an interval even parts of it."""
    ends = [*accumulate(trace.lengths)]
    if windows is None:
        every = max(1, len(ends) * len(ends) // _MOST_WORK)
        return sorted(set(ends[every - 1 :: every]))
    parts, span = max(2, min(MOST_WINDOWS, _MOST_WORK // len(ends))), windows.hi - windows.lo
    return sorted({max(1, windows.lo + span * part // parts) for part in range(parts + 1)})


def _line(lengths: Sequence[int], values: Sequence[int], *, is_whole: bool) -> tuple[Point, ...]:
    if is_whole:
        return ((0, 0), *zip(lengths, values, strict=True))
    return ((0, 0), (lengths[0], 0), *zip(lengths[1:], values, strict=False))


def _least(trace: Trace, energies: Sequence[int], length: int, wraps: bool) -> int:
    """The least content of windows of one length, rounded down, with one end at a corner."""
    times = [0, *accumulate(trace.lengths)]
    stored = [0, *accumulate(energies)]
    total, end = stored[-1], times[-1]

    def until(time: int) -> Fraction:
        laps, rest = divmod(time, end)
        place = bisect_right(times, rest) - 1
        amount = Fraction(laps * total + stored[place])
        if rest > times[place]:
            amount += Fraction(energies[place] * (rest - times[place]), trace.lengths[place])
        return amount

    found = []
    for corner in times:
        if wraps or corner + length <= end:
            found.append(until(corner + length) - until(corner))
        if wraps or corner >= length:
            found.append(until(corner + end) - until(corner + end - length))
    least = min(found)
    return least.numerator // least.denominator


def curve_under(found: Minima, safety: Fraction, most: int) -> SupplyCurve:
    """A curve of at most so many points (at least 4) that promises no more than the contents times the safety factor.

    Points are chosen one by one, each where the contents are furthest from the straight line of those chosen, as a
    part of what is there. Then they are lowered until no content on the way lies below the line (`_lowered`). Two
    windows of the trace's whole length side by side contain at least twice what one does, and so on: behind the last
    point the curve goes on at the power of the whole, as late as the least content of any part demands.
    """
    points = [(window, stored * safety.numerator // safety.denominator) for window, stored in found.points]
    dark = max(place for place, (_, stored) in enumerate(points) if stored == 0)
    last = len(points) - 1
    if dark == last:
        return SupplyCurve(((0, 0), (points[-1][0], 0)), 0)
    spans = [_furthest(points, dark, last)]
    while len(spans) < most - 3 and max(spans)[0] > 0:
        off, place, begin, end = max(spans)
        spans.remove((off, place, begin, end))
        spans += [_furthest(points, begin, place), _furthest(points, place, end)]
    chosen = sorted({dark, last, *(begin for _, _, begin, _ in spans)})
    kept = _lowered(points, chosen)
    return _going_on(without_straight(kept if dark == 0 else ((0, 0), *kept)))


def _furthest(points: Sequence[Point], begin: int, end: int) -> tuple[float, int, int, int]:
    """How far contents between two points are from the straight line at most, as a part; where; and the two points."""
    (start, low), (stop, high) = points[begin], points[end]
    slope, best = (high - low) / (stop - start), (0.0, begin)
    for place in range(begin + 1, end):
        window, stored = points[place]
        line = low + slope * (window - start)
        best = max(best, (abs(stored - line) / max(stored, line, 1), place))
    return (*best, begin, end)


def _lowered(points: Sequence[Point], chosen: Sequence[int]) -> tuple[Point, ...]:
    """The chosen points, lowered until the line through them passes above no point.

    Where a line passes above some by e at most, lowering both of its ends by e or more takes it below them all;
    lowering a point further, so that amounts never fall, does no harm. What would come below nothing is nothing, and
    the line from there rises no more steeply than all points on its way allow.
    """
    excess = [_excess(points, begin, end) for begin, end in pairwise(chosen)]
    values = [
        points[place][1] - max(before, behind)
        for place, before, behind in zip(chosen, [0, *excess], [*excess, 0], strict=True)
    ]
    for at in reversed(range(len(values) - 1)):
        values[at] = min(values[at], values[at + 1])
    values[0] = 0
    kept = [(points[chosen[0]][0], 0)]
    for at in range(1, len(chosen)):
        value = max(0, values[at])
        if kept[-1][1] == 0:
            start = points[chosen[at - 1]][0]
            way = points[chosen[at - 1] + 1 : chosen[at] + 1]
            rise = min(Fraction(stored, window - start) for window, stored in way) * (way[-1][0] - start)
            value = min(value, rise.numerator // rise.denominator)
        kept.append((points[chosen[at]][0], value))
    return tuple(kept)


def _excess(points: Sequence[Point], begin: int, end: int) -> int:
    """By how much the straight line between two points passes above a point between them at most, rounded up."""
    (start, low), (stop, high) = points[begin], points[end]
    run = stop - start
    most = max((low - stored) * run + (high - low) * (window - start) for window, stored in points[begin : end + 1])
    return -(-most // run)


def _going_on(points: Sequence[Point]) -> SupplyCurve:
    """The curve behind its last point at the power of the whole, late by what parts of it can be below that."""
    length, whole = points[-1]
    rate = whole * PER_WATT // length
    # beta(length + x) >= whole + beta(x), and that is below the line from the last point by this much at most
    short = max(-(-rate * window // PER_WATT) - stored for window, stored in points)
    late = -(-short * PER_WATT // rate) if rate else 0
    return SupplyCurve((*points, (length + late, whole)) if late else tuple(points), rate)
