"""What every command writes: files that appear whole or not at all, tables, and progress for whoever waits."""

import os
import secrets
import shutil
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from types import TracebackType
from typing import Self, TextIO


def write_whole(path: Path, content: str | bytes) -> None:
    """Write a file such that a reader, or a failure, finds either the old content or all of the new.

    The content goes to a temporary name in the same folder and takes the place of the file in one step. A link keeps
    pointing at the file it names; a pipe or a device, which cannot be replaced, is written directly.
    """
    data = content.encode() if isinstance(content, str) else content
    target = Path(os.path.realpath(path))
    if target.exists() and not target.is_file() and not target.is_dir():
        target.write_bytes(data)
        return
    beside = target.with_name(f".{target.name}.{secrets.token_hex(4)}")
    try:
        with beside.open("xb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        if target.is_file():
            beside.chmod(target.stat().st_mode & 0o7777)
        os.replace(beside, target)
    except OSError as error:
        error.filename, error.filename2 = str(path), None
        raise
    finally:
        beside.unlink(missing_ok=True)


def table(header: Sequence[str], rows: Sequence[Sequence[str]], right: Sequence[str] = ()) -> str:
    """Columns as wide as need be, two spaces apart; those headed by a name in `right` end flush, as figures do."""
    lines = [header, *rows]
    widths = [max(len(line[column]) for line in lines) for column in range(len(header))]
    shown = []
    for line in lines:
        cells = [
            cell.rjust(width) if heading in right else cell.ljust(width)
            for heading, cell, width in zip(header, line, widths, strict=True)
        ]
        shown.append("  ".join(cells).rstrip())
    return "\n".join(shown) + "\n"


class Progress:
    """One line on standard error that says what is going on, for work that takes more than a second at a terminal.

    It is a context manager; within it, `progress("layer 3 of 7")` replaces the line. On leaving, the line is wiped.
    """

    PATIENCE = 1.0
    INTERVAL = 0.1

    def __init__(self, stream: TextIO | None = None, clock: Callable[[], float] = time.monotonic) -> None:
        self._stream = sys.stderr if stream is None else stream
        self._clock = clock
        self._watched = self._stream.isatty()
        self._next = clock() + self.PATIENCE
        self._shown = 0

    def __call__(self, text: str) -> None:
        """Say what is going on; ignored before the first second is over, and more often than the eye can follow."""
        if not self._watched or self._clock() < self._next:
            return
        self._next = self._clock() + self.INTERVAL
        line = " ".join(text.split())[: shutil.get_terminal_size().columns - 1]
        self._stream.write("\r" + line + " " * (self._shown - len(line)))
        self._stream.flush()
        self._shown = len(line)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        if self._shown:
            self._stream.write("\r" + " " * self._shown + "\r")
            self._stream.flush()
            self._shown = 0
