"""Supplies: where the charge comes from while the device waits."""

from dataclasses import dataclass
from fractions import Fraction

from ischedule.models.errors import InvalidValue
from ischedule.models.quantities import Interval, Rounding, round_to_integer
from ischedule.models.supply_curve import PER_WATT, SupplyCurve


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

    def least_power(self, band: Interval) -> int:
        """What is guaranteed (femtowatt) at any terminal voltage in the band."""
        return self.power_from(band.lo)

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

    def least_power(self, band: Interval) -> int:
        """What is guaranteed (femtowatt) at any terminal voltage in the band: v (Vs - v) / R is least at an end."""
        ends = (1000 * v * (self.voltage.lo - v) / Fraction(self.resistance.hi) for v in (band.lo, band.hi))
        return max(0, round_to_integer(min(ends), Rounding.DOWN))

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


@dataclass(frozen=True)
class ConstantCurrent:
    """A current (femtoampere) into the buffer's terminal at every voltage: a photodiode or solar cell well below its
    open-circuit voltage, a current loop.

    It is guaranteed up to a terminal voltage (nanovolt), or at every one. Its greatest value is all that ever charges.
    """

    current: Interval
    up_to: int | None = None

    def __post_init__(self) -> None:
        if self.current.lo < 0:
            raise InvalidValue(self.current.lo, "is a negative current", "write a current of at least 0 A", ".current")

    def least_power(self, band: Interval) -> int:
        """What is guaranteed (femtowatt) at any terminal voltage in the band: least at its lower end."""
        if self.up_to is not None and band.hi > self.up_to:
            return 0
        return self.current.lo * band.lo // 10**9  # fA nV = 1e-9 fW

    def current_at(self, voltage: int) -> Fraction:
        """The most it charges with (femtoampere), whatever the terminal voltage."""
        return Fraction(self.current.hi)

    def most_power(self, band: Interval) -> int:
        """The most it delivers (femtowatt, rounded up) while the buffer's voltage (nanovolt) lies in the band."""
        # fA nV = 1e-24 W = 1e-9 fW
        return -(-self.current.hi * band.hi // 10**9)


@dataclass(frozen=True)
class CurveSupply:
    """A harvester of which a lower curve is known: the least that any window delivers into the buffer.

    ``maximum_power`` (femtowatt) is the most that it ever charges with, ``least_load`` the least that the device draws
    while it runs; both None where nobody says.
    """

    curve: SupplyCurve
    maximum_power: int | None = None
    least_load: int | None = None

    def __post_init__(self) -> None:
        if self.maximum_power is not None and self.maximum_power < self.mean_power:
            problem = "is less than the curve promises in the long run"
            raise InvalidValue(self.maximum_power, problem, "write the most that ever charges", ".maximum_power")

    @property
    def mean_power(self) -> int:
        """The power (fW) that stands for the curve in a search: its last rate, or what all of its points come to."""
        window, stored = self.curve.points[-1]
        return max(self.curve.rate, stored * PER_WATT // window if window else 0)

    @property
    def outdraws(self) -> bool:
        """Whether a running device draws at least as much as ever charges, so that it never gains."""
        return self.maximum_power is not None and (self.least_load or 0) >= self.maximum_power

    def current_at(self, voltage: int) -> Fraction:
        """The most it charges with (femtoampere) at a terminal voltage (nanovolt)."""
        return Fraction(self.most_power(Interval.exactly(voltage)) * 10**9, voltage)  # fW / nV = 1e-6 A = 1e9 fA

    def most_power(self, band: Interval) -> int:
        """The most it delivers (femtowatt), whatever the buffer's voltage."""
        if self.maximum_power is None:
            remedy = 'write the most that ever charges, for example "5 mW"'
            raise InvalidValue(None, "is needed to know how long burning takes", remedy, ".supply.maximum_power")
        return self.maximum_power


Supply = ConstantPower | ResistiveSource | ConstantCurrent | CurveSupply
