"""The one door to every solver: from a program to an answer."""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module

from ischedule.models.demand import Unanswerable
from ischedule.models.diagnosis import Diagnosis
from ischedule.models.goal import Criterion
from ischedule.models.least_tilings import least_tilings
from ischedule.models.plan import Answer, Bottleneck, Status
from ischedule.models.program import Program, TiledStage
from ischedule.solvers.budgets import Budgeted, solve_goal
from ischedule.solvers.limit import Limit, TimeUp
from ischedule.solvers.outcome import Outcome

SOLVERS = {
    "exact": "ischedule.solvers.exact:solve_exact",
    "ilp": "ischedule.solvers.ilp:solve_ilp",
    "smt": "ischedule.solvers.smt:solve_smt",
}
"""Each solver's function, imported when it is asked for: from a program and a limit to an outcome."""


def solve(program: Program, limit: Limit | None = None, deadline: int | None = None, solver: str = "exact") -> Answer:
    """The plan of least worst-case latency, proof that none is better, or why there is none.

    ``deadline`` (picoseconds) decides the status: a plan that is late is no schedule, and a bound beyond it shows that
    none exists.
    """
    limit = limit or Limit()
    if not program.goal.is_plain and solver == "smt":
        from ischedule.solvers.smt_goal import solve_smt_goal

        try:
            return solve_smt_goal(program, limit)
        except TimeUp:
            return Answer(Status.UNDECIDED, None, None, None, None)
    if not program.goal.is_plain and solver != "exact":
        raise Unanswerable("takes no limits on what is spent and no objective but latency")
    if not program.goal.is_plain:
        return answer_of(program, solve_goal(program, limit))
    try:
        outcome = _solver(solver)(program, limit)
    except TimeUp:
        return Answer(Status.UNDECIDED, None, None, None, None)
    if outcome.plan is None or outcome.latency is None:
        stuck = 0 if outcome.stuck is None else outcome.stuck
        return Answer(Status.UNSCHEDULABLE, None, None, None, Bottleneck(stuck, diagnosis_of(program, stuck).value))
    latency, bound = outcome.latency, outcome.bound
    if deadline is None or latency <= deadline:
        status = Status.SCHEDULABLE
    else:
        is_late = bound is not None and bound.value + program.law.offset > deadline
        status = Status.UNSCHEDULABLE if is_late else Status.UNDECIDED
    if outcome.is_undecided:
        status = Status.UNDECIDED
    return Answer(status, outcome.plan, latency, bound, None, note=outcome.note, is_undecided=outcome.is_undecided)


def answer_of(program: Program, found: Budgeted) -> Answer:
    """What a search for a goal says."""
    if found.stuck is not None:
        diagnosis = diagnosis_of(program, found.stuck)
        return Answer(Status.UNSCHEDULABLE, None, None, None, Bottleneck(found.stuck, diagnosis.value))
    latency = None if found.spent is None else found.spent[Criterion.LATENCY] + program.law.offset
    if found.plan is not None:
        return Answer(Status.SCHEDULABLE, found.plan, latency, None, None, found.proofs)
    status = Status.UNSCHEDULABLE if found.is_decided else Status.UNDECIDED
    return Answer(status, None, None, None, None, found.proofs)


def _solver(name: str) -> Callable[[Program, Limit], Outcome]:
    """The function behind a solver's name."""
    if name not in SOLVERS:
        raise ValueError(f"there is no solver {name!r}; there are {', '.join(SOLVERS)}")
    module, function = SOLVERS[name].split(":")
    found: Callable[[Program, Limit], Outcome] = getattr(import_module(module), function)
    return found


def diagnosis_of(program: Program, stuck: int) -> Diagnosis:
    """The general name of what stops every design of a stage: no design fits memory, or some atom fits no cycle."""
    stage = program.stages[stuck]
    if isinstance(stage, TiledStage):
        fits = any(
            stage.fits(tiling) for form, extent in enumerate(stage.forms) for tiling in least_tilings(form, extent)
        )
    else:
        fits = any(stage.fits(index) for index in range(len(stage.designs)))
    return Diagnosis.ATOM_TOO_LARGE if fits else Diagnosis.VOLATILE_MEMORY
