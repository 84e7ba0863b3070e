"""Rates, lines and rebates; least splits and least costs of a total load: against all loads and all splits."""

from __future__ import annotations

from functools import cache
from itertools import pairwise
from random import Random
from typing import cast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ischedule.analysis.chord import PIECES, Chord, stretch
from ischedule.analysis.cycle_cost import CycleCost, is_under, most_saved
from ischedule.analysis.grounds import Grounds
from ischedule.analysis.least_split import LeastSplit, equal_shares, full_and_rest, hull_of
from ischedule.analysis.total_load import TotalLoad
from ischedule.models.cycle_law import CycleLaw
from ischedule.models.kernels import Ends
from ischedule.models.plan import Bound
from ischedule.models.program import ExplicitStage, Program
from tests.analysis.small_programs import laws

ENDS = Ends((1, 3), (2, 4))
SPLITTING = [index for index, law in enumerate(laws()) if law.max_cycles is None and law.capacity > 3]


@cache
def cost_of(index: int) -> CycleCost:
    return CycleCost(laws()[index], ENDS)


@cache
def prices_of(index: int) -> list[int]:
    cost = cost_of(index)
    return [cost.mid(load) for load in range(cost.room + 1)]


@pytest.mark.parametrize("index", SPLITTING[:25])
def test_exactly_the_lines_under_all_costs_are_proved(index: int) -> None:
    random, prices, cost = Random(index), prices_of(index), cost_of(index)
    steepest = 2 * 1000 * (prices[-1] - prices[0]) // len(prices) + 2
    for slope in (0, *(random.randint(-5, steepest) for _ in range(6))):
        constant = min(1000 * price - slope * load for load, price in enumerate(prices)) // 1000
        assert is_under(cost, constant, (slope, 1000))
        assert not is_under(cost, constant + 1, (slope, 1000))


@pytest.mark.parametrize("index", SPLITTING[:25])
def test_rebates_are_what_the_price_lies_below_the_rate_at_most(index: int) -> None:
    random, cost = Random(index), cost_of(index)
    for price, room in ((cost.first, cost.first_room), (cost.last, cost.room), (cost.only, cost.first_room)):
        slope = random.randint(0, 10**6)
        most = max(slope * load - 1000 * price(load) for load in range(room + 1))
        found = most_saved(price, room, (slope, 1000))
        # pieces of one load are exact, larger ones charge their own width
        assert most <= found <= most + slope * (room >> 14)


def brute_splits(steps: list[int], span: int) -> list[int]:
    """F by definition."""
    least = [0] * (span + 1)
    for k in range(1, span + 1):
        least[k] = min(steps[j] + least[max(0, k - j)] for j in range(1, len(steps)))
    return least


RISES = st.lists(st.integers(0, 10**9), min_size=4, max_size=30)


@given(RISES, st.integers(0, 10**9))
def test_tabulated_splits_are_the_least(rises: list[int], start: int) -> None:
    steps = [start]
    for rise in rises:
        steps.append(steps[-1] + rise)
    split, brute = LeastSplit(steps, None), brute_splits(steps, 80)
    order = [37, 5, 80, 0, *range(81)]
    assert [split.least(k) for k in order] == [brute[k] for k in order]
    most = len(steps) - 1
    assert split.window(40) == [brute[k] if k > 0 else 0 for k in range(40 - most, 41)]


@given(RISES, st.integers(0, 3 * 10**9), st.booleans(), st.integers(0, 300))
def test_formulas_are_below_the_least_split_and_close(rises: list[int], start: int, concave: bool, noise: int) -> None:
    random = Random(noise)
    steps = [start, start]
    for rise in sorted(rises, reverse=concave):
        steps.append(steps[-1] + rise)
    steps = [max(0, step + random.randint(-noise, noise)) for step in steps]
    steps = [max(steps[: index + 1]) for index in range(len(steps))]
    brute = brute_splits(steps, 3 * len(steps))
    for formula in (full_and_rest(steps), equal_shares(steps)):
        if formula is not None:
            for k, least in enumerate(brute):
                assert least - 8 * (k + 1) * (noise + 1) <= formula(k) <= least


def test_shapes_are_told_apart() -> None:
    concave = [0] + [10**9 + 10**7 * (200 - (20 - j) ** 2 // 2) for j in range(1, 21)]
    convex = [0] + [10**9 + 10**7 * j * j for j in range(1, 21)]
    assert full_and_rest(concave) is not None
    assert equal_shares(concave) is None
    assert full_and_rest(convex) is None
    assert equal_shares(convex) is not None
    stairs = [0] + [10**9 * (1 + j // 5) + 10**8 * (j // 10) for j in range(1, 21)]
    assert full_and_rest(stairs) is None
    assert equal_shares(stairs) is None


@given(st.lists(st.integers(-50, 50), min_size=2, max_size=12), st.sampled_from([1, -1]))
def test_a_hull_is_on_its_side_and_touches(values: list[int], sign: int) -> None:
    hull = hull_of(list(enumerate(values)), sign)
    assert set(hull) <= set(enumerate(values))
    for (x0, y0), (x1, y1) in pairwise(hull):
        for x in range(x0, x1 + 1):
            assert sign * ((values[x] - y0) * (x1 - x0) - (y1 - y0) * (x - x0)) >= 0


@cache
def total_of(index: int) -> TotalLoad:
    return TotalLoad(cost_of(index))


@pytest.mark.parametrize("index", SPLITTING[:40])
def test_no_cycles_cost_less_than_the_least_of_their_total_load(index: int) -> None:
    random, cost, total = Random(index), cost_of(index), total_of(index)
    closest = 1 << 100
    for _ in range(150):
        mids = [random.randint(0, cost.room) for _ in range(random.choice((0, 0, 1, 1, 2, 3, 5)))]
        if random.random() < 0.5:
            mids = [random.choice((0, 1, cost.room, cost.room)) for _ in mids]
        last = random.randint(0, cost.room)
        begun = random.randint(0, cost.first_room)
        inner = sum(map(cost.mid, mids))
        ends = inner + cost.last(last)
        least = total.least(sum(mids) + last, False)
        assert least <= ends
        closest = min(closest, ends - least)
        # no plan takes less than it is active, whatever its first cycle keeps
        started = cost.time + cost.law.least_waiting - cost.law.offset if cost.law.keeps_level else 0
        assert total.least(sum(mids) + last + begun, True) <= max(cost.first(begun) + ends, started)
        assert started <= cost.only(begun)
        assert total.least(begun, True) <= cost.only(begun)
    assert closest <= max(cost.mid(cost.room), cost.last(cost.room)) // 2


class Steep:
    """A law whose first and only cycles are cheaper than others, by more the more they drain."""

    max_cycles = None
    keeps_level = False
    capacity = 403

    def __init__(self, first_capacity: int) -> None:
        self.first_capacity = first_capacity

    def mid(self, drain: int) -> int:
        return 10**6 + 1000 * drain

    last = mid

    def first(self, drain: int) -> int:
        return 10**5 + 100 * drain

    only = first


@pytest.mark.parametrize("first_room", [400, 500])
def test_a_first_cycle_with_a_price_of_its_own_is_split_off(first_room: int) -> None:
    cost = CycleCost(cast(CycleLaw, Steep(first_room + 3)), ENDS)
    total, overhead = TotalLoad(cost), 7
    assert (cost.room, cost.first_room) == (400, first_room)
    assert total.least(300, True) == overhead + 10**5 + 100 * (300 + 2)
    # a full first cycle, and the rest in a last one
    two = 2 * overhead + 10**5 + 100 * (first_room + 2) + 10**6 + 1000 * (602 - first_room)
    assert two - 1100 <= total.least(600, True) <= two
    assert total.least(600, False) <= 2 * overhead + 2 * 10**6 + 1000 * (600 + 6)


@pytest.mark.parametrize("index", SPLITTING[:12])
def test_the_least_of_a_total_load_is_that_of_whole_buckets(index: int) -> None:
    """Where buckets are single units of load, it is exact but for the rebate of the first cycle."""
    cost, total = cost_of(index), total_of(index)
    if total.buckets != cost.room or total.mids.formula is not None:
        return
    # a cycle of the j-th bucket may have the load at its lower end, j - 1
    span = min(2 * cost.room, 300)
    mids = brute_splits([0, *(cost.mid(j) for j in range(cost.room))], span)
    for load in range(1, span, 7):
        best = min(cost.last(max(0, j - 1)) + mids[max(0, load - j)] for j in range(min(cost.room, load) + 1))
        assert total.least(load, False) == best


@pytest.mark.parametrize("index", SPLITTING[:25])
def test_chords_are_under_the_least_cost_until_it_is_reached(index: int) -> None:
    random, total, room = Random(index), total_of(index), cost_of(index).room
    for is_first in (True, False):
        low = random.randint(0, room)
        wanted = total.least(low + random.randint(0, 2 * room), is_first)
        found = stretch(total, low, wanted, is_first)
        if found is None:
            assert total.least(total.farthest - room, is_first) < wanted
            continue
        assert total.least(found.high, is_first) >= wanted
        for slope in (0, found.slope(1000), random.randint(0, 10**6)):
            constant = found.under(slope, 1000)
            loads = range(low, found.high + 1, max(1, (found.high - low) // 300))
            assert all(constant + slope * load <= 1000 * total.least(load, is_first) for load in loads)
            width = (found.high - low) // PIECES + 1
            assert constant >= min(1000 * total.least(load, is_first) - slope * load for load in loads) - slope * (
                width + (found.high - low) // 300 + 1
            )


@pytest.mark.parametrize("index", SPLITTING[:25])
def test_a_line_and_the_number_of_cycles_say_no_more_than_any_cycles_cost(index: int) -> None:
    """Any cycles that end a plan, with the first one of it or without, by a line under the price of one."""
    random, cost, prices = Random(index), cost_of(index), prices_of(index)
    slope = random.randint(0, 1000 * (prices[-1] - prices[0]) // len(prices) + 1)
    constant = min(1000 * price - slope * load for load, price in enumerate(prices)) // 1000
    if constant < 0:
        slope, constant = 0, min(prices)
    program = Program((ExplicitStage("s", (), 0),), laws()[index], "0" * 64)
    grounds = Grounds(program.law, ENDS, Bound(0, (slope, 1000), (), ((constant, slope),), ()))
    if not grounds.lines:
        return
    line = grounds.lines[0]
    chord = Chord(grounds, line[1], (line, grounds.rebate_of(line)))
    for _ in range(60):
        loads = [random.randint(0, cost.room) for _ in range(random.randint(0, 5))]
        last = random.randint(0, cost.room)
        paid = sum(map(cost.mid, loads)) + cost.last(last)
        below = chord.constant(random.randint(0, sum(loads) + last), 0, False)
        assert below is not None
        assert below + line[1] * (sum(loads) + last) <= 1000 * paid
        first = random.randint(0, cost.first_room)
        below = chord.constant(sum(loads) + last + first, 0, True)
        assert below is not None
        assert below + line[1] * (sum(loads) + last + first) <= 1000 * (paid + cost.first(first))
