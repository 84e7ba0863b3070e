"""The least that plans of listed designs cost whose tables are small enough, where each run waits for a threshold.

Thresholds are the hardware's codes, and the least sufficient one is the best. Behind a cycle the code of its run
matters as well, and the level that is left. Where that is less than any later cycle waits for, it is as if the buffer
had been empty for as long as it takes to charge to it: such ways differ in that time alone. Of any two ways that one is
left out which is no earlier and leaves no more, and of one that waits and one that may not the latter if it costs more
by as much as rounding can come to: to start at lower levels never takes longer.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence

from ischedule.analysis.runs_of_plans import ANY, End, Front, Kind, Kinds, Plans, State, Table, Way, put
from ischedule.models.cycle_law import begin, recharged
from ischedule.models.program import Program
from ischedule.models.programmable_wake import ProgrammableWakeLaw
from ischedule.models.rounding import slack_of, slack_of_plans
from ischedule.models.tables import Room

EMPTY = 0
"""The level of ways that wait whatever follows."""


class Thresholds(Plans):
    """All plans under programmable wake."""

    def __init__(self, program: Program, units: Sequence[Sequence[int]], room: Room, value: int) -> None:
        assert isinstance(program.law, ProgrammableWakeLaw), "thresholds are chosen"
        self.law, self.slack, self.wanted = program.law, slack_of(program.law), value
        # what is left may count for less by a rounding
        super().__init__(program, units, room, value + self.slack)
        self.rounding = slack_of_plans(program, self.value)
        drains = (
            design.resume[atom][0] + design.drained[atom + 1] - design.drained[atom]
            for some in self.designs
            for design in some
            for atom in range(design.count)
        )
        self.lowest = self.law.shared(None, min(self.law.capacity, *drains))[0].level
        self.highest = self._code(self.law.capacity, is_first=False)

    def least(self) -> int:
        return min(self.wanted, super().least())

    def _first(self) -> State:
        return State(0, 0, ANY, self.law.head.level)

    def _code(self, drain: int, *, is_first: bool) -> int:
        """The least code that suffices."""
        code = self.law.shared(*((drain, None) if is_first else (None, drain)))[0].code
        assert code is not None, "thresholds are codes"
        return code

    def _worth(self, level: int) -> int:
        """The time until a level is reached, at least."""
        return self.law.charging.elapsed_down(level)

    def _ended(self, ways: Iterable[Way], end: End, table: Table) -> None:
        least = self._code(end.load, is_first=end.is_first)
        for way in ways:
            lowest, highest = (least, self.highest) if way.code == ANY else (max(least, way.code), way.code)
            for code in range(lowest, highest + 1):
                self._count(1)
                waited, begun = begin(self.law, way.level, self.law.thresholds.at(code), is_first=end.is_first)
                left = self.law.level_left(begun, end.load)
                time = way.cost + self._worth(way.level) + waited
                cost = time + (recharged(self.law, left) if end.is_last else -self._worth(left))
                if cost - 2 * self.slack >= end.below:
                    break
                if cost < end.below:
                    level = EMPTY if left < self.lowest else left
                    put(table, State(end.atoms, way.units, code, level), cost + end.active)

    def _ways_of(self, table: Table) -> dict[int, list[Way]]:
        kinds: Kinds = defaultdict(list)
        for (atoms, units, code, level), cost in table.items():
            if units + self.room.run <= self.room.units:
                kinds[0, 0].append(Way(units + self.room.run, 0, cost, ANY, level))
            if atoms:
                kinds[0, atoms].append(Way(units, 0, cost, code, level))
        ways: dict[int, list[Way]] = {}
        for (_, atoms), way in self._undominated(kinds):
            ways.setdefault(atoms, []).append(way)
        return ways

    def _undominated(self, kinds: Kinds) -> Iterator[tuple[Kind, Way]]:
        fronts: dict[tuple[int, int, int], Front] = defaultdict(Front)
        ahead: dict[tuple[int, int, int], list[tuple[int, int, int]]] = defaultdict(list)
        ways = (
            (way.units, wanted, way.drain, way.level != EMPTY, way.cost, way.code, way.level, atoms)
            for (atoms, wanted), some in kinds.items()
            for way in some
        )
        for units, wanted, drain, is_ahead, cost, code, level, atoms in sorted(ways):
            own = atoms, wanted, code
            price = cost - self.rounding if is_ahead else cost
            if fronts[atoms, 0, ANY].has_better(drain, price) or fronts[own].has_better(drain, price):
                continue
            time = cost + self._worth(level)
            if is_ahead:
                if any(more <= drain and passed <= time and high >= level for more, passed, high in ahead[own]):
                    continue
                ahead[own].append((drain, time, level))
            else:
                fronts[own].add(drain, cost)
            yield (atoms, wanted), Way(units, drain, cost, code, level)
