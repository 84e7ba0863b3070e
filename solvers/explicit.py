"""The exact solver for explicit stages: a case's tasks, or any small set of chains per stage.

Nothing is discarded: every design of every stage is crossed in exact integers, each by itself. A single chain of a
million atoms is one crossing, in blocks."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from ischedule.models.chain import Chain
from ischedule.models.demand import Overflow
from ischedule.models.plan import Bound
from ischedule.models.program import ExplicitStage, Program
from ischedule.solvers.frontier import Crossing, Reached, cross, finish, gather, start
from ischedule.solvers.lift import plan_of
from ischedule.solvers.limit import Limit, TimeUp
from ischedule.solvers.longest import longest_cycles
from ischedule.solvers.outcome import Outcome, Pass, boundary_of
from ischedule.solvers.sweep import Exits, Integers, Lanes, selected
from ischedule.solvers.waits import Waiting, exact_waiting


def solve_explicit(program: Program, limit: Limit) -> Outcome:
    """The optimal plan of a program of explicit stages, or within a time limit a plan and a proven bound."""
    stages = [stage for stage in program.stages if isinstance(stage, ExplicitStage)]
    waiting = exact_waiting(program.law)
    try:
        ended, stuck = _crossed(stages, waiting, limit)
    except TimeUp:
        return longest_cycles(program)
    count = sum(stage.fits(index) for stage in stages for index in range(len(stage.designs)))
    if ended is None or ended.finish is None:
        _require_stuck(stages, waiting)
        return Outcome(None, None, None, count, stuck)
    cost = int(ended.finish.cost)
    plan = plan_of(program.law, ended, [int] * len(stages), waiting)
    return Outcome(plan, cost, Bound(cost, (0, 1), tuple(map(boundary_of, ended.reached[1:-1]))), count)


def _crossed(stages: list[ExplicitStage], waiting: Waiting, limit: Limit) -> tuple[Pass | None, int]:
    """All stages crossed by all designs that fit, or None and the stage that nothing passes."""
    reached: list[Reached] = [start(np.int64)]
    crossings: list[list[Crossing]] = []
    last = len(stages) - 1
    for number, stage in enumerate(stages):
        limit.tell(f"stage {number + 1} of {len(stages)}")
        crossed = list(_ways(stage, reached[-1], (number == 0, number == last), waiting, limit))
        if not crossed:
            return None, number
        result = gather(iter(crossed), _all, np.int64, 0).reached
        reached.append(result)
        crossings.append(crossed)
        if result.is_empty or (number == last and not len(result.first.drain) + len(result.later.drain)):
            return None, number
    return Pass(reached, [], crossings, finish(reached[-1], _committed, waiting)), last


def _require_stuck(stages: list[ExplicitStage], waiting: Waiting) -> None:
    """Raise ``Overflow`` if there are plans after all, each so long that it counted as none."""

    def nothing(drains: Integers) -> Integers:
        return np.zeros_like(drains)

    def at_once(chain: Chain) -> Chain:
        none = np.zeros(len(chain), dtype=np.int64)
        return replace(chain, time=none, resume_time=none, commit_time=none)  # type: ignore[arg-type]

    free = replace(waiting, first=nothing, mid=nothing, last=nothing, only=nothing)
    quick = [replace(stage, designs=tuple(map(at_once, stage.designs))) for stage in stages]
    ended, _ = _crossed(quick, free, Limit())
    if ended is not None and ended.finish is not None:
        raise Overflow("every plan takes 2**61 ps (27 days) or more, which is more than can be added up exactly")


def _all(exits: Exits, _: bool) -> NDArray[np.bool_]:
    return np.ones(len(exits.drain), dtype=bool)


def _committed(design: Integers) -> tuple[Integers, Integers]:
    """Behind the last stage nothing is left to pay."""
    return np.zeros_like(design), np.zeros_like(design)


def _ways(
    stage: ExplicitStage, entry: Reached, ends: tuple[bool, bool], waiting: Waiting, limit: Limit
) -> Iterator[Crossing]:
    """The stage crossed by each design; ``ends`` says whether the plan begins and whether it ends with it."""
    begins, last = ends
    for index in filter(stage.fits, range(len(stage.designs))):
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
