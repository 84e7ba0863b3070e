"""An MSP430 with FRAM in `mspdebug sim`: power fails after any number of instructions.

A failure overwrites RAM and registers and resets; FRAM is kept. Many runs share a process, about 3 ms each.
"""

from __future__ import annotations

import re
import subprocess
import tempfile
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from ischedule.firmware.boards.batches import Attempt, in_batches
from ischedule.firmware.boards.outcome import Outcome, outcome_of
from ischedule.firmware.boards.source import HERE, ROOM, Firmware, input_source
from ischedule.firmware.boards.tool import call, need

PORT: Final = ROOM / "ports" / "msp430-fram"
RAM_BYTES: Final = 0x2000

_BATCH: Final = 400
_NEW_RUN: Final = "Erasing..."
_COUNT: Final = re.compile(r"Instruction count: (\d+)")
_GARBAGE: Final = ("0xa5 0x5a", "0xff", "0x00", "0x3c 0xc3 0x99")


@dataclass(frozen=True, slots=True)
class Failure:
    """Power fails after so many instructions, counted since the boot that follows the failure before it."""

    step: int


def build(firmware: Firmware, out: Path, *, ram: int = RAM_BYTES, port: Path = PORT) -> Path:
    """Compile and link; `ram` bytes of volatile memory are used, and overwritten where power is switched off."""
    out.mkdir(parents=True, exist_ok=True)
    ours = [port / "port.c", HERE / "verify_main.c", HERE / "isched_trace.c", input_source(firmware.input, out)]
    flags = [*firmware.flags(), *firmware.folders(port)]
    return assemble([*firmware.sources, *ours], flags, out, ram, port)


def assemble(sources: Sequence[Path], flags: Sequence[str], out: Path, ram: int, port: Path) -> Path:
    """A program that starts in verify_main() of these sources, with the start-up code and the library of a port."""
    need("clang", "ld.lld", "llvm-nm")
    compiler = ["clang", "--target=msp430", "-ffreestanding", "-fno-builtin", "-ffunction-sections", "-fdata-sections"]
    objects = []
    for number, source in enumerate(sources):
        objects.append(str(out / f"{number}-{source.stem}.o"))
        call([*compiler, *flags, "-c", str(source), "-o", objects[-1]])
    for source in sorted(port.glob("*.S")):
        objects.append(str(out / f"{source.stem}.o"))
        call(["clang", "--target=msp430", "-DMAIN=verify_main", "-c", str(source), "-o", objects[-1]])
    elf = out / "msp430.elf"
    script = str(port / "msp430.ld")
    call(["ld.lld", f"--defsym=__ram_bytes={ram}", "-T", script, "--gc-sections", *objects, "-o", str(elf)])
    return elf


def symbols(elf: Path) -> dict[str, int]:
    """Where everything is that has a name."""
    rows = [line.split() for line in call(["llvm-nm", str(elf)]).splitlines()]
    return {row[2]: int(row[0], 16) for row in rows if len(row) == 3}


def run(elf: Path, runs: Iterable[Sequence[Failure]], *, byte: int = 0xFF, timeout: float = 60.0) -> list[Outcome]:
    """One outcome for each sequence of failures; non-volatile memory begins full of `byte` in each of them.

    A run that takes longer than `timeout` seconds counts as hung.
    """
    need("mspdebug")
    names = symbols(elf)

    def attempt(batch: list[Sequence[Failure]]) -> Attempt:
        commands = [line for number, one in enumerate(batch) for line in _commands(elf, names, one, number, byte)]
        text, cut = _simulate(commands, timeout)
        # The first piece is what was said before anything was programmed.
        outcomes = [_outcome(piece) for piece in text.split(_NEW_RUN)[1:]]
        return (outcomes[:-1], outcomes[-1]) if cut and outcomes else (outcomes, None)

    return in_batches(runs, _BATCH, attempt)


def _commands(elf: Path, names: dict[str, int], failures: Sequence[Failure], number: int, byte: int) -> list[str]:
    """What mspdebug is told for one run."""
    lines = [f"prog {elf}"]
    if (size := names["__nv_end"] - names["__nv_start"]) > 0:
        lines.append(f"fill {names['__nv_start']} {size} {byte}")
    lines.append("reset")
    for count, failure in enumerate(failures):
        garbage = _GARBAGE[(number + count) % len(_GARBAGE)]
        lines += [f"step {failure.step}", f"fill {names['__ram_start']} {names['__ram_bytes']} {garbage}"]
        lines += ["reset", *(f"set {register} {0xA5A5 ^ (register * 257)}" for register in range(4, 16))]
    lines += [f"setbreak {names['board_end']} 0", "simio config steps clear", "run", "simio info steps"]
    return lines


def console(elf: Path, *, timeout: float = 60.0) -> str:
    """All that the simulator and the firmware say in a run without failures."""
    need("mspdebug")
    return _simulate(_commands(elf, symbols(elf), [], 0, 0xFF), timeout)[0]


def _simulate(commands: list[str], timeout: float) -> tuple[str, bool]:
    """What was said, and whether the simulator had to be ended."""
    with tempfile.TemporaryDirectory() as folder:
        script = Path(folder) / "commands"
        start = ["simio add console console", "simio config console base 0xf0", "simio add tracer steps"]
        script.write_text("\n".join([*start, *commands, "exit"]) + "\n")
        command = ["mspdebug", "-q", "sim", f"read {script}"]
        try:
            done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, timeout=timeout)
            said, cut = done.stdout, False
        except subprocess.TimeoutExpired as late:
            said, cut = late.stdout or b"", True
    return said.decode("latin-1"), cut


def _outcome(text: str) -> Outcome:
    """What a run came to; mspdebug repeats each command that it carries out."""
    return replace(outcome_of(text, _steps(text)), failures=text.count("=> fill "))


def _steps(text: str) -> int:
    counts = _COUNT.findall(text)
    return int(counts[-1]) if counts else 0
