"""Columns of charging times and scaled integers: bit for bit the scalar results, nearly all of them by floats."""

from __future__ import annotations

import math
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ischedule.models.buffer import EnergyBuffer
from ischedule.models.charging import ChargingLaw, ChargingStall, SourceCharging, charging_law
from ischedule.models.charging_array import elapsed_down_array, elapsed_up_array
from ischedule.models.demand import LIMIT, Coordinate, Overflow
from ischedule.models.quantities import Interval, Rounding
from ischedule.models.scaling_array import scale_array
from ischedule.models.supply import ConstantPower, ResistiveSource
from tests.models.physics_strategies import MILLIVOLT, VOLT, everyday_buffer, everyday_source, laws, levels


def agree(law: ChargingLaw, values: list[int]) -> None:
    column = np.array(values, dtype=np.int64)
    for array, scalar in ((elapsed_up_array, law.elapsed_up), (elapsed_down_array, law.elapsed_down)):
        expected = [scalar(value) for value in values]
        if max(map(abs, expected), default=0) < LIMIT // 2:
            assert array(law, column).tolist() == expected


@given(st.data())
def test_columns_equal_the_scalar_law(data: st.DataObject) -> None:
    law = data.draw(laws())
    agree(law, data.draw(st.lists(levels(law), max_size=40)))


@given(st.data())
def test_columns_equal_the_scalar_law_on_the_everyday_band(data: st.DataObject) -> None:
    """Ordinary values, tens of thousands of them, so that rare roundings occur."""
    buffer = everyday_buffer(
        data.draw(st.sampled_from(Coordinate)), data.draw(st.sampled_from((Fraction(1), Fraction(11, 20))))
    )
    supply = data.draw(
        st.builds(
            ResistiveSource,
            st.integers(2991 * MILLIVOLT, 6 * VOLT).map(Interval.exactly),
            st.integers(10**6, 3 * 10**9).map(Interval.exactly),
        )
        | st.builds(ConstantPower, st.integers(10**9, 10**14).map(Interval.exactly))
    )
    law = charging_law(buffer, supply)
    seed = data.draw(st.integers(0, 2**32 - 1))
    column = np.random.default_rng(seed).integers(buffer.empty_level // 8, buffer.capacity + 1, 500)
    agree(law, column.tolist())


def test_a_column_that_needs_no_more_than_a_trace_of_scalar_calls() -> None:
    buffer = everyday_buffer(margin=Fraction(11, 20))
    law = charging_law(buffer, everyday_source())
    assert isinstance(law, SourceCharging)
    column = np.random.default_rng(7).integers(0, buffer.capacity + 1, 100_000)
    elapsed_up_array(law, column)
    scalar_calls = law.log_steps.cache_info().misses  # type: ignore[attr-defined]
    assert 0 < scalar_calls < 1000


def test_the_guard_is_needed_and_wide_enough() -> None:
    """Levels searched so that the logarithm lies as near to a multiple of 2^-36 as floats can tell."""
    buffer = everyday_buffer()
    law = charging_law(buffer, everyday_source())
    assert isinstance(law, SourceCharging)
    rng = np.random.default_rng(11)
    column = rng.integers(0, buffer.capacity + 1, 400_000)
    floor = math.sqrt(buffer.floor_squared)
    voltages = np.sqrt(floor**2 + column / float(buffer.amount_per_volt))
    scaled = np.ldexp(np.log((3e9 - floor) / (3e9 - voltages)), 36)
    nearest = column[np.argsort(np.abs(scaled - np.round(scaled)))[:2000]]
    agree(law, nearest.tolist())


def test_levels_below_empty_count_as_empty() -> None:
    """Empty is -64322.08 fJ, so that its integer level lies below 0 V; in so small a buffer that shows."""
    band = Interval.exactly(60 * MILLIVOLT), Interval.exactly(35_867_000)
    buffer = EnergyBuffer(Coordinate.ENERGY, Interval.exactly(10**8), *band)
    law = charging_law(buffer, ResistiveSource(Interval.exactly(70 * MILLIVOLT), Interval.exactly(10**11)))
    assert buffer.empty_level < -buffer.below_floor
    agree(law, [buffer.empty_level - 1, buffer.empty_level, buffer.empty_level + 1])


def test_stalls_and_overflows_are_raised() -> None:
    buffer = everyday_buffer()
    law = charging_law(buffer, ResistiveSource(Interval.exactly(2900 * MILLIVOLT), Interval.exactly(1)))
    with pytest.raises(ChargingStall):
        elapsed_up_array(law, np.array([0, buffer.capacity]))
    slow = charging_law(buffer, ConstantPower(Interval.exactly(1)))
    with pytest.raises(Overflow):
        elapsed_up_array(slow, np.array([buffer.capacity]))
    slow = charging_law(everyday_buffer(Coordinate.CHARGE), ConstantPower(Interval.exactly(1)))
    with pytest.raises(Overflow):
        elapsed_down_array(slow, np.array([buffer.capacity]))
    assert elapsed_up_array(law, np.array([], dtype=np.int64)).size == 0


@given(
    st.integers(1, 61).flatmap(lambda bits: st.lists(st.integers(-(2**bits), 2**bits), min_size=1, max_size=20)),
    st.fractions(0, 2) | st.builds(Fraction, st.integers(0, 2**70), st.integers(1, 2**80)),
    st.sampled_from(Rounding),
)
def test_scaled_columns_are_exact(values: list[int], factor: Fraction, rounding: Rounding) -> None:
    column = np.array(values, dtype=np.int64)
    most = max(map(abs, values))
    if most * (factor.numerator // factor.denominator + 1) + 1 >= LIMIT:
        with pytest.raises(Overflow):
            scale_array(column, factor, rounding)
        return
    rounded = math.floor if rounding is Rounding.DOWN else math.ceil
    assert scale_array(column, factor, rounding).tolist() == [rounded(value * factor) for value in values]


@given(st.integers(1, 10**6), st.integers(2**62, 2**75), st.integers(1, 1000), st.sampled_from(Rounding))
def test_scaled_columns_are_exact_where_products_are_integers(
    part: int, denominator: int, multiple: int, rounding: Rounding
) -> None:
    """Multiples of a long denominator times its fraction are whole, which no truncation may hide."""
    base = denominator // (2**40)
    factor = Fraction(part, base * 2**40 + 1)
    values = [multiple, -multiple, base, -base, 0, 1, -1, 2**40, -(2**40)]
    rounded = math.floor if rounding is Rounding.DOWN else math.ceil
    column = np.array(values, dtype=np.int64)
    assert scale_array(column, factor, rounding).tolist() == [rounded(value * factor) for value in values]
    small = Fraction(part, 3 * 7**20)
    values = [7**20 * k for k in (1, -1, 2, 3)] + [3 * 7**20, multiple]
    column = np.array(values, dtype=np.int64)
    assert scale_array(column, small, rounding).tolist() == [rounded(value * small) for value in values]
