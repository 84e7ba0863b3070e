"""The exact solver for explicit stages: a case's tasks, or any small set of chains per stage.

Nothing is discarded: every design of every stage is crossed in exact integers, each by itself. A single chain of a
million atoms is one crossing, in blocks."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from ischedule.models.plan import Bound
from ischedule.models.program import ExplicitStage, Program
from ischedule.solvers.frontier import Crossing, Reached, cross, finish, gather, start
from ischedule.solvers.lift import plan_of
from ischedule.solvers.limit import Limit
from ischedule.solvers.outcome import Outcome, Pass, boundary_of
from ischedule.solvers.sweep import Exits, Integers, Lanes, selected
from ischedule.solvers.waits import Waiting, exact_waiting


def solve_explicit(program: Program, limit: Limit) -> Outcome:
    """The optimal plan of a program of explicit stages."""
    stages = [stage for stage in program.stages if isinstance(stage, ExplicitStage)]
    waiting = exact_waiting(program.law)
    reached: list[Reached] = [start(np.int64)]
    crossings: list[list[Crossing]] = []
    count = 0
    for number, stage in enumerate(stages):
        limit.tell(f"stage {number + 1} of {len(stages)}")
        fitting = [index for index in range(len(stage.designs)) if stage.fits(index)]
        count += len(fitting)
        last = number == len(stages) - 1
        crossed = list(_ways(stage, fitting, reached[-1], (number == 0, last), waiting, limit))
        if not crossed:
            return Outcome(None, None, None, count, number)
        result = gather(iter(crossed), _all, np.int64, 0).reached
        reached.append(result)
        crossings.append(crossed)
        if result.is_empty or (last and not len(result.first.drain) + len(result.later.drain)):
            return Outcome(None, None, None, count, number)
    ended = Pass(reached, [], crossings, finish(reached[-1], _committed, waiting))
    if ended.finish is None:
        return Outcome(None, None, None, count, len(stages) - 1)
    cost = int(ended.finish.cost)
    plan = plan_of(program.law, ended, [int] * len(stages), waiting)
    return Outcome(plan, cost, Bound(cost, (0, 1), tuple(map(boundary_of, reached[1:-1]))), count)


def _all(exits: Exits, _: bool) -> NDArray[np.bool_]:
    return np.ones(len(exits.drain), dtype=bool)


def _committed(design: Integers) -> tuple[Integers, Integers]:
    """Behind the last stage nothing is left to pay."""
    return np.zeros_like(design), np.zeros_like(design)


def _ways(
    stage: ExplicitStage, fitting: list[int], entry: Reached, ends: tuple[bool, bool], waiting: Waiting, limit: Limit
) -> Iterator[Crossing]:
    """The stage crossed by each design; ``ends`` says whether the plan begins and whether it ends with it."""
    begins, last = ends
    for index in fitting:
        lanes = _lanes(stage, index)
        crossing = cross(np.array([index]), lanes, entry, begins, waiting, keep=True, limit=limit, least_commit=0)
        yield _ended(crossing, waiting) if last else crossing


def _ended(crossing: Crossing, waiting: Waiting) -> Crossing:
    """What is in progress behind the last stage commits there: designs differ in what that takes."""

    def committed(exits: Exits, capacity: int) -> Exits:
        drain = exits.drain + crossing.lanes.commit_drain[-1]
        cost = exits.cost + crossing.lanes.commit_time[-1]
        return selected(replace(exits, drain=drain, cost=cost), np.flatnonzero(drain <= capacity))

    first = committed(crossing.first, waiting.first_capacity)
    return replace(crossing, first=first, later=committed(crossing.later, waiting.capacity))


def _lanes(stage: ExplicitStage, index: int) -> Lanes:
    chain = stage.chain(index)
    drain, time, *ends = (np.asarray(column, dtype=np.int64)[:, None] for column in chain.columns()[:6])
    sums = [np.concatenate([np.zeros((1, 1), dtype=np.int64), np.cumsum(column, axis=0)]) for column in (drain, time)]
    cut = np.asarray(chain.cut, dtype=bool)[:, None]
    return Lanes(np.array([len(chain)]), sums[0], sums[1], ends[0], ends[1], ends[2], ends[3], cut)
