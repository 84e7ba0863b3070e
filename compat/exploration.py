"""What exploring a network yields: a design and its cost per layer, or per layer the proof that it has none."""

from __future__ import annotations

from dataclasses import dataclass

from ischedule.compat.platform import Design


@dataclass(frozen=True)
class CandidateCounts:
    """How many designs were tried, how many fit, and what the others failed on (memory is tested first)."""

    total: int
    feasible: int
    fail_volatile: int
    fail_energy: int


@dataclass(frozen=True)
class CycleCost:
    """One sort of power cycle: how many, and what each takes in joules and seconds, with its parts."""

    count: float
    energy: float
    time: float
    recharge: float
    energy_parts: dict[str, float]
    time_parts: dict[str, float]


@dataclass(frozen=True)
class LayerResult:
    """A layer with a design: its latency, energy and power cycles, recharging after the last cycle included.

    `later` equals `first` with count 0 where a design has no cycles with partial sums.
    """

    layer: str
    design: Design
    latency: float
    energy: float
    volatile_bytes: int
    first: CycleCost
    later: CycleCost
    candidates: CandidateCounts | None = None

    @property
    def cycles(self) -> float:
        """Power cycles."""
        return self.first.count + self.later.count

    @property
    def active(self) -> float:
        """Seconds running, reboots included."""
        return self.first.count * self.first.time + self.later.count * self.later.time

    @property
    def recharge(self) -> float:
        """Seconds recharging."""
        return self.first.count * self.first.recharge + self.later.count * self.later.recharge

    @property
    def peak_energy(self) -> float:
        """Joules of the dearest power cycle, the one the budget must cover."""
        return self.later.energy if self.later.count else self.first.energy


@dataclass(frozen=True)
class LayerRefusal:
    """Proof that a layer has no design: the enumeration's counts, and its cheapest power cycle against the budget.

    `cheapest` is the design whose dearest cycle takes the least energy among those that fit the volatile memory; it is
    None where none does, and then `least_volatile_bytes` is the proof.
    """

    layer: str
    candidates: CandidateCounts
    budget: float
    cheapest: Design | None
    energy: float | None
    energy_parts: dict[str, float]
    least_volatile_bytes: int
    volatile_memory: int

    def __str__(self) -> str:
        tried = f"layer {self.layer}: none of {self.candidates.total} designs fits"
        if self.cheapest is None or self.energy is None:
            return f"{tried}; the smallest needs {self.least_volatile_bytes} of {self.volatile_memory} bytes"
        parts = ", ".join(f"{name} {joules * 1e6:.2f} uJ" for name, joules in self.energy_parts.items())
        return (
            f"{tried}; the cheapest power cycle ({self.cheapest}) needs {self.energy * 1e6:.2f} uJ "
            f"of {self.budget * 1e6:.2f} uJ: {parts}"
        )


@dataclass(frozen=True)
class Exploration:
    """The outcome for a network: a result for each layer that has a design, a refusal for each that has none."""

    results: tuple[LayerResult, ...]
    refusals: tuple[LayerRefusal, ...]
    nonvolatile_bytes: int
    nonvolatile_memory: int

    @property
    def feasible(self) -> bool:
        """Whether every layer has a design and the network fits the non-volatile memory."""
        return not self.refusals and self.nonvolatile_bytes <= self.nonvolatile_memory

    @property
    def latency(self) -> float:
        """Seconds, all layers, the last recharge included."""
        return sum(result.latency for result in self.results)

    @property
    def energy(self) -> float:
        """Joules, all layers."""
        return sum(result.energy for result in self.results)

    @property
    def cycles(self) -> float:
        """Power cycles, all layers."""
        return sum(result.cycles for result in self.results)

    @property
    def active(self) -> float:
        """Seconds running, reboots included."""
        return sum(result.active for result in self.results)

    @property
    def recharge(self) -> float:
        """Seconds recharging."""
        return sum(result.recharge for result in self.results)
