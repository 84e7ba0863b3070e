"""Supply curves: how much a harvester delivers into the buffer at least, in any window of so many picoseconds.

A lower supply curve promises of every window of length D, wherever it begins, that at least beta(D) is stored in it, be
the device running or waiting. It is piecewise linear in integers: picoseconds and femtojoules at its points, femtowatt
behind the last one. Between two points it is the rational on the straight line, so that nothing is rounded but what is
asked of it: `at_least(D)` is rounded down, `inverse(e)` up, and both are monotone.

What is drawn all the time, by sleeping or leaking, comes off: beta(D) - l D need not grow, and a level once reached can
be lost again in a blackout. `inverse(e)` is therefore the least window behind which *no* window falls below e,

    inf {D : beta(D') - l D' >= e for all D' >= D},

and not the first that reaches e: a runtime that looks a moment later, or a wait that can only begin later, would miss
that one. Where nothing is drawn the two are the same, inf {D : beta(D) >= e}.

A promise about every window is also one about two windows side by side, beta(D1) + beta(D2) of D1 + D2. A curve that
does not say so (it is not superadditive) is safe, only not tight: no supply attains what is computed from it.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterator
from dataclasses import dataclass, replace
from fractions import Fraction
from functools import cached_property
from itertools import pairwise
from typing import Final

from ischedule.models.errors import InvalidValue
from ischedule.models.quantities import LIMIT

PER_WATT: Final = 10**12
"""Femtojoules are femtowatt times picoseconds over this."""

MOST_POINTS: Final = 1024
"""A curve of more points is refused: no plan is better for them."""

_SAMPLES: Final = 64
"""Windows at which a curve behind dead times is taken in each period."""

Point = tuple[int, int]
"""A window (ps), and what is delivered in it at least (fJ)."""


@dataclass(frozen=True)
class SupplyCurve:
    """Points from (0, 0) on, in order, and the rate (fW) behind the last; ``drawn`` (fW) comes off all the time."""

    points: tuple[Point, ...]
    rate: int
    drawn: int = 0

    def __post_init__(self) -> None:
        if not self.points or self.points[0] != (0, 0):
            raise InvalidValue(0, "is not where the curve begins", 'begin with ["0 s", "0 J"]', ".points[0]")
        if len(self.points) > MOST_POINTS:
            problem, remedy = f"are more than {MOST_POINTS} points", "leave out some: less is promised, and still true"
            raise InvalidValue(len(self.points), problem, remedy, ".points")
        for place, (before, after) in enumerate(pairwise(self.points), 1):
            if after[0] <= before[0]:
                problem, remedy = "is no longer window than the one before it", "sort the points, each window once"
                raise InvalidValue(after[0], problem, remedy, f".points[{place}][0]")
            if after[1] < before[1]:
                problem, remedy = "is less than in a shorter window", "write what is delivered in the whole window"
                raise InvalidValue(after[1], problem, remedy, f".points[{place}][1]")
        if self.rate < 0 or self.drawn < 0:
            raise InvalidValue(min(self.rate, self.drawn), "is negative", "write a power of at least 0 W", ".rate")
        if max(self.points[-1]) >= LIMIT:
            raise InvalidValue(max(self.points[-1]), "is too large", "write shorter windows", ".points")

    @classmethod
    def rate_latency(cls, rate: int, latency: int) -> SupplyCurve:
        """Nothing for a time, then a constant rate."""
        return cls(((0, 0),) if latency == 0 else ((0, 0), (latency, 0)), rate)

    def less(self, power: int) -> SupplyCurve:
        """What is left where so much more power is drawn all the time."""
        return replace(self, drawn=self.drawn + power)

    @cached_property
    def _windows(self) -> list[int]:
        return [window for window, _ in self.points]

    @cached_property
    def _net(self) -> list[int]:
        """What the points leave when what is drawn is taken off, in femtowatt times picoseconds."""
        return [stored * PER_WATT - self.drawn * window for window, stored in self.points]

    @cached_property
    def _settled(self) -> list[int]:
        """The least of that at each point and behind it; in order. The last rate must be at least what is drawn."""
        found = self._net[-1:]
        for net in reversed(self._net[:-1]):
            found.append(min(net, found[-1]))
        return found[::-1]

    @property
    def lasts(self) -> bool:
        """Whether in the long run no more is drawn than delivered."""
        return self.rate >= self.drawn

    def exactly(self, window: int | Fraction) -> Fraction:
        """What is promised of a window, net of what is drawn, before rounding."""
        if window < 0:
            raise ValueError(f"a window is not negative: {window}")
        place = bisect_right(self._windows, window) - 1
        start, stored = self.points[place]
        if place + 1 < len(self.points):
            end, more = self.points[place + 1]
            gross = stored + Fraction(more - stored) * (window - start) / (end - start)
        else:
            gross = stored + Fraction(self.rate) * (window - start) / PER_WATT
        return gross - Fraction(self.drawn) * window / PER_WATT

    def at_least(self, window: int) -> int:
        """What is promised of a window and of every longer one, rounded down."""
        found = self.exactly(window)
        if self.drawn:
            if not self.lasts:
                raise ValueError("nothing is promised where more is drawn than delivered in the long run")
            place = bisect_right(self._windows, window)
            if place < len(self.points):
                found = min(found, Fraction(self._settled[place], PER_WATT))
        return found.numerator // found.denominator

    def inverse(self, amount: int) -> int | None:
        """The least window of which, and of all longer ones, so much is promised; rounded up. None if there is none."""
        if not self.lasts:
            return None
        wanted = amount * PER_WATT
        place = bisect_left(self._settled, wanted)
        if place == 0:
            return 0
        # no point behind falls below the amount but the one before does, so that the piece between them rises
        start, before = self._windows[place - 1], self._net[place - 1]
        if place == len(self.points):
            rise, run = self.rate - self.drawn, 1
        else:
            rise, run = self._net[place] - before, self._windows[place] - start
        return None if rise <= 0 else start - (before - wanted) * run // rise

    @property
    def lowest(self) -> int | None:
        """The least that any window leaves, rounded down: negative by what a blackout costs. None if it has no end."""
        return self._settled[0] // PER_WATT if self.lasts else None

    @property
    def blackout(self) -> int:
        """The longest window in which nothing need be delivered (ps)."""
        return max(window for window, stored in self.points if stored == 0)

    @property
    def is_superadditive(self) -> bool:
        """Whether windows side by side are promised what each is.

        beta(x + y) - beta(x) - beta(y) is linear wherever x, y and x + y pass no point, so that it is least at a
        corner, where two of the three are points; behind the last point it no longer depends on the one that grows.
        """
        gross = replace(self, drawn=0)
        return all(
            gross.exactly(one + other) >= gross.exactly(one) + gross.exactly(other) for one, other in self._corners()
        )

    def _corners(self) -> Iterator[tuple[int, int]]:
        for one in self._windows:
            for other in self._windows:
                if one <= other:
                    yield one, other
                    yield one, other - one

    def with_losses(self, power: int, stopped: int, every: int) -> SupplyCurve:
        """What is left of it behind a converter that loses at most a power while it stops, for a time in every period.

        A window of D begins with a stop at worst: stops last for stopped + D stopped / every of it at most. What is
        lost comes off, and what is left is read as what no longer window falls below, and never less than nothing.
        """
        if not 0 <= stopped < every:
            raise InvalidValue(stopped, "is no part of its period", "write a time below the period", ".dead_time.stop")
        if self.drawn:
            raise ValueError("what is drawn comes off behind the converter")
        once, always = -(-power * stopped // PER_WATT), -(-power * stopped // every)
        left = self.less(always)
        if not left.lasts:
            return SupplyCurve(((0, 0),), 0)
        begun = left.inverse(once)
        if begun is None:
            return SupplyCurve(((0, 0),), 0)
        points = [(0, 0), *([(begun, 0)] if begun else [])]
        points += [(window, left.at_least(window) - once) for window, _ in self.points if window > begun]
        return SupplyCurve(without_straight(tuple(points)), left.rate - always)

    def with_dead_times(self, stopped: int, every: int) -> SupplyCurve:
        """What is left of it behind a converter that stops for a time in every period, to sample its input.

        Only a window without a stop keeps its promise. One of length D that begins when a of a running time are left
        has a, whole running times, and the beginning of one; `_worst` is the least over all a. From one running time on
        it grows by the same amount with each period. It is taken at some windows and read from there one window late,
        which is safe because it never falls.
        """
        if not 0 <= stopped < every:
            raise InvalidValue(stopped, "is no part of its period", "write a time below the period", ".dead_time.stop")
        if self.drawn:
            raise ValueError("what is drawn comes off behind the converter")
        if stopped == 0:
            return self
        each = self.at_least(every - stopped)
        # one period more than one running time, and one more to see how far below its own rate the curve can be
        step = -(-every // _SAMPLES)
        taken = sorted({stopped, *range(step, 2 * every + 3 * step, step)})
        values = [self._worst(window, stopped, every) for window in taken]
        points = [(0, 0), (taken[0], 0), *zip(taken[1:], values, strict=False)]
        rate = each * PER_WATT // every
        kept = [place for place, (window, _) in enumerate(points) if window >= every]
        begin, _ = points[kept[0]]
        low = min(value - -(-rate * (window - begin) // PER_WATT) for window, value in (points[at] for at in kept))
        points = points[: kept[0]]
        most = max(points[-1][1], low)
        # from there the line at the rate; a plateau if it begins below what is known already
        late = 0 if low >= most or rate == 0 else -(-(most - low) * PER_WATT // rate)
        if rate == 0:
            return SupplyCurve(tuple(points), 0)
        return SupplyCurve(without_straight((*points, (begin + late, max(low, most)))), rate)

    def _worst(self, window: int, stopped: int, every: int) -> int:
        """The least that a window contains behind dead times, rounded down: over all that is left of a running time."""
        running = every - stopped
        each = self.exactly(running)

        def stored(left: int) -> Fraction:
            if left >= window:
                return self.exactly(window)
            whole, rest = divmod(window - left, every)
            return self.exactly(left) + whole * each + self.exactly(min(max(0, rest - stopped), running))

        # linear in what is left but where it, or what is begun at the end, passes a point or an end
        begun = [0, running, *(point for point in self._windows if point < running)]
        ends = {left for part in begun for left in (part, (window - stopped - part) % every, (window - part) % every)}
        found = min(stored(left) for left in {0, running, *(left for left in ends if left <= running)})
        return found.numerator // found.denominator


def without_straight(points: tuple[Point, ...]) -> tuple[Point, ...]:
    """The same line without the points that lie on the straight one between their neighbours."""
    kept = list(points[:1])
    for place in range(1, len(points) - 1):
        (x, y), (u, v), (p, q) = kept[-1], points[place], points[place + 1]
        if (v - y) * (p - u) != (q - v) * (u - x):
            kept.append(points[place])
    return (*kept, *points[1:][-1:])
