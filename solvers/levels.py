"""Crossing a stage where every cycle may leave a level above the floor: its state is (cost, elapsed) behind each.

The sum of prices counts a level left as time gained, also where the next cycle drains less than that level and gains
nothing by it. A search by prices alone (``frontier``) may then find a sum that no plan attains; this one follows what
the certified rule takes. Each cycle is tried at every threshold worth trying, so it is slow, and only asked where
prices have left a gap.

All cycles in progress are rows of one table (``Starts``), with what each began with, so that a plan is read backwards
along them: ``source`` is a ``Begun``, ``label`` counts the labels of that kind before the stage, or the rows.
``elapsed`` is ``NEVER`` where the cycle waits whatever it drains.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum

import numpy as np
from numpy.typing import NDArray

from ischedule.models.cycle_law import CycleLaw, Position
from ischedule.models.waiting_array import NO_WAY, rise_array, ways_array
from ischedule.solvers.ahead import COLUMNS, Promising, Starts
from ischedule.solvers.limit import Limit
from ischedule.solvers.sweep import UNREACHABLE, Exits, Integers, Kind, Lanes

NEVER = -UNREACHABLE
LOOK = 64
"""Cuts between two looks at the clock."""


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


def together(parts: list[Starts]) -> Starts:
    """Several tables as one."""
    return Starts(*(np.concatenate([getattr(part, name) for part in parts]) for name in COLUMNS))


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
        alive, number = self._added([self._hopeful(part) for part in parts])
        left: list[States] = []
        for cut in range(1, lanes.atoms + 1):
            if cut % LOOK == 0:
                self.limit.check()
            inside = self._room(alive) >= alive.drain + lanes.drain[cut, alive.column]
            # a design that has ended goes on with atoms that are nothing
            if not inside.all():
                alive, number = alive.select(inside), number[inside]
            closed = self._closed(alive, number, cut)
            at_end = lanes.length[closed.column] == cut
            left.append(closed.select(at_end))
            closed = closed.select(~at_end)
            if len(closed):
                begun = self._begun(Begun.ROW, closed.row, closed.column, closed.cost, closed.elapsed, cut)
                found, places = self._added([self._hopeful(begun)])
                alive, number = together([alive, found]), np.concatenate([number, places])
        return self._after(alive, number, commit, left)

    def _added(self, parts: list[Starts]) -> tuple[Starts, Integers]:
        rows = together(parts)
        self.rows.append(rows)
        self.count += len(rows)
        return rows, np.arange(self.count - len(rows), self.count)

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

    def _closed(self, alive: Starts, number: Integers, cut: int) -> States:
        """Every cycle in progress ended at the cut at each of its thresholds, where one can end."""
        lanes = self.lanes
        drain = alive.drain + lanes.closing_drain[cut - 1, alive.column]
        ends = lanes.closing[cut - 1, alive.column] & (drain <= self._room(alive))
        found = []
        is_first = alive.source == Begun.FIRST
        for position, some in ((Position.FIRST, ends & is_first), (Position.MID, ends & ~is_first)):
            place = np.flatnonzero(some)
            reach, left = ways_array(self.law, position, drain[place])
            way, index = np.nonzero(reach < NO_WAY)
            reach, left, place = reach[way, index], left[way, index], place[index]
            passed = np.maximum(alive.cost[place] + reach, alive.elapsed[place] + self.law.upkeep.latency)
            column = alive.column[place]
            passed = passed + lanes.closing_time[cut - 1, column]
            found.append(States(column, passed - left, passed, number[place]))
        states = States(*(np.concatenate([getattr(one, name) for one in found]) for name in _STATE))
        states = states.select(states.elapsed < UNREACHABLE)
        return states.select(pareto(states.column, states.cost, states.elapsed))

    def _after(
        self, alive: Starts, number: Integers, commit: Integers, left: list[States]
    ) -> tuple[dict[Kind, Exits], Starts]:
        lanes, law = self.lanes, self.law
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
