"""The plan of a case beside what the policies of the literature would do with it, under the same guaranteed supply.

The plan's latency is certified. That of a policy is what it takes if everything costs what is stated, every power cycle
waits for a full buffer, and nothing is harvested while it runs: a figure to compare with, and no bound.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from ischedule.api import Progress, Result, solve
from ischedule.models.case import Case, Semantics
from ischedule.models.diagnosis import Unschedulable
from ischedule.models.errors import InputError
from ischedule.models.plan_file import Certified
from ischedule.policies.execution import Execution
from ischedule.policies.outcome import NoProgress, outcome, recharge
from ischedule.policies.policy import Policy
from ischedule.policies.registry import POLICIES, tried
from ischedule.policies.workload import Workload

PLAN = "ischedule"
"""What the row of this project's plan is called."""


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
    """The policies that a case can be compared with."""
    return [policy.name for policy in POLICIES]


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
    rows, others = [_of_plan(result)], []
    try:
        workload = Workload.of(case)
    except Unschedulable as reason:
        return Comparison(result, tuple(rows), tuple((name, str(reason)) for name in chosen or names()))
    for policy in POLICIES:
        if chosen and policy.name not in chosen:
            continue
        if progress is not None:
            progress(f"counting {policy.name}")
        found = _of_policy(policy, workload)
        if isinstance(found, Row):
            rows.append(found)
        else:
            others.append((policy.name, found))
    return Comparison(result, tuple(rows), tuple(others))


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
