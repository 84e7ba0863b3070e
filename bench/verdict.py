"""How a bench ends: its table on standard output, the claims that fail on standard error, and the exit code."""

from __future__ import annotations

import sys
from collections.abc import Collection, Iterable, Sequence
from typing import Protocol


def concluded(lines: Iterable[str], failed: Sequence[str]) -> int:
    """Print the table and the failures; 1 where a claim does not hold."""
    print(*lines, sep="\n")
    if failed:
        print(*failed, sep="\n", file=sys.stderr)
    return 1 if failed else 0


class Proven(Protocol):
    """A best plan, and whether it was proven to be."""

    @property
    def latency(self) -> int: ...

    @property
    def is_proven(self) -> bool: ...


def no_worse(found: Iterable[tuple[str, Proven, Proven]], quicker: Collection[str], what: str) -> list[str]:
    """The claims that do not hold of networks without and with something: that both plans are proven, that the second
    is no slower, and that of some networks it is quicker."""
    failed: list[str] = []
    for name, without, having in found:
        if not (without.is_proven and having.is_proven):
            failed.append(f"{name}: not certified optimal")
        if having.latency > without.latency:
            failed.append(f"{name}: slower with {what}")
        if name in quicker and having.latency >= without.latency:
            failed.append(f"{name}: claimed to be quicker with {what}")
    return failed
