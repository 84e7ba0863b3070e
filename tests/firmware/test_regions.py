"""Regions of partial sums in C: what each pass reads and writes, followed pass by pass.

A power cycle never writes what it has read before writing it, no pass takes a region that the layout does not grant,
each reads what the one before has written, and results end in the tensor.
"""

from __future__ import annotations

import ctypes
from collections.abc import Sequence
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ischedule.analysis.accesses import passes
from ischedule.analysis.arithmetic import AnyWidth, FixedPoint, Width
from ischedule.models.layout import atoms_of_design, regions_of, sum_regions_of
from ischedule.models.tiling import Extent, Order, Tiling, innermost, stores_partial_sums
from tests.firmware.layer_driver import library, put

ORDERS = {Order.INPUT: 0, Order.WEIGHT: 1, Order.OUTPUT: 2}


class Broken(Exception):
    """A pass that no correct runtime makes."""


def follow(lib: ctypes.CDLL, extent: Extent, tiling: Tiling, cuts: Sequence[int], regions: int, apart: bool) -> None:
    """Every pass of a design whose power cycles begin before these atoms, with so many regions, the tensor included."""
    every = list(passes(extent, tiling))
    ends = [*cuts, len(every)]
    put(lib, "driver_cycles", np.array([[1, stop - start] for start, stop in pairwise([0, *ends])], np.uint32))
    atoms: dict[int, list[int]] = {}
    for atom, one in enumerate(every):
        atoms.setdefault(one.results, []).append(atom)
    holds: dict[int, int] = {}
    read: set[tuple[int, int]] = set()
    written: set[tuple[int, int]] = set()
    for atom, one in enumerate(every):
        begins = atom in cuts
        if begins:
            read, written = set(), set()
        mine = atoms[one.results]
        step, number = (mine[1] - mine[0] if len(mine) > 1 else 1), mine.index(atom)
        assert mine == [mine[0] + step * place for place in range(len(mine))]
        found = lib.driver_regions(regions, ORDERS[tiling.order], mine[0], step, len(mine), number)
        reads, writes = found % 256, found // 256
        if one.reads and (begins or not one.keeps):
            if holds[one.results] != reads:
                raise Broken(f"pass {number} reads region {reads}, sums are in {holds[one.results]}")
            if (one.results, reads) not in written:
                read.add((one.results, reads))
            if writes == reads:
                raise Broken(f"pass {number} writes the region {reads} that it reads")
        if (one.results, writes) in read:
            raise Broken(f"pass {number} writes region {writes}, which its cycle has read")
        if writes >= regions:
            raise Broken(f"pass {number} writes region {writes} of {regions}")
        is_last = number == len(mine) - 1
        if (is_last and writes != 0) or (apart and not is_last and writes == 0):
            raise Broken(f"pass {number} of {len(mine)} writes region {writes}")
        written.add((one.results, writes))
        holds[one.results] = writes


@st.composite
def designs(draw: st.DrawFn) -> tuple[Extent, Tiling, list[int]]:
    """A nest whose sums are stored, a design, and the atoms before which power cycles begin."""
    small = st.integers(1, 3)
    if draw(st.integers(0, 4)) == 0:
        extent = Extent(draw(st.integers(1, 4)), draw(st.integers(2, 4)), draw(small), 1, 1, 1, pooling=True)
        tiling = Tiling(
            0, Order.OUTPUT, draw(st.integers(1, extent.rows)), 1, draw(st.integers(1, extent.outputs)), 1, 1
        )
    else:
        extent = Extent(
            draw(small), draw(small), draw(small), draw(st.integers(2, 9)), 1, 1, groups=draw(st.integers(1, 2))
        )
        sizes = [draw(st.integers(1, loop)) for loop in extent.loops[:3]]
        inputs = draw(st.integers(1, extent.inputs - 1))
        tiling = Tiling(0, draw(st.sampled_from(Order)), sizes[0], sizes[1], sizes[2], inputs, 1)
    most = innermost(extent, tiling)
    keeps = extent.pooling or tiling.order is Order.OUTPUT
    batch = draw(st.integers(1, max(1, most - 1 if keeps else most)))
    tiling = Tiling(0, tiling.order, tiling.rows, tiling.columns, tiling.outputs, tiling.inputs, batch)
    atoms = atoms_of_design(extent, tiling)
    cuts = draw(st.sets(st.integers(1, max(1, atoms - 1)), max_size=12))
    return extent, tiling, sorted(cut for cut in cuts if cut < atoms)


def granted(extent: Extent, tiling: Tiling, cuts: Sequence[int], apart: bool) -> int:
    """How many regions the layout of a plan has, the tensor included."""
    atoms = atoms_of_design(extent, tiling)
    return 1 + sum_regions_of(extent, tiling, cuts, atoms) if apart else regions_of(extent, tiling, cuts, atoms)


@pytest.mark.parametrize("width", [FixedPoint.Q15, Width.INT8])
def test_passes_take_regions_that_every_cycle_can_repeat(width: AnyWidth) -> None:
    lib, apart = library(width), width is Width.INT8
    seen = set()

    @settings(max_examples=500, deadline=None)
    @given(designs(), st.booleans())
    def check(design: tuple[Extent, Tiling, list[int]], is_roomy: bool) -> None:
        extent, tiling, cuts = design
        if not stores_partial_sums(extent, tiling):
            return
        regions = granted(extent, tiling, cuts, apart)
        seen.add(regions)
        follow(lib, extent, tiling, cuts, (4 if apart else 3) if is_roomy else regions, apart)

    check()
    assert seen == ({2, 3, 4} if apart else {1, 2, 3})


@pytest.mark.parametrize(("width", "cuts"), [(FixedPoint.Q15, [2, 5]), (Width.INT8, [2, 5])])
def test_fewer_regions_than_granted_do_not_do(width: AnyWidth, cuts: list[int]) -> None:
    extent, tiling = Extent(1, 1, 1, 9, 1, 1), Tiling(0, Order.INPUT, 1, 1, 1, 1, 1)
    apart = width is Width.INT8
    regions = granted(extent, tiling, cuts, apart)
    assert regions == (4 if apart else 3)
    with pytest.raises(Broken):
        follow(library(width), extent, tiling, cuts, regions - 1, apart)
