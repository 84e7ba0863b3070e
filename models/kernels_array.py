"""The cost model of ``kernels`` over whole design spaces: one numpy column per tile size, sum or limit.

Every formula here is the one of ``kernels`` written for columns; tests hold the two to the same integers.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ischedule.models.block import Block
from ischedule.models.blocks_array import block_atoms_array, block_designs, block_totals_array
from ischedule.models.demand import TooManyDesigns
from ischedule.models.designs_array import Column as Column
from ischedule.models.designs_array import Designs as Designs
from ischedule.models.kernels import Prices
from ischedule.models.tiling import Arithmetic, Extent, Order

MOST = 20_000_000
"""A layer with more tiles or designs than this is refused: laying them out would take gigabytes."""


def count_array(extent: int, tile: Column) -> Column:
    return -(-extent // tile)


def padded_array(channels: Column, multiple: int) -> Column:
    return -(-channels // multiple) * multiple


def halo_array(extent: Extent, rows: Column, columns: Column) -> Column:
    """The input pixels that tiles of output pixels look at."""
    (down, below), (across, beside) = extent.row_reach, extent.column_reach
    return (down * rows + below) * (across * columns + beside)


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
    writes_per_byte: int | None = None,
) -> list[Designs]:
    """All designs of a form that fit volatile memory.

    ``canonical`` leaves out those that the lemmas of ``kernels`` make redundant. Without ``sums_in_memory`` only
    designs are left whose partial sums never pass through non-volatile memory, and with ``writes_per_byte`` only those
    that write none of its bytes more often.
    """
    words = volatile // prices.word_bytes
    if isinstance(extent, Block):
        return block_designs(form, extent, prices, words)
    found = [_pool_designs(form, extent, prices, words)] if extent.pooling else []
    if not extent.pooling:
        found = _tiled_designs(form, extent, prices, words, canonical)
    return [designs.take(may_store(designs, sums_in_memory, writes_per_byte)) for designs in found]


def may_store(designs: Designs, sums_in_memory: bool, writes_per_byte: int | None) -> NDArray[np.bool_]:
    """Which designs store no sums that they must not store, and none too often."""
    found = np.ones(len(designs), dtype=bool) if sums_in_memory else ~stores_partial_sums(designs)
    return found if writes_per_byte is None else found & (most_writes(designs) <= writes_per_byte)


def _pool_designs(form: int, extent: Extent, prices: Prices, words: int) -> Designs:
    rows, columns, outputs = _grid(extent.rows, extent.columns, extent.outputs)
    trips = count_array(extent.rows, rows) * count_array(extent.columns, columns)
    room = (words - rows * columns * outputs) // (outputs * prices.words_of(extent))
    (rows, columns, outputs), batch = _batched([rows, columns, outputs], np.minimum(trips, room))
    return Designs(form, extent, Order.OUTPUT, rows, columns, outputs, np.ones_like(rows), batch)


def _check_number(number: int, words: int) -> None:
    if number > MOST:
        raise TooManyDesigns(f"a layer has more than {MOST} designs that fit {words} words of volatile memory")


def _fitting_tiles(extent: Extent, prices: Prices, words: int) -> list[Column]:
    """All tiles whose operands and results fit so many words, and (last two columns) how many words both take.

    The rows of a tile are taken one by one, and the other loops only as far as they can fit with them.
    """
    found = []
    multiple, each = prices.multiple, prices.words_of(extent)
    (down, below), (across, beside) = extent.row_reach, extent.column_reach
    for height in range(1, extent.rows + 1):
        high = extent.sources * (down * height + below)
        width = min(extent.columns, (words // (high * multiple) - beside) // across)
        if width < 1:
            break
        most_inputs = min(extent.inputs, words // (high * (across + beside)))
        most_outputs = min(extent.outputs, words // (height * each))
        if extent.weight_taps:
            most_outputs = min(most_outputs, words // (extent.weight_taps * multiple))
        columns, outputs, inputs = _grid(width, most_outputs, most_inputs)
        lanes = padded_array(inputs, multiple)
        halo = extent.sources * halo_array(extent, np.full_like(columns, height), columns)
        results = each * height * columns * (inputs if extent.channelwise else outputs)
        operands = halo * lanes + extent.weight_taps * outputs * lanes + each * height * columns * prices.markers
        fits = (operands + results <= words) & (inputs >= extent.least_inputs)
        parts = (np.full_like(columns, height), columns, outputs, inputs, operands, results)
        found.append([part[fits] for part in parts])
        _check_number(sum(len(part[0]) for part in found), words)
    return [np.concatenate(parts) for parts in zip(*found, strict=True)] if found else _grid(0, 0, 0, 0, 0, 0)


def _tiled_designs(form: int, extent: Extent, prices: Prices, words: int, canonical: bool) -> list[Designs]:
    *base, operands, results = _fitting_tiles(extent, prices, words)
    rows, columns, outputs, inputs = base
    found = []
    for order in extent.orders:
        keep = np.ones(len(rows), dtype=bool)
        if order is Order.OUTPUT:
            batches = count_array(extent.inputs, inputs)
        else:
            if order is Order.INPUT:
                trips = count_array(extent.outputs, outputs)
                if canonical and prices.tiles_are_free:
                    keep = (inputs < extent.inputs) | (outputs == 1)
            else:
                trips = (
                    np.ones_like(rows)
                    if canonical
                    else count_array(extent.rows, rows) * count_array(extent.columns, columns)
                )
            batches = np.minimum(trips, (words - operands) // results)
        _check_number(int(batches.sum()), words)
        (r, c, m, n), batch = _batched([part[keep] for part in base], batches[keep])
        found.append(Designs(form, extent, order, r, c, m, n, batch))
    return found


def stores_partial_sums(designs: Designs) -> NDArray[np.bool_]:
    """Which designs accumulate results over several passes through non-volatile memory."""
    extent = designs.extent
    if extent.pooling:
        return designs.batch < count_array(extent.rows, designs.rows) * count_array(extent.columns, designs.columns)
    if designs.order is Order.OUTPUT:
        return designs.batch < count_array(extent.inputs, designs.inputs)
    return (designs.inputs < extent.inputs) & (not extent.channelwise)


def stores_whole_pixels(designs: Designs) -> NDArray[np.bool_]:
    """Which designs write all result channels of a pixel of a map with every command that stores."""
    extent = designs.extent
    if extent.pooling or extent.channelwise or extent.groups > 1:
        return np.zeros(len(designs), dtype=bool)
    batched = designs.batch if designs.order is Order.INPUT else np.ones_like(designs.batch)
    return np.asarray(batched >= count_array(extent.outputs, designs.outputs))


def most_writes(designs: Designs) -> Column:
    """How often each design writes a byte at most of any region that its results take."""
    extent = designs.extent
    if extent.pooling:
        trips = count_array(extent.rows, designs.rows) * count_array(extent.columns, designs.columns)
        return -(-trips // designs.batch)
    passes = count_array(extent.inputs, designs.inputs)
    if designs.order is Order.OUTPUT:
        return -(-passes // designs.batch)
    return np.ones_like(passes) if extent.channelwise else -(-passes // 2)


def totals(designs: Designs, prices: Prices) -> tuple[Column, Column]:
    """Energy and time of all atoms of each design."""
    energy, time = (_total(designs, prices, part) for part in (0, 1))
    if (prices.each, prices.last) == ((0, 0), (0, 0)):
        return energy, time
    atoms = atoms_per_design(designs)
    return energy + atoms * prices.each[0] + prices.last[0], time + atoms * prices.each[1] + prices.last[1]


def _total(designs: Designs, prices: Prices, part: int) -> Column:
    extent = designs.extent
    if isinstance(extent, Block):
        return block_totals_array(designs, extent, prices, part)
    pixels = extent.rows * extent.columns
    rows, columns = count_array(extent.rows, designs.rows), count_array(extent.columns, designs.columns)
    outputs, inputs = count_array(extent.outputs, designs.outputs), count_array(extent.inputs, designs.inputs)
    read, write = prices.read[part], prices.write[part]
    read_sum, wider = prices.read_sum[part], prices.wider[part]
    store = prices.store_command[designs.order][part]
    sums = prices.sums_command[designs.order][part]
    if extent.pooling:
        batches = -(-(rows * columns) // designs.batch)
        fetch = pixels * (extent.outputs * (read + prices.pool[part]) + outputs * prices.input_command[part])
        kept = extent.outputs * read_sum + outputs * sums + (batches - 1) * extent.outputs * wider
        return np.asarray(fetch + kept + batches * (extent.outputs * write + outputs * store), dtype=np.int64)
    (down, below), (across, beside) = extent.row_reach, extent.column_reach
    halo = (down * extent.rows + rows * below) * (across * extent.columns + columns * beside)
    fetch = extent.sources * halo * (extent.inputs * read + inputs * prices.input_command[part])
    weights = extent.weight_taps * extent.outputs * (extent.inputs * read + inputs * prices.weight_command[part])
    passes, channels, tiles = (1, extent.inputs, inputs) if extent.channelwise else (inputs, extent.outputs, outputs)
    partial = (passes - 1) * pixels * (channels * (wider + read_sum) + tiles * sums)
    work = rows * columns * outputs * inputs * prices.tile[part] + pixels * channels * prices.finish_of(extent)[part]
    if extent.arithmetic is Arithmetic.MULTIPLY:
        whole = extent.inputs // designs.inputs
        rest = extent.inputs - whole * designs.inputs
        lanes = whole * padded_array(designs.inputs, prices.multiple) + padded_array(rest, prices.multiple)
        vectors = inputs * prices.multiply_command[part] + lanes * prices.multiply[part]
        work = work + extent.taps * pixels * extent.outputs * vectors
    else:
        work = work + pixels * channels * prices.element(extent)[part]
    begun = tiles
    if designs.order is Order.INPUT:
        begun = -(-outputs // designs.batch)
        total = fetch + rows * columns * weights + partial + passes * pixels * (channels * write + begun * store)
    elif designs.order is Order.WEIGHT:
        total = outputs * fetch + weights + partial + passes * pixels * (channels * write + tiles * store)
    else:
        batches = -(-inputs // designs.batch)
        stores = batches * pixels * (channels * write + tiles * store) + (batches - 1) * pixels * channels * wider
        total = outputs * fetch + rows * columns * weights + stores
    if extent.bias:
        total = total + rows * columns * (channels * read_sum + begun * prices.weight_command[part])
    return np.asarray(extent.groups * (total + work), dtype=np.int64)


def atoms_per_design(designs: Designs) -> Column:
    """How many atoms each design has."""
    extent = designs.extent
    rows, columns = count_array(extent.rows, designs.rows), count_array(extent.columns, designs.columns)
    outputs, inputs = count_array(extent.outputs, designs.outputs), count_array(extent.inputs, designs.inputs)
    if extent.pooling:
        return outputs * -(-(rows * columns) // designs.batch)
    if designs.order is Order.INPUT:
        return extent.groups * rows * columns * inputs * -(-outputs // designs.batch)
    if designs.order is Order.WEIGHT:
        return extent.groups * outputs * inputs * -(-(rows * columns) // designs.batch)
    return extent.groups * rows * columns * outputs * -(-inputs // designs.batch)


def full_atoms(designs: Designs, prices: Prices) -> list[tuple[Column, Column, Column]]:
    """Kinds of atoms of full size: (how many at least, energy, energy with the reused operand fetched again).

    The kinds are disjoint. Their energies mean something only where the count is above 0: a batch of full tiles may be
    more than the layer has. Pooling counts nothing unless all its batches are equal. WEIGHT order is priced for batch
    1.
    """
    check_batches(designs)
    extent, part = designs.extent, 0
    if isinstance(extent, Block):
        return [block_atoms_array(designs, extent, prices)]
    rows, columns = extent.rows // designs.rows, extent.columns // designs.columns
    outputs, inputs = extent.outputs // designs.outputs, extent.inputs // designs.inputs
    area = designs.rows * designs.columns
    read, write = prices.read[part], prices.write[part]
    read_sum, wider = prices.read_sum[part], prices.wider[part]
    store = prices.store_command[designs.order][part]
    sums = prices.sums_command[designs.order][part]
    if extent.pooling:
        equal = (rows * designs.rows == extent.rows) & (columns * designs.columns == extent.columns)
        pixels = area * designs.batch
        energy = pixels * (designs.outputs * read + prices.input_command[part] + designs.outputs * prices.pool[part])
        energy = energy + designs.outputs * write + store
        stored = energy + designs.outputs * wider
        kept = designs.outputs * read_sum + sums
        tiles = rows * columns
        full, last = tiles // designs.batch, np.where(equal & (tiles % designs.batch == 0), outputs, 0)
        before = np.where(equal, full, 0) * outputs - last
        return [(before, stored, stored + kept), (last, energy, energy + kept)]
    results = designs.inputs if extent.channelwise else designs.outputs
    halo = extent.sources * halo_array(extent, designs.rows, designs.columns)
    fetch = halo * (designs.inputs * read + prices.input_command[part])
    weights = extent.weight_taps * designs.outputs * (designs.inputs * read + prices.weight_command[part])
    partial = area * (results * read_sum + sums)
    work = _work(designs, prices, area, results) + prices.tile[part]
    begin = results * read_sum + prices.weight_command[part] if extent.bias else 0
    ends = area * results * wider, area * results * prices.finish_of(extent)[part]
    passes = np.ones_like(inputs) if extent.channelwise else count_array(extent.inputs, designs.inputs)
    if designs.order is Order.OUTPUT:
        energy = designs.batch * (fetch + weights + work) + area * (results * write + store)
        full, passes = inputs // designs.batch, -(-passes // designs.batch)
        tiles = extent.groups * rows * columns * outputs
        (first, opening), *later = _by_pass(energy, begin, 0, ends, full, passes)
        kinds = [(number * tiles, atom, atom + partial) for number, atom in later]
        return [(first * tiles, opening, opening), *kinds]
    if designs.order is Order.INPUT:
        batch = designs.batch * (weights + work) + area * (designs.batch * results * write + store)
        begin = designs.batch * results * read_sum + prices.weight_command[part] if extent.bias else 0
        ends, partial = (designs.batch * ends[0], designs.batch * ends[1]), designs.batch * partial
        again, tiles = fetch, rows * columns * (outputs // designs.batch)
    else:
        batch = fetch + work + area * (results * write + store)
        again, tiles = weights, rows * columns * outputs
    tiles = extent.groups * tiles
    if extent.channelwise:
        only = batch + begin + ends[1]
        return [(tiles * inputs, only, only + again)]
    by_pass = _by_pass(batch, begin, partial, ends, inputs, passes)
    return [(number * tiles, atom, atom + again) for number, atom in by_pass]


def _by_pass(
    atom: Column, begin: Column | int, partial: Column | int, ends: tuple[Column, Column], full: Column, passes: Column
) -> list[tuple[Column, Column]]:
    """How many full atoms over the same results are of the first pass, between, and of the last, with their energies.

    Later passes read ``partial`` sums. What an atom stores besides words are the ``ends``: wider sums, or finishing.
    """
    wider, finish = ends
    first, last = np.minimum(full, 1), ((full == passes) & (passes > 1)).astype(np.int64)
    return [
        (first, atom + begin + np.where(passes == 1, finish, wider)),
        (np.maximum(full - 1 - last, 0), atom + partial + wider),
        (last, atom + partial + finish),
    ]


def _work(designs: Designs, prices: Prices, area: Column, results: Column) -> Column:
    """The energy of a full tile's arithmetic."""
    extent = designs.extent
    if extent.arithmetic is not Arithmetic.MULTIPLY:
        return area * results * prices.element(extent)[0]
    lanes = padded_array(designs.inputs, prices.multiple)
    return extent.taps * area * designs.outputs * (prices.multiply_command[0] + lanes * prices.multiply[0])


def has_boxes(extent: Extent) -> bool:
    """Whether what a design costs in all depends on numbers of tiles alone."""
    return not extent.pooling and not isinstance(extent, Block)


def check_batches(designs: Designs) -> None:
    if designs.order is Order.WEIGHT and bool((designs.batch > 1).any()):
        raise ValueError("in WEIGHT order only designs of batch 1 are laid out: atoms of others are unions of theirs")
