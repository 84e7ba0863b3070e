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
    found = _chains(designs, prices)
    return found if prices.is_plain else _preserving(found, prices)


def _preserving(found: Chains, prices: Prices) -> Chains:
    """The same with what atoms and starts pay besides their steps."""
    cuts = np.arange(found.drain.shape[1], dtype=np.int64)[None, :]
    length = found.length[:, None]
    before = np.minimum(cuts, length)
    is_first, is_atom = cuts[:, :-1] == 0, cuts[:, :-1] < length
    further = np.array([max(0, (int(atoms) - 1).bit_length() - 1) for atoms in found.length], dtype=np.int64)[:, None]

    def sums(total: Column, part: int) -> Column:
        return np.asarray(total + before * prices.each[part] + (cuts >= length) * prices.last[part], dtype=np.int64)

    def starts(again: Column, part: int) -> Column:
        more = np.where(is_first, prices.begin[part], prices.inside[part] + further * prices.probe[part])
        return np.asarray(again + np.where(is_atom, more, 0), dtype=np.int64)

    return Chains(
        found.length,
        sums(found.drain, 0),
        sums(found.time, 1),
        starts(found.again_drain, 0),
        starts(found.again_time, 1),
    )


def _chains(designs: Designs, prices: Prices) -> Chains:
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


@dataclass(frozen=True)
class _Indices:
    """Which tiles atoms work on: the place inside the row, and the indices of tiles along the loops outside of it.

    There is none along the batched loop.
    """

    inner: Column
    rows: Column
    columns: Column
    outputs: Column
    inputs: Column


def _numbers(designs: Designs) -> tuple[Column, Column, Column, Column]:
    """How many tiles of rows, columns, output and input channels each design has."""
    extent = designs.extent
    loops = zip(extent.loops, (designs.rows, designs.columns, designs.outputs, designs.inputs), strict=True)
    rows, columns, outputs, inputs = (count_array(loop, tile)[:, None] for loop, tile in loops)
    return rows, columns, outputs, inputs


def _indices(designs: Designs, place: Column) -> _Indices:
    """Where the atoms at some places of each design stand; beyond its last atom they are of no account.

    Groups are alike.
    """
    rows, columns, outputs, inputs = _numbers(designs)
    pixels, batch, nothing = rows * columns, designs.batch[:, None], np.zeros_like(place)
    if designs.order is Order.INPUT:
        row, number = -(-outputs // batch), pixels * inputs
    elif designs.order is Order.WEIGHT:
        row, number = pixels, outputs * inputs
    else:
        row, number = -(-inputs // batch), pixels * outputs
    if designs.extent.groups > 1:
        place = place % (row * number)
    rest, inner = np.divmod(place, row)
    if designs.order is Order.WEIGHT:
        m, n = np.divmod(rest, inputs)
        r, c = np.divmod(inner, columns)
        return _Indices(inner, r, c, np.minimum(m, outputs - 1), n)
    rest, index = np.divmod(rest, inputs if designs.order is Order.INPUT else outputs)
    r, c = np.divmod(rest, columns)
    m, n = (nothing, index) if designs.order is Order.INPUT else (index, nothing)
    return _Indices(inner, np.minimum(r, rows - 1), c, m, n)


def _first(designs: Designs) -> _Indices:
    """The very first atoms."""
    return _Indices(*[np.zeros((len(designs), 1), dtype=np.int64)] * 5)


def _tiles(designs: Designs, multiple: int, at: _Indices) -> _Tiles:
    """The tiles of atoms."""
    extent, inner = designs.extent, at.inner
    wide = [x[:, None] for x in (designs.rows, designs.columns, designs.outputs, designs.inputs, designs.batch)]
    t_rows, t_columns, t_outputs, t_inputs, batch = wide
    passes, n_index = count_array(extent.inputs, t_inputs), at.inputs
    n, m = _span(at.inputs, t_inputs, extent.inputs), _span(at.outputs, t_outputs, extent.outputs)
    m_tiles = n_tiles = np.ones_like(inner)
    if designs.order is Order.INPUT:
        m = np.minimum(batch * t_outputs, extent.outputs - inner * batch * t_outputs)
        m_tiles = np.minimum(batch, count_array(extent.outputs, t_outputs) - inner * batch)
    if designs.order is Order.OUTPUT:
        n = np.minimum(batch * t_inputs, extent.inputs - inner * batch * t_inputs)
        n_tiles = np.minimum(batch, passes - inner * batch)
        whole = n // t_inputs
        lanes = whole * padded_array(t_inputs, multiple) + padded_array(n - whole * t_inputs, multiple)
        n_index, passes = inner, -(-passes // batch)
    else:
        lanes = padded_array(n, multiple)
    h, w = _span(at.rows, t_rows, extent.rows), _span(at.columns, t_columns, extent.columns)
    begins, ends = n_index == 0, n_index == passes - 1
    if extent.channelwise:
        begins = ends = np.ones_like(begins)
    return _Tiles(m, m_tiles, n, n_tiles, lanes, h, w, inner, begins, ends)


def _laid_out(designs: Designs, prices: Prices, place: Column | None) -> Iterator[tuple[Column, Column]]:
    """What atoms drain, and what a cycle that starts before them fetches again; then their times.

    They are those at some places of each design, by default the very first ones.
    """
    if designs.extent.pooling:
        place = np.zeros((len(designs), 1), dtype=np.int64) if place is None else place
        return (_pool_atoms(designs, prices, part, place) for part in (0, 1))
    at = _tiles(designs, prices.multiple, _first(designs) if place is None else _indices(designs, place))
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
    return _alone(designs, prices)


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
    found = _alone(designs, prices)
    if extent.pooling or extent.channelwise:
        return found
    passes, row = count_array(extent.inputs, designs.inputs), np.ones_like(designs.rows)
    if designs.order is Order.OUTPUT:
        passes = -(-passes // designs.batch)
    elif designs.order is Order.INPUT:
        row = -(-count_array(extent.outputs, designs.outputs) // designs.batch)
    else:
        row = count_array(extent.rows, designs.rows) * count_array(extent.columns, designs.columns)
    several = np.flatnonzero(passes > 1)
    if len(several):
        later = np.stack([row[several], (passes[several] - 1) * row[several]], axis=1)
        found[several] = np.maximum(found[several], _alone(designs.take(several), prices, later))
    return found


def _alone(designs: Designs, prices: Prices, places: Column | None = None) -> Column:
    """Energy of the dearest of the atoms at some places (the first), alone in its power cycle, without its ends."""
    atom, again = next(_laid_out(designs, prices, places))
    return np.asarray((atom + again).max(axis=1), dtype=np.int64)
