"""Requirements that no plan meets together, and what there would be without each of them."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum


class Named(Enum):
    """The requirements that can be left out one by one, to see which of them are in conflict."""

    ENERGY = "energy of a power cycle"
    WAKE = "wake level"
    SUPPLY = "supply"
    START = "start"
    CUTS = "places of checkpoints"
    VOLATILE = "volatile memory"
    DEADLINE = "deadline"


@dataclass(frozen=True)
class Witness:
    """A plan that there would be without one requirement: its cycles, the drain of the fullest, and its latency."""

    without: Named
    cycles: int
    largest: int
    latency: int


@dataclass(frozen=True)
class Conflict:
    """Requirements that no plan meets together; each has a witness that the others alone can be met."""

    witnesses: tuple[Witness, ...]

    @property
    def names(self) -> tuple[Named, ...]:
        """The requirements."""
        return tuple(one.without for one in self.witnesses)
