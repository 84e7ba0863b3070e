"""What the runtime takes on a microcontroller: code with constants, and variables; without kernels and tables."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from tests.firmware.protocol import PROTOCOL, RUNTIME, cell, other

FILES: Final = ("isched.c", "isched_record.c", "isched_store_cell.c", "isched_store_log.c")
COMPILERS: Final = {
    "msp430": ("clang", "--target=msp430"),
    "cortex-m0plus": ("arm-none-eabi-gcc", "-mcpu=cortex-m0plus", "-mthumb"),
}
SIZE_OF: Final = {"msp430": "llvm-size", "cortex-m0plus": "arm-none-eabi-size"}
CODE: Final = {"msp430": 1536, "cortex-m0plus": 1024}
"""The most bytes of code and constants where progress is overwritten in place."""
CODE_OF_LOG: Final = {"msp430": 1536, "cortex-m0plus": 1104}
"""And where it is appended to flash."""
RAM: Final = 64

IN_PLACE: Final = cell(2)
FLASH: Final = other(8, appends=True, torn=True) | {"ISCHED_META_SECTOR": "2048U"}
PLACES: Final = {
    "msp430": {"ADDRESS_T": "uint16_t", "META_ADDRESS": "0x4400U"},
    "cortex-m0plus": {"ADDRESS_T": "uint32_t", "META_ADDRESS": "0x0801e000UL"},
}
"""Where progress is on a device of each kind."""


@dataclass(frozen=True)
class Size:
    """Bytes in read-only memory, and of variables."""

    code: int
    variables: int


def size_of(target: str, board: Mapping[str, str], folder: Path, runtime: Path = RUNTIME) -> Size:
    """The sum of the runtime's objects, each compiled for size."""
    code = variables = 0
    # The ports' own barrier: a compiler does not order accesses to memory for less.
    config = (PROTOCOL / "isched_config.h").read_text()
    config = re.sub(r"#define ISCHED_(TRACE|BARRIER|ADDRESS_T|META_ADDRESS).*\n", "", config)
    config += "".join(f"#define ISCHED_{name} {value}\n" for name, value in PLACES[target].items())
    (folder / "isched_config.h").write_text(config)
    (folder / "schedule.h").write_text(
        re.sub(r"extern .*\n.*PLAN_ID.*\n", PLAN_ID, (PROTOCOL / "schedule.h").read_text())
    )
    for name in FILES:
        written = folder / f"{name}.o"
        command = [*COMPILERS[target], "-std=c99", "-Os", "-ffreestanding", f"-I{folder}", f"-I{runtime}"]
        command += [f"-D{key}={value}" for key, value in board.items()]
        subprocess.run([*command, "-c", str(runtime / name), "-o", str(written)], check=True)
        told = subprocess.run([SIZE_OF[target], str(written)], capture_output=True, text=True, check=True).stdout
        text, data, bss = map(int, told.splitlines()[1].split()[:3])
        code += text + data
        variables += data + bss
    return Size(code, variables)


PLAN_ID: Final = "#define ISCHED_PLAN_ID 0x5eedc0deUL\n"
