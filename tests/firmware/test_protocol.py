"""The runtime's protocol on every kind of memory: whatever fails whenever, results are right and progress stays.

The exploration (`firmware/proofs/protocol/explore.c`) runs the runtime itself. What it goes through completely is every
state that any number of power failures can lead to.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.firmware.protocol import (
    ANY_ORDER,
    DIRECT,
    IN_ORDER,
    Mutant,
    build,
    cell,
    explored,
    mutated,
    other,
    torn,
)
from tests.firmware.tools import need

BUSES = (DIRECT, IN_ORDER, ANY_ORDER)
SENSE = {"ISCHED_WAKE": "ISCHED_WAKE_SENSE"}

BOARDS = {
    **{f"cell-{unit}": cell(unit) for unit in (1, 2, 4, 8)},
    **{f"torn-{unit}": torn(unit) for unit in (1, 2, 4, 8)},
    **{f"other-{unit}": other(unit) for unit in (2, 4, 8)},
    **{f"other-torn-{unit}": other(unit, torn=True) for unit in (2, 4, 8)},
    **{f"flash-{unit}": other(unit, appends=True) for unit in (2, 4, 8, 16)},
    **{f"flash-torn-{unit}": other(unit, appends=True, torn=True) for unit in (2, 4, 8, 16)},
    "sense-cell": cell(2) | SENSE,
    "sense-flash": other(8, appends=True, torn=True) | SENSE,
    "flash-long-sector": other(4, appends=True, torn=True) | {"ISCHED_META_SECTOR": "400U"},
}
"""Every combination of what a port declares: unit, torn units, overwritten or appended to, where progress is kept."""

COMPLETE = {"cell-2": DIRECT, "cell-4": IN_ORDER, "cell-8": ANY_ORDER}
"""Explored to the last state, and the bus with which."""

_RECORD = """\
        if (isched_record_keep(bank_of(next), (const uint8_t *)record, ISCHED_RECORD_BYTES) != 0U) {
"""
_COMPLETE = "    isched_port_nv_complete(ISCHED_META_MEMORY);\n"
_DATA = "    isched_port_nv_complete(ISCHED_DATA_MEMORY);\n"
_STARTS_OVER = """\
        step = ISCHED_STEP_IDLE;
        (void)isched_store_publish(step);
"""
_FALLBACK = """\
        current = (uint8_t)((current & 28U) | ((current + 3U) & 3U));
        isched_port_nv_read(ISCHED_META_MEMORY, bank_of(current), (uint8_t *)record, ISCHED_RECORD_BYTES);
        if (isched_record_read(record, (uint8_t)(current & 3U), &step) != ISCHED_RECORD_OWN) {
            step = ISCHED_STEP_IDLE;
        }
"""
CELL, LOG, RECORD, WALK = "isched_store_cell.c", "isched_store_log.c", "isched_record.c", "isched.c"
FLASH = other(8, appends=True, torn=True)

MUTANTS = {
    "head before data": Mutant(
        WALK,
        "        run_atoms(first, cycles.atoms);\n",
        "        (void)isched_store_publish((isched_step_t)(step + 1U));\n        run_atoms(first, cycles.atoms);\n",
    ),
    "head before record": Mutant(CELL, _RECORD, "        current = next;\n        (void)write_head();\n" + _RECORD),
    "in-place update": Mutant(board={"PLAN_IN_PLACE": "1"}),
    "two regions of partial sums": Mutant(board={"PLAN_TWO_REGIONS": "1"}),
    "buffer freed at its last read": Mutant(board={"PLAN_FREED_AT_LAST_READ": "1"}),
    "data not complete": Mutant(CELL, _DATA, "", other(4), IN_ORDER),
    "data not complete, log": Mutant(LOG, _DATA, "", FLASH, IN_ORDER),
    "record not complete": Mutant(RECORD, _COMPLETE, "", bus=ANY_ORDER),
    "single bank": Mutant(CELL, "(((value & 1U) != 0U) ? BANK_BYTES : 0U)", "(((value & 0U) != 0U) ? 1U : 0U)"),
    "falls back to the older record": Mutant(CELL, _STARTS_OVER, _FALLBACK, what="corrupts"),
    "not read back": Mutant(RECORD, "(byte != bytes[count])", "(0)", {}, DIRECT, "drops"),
    "record not read back": Mutant(
        CELL,
        "(isched_record_keep(bank_of(next), (const uint8_t *)record, ISCHED_RECORD_BYTES) != 0U)",
        "((void)isched_record_keep(bank_of(next), (const uint8_t *)record, ISCHED_RECORD_BYTES), 1)",
        what="drops",
    ),
    "head not read back": Mutant(CELL, "(write_head() != 0U)", "((void)write_head(), 1)", what="drops"),
    "mark not read back": Mutant(
        LOG, "        kept = isched_record_keep((isch", "        (void)isched_record_keep((isch", FLASH, what="drops"
    ),
    "checksum without the sequence number": Mutant(
        RECORD, "(0xffffffffUL ^ (seed))", "(0xffffffffUL ^ (0U * (seed)))", what="corrupts"
    ),
    "boots not counted": Mutant(WALK, "            isched_store_boot();\n", ""),
    "boots not counted beyond one": Mutant(CELL, "(current >> 2U) < MOST_BOOTS", "(current >> 2U) < 1U"),
    "boots kept when a step is published": Mutant(
        CELL, "((current + 1U) & 3U);", "((current & 28U) | ((current + 1U) & 3U));"
    ),
    "other plans' records believed": Mutant(
        RECORD, "((record[0] == LOW(ISCHED_PLAN_ID)) && (record[1] == HIGH(ISCHED_PLAN_ID)))", "(1)"
    ),
    "mark with the body": Mutant(
        LOG,
        "    kept = isched_record_keep(to, bytes, MARK_AT);\n",
        "    kept = isched_record_keep(to, bytes, ENTRY_BYTES);\n",
        torn(2),
        ANY_ORDER,
    ),
    "sector cleared before its successor": Mutant(
        LOG,
        "        now.begin = OTHER(now.begin);\n",
        "        isched_port_nv_erase(ISCHED_META_MEMORY, now.begin);\n        now.begin = OTHER(now.begin);\n",
        FLASH,
    ),
    "other plans' record left as it is": Mutant(
        CELL, "        (void)isched_store_publish(step);\n", "", what="updates"
    ),
    "other plans' entry left as it is": Mutant(
        LOG, "(record != ISCHED_RECORD_OWN) ? 1U", "(record == ISCHED_RECORD_SPOILED) ? 1U", FLASH, what="updates"
    ),
    "erasure not read back": Mutant(LOG, "(other.free != 0U) ? 1U : 0U", "0U", FLASH, what="erases"),
    "era of a sector not counted": Mutant(LOG, "now.flags ^= ERA;", "now.flags ^= 0U;", FLASH),
    "sector cleared when its successor says once what is published": Mutant(
        LOG, "(kept > other_remains)", "(kept > 0U)", FLASH, what="corrupts"
    ),
    "sector not cleared before what it says is out of date": Mutant(
        LOG,
        "    } else if ((other_remains != 0U) && (now.step == ISCHED_STEP_IDLE)) {\n"
        "        (void)append_until_it_holds();\n",
        "",
        FLASH,
        what="corrupts",
    ),
    "an entry before a spoiled one believed": Mutant(
        LOG,
        "(record != ISCHED_RECORD_OWN) ? 1U : 0U",
        "(record == ISCHED_RECORD_OWN) ? 0U : found->spoiled",
        FLASH,
        what="corrupts",
    ),
}


@pytest.fixture(autouse=True)
def _tools() -> None:
    need("gcc")


@pytest.mark.parametrize("name", BOARDS)
def test_failures_at_every_step_on_every_kind_of_memory(name: str, tmp_path: Path) -> None:
    program = build(tmp_path, BOARDS[name])
    for bus in BUSES:
        found = explored(program, bus, 20_000)
        assert not found.fault
        assert found.complete or found.boots >= 20_000
        assert found.states > 200
        assert found.results > 20


@pytest.mark.parametrize("name", COMPLETE)
def test_every_state_that_any_failures_lead_to(name: str, tmp_path: Path) -> None:
    found = explored(build(tmp_path, BOARDS[name]), COMPLETE[name], 10_000_000)
    assert not found.fault
    assert found.complete
    assert found.states > 2_000
    assert (found.most_boots, found.stuck > 0, found.highest > found.stuck) == (7, True, True)


@pytest.mark.parametrize("what", ["drops", "corrupts"])
@pytest.mark.parametrize("unit", [1, 2])
def test_lost_stores_of_records_and_corrupted_metadata(unit: int, what: str, tmp_path: Path) -> None:
    found = explored(build(tmp_path, cell(unit)), DIRECT, 100_000, what)
    assert not found.fault
    assert found.boots >= 100_000


@pytest.mark.parametrize("name", ["cell-1", "cell-2"])
def test_other_firmware_and_back(name: str, tmp_path: Path) -> None:
    """Firmware of another plan runs on the device, and then this one again: it goes on if nothing was overwritten."""
    found = explored(build(tmp_path, BOARDS[name]), DIRECT, 100_000, "updates")
    assert not found.fault
    assert found.boots >= 100_000


@pytest.mark.parametrize("what", ["drops", "erases", "corrupts", "updates"])
@pytest.mark.parametrize("name", ["flash-2", "flash-torn-8", "torn-1"])
def test_lost_stores_and_erasures_and_corrupted_metadata_of_a_log(name: str, what: str, tmp_path: Path) -> None:
    found = explored(build(tmp_path, BOARDS[name]), DIRECT, 150_000, what)
    assert not found.fault
    assert found.boots >= 150_000


@pytest.mark.parametrize("name", MUTANTS)
def test_a_fault_is_found(name: str, tmp_path: Path) -> None:
    one = MUTANTS[name]
    program = build(tmp_path, one.board, mutated(one, tmp_path / "runtime"))
    assert explored(program, one.bus, 3_000_000, one.what).fault
