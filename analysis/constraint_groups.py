"""Named groups of requirements that can be switched off one at a time, to see what each costs."""

from __future__ import annotations

from dataclasses import replace
from enum import StrEnum

from ischedule.models.case import Case

PLENTY = 1 << 40
"""Bytes that no network on a microcontroller needs."""


class Group(StrEnum):
    """What can be left out of a case: a memory, the end that latency must meet, or a limit on what is spent."""

    VOLATILE_MEMORY = "volatile-memory"
    NONVOLATILE_MEMORY = "non-volatile-memory"
    DEADLINE = "deadline"
    ENERGY = "energy"
    WRITTEN = "written"
    POWER_CYCLES = "power-cycles"
    WRITES_PER_BYTE = "writes-per-byte"
    TABLE_SIZE = "table-size"


REQUIREMENTS = {
    Group.DEADLINE: "deadline",
    Group.ENERGY: "amount",
    Group.WRITTEN: "written",
    Group.POWER_CYCLES: "power_cycles",
    Group.WRITES_PER_BYTE: "writes_per_byte",
    Group.TABLE_SIZE: "table_size",
}
"""The requirement of each group that is no memory."""


def without(case: Case, group: Group) -> Case:
    """The case without the requirements of one group; all others stay as they are."""
    required, device = case.requirements, case.device
    if group in REQUIREMENTS:
        return replace(case, requirements=replace(required, **{REQUIREMENTS[group]: None}))  # type: ignore[arg-type]
    name = "volatile_memory" if group is Group.VOLATILE_MEMORY else "nonvolatile_memory"
    if device is not None:
        device = replace(device, **{name: PLENTY})  # type: ignore[arg-type]
    return replace(case, requirements=replace(required, **{name: None}), device=device)  # type: ignore[arg-type]
