"""Builds and runs the exploration of the protocol: the runtime, or a copy with one fault, on a board of arrays."""

from __future__ import annotations

import subprocess
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).parents[2] / "firmware"
RUNTIME: Final = ROOT / "runtime"
PROTOCOL: Final = ROOT / "proofs" / "protocol"
WARNINGS: Final = ("-std=c99", "-Wall", "-Wextra", "-Wpedantic", "-Wconversion", "-Werror")

DIRECT, IN_ORDER, ANY_ORDER = range(3)
"""How a bus delivers: at once; later, the first stores first; later, in any order."""


def cell(unit: int) -> dict[str, str]:
    """Progress in the memory of the data, units of it being old or new."""
    return {"ISCHED_DATA_UNIT": f"{unit}U"}


def torn(unit: int) -> dict[str, str]:
    """Progress in the memory of the data, where a torn unit reads as anything: a log that is overwritten."""
    return cell(unit) | {"ISCHED_DATA_TORN": "ISCHED_TORN_ANY"}


def other(unit: int, *, data: int = 1, appends: bool = False, torn: bool = False) -> dict[str, str]:
    """Progress in a memory of its own."""
    return cell(data) | {
        "ISCHED_OTHER_UNIT": f"{unit}U",
        "ISCHED_OTHER_APPENDS": str(int(appends)),
        "ISCHED_OTHER_TORN": "ISCHED_TORN_ANY" if torn else "ISCHED_TORN_WHOLE",
    }


@dataclass(frozen=True)
class Mutant:
    """One fault: text of the runtime and what replaces it, and where it shows."""

    file: str = ""
    right: str = ""
    wrong: str = ""
    board: Mapping[str, str] = field(default_factory=dict)
    bus: int = DIRECT
    what: str = ""
    """A word for the exploration: `drops`, `corrupts`."""


@dataclass(frozen=True)
class Found:
    """What an exploration says."""

    fault: str
    states: int = 0
    boots: int = 0
    complete: bool = False
    results: int = 0
    most_boots: int = 0
    stuck: int = 0
    highest: int = 0


def mutated(one: Mutant, folder: Path) -> Path:
    """A copy of the runtime with one fault."""
    folder.mkdir(parents=True)
    for path in RUNTIME.glob("*.[ch]"):
        text = path.read_text()
        if path.name == one.file:
            assert text.count(one.right) == 1, f"{one.file} no longer has the text that this fault changes"
            text = text.replace(one.right, one.wrong)
        (folder / path.name).write_text(text)
    return folder


def build(folder: Path, board: Mapping[str, str], runtime: Path = RUNTIME) -> Path:
    """The exploration of a board; warnings are errors where the runtime is as it is."""
    program = folder / "explore"
    defines = [f"-D{name}={value}" for name, value in board.items()]
    warnings = WARNINGS if runtime == RUNTIME else ("-std=c99", "-w")
    sources = [str(path) for path in sorted(PROTOCOL.glob("*.c"))]
    command = ["gcc", "-O1", *warnings, *defines, f"-I{runtime}", f"-I{PROTOCOL}", *sources, "-o", str(program)]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return program


def explored(program: Path, bus: int, most: int, what: str = "") -> Found:
    """Goes through the states that failures lead to, until `most` boots were tried."""
    command = [str(program), str(bus), str(most), *([what] if what else [])]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120)
    if done.returncode != 0:
        return Found(done.stdout or f"ended with {done.returncode}")
    states, boots, complete, *rest = map(int, done.stdout.split())
    return Found("", states, boots, bool(complete), *rest)
