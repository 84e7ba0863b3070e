"""Least costs by many mixes of criteria in one pass over a program of explicit stages, forwards or backwards.

Costs have an axis of mixes, so that a pass by twenty of them takes little longer than one by a single one. Only costs
are found, no plans. A pass over a layout read from the end finds what follows every cut at least.

Latency has the same weight in all mixes of a pass.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from ischedule.models.criteria_array import ArrayChange
from ischedule.models.program import Program, Step
from ischedule.solvers.layout import Group, Layout, ends_of_cycles
from ischedule.solvers.limit import Limit
from ischedule.solvers.sweep import UNREACHABLE, Integers, Waits
from ischedule.solvers.waits import Waiting

BULK = 1 << 20
"""Numbers that are looked at together."""


@dataclass(frozen=True)
class Open:
    """Cycles in progress at a boundary: their drains, and their costs by each mix."""

    drain: Integers
    cost: Integers

    def take(self, some: slice) -> Open:
        """Those at these places."""
        return Open(self.drain[some], self.cost[some])

    def by(self, mix: int) -> Open:
        """Those that matter by one mix alone."""
        return Open(self.drain, self.cost[:, mix : mix + 1]).undominated()

    def within(self, capacity: int) -> Open:
        """Those that drain no more."""
        some = self.drain <= capacity
        return Open(self.drain[some], np.minimum(self.cost[some], UNREACHABLE))

    def undominated(self) -> Open:
        """Those than which by some mix none costs and drains less."""
        order = np.lexsort((self.cost.sum(axis=1), self.drain))
        cost = self.cost[order]
        least = np.minimum.accumulate(cost, axis=0)
        better = np.ones(len(order), dtype=bool)
        better[1:] = (cost[1:] < least[:-1]).any(axis=1)
        return Open(self.drain[order][better], cost[better])


class _Costs:
    """What a group costs, with a further axis of mixes."""

    def __init__(self, group: Group, parts: Sequence[Integers]) -> None:
        columns = [part[group.index] for part in parts]
        sums, self.opening, self.closing = ends_of_cycles(*columns)
        self.whole, self.first = sums[-1], columns[1][0]


@dataclass(frozen=True)
class Ends:
    """What cycles wait and may drain, the first one and later ones: inside a plan, and at its end."""

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

    ``closed`` and ``open`` are what is reachable at each boundary, first cycles and later ones. For each step and
    design ``least`` are the least costs at its cuts, and ``through`` the cycles that run through all of it, first ones
    and later ones. ``value`` is what plans cost at least.
    """

    def __init__(
        self, program: Program, layout: Layout, changes: Sequence[ArrayChange], ends: Ends, limit: Limit
    ) -> None:
        self.ends, self.mixes, self.is_single = ends, len(changes), program.law.max_cycles == 1
        self.latency = changes[0].latency
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
            reached = _together(first).undominated(), _together(later).undominated()
            self.open.append((none, none) if boundary in program.closed else reached)

    def _cross(
        self, program: Program, place: int, layout: Layout, group: Group, costs: _Costs
    ) -> tuple[Integers, Open, Open]:
        step, ends, designs = program.steps[place], self.ends, np.arange(len(group.owners))
        least = np.full((len(group.cut) + 1, len(designs), self.mixes), UNREACHABLE, dtype=np.int64)
        least[0] = self.closed[step.source]
        (first, first_cost), (later, later_cost) = (
            (one.drain[:, None], one.cost[:, None]) for one in self.open[step.source]
        )
        if step.source == 0:
            first, first_cost = group.first_drain[None], costs.first[None]
        if not self.is_single:
            self._enter(least, group, costs, first, first_cost, ends.first, ends.first_capacity)
            self._enter(least, group, costs, later, later_cost, ends.later, ends.capacity)
            waits = layout.waits(group)
            if self.latency != 1:
                waits = np.where(waits < UNREACHABLE, self.latency * waits, UNREACHABLE)
            _relax(least, costs, waits)
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
        begun = Open(group.first_drain + group.drain, least[0] + costs.first + costs.whole)
        for column, owner in enumerate(group.owners):
            self.least[place, owner] = least[: group.length[column] + 1, column]
            own = slice(column, None, len(designs))
            self.through[place, owner] = firsts.take(own), _together([through.take(own), begun.take(own)])
        room = max(ends.first_capacity, ends.only_capacity), max(ends.capacity, ends.last_capacity)
        if program.breaks(place):
            firsts, through = firsts.take(slice(0)), through.take(slice(0))
        return (
            least[group.length, designs].min(axis=0),
            firsts.within(room[0]),
            _together([opened, through]).within(room[1]),
        )

    def _enter(
        self,
        least: Integers,
        group: Group,
        costs: _Costs,
        drains: Integers,
        cost: Integers,
        wait: Waits,
        capacity: int,
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
            waits[fits] = self.latency * wait(load[fits])
            found = (cost[low : low + step, None] + waits[..., None]).min(axis=0) + costs.closing[:reach]
            np.minimum(least[1 : reach + 1], found, out=least[1 : reach + 1])

    def _finish(self, group: Group, costs: _Costs, labels: Open, design: Integers, wait: Waits, capacity: int) -> None:
        """End cycles in progress at the end of the plan."""
        row = group.length[design] - 1
        load = labels.drain + group.closing_drain[row, design] - group.drain[design]
        fits = load <= capacity
        if fits.any():
            waits = self.latency * wait(load[fits])
            cost = (labels.cost + costs.closing[row, design] - costs.whole[design])[fits] + waits[:, None]
            self.value = np.minimum(self.value, cost.min(axis=0))


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


def _together(parts: Sequence[Open]) -> Open:
    return Open(np.concatenate([part.drain for part in parts]), np.concatenate([part.cost for part in parts]))


def forwards(
    program: Program, layout: Layout, changes: Sequence[ArrayChange], waiting: Waiting, limit: Limit
) -> MixedPass:
    """What is reached at least."""
    ends = Ends(
        waiting.first,
        waiting.mid,
        waiting.only,
        waiting.last,
        waiting.first_capacity,
        waiting.capacity,
        waiting.first_capacity,
        waiting.capacity,
    )
    return MixedPass(program, layout, changes, ends, limit)


def backwards(
    program: Program, layout: Layout, changes: Sequence[ArrayChange], waiting: Waiting, limit: Limit
) -> MixedPass:
    """What follows at least, of the turned layout: boundaries count from the end."""
    end = program.end
    turned = replace(
        program,
        steps=tuple(Step(step.stage, end - step.target, end - step.source) for step in program.steps),
        closed=frozenset(end - boundary for boundary in program.closed),
    )
    ends = Ends(
        waiting.last,
        waiting.mid,
        waiting.only,
        waiting.first,
        waiting.capacity,
        waiting.capacity,
        waiting.first_capacity,
        waiting.first_capacity,
    )
    return MixedPass(turned, layout, changes, ends, limit)
