"""Columns of prices: bit for bit the scalar law's."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from itertools import pairwise
from unittest import mock

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from ischedule.models import waiting_array
from ischedule.models.band_search import EVEN_LEVELS, BandSearch
from ischedule.models.buffer import EnergyBuffer
from ischedule.models.charging import ChargingStall
from ischedule.models.demand import LIMIT, Coordinate, Overflow
from ischedule.models.programmable_wake import ProgrammableWakeLaw
from ischedule.models.quantities import Interval
from ischedule.models.supply import ConstantPower, ResistiveSource
from ischedule.models.waiting import CycleLaw, Position
from ischedule.models.waiting_array import (
    NO_WAY,
    kept_array,
    price_array,
    rise_array,
    unwaited_array,
    ways_array,
)
from ischedule.models.wake import Policy, Start, Until, Wake
from tests.models.test_waiting import (
    COLD,
    CONTINUOUS,
    FIXED,
    FLOOR,
    HIGH_SOURCE,
    SENSING,
    STEPPED,
    VOLT,
    capacity_at,
    everyday_law,
    random_laws,
)


@given(random_laws(), st.sampled_from(Position), st.data())
def test_columns_equal_the_scalar_law(law: CycleLaw, position: Position, data: st.DataObject) -> None:
    assume(law.max_cycles is None)
    capacity = capacity_at(law, position)
    edges = st.sampled_from((0, law.head.level, law.capacity)).flatmap(lambda at: st.integers(at - 3, at + 3))
    drains = data.draw(
        st.lists((st.integers(0, capacity) | edges).map(lambda e: max(0, min(e, capacity))), max_size=30)
    )
    expected = [law.price(position, drain) for drain in drains]
    longest = law.charging.elapsed_up(max(law.capacity + law.upkeep.reserve, law.head.level))
    if max([longest, *expected]) < LIMIT // 2:
        assert price_array(law, position, np.array(drains, dtype=np.int64)).tolist() == expected


@given(random_laws(Policy.PROGRAMMABLE), st.data())
def test_columns_of_what_a_first_cycle_keeps_equal_the_scalar_law(law: CycleLaw, data: st.DataObject) -> None:
    assume(law.max_cycles is None and law.charging.elapsed_up(law.capacity + law.upkeep.reserve) < LIMIT // 8)
    assume(law.recharge_target is None or law.charging.elapsed_up(law.recharge_target) < LIMIT // 8)
    drains = data.draw(st.lists(st.integers(0, law.capacity), max_size=20))
    column = np.array(drains, dtype=np.int64)
    if not law.keeps_level:
        assert kept_array(law, column).tolist() == [0] * len(drains)
        return
    assert kept_array(law, column).tolist() == [law.kept(drain) for drain in drains]
    for position in (Position.MID, Position.LAST):
        expected = [law.unwaited(position, drain) for drain in drains]
        assert unwaited_array(law, position, column).tolist() == expected
    # a second cycle whose least threshold is worth what is kept, or more, waits: its price is no less than the time
    worth = rise_array(law, column)
    for drain, rise in zip(drains, worth.tolist(), strict=True):
        assert law.mid(drain) >= rise + law.unwaited(Position.MID, drain)
        assert law.last(drain) >= rise + law.unwaited(Position.LAST, drain)


@given(random_laws(Policy.PROGRAMMABLE), st.sampled_from((Position.FIRST, Position.MID, Position.LAST)), st.data())
def test_columns_of_ways_equal_the_scalar_law(law: CycleLaw, position: Position, data: st.DataObject) -> None:
    assume(law.max_cycles is None and law.keeps_level | law.leaves_level)
    assume(law.charging.elapsed_up(max(law.capacity + law.upkeep.reserve, law.head.level)) < LIMIT // 8)
    assume(law.recharge_target is None or law.charging.elapsed_up(law.recharge_target) < LIMIT // 8)
    drains = data.draw(st.lists(st.integers(0, capacity_at(law, position)), min_size=1, max_size=5))
    scalar = [law.ways(position, drain) for drain in drains]
    assume(all(way.reach < NO_WAY and abs(way.left) < NO_WAY for ways in scalar for way in ways))
    reach, left = ways_array(law, position, np.array(drains, dtype=np.int64))
    for place, ways in enumerate(scalar):
        column = zip(reach[:, place].tolist(), left[:, place].tolist(), strict=True)
        assert {one for one in column if one[0] < NO_WAY} == {(way.reach, way.left) for way in ways}


@pytest.mark.parametrize("step", [10**6, 3 * 10**6, 10**7])
@pytest.mark.parametrize("start", [COLD, FLOOR])
def test_prices_over_coarser_steps_than_the_hardware_has_are_monotone(step: int, start: Start) -> None:
    """At every code, where the least sufficient threshold changes and need not be one of those that are tried."""
    exactly = Interval.exactly
    buffer = EnergyBuffer(Coordinate.ENERGY, exactly(10**9), exactly(3 * VOLT), exactly(VOLT), Fraction(1))
    supply = ResistiveSource(exactly(VOLT * 7 // 2), exactly(10**9))
    wake = replace(STEPPED, step=step, power_on=VOLT * 3 // 2)
    law = everyday_law(wake, start, Until.RECHARGED, supply=supply, buffer=buffer)
    assert isinstance(law, ProgrammableWakeLaw)
    assert law.search is not None
    assert law.search.stride > 1
    top = law.search.top.code or 0
    levels = [law.thresholds.at(code).level for code in range(law.thresholds.least_name(0), top + 1)]
    drains = np.array([one for level in levels for one in (level - 1, level, level + 1) if 0 <= one <= law.capacity])
    for position in Position:
        prices = price_array(law, position, drains)
        assert bool((np.diff(prices) >= 0).all())
        assert prices[::17].tolist() == [law.price(position, int(drain)) for drain in drains[::17]]


@given(random_laws(Policy.PROGRAMMABLE), st.sampled_from((Position.FIRST, Position.MID, Position.LAST)), st.data())
def test_a_price_is_that_of_the_best_way(law: CycleLaw, position: Position, data: st.DataObject) -> None:
    assume(law.max_cycles is None and law.keeps_level | law.leaves_level)
    drain = data.draw(st.integers(0, capacity_at(law, position)))
    ways = law.ways(position, drain)
    assert law.price(position, drain) == min(way.reach - way.left for way in ways)
    if position is Position.FIRST and law.keeps_level:
        assert law.first(drain) + law.kept(drain) <= min(way.reach for way in ways)


@pytest.mark.parametrize("step", [None, 10**4, 10**6, 3 * 10**6, 5 * 10**7])
@given(data=st.data())
def test_the_thresholds_of_a_searched_set_are_evenly_spaced_up_to_the_highest(
    step: int | None, data: st.DataObject
) -> None:
    law = everyday_law(replace(STEPPED, step=step), FLOOR, supply=HIGH_SOURCE)
    assert isinstance(law, ProgrammableWakeLaw)
    search = law.search
    assert search is not None
    assert 1 <= search.count <= 2 * EVEN_LEVELS
    found = [search.candidate(index) for index in range(1, search.count + 1)]
    assert found[-1] == search.top
    if search.stepped:
        codes = [one.code or 0 for one in found]
        assert {after - before for before, after in pairwise(codes)} <= {search.stride}
        assert codes[0] - search.stride < law.thresholds.least_name(0) <= codes[0]
    level = data.draw(st.integers(0, law.capacity + law.upkeep.reserve))
    least = search.least_index(level)
    assert all((one.level >= level) == (index >= least) for index, one in enumerate(found, 1))


@given(random_laws(Policy.PROGRAMMABLE), st.data())
def test_what_a_second_cycle_costs_without_waiting_falls_by_the_slip_at_most(
    law: CycleLaw, data: st.DataObject
) -> None:
    assume(law.max_cycles is None and law.keeps_level)
    low, high = sorted(data.draw(st.tuples(st.integers(0, law.capacity), st.integers(0, law.capacity))))
    for position in (Position.MID, Position.LAST):
        assert law.unwaited(position, low) <= law.unwaited(position, high) + law.slip


@pytest.mark.parametrize("wake", [FIXED, CONTINUOUS, STEPPED, SENSING])
@pytest.mark.parametrize("supply", [None, HIGH_SOURCE, ConstantPower(Interval.exactly(2 * 10**12))])
def test_columns_equal_the_scalar_law_on_the_everyday_band(wake: object, supply: object) -> None:
    law = everyday_law(wake, FLOOR, supply=supply)  # type: ignore[arg-type]
    drains = np.random.default_rng(5).integers(0, law.capacity + 1, 2000)
    for position in Position:
        prices = price_array(law, position, drains)
        assert prices.tolist() == [law.price(position, drain) for drain in drains.tolist()]
        assert bool((np.diff(prices[np.argsort(drains)]) >= 0).all())


@pytest.mark.parametrize("wake", [CONTINUOUS, STEPPED])
@pytest.mark.parametrize("index", [0, 10**9])
def test_the_first_guess_does_not_show_in_the_result(wake: Wake, index: int) -> None:
    """The search starts at either end of the candidates, far from the best one, and finds the same."""
    law = everyday_law(wake, FLOOR, supply=HIGH_SOURCE)
    drains = np.random.default_rng(6).integers(0, law.capacity + 1, 100)
    expected = price_array(law, Position.MID, drains).tolist()
    with (
        mock.patch.object(waiting_array, "_guess", return_value=np.int64(index)),
        mock.patch.object(BandSearch, "guess", return_value=index),
    ):
        assert price_array(law, Position.MID, drains).tolist() == expected
        assert [law.mid(drain) for drain in drains.tolist()] == expected


def test_columns_refuse_what_the_scalar_law_refuses() -> None:
    law = everyday_law(STEPPED, FLOOR)
    with pytest.raises(ValueError, match="capacity"):
        price_array(law, Position.MID, np.array([0, law.capacity + 1]))
    with pytest.raises(ValueError, match="capacity"):
        price_array(law, Position.MID, np.array([-1, 0]))
    once = everyday_law(supply=ConstantPower(Interval.exactly(0)))
    with pytest.raises(ChargingStall):
        price_array(once, Position.MID, np.array([1]))
    assert price_array(once, Position.ONLY, np.array([1])).tolist() == [0]
    slow = everyday_law(CONTINUOUS, FLOOR, supply=ConstantPower(Interval.exactly(1)))
    with pytest.raises(Overflow):
        price_array(slow, Position.MID, np.array([slow.capacity]))
    assert price_array(law, Position.MID, np.array([], dtype=np.int64)).size == 0
    endless = everyday_law(CONTINUOUS, supply=ConstantPower(Interval.exactly(1)), until=Until.RECHARGED)
    with pytest.raises(Overflow, match="recharging"):
        price_array(endless, Position.ONLY, np.array([0]))
