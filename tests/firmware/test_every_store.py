"""Power fails after every store of an inference, boot by boot: memory ends as without, and broken protocols do not."""

from __future__ import annotations

from pathlib import Path

import pytest

from ischedule.firmware.boards import host
from tests.firmware.mutants import MUTANTS
from tests.firmware.test_host_board import FLASH
from tests.firmware.tools import need
from tests.firmware.toy_schedule import CYCLES, mutant, toy

MEMORIES = {
    "cell": {},
    "bytes": {"ISCHED_DATA_UNIT": "1U"},
    "flash": FLASH,
    "torn": {"ISCHED_DATA_TORN": "ISCHED_TORN_ANY"},
}


@pytest.fixture(autouse=True)
def _tools() -> None:
    need("gcc", "objcopy")


@pytest.mark.parametrize("memory", sorted(MEMORIES))
@pytest.mark.parametrize("bus", [host.DIRECT, host.ANY_ORDER])
def test_every_store_and_once_more(tmp_path: Path, memory: str, bus: int) -> None:
    program = host.build(toy(**MEMORIES[memory]), tmp_path, main="every_store.c")
    found = host.every_store(program, bus=bus, byte=0xA5, second=6)
    assert found.boots == len(CYCLES) + 1
    assert found.failures > 1500
    assert found.wrong == 0


@pytest.mark.parametrize("name", sorted(MUTANTS))
def test_a_broken_protocol_leaves_other_memory(tmp_path: Path, name: str) -> None:
    one = MUTANTS[name]
    runtime = mutant(tmp_path / "runtime", one.file, one.right, one.wrong)
    program = host.build(toy(runtime=runtime, **one.defines), tmp_path, main="every_store.c")
    found = host.every_store(program, bus=host.ANY_ORDER if one.needs_delay else host.DIRECT, second=6)
    assert found.wrong > 0
