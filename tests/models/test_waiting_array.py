"""Columns of prices: bit for bit the scalar law's."""

from __future__ import annotations

from unittest import mock

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from ischedule.models import waiting_array
from ischedule.models.band_search import BandSearch
from ischedule.models.charging import ChargingStall
from ischedule.models.demand import LIMIT, Overflow
from ischedule.models.quantities import Interval
from ischedule.models.supply import ConstantPower
from ischedule.models.waiting import CycleLaw, Position
from ischedule.models.waiting_array import (
    first_array,
    kept_array,
    last_array,
    mid_array,
    only_array,
    price_array,
    rise_array,
    unwaited_array,
)
from ischedule.models.wake import Wake
from tests.models.test_waiting import (
    CONTINUOUS,
    FIXED,
    FLOOR,
    HIGH_SOURCE,
    SENSING,
    STEPPED,
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


@given(random_laws(), st.data())
def test_columns_of_what_a_first_cycle_keeps_equal_the_scalar_law(law: CycleLaw, data: st.DataObject) -> None:
    assume(law.max_cycles is None and law.charging.elapsed_up(law.capacity + law.upkeep.reserve) < LIMIT // 8)
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


@given(random_laws(), st.data())
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
    for array, scalar in (
        (first_array, law.first),
        (mid_array, law.mid),
        (last_array, law.last),
        (only_array, law.only),
    ):
        prices = array(law, drains)
        assert prices.tolist() == [scalar(drain) for drain in drains.tolist()]
        assert bool((np.diff(prices[np.argsort(drains)]) >= 0).all())


@pytest.mark.parametrize("wake", [CONTINUOUS, STEPPED])
@pytest.mark.parametrize("index", [0, 10**9])
def test_the_first_guess_does_not_show_in_the_result(wake: Wake, index: int) -> None:
    """The search starts at either end of the candidates, far from the best one, and finds the same."""
    law = everyday_law(wake, FLOOR, supply=HIGH_SOURCE)
    drains = np.random.default_rng(6).integers(0, law.capacity + 1, 100)
    expected = mid_array(law, drains).tolist()
    with (
        mock.patch.object(waiting_array, "_guess", return_value=np.int64(index)),
        mock.patch.object(BandSearch, "guess", return_value=index),
    ):
        assert mid_array(law, drains).tolist() == expected
        assert [law.mid(drain) for drain in drains.tolist()] == expected


def test_columns_refuse_what_the_scalar_law_refuses() -> None:
    law = everyday_law(STEPPED, FLOOR)
    with pytest.raises(ValueError, match="capacity"):
        mid_array(law, np.array([0, law.capacity + 1]))
    with pytest.raises(ValueError, match="capacity"):
        mid_array(law, np.array([-1, 0]))
    once = everyday_law(supply=ConstantPower(Interval.exactly(0)))
    with pytest.raises(ChargingStall):
        mid_array(once, np.array([1]))
    assert only_array(once, np.array([1])).tolist() == [0]
    slow = everyday_law(CONTINUOUS, FLOOR, supply=ConstantPower(Interval.exactly(1)))
    with pytest.raises(Overflow):
        mid_array(slow, np.array([slow.capacity]))
    assert mid_array(law, np.array([], dtype=np.int64)).size == 0
