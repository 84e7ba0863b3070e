"""The one door to every solver: from a program to an answer."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from importlib import import_module
from typing import Any

from ischedule.models.demand import Unanswerable
from ischedule.models.diagnosis import Diagnosis
from ischedule.models.goal import PLAIN, Criterion
from ischedule.models.least_tilings import least_designs
from ischedule.models.plan import Answer, Bottleneck, Bound, Division, FewRuns, Least, Levels, Plan, Status, Weighed
from ischedule.models.program import Program, TiledStage
from ischedule.models.rounding import late_beyond
from ischedule.solvers.budgets import Budgeted, solve_goal
from ischedule.solvers.division import NONE_FITS, UNPACKED, fits, solve_within_memory
from ischedule.solvers.few_runs import MORE_RUNS, NO_FEWER, Recut, recuts, with_small_tables
from ischedule.solvers.goal_division import solve_goal_within_memory
from ischedule.solvers.limit import Limit, TimeUp
from ischedule.solvers.needs import solve_needs
from ischedule.solvers.outcome import Outcome
from ischedule.solvers.runs_of_designs import narrowed
from ischedule.solvers.spending import keeps_limits
from ischedule.solvers.tolerant import solve_tolerant
from ischedule.solvers.under_curve import solve_under_curve

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


def solve(program: Program, limit: Limit | None = None, deadline: int | None = None, solver: str = "exact") -> Answer:
    """The plan of least worst-case latency, proof that none is better, or why there is none.

    ``deadline`` (picoseconds) decides the status: a plan that is late is no schedule, and a bound beyond it shows that
    none exists.
    """
    limit = limit or Limit()
    if solver not in SOLVERS:
        raise ValueError(f"there is no solver {solver!r}; there are {', '.join(SOLVERS)}")
    try:
        if program.law.curve is not None:
            if solver != "exact":
                raise Unanswerable("adds up what power cycles take, and under a supply curve plans take no such sum")
            return solve_under_curve(program, limit, deadline, solve)
        if program.failures and solver == "exact" and (found := solve_tolerant(program, limit, deadline)) is not None:
            return found
        if program.has_needs:
            _require_plain(program, solver)
        elif not program.goal.is_plain:
            return _goal_answer(program, limit, deadline, solver)
        return _plain_answer(program, limit, deadline, solver)
    except TimeUp:
        return Answer(Status.UNDECIDED, None, None, None, None)


def _plain_answer(program: Program, limit: Limit, deadline: int | None, solver: str) -> Answer:
    """The plan of least latency, whatever it spends."""
    if program.has_needs:
        outcome = solve_needs(program, limit)
    else:
        outcome = solve_within_memory(
            program, limit, _function(SOLVERS[solver]), lambda part, stuck: diagnosis_of(part, stuck).value
        )
    if program.storage is None and outcome.plan is not None and not fits(program, outcome.plan):
        if solver != "exact":
            raise Unanswerable("finds a plan whose tables are too large, and does not count runs of equal power cycles")
        outcome = with_small_tables(program, outcome, limit)
    is_open = outcome.note in (MORE_RUNS, NONE_FITS, UNPACKED) and program.storage is not None
    if is_open and program.table_size is not None and solver == "exact":
        outcome = narrowed(program, outcome, fits, limit)
    if outcome.plan is None or outcome.latency is None:
        if outcome.is_undecided or isinstance(outcome.bound, Division | FewRuns | Levels):
            return _without_plan(program, outcome, deadline)
        stuck = 0 if outcome.stuck is None else outcome.stuck
        return Answer(Status.UNSCHEDULABLE, None, None, None, Bottleneck(stuck, diagnosis_of(program, stuck).value))
    latency = outcome.latency
    bound = _no_more_than(outcome.bound, latency - program.law.offset)
    if deadline is None or latency <= deadline:
        status = Status.SCHEDULABLE
    else:
        status = Status.UNSCHEDULABLE if _are_late(program, bound, deadline) else Status.UNDECIDED
    if outcome.is_undecided:
        status = Status.UNDECIDED
    return Answer(status, outcome.plan, latency, bound, None, note=outcome.note, is_undecided=outcome.is_undecided)


def _require_plain(program: Program, solver: str) -> None:
    """Refuse what is not searched where power cycles need more than they drain."""
    if solver != "exact":
        raise Unanswerable("takes no power cycles that need more than they drain")
    if not program.goal.is_plain or program.table_size is not None:
        problem = "takes no limits on what is spent or on tables, and no objective but latency, where power cycles need"
        raise Unanswerable(f"{problem} more than they drain")


def _are_late(program: Program, bound: Least | None, deadline: int | None) -> bool:
    """Whether a bound shows that every plan misses the deadline."""
    value, late = None if bound is None else bound.value, late_beyond(program, deadline)
    return value is not None and late is not None and value + program.law.offset > late


def _no_more_than(bound: Least | None, cost: int) -> Least | None:
    """A bound on plans, of which one has been found at this cost: thresholds other than the least that suffice may be
    rounded better than those that all others are compared by."""
    if bound is None or bound.value is None or bound.value <= cost:
        return bound
    if not isinstance(bound, Division):
        return replace(bound, value=cost)
    parts = (
        replace(part, proof=replace(part.proof, value=min(cost, part.proof.value)))
        if isinstance(part.proof, Bound)
        else part
        for part in bound.parts
    )
    return Division(tuple(parts))


def _without_plan(program: Program, outcome: Outcome, deadline: int | None) -> Answer:
    """The answer where no plan fits non-volatile memory, or none was found that does."""
    is_empty = outcome.bound is not None and outcome.bound.value is None
    is_decided = is_empty or _are_late(program, outcome.bound, deadline)
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


def _goal_answer(program: Program, limit: Limit, deadline: int | None, solver: str) -> Answer:
    """The answer of a solver that takes goals.

    Where the plan of least latency whose tables are small enough keeps the limits as well, it is the best. Other tasks
    whose best plan has tables that are too large are cut again.
    """
    if solver not in GOAL_SOLVERS:
        raise Unanswerable("takes no limits on what is spent and no objective but latency")
    search: Callable[[Program, Limit], Answer] = _function(GOAL_SOLVERS[solver])
    if program.storage is not None:
        is_about_runs = program.table_size is not None and solver == "exact"
        if is_about_runs and program.goal.order == (Criterion.LATENCY,):
            plain = _plain_answer(replace(program, goal=PLAIN), limit, deadline, solver)
            is_proven = isinstance(plain.bound, FewRuns) and plain.note is None
            if plain.plan is not None and keeps_limits(program, plain.plan) and (is_proven or limit.left() == 0):
                return plain
        return solve_goal_within_memory(program, limit, search, lambda part, at: diagnosis_of(part, at).value)
    answer = search(program, limit)
    if answer.plan is None or fits(program, answer.plan):
        return answer
    if program.goal.order == (Criterion.LATENCY,) and all(map(_is_about_latency_alone, answer.proofs)):
        plain = _plain_answer(replace(program, goal=PLAIN), limit, deadline, solver)
        if plain.plan is None or keeps_limits(program, plain.plan):
            return plain
    if _has_no_plan(program, limit):
        return Answer(Status.UNSCHEDULABLE, None, None, FewRuns(None), None)
    found = _cut_again(program, answer.plan)
    if found is not None:
        return replace(answer, plan=found.plan, latency=found.latency, note=MORE_RUNS)
    return replace(answer, status=Status.UNDECIDED, plan=None, latency=None, note=NO_FEWER)


def _has_no_plan(program: Program, limit: Limit) -> bool:
    """Whether there is no plan with tables as small at all, whatever else is asked of it."""
    plain = _plain_answer(replace(program, goal=PLAIN), limit, None, "exact")
    return plain.bound == FewRuns(None)


def _is_about_latency_alone(proof: Weighed | Division) -> bool:
    return isinstance(proof, Weighed) and [criterion for criterion, _ in proof.weights] == [Criterion.LATENCY]


def _cut_again(program: Program, plan: Plan) -> Recut | None:
    """The best cuts of a plan's designs with fewer runs of equal power cycles that fit and keep all limits."""
    fewer = recuts(program, plan, len(plan.cycles) - 1)
    return next((one for one in fewer if fits(program, one.plan) and keeps_limits(program, one.plan)), None)


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
        is_there = any(map(stage.fits, least_designs(stage)))
    else:
        is_there = any(stage.fits(index) for index in range(len(stage.designs)))
    return Diagnosis.ATOM_TOO_LARGE if is_there else Diagnosis.VOLATILE_MEMORY
