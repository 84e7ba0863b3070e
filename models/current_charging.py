"""Charging by a constant current: time counts volts, whatever the level counts.

    T = C_hi (v - f) / I

with what waiting draws and what leaks as a current taken from I. For charges that is a line. For energies v is the root
of the level, so that T is a difference of two roots and charging gains power with the voltage. A leak through a
resistance L makes of the current a source of I L behind L. Series resistance lifts what is read at the terminal and
changes nothing of the time, since the current does not depend on it.
"""

from fractions import Fraction
from math import isqrt
from typing import Final

from ischedule.models.buffer import EnergyBuffer
from ischedule.models.charging import ChargingLaw, PolynomialCharging, SourceCharging, lost_current
from ischedule.models.demand import LIMIT, Coordinate
from ischedule.models.quantities import Rounding, round_to_integer
from ischedule.models.supply import ConstantCurrent

WIDTH: Final = 64
"""The fixed-point width that decides nearly every rounding of a root; the rest is decided by squaring."""


def current_charging(buffer: EnergyBuffer, supply: ConstantCurrent, waiting_power: int) -> ChargingLaw:
    """The law of a constant current into one capacitance."""
    net = supply.current.lo - lost_current(buffer, waiting_power)
    law: ChargingLaw
    if buffer.leakage.resistance is not None:
        # uohm fA = 1e-21 V = 1e-12 nV
        source = Fraction(net * buffer.leakage.resistance, 10**12)
        law = SourceCharging(buffer, source, Fraction(buffer.leakage.resistance), waiting_power)
    elif buffer.coordinate is Coordinate.CHARGE:
        law = CurrentCharging(buffer, net, waiting_power)
    else:
        law = RootCharging(buffer, net, waiting_power)
    highest = highest_of(buffer, supply)
    if law.highest_level is not None and highest is not None:
        law.highest_level = min(law.highest_level, highest) if highest >= 0 else None
    return law


def highest_of(buffer: EnergyBuffer, supply: ConstantCurrent) -> int | None:
    """The highest level at which the terminal is still within the voltage of the supply; None without a bound."""
    if supply.up_to is None:
        return None
    lifted = buffer.resistance.hi * supply.current.hi  # uohm fA = 1e-12 nV
    return buffer.level_of(max(0, supply.up_to - -(-lifted // 10**12)), Rounding.DOWN)


class CurrentCharging(PolynomialCharging):
    """Of charges: T(x) = (C_hi / C_lo) x / I."""

    def __init__(self, buffer: EnergyBuffer, current: int, waiting_power: int) -> None:
        self.current = current
        coefficients = None
        if current > 0:
            # fC / fA = 1 s
            coefficients = Fraction(0), Fraction(buffer.capacitance.hi * 10**12, buffer.capacitance.lo * current)
        super().__init__(buffer, waiting_power, coefficients)

    def power_at(self, level: int) -> int:
        return _power(self.buffer, self.current, level)


class RootCharging(ChargingLaw):
    """Of energies: T(x) = (C_hi / I) (sqrt(f^2 + 2 x / C_lo) - f), correctly rounded; below empty counts as empty."""

    def __init__(self, buffer: EnergyBuffer, current: int, waiting_power: int) -> None:
        self.buffer = buffer
        self.current = current
        self.waiting_power = waiting_power
        self.highest_level = LIMIT if current > 0 else None
        # fF nV / fA = 1e-9 s = 1e3 ps
        self.time_per_volt = Fraction(1000 * buffer.capacitance.hi, max(1, current))

    def _squared(self, level: int) -> Fraction:
        """The square of a level's voltage."""
        return max(Fraction(0), self.buffer.floor_squared + level / self.buffer.amount_per_volt)

    def elapsed_up(self, level: int) -> int:
        self.require(level)
        return -floor_of_roots(self.time_per_volt, self.buffer.floor_squared, self._squared(level))

    def elapsed_down(self, level: int) -> int:
        self.require(level)
        return floor_of_roots(self.time_per_volt, self._squared(level), self.buffer.floor_squared)

    def power_at(self, level: int) -> int:
        return _power(self.buffer, self.current, level)


def _power(buffer: EnergyBuffer, current: int, level: int) -> int:
    """What a net current puts into the buffer (femtowatt) at a level, rounded down; fA nV = 1e-9 fW."""
    voltage = buffer.voltage_of(level, Rounding.DOWN if current > 0 else Rounding.UP)
    return round_to_integer(Fraction(current * voltage, 10**9), Rounding.DOWN)


def floor_of_roots(factor: Fraction, one: Fraction, other: Fraction) -> int:
    """floor(factor (sqrt(one) - sqrt(other))) for a factor above 0."""
    # each root is less than 1 below its value, so that the difference is less than 1 off either way
    gap = _root(one) - _root(other)
    low, high = (factor.numerator * (gap + off) // (factor.denominator << WIDTH) for off in (-1, 1))
    while low < high and not _reaches(Fraction(high) / factor, one, other):
        high -= 1
    return high


def _root(square: Fraction) -> int:
    return isqrt((square.numerator << 2 * WIDTH) // square.denominator)


def _reaches(least: Fraction, one: Fraction, other: Fraction) -> bool:
    """Whether sqrt(one) - sqrt(other) is at least so much, decided without roots."""
    if least < 0:
        # sqrt(other) <= sqrt(one) - least
        rest = other - one - least**2
        return rest <= 0 or rest**2 <= 4 * least**2 * one
    # sqrt(one) >= sqrt(other) + least
    rest = one - other - least**2
    return rest >= 0 and rest**2 >= 4 * least**2 * other
