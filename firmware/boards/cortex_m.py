"""A Cortex-M4 in QEMU (mps2-an386) whose non-volatile memory is a file: power fails right after any store into it.

`run` lets thousands of failures happen in one emulator, by the rule of a write gate: the memory that a failure leaves
is set aside and given to the next boot. `kill` ends the emulator itself, after a store or an instruction, and starts
another one on the file that is left: that takes longer, and nothing but the file survives.
"""

from __future__ import annotations

import re
import subprocess
import tempfile
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from ischedule.firmware.boards.batches import Attempt, in_batches
from ischedule.firmware.boards.outcome import Outcome, outcome_of
from ischedule.firmware.boards.source import HERE, ROOM, Firmware, input_source
from ischedule.firmware.boards.tool import ToolFailed, call, need

PORT: Final = ROOM / "ports" / "cortex-m-mps2"
CPU: Final = ("-mcpu=cortex-m4", "-mthumb")
NV: Final = 0x21000000
NV_BYTES: Final = 1 << 24

_BATCH: Final = 500
_RUN: Final = re.compile(r".*?~Z [0-9a-f]+;", re.DOTALL)
_VOID: Final = re.compile(r"~P;.*?(~R;|\Z)", re.DOTALL)
"""What firmware does after the instant at which power failed."""


@dataclass(frozen=True, slots=True)
class Failure:
    """Power fails right after a store into non-volatile memory, the first being 1, counted since the failure before."""

    step: int


@dataclass(frozen=True, slots=True)
class Kill:
    """The emulator ends after so many instructions, or after so many stores into non-volatile memory."""

    step: int
    stores: bool = True


@dataclass(frozen=True, slots=True)
class Program:
    """Firmware for both ways to fail, and the plugin of the emulator."""

    repeating: Path
    once: Path
    plugin: Path
    nv_bytes: int


def build(firmware: Firmware, out: Path, *, port: Path = PORT) -> Program:
    """Compile and link for `run` and for `kill`."""
    need("gcc", "arm-none-eabi-gcc", "arm-none-eabi-nm")
    out.mkdir(parents=True, exist_ok=True)
    plugin = out / "power.so"
    options = ["-std=c99", "-D_DEFAULT_SOURCE", "-O2", "-shared", "-fPIC"]
    call(["gcc", *options, str(HERE / "power.c"), "-o", str(plugin)])
    ours = [*sorted(port.glob("*.c")), HERE / "verify_main.c", HERE / "isched_trace.c"]
    sources = [str(path) for path in [*firmware.sources, *ours, input_source(firmware.input, out)]]
    flags = [*CPU, *firmware.flags(), *firmware.folders(port), "-ffunction-sections", "-fdata-sections"]
    link = ["-nostartfiles", "--specs=nano.specs", "-Wl,--gc-sections", "-T", str(port / "mps2.ld")]
    start = "-DMAIN=verify_main"
    for name, macros in (("repeating", ["-DBOARD_REPEATS"]), ("once", [])):
        call(["arm-none-eabi-gcc", *flags, start, *macros, *link, *sources, "-o", str(out / f"{name}.elf")])
    names = call(["arm-none-eabi-nm", str(out / "once.elf")])
    end = next(int(line.split()[0], 16) for line in names.splitlines() if line.endswith(" __nv_end"))
    return Program(out / "repeating.elf", out / "once.elf", plugin, end - NV)


def run(
    program: Program,
    runs: Iterable[Sequence[Failure]],
    *,
    byte: int = 0xFF,
    boots: int = 100_000,
    timeout: float = 120.0,
) -> list[Outcome]:
    """One outcome for each sequence of failures; memory begins full of `byte` in each of them.

    A run of more than `boots` boots counts as hung, and one that takes longer than `timeout` seconds.
    """

    def attempt(batch: list[Sequence[Failure]]) -> Attempt:
        text, cut = _repeat(program, batch, {"byte": str(byte), "boots": str(boots)}, timeout)
        ended = _RUN.findall(text)
        rest = outcome_of(_VOID.sub("~P;", text[sum(map(len, ended)) :]))
        return [outcome_of(_VOID.sub("~P;", one)) for one in ended], rest if cut else None

    return in_batches(runs, _BATCH, attempt)


def _repeat(
    program: Program, runs: list[Sequence[Failure]], settings: dict[str, str], timeout: float
) -> tuple[str, bool]:
    """The report of one emulator that goes through all runs, and whether it had to be ended."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        lines = [" ".join(str(one.step) for one in failures) for failures in runs]
        (folder / "runs").write_text("".join(f"{line}\n" for line in lines))
        (folder / "report").touch()
        places = {
            "runs": str(folder / "runs"),
            "image": str(_memory(folder, 0, 0)),
            "report": str(folder / "report"),
            "bytes": str(program.nv_bytes),
        }
        ended = _emulate(program.repeating, program.plugin, folder, {**places, **settings}, timeout)
        return (folder / "report").read_text("latin-1"), not ended


def kill(program: Program, kills: Sequence[Kill], *, byte: int = 0xFF, timeout: float = 60.0) -> Outcome:
    """What comes out where one emulator after the other ends early, and a last one does not."""
    return in_turn([*((program, one) for one in kills), (program, None)], byte=byte, timeout=timeout)[-1]


def in_turn(
    programs: Sequence[tuple[Program, Kill | None]], *, byte: int = 0xFF, timeout: float = 60.0
) -> list[Outcome]:
    """What comes out of one program after the other on a device, as after an update; each ends early, or by itself.

    The report of a program that ended early goes on with the next one.
    """
    outcomes = []
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        _memory(folder, byte, max(program.nv_bytes for program, _ in programs))
        for program, one in programs:
            settings = {} if one is None else {"kill_stores" if one.stores else "kill_steps": str(one.step)}
            _emulate(program.once, program.plugin, folder, settings, timeout)
            if one is None:
                outcomes.append(outcome_of((folder / "report").read_text("latin-1")))
                (folder / "report").unlink()
    return outcomes


def _memory(folder: Path, byte: int, used: int) -> Path:
    """The file behind the memory, as it leaves the factory."""
    path = folder / "memory"
    with path.open("wb") as file:
        file.write(bytes([byte]) * used)
        file.truncate(NV_BYTES)
    return path


def _emulate(elf: Path, plugin: Path, folder: Path, settings: dict[str, str], timeout: float) -> bool:
    """Run QEMU; whether it came to an end."""
    need("qemu-system-arm")
    memory = f"memory-backend-file,id=nv,size=16M,mem-path={folder / 'memory'},share=on"
    command = [
        *("qemu-system-arm", "-M", "mps2-an386,memory-backend=nv", "-object", memory, "-display", "none"),
        *("-monitor", "none", "-chardev", f"file,id=report,path={folder / 'report'},append=on"),
        *("-serial", "chardev:report", "-semihosting-config", "enable=on,target=native"),
        *("-plugin", ",".join([str(plugin), *(f"{name}={value}" for name, value in settings.items())])),
        *("-kernel", str(elf)),
    ]
    try:
        done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=timeout)
    except subprocess.TimeoutExpired:
        return False
    if done.returncode != 0:
        raise ToolFailed(f"{' '.join(command)}\n{done.stdout}{done.stderr}")
    return True
