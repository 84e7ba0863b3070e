"""Crossing a stage where every cycle may leave a level above the floor: its state is (cost, elapsed) behind each.

The sum of prices counts a level left as time gained, also where the next cycle drains less than that level and gains
nothing by it. A search by prices alone (``frontier``) may then find a sum that no plan attains; this one follows what
the certified rule takes. Each cycle is tried at every threshold worth trying, so it is slow, and only asked where
prices have left a gap.

All cycles in progress are rows of one table (``Starts``), with what each began with, so that a plan is read backwards
along them: ``source`` is a ``Begun``, ``label`` counts the labels of that kind before the stage, or the rows.
``elapsed`` is ``NEVER`` where the cycle waits whatever it drains. The rows that begin at one cut of a design are a
*bundle*: dearer ones have less time behind them. At a threshold that is reached late the cheapest of them comes first,
at one at hand the quickest; the best of a bundle is found by bisection.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import IntEnum

import numpy as np
from numpy.typing import NDArray

from ischedule.models.cycle_law import CycleLaw, Position
from ischedule.models.waiting_array import NO_WAY, rise_array, ways_array
from ischedule.solvers.ahead import Promising, Starts, together
from ischedule.solvers.limit import Limit
from ischedule.solvers.sweep import UNREACHABLE, Exits, Integers, Kind, Lanes

NEVER = -UNREACHABLE
"""Less than any elapsed time, with room for sums."""
WORK = 4_000_000
"""Ends of cycles that are tried under a time limit, a threshold each: beyond that the checker would need minutes."""
BULK = 512
"""Bundles whose ends are tried at once."""


def patient(limit: Limit) -> Limit:
    """The limit of a search behind levels: whoever waits for the best plan as long as it takes gets it."""
    return replace(limit, work=None if limit.seconds is None else WORK)


class Begun(IntEnum):
    """What a row began with."""

    FIRST = 0
    """The plan's first cycle, in progress before the stage or beginning with it."""
    LATER = 1
    AHEAD = 2
    KEPT = 3
    """A closed state before the stage."""
    ROW = 4
    """The row whose cycle ended at the cut."""


BEGUN = {Kind.FIRST: Begun.FIRST, Kind.LATER: Begun.LATER, Kind.AHEAD: Begun.AHEAD, Kind.KEPT: Begun.KEPT}


@dataclass(frozen=True)
class States:
    """Closed states: the design's column, cost, elapsed time, and the row that ended there."""

    column: Integers
    cost: Integers
    elapsed: Integers
    row: Integers

    def __len__(self) -> int:
        return len(self.column)

    def select(self, index: NDArray[np.intp] | NDArray[np.bool_]) -> States:
        """The states at these places."""
        return States(self.column[index], self.cost[index], self.elapsed[index], self.row[index])


@dataclass(frozen=True)
class _Alive:
    """Cycles in progress: rows, their numbers in the table, and their bundles, which lie together."""

    rows: Starts
    number: Integers
    bundle: Integers

    def select(self, index: NDArray[np.bool_]) -> _Alive:
        """Some of them."""
        return _Alive(self.rows.select(index), self.number[index], self.bundle[index])

    def joined(self, other: _Alive) -> _Alive:
        """With others behind."""
        return _Alive(
            together([self.rows, other.rows]),
            np.concatenate([self.number, other.number]),
            np.concatenate([self.bundle, other.bundle]),
        )


def _changes(values: Integers) -> NDArray[np.bool_]:
    """Where a column differs from the entry before."""
    return np.concatenate([np.ones(min(1, len(values)), dtype=bool), values[1:] != values[:-1]])


def _firsts(values: Integers) -> NDArray[np.intp]:
    return np.flatnonzero(_changes(values))


class Walk:
    """One stage by a group of its designs, cut by cut."""

    def __init__(self, law: CycleLaw, lanes: Lanes, promising: Promising | None, limit: Limit | None) -> None:
        self.law, self.lanes, self.promising, self.limit = law, lanes, promising, limit or Limit()
        self.rows: list[Starts] = []
        self.count = 0

    def run(self, before: dict[Kind, Exits], begins: bool, commit: Integers) -> tuple[dict[Kind, Exits], Starts]:
        """All that follows from what holds before the stage, by the rows; ``commit`` is what open cycles keep for it.

        The ``origin`` of what is found is its row.
        """
        lanes, width = self.lanes, len(self.lanes)
        parts = [self._entering(source, before[kind]) for kind, source in BEGUN.items() if kind is not Kind.KEPT]
        if begins:
            columns = np.arange(width)
            parts.append(self._begun(Begun.FIRST, np.full(width, -1), columns, np.zeros(width, int), None, 0))
        label, column = _spread(len(before[Kind.KEPT]), width)
        kept = before[Kind.KEPT].select(label)
        parts.append(self._begun(Begun.KEPT, label, column, kept.cost, kept.passed, 0))
        alive = self._added([self._hopeful(part) for part in parts], bundled=False)
        left: list[States] = []
        for cut in range(1, lanes.atoms + 1):
            # a design that has ended goes on with atoms that are nothing
            inside = self._room(alive.rows) >= alive.rows.drain + lanes.drain[cut, alive.rows.column]
            if not inside.all():
                alive = alive.select(inside)
            closed = self._closed(alive, cut)
            at_end = lanes.length[closed.column] == cut
            left.append(closed.select(at_end))
            closed = closed.select(~at_end)
            if len(closed):
                begun = self._begun(Begun.ROW, closed.row, closed.column, closed.cost, closed.elapsed, cut)
                alive = alive.joined(self._added([self._hopeful(begun)], bundled=True))
        return self._after(alive, commit, left)

    def _added(self, parts: list[Starts], bundled: bool) -> _Alive:
        rows = together(parts)
        self.rows.append(rows)
        number = np.arange(self.count, self.count + len(rows))
        self.count += len(rows)
        if not bundled or not len(rows):
            return _Alive(rows, number, number)
        return _Alive(rows, number, number[_firsts(rows.column)][np.cumsum(_changes(rows.column)) - 1])

    def _hopeful(self, rows: Starts) -> Starts:
        is_first = rows.source == Begun.FIRST
        return rows if self.promising is None or is_first.all() else rows.select(self.promising(rows) | is_first)

    def _room(self, rows: Starts) -> Integers:
        return np.where(rows.source == Begun.FIRST, self.law.first_capacity, self.law.capacity)

    def _entering(self, source: Begun, exits: Exits) -> Starts:
        label, column = _spread(len(exits), len(self.lanes))
        elapsed = np.full_like(label, NEVER) if exits.elapsed is None else exits.elapsed[label]
        zero = np.zeros_like(label)
        return Starts(np.full_like(label, source), label, zero, column, exits.drain[label], exits.cost[label], elapsed)

    def _begun(
        self, source: Begun, label: Integers, column: Integers, cost: Integers, elapsed: Integers | None, cut: int
    ) -> Starts:
        """Cycles that begin at a cut behind such states; one that waits for certain forgets the elapsed time."""
        lanes = self.lanes
        resume, time = lanes.resume_drain[cut, column], lanes.resume_time[cut, column] - lanes.time[cut, column]
        least = resume + lanes.drain[cut + 1, column] - lanes.drain[cut, column]
        passed = np.full_like(cost, NEVER)
        if elapsed is not None:
            waits = elapsed - cost <= rise_array(self.law, np.minimum(least, self.law.capacity))
            passed = np.where(waits, NEVER, elapsed + time)
        rows = Starts(
            np.full_like(column, source),
            label,
            np.full_like(column, cut),
            column,
            resume - lanes.drain[cut, column],
            cost + time,
            passed,
        )
        rows = rows.select(least <= self._room(rows))
        return rows.select(pareto(rows.column, rows.cost, rows.elapsed)) if source is Begun.ROW else rows

    def _closed(self, alive: _Alive, cut: int) -> States:
        """Every cycle in progress ended at the cut at each of its thresholds, where one can end."""
        lanes, rows = self.lanes, alive.rows
        first = _firsts(alive.bundle)
        stop = np.append(first[1:], len(rows))
        column = rows.column[first]
        drain = rows.drain[first] + lanes.closing_drain[cut - 1, column]
        ends = lanes.closing[cut - 1, column] & (drain <= self._room(rows)[first])
        is_first = rows.source[first] == Begun.FIRST
        found = [States(*(np.zeros(0, dtype=np.int64) for _ in _STATE))]
        for position, some in ((Position.FIRST, ends & is_first), (Position.MID, ends & ~is_first)):
            bundles = np.flatnonzero(some)
            for low in range(0, len(bundles), BULK):
                piece = bundles[low : low + BULK]
                found.append(self._tried(alive, position, drain[piece], first[piece], stop[piece], cut))
        states = States(*(np.concatenate([getattr(one, name) for one in found]) for name in _STATE))
        return states.select(pareto(states.column, states.cost, states.elapsed))

    def _tried(
        self, alive: _Alive, position: Position, drain: Integers, first: Integers, stop: Integers, cut: int
    ) -> States:
        """The best of some bundles at each threshold; the rows of each are those from `first` up to `stop`."""
        rows, latency = alive.rows, self.law.upkeep.latency
        reach, left = ways_array(self.law, position, drain)
        way, index = np.nonzero(reach < NO_WAY)
        self.limit.spend(len(way))
        reach, left, low, high = reach[way, index], left[way, index], first[index], stop[index]
        # the first row of the bundle that reaches the threshold no earlier than it would begin without waiting
        ahead, place, end = rows.cost - rows.elapsed, low, high
        while (open_ := place < end).any():
            middle = (place + end) // 2
            waits = open_ & (ahead[np.minimum(middle, high - 1)] >= latency - reach)
            end = np.where(waits, middle, end)
            place = np.where(open_ & ~waits, middle + 1, place)
        passed, row = np.full_like(reach, UNREACHABLE), low
        for one in (np.minimum(place, high - 1), np.maximum(place - 1, low)):
            time = np.maximum(rows.cost[one] + reach, rows.elapsed[one] + latency)
            row, passed = np.where(time < passed, one, row), np.minimum(time, passed)
        column = rows.column[row]
        passed = passed + self.lanes.closing_time[cut - 1, column]
        states = States(column, passed - left, passed, alive.number[row])
        return states.select(states.elapsed < UNREACHABLE)

    def _after(self, alive_: _Alive, commit: Integers, left: list[States]) -> tuple[dict[Kind, Exits], Starts]:
        lanes, law, alive, number = self.lanes, self.law, alive_.rows, alive_.number
        drain, time = lanes.whole()
        column = alive.column
        through = alive.drain + drain[column]
        fits = through + np.broadcast_to(commit, len(lanes))[column] <= self._room(alive)
        alive, number, column, through = alive.select(fits), number[fits], column[fits], through[fits]
        cost, elapsed = alive.cost + time[column], alive.elapsed + time[column]
        is_first = alive.source == Begun.FIRST
        waits = elapsed - cost <= rise_array(law, np.minimum(through, law.capacity))

        def open_cycles(some: NDArray[np.bool_]) -> Exits:
            return Exits(through[some], cost[some], column[some], number[some])

        early = ~is_first & ~waits
        ahead = Exits(through[early], cost[early], column[early], number[early], elapsed[early])
        closed = States(*(np.concatenate([getattr(one, name) for one in left]) for name in _STATE))
        kept = Exits(np.zeros_like(closed.row), closed.cost, closed.column, closed.row, closed.elapsed)
        exits = {
            Kind.FIRST: open_cycles(is_first),
            Kind.LATER: open_cycles(~is_first & waits),
            Kind.AHEAD: ahead,
            Kind.KEPT: kept,
        }
        return exits, together(self.rows)


_STATE = ("column", "cost", "elapsed", "row")


def _spread(labels: int, width: int) -> tuple[Integers, Integers]:
    """Every label by every design."""
    return np.divmod(np.arange(labels * width), max(width, 1))


def pareto(group: Integers, cost: Integers, elapsed: Integers) -> NDArray[np.intp]:
    """Places of what no other of its group beats in both."""
    order = np.lexsort((elapsed, cost, group))
    if not len(order):
        return order
    rank = np.unique(elapsed[order], return_inverse=True)[1]
    step = np.cumsum(np.concatenate([[0], np.diff(group[order]) != 0]))
    # every group lies below the one before it, so that a running least is one of the group's own
    lowered = rank - step * (int(rank.max()) + 1)
    before = np.concatenate([[1 << 62], np.minimum.accumulate(lowered)[:-1]])
    return np.asarray(order[lowered < before], dtype=np.intp)


def finished(law: CycleLaw, exits: Exits, drain: Integers) -> Integers:
    """What plans cost that end with these cycles that may begin without waiting, at the best of all thresholds."""
    reach, left = ways_array(law, Position.LAST, drain)
    passed = np.maximum(exits.cost + reach, exits.passed + law.upkeep.latency)
    return np.asarray(np.where(reach < NO_WAY, passed - left, UNREACHABLE).min(axis=0), dtype=np.int64)
