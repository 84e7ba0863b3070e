"""The forward pass through one stage: many designs side by side, every cut of each, in bulk.

A design's cuts are numbered 0 .. n. ``least[j, d]`` is the least cost of standing at cut j of design d with the
last power cycle closed there. An edge from cut i to cut j is one power cycle over the atoms between; all edges of
one length are priced at once, and the relaxation then walks the cuts in order for all designs together. A label
enters a stage with a cycle in progress and may pass through.

The pass is written once for both number types: float64 (costs in picoseconds, to steer) and int64 (exact, to
decide)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from enum import Enum
from functools import cached_property
from itertools import pairwise
from operator import add, sub
from typing import Any

import numpy as np
from numpy.typing import NDArray

Matrix = NDArray[Any]
Integers = NDArray[np.int64]
Waits = Callable[[Integers], Matrix]
"""What waiting for a cycle of each drain costs."""

CHUNK = 1 << 14
"""Cuts of a single design that are relaxed at once."""
UNREACHABLE = 1 << 61
"""A cost that stands for "not reachable" and survives an addition without overflow."""


@dataclass(frozen=True)
class Lanes:
    """Designs side by side, one column each, padded to the longest.

    ``drain`` and ``time`` are running sums over the atoms with a leading 0 (one more row than atoms), constant beyond a
    design's end; the other rows say what a cycle pays that starts before or ends after the atom, and ``cut`` whether
    one may end there.
    """

    length: Integers
    drain: Integers
    time: Integers
    resume_drain: Integers
    resume_time: Integers
    commit_drain: Integers
    commit_time: Integers
    cut: NDArray[np.bool_]

    def __len__(self) -> int:
        return len(self.length)

    @property
    def atoms(self) -> int:
        """Atoms of the longest design."""
        return int(self.resume_drain.shape[0])

    def take(self, chosen: NDArray[np.bool_]) -> Lanes:
        """Some of the designs."""
        return Lanes(
            self.length[chosen],
            self.drain[:, chosen],
            self.time[:, chosen],
            self.resume_drain[:, chosen],
            self.resume_time[:, chosen],
            self.commit_drain[:, chosen],
            self.commit_time[:, chosen],
            self.cut[:, chosen],
        )

    @cached_property
    def opening_drain(self) -> Integers:
        """What a cycle that starts before an atom drains by any cut, less the running sum there."""
        return np.asarray(self.resume_drain - self.drain[:-1])

    @cached_property
    def opening_time(self) -> Integers:
        """The same of time."""
        return np.asarray(self.resume_time - self.time[:-1])

    @cached_property
    def closing_drain(self) -> Integers:
        """The running sum after an atom, and what committing there drains."""
        return np.asarray(self.drain[1:] + self.commit_drain)

    @cached_property
    def closing_time(self) -> Integers:
        """The same of time."""
        return np.asarray(self.time[1:] + self.commit_time)

    @cached_property
    def closing(self) -> NDArray[np.bool_]:
        """Whether a cycle may end after an atom."""
        return np.asarray(self.cut & (np.arange(self.atoms)[:, None] < self.length))

    @cached_property
    def resume_spread(self) -> int:
        """By how much starting at one atom can drain more than starting at another."""
        return int((self.resume_drain.max(axis=0) - self.resume_drain.min(axis=0)).max())

    def whole(self) -> tuple[Integers, Integers]:
        """Drain and time of all atoms of each design."""
        return self.drain[-1], self.time[-1]


@dataclass(frozen=True)
class Edges:
    """All power cycles that end in a block of cuts.

    Rows ``start[b] .. start[b + 1]`` of ``cost`` end at its cut b, the longest first.
    """

    start: Integers
    cost: Matrix


def edges(lanes: Lanes, capacity: int, wait: Waits, dtype: type, low: int, high: int) -> Edges:
    """Price every feasible cycle inside the stage that ends at one of the cuts ``low .. high - 1``."""
    longest = np.zeros(high - low, dtype=np.int64)
    found: list[tuple[Integers, Integers]] = []
    # a longer cycle may drain less, where resuming is cheaper, but not by more than starts differ
    beyond = capacity + lanes.resume_spread
    alive = np.arange(low, high)
    k = 0
    while len(alive):
        k += 1
        alive = alive[alive >= k]
        drain = _rows(lanes.closing_drain, alive - 1) + _rows(lanes.opening_drain, alive - k)
        some = (drain <= beyond).any(axis=1)
        if not some.all():
            alive, drain = alive[some], drain[some]
        found.append((alive, drain))
        longest[alive - low] = k
    start = np.concatenate([[0], np.cumsum(longest)])
    width = len(lanes)
    cost: Matrix = np.full((int(start[-1]), width), UNREACHABLE, dtype=dtype)
    drains, times = np.full(cost.shape, capacity + 1), np.empty(cost.shape, dtype=np.int64)
    last = start[:-1] + longest
    for k, (ends, drain) in enumerate(found, 1):
        rows = last[ends - low] - k
        drains[rows] = np.where(_rows(lanes.closing, ends - 1), drain, capacity + 1)
        times[rows] = _rows(lanes.closing_time, ends - 1) + _rows(lanes.opening_time, ends - k)
    fits = drains <= capacity
    cost[fits] = wait(drains[fits]) + times[fits]
    return Edges(start, cost)


def _rows(table: Matrix, index: Integers) -> Matrix:
    """Rows of a table, without a copy where they follow each other."""
    if len(index) and index[-1] - index[0] + 1 == len(index):
        return table[index[0] : index[-1] + 1]
    return table[index]


def relax(least: Matrix, known: Edges, low: int) -> None:
    """Close every cut of the block that begins at ``low``, in order, from what ``least`` already holds."""
    start = known.start.tolist()
    cost = known.cost
    if cost.shape[1] == 1:
        _relax_one(least, start, cost, low)
        return
    for j, (begin, end) in enumerate(pairwise(start), low):
        if begin < end:
            best = np.minimum.reduce(least[j - end + begin : j] + cost[begin:end])
            np.minimum(least[j], best, out=least[j])


def _relax_one(least: Matrix, start: list[int], cost: Matrix, low: int) -> None:
    """``relax`` for a single design: lists are quicker than arrays of one window each."""
    longest = max(map(sub, start[1:], start), default=0)
    reach = max(0, low - longest)
    closed = least[reach:low, 0].tolist()
    values = least[low : low + len(start) - 1, 0].tolist()
    for block in range(0, len(values), CHUNK):
        offset = start[block]
        known = cost[offset : start[min(block + CHUNK, len(values))], 0].tolist()
        for place in range(block, min(block + CHUNK, len(values))):
            begin, end = start[place] - offset, start[place + 1] - offset
            best = values[place]
            if begin < end:
                best = min(best, min(map(add, closed[begin - end :], known[begin:end])))
            closed.append(best)
        del closed[: max(0, len(closed) - longest - CHUNK)]
        least[low + block : low + min(block + CHUNK, len(values)), 0] = closed[-min(CHUNK, len(values) - block) :]


def enter(least: Matrix, lanes: Lanes, drains: Integers, costs: Matrix, capacity: int, wait: Waits) -> None:
    """Close cycles in progress inside the stage; labels are rows, with one column for all designs or one for each."""
    shape = (len(drains), len(lanes))
    drains, costs = np.broadcast_to(drains, shape), np.broadcast_to(costs, shape)
    for j in range(1, lanes.atoms + 1):
        drain = drains + lanes.drain[j]
        inside = (drain <= capacity) & (j <= lanes.length)
        if not inside.any():
            break
        drain = drain + lanes.commit_drain[j - 1]
        label, d = np.nonzero(inside & (drain <= capacity) & lanes.cut[j - 1])
        if len(label):
            value = costs[label, d] + wait(drain[label, d]) + lanes.time[j, d] + lanes.commit_time[j - 1, d]
            np.minimum.at(least[j], d, value)


def enter_straight(
    least: Matrix, lanes: Lanes, drains: Integers, costs: Matrix, capacity: int, wait: Waits, slope: float
) -> None:
    """The same for labels of one column where what waiting costs is a line: all cuts at once.

    At a cut the best label that fits has the least cost when its own drain is charged at the slope.
    """
    if not len(drains):
        return
    load = lanes.closing_drain
    rising = np.argsort(drains[:, 0], kind="stable")
    drain = drains[rising, 0]
    best = np.minimum.accumulate(costs[rising, 0] + slope * drain)
    fits = np.searchsorted(drain, capacity - load, side="right")
    base = float(wait(np.zeros(1, dtype=np.int64))[0])
    value = best[np.maximum(fits, 1) - 1] + (base + slope * load + lanes.closing_time)
    inside = (fits > 0) & lanes.cut & (np.arange(lanes.atoms)[:, None] < lanes.length)
    np.minimum(least[1:], value, out=least[1:], where=inside)


class Kind(Enum):
    """What is open at a boundary, or closed behind a cycle that has left a level (``KEPT``).

    ``AHEAD`` are cycles that began in such a state and may not have waited.
    """

    FIRST = "first"
    LATER = "later"
    AHEAD = "ahead"
    KEPT = "kept"


@dataclass(frozen=True)
class Exits:
    """States at the end of the stage: drained and cost so far, the design, and where each came from.

    ``origin`` is the cut at which a cycle in progress started, or ``-1 - k`` for entry label k passing through.
    ``elapsed`` is the time that has passed for certain where that is known better than by the cost.
    """

    drain: Integers
    cost: Matrix
    design: Integers
    origin: Integers
    elapsed: Matrix | None = None

    def __len__(self) -> int:
        return len(self.drain)

    def select(self, index: Matrix) -> Exits:
        """The exits at these places."""
        elapsed = None if self.elapsed is None else self.elapsed[index]
        return Exits(self.drain[index], self.cost[index], self.design[index], self.origin[index], elapsed)

    def renamed(self, design: Integers) -> Exits:
        """The same with other names for their designs."""
        return replace(self, design=design)

    @property
    def passed(self) -> Matrix:
        """The time that has passed, at least."""
        return self.cost if self.elapsed is None else self.elapsed


def nothing(dtype: type) -> Exits:
    """No exits."""
    empty = np.zeros(0, dtype=np.int64)
    return Exits(empty, empty.astype(dtype), empty, empty)


def opened(least: Matrix, lanes: Lanes, capacity: Integers) -> Exits:
    """Cycles that start at a cut of the stage and are still open at its end."""
    drain, time = lanes.whole()
    rest = lanes.resume_drain + drain - lanes.drain[:-1]
    place = np.arange(lanes.atoms)[:, None]
    i, d = np.nonzero((rest <= capacity) & (place < lanes.length) & (least[:-1] < UNREACHABLE))
    cost = least[i, d] + lanes.resume_time[i, d] + time[d] - lanes.time[i, d]
    return Exits(rest[i, d], cost, d, i)


def passed(lanes: Lanes, drains: Integers, costs: Matrix, capacity: Integers) -> Exits:
    """Labels (one column for all designs or one each) whose cycle runs through the whole stage."""
    drain, time = lanes.whole()
    through = np.broadcast_to(drains, (len(drains), len(lanes))) + drain
    k, d = np.nonzero(through <= capacity)
    cost = np.broadcast_to(costs, through.shape)[k, d] + time[d]
    return Exits(through[k, d], cost, d, -1 - k)


def joined(parts: list[Exits]) -> Exits:
    """Several sets of exits as one."""
    is_known = any(part.elapsed is not None for part in parts)
    return Exits(
        np.concatenate([part.drain for part in parts]),
        np.concatenate([part.cost for part in parts]),
        np.concatenate([part.design for part in parts]),
        np.concatenate([part.origin for part in parts]),
        np.concatenate([part.passed for part in parts]) if is_known else None,
    )


def frontier(drain: Integers, cost: Matrix, slack: float = 0) -> Matrix:
    """Places of the labels that no other beats by more than ``slack``; with 0, of those that no other dominates."""
    order = np.lexsort((cost, drain))
    least = np.minimum.accumulate(cost[order])
    if slack:
        return order[cost[order] <= least + slack]
    before = np.concatenate([[UNREACHABLE], least[:-1]])
    return order[cost[order] < before]
