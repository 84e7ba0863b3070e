"""The atoms of many designs side by side: what each costs, and what a cycle that starts inside a row fetches again."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from ischedule.models.block import Block
from ischedule.models.blocks_array import block_chains, block_heaviest_array
from ischedule.models.kernels import Prices
from ischedule.models.kernels_array import (
    Column,
    Designs,
    atoms_per_design,
    check_batches,
    count_array,
    halo_array,
    padded_array,
)
from ischedule.models.tiling import Arithmetic, Extent, Order


@dataclass(frozen=True)
class Chains:
    """The chains of designs of one form and order side by side: row d holds the atoms of design d, padded with nothing.

    ``drain`` and ``time`` are running sums with a leading 0, constant beyond a design's last atom; ``again_*`` is what
    a cycle that starts before the atom fetches again, without the common ends.
    """

    length: Column
    drain: Column
    time: Column
    again_drain: Column
    again_time: Column


def chains(designs: Designs, prices: Prices) -> Chains:
    """Lay out the atoms of each design; in WEIGHT order only of those with batch 1."""
    if isinstance(designs.extent, Block):
        return Chains(*block_chains(designs, designs.extent, prices))
    check_batches(designs)
    length = atoms_per_design(designs)
    place = np.arange(int(length.max()), dtype=np.int64)[None, :]
    valid = place < length[:, None]
    sums: list[Column] = []
    agains: list[Column] = []
    for atom, again in _laid_out(designs, prices, place):
        total = np.zeros((len(length), place.shape[1] + 1), dtype=np.int64)
        np.cumsum(np.where(valid, atom, 0), axis=1, out=total[:, 1:])
        sums.append(total)
        agains.append(np.where(valid, again, 0))
    return Chains(length, sums[0], sums[1], agains[0], agains[1])


def _span(index: Column, tile: Column, extent: int) -> Column:
    """The size of the tile at an index of a loop."""
    return np.asarray(np.minimum(tile, extent - index * tile), dtype=np.int64)


@dataclass(frozen=True)
class _Tiles:
    """The tiles of each atom: output and input channels with the numbers of their tiles and the lanes of the inputs,
    rows and columns, the place inside the row, and whether it is of the first and of the last pass over its results.
    """

    m: Column
    m_tiles: Column
    n: Column
    n_tiles: Column
    lanes: Column
    rows: Column
    columns: Column
    inner: Column
    begins: Column
    ends: Column


def _tiles(designs: Designs, multiple: int, place: Column) -> _Tiles:
    """The tiles of the atoms at some places of each design; beyond its last atom they are of no account.

    Groups are alike.
    """
    extent = designs.extent
    wide = [x[:, None] for x in (designs.rows, designs.columns, designs.outputs, designs.inputs, designs.batch)]
    t_rows, t_columns, t_outputs, t_inputs, batch = wide
    n_rows, n_columns = count_array(extent.rows, t_rows), count_array(extent.columns, t_columns)
    n_outputs, n_inputs = count_array(extent.outputs, t_outputs), count_array(extent.inputs, t_inputs)
    pixels, passes = n_rows * n_columns, n_inputs
    row, rows = {
        Order.INPUT: (-(-n_outputs // batch), pixels * n_inputs),
        Order.WEIGHT: (pixels, n_outputs * n_inputs),
        Order.OUTPUT: (-(-n_inputs // batch), pixels * n_outputs),
    }[designs.order]
    if extent.groups > 1:
        place = place % (row * rows)
    inner, rest = place % row, place // row
    if designs.order is Order.INPUT:
        n_index, rest = rest % n_inputs, rest // n_inputs
        c, r = rest % n_columns, rest // n_columns
        m = np.minimum(batch * t_outputs, extent.outputs - inner * batch * t_outputs)
        m_tiles = np.minimum(batch, n_outputs - inner * batch)
        n, n_tiles = _span(n_index, t_inputs, extent.inputs), np.ones_like(inner)
        lanes = padded_array(n, multiple)
    elif designs.order is Order.WEIGHT:
        n_index, m_index = rest % n_inputs, np.minimum(rest // n_inputs, n_outputs - 1)
        c, r = inner % n_columns, inner // n_columns
        m, m_tiles = _span(m_index, t_outputs, extent.outputs), np.ones_like(inner)
        n, n_tiles = _span(n_index, t_inputs, extent.inputs), np.ones_like(inner)
        lanes = padded_array(n, multiple)
    else:
        n_index, passes = inner, row
        m_index, rest = rest % n_outputs, rest // n_outputs
        c, r = rest % n_columns, rest // n_columns
        m, m_tiles = _span(m_index, t_outputs, extent.outputs), np.ones_like(inner)
        n = np.minimum(batch * t_inputs, extent.inputs - inner * batch * t_inputs)
        n_tiles = np.minimum(batch, n_inputs - inner * batch)
        whole = n // t_inputs
        lanes = whole * padded_array(t_inputs, multiple) + padded_array(n - whole * t_inputs, multiple)
    h, w = _span(np.minimum(r, n_rows - 1), t_rows, extent.rows), _span(c, t_columns, extent.columns)
    begins, ends = n_index == 0, n_index == passes - 1
    if extent.channelwise:
        begins = ends = np.ones_like(begins)
    return _Tiles(m, m_tiles, n, n_tiles, lanes, h, w, inner, begins, ends)


def _laid_out(designs: Designs, prices: Prices, place: Column) -> Iterator[tuple[Column, Column]]:
    """What the atoms at some places drain, and what a cycle that starts before them fetches again; then their times."""
    if designs.extent.pooling:
        return (_pool_atoms(designs, prices, part, place) for part in (0, 1))
    at = _tiles(designs, prices.multiple, place)
    return (_atoms(designs, prices, part, at) for part in (0, 1))


def _atoms(designs: Designs, prices: Prices, part: int, at: _Tiles) -> tuple[Column, Column]:
    """What atoms with these tiles cost, and what a cycle that starts before them fetches again."""
    extent, order = designs.extent, designs.order
    read, write = prices.read[part], prices.write[part]
    area, results = at.rows * at.columns, at.n if extent.channelwise else at.m
    fetch = extent.sources * halo_array(extent, at.rows, at.columns)
    fetch = fetch * (at.n * read + at.n_tiles * prices.input_command[part])
    weights = extent.weight_taps * at.m * (at.n * read + at.n_tiles * prices.weight_command[part])
    partial = area * (results * prices.read_sum[part] + at.m_tiles * prices.sums_command[order][part])
    begin = results * prices.read_sum[part] + prices.weight_command[part] if extent.bias else np.zeros_like(area)
    if extent.arithmetic is Arithmetic.MULTIPLY:
        steps = at.n_tiles * prices.multiply_command[part] + at.lanes * prices.multiply[part]
        work = extent.taps * area * at.m * steps
    else:
        work = area * results * prices.element(extent)[part]
    work = work + at.m_tiles * at.n_tiles * prices.tile[part]
    work = work + area * (results * write + prices.store_command[order][part])
    work = work + area * results * np.where(at.ends, prices.finish_of(extent)[part], prices.wider[part])
    first = at.inner == 0
    if order is Order.OUTPUT:
        return fetch + weights + work + np.where(first, begin, 0), np.where(first, 0, partial)
    again, each = (fetch, weights) if order is Order.INPUT else (weights, fetch)
    atom = each + work + np.where(at.begins, begin, partial)
    return atom + np.where(first, again, 0), np.where(first, 0, again)


def _pool_atoms(designs: Designs, prices: Prices, part: int, place: Column) -> tuple[Column, Column]:
    extent, store = designs.extent, prices.store_command[designs.order][part]
    wide = [x[:, None] for x in (designs.rows, designs.columns, designs.outputs, designs.batch)]
    t_rows, t_columns, t_outputs, batch = wide
    n_columns, n_outputs = count_array(extent.columns, t_columns), count_array(extent.outputs, t_outputs)
    tiles = count_array(extent.rows, t_rows) * n_columns
    batches = -(-tiles // batch)
    b = place % batches
    m = _span(np.minimum(place // batches, n_outputs - 1), t_outputs, extent.outputs)
    after = _pixels_before(np.minimum((b + 1) * batch, tiles), t_rows, t_columns, n_columns, extent)
    pixels = after - _pixels_before(b * batch, t_rows, t_columns, n_columns, extent)
    kept = m * prices.read_sum[part] + prices.sums_command[designs.order][part]
    atom = pixels * (m * (prices.read[part] + prices.pool[part]) + prices.input_command[part])
    atom = atom + m * np.where(b == batches - 1, prices.write[part], prices.write_sum[part]) + store
    return atom + np.where(b == 0, kept, 0), np.where(b == 0, 0, kept)


def _pixels_before(tiles: Column, t_rows: Column, t_columns: Column, n_columns: Column, extent: Extent) -> Column:
    """Pixels in the first so many tiles of a row-major sweep."""
    full, rest = tiles // n_columns, tiles % n_columns
    above = np.minimum(full * t_rows, extent.rows)
    height = np.minimum(t_rows, extent.rows - above)
    before = above * extent.columns + height * np.minimum(rest * t_columns, extent.columns)
    return np.asarray(before, dtype=np.int64)


def first_atoms(designs: Designs, prices: Prices) -> Column:
    """Energy of the very first atom of each design, without the common ends of its cycle.

    Among designs that cut every loop into as many tiles and batches it never falls when a tile or the batch grows.
    """
    check_batches(designs)
    atom, again = next(_laid_out(designs, prices, np.zeros((len(designs), 1), dtype=np.int64)))
    return np.asarray((atom + again)[:, 0], dtype=np.int64)


def heaviest_atoms(designs: Designs, prices: Prices) -> Column:
    """Energy of the dearest power cycle of a single atom, without the common ends: ``heaviest_cycle`` as a column.

    Tiles and batches are largest where their loop begins. So the dearest atom is the very first one, the first that
    also reads partial sums, or the first of the last pass, which may have fewer input channels, and stores results
    that it finishes instead of sums.
    """
    check_batches(designs)
    extent = designs.extent
    if isinstance(extent, Block):
        return block_heaviest_array(designs, extent, prices)
    if extent.pooling or extent.channelwise:
        row = np.zeros_like(designs.rows)
    elif designs.order is Order.INPUT:
        row = -(-count_array(extent.outputs, designs.outputs) // designs.batch)
    elif designs.order is Order.WEIGHT:
        row = count_array(extent.rows, designs.rows) * count_array(extent.columns, designs.columns)
    else:
        row = np.ones_like(designs.rows)
    passes = count_array(extent.inputs, designs.inputs)
    if designs.order is Order.OUTPUT:
        passes = -(-passes // designs.batch)
    most = atoms_per_design(designs) - 1
    places = [np.zeros_like(row), np.minimum(row, most), np.minimum((passes - 1) * row, most)]
    atom, again = next(_laid_out(designs, prices, np.stack(places, axis=1)))
    return np.asarray((atom + again).max(axis=1), dtype=np.int64)
