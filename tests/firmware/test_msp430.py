"""MSP430 in mspdebug: whatever instruction power fails after, the run ends with the right output."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from ischedule.firmware.boards import msp430
from ischedule.firmware.boards.tool import MissingTool
from tests.firmware.mutants import MUTANTS
from tests.firmware.tools import need
from tests.firmware.toy_schedule import is_sound, mutant, toy

RAM = 0x200


@pytest.fixture(autouse=True)
def _tools() -> None:
    need("clang", "ld.lld", "llvm-nm", "mspdebug")


def spread(steps: int, count: int) -> list[list[msp430.Failure]]:
    """Single failures spread over a run, none at a distance that a loop of the firmware shares."""
    apart = max(1, steps // count) | 1
    return [[msp430.Failure(step)] for step in range(1, steps, apart)]


@pytest.mark.parametrize("optimise", ["-Os", "-O2"])
def test_a_failure_after_any_instruction_leaves_the_output_as_it_was(tmp_path: Path, optimise: str) -> None:
    elf = msp430.build(replace(toy(trace=1), optimise=optimise), tmp_path, ram=RAM)
    alone = msp430.run(elf, [[]])[0]
    assert is_sound(alone)
    assert alone.boots == 7
    outcomes = msp430.run(elf, spread(alone.steps, 150))
    assert len(outcomes) >= 150
    assert all(is_sound(one) for one in outcomes)
    # A failure before a boot is reported, or between the last store of a power cycle and its end, adds none.
    assert {one.boots for one in outcomes} == {7, 8}


def test_failures_during_recovery_leave_the_output_as_it_was(tmp_path: Path) -> None:
    elf = msp430.build(toy(trace=1), tmp_path, ram=RAM)
    steps = msp430.run(elf, [[]])[0].steps
    failures = [
        [msp430.Failure(first), *(msp430.Failure(again) for _ in range(times))]
        for first in range(2500, steps, steps // 12)
        for again, times in ((300, 1), (1900, 2), (3300, 9))
    ]
    outcomes = msp430.run(elf, failures, byte=0xA5)
    assert all(is_sound(one) for one in outcomes)
    assert {one.boots for one in outcomes} >= {9, 10}


@pytest.mark.parametrize("name", ["head before data", "head before record", "single bank", "in-place update"])
def test_a_broken_protocol_is_caught(tmp_path: Path, name: str) -> None:
    one = MUTANTS[name]
    runtime = mutant(tmp_path / "runtime", one.file, one.right, one.wrong)
    elf = msp430.build(toy(trace=1, runtime=runtime, **one.defines), tmp_path, ram=RAM)
    outcomes = msp430.run(elf, spread(msp430.run(elf, [[]])[0].steps, 150))
    assert not all(is_sound(one) for one in outcomes)


def test_a_run_that_hangs_is_told_apart_from_those_around_it(tmp_path: Path) -> None:
    runtime = mutant(
        tmp_path / "runtime",
        "isched.c",
        "    return isched_port_wait_for_level(asked);",
        "    while (boots != 0U) {\n    }\n    return isched_port_wait_for_level(asked);",
    )
    elf = msp430.build(toy(trace=1, runtime=runtime), tmp_path, ram=RAM)
    for step in range(9000, 18_000, 1500):
        runs: list[list[msp430.Failure]] = [[], [msp430.Failure(step)], []]
        if (ends := [one.end for one in msp430.run(elf, runs, timeout=1.5)]) != ["done"] * 3:
            break
    assert ends == ["done", "hung", "done"]


def test_a_missing_tool_is_named_with_its_package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(MissingTool, match=r"clang .*\(Debian: clang\)"):
        msp430.build(toy(), tmp_path)
    with pytest.raises(MissingTool, match=r"mspdebug .*\(Debian: mspdebug\)"):
        msp430.run(tmp_path / "any.elf", [[]])
