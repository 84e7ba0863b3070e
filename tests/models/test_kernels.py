"""The kernels' formulas against a nest that performs the loops, and the lemmas that others rest on."""

from __future__ import annotations

from dataclasses import replace
from itertools import accumulate, pairwise

from hypothesis import given
from hypothesis import strategies as st

from ischedule.models.kernels import (
    Ends,
    Prices,
    chain,
    heaviest_cycle,
    is_canonical,
    least_totals,
    rows_of,
    totals,
    volatile_bytes,
)
from ischedule.models.tiling import Extent, Order, Tiling, count, innermost
from tests.models.kernel_strategies import cycle_ends, extents, layers, prices, tilings
from tests.models.naive_nest import NaiveNest, Tally, expected_outputs

Design = tuple[Extent, Tiling]


def all_atoms(nest: NaiveNest) -> list[Tally]:
    """Run the layer in one power cycle, and return what each atom took in it."""
    taken: list[Tally] = []
    batches = nest.batches()
    whole = nest.cycle(batches)
    before = Tally()
    replay = NaiveNest(nest.extent, nest.tiling, nest.multiple)
    for length in range(1, len(batches) + 1):
        upto = replay.cycle(batches[:length])
        names = vars(upto)
        taken.append(Tally(**{name: names[name] - vars(before)[name] for name in names}))
        before = replace(upto)
    assert vars(before) == vars(whole)
    return taken


@given(layers(), prices())
def test_the_naive_nest_computes_the_layer(design: Design, cost: Prices) -> None:
    extent, tiling = design
    nest = NaiveNest(extent, tiling, cost.multiple)
    taken = nest.cycle(nest.batches())
    assert nest.stored == expected_outputs(extent)
    taps = extent.kernel_rows * extent.kernel_columns
    pixels = extent.rows * extent.columns
    if extent.pooling:
        assert taken.pool_steps == pixels * extent.outputs
    else:
        macs = extent.groups * pixels * extent.outputs * extent.inputs * taps if extent.weight_taps else 0
        assert taken.multiply_accumulates == macs
        assert taken.finish_steps == (extent.groups * pixels * extent.results if extent.finish else 0)


@given(layers(), prices(), cycle_ends())
def test_atoms_cost_what_the_naive_nest_pays_in_one_cycle(design: Design, cost: Prices, ends: Ends) -> None:
    extent, tiling = design
    nest = NaiveNest(extent, tiling, cost.multiple)
    paid = [taken.price(cost, tiling.order) for taken in all_atoms(nest)]
    atoms = chain(extent, tiling, cost, ends)
    assert list(zip(atoms.drain, atoms.time, strict=True)) == paid
    assert totals(extent, tiling, cost) == (sum(atoms.drain), sum(atoms.time))
    assert all(atoms.cut)


@given(layers(), prices(), cycle_ends(), st.data())
def test_any_power_cycles_cost_what_the_naive_nest_pays(
    design: Design, cost: Prices, ends: Ends, data: st.DataObject
) -> None:
    extent, tiling = design
    nest = NaiveNest(extent, tiling, cost.multiple)
    batches = nest.batches()
    atoms = chain(extent, tiling, cost, ends)
    cuts = data.draw(st.sets(st.integers(0, len(batches)))) | {0, len(batches)}
    drained, passed = [0, *accumulate(atoms.drain)], [0, *accumulate(atoms.time)]
    ordered = sorted(cuts)
    for start, stop in pairwise(ordered):
        energy, time = nest.cycle(batches[start:stop]).price(cost, tiling.order)
        last = stop - 1
        assert atoms.resume_drain[start] - ends.resume[0] + drained[stop] - drained[start] == energy
        assert atoms.resume_time[start] - ends.resume[1] + passed[stop] - passed[start] == time
        assert (atoms.commit_drain[last], atoms.commit_time[last]) == ends.commit
    assert nest.stored == expected_outputs(extent)


@given(layers(), prices(), cycle_ends())
def test_the_heaviest_cycle_is_that_of_some_atom_alone(design: Design, cost: Prices, ends: Ends) -> None:
    extent, tiling = design
    nest = NaiveNest(extent, tiling, cost.multiple)
    alone = [nest.cycle([batch]).price(cost, tiling.order)[0] for batch in nest.batches()]
    assert heaviest_cycle(extent, tiling, cost, ends) == max(alone) + ends.resume[0] + ends.commit[0]


@given(layers(), prices())
def test_volatile_memory_is_the_peak_of_the_naive_nest(design: Design, cost: Prices) -> None:
    extent, tiling = design
    nest = NaiveNest(extent, tiling, cost.multiple, cost.sum_words)
    peak = nest.cycle(nest.batches()).peak_elements
    assert volatile_bytes(extent, tiling, cost) == cost.word_bytes * peak


@given(layers(), prices(), cycle_ends())
def test_rows_are_the_chain_in_runs(design: Design, cost: Prices, ends: Ends) -> None:
    extent, tiling = design
    drain: list[int] = []
    again: list[int] = []
    for row, repeats in rows_of(extent, tiling, cost):
        assert repeats >= 1
        for _ in range(repeats):
            drain += [atom[0] for atom in row.atoms]
            again += [0, *[row.again[0]] * (len(row.atoms) - 1)]
    atoms = chain(extent, tiling, cost, ends)
    assert atoms.drain == drain
    assert atoms.resume_drain == [ends.resume[0] + more for more in again]
    assert len(atoms) % count(innermost(extent, tiling), tiling.batch) == 0


@given(extents(pooling=False), prices(), cycle_ends(), st.data())
def test_weight_order_needs_no_batch(extent: Extent, cost: Prices, ends: Ends, data: st.DataObject) -> None:
    """Its atoms are unions of the atoms of batch 1, and a cycle between two of its cuts costs the same there."""
    batched = data.draw(tilings(extent, Order.WEIGHT))
    single = replace(batched, batch=1)
    coarse, fine = chain(extent, batched, cost, ends), chain(extent, single, cost, ends)
    row = innermost(extent, batched)
    place = 0
    for index in range(len(coarse)):
        size = min(batched.batch, row - place % row)
        assert coarse.drain[index] == sum(fine.drain[place : place + size])
        assert coarse.time[index] == sum(fine.time[place : place + size])
        assert coarse.resume_drain[index] == fine.resume_drain[place]
        assert coarse.resume_time[index] == fine.resume_time[place]
        place += size
    assert place == len(fine)
    assert is_canonical(extent, single, cost)
    assert is_canonical(extent, batched, cost) == (batched.batch == 1)
    assert volatile_bytes(extent, single, cost) <= volatile_bytes(extent, batched, cost)


@given(extents(pooling=False, channelwise=False), prices(tile=False), cycle_ends(), st.data())
def test_input_order_over_all_inputs_needs_single_outputs(
    extent: Extent, cost: Prices, ends: Ends, data: st.DataObject
) -> None:
    """Tiles of m output channels in batches of S are tiles of one channel in batches of m S, which need less memory."""
    drawn = data.draw(tilings(extent, Order.INPUT))
    wide = replace(drawn, inputs=extent.inputs)
    narrow = replace(wide, outputs=1, batch=min(extent.outputs, wide.outputs * wide.batch))
    one, other = chain(extent, wide, cost, ends), chain(extent, narrow, cost, ends)
    assert one.columns() == other.columns()
    assert is_canonical(extent, narrow, cost)
    assert is_canonical(extent, wide, cost) == (wide.outputs == 1)
    assert volatile_bytes(extent, narrow, cost) <= volatile_bytes(extent, wide, cost)


@given(extents(), prices(tile=True), st.data())
def test_a_price_per_tile_keeps_every_input_order_design(extent: Extent, cost: Prices, data: st.DataObject) -> None:
    tiling = data.draw(tilings(extent))
    batched_weights = tiling.order is Order.WEIGHT and tiling.batch > 1
    assert is_canonical(extent, tiling, cost) == (extent.pooling or not batched_weights)


FIELDS = ("rows", "columns", "outputs", "inputs", "batch")


def resized(tiling: Tiling, changes: dict[str, int]) -> Tiling:
    """The design with some of its sizes changed."""
    sizes = {name: changes.get(name, getattr(tiling, name)) for name in FIELDS}
    return Tiling(tiling.form, tiling.order, **sizes)


@given(layers(), prices(), st.sampled_from(FIELDS), st.data())
def test_memory_never_falls_when_a_tile_or_the_batch_grows(
    design: Design, cost: Prices, name: str, data: st.DataObject
) -> None:
    extent, tiling = design
    smaller = resized(tiling, {name: data.draw(st.integers(1, getattr(tiling, name)))})
    assert volatile_bytes(extent, smaller, cost) <= volatile_bytes(extent, tiling, cost)


@given(layers(), prices(), st.data())
def test_least_totals_bound_every_design_of_a_box(design: Design, cost: Prices, data: st.DataObject) -> None:
    extent, corner = design
    inside = resized(corner, {name: data.draw(st.integers(1, getattr(corner, name))) for name in FIELDS})
    bound, totalled = least_totals(extent, corner, cost), totals(extent, inside, cost)
    assert bound[0] <= totalled[0]
    assert bound[1] <= totalled[1]
    assert all(low <= high for low, high in zip(bound, least_totals(extent, inside, cost), strict=True))
    if extent.pooling or corner.inputs % cost.multiple == 0:
        assert least_totals(extent, corner, cost) == totals(extent, corner, cost)


def test_totals_alone_may_fall_with_smaller_tiles() -> None:
    """Why a box is bounded by `least_totals`: 6 channels fill 8 lanes in tiles of 3, and 6 in tiles of 2."""
    free = dict.fromkeys(Order, (0, 0))
    cost = Prices(*[(0, 0)] * 6, free, free, (1, 1), (0, 0), (0, 0), (0, 0), 2, 2)
    extent = Extent(1, 1, 1, 6, 1, 1)
    threes, twos = (Tiling(0, Order.OUTPUT, 1, 1, 1, inputs, 1) for inputs in (3, 2))
    assert totals(extent, threes, cost) == (8, 8)
    assert totals(extent, twos, cost) == (6, 6) == least_totals(extent, threes, cost)
