"""What a block costs: each atom's price is linear in the positions that the kernels fetch and compute for its patch.

A *cost line* has one number for what is paid once, one for each position fetched, and one for each position that each
kernel computes; all of energy or all of time. What all atoms cost is the same line at the sums over all patches, which
are products of a sum over rows and one over columns.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from itertools import groupby
from typing import NamedTuple

from ischedule.models.block import Block, finest_tiling, held, lengths, sums, undominated
from ischedule.models.primitives import Ends, Price, Prices, Row, padded
from ischedule.models.tiling import Arithmetic, Order, Tiling, count, sizes

Line = tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Tile:
    """A tile of channels: of the mixing kernel's outputs, and the tiles of input channels that one atom takes."""

    order: Order
    outputs: int
    inputs: tuple[int, ...]


class Primitives(NamedTuple):
    """The energy or the time of the primitives, in one order."""

    read: int
    write: int
    read_sum: int
    input_command: int
    weight_command: int
    store_command: int
    multiply: int
    multiply_command: int
    tile: int
    finish: int
    multiple: int
    elements: tuple[int, ...]
    """Of each kernel the work for a result, where nothing is multiplied."""


def _primitives(block: Block, order: Order, prices: Prices, part: int) -> Primitives:
    return Primitives(
        prices.read[part],
        prices.write[part],
        prices.read_sum[part],
        prices.input_command[part],
        prices.weight_command[part],
        prices.store_command[order][part],
        prices.multiply[part],
        prices.multiply_command[part],
        prices.tile[part],
        prices.finish[part],
        prices.multiple,
        tuple(prices.element(kernel)[part] for kernel in block.parts),
    )


def lines(block: Block, tile: Tile, prices: Prices, part: int) -> tuple[Line, Line]:
    """What the reused operand costs, and an atom without it; ``part`` is 0 for energy, 1 for time."""
    return _lines(block, tile, _primitives(block, tile.order, prices, part))


@lru_cache(1 << 15)
def _lines(block: Block, tile: Tile, prices: Primitives) -> tuple[Line, Line]:
    return _Lines(block, tile.order, prices).of(tile.outputs, tile.inputs)


class _Lines:
    """The cost lines of the phases of an atom."""

    def __init__(self, block: Block, order: Order, prices: Primitives) -> None:
        self.block, self.order, self.prices = block, order, prices
        mixing, widening = block.mixing, block.widening
        places = range(len(block.parts))
        first = 0 if widening is None else widening + 1
        self.leading = places[: 0 if widening is None else widening]
        self.before = places[first:mixing]
        self.after = places[:0] if mixing is None else places[mixing + 1 :]
        self.mixing, self.widening = mixing, widening
        self.every = block.parts[0].inputs

    def of(self, outputs: int, inputs: tuple[int, ...]) -> tuple[Line, Line]:
        closing = self._closing(outputs if self.mixing is not None else inputs[0])
        if self.order is Order.OUTPUT:
            found = [closing, *(self._weights(place, 1, outputs) for place in self.after), self._entering(True)]
            for n, same in groupby(inputs):
                one = [self._weights(self.mixing, outputs, n), self._work(self.mixing, outputs, n)]
                found.append(_times(len(list(same)), _sum(self._opening(n, True), *one)))
            return self._line(), _sum(*found)
        every = inputs[0]
        weights = [self._weights(place, 1, outputs) for place in self.after]
        work = self._line()
        if self.mixing is not None:
            weights.insert(0, self._weights(self.mixing, outputs, every))
            work = self._work(self.mixing, outputs, every)
        if self.order is Order.INPUT:
            return _sum(self._entering(True), self._opening(every, True)), _sum(*weights, work, closing)
        early = [self._weights(place, 1, self.every) for place in self.leading]
        early += [self._weights(place, 1, every) for place in self.before]
        if self.widening is not None:
            early.append(self._weights(self.widening, every, self.every))
        return _sum(*early, *weights), _sum(self._entering(False), self._opening(every, False), work, closing)

    def _line(self, once: int = 0, place: int = -1, each: int = 0) -> Line:
        """``place`` 0 stands for what is fetched, 1 and more for what the kernels compute."""
        found = [once, *[0] * (len(self.block.parts) + 1)]
        if place >= 0:
            found[1 + place] = each
        return tuple(found)

    def _weights(self, place: int | None, m: int, n: int) -> Line:
        assert place is not None
        vectors = self.block.parts[place].weight_taps * m
        return self._line(vectors * (n * self.prices.read + self.prices.weight_command))

    def _work(self, place: int | None, m: int, n: int) -> Line:
        """The arithmetic of a kernel on ``n`` input channels."""
        assert place is not None
        kernel, prices = self.block.parts[place], self.prices
        if kernel.arithmetic is Arithmetic.MULTIPLY:
            lanes = padded(n, prices.multiple) * prices.multiply
            each = kernel.taps * m * (prices.multiply_command + lanes)
        else:
            each = n * prices.elements[place]
        return self._line(prices.tile, 1 + place, each)

    def _ends(self, place: int, channels: int) -> Line:
        """What sums begin with, and what results still need."""
        kernel, prices = self.block.parts[place], self.prices
        bias = channels * prices.read_sum + prices.weight_command if kernel.bias else 0
        return self._line(bias, 1 + place, channels * prices.finish if kernel.finish else 0)

    def _fetching(self, place: int, sources: int, n: int) -> Line:
        """Tensors read from memory, at each position fetched (0) or computed by a kernel (1 and more)."""
        return self._line(0, place, sources * (n * self.prices.read + self.prices.input_command))

    def _entering(self, weights: bool) -> Line:
        """What the widening kernel adds up for every tile of middle channels: fetched, and taken to it."""
        if self.widening is None:
            return self._line()
        found = [self._through(place, self.every, weights) for place in self.leading]
        return _sum(self._fetching(0, self.block.sources, self.every), *found)

    def _opening(self, n: int, weights: bool) -> Line:
        """Input channels of the mixing kernel: fetched or added up, and taken through the kernels before it."""
        found = [self._through(place, n, weights) for place in self.before]
        if self.widening is None:
            return _sum(self._fetching(0, self.block.sources, n), *found)
        if weights:
            found.append(self._weights(self.widening, n, self.every))
        return _sum(*found, self._work(self.widening, n, self.every), self._ends(self.widening, n))

    def _through(self, place: int, n: int, weights: bool) -> Line:
        """Channels taken through a kernel that works on each by itself; what else it adds is fetched."""
        others = self.block.parts[place].sources - 1 if place else 0
        found = [self._fetching(1 + place, others, n), self._work(place, 1, n), self._ends(place, n)]
        return _sum(*found, self._weights(place, 1, n)) if weights else _sum(*found)

    def _closing(self, channels: int) -> Line:
        """Results of the mixing kernel taken through those behind it, without their weights, and stored."""
        found = [] if self.mixing is None else [self._ends(self.mixing, channels)]
        found += [self._through(place, channels, False) for place in self.after]
        each = channels * self.prices.write + self.prices.store_command
        return _sum(*found, self._line(0, len(self.block.parts), each))


def _times(number: int, line: Line) -> Line:
    return tuple(number * value for value in line)


def _sum(*some: Line) -> Line:
    return tuple(map(sum, zip(*some, strict=True)))


def at(line: Line, down: tuple[int, ...], across: tuple[int, ...]) -> int:
    """A cost line at a patch of these lengths."""
    return line[0] + sum(each * high * wide for each, high, wide in zip(line[1:], down, across, strict=True))


def tiles_of(block: Block, tiling: Tiling) -> list[Tile]:
    """The tiles of channels along their outer loop."""
    if block.channelwise:
        return [Tile(tiling.order, 1, (n,)) for n in sizes(block.inputs, tiling.inputs)]
    inputs = tuple(sizes(block.inputs, tiling.inputs))
    return [Tile(tiling.order, m, inputs) for m in sizes(block.outputs, tiling.outputs)]


def block_volatile_bytes(block: Block, tiling: Tiling, prices: Prices) -> int:
    """What each kernel reads and its weights, and the last one's results; sums become words where they are."""
    line = memory_line(block, tiling.outputs, tiling.inputs, prices)
    return prices.word_bytes * at(line, held(block.down, tiling.rows), held(block.across, tiling.columns))


def memory_line(block: Block, outputs: int, inputs: int, prices: Prices) -> Line:
    """Words of volatile memory: for the weights, for each position that a kernel reads, and for each result.

    What the kernel before has added up takes the room of sums.
    """
    weights, each = 0, []
    for place, kernel in enumerate(block.parts):
        reads, makes = block.channels(place, block.parts[0].inputs, inputs, outputs)
        lanes = padded(reads, prices.multiple)
        weights += kernel.weight_taps * (1 if kernel.channelwise else makes) * lanes
        taken = prices.words_of(block.parts[place - 1]) - 1 if place else 0
        each.append((kernel.sources + taken) * lanes)
    return (weights, *each, makes * prices.words_of(block.parts[-1]))


def block_totals(block: Block, tiling: Tiling, prices: Prices) -> Price:
    """Energy and time of all atoms of a design."""
    energy, time = (_total(block, tiling, prices, part) for part in (0, 1))
    return energy, time


def _total(block: Block, tiling: Tiling, prices: Prices, part: int) -> int:
    line = total_line(block, tiling.order, tiling.outputs, tiling.inputs, prices, part)
    return total_at(line, block, tiling.rows, tiling.columns)


TotalLine = tuple[int, Line]
"""What is paid once, and a cost line whose first number is paid for each patch of pixels."""


def total_line(block: Block, order: Order, outputs: int, inputs: int, prices: Prices, part: int) -> TotalLine:
    """What all atoms cost, for any tile of pixels."""
    return _total_line(block, order, outputs, inputs, _primitives(block, order, prices, part))


@lru_cache(1 << 15)
def _total_line(block: Block, order: Order, outputs: int, inputs: int, prices: Primitives) -> TotalLine:
    tiles = tiles_of(block, Tiling(0, order, 1, 1, outputs, inputs, 1))
    once, each = 0, (0,) * (len(block.parts) + 2)
    if order is Order.INPUT:
        each = _lines(block, tiles[0], prices)[0]
    for tile, same in groupby(tiles):
        number = len(list(same))
        again, atom = _lines(block, tile, prices)
        each = _sum(each, _times(number, atom))
        once += number * again[0] if order is Order.WEIGHT else 0
    return once, each


def total_at(line: TotalLine, block: Block, rows: int, columns: int) -> int:
    """The total of a design with this tile of pixels."""
    once, each = line
    number = count(block.rows, rows) * count(block.columns, columns)
    return once + at((number * each[0], *each[1:]), sums(block.down, rows), sums(block.across, columns))


def block_rows(block: Block, tiling: Tiling, prices: Prices) -> Iterator[tuple[Row, int]]:
    """The design as a run-length coded sequence of rows; equal rows are one object."""
    down, across = lengths(block.down, tiling.rows), lengths(block.across, tiling.columns)
    tiles = [(tile, len(list(same))) for tile, same in groupby(tiles_of(block, tiling))]
    priced = [tuple(lines(block, tile, prices, part) for part in (0, 1)) for tile, _ in tiles]

    @lru_cache(None)
    def prices_at(kind: int, rows: tuple[int, ...], columns: tuple[int, ...]) -> tuple[Price, Price]:
        """What is reused, and the atom without it."""
        energy, time = priced[kind]
        again, atom = ((at(energy[i], rows, columns), at(time[i], rows, columns)) for i in (0, 1))
        return again, atom

    if tiling.order is Order.WEIGHT:
        for kind, (_, times) in enumerate(tiles):
            atoms = [prices_at(kind, rows, columns)[1] for rows in down for columns in across]
            again = priced[kind][0][0][0], priced[kind][1][0][0]
            yield Row([_add(atoms[0], again), *atoms[1:]], again), times
        return

    @lru_cache(None)
    def row_of(rows: tuple[int, ...], columns: tuple[int, ...], kinds: tuple[int, ...]) -> Row:
        found = [prices_at(kind, rows, columns) for kind in kinds]
        atoms = [atom for kind, (_, atom) in zip(kinds, found, strict=True) for _ in range(repeats_of(kind))]
        return Row([_add(atoms[0], found[0][0]), *atoms[1:]], found[0][0])

    def repeats_of(kind: int) -> int:
        return tiles[kind][1] if tiling.order is Order.INPUT else 1

    for rows in down:
        for columns, same in groupby(across):
            number = len(list(same))
            if tiling.order is Order.INPUT:
                yield row_of(rows, columns, tuple(range(len(tiles)))), number
                continue
            parts = [(row_of(rows, columns, (kind,)), times) for kind, (_, times) in enumerate(tiles)]
            if len(parts) == 1:
                yield parts[0][0], parts[0][1] * number
                continue
            for _ in range(number):
                yield from parts


def _add(first: Price, second: Price) -> Price:
    return first[0] + second[0], first[1] + second[1]


def block_heaviest(block: Block, tiling: Tiling, prices: Prices) -> int:
    """What the dearest cycle of one atom drains besides its two ends."""
    return heaviest_at(heaviest_line(block, tiling, prices), block, tiling.rows, tiling.columns)


def heaviest_line(block: Block, tiling: Tiling, prices: Prices) -> Line:
    """What a first tile of channels, the largest, drains in a cycle of its own, whatever the patch."""
    return _sum(*lines(block, tiles_of(block, tiling)[0], prices, 0))


def heaviest_at(line: Line, block: Block, rows: int, columns: int) -> int:
    """The most that any patch of these sizes drains."""
    high, wide = undominated(block.down, rows), undominated(block.across, columns)
    return max(at(line, down, across) for down, _ in high for across, _ in wide)


def block_kinds(block: Block, tiling: Tiling, prices: Prices) -> list[tuple[int, int]]:
    """Kinds of atoms that share none: how many at least, and what each drains at least without what is reused."""
    full = tiling.inputs if block.channelwise else tiling.outputs
    number = (block.inputs if block.channelwise else block.outputs) // full
    atom = lines(block, tiles_of(block, tiling)[0], prices, 0)[1]
    return [
        (number * down * across, at(atom, rows, columns))
        for rows, down in undominated(block.down, tiling.rows)
        for columns, across in undominated(block.across, tiling.columns)
    ]


def block_most_spent(block: Block, prices: Prices, ends: Ends) -> Price:
    """No design and no power cycles of a block spend more: the finest tiles, each in a cycle of its own."""
    sums_of = []
    for order in block.orders:
        finest = finest_tiling(block, order)
        atoms = block.rows * block.columns * count(block.outputs, finest.outputs)
        atoms *= count(block.inputs, finest.inputs) if block.channelwise else 1
        once = block_totals(block, finest, prices)
        again = [
            max(
                at(lines(block, tiles_of(block, finest)[0], prices, part)[0], rows, columns)
                for rows, _ in undominated(block.down, 1)
                for columns, _ in undominated(block.across, 1)
            )
            for part in (0, 1)
        ]
        # a larger tile refetches more at once, but never more than all its finest ones together
        sums_of.append([once[i] + atoms * (again[i] + ends.resume[i] + ends.commit[i]) for i in (0, 1)])
    return max(energy for energy, _ in sums_of), max(time for _, time in sums_of)
