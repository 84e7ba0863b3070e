"""Capacitance as a function of voltage: ceramics lose most of it under bias."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from itertools import pairwise
from math import isqrt

from ischedule.models.demand import Coordinate
from ischedule.models.errors import InvalidValue
from ischedule.models.quantities import Interval, Rounding


@dataclass(frozen=True)
class CapacitanceCurve:
    """Points (voltage in nanovolt, capacitance in femtofarad over its interval), from 0 V upwards.

    Between two points the capacitance lies between theirs. So the lesser one counts for what is stored, and the greater
    one for how long charging takes: a step function each, constant from one point to the next and beyond the last.
    """

    points: tuple[tuple[int, Interval], ...]

    def __post_init__(self) -> None:
        if len(self.points) < 2 or self.points[0][0] != 0:
            problem, remedy = "does not begin at 0 V", "write two points or more, the first at 0 V"
            raise InvalidValue(self.points[0][0] if self.points else 0, problem, remedy, ".capacitance_curve")
        for (low, _), (high, _) in pairwise(self.points):
            if low >= high:
                remedy = "write the points in the order of their voltages"
                raise InvalidValue(high, "does not lie above the voltage before it", remedy, ".capacitance_curve")
        for _, capacitance in self.points:
            if capacitance.lo <= 0:
                remedy = "write a capacitance above 0 F over its interval"
                raise InvalidValue(capacitance.lo, "is no capacitance", remedy, ".capacitance_curve")

    @cached_property
    def steps(self) -> tuple[tuple[int, int, int], ...]:
        """From which voltage on, the least and the greatest capacitance."""
        between = [
            (low, min(one.lo, other.lo), max(one.hi, other.hi)) for (low, one), (_, other) in pairwise(self.points)
        ]
        last, capacitance = self.points[-1]
        return (*between, (last, capacitance.lo, capacitance.hi))

    @property
    def least(self) -> int:
        """The least capacitance at any voltage."""
        return min(low for _, low, _ in self.steps)

    @property
    def greatest(self) -> int:
        """The greatest capacitance at any voltage."""
        return max(high for _, _, high in self.steps)

    @property
    def last_voltage(self) -> int:
        """Up to where it is stated."""
        return self.points[-1][0]

    def largest_ratio(self, low: int, high: int) -> Fraction:
        """The greatest over the least capacitance at voltages between two."""
        return max(
            Fraction(greatest, least)
            for (start, least, greatest), end in zip(
                self.steps, (*(one for one, _, _ in self.steps[1:]), None), strict=True
            )
            if start <= high and (end is None or low < end)
        )

    def least_stored(self, voltage: Fraction, coordinate: Coordinate) -> Fraction:
        """The least amount between 0 V and a voltage (femtojoules or femtocoulombs), exactly."""
        total = Fraction(0)
        ends = (*(start for start, _, _ in self.steps[1:]), None)
        for (start, least, _), end in zip(self.steps, ends, strict=True):
            if voltage <= start:
                break
            top = voltage if end is None else min(voltage, Fraction(end))
            total += _between(least, Fraction(start), top, coordinate)
        return total

    @cached_property
    def _known(self) -> dict[Coordinate, list[Fraction]]:
        return {one: [self.least_stored(Fraction(start), one) for start, _, _ in self.steps] for one in Coordinate}

    def voltage_of(self, amount: Fraction, coordinate: Coordinate, rounding: Rounding) -> int:
        """The voltage (nanovolt) up to which an amount fills it; 0 V for none."""
        if amount <= 0:
            return 0
        known = self._known[coordinate]
        place = max(index for index, below in enumerate(known) if below <= amount)
        start, least, _ = self.steps[place]
        rest = amount - known[place]
        if coordinate is Coordinate.CHARGE:
            exact = start + rest * 10**9 / least
            down = exact.numerator // exact.denominator
            return down if rounding is Rounding.DOWN or exact == down else down + 1
        square = start**2 + rest * 2 * 10**18 / least
        root = isqrt(square.numerator // square.denominator)
        return root if rounding is Rounding.DOWN or root * root == square else root + 1


def _between(capacitance: int, low: Fraction, high: Fraction, coordinate: Coordinate) -> Fraction:
    """What one capacitance stores between two voltages."""
    if coordinate is Coordinate.CHARGE:
        return capacitance * (high - low) / 10**9
    return capacitance * (high**2 - low**2) / (2 * 10**18)
