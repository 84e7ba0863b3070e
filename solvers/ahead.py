"""Second cycles that may begin without waiting, because the first one has kept a level above the floor.

Where an inference starts above the floor, the price of the first cycle counts what it keeps as time gained. A second
cycle that drains less than is kept gains nothing by it: it ends no earlier than it is active. So such a state carries
two numbers, its cost and the time that has passed, and a second cycle costs the greater of what both come to. Behind
it all is as elsewhere: closed states have a cost.

The first cycle is still short of a full one when it ends so, so that only the cuts in its reach begin such cycles.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import IntEnum
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ischedule.solvers.sweep import Exits, Integers, Lanes, Matrix, frontier, joined, nothing
from ischedule.solvers.waits import Ahead, Waiting


class Source(IntEnum):
    """What a second cycle begins with, or what it was before the stage."""

    FIRST = 0
    """A first cycle that ends at a cut of the stage; it is that of an entry label, or of the plan's start."""
    KEPT = 1
    """A closed state before the stage."""
    AHEAD = 2
    """A second cycle already in progress before the stage."""


@dataclass(frozen=True)
class Starts:
    """Where second cycles begin: rows with the cut, the design's column, and what each comes from.

    ``drain``, ``cost`` and ``elapsed`` are less the design's running sums at the cut: with those at a later cut they
    are what the cycle has come to there.
    """

    source: Integers
    label: Integers
    cut: Integers
    column: Integers
    drain: Integers
    cost: Matrix
    elapsed: Matrix

    def __len__(self) -> int:
        return len(self.cut)

    def select(self, index: Matrix) -> Starts:
        """The rows at these places."""
        return Starts(*(getattr(self, name)[index] for name in _COLUMNS))


_COLUMNS = ("source", "label", "cut", "column", "drain", "cost", "elapsed")


def together(parts: list[Starts]) -> Starts:
    """Several tables as one."""
    return Starts(*(np.concatenate([getattr(part, name) for part in parts]) for name in _COLUMNS))


BULK = 1 << 20
"""Ends of cycles that are priced at once."""

Promising = Callable[[Starts], NDArray[np.bool_]]
"""Which second cycles can belong to a wanted plan."""


@dataclass(frozen=True)
class Entries:
    """What is before a stage and may lead to a second cycle: labels of first cycles, and the states described above.

    Labels of first cycles have one column for all designs or one each.
    """

    first_drain: Integers
    first_cost: Matrix
    kept: Exits
    ahead: Exits


def starts(
    least: Matrix, lanes: Lanes, entries: Entries, waiting: Waiting, ahead: Ahead, promising: Promising | None
) -> tuple[Starts, Exits]:
    """All second cycles by where they begin, and the closed states behind the stage that keep a level.

    A first cycle after which every second one waits leaves a closed state like any other.
    """

    def hopeful(rows: Starts) -> Starts:
        rows = rows.select(rows.drain + lanes.drain[rows.cut, rows.column] <= waiting.capacity)
        return rows if promising is None else rows.select(promising(rows))

    found = [hopeful(rows) for rows in _entering(lanes, entries)]
    kept = []
    shape = (len(entries.first_drain), len(lanes))
    drains, costs = np.broadcast_to(entries.first_drain, shape), np.broadcast_to(entries.first_cost, shape)
    for label, j, d in _in_bulk(_ends_of_first(lanes, drains, waiting.first_capacity)):
        drain = drains[label, d] + lanes.closing_drain[j - 1, d]
        cost = costs[label, d] + waiting.first(drain) + lanes.closing_time[j - 1, d]
        worth = ahead.kept(drain)
        at_end = lanes.length[d] == j
        after = np.minimum(j, lanes.atoms - 1)
        following = lanes.resume_drain[after, d] + lanes.drain[after + 1, d] - lanes.drain[after, d]
        waits = (worth <= 0) | (~at_end & (worth <= ahead.rise(np.minimum(following, waiting.capacity))))
        np.minimum.at(least, (j[waits], d[waits]), cost[waits])
        some = np.flatnonzero(~waits & at_end)
        kept.append(Exits(np.zeros_like(some), cost[some], d[some], -1 - label[some], cost[some] + worth[some]))
        some = np.flatnonzero(~waits & ~at_end)
        found.append(hopeful(_begun(lanes, Source.FIRST, label[some], j[some], d[some], cost[some], worth[some])))
    return together(found), joined(kept) if kept else nothing(waiting.dtype)


Places = tuple[Integers, Integers, Integers]


def _ends_of_first(lanes: Lanes, drains: Integers, capacity: int) -> Iterator[Places]:
    """Where first cycles can end: labels, cuts and columns."""
    for j in range(1, lanes.atoms + 1):
        inside = (drains + lanes.drain[j] <= capacity) & (j <= lanes.length)
        if not inside.any():
            return
        label, d = np.nonzero(inside & (drains + lanes.closing_drain[j - 1] <= capacity) & lanes.cut[j - 1])
        yield label, np.full_like(label, j), d


def _in_bulk(places: Iterator[Places]) -> Iterator[Places]:
    """The same in fewer and larger pieces."""
    pieces, size = list[Places](), 0
    for some in places:
        pieces.append(some)
        size += len(some[0])
        if size > BULK:
            yield _concatenated(pieces)
            pieces, size = [], 0
    if pieces:
        yield _concatenated(pieces)


def _concatenated(pieces: list[Places]) -> Places:
    first, second, third = (np.concatenate(parts) for parts in zip(*pieces, strict=True))
    return first, second, third


def _entering(lanes: Lanes, entries: Entries) -> tuple[Starts, Starts]:
    """What comes from states before the stage, by each design."""

    def spread(exits: Exits) -> tuple[Integers, Integers]:
        return np.divmod(np.arange(len(exits) * len(lanes)), max(len(lanes), 1))

    label, d = spread(entries.kept)
    worth = (entries.kept.passed - entries.kept.cost)[label]
    begun = _begun(lanes, Source.KEPT, label, np.zeros_like(d), d, entries.kept.cost[label], worth)
    label, d = spread(entries.ahead)
    parts = entries.ahead.drain[label], entries.ahead.cost[label], entries.ahead.passed[label]
    return begun, Starts(np.full_like(d, Source.AHEAD), label, np.zeros_like(d), d, *parts)


def _begun(
    lanes: Lanes, source: Source, label: Integers, cut: Integers, column: Integers, cost: Matrix, worth: Matrix
) -> Starts:
    """Second cycles that begin at these cuts, behind closed states of these costs that keep so much."""
    drain = lanes.resume_drain[cut, column] - lanes.drain[cut, column]
    cost = cost + lanes.resume_time[cut, column] - lanes.time[cut, column]
    return Starts(np.full_like(cut, source), label, cut, column, drain, cost, cost + worth)


def close(least: Matrix, lanes: Lanes, rows: Starts, waiting: Waiting, ahead: Ahead) -> None:
    """End the second cycles wherever they can end inside the stage."""
    for row, j, d in _in_bulk(_ends_of_second(lanes, rows, waiting.capacity)):
        drain = rows.drain[row] + lanes.closing_drain[j - 1, d]
        cost = ended(rows.cost[row], rows.elapsed[row], waiting.mid(drain), ahead.mid(drain))
        np.minimum.at(least, (j, d), cost + lanes.closing_time[j - 1, d])


def _ends_of_second(lanes: Lanes, rows: Starts, capacity: int) -> Iterator[Places]:
    """Where second cycles can end: rows, cuts and columns."""
    alive, further = np.arange(len(rows)), 0
    while len(alive):
        further += 1
        ends, d = rows.cut[alive] + further, rows.column[alive]
        inside = ends <= lanes.length[d]
        alive, ends, d = alive[inside], ends[inside], d[inside]
        inside = rows.drain[alive] + lanes.drain[ends, d] <= capacity
        alive, ends, d = alive[inside], ends[inside], d[inside]
        fits = (rows.drain[alive] + lanes.closing_drain[ends - 1, d] <= capacity) & lanes.cut[ends - 1, d]
        yield alive[fits], ends[fits], d[fits]


def ended(cost: Matrix, elapsed: Matrix, price: Matrix, unwaited: Matrix) -> Matrix:
    """What second cycles come to that end, without what they are active meanwhile."""
    return np.asarray(np.maximum(cost + price, elapsed + unwaited))


def opened(lanes: Lanes, rows: Starts, capacity: Integers, ahead: Ahead) -> Exits:
    """The second cycles that are still open at the end of the stage; ``origin`` is the row."""
    drain, time = lanes.whole()
    d = rows.column
    through = rows.drain + drain[d]
    some = np.flatnonzero(through <= np.broadcast_to(capacity, len(lanes))[d])
    through, d = through[some], d[some]
    cost, elapsed = rows.cost[some] + time[d], rows.elapsed[some] + time[d]
    # one that must wait whatever follows is as good as if no time had passed
    waits = elapsed - cost <= ahead.rise(through)
    return Exits(through, cost, d, some, np.where(waits, cost - ahead.slip, elapsed))


def undominated(exits: Exits, later: Exits, slip: int, slack: float) -> Matrix:
    """Places of the labels that none beats by more than ``slack``: no label of a later cycle, and none of these.

    One that has drained less beats another only with ``slip`` to spare in the time that has passed.
    """
    if not len(exits):
        return np.zeros(0, dtype=np.intp)
    places = np.arange(len(exits))
    if len(later):
        best = frontier(later.drain, later.cost)
        index = np.searchsorted(later.drain[best], exits.drain, side="right") - 1
        places = places[(index < 0) | (later.cost[best][index] > exits.cost - slack)]
    order = places[np.lexsort((exits.passed[places], exits.cost[places], exits.drain[places]))]
    return np.array(_staircase(exits, order, slip, slack), dtype=np.intp)


def _staircase(exits: Exits, order: Matrix, slip: int, slack: float) -> list[int]:
    """Those of the labels, which come in order of drain, then cost, then time, that none before them beats."""
    kept: list[int] = []
    same: tuple[list[Any], list[Any]] = ([], [])
    less: tuple[list[Any], list[Any]] = ([], [])
    drains, costs, times = (column[order].tolist() for column in (exits.drain, exits.cost, exits.passed))
    before = None
    for place, drain, cost, time in zip(order.tolist(), drains, costs, times, strict=True):
        if drain != before:
            for one, other in zip(*same, strict=True):
                _insert(less, one, other + slip)
            before, same = drain, ([], [])
        if _beaten(less, cost - slack, time) or _beaten(same, cost - slack, time):
            continue
        kept.append(place)
        _insert(same, cost, time)
    return kept


def _beaten(stairs: tuple[list[Any], list[Any]], cost: Any, time: Any) -> bool:
    """Whether some step has neither more cost nor more time."""
    index = bisect_right(stairs[0], cost)
    return index > 0 and stairs[1][index - 1] <= time


def _insert(stairs: tuple[list[Any], list[Any]], cost: Any, time: Any) -> None:
    """Add a step to stairs that fall; steps that it beats go."""
    costs, times = stairs
    index = bisect_right(costs, cost)
    if index and times[index - 1] <= time:
        return
    end = index
    while end < len(costs) and times[end] >= time:
        end += 1
    costs[index:end], times[index:end] = [cost], [time]
