"""The energy buffer: which level belongs to which voltage."""

from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from math import isqrt, lcm

from ischedule.models.demand import LIMIT, Coordinate
from ischedule.models.errors import InvalidValue
from ischedule.models.quantities import Interval, Rounding, round_to_integer


@dataclass(frozen=True)
class EnergyBuffer:
    """An ideal capacitor (femtofarad) used between two voltages (nanovolt).

    A level is the amount of the coordinate stored above the floor, counted with the least capacitance: a voltage then
    stands for the least amount it can mean, and a drain lowers the voltage as far as it can. The floor is the highest
    brown-out voltage, or with a margin below 1 the voltage under the top `margin` of the band below the lowest turn-on:

        energy   level(v) = C/2 (v^2 - f^2)    f^2 = on^2 - margin (on^2 - off^2)
        charge   level(v) = C (v - f)          f = on - margin (on - off)

    Everything is exact: the floor is a rational square (energy) or a rational voltage (charge).
    """

    coordinate: Coordinate
    capacitance: Interval
    turn_on: Interval
    brown_out: Interval
    margin: Fraction = Fraction(1)
    clamp: int | None = None

    def __post_init__(self) -> None:
        if self.capacitance.lo <= 0:
            remedy = "write a capacitance above 0 F over its interval"
            raise InvalidValue(self.capacitance.lo, "is no capacitance", remedy, ".capacitance")
        if self.brown_out.lo < 0:
            raise InvalidValue(self.brown_out.lo, "is negative", "write a voltage of at least 0 V", ".brown_out")
        if self.turn_on.lo <= self.brown_out.hi:
            remedy = f"write a turn-on voltage above {self.brown_out.hi} nV over its interval"
            raise InvalidValue(self.turn_on.lo, "does not lie above the brown-out voltage", remedy, ".turn_on")
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
        return on - self.margin * (on - off)

    @cached_property
    def floor_voltage(self) -> Fraction:
        """The floor (nanovolt) in the charge coordinate, where it is rational."""
        if self.coordinate is Coordinate.ENERGY:
            raise TypeError("in the energy coordinate the square of the floor is rational, not the floor")
        return self.turn_on.lo - self.margin * (self.turn_on.lo - self.brown_out.hi)

    @cached_property
    def amount_per_volt(self) -> Fraction:
        """Level per nanovolt squared (energy: half the capacitance) or per nanovolt (charge: the capacitance)."""
        # fF nV^2 = 1e-33 J = 1e-18 fJ;  fF nV = 1e-24 C = 1e-9 fC
        if self.coordinate is Coordinate.ENERGY:
            return Fraction(self.capacitance.lo, 2 * 10**18)
        return Fraction(self.capacitance.lo, 10**9)

    @cached_property
    def below_floor(self) -> Fraction:
        """The amount between 0 V and the floor, exactly."""
        if self.coordinate is Coordinate.ENERGY:
            return self.amount_per_volt * self.floor_squared
        return self.amount_per_volt * self.floor_voltage

    def exact_level(self, voltage: Fraction | int) -> Fraction:
        """The level of a voltage (nanovolt) before rounding."""
        if voltage < 0:
            raise ValueError(f"a buffer's voltage is not negative: {voltage} nV")
        power = 2 if self.coordinate is Coordinate.ENERGY else 1
        return self.amount_per_volt * Fraction(voltage) ** power - self.below_floor

    def level_of(self, voltage: int, rounding: Rounding) -> int:
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
        factor, constant, scale = self._voltage_line
        amount = max(0, factor * level + constant)
        if self.coordinate is Coordinate.CHARGE:
            return -(-amount // scale) if rounding is Rounding.UP else amount // scale
        root = isqrt(amount // scale)
        return root if rounding is Rounding.DOWN or root * root * scale == amount else root + 1

    @cached_property
    def capacity(self) -> int:
        """The level guaranteed at turn-on."""
        return self.level_of(self.turn_on.lo, Rounding.DOWN)

    @cached_property
    def turn_on_high(self) -> int:
        """The level that turn-on can require."""
        return self.level_of(self.turn_on.hi, Rounding.UP)

    @cached_property
    def empty_level(self) -> int:
        """The level at 0 V (negative)."""
        return self.level_of(0, Rounding.DOWN)
