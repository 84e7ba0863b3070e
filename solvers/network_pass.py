"""One pass over all layers of a network, with any choice of designs, and the bounds that say which designs and labels
can matter."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ischedule.solvers.floors import Floor
from ischedule.solvers.frontier import Crossing, Reached, cross, finish, gather, start
from ischedule.solvers.limit import Limit
from ischedule.solvers.outcome import Pass
from ischedule.solvers.rate import Rate
from ischedule.solvers.space import Floats, Index, Space
from ischedule.solvers.sweep import UNREACHABLE, Exits, Integers, Lanes, Matrix
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

    def least_label(self, exits: Exits, is_first: bool, behind: int) -> Floats:
        """The least cost of any plan that contains a label which has left stage ``behind``."""
        rest = self.rests[behind]
        drain = (exits.drain - self.resume[0]).astype(np.float64)
        cost = exits.cost - float(self.resume[1])
        rebate = self.rate.rebate.first if is_first else self.rate.rebate.later
        reduced = cost + self.rate.value * drain + rest.floor - rebate
        totals = self.rate.total(drain + rest.drain, is_first)
        return np.asarray(np.maximum(reduced, cost + rest.time + totals), dtype=float)

    def candidates(self, stage: int, entry: Reached, limit: float) -> Index:
        """Designs of a stage that may belong to a plan no dearer than the limit, given what is reachable before it."""
        space, rest = self.spaces[stage], self.rests[stage]
        drains, costs, flags = self._entries(stage, entry)
        rebates = np.where(flags, self.rate.rebate.first, self.rate.rebate.later)
        least = float((costs + self.rate.value * drains - rebates).min())
        chosen = np.flatnonzero(self.floors[stage].bounds <= limit - least - rest.floor)
        through = np.full(len(chosen), np.inf)
        for drain, cost, is_first in zip(drains.tolist(), costs.tolist(), flags.tolist(), strict=True):
            ahead = self.rate.total(drain + space.drain[chosen] + rest.drain, is_first)
            through = np.minimum(through, cost + ahead)
        return np.asarray(chosen[space.time[chosen] + rest.time + through <= limit])

    def _entries(self, stage: int, entry: Reached) -> tuple[Floats, Floats, NDArray[np.bool_]]:
        """Drain and cost without the ends of every state before a stage, and whether its cycle is the first."""
        first, later = entry.first, entry.later
        drains = [first.drain - self.resume[0], later.drain - self.resume[0]]
        costs = [first.cost - float(self.resume[1]), later.cost - float(self.resume[1])]
        flags = [np.ones(len(first.drain), dtype=bool), np.zeros(len(later.drain), dtype=bool)]
        if stage == 0 or entry.closed < UNREACHABLE:
            drains.append(np.zeros(1, dtype=np.int64))
            costs.append(np.array([0.0 if stage == 0 else float(entry.closed)]))
            flags.append(np.array([stage == 0]))
        return np.concatenate(drains).astype(float), np.concatenate(costs).astype(float), np.concatenate(flags)


Choice = Callable[[int, Reached], Index]


def run(search: Search, choose: Choice, waiting: Waiting, bound: float, slack: float, limit: Limit) -> Pass:
    """Cross all stages with the chosen designs, dropping labels that lead to nothing within the bound."""
    exact = waiting.dtype is not float
    reached = [start(waiting.dtype)]
    useful: list[Index] = []
    crossings: list[list[Crossing]] = []
    for stage in range(len(search.spaces)):
        crossed: list[Crossing] = []

        def wanted(exits: Exits, is_first: bool, stage: int = stage) -> NDArray[np.bool_]:
            return np.asarray(search.least_label(exits, is_first, stage) <= bound)

        chosen = choose(stage, reached[-1])
        if not len(chosen):
            return Pass(reached, useful, crossings, None)
        ways = _ways(search, stage, chosen, reached[-1], waiting, limit, bound)
        result = gather(_logged(ways, crossed if exact else None), wanted, waiting.dtype, slack)
        reached.append(result.reached)
        useful.append(result.useful)
        crossings.append(crossed)
        if result.reached.is_empty:
            return Pass(reached, useful, crossings, None)
    return Pass(reached, useful, crossings, finish(reached[-1], lambda design: _commit(search, design), waiting))


def _commit(search: Search, design: Integers) -> tuple[Integers, Integers]:
    return np.full_like(design, search.commit[0]), np.full_like(design, search.commit[1])


def _ways(
    search: Search, stage: int, chosen: Index, entry: Reached, waiting: Waiting, limit: Limit, bound: float
) -> Iterator[Crossing]:
    exact = waiting.dtype is not float
    capacity = max(waiting.capacity, waiting.first_capacity)
    behind = search.rests[stage].floor - search.rate.rebate.later

    def hopeful(index: Index, lanes: Lanes, least: Matrix, high: int) -> NDArray[np.bool_]:
        """Unless a cycle may still be carried from before: whether some cut to go on from can cost little enough."""
        carried = lanes.drain[high - 1] <= capacity
        near = lanes.drain[high - 1] - lanes.drain[:high] <= capacity
        prefix = lanes.time[:high] + search.rate.value * lanes.drain[:high]
        waste = np.where(near, least[:high] - prefix, float(UNREACHABLE)).min(axis=0)
        return np.asarray(carried | (waste + search.spaces[stage].reduced[index] + behind <= bound))

    for index, lanes in search.spaces[stage].lanes(chosen, waiting.capacity):
        limit.check()
        watch = None if exact or bound >= UNREACHABLE or len(index) < WATCHED else hopeful
        yield cross(index, lanes, entry, stage == 0, waiting, keep=exact, hopeful=watch)


def _logged(ways: Iterator[Crossing], log: list[Crossing] | None) -> Iterator[Crossing]:
    for crossing in ways:
        if log is not None:
            log.append(crossing)
        yield crossing
