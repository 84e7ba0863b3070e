"""The runtime is as small as promised: at most 1.5 KB on MSP430 and 1 KB on Cortex-M0+, 64 bytes of variables."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.firmware.protocol import RUNTIME
from tests.firmware.sizes import CODE, CODE_OF_LOG, COMPILERS, FLASH, IN_PLACE, RAM, SIZE_OF, size_of
from tests.firmware.tools import need


@pytest.mark.parametrize("target", COMPILERS)
def test_the_runtime_fits(target: str, tmp_path: Path) -> None:
    need(COMPILERS[target][0], SIZE_OF[target])
    cell, log = size_of(target, IN_PLACE, tmp_path), size_of(target, FLASH, tmp_path)
    assert CODE[target] // 2 < cell.code <= CODE[target]
    assert cell.code < log.code <= CODE_OF_LOG[target]
    assert 0 < cell.variables <= RAM
    assert 0 < log.variables <= RAM


def test_what_is_added_to_the_runtime_is_counted(tmp_path: Path) -> None:
    need(COMPILERS["msp430"][0], SIZE_OF["msp430"])
    runtime = tmp_path / "runtime"
    runtime.mkdir()
    for path in RUNTIME.glob("isched*.[ch]"):
        (runtime / path.name).write_text(path.read_text())
    with (runtime / "isched.c").open("a") as file:
        file.write("const uint8_t isched_more[1000] = {1}; uint8_t isched_other[100];\n")
    before, after = size_of("msp430", IN_PLACE, tmp_path), size_of("msp430", IN_PLACE, tmp_path, runtime)
    assert (after.code - before.code, after.variables - before.variables) == (1000, 100)
