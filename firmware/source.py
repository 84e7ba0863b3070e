"""What a plan's work becomes in C: text for the schedule's header and source, and what its tables take."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class WorkSource:
    """The part of a schedule that says what its atoms do.

    ``declarations`` go into the header, ``tables`` into the source file; ``files`` are further files by name, and
    ``runtime`` names the parts of the runtime that it needs. ``table_bytes`` are those of what the plan decides,
    ``descriptor_bytes`` those of what it does not, without weights.
    """

    declarations: str
    tables: str
    files: Mapping[str, str] = field(default_factory=dict)
    runtime: Sequence[str] = ()
    table_bytes: int = 0
    descriptor_bytes: int = 0
    weight_bytes: int = 0


def comment(text: str) -> str:
    """Text that cannot end a comment, whatever names it holds: C joins lines that end in a backslash, or in ??/."""
    plain = "".join(
        character if (" " <= character <= "~" and character != "\\") or character == "\n" else "?" for character in text
    )
    return plain.replace("??", "? ?").replace("??", "? ?").replace("*/", "* /").replace("/*", "/ *")
