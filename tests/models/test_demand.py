"""The demand algebra: laws, bounds, and the columns that repeat it."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ischedule.models.demand import LIMIT, Coordinate, CoordinateMismatch, Demand, Overflow
from ischedule.models.demand_array import DemandArray, exact_sum

ENERGY = Coordinate.ENERGY


@st.composite
def demands(draw: st.DrawFn, most: int = 10**15) -> Demand:
    drain = draw(st.integers(0, most))
    return Demand(drain + draw(st.integers(0, most)), drain, draw(st.integers(0, most)), ENERGY)


@st.composite
def flows(draw: st.DrawFn, most: int = 20) -> Demand:
    """Of an activity during which more can flow in than it takes."""
    drain, excess = draw(st.integers(-most, most)), draw(st.integers(0, most))
    return Demand.even(drain, excess, draw(st.integers(0, most)), ENERGY)


@given(demands(), demands(), demands())
def test_composition_is_associative(a: Demand, b: Demand, c: Demand) -> None:
    assert a.then(b).then(c) == a.then(b.then(c))


@given(demands())
def test_nothing_is_the_identity(a: Demand) -> None:
    assert a.then(Demand.nothing(ENERGY)) == a == Demand.nothing(ENERGY).then(a)


@given(st.lists(demands(1000), min_size=1, max_size=8))
def test_the_need_is_the_least_level_from_which_every_step_is_covered(steps: list[Demand]) -> None:
    whole = Demand.nothing(ENERGY)
    for step in steps:
        whole = whole.then(step)

    def runs_from(level: int) -> bool:
        for step in steps:
            if level < step.need:
                return False
            level -= step.drain
        return True

    assert runs_from(whole.need)
    assert not runs_from(whole.need - 1) or whole.need == 0
    assert whole.drain == sum(step.drain for step in steps)


@given(flows(), flows(), flows())
def test_composition_is_associative_where_more_flows_in(a: Demand, b: Demand, c: Demand) -> None:
    assert a.then(b).then(c) == a.then(b.then(c))
    assert a.then(Demand.nothing(ENERGY)) == a == Demand.nothing(ENERGY).then(a)


@given(st.lists(flows(), min_size=1, max_size=6), st.integers(0, 60), st.integers(0, 60))
def test_a_composed_demand_says_what_following_the_level_below_a_ceiling_shows(
    steps: list[Demand], start: int, ceiling: int
) -> None:
    """Levels are followed step by step; what rises above the ceiling is lost."""
    whole, level = Demand.nothing(ENERGY), min(start, ceiling)
    for step in steps:
        whole = whole.then(step)
    runs = True
    for step in steps:
        runs = runs and level >= step.need
        level = min(level - step.drain, ceiling)
    start = min(start, ceiling)
    assert runs == (start >= whole.need and ceiling >= whole.height)
    if runs:
        assert level == whole.left(start, ceiling)


def test_the_highest_level_is_not_that_at_the_start() -> None:
    """Waiting gains 5, and what follows needs 8: it can begin at 3, and the ceiling must not lie below 8."""
    both = Demand.even(-5, 0, 1, ENERGY).then(Demand.even(8, 0, 1, ENERGY))
    assert (both.need, both.drain, both.rise, both.height) == (3, 3, 5, 8)
    assert Demand.even(8, 0, 1, ENERGY).height == 8


def test_without_resistance_needs_are_sums() -> None:
    one, two = Demand.ideal(30, 5, ENERGY), Demand.ideal(12, 7, ENERGY)
    assert one.then(two) == Demand.ideal(42, 12, ENERGY)


def test_a_need_behind_a_drain_is_counted_on_top_of_it() -> None:
    assert Demand(50, 40, 1, ENERGY).then(Demand(30, 10, 1, ENERGY)) == Demand(70, 50, 2, ENERGY)
    assert Demand(50, 10, 1, ENERGY).then(Demand(30, 10, 1, ENERGY)) == Demand(50, 20, 2, ENERGY)


@pytest.mark.parametrize("values", [(1, 2, 0), (-1, -1, 0), (1, 1, -1), (1, -1, 0)])
def test_impossible_demands_are_refused(values: tuple[int, int, int]) -> None:
    with pytest.raises(ValueError, match="a demand has"):
        Demand(*values, ENERGY)


@pytest.mark.parametrize(("rise", "height"), [(0, 3), (1, 3), (2, 1), (LIMIT, 3)])
def test_what_flows_in_is_not_left_out(rise: int, height: int) -> None:
    with pytest.raises((ValueError, Overflow)):
        Demand(2, -2, 1, ENERGY, rise, height)


def test_columns_are_of_demands_that_do_not_rise() -> None:
    with pytest.raises(ValueError, match="do not rise"):
        DemandArray.of([Demand.even(-1, 0, 1, ENERGY)], ENERGY)


def test_a_demand_of_floats_is_refused() -> None:
    with pytest.raises(TypeError, match="integers"):
        Demand(1.0, 1, 1, ENERGY)  # type: ignore[arg-type]


def test_energies_and_charges_do_not_mix() -> None:
    charge = Demand.nothing(Coordinate.CHARGE)
    with pytest.raises(CoordinateMismatch, match="energy and charge"):
        Demand.nothing(ENERGY).then(charge)
    one = np.ones(1, dtype=np.int64)
    with pytest.raises(CoordinateMismatch):
        DemandArray(one, one, one, ENERGY).then(DemandArray(one, one, one, Coordinate.CHARGE))
    with pytest.raises(CoordinateMismatch):
        DemandArray.of([charge], ENERGY)


def test_the_bound_is_checked() -> None:
    half = Demand(LIMIT // 2, LIMIT // 2, 0, ENERGY)
    with pytest.raises(Overflow):
        half.then(half)
    with pytest.raises(Overflow):
        Demand(LIMIT, 0, 0, ENERGY)
    column = np.full(2, LIMIT // 2, dtype=np.int64)
    zeros = np.zeros(2, dtype=np.int64)
    halves = DemandArray(column, column, zeros, ENERGY)
    wraps, none = np.full(4, LIMIT - 1, dtype=np.int64), np.zeros(4, dtype=np.int64)
    times = DemandArray(zeros, zeros, column, ENERGY), DemandArray(none, none, wraps, ENERGY)
    drains = halves, DemandArray(wraps, wraps, none, ENERGY)
    for compute in (lambda: halves.then(halves), *(array.running for array in (*times, *drains))):
        with pytest.raises(Overflow):
            compute()


@given(st.lists(st.tuples(demands(), demands()), max_size=20))
def test_columns_compose_entry_by_entry(pairs: list[tuple[Demand, Demand]]) -> None:
    left, right = (DemandArray.of([pair[side] for pair in pairs], ENERGY) for side in (0, 1))
    both = left.then(right)
    assert [both[index] for index in range(len(both))] == [a.then(b) for a, b in pairs]


@given(st.lists(demands(), max_size=30))
def test_running_columns_are_running_compositions(rows: list[Demand]) -> None:
    running = DemandArray.of(rows, ENERGY).running()
    whole = Demand.nothing(ENERGY)
    for index, row in enumerate(rows):
        whole = whole.then(row)
        assert running[index] == whole
    assert DemandArray.of(rows, ENERGY).composed() == whole


def test_a_long_column_below_the_bound_is_not_refused() -> None:
    drain = np.zeros(1000, dtype=np.int64)
    drain[500] = LIMIT // 4
    assert DemandArray(drain, drain, drain, ENERGY).composed() == Demand(LIMIT // 4, LIMIT // 4, LIMIT // 4, ENERGY)


@given(st.lists(st.integers(0, LIMIT - 1), max_size=50))
def test_exact_sums_exceed_64_bits(values: list[int]) -> None:
    assert exact_sum(np.array(values, dtype=np.int64)) == sum(values)


def test_malformed_columns_are_refused() -> None:
    ints, floats = np.ones(2, dtype=np.int64), np.ones(2)
    with pytest.raises(TypeError):
        DemandArray(ints, ints, floats, ENERGY)  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="one length"):
        DemandArray(ints, ints, np.ones(3, dtype=np.int64), ENERGY)
    with pytest.raises(ValueError, match="need >= drain"):
        DemandArray(ints, 2 * ints, ints, ENERGY)
