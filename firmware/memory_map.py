"""Where the buffers of a plan lie in non-volatile memory, as the macros of a schedule's header."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from ischedule.analysis.layout_check import require_fit, side_by_side
from ischedule.firmware.seal_source import SEAL_BYTES, Saved, saved_tensors
from ischedule.models.layout import Constants, layout_of
from ischedule.models.plan import Plan
from ischedule.models.plan_file import PlanFile
from ischedule.models.program import Program
from ischedule.models.storage import Slot, Storage

NOWHERE = "#define ISCHED_INTEGRITY 0\n"
"""What stands for the map of tasks, which do not say where they keep what."""


@dataclass(frozen=True)
class MemoryMap:
    """The addresses of all buffers, what lies below them, and behind them the seals of those that are sealed."""

    storage: Storage
    constants: Constants
    addresses: Mapping[Slot, int]
    used: int
    saved: list[Saved]

    @property
    def seals(self) -> int:
        """Where the seals begin: at a multiple of their size."""
        return -(-self.used // SEAL_BYTES) * SEAL_BYTES

    @property
    def end(self) -> int:
        """The first byte that nothing uses."""
        return self.seals + SEAL_BYTES * len(self.saved) if self.saved else self.used

    def text(self) -> str:
        """The macros."""
        lines = [
            "",
            "/* Addresses in non-volatile memory. Below the buffers there is room for weights, and for progress. */",
            f"#define ISCHED_PROGRESS_ADDRESS {self.constants.weights}UL",
            f"#define ISCHED_PROGRESS_BYTES {self.constants.records + self.constants.tables}UL",
            f"#define ISCHED_CONSTANTS_BYTES {self.constants.total}UL",
            f"#define ISCHED_NV_BYTES {self.end}UL",
            *self._tensors("INPUT", self.storage.inputs),
            *self._tensors("OUTPUT", self.storage.outputs),
            f"#define ISCHED_INTEGRITY {int(bool(self.saved))}",
        ]
        if self.saved:
            lines += [f"#define ISCHED_SAVED {len(self.saved)}U", f"#define ISCHED_SEALS_ADDRESS {self.seals}UL"]
        return "\n".join(lines) + "\n\n"

    def _tensors(self, name: str, tensors: frozenset[int]) -> Iterator[str]:
        """The inputs or the outputs; those behind the first one are numbered."""
        for number, tensor in enumerate(one for one in sorted(tensors) if Slot(one) in self.addresses):
            suffix = "" if number == 0 else f"_{number + 1}"
            yield f"#define ISCHED_{name}{suffix}_ADDRESS {self.addresses[Slot(tensor)]}UL"
            yield f"#define ISCHED_{name}{suffix}_BYTES {self.storage.tensors[tensor]}UL"


def memory_map(program: Program, plan: Plan, file: PlanFile, *, integrity: bool) -> MemoryMap | None:
    """The map of a valid plan, None for tasks."""
    storage = program.storage
    if storage is None:
        return None
    addresses = dict(file.addresses) or side_by_side(program, plan)
    used = require_fit(program, plan, dict(file.addresses))
    assert used is not None, "a program that says what it keeps has a size"
    saved = saved_tensors(program, plan, addresses) if integrity else []
    return MemoryMap(storage, layout_of(program, plan).constants, addresses, used, saved)
