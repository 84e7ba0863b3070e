"""What is known about a case after solving it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from fractions import Fraction
from functools import cached_property
from typing import TYPE_CHECKING

from ischedule.analysis.check import Verdict, latest, spent_of
from ischedule.analysis.evaluate import Evaluation
from ischedule.analysis.need_shortage import need_shortage
from ischedule.analysis.shortage import (
    Shortage,
    deadline_shortage,
    division_shortage,
    limit_shortage,
    refusal_shortage,
    shortage_of,
    table_shortage,
)
from ischedule.compat.exploration import Exploration
from ischedule.models.case import Case
from ischedule.models.diagnosis import Diagnosis, Unschedulable
from ischedule.models.plan import Bottleneck, Division, FewRuns, Levels, Plan, Status, Weighed
from ischedule.models.plan_file import Certified, PlanFile
from ischedule.models.program import Program

if TYPE_CHECKING:
    from ischedule.memory import PackedMemory


@dataclass(frozen=True)
class Result:
    """What is known about a case after solving it.

    `program` is the reason where the case has none. `verdict` is the checker's on `plan_file`; both are missing where
    a limit was reached before anything was found, and for published semantics, where `exploration` is the outcome.
    `note` says why less is claimed than could be, if so.
    """

    case: Case
    status: Status
    program: Program | Unschedulable | None
    plan_file: PlanFile | None
    verdict: Verdict | None
    note: str | None = None
    exploration: Exploration | None = None

    @property
    def certified(self) -> bool:
        """Whether the independent checker accepted the claim."""
        return self.verdict is not None and self.verdict.accepted

    @property
    def kind(self) -> Certified | None:
        """What is certified, None if nothing is."""
        return None if self.verdict is None else self.verdict.certified

    @property
    def plan(self) -> Plan | None:
        """The best plan found; it meets the deadline only where the case is schedulable."""
        return None if self.plan_file is None else self.plan_file.plan

    @property
    def evaluation(self) -> Evaluation | None:
        """The plan's exact figures."""
        return None if self.verdict is None else self.verdict.evaluation

    @property
    def latency(self) -> int | None:
        """The plan's worst-case latency in picoseconds."""
        return None if self.verdict is None else self.verdict.latency

    @property
    def bound(self) -> int | None:
        """What every plan spends at least of what counts first (latency: ps), None if no bound is proven."""
        return None if self.verdict is None else self.verdict.bound

    @property
    def gap(self) -> Fraction | None:
        """By which part of the bound the plan may exceed the best one at most: 0 for an optimal plan."""
        if self.spent is None or not self.bound or self.bound < 0:
            return None
        return Fraction(self.spent - self.bound, self.bound)

    @property
    def spent(self) -> int | None:
        """What the plan spends of the criterion that counts first, which the bound is about."""
        return None if self.evaluation is None else spent_of(self.evaluation, self.case.objective[0])

    @cached_property
    def shortage(self) -> Shortage | None:
        """What keeps every plan from existing, or from being in time, None where nothing is known to."""
        if isinstance(self.program, Unschedulable):
            return refusal_shortage(self.case, self.program)
        if self.status is not Status.UNSCHEDULABLE or self.program is None or self.plan_file is None:
            return None
        certificate = self.plan_file.certificate
        if isinstance(certificate, Weighed) and self.kind is Certified.INFEASIBLE:
            return limit_shortage(self.case, self.program, certificate)
        if isinstance(certificate, Bottleneck):
            found = shortage_of(self.case, self.program, certificate)
            return replace(found, diagnosis=Diagnosis(certificate.diagnosis))
        if isinstance(certificate, Division) and self.kind is Certified.INFEASIBLE:
            return division_shortage(self.program, certificate)
        if isinstance(certificate, Levels) and self.kind is Certified.INFEASIBLE:
            return need_shortage(self.case, self.program, certificate)
        if isinstance(certificate, FewRuns) and self.kind is Certified.INFEASIBLE:
            return table_shortage(self.program)
        end = latest(self.case, self.program)
        return None if self.bound is None or end is None else deadline_shortage(self.bound, end)

    @cached_property
    def memory(self) -> PackedMemory | None:
        """Addresses in non-volatile memory for the plan's buffers, None for tasks or without a plan."""
        from ischedule.memory import packed_memory

        if self.plan is None or not isinstance(self.program, Program):
            return None
        return packed_memory(self.program, self.plan)

    @property
    def deadline(self) -> int | None:
        """The deadline of the case in picoseconds."""
        return self.case.requirements.deadline
