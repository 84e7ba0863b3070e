"""Crossing a stage: from what is reachable before it to what is reachable after it, over any set of its designs.

What is reachable at a boundary is the least cost of standing there closed, and the undominated labels of cycles in
progress, those of the first cycle apart from later ones; where the first cycle can keep a level above the floor, also
what follows from that (``ahead``). Each entry remembers its design and where it came from, so that a plan can be read
backwards."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ischedule.solvers import ahead as second
from ischedule.solvers import levels
from ischedule.solvers.ahead import Entries, Promising, Starts
from ischedule.solvers.limit import Limit
from ischedule.solvers.sweep import (
    UNREACHABLE,
    Edges,
    Exits,
    Integers,
    Kind,
    Lanes,
    Matrix,
    edges,
    enter,
    enter_straight,
    frontier,
    joined,
    nothing,
    opened,
    passed,
    relax,
)
from ischedule.solvers.waits import Waiting

Index = NDArray[np.intp]
BLOCK = 50_000
"""Cuts whose edges are priced at once."""
LOOK = 32
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
    labels: dict[Kind, Exits]

    def __getitem__(self, kind: Kind) -> Exits:
        return self.labels[kind]

    @property
    def is_empty(self) -> bool:
        """Whether nothing is reachable."""
        return bool(self.closed >= UNREACHABLE) and not any(map(len, self.labels.values()))

    @property
    def in_progress(self) -> dict[Kind, Exits]:
        """The labels of open cycles."""
        return {kind: exits for kind, exits in self.labels.items() if kind is not Kind.KEPT}


def start(dtype: type) -> Reached:
    """Before the first stage: the first cycle has not begun; it may start at cut 0, at no cost."""
    return Reached(UNREACHABLE, -1, {kind: nothing(dtype) for kind in Kind})


@dataclass(frozen=True)
class Crossing:
    """One group of designs crossed: the costs of all its cuts and the exits."""

    index: Index
    lanes: Lanes
    least: Matrix
    exits: dict[Kind, Exits]
    blocks: list[Edges]
    """The edges by blocks of cuts, if they were kept."""
    starts: Starts | None
    """Where second cycles begin, where the first one can keep a level; where levels are followed all cycles."""


@dataclass(frozen=True)
class Hopes:
    """What can still belong to a wanted plan: designs, judged on the way, and second cycles, judged at once.

    With ``slack``, cycles in progress run through designs only that no other beats by more in all.
    """

    designs: Hopeful | None = None
    starts: Callable[[Index, Lanes], Promising] | None = None
    slack: float | None = None


class _Lanes:
    """The designs of a group that are still crossed, and the entries before the stage by their columns."""

    def __init__(self, index: Index, lanes: Lanes, entry: Reached, begins: bool, dtype: type) -> None:
        self.index, self.lanes, self.begins = index, lanes, begins
        self.columns = np.arange(len(lanes))
        self.first_drain: Integers = entry[Kind.FIRST].drain[:, None]
        self.first_cost: Matrix = entry[Kind.FIRST].cost[:, None]
        if begins:
            self.first_drain, self.first_cost = lanes.resume_drain[:1], lanes.resume_time[:1].astype(dtype)

    def drop(self, alive: NDArray[np.bool_]) -> None:
        """Go on with some of the designs."""
        self.index, self.lanes, self.columns = self.index[alive], self.lanes.take(alive), self.columns[alive]
        if self.begins:
            self.first_drain, self.first_cost = self.first_drain[:, alive], self.first_cost[:, alive]

    def found(self, exits: Exits, width: int) -> Exits:
        """Exits that name the columns which the group began with, in the columns that are left."""
        place = np.full(width, -1, dtype=np.intp)
        place[self.columns] = np.arange(len(self.columns))
        exits = exits.renamed(place[exits.design])
        return exits.select(exits.design >= 0)


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
    hopes: Hopes | None = None,
) -> Crossing:
    """Cross a stage by a group of its designs; ``begins`` says that the plan starts with this stage.

    ``least_commit`` is what a cycle still in progress at the end must at least keep for its commit; None where every
    commit drains the same. With ``hopes``, designs that cannot be part of a wanted plan are dropped on the way.
    """
    dtype, width, hopes = waiting.dtype, len(lanes), hopes or Hopes()
    commit: Integers = lanes.commit_drain[-1] if least_commit is None else np.array([least_commit])
    if waiting.levels is not None:
        promising = None if hopes.starts is None else hopes.starts(index, lanes)
        kept, rows = levels.Walk(waiting.levels, lanes, promising, limit).run(entry.labels, begins, commit)
        return Crossing(index, lanes, np.full((lanes.atoms + 1, width), UNREACHABLE), kept, [], rows)
    group = _Lanes(index, lanes, entry, begins, dtype)
    least: Matrix = np.full((lanes.atoms + 1, width), UNREACHABLE, dtype=dtype)
    least[0] = entry.closed
    blocks: list[Edges] = []
    later_drain, later_cost = entry[Kind.LATER].drain[:, None], entry[Kind.LATER].cost[:, None]
    starts, exits = _early(group, least, entry, waiting, hopes, waiting.capacity - commit)
    if not waiting.single:
        labels = later_drain, later_cost, waiting.capacity, waiting.mid
        if waiting.slope is None:
            enter(least, lanes, *labels)
        else:
            enter_straight(least, lanes, *labels, waiting.slope)
        least = _relaxed(group, least, waiting, hopes.designs, limit or Limit(), blocks if keep else None)
        if not len(group.index):
            none = {kind: nothing(dtype) for kind in Kind}
            return Crossing(group.index, group.lanes, least, none, blocks, starts)
    lanes = group.lanes
    commit = lanes.commit_drain[-1] if least_commit is None else commit
    if len(lanes) < width:
        exits = {kind: group.found(some, width) for kind, some in exits.items()}
    exits[Kind.LATER] = joined(
        [
            opened(least, lanes, waiting.capacity - commit),
            through(lanes, later_drain, later_cost, waiting.capacity - commit, hopes.slack),
        ]
    )
    exits[Kind.FIRST] = passed(lanes, group.first_drain, group.first_cost, waiting.first_capacity - commit)
    return Crossing(group.index, lanes, least, exits, blocks, starts)


def _relaxed(
    group: _Lanes,
    least: Matrix,
    waiting: Waiting,
    hopeful: Hopeful | None,
    limit: Limit,
    blocks: list[Edges] | None,
) -> Matrix:
    """The least costs with cycles that begin and end inside the stage, of the designs that are left in the group.

    Those without hope are dropped. All edges are added to ``blocks``, where they are kept.
    """
    atoms, step = group.lanes.atoms, BLOCK if hopeful is None else LOOK
    for low in range(1, atoms + 1, step):
        high = min(low + step, atoms + 1)
        limit.check()
        known = edges(group.lanes, waiting.capacity, waiting.mid, waiting.dtype, low, high)
        relax(least, known, low)
        if blocks is not None:
            blocks.append(known)
        if hopeful is None or high > atoms:
            continue
        alive = hopeful(group.index, group.lanes, least, high)
        if not alive.any() or alive.mean() <= WORTHWHILE:
            group.drop(alive)
            least = least[:, alive]
        if not alive.any():
            break
    return least


def through(lanes: Lanes, drains: Integers, costs: Matrix, room: Integers, slack: float | None) -> Exits:
    """Labels whose cycle runs through the whole stage."""
    if slack is None or not len(drains):
        return passed(lanes, drains, costs, room)
    useful = np.zeros(len(lanes), dtype=np.bool_)
    useful[frontier(*lanes.whole(), slack)] = True
    exits = passed(lanes.take(useful), drains, costs, np.broadcast_to(room, len(lanes))[useful])
    return exits.renamed(np.flatnonzero(useful)[exits.design])


def _early(
    group: _Lanes, least: Matrix, entry: Reached, waiting: Waiting, hopes: Hopes, room: Integers
) -> tuple[Starts | None, dict[Kind, Exits]]:
    """End first cycles inside the stage, and second ones where the first can keep a level; what these leave behind."""
    exits = {kind: nothing(waiting.dtype) for kind in Kind}
    lanes, first = group.lanes, (group.first_drain, group.first_cost)
    if waiting.ahead is None:
        if not waiting.single:
            enter(least, lanes, *first, waiting.first_capacity, waiting.first)
        return None, exits
    entries = Entries(*first, entry[Kind.KEPT], entry[Kind.AHEAD])
    promising = None if hopes.starts is None else hopes.starts(group.index, lanes)
    starts, exits[Kind.KEPT] = second.starts(least, lanes, entries, waiting, waiting.ahead, promising)
    second.close(least, lanes, starts, waiting, waiting.ahead)
    exits[Kind.AHEAD] = second.opened(lanes, starts, room, waiting.ahead)
    return starts, exits


Discharge = Callable[[Exits, Kind], NDArray[np.bool_]]
"""Which of these exits can still lead to a plan that is wanted."""


@dataclass(frozen=True)
class Crossed:
    """A stage crossed: what is reachable behind it, and every design that reaches something within the slack."""

    reached: Reached
    useful: Index


def gather(crossings: Iterator[Crossing], wanted: Discharge, waiting: Waiting, slack: float) -> Crossed:
    """Reduce the exits of all groups to what is undominated."""
    found: dict[Kind, list[Exits]] = {kind: [nothing(waiting.dtype)] for kind in Kind}
    closed, owners = [], []
    for crossing in crossings:
        if not len(crossing.index):
            continue
        for kind, kept in found.items():
            named = crossing.exits[kind].renamed(crossing.index[crossing.exits[kind].design])
            kept.append(named.select(wanted(named, kind)))
        closed.append(crossing.least[crossing.lanes.length, np.arange(len(crossing.lanes))])
        owners.append(crossing.index)
    labels = {kind: joined(some) for kind, some in found.items()}
    if not owners:
        return Crossed(Reached(UNREACHABLE, -1, labels), np.zeros(0, dtype=np.intp))
    costs, owner = np.concatenate(closed), np.concatenate(owners)
    best = int(costs.argmin())
    useful = [owner[(costs <= costs[best] + slack) & (costs < UNREACHABLE)]]
    useful += [some.design for some in _undominated(labels, costs[best], waiting, max(slack, 0.5)).values()]
    reached = Reached(costs[best], int(owner[best]), _undominated(labels, costs[best], waiting, 0))
    return Crossed(reached, np.unique(np.concatenate(useful)))


def _undominated(labels: dict[Kind, Exits], closed: Any, waiting: Waiting, slack: float) -> dict[Kind, Exits]:
    """The labels that no other beats by more than the slack."""
    found = {
        kind: labels[kind].select(frontier(labels[kind].drain, labels[kind].cost, slack))
        for kind in (Kind.FIRST, Kind.LATER)
    }
    ahead, kept = labels[Kind.AHEAD], labels[Kind.KEPT]
    found[Kind.AHEAD] = ahead.select(second.undominated(ahead, found[Kind.LATER], waiting.slip, slack))
    # standing closed without a level is no worse than with one for as much
    kept = kept.select(kept.cost < closed + slack)
    found[Kind.KEPT] = kept.select(second.undominated(kept, nothing(waiting.dtype), waiting.slip, slack))
    return found


@dataclass(frozen=True)
class Finish:
    """The cheapest way to end a plan behind the last stage."""

    cost: Any
    kind: Kind
    label: int


def finish(
    reached: Reached, commit: Callable[[Integers], tuple[Integers, Integers]], waiting: Waiting
) -> Finish | None:
    """Close every open label as the last cycle of the plan; ``commit`` gives what each design pays at the end."""
    best: Finish | None = None
    for kind, exits in reached.in_progress.items():
        if not len(exits):
            continue
        drain, time = commit(exits.design)
        capacity = waiting.first_capacity if kind is Kind.FIRST else waiting.capacity
        fits = np.flatnonzero(exits.drain + drain <= capacity)
        if not len(fits):
            continue
        some, drained = exits.select(fits), (exits.drain + drain)[fits]
        if kind is Kind.AHEAD and waiting.levels is not None:
            ended = levels.finished(waiting.levels, some, drained)
        elif kind is Kind.AHEAD and waiting.ahead is not None:
            ended = second.ended(some.cost, some.passed, waiting.last(drained), waiting.ahead.last(drained))
        else:
            ended = some.cost + (waiting.only if kind is Kind.FIRST else waiting.last)(drained)
        costs = ended + time[fits]
        place = int(costs.argmin())
        if best is None or costs[place] < best.cost:
            best = Finish(costs[place], kind, int(fits[place]))
    return best
