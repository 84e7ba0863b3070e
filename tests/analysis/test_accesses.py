"""Which atoms read partial sums and write results, and which power cycles could not be repeated."""

from __future__ import annotations

from dataclasses import replace
from itertools import accumulate
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ischedule.analysis.accesses import Pass, first_conflict, passes, require_repeatable
from ischedule.analysis.power_cycles import InvalidPlan, Violation, power_cycles
from ischedule.models.kernels import Ends, Prices
from ischedule.models.plan import Plan, PowerCycles
from ischedule.models.program import Program, TiledStage
from ischedule.models.tiling import Extent, Order, Tiling, innermost, stores_partial_sums
from tests.analysis.small_programs import ample_law

PRICE = (1, 1)
PRICES = Prices(*[PRICE] * 6, *[dict.fromkeys(Order, PRICE)] * 2, *[PRICE] * 4, 2, 2)


@st.composite
def designs(draw: st.DrawFn) -> tuple[Extent, Tiling]:
    """A small layer and one of its tilings."""
    pooling = draw(st.booleans())
    loops = [draw(st.integers(1, 4)) for _ in range(3)]
    extent = Extent(*loops, 1 if pooling else draw(st.integers(1, 5)), 1, 1, pooling)
    order = Order.OUTPUT if pooling else draw(st.sampled_from(Order))
    tile = Tiling(0, order, *(draw(st.integers(1, loop)) for loop in extent.loops), 1)
    return extent, replace(tile, batch=draw(st.integers(1, innermost(extent, tile))))


@given(designs())
def test_one_pass_for_each_atom(design: tuple[Extent, Tiling]) -> None:
    extent, tiling = design
    stage = TiledStage("s", (extent,), PRICES, Ends(PRICE, PRICE), 10**6)
    found = list(passes(extent, tiling))
    assert len(found) == len(stage.chain(tiling))
    assert any(one.reads for one in found) == stores_partial_sums(extent, tiling)
    again = [resume > 1 for resume in stage.chain(tiling).resume_drain]
    if tiling.order is Order.OUTPUT:
        assert [one.reads for one in found] == again
    seen: set[int] = set()
    for one in found:
        assert one.reads == (one.results in seen)
        seen.add(one.results)


def crash_and_repeat(found: list[Pass], ends: list[int], regions: int, choose: Random) -> bool:
    """Whether a device that fails after any atom and starts its cycle again computes what one that never fails does.

    Results are sums of the numbers of the passes over them. Regions are chosen as the checker assumes: not the one that
    is read, and none that the cycle has read before writing it. What cannot be repeated shows in a wrong sum.
    """
    memory: dict[tuple[int, int], list[int]] = {}
    holds: dict[int, int] = {}
    start = 0
    for end in ends:
        published = dict(holds)
        for stop in [*[choose.randrange(start, end) + 1 for _ in range(2)], end]:
            holds = dict(published)
            touched: set[tuple[int, int]] = set()
            written: set[tuple[int, int]] = set()
            sums: dict[int, list[int]] = {}
            for index in range(start, stop):
                one = found[index]
                reads = one.reads and (not one.keeps or one.results not in sums)
                place = (one.results, holds.get(one.results, 0))
                if reads:
                    sums[one.results] = memory.get(place, [])
                    touched |= {place} - written
                before = sums[one.results] if one.reads else []
                free = [
                    region
                    for region in range(regions)
                    if (one.results, region) not in touched and not (reads and region == place[1])
                ]
                region = free[0] if free else 0
                sums[one.results] = [*before, index]
                memory[one.results, region] = sums[one.results]
                written.add((one.results, region))
                holds[one.results] = region
        start = end
    expected: dict[int, list[int]] = {}
    for index, one in enumerate(found):
        expected[one.results] = [*(expected[one.results] if one.reads else []), index]
    return all(memory[results, holds[results]] == value for results, value in expected.items())


@given(designs(), st.integers(0, 2**32), st.integers(1, 3))
def test_what_has_no_conflict_survives_every_failure(design: tuple[Extent, Tiling], seed: int, regions: int) -> None:
    random = Random(seed)
    found = list(passes(*design))
    marks = sorted({len(found), *(random.randint(1, len(found)) for _ in range(random.randint(0, 4)))})
    if first_conflict(iter(found), marks, regions) is None:
        assert crash_and_repeat(found, marks, regions, random)
    assert first_conflict(iter(found), marks, 3) is None


def test_accumulating_in_place_does_not_survive() -> None:
    two = [Pass(0, False, False), Pass(0, True, False)]
    assert not crash_and_repeat(two, [1, 2], 1, Random(0))
    assert first_conflict(iter(two), [1, 2], 1) == 1


@pytest.mark.parametrize(
    ("sizes", "regions", "conflict"),
    [((1, 1, 1, 1), 2, None), ((2, 2), 2, 3), ((1, 2, 1), 2, 2), ((1, 3), 3, None), ((4,), 3, None), ((4,), 1, 1)],
)
def test_two_regions_serve_where_a_publish_parts_any_two_passes(
    sizes: tuple[int, ...], regions: int, conflict: int | None
) -> None:
    four = [Pass(0, index > 0, False) for index in range(4)]
    assert first_conflict(iter(four), list(accumulate(sizes)), regions) == conflict


def test_a_stage_without_room_for_sums_is_found_out() -> None:
    extent, tiling = Extent(1, 1, 1, 4, 1, 1), Tiling(0, Order.INPUT, 1, 1, 1, 1, 1)
    stage = TiledStage("s", (extent,), PRICES, Ends(PRICE, PRICE), 10**6)
    law = ample_law()
    plan = Plan((tiling,), (PowerCycles(2, 2, law.capacity),))
    chains = [stage.chain(tiling)]
    for room, expected in ((True, None), (False, Violation.WRITE_AFTER_READ)):
        program = Program((replace(stage, sums_in_memory=room),), law, "")
        cycles = power_cycles(program, plan, chains)
        try:
            require_repeatable(program, plan, cycles, [4])
            found = None
        except InvalidPlan as problem:
            found = problem.violation
        assert found is expected
