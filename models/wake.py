"""Wake: what lets a power cycle begin, what the device does while it waits, and where an inference starts."""

from dataclasses import dataclass
from enum import Enum

from ischedule.models.errors import InvalidValue


class Policy(Enum):
    """Whether every cycle waits for the turn-on level, or each for a threshold that the plan chooses."""

    FIXED = "fixed"
    PROGRAMMABLE = "programmable"


class Mechanism(Enum):
    """What happens between the commit of one cycle and the start of the next.

    LATCH: the device opens its own load switch and nothing is drawn until the supervisor closes it at the threshold.
    BURN: it idles until brown-out, so every cycle drains the whole band. SENSE: it sleeps and measures its buffer.
    """

    LATCH = "latch"
    BURN = "burn"
    SENSE = "sense"


@dataclass(frozen=True)
class Sleep:
    """The cost of sleeping and measuring: power in femtowatt, energies in femtojoules, times in picoseconds.

    Power and energies are what the buffer delivers at the brown-out voltage. The device sleeps for one polling period,
    measures, and so on; `retained` tells whether volatile memory survives the sleep.
    """

    power: int
    poll_energy: int
    poll_period: int
    wake_energy: int
    wake_time: int
    retained: bool

    def __post_init__(self) -> None:
        for name in ("power", "poll_energy", "wake_energy", "wake_time"):
            if getattr(self, name) < 0:
                raise InvalidValue(getattr(self, name), "is negative", "write a value of at least 0", f".{name}")
        if self.poll_period <= 0:
            raise InvalidValue(self.poll_period, "is no period", "write a time above 0 s", ".poll_period")

    @property
    def mean_power(self) -> int:
        """Sleeping and polling together, in femtowatt, rounded up: polls are spread over their period."""
        return self.power - (-self.poll_energy * 10**12 // self.poll_period)


@dataclass(frozen=True)
class Wake:
    """Policy and mechanism with their data: voltages in nanovolt, `idle_power` in femtowatt.

    `step` is the distance of two thresholds that the hardware can tell apart, None for every level (an idealisation).
    `power_on` is where a device under programmable wake comes up after it was off. `idle_power` is the least power that
    the buffer delivers while the device burns what is left.
    """

    policy: Policy
    mechanism: Mechanism
    step: int | None = None
    power_on: int | None = None
    idle_power: int | None = None
    sleep: Sleep | None = None

    def __post_init__(self) -> None:
        if self.step is not None and self.step <= 0:
            raise InvalidValue(self.step, "is no step", 'write a voltage above 0 V, or "continuous"', ".step")
        if self.power_on is not None and self.power_on <= 0:
            raise InvalidValue(self.power_on, "is no power-on voltage", "write a voltage above 0 V", ".power_on")
        if self.mechanism is Mechanism.BURN and self.policy is Policy.PROGRAMMABLE:
            remedy = 'write "sense", or "latch" with an external comparator'
            raise InvalidValue("burn", "cannot wait for a threshold of its own", remedy, ".mechanism")
        if self.mechanism is Mechanism.BURN and (self.idle_power is None or self.idle_power <= 0):
            problem, remedy = "is needed to know how long burning takes", "state the least power drawn while idling"
            raise InvalidValue(self.idle_power, problem, remedy, ".idle_power")
        if self.mechanism is Mechanism.SENSE and self.sleep is None:
            raise InvalidValue(None, "is needed to know what sleeping costs", "state what sleeping draws", ".sleep")


class StartKind(Enum):
    """What the buffer holds when an inference is released."""

    COLD = "cold"
    FLOOR = "floor"
    CHARGED = "charged"
    PERIODIC = "periodic"


@dataclass(frozen=True)
class Start:
    """The buffer at release: at 0 V, at the floor, at turn-on, or as the last inference one period ago left it."""

    kind: StartKind
    period: int | None = None

    def __post_init__(self) -> None:
        if (self.kind is StartKind.PERIODIC) != (self.period is not None):
            raise InvalidValue(
                self.period, "is no period of this start", "a periodic start has one, no other", ".period"
            )
        if self.period is not None and self.period <= 0:
            raise InvalidValue(self.period, "is no period", "write a time above 0 s", ".period")


class Until(Enum):
    """What ends the latency: the last publish, or the buffer being back where it started."""

    PUBLISHED = "published"
    RECHARGED = "recharged"
