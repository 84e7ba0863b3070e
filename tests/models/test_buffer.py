"""Levels and voltages of a buffer: exact, monotone, and inverse to each other."""

from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ischedule.models.buffer import EnergyBuffer
from ischedule.models.demand import Coordinate
from ischedule.models.errors import InvalidValue
from ischedule.models.quantities import Interval, Rounding
from tests.models.physics_strategies import MILLIVOLT, VOLT, buffers, everyday_buffer

UP, DOWN = Rounding.UP, Rounding.DOWN


def test_published_budgets() -> None:
    """1/2 5 mF (2.99^2 - 2.8^2) = 2.75025 mJ, 55 % of it, and the 14.61 mJ of a larger band at 60 %."""
    assert everyday_buffer().capacity == 2_750_250_000_000
    assert everyday_buffer(margin=Fraction(55, 100)).capacity == 1_512_637_500_000
    band = Interval.exactly(4535 * MILLIVOLT), Interval.exactly(3290 * MILLIVOLT)
    large = EnergyBuffer(Coordinate.ENERGY, Interval.exactly(5 * 10**12), *band, Fraction(3, 5))
    assert large.capacity == 14_613_187_500_000


def test_a_charge_is_capacitance_times_voltage() -> None:
    buffer = everyday_buffer(Coordinate.CHARGE)
    assert buffer.capacity == 950_000_000_000
    assert buffer.empty_level == -14 * 10**12
    assert everyday_buffer(Coordinate.CHARGE, Fraction(1, 2)).capacity == 475_000_000_000


def test_the_low_capacitance_counts() -> None:
    assert everyday_buffer(spread=20).capacity == everyday_buffer().capacity * 4 // 5


def test_the_bad_ends_of_the_thresholds_count() -> None:
    wide = EnergyBuffer(
        Coordinate.ENERGY, Interval.exactly(2 * 10**12), Interval(3 * VOLT, 4 * VOLT), Interval(VOLT, 2 * VOLT)
    )
    assert wide.capacity == 5 * 10**12  # 9 - 4 volts squared, not 16 - 1
    assert wide.turn_on_high == 12 * 10**12


@given(buffers())
def test_the_floor_is_level_zero(buffer: EnergyBuffer) -> None:
    assert buffer.capacity >= 0 > buffer.empty_level or buffer.below_floor == 0
    assert buffer.turn_on_high >= buffer.capacity
    low, high = buffer.voltage_of(0, DOWN), buffer.voltage_of(0, UP)
    assert low**2 <= buffer.floor_squared <= high**2
    assert high - low <= 1
    assert buffer.voltage_of(buffer.empty_level, UP) == 0
    if buffer.margin == 1:
        assert low == high == buffer.brown_out.hi


@given(buffers(), st.data())
def test_levels_and_voltages_are_monotone_inverses(buffer: EnergyBuffer, data: st.DataObject) -> None:
    voltage = data.draw(st.integers(0, 6 * VOLT))
    level_down, level_up = buffer.level_of(voltage, DOWN), buffer.level_of(voltage, UP)
    assert level_down <= buffer.exact_level(voltage) <= level_up <= level_down + 1
    assert buffer.level_of(voltage + 1, DOWN) >= level_down
    assert buffer.voltage_of(level_up, UP) >= voltage >= buffer.voltage_of(level_down, DOWN)
    level = data.draw(st.integers(buffer.empty_level, 2 * buffer.turn_on_high))
    least = buffer.voltage_of(level, UP)
    assert buffer.exact_level(least) >= level
    assert least == 0 or buffer.exact_level(least - 1) < level
    most = buffer.voltage_of(level, DOWN)
    assert buffer.exact_level(most + 1) > level
    assert buffer.exact_level(most) <= level or most == 0


@pytest.mark.parametrize(
    ("changes", "path"),
    [
        ({"capacitance": Interval(0, 5)}, ".capacitance"),
        ({"capacitance": Interval.exactly(2**62)}, ".capacitance"),
        ({"turn_on": Interval(2800 * MILLIVOLT, 3 * VOLT)}, ".turn_on"),
        ({"brown_out": Interval(-1, VOLT)}, ".brown_out"),
        ({"margin": Fraction(0)}, ".margin"),
        ({"margin": Fraction(11, 10)}, ".margin"),
        ({"clamp": 2989 * MILLIVOLT}, ".clamp"),
    ],
)
def test_impossible_buffers_are_refused(changes: dict[str, object], path: str) -> None:
    good: dict[str, object] = {
        "coordinate": Coordinate.ENERGY,
        "capacitance": Interval.exactly(5 * 10**12),
        "turn_on": Interval.exactly(2990 * MILLIVOLT),
        "brown_out": Interval.exactly(2800 * MILLIVOLT),
        "margin": Fraction(1),
        "clamp": 3 * VOLT,
    }
    EnergyBuffer(**good)  # type: ignore[arg-type]
    with pytest.raises(InvalidValue) as refused:
        EnergyBuffer(**(good | changes))  # type: ignore[arg-type]
    assert refused.value.path == path


def test_a_negative_voltage_has_no_level() -> None:
    with pytest.raises(ValueError, match="not negative"):
        everyday_buffer().level_of(-1, DOWN)
