"""The least that plans of listed designs cost whose tables are small enough.

From the first boundary to the last. Behind a cycle that
ended it matters how many atoms it has, and how many units of the tables are taken; of a cycle in progress whether it
begins a run, or must come to as many atoms as the one before it. Of ways to the same place the one that is no better
in units, drain and cost is left out, and so is one from which all that follows at least leads to no less than the
value. Under fixed wake that is all that matters; where thresholds are chosen `runs_of_thresholds` tells more apart.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

from ischedule.analysis.dominance import undominated
from ischedule.analysis.labels import Unproven
from ischedule.analysis.runs_rest import BEYOND, Design, Rest, Waits
from ischedule.models.program import ExplicitStage, Program
from ischedule.models.tables import Room

MOST_CYCLES = 40_000_000
"""Cycles that are begun, ended or carried over a boundary."""
GROUPS = 32
"""Groups of cycles in progress at a boundary by what they have drained: the ways on are sorted for each."""


ANY = -1
"""In place of a threshold's code: it is not chosen yet, or there is but one."""


class Way(NamedTuple):
    """A way to begin a cycle, or to where one has got: the units with its run, what it has drained, what that costs.

    Where thresholds are chosen also the code that its run waits for, and the level at which the cycle's wait begins.
    """

    units: int
    drain: int
    cost: int
    code: int = ANY
    level: int = 0


class State(NamedTuple):
    """Behind a cycle: its atoms and the units so far; where thresholds are chosen the code of its run and the level."""

    atoms: int
    units: int
    code: int = ANY
    level: int = 0


class End(NamedTuple):
    """The end of a cycle: its atoms, what it drains and is active, and what a way must cost less than with its wait."""

    is_first: bool
    is_last: bool
    atoms: int
    load: int
    active: int
    below: int


Kind = tuple[int, int]
"""Cycles in progress by their atoms so far, and how many they must come to; 0 for any number."""
Kinds = dict[Kind, list[Way]]
Table = dict[State, int]
"""The least cost behind a cycle."""
_Arrived = dict[tuple[int, int], dict[int, Table]]
"""What ends at the cuts of each step's designs."""


class _On(NamedTuple):
    """A way on from a boundary through a design, up to an atom, or (0) beyond it, and what it comes to at least."""

    least: int
    step: int
    number: int
    end: int


class Plans:
    """All plans of a program of explicit stages that cost less than a value, and whose tables are small enough.

    ``units`` are what the designs of each stage take of the tables' room.
    """

    def __init__(self, program: Program, units: Sequence[Sequence[int]], room: Room, value: int) -> None:
        self.program, self.room, self.value = program, room, value
        self.waits, self.left = Waits(program.law), MOST_CYCLES
        self.designs: list[list[Design]] = []
        for stage, some in zip(program.stages, units, strict=True):
            assert isinstance(stage, ExplicitStage), "designs are listed"
            fitting = [index for index in range(len(stage.designs)) if stage.fits(index)]
            chains, own = [stage.designs[index] for index in fitting], [some[index] for index in fitting]
            self.designs.append([Design(chains[place], own[place]) for place in undominated(chains, own)])
        self.rest = Rest(program, self.designs, self.waits)
        self.closed: list[Table] = [{} for _ in range(program.end + 1)]
        self.open: list[dict[bool, Kinds]] = [{} for _ in range(program.end + 1)]

    def least(self) -> int:
        """The least cost of all, or the value if there are none."""
        self.closed[0][self._first()] = 0
        for boundary in range(self.program.end):
            arrived: _Arrived = {}
            for is_first, kinds in self.open[boundary].items():
                self._enter(boundary, is_first, kinds, arrived)
            for step, way in enumerate(self.program.steps):
                if way.source == boundary:
                    for number in range(len(self.designs[way.stage])):
                        self._cross(step, number, arrived.get((step, number), {}))
        return min(self.closed[self.program.end].values(), default=self.value)

    def _first(self) -> State:
        """Before the first cycle."""
        return State(0, 0)

    def _design(self, step: int, number: int) -> Design:
        return self.designs[self.program.steps[step].stage][number]

    def _cross(self, step: int, number: int, arrived: dict[int, Table]) -> None:
        """All cycles that begin at places of a design; those that ``arrived`` ended at its cuts."""
        source, design = self.program.steps[step].source, self._design(step, number)
        most = self.value - self.rest.behind[step, number][0]
        for (atoms, units, code, level), cost in self.closed[source].items():
            if cost < most and units + design.units <= self.room.units:
                arrived.setdefault(0, {})[State(atoms, units + design.units, code, level)] = cost
        for begin in range(design.count if arrived else 0):
            if begin in arrived:
                self._begin(step, number, begin, arrived)

    def _begin(self, step: int, number: int, begin: int, arrived: dict[int, Table]) -> None:
        """All cycles that begin at one place of a design."""
        source, target = self.program.steps[step].source, self.program.steps[step].target
        design, behind, is_first = self._design(step, number), self.rest.behind[step, number], source == begin == 0
        ways, most = self._ways_of(arrived[begin]), self.waits.capacity(is_first)
        opened, began = design.resume[begin][0] - design.drained[begin], design.resume[begin][1] - design.took[begin]
        for end in range(begin + 1, design.count + 1):
            if opened + design.drained[end] > most:
                return
            load, active = (
                opened + design.drained[end] + design.commit[end][0],
                began + design.took[end] + design.commit[end][1],
            )
            if load > most or not design.cut[end] or behind[end] >= BEYOND:
                continue
            is_last = end == design.count and target == self.program.end
            some = ways.get(0, []) + ways.get(end - begin, [])
            self._count(1 + len(some))
            below = self.value - behind[end] - active
            least = below - self.waits.least(is_first, is_last, load)
            if all(way.cost >= least for way in some):
                continue
            table = self.closed[target] if end == design.count else arrived.setdefault(end, {})
            self._ended(some, End(is_first, is_last, end - begin, load, active, below), table)
        drained, took, passed = opened + design.drained[-1], began + design.took[-1], design.count - begin
        below = self.value - took - self.rest.after(target, drained, is_first)
        for atoms, some in ways.items():
            if not atoms or atoms > passed:
                over = [_on(way, way.units, drained, took) for way in some if way.cost < below]
                self._carry(target, is_first, (passed, atoms), over)

    def _ended(self, ways: Iterable[Way], end: End, table: Table) -> None:
        """Put what holds behind the end of a cycle that these ways have come to."""
        wait = self.waits.exact(end.is_first, end.is_last, end.load)
        for way in ways:
            if way.cost < end.below - wait:
                put(table, State(end.atoms, way.units), way.cost + end.active + wait)

    def _carry(self, boundary: int, is_first: bool, kind: Kind, ways: list[Way]) -> None:
        if ways:
            self.open[boundary].setdefault(is_first, {}).setdefault(kind, []).extend(ways)

    def _ways_of(self, table: Table) -> dict[int, list[Way]]:
        """The ways to begin a cycle: of any number of atoms with a new run (0), and of so many as one more of theirs.

        Those that another with as few units betters are left out.
        """
        new: list[Way] = []
        states = sorted((state.units, cost, state.atoms) for state, cost in table.items())
        for units, cost, _ in states:
            if units + self.room.run <= self.room.units and (not new or cost < new[-1].cost):
                new.append(Way(units + self.room.run, 0, cost))
        ways = {0: new}
        for units, cost, atoms in states:
            if atoms and all(way.cost > cost for way in (*new, *ways.get(atoms, ())) if way.units <= units):
                ways.setdefault(atoms, []).append(Way(units, 0, cost))
        return ways

    def _enter(self, boundary: int, is_first: bool, kinds: Kinds, arrived: _Arrived) -> None:
        """All that cycles in progress at a boundary lead to: they end in a design, or go on beyond it."""
        labels = sorted(self._undominated(kinds), key=lambda one: one[1].drain)
        size = -(-len(labels) // GROUPS)
        for place in range(0, len(labels), size or 1):
            some = labels[place : place + size]
            ons = self._ons(boundary, some[0][1].drain, is_first)
            for kind, way in some:
                for on in ons:
                    self._count(1)
                    if way.cost + on.least >= self.value:
                        break
                    self._go_on(kind, way, on, is_first, arrived)

    def _ons(self, boundary: int, drain: int, is_first: bool) -> list[_On]:
        """The ways on for cycles that have drained at least so much, the cheapest first."""
        found, waits, rest, most = [], self.waits, self.rest, self.waits.capacity(is_first)
        for step, way in enumerate(self.program.steps):
            for number, design in enumerate(self.designs[way.stage] if way.source == boundary else ()):
                behind = rest.behind[step, number]
                for end in range(1, design.count + 1):
                    drained, took = drain + design.drained[end], design.took[end]
                    if drained > most:
                        break
                    if end == design.count:
                        found.append(_On(took + rest.after(way.target, drained, is_first), step, number, 0))
                    load = drained + design.commit[end][0]
                    if load <= most and design.cut[end]:
                        is_last = end == design.count and way.target == self.program.end
                        wait = waits.least(is_first, is_last, load)
                        found.append(_On(took + design.commit[end][1] + wait + behind[end], step, number, end))
        return sorted(on for on in found if on.least < self.value)

    def _go_on(self, kind: Kind, way: Way, on: _On, is_first: bool, arrived: _Arrived) -> None:
        design, target, end = self._design(on.step, on.number), self.program.steps[on.step].target, on.end
        atoms, units = kind[0] + (end or design.count), way.units + design.units
        if units > self.room.units or (kind[1] and (atoms != kind[1] if end else atoms >= kind[1])):
            return
        if not end:
            over = _on(way, units, way.drain + design.drained[-1], design.took[-1])
            if over.cost + self.rest.after(target, over.drain, is_first) < self.value:
                self._carry(target, is_first, (atoms, kind[1]), [over])
            return
        load, active = way.drain + design.drained[end] + design.commit[end][0], design.took[end] + design.commit[end][1]
        if load > self.waits.capacity(is_first):
            return
        is_whole, tables = end == design.count, arrived.setdefault((on.step, on.number), {})
        table = self.closed[target] if is_whole else tables.setdefault(end, {})
        below = self.value - active - self.rest.behind[on.step, on.number][end]
        is_last = is_whole and target == self.program.end
        self._ended([_on(way, units, 0, 0)], End(is_first, is_last, atoms, load, active, below), table)

    def _undominated(self, kinds: Kinds) -> Iterator[tuple[Kind, Way]]:
        """The cycles in progress but those that another betters."""
        return undominated_ways(kinds)

    def _count(self, more: int) -> None:
        self.left -= more
        if self.left < 0:
            raise Unproven("there are too many power cycles to go through")


def _on(way: Way, units: int, drain: int, active: int) -> Way:
    """A way farther on, that has drained so much."""
    return Way(units, drain, way.cost + active, way.code, way.level)


def put(table: Table, state: State, cost: int) -> None:
    """Keep a cost if it is the least."""
    table[state] = min(cost, table.get(state, BEYOND))


def undominated_ways(kinds: Kinds) -> Iterator[tuple[Kind, Way]]:
    """The cycles in progress but those that another betters which has as many atoms and may come to as many."""
    fronts: dict[Kind, Front] = {}
    for (units, wanted, drain, cost), atoms in sorted(
        ((way.units, wanted, way.drain, way.cost), atoms) for (atoms, wanted), ways in kinds.items() for way in ways
    ):
        free, own = fronts.setdefault((atoms, 0), Front()), fronts.setdefault((atoms, wanted), Front())
        if not free.has_better(drain, cost) and not own.has_better(drain, cost):
            own.add(drain, cost)
            yield (atoms, wanted), Way(units, drain, cost)


class Front:
    """Drains with what they cost at least, none dearer than a smaller one."""

    def __init__(self) -> None:
        self.drains: list[int] = []
        self.costs: list[int] = []

    def has_better(self, drain: int, cost: int) -> bool:
        """Whether one is as good in both."""
        place = bisect_right(self.drains, drain)
        return place > 0 and self.costs[place - 1] <= cost

    def add(self, drain: int, cost: int) -> None:
        """Put in one that none is as good as, and leave out those that are no better."""
        place = bisect_right(self.drains, drain)
        end = place
        while end < len(self.costs) and self.costs[end] >= cost:
            end += 1
        if place and self.drains[place - 1] == drain:
            place -= 1
        self.drains[place:end], self.costs[place:end] = [drain], [cost]
