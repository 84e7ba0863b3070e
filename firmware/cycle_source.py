"""The power cycles of a plan in C: runs of equal ones in columns, and what the plan lists of commits to skip."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ischedule.firmware.columns import Column
from ischedule.firmware.levels import SkipEntry
from ischedule.models.plan import PowerCycles

_CYCLES = """\
void isched_cycles(uint16_t run, isched_cycles_t *cycles)
{{
{unused}    cycles->repeat = (isched_step_t)ISCHED_CYCLES_REPEAT(run);
    cycles->atoms = (isched_atom_t)ISCHED_CYCLES_ATOMS(run);
    cycles->level = (uint16_t)ISCHED_CYCLES_LEVEL(run);
}}
"""

_SKIPS = """\
#if ISCHED_SKIPS
{columns}
uint8_t isched_may_skip(isched_step_t cycle, uint16_t level, uint16_t *reserve)
{{
    for (uint16_t entry = 0; entry < {count}U; ++entry) {{
        const isched_step_t first = (isched_step_t)ISCHED_SKIP_FIRST(entry);
        const isched_step_t last = (isched_step_t)ISCHED_SKIP_LAST(entry);
        const uint16_t start = (uint16_t)ISCHED_SKIP_START(entry);
        if ((cycle >= first) && (cycle <= last)) {{
            *reserve = (uint16_t)ISCHED_SKIP_RESERVE(entry);
            return (level >= start) ? 1U : 0U;
        }}
    }}
    return 0U;
}}
#endif
"""


@dataclass(frozen=True, slots=True)
class CycleSource:
    """The text, and what its columns take in read-only memory; the list of skips is there only where it is used."""

    text: str
    table_bytes: int
    skip_bytes: int


def cycle_source(runs: Sequence[PowerCycles], codes: Sequence[int], skips: Sequence[SkipEntry]) -> CycleSource:
    """Columns of the runs, of the skips if there are any, and the functions that read them."""
    columns = [
        Column.of("isched_cycles_repeat", [run.repeat for run in runs]),
        Column.of("isched_cycles_atoms", [run.atoms for run in runs]),
        Column.of("isched_cycles_level", list(codes)),
    ]
    unused = "    (void)run;\n" if all(column.is_constant for column in columns) else ""
    text = "\n".join(column.text() for column in columns) + "\n" + _CYCLES.format(unused=unused)
    taken = sum(column.bytes for column in columns)
    if not skips:
        return CycleSource(text, taken, 0)
    listed = [
        Column.of("isched_skip_first", [one.first for one in skips]),
        Column.of("isched_skip_last", [one.last for one in skips]),
        Column.of("isched_skip_reserve", [one.reserve for one in skips]),
        Column.of("isched_skip_start", [one.start for one in skips]),
    ]
    skipping = _SKIPS.format(columns="\n".join(column.text() for column in listed), count=len(skips))
    return CycleSource(f"{text}\n{skipping}", taken, sum(column.bytes for column in listed))
