"""Where a plan keeps its buffers: packed addresses that the independent checker has accepted."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from ischedule.analysis.layout_check import is_roomy, require_layout
from ischedule.analysis.wear_check import Wear, wear_of
from ischedule.models.layout import Layout, layout_of
from ischedule.models.minimalloc import dump_buffers
from ischedule.models.plan import Plan
from ischedule.models.plan_file import PlanFile
from ischedule.models.program import Program
from ischedule.models.storage import Slot
from ischedule.solvers.wear import pack_within


@dataclass(frozen=True, slots=True)
class PackedMemory:
    """A plan's buffers with their addresses; ``size`` bytes are used in all of what is ``available``, and at least
    ``bound`` are needed. ``wear`` is the byte that is written most."""

    layout: Layout
    addresses: Mapping[Slot, int]
    size: int
    bound: int
    available: int
    wear: Wear

    @property
    def unshared(self) -> int:
        """Bytes if nothing shared memory."""
        return self.layout.unshared

    def csv(self) -> str:
        """The buffers with their addresses in MiniMalloc's form."""
        return dump_buffers(list(self.layout.buffers.values()), [self.addresses[slot] for slot in self.layout.buffers])


def packed_memory(program: Program, plan: Plan) -> PackedMemory | None:
    """The addresses of a plan, None where nobody says what is kept: tasks do not."""
    if program.storage is None:
        return None
    layout = layout_of(program, plan)
    packing = pack_within(list(layout.buffers.values()), program.storage.writes_per_byte)
    begin = layout.constants.total
    addresses = {slot: begin + address for slot, address in zip(layout.buffers, packing.addresses, strict=True)}
    size = require_layout(program, plan, addresses, begin + packing.height)
    wear = wear_of(program, plan, addresses)
    return PackedMemory(layout, addresses, size, begin + packing.bound, program.storage.available, wear)


def with_addresses(program: Program, file: PlanFile, plan: Plan) -> PlanFile:
    """The file with packed addresses of its plan's buffers, where they do not fit side by side."""
    memory = None if is_roomy(program, plan) else packed_memory(program, plan)
    return file if memory is None else replace(file, addresses=tuple(memory.addresses.items()))
