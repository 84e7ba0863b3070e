"""Which commits of a plan may be skipped: as many as the independent checker accepts, listed in its plan file."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

from ischedule.analysis.evaluate import Evaluation
from ischedule.analysis.layout_check import InvalidLayout
from ischedule.analysis.power_cycles import chains_of, power_cycles, thresholds_of
from ischedule.analysis.skip_check import Ending, conflicts, endings, require_room
from ischedule.models.case import Case
from ischedule.models.cycle_law import replay
from ischedule.models.plan import Plan
from ischedule.models.plan_file import PlanFile
from ischedule.models.program import Program
from ischedule.models.skippable import Skippable
from ischedule.models.skipping import reading_for, why_none
from ischedule.models.storage import Slot

ALIKE: Final = 10**6
"""Voltages (nanovolt) that one entry of the list may stand for: no finer than hardware usually reads them."""


@dataclass(frozen=True, slots=True)
class Commits:
    """The commits that may be skipped, of how many but the last; and for how many of the others the next power cycles
    overwrite what has been read, or no start leaves the reserve."""

    listed: tuple[Skippable, ...]
    among: int
    overwritten: int
    unreserved: int

    @property
    def count(self) -> int:
        """How many may be skipped."""
        return sum(one.last - one.first + 1 for one in self.listed)


NOT_ONE = "no power cycle leaves what a late commit would need in reserve, or the next ones overwrite what it has read"


def why_nothing(case: Case, program: Program, plan: Plan, listed: Sequence[Skippable]) -> str | None:
    """Why a runtime that skips commits takes all of them, None where it may skip some."""
    if listed:
        return None
    if sum(run.repeat for run in plan.cycles) == 1:
        return "the plan has one power cycle, and its commit publishes the result"
    return why_none(case, program) or NOT_ONE


def least_skipped(
    case: Case, program: Program, plan: Plan, evaluation: Evaluation, listed: Sequence[Skippable]
) -> tuple[int, int]:
    """Worst-case latency and drain of a plan whose listed commits are skipped where every start suffices.

    Others are counted as taken, though they may be skipped as well, which makes it no later.
    """
    chains = chains_of(program, plan)
    cycles = power_cycles(program, plan, chains)
    ends = endings(case, program, plan, chains, cycles)
    drains, needs = [cycle.drain for cycle in cycles], [cycle.need for cycle in cycles]
    thresholds = thresholds_of(program.law, plan.cycles, drains, needs)
    active = evaluation.atoms_time + evaluation.resume_time + evaluation.commit_time
    for one in listed:
        for number in range(one.first, one.last + 1) if one.start is None else ():
            drains[number - 1] = ends[number - 1].drain
            active -= cycles[number - 1].commit_time
    return active + replay(program.law, drains, thresholds).waiting, sum(drains)


def with_skips(case: Case, program: Program, file: PlanFile, plan: Plan) -> PlanFile:
    """The file with the commits of its plan that may be skipped."""
    if why_none(case, program) is not None:
        return file
    return replace(file, skippable=commits_of(case, program, plan, dict(file.addresses)).listed)


def commits_of(case: Case, program: Program, plan: Plan, addresses: Mapping[Slot, int]) -> Commits:
    """As many commits as may be skipped, of a case whose device can."""
    chains = chains_of(program, plan)
    cycles = power_cycles(program, plan, chains)
    ends = endings(case, program, plan, chains, cycles)
    readings = [_readings(case, program, end) for end in ends]
    taken = {number for number, found in enumerate(readings, 1) if found is None}
    unreserved = len(taken)
    take_between(taken, sorted(conflicts(program, plan, addresses, cycles), key=lambda pair: pair[1]))
    found = tuple(_listed(case, program, ends, taken))
    try:
        require_room(program, plan, addresses, len(found))
    except InvalidLayout:
        found = ()
    return Commits(found, len(ends), len(taken) - unreserved, unreserved)


def take_between(taken: set[int], pairs: Sequence[tuple[int, int]]) -> None:
    """Take the fewest commits more so that one lies between all pairs; pairs are in the order of their later ends.

    The last place is the best for each: it lies between most of the pairs that come after.
    """
    ordered = sorted(taken)
    latest, place = 0, 0
    for reader, writer in pairs:
        while place < len(ordered) and ordered[place] < writer:
            latest, place = max(latest, ordered[place]), place + 1
        if latest < reader:
            latest = writer - 1
            taken.add(latest)


def _readings(case: Case, program: Program, end: Ending) -> tuple[int, int | None] | None:
    """The voltage to read of the reserve, and of the start if not every start suffices; None where none does."""
    law, buffer = program.law, program.law.charging.buffer
    reserve = reading_for(case, program, end.need)
    start = buffer.reached_level(reserve) + law.upkeep.reserve + end.drain
    if start <= end.start:
        return reserve, None
    read = reading_for(case, program, start)
    return (reserve, read) if end.measures and read <= buffer.highest_voltage else None


def _listed(case: Case, program: Program, ends: Sequence[Ending], taken: set[int]) -> Iterator[Skippable]:
    """The commits that are not taken; those that follow one another are one entry where their voltages nearly agree."""
    open_entry: tuple[Skippable, Ending] | None = None
    for number, end in enumerate(ends, 1):
        readings = None if number in taken else _readings(case, program, end)
        one = None if readings is None else Skippable(number, number, *readings)
        joined = None if open_entry is None or one is None else _joined(case, program, *open_entry, one, end)
        if joined is not None:
            open_entry = joined
            continue
        if open_entry is not None:
            yield open_entry[0]
        open_entry = None if one is None else (one, end)
    if open_entry is not None:
        yield open_entry[0]


def _joined(
    case: Case, program: Program, before: Skippable, worst: Ending, one: Skippable, end: Ending
) -> tuple[Skippable, Ending] | None:
    """An entry for both, by the worst of what decides about them; None where that would skip much less."""
    both = Ending(
        min(worst.start, end.start),
        worst.measures and end.measures,
        max(worst.drain, end.drain),
        max(worst.need, end.need),
    )
    readings = _readings(case, program, both)
    if readings is None:
        return None
    found = Skippable(before.first, one.last, *readings)
    starts = {before.start, one.start, found.start}
    if None in starts:
        return (found, both) if starts == {None} else None
    values = [start for start in starts if start is not None]
    return (found, both) if max(values) - min(values) <= ALIKE else None
