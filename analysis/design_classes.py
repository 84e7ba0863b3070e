"""The designs of a tiled stage in boxes: all designs of a box issue the same commands and cost the same in all.

What all atoms of a design drain and take follows from the number of tiles along each loop, the number of batches, and
the tile of input channels (padding). It never decreases when one of these numbers grows, whereas memory never decreases
when a tile or batch grows, nor, within given numbers, does the largest atom. So the designs with given numbers form a
box of tile sizes of which the least fits if any does, and along each loop the numbers run from the first that fits to
the last that is not yet too dear: everything beyond is too dear as well, unseen.

Designs that `is_canonical` calls redundant are left out.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import lru_cache
from itertools import accumulate, pairwise, product
from math import isqrt

from ischedule.analysis.block_designs import BlockDesigns, Limit
from ischedule.analysis.first_atom import first_load, heaviest_load
from ischedule.models.block import Block
from ischedule.models.kernels import Price, Prices, padded, totals, volatile_bytes
from ischedule.models.preservation import Kind
from ischedule.models.preserving import preserving
from ischedule.models.program import TiledStage
from ischedule.models.tiling import Arithmetic, Extent, Order, Tiling, count, sizes

Rate = tuple[int, int]

Linear = tuple[int, int, int]

BEYOND = 1 << 200
"""More than any reduced total."""


@dataclass(frozen=True, slots=True)
class Box:
    """Designs of one form and order with equal totals; not all of them need fit."""

    form: int
    order: Order
    rows: range
    columns: range
    outputs: range
    inputs: int
    batch: range
    reduced: int
    """Time and rate times drain of all atoms, times the rate's denominator."""

    @property
    def least(self) -> Tiling:
        """The design of the least tile and batch: if it does not fit, none does."""
        return Tiling(self.form, self.order, self.rows[0], self.columns[0], self.outputs[0], self.inputs, self.batch[0])

    def totals(self, stage: TiledStage) -> Price:
        """Drain and time of all atoms."""
        return totals(stage.forms[self.form], self.least, stage.prices)

    def designs(self, stage: TiledStage) -> Iterator[Tiling]:
        """All designs that fit volatile memory."""
        extent, prices = stage.forms[self.form], stage.prices
        for rows, columns, outputs in product(self.rows, self.columns, self.outputs):
            for batch in self.batch:
                tiling = Tiling(self.form, self.order, rows, columns, outputs, self.inputs, batch)
                if volatile_bytes(extent, tiling, prices) > stage.volatile:
                    break
                yield tiling


@lru_cache(1 << 12)
def counts(extent: int) -> list[int]:
    """The numbers of tiles that an extent can be cut into, least first: large tiles by number, small ones by size."""
    root = isqrt(extent)
    few = {number for number in range(1, root + 2) if count(extent, count(extent, number)) == number}
    return sorted(few.union(count(extent, tile) for tile in range(1, root + 1)))


def tiles(extent: int, number: int) -> range:
    """The tile sizes that cut an extent into so many tiles."""
    return range(count(extent, number), (extent if number == 1 else count(extent, number - 1) - 1) + 1)


@lru_cache(1 << 12)
def cuts(extent: int) -> list[tuple[int, range]]:
    """The numbers of tiles that an extent can be cut into, least first, each with the tile sizes that lead to it."""
    return [(number, tiles(extent, number)) for number in counts(extent)]


def distinct(stage: TiledStage, box: Box, seen: set[tuple[int, ...]]) -> Iterator[Tiling]:
    """The designs of a box, of those with the same atoms only one, over all boxes with the same ``seen``.

    Pooling atoms depend on their pixels alone, whatever the shape of the tiles.
    """
    extent = stage.forms[box.form]
    for tiling in box.designs(stage):
        if extent.pooling:
            atoms = (box.form, tiling.outputs, *pooled_pixels(extent, tiling))
            if atoms in seen:
                continue
            seen.add(atoms)
        yield tiling


def pooled_pixels(extent: Extent, tiling: Tiling) -> list[int]:
    """The pixels of each batch of a pooling layer."""
    sized = [
        height * width for height in sizes(extent.rows, tiling.rows) for width in sizes(extent.columns, tiling.columns)
    ]
    before = [*accumulate(sized, initial=0)][:: tiling.batch]
    return [after - pixels for pixels, after in pairwise([*before, extent.rows * extent.columns]) if after > pixels]


class Classes:
    """All boxes of a stage for one rate, restricted to designs whose least corner fits memory and a cycle's load."""

    def __init__(self, stage: TiledStage, widest: int) -> None:
        self.stage, self.widest = stage, widest - stage.prices.beside
        self._found: dict[int, BlockDesigns] = {}

    def below(self, rate: Rate, limit: int, start: int = 0) -> Iterator[Box]:
        """The boxes whose reduced totals at this rate are below the limit, and not below the start."""
        yield from self._below(rate, Limit(limit), start)

    def least(self, rate: Rate) -> int | None:
        """The least reduced total of a box that fits, None if there is none."""
        limit = Limit(BEYOND)
        for box in self._below(rate, limit):
            limit.value = box.reduced
        return None if limit.value == BEYOND else limit.value

    def _below(self, rate: Rate, limit: Limit, start: int = 0) -> Iterator[Box]:
        for form, extent in enumerate(self.stage.forms):
            for order in extent.orders:
                if isinstance(extent, Block):
                    yield from self._blocks(form, extent, order, rate, limit, start)
                    continue
                nest = _Nest(self, form, extent, order, rate, start)
                yield from nest.pooled(limit) if extent.pooling else nest.tiled(limit)

    def _blocks(self, form: int, block: Block, order: Order, rate: Rate, limit: Limit, start: int) -> Iterator[Box]:
        """The designs of a block one by one: they are few."""
        if form not in self._found:
            self._found[form] = BlockDesigns(self.stage, form, block, self.widest)
        for tiling, reduced in self._found[form].below(order, rate, limit):
            if reduced < start:
                continue
            tile = (tiling.rows, tiling.columns, tiling.outputs, tiling.batch)
            rows, columns, outputs, batch = (range(size, size + 1) for size in tile)
            yield Box(form, order, rows, columns, outputs, tiling.inputs, batch, reduced)

    def passes(self, extent: Extent, box: Box) -> bool:
        """Whether any design of the least tile of a box has no atom that is too large for every cycle.

        The least batch is the best, except in OUTPUT order: there a larger batch leaves less for the next one, which
        also reads partial sums.
        """
        prices, least = self.stage.prices, box.least
        if box.order is not Order.OUTPUT or extent.pooling:
            return heaviest_load(extent, least, prices) <= self.widest
        if first_load(extent, least, prices) > self.widest:
            return False
        return any(heaviest_load(extent, replace(least, batch=batch), prices) <= self.widest for batch in box.batch)


class _Nest:
    """The boxes of one form and order."""

    def __init__(self, classes: Classes, form: int, extent: Extent, order: Order, rate: Rate, start: int) -> None:
        self.classes, self.form, self.extent, self.order, self.start = classes, form, extent, order, start
        self.sums, self.writes = classes.stage.sums_in_memory, classes.stage.writes_per_byte
        self.price = _Reduced(classes.stage.prices, order, rate)
        self.row_tiles, self.column_tiles = dict(cuts(extent.rows)), dict(cuts(extent.columns))
        self.output_tiles = cuts(extent.outputs)
        self.row_counts, self.column_counts = list(self.row_tiles), list(self.column_tiles)
        self.taps, self.weight_taps = extent.taps, extent.weight_taps
        self.row_reach, self.column_reach = extent.row_reach, extent.column_reach
        self.words = classes.stage.volatile // classes.stage.prices.word_bytes
        self.each = classes.stage.prices.words_of(extent)
        self.is_whole = classes.stage.kind is Kind.AUGMENTED
        self.is_preserving = not classes.stage.prices.is_plain

    def pooled(self, limit: Limit) -> Iterator[Box]:
        extent, price = self.extent, self.price
        pixels = extent.rows * extent.columns
        for outputs in counts(extent.outputs):
            fixed = pixels * extent.outputs * (price.read + price.pool) + extent.outputs * price.read_sum
            fixed += outputs * (pixels * price.input_command + price.sums)
            stores, sums = (extent.outputs * write + outputs * price.store for write in (price.write, price.write_sum))
            if fixed + stores >= limit.value:
                break
            for rows, columns in product(range(1, extent.rows + 1), range(1, extent.columns + 1)):
                trips = count(extent.rows, rows) * count(extent.columns, columns)
                for batches in counts(trips) if self.sums else [1]:
                    reduced = fixed + stores + (batches - 1) * sums
                    if reduced >= limit.value or self._is_worn_by(batches):
                        break
                    pixel_tiles = (range(rows, rows + 1), range(columns, columns + 1))
                    channels, batch = tiles(extent.outputs, outputs), tiles(trips, batches)
                    if channels[0] * (rows * columns + self.each * batch[0]) <= self.words:
                        yield from self._passing(pixel_tiles, channels, 1, batch, reduced, limit)

    def tiled(self, limit: Limit) -> Iterator[Box]:
        extent = self.extent
        sums = self.sums or self.order is Order.OUTPUT or extent.channelwise
        for inputs in range(extent.inputs, extent.least_inputs - 1 if sums else extent.inputs - 1, -1):
            # two passes in a row write to different bytes
            if self.order is not Order.OUTPUT and self._is_worn_by((count(extent.inputs, inputs) + 1) // 2):
                break
            for number, outputs in self._outputs(inputs):
                dear, once, each = True, *self._coefficients(inputs, number)
                for batches, batch in self._batches(inputs, number):
                    linear = (once[0] + batches * each[0], once[1], once[2] + batches * each[1])
                    if self._at(linear, 1, 1) >= limit.value:
                        break
                    dear = False
                    for rows, columns, reduced in self._pixels(linear, self._memory(inputs, outputs, batch), limit):
                        yield from self._passing((rows, columns), outputs, inputs, batch, reduced, limit)
                if dear:
                    break

    def _outputs(self, inputs: int) -> list[tuple[int, range]]:
        """Numbers of tiles of output channels, least first, each with the tile sizes that lead to it."""
        if self.order is Order.INPUT and inputs == self.extent.inputs and self.classes.stage.prices.tiles_are_free:
            return [(self.extent.outputs, range(1, 2))]
        return self.output_tiles[:1] if self.is_whole and self.order is not Order.INPUT else self.output_tiles

    def _batches(self, inputs: int, outputs: int) -> list[tuple[int, range]]:
        """Numbers of batches of the innermost loop, least first, each with the batch sizes that lead to it."""
        if self.order is Order.WEIGHT:
            return [(1, range(1, 2))]
        trips = outputs if self.order is Order.INPUT else count(self.extent.inputs, inputs)
        if self.is_whole and self.order is Order.INPUT:
            return cuts(trips)[:1]
        if self.order is not Order.OUTPUT:
            return cuts(trips)
        return [one for one in cuts(trips) if one[0] == 1 or (self.sums and not self._is_worn_by(one[0]))]

    def _is_worn_by(self, times: int) -> bool:
        """Whether results may not be written so often; channelwise nests write each of theirs once."""
        return self.writes is not None and not self.extent.channelwise and times > self.writes

    def _memory(self, inputs: int, outputs: range, batch: range) -> tuple[int, int, int]:
        """Words for weights, for each input pixel, and for each output pixel, of the least tile and batch."""
        extent, lanes = self.extent, padded(inputs, self.price.multiple)
        kept = 1 if self.order is Order.OUTPUT else batch[0]
        results = inputs if extent.channelwise else outputs[0]
        held = self.each * (results * kept + self.classes.stage.prices.markers)
        return self.weight_taps * outputs[0] * lanes, extent.sources * lanes, held

    def _coefficients(self, inputs: int, outputs: int) -> tuple[Linear, tuple[int, int]]:
        """The reduced total as a constant, a part per input pixel fetched, and a part per tile of pixels.

        Then what each batch adds to the first and to the last of them.
        """
        extent, price, order = self.extent, self.price, self.order
        number = count(extent.inputs, inputs)
        whole, rest = divmod(extent.inputs, inputs)
        lanes = whole * padded(inputs, price.multiple) + padded(rest, price.multiple)
        pixels, groups = extent.rows * extent.columns, extent.groups
        passes, channels, tiles = (
            (1, extent.inputs, number) if extent.channelwise else (number, extent.outputs, outputs)
        )
        halo = extent.sources * groups * (extent.inputs * price.read + number * price.input_command)
        weights = self.weight_taps * extent.outputs * (extent.inputs * price.read + number * price.weight_command)
        wider = pixels * channels * (price.write_sum - price.write)
        partial = (passes - 1) * (pixels * (channels * price.read_sum + tiles * price.sums) + wider)
        if extent.arithmetic is Arithmetic.MULTIPLY:
            vectors = number * price.multiply_command + lanes * price.multiply
            work = self.taps * pixels * extent.outputs * vectors
        else:
            work = pixels * channels * price.element(extent)
        tile, begin = outputs * number * price.tile, groups * price.weight_command if extent.bias else 0
        if extent.bias:
            tile += channels * price.read_sum
        if extent.finish:
            work += pixels * channels * price.finish
        write, store = pixels * channels * price.write, pixels * price.store
        if order is Order.INPUT:
            once = groups * (partial + work + passes * write), halo, groups * (weights + tile)
            return once, (groups * passes * store, begin)
        each = groups * tile + tiles * begin
        if order is Order.WEIGHT:
            stores = passes * (write + tiles * store)
            return (groups * (weights + partial + work + stores), outputs * halo, each), (0, 0)
        stores = groups * (write + wider + tiles * store)
        return (groups * (work - wider), outputs * halo, groups * weights + each), (stores, 0)

    def _at(self, linear: Linear, rows: int, columns: int) -> int:
        extent, (constant, per_halo, per_tile) = self.extent, linear
        (down, below), (across, beside) = self.row_reach, self.column_reach
        halo = (down * extent.rows + rows * below) * (across * extent.columns + columns * beside)
        return constant + per_halo * halo + per_tile * rows * columns

    def _pixels(self, linear: Linear, memory: tuple[int, int, int], limit: Limit) -> Iterator[tuple[range, range, int]]:
        """The staircase over numbers of rows and columns: from the first that fits memory up to the limit."""
        extent = self.extent
        weights, per_input, per_output = memory
        (down, below), (across, beside) = self.row_reach, self.column_reach
        wide = (across + beside) * per_input
        tallest = (self.words - weights - below * wide) // (down * wide + per_output)
        if tallest < 1:
            return
        for number in self.row_counts[bisect_left(self.row_counts, count(extent.rows, min(tallest, extent.rows))) :]:
            if self._at(linear, number, 1) >= limit.value:
                break
            rows = self.row_tiles[number]
            high = down * rows[0] + below
            free = self.words - weights - high * beside * per_input
            most = free // (high * across * per_input + rows[0] * per_output)
            first = count(extent.columns, min(most, extent.columns))
            for columns in self.column_counts[bisect_left(self.column_counts, first) :]:
                reduced = self._at(linear, number, columns)
                if reduced >= limit.value:
                    break
                yield rows, self.column_tiles[columns], reduced

    def _passing(
        self, pixels: tuple[range, range], outputs: range, inputs: int, batch: range, reduced: int, limit: Limit
    ) -> Iterator[Box]:
        """The box, if it may be wanted: its atoms are counted here, so that it may cost more than was known so far."""
        box = Box(self.form, self.order, *pixels, outputs, inputs, batch, reduced)
        if self.is_preserving:
            more = self.price.reduced(preserving(self.extent, box.least, self.classes.stage.prices))
            box = replace(box, reduced=reduced + more)
        if box.reduced < self.start or box.reduced >= limit.value:
            return
        if self.classes.passes(self.extent, box):
            yield box


class _Reduced:
    """Prices of one order as time plus rate times drain, times the rate's denominator."""

    def __init__(self, prices: Prices, order: Order, rate: Rate) -> None:
        def reduced(price: Price) -> int:
            return rate[1] * price[1] + rate[0] * price[0]

        self.multiple = prices.multiple
        self.read, self.write = reduced(prices.read), reduced(prices.write)
        self.read_sum, self.write_sum = reduced(prices.read_sum), reduced(prices.write_sum)
        self.input_command, self.weight_command = reduced(prices.input_command), reduced(prices.weight_command)
        self.sums, self.store = reduced(prices.sums_command[order]), reduced(prices.store_command[order])
        self.multiply, self.multiply_command = reduced(prices.multiply), reduced(prices.multiply_command)
        self.tile, self.pool, self.finish = reduced(prices.tile), reduced(prices.pool), reduced(prices.finish)
        self._prices, self.reduced = prices, reduced

    def element(self, extent: Extent) -> int:
        """The work for each result of a nest that multiplies nothing."""
        return self.reduced(self._prices.element(extent))
