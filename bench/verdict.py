"""How a bench ends: its table on standard output, the claims that fail on standard error, and the exit code."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Sequence


def concluded(lines: Iterable[str], failed: Sequence[str]) -> int:
    """Print the table and the failures; 1 where a claim does not hold."""
    print(*lines, sep="\n")
    if failed:
        print(*failed, sep="\n", file=sys.stderr)
    return 1 if failed else 0
