"""Constant power against one kind of leak, in closed form: through a resistance, or a constant current.

A leak through a resistance L takes v^2 / L of a power P, so that C v v' = P - v^2 / L and

    T = (L C_hi / 2) ln((w^2 - f^2) / (w^2 - v^2))          w^2 = P L, where the leak takes all

and a current I takes I v, so that C v v' = P - I v and

    T = (C_hi w / I) (ln((w - f) / (w - v)) - (v - f) / w)          w = P / I.

What the device draws while it waits is a power behind a converter and is taken from P; behind a regulator it is a
current and joins the leak. Both at once, or a series resistance besides, leave no closed form (`stepped_charging`).
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable
from fractions import Fraction
from functools import lru_cache
from math import isqrt
from typing import Final

from ischedule.models.buffer import EnergyBuffer
from ischedule.models.charging import ChargingLaw, lost_current
from ischedule.models.demand import LIMIT, Coordinate
from ischedule.models.logarithm import ERROR_ULPS, fixed_ln
from ischedule.models.quantities import Rounding, round_to_integer
from ischedule.models.supply import ConstantPower

WIDTH: Final = 128
"""The fixed-point width that decides nearly every rounding of a time; it doubles until the picosecond is certain."""

_CACHED: Final = 1 << 16


def leaky_charging(buffer: EnergyBuffer, supply: ConstantPower, waiting_power: int) -> ChargingLaw | None:
    """The law of a constant power against the leak of one capacitance; None where there is no closed form."""
    is_energy = buffer.coordinate is Coordinate.ENERGY
    power = supply.power.lo - (waiting_power if is_energy else 0)
    current = buffer.leakage.current if is_energy else lost_current(buffer, waiting_power)
    if buffer.leakage.resistance is None and current:
        return CurrentLeakCharging(buffer, power, current, waiting_power)
    if buffer.leakage.resistance is not None and not current:
        return ResistiveLeakCharging(buffer, power, buffer.leakage.resistance, waiting_power)
    return None


class LeakyCharging(ChargingLaw):
    """T = scale (G(level) - G(floor)), correctly rounded to picoseconds; below empty counts as empty.

    No time but that of the floor is a whole number: the logarithm of an algebraic number other than 1 is
    transcendental, so that a doubling width decides at last.
    """

    def __init__(self, buffer: EnergyBuffer, power: int, waiting_power: int, most_squared: Fraction) -> None:
        self.buffer, self.power, self.waiting_power = buffer, power, waiting_power
        self.most_squared = most_squared
        """The square of the voltage (nanovolt) at which the leak takes all."""
        self.highest_level = None
        if most_squared > buffer.floor_squared:
            self.highest_level = min(LIMIT, highest_below(buffer, most_squared))
        self.floor_of: Callable[[int], int] = lru_cache(_CACHED)(self._floor_of)

    @property
    @abstractmethod
    def scale(self) -> Fraction:
        """Picoseconds for one unit of G."""

    @abstractmethod
    def grown(self, square: Fraction, width: int) -> tuple[int, int] | None:
        """Between which integers G lies, times 2^width, but for a constant, at the square of a voltage; None where the
        width is too small to tell."""

    @abstractmethod
    def lost_at(self, voltage: int) -> Fraction:
        """What leaks (femtowatt) at a voltage (nanovolt)."""

    def elapsed_up(self, level: int) -> int:
        self.require(level)
        return self.floor_of(level) + (0 if self._is_floor(level) else 1)

    def elapsed_down(self, level: int) -> int:
        self.require(level)
        return self.floor_of(level)

    def _is_floor(self, level: int) -> bool:
        return level == 0 or (level < 0 and self.buffer.below_floor == 0)

    def _floor_of(self, level: int) -> int:
        """T(level) rounded down."""
        if self._is_floor(level):
            return 0
        width, scale = WIDTH, self.scale
        while True:
            there, floor = (self.grown(squared_voltage(self.buffer, one), width) for one in (level, 0))
            if there is not None and floor is not None:
                ends = there[0] - floor[1], there[1] - floor[0]
                low, high = (scale.numerator * end // (scale.denominator << width) for end in ends)
                if low == high:
                    return low
            width *= 2

    def power_at(self, level: int) -> int:
        return round_to_integer(self.power - self.lost_at(self.buffer.voltage_of(level, Rounding.UP)), Rounding.DOWN)

    @property
    def least_per_level(self) -> Fraction:
        """The least picoseconds that one unit of level takes anywhere above the floor: there, where least leaks."""
        buffer = self.buffer
        floor = buffer.voltage_of(0, Rounding.DOWN)
        left = self.power - self.lost_at(floor)
        if left <= 0:
            return Fraction(0)
        slow = Fraction(buffer.capacitance.hi, buffer.capacitance.lo)
        # energy: fJ / fW = 1e12 ps; charge: fC nV / fW = 1e3 ps
        return slow * (10**12 if buffer.coordinate is Coordinate.ENERGY else 1000 * floor) / left


class ResistiveLeakCharging(LeakyCharging):
    """Against a leak through a resistance (microohm): G = -ln(w^2 - v^2)."""

    def __init__(self, buffer: EnergyBuffer, power: int, leak: int, waiting_power: int) -> None:
        self.leak = leak
        super().__init__(buffer, power, waiting_power, Fraction(max(0, power) * leak, 1000))  # uohm fW = 1e-3 nV^2

    @property
    def scale(self) -> Fraction:
        return Fraction(self.leak * self.buffer.capacitance.hi, 2 * 10**9)  # uohm fF = 1e-21 s = 1e-9 ps

    def grown(self, square: Fraction, width: int) -> tuple[int, int] | None:
        rest = self.most_squared - square
        gap = (rest.numerator << width) // rest.denominator
        if gap < 1:
            return None
        return -fixed_ln(gap + 1, width) - ERROR_ULPS, -fixed_ln(gap, width) + ERROR_ULPS

    def lost_at(self, voltage: int) -> Fraction:
        return Fraction(1000 * voltage**2, self.leak)  # nV^2 / uohm = 1e-12 W


class CurrentLeakCharging(LeakyCharging):
    """Against a current (femtoampere): G = -ln(w - v) - v / w."""

    def __init__(self, buffer: EnergyBuffer, power: int, current: int, waiting_power: int) -> None:
        self.current = current
        self.most = Fraction(max(0, power) * 10**9, current)  # fW / fA = 1 V
        super().__init__(buffer, power, waiting_power, self.most**2)

    @property
    def scale(self) -> Fraction:
        return 1000 * self.buffer.capacitance.hi * self.most / self.current  # fF nV / fA = 1e-9 s = 1e3 ps

    def grown(self, square: Fraction, width: int) -> tuple[int, int] | None:
        volts = isqrt((square.numerator << 2 * width) // square.denominator)
        whole = (self.most.numerator << width) // self.most.denominator
        widest, narrowest = whole + 1 - volts, whole - volts - 1
        if narrowest < 1:
            return None
        shares = [one * self.most.denominator // self.most.numerator for one in (volts, volts + 1)]
        return (
            -fixed_ln(widest, width) - ERROR_ULPS - (shares[0] + 1),
            -fixed_ln(narrowest, width) + ERROR_ULPS - shares[1],
        )

    def lost_at(self, voltage: int) -> Fraction:
        return Fraction(self.current * voltage, 10**9)  # fA nV = 1e-9 fW


def squared_voltage(buffer: EnergyBuffer, level: int) -> Fraction:
    """The square of a level's voltage (nanovolt squared), 0 below empty."""
    if buffer.coordinate is Coordinate.ENERGY:
        return max(Fraction(0), buffer.floor_squared + level / buffer.amount_per_volt)
    return max(Fraction(0), buffer.floor_voltage + level / buffer.amount_per_volt) ** 2


def highest_below(buffer: EnergyBuffer, square: Fraction) -> int:
    """The highest level whose voltage has a smaller square than this, which lies above the floor."""
    root = isqrt((square.numerator - 1) // square.denominator)
    level = max(0, buffer.level_of(root, Rounding.DOWN))
    step = max(1, round_to_integer(buffer.exact_level(root + 2) - level, Rounding.UP))
    while step:
        while squared_voltage(buffer, level + step) < square:
            level += step
        step //= 2
    return level
