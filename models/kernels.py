"""What a tiled layer costs: its transfers and arithmetic as one loop nest, in whole femtojoules and picoseconds.

Data is laid out channels last, so that one transfer command moves the channels of one pixel (or of one kernel tap). For
a tile of ``r x c`` pixels, ``m`` output and ``n`` input channels and a kernel of ``h x w`` taps:

    input fetch     (r + h - 1)(c + w - 1) commands of n elements
    weight fetch    h w m commands of n elements
    partial sums    r c commands of m elements, unless these are the first input channels
    arithmetic      h w r c m vector multiply-accumulates of n elements, padded to the multiple (also in memory)
    result          r c commands of m elements; in INPUT order one command per pixel writes a whole batch

Every price is an integer, rounded up once when the device is read, so that every sum is exact: a tile batch costs the
same however it is cut into tiles that issue the same commands. Two lemmas follow, which shrink the design space without
losing a plan (``canonical``):

* WEIGHT order, batch S: its atoms are unions of the atoms of batch 1, which needs less memory and allows every cut.
* INPUT order with all input channels in one tile and nothing paid per tile: tiles of m channels in batches of S issue
  the commands of tiles of 1 channel in batches of m S, which need less memory.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from math import prod

from ischedule.models.chain import Chain
from ischedule.models.tiling import Extent, Order, Tiling, count, sizes

Price = tuple[int, int]
"""Energy (or charge) and time."""


@dataclass(frozen=True, slots=True)
class Prices:
    """What the primitives of a device cost, addressing included."""

    read: Price
    write: Price
    input_command: Price
    weight_command: Price
    sums_command: dict[Order, Price]
    store_command: dict[Order, Price]
    multiply: Price
    multiply_command: Price
    tile: Price
    pool: Price
    multiple: int
    word_bytes: int
    counts_tiles: bool = False
    """Whether tiles differ in something that these prices do not show."""

    @property
    def tiles_are_free(self) -> bool:
        """Whether nothing is paid per tile."""
        return self.tile == (0, 0) and not self.counts_tiles


@dataclass(frozen=True, slots=True)
class Ends:
    """What every power cycle pays besides its atoms: booting and reading the progress record, and writing it.

    ``record`` is what the record has in bytes.
    """

    resume: Price
    commit: Price
    record: int = 0


def padded(channels: int, multiple: int) -> int:
    """The length of a vector operation on this many channels."""
    return -(-channels // multiple) * multiple


def volatile_bytes(extent: Extent, tiling: Tiling, multiple: int, word_bytes: int) -> int:
    """Volatile memory of a design: operands of one full tile and the results of one full batch."""
    area = tiling.rows * tiling.columns
    if extent.pooling:
        return word_bytes * (area * tiling.outputs + tiling.outputs * tiling.batch)
    inputs = padded(tiling.inputs, multiple)
    halo = (tiling.rows + extent.kernel_rows - 1) * (tiling.columns + extent.kernel_columns - 1)
    weights = extent.kernel_rows * extent.kernel_columns * tiling.outputs * inputs
    kept = 1 if tiling.order is Order.OUTPUT else tiling.batch
    return word_bytes * (halo * inputs + weights + area * tiling.outputs * kept)


def is_canonical(extent: Extent, tiling: Tiling, prices: Prices) -> bool:
    """Whether neither lemma of this module offers a design that serves as well with less memory."""
    if extent.pooling:
        return True
    if tiling.order is Order.WEIGHT:
        return tiling.batch == 1
    return not (
        tiling.order is Order.INPUT and tiling.inputs == extent.inputs and tiling.outputs > 1 and prices.tiles_are_free
    )


def totals(extent: Extent, tiling: Tiling, prices: Prices) -> Price:
    """Energy and time of all atoms of a design, in closed form: it depends on the tile counts alone."""
    whole, rest = divmod(extent.inputs, tiling.inputs)
    lanes = whole * padded(tiling.inputs, prices.multiple) + padded(rest, prices.multiple)
    return _total(extent, tiling, prices, lanes, 0), _total(extent, tiling, prices, lanes, 1)


def least_totals(extent: Extent, tiling: Tiling, prices: Prices) -> Price:
    """A lower bound for a box of designs from its upper corner: none with sizes and batch at most these totals less.

    Smaller sizes mean more tiles, more tiles more commands; but padding does not grow with their number (6 channels are
    8 lanes in tiles of 3, and 6 in tiles of 2, where the multiple is 2), so the channels are padded here only once.
    """
    lanes = padded(extent.inputs, prices.multiple)
    return _total(extent, tiling, prices, lanes, 0), _total(extent, tiling, prices, lanes, 1)


def most_spent(extent: Extent, prices: Prices, ends: Ends) -> Price:
    """No design and no power cycles of a layer spend more: the finest tiles, each in a cycle of its own."""
    sums = []
    for order in (Order.OUTPUT,) if extent.pooling else Order:
        finest = Tiling(0, order, 1, 1, 1, 1, 1)
        atoms = prod(extent.loops)
        again = next(rows_of(extent, finest, prices))[0].again
        once = totals(extent, finest, prices)
        sums.append([once[part] + atoms * (again[part] + ends.resume[part] + ends.commit[part]) for part in (0, 1)])
    return max(energy for energy, _ in sums), max(time for _, time in sums)


def _total(extent: Extent, tiling: Tiling, prices: Prices, lanes: int, part: int) -> int:
    pixels = extent.rows * extent.columns
    rows, columns = count(extent.rows, tiling.rows), count(extent.columns, tiling.columns)
    outputs, inputs = count(extent.outputs, tiling.outputs), count(extent.inputs, tiling.inputs)
    read, write = prices.read[part], prices.write[part]
    store = prices.store_command[tiling.order][part]
    sums = prices.sums_command[tiling.order][part]
    if extent.pooling:
        batches = count(rows * columns, tiling.batch)
        fetch = pixels * (extent.outputs * read + outputs * prices.input_command[part])
        work = pixels * extent.outputs * prices.pool[part]
        kept = extent.outputs * read + outputs * sums
        return fetch + work + kept + batches * (extent.outputs * write + outputs * store)
    taps = extent.kernel_rows * extent.kernel_columns
    halo_rows = extent.rows + rows * (extent.kernel_rows - 1)
    halo_columns = extent.columns + columns * (extent.kernel_columns - 1)
    fetch = halo_rows * halo_columns * (extent.inputs * read + inputs * prices.input_command[part])
    weights = taps * extent.outputs * (extent.inputs * read + inputs * prices.weight_command[part])
    partial = (inputs - 1) * pixels * (extent.outputs * read + outputs * sums)
    work = taps * pixels * extent.outputs * (inputs * prices.multiply_command[part] + lanes * prices.multiply[part])
    work += rows * columns * outputs * inputs * prices.tile[part]
    if tiling.order is Order.INPUT:
        stores = inputs * pixels * (extent.outputs * write + count(outputs, tiling.batch) * store)
        return fetch + rows * columns * weights + partial + work + stores
    if tiling.order is Order.WEIGHT:
        return outputs * fetch + weights + partial + work + inputs * pixels * (extent.outputs * write + outputs * store)
    stores = count(inputs, tiling.batch) * pixels * (extent.outputs * write + outputs * store)
    return outputs * fetch + rows * columns * weights + work + stores


def _batches(tiles: list[int], batch: int) -> list[list[int]]:
    return [tiles[start : start + batch] for start in range(0, len(tiles), batch)]


@dataclass(frozen=True, slots=True)
class Row:
    """One pass of the innermost loop: its atoms, and what a cycle that starts inside it fetches again."""

    atoms: list[Price]
    again: Price


def rows_of(extent: Extent, tiling: Tiling, prices: Prices) -> Iterator[tuple[Row, int]]:
    """The design as a run-length coded sequence of rows; equal rows are one object."""
    if extent.pooling:
        yield from _pool_rows(extent, tiling, prices)
    elif tiling.order is Order.INPUT:
        yield from _input_rows(extent, tiling, prices)
    elif tiling.order is Order.WEIGHT:
        yield from _weight_rows(extent, tiling, prices)
    else:
        yield from _output_rows(extent, tiling, prices)


def _price(parts: list[tuple[int, Price]]) -> Price:
    return sum(n * price[0] for n, price in parts), sum(n * price[1] for n, price in parts)


def _add(first: Price, second: Price) -> Price:
    return first[0] + second[0], first[1] + second[1]


def _runs(values: list[int]) -> Iterator[tuple[int, int]]:
    start = 0
    for index in range(1, len(values) + 1):
        if index == len(values) or values[index] != values[start]:
            yield values[start], index - start
            start = index


def _fetch(extent: Extent, prices: Prices, r: int, c: int, n: int, tiles: int) -> Price:
    halo = (r + extent.kernel_rows - 1) * (c + extent.kernel_columns - 1)
    return _price([(halo * n, prices.read), (halo * tiles, prices.input_command)])


def _weights(extent: Extent, prices: Prices, m: int, n: int, tiles: int) -> Price:
    vectors = extent.kernel_rows * extent.kernel_columns * m
    return _price([(vectors * n, prices.read), (vectors * tiles, prices.weight_command)])


def _sums(prices: Prices, order: Order, pixels: int, m: int, tiles: int) -> Price:
    return _price([(pixels * m, prices.read), (pixels * tiles, prices.sums_command[order])])


def _store(prices: Prices, order: Order, pixels: int, m: int) -> Price:
    return _price([(pixels * m, prices.write), (pixels, prices.store_command[order])])


def _work(extent: Extent, prices: Prices, pixels: int, m: int, lanes: int, vectors: int, tiles: int) -> Price:
    steps = extent.kernel_rows * extent.kernel_columns * pixels * m
    return _price([(steps * vectors, prices.multiply_command), (steps * lanes, prices.multiply), (tiles, prices.tile)])


def _input_rows(extent: Extent, tiling: Tiling, prices: Prices) -> Iterator[tuple[Row, int]]:
    batches = _batches(sizes(extent.outputs, tiling.outputs), tiling.batch)
    known: dict[tuple[int, int, int, bool], Row] = {}

    def row(r: int, c: int, n: int, first: bool) -> Row:
        key = (r, c, n, first)
        if key not in known:
            fetch = _fetch(extent, prices, r, c, n, 1)
            lanes = padded(n, prices.multiple)
            atoms = []
            for batch in batches:
                m, tiles = sum(batch), len(batch)
                cost = _add(_weights(extent, prices, m, n, 1), _work(extent, prices, r * c, m, lanes, 1, tiles))
                cost = _add(cost, _store(prices, Order.INPUT, r * c, m))
                atoms.append(cost if first else _add(cost, _sums(prices, Order.INPUT, r * c, m, tiles)))
            atoms[0] = _add(atoms[0], fetch)
            known[key] = Row(atoms, fetch)
        return known[key]

    inputs = sizes(extent.inputs, tiling.inputs)
    for r in sizes(extent.rows, tiling.rows):
        for c, times in _runs(sizes(extent.columns, tiling.columns)):
            if len(inputs) == 1:
                yield row(r, c, inputs[0], True), times
                continue
            for _ in range(times):
                yield row(r, c, inputs[0], True), 1
                for n, repeats in _runs(inputs[1:]):
                    yield row(r, c, n, False), repeats


def _weight_rows(extent: Extent, tiling: Tiling, prices: Prices) -> Iterator[tuple[Row, int]]:
    tiles = [(r, c) for r in sizes(extent.rows, tiling.rows) for c in sizes(extent.columns, tiling.columns)]
    batches = [tiles[start : start + tiling.batch] for start in range(0, len(tiles), tiling.batch)]

    def row(m: int, n: int, first: bool) -> Row:
        weights = _weights(extent, prices, m, n, 1)
        lanes = padded(n, prices.multiple)
        known: dict[tuple[int, int], Price] = {}
        for r, c in set(tiles):
            cost = _add(_fetch(extent, prices, r, c, n, 1), _work(extent, prices, r * c, m, lanes, 1, 1))
            cost = _add(cost, _store(prices, Order.WEIGHT, r * c, m))
            known[r, c] = cost if first else _add(cost, _sums(prices, Order.WEIGHT, r * c, m, 1))
        atoms = [(sum(known[t][0] for t in batch), sum(known[t][1] for t in batch)) for batch in batches]
        atoms[0] = _add(atoms[0], weights)
        return Row(atoms, weights)

    inputs = sizes(extent.inputs, tiling.inputs)
    for m, times in _runs(sizes(extent.outputs, tiling.outputs)):
        parts = [(row(m, inputs[0], True), 1)] + [(row(m, n, False), repeats) for n, repeats in _runs(inputs[1:])]
        for _ in range(times):
            yield from parts


def _output_rows(extent: Extent, tiling: Tiling, prices: Prices) -> Iterator[tuple[Row, int]]:
    batches = _batches(sizes(extent.inputs, tiling.inputs), tiling.batch)
    known: dict[tuple[int, int, int], Row] = {}

    def row(r: int, c: int, m: int) -> Row:
        if (r, c, m) not in known:
            atoms = []
            for batch in batches:
                n, tiles, lanes = sum(batch), len(batch), sum(padded(x, prices.multiple) for x in batch)
                cost = _add(_fetch(extent, prices, r, c, n, tiles), _weights(extent, prices, m, n, tiles))
                cost = _add(cost, _work(extent, prices, r * c, m, lanes, tiles, tiles))
                atoms.append(_add(cost, _store(prices, Order.OUTPUT, r * c, m)))
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
        kept = _price([(m, prices.read), (1, prices.sums_command[Order.OUTPUT])])
        atoms = []
        for batch in batches:
            pixels = sum(batch)
            fetch = _price([(pixels * m, prices.read), (pixels, prices.input_command), (pixels * m, prices.pool)])
            atoms.append(_add(fetch, _store(prices, Order.OUTPUT, 1, m)))
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
        resume_drain += ([ends.resume[0]] + [ends.resume[0] + row.again[0]] * inside) * repeats
        resume_time += ([ends.resume[1]] + [ends.resume[1] + row.again[1]] * inside) * repeats
    length = len(energy)
    return Chain(
        energy,
        time,
        resume_drain,
        resume_time,
        [ends.commit[0]] * length,
        [ends.commit[1]] * length,
        [True] * length,
        volatile_bytes(extent, tiling, prices.multiple, prices.word_bytes),
    )


def heaviest_cycle(extent: Extent, tiling: Tiling, prices: Prices, ends: Ends) -> int:
    """Energy of the dearest power cycle of a single atom: a design fits a budget if and only if this does."""
    worst = 0
    for row in {id(row): row for row, _ in rows_of(extent, tiling, prices)}.values():
        for index, atom in enumerate(row.atoms):
            worst = max(worst, atom[0] + (row.again[0] if index else 0))
    return worst + ends.resume[0] + ends.commit[0]
