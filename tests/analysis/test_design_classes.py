"""Boxes of designs: together they are all designs that fit, each has one total, and a limit only holds back others."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from random import Random

from hypothesis import given
from hypothesis import strategies as st

from ischedule.analysis.cycle_count import kinds_of, least_cycles
from ischedule.analysis.design_classes import BEYOND, Classes, counts, distinct, tiles
from ischedule.analysis.designs import tilings
from ischedule.analysis.first_atom import first_load, heaviest_load
from ischedule.models.block import Block, block_tilings
from ischedule.models.kernels import Ends, heaviest_cycle, rows_of, totals
from ischedule.models.program import TiledStage
from ischedule.models.tiling import Extent, Order, Tiling, count, innermost
from tests.analysis import small_networks
from tests.models import kernel_strategies
from tests.models.block_strategies import runs

NOTHING = Ends((0, 0), (0, 0))
RATES = st.tuples(st.integers(0, 50), st.integers(0, 50))


@st.composite
def stages(draw: st.DrawFn, pooling: bool | None = None) -> TiledStage:
    """A stage of one small layer, in one form or two."""
    extent = draw(kernel_strategies.extents(pooling))
    forms = (extent,)
    if not extent.pooling and draw(st.booleans()):
        forms = (extent, Extent(1, 1, extent.outputs, draw(st.integers(1, 6)), 1, 1))
    volatile = draw(st.sampled_from([6, 20, 40, 80, 10_000]))
    sums, writes = draw(st.booleans()), draw(st.sampled_from([None, None, 1, 2, 3]))
    prices = draw(kernel_strategies.prices())
    return TiledStage("s", forms, prices, NOTHING, volatile, sums, writes_per_byte=writes)


@st.composite
def block_stages(draw: st.DrawFn) -> TiledStage:
    """A stage of one small block."""
    _, _, block = draw(runs())
    volatile = draw(st.sampled_from([20, 60, 200, 10_000]))
    return TiledStage("s", (block,), draw(kernel_strategies.prices()), NOTHING, volatile)


def heaviest(stage: TiledStage, tiling: Tiling) -> int:
    return heaviest_cycle(stage.forms[tiling.form], tiling, stage.prices, NOTHING)


@given(stages(), RATES, st.integers(0, 10**6))
def test_boxes_are_all_canonical_designs_that_fit_and_each_has_one_total(
    stage: TiledStage, rate: tuple[int, int], widest: int
) -> None:
    found: Counter[Tiling] = Counter()
    for box in Classes(stage, widest).below(rate, BEYOND):
        for tiling in box.designs(stage):
            drain, time = totals(stage.forms[tiling.form], tiling, stage.prices)
            assert box.totals(stage) == (drain, time)
            assert box.reduced == rate[0] * drain + rate[1] * time
            found[tiling] += 1
    wanted = {one for one in small_networks.canonical(stage) if heaviest(stage, one) <= widest}
    assert set(found.values()) <= {1}
    assert wanted <= set(found) <= set(small_networks.canonical(stage))


@given(block_stages(), RATES, st.integers(0, 10**6))
def test_every_design_of_a_block_that_fits_is_a_box(stage: TiledStage, rate: tuple[int, int], widest: int) -> None:
    found = []
    for box in Classes(stage, widest).below(rate, BEYOND):
        (tiling,) = box.designs(stage)
        drain, time = totals(stage.forms[0], tiling, stage.prices)
        assert box.totals(stage) == (drain, time)
        assert box.reduced == rate[0] * drain + rate[1] * time
        found.append(tiling)
    block = stage.forms[0]
    assert isinstance(block, Block)
    every = [one for one in block_tilings(0, block) if stage.fits(one)]
    assert sorted(found, key=str) == sorted((one for one in every if heaviest(stage, one) <= widest), key=str)
    assert set(tilings(stage)) == set(every)


@given(block_stages(), st.data())
def test_kinds_of_a_block_count_atoms_that_are_there(stage: TiledStage, data: st.DataObject) -> None:
    block = stage.forms[0]
    assert isinstance(block, Block)
    tiling = data.draw(st.sampled_from(list(block_tilings(0, block))))
    atoms = sorted(atoms_of(stage, tiling), reverse=True)
    kinds = kinds_of(block, tiling, stage.prices)
    loads = sorted((load for number, load in kinds for _ in range(number)), reverse=True)
    assert len(loads) <= len(atoms)
    assert all(load <= atom for load, atom in zip(loads, atoms, strict=False))


@given(stages() | block_stages(), RATES, st.data())
def test_a_limit_holds_back_what_is_not_below_it_and_nothing_else(
    stage: TiledStage, rate: tuple[int, int], data: st.DataObject
) -> None:
    classes = Classes(stage, 10**6)
    every = list(classes.below(rate, BEYOND))
    assert classes.least(rate) == min((box.reduced for box in every), default=None)
    limit = data.draw(st.sampled_from([box.reduced + more for box in every for more in (0, 1)] or [5]))
    assert list(classes.below(rate, limit)) == [box for box in every if box.reduced < limit]


@given(stages(pooling=True))
def test_a_design_is_left_out_only_for_one_with_the_same_atoms(stage: TiledStage) -> None:
    boxes = list(Classes(stage, 10**6).below((1, 1), BEYOND))
    seen: set[tuple[int, ...]] = set()
    kept = [tiling for box in boxes for tiling in distinct(stage, box, seen)]
    every = [tiling for box in boxes for tiling in box.designs(stage)]
    chains = [stage.chain(tiling) for tiling in kept]
    atoms = {(tuple(one.drain), tuple(one.time), tuple(one.resume_drain), tuple(one.resume_time)) for one in chains}
    assert set(kept) <= set(every)
    for tiling in every:
        one = stage.chain(tiling)
        assert (tuple(one.drain), tuple(one.time), tuple(one.resume_drain), tuple(one.resume_time)) in atoms


@given(st.integers(1, 60))
def test_tiles_of_a_number_are_all_of_that_number(extent: int) -> None:
    assert counts(extent) == sorted({count(extent, tile) for tile in range(1, extent + 1)})
    for number in counts(extent):
        assert list(tiles(extent, number)) == [tile for tile in range(1, extent + 1) if count(extent, tile) == number]


@st.composite
def laid_out(draw: st.DrawFn) -> tuple[TiledStage, Tiling]:
    """A design with atoms as walks take them: in WEIGHT order of batch 1."""
    extent, tiling = draw(kernel_strategies.layers())
    if tiling.order is Order.WEIGHT:
        tiling = replace(tiling, batch=1)
    return TiledStage("s", (extent,), draw(kernel_strategies.prices()), NOTHING, 1, True), tiling


@given(laid_out())
def test_the_heaviest_load_is_that_of_the_dearest_cycle_of_one_atom(case: tuple[TiledStage, Tiling]) -> None:
    stage, tiling = case
    assert heaviest_load(stage.forms[0], tiling, stage.prices) == heaviest(stage, tiling)


def numbers(extent: Extent, tiling: Tiling) -> tuple[int, ...]:
    """The numbers of tiles along each loop, and of batches."""
    tile = (tiling.rows, tiling.columns, tiling.outputs, tiling.inputs)
    along = tuple(count(loop, size) for loop, size in zip(extent.loops, tile, strict=True))
    return (*along, count(innermost(extent, tiling), tiling.batch))


@given(laid_out(), st.data())
def test_loads_of_first_atoms_never_fall_as_tiles_grow(case: tuple[TiledStage, Tiling], data: st.DataObject) -> None:
    stage, tiling = case
    extent, prices = stage.forms[0], stage.prices
    name = data.draw(st.sampled_from(["rows", "columns", "outputs", "batch"]))
    larger = replace(tiling, **{name: getattr(tiling, name) + 1})
    if name != "batch" and getattr(larger, name) > getattr(extent, name):
        return
    if numbers(extent, larger) != numbers(extent, tiling):
        return
    if not extent.pooling:
        assert first_load(extent, tiling, prices) <= first_load(extent, larger, prices)
    if name != "batch" or extent.pooling or tiling.order is Order.INPUT:
        assert heaviest_load(extent, tiling, prices) <= heaviest_load(extent, larger, prices)


def atoms_of(stage: TiledStage, tiling: Tiling) -> list[int]:
    rows = rows_of(stage.forms[0], tiling, stage.prices)
    return [atom[0] for row, repeats in rows for _ in range(repeats) for atom in row.atoms]


@given(laid_out())
def test_kinds_count_atoms_that_are_there(case: tuple[TiledStage, Tiling]) -> None:
    stage, tiling = case
    atoms = sorted(atoms_of(stage, tiling), reverse=True)
    kinds = sorted(
        (load for number, load in kinds_of(stage.forms[0], tiling, stage.prices) for _ in range(number)), reverse=True
    )
    assert len(kinds) <= len(atoms)
    assert all(kind <= atom for kind, atom in zip(kinds, atoms, strict=False))


def test_kinds_count_every_atom_of_a_design_that_divides_its_layer() -> None:
    prices = small_networks.network(Random(3)).keys[0].stage.prices
    for order in Order:
        stage = TiledStage("s", (Extent(4, 6, 4, 6, 3, 2),), prices, NOTHING, 1)
        tiling = Tiling(0, order, 2, 3, 1, 2, 1)
        kinds = kinds_of(stage.forms[0], tiling, prices)
        if order is not Order.OUTPUT:
            assert sorted(load for number, load in kinds for _ in range(number)) == sorted(atoms_of(stage, tiling))


@given(st.lists(st.integers(0, 30), min_size=1, max_size=9), st.integers(1, 40))
def test_cycles_are_never_overcounted(loads: list[int], room: int) -> None:
    if max(loads) > room:
        return
    assert least_cycles([(1, load) for load in loads], room) <= fewest_bins(sorted(loads, reverse=True), room)


def fewest_bins(loads: list[int], room: int) -> int:
    """The least number of bins, by trying every bin for every load."""
    best = len(loads)

    def place(index: int, bins: list[int]) -> None:
        nonlocal best
        if len(bins) >= best:
            return
        if index == len(loads):
            best = len(bins)
            return
        for number, filled in enumerate(bins):
            if filled + loads[index] <= room:
                place(index + 1, [*bins[:number], filled + loads[index], *bins[number + 1 :]])
        place(index + 1, [*bins, loads[index]])

    place(0, [])
    return best


def test_the_count_of_cycles_finds_that_atoms_above_half_need_one_each() -> None:
    assert least_cycles([(7, 6)], 10) == 7
    assert least_cycles([(7, 4)], 10) == 4
    assert least_cycles([], 10) == 0
