"""Buffers that are sealed with a CRC, in C: when each is complete, and until when it is needed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from ischedule.firmware.columns import Column
from ischedule.models.layout import layout_of
from ischedule.models.plan import Plan
from ischedule.models.program import Program
from ischedule.models.storage import Slot

SEAL_BYTES = 4

_SAVED = """\
#if ISCHED_INTEGRITY
{columns}
void isched_saved(uint16_t number, isched_saved_t *saved)
{{
{unused}    saved->address = ISCHED_SAVED_ADDRESS(number);
    saved->bytes = ISCHED_SAVED_BYTES(number);
    saved->from = (isched_step_t)ISCHED_SAVED_FROM(number);
    saved->until = (isched_step_t)ISCHED_SAVED_UNTIL(number);
}}
#endif
"""


@dataclass(frozen=True, slots=True)
class Saved:
    """A tensor that is complete after so many power cycles, and needed until so many are."""

    address: int
    bytes: int
    since: int
    until: int


def saved_tensors(program: Program, plan: Plan, addresses: Mapping[Slot, int]) -> list[Saved]:
    """The tensors that are complete at the end of some power cycle and still needed, by address and time.

    Sums are not among them: they change until they are results. A tensor that is made and read within one power cycle
    never stands in memory alone.
    """
    storage, layout = program.storage, layout_of(program, plan)
    assert storage is not None, "a network says what it keeps"
    total = sum(run.repeat for run in plan.cycles)
    found = []
    for slot in layout.buffers:
        if slot.stage is not None:
            continue
        makers = [stage for stage in plan.stages if storage.stages[stage].writes == slot.tensor]
        readers = [stage for stage in plan.stages if slot.tensor in storage.stages[stage].reads]
        since = max((layout.cycles[stage][1] + 1 for stage in makers), default=0)
        until = max((layout.cycles[stage][1] + 1 for stage in readers), default=total + 1)
        if slot.tensor in storage.outputs:
            until = total + 1
        if since < until:
            found.append(Saved(addresses[slot], layout.buffers[slot].size, since, until))
    return sorted(found, key=lambda one: (one.since, one.address))


def seal_source(saved: list[Saved]) -> tuple[str, int]:
    """The text of the table and of the function that reads it, and its bytes."""
    columns = [
        Column.of("isched_saved_address", [one.address for one in saved]),
        Column.of("isched_saved_bytes", [one.bytes for one in saved]),
        Column.of("isched_saved_from", [one.since for one in saved]),
        Column.of("isched_saved_until", [one.until for one in saved]),
    ]
    unused = "    (void)number;\n" if all(column.is_constant for column in columns) else ""
    text = _SAVED.format(columns="\n".join(column.text() for column in columns), unused=unused)
    return text, sum(column.bytes for column in columns)
