"""Walks over the atoms of one design in reduced costs: what must be wasted, and what a plan can still come to.

At a rate p/q under the cost of a cycle, the cost of a plan is the reduced costs of its atoms (time + rate * drain) plus
the *waste* of each cycle: c(y) - rate * y, and the reduced cost of what it fetches again. The *potential* of a state is
what it has cost, an open cycle's load counted at the rate, less the reduced costs of the stage's atoms so far. It never
falls as the plan goes on (but for the rebates of the first and the last cycle), and the reduced costs of all atoms
still to come are known. So a state is worth following only while its potential is below one number, the same for all
places in the stage.

All costs are times q. A state is (potential, drain of the atoms before its cycle less what it fetched again): the load
of its cycle after any atom is the drain up to there less the second number.

Where the first cycle can keep a level above the floor, the time that has passed for certain is known apart from the
cost. Counted like a potential, it is a last number of closed states behind a first cycle and of second cycles; where a
second cycle ends, its potential is the greater of what both come to.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from operator import itemgetter

from ischedule.analysis.cycle_cost import CycleCost
from ischedule.models.kernels import Prices, rows_of
from ischedule.models.tiling import Extent, Tiling

State = tuple[int, int]
Kept = tuple[int, int]
"""A closed state behind a first cycle that has kept a level: the potential, and that of the time that has passed."""
Ahead = tuple[int, int, int]
"""A second cycle that began in such a state: a state, and the potential of the time that has passed."""

BUCKETS = 4096


class Waste:
    """The waste of cycles at a proven rate: exact by load, and from below by bucket."""

    def __init__(self, cost: CycleCost, rate: tuple[int, int]) -> None:
        self.cost, self.rate = cost, rate
        self.room = cost.room
        self.shift = max(0, (max(cost.room, 0) // BUCKETS).bit_length())
        self.known: dict[int, int] = {}
        self.floor = [self._least(index) for index in range((cost.room >> self.shift) + 1)] if cost.room >= 0 else []

    def _least(self, index: int) -> int:
        low = index << self.shift
        high = min(low + (1 << self.shift) - 1, self.room)
        return max(0, self.rate[1] * self.cost.mid(low) - self.rate[0] * high)

    def unwaited(self, load: int) -> int:
        """The least waste of a second cycle, counted from the time that has passed."""
        return self.rate[1] * self.cost.unwaited(load) - self.rate[0] * load

    def of(self, load: int) -> int:
        """The waste of a cycle that fetches nothing again."""
        found = self.known[load] = self.rate[1] * self.cost.mid(load) - self.rate[0] * load
        return found


Row = tuple[list[int], int, int, int, int]
"""The drains of a row's atoms, and drain and reduced cost of what a cycle pays besides that starts with the row, and of
what one pays and fetches again that starts inside."""


def rows_in(extent: Extent, tiling: Tiling, prices: Prices, rate: tuple[int, int]) -> Iterator[tuple[Row, int]]:
    """The rows of a design as walks need them, with repeats; equal rows are one object."""
    known: dict[int, Row] = {}
    kept = []
    for row, repeats in rows_of(extent, tiling, prices):
        if id(row) not in known:
            start, again = (rate[0] * drain + rate[1] * time for drain, time in (row.start, row.again))
            known[id(row)] = ([atom[0] for atom in row.atoms], row.start[0], start, row.again[0], again)
            kept.append(row)
        yield known[id(row)], repeats


@dataclass(frozen=True, slots=True)
class Entry:
    """What holds before a stage: the potential of standing closed (None: not possible), and of open cycles.

    An open cycle is a state whose cycle began before the stage: its second number is its load so far, negative.
    """

    closed: int | None
    first: tuple[State, ...]
    later: tuple[State, ...]
    kept: tuple[Kept, ...] = ()
    ahead: tuple[Ahead, ...] = ()


@dataclass(frozen=True, slots=True)
class Walked:
    """What a walk ends with: standing closed, and the states still open after so much drain, all below the limits."""

    closed: int | None
    first: tuple[State, ...]
    later: tuple[State, ...]
    kept: tuple[Kept, ...]
    ahead: tuple[Ahead, ...]
    drain: int


FREE = Entry(None, ((0, 0),), ())
"""Every way into a stage at once: a first piece, shared with what precedes, that wastes nothing."""


@dataclass(frozen=True, slots=True)
class Opening:
    """The waste of a walk's first cycle by its load, up to its room; what it keeps is worth, if it can keep a level."""

    waste: Callable[[int], int]
    room: int
    kept: Callable[[int], int] | None = None


def walk(rows: Iterable[tuple[Row, int]], waste: Waste, opening: Opening, entry: Entry, limit: int) -> Walked | None:
    """Every way through a design with a potential below the limit; None as soon as there is none.

    Open first cycles are followed as far as they fit; their limit is the caller's affair.
    """
    room, shift, floor, known = waste.room, waste.shift, waste.floor, waste.known
    beginning = _Beginning(waste, opening, entry, limit)
    states = deque(sorted((state for state in entry.later if state[0] < limit), key=itemgetter(1)))
    here = limit if entry.closed is None else entry.closed
    drained, early = 0, beginning.goes_on
    for (drains, begin, opened, again, refetch), repeats in rows:
        for _ in range(repeats):
            start, extra = drained - begin, opened
            for drain in drains:
                if here + extra < limit:
                    if states and states[-1][1] > start:
                        _insert(states, (here + extra, start))
                    else:
                        states.append((here + extra, start))
                if early and beginning.kept:
                    beginning.begin(start, extra)
                start, extra = drained + drain - again, refetch
                drained += drain
                oldest = drained - room
                while states and states[0][1] < oldest:
                    states.popleft()
                here = limit
                for potential, before in states:
                    load = drained - before
                    if potential + floor[load >> shift] < here:
                        lost = known.get(load)
                        total = potential + (waste.of(load) if lost is None else lost)
                        if total < here:
                            here = total
                if early:
                    here = beginning.ended(drained, here)
                    early = beginning.goes_on
                elif not states and here >= limit:
                    return None
    if here >= limit and not states and not early:
        return None
    first, kept, ahead = beginning.first, beginning.kept, beginning.ahead
    return Walked(None if here >= limit else here, tuple(first), tuple(states), tuple(kept), tuple(ahead), drained)


def _insert(states: deque[State], state: State) -> None:
    """Add a state among those in the order of their second numbers, of which the last are greater."""
    later: list[State] = []
    while states and states[-1][1] > state[1]:
        later.append(states.pop())
    states.append(state)
    states.extend(reversed(later))


class _Beginning:
    """The first cycles of a walk, and the second ones where the first can keep a level."""

    def __init__(self, waste: Waste, opening: Opening, entry: Entry, limit: int) -> None:
        self.waste, self.opening, self.limit = waste, opening, limit
        self.first, self.kept, self.ahead = list(entry.first), list(entry.kept), list(entry.ahead)

    @property
    def goes_on(self) -> bool:
        """Whether any of them is left."""
        return bool(self.first or self.ahead or self.kept)

    def begin(self, start: int, extra: int) -> None:
        """Begin second cycles where first ones have kept a level; to resume there fetches so much again."""
        self.ahead += [(here + extra, start, passed + extra) for here, passed in self.kept if here + extra < self.limit]
        self.kept = []

    def ended(self, drained: int, here: int) -> int:
        """The least potential of standing closed after so much drain, if it is less than the one given."""
        waste, opening = self.waste, self.opening
        self.first = [state for state in self.first if drained - state[1] <= opening.room]
        if self.ahead:
            self.ahead = [state for state in self.ahead if drained - state[1] <= waste.room]
        for potential, before, passed in self.ahead:
            load = drained - before
            if potential + waste.floor[load >> waste.shift] < here:
                here = min(here, max(potential + waste.of(load), passed + waste.unwaited(load)))
        kept = []
        for potential, before in self.first:
            total, load = potential + opening.waste(drained - before), drained - before
            worth = 0 if opening.kept is None else opening.kept(load)
            if worth > 0:
                kept.append((total, total + worth))
            else:
                here = min(here, total)
        self.kept = [state for state in kept if state[0] < here]
        return here
