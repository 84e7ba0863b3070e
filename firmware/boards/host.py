"""The computer itself as a board: memory is an array behind a write gate, and power fails at any store of a unit."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from ischedule.firmware.boards.batches import Attempt, in_batches
from ischedule.firmware.boards.outcome import Outcome, outcome_of
from ischedule.firmware.boards.source import HERE, ROOM, Firmware, input_source
from ischedule.firmware.boards.tool import ToolFailed, call, need

PORT: Final = ROOM / "ports" / "host"

_BATCH: Final = 5000
_RUN: Final = re.compile(r".*?~Z [0-9a-f]+;", re.DOTALL)

OLD, NEW, ZEROS, ONES, MIXED, NOISE = range(6)
"""What the unit reads as that was being written; OLD and NEW are all that memory with whole units knows."""

DIRECT, IN_ORDER, ANY_ORDER = range(3)
"""When stores reach memory: at once, or some time later, in order or not."""


@dataclass(frozen=True, slots=True)
class Failure:
    """Power fails at a store of a unit, the first being 1, counted since the failure before it."""

    step: int
    torn: int = OLD
    arrives: int = 0


def build(
    firmware: Firmware,
    out: Path,
    *,
    compiler: str = "gcc",
    port: Path | None = None,
    main: str = "host_main.c",
    application: Path = HERE / "verify_main.c",
) -> Path:
    """Compile and link; the result is a program that `run` starts, or `every_store` with a main of that name.

    The application is what runs an inference and reports what came out.
    """
    need(compiler, "objcopy")
    out.mkdir(parents=True, exist_ok=True)
    flags = [*firmware.flags(), *firmware.folders(PORT)]
    inside = [*firmware.sources, application, input_source(firmware.input, out)]
    objects = []
    for number, source in enumerate(inside):
        target = out / f"fw{number}.o"
        # Variables lie together, so that each boot can begin with them as a fresh start leaves them.
        alone = ("-fno-common", "-fno-zero-initialized-in-bss", "-fno-pie")
        call([compiler, *flags, *alone, "-c", str(source), "-o", str(target)])
        call(["objcopy", "--rename-section", ".data=fw_data", str(target)])
        objects.append(str(target))
    program = out / "host.elf"
    around = [str(port or PORT / "port.c"), *(str(HERE / name) for name in ("isched_trace.c", "host_boot.c", main))]
    call([compiler, *flags, "-fno-pie", "-no-pie", *around, *objects, "-o", str(program)])
    return program


def run(
    program: Path,
    runs: Iterable[Sequence[Failure]],
    *,
    bus: int = DIRECT,
    byte: int = 0xFF,
    boots: int = 100_000,
    timeout: float = 120.0,
) -> list[Outcome]:
    """One outcome for each sequence of failures; memory begins full of `byte` in each of them.

    A run of more than `boots` boots counts as hung, and one that takes longer than `timeout` seconds.
    """

    def attempt(batch: list[Sequence[Failure]]) -> Attempt:
        lines = []
        for failures in batch:
            numbers = [str(number) for one in failures for number in (one.step, one.torn, one.arrives)]
            lines.append(" ".join([str(bus), str(byte), str(boots), *numbers]))
        text, cut = _said(program, "".join(f"{line}\n" for line in lines), timeout)
        ended = _RUN.findall(text)
        rest = outcome_of(text[sum(map(len, ended)) :])
        return [outcome_of(one) for one in ended], rest if cut else None

    return in_batches(runs, _BATCH, attempt)


def _said(program: Path, lines: str, timeout: float) -> tuple[str, bool]:
    """What the program wrote, and whether it had to be ended."""
    try:
        done = subprocess.run([str(program)], input=lines.encode(), capture_output=True, timeout=timeout)
    except subprocess.TimeoutExpired as late:
        return (late.stdout or b"").decode("latin-1"), True
    if done.returncode != 0:
        raise ToolFailed(f"{program}\n{done.stdout.decode('latin-1')[-2000:]}{done.stderr.decode('latin-1')}")
    return done.stdout.decode("latin-1"), False


@dataclass(frozen=True, slots=True)
class EveryStore:
    """How many failures were tried in how many boots, and after how many of them memory was wrong."""

    failures: int
    wrong: int
    boots: int


def every_store(
    program: Path, *, bus: int = DIRECT, byte: int = 0xFF, second: int = 0, timeout: float = 600.0
) -> EveryStore:
    """Power fails at every store of the inference, and as often as ``second`` says once more behind each of them."""
    numbers = call([str(program)], stdin=f"{bus} {byte} {second}\n", timeout=timeout).split()
    return EveryStore(*map(int, numbers))
