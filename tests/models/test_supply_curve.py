"""Supply curves against brute force in fractions."""

from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ischedule.models.errors import InvalidValue
from ischedule.models.supply_curve import PER_WATT, SupplyCurve, without_straight

WATT = PER_WATT


@st.composite
def curves(draw: st.DrawFn) -> SupplyCurve:
    points = [(0, 0)]
    for _ in range(draw(st.integers(0, 5))):
        points.append((points[-1][0] + draw(st.integers(1, 12)), points[-1][1] + draw(st.integers(0, 20))))
    return SupplyCurve(tuple(points), draw(st.integers(0, 3 * WATT)))


def net(curve: SupplyCurve, window: Fraction) -> Fraction:
    """The curve by its definition, interpolated anew."""
    gross = None
    for (start, low), (end, high) in zip(curve.points, curve.points[1:], strict=False):
        if start <= window <= end:
            gross = low + Fraction(high - low, end - start) * (window - start)
    if gross is None:
        start, low = curve.points[-1]
        gross = low + Fraction(curve.rate, WATT) * (window - start)
    return gross - Fraction(curve.drawn, WATT) * window


@given(curves(), st.integers(0, 90))
def test_what_is_promised_is_the_line_between_points_rounded_down(curve: SupplyCurve, window: int) -> None:
    assert curve.exactly(window) == net(curve, Fraction(window))
    assert curve.at_least(window) == net(curve, Fraction(window)) // 1


@given(curves(), st.integers(0, 60), st.integers(0, WATT))
def test_the_inverse_is_the_least_window_behind_which_none_falls_below(
    curve: SupplyCurve, amount: int, drawn: int
) -> None:
    curve = curve.less(drawn)
    found = curve.inverse(amount)
    horizon = 200
    kept = [net(curve, Fraction(window)) >= amount for window in range(horizon)]
    if not curve.lasts:
        assert found is None
    elif found is None:
        assert curve.rate == curve.drawn
        assert not kept[-1]
    elif found < horizon - 1:
        # whole windows show it: between two points the curve is straight, and points are whole
        assert all(kept[found:])
        assert found == 0 or not kept[found - 1]


@given(curves(), st.integers(0, 60), st.integers(0, 60), st.integers(0, WATT))
def test_both_are_monotone_and_belong_together(curve: SupplyCurve, one: int, other: int, drawn: int) -> None:
    curve = curve.less(drawn)
    if not curve.lasts:
        return
    low, high = sorted((one, other))
    assert curve.at_least(low) <= curve.at_least(high)
    windows = curve.inverse(low), curve.inverse(high)
    assert windows[1] is None or (windows[0] is not None and windows[0] <= windows[1])
    if windows[1] is not None:
        assert curve.at_least(windows[1]) >= high


@given(curves())
def test_superadditive_is_what_all_pairs_of_windows_say(curve: SupplyCurve) -> None:
    count = 2 * curve.points[-1][0] + 5
    values = [net(curve, Fraction(step, 2)) for step in range(2 * count)]
    by_pairs = all(
        values[one + other] >= values[one] + values[other] for one in range(count) for other in range(one, count)
    )
    assert curve.is_superadditive == by_pairs


def stopped_energy(power: int, stopped: int, every: int, begin: int, window: int) -> int:
    """What a constant power delivers in a window behind a converter that stops at the end of each period."""
    return power * sum((begin + moment) % every < every - stopped for moment in range(window))


@given(st.integers(1, 5), st.integers(1, 6), st.integers(2, 20), st.integers(0, 90))
def test_dead_times_promise_no_more_than_any_window_contains(
    power: int, stopped: int, running: int, window: int
) -> None:
    every = stopped + running
    least = min(stopped_energy(power, stopped, every, begin, window) for begin in range(every))
    plain = SupplyCurve(((0, 0),), power * WATT)
    assert plain.with_dead_times(stopped, every).at_least(window) <= least
    assert plain.with_losses(power * WATT, stopped, every).at_least(window) <= least


@given(curves(), st.integers(1, 6), st.integers(2, 20), st.integers(0, 90), st.data())
def test_dead_times_keep_only_windows_without_a_stop(
    curve: SupplyCurve, stopped: int, running: int, window: int, data: st.DataObject
) -> None:
    every = stopped + running
    begin = data.draw(st.integers(0, every - 1))
    pieces, run = Fraction(0), 0
    for moment in range(window + 1):
        on = moment < window and (begin + moment) % every < running
        if on:
            run += 1
        if run and (not on or (begin + moment + 1) % every == 0):
            pieces, run = pieces + net(curve, Fraction(run)), 0
    assert curve.with_dead_times(stopped, every).at_least(window) <= pieces


def test_a_constant_power_behind_dead_times_comes_near_the_true_rate() -> None:
    found = SupplyCurve(((0, 0),), WATT).with_dead_times(256, 16_000)
    assert found.rate == WATT * (16_000 - 256) // 16_000
    late = found.inverse(1_000_000)
    assert late is not None
    assert late <= 1_000_000 * 16_000 // (16_000 - 256) + 16_000 // 16


@given(curves())
def test_points_on_a_straight_line_are_left_out_and_nothing_else(curve: SupplyCurve) -> None:
    fewer = SupplyCurve(without_straight(curve.points), curve.rate)
    assert all(fewer.exactly(window) == curve.exactly(window) for window in range(curve.points[-1][0] + 3))


@pytest.mark.parametrize(
    ("points", "rate", "path"),
    [
        ((), 0, ".points[0]"),
        (((1, 0),), 0, ".points[0]"),
        (((0, 0), (2, 1), (2, 3)), 0, ".points[2][0]"),
        (((0, 0), (2, 1), (3, 0)), 0, ".points[2][1]"),
        (((0, 0),), -1, ".rate"),
    ],
)
def test_what_is_no_curve_is_refused(points: tuple[tuple[int, int], ...], rate: int, path: str) -> None:
    with pytest.raises(InvalidValue) as refused:
        SupplyCurve(points, rate)
    assert refused.value.path == path
