"""One layer's design performed step by step between non-volatile and volatile memory, on real numbers.

Whatever moves or works is counted as it does.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import product
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ischedule.analysis.arithmetic import FixedPoint, Words, look_up
from ischedule.analysis.fixed_point import accumulated, joined, part_of_mean, saturated
from ischedule.analysis.layer_numbers import LayerNumbers
from ischedule.analysis.memories import Box, Buffer, Holds, Region, UnknownContent
from ischedule.analysis.padded_input import runs_inside
from ischedule.analysis.stored_results import Results, box_of
from ischedule.models.kernels import padded
from ischedule.models.layer import Sides
from ischedule.models.nest import Act, Step, Tile, Work, window
from ischedule.models.tiling import Arithmetic, Extent, Order, Tiling, stores_partial_sums


class KernelRun:
    """A layer's nest on numbers: its results in non-volatile memory, and what it uses of volatile memory."""

    def __init__(
        self,
        extent: Extent,
        tiling: Tiling,
        numbers: LayerNumbers,
        sources: Sequence[Region],
        multiple: int,
        random: np.random.Generator,
        padding: Sides = (0, 0, 0, 0),
        reads_as: tuple[int, int, int] | None = None,
        into: Region | None = None,
        apart: bool = True,
        before: Region | None = None,
    ) -> None:
        """``before`` is what the kernel before it in a block keeps, to be taken and not fetched."""
        sources = sources if before is None else (before, *sources)
        self._taken = 0 if before is None else 1
        self.extent, self.tiling, self.numbers = extent, tiling, numbers
        self._multiple, self._padding = multiple, padding
        channels = extent.groups * extent.results
        shape = (1, 1, channels) if extent.pooling else (extent.rows, extent.columns, channels)
        self.results = Results(shape, numbers, stores_partial_sums(extent, tiling), random, into, apart)
        width, self._reads_as = numbers.width, reads_as
        lanes, results = padded(tiling.inputs, multiple), tiling.inputs if extent.channelwise else tiling.outputs
        if extent.pooling:
            self._sources = [source if reads_as is None else source.shaped(reads_as) for source in sources]
            fetched, slot, slots = (tiling.rows, tiling.columns, results), (1, 1, results), tiling.batch
        else:
            self._sources = [self._as_read(source) for source in sources]
            (down, below), (across, beside) = extent.row_reach, extent.column_reach
            fetched = (down * tiling.rows + below, across * tiling.columns + beside, lanes)
            slot, slots = (tiling.rows, tiling.columns, results), 1 if tiling.order is Order.OUTPUT else tiling.batch
        self._inputs = [Buffer(fetched, width.word, random) for _ in sources]
        self._weights = self._shaped_weights()
        taps = (tiling.outputs, extent.kernel_rows, extent.kernel_columns, lanes)
        self._kernel = Buffer(taps if self._weights is not None else (0, 0, 0, 0), width.word, random)
        self._is_fixed = isinstance(width, FixedPoint)
        exact = np.dtype(np.int64) if self._is_fixed and not extent.adds_up else width.sum
        self._slots = [Buffer(slot, exact, random) for _ in range(slots)]
        self._bias = range(0)
        self._finished: Tile | None = None
        self._used = 0

    def _as_read(self, source: Region) -> Region:
        """The source as the nest sees it: a dense layer may see all of its input as the channels of one pixel."""
        if self._reads_as is not None:
            return source if source.values.shape == self._reads_as else source.shaped(self._reads_as)
        channels = self.extent.groups * self.extent.inputs
        if source.values.shape[2] == channels:
            return source
        rows, columns = (side[0] * loop + side[1] for side, loop in self._axes())
        return source.shaped((rows, columns, channels))

    def _axes(self) -> tuple[tuple[tuple[int, int], int], tuple[tuple[int, int], int]]:
        extent = self.extent
        return (extent.row_reach, extent.rows), (extent.column_reach, extent.columns)

    def _shaped_weights(self) -> Words | None:
        """Weights by output channel, tap and input channel of a group; channelwise by tap and channel."""
        weights, extent = self.numbers.weights, self.extent
        if weights is None:
            return None
        taps = (extent.kernel_rows, extent.kernel_columns)
        if extent.channelwise:
            return np.moveaxis(weights.reshape(extent.inputs, *taps), 0, -1)[np.newaxis]
        return weights.reshape(extent.groups * extent.outputs, *taps, extent.inputs)

    @property
    def operand_elements(self) -> int:
        """The most words that volatile memory has held at once: operands, and results that are no sums before."""
        return self.fetched_elements + self.weight_elements + self.word_elements

    @property
    def weight_elements(self) -> int:
        """The most weights that volatile memory has held at once."""
        return self._kernel.peak

    @property
    def word_elements(self) -> int:
        """The most results at once that are no sums before."""
        return 0 if self.extent.adds_up else self._results

    @property
    def fetched_elements(self) -> int:
        """The most words of inputs that volatile memory has held at once, without those that were taken."""
        return sum(one.peak for one in self._inputs[self._taken :])

    @property
    def taken_elements(self) -> int:
        """The most words at once of what the kernel before has kept."""
        return sum(one.peak for one in self._inputs[: self._taken])

    @property
    def sum_elements(self) -> int:
        """The most sums for which volatile memory has kept places at once."""
        return self._results if self.extent.adds_up else 0

    @property
    def _results(self) -> int:
        return self._used * self._slots[0].values.size

    def poison(self) -> None:
        """Volatile memory after a start."""
        for buffer in (*self._inputs, self._kernel, *self._slots):
            buffer.poison()
        self._bias, self._finished = range(0), None

    def perform(self, step: Step, upto: int | None = None) -> Work:
        """Do a step and count it; with ``upto``, power fails after so many commands, in the middle of the next."""
        if step.act is Act.STORE:
            return self._store(step, upto)
        if upto is not None:
            return Work()
        return {
            Act.FETCH_INPUTS: self._fetch_inputs,
            Act.TAKE: self._take,
            Act.KEEP: self._keep,
            Act.FETCH_WEIGHTS: self._fetch_weights,
            Act.FETCH_BIAS: self._fetch_bias,
            Act.START_SUMS: self._start_sums,
            Act.FETCH_SUMS: self._fetch_sums,
            Act.MULTIPLY: self._multiply,
            Act.COMBINE: self._combine,
            Act.FINISH: self._finish,
            Act.POOL: self._pool,
        }[step.act](step)

    def _slot(self, index: int) -> Buffer:
        self._used = max(self._used, index + 1)
        return self._slots[index]

    def _fetch_inputs(self, step: Step) -> Work:
        moved = self._read(step, slice(self._taken, None))
        return Work(read=moved * len(step.tile.inputs), input_commands=moved)

    def _read(self, step: Step, some: slice) -> int:
        """Some of the sources as far as the tile looks at them; how many pixels these are."""
        tile, extent = step.tile, self.extent
        rows = window(tile.rows, extent.kernel_rows, extent.stride[0], extent.dilation[0])
        columns = window(tile.columns, extent.kernel_columns, extent.stride[1], extent.dilation[1])
        moved = 0
        for source, buffer in zip(self._sources[some], self._inputs[some], strict=True):
            block = self._block(source, rows, columns, tile.inputs)
            buffer.put((*self._place(tile.rows, tile.columns), tile.inputs.start), block)
            moved += len(rows) * len(columns)
        return moved

    def _take(self, step: Step) -> Work:
        """What the kernel before has kept for this patch, and that no other patch finds there."""
        self._read(step, slice(self._taken))
        for source in self._sources[: self._taken]:
            source.lose()
        return Work()

    def _keep(self, step: Step) -> Work:
        """Results for the kernel behind, where it reads them."""
        self.results.region.write(box_of(step.tile), self._words(self._joined_sums(step), step.tile), Holds.RESULT)
        return Work()

    def _place(self, rows: range, columns: range) -> tuple[int, int]:
        """Where a tile's input begins among the pixels that windows look at, those that none looks at left out."""
        return rows.start * self.extent.row_reach[0], columns.start * self.extent.column_reach[0]

    def _block(self, source: Region, rows: Sequence[int], columns: Sequence[int], channels: range) -> Words:
        """Input words with padding around and beside them; a pixel of the padding moves like any other."""
        lanes = padded(len(channels), self._multiple)
        block = np.full((len(rows), len(columns), lanes), self.numbers.input_zero, self.numbers.width.word)
        for down, inside in runs_inside(rows, self._padding[0], source.values.shape[0]):
            for across, beside in runs_inside(columns, self._padding[2], source.values.shape[1]):
                words = source.read((inside, beside, channels), Holds.RESULT).astype(self.numbers.width.word)
                block[down : down + len(inside), across : across + len(beside), : len(channels)] = words
        return block

    def _fetch_weights(self, step: Step) -> Work:
        assert self._weights is not None
        tile, first = step.tile, 0 if self.extent.channelwise else step.tile.outputs.start
        outputs = slice(first, first + (1 if self.extent.channelwise else len(tile.outputs)))
        begin = tile.inputs.start - self._group(tile) * self.extent.inputs
        words = self._weights[outputs, :, :, begin : begin + len(tile.inputs)]
        block = np.zeros((*words.shape[:3], padded(words.shape[3], self._multiple)), words.dtype)
        block[..., : words.shape[3]] = words
        self._kernel.put((first, 0, 0, tile.inputs.start), block)
        return Work(read=words.size, weight_commands=words.shape[0] * words.shape[1] * words.shape[2])

    def _group(self, tile: Tile) -> int:
        return 0 if self.extent.channelwise else tile.outputs.start // self.extent.outputs

    def _fetch_bias(self, step: Step) -> Work:
        self._bias = step.tile.outputs
        return Work(read_sums=len(self._bias), weight_commands=1)

    def _start_sums(self, step: Step) -> Work:
        tile = step.tile
        block = np.zeros((len(tile.rows), len(tile.columns), len(tile.outputs)), self._slots[0].values.dtype)
        if self.extent.bias and not set(tile.outputs) <= set(self._bias):
            raise UnknownContent(f"sums of channels {tile.outputs} begin with a bias that was not fetched")
        if self.numbers.bias is not None:
            block += self.numbers.bias[tile.outputs.start : tile.outputs.stop]
        self._slot(step.slots.start).put((tile.rows.start, tile.columns.start, tile.outputs.start), block)
        return Work()

    def _fetch_sums(self, step: Step) -> Work:
        box = box_of(step.tile)
        least = self.numbers.width.least if self.extent.pooling and self.numbers.takes_maximum else 0
        new = np.full(tuple(map(len, box)), least, self.numbers.width.sum)
        sums = new if step.first else self.results.read(box)
        self._slot(step.slots.start).put((box[0].start, box[1].start, box[2].start), sums)
        return Work(read_sums=sums.size, sums_commands=sums.shape[0] * sums.shape[1])

    def _multiply(self, step: Step) -> Work:
        tile, extent = step.tile, self.extent
        wide = np.dtype(np.int64) if self._is_fixed else self.numbers.width.sum
        lanes = range(tile.inputs.start, tile.inputs.start + padded(len(tile.inputs), self._multiple))
        taps = (range(extent.kernel_rows), range(extent.kernel_columns))
        outputs = range(1) if extent.channelwise else tile.outputs
        weights = self._kernel.at((outputs, *taps, lanes)).astype(wide)
        sums = self._slot(step.slots.start).at(box_of(tile))
        products = np.zeros_like(sums, wide)
        vectors = 0
        for i, j in product(*taps):
            words = self._under(0, tile, i, j, lanes).astype(wide) - wide.type(self.numbers.input_zero)
            if extent.channelwise:
                products += (words * weights[0, i, j])[:, :, : len(tile.inputs)]
            else:
                products += words @ weights[:, i, j].T
            vectors += tile.pixels * len(outputs)
        self._join(sums, products, tile.outputs)
        return Work(multiply_commands=vectors, lanes=vectors * len(lanes), tiles=1, macs=vectors * len(tile.inputs))

    def _join(self, sums: Words, products: Words, outputs: range) -> None:
        """Add a tile's products to sums of these channels."""
        if not self._is_fixed:
            sums += products
            return
        assert self.numbers.scaling is not None, "weights come with a scaling"
        sums[:] = accumulated(sums, products, self.numbers.scaling, slice(outputs.start, outputs.stop))

    def _under(self, source: int, tile: Tile, i: int, j: int, channels: range) -> Words:
        """The input words under one tap of all windows of a tile."""
        extent = self.extent
        spans = []
        for outputs, tap, apart, reach in (
            (tile.rows, i, extent.dilation[0], extent.row_reach),
            (tile.columns, j, extent.dilation[1], extent.column_reach),
        ):
            begin = outputs.start * reach[0] + tap * apart
            spans.append(range(begin, begin + (len(outputs) - 1) * reach[0] + 1, reach[0]))
        return self._inputs[source].at((spans[0], spans[1], channels))

    def _inside(self, outputs: range, axis: int, tap: int) -> NDArray[np.bool_]:
        """Which windows have a tap inside the input."""
        places = np.array(outputs) * self.extent.stride[axis] + tap * self.extent.dilation[axis]
        places = places - self._padding[2 * axis]
        return np.asarray((places >= 0) & (places < self._sources[0].values.shape[axis]))

    def _combine(self, step: Step) -> Work:
        tile, wide = step.tile, self._slots[0].values.dtype
        sums = self._slot(step.slots.start).at(box_of(tile))
        zero = wide.type(self.numbers.input_zero)
        if self.extent.arithmetic is Arithmetic.ADD:
            for source in range(len(self._inputs)):
                sums += self._under(source, tile, 0, 0, tile.inputs).astype(wide) - zero
            return Work(adds=len(self._inputs) * sums.size, tiles=1)
        if self.extent.arithmetic is not Arithmetic.POOL:
            sums += self._under(0, tile, 0, 0, tile.inputs)
            return Work(softmaxes=sums.size if self.extent.arithmetic is Arithmetic.SOFTMAX else 0, tiles=1)
        if self.numbers.takes_maximum:
            sums[:] = self.numbers.width.least
        for i, j in product(range(self.extent.kernel_rows), range(self.extent.kernel_columns)):
            words = self._under(0, tile, i, j, tile.inputs).astype(wide)
            inside = np.logical_and.outer(self._inside(tile.rows, 0, i), self._inside(tile.columns, 1, j))
            if self.numbers.takes_maximum:
                np.maximum(sums, words, out=sums, where=inside[:, :, np.newaxis])
            else:
                np.add(sums, words, out=sums, where=inside[:, :, np.newaxis])
        return Work(pools=self.extent.taps * sums.size, tiles=1)

    def _finish(self, step: Step) -> Work:
        self._finished = step.tile
        return Work(finishes=step.tile.pixels * len(step.tile.outputs))

    def _pool(self, step: Step) -> Work:
        """Sums of the first tile of a batch join the row's, each other tile has a place of its own until the store."""
        tile = step.tile
        words = self._sources[0].read(box_of(tile), Holds.RESULT).astype(self.numbers.width.word)
        self._inputs[0].put((tile.rows.start, tile.columns.start, tile.outputs.start), words)
        pool, join = self._pooling()
        wide = np.dtype(np.int64) if self._is_fixed else self.numbers.width.sum
        added = pool(self._inputs[0].at(box_of(tile)).astype(wide), axis=(0, 1), keepdims=True)
        if self._is_fixed and not self.numbers.takes_maximum:
            added = part_of_mean(added, self.extent.rows * self.extent.columns)
        slot = self._slot(step.slots.start)
        if step.slots.start == 0:
            kept = slot.at((range(1), range(1), tile.outputs))
            kept[:] = join(kept, added)
        else:
            slot.put((0, 0, tile.outputs.start), saturated(added) if self._is_fixed else added)
        pixels = words.shape[0] * words.shape[1]
        return Work(read=words.size, input_commands=pixels, pools=words.size)

    def _pooling(self) -> tuple[Any, Any]:
        """How pixels are pooled, and how what two tiles have pooled is joined."""
        if self.numbers.takes_maximum:
            return np.max, np.maximum
        return np.sum, joined if self._is_fixed else np.add

    def _store(self, step: Step, upto: int | None) -> Work:
        values = self._joined_sums(step)
        if step.last:
            values = self._words(values, step.tile)
        box = box_of(step.tile)
        region = self.results.next_region(box)
        if upto is not None:
            self._torn_store(region, box, values, step.last, upto)
            return Work()
        self.results.write(region, box, values, step.last)
        self.results.passed(region, box)
        moved = {"write" if step.last else "write_sums": values.size}
        return Work(store_commands=values.shape[0] * values.shape[1], **moved)

    def _torn_store(self, region: int, box: Box, values: Words, last: bool, upto: int) -> None:
        """Write some pixels, and garbage into the next."""
        for index, (row, column) in enumerate(product(box[0], box[1])):
            pixel = (range(row, row + 1), range(column, column + 1), box[2])
            if index == upto:
                self.results.regions[region].tear(pixel)
                return
            self.results.write(region, pixel, values[row - box[0].start, column - box[1].start], last)

    def _joined_sums(self, step: Step) -> Words:
        tile, slots = step.tile, step.slots
        if self.extent.pooling:
            total, join = self._slots[0].at(box_of(tile)), self._pooling()[1]
            for index in slots[1:]:
                total[:] = join(total, self._slots[index].at(box_of(tile)))
            return total.copy()
        parts = _parts(tile.outputs, self.tiling.outputs) if len(slots) > 1 else [tile.outputs]
        found = [self._slots[i].at((tile.rows, tile.columns, part)) for i, part in zip(slots, parts, strict=True)]
        return np.concatenate(found, axis=2)

    def _words(self, sums: Words, tile: Tile) -> Words:
        numbers, width = self.numbers, self.numbers.width
        if self.extent.finish and (self._finished is None or box_of(self._finished) != box_of(tile)):
            raise UnknownContent(f"{box_of(tile)} is stored as results and was not finished")
        if self._is_fixed and self.extent.adds_up:
            words = sums.copy()
        elif numbers.scaling is not None:
            words = numbers.scaling.words(sums, slice(tile.outputs.start, tile.outputs.stop), width)
        elif self.extent.pooling and not numbers.takes_maximum:
            words = self._means(sums, np.full((1, 1), self.extent.rows * self.extent.columns))
        elif self.extent.arithmetic is Arithmetic.POOL and not numbers.takes_maximum:
            words = self._means(sums, self._counts(tile))
        elif self.extent.arithmetic is Arithmetic.SOFTMAX:
            words = numbers.shares(sums)
        else:
            words = sums.astype(width.word)
        return words if numbers.activation is None else look_up(numbers.activation, words, width)

    def _counts(self, tile: Tile) -> NDArray[np.int64]:
        """How many pixels of the input each window has."""
        rows = sum(self._inside(tile.rows, 0, i).astype(np.int64) for i in range(self.extent.kernel_rows))
        columns = sum(self._inside(tile.columns, 1, j).astype(np.int64) for j in range(self.extent.kernel_columns))
        return np.asarray(np.multiply.outer(np.asarray(rows), np.asarray(columns)), dtype=np.int64)

    def _means(self, sums: Words, counts: NDArray[np.int64]) -> Words:
        number = counts[:, :, np.newaxis].astype(sums.dtype)
        return np.asarray(np.floor_divide(sums + number // 2, number).astype(self.numbers.width.word))


def _parts(whole: range, size: int) -> Sequence[range]:
    return [range(start, min(start + size, whole.stop)) for start in range(whole.start, whole.stop, size)]
