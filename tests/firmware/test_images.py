"""Any image of non-volatile memory: the runtime ends, stays in bounds, and misses as few changes as stated."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from tests.firmware.fuzzing import BOARDS, build, fuzzed, sources
from tests.firmware.protocol import PROTOCOL, ROOT, RUNTIME, WARNINGS, Mutant, mutated
from tests.firmware.tools import need

RUNS = {"cell": 4_000, "bytes": 4_000, "flash": 800}

MUTANTS = {
    "steps out of range believed": [
        Mutant(
            "isched_record.c",
            "(low != record[CRC_AT]) || (high != record[CRC_AT + 1U])",
            "0",
        ),
        Mutant("isched_record.c", "(*step <= ISCHED_STEP_IDLE)", "(1)"),
    ],
    "a bank outside of memory": [
        Mutant("isched_store_cell.c", "(((value & 1U) != 0U) ? BANK_BYTES : 0U)", "(value * BANK_BYTES)")
    ],
    "an undefined shift": [Mutant("isched_store_cell.c", "(current >> 2U) < MOST_BOOTS", "(1 << (current + 1U)) != 0")],
}


@pytest.mark.parametrize("name", BOARDS)
def test_no_image_breaks_the_runtime(name: str, tmp_path: Path) -> None:
    need("clang")
    fault, runs = fuzzed(build(tmp_path, BOARDS[name]), RUNS[name], seed=1)
    assert not fault
    assert runs >= RUNS[name]


@pytest.mark.parametrize("name", MUTANTS)
def test_the_fuzzer_finds_what_it_is_for(name: str, tmp_path: Path) -> None:
    need("clang")
    runtime = mutated(MUTANTS[name][0], tmp_path / "runtime")
    for one in MUTANTS[name][1:]:
        text = (runtime / one.file).read_text()
        assert text.count(one.right) == 1
        (runtime / one.file).write_text(text.replace(one.right, one.wrong))
    fault, _ = fuzzed(build(tmp_path, BOARDS["cell"], runtime), 20_000, seed=1)
    assert fault


@pytest.mark.parametrize(("unit", "heads"), [(1, 256), (2, 65_536)])
def test_how_often_a_change_of_metadata_is_missed(unit: int, heads: int, tmp_path: Path) -> None:
    """Eight heads are those of the record before, by boots; a checksum misses a drawn record once in 2 to the 32nd."""
    need("gcc")
    program = tmp_path / "misses"
    command = ["gcc", "-O2", *WARNINGS, f"-DISCHED_DATA_UNIT={unit}U", f"-I{RUNTIME}", f"-I{PROTOCOL}"]
    subprocess.run([*command, *sources(ROOT / "proofs" / "misses.c"), "-o", str(program)], check=True)
    told = subprocess.run([program], capture_output=True, text=True, check=True).stdout
    others, same, older, tried, accepted, drawn, hits = map(int, told.split())
    assert (others, same, older) == (heads - 1, 7, 8)
    assert tried > 80 + 3_160 + 82_160 + 1_581_580
    assert accepted == 0
    assert drawn / 2**16 / 2 < hits < drawn / 2**16 * 2
