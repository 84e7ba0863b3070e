"""Cortex-M in QEMU: whichever store into non-volatile memory power fails after, the run ends with the right output."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from ischedule.firmware.boards import cortex_m
from ischedule.firmware.boards.cortex_m import Failure, Kill
from ischedule.firmware.boards.tool import MissingTool
from tests.firmware.mutants import MUTANTS
from tests.firmware.tools import need
from tests.firmware.toy_schedule import expected, is_sound, mutant, toy


@pytest.fixture(autouse=True)
def _tools() -> None:
    need("gcc", "arm-none-eabi-gcc", "arm-none-eabi-nm", "qemu-system-arm")


@pytest.mark.parametrize("optimise", ["-Os", "-O2"])
@pytest.mark.parametrize("byte", [0x00, 0xA5])
def test_a_failure_after_any_store_leaves_the_output_as_it_was(tmp_path: Path, optimise: str, byte: int) -> None:
    program = cortex_m.build(replace(toy(trace=1), optimise=optimise), tmp_path)
    alone = cortex_m.run(program, [[]], byte=byte)[0]
    assert is_sound(alone)
    assert alone.boots == 7
    every = range(1, alone.steps + 1)
    single = [[Failure(step)] for step in every]
    outcomes = cortex_m.run(program, single + [[*one, Failure(2), Failure(3)] for one in single], byte=byte)
    assert len(outcomes) == 2 * alone.steps > 100
    assert all(is_sound(one) for one in outcomes)
    # A failure between the last store of a power cycle and its end takes the place of a boot that was planned.
    assert {one.boots - alone.boots for one in outcomes} == {0, 1, 2, 3}


def test_what_is_in_the_file_survives_the_end_of_the_emulator(tmp_path: Path) -> None:
    program = cortex_m.build(toy(trace=1), tmp_path)
    stores = cortex_m.run(program, [[]])[0].steps
    kills = [[Kill(step)] for step in range(1, stores + 1, 9)]
    kills += [[Kill(step, stores=False), Kill(700 + step, stores=False)] for step in range(900, 20_000, 2311)]
    kills.append([Kill(3) for _ in range(6)])
    outcomes = [cortex_m.kill(program, one) for one in kills]
    assert all(is_sound(one) for one in outcomes)
    assert {one.boots for one in outcomes} >= {8, 13}


@pytest.mark.parametrize("name", ["head before data", "head before record", "single bank", "in-place update"])
def test_a_broken_protocol_is_caught(tmp_path: Path, name: str) -> None:
    one = MUTANTS[name]
    runtime = mutant(tmp_path / "runtime", one.file, one.right, one.wrong)
    program = cortex_m.build(toy(trace=1, runtime=runtime, **one.defines), tmp_path)
    stores = cortex_m.run(program, [[]])[0].steps
    failures = [[Failure(step)] for step in range(1, stores + 1)]
    outcomes = cortex_m.run(program, failures)
    wrong = [failure for failure, outcome in zip(failures, outcomes, strict=True) if not is_sound(outcome)]
    assert wrong
    # The emulator that really ends says the same of the first of them.
    assert not is_sound(cortex_m.kill(program, [Kill(wrong[0][0].step)]))


def test_a_run_that_hangs_or_boots_for_ever_is_given_up(tmp_path: Path) -> None:
    program = cortex_m.build(toy(trace=1), tmp_path)
    assert [one.end for one in cortex_m.run(program, [[], []], boots=4)] == ["hung", "hung"]
    runtime = mutant(
        tmp_path / "runtime",
        "isched.c",
        "    return isched_port_wait_for_level(asked);",
        "    while (boots != 0U) {\n    }\n    return isched_port_wait_for_level(asked);",
    )
    program = cortex_m.build(toy(trace=1, runtime=runtime), tmp_path / "hangs")
    outcomes = [cortex_m.run(program, [[], [Failure(step)], []], timeout=2.0) for step in range(18, 21)]
    assert ["done", "hung", "done"] in [[one.end for one in some] for some in outcomes]


def test_a_missing_tool_is_named_with_its_package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    program = cortex_m.build(toy(), tmp_path)
    monkeypatch.setenv("PATH", "/nonexistent")
    with pytest.raises(MissingTool, match=r"gcc .*\(Debian: gcc\)"):
        cortex_m.build(toy(), tmp_path)
    with pytest.raises(MissingTool, match=r"qemu-system-arm .*\(Debian: qemu-system-arm\)"):
        cortex_m.run(program, [[]])


def test_other_firmware_and_back(tmp_path: Path) -> None:
    """After an update, however far it came, the firmware before it begins anew, or goes on if nothing was changed."""
    one, other = (
        cortex_m.build(toy(trace=1), tmp_path / "one"),
        cortex_m.build(toy(trace=1, TOY_OTHER_PLAN="1"), tmp_path / "other"),
    )
    whole = cortex_m.in_turn([(one, Kill(60)), (other, None), (one, None)])
    assert all(outcome.is_right(expected()) for outcome in whole)
    for store in range(1, 40, 3):
        outcomes = cortex_m.in_turn([(one, Kill(60)), (other, Kill(store)), (one, None)])
        assert outcomes[-1].is_right(expected()), store
