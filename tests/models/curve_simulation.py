"""Supplies and an event simulation of the certified rule under them, in exact rationals, for tests and benches.

A supply is the largest of a few lower curves, each begun at some moment with something delivered before: whatever its
pieces, any window of it delivers what the curve promises if the curve is superadditive. The simulation knows levels and
events, and nothing of response times.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise

from ischedule.models.supply_curve import SupplyCurve

Corner = tuple[Fraction, Fraction]


@dataclass(frozen=True)
class Supply:
    """Corners of what has been delivered until each moment; two at one moment are a burst. It goes on at the rate."""

    corners: tuple[Corner, ...]
    rate: Fraction


def greatest_of(curve: SupplyCurve, begun: Sequence[tuple[int, int]]) -> Supply:
    """The largest of the curve from 0 on and, from each moment on, an amount and the curve from there."""
    parts = [(Fraction(0), Fraction(0)), *((Fraction(at), Fraction(amount)) for at, amount in begun)]

    def value(time: Fraction, until: bool) -> Fraction:
        """What has been delivered just before a moment, or by then."""
        some = [amount + curve.exactly(time - at) for at, amount in parts if (at < time if until else at <= time)]
        return max(some, default=Fraction(0))

    times = sorted({at + window for at, _ in parts for window, _ in curve.points})
    crossings = set()
    for start, end in [*pairwise(times), (times[-1], None)]:
        live = [(at, amount) for at, amount in parts if at <= start]
        stop = start + 1 if end is None else end
        lines = []
        for at, amount in live:
            low, high = amount + curve.exactly(start - at), amount + curve.exactly(stop - at)
            lines.append((low, (high - low) / (stop - start)))
        for place, (low, slope) in enumerate(lines):
            for other, steep in lines[place + 1 :]:
                if slope != steep:
                    at = start + (other - low) / (slope - steep)
                    if at > start and (end is None or at < end):
                        crossings.add(at)
    corners: list[Corner] = []
    for time in sorted({*times, *crossings}):
        before, after = value(time, True), value(time, False)
        if time > 0:
            corners.append((time, before))
        corners.append((time, after))
    return Supply(tuple(corners), Fraction(curve.rate, 10**12))


@dataclass(frozen=True)
class Cycle:
    """A threshold to wait for, what is drained, when of its time (0 at once, 1 in the end), how long it is active.

    Where it fails all that is stored is gone as it ends.
    """

    threshold: int
    drain: int
    active: int
    when: Fraction = Fraction(0)
    even: bool = False
    fails: bool = False


def simulate(supply: Supply, cycles: Sequence[Cycle], level: int, full: int) -> Fraction:
    """When the last cycle ends. Each starts as soon as the one before has ended and the level reaches its threshold."""
    corners = [*supply.corners]
    time, stored, place = Fraction(0), Fraction(level), 0

    def slope_and_end() -> tuple[Fraction, Fraction | None]:
        if place + 1 >= len(corners):
            return supply.rate, None
        (start, low), (end, high) = corners[place], corners[place + 1]
        return ((high - low) / (end - start) if end > start else Fraction(0)), end

    def settle() -> None:
        """Pass all corners that are behind, with their bursts."""
        nonlocal place, stored
        while place + 1 < len(corners) and corners[place + 1][0] <= time:
            if corners[place + 1][0] == corners[place][0]:
                stored = min(Fraction(full), stored + corners[place + 1][1] - corners[place][1])
            place += 1

    def advance(until: Fraction, load: Fraction) -> None:
        nonlocal time, stored
        while time < until:
            power, end = slope_and_end()
            stop = until if end is None else min(until, end)
            stored = min(Fraction(full), stored + (power - load) * (stop - time))
            time = stop
            settle()

    first, burst = corners[0]
    assert first == 0
    stored = min(Fraction(full), stored + burst)
    settle()
    for cycle in cycles:
        while stored < cycle.threshold:
            power, end = slope_and_end()
            if power > 0 and (end is None or stored + power * (end - time) >= cycle.threshold):
                time += (cycle.threshold - stored) / power
                stored = Fraction(cycle.threshold)
                settle()
                break
            if end is None:
                raise ValueError("the supply never reaches the threshold")
            stored += power * (end - time)
            time = end
            settle()
        begun = time
        if cycle.even and cycle.active:
            advance(begun + cycle.active, Fraction(cycle.drain, cycle.active))
        else:
            advance(begun + cycle.when * cycle.active, Fraction(0))
            stored -= cycle.drain
            advance(begun + cycle.active, Fraction(0))
        assert stored >= 0, "the device browned out"
        if cycle.fails:
            stored = Fraction(0)
    return time
