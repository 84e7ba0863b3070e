"""Draw: what an activity draws of its supply while it runs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from ischedule.models.quantities import Interval


@dataclass(frozen=True)
class Draw:
    """What an activity draws while it runs: from the least to the most (femtowatt behind a converter, femtoampere
    behind a regulator; None where it is not stated), and the least terminal voltage (nanovolt) that it works at."""

    range: Interval | None = None
    least_voltage: int = 0


UNSTATED: Final = Draw()
"""Nothing is said of what is drawn."""
