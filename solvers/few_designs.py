"""The best plan of few runs of equal power cycles, where every layer has a list of designs.

Behind a cycle that has ended it matters how many atoms it has, and what of the tables is taken. A cycle in progress
begins a run, or must come to as many atoms as the one before it. From the first boundary to the last the ways that no
other betters are carried on, as long as what follows at least (`runs_behind`) may lead to a plan that costs less than
is wanted. Under fixed wake that is all that matters.
"""

from __future__ import annotations

from bisect import bisect_right, insort
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache

import numpy as np

from ischedule.models.plan import Plan
from ischedule.models.program import ExplicitStage, Program
from ischedule.models.tables import Room
from ischedule.solvers.runs_behind import Behind, Group, groups_of
from ischedule.solvers.sweep import UNREACHABLE

MOST_CYCLES = 4_000_000
"""Cycles that are ended or carried over a boundary."""
GROUPS = 32
"""Groups of cycles in progress by what they have drained: what follows is put in order for each."""

Units = Sequence[Sequence[int]]


class TooManyCycles(Exception):
    """More power cycles than are gone through."""


@dataclass(frozen=True, slots=True)
class Choice:
    """The designs of the steps of a way, the last one first."""

    step: int
    design: int
    before: Choice | None


@dataclass(frozen=True, slots=True)
class Start:
    """A way to begin a cycle: what of the tables is taken with its run, what the way costs, and its designs."""

    units: int
    cost: int
    choice: Choice | None

    def key(self, atoms: int) -> Key:
        """What tells it from others behind a cycle of so many atoms."""
        return atoms, self.units

    def moved(self, units: int, cost: int, choice: Choice | None) -> Start:
        """The same way, farther on."""
        return Start(units, cost, choice)


@dataclass(frozen=True, slots=True)
class Open:
    """Cycles in progress at a boundary: atoms so far, how many they must come to (0: any number), and their way."""

    atoms: int
    wanted: int
    drain: int
    start: Start


@dataclass(frozen=True, slots=True)
class End:
    """The end of a cycle: whether it is the first, and the last, its atoms, and what it drains and is active."""

    is_first: bool
    is_last: bool
    atoms: int
    load: int
    active: int


@dataclass(frozen=True, slots=True)
class On:
    """A way on through a design: up to so many atoms, or all of it and beyond (0); what it comes to at least."""

    least: int
    step: int
    group: int
    column: int
    end: int


Key = tuple[int, ...]
"""The atoms of a cycle that has ended, the units taken, and what else there is."""
Ended = dict[Key, Start]
"""The cheapest way behind a cycle of each kind."""


class FewDesigns:
    """A program of explicit stages under fixed wake, with what follows each place of its designs at least.

    ``units`` are what the designs of each stage take of the tables.
    """

    def __init__(self, program: Program, units: Units) -> None:
        self.program = program
        self.groups: list[list[Group]] = []
        for stage, some in zip(program.stages, units, strict=True):
            assert isinstance(stage, ExplicitStage), "designs are listed"
            self.groups.append(groups_of(stage, some))
        self.behind = Behind(program, self.groups)
        self.waits = self.behind.waits
        self.column = cache(self._column)

    def least_plan(self, room: Room, below: int, cycles: int = MOST_CYCLES) -> tuple[Plan, int] | None:
        """The cheapest plan with so much room for its tables that costs less than this; its cost, too.

        Its designs are numbered as in their stages. After so many cycles raises `TooManyCycles`.
        """
        found = min(self.search(room, below, cycles).run().values(), key=lambda start: start.cost, default=None)
        return None if found is None else (self._plan(found.choice), found.cost)

    def search(self, room: Room, below: int, cycles: int) -> Search:
        """The search for it."""
        return Search(self, room, below, cycles)

    def _plan(self, choice: Choice | None) -> Plan:
        """The designs of a way; its cycles are cut anew."""
        chosen: list[tuple[int, int]] = []
        while choice is not None:
            chosen.append((self.program.steps[choice.step].stage, choice.design))
            choice = choice.before
        chosen.reverse()
        return Plan(tuple(design for _, design in chosen), (), tuple(stage for stage, _ in chosen))

    def _column(self, step: int, group: int, column: int) -> _Column:
        one = self.groups[self.program.steps[step].stage][group]
        ends = one.resume, one.resume_time, one.commit, one.commit_time, one.cut
        parts = one.drained, one.took, *ends, self.behind.inside[step, group]
        lists = [part[:, column].tolist() for part in parts]
        return _Column(int(one.designs[column]), int(one.units[column]), *lists)


@dataclass(frozen=True)
class _Column:
    """One design by how many of its atoms are done."""

    design: int
    units: int
    drained: list[int]
    took: list[int]
    resume: list[int]
    resume_time: list[int]
    commit: list[int]
    commit_time: list[int]
    cut: list[bool]
    inside: list[int]


class Search:
    """All ways from the first boundary on that may lead to a plan that costs less than is wanted."""

    def __init__(self, few: FewDesigns, room: Room, below: int, cycles: int) -> None:
        self.few, self.program, self.room, self.below = few, few.program, room, below
        self.ended: list[Ended] = [{} for _ in range(self.program.end + 1)]
        self.open: list[dict[bool, list[Open]]] = [{} for _ in range(self.program.end + 1)]
        self.left = cycles

    def run(self) -> Ended:
        """The cheapest ways to the end."""
        self.ended[0][0, 0] = self.begun()
        for boundary in range(self.program.end):
            inside: dict[tuple[int, int, int], dict[int, Ended]] = {}
            for is_first, some in self.open[boundary].items():
                self._go_on(boundary, self.undominated(some), is_first, inside)
            self._enter(boundary, inside)
            for (step, group, column), places in inside.items():
                self._cross(step, self.few.column(step, group, column), places)
            self.open[boundary], self.ended[boundary] = {}, {}
        return self.ended[-1]

    def begun(self) -> Start:
        """Before the first cycle."""
        return Start(0, 0, None)

    def starts(self, ended: Ended) -> dict[int, list[Start]]:
        """The ways to begin a cycle: with a new run (0), or as one more of a run of cycles of so many atoms."""
        return starts_of(ended, self.room)

    def undominated(self, some: Sequence[Open]) -> list[Open]:
        """The cycles in progress but those that another betters."""
        return undominated(some)

    def finish(self, some: Sequence[Start], end: End, most: int, there: Ended) -> None:
        """Keep the ways behind the ends of cycles that cost less than ``most`` until then but for active time."""
        wait = self.few.waits.of(end.is_first, end.is_last, end.load)
        for start in some:
            if start.cost + wait < most:
                keep(there, end.atoms, start.moved(start.units, start.cost + end.active + wait, start.choice))

    def _spend(self, cycles: int) -> None:
        self.left -= cycles
        if self.left < 0:
            raise TooManyCycles

    def _enter(self, boundary: int, inside: dict[tuple[int, int, int], dict[int, Ended]]) -> None:
        """Cycles begin at a boundary with the designs that may lead on from there."""
        ended = self.ended[boundary]
        if not ended:
            return
        least = min(start.cost for start in ended.values())
        for step, group, column in self._columns(boundary, self.below - least):
            one = self.few.column(step, group, column)
            begun: Ended = {}
            for (atoms, *_), start in ended.items():
                units = start.units + one.units
                if units <= self.room.units and start.cost + one.inside[0] < self.below:
                    entered = start.moved(units, start.cost, Choice(step, one.design, start.choice))
                    begun[entered.key(atoms)] = entered
            if begun:
                inside.setdefault((step, group, column), {})[0] = begun

    def _columns(self, boundary: int, below: int) -> Iterator[tuple[int, int, int]]:
        for step, way in enumerate(self.program.steps):
            if way.source == boundary:
                for group in range(len(self.few.groups[way.stage])):
                    for column in np.flatnonzero(self.few.behind.inside[step, group][0] < below).tolist():
                        yield step, group, column

    def _cross(self, step: int, one: _Column, places: dict[int, Ended]) -> None:
        """All cycles that begin at places of a design, from its first atom on."""
        source, target = self.program.steps[step].source, self.program.steps[step].target
        for begin in range(len(one.resume)):
            if begin in places:
                self._begin(one, begin, self.starts(places[begin]), source == begin == 0, target, places)

    def _begin(
        self,
        one: _Column,
        begin: int,
        starts: dict[int, list[Start]],
        is_first: bool,
        target: int,
        places: dict[int, Ended],
    ) -> None:
        atoms, room = len(one.resume), self.few.waits.room(is_first)
        drained, took = one.resume[begin] - one.drained[begin], one.resume_time[begin] - one.took[begin]
        for end in range(begin + 1, atoms + 1):
            if drained + one.drained[end] > room:
                return
            load = drained + one.drained[end] + one.commit[end]
            if not one.cut[end] or load > room or one.inside[end] >= UNREACHABLE:
                continue
            some = [*starts[0], *starts.get(end - begin, ())]
            active = took + one.took[end] + one.commit_time[end]
            self._spend(len(some))
            most = self.below - active - one.inside[end]
            if all(start.cost >= most for start in some):
                continue
            is_last = end == atoms and target == self.program.end
            there = self.ended[target] if end == atoms else places.setdefault(end, {})
            self.finish(some, End(is_first, is_last, end - begin, load, active), most, there)
        load, active = drained + one.drained[atoms], took + one.took[atoms]
        if not any(starts.values()):
            return
        least = active + min(start.cost for some in starts.values() for start in some)
        most = self._most_before(target, load, is_first, least) - active
        for wanted, some in starts.items():
            if wanted and wanted <= atoms - begin:
                continue
            for start in some:
                if start.cost < most:
                    over = start.moved(start.units, start.cost + active, start.choice)
                    self.open[target].setdefault(is_first, []).append(Open(atoms - begin, wanted, load, over))

    def _most_before(self, boundary: int, drain: int, is_first: bool, least: int) -> int:
        """Cycles in progress at a boundary must have cost less than this: the least, if that is too much already."""
        rough = int(self.few.behind.after(boundary, np.array([drain]), is_first)[0])
        if least + rough >= self.below:
            return least
        return self.below - self.few.behind.exactly_after(boundary, drain, is_first)

    def _go_on(
        self,
        boundary: int,
        some: list[Open],
        is_first: bool,
        inside: dict[tuple[int, int, int], dict[int, Ended]],
    ) -> None:
        """Cycles in progress at a boundary end in a design behind it, or go on beyond that."""
        some.sort(key=lambda one: one.drain)
        size = max(1, -(-len(some) // GROUPS))
        for place in range(0, len(some), size):
            group = some[place : place + size]
            most = self.below - min(one.start.cost for one in group)
            ons = self._ons(boundary, group[0].drain, is_first, most)
            for one in group:
                for on in ons:
                    if one.start.cost + on.least >= self.below:
                        break
                    self._spend(1)
                    self._through(one, on, is_first, inside)

    def _ons(self, boundary: int, drain: int, is_first: bool, below: int) -> list[On]:
        """The ways on that come to less than this behind cycles that have drained so much, the cheapest first."""
        behind, found = self.few.behind, list[On]()
        room = behind.waits.room(is_first)
        for step, way in enumerate(self.program.steps):
            if way.source != boundary:
                continue
            for number, group in enumerate(self.few.groups[way.stage]):
                reach = int((drain + group.drained.min(axis=1) <= room).sum())
                if reach <= 1:
                    continue
                load = (drain + group.drained + group.commit)[1:reach]
                wait = behind.waits.least(is_first, False, load)
                if reach > group.atoms:
                    wait[-1] = behind.waits.least(is_first, way.target == self.program.end, load[-1])
                least = (group.took + group.commit_time + behind.inside[step, number])[1:reach] + wait
                least[~group.cut[1:reach]] = UNREACHABLE
                for row, column in zip(*map(np.ndarray.tolist, np.nonzero(least < below)), strict=True):
                    is_last = row + 1 == group.atoms and way.target == self.program.end
                    exact = self.few.waits.of(is_first, is_last, int(load[row, column]))
                    total = int(least[row, column] - wait[row, column]) + exact
                    found.append(On(total, step, number, column, row + 1))
                over = np.flatnonzero(drain + group.drained[-1] <= room)
                ahead = group.took[-1][over] + behind.after(way.target, drain + group.drained[-1][over], is_first)
                for column in over[ahead < below].tolist():
                    whole = drain + int(group.drained[-1, column])
                    total = int(group.took[-1, column]) + behind.exactly_after(way.target, whole, is_first)
                    found.append(On(total, step, number, column, 0))
        found = [on for on in found if on.least < below]
        found.sort(key=lambda on: (on.least, on.step, on.group, on.column, on.end))
        return found

    def _through(self, one: Open, on: On, is_first: bool, inside: dict[tuple[int, int, int], dict[int, Ended]]) -> None:
        column, target = self.few.column(on.step, on.group, on.column), self.program.steps[on.step].target
        whole = len(column.resume)
        end = on.end or whole
        atoms, units = one.atoms + end, one.start.units + column.units
        if units > self.room.units:
            return
        drain, active = one.drain + column.drained[end], column.took[end]
        choice = Choice(on.step, column.design, one.start.choice)
        if not on.end:
            if (one.wanted and atoms >= one.wanted) or drain > self.few.waits.room(is_first):
                return
            cost = one.start.cost + active
            over = Open(atoms, one.wanted, drain, one.start.moved(units, cost, choice))
            if cost < self._most_before(target, drain, is_first, cost):
                self.open[target].setdefault(is_first, []).append(over)
            return
        drain += column.commit[end]
        if (one.wanted and atoms != one.wanted) or drain > self.few.waits.room(is_first):
            return
        active += column.commit_time[end]
        is_last = end == whole and target == self.program.end
        places = inside.setdefault((on.step, on.group, on.column), {})
        there = self.ended[target] if end == whole else places.setdefault(end, {})
        most = self.below - active - column.inside[end]
        start = one.start.moved(units, one.start.cost, choice)
        self.finish([start], End(is_first, is_last, atoms, drain, active), most, there)


def keep(ended: Ended, atoms: int, start: Start) -> None:
    """Keep a way, unless one to the same is as cheap."""
    key = start.key(atoms)
    known = ended.get(key)
    if known is None or start.cost < known.cost:
        ended[key] = start


def starts_of(ended: Ended, room: Room) -> dict[int, list[Start]]:
    """The ways to begin a cycle that others with as little room taken do not better: with a new run (0), or as one more
    of a run of cycles of so many atoms.
    """
    ways = sorted((units, start.cost, atoms) for (atoms, units), start in ended.items())
    found: dict[int, list[Start]] = {0: []}
    for units, cost, atoms in ways:
        new = units + room.run
        if new <= room.units and (not found[0] or cost < found[0][-1].cost):
            found[0].append(Start(new, cost, ended[atoms, units].choice))
    for units, cost, atoms in ways:
        rivals = (*found[0], *found.get(atoms, ()))
        if atoms and not any(one.units <= units and one.cost <= cost for one in rivals):
            found.setdefault(atoms, []).append(ended[atoms, units])
    return found


def undominated(some: Sequence[Open]) -> list[Open]:
    """The cycles in progress but those that another with as many atoms betters which may come to as many."""
    found: list[Open] = []
    fronts: dict[tuple[int, int], Front] = {}
    for one in sorted(some, key=lambda one: (one.start.units, one.wanted, one.drain, one.start.cost)):
        rivals = {(one.atoms, 0), (one.atoms, one.wanted)}
        if any(betters(fronts[key], one.drain, one.start.cost) for key in rivals if key in fronts):
            continue
        found.append(one)
        put(fronts.setdefault((one.atoms, one.wanted), []), one.drain, one.start.cost)
    return found


Front = list[tuple[int, int]]
"""Drains and costs: the more is drained, the less it costs."""


def betters(front: Front, drain: int, cost: int) -> bool:
    """Whether one of these is as good in both."""
    place = bisect_right(front, (drain, UNREACHABLE))
    return place > 0 and front[place - 1][1] <= cost


def put(front: Front, drain: int, cost: int) -> None:
    """Add one that none betters, and leave out those that it betters."""
    front[:] = [(other, price) for other, price in front if other < drain or price < cost]
    insort(front, (drain, cost))
