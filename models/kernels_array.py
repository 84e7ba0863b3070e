"""The cost model of ``kernels`` over whole design spaces: one numpy column per tile size, sum or limit.

Every formula here is the one of ``kernels`` written for columns; tests hold the two to the same integers.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ischedule.models.demand import TooManyDesigns
from ischedule.models.kernels import Prices
from ischedule.models.tiling import Extent, Order, Tiling

Column = NDArray[np.int64]
MOST = 20_000_000
"""A layer with more tiles or designs than this is refused: laying them out would take gigabytes."""
ORDERS = (Order.INPUT, Order.WEIGHT, Order.OUTPUT)


@dataclass(frozen=True)
class Designs:
    """Tilings of one form and one order: equal columns of tile sizes and batches."""

    form: int
    extent: Extent
    order: Order
    rows: Column
    columns: Column
    outputs: Column
    inputs: Column
    batch: Column

    def __len__(self) -> int:
        return len(self.rows)

    def take(self, index: NDArray[np.intp] | NDArray[np.bool_]) -> Designs:
        """The designs at these places."""
        parts = (self.rows, self.columns, self.outputs, self.inputs, self.batch)
        rows, columns, outputs, inputs, batch = (part[index] for part in parts)
        return Designs(self.form, self.extent, self.order, rows, columns, outputs, inputs, batch)

    def tiling(self, place: int) -> Tiling:
        """One design as the scalar model knows it."""
        parts = (self.rows, self.columns, self.outputs, self.inputs, self.batch)
        rows, columns, outputs, inputs, batch = (int(part[place]) for part in parts)
        return Tiling(self.form, self.order, rows, columns, outputs, inputs, batch)


def _ceil(extent: int, tile: Column) -> Column:
    return -(-extent // tile)


def _pad(channels: Column, multiple: int) -> Column:
    return -(-channels // multiple) * multiple


def _grid(*extents: int) -> list[Column]:
    axes = [np.arange(1, extent + 1, dtype=np.int64) for extent in extents]
    return [axis.ravel() for axis in np.meshgrid(*axes, indexing="ij")]


def _batched(base: list[Column], batches: Column) -> tuple[list[Column], Column]:
    """Every design of ``base`` with every batch from 1 to its limit."""
    batches = np.maximum(batches, 0)
    index = np.repeat(np.arange(len(batches)), batches)
    first = np.repeat(np.cumsum(batches) - batches, batches)
    return [part[index] for part in base], np.arange(len(index), dtype=np.int64) - first + 1


def enumerate_designs(
    form: int,
    extent: Extent,
    prices: Prices,
    volatile: int,
    *,
    canonical: bool = True,
    sums_in_memory: bool = True,
) -> list[Designs]:
    """All designs of a form that fit volatile memory.

    ``canonical`` leaves out those that the lemmas of ``kernels`` make redundant. Without ``sums_in_memory`` only
    designs are left whose partial sums never pass through non-volatile memory.
    """
    words = volatile // prices.word_bytes
    found = [_pool_designs(form, extent, words)] if extent.pooling else []
    if not extent.pooling:
        found = _tiled_designs(form, extent, prices, words, canonical)
    return found if sums_in_memory else [designs.take(~stores_partial_sums(designs)) for designs in found]


def _pool_designs(form: int, extent: Extent, words: int) -> Designs:
    rows, columns, outputs = _grid(extent.rows, extent.columns, extent.outputs)
    trips = _ceil(extent.rows, rows) * _ceil(extent.columns, columns)
    room = (words - rows * columns * outputs) // outputs
    (rows, columns, outputs), batch = _batched([rows, columns, outputs], np.minimum(trips, room))
    return Designs(form, extent, Order.OUTPUT, rows, columns, outputs, np.ones_like(rows), batch)


def _check_number(number: int, words: int) -> None:
    if number > MOST:
        raise TooManyDesigns(f"a layer has more than {MOST} designs that fit {words} words of volatile memory")


def _fitting_tiles(extent: Extent, multiple: int, words: int) -> list[Column]:
    """All tiles whose operands and results fit so many words, and (last two columns) how many words both take.

    The rows of a tile are taken one by one, and the other loops only as far as they can fit with them.
    """
    found = []
    for height in range(1, extent.rows + 1):
        reach = (height + extent.kernel_rows - 1) * multiple
        width = min(extent.columns, words // reach - extent.kernel_columns + 1)
        if width < 1:
            break
        most_inputs = min(extent.inputs, words // (reach // multiple * extent.kernel_columns))
        taps = extent.kernel_rows * extent.kernel_columns
        most_outputs = min(extent.outputs, words // height, words // (taps * multiple))
        columns, outputs, inputs = _grid(width, most_outputs, most_inputs)
        lanes = _pad(inputs, multiple)
        halo = (height + extent.kernel_rows - 1) * (columns + extent.kernel_columns - 1)
        operands, results = halo * lanes + taps * outputs * lanes, height * columns * outputs
        fits = operands + results <= words
        parts = (np.full_like(columns, height), columns, outputs, inputs, operands, results)
        found.append([part[fits] for part in parts])
        _check_number(sum(len(part[0]) for part in found), words)
    return [np.concatenate(parts) for parts in zip(*found, strict=True)] if found else _grid(0, 0, 0, 0, 0, 0)


def _tiled_designs(form: int, extent: Extent, prices: Prices, words: int, canonical: bool) -> list[Designs]:
    *base, operands, results = _fitting_tiles(extent, prices.multiple, words)
    rows, columns, outputs, inputs = base
    found = []
    for order in ORDERS:
        keep = np.ones(len(rows), dtype=bool)
        if order is Order.OUTPUT:
            batches = _ceil(extent.inputs, inputs)
        else:
            if order is Order.INPUT:
                trips = _ceil(extent.outputs, outputs)
                if canonical and prices.tiles_are_free:
                    keep = (inputs < extent.inputs) | (outputs == 1)
            else:
                trips = np.ones_like(rows) if canonical else _ceil(extent.rows, rows) * _ceil(extent.columns, columns)
            batches = np.minimum(trips, (words - operands) // results)
        _check_number(int(batches.sum()), words)
        (r, c, m, n), batch = _batched([part[keep] for part in base], batches[keep])
        found.append(Designs(form, extent, order, r, c, m, n, batch))
    return found


def stores_partial_sums(designs: Designs) -> NDArray[np.bool_]:
    """Which designs accumulate results over several passes through non-volatile memory."""
    extent = designs.extent
    if extent.pooling:
        return designs.batch < _ceil(extent.rows, designs.rows) * _ceil(extent.columns, designs.columns)
    if designs.order is Order.OUTPUT:
        return designs.batch < _ceil(extent.inputs, designs.inputs)
    return designs.inputs < extent.inputs


def totals(designs: Designs, prices: Prices) -> tuple[Column, Column]:
    """Energy and time of all atoms of each design."""
    energy, time = (_total(designs, prices, part) for part in (0, 1))
    return energy, time


def _total(designs: Designs, prices: Prices, part: int) -> Column:
    extent = designs.extent
    pixels = extent.rows * extent.columns
    rows, columns = _ceil(extent.rows, designs.rows), _ceil(extent.columns, designs.columns)
    outputs, inputs = _ceil(extent.outputs, designs.outputs), _ceil(extent.inputs, designs.inputs)
    read, write = prices.read[part], prices.write[part]
    store = prices.store_command[designs.order][part]
    sums = prices.sums_command[designs.order][part]
    if extent.pooling:
        batches = -(-(rows * columns) // designs.batch)
        fetch = pixels * (extent.outputs * (read + prices.pool[part]) + outputs * prices.input_command[part])
        kept = extent.outputs * read + outputs * sums
        return np.asarray(fetch + kept + batches * (extent.outputs * write + outputs * store), dtype=np.int64)
    taps = extent.kernel_rows * extent.kernel_columns
    halo = (extent.rows + rows * (extent.kernel_rows - 1)) * (extent.columns + columns * (extent.kernel_columns - 1))
    fetch = halo * (extent.inputs * read + inputs * prices.input_command[part])
    weights = taps * extent.outputs * (extent.inputs * read + inputs * prices.weight_command[part])
    partial = (inputs - 1) * pixels * (extent.outputs * read + outputs * sums)
    whole = extent.inputs // designs.inputs
    rest = extent.inputs - whole * designs.inputs
    lanes = whole * _pad(designs.inputs, prices.multiple) + _pad(rest, prices.multiple)
    vectors = inputs * prices.multiply_command[part] + lanes * prices.multiply[part]
    work = taps * pixels * extent.outputs * vectors + rows * columns * outputs * inputs * prices.tile[part]
    if designs.order is Order.INPUT:
        stores = inputs * pixels * (extent.outputs * write + -(-outputs // designs.batch) * store)
        return np.asarray(fetch + rows * columns * weights + partial + work + stores, dtype=np.int64)
    if designs.order is Order.WEIGHT:
        stores = inputs * pixels * (extent.outputs * write + outputs * store)
        return np.asarray(outputs * fetch + weights + partial + work + stores, dtype=np.int64)
    stores = -(-inputs // designs.batch) * pixels * (extent.outputs * write + outputs * store)
    return np.asarray(outputs * fetch + rows * columns * weights + work + stores, dtype=np.int64)


def atoms_per_design(designs: Designs) -> Column:
    """How many atoms each design has."""
    extent = designs.extent
    rows, columns = _ceil(extent.rows, designs.rows), _ceil(extent.columns, designs.columns)
    outputs, inputs = _ceil(extent.outputs, designs.outputs), _ceil(extent.inputs, designs.inputs)
    if extent.pooling:
        return outputs * -(-(rows * columns) // designs.batch)
    if designs.order is Order.INPUT:
        return rows * columns * inputs * -(-outputs // designs.batch)
    if designs.order is Order.WEIGHT:
        return outputs * inputs * -(-(rows * columns) // designs.batch)
    return rows * columns * outputs * -(-inputs // designs.batch)


def full_atoms(designs: Designs, prices: Prices) -> list[tuple[Column, Column, Column]]:
    """Kinds of atoms of full size: (how many at least, energy, energy with the reused operand fetched again).

    The kinds are disjoint. Their energies mean something only where the count is above 0: a batch of full tiles may be
    more than the layer has. Pooling counts nothing unless all its batches are equal. WEIGHT order is priced for batch
    1.
    """
    _check_batches(designs)
    extent, part = designs.extent, 0
    rows, columns = extent.rows // designs.rows, extent.columns // designs.columns
    outputs, inputs = extent.outputs // designs.outputs, extent.inputs // designs.inputs
    area = designs.rows * designs.columns
    read, write = prices.read[part], prices.write[part]
    store = prices.store_command[designs.order][part]
    sums = prices.sums_command[designs.order][part]
    if extent.pooling:
        equal = (rows * designs.rows == extent.rows) & (columns * designs.columns == extent.columns)
        pixels = area * designs.batch
        energy = pixels * (designs.outputs * read + prices.input_command[part] + designs.outputs * prices.pool[part])
        energy = energy + designs.outputs * write + store
        kept = designs.outputs * read + sums
        return [(np.where(equal, rows * columns // designs.batch, 0) * outputs, energy, energy + kept)]
    taps = extent.kernel_rows * extent.kernel_columns
    halo = (designs.rows + extent.kernel_rows - 1) * (designs.columns + extent.kernel_columns - 1)
    fetch = halo * (designs.inputs * read + prices.input_command[part])
    weights = taps * designs.outputs * (designs.inputs * read + prices.weight_command[part])
    partial = area * (designs.outputs * read + sums)
    lanes = _pad(designs.inputs, prices.multiple)
    work = taps * area * designs.outputs * (prices.multiply_command[part] + lanes * prices.multiply[part])
    work = work + prices.tile[part]
    if designs.order is Order.OUTPUT:
        energy = designs.batch * (fetch + weights + work) + area * (designs.outputs * write + store)
        groups = inputs // designs.batch
        tiles = rows * columns * outputs
        first = np.minimum(groups, 1) * tiles
        return [(first, energy, energy), (np.maximum(groups - 1, 0) * tiles, energy, energy + partial)]
    if designs.order is Order.INPUT:
        batch = designs.batch * (weights + work) + area * (designs.batch * designs.outputs * write + store)
        full, again, tiles = designs.batch * partial, fetch, rows * columns * (outputs // designs.batch)
    else:
        batch = fetch + work + area * (designs.outputs * write + store)
        full, again, tiles = partial, weights, rows * columns * outputs
    later = np.maximum(inputs - 1, 0) * tiles
    return [(tiles * np.minimum(inputs, 1), batch, batch + again), (later, batch + full, batch + full + again)]


def heaviest_atoms(designs: Designs, prices: Prices) -> Column:
    """Energy of the dearest power cycle of a single atom, without the common ends: ``heaviest_cycle`` as a column.

    Tiles and batches are largest where their loop begins. So the dearest atom is the very first one, or the first that
    also reads partial sums: later input channels may be fewer than the first.
    """
    _check_batches(designs)
    extent = designs.extent
    if extent.pooling:
        reading = np.zeros_like(designs.rows)
    elif designs.order is Order.INPUT:
        reading = -(-_ceil(extent.outputs, designs.outputs) // designs.batch)
    elif designs.order is Order.WEIGHT:
        reading = _ceil(extent.rows, designs.rows) * _ceil(extent.columns, designs.columns)
    else:
        reading = np.ones_like(designs.rows)
    reading = np.minimum(reading, atoms_per_design(designs) - 1)
    lay_out = _pool_atoms if extent.pooling else _atoms
    atom, again = lay_out(designs, prices, 0, np.stack([np.zeros_like(reading), reading], axis=1))
    return np.asarray((atom + again).max(axis=1), dtype=np.int64)


def _check_batches(designs: Designs) -> None:
    if designs.order is Order.WEIGHT and bool((designs.batch > 1).any()):
        raise ValueError("in WEIGHT order only designs of batch 1 are laid out: atoms of others are unions of theirs")


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
    _check_batches(designs)
    length = atoms_per_design(designs)
    place = np.arange(int(length.max()), dtype=np.int64)[None, :]
    valid = place < length[:, None]
    sums: list[Column] = []
    agains: list[Column] = []
    for part in (0, 1):
        lay_out = _pool_atoms if designs.extent.pooling else _atoms
        atom, again = lay_out(designs, prices, part, place)
        total = np.zeros((len(length), place.shape[1] + 1), dtype=np.int64)
        np.cumsum(np.where(valid, atom, 0), axis=1, out=total[:, 1:])
        sums.append(total)
        agains.append(np.where(valid, again, 0))
    return Chains(length, sums[0], sums[1], agains[0], agains[1])


def _span(index: Column, tile: Column, extent: int) -> Column:
    """The size of the tile at an index of a loop."""
    return np.asarray(np.minimum(tile, extent - index * tile), dtype=np.int64)


def _atoms(designs: Designs, prices: Prices, part: int, place: Column) -> tuple[Column, Column]:
    extent = designs.extent
    wide = [x[:, None] for x in (designs.rows, designs.columns, designs.outputs, designs.inputs, designs.batch)]
    t_rows, t_columns, t_outputs, t_inputs, batch = wide
    n_rows, n_columns = _ceil(extent.rows, t_rows), _ceil(extent.columns, t_columns)
    n_outputs, n_inputs = _ceil(extent.outputs, t_outputs), _ceil(extent.inputs, t_inputs)
    read, write = prices.read[part], prices.write[part]
    store = prices.store_command[designs.order][part]
    sums = prices.sums_command[designs.order][part]
    taps = extent.kernel_rows * extent.kernel_columns
    if designs.order is Order.INPUT:
        groups = -(-n_outputs // batch)
        b, rest = place % groups, place // groups
        n_index, rest = rest % n_inputs, rest // n_inputs
        c, r = rest % n_columns, rest // n_columns
        m = np.minimum(batch * t_outputs, extent.outputs - b * batch * t_outputs)
        m_tiles = np.minimum(batch, n_outputs - b * batch)
        n, n_tiles = _span(n_index, t_inputs, extent.inputs), np.ones_like(b)
        lanes = _pad(n, prices.multiple)
        inner = b
    elif designs.order is Order.WEIGHT:
        groups = n_rows * n_columns
        inner, rest = place % groups, place // groups
        n_index, m_index = rest % n_inputs, np.minimum(rest // n_inputs, n_outputs - 1)
        c, r = inner % n_columns, inner // n_columns
        m, m_tiles = _span(m_index, t_outputs, extent.outputs), np.ones_like(inner)
        n, n_tiles = _span(n_index, t_inputs, extent.inputs), np.ones_like(inner)
        lanes = _pad(n, prices.multiple)
    else:
        groups = -(-n_inputs // batch)
        inner, rest = place % groups, place // groups
        m_index, rest = rest % n_outputs, rest // n_outputs
        c, r = rest % n_columns, rest // n_columns
        m, m_tiles = _span(m_index, t_outputs, extent.outputs), np.ones_like(inner)
        n_index = inner
        n = np.minimum(batch * t_inputs, extent.inputs - inner * batch * t_inputs)
        n_tiles = np.minimum(batch, n_inputs - inner * batch)
        whole = n // t_inputs
        lanes = whole * _pad(t_inputs, prices.multiple) + _pad(n - whole * t_inputs, prices.multiple)
    h = _span(np.minimum(r, n_rows - 1), t_rows, extent.rows)
    w = _span(c, t_columns, extent.columns)
    area = h * w
    halo = (h + extent.kernel_rows - 1) * (w + extent.kernel_columns - 1)
    fetch = halo * (n * read + n_tiles * prices.input_command[part])
    weights = taps * m * (n * read + n_tiles * prices.weight_command[part])
    partial = area * (m * read + m_tiles * sums)
    work = taps * area * m * (n_tiles * prices.multiply_command[part] + lanes * prices.multiply[part])
    work = work + m_tiles * n_tiles * prices.tile[part] + area * (m * write + store)
    first = inner == 0
    if designs.order is Order.OUTPUT:
        return fetch + weights + work, np.where(first, 0, partial)
    again, each = (fetch, weights) if designs.order is Order.INPUT else (weights, fetch)
    atom = each + work + np.where(n_index > 0, partial, 0)
    return atom + np.where(first, again, 0), np.where(first, 0, again)


def _pool_atoms(designs: Designs, prices: Prices, part: int, place: Column) -> tuple[Column, Column]:
    extent, store = designs.extent, prices.store_command[designs.order][part]
    wide = [x[:, None] for x in (designs.rows, designs.columns, designs.outputs, designs.batch)]
    t_rows, t_columns, t_outputs, batch = wide
    n_columns, n_outputs = _ceil(extent.columns, t_columns), _ceil(extent.outputs, t_outputs)
    tiles = _ceil(extent.rows, t_rows) * n_columns
    batches = -(-tiles // batch)
    b = place % batches
    m = _span(np.minimum(place // batches, n_outputs - 1), t_outputs, extent.outputs)
    after = _pixels_before(np.minimum((b + 1) * batch, tiles), t_rows, t_columns, n_columns, extent)
    pixels = after - _pixels_before(b * batch, t_rows, t_columns, n_columns, extent)
    kept = m * prices.read[part] + prices.sums_command[designs.order][part]
    atom = pixels * (m * (prices.read[part] + prices.pool[part]) + prices.input_command[part])
    atom = atom + m * prices.write[part] + store
    return atom + np.where(b == 0, kept, 0), np.where(b == 0, 0, kept)


def _pixels_before(tiles: Column, t_rows: Column, t_columns: Column, n_columns: Column, extent: Extent) -> Column:
    """Pixels in the first so many tiles of a row-major sweep."""
    full, rest = tiles // n_columns, tiles % n_columns
    above = np.minimum(full * t_rows, extent.rows)
    height = np.minimum(t_rows, extent.rows - above)
    before = above * extent.columns + height * np.minimum(rest * t_columns, extent.columns)
    return np.asarray(before, dtype=np.int64)
