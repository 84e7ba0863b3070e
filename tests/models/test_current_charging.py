"""Charging by a constant current: closed forms in mpmath, Runge-Kutta, and brute force over thresholds."""

from __future__ import annotations

import math
from fractions import Fraction
from itertools import pairwise, product

import mpmath
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ischedule.models.buffer import EnergyBuffer
from ischedule.models.capacitance_curve import CapacitanceCurve
from ischedule.models.charging import ChargingStall, SourceCharging, charging_law
from ischedule.models.charging_array import elapsed_down_array, elapsed_up_array
from ischedule.models.current_charging import CurrentCharging, RootCharging, floor_of_roots
from ischedule.models.cycle_law import Position
from ischedule.models.demand import LIMIT, Coordinate
from ischedule.models.diagnosis import Diagnosis, Unschedulable
from ischedule.models.errors import InvalidValue
from ischedule.models.leakage import NO_LEAKAGE, Leakage
from ischedule.models.programmable_wake import ProgrammableWakeLaw
from ischedule.models.quantities import Interval, Rounding
from ischedule.models.stepped_charging import SteppedCharging
from ischedule.models.supply import ConstantCurrent
from ischedule.models.waiting import cycle_law, replay
from ischedule.models.wake import Mechanism, Policy, Start, StartKind, Until, Wake
from tests.models.physics_strategies import MILLIVOLT, VOLT, buffers, everyday_buffer, intervals

MILLIAMPERE = 10**12
MICROWATT = 10**9
MILLIFARAD = 10**12
SUPPLY = ConstantCurrent(Interval(4 * MILLIAMPERE // 10, 5 * MILLIAMPERE // 10))


def band(
    coordinate: Coordinate,
    leakage: Leakage = NO_LEAKAGE,
    ohms: int = 0,
    curve: CapacitanceCurve | None = None,
) -> EnergyBuffer:
    """One millifarad, or a curve, between 2.2 V and 3.3 V."""
    capacitance = Interval.exactly(MILLIFARAD) if curve is None else Interval(curve.least, curve.greatest)
    ends = Interval.exactly(33 * VOLT // 10), Interval.exactly(22 * VOLT // 10)
    resistance = Interval.exactly(ohms * 10**6)
    return EnergyBuffer(coordinate, capacitance, *ends, resistance=resistance, leakage=leakage, curve=curve)


@given(st.data())
def test_times_are_correctly_rounded(data: st.DataObject) -> None:
    """C_hi (v - f) / I to 900 bits, at the low end of the current."""
    buffer = data.draw(buffers())
    supply = ConstantCurrent(data.draw(intervals(1, 10**15)))
    law = charging_law(buffer, supply)
    assert isinstance(law, RootCharging if buffer.coordinate is Coordinate.ENERGY else CurrentCharging)
    near = st.integers(-1000, 1000) | st.integers(buffer.empty_level, buffer.empty_level + 1000)
    level = data.draw(near | st.integers(buffer.empty_level, 2 * buffer.turn_on_high))
    with mpmath.workprec(900):
        amount = max(Fraction(0), level + buffer.below_floor) / buffer.amount_per_volt
        volts, floor = mpmath.mpf(amount.numerator) / amount.denominator, buffer.floor_squared
        base = mpmath.mpf(floor.numerator) / floor.denominator
        if buffer.coordinate is Coordinate.ENERGY:
            rise = mpmath.sqrt(volts) - mpmath.sqrt(base)
        else:
            rise = volts - mpmath.sqrt(base)
        time = 1000 * buffer.capacitance.hi * rise / supply.current.lo
        # exact values are hit to within the precision only
        nearest = mpmath.nint(time)
        if abs(time - nearest) < mpmath.mpf(2) ** -200:
            time = nearest
        assert law.elapsed_down(level) == int(mpmath.floor(time))
        assert law.elapsed_up(level) == int(mpmath.ceil(time))


@given(st.integers(1, 10**9), st.integers(1, 10**9), st.integers(1, 10**6), st.integers(-(10**6), 10**6))
def test_a_difference_of_roots_that_is_an_integer_is_found(one: int, other: int, below: int, near: int) -> None:
    """No width decides these: 3 sqrt(4/9) - 3 sqrt(1/9) = 1, and what lies just beside it."""
    squares = [Fraction(root, below) ** 2 for root in (one, other)]
    assert floor_of_roots(Fraction(below), *squares) == one - other
    beside = squares[0] + Fraction(near, 10**60)
    if beside >= 0:
        assert floor_of_roots(Fraction(below), beside, squares[1]) == one - other - (near < 0)


@given(st.data())
def test_columns_equal_the_scalar_law(data: st.DataObject) -> None:
    buffer = everyday_buffer(margin=data.draw(st.sampled_from((Fraction(1), Fraction(11, 20)))))
    law = charging_law(buffer, ConstantCurrent(Interval.exactly(data.draw(st.integers(10**9, 10**14)))))
    seed = data.draw(st.integers(0, 2**32 - 1))
    column = np.random.default_rng(seed).integers(buffer.empty_level - 2, buffer.capacity + 1, 500)
    column[:4] = buffer.empty_level - 1, buffer.empty_level, 0, 1
    for array, scalar in ((elapsed_up_array, law.elapsed_up), (elapsed_down_array, law.elapsed_down)):
        expected = [scalar(level) for level in column.tolist()]
        if max(map(abs, expected)) < LIMIT // 2:
            assert array(law, column).tolist() == expected


def test_columns_need_few_scalar_calls(monkeypatch: pytest.MonkeyPatch) -> None:
    buffer = everyday_buffer()
    law = charging_law(buffer, SUPPLY)
    column, asked = np.random.default_rng(7).integers(0, buffer.capacity + 1, 20_000), []
    scalar = law.elapsed_up
    monkeypatch.setattr(law, "elapsed_up", lambda level: asked.append(level) or scalar(level))
    elapsed_up_array(law, column)
    assert 0 < len(asked) < 2000


def integrated(leak_current: float, leak_ohms: float | None, low: float, high: float, sleep: float = 0.0) -> float:
    """Seconds of C dv/dt = I - leak - sleep / v from 0.4 mA into 1 mF, by Runge-Kutta in 4000 steps."""

    def slowness(v: float) -> float:
        leak = leak_current + (v / leak_ohms if leak_ohms else 0.0) + (sleep / v if sleep else 0.0)
        return 1e-3 / (0.4e-3 - leak)

    width = (high - low) / 4000
    total = 0.0
    for step in range(4000):
        v = low + step * width
        total += width / 6 * (slowness(v) + 4 * slowness(v + width / 2) + slowness(v + width))
    return total


@pytest.mark.parametrize("coordinate", list(Coordinate))
@pytest.mark.parametrize(("leak", "ohms"), [(0.0, None), (30e-6, None), (0.0, 20e3), (30e-6, 20e3)])
@pytest.mark.parametrize(("low", "high"), [(2.2, 3.3), (0.0, 3.3), (3.0, 3.1)])
def test_closed_forms_with_leakage_solve_the_capacitor(
    coordinate: Coordinate, leak: float, ohms: float | None, low: float, high: float
) -> None:
    leakage = Leakage(round(leak * 1e15), None if ohms is None else round(ohms * 1e6))
    for resistance in (0, 30):
        buffer = band(coordinate, leakage, resistance)
        law = charging_law(buffer, SUPPLY)
        assert isinstance(law, RootCharging | CurrentCharging | SourceCharging)
        start = buffer.level_of(round(low * 1e9), Rounding.DOWN)
        found = law.charge_time(start, buffer.level_of(round(high * 1e9), Rounding.UP)) * 1e-12
        assert found == pytest.approx(integrated(leak, ohms, low, high), rel=1e-7)


@pytest.mark.parametrize("coordinate", list(Coordinate))
def test_sleeping_is_bounded_from_above(coordinate: Coordinate) -> None:
    """A power behind a converter, whose current is largest at brown-out; behind a regulator just that current."""
    buffer = band(coordinate)
    law = charging_law(buffer, SUPPLY, 100 * MICROWATT)
    found = law.charge_time(0, buffer.capacity) * 1e-12
    true = integrated(0.0, None, 2.2, 3.3, 1e-4)
    regulated = integrated(1e-4 / 2.2, None, 2.2, 3.3)
    assert true < found == pytest.approx(regulated, rel=1e-6)
    assert law.power_at(0) == pytest.approx(2.2 * (4e11 - 1e11 / 2.2), rel=1e-6)


def test_a_leak_or_a_sleep_that_takes_it_all_stalls() -> None:
    for coordinate in Coordinate:
        for leakage, sleep in ((Leakage(4 * 10**11), 0), (NO_LEAKAGE, 900 * MICROWATT), (Leakage(0, 5 * 10**9), 0)):
            law = charging_law(band(coordinate, leakage), SUPPLY, sleep)
            assert not law.reaches(0)
            with pytest.raises(ChargingStall):
                law.elapsed_up(0)
    # 0.4 mA through 7.5 kohm is 3 V, which is never quite reached
    law = charging_law(band(Coordinate.CHARGE, Leakage(0, 75 * 10**8)), SUPPLY)
    assert law.highest_level == 8 * 10**11 - 1


@pytest.mark.parametrize("coordinate", list(Coordinate))
@pytest.mark.parametrize("leakage", [NO_LEAKAGE, Leakage(0, 10**11)])
def test_nothing_is_promised_beyond_the_voltage_of_the_supply(coordinate: Coordinate, leakage: Leakage) -> None:
    """The terminal is up to 10 ohm times 0.5 mA above the voltage inside."""
    buffer = band(coordinate, leakage, 10)
    for up_to, reached in ((3305, True), (3304, False), (2205, False), (2204, None)):
        law = charging_law(buffer, ConstantCurrent(SUPPLY.current, up_to * MILLIVOLT))
        assert law.reaches(buffer.capacity) is bool(reached)
        assert law.reaches(0) is (reached is not None)
        if reached is not None:
            highest = min(up_to * MILLIVOLT - 5 * MILLIVOLT, 5 * VOLT)
            assert law.highest_level == buffer.level_of(highest, Rounding.DOWN)


def test_nonsense_is_refused() -> None:
    with pytest.raises(InvalidValue, match="negative current"):
        ConstantCurrent(Interval(-1, 1))


CURVE = CapacitanceCurve(
    (
        (0, Interval.exactly(2 * MILLIFARAD)),
        (VOLT // 20, Interval.exactly(3 * MILLIFARAD // 2)),
        (2 * VOLT, Interval.exactly(MILLIFARAD)),
        (4 * VOLT, Interval.exactly(MILLIFARAD // 2)),
    )
)


@pytest.mark.parametrize("coordinate", list(Coordinate))
def test_a_capacitance_curve_is_charged_by_steps(coordinate: Coordinate) -> None:
    """Never quicker than the greatest capacitance of each piece, and by how much slower is stated.

    The power of a current grows with the voltage; above the floor it counts as what it is at the floor.
    """
    buffer = band(coordinate, Leakage(10 * 10**9), 5, CURVE)
    law = charging_law(buffer, SUPPLY, 20 * MICROWATT)
    assert isinstance(law, SteppedCharging)
    assert law.highest_level == LIMIT

    def farads(v: float) -> float:
        return next(high for edge, high in ((0.05, 2e-3), (2.0, 1.5e-3), (9.0, 1e-3)) if v < edge)

    for low, high, loss in ((0.0, 0.05, 1.3), (0.1, 2.0, 1.35), (2.2, 2.3, 1.2), (2.2, 3.3, 3.3 / 2.2 * 1.6)):
        points = [low + (high - low) * part / 2000 for part in range(2001)]
        true = sum((b - a) * farads((a + b) / 2) / (0.4e-3 - 10e-6) for a, b in pairwise(points))
        start = buffer.level_of(round(low * 1e9), Rounding.DOWN)
        found = law.charge_time(start, buffer.level_of(round(high * 1e9), Rounding.UP)) * 1e-12
        assert true * 0.999999 <= found <= true * loss * (1 if low else 3)


def tiny_law(step: int | None, start: StartKind = StartKind.FLOOR, ohms: int | None = None) -> ProgrammableWakeLaw:
    """A nanofarad between 1 V and 2 V, fed by 1 uA."""
    ends = Interval.exactly(2 * VOLT), Interval.exactly(VOLT)
    leakage = NO_LEAKAGE if ohms is None else Leakage(0, ohms * 10**6)
    buffer = EnergyBuffer(Coordinate.ENERGY, Interval.exactly(10**6), *ends, leakage=leakage)
    wake = Wake(Policy.PROGRAMMABLE, Mechanism.LATCH, step)
    law = cycle_law(buffer, ConstantCurrent(Interval.exactly(10**9)), wake, Start(start), Until.PUBLISHED, 0, 0)
    assert isinstance(law, ProgrammableWakeLaw)
    return law


@given(st.sampled_from((VOLT // 10, VOLT // 50, None)), st.sampled_from((None, 10**7, 3 * 10**6)), st.data())
def test_the_best_of_the_stated_thresholds_is_found(step: int | None, ohms: int | None, data: st.DataObject) -> None:
    """Without a leak that is the highest: each volt takes as long, and there a drain is the fewest of them."""
    law = tiny_law(step, ohms=ohms)
    drain = data.draw(st.integers(0, law.capacity))
    charging = law.charging
    names = range(law.thresholds.least_name(0), law.thresholds.least_name(law.capacity) + 1)
    levels = names if step else [drain, *(law.capacity * index // 64 for index in range(1, 65))]
    candidates = [one for one in map(law.thresholds.at, levels) if one.level >= drain]
    prices = [charging.elapsed_up(one.high) - charging.elapsed_down(one.level - drain) for one in candidates]
    assert not law.is_minimal_optimal
    assert law.mid(drain) == law.first(drain) == min(prices)
    if ohms is None and drain > law.capacity // 50:
        assert law.threshold(drain, Position.MID).level == law.capacity


@given(st.lists(st.integers(100_000, 900_000), min_size=1, max_size=3))
def test_no_choice_of_thresholds_beats_the_prices(drains: list[int]) -> None:
    """Every threshold of every cycle, replayed by the certified rule; cycles that are joined are plans of their own."""
    law = tiny_law(VOLT // 10)
    top = law.thresholds.least_name(law.capacity)
    every = [law.thresholds.at(code) for code in range(law.thresholds.least_name(0), top + 1)]
    choices = [[one for one in every if one.level >= drain] for drain in drains]
    least = min(replay(law, drains, choice).waiting for choice in product(*choices))
    joined = []
    for cuts in product((False, True), repeat=len(drains) - 1):
        some = [drains[0]]
        for drain, cut in zip(drains[1:], cuts, strict=True):
            some = [*some, drain] if cut else [*some[:-1], some[-1] + drain]
        if max(some) <= law.capacity:
            joined.append(law.waiting(some))
    slack = len(drains) * 8 * max(1, law.charging.elapsed_up(1) - law.charging.elapsed_down(0))
    assert min(joined) <= least + slack


def test_a_stall_is_diagnosed() -> None:
    buffer = everyday_buffer()
    wake = Wake(Policy.FIXED, Mechanism.LATCH)
    supply = ConstantCurrent(Interval.exactly(MILLIAMPERE), 2900 * MILLIVOLT)
    with pytest.raises(Unschedulable) as stall:
        cycle_law(buffer, supply, wake, Start(StartKind.COLD), Until.PUBLISHED, 0, 0)
    assert stall.value.diagnosis is Diagnosis.CHARGING_STALL
    assert "reaches 2.9 V" in stall.value.text


@given(st.data())
def test_no_capacitor_or_current_of_the_intervals_takes_longer(data: st.DataObject) -> None:
    """Drain from a true turn-on voltage with a true capacitance, and recharge: the bound holds at every corner."""
    buffer = data.draw(buffers())
    supply = ConstantCurrent(data.draw(intervals(10**6, 10**15)))
    law = charging_law(buffer, supply)

    def some(interval: Interval) -> int:
        return data.draw(st.sampled_from((interval.lo, interval.hi)) | st.integers(interval.lo, interval.hi))

    farad, current, on = some(buffer.capacitance), some(supply.current), some(buffer.turn_on)
    drain = data.draw(st.integers(0, buffer.capacity))
    bound = law.elapsed_up(buffer.turn_on_high) - law.elapsed_down(buffer.capacity - drain)
    with mpmath.workprec(400):
        left = on - mpmath.mpf(drain) * 10**9 / farad
        if buffer.coordinate is Coordinate.ENERGY:
            left = mpmath.sqrt(mpmath.mpf(on) ** 2 - mpmath.mpf(drain) * 2 * 10**18 / farad)
        assert 1000 * farad * (mpmath.mpf(on) - left) / current <= bound
    assert math.ceil(Fraction(1000 * farad * on, current)) <= law.charge_time(buffer.empty_level, buffer.turn_on_high)
