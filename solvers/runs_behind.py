"""What follows each place of a program of listed designs at least, in columns, whatever the runs of power cycles.

Where thresholds are chosen, every cycle waits for the one that is best for it alone, less what rounding can make of it.
Designs of a stage with equally many atoms are columns of the same matrices; rows are how many atoms are done. From the
last boundary to the first, and in designs from the last atom to the first, the cheapest cycle that begins there is
sought. Cycles in progress at a boundary go on along ways: what one drains until the cycle ends, and what it comes to
with all that follows. What follows them is kept for each grain of what they have drained, rounded down.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ischedule.models.chain import Chain
from ischedule.models.cycle_law import CycleLaw, Position
from ischedule.models.fixed_wake import FixedWakeLaw
from ischedule.models.program import ExplicitStage, Program
from ischedule.models.rounding import slack_of
from ischedule.models.waiting_array import price_array
from ischedule.solvers.dominance import undominated
from ischedule.solvers.sweep import UNREACHABLE, Integers

FINE = 1 << 16
GRAINS = 1 << 11
"""Grains in a buffer's capacity: of what is drained in a cycle, and until a boundary at which one is in progress."""
BULK = 1 << 22
"""Numbers that are looked at together."""

Flags = NDArray[np.bool_]


@dataclass(frozen=True)
class Group:
    """Designs of a stage with equally many atoms: their numbers, units of the tables, and columns by atoms done."""

    designs: NDArray[np.intp]
    units: Integers
    drained: Integers
    took: Integers
    resume: Integers
    resume_time: Integers
    commit: Integers
    commit_time: Integers
    cut: Flags

    @property
    def atoms(self) -> int:
        """How many atoms each design has."""
        return len(self.resume)


def groups_of(stage: ExplicitStage, units: Sequence[int]) -> list[Group]:
    """The designs that fit, but those that another with the same cuts equals or betters in every atom, end and unit."""
    fitting = [index for index in range(len(stage.designs)) if stage.fits(index)]
    by_length: dict[int, list[int]] = {}
    for place in undominated([stage.designs[index] for index in fitting], [units[index] for index in fitting]):
        by_length.setdefault(len(stage.designs[fitting[place]]), []).append(fitting[place])
    return [_group([stage.designs[index] for index in some], some, units) for _, some in sorted(by_length.items())]


def _group(chains: Sequence[Chain], numbers: Sequence[int], units: Sequence[int]) -> Group:
    # parts, then atoms, then designs
    columns = np.array([[list(map(int, part)) for part in chain.columns()] for chain in chains], dtype=np.int64)
    drain, time, resume, resume_time, commit, commit_time, cut = columns.transpose(1, 2, 0)
    nothing = np.zeros((1, len(numbers)), dtype=np.int64)

    def behind(ends: Integers) -> Integers:
        return np.concatenate([nothing, ends])

    return Group(
        np.array(numbers, dtype=np.intp),
        np.array([units[number] for number in numbers], dtype=np.int64),
        behind(np.cumsum(drain, axis=0)),
        behind(np.cumsum(time, axis=0)),
        resume,
        resume_time,
        behind(commit),
        behind(commit_time),
        behind(cut).astype(bool) | (np.arange(len(cut) + 1) == 0)[:, None],
    )


class Waits:
    """What power cycles wait, many at once: by whether they are the first, and the last."""

    def __init__(self, law: CycleLaw) -> None:
        self.law, most = law, max(law.capacity, law.first_capacity)
        self.fine, self.grain = max(1, most // FINE), max(1, most // GRAINS)
        self.known: dict[tuple[bool, bool], Integers] = {}
        self.exact: dict[tuple[Position, int], int] = {}
        self.slack = 0 if isinstance(law, FixedWakeLaw) else slack_of(law)

    def room(self, is_first: bool) -> int:
        """What a cycle may drain."""
        return self.law.first_capacity if is_first else self.law.capacity

    def of(self, is_first: bool, is_last: bool, drain: int) -> int:
        """What a cycle waits that drains so much and no more than it may; `UNREACHABLE` if there is none."""
        position = _position(is_first, is_last)
        if self.law.max_cycles is not None and position is not Position.ONLY:
            return UNREACHABLE
        if (position, drain) not in self.exact:
            self.exact[position, drain] = self.law.price(position, drain) - self.slack
        return self.exact[position, drain]

    def exactly(self, is_first: bool, is_last: bool, drains: Integers) -> Integers:
        """The same of many; `UNREACHABLE` where the drain is too much."""
        found = np.full(drains.shape, UNREACHABLE, dtype=np.int64)
        if self.law.max_cycles is None or (is_first and is_last):
            fits = drains <= self.room(is_first)
            found[fits] = price_array(self.law, _position(is_first, is_last), drains[fits]) - self.slack
        return found

    def least(self, is_first: bool, is_last: bool, drains: Integers) -> Integers:
        """No more than that, of any drains; `UNREACHABLE` where they are too much."""
        key = is_first, is_last
        if key not in self.known:
            low = np.arange(self.room(is_first) // self.fine + 1) * self.fine
            self.known[key] = self.exactly(is_first, is_last, low)
        known, room = self.known[key], self.room(is_first)
        return np.where(drains <= room, known[np.minimum(drains, room) // self.fine], UNREACHABLE)


def _position(is_first: bool, is_last: bool) -> Position:
    if is_first:
        return Position.ONLY if is_last else Position.FIRST
    return Position.LAST if is_last else Position.MID


@dataclass(frozen=True)
class Ways:
    """Ways on from a boundary to the end of a cycle in progress: what each drains, and comes to without the wait."""

    drain: Integers
    cost: Integers

    def best(self) -> Ways:
        """Those that no other equals or betters in both, by what they drain."""
        order = np.lexsort((self.cost, self.drain))
        drain, cost = self.drain[order], self.cost[order]
        kept = np.ones(len(order), dtype=bool)
        kept[1:] = cost[1:] < np.minimum.accumulate(cost)[:-1]
        return Ways(drain[kept], cost[kept])


def _together(parts: Sequence[Ways]) -> Ways:
    nothing = np.zeros(0, dtype=np.int64)
    drains, costs = [part.drain.ravel() for part in parts], [part.cost.ravel() for part in parts]
    found = Ways(np.concatenate([nothing, *drains]), np.concatenate([nothing, *costs]))
    return Ways(found.drain[found.cost < UNREACHABLE], found.cost[found.cost < UNREACHABLE]).best()


class Behind:
    """What follows at least: ``inside`` for each step and group by atoms done and design, ``closed`` by boundary."""

    def __init__(self, program: Program, groups: Sequence[Sequence[Group]]) -> None:
        self.program, self.groups, self.waits = program, groups, Waits(program.law)
        self.closed = [UNREACHABLE] * program.end + [0]
        self.inside: dict[tuple[int, int], Integers] = {}
        none = Ways(np.zeros(0, dtype=np.int64), np.zeros(0, dtype=np.int64))
        self.inner, self.final = [none] * (program.end + 1), [none] * (program.end + 1)
        """The ways on from each boundary: where other cycles follow, and to the end of the last one."""
        self.known: dict[tuple[int, bool], Integers] = {}
        self.single: dict[tuple[int, int, bool], int] = {}
        self.ends: dict[tuple[int, int, bool], list[tuple[int, int, int, bool]]] = {}
        for boundary in range(program.end - 1, -1, -1):
            steps = [place for place, step in enumerate(program.steps) if step.source == boundary]
            for step in steps:
                for number, group in enumerate(groups[program.steps[step].stage]):
                    self._cross(step, number, group)
            self._gather(boundary, steps)

    def after(self, boundary: int, drains: Integers, is_first: bool) -> Integers:
        """What follows at least a boundary at which cycles in progress have drained so much."""
        key = boundary, is_first
        if key not in self.known:
            low = np.arange(self.waits.room(is_first) // self.waits.grain + 1) * self.waits.grain
            found = np.full(len(low), UNREACHABLE, dtype=np.int64)
            for ways, is_last in ((self.inner[boundary], False), (self.final[boundary], True)):
                size = max(1, BULK // len(low))
                for place in range(0, len(ways.drain), size):
                    drain, cost = ways.drain[place : place + size], ways.cost[place : place + size]
                    total = self.waits.least(is_first, is_last, low[:, None] + drain) + cost
                    np.minimum(found, total.min(axis=1), out=found)
            self.known[key] = found
        return self.known[key][drains // self.waits.grain]

    def exactly_after(self, boundary: int, drain: int, is_first: bool) -> int:
        """The same for one cycle, of the drain itself."""
        key = boundary, drain, is_first
        if key not in self.single:
            best = UNREACHABLE
            for least, way, cost, is_last in self._ends(boundary, drain // self.waits.grain, is_first):
                if least >= best:
                    break
                if drain + way <= self.waits.room(is_first):
                    best = min(best, cost + self.waits.of(is_first, is_last, drain + way))
            self.single[key] = best
        return self.single[key]

    def _ends(self, boundary: int, grain: int, is_first: bool) -> list[tuple[int, int, int, bool]]:
        """The ways on from a boundary for cycles of one grain, by what each comes to at least; its drain and cost."""
        key = boundary, grain, is_first
        if key not in self.ends:
            found: list[tuple[int, int, int, bool]] = []
            for ways, is_last in ((self.inner[boundary], False), (self.final[boundary], True)):
                least = self.waits.least(is_first, is_last, grain * self.waits.grain + ways.drain) + ways.cost
                columns = (part[least < UNREACHABLE].tolist() for part in (least, ways.drain, ways.cost))
                found += [(*one, is_last) for one in zip(*columns, strict=True)]
            self.ends[key] = sorted(found)
        return self.ends[key]

    def _cross(self, step: int, number: int, group: Group) -> None:
        source, target = self.program.steps[step].source, self.program.steps[step].target
        atoms, is_final = group.atoms, target == self.program.end
        inside = np.full((atoms + 1, len(group.designs)), UNREACHABLE, dtype=np.int64)
        inside[atoms] = self.closed[target]
        for begin in range(atoms - 1, -1, -1):
            is_first = source == begin == 0
            room = self.waits.room(is_first)
            drained = group.resume[begin] - group.drained[begin]
            took = group.resume_time[begin] - group.took[begin]
            reach = begin + int((drained + group.drained[begin + 1 :] <= room).any(axis=1).sum())
            ends = slice(begin + 1, reach + 1)
            load = drained + group.drained[ends] + group.commit[ends]
            wait = self.waits.exactly(is_first, False, load)
            if reach == atoms and is_final:
                wait[-1] = self.waits.exactly(is_first, True, load[-1])
            total = wait + took + group.took[ends] + group.commit_time[ends] + inside[ends]
            total[~group.cut[ends] | (wait >= UNREACHABLE)] = UNREACHABLE
            best = total.min(axis=0, initial=UNREACHABLE)
            load, active = drained + group.drained[atoms], took + group.took[atoms]
            fits = np.flatnonzero(load <= room)
            rough = active[fits] + self.after(target, load[fits], is_first)
            for place in fits[rough < best[fits]].tolist():
                over = int(active[place]) + self.exactly_after(target, int(load[place]), is_first)
                best[place] = min(best[place], over)
            inside[begin] = np.where(group.cut[begin], best, UNREACHABLE)
        self.inside[step, number] = inside
        self.closed[source] = min(self.closed[source], int(inside[0].min()))

    def _gather(self, boundary: int, steps: Sequence[int]) -> None:
        inner, final = list[Ways](), list[Ways]()
        for step in steps:
            target = self.program.steps[step].target
            wholes = []
            for number, group in enumerate(self.groups[self.program.steps[step].stage]):
                wholes.append(Ways(group.drained[-1], group.took[-1]))
                cost = np.where(group.cut, group.took + group.commit_time + self.inside[step, number], UNREACHABLE)
                ends = Ways(group.drained + group.commit, np.minimum(cost, UNREACHABLE))
                inner.append(Ways(ends.drain[1:-1], ends.cost[1:-1]))
                (final if target == self.program.end else inner).append(Ways(ends.drain[-1], ends.cost[-1]))
            whole = _together(wholes)
            for ways, found in ((self.inner[target], inner), (self.final[target], final)):
                found.append(Ways(whole.drain[:, None] + ways.drain, whole.cost[:, None] + ways.cost))
        self.inner[boundary], self.final[boundary] = _together(inner), _together(final)
