"""The checker: whether a plan file's claim is true of a case, decided without any solver.

It recomputes what the plan costs and whether every power cycle fits and can be repeated, and lets the certificate prove
what is claimed of all other plans. Integers decide; the models are the scalar ones. An accepted claim is true of the
model; what the model takes for granted stands in the verdict.
"""

from __future__ import annotations

from dataclasses import dataclass

from ischedule.analysis.cover import Unproven
from ischedule.analysis.division import require_least, require_rank
from ischedule.analysis.evaluate import Evaluation, evaluate
from ischedule.analysis.layout_check import InvalidLayout, require_fit
from ischedule.analysis.power_cycles import InvalidPlan
from ischedule.analysis.progress import Tell, unheard
from ischedule.analysis.reach import require_bottleneck
from ischedule.analysis.skip_check import InvalidSkips, require_skippable, skipping_trust
from ischedule.analysis.trust import trusted_of
from ischedule.analysis.wear_check import require_wear
from ischedule.models.case import Case, Semantics, case_hash
from ischedule.models.diagnosis import Unschedulable
from ischedule.models.failures import least_allowance
from ischedule.models.goal import Criterion
from ischedule.models.plan import Bottleneck, Division, FewRuns, Least, Levels, Repeated, Status, UnderCurve, Weighed
from ischedule.models.plan_file import Certified, Claim, PlanFile
from ischedule.models.program import Program
from ischedule.models.rounding import late_beyond
from ischedule.models.stated import is_about_goal


@dataclass(frozen=True, slots=True)
class Verdict:
    """What the checker says of a plan file: accepted or not and why, the claim, the plan's figures, what is trusted."""

    accepted: bool
    reason: str
    claim: Claim
    evaluation: Evaluation | None
    trusted: tuple[str, ...]

    @property
    def latency(self) -> int | None:
        """The worst-case latency of the plan (ps), recomputed; None where there is no plan that holds."""
        return None if self.evaluation is None else self.evaluation.latency

    @property
    def bound(self) -> int | None:
        """What every plan spends at least of what counts first (latency: ps), None if no bound is proven."""
        return self.claim.bound if self.accepted else None

    @property
    def certified(self) -> Certified | None:
        """What is certified, None if the claim is rejected."""
        return self.claim.certified if self.accepted else None


class Rejected(Exception):
    """Why a claim is not accepted, in one sentence."""


def check(case: Case, program: Program | Unschedulable, file: PlanFile, tell: Tell = unheard) -> Verdict:
    """The verdict on a plan file for a case, given the case's program or the reason why it has none."""
    tell("checking the plan")
    evaluation = None
    try:
        if case.semantics is not Semantics.ISCHEDULE:
            raise Rejected(f"the case asks for the published semantics {case.semantics.value}, which are not certified")
        if file.case != case_hash(case) or (isinstance(program, Program) and program.digest != file.case):
            raise Rejected("the plan is for another case: its hash differs from the hash of the resolved case")
        if file.plan is None and file.skippable:
            raise Rejected("commits are listed as skippable, and there is no plan")
        if isinstance(program, Unschedulable):
            _require_unschedulable(program, file)
        else:
            evaluation = _evaluation(case, program, file)
            if file.plan is not None:
                if file.preservation != program.kinds(file.plan.stages):
                    raise Rejected("the stages of the plan keep progress in other ways than it says")
                require_fit(program, file.plan, dict(file.addresses))
                require_wear(program, file.plan, dict(file.addresses))
                require_skippable(case, program, file.plan, dict(file.addresses), file.skippable)
            require_claim(program, file, evaluation, latest(case, program), tell)
    except (Rejected, InvalidPlan, InvalidLayout, InvalidSkips, Unproven) as problem:
        return Verdict(False, str(problem), file.claim, evaluation, trusted_of(case, program))
    trusted = (*trusted_of(case, program), *skipping_trust(case, file.skippable))
    return Verdict(True, _holds(file.claim), file.claim, evaluation, trusted)


def latest(case: Case, program: Program) -> int | None:
    """The latest end of a latency that is allowed: the deadline, and for a periodic start the period."""
    ends = [end for end in (case.requirements.deadline, program.law.period) if end is not None]
    return min(ends, default=None)


def _evaluation(case: Case, program: Program, file: PlanFile) -> Evaluation | None:
    if file.plan is None:
        return None
    return evaluate(program, file.plan)


def _require_unschedulable(program: Unschedulable, file: PlanFile) -> None:
    """Without a program no plan exists, and the only claim that holds is this one, for the same reason."""
    claim, certificate = file.claim, file.certificate
    named = certificate.diagnosis if isinstance(certificate, Bottleneck) and certificate.stage == 0 else None
    if (claim.status, claim.certified) != (Status.UNSCHEDULABLE, Certified.INFEASIBLE) or file.plan is not None:
        raise Rejected(f"no plan exists at all: {program}")
    if (claim.latency, claim.bound, named) != (None, None, program.diagnosis.value):
        raise Rejected(f"no plan exists, but not for the reason that is given: {program}")


def require_claim(
    program: Program, file: PlanFile, evaluation: Evaluation | None, deadline: int | None, tell: Tell = unheard
) -> None:
    """Raise `Rejected` or `Unproven` unless the claim follows from the plan's figures and the certificate."""
    claim = file.claim
    latency = None if evaluation is None else evaluation.latency
    if claim.latency != latency:
        raise Rejected(f"the plan takes {_ps(latency)}, the claim is {_ps(claim.latency)}")
    if evaluation is not None:
        require_limits(program, evaluation)
    if program.law.curve is not None and not isinstance(file.certificate, UnderCurve | Bottleneck | None):
        raise Rejected("the certificate is about sums of prices, and under a supply curve plans take no such sum")
    if isinstance(file.certificate, Weighed | Division) and is_about_goal(file.certificate):
        if program.failures:
            raise Rejected("the certificate is about limits on what is spent, and failures are not part of those")
        _require_weighed(program, file, file.certificate, evaluation, deadline, tell)
        return
    value = file.certificate.value if isinstance(file.certificate, Least) else None
    if program.goal.first is not Criterion.LATENCY and value is not None:
        raise Rejected(f"the certificate is about latency, what counts first is {program.goal.first.value}")
    bound = None
    if value is not None:
        bound = value + program.law.offset + allowed_beside(program, file.certificate)
    if claim.bound != bound:
        raise Rejected(f"the certificate is about a bound of {_ps(bound)}, the claim is {_ps(claim.bound)}")
    _require_consistent(claim, latency, deadline, late_beyond(program, deadline), len(program.goal.order) > 1)
    if claim.certified is Certified.OPTIMAL and len(program.goal.order) > 1:
        raise Rejected("that no plan takes less time does not decide between plans that take as much")
    refuting = Bottleneck | Division | FewRuns | Levels | UnderCurve
    is_refutation = isinstance(file.certificate, refuting) and bound is None
    if is_refutation != (claim.certified is Certified.INFEASIBLE):
        raise Rejected("a bottleneck proves that no plan exists, and nothing else does")
    if isinstance(file.certificate, Least):
        require_least(program, file.certificate, tell)
    if isinstance(file.certificate, Bottleneck):
        require_bottleneck(program, file.certificate)


def allowed_beside(program: Program, proof: object) -> int:
    """What failures take at least beside what a proof is about, unless it is about them as well."""
    has_all = isinstance(proof, Repeated) or (isinstance(proof, UnderCurve) and proof.energy is None)
    return 0 if has_all else least_allowance(program)


def spent_of(evaluation: Evaluation, criterion: Criterion) -> int:
    """What a plan spends of a criterion by its exact figures."""
    return {
        Criterion.LATENCY: evaluation.latency,
        Criterion.ENERGY: evaluation.drain,
        Criterion.WRITTEN: evaluation.written,
        Criterion.CYCLES: evaluation.cycles,
    }[criterion]


def require_limits(program: Program, evaluation: Evaluation) -> None:
    """Raise `Rejected` unless a plan keeps the goal's limits; that of latency counts without the law's offset."""
    for criterion, most in program.goal.limits.items():
        most += program.law.offset if criterion is Criterion.LATENCY else 0
        spent = spent_of(evaluation, criterion)
        if spent > most:
            raise Rejected(f"the plan's {criterion.value} is {spent}, at most {most} is allowed")


def _require_weighed(
    program: Program,
    file: PlanFile,
    proof: Weighed | Division,
    evaluation: Evaluation | None,
    deadline: int | None,
    tell: Tell,
) -> None:
    """Raise `Rejected` or `Unproven` unless the claim follows from a proof about plans that keep the goal's limits."""
    claim, goal = file.claim, program.goal
    rank, offset = require_rank(program, proof, tell), program.law.offset
    bound = None if rank is None else rank[0]
    if bound is not None and goal.first is Criterion.LATENCY:
        bound += offset
    if claim.bound != bound:
        raise Rejected(f"the certificate is about a bound of {bound}, the claim is {claim.bound}")
    spent = None if evaluation is None else [spent_of(evaluation, criterion) for criterion in goal.order]
    if bound is None and claim.certified is not Certified.INFEASIBLE:
        raise Rejected("no plan keeps the limits, and the claim is another")
    latest_end = deadline if goal.first is Criterion.LATENCY else None
    late = late_beyond(program, latest_end)
    _require_consistent(claim, None if spent is None else spent[0], latest_end, late, len(goal.order) > 1)
    if claim.certified is Certified.INFEASIBLE and (bound is not None or file.plan is not None):
        raise Rejected("the certificate does not prove that no plan keeps the limits")
    if claim.certified is Certified.OPTIMAL and len(goal.order) > 1:
        places = [offset if criterion is Criterion.LATENCY else 0 for criterion in goal.order]
        is_whole = rank is not None and len(rank) == len(places)
        best = [one + more for one, more in zip(rank or (), places, strict=True)] if is_whole else None
        if best != spent:
            raise Rejected(f"the plan spends {spent}, the best one {best}")


def _require_consistent(
    claim: Claim, value: int | None, deadline: int | None, late: int | None, ties: bool = False
) -> None:
    """Raise `Rejected` unless what is called certified follows from plan, bound and deadline.

    The value is what the plan spends of what counts first, which the bound is about; one beyond ``late`` excludes that
    any plan meets the deadline. ``ties`` says that more than that counts, so that a plan that attains the bound need
    not be the best.
    """
    latency, bound = claim.latency, claim.bound
    holds = {
        Certified.OPTIMAL: value is not None and bound == value,
        Certified.WITHIN: value is not None and bound is not None and (bound < value or (ties and bound == value)),
        Certified.FEASIBLE: latency is not None and bound is None,
        Certified.INFEASIBLE: latency is None and bound is None,
        Certified.DEADLINE: bound is not None and late is not None and bound > late,
    }
    if not holds[claim.certified]:
        figures = f"plan {value}, bound {bound}, deadline {_ps(deadline)}"
        raise Rejected(f"{claim.certified.value} does not follow from {figures}")
    allowed = _STATUS[claim.certified]
    if claim.status not in allowed:
        raise Rejected(f"what is certified {claim.certified.value} is not {claim.status.value}")
    if claim.status is Status.SCHEDULABLE and deadline is not None and (latency is None or latency > deadline):
        raise Rejected(f"the plan takes {_ps(latency)}, the deadline is {_ps(deadline)}")


_STATUS = {
    Certified.OPTIMAL: (Status.SCHEDULABLE,),
    Certified.WITHIN: (Status.SCHEDULABLE, Status.UNDECIDED),
    Certified.FEASIBLE: (Status.SCHEDULABLE, Status.UNDECIDED),
    Certified.INFEASIBLE: (Status.UNSCHEDULABLE,),
    Certified.DEADLINE: (Status.UNSCHEDULABLE,),
}


def _ps(value: int | None) -> str:
    return "none" if value is None else f"{value} ps"


def _holds(claim: Claim) -> str:
    """The accepted claim in one sentence."""
    return {
        Certified.OPTIMAL: "the plan meets every condition, and none takes less time",
        Certified.WITHIN: "the plan meets every condition, and none takes less time than the bound",
        Certified.FEASIBLE: "the plan meets every condition",
        Certified.INFEASIBLE: "no plan meets every condition",
        Certified.DEADLINE: "every plan takes longer than the deadline",
    }[claim.certified]
