"""The one door to every solver: from a program to an answer."""

from __future__ import annotations

from ischedule.models.diagnosis import Diagnosis
from ischedule.models.plan import Answer, Bottleneck, Status
from ischedule.models.program import Program, TiledStage
from ischedule.models.tiling import Order, Tiling
from ischedule.solvers.explicit import solve_explicit
from ischedule.solvers.limit import Limit, TimeUp
from ischedule.solvers.outcome import Outcome
from ischedule.solvers.tiled import solve_tiled


def solve(program: Program, limit: Limit | None = None, deadline: int | None = None) -> Answer:
    """The plan of least worst-case latency, proof that none is better, or why there is none.

    ``deadline`` (picoseconds) decides the status: a plan that is late is no schedule, and a bound beyond it shows that
    none exists.
    """
    limit = limit or Limit()
    try:
        outcome = _search(program, limit)
    except TimeUp:
        return Answer(Status.UNDECIDED, None, None, None, None)
    if outcome.plan is None or outcome.latency is None or outcome.bound is None:
        stuck = 0 if outcome.stuck is None else outcome.stuck
        return Answer(Status.UNSCHEDULABLE, None, None, None, Bottleneck(stuck, diagnosis_of(program, stuck).value))
    latency, least = outcome.latency, outcome.bound.value + program.law.offset
    if deadline is None or latency <= deadline:
        status = Status.SCHEDULABLE
    else:
        status = Status.UNSCHEDULABLE if least > deadline else Status.UNDECIDED
    return Answer(status, outcome.plan, latency, outcome.bound, None)


def _search(program: Program, limit: Limit) -> Outcome:
    if all(isinstance(stage, TiledStage) for stage in program.stages):
        return solve_tiled(program, limit)
    if any(isinstance(stage, TiledStage) for stage in program.stages):
        raise ValueError("a program has either tiled or explicit stages")
    return solve_explicit(program, limit)


def diagnosis_of(program: Program, stuck: int) -> Diagnosis:
    """The general name of what stops every design of a stage: no design fits memory, or some atom fits no cycle."""
    stage = program.stages[stuck]
    if isinstance(stage, TiledStage):
        smallest = [
            Tiling(form, order, 1, 1, 1, 1, 1)
            for form, extent in enumerate(stage.forms)
            for order in ((Order.OUTPUT,) if extent.pooling else Order)
        ]
        fits = any(stage.fits(tiling) for tiling in smallest)
    else:
        fits = any(stage.fits(index) for index in range(len(stage.designs)))
    return Diagnosis.ATOM_TOO_LARGE if fits else Diagnosis.VOLATILE_MEMORY
