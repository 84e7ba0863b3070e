"""Response times under a curve against simulated runs, which know nothing of them."""

from __future__ import annotations

import random
from dataclasses import replace
from fractions import Fraction
from math import ceil

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bench.curves import WATT, bound, main, random_curve, random_plan, taken
from ischedule.models.response_time import CurveRule, Overflow, Passed, Work
from ischedule.models.supply_curve import SupplyCurve
from tests.models.curve_simulation import Cycle, Supply, greatest_of, simulate


@settings(max_examples=150)
@given(st.integers(0, 10**9))
def test_no_run_ends_after_the_bound(seed: int) -> None:
    draw = random.Random(seed)
    curve = random_curve(draw)
    level, full, cycles = random_plan(draw)
    aware = bound(curve, level, full, cycles, Overflow.RUNNING)
    bursts = sorted((draw.randint(0, aware + 1), draw.randint(0, 3 * full)) for _ in range(3))
    assert simulate(greatest_of(curve, bursts), taken(draw, cycles), level, full) <= aware


@settings(max_examples=100)
@given(st.integers(0, 10**9))
def test_the_supply_that_is_the_curve_attains_the_bound_where_the_buffer_is_never_full(seed: int) -> None:
    draw = random.Random(seed)
    curve = random_curve(draw)
    level, full, cycles = random_plan(draw)
    plain = bound(curve, level, full, cycles, Overflow.NEVER)
    endless = full + curve.at_least(plain) + 1
    assert ceil(simulate(greatest_of(curve, ()), cycles, level, endless)) == plain


def test_the_closed_form_is_what_the_recursion_gives() -> None:
    for seed in range(200):
        draw = random.Random(seed)
        curve = random_curve(draw)
        level, full, cycles = random_plan(draw)
        drained, found = 0, sum(cycle.active for cycle in cycles)
        for place, cycle in enumerate(cycles):
            wait = curve.inverse(cycle.threshold + drained - level)
            assert wait is not None
            found = max(found, wait + sum(one.active for one in cycles[place:]))
            drained += cycle.drain
        assert found == bound(curve, level, full, cycles, Overflow.NEVER)


def test_a_buffer_that_overflows_is_later_than_the_plain_bound_and_within_the_aware_one() -> None:
    curve = SupplyCurve(((0, 0), (10, 0)), WATT)
    cycles = [Cycle(10, 10, 0), Cycle(10, 10, 0)]
    # a burst fills the buffer at once, and then it is dark for as long as it may be
    supply = greatest_of(curve, [(0, 30)])
    assert bound(curve, 0, 10, cycles, Overflow.NEVER) == 30
    assert bound(curve, 0, 10, cycles, Overflow.RUNNING) == 40
    late = greatest_of(curve, [(20, 100)])
    assert simulate(supply, cycles, 0, 10) == 20
    assert simulate(late, cycles, 0, 10) == 40


@pytest.mark.parametrize("overflow", [Overflow.NEVER, Overflow.AT_START])
def test_a_bound_that_leaves_out_gains_while_running_is_exceeded_by_some_run(overflow: Overflow) -> None:
    above = 0
    for seed in range(400):
        draw = random.Random(seed)
        curve = random_curve(draw)
        level, full, cycles = random_plan(draw)
        less = bound(curve, level, full, cycles, overflow)
        bursts = sorted((draw.randint(0, less + 1), draw.randint(0, 3 * full)) for _ in range(3))
        at_the_end = [replace(cycle, when=Fraction(1)) for cycle in cycles]
        above += simulate(greatest_of(curve, bursts), at_the_end, level, full) > less
    assert above > 0


@settings(max_examples=150)
@given(st.integers(0, 10**9))
def test_less_work_and_more_supply_are_no_later(seed: int) -> None:
    """Sustainability of the rule itself: in simulated runs, and of the bound."""
    draw = random.Random(seed)
    curve = random_curve(draw)
    level, full, cycles = random_plan(draw)
    less = [
        replace(cycle, drain=draw.randint(0, cycle.drain), active=draw.randint(0, cycle.active)) for cycle in cycles
    ]
    supply = greatest_of(curve, [(draw.randint(0, 60), draw.randint(0, 80))])
    more = Supply(tuple((time, stored + time / 3) for time, stored in supply.corners), supply.rate + Fraction(1, 3))
    worst = simulate(supply, cycles, level, full)
    assert simulate(supply, less, level, full) <= worst
    assert simulate(more, cycles, level, full) <= worst
    for overflow in Overflow:
        assert bound(curve, level, full, less, overflow) <= bound(curve, level, full, cycles, overflow)


@settings(max_examples=150)
@given(st.integers(0, 10**9))
def test_a_state_that_is_no_worse_never_ends_later(seed: int) -> None:
    draw = random.Random(seed)
    curve = random_curve(draw)
    _, full, cycles = random_plan(draw)
    rule = CurveRule(curve, Fraction(draw.randint(4, 8), 4), 0, full, draw.choice(list(Overflow)))

    def state() -> Passed:
        terms = tuple((draw.randint(0, 20), draw.randint(0, 20)) for _ in range(draw.randint(0, 2)))
        return Passed(draw.randint(0, 20), 0, 0, draw.randint(0, 20), terms)

    pairs = ((state(), state()) for _ in range(40))
    for better, worse in ((one, other) for one, other in pairs if one.is_no_worse(other)):
        one, other = better, worse
        for cycle in cycles:
            starts = rule.start(one, cycle.threshold), rule.start(other, cycle.threshold)
            assert starts[0] is not None
            assert starts[1] is not None
            assert starts[0] <= starts[1]
            one, other = (
                rule.after(past, start, cycle.drain, cycle.active)
                for past, start in zip((one, other), starts, strict=True)
                if start is not None
            )


def test_a_device_that_burns_what_is_left_pays_the_blackout_before_each_cycle() -> None:
    curve = SupplyCurve(((0, 0), (10, 0)), WATT)
    rule = CurveRule(curve, Fraction(1), 0, 20, Overflow.RUNNING, bottom=-5, pause=3)
    works = [Work(20, 4, 7), Work(20, 4, 7)]
    assert rule.response(works) == (10 + 20) + 7 + 3 + (10 + 25) + 7


def test_the_largest_capacitance_makes_the_wait_longest() -> None:
    rule = CurveRule(SupplyCurve(((0, 0),), WATT), Fraction(3, 2), -10, 20, Overflow.NEVER)
    assert rule.response([Work(20, 5, 0)]) == 45
    assert rule.response([Work(20, 5, 0), Work(20, 5, 0)]) == 50


@settings(max_examples=150)
@given(st.integers(0, 10**9))
def test_no_capacitance_within_the_spread_ends_after_the_bound(seed: int) -> None:
    draw = random.Random(seed)
    curve = random_curve(draw)
    level, full, cycles = random_plan(draw)
    spread = Fraction(draw.randint(4, 9), 4)
    for overflow in (Overflow.RUNNING, Overflow.NEVER):
        rule = CurveRule(curve, spread, level, full, overflow)
        found = rule.response([Work(cycle.threshold, cycle.drain, cycle.active) for cycle in cycles])
        assert found is not None
        # counted in quarters of an amount, so that all scaled levels are whole
        for quarters in range(4, int(4 * spread) + 1):
            room = full if overflow is Overflow.RUNNING else full + curve.at_least(found) + 1
            fine = SupplyCurve(tuple((window, 4 * stored) for window, stored in curve.points), 4 * curve.rate)
            scaled = [replace(cycle, threshold=quarters * cycle.threshold, drain=4 * cycle.drain) for cycle in cycles]
            bursts = [(draw.randint(0, found), draw.randint(0, 8 * full))] if overflow is Overflow.RUNNING else []
            end = simulate(greatest_of(fine, bursts), scaled, quarters * level, quarters * room)
            assert end <= found


def test_the_bench_holds(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.argv", ["curves", "--runs", "400"])
    assert main() == 0
    assert capsys.readouterr().out.endswith("holds\n")


def test_what_the_curve_never_promises_has_no_bound() -> None:
    rule = CurveRule(SupplyCurve(((0, 0), (10, 30)), 0), Fraction(1), 0, 20, Overflow.NEVER)
    assert rule.response([Work(20, 10, 1)]) == 8
    assert rule.response([Work(20, 20, 1), Work(20, 5, 1)]) is None
