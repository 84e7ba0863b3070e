"""Charging by steps: what a supply guarantees at each level, where losses leave no closed form in whole numbers.

Constant power through a series resistance, against leakage, into a capacitance that depends on the voltage, or with a
cold start: all of these give a power (or, of charges, a current) that depends on the voltage. The band from 0 V to the
highest voltage is cut into steps of equal amounts, at whole levels. Each step takes a whole number of picoseconds that
is at least what it can take anywhere in it, so that

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
from ischedule.models.charging import ChargingLaw, require_brown_out
from ischedule.models.demand import LIMIT, Coordinate
from ischedule.models.quantities import Rounding, round_to_integer
from ischedule.models.supply import ConstantPower, ResistiveSource, Supply

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
        rate = self._supplied(below, above) - buffer.leakage.rate_at(above, buffer.coordinate) - self.waiting_rate
        if rate <= 0:
            return None
        ratio = Fraction(buffer.capacitance.hi, buffer.capacitance.lo)
        if buffer.curve is not None:
            ratio = buffer.curve.largest_ratio(below, above)
        return ratio * 10**12 / rate

    def _supplied(self, low: int, high: int) -> Fraction:
        """What the supply guarantees to put into the capacitor between two voltages: fW, or fA."""
        series = self.buffer.resistance.hi
        if isinstance(self.supply, ResistiveSource):
            return _from_source(self.supply, series, low, high, self.buffer.coordinate)
        assert isinstance(self.supply, ConstantPower), "a curve is no power at a voltage"
        return _from_power(self.supply, series, low, high, self.buffer.coordinate)

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


def _from_source(supply: ResistiveSource, series: int, low: int, high: int, coordinate: Coordinate) -> Fraction:
    """A source charges through its own resistance and that of the buffer; its power is least at one of the ends."""
    total = supply.resistance.hi + series
    # nV / uohm = 1e-3 A = 1e12 fA
    current = Fraction((supply.voltage.lo - high) * 10**12, total)
    if coordinate is Coordinate.CHARGE:
        return current
    return min(Fraction(1000 * v * (supply.voltage.lo - v), total) for v in (low, high))


def _from_power(supply: ConstantPower, series: int, low: int, high: int, coordinate: Coordinate) -> Fraction:
    """What is left of a power behind the series resistance: with the terminal at u the current is P / u.

    u = (v + sqrt(v^2 + 4 R P)) / 2 rises with v, and so does what is stored, P v / u. From 0 V on that is nothing at
    first; charging a step takes at most its charge times u / P at the upper end, which bounds the whole of it.
    """
    power = supply.power_from(low)
    if power <= 0:
        return Fraction(0)
    # uohm fW = 1e-21 V^2 = 1e-3 nV^2
    dip = -(-series * power // 1000)
    ends = [(v + isqrt(v * v + 4 * dip) + 1) for v in (low, high)] if series else [2 * low, 2 * high]
    if coordinate is Coordinate.CHARGE:
        return Fraction(2 * power * 10**9, ends[1])  # fW / nV = 1e-6 A = 1e9 fA
    if not series:
        return Fraction(power)
    return Fraction(2 * power * low, ends[0]) if low else Fraction(power * high, ends[1])
