"""What a case asks of its plans besides latency: limits and objectives, with which not every case is decided."""

from __future__ import annotations

from ischedule.models.case import Case
from ischedule.models.errors import InputError
from ischedule.models.goal import PLAIN


def asked_beyond_latency(case: Case) -> list[tuple[str, object]]:
    """Where it is asked in the case, and what."""
    asked = case.requirements
    given: list[tuple[str, object]] = [
        (f"$.requirements.{name}", value)
        for name, value in (
            (case.coordinate.value, asked.amount),
            ("written", asked.written),
            ("power_cycles", asked.power_cycles),
            ("writes_per_byte", asked.writes_per_byte),
            ("table_size", asked.table_size),
        )
        if value is not None
    ]
    if case.objective != PLAIN.order:
        given.append(("$.objective", [criterion.value for criterion in case.objective]))
    return given


def require_latency_alone(case: Case, problem: str, remedy: str) -> None:
    """Raise `InputError` where more is asked."""
    for path, value in asked_beyond_latency(case):
        raise InputError(case.source, path, value, problem, remedy)
