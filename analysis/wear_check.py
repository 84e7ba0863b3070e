"""How often a plan writes each byte of non-volatile memory in one inference: found by going through its passes.

Every power cycle writes a progress record and the head that names it, or ends where a footprint has counted. Every pass
over results writes them to one of their regions, to another than the one that it reads; which one, is left to the
runtime, so that each region is counted as often as it could be chosen. The network's input is written once, by whoever
makes it; weights and tables never. What shares a byte adds up there.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import accumulate

from ischedule.analysis.accesses import Pass, passes
from ischedule.analysis.layout_check import Fault, InvalidLayout, kept_by, side_by_side, slot_name
from ischedule.models.plan import Plan
from ischedule.models.preservation import Kind
from ischedule.models.program import ExplicitStage, Program
from ischedule.models.storage import Slot
from ischedule.models.tiling import Tiling, stores_partial_sums

RECORDS = "the progress records"
COUNTER = "the counter of footprints"


@dataclass(frozen=True, slots=True)
class Wear:
    """The most that any byte is written in one inference, and what lies there."""

    writes: int
    names: tuple[str, ...]

    def __str__(self) -> str:
        return " and ".join(self.names)


def require_wear(program: Program, plan: Plan, addresses: Mapping[Slot, int]) -> Wear | None:
    """Raise `InvalidLayout` if a byte is written more often than is allowed; the most worn one otherwise.

    Without addresses every buffer has memory of its own. None where nobody says what is kept.
    """
    if program.storage is None:
        return None
    found = wear_of(program, plan, addresses or side_by_side(program, plan))
    allowed = program.storage.writes_per_byte
    if allowed is not None and found.writes > allowed:
        raise InvalidLayout(Fault.WORN, f"{found} takes {found.writes} writes of a byte, {allowed} are allowed")
    return found


def wear_of(program: Program, plan: Plan, addresses: Mapping[Slot, int]) -> Wear:
    """The most worn byte of a valid plan's records and buffers."""
    storage = kept_by(program)
    written = {
        stage: _times_written(program, stage, design) for stage, design in zip(plan.stages, plan.designs, strict=True)
    }
    times: dict[Slot, int] = {}
    for slot in addresses:
        if slot.stage is not None:
            times[slot] = written[slot.stage]
            continue
        writers = [number for stage, number in written.items() if storage.stages[stage].writes == slot.tensor]
        times[slot] = max(writers, default=1)
    found = max(_of_progress(program, plan), key=lambda wear: wear.writes)
    for address in addresses.values():
        here = [slot for slot, begin in addresses.items() if begin <= address < begin + (_size(program, slot))]
        total = sum(times[slot] for slot in here)
        if total > found.writes:
            found = Wear(total, tuple(slot_name(program, slot) for slot in here))
    return found


def _of_progress(program: Program, plan: Plan) -> Iterator[Wear]:
    """How often records and counters are written: a layer of another kind begins with a record, and commits none."""
    records = sum(run.repeat for run in plan.cycles)
    if not program.kinds(plan.stages):
        yield Wear(records, (RECORDS,))
        return
    ends = set(accumulate(run.atoms for run in plan.cycles for _ in range(run.repeat)))
    start = counted = 0
    for number, design in zip(plan.stages, plan.designs, strict=True):
        stage = program.stages[number]
        end = start + len(stage.chain(design))  # type: ignore[arg-type]
        if stage.kind is not Kind.RECORD:
            counted += end - start if stage.kind is Kind.FOOTPRINT else 0
            records += 1 - len(ends.intersection(range(start + 1, end)))
        start = end
    yield Wear(records, (RECORDS,))
    yield Wear(counted, (COUNTER,))


def _size(program: Program, slot: Slot) -> int:
    storage = kept_by(program)
    return storage.tensors[slot.tensor] if slot.stage is None else storage.stages[slot.stage].region


def _times_written(program: Program, index: int, design: object) -> int:
    """How often a byte is written at most of any region of a stage's results."""
    stage, kept = program.stages[index], kept_by(program).stages[index]
    if isinstance(stage, ExplicitStage):
        assert isinstance(design, int), "an explicit stage's design is a number"
        return kept.wear[design] if kept.wear else 1
    assert isinstance(design, Tiling), "a tiled stage's design is a tiling"
    extent = stage.forms[design.form]
    return most_written(passes(extent, design)) if stores_partial_sums(extent, design) else 1


def most_written(every: Iterable[Pass]) -> int:
    """The most passes over some results that may write to one region.

    For each results: how many it has taken if the last pass wrote to it, and if that wrote elsewhere. A pass that must
    read the sums from memory writes to another region than the last one did; others may write there again.
    """
    counts: dict[int, tuple[int, int]] = {}
    for one in every:
        here, elsewhere = counts.get(one.results, (0, 0))
        before = elsewhere if one.reads and not one.keeps else max(here, elsewhere)
        counts[one.results] = before + 1, max(here, elsewhere)
    return max(max(pair) for pair in counts.values())
