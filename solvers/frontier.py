"""Crossing a stage: from what is reachable before it to what is reachable after it, over any set of its designs.

What is reachable at a boundary is the least cost of standing there closed, and the undominated labels of cycles in
progress, those of the first cycle apart from later ones. Each entry remembers its design and where it came from, so
that a plan can be read backwards."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ischedule.solvers.limit import Limit
from ischedule.solvers.sweep import (
    UNREACHABLE,
    Edges,
    Exits,
    Integers,
    Lanes,
    Matrix,
    edges,
    enter,
    frontier,
    joined,
    opened,
    passed,
    relax,
    selected,
)
from ischedule.solvers.waits import Waiting

Index = NDArray[np.intp]
Groups = Iterable[tuple[Index, Lanes]]
BLOCK = 50_000
"""Cuts whose edges are priced at once."""
LOOK = 96
"""Cuts between two looks at which designs are hopeless."""
WORTHWHILE = 0.8
"""Designs are dropped when at most this share of a group is left."""

Hopeful = Callable[[Index, Lanes, Matrix, int], NDArray[np.bool_]]
"""Which designs can still belong to a wanted plan, judged by the cuts before the given one."""


@dataclass(frozen=True)
class Reached:
    """What is reachable at a boundary."""

    closed: Any
    closed_design: int
    first: Exits
    later: Exits

    @property
    def is_empty(self) -> bool:
        """Whether nothing is reachable."""
        return bool(self.closed >= UNREACHABLE) and not len(self.first.drain) and not len(self.later.drain)


def nothing(dtype: type) -> Exits:
    """No exits."""
    empty = np.zeros(0, dtype=np.int64)
    return Exits(empty, empty.astype(dtype), empty, empty)


def start(dtype: type) -> Reached:
    """Before the first stage: the first cycle has not begun; it may start at cut 0, at no cost."""
    return Reached(UNREACHABLE, -1, nothing(dtype), nothing(dtype))


@dataclass(frozen=True)
class Crossing:
    """One group of designs crossed: the costs of all its cuts and the exits."""

    index: Index
    lanes: Lanes
    least: Matrix
    first: Exits
    later: Exits
    blocks: list[Edges]
    """The edges by blocks of cuts, if they were kept."""


def cross(
    index: Index,
    lanes: Lanes,
    entry: Reached,
    begins: bool,
    waiting: Waiting,
    *,
    keep: bool = False,
    limit: Limit | None = None,
    least_commit: int | None = None,
    hopeful: Hopeful | None = None,
) -> Crossing:
    """Cross a stage by a group of its designs; ``begins`` says that the plan starts with this stage.

    ``least_commit`` is what a cycle still in progress at the end must at least keep for its commit; None where every
    commit drains the same. With ``hopeful``, designs that cannot be part of a wanted plan are dropped on the way.
    """
    dtype = waiting.dtype
    least: Matrix = np.full((lanes.atoms + 1, len(lanes)), UNREACHABLE, dtype=dtype)
    least[0] = entry.closed
    if begins:
        first_drain: Integers = lanes.resume_drain[:1]
        first_cost: Matrix = lanes.resume_time[:1].astype(dtype)
    else:
        first_drain, first_cost = entry.first.drain[:, None], entry.first.cost[:, None]
    blocks: list[Edges] = []
    later_drain, later_cost = entry.later.drain[:, None], entry.later.cost[:, None]
    if not waiting.single:
        enter(least, lanes, first_drain, first_cost, waiting.first_capacity, waiting.first)
        enter(least, lanes, later_drain, later_cost, waiting.capacity, waiting.mid)
        step = BLOCK if hopeful is None else LOOK
        for low in range(1, lanes.atoms + 1, step):
            high = min(low + step, lanes.atoms + 1)
            if limit is not None:
                limit.check()
            known = edges(lanes, waiting.capacity, waiting.mid, dtype, low, high)
            relax(least, known, low)
            if keep:
                blocks.append(known)
            if hopeful is not None and high <= lanes.atoms:
                alive = hopeful(index, lanes, least, high)
                if not alive.any():
                    return Crossing(index[:0], lanes, least, nothing(dtype), nothing(dtype), blocks)
                if alive.mean() <= WORTHWHILE:
                    index, lanes, least = index[alive], lanes.take(alive), least[:, alive]
                    if begins:
                        first_drain, first_cost = first_drain[:, alive], first_cost[:, alive]
    commit: Integers = lanes.commit_drain[-1] if least_commit is None else np.array([least_commit])
    later = joined(
        [
            opened(least, lanes, waiting.capacity - commit),
            passed(lanes, later_drain, later_cost, waiting.capacity - commit),
        ]
    )
    first = passed(lanes, first_drain, first_cost, waiting.first_capacity - commit)
    return Crossing(index, lanes, least, first, later, blocks)


Discharge = Callable[[Exits, bool], NDArray[np.bool_]]
"""Which of these exits (of the first cycle or not) can still lead to a plan that is wanted."""


@dataclass(frozen=True)
class Crossed:
    """A stage crossed: what is reachable behind it, and every design that reaches something within the slack."""

    reached: Reached
    useful: Index


def gather(crossings: Iterator[Crossing], wanted: Discharge, dtype: type, slack: float) -> Crossed:
    """Reduce the exits of all groups to what is undominated."""
    firsts, laters, closed, owners = [nothing(dtype)], [nothing(dtype)], [], []
    for crossing in crossings:
        if not len(crossing.index):
            continue
        for is_first, exits, kept in ((True, crossing.first, firsts), (False, crossing.later, laters)):
            named = Exits(exits.drain, exits.cost, crossing.index[exits.design], exits.origin)
            kept.append(selected(named, wanted(named, is_first)))
        closed.append(crossing.least[crossing.lanes.length, np.arange(len(crossing.lanes))])
        owners.append(crossing.index)
    first, later = joined(firsts), joined(laters)
    if not owners:
        return Crossed(Reached(UNREACHABLE, -1, first, later), np.zeros(0, dtype=np.intp))
    costs, owner = np.concatenate(closed), np.concatenate(owners)
    best = int(costs.argmin())
    useful = [owner[(costs <= costs[best] + slack) & (costs < UNREACHABLE)]]
    useful += [exits.design[frontier(exits.drain, exits.cost, max(slack, 0.5))] for exits in (first, later)]
    fronts = [selected(exits, frontier(exits.drain, exits.cost)) for exits in (first, later)]
    reached = Reached(costs[best], int(owner[best]), fronts[0], fronts[1])
    return Crossed(reached, np.unique(np.concatenate(useful)))


@dataclass(frozen=True)
class Finish:
    """The cheapest way to end a plan behind the last stage."""

    cost: Any
    is_first: bool
    label: int


def finish(
    reached: Reached, commit: Callable[[Integers], tuple[Integers, Integers]], waiting: Waiting
) -> Finish | None:
    """Close every open label as the last cycle of the plan; ``commit`` gives what each design pays at the end."""
    best: Finish | None = None
    for is_first, exits in ((True, reached.first), (False, reached.later)):
        if len(exits.drain):
            drain, time = commit(exits.design)
            wait, capacity = (waiting.only, waiting.first_capacity) if is_first else (waiting.last, waiting.capacity)
            fits = np.flatnonzero(exits.drain + drain <= capacity)
            if not len(fits):
                continue
            costs = exits.cost[fits] + time[fits] + wait(exits.drain[fits] + drain[fits])
            place = int(costs.argmin())
            if best is None or costs[place] < best.cost:
                best = Finish(costs[place], is_first, int(fits[place]))
    return best
