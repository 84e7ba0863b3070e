"""The commit protocol as a model: Spin goes through every state of it, and refutes each seeded fault."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest

from tests.firmware.tools import need

MODEL = Path(__file__).parents[2] / "firmware" / "proofs" / "commit.pml"

HOLDS = {
    (): 4_000_000,
    ("CORRUPTS", "INFERENCES=1", "MOST_BOOTS=1"): 1_000_000,
    ("DROPS", "INFERENCES=2", "MOST_BOOTS=1"): 1_000_000,
}
"""What the protocol withstands, and how many states of it there are at least."""

FAULTS = [
    ("HEAD_FIRST",),
    ("IN_PLACE",),
    ("NO_BARRIER",),
    ("NO_DATA_COMPLETE",),
    ("NO_RECORD_COMPLETE",),
    ("SINGLE_BANK",),
    ("TWO_REGIONS",),
    ("FREED_AT_LAST_READ",),
    ("FALLS_BACK", "CORRUPTS", "INFERENCES=1", "MOST_BOOTS=1"),
    ("NO_READ_BACK", "DROPS"),
    ("HEAD_NOT_READ_BACK", "DROPS"),
    ("BOOTS_NOT_COUNTED",),
]

REACHED = [("REACHES_RESULT",), ("REACHES_MOST_BOOTS",), ("REACHES_WRAP",)]
"""What the model asserts never to happen, and must."""


def explored(defines: tuple[str, ...], folder: Path, optimize: str) -> tuple[int, int, list[str]]:
    """The number of errors, of states, and which assertions failed."""
    need("spin", "gcc")

    def run(*command: str) -> str:
        done = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=300)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    run("spin", *(f"-D{define}" for define in defines), "-a", str(MODEL))
    run("gcc", "-w", optimize, "-DSAFETY", "-o", "pan", "pan.c")
    told = run("./pan", "-m2000000")
    assert "max search depth too small" not in told
    errors, states = re.search(r"errors: (\d+)", told), re.search(r"(\d+) states, stored", told)
    assert errors is not None, told
    assert states is not None, told
    return int(errors[1]), int(states[1]), re.findall(r"assertion violated (.*) \(at depth", told)


@pytest.mark.slow
@pytest.mark.parametrize(("defines", "least"), HOLDS.items(), ids=str)
def test_the_protocol_holds_in_every_state(defines: tuple[str, ...], least: int, tmp_path: Path) -> None:
    errors, states, failed = explored(defines, tmp_path, "-O1")
    assert errors == 0, failed
    assert states >= least


@pytest.mark.parametrize("defines", FAULTS, ids=lambda one: one[0])
def test_a_seeded_fault_is_refuted(defines: tuple[str, ...], tmp_path: Path) -> None:
    errors, _, failed = explored(defines, tmp_path, "-O0")
    assert errors == 1
    assert failed


@pytest.mark.parametrize("defines", REACHED, ids=lambda one: one[0])
def test_what_the_proof_is_about_is_reached(defines: tuple[str, ...], tmp_path: Path) -> None:
    errors, _, failed = explored(defines, tmp_path, "-O0")
    assert errors == 1
    assert failed
