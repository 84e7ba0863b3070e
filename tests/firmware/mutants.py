"""Errors of the protocol that a board has to notice: one piece of text of the runtime, and what replaces it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final


@dataclass(frozen=True)
class Mutant:
    """One error; `needs_delay` where only memory that delivers stores late and in any order shows it."""

    file: str
    right: str
    wrong: str
    defines: Mapping[str, str] = field(default_factory=dict)
    needs_delay: bool = False


CELL: Final = "isched_store_cell.c"

_WRITTEN: Final = """\
        if (isched_record_keep(bank_of(next), (const uint8_t *)record, ISCHED_RECORD_BYTES) != 0U) {
            current = next;
            if (write_head() != 0U) {
                return 1U;
            }
        }
"""

MUTANTS: Final = {
    "head before data": Mutant(
        "isched.c",
        "        run_atoms(first, cycles.atoms);\n",
        "        (void)isched_store_publish((isched_step_t)(step + 1U));\n        run_atoms(first, cycles.atoms);\n",
    ),
    "head before record": Mutant(
        CELL,
        _WRITTEN,
        "        current = next;\n        (void)write_head();\n" + _WRITTEN.replace("write_head()", "1U"),
    ),
    "single bank": Mutant(CELL, "(((value & 1U) != 0U) ? BANK_BYTES : 0U)", "((value & 0U) != 0U ? 1U : 0U)"),
    "in-place update": Mutant("isched.c", "volatile isched_watch_t", "volatile isched_watch_t", {"TOY_IN_PLACE": "1"}),
    "data not complete": Mutant(
        CELL, "    isched_port_nv_complete(ISCHED_DATA_MEMORY);\n", "", {"ISCHED_OTHER_UNIT": "4U"}, needs_delay=True
    ),
}
