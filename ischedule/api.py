"""The public functions: load a case, solve it, check a plan file, explain an outcome.

`solve` lets the independent checker judge its own answer; what a result calls certified is what the checker accepted.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from time import monotonic
from typing import TYPE_CHECKING, Any

from ischedule import __version__
from ischedule.analysis.check import Verdict, latest, spent_of
from ischedule.analysis.check import check as check_claim
from ischedule.analysis.claim import claims, goal_claims, refusal_claim
from ischedule.analysis.cover import Unproven
from ischedule.analysis.evaluate import Evaluation, evaluate
from ischedule.analysis.front import CheckedFront, Point, checked_front
from ischedule.analysis.power_cycles import InvalidPlan, Violation
from ischedule.analysis.progress import unheard
from ischedule.analysis.reach import require_bottleneck
from ischedule.analysis.shortage import (
    shortage_of,
)
from ischedule.models.beyond_latency import asked_beyond_latency
from ischedule.models.build import program_of
from ischedule.models.case import Case, Semantics, case_hash
from ischedule.models.case import load_case as load_case
from ischedule.models.conflict import Conflict
from ischedule.models.demand import Overflow, TooManyAtoms, TooManyDesigns, Unanswerable
from ischedule.models.diagnosis import Unschedulable
from ischedule.models.errors import MISSING, InputError
from ischedule.models.goal import Criterion
from ischedule.models.plan import Answer, Status
from ischedule.models.plan_file import PlanFile, read_plan_file
from ischedule.models.program import Program
from ischedule.models.wake import Until
from ischedule.models.workload import explicit_tasks
from ischedule.result import Result

if TYPE_CHECKING:
    from ischedule.analysis.explain import Explanation
    from ischedule.solvers.limit import Limit

Progress = Callable[[str], None]
"""Told, now and then, in a few words what a search is doing."""


def solve(
    case: Case | str | Path | Mapping[str, Any],
    time_limit: float | None = None,
    progress: Progress | None = None,
    *,
    solver: str = "exact",
    gap: float = 0.0,
    threads: int | None = None,
) -> Result:
    """The plan of least worst-case latency with its certificate, or the proof that the case has none.

    `time_limit` (seconds) is for the search. Where it is reached, the best plan and a proven bound are the result.
    `solver` names one of `solvers.solve.SOLVERS`; `gap` (the part of the bound by which a plan may exceed it) and
    `threads` are for those that search by bounds, or with several threads.
    Raises `InputError` for a case that is wrong.
    """
    case = case if isinstance(case, Case) else load_case(case)
    if case.semantics is not Semantics.ISCHEDULE:
        return _explored(case)
    program = program_or_reason(case)
    if isinstance(program, Unschedulable):
        refused = refusal_claim(__version__, case_hash(case), program)
        return _judged(case, program, [refused], progress, None)
    from ischedule.solvers.limit import Limit
    from ischedule.solvers.solve import solve as search

    limit = Limit(time_limit, progress, gap=gap, threads=threads)
    try:
        answer = search(program, limit, latest(case, program), solver)
    except TooManyAtoms as error:
        remedy = "take --solver exact, or one layer of a network with --layer"
        raise InputError("command line", "--solver", solver, str(error), remedy) from None
    except Unanswerable as error:
        asked = asked_beyond_latency(case)
        if solver == "exact" and asked:
            path, value = asked[0]
            raise InputError(
                case.source, path, value, f"is not decided here: the search {error}", "leave it out"
            ) from None
        raise InputError("command line", "--solver", solver, str(error), "take --solver exact") from None
    except TooManyDesigns as error:
        remedy = "state less of it: the plan is then the best of those that need no more"
        raise InputError(case.source, "$.requirements.volatile_memory", MISSING, str(error), remedy) from None
    except Overflow as error:
        raise InputError(case.source, "$.supply", MISSING, str(error), "state a stronger supply or less work") from None
    answer = _named(case, program, answer)
    if not program.goal.is_plain:
        return _with_goal(case, program, answer, progress)
    answer, evaluation, note = _within_period(case, program, answer, limit)
    note = note or answer.note
    latency = None if evaluation is None else evaluation.latency
    found = claims(__version__, program, answer, latency, latest(case, program))
    if answer.plan is not None and answer.bound is None and note is None:
        note = "the plan is claimed to be optimal in floating point; that could not be certified"
    return _judged(case, program, list(found), progress, note)


def _with_goal(case: Case, program: Program, answer: Answer, progress: Progress | None) -> Result:
    """What is known of plans that keep limits, or by further criteria."""
    evaluation, _ = _evaluated(program, answer)
    if answer.bottleneck is not None or answer.bound is not None:
        latency = None if evaluation is None else evaluation.latency
        found = claims(__version__, program, answer, latency, latest(case, program))
    else:
        found = goal_claims(__version__, program, answer, evaluation, latest(case, program))
    return _judged(case, program, list(found), progress, answer.note)


def _named(case: Case, program: Program, answer: Answer) -> Answer:
    """The answer with its bottleneck called by what stands out in it, where the solver knows only where it lies."""
    if answer.bottleneck is None:
        return answer
    found = shortage_of(case, program, answer.bottleneck)
    named = replace(answer.bottleneck, diagnosis=found.diagnosis.value)
    try:
        require_bottleneck(program, named)
    except Unproven:
        return answer
    return replace(answer, bottleneck=named)


def pareto(
    case: Case | str | Path | Mapping[str, Any],
    names: tuple[str, str],
    time_limit: float | None = None,
    progress: Progress | None = None,
) -> tuple[Case, CheckedFront | None]:
    """The front of two criteria: the plans that are best in one of them for what they spend of the other.

    None where there is no plan, or none was found within the time limit. A deadline is set aside. Raises `InputError`
    for a case that is wrong, or that limits what plans spend.
    """
    case = case if isinstance(case, Case) else load_case(case)
    chosen = tuple(map(Criterion, names))
    _require_front(case, chosen)
    program = program_or_reason(case)
    if isinstance(program, Unschedulable):
        return case, None
    if program.law.curve is not None:
        problem, remedy = "has no front: only latency is decided under it", 'write the supply as "power"'
        raise InputError(case.source, "$.supply.kind", "curve", problem, remedy)
    from ischedule.solvers.division import fits
    from ischedule.solvers.goal_division import without_sums
    from ischedule.solvers.limit import Limit
    from ischedule.solvers.pareto import front

    order = (chosen[0], chosen[1])
    limit = Limit(time_limit, progress)
    found = front(program, *order, limit)
    if found is not None and not all(fits(program, corner.plan) for corner in found.corners):
        # what is proven of these is not proven of all plans, and the check says so
        found = front(without_sums(program), *order, limit)
        if found is not None and not all(fits(program, corner.plan) for corner in found.corners):
            problem, remedy = "is too little for the plans of the front", "state more, or solve for one objective"
            there = 0 if program.storage is None else program.storage.available
            raise InputError(case.source, "$.requirements.nonvolatile_memory", f"{there} B", problem, remedy)
    if found is None:
        return case, None
    points = []
    for corner in found.corners:
        evaluation = evaluate(program, corner.plan)
        points.append(Point(corner.plan, evaluation, (spent_of(evaluation, order[0]), spent_of(evaluation, order[1]))))
    return case, checked_front(program, order, points, found.ends, found.between, progress or unheard)


def _require_front(case: Case, chosen: tuple[Criterion, ...]) -> None:
    shown = ",".join(criterion.value for criterion in chosen)
    if case.semantics is not Semantics.ISCHEDULE:
        raise InputError(case.source, "$.semantics", case.semantics.value, "has no front", 'write "ischedule"')
    if len(case.preservation) > 1:
        problem, remedy = "has no front: only latency is decided with a choice of kinds", "leave it out"
        kinds = [kind.value for kind in case.preservation]
        raise InputError(case.source, "$.options.preservation", kinds, problem, remedy)
    if Criterion.WRITTEN in chosen and explicit_tasks(case) is not None:
        problem, remedy = "cannot be counted: tasks do not say what they write", "count cycles"
        raise InputError("command line", "--pareto", shown, problem, remedy)
    asked = case.requirements
    if (asked.amount, asked.written, asked.power_cycles, asked.writes_per_byte) != (None, None, None, None):
        problem = "limits what plans spend, and the front is of all plans"
        remedy = "leave out energy, written, power_cycles, writes_per_byte and inferences"
        raise InputError(case.source, "$.requirements", MISSING, problem, remedy)


def check(
    case: Case | str | Path | Mapping[str, Any], plan_file: PlanFile | str | Path, progress: Progress | None = None
) -> Verdict:
    """The independent checker's verdict on a plan file. Raises `InputError` for files that are wrong."""
    case = case if isinstance(case, Case) else load_case(case)
    file = plan_file if isinstance(plan_file, PlanFile) else read_plan_file(str(plan_file))
    return check_claim(case, program_or_reason(case), file, progress or unheard)


def explain(
    case: Case | str | Path | Mapping[str, Any], time_limit: float | None = None, progress: Progress | None = None
) -> tuple[Result, Explanation | None]:
    """The case solved, with what would help it to a plan, or the room that its plan has and what latency depends on.

    Nothing is explained where the search was stopped before anything was known, and under published semantics.
    """
    from ischedule.analysis.explain import explain_plan, explain_shortage
    from ischedule.solvers.limit import Limit
    from ischedule.solvers.solve import solve as search

    started, announce = monotonic(), progress or unheard
    result = solve(case, time_limit, progress)
    case, program = result.case, result.program

    def left() -> float | None:
        return None if time_limit is None else max(0.0, time_limit - (monotonic() - started))

    def certify(changed: Case) -> Result:
        return solve(changed, left())

    def quick(changed: Case) -> Answer:
        found = program_of(changed)
        answer = search(found, Limit(left()), latest(changed, found))
        if not found.failures or answer.plan is None:
            return answer
        # what failures take is no part of what is searched
        evaluation, _ = _evaluated(found, answer)
        return replace(answer, latency=None if evaluation is None else evaluation.latency)

    if result.shortage is not None:
        found = explain_shortage(case, result.shortage, result.latency, quick, certify, announce)
        return result, replace(found, conflict=_conflict(case, program, left(), progress))
    if not isinstance(program, Program) or result.plan is None or result.evaluation is None:
        return result, None
    packed = None if result.memory is None else result.memory.size
    return result, explain_plan(case, program, result.plan, result.evaluation, quick, announce, packed=packed)


CONFLICT_SECONDS = 20.0
"""How long is looked for the requirements that are in conflict."""


def _conflict(
    case: Case, program: Program | Unschedulable | None, seconds: float | None, progress: Progress | None
) -> Conflict | None:
    """The requirements of a case of tasks that are in conflict; None if they are too many, or z3 takes too long."""
    if not isinstance(program, Program) or explicit_tasks(case) is None or program.has_needs or program.failures:
        return None
    from ischedule.solvers.limit import Limit, TimeUp
    from ischedule.solvers.smt_core import conflict_of

    limit = Limit(CONFLICT_SECONDS if seconds is None else min(seconds, CONFLICT_SECONDS), progress)
    try:
        return conflict_of(program, latest(case, program), limit)
    except TimeUp:
        return None


def compare_without(
    case: Case | str | Path | Mapping[str, Any],
    group: str,
    time_limit: float | None = None,
    progress: Progress | None = None,
    *,
    solver: str = "exact",
) -> tuple[Result, Result]:
    """The case solved with and without the constraint group of this name: the difference is what the group costs.

    `time_limit` is for each of the two searches. Raises `InputError` for a group that does not exist.
    """
    from ischedule.analysis.constraint_groups import Group, without

    names = [one.value for one in Group]
    if group not in names:
        raise InputError("command line", "--without", group, "is no constraint group", f"write {' or '.join(names)}")
    case = case if isinstance(case, Case) else load_case(case)
    free = without(case, Group(group))
    found = [solve(one, time_limit, progress, solver=solver) for one in (case, free)]
    return found[0], found[1]


def program_or_reason(case: Case) -> Program | Unschedulable:
    """The case's program, or why it has none."""
    try:
        return program_of(case)
    except Unschedulable as reason:
        return reason


def _judged(
    case: Case, program: Program | Unschedulable, found: list[PlanFile], progress: Progress | None, note: str | None
) -> Result:
    """The strongest claim that the checker accepts; if it accepts none, nothing is known."""
    if not found:
        note = note or "the limit was reached before any plan was found"
        return Result(case, Status.UNDECIDED, program, None, None, note)
    for file in found:
        if progress is not None:
            progress(f"checking the claim: {file.claim.certified.value}")
        if file.plan is not None and isinstance(program, Program) and program.storage is not None:
            from ischedule.memory import with_addresses

            file = with_addresses(program, file, file.plan)
        if file.plan is not None and isinstance(program, Program):
            from ischedule.skipping import with_skips

            file = with_skips(case, program, file, file.plan)
        verdict = check_claim(case, program, file, progress or unheard)
        if verdict.accepted:
            return Result(case, file.claim.status, program, file, verdict, note)
        note = f"the checker did not accept the claim {file.claim.certified.value}: {verdict.reason}"
    return Result(case, Status.UNDECIDED, program, file, verdict, note)


def _evaluated(program: Program, answer: Answer) -> tuple[Evaluation | None, bool]:
    """The figures of the answer's plan, None if it has none that holds; and whether only the period is in the way."""
    if answer.plan is None:
        return None, False
    try:
        return evaluate(program, answer.plan), False
    except InvalidPlan as problem:
        return None, problem.violation is Violation.PERIOD


def _within_period(
    case: Case, program: Program, answer: Answer, limit: Limit
) -> tuple[Answer, Evaluation | None, str | None]:
    """An answer whose plan is back at its start within the period, where the quickest plan is not but another is.

    The plan that is back earliest is the one of least latency until the buffer is recharged.
    """
    evaluation, late = _evaluated(program, answer)
    if not late or case.until is Until.RECHARGED or case.start.period is None:
        return answer, evaluation, "the quickest plan does not end within the period" if late else None
    from ischedule.solvers.solve import solve as search

    recharged = program_of(replace(case, until=Until.RECHARGED))
    other = search(recharged, limit, case.start.period)
    if other.plan is None:
        return answer, None, "no plan is found that is back at its start within the period"
    answer = replace(answer, plan=other.plan)
    evaluation, _ = _evaluated(program, answer)
    note = "the quickest plan is not back at its start within the period; this one is back earliest"
    if evaluation is None:
        note = "the plan that is back at its start earliest is not back within the period"
    return answer, evaluation, note


def _explored(case: Case) -> Result:
    """What the published explorer computes; nothing of it is certified."""
    from ischedule.compat.adapter import explore_case

    exploration = explore_case(case)
    deadline = case.requirements.deadline
    late = deadline is not None and exploration.feasible and exploration.latency * 1e12 > deadline
    status = Status.SCHEDULABLE if exploration.feasible and not late else Status.UNSCHEDULABLE
    return Result(case, status, None, None, None, None, exploration)


__all__ = [
    "InputError",
    "Result",
    "check",
    "compare_without",
    "explain",
    "load_case",
    "pareto",
    "program_or_reason",
    "solve",
]
