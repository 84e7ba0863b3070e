"""How often a byte is written: the model's formula, the checker's walk, and every choice of regions."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from itertools import product
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ischedule.analysis import wear_check
from ischedule.analysis.accesses import Pass, passes
from ischedule.analysis.layout_check import Fault, InvalidLayout, side_by_side
from ischedule.analysis.wear_check import RECORDS, most_written, require_wear, wear_of
from ischedule.models.build import program_of
from ischedule.models.case import load_case
from ischedule.models.plan import Plan
from ischedule.models.program import Program
from ischedule.models.tiling import Extent, Order, Tiling, innermost, most_writes, stores_partial_sums
from tests.analysis.test_layout_mutants import Change, mutants, mutated
from tests.models.case_examples import NETWORK
from tests.models.random_plans import random_plan


@st.composite
def designs(draw: st.DrawFn) -> tuple[Extent, Tiling]:
    """A small layer and one of its tilings, of few passes."""
    pooling, channelwise = draw(st.sampled_from([(False, False), (False, False), (True, False), (False, True)]))
    loops = [draw(st.integers(1, 2)) for _ in range(2)]
    outputs = 1 if channelwise else draw(st.integers(1, 2))
    groups = draw(st.integers(1, 2)) if not (pooling or channelwise) else 1
    inputs = 1 if pooling else draw(st.integers(1, 6))
    extent = Extent(*loops, outputs, inputs, 1, 1, pooling, groups=groups, channelwise=channelwise)
    order = draw(st.sampled_from(extent.orders))
    tile = Tiling(0, order, *(draw(st.integers(1, loop)) for loop in extent.loops), 1)
    return extent, replace(tile, batch=draw(st.integers(1, innermost(extent, tile))))


def worst_choice(found: list[Pass], regions: int) -> int:
    """The most writes to one region over all ways to choose a region for each pass, none being the one it reads.

    Where sums stay in volatile memory they need not be read: a power cycle may run all passes.
    """
    most = 0
    for results in {one.results for one in found}:
        own = [one for one in found if one.results == results]
        for chosen in product(range(regions), repeat=len(own)):
            pairs = zip(own[1:], chosen, chosen[1:], strict=False)
            if any(one.reads and not one.keeps and before == after for one, before, after in pairs):
                continue
            most = max(most, *Counter(chosen).values())
    return most


@given(designs(), st.integers(2, 3))
def test_no_choice_of_regions_writes_a_byte_more_often(design: tuple[Extent, Tiling], regions: int) -> None:
    extent, tiling = design
    found = list(passes(extent, tiling))
    assert most_written(found) == most_writes(extent, tiling)
    if max(Counter(one.results for one in found).values()) <= 7:
        assert worst_choice(found, regions) == most_writes(extent, tiling)


@given(designs())
def test_only_stored_sums_are_written_again(design: tuple[Extent, Tiling]) -> None:
    extent, tiling = design
    assert most_writes(extent, tiling) >= 1
    assert stores_partial_sums(extent, tiling) or most_writes(extent, tiling) == 1


def planned(seed: int) -> tuple[Program, Plan]:
    program = program_of(load_case(NETWORK))
    return program, random_plan(program, Random(seed))


def test_records_are_written_by_every_power_cycle() -> None:
    program, plan = planned(1)
    found = wear_of(program, plan, side_by_side(program, plan))
    assert (found.writes, found.names) == (sum(run.repeat for run in plan.cycles), (RECORDS,))


def worn(seed: int) -> tuple[Program, Plan, int]:
    """A plan of one power cycle for each layer, so that results are what is worn, and the writes of its most worn byte.

    Bytes are counted one by one.
    """
    program, plan = planned(seed)
    addresses = side_by_side(program, plan)
    storage = program.storage
    assert storage is not None
    counts: Counter[int] = Counter()
    for slot, begin in addresses.items():
        size = storage.tensors[slot.tensor] if slot.stage is None else storage.stages[slot.stage].region
        times = 1
        for stage, design in zip(plan.stages, plan.designs, strict=True):
            if stage == slot.stage or (slot.stage is None and storage.stages[stage].writes == slot.tensor):
                times = most_writes(program.stages[stage].forms[design.form], design)  # type: ignore[union-attr]
        counts.update(dict.fromkeys(range(begin, begin + size), times))
    return program, plan, max(*counts.values(), sum(run.repeat for run in plan.cycles))


@pytest.mark.parametrize("seed", range(12))
def test_the_most_worn_byte_is_that_of_a_count_of_all(seed: int) -> None:
    program, plan, most = worn(seed)
    addresses = side_by_side(program, plan)
    assert wear_of(program, plan, addresses).writes == most
    assert program.storage is not None
    for allowed in (most - 1, most, None):
        at = replace(program, storage=replace(program.storage, writes_per_byte=allowed))
        if allowed == most - 1:
            with pytest.raises(InvalidLayout) as problem:
                require_wear(at, plan, {})
            assert problem.value.fault is Fault.WORN
        else:
            found = require_wear(at, plan, {})
            assert found is not None
            assert found.writes == most
    assert require_wear(replace(program, storage=None), plan, {}) is None


# Deliberate defects

DEFECTS = {
    "passes that read may write where they read": ("elsewhere if one.reads and not one.keeps else", ""),
    "no two passes may write to one region": ("if one.reads and not one.keeps else max(here, elsewhere)", ""),
    "all results are one": ("counts.get(one.results, (0, 0))", "counts.get(0, (0, 0))"),
    "elsewhere forgets": ("before + 1, max(here, elsewhere)", "before + 1, elsewhere"),
}


@mutants(DEFECTS)
def test_defects_of_the_walk_are_caught(change: Change) -> None:
    with mutated(wear_check, change) as module:
        differences = []
        for seed in range(300):
            random = Random(seed)
            extent = Extent(1, random.randint(1, 2), random.randint(1, 2), random.randint(2, 6), 1, 1)
            order = random.choice(extent.orders)
            tile = Tiling(0, order, 1, 1, 1, random.randint(1, extent.inputs), 1)
            tile = replace(tile, batch=random.randint(1, innermost(extent, tile)))
            found = list(passes(extent, tile))
            differences.append(module.most_written(found) != worst_choice(found, 3))
        assert any(differences)


def test_output_order_may_write_one_region_in_every_pass() -> None:
    extent = Extent(1, 1, 1, 6, 1, 1)
    assert most_writes(extent, Tiling(0, Order.OUTPUT, 1, 1, 1, 1, 1)) == 6
    assert most_writes(extent, Tiling(0, Order.OUTPUT, 1, 1, 1, 1, 4)) == 2
    assert most_writes(extent, Tiling(0, Order.INPUT, 1, 1, 1, 1, 1)) == 3
    assert most_writes(extent, Tiling(0, Order.INPUT, 1, 1, 1, 6, 1)) == 1
