"""What a plan is for: the criteria by which plans are compared, in order, and the most that it may spend of each."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum


class Criterion(Enum):
    """What plans are compared by and can be limited in.

    Latency in picoseconds, energy in the buffer's coordinate, bytes written to non-volatile memory with the progress
    records, and power cycles: each publishes one record, the wear of the record's region and an entry of the plan.
    """

    LATENCY = "latency"
    ENERGY = "energy"
    WRITTEN = "written"
    CYCLES = "cycles"


@dataclass(frozen=True, slots=True)
class Goal:
    """The criterion that is least in the best plan, those that decide among such plans, and limits that plans keep."""

    order: tuple[Criterion, ...] = (Criterion.LATENCY,)
    limits: Mapping[Criterion, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if not self.order or len(set(self.order)) < len(self.order):
            raise ValueError(f"a goal names one criterion or several different ones, not {self.order}")
        if any(limit < 0 for limit in self.limits.values()):
            raise ValueError(f"nothing keeps a limit below zero: {self.limits}")

    @property
    def first(self) -> Criterion:
        """What is least in the best plan."""
        return self.order[0]

    @property
    def is_plain(self) -> bool:
        """Whether only latency counts."""
        return self.order == (Criterion.LATENCY,) and not self.limits

    @property
    def tracked(self) -> tuple[Criterion, ...]:
        """The amounts, besides latency, that matter to it."""
        named = {*self.order, *self.limits} - {Criterion.LATENCY}
        return tuple(criterion for criterion in Criterion if criterion in named)


PLAIN = Goal()
"""Least latency, whatever it takes."""
