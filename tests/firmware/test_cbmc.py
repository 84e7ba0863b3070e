"""The inductive step of the commit protocol over the runtime itself: proven where CBMC is, drawn everywhere."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from tests.firmware.protocol import PROTOCOL, ROOT, RUNTIME, WARNINGS, Mutant, mutated
from tests.firmware.tools import need, want

PROOFS = ROOT / "proofs"
CELL = "isched_store_cell.c"
WRITTEN = "        if (isched_record_keep(bank_of(next), (const uint8_t *)record, ISCHED_RECORD_BYTES) != 0U) {\n"

MUTANTS = {
    "head before record": Mutant(CELL, WRITTEN, f"        current = next;\n        (void)write_head();\n{WRITTEN}"),
    "single bank": Mutant(CELL, "(((value & 1U) != 0U) ? BANK_BYTES : 0U)", "(((value & 0U) != 0U) ? 1U : 0U)"),
    "boots not counted": Mutant(CELL, "        current = (uint8_t)(current + 4U);\n", "        current = 0U;\n"),
    "not the next sequence number": Mutant(CELL, "((current + 1U) & 3U);", "((current + 2U) & 3U);"),
}


def proven(runtime: Path) -> subprocess.CompletedProcess[str]:
    """What CBMC says of the harness with a runtime."""
    words = ["--unwind", "129", "--unwinding-assertions", "--bounds-check", "--pointer-check"]
    command = ["cbmc", str(PROOFS / "commit_cbmc.c"), f"-I{runtime}", f"-I{PROTOCOL}", *words]
    return subprocess.run(command, capture_output=True, text=True, timeout=600)


def drawn(runtime: Path, folder: Path) -> subprocess.CompletedProcess[str]:
    """The harness compiled, and run for values that are drawn."""
    program = folder / "drawn"
    sources = [str(PROOFS / "commit_cbmc.c"), str(PROOFS / "cbmc_drawn.c")]
    command = ["gcc", "-O1", *WARNINGS, f"-I{runtime}", f"-I{PROTOCOL}", *sources, "-o", str(program)]
    subprocess.run(command, check=True)
    return subprocess.run([program], capture_output=True, text=True)


def test_the_step_is_proven_for_all_data() -> None:
    want(
        "cbmc", "Debian bookworm has no package of it; the same harness is run for drawn values, and Spin is exhaustive"
    )
    found = proven(RUNTIME)
    assert "VERIFICATION SUCCESSFUL" in found.stdout, found.stdout[-2000:]


@pytest.mark.parametrize("name", MUTANTS)
def test_cbmc_refutes_a_fault(name: str, tmp_path: Path) -> None:
    want("cbmc", "Debian bookworm has no package of it; the same faults are refuted by drawn values")
    assert "VERIFICATION FAILED" in proven(mutated(MUTANTS[name], tmp_path / "runtime")).stdout


def test_the_step_holds_for_drawn_data(tmp_path: Path) -> None:
    need("gcc")
    found = drawn(RUNTIME, tmp_path)
    assert (found.returncode, found.stdout) == (0, "20000\n")


@pytest.mark.parametrize("name", MUTANTS)
def test_a_fault_is_refuted_by_drawn_data(name: str, tmp_path: Path) -> None:
    need("gcc")
    found = drawn(mutated(MUTANTS[name], tmp_path / "runtime"), tmp_path)
    assert found.returncode == 1
    assert found.stdout.startswith("refuted: ")
