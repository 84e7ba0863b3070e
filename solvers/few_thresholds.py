"""The best plan of few runs where every layer has a list of designs, and every run waits for a threshold of its own.

A run begins with any threshold that suffices for its first cycle, and later ones must not need more. So behind a cycle
the threshold of its run matters beside its atoms, and the level that is left. A way that leaves less than every
threshold waits whatever follows: of those the one with the least cost is kept, by which a level left counts as time
gained. Of others each level is kept, but for ways than which one is as early and leaves as much, or one that waits
costs less by more than rounding can make up for: to start at lower levels never takes longer (`shared_thresholds`).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from ischedule.models.cycle_law import begin, recharged
from ischedule.models.program import Program
from ischedule.models.programmable_wake import ProgrammableWakeLaw
from ischedule.models.rounding import slack_of, slack_of_plans
from ischedule.models.tables import Room
from ischedule.solvers.few_designs import (
    Choice,
    End,
    Ended,
    FewDesigns,
    Front,
    Key,
    Open,
    Search,
    Start,
    Units,
    betters,
    keep,
    put,
)

WAITS = -1
"""In place of a level: the next cycle waits for certain."""
NEW = -1
"""In place of a code: the threshold is yet to be chosen."""


@dataclass(frozen=True, slots=True)
class Way(Start):
    """A way to begin a cycle, with the level left, and the code that the cycles of its run wait for."""

    level: int
    code: int
    ahead: int
    """The level left where the next cycle may not wait."""

    def key(self, atoms: int) -> Key:
        return atoms, self.units, self.code, self.ahead

    def moved(self, units: int, cost: int, choice: Choice | None) -> Way:
        return Way(units, cost, choice, self.level, self.code, self.ahead)

    def anew(self, units: int) -> Way:
        """To begin a new run."""
        return Way(units, self.cost, self.choice, self.level, NEW, self.ahead)


class FewThresholds(FewDesigns):
    """A program of explicit stages under programmable wake."""

    def __init__(self, program: Program, units: Units) -> None:
        super().__init__(program, units)
        assert isinstance(program.law, ProgrammableWakeLaw), "thresholds are chosen"
        self.law, groups = program.law, [group for some in self.groups for group in some]
        least = min(int((group.resume + group.drained[1:] - group.drained[:-1]).min()) for group in groups)
        self.lowest = self.law.shared(None, min(least, self.law.capacity))[0].level
        """No cycle but the first waits for less."""

    def search(self, room: Room, below: int, cycles: int) -> Search:
        return _Thresholds(self, room, below, cycles)


class _Thresholds(Search):
    """Ways are given up only where they cost more by what rounding can make of the level left."""

    def __init__(self, few: FewThresholds, room: Room, below: int, cycles: int) -> None:
        self.law, self.lowest, self.slack = few.law, few.lowest, slack_of(few.law)
        super().__init__(few, room, below + self.slack, cycles)
        self.worth, self.at = few.law.charging.elapsed_down, few.law.thresholds.at
        self.top = few.law.shared(None, few.law.capacity)[0].code or 0
        self.rounding = slack_of_plans(few.program, self.below)

    def begun(self) -> Start:
        level = self.law.head.level
        return Way(0, 0, None, level, NEW, level)

    def finish(self, some: Sequence[Start], end: End, most: int, there: Ended) -> None:
        needed = self.law.shared(end.load, None) if end.is_first else self.law.shared(None, end.load)
        least = needed[0].code or 0
        for way in map(_way, some):
            codes = range(least, self.top + 1) if way.code == NEW else range(way.code, way.code + (way.code >= least))
            for code in codes:
                self._spend(1)
                cost, left = self._cost(way, code, end)
                if cost < (most - self.slack if end.is_last else most):
                    ahead = left if left >= self.lowest else WAITS
                    keep(there, end.atoms, Way(way.units, cost + end.active, way.choice, left, code, ahead))
                elif cost - 2 * self.slack >= most:
                    break

    def _cost(self, way: Way, code: int, end: End) -> tuple[int, int]:
        """What a way costs without the active time of a cycle that ends, and what level is left."""
        waited, begun = begin(self.law, way.level, self.at(code), is_first=end.is_first)
        left = self.law.level_left(begun, end.load)
        passed = way.cost + self.worth(way.level) + waited
        return passed + (recharged(self.law, left) if end.is_last else -self.worth(left)), left

    def starts(self, ended: Ended) -> dict[int, list[Start]]:
        ways = sorted(((_way(start), atoms) for (atoms, *_), start in ended.items()), key=lambda one: order_of(one[0]))
        found: dict[int, list[Start]] = {0: []}
        new = self._kept()
        for way, _ in ways:
            anew = way.anew(way.units + self.room.run)
            if anew.units <= self.room.units and new.adds(anew, 0):
                found[0].append(anew)
        kept: dict[tuple[int, int], _Kept] = defaultdict(self._kept)
        for way, atoms in ways:
            if atoms and not new.has_better(way, 0) and kept[atoms, way.code].adds(way, 0):
                found.setdefault(atoms, []).append(way)
        return found

    def undominated(self, some: Sequence[Open]) -> list[Open]:
        found: list[Open] = []
        kept: dict[tuple[int, int, int], _Kept] = defaultdict(self._kept)
        for one in sorted(some, key=lambda one: (one.start.units, one.wanted, one.drain, order_of(_way(one.start)))):
            way = _way(one.start)
            if one.wanted and kept[one.atoms, 0, NEW].has_better(way, one.drain):
                continue
            if kept[one.atoms, one.wanted, way.code].adds(way, one.drain):
                found.append(one)
        return found

    def _kept(self) -> _Kept:
        return _Kept(self.rounding, self.worth)


def _way(start: Start) -> Way:
    assert isinstance(start, Way), "ways know their thresholds"
    return start


def order_of(way: Way) -> tuple[int, bool, int, int]:
    """Ways come before those that they can better."""
    return way.units, way.ahead != WAITS, way.cost, -way.level


class _Kept:
    """Ways to one end of a cycle, or to one place of a cycle in progress, by the units taken."""

    def __init__(self, rounding: int, worth: Callable[[int], int]) -> None:
        self.rounding, self.worth = rounding, worth
        self.waiting: dict[int, Front] = {}
        self.ahead: list[tuple[int, int, int, int]] = []
        """Units, drain, the time that has passed, and the level left."""

    def adds(self, way: Way, drain: int) -> bool:
        """Whether none is as good as a way that has drained so much; it is kept."""
        if self.has_better(way, drain):
            return False
        if way.ahead == WAITS:
            put(self.waiting.setdefault(way.units, []), drain, way.cost)
        else:
            self.ahead.append((way.units, drain, way.cost + self.worth(way.level), way.level))
        return True

    def has_better(self, way: Way, drain: int) -> bool:
        """Whether one is as good as a way that has drained so much."""
        cost = way.cost if way.ahead == WAITS else way.cost - self.rounding
        if any(units <= way.units and betters(front, drain, cost) for units, front in self.waiting.items()):
            return True
        if way.ahead == WAITS or not self.ahead:
            return False
        time = way.cost + self.worth(way.level)
        return any(
            units <= way.units and more <= drain and passed <= time and level >= way.level
            for units, more, passed, level in self.ahead
        )
