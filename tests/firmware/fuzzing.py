"""Builds and runs the fuzzer of non-volatile images with AddressSanitizer and UndefinedBehaviorSanitizer."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from tests.firmware.protocol import PROTOCOL, ROOT, RUNTIME, cell, other

BOARDS: Final = {
    "cell": cell(2),
    "bytes": cell(1),
    "flash": other(8, appends=True, torn=True),
}
SANITIZERS: Final = "-fsanitize=fuzzer,address,undefined"


def sources(main: Path) -> list[str]:
    """A program around the runtime and the board of arrays."""
    return [str(main), *(str(PROTOCOL / name) for name in ("board.c", "plan.c", "firmware.c"))]


def build(folder: Path, board: Mapping[str, str], runtime: Path = RUNTIME) -> Path:
    """The fuzzer for one kind of memory."""
    program = folder / "fuzz"
    command = ["clang", "-g", "-O1", "-std=c99", SANITIZERS, "-fno-sanitize-recover=all"]
    command += [*(f"-D{name}={value}" for name, value in board.items()), f"-I{runtime}", f"-I{PROTOCOL}"]
    done = subprocess.run(
        [*command, *sources(ROOT / "proofs" / "fuzz_image.c"), "-o", str(program)], capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    return program


def fuzzed(program: Path, runs: int, seed: int, corpus: Path | None = None) -> tuple[str, int]:
    """What went wrong (nothing: ""), and how many images were run."""
    command = [str(program), f"-runs={runs}", f"-seed={seed}", "-max_len=400", "-print_final_stats=1", "-timeout=20"]
    command += [f"-artifact_prefix={program.parent}/", *([str(corpus)] if corpus else [])]
    done = subprocess.run(command, capture_output=True, text=True)
    told = re.search(r"number_of_executed_units: (\d+)", done.stderr)
    return (done.stdout + done.stderr)[-4000:] if done.returncode != 0 else "", int(told[1]) if told else 0
