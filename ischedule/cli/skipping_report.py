"""What is printed of the commits that a plan lists as skippable."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from ischedule.cli.figures import plural
from ischedule.models.case import Case
from ischedule.models.plan import Plan
from ischedule.models.program import Program
from ischedule.models.skippable import Skippable
from ischedule.models.skipping import why_none
from ischedule.models.storage import Slot
from ischedule.models.wake import Mechanism
from ischedule.skipping import commits_of, why_nothing


def skipping_facts(case: Case, program: Program, plan: Plan, listed: Sequence[Skippable]) -> Iterator[tuple[str, str]]:
    """How many commits may be skipped, of a device that sleeps between power cycles."""
    among = sum(run.repeat for run in plan.cycles) - 1
    if case.wake.mechanism is not Mechanism.SENSE or not among:
        return
    if listed:
        text = f"{commits(listed)} of {plural(among, 'commit')} but the last, asleep with the memory retained"
        yield "skippable", f"{text}; the latency holds with them and without"
        return
    yield "skippable", f"no commit: {why_nothing(case, program, plan, listed)}"


def commits(listed: Sequence[Skippable]) -> int:
    """How many commits a list holds."""
    return sum(one.last - one.first + 1 for one in listed)


def skipping_value(
    case: Case, program: Program, plan: Plan, listed: Sequence[Skippable], addresses: Mapping[Slot, int]
) -> dict[str, object]:
    """The same as a JSON value: why commits must be taken, each for one reason."""
    why = why_nothing(case, program, plan, listed)
    value: dict[str, object] = {"commits": commits(listed), "why_none": why}
    if why_none(case, program) is None:
        found = commits_of(case, program, plan, addresses)
        value |= {"of": found.among, "overwritten": found.overwritten, "without_reserve": found.unreserved}
    return value
