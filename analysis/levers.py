"""What about a case could be changed to help: one quantity each, and the case with another value of it.

A quantity with a tolerance is changed as a whole; its value is the middle, and both ends move by the same share.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from fractions import Fraction

from ischedule.models.capacitance_curve import CapacitanceCurve
from ischedule.models.case import Case
from ischedule.models.errors import InvalidValue
from ischedule.models.quantities import (
    CAPACITANCE,
    CHARGE,
    CURRENT,
    ENERGY,
    MEMORY,
    POWER,
    RESISTANCE,
    TIME,
    VOLTAGE,
    Dimension,
    Interval,
    Rounding,
    round_to_integer,
    show,
    show_exact,
)
from ischedule.models.supply import ConstantCurrent, ConstantPower, CurveSupply, ResistiveSource


@dataclass(frozen=True)
class Lever:
    """One quantity of a case: its value now (None: the case has none), and how to change it.

    `more_helps` says in which direction it can help a cycle to fit, None where it can be either. A quantity without a
    dimension is a number.
    """

    name: str
    dimension: Dimension | None
    value: Callable[[Case], int | None]
    put: Callable[[Case, int], Case]
    more_helps: bool | None

    def changed(self, case: Case, value: int) -> Case | None:
        """The case with this value; None where it contradicts the rest of the case."""
        try:
            return self.put(case, value)
        except (InvalidValue, ValueError):
            return None

    def shown(self, value: int) -> str:
        """A value with its unit."""
        if self.dimension is None:
            return f"{value:,}"
        return show_exact(value, self.dimension) if self.dimension is MEMORY else show(value, self.dimension, 4)


def middle(interval: Interval) -> int:
    """The value of an interval."""
    return (interval.lo + interval.hi) // 2


def scaled(interval: Interval, value: int) -> Interval:
    """The interval of the same relative width around another value."""
    if interval.is_exact:
        return Interval.exactly(value)
    ratio = Fraction(value, middle(interval))
    ends = round_to_integer(interval.lo * ratio, Rounding.DOWN), round_to_integer(interval.hi * ratio, Rounding.UP)
    return Interval(*ends)


def _capacitance(case: Case, value: int) -> Case:
    curve = case.buffer.curve
    if curve is not None:
        factor = Fraction(value, middle(case.buffer.capacitance))
        points = ((at, scaled(one, round_to_integer(middle(one) * factor, Rounding.UP))) for at, one in curve.points)
        changed = CapacitanceCurve(tuple(points))
        ends = Interval(changed.least, changed.greatest)
        return replace(case, buffer=replace(case.buffer, curve=changed, capacitance=ends))
    return replace(case, buffer=replace(case.buffer, capacitance=scaled(case.buffer.capacitance, value)))


def _turn_on(case: Case, value: int) -> Case:
    return replace(case, buffer=replace(case.buffer, turn_on=scaled(case.buffer.turn_on, value)))


def _series_resistance(case: Case, value: int) -> Case:
    return replace(case, buffer=replace(case.buffer, resistance=scaled(case.buffer.resistance, value)))


def _brown_out(case: Case, value: int) -> Case:
    return replace(case, buffer=replace(case.buffer, brown_out=scaled(case.buffer.brown_out, value)))


def _supply_value(name: str) -> Callable[[Case], int | None]:
    def value(case: Case) -> int | None:
        found = getattr(case.supply, name, None)
        return middle(found) if isinstance(found, Interval) else None

    return value


def _power(case: Case, value: int) -> Case:
    assert isinstance(case.supply, ConstantPower)
    return replace(case, supply=replace(case.supply, power=scaled(case.supply.power, value)))


def _current(case: Case, value: int) -> Case:
    assert isinstance(case.supply, ConstantCurrent)
    return replace(case, supply=replace(case.supply, current=scaled(case.supply.current, value)))


def _source_voltage(case: Case, value: int) -> Case:
    assert isinstance(case.supply, ResistiveSource)
    return replace(case, supply=replace(case.supply, voltage=scaled(case.supply.voltage, value)))


def _source_resistance(case: Case, value: int) -> Case:
    assert isinstance(case.supply, ResistiveSource)
    return replace(case, supply=replace(case.supply, resistance=scaled(case.supply.resistance, value)))


def _curve_power(case: Case) -> int | None:
    return case.supply.mean_power if isinstance(case.supply, CurveSupply) else None


def _more_power(case: Case, value: int) -> Case:
    """Every window delivers the same part more or less, and so does the most that ever charges."""
    supply = case.supply
    assert isinstance(supply, CurveSupply)
    factor, most = Fraction(value, supply.mean_power), supply.maximum_power
    points = ((window, round_to_integer(stored * factor, Rounding.DOWN)) for window, stored in supply.curve.points)
    curve = replace(
        supply.curve, points=tuple(points), rate=round_to_integer(supply.curve.rate * factor, Rounding.DOWN)
    )
    most = None if most is None else round_to_integer(most * factor, Rounding.UP)
    return replace(case, supply=replace(supply, curve=curve, maximum_power=most))


def _blackout(case: Case) -> int | None:
    return case.supply.curve.blackout if isinstance(case.supply, CurveSupply) else None


def _other_blackout(case: Case, value: int) -> Case:
    """All windows are longer or shorter by what the longest without any supply is."""
    supply = case.supply
    assert isinstance(supply, CurveSupply)
    points, now = supply.curve.points, supply.curve.blackout
    later = tuple((window - now + value, stored) for window, stored in points if stored > 0)
    begun = ((0, 0), (value, 0)) if value else ((0, 0),)
    return replace(case, supply=replace(supply, curve=replace(supply.curve, points=(*begun, *later))))


def volatile_memory(case: Case) -> int | None:
    """What a case allows, and its device has."""
    sizes = [case.requirements.volatile_memory, None if case.device is None else case.device.volatile_memory]
    return min((size for size in sizes if size is not None), default=None)


def nonvolatile_memory(case: Case) -> int | None:
    """What a case allows, and its device has."""
    sizes = [case.requirements.nonvolatile_memory, None if case.device is None else case.device.nonvolatile_memory]
    return min((size for size in sizes if size is not None), default=None)


def _volatile(case: Case, value: int) -> Case:
    device = None if case.device is None else replace(case.device, volatile_memory=value)
    return replace(case, device=device, requirements=replace(case.requirements, volatile_memory=value))


def _nonvolatile(case: Case, value: int) -> Case:
    device = None if case.device is None else replace(case.device, nonvolatile_memory=value)
    return replace(case, device=device, requirements=replace(case.requirements, nonvolatile_memory=value))


def _deadline(case: Case, value: int) -> Case:
    return replace(case, requirements=replace(case.requirements, deadline=value))


def _budget(name: str) -> Callable[[Case, int], Case]:
    def put(case: Case, value: int) -> Case:
        return replace(case, requirements=replace(case.requirements, **{name: value}))

    return put


CAPACITY = Lever("capacitance", CAPACITANCE, lambda case: middle(case.buffer.capacitance), _capacitance, True)
TURN_ON = Lever("turn-on voltage", VOLTAGE, lambda case: middle(case.buffer.turn_on), _turn_on, None)
BROWN_OUT = Lever("brown-out voltage", VOLTAGE, lambda case: middle(case.buffer.brown_out), _brown_out, False)
SUPPLY_POWER = Lever("supply power", POWER, _supply_value("power"), _power, True)
SUPPLY_CURRENT = Lever("supply current", CURRENT, _supply_value("current"), _current, True)
CURVE_POWER = Lever("power of the supply curve", POWER, _curve_power, _more_power, True)
BLACKOUT = Lever("blackout of the supply curve", TIME, _blackout, _other_blackout, False)
SOURCE_VOLTAGE = Lever("source voltage", VOLTAGE, _supply_value("voltage"), _source_voltage, True)
SOURCE_RESISTANCE = Lever("source resistance", RESISTANCE, _supply_value("resistance"), _source_resistance, False)
SERIES_RESISTANCE = Lever(
    "series resistance",
    RESISTANCE,
    lambda case: middle(case.buffer.resistance) or None,
    _series_resistance,
    False,
)
VOLATILE = Lever("volatile memory", MEMORY, volatile_memory, _volatile, True)
NONVOLATILE = Lever("non-volatile memory", MEMORY, nonvolatile_memory, _nonvolatile, True)
DEADLINE = Lever("deadline", TIME, lambda case: case.requirements.deadline, _deadline, True)

ENERGY_BUDGET = Lever("energy budget", ENERGY, lambda case: case.requirements.amount, _budget("amount"), True)
CHARGE_BUDGET = Lever("charge budget", CHARGE, lambda case: case.requirements.amount, _budget("amount"), True)
WRITE_BUDGET = Lever("write budget", MEMORY, lambda case: case.requirements.written, _budget("written"), True)
CYCLE_BUDGET = Lever("power cycles", None, lambda case: case.requirements.power_cycles, _budget("power_cycles"), True)
WRITES = Lever(
    "writes per byte", None, lambda case: case.requirements.writes_per_byte, _budget("writes_per_byte"), True
)
TABLE_SIZE = Lever("table size", MEMORY, lambda case: case.requirements.table_size, _budget("table_size"), True)

_CIRCUIT = (
    SUPPLY_POWER,
    SUPPLY_CURRENT,
    CURVE_POWER,
    BLACKOUT,
    SOURCE_VOLTAGE,
    SOURCE_RESISTANCE,
    SERIES_RESISTANCE,
)

REMEDIES = (CAPACITY, TURN_ON, *_CIRCUIT, VOLATILE, NONVOLATILE)
"""What is tried where there is no plan. The brown-out voltage belongs to the device and is not."""

SENSITIVE = (CAPACITY, TURN_ON, BROWN_OUT, *_CIRCUIT)
"""What a latency depends on continuously."""
