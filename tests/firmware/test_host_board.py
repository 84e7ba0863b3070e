"""The computer as a board: any run ends with the right output, and broken protocols do not."""

from __future__ import annotations

from itertools import product
from pathlib import Path

import pytest

from ischedule.firmware.boards import host
from tests.firmware.mutants import MUTANTS
from tests.firmware.tools import need
from tests.firmware.toy_schedule import is_sound, mutant, toy

FLASH = {
    "ISCHED_OTHER_UNIT": "8U",
    "ISCHED_OTHER_TORN": "ISCHED_TORN_ANY",
    "ISCHED_OTHER_APPENDS": "1",
    "ISCHED_META_SECTOR": "128U",
}
"""A flash beside the memory of the data: progress is a log there."""


SOON = (1, 3, 8)
"""The stores after a failure at which power fails again."""


@pytest.fixture(autouse=True)
def _tools() -> None:
    need("gcc", "objcopy")


def failures_of(steps: int, torn: tuple[int, ...]) -> list[list[host.Failure]]:
    """A failure at each step of a run that has so many, in each way; and each once more, soon after."""
    single = [[host.Failure(step, way)] for step in range(1, steps + 1) for way in torn]
    double = [[*one, host.Failure(step, torn[-1], step)] for one, step in product(single, SOON)]
    return single + double


@pytest.mark.parametrize("memory", ["cell", "bytes", "flash"])
@pytest.mark.parametrize("bus", [host.DIRECT, host.ANY_ORDER])
def test_a_failure_at_any_store_leaves_the_output_as_it_was(tmp_path: Path, memory: str, bus: int) -> None:
    defines = {"cell": {}, "bytes": {"ISCHED_DATA_UNIT": "1U"}, "flash": FLASH}[memory]
    ways = (host.OLD, host.NEW) if memory != "flash" else (host.OLD, host.NEW, host.MIXED, host.NOISE)
    program = host.build(toy(trace=1, **defines), tmp_path)
    alone = host.run(program, [[]], bus=bus)[0]
    assert is_sound(alone)
    outcomes = host.run(program, failures_of(alone.steps, ways), bus=bus)
    assert len(outcomes) > 500
    assert all(is_sound(one) for one in outcomes)


@pytest.mark.parametrize("name", sorted(MUTANTS))
def test_a_broken_protocol_is_caught(tmp_path: Path, name: str) -> None:
    one = MUTANTS[name]
    runtime = mutant(tmp_path / "runtime", one.file, one.right, one.wrong)
    program = host.build(toy(trace=1, runtime=runtime, **one.defines), tmp_path)
    bus = host.ANY_ORDER if one.needs_delay else host.DIRECT
    steps = host.run(program, [[]], bus=bus)[0].steps
    failures = [[host.Failure(step, way, step * 7 + way)] for step in range(1, steps + 1) for way in (0, 1)]
    outcomes = host.run(program, failures, bus=bus)
    assert not all(is_sound(one) for one in outcomes)


def test_firmware_that_reaches_outside_of_its_memory_is_told(tmp_path: Path) -> None:
    program = host.build(toy(ISCHED_META_ADDRESS="100000U"), tmp_path)
    assert host.run(program, [[]])[0].end == "an access outside of the memory"


def test_a_run_that_boots_for_ever_is_given_up(tmp_path: Path) -> None:
    program = host.build(toy(), tmp_path)
    assert host.run(program, [[]], boots=4)[0].end == "hung"
    assert host.run(program, [[]], boots=7)[0].end == "done"


def test_a_run_that_hangs_is_told_apart_from_those_around_it(tmp_path: Path) -> None:
    wait = "    return isched_port_wait_for_level(asked);"
    runtime = mutant(tmp_path / "runtime", "isched.c", wait, f"    while (boots != 0U) {{\n    }}\n{wait}")
    program = host.build(toy(trace=1, runtime=runtime), tmp_path)
    runs = [[], [host.Failure(30)], []]
    assert [one.end for one in host.run(program, runs, timeout=1.0)] == ["done", "hung", "done"]
    assert [one.end for one in host.run(program, [[]] * 3, timeout=1.0)] == ["done"] * 3
