"""The energy buffer: which level belongs to which voltage."""

from dataclasses import dataclass, replace
from fractions import Fraction
from functools import cached_property
from math import isqrt, lcm
from typing import Final

from ischedule.models.capacitance_curve import CapacitanceCurve
from ischedule.models.demand import LIMIT, Coordinate
from ischedule.models.errors import InvalidValue
from ischedule.models.leakage import NO_LEAKAGE, Leakage
from ischedule.models.quantities import Interval, Rounding, round_to_integer
from ischedule.models.reading import TRUE_READING, Reading

NO_RESISTANCE: Final = Interval(0, 0)


@dataclass(frozen=True)
class EnergyBuffer:
    """A capacitor (femtofarad) used between two voltages (nanovolt), those inside it.

    A level is the amount of the coordinate stored above the floor, counted with the least capacitance: a voltage then
    stands for the least amount it can mean, and a drain lowers the voltage as far as it can. The floor is the highest
    brown-out voltage, or with a margin below 1 the voltage under the top `margin` of the band below the lowest turn-on:

        energy   level(v) = C/2 (v^2 - f^2)    f^2 = on^2 - margin (on^2 - off^2)
        charge   level(v) = C (v - f)          f = on - margin (on - off)

    or `load_floor` where that is higher: what every activity leaves, because under load the terminal lies below.
    Everything is exact: the floor is a rational square (energy) or a rational voltage (charge). With a curve in place
    of one capacitance the amount is the integral over it.

    `reading` says which voltage inside is guaranteed where a threshold was read. `resistance` (microohm) is in series,
    `leakage` always there. Where power is guaranteed while the device runs, the level can swing about what is counted
    by so much, and above the `ceiling` nothing counts: `kept_up_to` is the voltage up to which what flows in is kept.
    """

    coordinate: Coordinate
    capacitance: Interval
    turn_on: Interval
    brown_out: Interval
    margin: Fraction = Fraction(1)
    clamp: int | None = None
    resistance: Interval = NO_RESISTANCE
    leakage: Leakage = NO_LEAKAGE
    curve: CapacitanceCurve | None = None
    reading: Reading = TRUE_READING
    load_floor: int = 0
    swing: int = 0
    kept_up_to: int | None = None

    def __post_init__(self) -> None:
        if self.capacitance.lo <= 0:
            remedy = "write a capacitance above 0 F over its interval"
            raise InvalidValue(self.capacitance.lo, "is no capacitance", remedy, ".capacitance")
        if self.brown_out.lo < 0:
            raise InvalidValue(self.brown_out.lo, "is negative", "write a voltage of at least 0 V", ".brown_out")
        if self.turn_on.lo <= self.brown_out.hi:
            remedy = f"write a turn-on voltage above {self.brown_out.hi} nV over its interval"
            raise InvalidValue(self.turn_on.lo, "does not lie above the brown-out voltage", remedy, ".turn_on")
        if self.resistance.lo < 0:
            raise InvalidValue(self.resistance.lo, "is negative", "write at least 0 ohm", ".resistance")
        if self.curve is not None and self.margin != 1:
            problem = "is a share of energy that has no closed form with a capacitance curve"
            raise InvalidValue(str(self.margin), problem, 'write "100 %", or a higher brown_out', ".margin")
        if not 0 < self.margin <= 1:
            raise InvalidValue(str(self.margin), "is no share of the band", 'write "100 %" or less', ".margin")
        if self.clamp is not None and self.clamp < self.turn_on.hi:
            remedy = f"write a clamp voltage of at least {self.turn_on.hi} nV"
            raise InvalidValue(self.clamp, "lies below the turn-on voltage", remedy, ".clamp")
        if -self.empty_level >= LIMIT or self.turn_on_high >= LIMIT:
            remedy = "write a smaller capacitance or smaller voltages"
            raise InvalidValue(self.capacitance.lo, "stores more than 2**62 units", remedy, ".capacitance")

    @cached_property
    def floor_squared(self) -> Fraction:
        """The square of the floor voltage (nanovolt squared); rational in the energy coordinate by definition."""
        if self.coordinate is Coordinate.CHARGE:
            return self.floor_voltage**2
        on, off = self.turn_on.lo**2, self.brown_out.hi**2
        return max(on - self.margin * (on - off), Fraction(self.load_floor**2))

    @cached_property
    def floor_voltage(self) -> Fraction:
        """The floor (nanovolt) in the charge coordinate, where it is rational."""
        if self.coordinate is Coordinate.ENERGY:
            raise TypeError("in the energy coordinate the square of the floor is rational, not the floor")
        within = self.turn_on.lo - self.margin * (self.turn_on.lo - self.brown_out.hi)
        return max(within, Fraction(self.load_floor))

    @property
    def is_ideal(self) -> bool:
        """Whether it has neither resistance nor leakage, one capacitance, and thresholds that mean what they say."""
        plain = self.resistance.hi == 0 and self.leakage.is_none and self.curve is None
        return plain and self.reading == TRUE_READING

    @property
    def highest_voltage(self) -> int:
        """The highest voltage inside (nanovolt): the clamp, or what waiting for turn-on can come to."""
        reached = self.turn_on.hi + self.reading.error
        return reached if self.clamp is None else max(self.clamp, reached)

    @cached_property
    def amount_per_volt(self) -> Fraction:
        """Level per nanovolt squared (energy: half the capacitance) or per nanovolt (charge: the capacitance)."""
        # fF nV^2 = 1e-33 J = 1e-18 fJ;  fF nV = 1e-24 C = 1e-9 fC
        if self.coordinate is Coordinate.ENERGY:
            return Fraction(self.capacitance.lo, 2 * 10**18)
        return Fraction(self.capacitance.lo, 10**9)

    def _stored(self, voltage: Fraction) -> Fraction:
        """The amount between 0 V and a voltage, exactly."""
        if self.curve is not None:
            return self.curve.least_stored(voltage, self.coordinate)
        return self.amount_per_volt * voltage ** (2 if self.coordinate is Coordinate.ENERGY else 1)

    @cached_property
    def below_floor(self) -> Fraction:
        """The amount between 0 V and the floor, exactly."""
        if self.curve is not None:
            return self._stored(Fraction(max(self.brown_out.hi, self.load_floor)))
        if self.coordinate is Coordinate.ENERGY:
            return self.amount_per_volt * self.floor_squared
        return self.amount_per_volt * self.floor_voltage

    def exact_level(self, voltage: Fraction | int) -> Fraction:
        """The level of a voltage (nanovolt) before rounding."""
        if voltage < 0:
            raise ValueError(f"a buffer's voltage is not negative: {voltage} nV")
        return self._stored(Fraction(voltage)) - self.below_floor

    def level_of(self, voltage: Fraction | int, rounding: Rounding) -> int:
        """The level of a voltage (nanovolt); down where it must suffice, up where it must be reached."""
        return round_to_integer(self.exact_level(voltage), rounding)

    @cached_property
    def _voltage_line(self) -> tuple[int, int, int]:
        """The square of a level's voltage (energy), or the voltage itself, as (factor level + constant) / scale."""
        factor, constant = 1 / self.amount_per_volt, self.below_floor / self.amount_per_volt
        scale = lcm(factor.denominator, constant.denominator)
        return int(factor * scale), int(constant * scale), scale

    def voltage_of(self, level: int, rounding: Rounding) -> int:
        """The voltage (nanovolt) of a level; 0 V for levels at or below empty."""
        if self.curve is not None:
            return self.curve.voltage_of(level + self.below_floor, self.coordinate, rounding)
        factor, constant, scale = self._voltage_line
        amount = max(0, factor * level + constant)
        if self.coordinate is Coordinate.CHARGE:
            return -(-amount // scale) if rounding is Rounding.UP else amount // scale
        root = isqrt(amount // scale)
        return root if rounding is Rounding.DOWN or root * root * scale == amount else root + 1

    def guaranteed_voltage(self, read: int) -> int:
        """The least voltage inside (nanovolt, rounded down) at which a cycle starts where this one was read."""
        return round_to_integer(self.reading.guaranteed(read, self._least_capacitance), Rounding.DOWN)

    def connected_level(self, level: int) -> int:
        """The least level of a buffer at this one behind which the load is switched on."""
        if not (self.reading.decoupling or self.reading.redistribution):
            return self._counted(level)
        inside = self.voltage_of(level, Rounding.DOWN)
        reading = replace(self.reading, error=0, over_read=0)
        return self._counted(self.level_of(reading.guaranteed(inside, self._least_capacitance), Rounding.DOWN))

    def guaranteed_level(self, read: int) -> int:
        """The level at which a cycle starts for certain where this voltage (nanovolt) was read; rounded down."""
        return self._counted(self.level_of(self.reading.guaranteed(read, self._least_capacitance), Rounding.DOWN))

    def _counted(self, level: int) -> int:
        """A level at which the device begins to run, as far as it counts."""
        return min(level, self.ceiling) if self.swing else level

    def reached_level(self, read: int) -> int:
        """The level that waiting for a voltage (nanovolt) to be read can come to; rounded up."""
        return self.level_of(read + self.reading.error, Rounding.UP)

    def read_for(self, level: int) -> int:
        """A voltage (nanovolt) which guarantees a level where it is read: the least one but for rounding."""
        inside = self.voltage_of(level, Rounding.UP)
        return self.reading.wanted(inside, self._least_capacitance)

    @cached_property
    def _least_capacitance(self) -> int:
        return self.capacitance.lo if self.curve is None else self.curve.least

    @cached_property
    def capacity(self) -> int:
        """The level guaranteed at turn-on."""
        return self.guaranteed_level(self.turn_on.lo)

    @cached_property
    def ceiling(self) -> int:
        """The highest level that counts while what flows in is counted too."""
        kept = self.turn_on.lo if self.kept_up_to is None else self.kept_up_to
        return self.level_of(kept, Rounding.DOWN) - self.swing

    @cached_property
    def turn_on_high(self) -> int:
        """The level that turn-on can require."""
        return self.reached_level(self.turn_on.hi)

    @cached_property
    def bare_floor(self) -> int:
        """The level of the floor that brown-out and margin alone leave; rounded down, at most 0."""
        if not self.load_floor:
            return 0
        return round_to_integer(replace(self, load_floor=0).below_floor - self.below_floor, Rounding.DOWN)

    @cached_property
    def empty_level(self) -> int:
        """The level at 0 V (negative)."""
        return self.level_of(0, Rounding.DOWN)
