"""Charging time: correctly rounded, monotone, safe over every interval, and what a capacitor really does."""

from __future__ import annotations

import ast
import math
from fractions import Fraction
from pathlib import Path
from unittest import mock

import mpmath
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from ischedule.models import charging, logarithm
from ischedule.models.buffer import EnergyBuffer
from ischedule.models.charging import (
    FIRST_WIDTH,
    GRID_BITS,
    ChargingLaw,
    ChargingStall,
    PowerCharging,
    SourceCharging,
    charging_law,
)
from ischedule.models.demand import Coordinate
from ischedule.models.errors import InvalidValue
from ischedule.models.logarithm import ERROR_ULPS, fixed_ln
from ischedule.models.programmable_wake import minimal_is_optimal
from ischedule.models.quantities import Interval
from ischedule.models.supply import ConstantPower, ResistiveSource
from tests.models.physics_strategies import (
    MILLIVOLT,
    VOLT,
    buffers,
    everyday_buffer,
    everyday_source,
    laws,
    levels,
    sources,
)

SECOND = 10**12


@given(st.integers(1, 2**300), st.sampled_from((64, 128, 256)))
def test_fixed_logarithms_are_within_their_stated_error(x: int, width: int) -> None:
    with mpmath.workprec(700):
        assert abs(fixed_ln(x, width) - mpmath.log(x) * mpmath.mpf(2) ** width) < ERROR_ULPS


@pytest.mark.parametrize("x", [1, 2, 3, 2**64 - 1, 2**64, 2**64 + 1, 2**100 - 1])
def test_fixed_logarithms_at_the_ends_of_the_reduction(x: int) -> None:
    with mpmath.workprec(700):
        assert abs(fixed_ln(x, 64) - mpmath.log(x) * 2**64) < ERROR_ULPS


def exact(number: Fraction) -> mpmath.ctx_iv.ivmpf:
    return mpmath.iv.mpf(number.numerator) / mpmath.iv.mpf(number.denominator)


def log_interval(law: SourceCharging, level: int) -> mpmath.ctx_iv.ivmpf:
    """An enclosure of ln((Vs - f) / (Vs - v)), by another route: interval arithmetic on the definition."""
    buffer = law.buffer
    amount = max(Fraction(0), level + buffer.below_floor) / buffer.amount_per_volt
    if buffer.coordinate is Coordinate.ENERGY:
        floor, v = mpmath.iv.sqrt(exact(buffer.floor_squared)), mpmath.iv.sqrt(exact(amount))
    else:
        floor, v = exact(buffer.floor_voltage), exact(amount)
    return mpmath.iv.log((exact(law.source) - floor) / (exact(law.source) - v))


@given(st.data())
def test_source_times_are_correctly_rounded(data: st.DataObject) -> None:
    buffer = data.draw(buffers())
    law = charging_law(buffer, data.draw(sources(buffer)))
    assert isinstance(law, SourceCharging)
    level = data.draw(levels(law))
    tau = law.time_constant
    assert tau == Fraction(law.resistance * buffer.capacitance.hi, 10**9)
    if level == 0 or level + buffer.below_floor <= 0 == buffer.below_floor:
        assert law.elapsed_up(level) == law.elapsed_down(level) == 0
        return
    mpmath.iv.prec = 900
    scaled = log_interval(law, level) * 2**GRID_BITS
    steps = int(mpmath.floor(scaled.a))
    assert steps == int(mpmath.floor(scaled.b))
    assert law.elapsed_down(level) == math.floor(steps * tau / 2**GRID_BITS)
    assert law.elapsed_up(level) == math.ceil((steps + 1) * tau / 2**GRID_BITS)


@given(st.integers(0, 2**32), st.integers(2_990_000_001, 6 * VOLT))
def test_the_first_width_does_not_show_in_the_result(seed: int, source: int) -> None:
    """Starting 4 bits above the grid, where every other rounding is uncertain at first, or starting far beyond it."""
    law = charging_law(everyday_buffer(), ResistiveSource(Interval.exactly(source), Interval.exactly(10**6)))
    assert isinstance(law, SourceCharging)
    levels = [seed * index % law.buffer.capacity for index in range(1, 50)]
    found = []
    for width in (GRID_BITS + 4, FIRST_WIDTH, 4 * FIRST_WIDTH):
        with mock.patch.object(charging, "FIRST_WIDTH", width):
            law.log_steps.cache_clear()  # type: ignore[attr-defined]
            found.append([law.log_steps(level) for level in levels])
    assert found[0] == found[1] == found[2]


@given(st.data())
def test_power_times_are_the_rational_rounded_once(data: st.DataObject) -> None:
    buffer = data.draw(buffers())
    power = data.draw(st.integers(1, 10**15))
    law = charging_law(buffer, ConstantPower(Interval(power, 2 * power)))
    level = data.draw(st.integers(buffer.empty_level, 2 * buffer.turn_on_high))
    amount = max(Fraction(0), level + buffer.below_floor) / buffer.amount_per_volt
    squared = amount if buffer.coordinate is Coordinate.ENERGY else amount**2
    time = buffer.capacitance.hi * (squared - buffer.floor_squared) / (2 * power * 10**6)
    assert law.elapsed_up(level) == math.ceil(time)
    assert law.elapsed_down(level) == math.floor(time)


@given(st.data())
def test_times_are_monotone_and_tight(data: st.DataObject) -> None:
    law = data.draw(laws())
    low, high = sorted((data.draw(levels(law)), data.draw(levels(law))))
    assert law.elapsed_up(low) <= law.elapsed_up(high)
    assert law.elapsed_down(low) <= law.elapsed_down(high)
    grain = math.ceil(law.time_per_step) + 1 if isinstance(law, SourceCharging) else 1
    assert 0 <= law.elapsed_up(low) - law.elapsed_down(low) <= grain
    assert law.elapsed_up(0) == law.elapsed_down(0) == 0
    assert law.charge_time(high, low) == 0
    middle = data.draw(st.integers(low, high))
    whole = law.charge_time(low, high)
    parts = law.charge_time(low, middle) + law.charge_time(middle, high)
    assert whole <= parts <= whole + 2 * grain
    assert law.charge_time(low, middle) <= whole
    assert law.charge_time(middle, high) <= whole


@given(st.data())
def test_the_same_drain_never_recharges_faster_in_a_higher_band(data: st.DataObject) -> None:
    """Differences keep their order to the picosecond wherever charging slows: what orders the prices of thresholds."""
    law = data.draw(laws())
    assume(minimal_is_optimal(law))
    n = max(0, data.draw(levels(law)))
    h, x = sorted(max(n, data.draw(levels(law) | st.integers(n, n + 3))) for _ in range(2))
    assume(law.reaches(x))
    assert law.elapsed_up(h) - law.elapsed_down(h - n) >= law.elapsed_up(n)
    price = law.elapsed_up(x) - law.elapsed_down(x - n)
    assert price >= law.elapsed_up(n)
    assert price >= law.elapsed_down(h) - law.elapsed_down(h - n)


def runge_kutta(voltage: float, end: float, current: object, capacitance: float) -> float:
    """Seconds until a capacitor reaches a voltage, by integrating dt/dv = C / i(v): 4th order, 4000 steps."""
    assert callable(current)
    steps = 4000
    width, time = (end - voltage) / steps, 0.0
    for step in range(steps):
        v = voltage + step * width
        slopes = (1 / current(v), 4 / current(v + width / 2), 1 / current(v + width))
        time += capacitance * width / 6 * sum(slopes)
    return time


@pytest.mark.parametrize("coordinate", list(Coordinate))
@pytest.mark.parametrize("margin", [Fraction(1), Fraction(11, 20)])
def test_the_closed_forms_solve_the_capacitor(coordinate: Coordinate, margin: Fraction) -> None:
    buffer = everyday_buffer(coordinate, margin)
    source = charging_law(buffer, everyday_source())
    power = charging_law(buffer, ConstantPower(Interval.exactly(2 * 10**12)))
    floor = math.sqrt(buffer.floor_squared) / VOLT
    for law, current in ((source, lambda v: (3 - v) / 24), (power, lambda v: 2e-3 / v)):
        for share in (0.1, 0.5, 1.0):
            level = int(buffer.capacity * share)
            v = math.sqrt(floor**2 + 2 * level * 1e-15 / 5e-3)
            if coordinate is Coordinate.CHARGE:
                v = floor + level * 1e-15 / 5e-3
            expected = runge_kutta(floor, v, current, 5e-3)
            assert law.charge_time(0, level) / SECOND == pytest.approx(expected, rel=1e-9)
        empty = runge_kutta(1e-9, floor, current, 5e-3)
        assert law.charge_time(buffer.empty_level, 0) / SECOND == pytest.approx(empty, rel=1e-6)


def test_published_recharge_times() -> None:
    """5 mF between 4.535 V and 3.290 V behind 2800 ohm at 5.892 V: 9.11 s in full, 9.87 s as two halves, 8.36 s low."""
    band = Interval.exactly(4535 * MILLIVOLT), Interval.exactly(3290 * MILLIVOLT)
    buffer = EnergyBuffer(Coordinate.ENERGY, Interval.exactly(5 * 10**12), *band)
    law = charging_law(buffer, ResistiveSource(Interval.exactly(5892 * MILLIVOLT), Interval.exactly(28 * 10**8)))
    full, half = buffer.capacity, buffer.capacity // 2
    assert round(law.charge_time(0, full) / SECOND, 2) == 9.11
    assert round(2 * law.charge_time(half, full) / SECOND, 2) == 9.87
    assert round(2 * law.charge_time(0, half) / SECOND, 2) == 8.36
    assert law.power_at(0) / 10**12 == pytest.approx(3.06, abs=0.005)
    assert law.power_at(full) / 10**12 == pytest.approx(2.20, abs=0.005)


@given(st.data())
def test_no_capacitor_or_source_of_the_intervals_takes_longer(data: st.DataObject) -> None:
    """Drain from a true turn-on voltage with a true capacitance, and recharge: the bound holds at every corner."""
    buffer = data.draw(buffers())
    supply = data.draw(sources(buffer))
    law = charging_law(buffer, supply)

    def some(interval: Interval) -> int:
        return data.draw(st.sampled_from((interval.lo, interval.hi)) | st.integers(interval.lo, interval.hi))

    farad, volt, ohm = some(buffer.capacitance), some(supply.voltage), some(supply.resistance)
    on = some(buffer.turn_on)
    drain = data.draw(st.integers(0, buffer.capacity))
    assume(law.reaches(buffer.turn_on_high))
    bound = law.elapsed_up(buffer.turn_on_high) - law.elapsed_down(buffer.capacity - drain)
    with mpmath.workprec(400):
        if buffer.coordinate is Coordinate.ENERGY:
            left = mpmath.sqrt(mpmath.mpf(on) ** 2 - mpmath.mpf(drain) * 2 * 10**18 / farad)
        else:
            left = on - mpmath.mpf(drain) * 10**9 / farad
        true = mpmath.mpf(ohm) * farad / 10**9 * mpmath.log((volt - left) / (volt - mpmath.mpf(on)))
        assert true <= bound
        cold = mpmath.mpf(ohm) * farad / 10**9 * mpmath.log(volt / (volt - mpmath.mpf(on)))
    assert cold <= law.charge_time(buffer.empty_level, buffer.turn_on_high)


@pytest.mark.parametrize("coordinate", list(Coordinate))
def test_waiting_draws_are_bounded_from_above(coordinate: Coordinate) -> None:
    """A device that sleeps on its way up takes no longer than the bound: a power behind a converter, else a current."""
    buffer = everyday_buffer(coordinate)
    sleep = 2 * 10**12

    def drawn(v: float) -> float:
        return 2e-3 / (v if coordinate is Coordinate.ENERGY else 2.8)

    source = charging_law(buffer, everyday_source(), sleep)
    true = runge_kutta(2.8, 2.99, lambda v: (3 - v) / 24 - drawn(v), 5e-3) if source.reaches(buffer.capacity) else None
    assert true is None or source.charge_time(0, buffer.capacity) / SECOND >= true
    weaker = charging_law(buffer, ResistiveSource(Interval.exactly(3 * VOLT), Interval.exactly(10**6)), sleep)
    true = runge_kutta(2.8, 2.99, lambda v: (3 - v) / 1 - drawn(v), 5e-3)
    assert true <= weaker.charge_time(0, buffer.capacity) / SECOND <= 1.2 * true
    power = charging_law(buffer, ConstantPower(Interval.exactly(5 * 10**12)), sleep)
    true = runge_kutta(2.8, 2.99, lambda v: 5e-3 / v - drawn(v), 5e-3)
    assert true * (1 - 1e-9) <= power.charge_time(0, buffer.capacity) / SECOND <= 1.1 * true


@given(st.data())
def test_more_drawn_is_never_faster(data: st.DataObject) -> None:
    buffer = data.draw(buffers().filter(lambda buffer: buffer.brown_out.hi > 0))
    supply = data.draw(sources(buffer) | st.builds(ConstantPower, st.just(Interval.exactly(10**12))))
    little, much = sorted(data.draw(st.tuples(st.integers(0, 10**12), st.integers(0, 10**12))))
    fast, slow = charging_law(buffer, supply, little), charging_law(buffer, supply, much)
    level = data.draw(st.integers(0, buffer.capacity))
    if slow.reaches(level):
        assert slow.elapsed_up(level) >= fast.elapsed_up(level)
        assert slow.power_at(level) <= fast.power_at(level)


@given(st.data())
def test_the_guaranteed_power_is_the_slope(data: st.DataObject) -> None:
    buffer = everyday_buffer(data.draw(st.sampled_from(Coordinate)))
    law = charging_law(buffer, everyday_source())
    v = data.draw(st.integers(2800 * MILLIVOLT, 2990 * MILLIVOLT))
    level = int(buffer.exact_level(v))
    true = v / VOLT * (3 - v / VOLT) / 24 * 1e15
    assert true * (1 - 1e-7) <= law.power_at(level) <= true * (1 + 1e-7)


def test_a_level_beyond_the_source_stalls() -> None:
    buffer = everyday_buffer()
    weak = charging_law(buffer, ResistiveSource(Interval(2900 * MILLIVOLT, 3 * VOLT), Interval.exactly(24 * 10**6)))
    highest = weak.highest_level
    assert highest == 1_424_999_999_999  # 5 mF / 2 (2.9^2 - 2.8^2) is reached never, all below it is
    assert weak.reaches(highest)
    assert weak.elapsed_up(highest) > weak.elapsed_up(highest - 1)
    assert not weak.reaches(highest + 1)
    with pytest.raises(ChargingStall, match=r"level 1425000000000 fJ .* at most 1424999999999 fJ") as stall:
        weak.elapsed_down(highest + 1)
    assert (stall.value.level, stall.value.highest) == (highest + 1, highest)
    assert weak.charge_time(highest + 2, highest + 1) == 0


@pytest.mark.parametrize("coordinate", list(Coordinate))
def test_a_supply_that_does_not_charge_at_the_floor_reaches_nothing(coordinate: Coordinate) -> None:
    buffer = everyday_buffer(coordinate)
    dead = [
        charging_law(buffer, ResistiveSource(Interval.exactly(2800 * MILLIVOLT), Interval.exactly(1))),
        charging_law(buffer, ConstantPower(Interval(0, 1))),
        charging_law(buffer, ConstantPower(Interval.exactly(5)), 5),
        charging_law(buffer, everyday_source(), 10**14),
    ]
    for law in dead:
        assert not law.reaches(buffer.empty_level)
        with pytest.raises(ChargingStall, match="nothing above the floor"):
            law.elapsed_up(0)


def test_what_is_drawn_needs_a_brown_out_voltage() -> None:
    buffer = EnergyBuffer(Coordinate.CHARGE, Interval.exactly(10**12), Interval.exactly(VOLT), Interval.exactly(0))
    for supply in (everyday_source(), ConstantPower(Interval.exactly(10**12))):
        with pytest.raises(InvalidValue, match="no largest current"):
            charging_law(buffer, supply, 1)
    with pytest.raises(ValueError, match="not negative"):
        charging_law(buffer, everyday_source(), -1)


def test_scalar_physics_is_free_of_floating_point() -> None:
    """The words float and log, decimal constants and numerical libraries do not occur where the checker computes."""
    for module in (charging, logarithm):
        tree = ast.parse(Path(module.__file__ or "").read_text(encoding="utf-8"))
        for node in ast.walk(tree):
            assert not (isinstance(node, ast.Constant) and isinstance(node.value, float))
            assert not (isinstance(node, ast.Name) and node.id in ("float", "log", "log1p", "sqrt", "exp"))
            if isinstance(node, ast.ImportFrom):
                assert node.module not in ("numpy", "mpmath", "sympy")
                assert node.module != "math" or {alias.name for alias in node.names} <= {"isqrt", "lcm"}
            if isinstance(node, ast.Import):
                assert all(alias.name != "numpy" for alias in node.names)


def test_the_kind_of_law_follows_the_supply() -> None:
    buffer = everyday_buffer()
    kinds: list[ChargingLaw] = [
        charging_law(buffer, everyday_source()),
        charging_law(buffer, ConstantPower(Interval(1, 1))),
    ]
    assert [type(law) for law in kinds] == [SourceCharging, PowerCharging]
