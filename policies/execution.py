"""How a policy executes a workload: units that are run one after the other, and what each takes, saves and recovers.

A *unit* is what a policy cannot resume inside: after a power loss it is run again from its start. Units are run-length
coded twice, runs of equal units and stretches of equal runs, because a tiled layer repeats both by the million.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import astuple, dataclass
from enum import Enum

from ischedule.models.charging import ChargingLaw
from ischedule.models.cost import Effort
from ischedule.models.quantities import Dimension


class Discipline(Enum):
    """What a runtime does between two units.

    PLANNED: each unit has a power cycle of its own, and the rest of the charge is given up. OPPORTUNISTIC: it goes on
    until power fails, and runs the unit in flight again. JUST_IN_TIME: it goes on until a warning level, saves there
    what volatile memory holds, and runs nothing again. URGENT: it sleeps where what is left does not suffice for a unit
    and saving it, and saves only where the supply does not carry that sleep.
    """

    PLANNED = "planned"
    OPPORTUNISTIC = "opportunistic"
    JUST_IN_TIME = "just in time"
    URGENT = "urgent"


@dataclass(frozen=True, slots=True)
class Traffic:
    """Commands and bytes between the memories, and multiplications; ``extra`` are those that only preserve progress."""

    reads: int = 0
    bytes_read: int = 0
    writes: int = 0
    bytes_written: int = 0
    macs: int = 0
    extra_writes: int = 0
    extra_bytes_written: int = 0
    extra_macs: int = 0

    def __add__(self, other: Traffic) -> Traffic:
        return Traffic(*map(int.__add__, astuple(self), astuple(other)))

    def times(self, number: int) -> Traffic:
        """The traffic of so many of these."""
        return Traffic(*(number * value for value in astuple(self)))


@dataclass(frozen=True, slots=True)
class Unit:
    """One sort of unit: its work, what preserving its progress takes on top, and what continuing before it takes.

    ``recover`` comes after booting, in a power cycle that begins with this unit.
    """

    name: str
    work: Effort
    preserve: Effort
    recover: Effort
    traffic: Traffic = Traffic()

    @property
    def amount(self) -> int:
        """What it drains from the buffer, preserving included."""
        return self.work.amount + self.preserve.amount

    @property
    def time(self) -> int:
        """How long it is active, preserving included."""
        return self.work.time + self.preserve.time


Run = tuple[Unit, int]
"""Equal units in a row."""


@dataclass(frozen=True, slots=True)
class Stretch:
    """Runs that are repeated so often."""

    runs: tuple[Run, ...]
    times: int = 1

    @property
    def units(self) -> int:
        """How many units it has."""
        return self.times * sum(times for _, times in self.runs)


@dataclass(frozen=True, slots=True)
class Part:
    """The stretches of one layer, or of a case's tasks."""

    name: str
    stretches: tuple[Stretch, ...]


@dataclass(frozen=True, slots=True)
class Snapshot:
    """What a just-in-time runtime saves at its warning level, and what it fetches when power is back."""

    size: int
    save: Effort
    restore: Effort


@dataclass(frozen=True, slots=True)
class Asleep:
    """How an urgent runtime waits: the power (fW), what waking takes, and how the buffer charges meanwhile, None where
    the guaranteed supply does not carry it."""

    power: int
    wake: Effort
    charging: ChargingLaw | None


@dataclass(frozen=True, slots=True)
class Requirement:
    """A condition that an execution must meet whatever the supply: so much is needed of what is available.

    One that is not ``binding`` belongs to the released encoding of progress, which another one would spare.
    """

    what: str
    needed: int
    available: int
    dimension: Dimension | None = None
    binding: bool = True

    @property
    def holds(self) -> bool:
        """Whether it is met."""
        return self.needed <= self.available


@dataclass(frozen=True, slots=True)
class Guarantee:
    """Whether worst-case latency is certified under the policy, and why, or why not."""

    certified: bool
    reason: str


@dataclass(frozen=True, slots=True)
class Totals:
    """What an execution without a power loss comes to, and its dearest unit."""

    units: int
    work: Effort
    preserve: Effort
    largest: int
    traffic: Traffic

    @property
    def amount(self) -> int:
        """What it drains from the buffer, without booting."""
        return self.work.amount + self.preserve.amount

    @property
    def time(self) -> int:
        """How long it is active, without booting."""
        return self.work.time + self.preserve.time


@dataclass(frozen=True, slots=True)
class Execution:
    """A workload under one policy. Every power cycle boots, and recovers as the unit says that it begins with."""

    policy: str
    discipline: Discipline
    boot: Effort
    parts: tuple[Part, ...]
    requirements: tuple[Requirement, ...]
    guarantee: Guarantee
    snapshot: Snapshot | None = None
    asleep: Asleep | None = None

    @property
    def stretches(self) -> tuple[Stretch, ...]:
        """The stretches of all parts."""
        return tuple(stretch for part in self.parts for stretch in part.stretches)

    @property
    def makes_progress(self) -> bool:
        """Whether it ends at all if every power cycle starts from a full buffer."""
        return all(requirement.holds for requirement in self.requirements if requirement.binding)

    def runs(self) -> Iterator[Run]:
        """All runs in order, repetitions written out."""
        for stretch in self.stretches:
            for _ in range(stretch.times):
                yield from stretch.runs

    def totals(self) -> Totals:
        """Sums over all units."""
        return totals_of(self.stretches)


def totals_of(stretches: Iterable[Stretch]) -> Totals:
    """Sums over the units of stretches."""
    counts: dict[Unit, int] = {}
    for stretch in stretches:
        for unit, times in stretch.runs:
            counts[unit] = counts.get(unit, 0) + times * stretch.times
    traffic = Traffic()
    for unit, times in counts.items():
        traffic += unit.traffic.times(times)
    return Totals(
        sum(counts.values()),
        _sum((unit.work, times) for unit, times in counts.items()),
        _sum((unit.preserve, times) for unit, times in counts.items()),
        max((unit.amount + unit.recover.amount for unit in counts), default=0),
        traffic,
    )


def _sum(efforts: Iterable[tuple[Effort, int]]) -> Effort:
    amount = time = 0
    for effort, times in efforts:
        amount += effort.amount * times
        time += effort.time * times
    return Effort(amount, time)
