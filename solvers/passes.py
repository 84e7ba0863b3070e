"""Passes over the layers of a program with all designs that can matter, or with the most promising ones.

All are in double precision: what they keep is crossed once more in exact integers.
"""

from __future__ import annotations

import numpy as np

from ischedule.solvers.frontier import Reached
from ischedule.solvers.limit import Limit
from ischedule.solvers.network_pass import Search, run
from ischedule.solvers.outcome import Pass
from ischedule.solvers.space import Index
from ischedule.solvers.sweep import UNREACHABLE
from ischedule.solvers.waits import Waiting

SLACK = (2e6, 1e-9)
"""How far double precision may be wrong about the cost of a plan, with room to spare: picoseconds, and relative."""
FEW = 2
CUTS = (40, 1000)
BEAM = 256
"""Designs per layer, at least, cuts per layer, and labels of each design in the passes that look for an upper bound."""
CLOSER = 2000
"""Cuts per layer where bounds are so close that one pass looks for it."""


def slack_of(cost: float) -> float:
    """How far double precision may be wrong about a plan of this cost."""
    return SLACK[0] + SLACK[1] * cost


def pass_of_all(search: Search, cost: float, steer: Waiting, limit: Limit, spare: int = 0) -> Pass:
    """A pass over all designs that can belong to a plan no dearer, and what is useful to plans dearer by the spare than
    the best one."""
    ceiling = cost + slack_of(cost)

    def choose(step: int, entry: Reached) -> Index:
        return search.sharpened(step, entry, search.candidates(step, entry, ceiling), ceiling, steer, limit)

    return run(search, choose, steer, ceiling, slack_of(cost) + spare, limit)


def first_pass(search: Search, steer: Waiting, limit: Limit) -> Pass:
    """A pass over the one or two most promising designs of each layer: some plan, if there is one."""

    def choose(step: int, _: Reached) -> Index:
        return most_promising(search, search.program.steps[step].stage, steer)

    return run(search, choose, steer, UNREACHABLE, SLACK[0], limit)


def pass_of_some(search: Search, cost: float, steer: Waiting, limit: Limit, cuts: int) -> Pass:
    """A pass over the most promising of these designs."""
    ceiling = cost + slack_of(cost)

    def choose(step: int, entry: Reached) -> Index:
        return few_of(search, search.program.steps[step].stage, search.candidates(step, entry, ceiling), steer, cuts)

    return run(search, choose, steer, ceiling, slack_of(cost), limit, BEAM)


def few_of(search: Search, stage: int, among: Index, steer: Waiting, most: int = CUTS[-1]) -> Index:
    """The most promising of some designs of a stage."""
    ordered = among[np.argsort(search.floors[stage].bounds[among], kind="stable")]
    cuts = np.cumsum(search.spaces[stage].atoms[ordered])
    return np.union1d(ordered[: max(FEW, int(np.searchsorted(cuts, most)))], _leanest(search, stage, among, steer))


def most_promising(search: Search, stage: int, steer: Waiting) -> Index:
    """The most promising design by the bound alone, and where a plan may not have to wait at all the quickest one."""
    bounds = search.floors[stage].bounds
    best = [bounds.argmin()] if steer.ahead is None else [bounds.argmin(), search.spaces[stage].time.argmin()]
    return np.union1d(best, _leanest(search, stage, np.arange(len(bounds)), steer)).astype(np.intp)


def _leanest(search: Search, stage: int, among: Index, steer: Waiting) -> Index:
    """Where a plan has a single cycle: the design that drains least, because it may be the only one that fits."""
    if not steer.single or not len(among):
        return np.zeros(0, dtype=np.intp)
    return among[[search.spaces[stage].drain[among].argmin()]]
