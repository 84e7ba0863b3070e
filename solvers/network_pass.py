"""One pass over all layers of a network, with any choice of designs, and the bounds that say which designs and labels
can matter."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from ischedule.solvers.ahead import Promising, Starts
from ischedule.solvers.floors import Floor
from ischedule.solvers.frontier import Crossing, Hopes, Reached, cross, finish, gather, start
from ischedule.solvers.limit import Limit
from ischedule.solvers.outcome import Pass
from ischedule.solvers.rate import Rate
from ischedule.solvers.space import Floats, Index, Space
from ischedule.solvers.sweep import UNREACHABLE, Exits, Integers, Kind, Lanes, Matrix
from ischedule.solvers.waits import Waiting

WATCHED = 12
"""Groups of at least so many designs are looked through for hopeless ones on the way."""


@dataclass(frozen=True)
class Rest:
    """Lower bounds on what the stages behind a boundary cost: floors, and drain and time of their leanest designs."""

    floor: float
    drain: float
    time: float


@dataclass(frozen=True)
class Search:
    """What all passes over a program share."""

    spaces: tuple[Space, ...]
    rests: tuple[Rest, ...]
    floors: tuple[Floor, ...]
    rate: Rate
    resume: tuple[int, int]
    commit: tuple[int, int]

    def least_label(self, exits: Exits, kind: Kind, behind: int) -> Floats:
        """The least cost of any plan that contains a label which has left stage ``behind``."""
        rest = self.rests[behind]
        drain, cost = self._load(exits, kind)
        rebate = self.rate.rebate.first if kind is Kind.FIRST else self.rate.rebate.later
        reduced = cost + self.rate.value * drain + rest.floor - rebate
        totals = self.rate.total(drain + rest.drain, kind is Kind.FIRST)
        least = np.maximum(reduced, cost + rest.time + totals)
        return np.asarray(least if exits.elapsed is None else np.maximum(least, exits.elapsed + rest.time), dtype=float)

    def _load(self, exits: Exits, kind: Kind) -> tuple[Floats, Floats]:
        """Drain and cost of labels without the ends of their cycles."""
        if kind is Kind.KEPT:
            return exits.drain.astype(float), exits.cost.astype(float)
        return (exits.drain - self.resume[0]).astype(float), exits.cost - float(self.resume[1])

    def candidates(self, stage: int, entry: Reached, limit: float) -> Index:
        """Designs of a stage that may belong to a plan no dearer than the limit, given what is reachable before it."""
        space, rest = self.spaces[stage], self.rests[stage]
        drains, costs, flags = self._entries(stage, entry)
        rebates = np.where(flags, self.rate.rebate.first, self.rate.rebate.later)
        least = float((costs + self.rate.value * drains - rebates).min())
        quickest = self.spaces[0].time.min() + self.rests[0].time - space.time.min()
        slow = space.time > limit - self.rate.least_waiting - quickest
        chosen = np.flatnonzero((self.floors[stage].bounds <= limit - least - rest.floor) & ~slow)
        through = np.full(len(chosen), np.inf)
        for drain, cost, is_first in zip(drains.tolist(), costs.tolist(), flags.tolist(), strict=True):
            ahead = self.rate.total(drain + space.drain[chosen] + rest.drain, is_first)
            through = np.minimum(through, cost + ahead)
        return np.asarray(chosen[space.time[chosen] + rest.time + through <= limit])

    def _entries(self, stage: int, entry: Reached) -> tuple[Floats, Floats, NDArray[np.bool_]]:
        """Drain and cost without the ends of every state before a stage, and whether its cycle is the first."""
        loads = {kind: self._load(exits, kind) for kind, exits in entry.labels.items()}
        drains, costs = ([load[part] for load in loads.values()] for part in (0, 1))
        flags = [np.full(len(load[0]), kind is Kind.FIRST) for kind, load in loads.items()]
        if stage == 0 or entry.closed < UNREACHABLE:
            drains.append(np.zeros(1))
            costs.append(np.array([0.0 if stage == 0 else float(entry.closed)]))
            flags.append(np.array([stage == 0]))
        return np.concatenate(drains), np.concatenate(costs), np.concatenate(flags)

    def cost_of_one_cycle(self, reached: Reached, waiting: Waiting) -> float:
        """The cost of the best plan of a single cycle, given what is reachable behind the last stage."""
        none = {kind: exits.select(np.arange(0)) for kind, exits in reached.labels.items()}
        first = replace(reached, labels={**none, Kind.FIRST: reached[Kind.FIRST]})
        found = finish(first, lambda design: _commit(self, design), waiting)
        return float(UNREACHABLE if found is None else found.cost)

    def starts(self, stage: int, index: Index, lanes: Lanes, bound: float) -> Promising:
        """Which second cycles by where they begin may belong to a plan no dearer than the bound."""
        space, rest = self.spaces[stage], self.rests[stage]
        most = bound - rest.floor + self.rate.rebate.later + self.resume[1] + self.rate.value * self.resume[0]
        whole = lanes.time[-1]

        def promising(rows: Starts) -> NDArray[np.bool_]:
            least = rows.cost + self.rate.value * rows.drain + space.reduced[index[rows.column]]
            return np.asarray((least <= most) & (rows.elapsed + whole[rows.column] + rest.time <= bound))

        return promising


Choice = Callable[[int, Reached], Index]


def run(search: Search, choose: Choice, waiting: Waiting, bound: float, slack: float, limit: Limit) -> Pass:
    """Cross all stages with the chosen designs, dropping labels that lead to nothing within the bound."""
    exact = waiting.dtype is not float
    reached = [start(waiting.dtype)]
    useful: list[Index] = []
    crossings: list[list[Crossing]] = []
    for stage in range(len(search.spaces)):
        crossed: list[Crossing] = []

        def wanted(exits: Exits, kind: Kind, stage: int = stage) -> NDArray[np.bool_]:
            return np.asarray(search.least_label(exits, kind, stage) <= bound)

        chosen = choose(stage, reached[-1])
        if not len(chosen):
            return Pass(reached, useful, crossings, None)
        crossings_of = ways(search, stage, chosen, reached[-1], waiting, limit, bound)
        result = gather(_logged(crossings_of, crossed if exact else None), wanted, waiting, slack)
        reached.append(result.reached)
        useful.append(result.useful)
        crossings.append(crossed)
        if result.reached.is_empty:
            return Pass(reached, useful, crossings, None)
    return Pass(reached, useful, crossings, finish(reached[-1], lambda design: _commit(search, design), waiting))


def _commit(search: Search, design: Integers) -> tuple[Integers, Integers]:
    return np.full_like(design, search.commit[0]), np.full_like(design, search.commit[1])


def ways(
    search: Search, stage: int, chosen: Index, entry: Reached, waiting: Waiting, limit: Limit, bound: float
) -> Iterator[Crossing]:
    exact = waiting.dtype is not float
    # a second cycle may be in progress that began on a level kept by one from before
    capacity = max(waiting.capacity, waiting.first_capacity)
    capacity += waiting.capacity if waiting.ahead is not None else 0
    behind = search.rests[stage].floor - search.rate.rebate.later

    def hopeful(index: Index, lanes: Lanes, least: Matrix, high: int) -> NDArray[np.bool_]:
        """Unless a cycle may still be carried from before: whether some cut to go on from can cost little enough."""
        carried = lanes.drain[high - 1] <= capacity
        near = lanes.drain[high - 1] - lanes.drain[:high] <= capacity
        prefix = lanes.time[:high] + search.rate.value * lanes.drain[:high]
        waste = np.where(near, least[:high] - prefix, float(UNREACHABLE)).min(axis=0)
        return np.asarray(carried | (waste + search.spaces[stage].reduced[index] + behind <= bound))

    def starts(index: Index, lanes: Lanes) -> Promising:
        return search.starts(stage, index, lanes, bound)

    for index, lanes in search.spaces[stage].lanes(chosen, waiting.capacity):
        limit.check()
        watch = None if exact or bound >= UNREACHABLE or len(index) < WATCHED else hopeful
        hopes = Hopes(watch, None if bound >= UNREACHABLE else starts)
        yield cross(index, lanes, entry, stage == 0, waiting, keep=exact, limit=limit, hopes=hopes)


def _logged(ways: Iterator[Crossing], log: list[Crossing] | None) -> Iterator[Crossing]:
    for crossing in ways:
        if log is not None:
            log.append(crossing)
        yield crossing
