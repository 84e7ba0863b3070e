"""The least contents of windows of a trace with even rows, by arrays."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

LIMIT = 1 << 61


def least_contents(energies: Sequence[int], counts: Sequence[int], wraps: bool) -> list[int]:
    """For windows of so many rows each what the poorest one contains at least.

    Energies are counted in a unit in which twice their sum fits 64 bits, each rounded down: nowhere more than there is.
    """
    unit = 1
    while 2 * sum(energies) // unit >= LIMIT:
        unit *= 1000
    rows = np.array([energy // unit for energy in energies], dtype=np.int64)
    if wraps:
        rows = np.concatenate((rows, rows))
    stored = np.concatenate((np.zeros(1, dtype=np.int64), np.cumsum(rows)))
    positions = len(energies) if wraps else len(stored)
    found = []
    for count in counts:
        begins = min(positions, len(stored) - count)
        found.append(int((stored[count : count + begins] - stored[:begins]).min()) * unit)
    return found
