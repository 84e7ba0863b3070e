"""What a tiled layer costs: its transfers and arithmetic as one loop nest, in whole femtojoules and picoseconds.

Data is laid out channels last, so that one transfer command moves the channels of one pixel (or of one kernel tap). For
a tile of ``r x c`` pixels, ``m`` output and ``n`` input channels and a kernel of ``h x w`` taps:

    input fetch     a command of n elements for each input pixel that the tile looks at (r + h - 1 rows, c + w - 1
                    columns at stride 1), padding included
    weight fetch    h w m commands of n elements
    partial sums    r c commands of m sums, unless these are the first input channels
    bias            with the first input channels one command for the output channels of an atom (in WEIGHT order of a
                    tile): sums begin with it
    arithmetic      h w r c m vector multiply-accumulates of n elements, padded to the multiple (also in memory)
    finish          r c m steps after the last input channels, where results pass through an activation
    result          r c commands of m elements, before the last input channels of m sums; in INPUT order one command per
                    pixel writes a whole batch

Sums and biases can be wider than elements; what multiplies keeps sums in volatile memory until it stores results. A
channelwise nest has n results and m = 1: h w commands of n weights, h w r c multiply-accumulates of vectors, and stores
of n elements; without weights it works on h w elements for each result (pooling) or on one of each source. Its weights
are reused along a row and its channels are never summed.

Every price is an integer, rounded up once when the device is read, so that every sum is exact: a tile batch costs the
same however it is cut into tiles that issue the same commands. Two lemmas follow, which shrink the design space without
losing a plan (``canonical``):

* WEIGHT order, batch S: its atoms are unions of the atoms of batch 1, which needs less memory and allows every cut.
* INPUT order with all input channels in one tile and nothing paid per tile: tiles of m channels in batches of S issue
  the commands of tiles of 1 channel in batches of m S, which need less memory.
"""

from __future__ import annotations

from collections.abc import Iterator
from math import prod
from typing import TypeVar

from ischedule.models.block import Block, is_block_tiling
from ischedule.models.block_prices import (
    block_heaviest,
    block_most_spent,
    block_rows,
    block_totals,
    block_volatile_bytes,
)
from ischedule.models.chain import Chain
from ischedule.models.preserving import dearer_start, preserving, preserving_rows
from ischedule.models.primitives import Ends as Ends
from ischedule.models.primitives import Price as Price
from ischedule.models.primitives import Prices as Prices
from ischedule.models.primitives import Row as Row
from ischedule.models.primitives import padded as padded
from ischedule.models.tiling import Arithmetic, Extent, Order, Tiling, atoms_in, count, sizes

Value = TypeVar("Value")


def volatile_bytes(extent: Extent, tiling: Tiling, prices: Prices) -> int:
    """Volatile memory of a design: operands of one full tile and the results of one full batch, as wide as sums."""
    if isinstance(extent, Block):
        return block_volatile_bytes(extent, tiling, prices)
    area, each = tiling.rows * tiling.columns, prices.words_of(extent)
    if extent.pooling:
        return prices.word_bytes * (area * tiling.outputs + each * tiling.outputs * tiling.batch)
    inputs = padded(tiling.inputs, prices.multiple)
    halo = extent.sources * extent.halo(tiling.rows, tiling.columns)
    weights = extent.weight_taps * tiling.outputs * inputs
    kept = 1 if tiling.order is Order.OUTPUT else tiling.batch
    results = tiling.inputs if extent.channelwise else tiling.outputs
    return prices.word_bytes * (halo * inputs + weights + each * area * (results * kept + prices.markers))


def is_canonical(extent: Extent, tiling: Tiling, prices: Prices) -> bool:
    """Whether neither lemma of this module offers a design that serves as well with less memory."""
    if isinstance(extent, Block):
        return is_block_tiling(extent, tiling)
    if extent.pooling:
        return True
    if tiling.order is Order.WEIGHT:
        return tiling.batch == 1
    return not (
        tiling.order is Order.INPUT and tiling.inputs == extent.inputs and tiling.outputs > 1 and prices.tiles_are_free
    )


def totals(extent: Extent, tiling: Tiling, prices: Prices) -> Price:
    """Energy and time of all atoms of a design, in closed form: it depends on the tile counts alone."""
    if isinstance(extent, Block):
        return block_totals(extent, tiling, prices)
    whole, rest = divmod(extent.inputs, tiling.inputs)
    lanes = whole * padded(tiling.inputs, prices.multiple) + padded(rest, prices.multiple)
    found = _total(extent, tiling, prices, lanes, 0), _total(extent, tiling, prices, lanes, 1)
    return _add(found, preserving(extent, tiling, prices))


def least_totals(extent: Extent, tiling: Tiling, prices: Prices) -> Price:
    """A lower bound for a box of designs from its upper corner: none with sizes and batch at most these totals less.

    Smaller sizes mean more tiles, more tiles more commands; but padding does not grow with their number (6 channels are
    8 lanes in tiles of 3, and 6 in tiles of 2, where the multiple is 2), so the channels are padded here only once.
    """
    lanes = padded(extent.inputs, prices.multiple)
    found = _total(extent, tiling, prices, lanes, 0), _total(extent, tiling, prices, lanes, 1)
    return _add(found, preserving(extent, tiling, prices))


def most_spent(extent: Extent, prices: Prices, ends: Ends) -> Price:
    """No design and no power cycles of a layer spend more: the finest tiles, each in a cycle of its own."""
    if isinstance(extent, Block):
        more = tuple(resume + start for resume, start in zip(ends.resume, dearer_start(prices, 1), strict=True))
        return block_most_spent(extent, prices, Ends((more[0], more[1]), ends.commit))
    sums = []
    for order in extent.orders:
        finest = Tiling(0, order, 1, 1, 1, extent.least_inputs, 1)
        atoms = extent.groups * prod(extent.loops) // extent.least_inputs
        again = _add(next(_rows_of(extent, finest, prices))[0].again, dearer_start(prices, atoms))
        once = totals(extent, finest, prices)
        sums.append([once[part] + atoms * (again[part] + ends.resume[part] + ends.commit[part]) for part in (0, 1)])
    return max(energy for energy, _ in sums), max(time for _, time in sums)


def _total(extent: Extent, tiling: Tiling, prices: Prices, lanes: int, part: int) -> int:
    pixels = extent.rows * extent.columns
    rows, columns = count(extent.rows, tiling.rows), count(extent.columns, tiling.columns)
    outputs, inputs = count(extent.outputs, tiling.outputs), count(extent.inputs, tiling.inputs)
    read, write = prices.read[part], prices.write[part]
    read_sum, wider = prices.read_sum[part], prices.wider[part]
    store = prices.store_command[tiling.order][part]
    sums = prices.sums_command[tiling.order][part]
    if extent.pooling:
        batches = count(rows * columns, tiling.batch)
        fetch = pixels * (extent.outputs * read + outputs * prices.input_command[part])
        work = pixels * extent.outputs * prices.pool[part]
        kept = extent.outputs * read_sum + outputs * sums + (batches - 1) * extent.outputs * wider
        return fetch + work + kept + batches * (extent.outputs * write + outputs * store)
    fetch = extent.sources * _all_reached(extent, rows, columns)
    fetch *= extent.inputs * read + inputs * prices.input_command[part]
    weights = extent.weight_taps * extent.outputs * (extent.inputs * read + inputs * prices.weight_command[part])
    passes, channels, tiles = (1, extent.inputs, inputs) if extent.channelwise else (inputs, extent.outputs, outputs)
    partial = (passes - 1) * pixels * (channels * (wider + read_sum) + tiles * sums)
    if extent.arithmetic is Arithmetic.MULTIPLY:
        vectors = inputs * prices.multiply_command[part] + lanes * prices.multiply[part]
        work = extent.taps * pixels * extent.outputs * vectors
    else:
        work = pixels * channels * prices.element(extent)[part]
    work += rows * columns * outputs * inputs * prices.tile[part] + pixels * channels * prices.finish_of(extent)[part]
    begun = tiles
    if tiling.order is Order.INPUT:
        begun = count(outputs, tiling.batch)
        total = fetch + rows * columns * weights + partial + passes * pixels * (channels * write + begun * store)
    elif tiling.order is Order.WEIGHT:
        total = outputs * fetch + weights + partial + passes * pixels * (channels * write + tiles * store)
    else:
        batches = count(inputs, tiling.batch)
        stores = batches * pixels * (channels * write + tiles * store) + (batches - 1) * pixels * channels * wider
        total = outputs * fetch + rows * columns * weights + stores
    if extent.bias:
        total += rows * columns * (channels * read_sum + begun * prices.weight_command[part])
    return extent.groups * (total + work)


def _all_reached(extent: Extent, rows: int, columns: int) -> int:
    """The input pixels that all tiles look at, from the numbers of their rows and columns."""
    (down, below), (across, beside) = extent.row_reach, extent.column_reach
    return (down * extent.rows + rows * below) * (across * extent.columns + columns * beside)


def _batches(tiles: list[int], batch: int) -> list[list[int]]:
    return [tiles[start : start + batch] for start in range(0, len(tiles), batch)]


def rows_of(extent: Extent, tiling: Tiling, prices: Prices) -> Iterator[tuple[Row, int]]:
    """The design as a run-length coded sequence of rows; equal rows are one object."""
    found = _rows_of(extent, tiling, prices)
    if prices.is_plain:
        return found
    return preserving_rows(found, prices, 1 if isinstance(extent, Block) else atoms_in(extent, tiling))


def _rows_of(extent: Extent, tiling: Tiling, prices: Prices) -> Iterator[tuple[Row, int]]:
    if isinstance(extent, Block):
        yield from block_rows(extent, tiling, prices)
        return
    if extent.pooling:
        found = _pool_rows(extent, tiling, prices)
    elif tiling.order is Order.INPUT:
        found = _input_rows(extent, tiling, prices)
    elif tiling.order is Order.WEIGHT:
        found = _weight_rows(extent, tiling, prices)
    else:
        found = _output_rows(extent, tiling, prices)
    if extent.groups == 1:
        yield from found
        return
    group = list(found)
    for _ in range(extent.groups):
        yield from group


def _times(number: int, price: Price) -> Price:
    return number * price[0], number * price[1]


def _both(number: int, price: Price, other: int, priced: Price) -> Price:
    return number * price[0] + other * priced[0], number * price[1] + other * priced[1]


def _add(first: Price, second: Price) -> Price:
    return first[0] + second[0], first[1] + second[1]


def _runs(values: list[Value]) -> Iterator[tuple[Value, int]]:
    start = 0
    for index in range(1, len(values) + 1):
        if index == len(values) or values[index] != values[start]:
            yield values[start], index - start
            start = index


Channels = tuple[int, bool, bool]
"""One pass over input channels: how many, and whether it is the first and the last over its results."""


def _passes(extent: Extent, tiling: Tiling) -> list[tuple[Channels, int]]:
    """The passes over the same results, equal ones together; channelwise every tile is a pass of its own."""
    tiles = sizes(extent.inputs, tiling.inputs)
    if extent.channelwise:
        return [((n, True, True), times) for n, times in _runs(tiles)]
    last = len(tiles) - 1
    return list(_runs([(n, place == 0, place == last) for place, n in enumerate(tiles)]))


def _fetch(extent: Extent, prices: Prices, r: int, c: int, n: int, tiles: int) -> Price:
    pixels = extent.sources * extent.halo(r, c)
    return _both(pixels * n, prices.read, pixels * tiles, prices.input_command)


def _weights(extent: Extent, prices: Prices, m: int, n: int, tiles: int) -> Price:
    vectors = extent.weight_taps * m
    return _both(vectors * n, prices.read, vectors * tiles, prices.weight_command)


def _sums(prices: Prices, order: Order, pixels: int, m: int, tiles: int) -> Price:
    return _both(pixels * m, prices.read_sum, pixels * tiles, prices.sums_command[order])


def _begin(extent: Extent, prices: Prices, results: int) -> Price:
    return _both(results, prices.read_sum, 1, prices.weight_command) if extent.bias else (0, 0)


def _store(extent: Extent, prices: Prices, order: Order, pixels: int, results: int, last: bool) -> Price:
    """Sums stored, or after the last pass results, which are finished before."""
    if not last:
        return _both(pixels * results, prices.write_sum, pixels, prices.store_command[order])
    finish = _times(pixels * results, prices.finish_of(extent))
    return _add(finish, _both(pixels * results, prices.write, pixels, prices.store_command[order]))


def _work(extent: Extent, prices: Prices, pixels: int, m: int, lanes: int, vectors: int, tiles: int) -> Price:
    steps = extent.taps * pixels * m
    return _add(
        _both(steps * vectors, prices.multiply_command, steps * lanes, prices.multiply), _times(tiles, prices.tile)
    )


def _elements(extent: Extent, prices: Prices, pixels: int, n: int) -> Price:
    return _both(pixels * n, prices.element(extent), 1, prices.tile)


def _input_rows(extent: Extent, tiling: Tiling, prices: Prices) -> Iterator[tuple[Row, int]]:
    tiled = _batches(sizes(extent.outputs, tiling.outputs), tiling.batch)
    batches = list(_runs([(sum(batch), len(batch)) for batch in tiled]))
    known: dict[tuple[int, int, Channels], Row] = {}

    def row(r: int, c: int, channels: Channels) -> Row:
        key = (r, c, channels)
        if key not in known:
            n, begins, ends = channels
            fetch = _fetch(extent, prices, r, c, n, 1)
            lanes = padded(n, prices.multiple)
            atoms: list[Price] = []
            for (m, tiles), times in batches:
                cost = _add(_weights(extent, prices, m, n, 1), _work(extent, prices, r * c, m, lanes, 1, tiles))
                cost = _add(cost, _store(extent, prices, Order.INPUT, r * c, m, ends))
                sums = _begin(extent, prices, m) if begins else _sums(prices, Order.INPUT, r * c, m, tiles)
                atoms += [_add(cost, sums)] * times
            atoms[0] = _add(atoms[0], fetch)
            known[key] = Row(atoms, fetch)
        return known[key]

    passes = _passes(extent, tiling)
    for r in sizes(extent.rows, tiling.rows):
        for c, times in _runs(sizes(extent.columns, tiling.columns)):
            if len(passes) == 1 and passes[0][1] == 1:
                yield row(r, c, passes[0][0]), times
                continue
            for _ in range(times):
                for channels, repeats in passes:
                    yield row(r, c, channels), repeats


def _weight_rows(extent: Extent, tiling: Tiling, prices: Prices) -> Iterator[tuple[Row, int]]:
    tiles = [(r, c) for r in sizes(extent.rows, tiling.rows) for c in sizes(extent.columns, tiling.columns)]
    batches = [tiles[start : start + tiling.batch] for start in range(0, len(tiles), tiling.batch)]

    def row(m: int, channels: Channels) -> Row:
        n, begins, ends = channels
        weights = _weights(extent, prices, m, n, 1)
        results = n if extent.channelwise else m
        known: dict[tuple[int, int], Price] = {}
        for r, c in set(tiles):
            stored = _store(extent, prices, Order.WEIGHT, r * c, results, ends)
            cost = _add(_fetch(extent, prices, r, c, n, 1), stored)
            if extent.arithmetic is Arithmetic.MULTIPLY:
                cost = _add(cost, _work(extent, prices, r * c, m, padded(n, prices.multiple), 1, 1))
            else:
                cost = _add(cost, _elements(extent, prices, r * c, n))
            sums = _begin(extent, prices, results) if begins else _sums(prices, Order.WEIGHT, r * c, m, 1)
            known[r, c] = _add(cost, sums)
        if tiling.batch == 1:
            atoms = [known[tile] for tile in tiles]
        else:
            atoms = [(sum(known[t][0] for t in batch), sum(known[t][1] for t in batch)) for batch in batches]
        atoms[0] = _add(atoms[0], weights)
        return Row(atoms, weights)

    passes = _passes(extent, tiling)
    for m, times in _runs(sizes(extent.outputs, tiling.outputs)):
        parts = [(row(m, channels), repeats) for channels, repeats in passes]
        for _ in range(times):
            yield from parts


def _output_rows(extent: Extent, tiling: Tiling, prices: Prices) -> Iterator[tuple[Row, int]]:
    tiled = _batches(sizes(extent.inputs, tiling.inputs), tiling.batch)
    batches = list(_runs([(sum(batch), len(batch), sum(padded(n, prices.multiple) for n in batch)) for batch in tiled]))
    known: dict[tuple[int, int, int], Row] = {}

    def row(r: int, c: int, m: int) -> Row:
        if (r, c, m) not in known:
            atoms: list[Price] = []
            for (n, tiles, lanes), times in batches:
                cost = _add(_fetch(extent, prices, r, c, n, tiles), _weights(extent, prices, m, n, tiles))
                cost = _add(cost, _work(extent, prices, r * c, m, lanes, tiles, tiles))
                atoms += [cost] * times
            final = len(atoms) - 1
            sums, results = (_store(extent, prices, Order.OUTPUT, r * c, m, last) for last in (False, True))
            atoms = [_add(cost, results if place == final else sums) for place, cost in enumerate(atoms)]
            atoms[0] = _add(atoms[0], _begin(extent, prices, m))
            known[r, c, m] = Row(atoms, _sums(prices, Order.OUTPUT, r * c, m, 1))
        return known[r, c, m]

    for r in sizes(extent.rows, tiling.rows):
        for c, times in _runs(sizes(extent.columns, tiling.columns)):
            parts = [(row(r, c, m), repeats) for m, repeats in _runs(sizes(extent.outputs, tiling.outputs))]
            if len(parts) == 1:
                yield parts[0][0], parts[0][1] * times
                continue
            for _ in range(times):
                yield from parts


def _pool_rows(extent: Extent, tiling: Tiling, prices: Prices) -> Iterator[tuple[Row, int]]:
    rows, columns = sizes(extent.rows, tiling.rows), sizes(extent.columns, tiling.columns)
    batches = _batches([r * c for r in rows for c in columns], tiling.batch)
    for m, times in _runs(sizes(extent.outputs, tiling.outputs)):
        kept = _both(m, prices.read_sum, 1, prices.sums_command[Order.OUTPUT])
        atoms = []
        for place, batch in enumerate(batches, 1):
            pixels = sum(batch)
            fetch = _add(_both(pixels * m, prices.read, pixels, prices.input_command), _times(pixels * m, prices.pool))
            atoms.append(_add(fetch, _store(extent, prices, Order.OUTPUT, 1, m, place == len(batches))))
        atoms[0] = _add(atoms[0], kept)
        yield Row(atoms, kept), times


def chain(extent: Extent, tiling: Tiling, prices: Prices, ends: Ends) -> Chain:
    """All atoms of a design in order, with what a cycle pays at either end of each."""
    energy: list[int] = []
    time: list[int] = []
    resume_drain: list[int] = []
    resume_time: list[int] = []
    for row, repeats in rows_of(extent, tiling, prices):
        inside = len(row.atoms) - 1
        energy += [atom[0] for atom in row.atoms] * repeats
        time += [atom[1] for atom in row.atoms] * repeats
        start, again = _add(ends.resume, row.start), _add(ends.resume, row.again)
        resume_drain += ([start[0]] + [again[0]] * inside) * repeats
        resume_time += ([start[1]] + [again[1]] * inside) * repeats
    length = len(energy)
    return Chain(
        energy,
        time,
        resume_drain,
        resume_time,
        [ends.commit[0]] * length,
        [ends.commit[1]] * length,
        [True] * length,
        volatile_bytes(extent, tiling, prices),
    )


def heaviest_cycle(extent: Extent, tiling: Tiling, prices: Prices, ends: Ends) -> int:
    """Energy of the dearest power cycle of a single atom: a design fits a budget if and only if this does."""
    if isinstance(extent, Block):
        return block_heaviest(extent, tiling, prices) + prices.begin[0] + ends.resume[0] + ends.commit[0]
    worst = 0
    for row in {id(row): row for row, _ in rows_of(extent, tiling, prices)}.values():
        for index, atom in enumerate(row.atoms):
            worst = max(worst, atom[0] + (row.again if index else row.start)[0])
    return worst + ends.resume[0] + ends.commit[0]
