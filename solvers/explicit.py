"""The exact solver for explicit stages: a case's tasks, or any small set of chains per stage.

Nothing is discarded: every design of every stage is crossed in exact integers, each by itself. A single chain of a
million atoms is one crossing, in blocks."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from ischedule.models.plan import Bound
from ischedule.models.program import ExplicitStage, Program
from ischedule.solvers.frontier import Crossing, Reached, cross, finish, gather, start
from ischedule.solvers.lift import plan_of
from ischedule.solvers.limit import Limit
from ischedule.solvers.outcome import Outcome, Pass, boundary_of
from ischedule.solvers.sweep import Exits, Integers, Lanes
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
        crossed = list(_ways(stage, fitting, reached[-1], number == 0, waiting, limit))
        if not crossed:
            return Outcome(None, None, None, count, number)
        result = gather(iter(crossed), _all, np.int64, 0).reached
        reached.append(result)
        crossings.append(crossed)
        if result.is_empty or (number == len(stages) - 1 and not len(result.first.drain) + len(result.later.drain)):
            return Outcome(None, None, None, count, number)

    def commit(design: Integers) -> tuple[Integers, Integers]:
        chains = [stages[-1].designs[index] for index in design.tolist()]
        drains = [int(chain.commit_drain[-1]) for chain in chains]
        return np.array(drains, dtype=np.int64), np.array(
            [int(chain.commit_time[-1]) for chain in chains], dtype=np.int64
        )

    ended = Pass(reached, [], crossings, finish(reached[-1], commit, waiting))
    if ended.finish is None:
        return Outcome(None, None, None, count, len(stages) - 1)
    cost = int(ended.finish.cost)
    plan = plan_of(program.law, ended, [int] * len(stages), waiting)
    return Outcome(plan, cost, Bound(cost, (0, 1), tuple(map(boundary_of, reached[1:-1]))), count)


def _all(exits: Exits, _: bool) -> NDArray[np.bool_]:
    return np.ones(len(exits.drain), dtype=bool)


def _ways(
    stage: ExplicitStage, fitting: list[int], entry: Reached, begins: bool, waiting: Waiting, limit: Limit
) -> Iterator[Crossing]:
    for index in fitting:
        yield cross(np.array([index]), _lanes(stage, index), entry, begins, waiting, keep=True, limit=limit)


def _lanes(stage: ExplicitStage, index: int) -> Lanes:
    chain = stage.chain(index)
    drain, time, *ends = (np.asarray(column, dtype=np.int64)[:, None] for column in chain.columns()[:6])
    sums = [np.concatenate([np.zeros((1, 1), dtype=np.int64), np.cumsum(column, axis=0)]) for column in (drain, time)]
    cut = np.asarray(chain.cut, dtype=bool)[:, None]
    return Lanes(np.array([len(chain)]), sums[0], sums[1], ends[0], ends[1], ends[2], ends[3], cut)
