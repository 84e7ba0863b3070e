"""Least costs by many mixes of criteria in one pass over a program of explicit stages, forwards or backwards.

Which power cycles fit and what they wait does not depend on the mix: cycles inside a design are priced once. Costs have
an axis of mixes, so that a pass by twenty of them takes little longer than one by a single one. Only costs are found,
no plans. Read backwards a chain begins with its last atom and pays to resume what it paid to commit; a pass then finds
what follows every cut at least.

All mixes of a pass count latency, or none does.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from operator import attrgetter

import numpy as np
from numpy.typing import NDArray

from ischedule.models.criteria_array import ArrayChange
from ischedule.models.program import ExplicitStage, Program, Step
from ischedule.solvers.explicit import GROUP
from ischedule.solvers.limit import Limit
from ischedule.solvers.sweep import UNREACHABLE, Integers, Waits
from ischedule.solvers.waits import Waiting

BULK = 1 << 20
"""Numbers that are looked at together."""


@dataclass(frozen=True)
class Part:
    """What atoms, resuming before them or committing after them take, of all designs one after the other."""

    drain: Integers
    time: Integers
    stored: Integers
    ended: int

    def turned(self) -> Part:
        """From the last to the first."""
        return Part(self.drain[::-1], self.time[::-1], self.stored[::-1], self.ended)

    def costs(self, changes: Sequence[ArrayChange]) -> Integers:
        """A row for each atom with a column for each mix, and a row of nothing at the end."""
        found = np.zeros((len(self.drain) + 1, len(changes)), dtype=np.int64)
        for place, change in enumerate(changes if len(self.drain) else ()):
            found[:-1, place] = change.array(self.drain, self.time, self.stored, self.ended)
        return found


@dataclass(frozen=True)
class Layout:
    """The designs of all stages that fit, their atoms one after the other, and the waits of all cycles inside them.

    ``waits`` has a row for every atom, and one at the end: what cycles wait that end with it, the longest first, and
    `UNREACHABLE` where there is none. ``lanes`` are for every stage groups of designs, by their places among all.
    """

    owners: list[tuple[int, int]]
    start: Integers
    atoms: Part
    resume: Part
    commit: Part
    cut: NDArray[np.bool_]
    waits: Integers
    lanes: dict[int, list[list[int]]]

    @cached_property
    def groups(self) -> dict[int, list[_Group]]:
        """For each stage its designs side by side."""
        return {stage: [_Group(self, members) for members in some] for stage, some in self.lanes.items()}

    @staticmethod
    def of(program: Program, waiting: Waiting) -> Layout:
        """The designs of a program."""
        owners, chains = [], []
        lanes: dict[int, list[list[int]]] = {}
        for number, stage in enumerate(program.stages):
            assert isinstance(stage, ExplicitStage)
            fitting = [index for index in range(len(stage.designs)) if stage.fits(index)]
            lanes[number] = []
            for index in sorted(fitting, key=lambda one: len(stage.designs[one])):
                groups, size = lanes[number], len(stage.designs[index])
                if not groups or (len(groups[-1]) + 1) * size > GROUP:
                    groups.append([])
                groups[-1].append(len(owners))
                owners.append((number, index))
                chains.append(stage.designs[index])
        lengths = list(map(len, chains))

        def column(name: str) -> Integers:
            get = attrgetter(name)
            some = [get(one) if len(get(one)) else np.zeros(len(one)) for one in chains]
            return np.concatenate([np.asarray(one, dtype=np.int64) for one in some] or [np.zeros(0, dtype=np.int64)])

        nothing = np.zeros(sum(lengths), dtype=np.int64)
        start = np.concatenate([[0], np.cumsum(lengths, dtype=np.int64)])
        found = Layout(
            owners,
            start,
            Part(column("drain"), column("time"), column("stored"), 0),
            Part(column("resume_drain"), column("resume_time"), nothing, 0),
            Part(column("commit_drain"), column("commit_time"), column("commit_stored"), 1),
            column("cut").astype(bool),
            np.zeros((len(nothing) + 1, 0), dtype=np.int64),
            lanes,
        )
        return found if waiting.single else replace(found, waits=found._waits(waiting))

    def _waits(self, waiting: Waiting) -> Integers:
        sums = np.cumsum(self.atoms.drain)
        before = sums - self.atoms.drain
        place = np.arange(len(sums)) - np.repeat(self.start[:-1], np.diff(self.start))
        begins = np.concatenate([[True], self.cut[:-1]]) | (place == 0)
        alive, places, drains = np.arange(len(sums)), [], []
        while len(alive):
            k = len(places)
            alive = alive[(place[alive] >= k) & (sums[alive] - before[alive - k] <= waiting.capacity)]
            ends = alive[self.cut[alive] & begins[alive - k]]
            load = sums[ends] + self.commit.drain[ends] - before[ends - k] + self.resume.drain[ends - k]
            fits = load <= waiting.capacity
            places.append(ends[fits])
            drains.append(load[fits])
        found = np.full((len(sums) + 1, len(places)), UNREACHABLE, dtype=np.int64)
        if places:
            column = np.repeat(np.arange(len(places))[::-1], list(map(len, places)))
            found[np.concatenate(places), column] = waiting.mid(np.concatenate(drains))
        return found

    @property
    def parts(self) -> tuple[Part, Part, Part]:
        """Atoms, resuming and committing."""
        return self.atoms, self.resume, self.commit

    def turned(self) -> Layout:
        """Read from the end."""
        begins = np.concatenate([[True], self.cut[:-1]])
        begins[self.start[:-1]] = True
        waits = np.full_like(self.waits, UNREACHABLE)
        for k, column in enumerate(self.waits[:-1].T[::-1]):
            waits[k:-1, -1 - k] = column[k:][::-1]
        last = len(self.owners) - 1
        return Layout(
            self.owners[::-1],
            self.start[-1] - self.start[::-1],
            self.atoms.turned(),
            self.commit.turned(),
            self.resume.turned(),
            begins[::-1],
            waits,
            {stage: [[last - one for one in group] for group in groups] for stage, groups in self.lanes.items()},
        )


@dataclass(frozen=True)
class Open:
    """Cycles in progress at a boundary: their drains, and their costs by each mix.

    Of those with which a plan begins, there is at its start one for each design.
    """

    drain: Integers
    cost: Integers

    def by(self, mix: int) -> Open:
        """Those that matter by one mix alone."""
        return Open(self.drain, self.cost[:, mix : mix + 1]).undominated()

    def within(self, capacity: int) -> Open:
        """Those that drain no more."""
        some = self.drain <= capacity
        return Open(self.drain[some], self.cost[some])

    def undominated(self) -> Open:
        """Those than which by some mix none costs and drains less."""
        order = np.lexsort((self.cost.sum(axis=1), self.drain))
        cost = self.cost[order]
        least = np.minimum.accumulate(cost, axis=0)
        better = np.ones(len(order), dtype=bool)
        better[1:] = (cost[1:] < least[:-1]).any(axis=1)
        return Open(self.drain[order][better], cost[better])


class _Group:
    """Designs of a stage side by side: a row for each atom, a column for each design."""

    def __init__(self, layout: Layout, members: list[int]) -> None:
        self.owners = [layout.owners[member][1] for member in members]
        self.length = length = np.diff(layout.start)[members]
        rows = np.arange(int(length[-1]))[:, None]
        self.inside = rows < length
        self.index = np.where(self.inside, layout.start[members] + rows, len(layout.cut))
        self.cut = self.inside & np.append(layout.cut, False)[self.index]
        atoms, resume, commit = (np.append(part.drain, 0)[self.index] for part in layout.parts)
        self.sums = sums = np.cumsum(atoms, axis=0)
        self.drain, self.first_drain = sums[-1], resume[0]
        self.opening_drain, self.closing_drain = resume - sums + atoms, sums + commit


class _Costs:
    """What a group costs, with a further axis of mixes."""

    def __init__(self, group: _Group, parts: Sequence[Integers]) -> None:
        atoms, resume, commit = (part[group.index] for part in parts)
        sums = np.cumsum(atoms, axis=0)
        self.whole, self.first = sums[-1], resume[0]
        self.opening, self.closing = resume - sums + atoms, sums + commit


@dataclass(frozen=True)
class Ends:
    """What cycles cost and may drain by how they begin: the first ones and later ones, inside a plan and at its end."""

    first: Waits
    later: Waits
    only: Waits
    last: Waits
    first_capacity: int
    capacity: int
    only_capacity: int
    last_capacity: int


class MixedPass:
    """A pass by several mixes, in order of the steps.

    ``closed`` and ``open`` are what is reachable at each boundary, first cycles and later ones; for each step and design
    ``least`` are the least costs at its cuts, and ``through`` the cycles that run through all of it, first ones and
    later ones. ``value`` is what plans
    cost at least.
    """

    def __init__(
        self, program: Program, layout: Layout, changes: Sequence[ArrayChange], ends: Ends, limit: Limit
    ) -> None:
        self.ends, self.mixes, self.is_single = ends, len(changes), program.law.max_cycles == 1
        parts = [part.costs(changes) for part in layout.parts]
        nothing = np.full(self.mixes, UNREACHABLE, dtype=np.int64)
        none = Open(np.zeros(0, dtype=np.int64), np.zeros((0, self.mixes), dtype=np.int64))
        self.closed, self.open, self.value = [nothing], [(none, none)], nothing
        self.least: dict[tuple[int, int], Integers] = {}
        self.through: dict[tuple[int, int], tuple[Open, Open]] = {}
        for boundary, leading in enumerate(program.into()):
            if boundary == 0:
                continue
            found = [(nothing, none, none)]
            for place in leading:
                for group in layout.groups[program.steps[place].stage]:
                    limit.check()
                    found.append(self._cross(program, place, layout, group, _Costs(group, parts)))
            closed, first, later = zip(*found, strict=True)
            self.closed.append(np.min(closed, axis=0))
            self.open.append((none, none) if boundary in program.closed else (_joined(first), _joined(later)))

    def _cross(
        self, program: Program, place: int, layout: Layout, group: _Group, costs: _Costs
    ) -> tuple[Integers, Open, Open]:
        step, ends, designs = program.steps[place], self.ends, np.arange(len(group.owners))
        least = np.full((len(group.cut) + 1, len(designs), self.mixes), UNREACHABLE, dtype=np.int64)
        least[0] = self.closed[step.source]
        (first, first_cost), (later, later_cost) = ((one.drain[:, None], one.cost[:, None]) for one in self.open[step.source])
        if step.source == 0:
            first, first_cost = group.first_drain[None], costs.first[None]
        if not self.is_single:
            _enter(least, group, costs, first, first_cost, ends.first, ends.first_capacity)
            _enter(least, group, costs, later, later_cost, ends.later, ends.capacity)
            _relax(least, costs, layout.waits[group.index])
        firsts = Open((first + group.drain).ravel(), (first_cost + costs.whole).reshape(-1, self.mixes))
        through = Open((later + group.drain).ravel(), (later_cost + costs.whole).reshape(-1, self.mixes))
        row, design = np.nonzero(group.inside & (least[:-1, :, 0] < UNREACHABLE))
        opened = Open(
            group.opening_drain[row, design] + group.drain[design],
            least[row, design] + costs.opening[row, design] + costs.whole[design],
        )
        if step.target == program.end:
            self._finish(group, costs, firsts, np.tile(designs, len(first)), ends.only, ends.only_capacity)
            self._finish(group, costs, through, np.tile(designs, len(later)), ends.last, ends.last_capacity)
            self._finish(group, costs, opened, design, ends.last, ends.last_capacity)
        begun = group.first_drain + group.drain, least[0] + costs.first + costs.whole
        for column, owner in enumerate(group.owners):
            self.least[place, owner] = least[: group.length[column] + 1, column]
            own = slice(column, None, len(designs))
            self.through[place, owner] = (
                Open(firsts.drain[own], firsts.cost[own]),
                Open(np.append(through.drain[own], begun[0][column]), np.concatenate([through.cost[own], begun[1][[column]]])),
            )
        room = max(ends.first_capacity, ends.only_capacity), max(ends.capacity, ends.last_capacity)
        if program.breaks(place):
            firsts, through = (Open(one.drain[:0], one.cost[:0]) for one in (firsts, through))
        return (
            least[group.length, designs].min(axis=0),
            _joined([firsts.within(room[0])]),
            _joined([opened.within(room[1]), through.within(room[1])]),
        )

    def _finish(
        self, group: _Group, costs: _Costs, labels: Open, design: Integers, wait: Waits, capacity: int
    ) -> None:
        """End cycles in progress at the end of the plan."""
        row = group.length[design] - 1
        load = labels.drain + group.closing_drain[row, design] - group.drain[design]
        fits = load <= capacity
        if fits.any():
            cost = (labels.cost + costs.closing[row, design] - costs.whole[design])[fits] + wait(load[fits])[:, None]
            self.value = np.minimum(self.value, cost.min(axis=0))


def _enter(
    least: Integers, group: _Group, costs: _Costs, drains: Integers, cost: Integers, wait: Waits, capacity: int
) -> None:
    """End cycles in progress at the cuts of the designs."""
    if not len(drains):
        return
    reach = int((drains.min(axis=0) + group.sums <= capacity).any(axis=1).sum())
    step = max(1, BULK // max(least[:reach].size, 1))
    for low in range(0, len(drains), step):
        load = drains[low : low + step, None] + group.closing_drain[:reach]
        fits = (load <= capacity) & group.cut[:reach]
        waits = np.full(load.shape, UNREACHABLE, dtype=np.int64)
        waits[fits] = wait(load[fits])
        found = (cost[low : low + step, None] + waits[..., None]).min(axis=0) + costs.closing[:reach]
        np.minimum(least[1 : reach + 1], found, out=least[1 : reach + 1])


def _relax(least: Integers, costs: _Costs, waits: Integers) -> None:
    """Go on with cycles that begin and end inside the designs."""
    most = waits.shape[2]
    # as costs less the sums up to each cut, so that a step is one addition
    opening = np.concatenate([costs.opening, np.zeros_like(costs.opening[:1])])
    least += opening
    for j, turn in enumerate(costs.closing + opening[1:], 1):
        reach = min(j, most)
        if reach:
            found = np.minimum.reduce(least[j - reach : j] + waits[j - 1, :, most - reach :].T[..., None])
            found += turn
            np.minimum(least[j], found, out=least[j])
    least -= opening


def _joined(parts: Sequence[Open]) -> Open:
    return Open(
        np.concatenate([part.drain for part in parts]), np.concatenate([part.cost for part in parts])
    ).undominated()


def forwards(program: Program, layout: Layout, changes: Sequence[ArrayChange], waiting: Waiting, limit: Limit) -> MixedPass:
    """What is reached at least."""
    ends = Ends(
        waiting.first, waiting.mid, waiting.only, waiting.last,
        waiting.first_capacity, waiting.capacity, waiting.first_capacity, waiting.capacity,
    )
    return MixedPass(program, layout, changes, ends, limit)


def backwards(program: Program, layout: Layout, changes: Sequence[ArrayChange], waiting: Waiting, limit: Limit) -> MixedPass:
    """What follows at least, of the turned layout: boundaries count from the end."""
    end = program.end
    turned = replace(
        program,
        steps=tuple(Step(step.stage, end - step.target, end - step.source) for step in program.steps),
        closed=frozenset(end - boundary for boundary in program.closed),
    )
    ends = Ends(
        waiting.last, waiting.mid, waiting.only, waiting.first,
        waiting.capacity, waiting.capacity, waiting.first_capacity, waiting.first_capacity,
    )
    return MixedPass(turned, layout, changes, ends, limit)
