"""Charging by steps: what a supply guarantees at each level, where losses leave no closed form in whole numbers.

Constant power through a series resistance, against two kinds of leakage, into a capacitance that depends on the
voltage, or with a cold start: all of these give a power (or, of charges, a current) that depends on the voltage. The
band from 0 V to the highest voltage is cut into steps of equal amounts, at whole levels. Each step takes a whole number
of picoseconds that is at least what it can take anywhere in it, so that

    T(level) = the steps below it, and its share of the step that it lies in

is a charging time of a supply that is weaker at every level: between any two levels the true time is at most the
difference, and T is exact. With power p(v) into the capacitor at voltage v the steps together exceed the true time by
about the part by which p differs from one end of a step to the other: a thousandth of what it differs over the band.

Above the floor the supply counts as no stronger at any level than below it, so that T is convex there and waiting for
the least sufficient level is best. What gets lost by that is only what series resistance costs less at high voltage.
"""

from __future__ import annotations

from bisect import bisect_right
from fractions import Fraction
from itertools import pairwise
from math import isqrt
from typing import Final

from ischedule.models.buffer import EnergyBuffer
from ischedule.models.charging import ChargingLaw, lost_current, require_brown_out
from ischedule.models.demand import LIMIT, Coordinate
from ischedule.models.quantities import Rounding, round_to_integer
from ischedule.models.supply import ConstantCurrent, ConstantPower, ResistiveSource, Supply

STEPS: Final = 1024
"""Into how many equal amounts the band is cut."""


class SteppedCharging(ChargingLaw):
    """T by whole levels and picoseconds: `knots` are the levels between steps, `times` what T is there.

    `times` is 0 at the floor and negative below it. The last knot is the highest level that is reached.
    """

    def __init__(self, buffer: EnergyBuffer, supply: Supply, waiting_power: int) -> None:
        self.buffer, self.supply, self.waiting_power = buffer, supply, waiting_power
        self.waiting_rate = _waiting_rate(buffer, waiting_power)
        top = buffer.level_of(buffer.highest_voltage, Rounding.UP)
        levels = _levels(buffer, top)
        self.knots, times, zero = [levels[0]], [0], 0
        slowest = Fraction(0)
        for low, high in pairwise(levels):
            taken = self._per_level(low, high)
            if taken is None:
                break
            if low >= 0:
                taken = slowest = max(slowest, taken)
            self.knots.append(high)
            times.append(times[-1] + round_to_integer(taken * (high - low), Rounding.UP))
            if high == 0:
                zero = times[-1]
        self.times = [time - zero for time in times]
        # beyond the highest voltage nothing is ever waited for
        self.highest_level = LIMIT if self.knots[-1] == top else self.knots[-1]
        if self.knots[-1] < 0:
            self.highest_level = None

    def _per_level(self, low: int, high: int) -> Fraction | None:
        """The most picoseconds that one unit of level takes between two levels; None where none is guaranteed."""
        buffer = self.buffer
        below, above = buffer.voltage_of(low, Rounding.DOWN), buffer.voltage_of(high, Rounding.UP)
        if below == 0 and buffer.coordinate is Coordinate.ENERGY and not self._is_steady:
            return self._from_empty(above, high - low)
        waiting = self.waiting_rate
        if not isinstance(self.supply, ConstantPower) and above <= buffer.brown_out.lo:
            # the device is off; what it draws at brown-out counts as a current, with which a source can charge from 0 V
            waiting = waiting * above / buffer.brown_out.lo
        rate = self._supplied(below, above) - buffer.leakage.rate_at(above, buffer.coordinate) - waiting
        if rate <= 0:
            return None
        ratio = Fraction(buffer.capacitance.hi, buffer.capacitance.lo)
        if buffer.curve is not None:
            ratio = buffer.curve.largest_ratio(below, above)
        return ratio * 10**12 / rate

    @property
    def _is_steady(self) -> bool:
        """Whether the power that is stored does not vanish at 0 V."""
        return isinstance(self.supply, ConstantPower) and self.buffer.resistance.hi == 0

    def _from_empty(self, above: int, amount: int) -> Fraction | None:
        """The same for energies from 0 V on, where a current stores no power at first: the charge up to a voltage, over
        the least current. A device is off there and draws nothing, but what is drawn at brown-out counts all the same.
        """
        buffer = self.buffer
        current = self._current(above) - lost_current(buffer, self.waiting_power)
        if buffer.leakage.resistance is not None:
            current -= Fraction(above * 10**12, buffer.leakage.resistance)  # nV / uohm = 1e-3 A = 1e12 fA
        if current <= 0:
            return None
        # fF nV / fA = 1e-9 s = 1e3 ps
        return 1000 * buffer.capacitance.hi * above / current / amount

    def _current(self, high: int) -> Fraction:
        """The current (fA) that the supply guarantees up to a voltage inside."""
        series, supply = self.buffer.resistance.hi, self.supply
        if isinstance(supply, ConstantCurrent):
            return _from_current(supply, series, high)
        if isinstance(supply, ResistiveSource):
            # nV / uohm = 1e-3 A = 1e12 fA
            return Fraction((supply.voltage.lo - high) * 10**12, supply.resistance.hi + series)
        assert isinstance(supply, ConstantPower), "a curve is no current at a voltage"
        return _current_of_power(supply.power_from(0), series, high)

    def _supplied(self, low: int, high: int) -> Fraction:
        """What the supply guarantees to put into the capacitor between two voltages: fW, or fA."""
        series, supply, coordinate = self.buffer.resistance.hi, self.supply, self.buffer.coordinate
        if isinstance(supply, ConstantPower):
            return _from_power(supply, series, low, high, coordinate)
        if coordinate is Coordinate.CHARGE:
            return self._current(high)
        # fA nV = 1e-9 fW
        if isinstance(supply, ConstantCurrent):
            return self._current(high) * low / 10**9
        # the power of a source is least at one of the ends
        return min(self._current(voltage) * voltage / 10**9 for voltage in (low, high))

    def _elapsed(self, level: int) -> tuple[int, int]:
        """T(level) in picoseconds as numerator and denominator."""
        self.require(level)
        level = max(level, self.knots[0])
        place = min(bisect_right(self.knots, level), len(self.knots) - 1)
        low, high = self.knots[place - 1], self.knots[place]
        span = high - low
        return self.times[place - 1] * span + (level - low) * (self.times[place] - self.times[place - 1]), span

    def elapsed_up(self, level: int) -> int:
        if self.knots[0] < level < self.knots[1]:
            return self.times[1]  # of the first step only the whole is bounded
        numerator, denominator = self._elapsed(level)
        return -(-numerator // denominator)

    def elapsed_down(self, level: int) -> int:
        numerator, denominator = self._elapsed(level)
        return numerator // denominator

    def power_at(self, level: int) -> int:
        buffer = self.buffer
        voltage = buffer.voltage_of(level, Rounding.UP)
        low = buffer.voltage_of(level, Rounding.DOWN)
        rate = self._supplied(low, voltage) - buffer.leakage.rate_at(voltage, buffer.coordinate) - self.waiting_rate
        if buffer.coordinate is Coordinate.CHARGE:
            rate = rate * low / 10**9  # fA nV = 1e-24 W
        return round_to_integer(rate, Rounding.DOWN)

    @property
    def least_per_level(self) -> Fraction:
        """The least picoseconds that one unit of level takes anywhere above the floor."""
        rising = [
            Fraction(self.times[place] - self.times[place - 1], self.knots[place] - self.knots[place - 1])
            for place in range(1, len(self.knots))
            if self.knots[place] > 0
        ]
        return min(rising, default=Fraction(0))


def _levels(buffer: EnergyBuffer, top: int) -> list[int]:
    """The whole levels between steps, from empty; 0 is one of them."""
    empty = buffer.empty_level
    span = top - empty
    return sorted({empty + span * step // STEPS for step in range(STEPS + 1)} | {0})


def _waiting_rate(buffer: EnergyBuffer, waiting_power: int) -> Fraction:
    """What the device draws while it waits: a power, or the current that this power is at brown-out."""
    if buffer.coordinate is Coordinate.ENERGY or waiting_power == 0:
        return Fraction(waiting_power)
    return Fraction(waiting_power * 10**9, require_brown_out(buffer))  # fW / nV = 1e-6 A = 1e9 fA


def _from_current(supply: ConstantCurrent, series: int, high: int) -> Fraction:
    """A constant current, as long as the terminal stays within its voltage; uohm fA = 1e-12 nV."""
    if supply.up_to is not None and high * 10**12 + series * supply.current.hi > supply.up_to * 10**12:
        return Fraction(0)
    return Fraction(supply.current.lo)


def _from_power(supply: ConstantPower, series: int, low: int, high: int, coordinate: Coordinate) -> Fraction:
    """What is left of a power behind the series resistance: with the terminal at u the current is P / u.

    u = (v + sqrt(v^2 + 4 R P)) / 2 rises with v, and so does what is stored, P v / u.
    """
    power = supply.power_from(low)
    if coordinate is Coordinate.CHARGE:
        return _current_of_power(power, series, high)
    return _current_of_power(power, series, low) * low / 10**9 if series else Fraction(power)  # fA nV = 1e-9 fW


def _current_of_power(power: int, series: int, voltage: int) -> Fraction:
    """The current (fA, rounded down) of a power into the terminal, with a voltage inside."""
    if power <= 0:
        return Fraction(0)
    # uohm fW = 1e-21 V^2 = 1e-3 nV^2
    dip = -(-series * power // 1000)
    twice = voltage + isqrt(voltage * voltage + 4 * dip) + 1 if series else 2 * voltage
    return Fraction(2 * power * 10**9, twice)  # fW / nV = 1e-6 A = 1e9 fA
