"""The plan of a case beside what the policies of the literature would do with it, under the same guaranteed supply.

The plan's latency is certified. That of a policy is what it takes if everything costs what is stated, every power cycle
waits for a full buffer, and nothing is harvested while it runs: a figure to compare with, and no bound.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, replace

from ischedule.api import Progress, Result, solve
from ischedule.models.case import Case, Semantics
from ischedule.models.diagnosis import Unschedulable
from ischedule.models.errors import InputError
from ischedule.models.plan_file import Certified
from ischedule.models.program import Program
from ischedule.policies.execution import Execution
from ischedule.policies.outcome import NoProgress, outcome, recharge
from ischedule.policies.policy import Policy
from ischedule.policies.registry import POLICIES, tried
from ischedule.policies.workload import Workload
from ischedule.skipping import least_skipped, why_nothing

PLAN = "ischedule"
"""What the row of this project's plan is called."""

SKIPPING = "ischedule-skipping"
"""What that is called whose runtime skips the commits that the plan lists."""


@dataclass(frozen=True)
class Row:
    """One way to run a case: what it takes, in picoseconds, units of the buffer and bytes; None where it never ends.

    `written` is None where the case does not say what its tasks write. `again` is what is drained by work that is run
    again. `guarantee` says what is certified, or why nothing is.
    """

    name: str
    latency: int | None
    amount: int | None
    cycles: int | None
    written: int | None
    again: int | None
    certified: bool
    guarantee: str
    is_internal: bool = False
    """Whether it keeps all values in a memory of other figures than the plan's."""


@dataclass(frozen=True)
class Comparison:
    """The plan first, then the policies that have a meaning for the case; and why others have none."""

    result: Result
    rows: tuple[Row, ...]
    inapplicable: tuple[tuple[str, str], ...]


def names() -> list[str]:
    """What a plan can be compared with: itself with commits skipped, and the policies of the literature."""
    return [SKIPPING, *(policy.name for policy in POLICIES)]


def compare(
    case: Case,
    chosen: Collection[str] = (),
    time_limit: float | None = None,
    progress: Progress | None = None,
) -> Comparison:
    """The case under its plan and under policies: all of them, or those that are named."""
    if case.semantics is not Semantics.ISCHEDULE:
        raise InputError(case.source, "$.semantics", case.semantics.value, "has no plan", 'write "ischedule"')
    unknown = sorted(set(chosen) - set(names()))
    if unknown:
        raise InputError("command line", "--policy", unknown[0], "is no policy", f"write {', '.join(names())}")
    result = solve(case, time_limit, progress)
    rows: list[Row] = [_of_plan(result)]
    others: list[tuple[str, str]] = []
    if not chosen or SKIPPING in chosen:
        _add(_of_skipping(result, rows[0]), SKIPPING, rows, others)
    try:
        workload = Workload.of(case)
    except Unschedulable as reason:
        found = [(policy.name, str(reason)) for policy in POLICIES if not chosen or policy.name in chosen]
        return Comparison(result, tuple(rows), (*others, *found))
    for policy in POLICIES:
        if chosen and policy.name not in chosen:
            continue
        if progress is not None:
            progress(f"counting {policy.name}")
        _add(_of_policy(policy, workload), policy.name, rows, others)
    return Comparison(result, tuple(rows), tuple(others))


def _add(found: Row | str, name: str, rows: list[Row], others: list[tuple[str, str]]) -> None:
    """A row where there is one, else why there is none."""
    if isinstance(found, Row):
        rows.append(found)
    else:
        others.append((name, found))


def _of_skipping(result: Result, planned: Row) -> Row | str:
    """The bound on the plan whose commits are skipped, or why it is the plan itself."""
    program, plan, file = result.program, result.plan, result.plan_file
    if not isinstance(program, Program) or plan is None or file is None or result.evaluation is None:
        return "there is no plan"
    why = why_nothing(result.case, program, plan, file.skippable)
    if why is not None:
        return why
    latency, drain = least_skipped(result.case, program, plan, result.evaluation, file.skippable)
    said = (
        "no later than the plan, whose certificate covers it; counted with those commits skipped that every start "
        "allows for (others make it earlier by what --trace shows)"
    )
    return replace(planned, name=SKIPPING, latency=latency, amount=drain, guarantee=said)


def _of_plan(result: Result) -> Row:
    evaluation = result.evaluation
    said = {
        None: "not certified",
        Certified.OPTIMAL: "certified optimal",
        Certified.WITHIN: "certified within a gap",
        Certified.FEASIBLE: "certified",
        Certified.INFEASIBLE: "certified: no plan exists",
        Certified.DEADLINE: "certified: every plan is late",
    }[result.kind]
    if evaluation is None:
        return Row(PLAN, None, None, None, None, None, result.certified, said)
    written = evaluation.written or None
    # what failures are allowed for is no part of what policies are taken to meet
    latency = evaluation.latency - evaluation.failures
    return Row(PLAN, latency, evaluation.drain, evaluation.cycles, written, 0, result.certified, said)


def _of_policy(policy: Policy, workload: Workload) -> Row | str:
    execution = tried(policy, workload)
    if not isinstance(execution, Execution):
        return execution
    guarantee = execution.guarantee
    written = execution.totals().traffic.bytes_written or None
    try:
        found = outcome(execution, workload.law)
    except NoProgress as reason:
        return Row(policy.name, None, None, None, written, None, False, str(reason), policy.is_internal)
    law, latency = workload.law, found.latency
    if law.recharge_target is not None:
        # the latency ends with the buffer back at its starting level
        latency += recharge(law, found.left)
    return Row(
        policy.name,
        latency,
        found.drained,
        found.cycles,
        written,
        found.run_again,
        guarantee.certified,
        guarantee.reason,
        policy.is_internal,
    )
