"""What may be claimed of a solver's answer: the plan file that goes to the checker.

The strongest claim comes first; behind it stands the plan alone, which needs no proof about other plans. The checker
decides which of them holds.
"""

from __future__ import annotations

from collections.abc import Iterator

from ischedule.analysis.check import allowed_beside, spent_of
from ischedule.analysis.evaluate import Evaluation
from ischedule.models.certificate_file import Certificate
from ischedule.models.diagnosis import Unschedulable
from ischedule.models.goal import Criterion
from ischedule.models.plan import Answer, Bottleneck, Division, FewRuns, Levels, Plan, Status, UnderCurve
from ischedule.models.plan_file import Certified, Claim, PlanFile
from ischedule.models.program import Program
from ischedule.models.rounding import late_beyond
from ischedule.models.stated import stated_rank


def refusal_claim(tool: str, digest: str, refusal: Unschedulable) -> PlanFile:
    """No plan exists, whatever the program: memory or physics rule it out."""
    claim = Claim(Status.UNSCHEDULABLE, None, None, Certified.INFEASIBLE)
    return PlanFile(tool, digest, claim, None, Bottleneck(0, refusal.diagnosis.value))


def claims(tool: str, program: Program, answer: Answer, latency: int | None, latest: int | None) -> Iterator[PlanFile]:
    """What an answer supports, the strongest first; nothing where a limit was reached before anything was found.

    `latency` is what the answer's plan takes as the checker computes it (None: the plan does not hold), `latest` is
    the latest end that the case allows.
    """
    if answer.bottleneck is not None:
        claim = Claim(Status.UNSCHEDULABLE, None, None, Certified.INFEASIBLE)
        yield PlanFile(tool, program.digest, claim, None, answer.bottleneck)
        return
    plan = answer.plan if latency is not None else None
    value = None if answer.bound is None else answer.bound.value
    if isinstance(answer.bound, Division | FewRuns | Levels | UnderCurve) and value is None:
        claim = Claim(Status.UNSCHEDULABLE, None, None, Certified.INFEASIBLE)
        yield PlanFile(tool, program.digest, claim, None, answer.bound)
        return
    if answer.bound is not None and value is not None:
        least = value + program.law.offset + allowed_beside(program, answer.bound)
        strongest = _claim(latency, least, latest, late_beyond(program, latest))
        if strongest is not None:
            yield _file(tool, program, strongest, plan, answer.bound)
    if plan is not None:
        yield _plan_alone(tool, program, plan, latency, latest, answer.is_undecided)


def goal_claims(
    tool: str, program: Program, answer: Answer, evaluation: Evaluation | None, latest: int | None
) -> Iterator[PlanFile]:
    """What an answer supports about plans with a goal, the strongest first."""
    goal, latency = program.goal, None if evaluation is None else evaluation.latency
    plan = None if evaluation is None else answer.plan
    for proof in answer.proofs:
        rank = stated_rank(goal, proof)
        if rank is None:
            claim = Claim(Status.UNSCHEDULABLE, None, None, Certified.INFEASIBLE)
            yield PlanFile(tool, program.digest, claim, None, proof)
            continue
        if evaluation is None:
            continue
        offsets = [program.law.offset if name is Criterion.LATENCY else 0 for name in goal.order]
        leasts = [least + more for least, more in zip(rank, offsets, strict=False)]
        least, is_best = leasts[0], leasts == [spent_of(evaluation, name) for name in goal.order]
        in_time = latest is None or evaluation.latency <= latest
        late = late_beyond(program, latest)
        if goal.first is Criterion.LATENCY and late is not None and least > late:
            claim = Claim(Status.UNSCHEDULABLE, latency, least, Certified.DEADLINE)
        else:
            status = Status.SCHEDULABLE if in_time else Status.UNDECIDED
            claim = Claim(status, latency, least, Certified.OPTIMAL if is_best else Certified.WITHIN)
        yield _file(tool, program, claim, plan, proof)
    if plan is not None:
        yield _plan_alone(tool, program, plan, latency, latest)


def _claim(latency: int | None, least: int, latest: int | None, late: int | None) -> Claim | None:
    """The claim that plan and bound support together; None if there is no plan and the bound excludes none."""
    if late is not None and least > late:
        return Claim(Status.UNSCHEDULABLE, latency, least, Certified.DEADLINE)
    if latency is None:
        return None
    in_time = latest is None or latency <= latest
    if not in_time and latency == least:
        # late by no more than what other thresholds may be rounded better
        return None
    status = Status.SCHEDULABLE if in_time else Status.UNDECIDED
    return Claim(status, latency, least, Certified.OPTIMAL if latency == least else Certified.WITHIN)


def _plan_alone(
    tool: str, program: Program, plan: Plan, latency: int | None, latest: int | None, is_undecided: bool = False
) -> PlanFile:
    in_time = not is_undecided and latency is not None and (latest is None or latency <= latest)
    status = Status.SCHEDULABLE if in_time else Status.UNDECIDED
    return _file(tool, program, Claim(status, latency, None, Certified.FEASIBLE), plan, None)


def _file(tool: str, program: Program, claim: Claim, plan: Plan | None, certificate: Certificate | None) -> PlanFile:
    """A claim with its support, and how the stages of the plan keep progress."""
    kinds = () if plan is None else program.kinds(plan.stages)
    return PlanFile(tool, program.digest, claim, plan, certificate, preservation=kinds)
