"""Closed forms of charging and their slopes, in SI floats: for display, and nothing rests on them.

Written by `bench/derive_closed_forms.py` with sympy 1.14.0; the formulas stand there. A slope is by the share of a
quantity: seconds (or joules, coulombs) for a change by all of it, so that a hundredth of it belongs to a change by 1 %.
"""

from math import log, sqrt
from typing import NamedTuple


class Circuit(NamedTuple):
    """Capacitor, thresholds and supply in SI units; what the supply does not have is 0.

    `slow` is the largest capacitance and `high` the highest turn-on voltage, `capacitance` and `turn_on` are the least.
    `draw` is the power drawn while waiting, at the brown-out voltage.
    """

    capacitance: float
    slow: float
    turn_on: float
    high: float
    brown_out: float
    margin: float
    power: float
    voltage: float
    resistance: float
    current: float
    draw: float


class Sensitive(NamedTuple):
    """A value, and its slopes by the share of each quantity."""

    value: float
    capacitance: float = 0.0
    turn_on: float = 0.0
    brown_out: float = 0.0
    power: float = 0.0
    voltage: float = 0.0
    resistance: float = 0.0
    current: float = 0.0


def energy_budget(c: Circuit) -> Sensitive:
    """What a power cycle from turn-on may drain."""
    x0 = c.brown_out**2
    x1 = c.turn_on**2
    x2 = c.capacitance * c.margin
    x3 = 1 / 2 * x2 * (-x0 + x1)
    return Sensitive(value=x3, capacitance=x3, turn_on=x1 * x2, brown_out=-x0 * x2)


def energy_power_recharge(drain: float, c: Circuit) -> Sensitive:
    """From what a cycle that drained so much from turn-on has left, back to turn-on."""
    x0 = c.high**2
    x1 = c.turn_on**2
    x2 = 2 * drain / c.capacitance
    x3 = x0 - x1 + x2
    x4 = -2 * c.draw + 2 * c.power
    x5 = c.slow / x4
    x6 = x3 * x5
    x7 = 2 * x5
    return Sensitive(
        value=x6,
        capacitance=-x2 * x5 + x6,
        turn_on=x0 * x7 - x1 * x7,
        power=-2 * c.power * c.slow * x3 / x4**2,
    )


def energy_power_charge(level: float, c: Circuit) -> Sensitive:
    """From the floor to a level."""
    x0 = -2 * c.draw + 2 * c.power
    x1 = level * c.slow / c.capacitance
    return Sensitive(value=2 * x1 / x0, power=-4 * c.power * x1 / x0**2)


def energy_power_fill(c: Circuit) -> Sensitive:
    """From the floor to turn-on."""
    x0 = c.high**2
    x1 = -(c.turn_on**2)
    x2 = c.brown_out**2
    x3 = c.margin * (-x1 - x2) + x0 + x1
    x4 = -2 * c.draw + 2 * c.power
    x5 = c.slow / x4
    x6 = x3 * x5
    x7 = 2 * x5
    x8 = 2 * c.turn_on
    return Sensitive(
        value=x6,
        capacitance=x6,
        turn_on=c.turn_on * x5 * (c.margin * x8 - x8) + x0 * x7,
        brown_out=-c.margin * x2 * x7,
        power=-2 * c.power * c.slow * x3 / x4**2,
    )


def energy_power_begin(c: Circuit) -> Sensitive:
    """From 0 V to turn-on."""
    x0 = -2 * c.draw + 2 * c.power
    x1 = c.high**2 * c.slow
    x2 = x1 / x0
    return Sensitive(value=x2, capacitance=x2, turn_on=2 * x2, power=-2 * c.power * x1 / x0**2)


def energy_source_recharge(drain: float, c: Circuit) -> Sensitive:
    """From what a cycle that drained so much from turn-on has left, back to turn-on."""
    x0 = 1 / c.brown_out
    x1 = c.draw * x0
    x2 = c.resistance * x1 - c.voltage
    x3 = -c.high - x2
    x4 = 1 / x3
    x5 = c.turn_on**2
    x6 = drain / c.capacitance
    x7 = sqrt(x5 - 2 * x6)
    x8 = -x2 - x7
    x9 = c.slow * log(x4 * x8)
    x10 = c.resistance * x9
    x11 = c.resistance * c.slow / x8
    x12 = x11 / x7
    x13 = c.resistance * x4
    x14 = c.draw / c.brown_out**2
    x15 = x3 ** (-2)
    x16 = x15 * x8
    x17 = x11 * x3
    return Sensitive(
        value=x10,
        capacitance=x10 - x12 * x6,
        turn_on=c.high * c.slow * x13 - x12 * x5,
        brown_out=c.brown_out * x17 * (-c.resistance * x14 * x16 + x13 * x14),
        voltage=c.voltage * x17 * (-x16 + x4),
        resistance=c.resistance * (x17 * (c.draw * x0 * x15 * x8 - x1 * x4) + x9),
    )


def energy_source_charge(level: float, c: Circuit) -> Sensitive:
    """From the floor to a level."""
    x0 = c.turn_on**2
    x1 = c.brown_out**2
    x2 = -x0
    x3 = c.margin * (-x1 - x2)
    x4 = level / c.capacitance
    x5 = sqrt(x0 - x3 + 2 * x4)
    x6 = 1 / c.brown_out
    x7 = c.draw * c.resistance
    x8 = -c.voltage + x6 * x7
    x9 = -x5 - x8
    x10 = 1 / x9
    x11 = sqrt(-x2 - x3)
    x12 = -x11 - x8
    x13 = c.slow * log(x10 * x12)
    x14 = c.resistance * x13
    x15 = 1 / x5
    x16 = c.resistance * c.slow
    x17 = 1 / x11
    x18 = -c.margin * c.turn_on + c.turn_on
    x19 = x12 / x9**2
    x20 = x16 * x9 / x12
    x21 = c.brown_out * c.margin
    x22 = -x7 / x1
    x23 = c.draw * x6
    return Sensitive(
        value=x14,
        capacitance=-x10 * x15 * x16 * x4 + x14,
        turn_on=c.turn_on * x20 * (-x10 * x17 * x18 + x15 * x18 * x19),
        brown_out=c.brown_out * x20 * (x10 * (-x17 * x21 - x22) + x19 * (x15 * x21 + x22)),
        voltage=c.voltage * x20 * (x10 - x19),
        resistance=c.resistance * (x13 + x20 * (-x10 * x23 + x19 * x23)),
    )


def energy_source_fill(c: Circuit) -> Sensitive:
    """From the floor to turn-on."""
    x0 = 1 / c.brown_out
    x1 = c.draw * c.resistance
    x2 = -c.voltage + x0 * x1
    x3 = -c.high - x2
    x4 = 1 / x3
    x5 = -(c.turn_on**2)
    x6 = c.brown_out**2
    x7 = sqrt(-c.margin * (-x5 - x6) - x5)
    x8 = -x2 - x7
    x9 = c.slow * log(x4 * x8)
    x10 = c.resistance * x9
    x11 = c.resistance * c.slow
    x12 = 1 / x7
    x13 = x11 / x8
    x14 = 1 / x6
    x15 = x3 ** (-2)
    x16 = x15 * x8
    x17 = x13 * x3
    x18 = -x1 * x14 * x16 + x4 * (-c.brown_out * c.margin * x12 + c.draw * c.resistance * x14)
    return Sensitive(
        value=x10,
        capacitance=x10,
        turn_on=c.high * x11 * x4 - c.turn_on * x12 * x13 * (-c.margin * c.turn_on + c.turn_on),
        brown_out=c.brown_out * x17 * x18,
        voltage=c.voltage * x17 * (-x16 + x4),
        resistance=c.resistance * (x17 * (c.draw * x0 * x15 * x8 - c.draw * x0 * x4) + x9),
    )


def energy_source_begin(c: Circuit) -> Sensitive:
    """From 0 V to turn-on."""
    x0 = c.draw / c.brown_out
    x1 = c.resistance * x0
    x2 = -c.high + c.voltage - x1
    x3 = 1 / x2
    x4 = c.voltage - x1
    x5 = c.slow * log(x3 * x4)
    x6 = c.resistance * x5
    x7 = c.brown_out ** (-2)
    x8 = x4 / x2**2
    x9 = c.resistance * c.slow * x2 / x4
    return Sensitive(
        value=x6,
        capacitance=x6,
        turn_on=c.high * c.resistance * c.slow * x3,
        brown_out=c.brown_out * x9 * (c.draw * c.resistance * x3 * x7 - c.draw * c.resistance * x7 * x8),
        voltage=c.voltage * x9 * (x3 - x8),
        resistance=c.resistance * (x5 + x9 * (-x0 * x3 + x0 * x8)),
    )


def energy_current_recharge(drain: float, c: Circuit) -> Sensitive:
    """From what a cycle that drained so much from turn-on has left, back to turn-on."""
    x0 = c.turn_on**2
    x1 = drain / c.capacitance
    x2 = sqrt(x0 - 2 * x1)
    x3 = c.high - x2
    x4 = c.draw / c.brown_out
    x5 = c.current - x4
    x6 = c.slow / x5
    x7 = x3 * x6
    x8 = x6 / x2
    x9 = c.slow * x3 / x5**2
    return Sensitive(
        value=x7,
        capacitance=-x1 * x8 + x7,
        turn_on=c.high * x6 - x0 * x8,
        brown_out=-x4 * x9,
        current=-c.current * x9,
    )


def energy_current_charge(level: float, c: Circuit) -> Sensitive:
    """From the floor to a level."""
    x0 = c.turn_on**2
    x1 = -x0
    x2 = c.brown_out**2
    x3 = c.margin * (-x1 - x2)
    x4 = sqrt(-x1 - x3)
    x5 = level / c.capacitance
    x6 = sqrt(x0 - x3 + 2 * x5)
    x7 = -x4 + x6
    x8 = c.current - c.draw / c.brown_out
    x9 = c.slow / x8
    x10 = x7 * x9
    x11 = 1 / x6
    x12 = -c.margin * c.turn_on + c.turn_on
    x13 = 1 / x4
    x14 = c.brown_out * c.margin
    x15 = c.slow * x7 / x8**2
    return Sensitive(
        value=x10,
        capacitance=x10 - x11 * x5 * x9,
        turn_on=c.turn_on * x9 * (x11 * x12 - x12 * x13),
        brown_out=c.brown_out * (-c.draw * x15 / x2 + x9 * (x11 * x14 - x13 * x14)),
        current=-c.current * x15,
    )


def energy_current_fill(c: Circuit) -> Sensitive:
    """From the floor to turn-on."""
    x0 = -(c.turn_on**2)
    x1 = c.brown_out**2
    x2 = sqrt(-c.margin * (-x0 - x1) - x0)
    x3 = c.high - x2
    x4 = c.current - c.draw / c.brown_out
    x5 = c.slow / x4
    x6 = x3 * x5
    x7 = x5 / x2
    x8 = c.slow * x3 / x4**2
    return Sensitive(
        value=x6,
        capacitance=x6,
        turn_on=c.high * x5 - c.turn_on * x7 * (-c.margin * c.turn_on + c.turn_on),
        brown_out=c.brown_out * (-c.brown_out * c.margin * x7 - c.draw * x8 / x1),
        current=-c.current * x8,
    )


def energy_current_begin(c: Circuit) -> Sensitive:
    """From 0 V to turn-on."""
    x0 = c.draw / c.brown_out
    x1 = c.current - x0
    x2 = c.high * c.slow
    x3 = x2 / x1
    x4 = x2 / x1**2
    return Sensitive(value=x3, capacitance=x3, turn_on=x3, brown_out=-x0 * x4, current=-c.current * x4)


def charge_budget(c: Circuit) -> Sensitive:
    """What a power cycle from turn-on may drain."""
    x0 = c.capacitance * c.margin
    x1 = x0 * (-c.brown_out + c.turn_on)
    return Sensitive(value=x1, capacitance=x1, turn_on=c.turn_on * x0, brown_out=-c.brown_out * x0)


def charge_power_recharge(drain: float, c: Circuit) -> Sensitive:
    """From what a cycle that drained so much from turn-on has left, back to turn-on."""
    x0 = 1 / c.capacitance
    x1 = drain * x0
    x2 = c.turn_on - x1
    x3 = c.high**2 - x2**2
    x4 = 2 * c.power
    x5 = 2 * c.high
    x6 = c.draw / c.brown_out
    x7 = x5 * x6
    x8 = x4 - x7
    x9 = c.slow / x8
    x10 = x3 * x9
    x11 = c.slow * x3 / x8**2
    return Sensitive(
        value=x10,
        capacitance=-2 * x1 * x2 * x9 + x10,
        turn_on=c.high * (2 * x11 * x6 + x5 * x9) + c.turn_on * x9 * (2 * drain * x0 - 2 * c.turn_on),
        brown_out=-x11 * x7,
        power=-x11 * x4,
    )


def charge_power_charge(level: float, c: Circuit) -> Sensitive:
    """From the floor to a level."""
    x0 = -c.turn_on
    x1 = c.margin * (-c.brown_out - x0)
    x2 = -x0 - x1
    x3 = level / c.capacitance
    x4 = c.turn_on - x1 + x3
    x5 = -(x2**2) + x4**2
    x6 = 2 * c.power
    x7 = 2 * c.draw * c.high
    x8 = x7 / c.brown_out
    x9 = x6 - x8
    x10 = c.slow / x9
    x11 = x10 * x5
    x12 = 2 * c.margin
    x13 = 2 - x12
    x14 = c.slow * x5 / x9**2
    return Sensitive(
        value=x11,
        capacitance=-2 * x10 * x3 * x4 + x11,
        turn_on=c.turn_on * x10 * (-x13 * x2 + x13 * x4) + x14 * x8,
        brown_out=c.brown_out * (x10 * (2 * c.margin * x4 - x12 * x2) - x14 * x7 / c.brown_out**2),
        power=-x14 * x6,
    )


def charge_power_fill(c: Circuit) -> Sensitive:
    """From the floor to turn-on."""
    x0 = -c.turn_on
    x1 = -c.margin * (-c.brown_out - x0) - x0
    x2 = c.high**2 - x1**2
    x3 = 2 * c.power
    x4 = 2 * c.high
    x5 = c.draw / c.brown_out
    x6 = x3 - x4 * x5
    x7 = c.slow / x6
    x8 = x2 * x7
    x9 = c.slow * x2 / x6**2
    x10 = 2 * c.margin
    x11 = x1 * x7
    return Sensitive(
        value=x8,
        capacitance=x8,
        turn_on=c.high * (x4 * x7 + 2 * x5 * x9) - c.turn_on * x11 * (2 - x10),
        brown_out=c.brown_out * (-x10 * x11 - c.draw * x4 * x9 / c.brown_out**2),
        power=-x3 * x9,
    )


def charge_power_begin(c: Circuit) -> Sensitive:
    """From 0 V to turn-on."""
    x0 = c.high**2
    x1 = 2 * c.power
    x2 = 2 * c.high
    x3 = c.draw / c.brown_out
    x4 = x1 - x2 * x3
    x5 = c.slow / x4
    x6 = x0 * x5
    x7 = c.slow / x4**2
    x8 = x0 * x7
    x9 = 2 * x3
    return Sensitive(
        value=x6,
        capacitance=x6,
        turn_on=c.high * (x2 * x5 + x8 * x9),
        brown_out=-(c.high**3) * x7 * x9,
        power=-x1 * x8,
    )


def charge_source_recharge(drain: float, c: Circuit) -> Sensitive:
    """From what a cycle that drained so much from turn-on has left, back to turn-on."""
    x0 = 1 / c.brown_out
    x1 = c.draw * x0
    x2 = c.resistance * x1 - c.voltage
    x3 = -c.high - x2
    x4 = 1 / x3
    x5 = 1 / c.capacitance
    x6 = drain * x5 - c.turn_on - x2
    x7 = c.slow * log(x4 * x6)
    x8 = c.resistance * x7
    x9 = c.resistance * c.slow
    x10 = x9 / x6
    x11 = c.draw * c.resistance / c.brown_out**2
    x12 = x3 ** (-2)
    x13 = x12 * x6
    x14 = x10 * x3
    return Sensitive(
        value=x8,
        capacitance=-drain * x10 * x5 + x8,
        turn_on=c.high * x4 * x9 - c.turn_on * x10,
        brown_out=c.brown_out * x14 * (-x11 * x13 + x11 * x4),
        voltage=c.voltage * x14 * (-x13 + x4),
        resistance=c.resistance * (x14 * (c.draw * x0 * x12 * x6 - x1 * x4) + x7),
    )


def charge_source_charge(level: float, c: Circuit) -> Sensitive:
    """From the floor to a level."""
    x0 = level / c.capacitance
    x1 = -c.turn_on
    x2 = -c.brown_out - x1
    x3 = 1 / c.brown_out
    x4 = c.draw * c.resistance * x3
    x5 = c.margin * x2 - c.turn_on + c.voltage - x0 - x4
    x6 = 1 / x5
    x7 = c.margin * x2 + c.voltage + x1 - x4
    x8 = c.slow * log(x6 * x7)
    x9 = c.resistance * x8
    x10 = c.resistance * c.slow
    x11 = c.margin - 1
    x12 = x7 / x5**2
    x13 = x10 * x5 / x7
    x14 = c.margin - c.draw * c.resistance / c.brown_out**2
    x15 = c.draw * x3
    return Sensitive(
        value=x9,
        capacitance=-x0 * x10 * x6 + x9,
        turn_on=c.turn_on * x13 * (-x11 * x12 + x11 * x6),
        brown_out=c.brown_out * x13 * (x12 * x14 - x14 * x6),
        voltage=c.voltage * x13 * (-x12 + x6),
        resistance=c.resistance * (x13 * (x12 * x15 - x15 * x6) + x8),
    )


def charge_source_fill(c: Circuit) -> Sensitive:
    """From the floor to turn-on."""
    x0 = 1 / c.brown_out
    x1 = c.draw * c.resistance
    x2 = x0 * x1
    x3 = -c.high + c.voltage - x2
    x4 = 1 / x3
    x5 = -c.turn_on
    x6 = c.margin * (-c.brown_out - x5) + c.voltage - x2 + x5
    x7 = c.slow * log(x4 * x6)
    x8 = c.resistance * x7
    x9 = c.resistance * c.slow
    x10 = x9 / x6
    x11 = c.brown_out ** (-2)
    x12 = x3 ** (-2)
    x13 = x12 * x6
    x14 = x10 * x3
    return Sensitive(
        value=x8,
        capacitance=x8,
        turn_on=c.high * x4 * x9 + c.turn_on * x10 * (c.margin - 1),
        brown_out=c.brown_out * x14 * (-x1 * x11 * x13 + x4 * (c.draw * c.resistance * x11 - c.margin)),
        voltage=c.voltage * x14 * (-x13 + x4),
        resistance=c.resistance * (x14 * (c.draw * x0 * x12 * x6 - c.draw * x0 * x4) + x7),
    )


def charge_source_begin(c: Circuit) -> Sensitive:
    """From 0 V to turn-on."""
    x0 = c.draw / c.brown_out
    x1 = c.resistance * x0
    x2 = -c.high + c.voltage - x1
    x3 = 1 / x2
    x4 = c.voltage - x1
    x5 = c.slow * log(x3 * x4)
    x6 = c.resistance * x5
    x7 = c.brown_out ** (-2)
    x8 = x4 / x2**2
    x9 = c.resistance * c.slow * x2 / x4
    return Sensitive(
        value=x6,
        capacitance=x6,
        turn_on=c.high * c.resistance * c.slow * x3,
        brown_out=c.brown_out * x9 * (c.draw * c.resistance * x3 * x7 - c.draw * c.resistance * x7 * x8),
        voltage=c.voltage * x9 * (x3 - x8),
        resistance=c.resistance * (x5 + x9 * (-x0 * x3 + x0 * x8)),
    )


def charge_current_recharge(drain: float, c: Circuit) -> Sensitive:
    """From what a cycle that drained so much from turn-on has left, back to turn-on."""
    x0 = drain / c.capacitance
    x1 = c.high - c.turn_on + x0
    x2 = c.draw / c.brown_out
    x3 = c.current - x2
    x4 = c.slow / x3
    x5 = x1 * x4
    x6 = c.slow * x1 / x3**2
    return Sensitive(
        value=x5,
        capacitance=-x0 * x4 + x5,
        turn_on=c.high * x4 - c.turn_on * x4,
        brown_out=-x2 * x6,
        current=-c.current * x6,
    )


def charge_current_charge(level: float, c: Circuit) -> Sensitive:
    """From the floor to a level."""
    x0 = c.draw / c.brown_out
    x1 = c.current - x0
    x2 = level * c.slow / c.capacitance
    x3 = x2 / x1**2
    return Sensitive(value=x2 / x1, brown_out=-x0 * x3, current=-c.current * x3)


def charge_current_fill(c: Circuit) -> Sensitive:
    """From the floor to turn-on."""
    x0 = -c.turn_on
    x1 = c.high + c.margin * (-c.brown_out - x0) + x0
    x2 = c.current - c.draw / c.brown_out
    x3 = c.slow / x2
    x4 = x1 * x3
    x5 = c.slow * x1 / x2**2
    return Sensitive(
        value=x4,
        capacitance=x4,
        turn_on=c.high * x3 + c.turn_on * x3 * (c.margin - 1),
        brown_out=c.brown_out * (-c.margin * x3 - c.draw * x5 / c.brown_out**2),
        current=-c.current * x5,
    )


def charge_current_begin(c: Circuit) -> Sensitive:
    """From 0 V to turn-on."""
    x0 = c.draw / c.brown_out
    x1 = c.current - x0
    x2 = c.high * c.slow
    x3 = x2 / x1
    x4 = x2 / x1**2
    return Sensitive(value=x3, capacitance=x3, turn_on=x3, brown_out=-x0 * x4, current=-c.current * x4)
