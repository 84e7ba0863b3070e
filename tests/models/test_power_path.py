"""Demands behind converter and series resistance, against the terminal voltage of a discharge that is integrated."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from functools import reduce
from math import sqrt

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ischedule.models.demand import Coordinate, Demand
from ischedule.models.device import load_device
from ischedule.models.draw import UNSTATED, Draw
from ischedule.models.errors import InvalidValue
from ischedule.models.leakage import Leakage
from ischedule.models.power_path import Converter, OperatingPoint, PowerPath, Uncovered
from ischedule.models.quantities import Interval

VOLT = 10**9
MILLIWATT = 10**12
BAND = Interval(2 * VOLT, 4 * VOLT)
FARAD = 10**15

Phase = tuple[float, float]
"""Power in watt and time in seconds."""


def level(volts: float, farads: float) -> float:
    """Femtojoules above the floor of the band."""
    return farads / 2 * (volts**2 - (BAND.lo / VOLT) ** 2) * 1e15


def demand_of(path: PowerPath, phases: list[Phase], farads: float) -> Demand:
    """The phases in a row, each with the level that it leaves."""
    found = []
    for watts, seconds in phases:
        draw = Draw(Interval.exactly(round(watts * 1e15)))
        drain = path.amount(round(watts * seconds * 1e15), round(seconds * 1e12), draw)
        left = max(0, round(level(path.least_voltage(draw) / VOLT, farads)) + 1)
        found.append(Demand(drain + left, drain, round(seconds * 1e12), path.coordinate))
    return reduce(Demand.then, found)


def lowest_terminal(phases: list[Phase], start: float, farads: float, ohms: float, efficiency: float) -> float:
    """The lowest terminal voltage of a discharge from a voltage inside, 0 where it collapses: classical Runge-Kutta."""
    v, lowest = start, start
    for watts, seconds in phases:
        drawn, steps = watts / efficiency, 400

        def current(inside: float, drawn: float = drawn) -> float:
            square = inside**2 - 4 * ohms * drawn
            if inside <= 0 or square < 0:
                raise ArithmeticError
            return drawn / ((inside + sqrt(square)) / 2)

        h = seconds / steps
        try:
            for _ in range(steps):
                lowest = min(lowest, v - ohms * current(v))
                one = current(v)
                two = current(v - h / 2 * one / farads)
                three = current(v - h / 2 * two / farads)
                v -= h / 6 * (one + 2 * two + 2 * three + current(v - h * three / farads)) / farads
            lowest = min(lowest, v - ohms * current(v))
        except ArithmeticError:
            return 0.0
    return lowest


PHASES = st.lists(st.tuples(st.floats(1e-3, 0.08), st.floats(1e-3, 0.05)), min_size=1, max_size=5)


@settings(max_examples=150)
@given(PHASES, st.floats(1e-4, 5e-3), st.floats(0.1, 30), st.floats(0.5, 1))
def test_from_the_need_on_the_terminal_holds(phases: list[Phase], farads: float, ohms: float, eta: float) -> None:
    converter = Converter((OperatingPoint(Fraction(eta)),))
    path = PowerPath(Coordinate.ENERGY, BAND, round(ohms * 1e6) + 1, converter=converter)
    need = demand_of(path, phases, farads).need
    start = sqrt((BAND.lo / VOLT) ** 2 + 2 * need * 1e-15 / farads)
    assert lowest_terminal(phases, start, farads, ohms, eta) >= BAND.lo / VOLT - 1e-9


def without_loss(path: PowerPath, phases: list[Phase], farads: float) -> int:
    """What would be needed if the resistance took no energy."""
    drained, need = 0.0, 0.0
    for watts, seconds in phases:
        drained += watts * seconds * 1e15
        least = path.least_voltage(Draw(Interval.exactly(round(watts * 1e15))))
        need = max(need, drained + level(least / VOLT, farads))
    return round(need)


def energy_alone(path: PowerPath, phases: list[Phase], farads: float) -> int:
    """What would be needed if only energy counted."""
    return round(sum(watts * seconds for watts, seconds in phases) * 1e15)


@pytest.mark.parametrize("wrong", [without_loss, energy_alone])
def test_without_the_loss_or_the_dip_it_does_not_hold(wrong: object) -> None:
    phases, farads, ohms = [(0.01, 0.02), (0.06, 0.05)], 2e-3, 8.0
    path = PowerPath(Coordinate.ENERGY, BAND, round(ohms * 1e6))
    found = []
    for need in (demand_of(path, phases, farads).need, wrong(path, phases, farads)):  # type: ignore[operator]
        start = sqrt((BAND.lo / VOLT) ** 2 + 2 * need * 1e-15 / farads)
        found.append(lowest_terminal(phases, start, farads, ohms, 1.0))
    assert found[0] >= BAND.lo / VOLT > found[1] + 1e-6


def test_a_load_that_no_voltage_carries_is_kept_off_the_limit() -> None:
    """Below sqrt(R a) at the terminal the power falls with the current: U is at least that."""
    path = PowerPath(Coordinate.ENERGY, Interval(VOLT // 10, VOLT), 10 * 10**6)
    draw = Draw(Interval.exactly(100 * MILLIWATT))
    assert path.terminal_voltage(draw) == VOLT
    assert path.least_voltage(draw) == 2 * VOLT
    assert path.factor(draw) == 2


def test_behind_a_regulator_current_counts_and_no_charge_is_lost() -> None:
    path = PowerPath(Coordinate.CHARGE, BAND, 5 * 10**6)
    draw = Draw(Interval(10**12, 20 * 10**12), least_voltage=2_500_000_000)
    assert path.least_voltage(draw) == 2_600_000_000
    assert path.amount(12345, 10**9, draw) == 12345


def test_what_leaks_meanwhile_is_taken_at_the_highest_voltage() -> None:
    leakage = Leakage(10**9, 10**12)  # 1 uA, 1 Mohm
    energy = PowerPath(Coordinate.ENERGY, BAND, leakage=leakage)
    # (1 uA + 4 uA) 4 V for 1 s are 20 uJ
    assert energy.amount(7, 10**12, UNSTATED) == 7 + 20 * 10**9
    assert PowerPath(Coordinate.CHARGE, BAND, leakage=leakage).amount(7, 10**12, UNSTATED) == 7 + 5 * 10**9
    assert PowerPath(Coordinate.ENERGY, BAND).is_ideal
    assert not energy.is_ideal


def test_the_least_efficiency_of_all_points_that_are_met_counts() -> None:
    points = (
        OperatingPoint(Fraction(7, 10), Interval(0, MILLIWATT)),
        OperatingPoint(Fraction(9, 10), Interval(MILLIWATT, 10 * MILLIWATT)),
        OperatingPoint(Fraction(8, 10), Interval(MILLIWATT, 10 * MILLIWATT), Interval(3 * VOLT, 5 * VOLT)),
    )
    converter = Converter(points)
    light, heavy = Interval(MILLIWATT // 2, MILLIWATT // 2), Interval(2 * MILLIWATT, 3 * MILLIWATT)
    assert converter.least_efficiency(light, BAND) == Fraction(7, 10)
    assert converter.least_efficiency(heavy, BAND) == Fraction(8, 10)
    assert converter.least_efficiency(heavy, Interval(2 * VOLT, 2 * VOLT)) == Fraction(9, 10)
    with pytest.raises(Uncovered):
        converter.least_efficiency(Interval(MILLIWATT, 11 * MILLIWATT), BAND)
    with pytest.raises(InvalidValue):
        OperatingPoint(Fraction(0))


RECTANGLES = st.tuples(*[st.integers(0, 6)] * 4).map(
    lambda ends: (Interval(min(ends[:2]), max(ends[:2])), Interval(min(ends[2:]), max(ends[2:])))
)


@given(st.lists(RECTANGLES, min_size=1, max_size=6), RECTANGLES)
def test_a_gap_between_points_is_found_wherever_it_is(
    points: list[tuple[Interval, Interval]], asked: tuple[Interval, Interval]
) -> None:
    converter = Converter(tuple(OperatingPoint(Fraction(1, 2), *point) for point in points))
    covered = all(
        any(p.lo <= power <= p.hi and v.lo <= voltage <= v.hi for p, v in points)
        for power in range(asked[0].lo, asked[0].hi + 1)
        for voltage in range(asked[1].lo, asked[1].hi + 1)
    )
    if covered:
        converter.least_efficiency(*asked)
        return
    with pytest.raises(Uncovered) as gap:
        converter.least_efficiency(*asked)
    place = gap.value
    assert not any(p.lo <= place.power <= p.hi and v.lo <= place.voltage <= v.hi for p, v in points)


def test_a_device_costs_what_the_buffer_loses() -> None:
    device = load_device("msp430fr5994-lea-2021")
    path = PowerPath(Coordinate.ENERGY, BAND, converter=Converter((OperatingPoint(Fraction(1, 2)),)))
    loaded = path.device(device, UNSTATED)
    assert loaded.read.per_element.energy == 2 * device.read.per_element.energy
    assert loaded.store_output.weight.energy == 2 * device.store_output.weight.energy
    assert loaded.mac.fixed.time == device.mac.fixed.time
    assert loaded.boot == device.boot  # an activity of its own
    assert replace(path, converter=None).device(device, UNSTATED) is device
