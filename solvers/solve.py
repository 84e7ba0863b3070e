"""The one door to every solver: from a program to an answer."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from importlib import import_module
from typing import Any

from ischedule.models.demand import Unanswerable
from ischedule.models.diagnosis import Diagnosis
from ischedule.models.goal import Criterion
from ischedule.models.least_tilings import least_tilings
from ischedule.models.plan import Answer, Bottleneck, Division, Status
from ischedule.models.program import Program, TiledStage
from ischedule.solvers.budgets import Budgeted, solve_goal
from ischedule.solvers.division import fits, solve_within_memory
from ischedule.solvers.goal_division import SUMS, UNFIT, solve_goal_within_memory, without_sums
from ischedule.solvers.limit import Limit, TimeUp
from ischedule.solvers.outcome import Outcome

SOLVERS = {
    "exact": "ischedule.solvers.exact:solve_exact",
    "ilp": "ischedule.solvers.ilp:solve_ilp",
    "smt": "ischedule.solvers.smt:solve_smt",
}
"""Each solver's function, imported when it is asked for: from a program and a limit to an outcome."""

GOAL_SOLVERS = {
    "exact": "ischedule.solvers.solve:solve_exact_goal",
    "ilp": "ischedule.solvers.ilp_goal:solve_ilp_goal",
    "smt": "ischedule.solvers.smt_goal:solve_smt_goal",
}
"""Those that take a goal: from a program and a limit to an answer."""

KNOW_ENDS = ("exact", "ilp")
"""Those that can be told where cycles must end also with a goal."""


def solve(program: Program, limit: Limit | None = None, deadline: int | None = None, solver: str = "exact") -> Answer:
    """The plan of least worst-case latency, proof that none is better, or why there is none.

    ``deadline`` (picoseconds) decides the status: a plan that is late is no schedule, and a bound beyond it shows that
    none exists.
    """
    limit = limit or Limit()
    if solver not in SOLVERS:
        raise ValueError(f"there is no solver {solver!r}; there are {', '.join(SOLVERS)}")
    try:
        if not program.goal.is_plain:
            return _goal_answer(program, limit, solver)
        outcome = solve_within_memory(
            program, limit, _function(SOLVERS[solver]), lambda part, stuck: diagnosis_of(part, stuck).value
        )
    except TimeUp:
        return Answer(Status.UNDECIDED, None, None, None, None)
    if outcome.plan is None or outcome.latency is None:
        if outcome.is_undecided or isinstance(outcome.bound, Division):
            return _without_plan(program, outcome, deadline)
        stuck = 0 if outcome.stuck is None else outcome.stuck
        return Answer(Status.UNSCHEDULABLE, None, None, None, Bottleneck(stuck, diagnosis_of(program, stuck).value))
    latency, bound = outcome.latency, outcome.bound
    if deadline is None or latency <= deadline:
        status = Status.SCHEDULABLE
    else:
        least = None if bound is None else bound.value
        is_late = least is not None and least + program.law.offset > deadline
        status = Status.UNSCHEDULABLE if is_late else Status.UNDECIDED
    if outcome.is_undecided:
        status = Status.UNDECIDED
    return Answer(status, outcome.plan, latency, bound, None, note=outcome.note, is_undecided=outcome.is_undecided)


def _without_plan(program: Program, outcome: Outcome, deadline: int | None) -> Answer:
    """The answer where no plan fits non-volatile memory, or none was found that does."""
    value = None if outcome.bound is None else outcome.bound.value
    is_late = value is not None and deadline is not None and value + program.law.offset > deadline
    is_decided = is_late or (outcome.bound is not None and value is None)
    status = Status.UNSCHEDULABLE if is_decided else Status.UNDECIDED
    return Answer(status, None, None, outcome.bound, None, note=outcome.note, is_undecided=not is_decided)


def answer_of(program: Program, found: Budgeted) -> Answer:
    """What a search for a goal says; its plans are the best of all, whether they fit non-volatile memory or not."""
    if found.stuck is not None:
        diagnosis = diagnosis_of(program, found.stuck)
        return Answer(Status.UNSCHEDULABLE, None, None, None, Bottleneck(found.stuck, diagnosis.value))
    latency = None if found.spent is None else found.spent[Criterion.LATENCY] + program.law.offset
    if found.plan is not None:
        return Answer(Status.SCHEDULABLE, found.plan, latency, None, None, found.proofs)
    status = Status.UNSCHEDULABLE if found.is_decided else Status.UNDECIDED
    return Answer(status, None, None, None, None, found.proofs)


def _goal_answer(program: Program, limit: Limit, solver: str) -> Answer:
    """The answer of a solver that takes goals."""
    if solver not in GOAL_SOLVERS:
        raise Unanswerable("takes no limits on what is spent and no objective but latency")
    search: Callable[[Program, Limit], Answer] = _function(GOAL_SOLVERS[solver])
    if solver in KNOW_ENDS:
        return solve_goal_within_memory(program, limit, search, lambda part, at: diagnosis_of(part, at).value)
    answer = search(program, limit)
    if answer.plan is None or fits(program, answer.plan):
        return answer
    # the proofs are about all plans, so about those that fit; a plan that stores no sums is more likely to
    limit.announce("plans that store no sums")
    other = search(without_sums(program), limit)
    if other.plan is not None and fits(program, other.plan):
        return replace(answer, plan=other.plan, latency=other.latency, note=SUMS)
    return replace(answer, status=Status.UNDECIDED, plan=None, latency=None, note=UNFIT)


def _function(place: str) -> Callable[[Program, Limit], Any]:
    """The function of a module, both named."""
    module, function = place.split(":")
    found: Callable[[Program, Limit], Any] = getattr(import_module(module), function)
    return found


def solve_exact_goal(program: Program, limit: Limit) -> Answer:
    """The best plan for the program's goal, by weights and labels."""
    return answer_of(program, solve_goal(program, limit))


def diagnosis_of(program: Program, stuck: int) -> Diagnosis:
    """The general name of what stops every design of a stage: no design fits memory, or some atom fits no cycle."""
    stage = program.stages[stuck]
    if isinstance(stage, TiledStage):
        is_there = any(
            stage.fits(tiling) for form, extent in enumerate(stage.forms) for tiling in least_tilings(form, extent)
        )
    else:
        is_there = any(stage.fits(index) for index in range(len(stage.designs)))
    return Diagnosis.ATOM_TOO_LARGE if is_there else Diagnosis.VOLATILE_MEMORY
