"""A line under the least cost of a total load, for the loads that matter: those for which nothing else decides.

What the cycles of a plan cost by their total load starts high and rises ever more slowly, whereas the rate is a line
through nothing. Between the least load that any plan can have and the load that by itself costs the bound, a chord is
much closer; where the cost rises in stairs, one of the lines under the cost of a cycle may be.
"""

from __future__ import annotations

from dataclasses import dataclass

from ischedule.analysis.grounds import Grounds, Line, Rebate
from ischedule.analysis.total_load import TotalLoad

PIECES = 256
"""The stretch of loads is looked at in so many pieces."""


@dataclass(frozen=True, slots=True)
class Stretch:
    """Loads from ``low`` on up to the least multiple of a piece that costs what is asked for."""

    total: TotalLoad
    is_first: bool
    low: int
    high: int

    def under(self, slope: int, denominator: int) -> int:
        """The greatest constant so that constant + slope * load is at most the least cost, all times the denominator.

        Each piece is charged the line at its upper end and the cost at its lower one.
        """
        width = max(1, -(-(self.high - self.low) // PIECES))
        return min(
            denominator * self.total.least(load, self.is_first) - slope * (load + width)
            for load in range(self.low, self.high + 1, width)
        )

    def slope(self, denominator: int) -> int:
        """The slope of its chord, times the denominator."""
        rise = self.total.least(self.high, self.is_first) - self.total.least(self.low, self.is_first)
        return max(0, denominator * rise // max(1, self.high - self.low))


def stretch(total: TotalLoad, low: int, cost: int, is_first: bool) -> Stretch | None:
    """The loads from the least one on that do not cost so much by themselves; None if they go on too far."""
    low, room = max(low, 0), total.room
    high = low
    while total.least(high, is_first) < cost:
        high += room
        if high > total.farthest:
            return None
    least = low
    while high - least > room // PIECES + 1:
        middle = (least + high) // 2
        least, high = (least, middle) if total.least(middle, is_first) >= cost else (middle, high)
    return Stretch(total, is_first, low, high)


@dataclass(frozen=True, slots=True)
class Chord:
    """A slope under the least cost of total loads: of a line under the cost of a cycle, or of the cost itself."""

    grounds: Grounds
    slope: int
    line: tuple[Line, Rebate] | None

    def constant(self, low: int, cost: int, is_first: bool) -> int | None:
        """With it the chord is under the least cost of loads from ``low`` on, until that is ``cost`` by itself.

        Times the denominator; None if there is none.
        """
        grounds, line = self.grounds, self.line
        if line is not None:
            (constant, _), rebate = line
            return constant * grounds.cycles(low) - (rebate.first if is_first else rebate.later)
        found = None if grounds.total is None else stretch(grounds.total, low, cost, is_first)
        return None if found is None else found.under(self.slope, grounds.rate[1])


def chords(grounds: Grounds, drain: int, time: int) -> list[Chord]:
    """The chords that may serve for plans with at least this drain and time of atoms; the first is of a line."""
    line = max(
        [(0, grounds.rate[0]), *grounds.lines], key=lambda line: grounds.cycles(drain) * line[0] + line[1] * drain
    )
    found = [Chord(grounds, line[1], (line, grounds.rebate_of(line)))]
    whole = None if grounds.total is None else stretch(grounds.total, drain, grounds.value - time, True)
    if whole is not None:
        found.append(Chord(grounds, whole.slope(grounds.rate[1]), None))
    return found
