"""Supplies and wake data: what is refused, and the most that a supply delivers."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ischedule.models.errors import InvalidValue
from ischedule.models.quantities import Interval
from ischedule.models.supply import ConstantPower, ResistiveSource
from ischedule.models.wake import Mechanism, Policy, Sleep, Start, StartKind, Wake
from tests.models.physics_strategies import SLEEP, VOLT, intervals


@given(intervals(0, 10 * VOLT), intervals(1, 10**11), intervals(0, 5 * VOLT), st.integers(0, 100))
def test_no_point_of_the_band_delivers_more(
    voltage: Interval, resistance: Interval, band: Interval, share: int
) -> None:
    most = ResistiveSource(voltage, resistance).most_power(band)
    at = band.lo + (band.hi - band.lo) * share // 100
    assert 1000 * at * (voltage.hi - at) <= most * resistance.lo


def test_the_most_power_of_a_source() -> None:
    """4 V behind 1 ohm: 4 W at 2 V, 3.75 W at 1.5 V, 3.84 W at 2.4 V."""
    source = ResistiveSource(Interval.exactly(4 * VOLT), Interval.exactly(10**6))
    tenth = VOLT // 10
    assert source.most_power(Interval(VOLT, 3 * VOLT)) == 4 * 10**15
    assert source.most_power(Interval(VOLT, 15 * tenth)) == 375 * 10**13
    assert source.most_power(Interval(24 * tenth, 3 * VOLT)) == 384 * 10**13
    assert source.most_power(Interval(5 * VOLT, 6 * VOLT)) == 0
    assert ConstantPower(Interval(1, 7)).most_power(Interval(0, VOLT)) == 7


def test_the_mean_waiting_power_rounds_up() -> None:
    assert SLEEP.mean_power == 10**9 + 3 * 10**10
    assert Sleep(5, 1, 3 * 10**12, 0, 0, False).mean_power == 6


def test_impossible_supplies_and_wakes_are_refused() -> None:
    one = Interval.exactly(1)
    cases = [
        (lambda: ConstantPower(Interval(-1, 1)), ".power"),
        (lambda: ResistiveSource(Interval(-1, 1), one), ".voltage"),
        (lambda: ResistiveSource(one, Interval(0, 1)), ".resistance"),
        (lambda: Sleep(-1, 0, 1, 0, 0, True), ".power"),
        (lambda: Sleep(0, 0, 0, 0, 0, True), ".poll_period"),
        (lambda: Sleep(0, 0, 1, 0, -1, True), ".wake_time"),
        (lambda: Wake(Policy.FIXED, Mechanism.LATCH, step=0), ".step"),
        (lambda: Wake(Policy.FIXED, Mechanism.LATCH, power_on=0), ".power_on"),
        (lambda: Wake(Policy.PROGRAMMABLE, Mechanism.BURN, idle_power=1), ".mechanism"),
        (lambda: Wake(Policy.FIXED, Mechanism.BURN), ".idle_power"),
        (lambda: Wake(Policy.FIXED, Mechanism.SENSE), ".sleep"),
        (lambda: Start(StartKind.PERIODIC), ".period"),
        (lambda: Start(StartKind.PERIODIC, 0), ".period"),
        (lambda: Start(StartKind.COLD, 5), ".period"),
    ]
    for build, path in cases:
        with pytest.raises(InvalidValue) as refused:
            build()
        assert refused.value.path == path
