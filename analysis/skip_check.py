"""Whether the commits that a plan lists may be skipped: no result and no certified latency depends on them.

A power failure after skipped commits undoes all power cycles since the last commit that was taken, and they run again
from there. So within every run of cycles that listed commits join, nothing may be written that a cycle of it has read
and that was there before: then running them again gives the same values, as for one cycle (`accesses`). This must hold
for whichever of the listed commits are taken, hence for what each cycle reads from before it, and all cycles behind it.

    results and sums   a cycle that reads stored sums, and a later one that stores sums or results in their place, which
                       may be in the same region: some commit between the two is not listed
    addresses          a cycle that touches a buffer, and a later one that writes another which shares a byte with it
                       (it lives until the publish of the cycle that reads it last, and that publish may be skipped)

Explicit tasks may be joined to any power cycle by any plan, so that the trust in their being repeated covers runs.

Latency. Within the assumptions the guaranteed supply is stronger than sleeping and measuring at every level. A cycle
whose commit is skipped has left, for certain, what is surely read as its reserve, and the level only rises until the
next cycle begins: no commit ever comes late. So a run with skips is one in which some commits take neither energy nor
time, and the next cycle begins with no more than it is planned to; consuming less makes no plan later.

Outside of them (the supply fails while the device sleeps) the latency promise is void with or without skipping. The
reserve keeps the work: the level was enough at the last measurement, and a period of sleep later there still is enough
to wake and commit, though nothing comes in.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import accumulate, pairwise

from ischedule.analysis.accesses import passes
from ischedule.analysis.layout_check import (
    Fault,
    InvalidLayout,
    bytes_of_tables,
    overlapping,
    ranges_of,
    require_fit,
    side_by_side,
)
from ischedule.analysis.power_cycles import Cycle, chains_of, power_cycles, thresholds_of
from ischedule.models.case import Case
from ischedule.models.chain import Chain
from ischedule.models.cycle_law import CycleLaw
from ischedule.models.plan import Plan
from ischedule.models.program import ExplicitStage, Program, TiledStage
from ischedule.models.skippable import Skippable
from ischedule.models.skipping import late_commit_of, step_of, why_none
from ischedule.models.storage import TABLES, Slot
from ischedule.models.tiling import Tiling, stores_partial_sums
from ischedule.models.workload import explicit_tasks


class InvalidSkips(Exception):
    """Why a commit that is listed must not be skipped, in one sentence."""


@dataclass(frozen=True, slots=True)
class Ending:
    """What decides about the commit after a power cycle: the level at which the cycle starts for certain, and whether
    the device measures then; what it drains but for the commit, and what must be stored for that to come late."""

    start: int
    measures: bool
    drain: int
    need: int


def require_skippable(
    case: Case, program: Program, plan: Plan, addresses: Mapping[Slot, int], listed: Sequence[Skippable]
) -> None:
    """Raise `InvalidSkips` unless the commits that are listed may be skipped in a valid plan."""
    if not listed:
        return
    why = why_none(case, program)
    if why is not None:
        raise InvalidSkips(why)
    chains = chains_of(program, plan)
    cycles = power_cycles(program, plan, chains)
    _require_ranges(listed, len(cycles))
    require_room(program, plan, addresses, len(listed))
    skipped = {number for one in listed for number in range(one.first, one.last + 1)}
    overwritten = first_overwritten(program, plan, addresses, cycles, skipped)
    if overwritten is not None:
        text = "cycle {1} overwrites what cycle {0} has read or written".format(*overwritten)
        raise InvalidSkips(f"{text}, and every commit between them may be skipped")
    ends = endings(case, program, plan, chains, cycles)
    for one in listed:
        for number in range(one.first, one.last + 1):
            _require_reserve(case, program.law, number, ends[number - 1], one)


def skipping_trust(case: Case, listed: Sequence[Skippable]) -> Iterator[str]:
    """What is trusted besides where commits may be skipped."""
    if not listed:
        return
    yield "volatile memory keeps what it holds while the device sleeps after a skipped commit"
    if explicit_tasks(case) is not None:
        yield "power cycles whose commits are skipped can be repeated together, as one with all of their tasks could be"


def _require_ranges(listed: Sequence[Skippable], cycles: int) -> None:
    before = 0
    for one in listed:
        if not before < one.first <= one.last < cycles:
            text = f"cycles {one.first} to {one.last} are listed after cycle {before}, there are {cycles}"
            raise InvalidSkips(f"{text}, and the last one publishes the result")
        before = one.last


def require_room(program: Program, plan: Plan, addresses: Mapping[Slot, int], entries: int) -> None:
    """Raise `InvalidLayout` unless the tables have room for so many entries of the list."""
    taken = entries * TABLES.run
    slots = addresses or (side_by_side(program, plan) if program.storage is not None else {})
    tables = bytes_of_tables(program, plan, slots) + taken
    if program.table_size is not None and tables > program.table_size:
        raise InvalidLayout(Fault.TABLES, f"with the skippable commits they take {tables} B")
    used = require_fit(program, plan, addresses)
    if used is not None and program.storage is not None and used + taken > program.storage.available:
        raise InvalidLayout(Fault.TABLES, "there is no room for the list of skippable commits")


def _require_reserve(case: Case, law: CycleLaw, number: int, end: Ending, one: Skippable) -> None:
    buffer, step = law.charging.buffer, step_of(case)
    if one.reserve % step or (one.start or 0) % step:
        raise InvalidSkips(f"after cycle {number} a voltage is to be read between two steps of the hardware")
    held = buffer.guaranteed_level(one.reserve)
    if held < end.need:
        raise InvalidSkips(f"after cycle {number} {held} are held in reserve, a late commit needs {end.need}")
    start = end.start
    if one.start is not None:
        if not end.measures:
            raise InvalidSkips(f"cycle {number} begins without having measured anything")
        start = max(start, buffer.guaranteed_level(one.start))
    left = start - law.upkeep.reserve - end.drain
    surely = buffer.reached_level(one.reserve)
    if left < surely:
        text = f"cycle {number} leaves {left} before its commit"
        raise InvalidSkips(f"{text}, and the reserve is surely read from {surely} on")


def endings(case: Case, program: Program, plan: Plan, chains: Sequence[Chain], cycles: Sequence[Cycle]) -> list[Ending]:
    """What decides about each commit but the last."""
    law, late = program.law, late_commit_of(case, program)
    drains, needs = [cycle.drain for cycle in cycles], [cycle.need for cycle in cycles]
    thresholds = thresholds_of(law, plan.cycles, drains, needs)
    firsts = [0, *accumulate(map(len, chains))]
    found = []
    for index, (cycle, threshold) in enumerate(zip(cycles[:-1], thresholds[:-1], strict=True)):
        following = cycles[index + 1]
        commit = int(chains[cycle.last_stage].commit_drain[cycle.end - 1 - firsts[cycle.last_stage]])
        opening = chains[following.first_stage]
        begin = int(opening.resume_drain[following.start - firsts[following.first_stage]])
        start, measures = threshold.level, True
        if index == 0:
            start, measures = max(start if law.head.waits else 0, law.head.level), law.head.waits
        found.append(Ending(start, measures, cycle.drain - commit, late.need(begin, commit)))
    return found


def first_overwritten(
    program: Program, plan: Plan, addresses: Mapping[Slot, int], cycles: Sequence[Cycle], skipped: Collection[int]
) -> tuple[int, int] | None:
    """A power cycle, and a later one that overwrites what it has read, where the commits of all between are skipped."""
    for reader, writer in conflicts(program, plan, addresses, cycles):
        if all(number in skipped for number in range(reader, writer)):
            return reader, writer
    return None


def conflicts(
    program: Program, plan: Plan, addresses: Mapping[Slot, int], cycles: Sequence[Cycle]
) -> Iterator[tuple[int, int]]:
    """Pairs of power cycles (counted from 1) between which some commit must be taken: the later one writes where the
    earlier one has read or written. For each that writes, the last one before it."""
    yield from _sums(program, plan, cycles)
    if program.storage is None:
        return
    addresses = addresses or side_by_side(program, plan)
    ranges = ranges_of(program, addresses)
    sharing = {slot: list(overlapping(slot, ranges)) for slot in ranges}
    touched: dict[Slot, int] = {}
    for number, cycle in enumerate(cycles, 1):
        stages = plan.stages[cycle.first_stage : cycle.last_stage + 1]
        written = {slot for stage in stages for slot in _written(program, stage, addresses)}
        for slot in written:
            readers = [touched[other] for other in sharing[slot] if other in touched]
            if readers and max(readers) < number:
                yield max(readers), number
        touched |= dict.fromkeys(written, number)
        touched |= {Slot(tensor): number for stage in stages for tensor in program.storage.stages[stage].reads}


def _written(program: Program, stage: int, addresses: Mapping[Slot, int]) -> list[Slot]:
    assert program.storage is not None
    others = [slot for slot in addresses if slot.stage == stage]
    return [Slot(program.storage.stages[stage].writes), *others]


def _sums(program: Program, plan: Plan, cycles: Sequence[Cycle]) -> Iterator[tuple[int, int]]:
    """The pairs that belong to stored sums; of an explicit stage nothing is known but how many regions it takes."""
    first = 0
    for place, (index, design) in enumerate(zip(plan.stages, plan.designs, strict=True)):
        stage = program.stages[index]
        inside = [number for number, cycle in enumerate(cycles, 1) if cycle.first_stage <= place <= cycle.last_stage]
        if isinstance(stage, ExplicitStage):
            assert isinstance(design, int), "an explicit stage's design is a number"
            regions = program.storage.stages[index].regions if program.storage is not None else ()
            if regions and regions[design] > 1:
                yield from pairwise(inside)
            first += len(stage.chain(design))
            continue
        assert isinstance(design, Tiling), "a tiled stage's design is a tiling"
        yield from _stored(stage, design, first, [(number, cycles[number - 1].end) for number in inside])
        first += len(stage.chain(design))


def _stored(
    stage: TiledStage, design: Tiling, first: int, inside: Sequence[tuple[int, int]]
) -> Iterator[tuple[int, int]]:
    """Each cycle that reads sums which an earlier one has stored, and the next one that stores anew in their place."""
    extent = stage.forms[design.form]
    if not stores_partial_sums(extent, design):
        return
    last: dict[int, int] = {}
    read: dict[int, int] = {}
    ends = iter(inside)
    number, end = next(ends)
    fresh = True
    for atom, one in enumerate(passes(extent, design), first):
        if atom >= end:
            number, end = next(ends)
            fresh = True
        if one.results in read and read[one.results] < number:
            yield read.pop(one.results), number
        if one.reads and (fresh or not one.keeps) and last.get(one.results) != number:
            read[one.results] = number
        last[one.results] = number
        fresh = False
