"""The power path: what work takes from the capacitor, and at which voltage it may be done, given what the load draws.

Between the capacitor and the load lie a series resistance and a converter, or a linear regulator. Behind a converter a
load draws a power p, the converter a = p / eta at its input, eta being the least efficiency at that power over the band
of voltages. Let u be the terminal voltage, v that of the capacitor inside, and U the least voltage at which the load
may run: brown-out, or what the activity itself needs. Then with the series resistance R

    u = v - R a / u             so that u >= U needs v >= U + R a / U, where U >= sqrt(R a)
    v a / u = a (1 + R a / u^2) is drawn inside, at most a (1 + R a / U^2) while u >= U.

Below sqrt(R a) no voltage inside carries the power, so that U is at least that. Behind a regulator a load draws a
current i, and u >= U needs v >= U + R i; the charge is what the load takes. Both needs hold throughout an activity if
they hold when its charge has been taken: u falls with v. What leaks meanwhile is taken at the highest voltage.

So an activity of one draw is a demand: its drain is what it takes of the buffer, and its need is that and the level of
the least voltage inside, which is left and not lost. What is guaranteed to flow in meanwhile is drained less; where
that is more than all that is taken, the drain is negative (`net`).
"""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from fractions import Fraction
from functools import cached_property, lru_cache
from math import isqrt
from typing import Final

from ischedule.models.cost import Cost, Effort, LinearCost, PerOrder
from ischedule.models.demand import Coordinate
from ischedule.models.device import Device
from ischedule.models.draw import Draw
from ischedule.models.errors import InvalidValue
from ischedule.models.leakage import NO_LEAKAGE, Leakage
from ischedule.models.quantities import Interval, Rounding, round_to_integer
from ischedule.models.while_running import Harvest

ALL: Final = Interval(0, 1 << 62)
"""Any power, any voltage."""


@dataclass(frozen=True)
class OperatingPoint:
    """The efficiency of a converter (its least) at some output powers (femtowatt) and input voltages (nanovolt)."""

    efficiency: Fraction
    powers: Interval = ALL
    voltages: Interval = ALL

    def __post_init__(self) -> None:
        if not 0 < self.efficiency <= 1:
            remedy = 'write more than "0 %" and at most "100 %"'
            raise InvalidValue(str(self.efficiency), "is no efficiency", remedy, ".efficiency")

    def meets(self, powers: Interval, voltages: Interval) -> bool:
        """Whether it is one of those at which a converter can be working."""
        return _meet(self.powers, powers) and _meet(self.voltages, voltages)


def _meet(one: Interval, other: Interval) -> bool:
    return one.lo <= other.hi and other.lo <= one.hi


class Uncovered(ValueError):
    """A converter is not known at some power and voltage at which it is used."""

    def __init__(self, power: int, voltage: int) -> None:
        self.power, self.voltage = power, voltage
        super().__init__(f"no efficiency at {power} fW and {voltage} nV")


@dataclass(frozen=True)
class Converter:
    """A converter by its operating points; where points overlap, the least efficiency counts."""

    points: tuple[OperatingPoint, ...]

    def least_efficiency(self, powers: Interval, voltages: Interval) -> Fraction:
        """The least efficiency at any of these output powers and input voltages.

        Raises `Uncovered` where the points leave a gap: they are rectangles, so that one shows at a corner of the grid
        of their edges, or just beside it.
        """
        used = [point for point in self.points if point.meets(powers, voltages)]
        for power in _marks(powers, [one.powers for one in used]):
            for voltage in _marks(voltages, [one.voltages for one in used]):
                place = Interval.exactly(power), Interval.exactly(voltage)
                if not any(point.meets(*place) for point in used):
                    raise Uncovered(power, voltage)
        return min(point.efficiency for point in used)


def _marks(whole: Interval, parts: list[Interval]) -> list[int]:
    """Integers of an interval such that parts which cover these cover all of it."""
    found = {whole.lo, whole.hi}
    for part in parts:
        found |= {part.lo - 1, part.lo, part.hi, part.hi + 1}
    return sorted(mark for mark in found if whole.lo <= mark <= whole.hi)


@dataclass(frozen=True)
class PowerPath:
    """From the capacitor to the load: series resistance (microohm), leakage, converter, and the band of voltages.

    ``band`` (nanovolt) reaches from the highest brown-out voltage to the highest that the buffer can have.
    """

    coordinate: Coordinate
    band: Interval
    resistance: int = 0
    leakage: Leakage = NO_LEAKAGE
    converter: Converter | None = None
    harvest: Harvest | None = None

    @property
    def is_ideal(self) -> bool:
        """Whether work takes what it is stated to take, at any voltage above brown-out."""
        return self.resistance == 0 and self.leakage.is_none and self.converter is None and self.harvest is None

    def asks(self) -> str | None:
        """Why every activity must state what it draws, None if none must."""
        if self.resistance:
            return "the buffer has a series resistance"
        if self.converter is not None and any(point.powers != ALL for point in self.converter.points):
            return "the converter's efficiency is stated by power"
        return None

    def input_of(self, draw: Draw) -> Fraction:
        """The most that is drawn at the terminal: a power (femtowatt) or a current (femtoampere)."""
        assert draw.range is not None, "an activity states what it draws where that matters"
        return draw.range.hi / self.efficiency(draw)

    def efficiency(self, draw: Draw) -> Fraction:
        """The least of the converter while the activity runs."""
        if self.converter is None:
            return Fraction(1)
        return self.converter.least_efficiency(draw.range or ALL, self.band)

    def terminal_voltage(self, draw: Draw) -> int:
        """The least terminal voltage (nanovolt, rounded up) at which the activity may run."""
        least = max(self.band.lo, draw.least_voltage)
        if self.resistance == 0 or self.coordinate is Coordinate.CHARGE:
            return least
        # uohm fW = 1e-21 V^2 = 1e-3 nV^2
        square = -(-self.resistance * self.input_of(draw) // 1000)
        root = isqrt(square)
        return max(least, root if root * root == square else root + 1)

    @lru_cache(256)  # noqa: B019  a few paths exist, each a frozen value
    def least_voltage(self, draw: Draw) -> int:
        """The least voltage inside the capacitor (nanovolt, rounded up) at which the activity may run."""
        terminal = self.terminal_voltage(draw)
        if self.resistance == 0:
            return terminal
        if self.coordinate is Coordinate.CHARGE:
            # uohm fA = 1e-21 V = 1e-12 nV
            return round_to_integer(terminal + self.resistance * self.input_of(draw) / 10**12, Rounding.UP)
        dip = self.resistance * self.input_of(draw) / (1000 * terminal)
        return round_to_integer(terminal + dip, Rounding.UP)

    @lru_cache(256)  # noqa: B019
    def factor(self, draw: Draw) -> Fraction:
        """What the buffer loses inside for each unit that the load takes."""
        if self.coordinate is Coordinate.CHARGE:
            return Fraction(1)
        lost = Fraction(0)
        if self.resistance:
            lost = self.resistance * self.input_of(draw) / (1000 * self.terminal_voltage(draw) ** 2)
        return (1 + lost) / self.efficiency(draw)

    @property
    def leak_rate(self) -> Fraction:
        """What leaks at most while the device runs: femtojoules or femtocoulombs per picosecond."""
        return self.leakage.rate_at(self.band.hi, self.coordinate) / 10**12

    @cached_property
    def stored_rate(self) -> Fraction:
        """What is guaranteed to be stored while the device runs: femtojoules or femtocoulombs per picosecond."""
        if self.harvest is None:
            return Fraction(0)
        return self.harvest.rate(self.coordinate, self.resistance, self.band.lo, self.band.hi)

    @property
    def swing(self) -> int:
        """How far the level can lie from a straight line while an activity runs."""
        return 0 if self.harvest is None else self.harvest.swing(self.stored_rate)

    @cached_property
    def lost_rate(self) -> Fraction:
        """What is lost at most for each picosecond of an activity's stated time, whatever the load takes."""
        stored = Fraction(0) if self.harvest is None else self.stored_rate * self.harvest.shortest
        return self.leak_rate - stored

    def net(self, amount: int, time: int, draw: Draw) -> int:
        """What the buffer loses while an activity takes an amount in a time: negative where more flows in."""
        if self.is_ideal:
            return amount
        return round_to_integer(amount * self.factor(draw) + time * self.lost_rate, Rounding.UP)

    def amount(self, amount: int, time: int, draw: Draw) -> int:
        """The same, what flows in counting up to what is taken."""
        return max(0, self.net(amount, time, draw))

    def effort(self, effort: Effort, draw: Draw) -> Effort:
        """What an activity takes of the buffer."""
        return Effort(self.amount(effort.amount, effort.time, draw), effort.time)

    def cost(self, cost: Cost, draw: Draw) -> Cost:
        """The same of a primitive; its energy and time are in units finer by the same factor."""
        return Cost(self.amount(cost.energy, cost.time, draw), cost.time)

    def device(self, device: Device, draw: Draw) -> Device:
        """A device whose primitives cost what they take of the buffer. Booting is an activity of its own."""
        if self.is_ideal:
            return device
        changed: dict[str, Cost | LinearCost | PerOrder] = {}
        for field in fields(device):
            value = getattr(device, field.name)
            if isinstance(value, Cost):
                changed[field.name] = self.cost(value, draw)
            elif isinstance(value, LinearCost):
                changed[field.name] = LinearCost(self.cost(value.per_element, draw), self.cost(value.fixed, draw))
            elif isinstance(value, PerOrder):
                ways = (self.cost(part, draw) for part in (value.input, value.weight, value.output))
                changed[field.name] = PerOrder(*ways)
        return replace(device, **changed)  # type: ignore[arg-type]
