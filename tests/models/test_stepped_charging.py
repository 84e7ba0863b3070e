"""Charging by steps, against closed forms and integrals, and bit for bit as columns."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from itertools import pairwise

import mpmath
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ischedule.models.buffer import EnergyBuffer
from ischedule.models.capacitance_curve import CapacitanceCurve
from ischedule.models.charging import ChargingStall, SourceCharging, charging_law
from ischedule.models.charging_array import elapsed_down_array, elapsed_up_array
from ischedule.models.demand import Coordinate
from ischedule.models.leakage import NO_LEAKAGE, Leakage
from ischedule.models.quantities import Interval, Rounding
from ischedule.models.stepped_charging import SteppedCharging
from ischedule.models.supply import ColdStart, ConstantPower, ResistiveSource, Supply

VOLT = 10**9
MILLIFARAD = 10**12
MICROWATT = 10**9
POWER = ConstantPower(Interval(1500 * MICROWATT, 3000 * MICROWATT))
ONE_MILLIFARAD = Interval.exactly(MILLIFARAD)
SOURCE = ResistiveSource(Interval.exactly(4 * VOLT), Interval.exactly(2000 * 10**6))


def buffer(
    coordinate: Coordinate = Coordinate.ENERGY,
    ohms: float = 0,
    leakage: Leakage = NO_LEAKAGE,
    curve: CapacitanceCurve | None = None,
    capacitance: Interval = ONE_MILLIFARAD,
) -> EnergyBuffer:
    """One millifarad between 2.2 V and 3.3 V."""
    if curve is not None:
        capacitance = Interval(curve.least, curve.greatest)
    band = Interval.exactly(33 * VOLT // 10), Interval.exactly(22 * VOLT // 10)
    series = Interval(0, round(ohms * 1e6))
    return EnergyBuffer(coordinate, capacitance, *band, resistance=series, leakage=leakage, curve=curve)


def seconds(law: SteppedCharging | SourceCharging, low: float, high: float) -> tuple[float, float]:
    """What the law takes from one voltage to another, rounded up, and how much of that is rounding of levels."""
    start = law.buffer.level_of(round(low * 1e9), Rounding.DOWN)
    end = law.buffer.level_of(round(high * 1e9), Rounding.UP)
    return law.charge_time(start, end) * 1e-12, (law.elapsed_up(end) - law.elapsed_down(end - 2)) * 1e-12


def integral(current: Callable[[mpmath.mpf], mpmath.mpf], low: float, high: float, farads: float) -> float:
    """The time that a current into the capacitor takes."""
    return float(mpmath.quad(lambda v: farads / current(v), mpmath.linspace(low, high, 9)))


def closed_constant_leak(v0: float, v1: float) -> float:
    """Constant power against a constant current: C / I^2 (P ln((P - I v0) / (P - I v1)) - I (v1 - v0))."""
    c, i, p = 1e-3, 20e-6, 1.5e-3
    return float(c / i**2 * (p * mpmath.log((p - i * v0) / (p - i * v1)) - i * (v1 - v0)))


def closed_resistive_leak(v0: float, v1: float) -> float:
    """Constant power against a resistance: tau / 2 ln((P tau / 2 - x0) / (P tau / 2 - x1)), tau = R C."""
    c, r, p = 1e-3, 50e3, 1.5e-3
    tau = r * c
    x0, x1 = c * v0**2 / 2, c * v1**2 / 2
    return float(tau / 2 * mpmath.log((p * tau / 2 - x0) / (p * tau / 2 - x1)))


CLOSED = [
    (Leakage(20 * 10**9), closed_constant_leak),
    (Leakage(0, 50 * 10**9), closed_resistive_leak),
]


@pytest.mark.parametrize(("leakage", "closed"), CLOSED)
@pytest.mark.parametrize(("low", "high"), [(2.2, 3.3), (0.0, 3.3), (3.0, 3.1), (2.5, 2.50001)])
def test_leakage_against_its_closed_form(
    leakage: Leakage, closed: Callable[[float, float], float], low: float, high: float
) -> None:
    law = SteppedCharging(buffer(leakage=leakage), POWER, 0)
    assert isinstance(law, SteppedCharging)
    found, unit = seconds(law, low, high)
    true = closed(low, high)
    assert true <= found <= true * 1.0005 + unit + 1e-11


@pytest.mark.parametrize("ohms", [0.5, 5, 40])
@pytest.mark.parametrize("coordinate", list(Coordinate))
def test_constant_power_through_a_resistance(ohms: float, coordinate: Coordinate) -> None:
    law = charging_law(buffer(coordinate, ohms), POWER)

    def current(v: mpmath.mpf) -> mpmath.mpf:
        return 1.5e-3 / ((v + mpmath.sqrt(v**2 + 4 * ohms * 1.5e-3)) / 2)

    for low, high in ((2.2, 3.3), (0.0, 3.3), (3.0, 3.2)):
        true = integral(current, low, high, 1e-3)
        found, unit = seconds(law, low, high)  # type: ignore[arg-type]
        loss = ohms * 1.5e-3 / 2.2**2
        assert true <= found <= true * (1.002 + loss) + unit


@pytest.mark.parametrize("coordinate", list(Coordinate))
def test_everything_at_once(coordinate: Coordinate) -> None:
    """Curve, resistance, leakage, sleeping, a cold start: never quicker than the integral of the worst of each."""
    curve = CapacitanceCurve(
        (
            (0, Interval(MILLIFARAD, MILLIFARAD)),
            (2 * VOLT, Interval.exactly(MILLIFARAD * 9 // 10)),
            (4 * VOLT, Interval.exactly(MILLIFARAD // 2)),
        )
    )
    supply = ConstantPower(POWER.power, ColdStart(18 * VOLT // 10, 300 * MICROWATT))
    law = charging_law(buffer(coordinate, 10, Leakage(10**9, 10**12), curve), supply, 10 * MICROWATT)

    def current(v: mpmath.mpf) -> mpmath.mpf:
        power = 0.3e-3 if v < 1.8 else 1.5e-3
        into = power / ((v + mpmath.sqrt(v**2 + 40 * power)) / 2)
        waiting = 10e-6 / v if coordinate is Coordinate.ENERGY else 10e-6 / 2.2
        return into - 1e-6 - v / 1e6 - waiting

    def farads(v: float) -> float:
        return 1e-3 if v < 2 else 0.9e-3

    for low, high in ((0.2, 1.8), (1.8, 2.0), (2.2, 3.3)):
        true = float(mpmath.quad(lambda v: farads(v) / current(v), mpmath.linspace(low, high, 30)))
        found, _ = seconds(law, low, high)  # type: ignore[arg-type]
        assert true <= found <= true * 1.9


@pytest.mark.parametrize("leakage", [NO_LEAKAGE, Leakage(30 * 10**9), Leakage(0, 20 * 10**9), Leakage(10**9, 10**11)])
def test_a_source_keeps_its_closed_form(leakage: Leakage) -> None:
    law = charging_law(buffer(ohms=15, leakage=leakage), SOURCE)
    assert isinstance(law, SourceCharging)

    def current(v: mpmath.mpf) -> mpmath.mpf:
        through = 0 if leakage.resistance is None else v / (leakage.resistance * 1e-6)
        return (4 - v) / 2015 - leakage.current * 1e-15 - through

    for low, high in ((2.2, 3.3), (0.0, 3.3), (3.0, 3.1)):
        true = integral(current, low, high, 1e-3)
        found, unit = seconds(law, low, high)
        assert true * (1 - 1e-12) <= found <= true * (1 + 1e-9) + unit + 1e-10


def test_a_leak_as_strong_as_the_supply_is_a_stall() -> None:
    law = charging_law(buffer(leakage=Leakage(500 * 10**9)), POWER)  # 1.5 mW / 0.5 mA = 3 V
    assert law.highest_level is not None
    assert 2.98e9 < law.buffer.voltage_of(law.highest_level, Rounding.UP) <= 3e9
    with pytest.raises(ChargingStall):
        law.elapsed_up(law.buffer.turn_on_high)
    nothing = charging_law(buffer(leakage=Leakage(10**12)), POWER)
    assert nothing.highest_level is None


@settings(max_examples=40)
@given(st.data())
def test_columns_equal_single_levels_and_nothing_falls(data: st.DataObject) -> None:
    coordinate = data.draw(st.sampled_from(Coordinate))
    leakage = Leakage(data.draw(st.integers(0, 10**11)), data.draw(st.none() | st.integers(10**9, 10**13)))
    capacitance = Interval(data.draw(st.integers(10**9, 10**14)), 10**14)
    supply: Supply = data.draw(st.sampled_from((POWER, ConstantPower(POWER.power, ColdStart(VOLT, MICROWATT * 100)))))
    law = charging_law(buffer(coordinate, data.draw(st.floats(0.001, 50)), leakage, None, capacitance), supply)
    if law.highest_level is None:
        return
    top = min(law.highest_level, law.buffer.turn_on_high)
    some = data.draw(st.lists(st.integers(law.buffer.empty_level, top), min_size=1, max_size=30))
    assert isinstance(law, SteppedCharging)
    some = sorted([*some, *(knot for knot in law.knots[:4] if knot <= top), top])
    up, down = [law.elapsed_up(one) for one in some], [law.elapsed_down(one) for one in some]
    assert up == sorted(up)
    assert down == sorted(down)
    assert all(one - other >= 0 for one, other in zip(up, down, strict=True))
    levels = np.array(some, dtype=np.int64)
    assert elapsed_up_array(law, levels).tolist() == up
    assert elapsed_down_array(law, levels).tolist() == down


def test_above_the_floor_a_unit_takes_no_less_the_higher_it_is() -> None:
    """What lets the least sufficient threshold be best: T is convex there, though less is lost at high voltage."""
    law = charging_law(buffer(ohms=40), POWER)
    assert isinstance(law, SteppedCharging)
    above = [place for place, knot in enumerate(law.knots) if knot >= 0]
    slopes = [
        Fraction(law.times[place + 1] - law.times[place], law.knots[place + 1] - law.knots[place])
        for place in above[:-1]
    ]
    steps = pairwise(slopes)
    assert all(later >= earlier * Fraction(999_999, 1_000_000) for earlier, later in steps)
