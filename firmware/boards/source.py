"""Firmware as a board builds it: C sources, where their headers are, and the input of the inference."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

HERE: Final = Path(__file__).resolve().parent
ROOM: Final = HERE.parent
RUNTIME: Final = ROOM / "runtime"

WARNINGS: Final = ("-Wall", "-Wextra", "-Wpedantic", "-Wconversion", "-Werror")


@dataclass(frozen=True, slots=True)
class Firmware:
    """What runs on a board.

    ``sources`` are the emitted files and the runtime, ``includes`` the folders of their headers. ``trace`` is 0, 1
    (power cycles and atoms are reported) or 2 (writes too); ``defines`` are macros, ``optimise`` options of compiler
    and linker.
    """

    sources: Sequence[Path]
    includes: Sequence[Path]
    input: bytes
    trace: int = 0
    defines: Mapping[str, str] = field(default_factory=dict)
    optimise: str = "-Os"

    @classmethod
    def of_folder(cls, folder: Path, data: bytes, *, trace: int = 0) -> Firmware:
        """What `ischedule emit` has written to a folder, the runtime included."""
        sources = sorted(folder.rglob("*.c"))
        headers = sorted({path.parent for path in folder.rglob("*.h")})
        return cls(sources, headers, data, trace)

    def flags(self) -> list[str]:
        """Options of the compiler that are the same for every board."""
        macros = {**self.defines, **({"ISCHED_TRACE": str(self.trace)} if self.trace else {})}
        given = [f"-D{name}={value}" for name, value in sorted(macros.items())]
        return ["-std=c99", *self.optimise.split(), *WARNINGS, *given]

    def folders(self, port: Path) -> list[str]:
        """Where headers are, as options of the compiler."""
        return [f"-I{folder}" for folder in (port, HERE, *self.includes)]


def input_source(data: bytes, folder: Path) -> Path:
    """A source file with the input of the inference."""
    rows = [", ".join(f"0x{byte:02x}" for byte in data[at : at + 16]) for at in range(0, len(data), 16)]
    text = '#include "verify_main.h"\n\nconst uint8_t verify_input[] = {\n    ' + ",\n    ".join(rows) + "\n};\n"
    path = folder / "verify_input.c"
    path.write_text(text)
    return path
