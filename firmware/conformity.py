"""Whether firmware did what its plan says: power cycles, levels, atoms in order, and where each atom wrote."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import accumulate

from ischedule.analysis.power_cycles import chains_of
from ischedule.firmware.boards.outcome import Event
from ischedule.firmware.boards.trace import Disorder, executed
from ischedule.models.plan import Plan
from ischedule.models.program import Program
from ischedule.models.storage import Slot


@dataclass(frozen=True, slots=True)
class Planned:
    """A plan as firmware should carry it out.

    ``cycles`` are (code of the level, atoms). ``ends`` are the numbers of atoms at the end of each stage, ``places``
    the ranges of bytes that each of them may write, the tensor's first.
    """

    cycles: tuple[tuple[int, tuple[int, ...]], ...]
    ends: tuple[int, ...]
    places: tuple[tuple[range, ...], ...]

    def stage_of(self, atom: int) -> int:
        """The stage of an atom, by its place in the plan."""
        return next(stage for stage, end in enumerate(self.ends) if atom < end)


def planned(program: Program, plan: Plan, codes: Sequence[int], addresses: Mapping[Slot, int]) -> Planned:
    """What a valid plan of a network says."""
    cycles, atom = [], 0
    for run, code in zip(plan.cycles, codes, strict=True):
        for _ in range(run.repeat):
            cycles.append((code, tuple(range(atom, atom + run.atoms))))
            atom += run.atoms
    storage = program.storage
    assert storage is not None, "a network says what it keeps"
    places = []
    for stage in plan.stages:
        kept = storage.stages[stage]
        tensor = addresses[Slot(kept.writes)]
        regions = sorted(address for slot, address in addresses.items() if slot.stage == stage)
        ranges = [range(address, address + kept.region) for address in regions]
        places.append((range(tensor, tensor + storage.tensors[kept.writes]), *ranges))
    ends = tuple(accumulate(len(chain) for chain in chains_of(program, plan)))
    return Planned(tuple(cycles), ends, tuple(places))


def deviation(plan: Planned, events: Sequence[Event]) -> str | None:
    """The first thing that a run which reports its writes did otherwise, None where it did as planned."""
    try:
        done = [(level, tuple(atoms)) for level, atoms in executed(events)]
    except Disorder as error:
        return str(error)
    for number, (found, expected) in enumerate(zip(done, plan.cycles, strict=False), 1):
        if found != expected:
            return f"power cycle {number} is {found}, planned is {expected}"
    if len(done) != len(plan.cycles):
        return f"{len(done)} power cycles are run, {len(plan.cycles)} are planned"
    return _stray(plan, events) or _unwritten(plan, events)


def _writes(events: Iterable[Event]) -> Iterable[tuple[int, range]]:
    """Each write of an atom into the memory of the buffers, and the atom's number."""
    atom = None
    for event in events:
        if event.kind == "A":
            atom = event.numbers[0]
        elif event.kind in "CBI":
            atom = None
        elif event.kind == "W" and atom is not None and event.numbers[0] == 0:
            yield atom, range(event.numbers[1], event.numbers[1] + event.numbers[2])


def _stray(plan: Planned, events: Sequence[Event]) -> str | None:
    least = min(place.start for places in plan.places for place in places)
    most = max(place.stop for places in plan.places for place in places)
    for atom, written in _writes(events):
        if written.stop <= least or written.start >= most:
            continue  # progress, which is no buffer
        places = plan.places[plan.stage_of(atom)]
        if not any(place.start <= written.start and written.stop <= place.stop for place in places):
            return f"atom {atom} writes bytes {written.start} to {written.stop - 1}, none of its layer's buffers"
    return None


def _unwritten(plan: Planned, events: Sequence[Event]) -> str | None:
    """Every byte of a tensor is written by the layers that make it."""
    left: dict[range, set[int]] = {places[0]: set(places[0]) for places in plan.places}
    for atom, written in _writes(events):
        tensor = plan.places[plan.stage_of(atom)][0]
        left[tensor].difference_update(written)
    for tensor, bytes_left in left.items():
        if bytes_left:
            return f"byte {min(bytes_left)} of the buffer at {tensor.start} is never written"
    return None
