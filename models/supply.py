"""Supplies: where the charge comes from while the device waits."""

from dataclasses import dataclass
from fractions import Fraction

from ischedule.models.errors import InvalidValue
from ischedule.models.quantities import Interval, Rounding, round_to_integer


@dataclass(frozen=True)
class ColdStart:
    """Below a voltage (nanovolt) a harvester's converter starts by itself, and delivers this power (femtowatt)."""

    below: int
    power: int


@dataclass(frozen=True)
class ConstantPower:
    """A harvester whose converter delivers a power (femtowatt) to the buffer's terminal at every voltage.

    Unless it has a `cold_start`: then only from that voltage on. `most_current` (femtoampere) is the most that it ever
    charges with, None where the greatest power says so.
    """

    power: Interval
    cold_start: ColdStart | None = None
    most_current: int | None = None

    def __post_init__(self) -> None:
        if self.power.lo < 0:
            raise InvalidValue(self.power.lo, "is a negative power", "write a power of at least 0 W", ".power")

    def power_from(self, voltage: int) -> int:
        """What is guaranteed (femtowatt) at a voltage and at all above it."""
        if self.cold_start is not None and voltage < self.cold_start.below:
            return min(self.power.lo, self.cold_start.power)
        return self.power.lo

    def current_at(self, voltage: int) -> Fraction:
        """The most it charges with (femtoampere) at a terminal voltage (nanovolt)."""
        if self.most_current is not None:
            return Fraction(self.most_current)
        return Fraction(self.power.hi * 10**9, voltage)  # fW / nV = 1e-6 A = 1e9 fA

    def most_power(self, band: Interval) -> int:
        """The most it delivers (femtowatt) while the buffer's voltage lies in the band: the same everywhere."""
        return self.power.hi


@dataclass(frozen=True)
class ResistiveSource:
    """A source voltage (nanovolt) behind a resistance (microohm): a bench supply, or a Thevenin fit of a harvester."""

    voltage: Interval
    resistance: Interval
    most_current: int | None = None

    def __post_init__(self) -> None:
        if self.voltage.lo < 0:
            raise InvalidValue(self.voltage.lo, "is a negative voltage", "write a voltage of at least 0 V", ".voltage")
        if self.resistance.lo <= 0:
            raise InvalidValue(
                self.resistance.lo,
                "is no resistance",
                "write a resistance above 0 ohm over its interval",
                ".resistance",
            )

    def current_at(self, voltage: int) -> Fraction:
        """The most it charges with (femtoampere) at a terminal voltage (nanovolt)."""
        if self.most_current is not None:
            return Fraction(self.most_current)
        return Fraction(max(0, self.voltage.hi - voltage) * 10**12, self.resistance.lo)  # nV / uohm = 1e12 fA

    def most_power(self, band: Interval) -> int:
        """The most it delivers (femtowatt, rounded up) while the buffer's voltage (nanovolt) lies in the band.

        v (Vs - v) / R is largest at half the source voltage, or at the end of the band nearest to it.
        """
        best = min(max(Fraction(self.voltage.hi, 2), Fraction(band.lo)), Fraction(band.hi))
        # nV * nV / uohm = 1e-12 W = 1000 fW
        return max(0, round_to_integer(1000 * best * (self.voltage.hi - best) / self.resistance.lo, Rounding.UP))


Supply = ConstantPower | ResistiveSource
