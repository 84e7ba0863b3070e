"""The columns of the kernels against their scalar form, and the size of the design space against published counts."""

from __future__ import annotations

from itertools import accumulate, product

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ischedule.models import atoms_array, kernels, kernels_array, tiling
from ischedule.models.kernels import Ends, Prices, is_canonical, volatile_bytes
from ischedule.models.kernels_array import Designs, enumerate_designs
from ischedule.models.tiling import Extent, Order, Tiling, innermost
from tests.models.kernel_strategies import extents, prices, tilings

NO_ENDS = Ends((0, 0), (0, 0))


def every_tiling(extent: Extent, form: int = 0) -> list[Tiling]:
    """All designs whatever memory they need, by walking through all sizes."""
    found = []
    for order in extent.orders:
        for rows, columns, outputs, inputs in product(*(range(1, trips + 1) for trips in extent.loops)):
            if inputs < extent.least_inputs:
                continue
            trips = innermost(extent, Tiling(form, order, rows, columns, outputs, inputs, 1))
            found += [Tiling(form, order, rows, columns, outputs, inputs, batch) for batch in range(1, trips + 1)]
    return found


def columns_of(extent: Extent, chosen: list[Tiling]) -> Designs:
    """Designs of one order as columns."""
    assert len({one.order for one in chosen}) == 1
    names = ("rows", "columns", "outputs", "inputs", "batch")
    parts = (np.array([getattr(one, name) for one in chosen], dtype=np.int64) for name in names)
    return Designs(chosen[0].form, extent, chosen[0].order, *parts)


@st.composite
def some_designs(draw: st.DrawFn, batched_weights: bool = False) -> tuple[Designs, list[Tiling]]:
    """A few designs of one layer and order."""
    extent = draw(extents())
    order = draw(st.sampled_from(extent.orders))
    chosen = draw(st.lists(tilings(extent, order), min_size=1, max_size=6))
    if order is Order.WEIGHT and not batched_weights:
        chosen = [Tiling(t.form, t.order, t.rows, t.columns, t.outputs, t.inputs, 1) for t in chosen]
    return columns_of(extent, chosen), chosen


@given(extents(), prices(), st.integers(0, 1), st.booleans(), st.booleans(), st.data())
def test_the_design_space_is_every_tiling_that_fits(
    extent: Extent, cost: Prices, form: int, canonical: bool, sums: bool, data: st.DataObject
) -> None:
    everything = every_tiling(extent, form)
    needs = {one: volatile_bytes(extent, one, cost) for one in everything}
    volatile = data.draw(st.integers(0, max(needs.values()) + 1))
    expected = {one for one in everything if needs[one] <= volatile}
    if canonical:
        expected = {one for one in expected if is_canonical(extent, one, cost)}
    if not sums:
        expected = {one for one in expected if not tiling.stores_partial_sums(extent, one)}
    writes = data.draw(st.sampled_from([None, 1, 2, 3]))
    if writes is not None:
        expected = {one for one in expected if tiling.most_writes(extent, one) <= writes}
    found = enumerate_designs(
        form, extent, cost, volatile, canonical=canonical, sums_in_memory=sums, writes_per_byte=writes
    )
    if canonical and sums and writes is None:
        found = enumerate_designs(form, extent, cost, volatile)
    listed = [designs.tiling(place) for designs in found for place in range(len(designs))]
    assert len(listed) == len(set(listed))
    assert set(listed) == expected


@given(some_designs(batched_weights=True), prices())
def test_totals_and_atom_counts_are_the_scalar_ones(some: tuple[Designs, list[Tiling]], cost: Prices) -> None:
    designs, chosen = some
    energy, time = kernels_array.totals(designs, cost)
    assert list(zip(energy, time, strict=True)) == [kernels.totals(designs.extent, one, cost) for one in chosen]
    lengths = [len(kernels.chain(designs.extent, one, cost, NO_ENDS)) for one in chosen]
    assert list(kernels_array.atoms_per_design(designs)) == lengths


@given(some_designs(), prices())
def test_chains_are_the_scalar_ones(some: tuple[Designs, list[Tiling]], cost: Prices) -> None:
    designs, chosen = some
    laid = atoms_array.chains(designs, cost)
    for place, one in enumerate(chosen):
        atoms = kernels.chain(designs.extent, one, cost, NO_ENDS)
        length = len(atoms)
        beyond = laid.drain.shape[1] - length - 1
        assert laid.length[place] == length
        for column, sums in ((atoms.drain, laid.drain), (atoms.time, laid.time)):
            prefix = [0, *accumulate(column)]
            assert list(sums[place]) == prefix + [prefix[-1]] * beyond
        for column, again in ((atoms.resume_drain, laid.again_drain), (atoms.resume_time, laid.again_time)):
            assert list(again[place]) == [*column] + [0] * beyond


@given(some_designs(), prices())
def test_the_heaviest_atoms_are_the_scalar_ones(some: tuple[Designs, list[Tiling]], cost: Prices) -> None:
    designs, chosen = some
    found = atoms_array.heaviest_atoms(designs, cost)
    assert list(found) == [kernels.heaviest_cycle(designs.extent, one, cost, NO_ENDS) for one in chosen]


@given(some_designs(), prices())
def test_full_atoms_are_there(some: tuple[Designs, list[Tiling]], cost: Prices) -> None:
    """Every kind finds as many atoms at least as dear, and the two kinds find different ones."""
    designs, chosen = some
    kinds = kernels_array.full_atoms(designs, cost)
    for place, one in enumerate(chosen):
        atoms = kernels.chain(designs.extent, one, cost, NO_ENDS)
        alone = [(drain, drain + more) for drain, more in zip(atoms.drain, atoms.resume_drain, strict=True)]
        fitting = [
            {i for i, (drain, cycle) in enumerate(alone) if drain >= energy[place] and cycle >= again[place]}
            for _, energy, again in kinds
        ]
        counts = [int(count[place]) for count, _, _ in kinds]
        for which in product((False, True), repeat=len(kinds)):
            union = set().union(*(found for found, taken in zip(fitting, which, strict=True) if taken))
            assert len(union) >= sum(count for count, taken in zip(counts, which, strict=True) if taken)


@given(some_designs(), prices())
def test_full_atoms_are_priced_as_they_are(some: tuple[Designs, list[Tiling]], cost: Prices) -> None:
    """Where a kind is counted, some atom has just its energy, alone in its cycle and without the reused operand."""
    designs, chosen = some
    kinds = kernels_array.full_atoms(designs, cost)
    for place, one in enumerate(chosen):
        there = set()
        for row, _ in kernels.rows_of(designs.extent, one, cost):
            held = 0 if one.order is Order.OUTPUT and not designs.extent.pooling else row.again[0]
            there.add((row.atoms[0][0] - held, row.atoms[0][0]))
            there |= {(drain, drain + row.again[0]) for drain, _ in row.atoms[1:]}
        for count, energy, again in kinds:
            assert count[place] == 0 or (energy[place], again[place]) in there


@given(extents(), prices())
def test_full_atoms_count_all_atoms_of_even_divisions(extent: Extent, cost: Prices) -> None:
    """Where all tiles are equal the counts are exact, so that nothing is lost by counting too few."""
    for order in extent.orders:
        whole = Tiling(0, order, extent.rows, 1, extent.outputs, extent.least_inputs, 1)
        designs = columns_of(extent, [whole])
        counted = sum(int(count[0]) for count, _, _ in kernels_array.full_atoms(designs, cost))
        assert counted == len(kernels.chain(extent, whole, cost, NO_ENDS))


@given(extents(pooling=False), prices(), st.data())
def test_batched_weight_designs_are_not_laid_out(extent: Extent, cost: Prices, data: st.DataObject) -> None:
    one = data.draw(tilings(extent, Order.WEIGHT).filter(lambda t: t.batch > 1)) if _has_batches(extent) else None
    if one is None:
        return
    designs = columns_of(extent, [one])
    for lay_out in (atoms_array.chains, kernels_array.full_atoms, atoms_array.heaviest_atoms):
        with pytest.raises(ValueError, match="only designs of batch 1"):
            lay_out(designs, cost)


def _has_batches(extent: Extent) -> bool:
    return extent.rows * extent.columns > 1


def test_taking_designs_keeps_their_order() -> None:
    extent = Extent(3, 2, 2, 2, 1, 1)
    chosen = [one for one in every_tiling(extent) if one.order is Order.INPUT]
    designs = columns_of(extent, chosen)
    picked = designs.take(np.array([4, 0, 2]))
    assert [picked.tiling(place) for place in range(len(picked))] == [chosen[4], chosen[0], chosen[2]]


CIFAR_10MF_1 = [
    Extent(28, 28, 4, 3, 5, 5),
    Extent(26, 26, 8, 4, 3, 3),
    Extent(22, 22, 8, 8, 5, 5),
    Extent(16, 16, 8, 8, 7, 7),
    Extent(10, 10, 16, 8, 7, 7),
    Extent(10, 10, 16, 1, 1, 1, pooling=True),
    Extent(1, 1, 10, 16, 1, 1),
]
CIFAR_1MF_1 = [
    Extent(32, 32, 24, 3, 1, 1),
    Extent(30, 30, 16, 24, 3, 3),
    Extent(26, 26, 4, 16, 5, 5),
    Extent(22, 22, 8, 4, 5, 5),
    Extent(16, 16, 16, 8, 7, 7),
    Extent(16, 16, 16, 1, 1, 1, pooling=True),
    Extent(1, 1, 10, 16, 1, 1),
]
KWS_1MF_1 = [
    Extent(1, 1, 48, 1, 250, 1),
    Extent(1, 1, 128, 48, 1, 1),
    Extent(1, 1, 128, 128, 1, 1),
    Extent(1, 1, 96, 128, 1, 1),
    Extent(1, 1, 12, 96, 1, 1),
]
KWS_1MF_1_FLAT = Extent(1, 1, 48, 250, 1, 1)


@pytest.mark.parametrize(
    ("layers", "designs"),
    [(CIFAR_10MF_1, 475139), (CIFAR_1MF_1, 1246113), (KWS_1MF_1, 276228), ([*KWS_1MF_1, KWS_1MF_1_FLAT], 367624)],
    ids=["CIFAR-10, 10 mF", "CIFAR-10, 1 mF", "KWS, 1 mF", "KWS, 1 mF, both dense forms"],
)
def test_published_networks_have_as_many_designs_as_an_independent_count(layers: list[Extent], designs: int) -> None:
    """All tilings in 2048 bytes of two-byte words on an accelerator of even vectors."""
    one, each = (1, 1), dict.fromkeys(Order, (1, 1))
    cost = Prices(*[one] * 6, each, each, one, one, (0, 0), one, multiple=2, word_bytes=2)
    found = [enumerate_designs(0, extent, cost, 2048, canonical=False) for extent in layers]
    assert sum(len(part) for parts in found for part in parts) == designs
