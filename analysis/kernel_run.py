"""One layer's design performed step by step between non-volatile and volatile memory, on real numbers.

Whatever moves or works is counted as it does. Where partial sums pass through non-volatile memory, the layer's results
have three regions, each as wide as a sum: the published one stays untouched until the next publish, two alternate, and
results end in the first. Which region a pass writes follows from how many passes over the same results are left in its
power cycle, so it is known before the device runs.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import product

import numpy as np
from numpy.typing import NDArray

from ischedule.analysis.accesses import REGIONS_WITH_SUMS
from ischedule.analysis.arithmetic import Words, look_up
from ischedule.analysis.layer_numbers import LayerNumbers
from ischedule.analysis.memories import Box, Buffer, Holds, Region, part_of
from ischedule.models.kernels import padded
from ischedule.models.nest import Act, AtomSteps, Step, Tile, Work, window
from ischedule.models.tiling import Extent, Order, Tiling, stores_partial_sums


def box_of(tile: Tile) -> Box:
    """The results of a tile."""
    return (tile.rows, tile.columns, tile.outputs)


class Results:
    """Where a layer's results lie in non-volatile memory, and their sums until they are results."""

    def __init__(self, shape: tuple[int, int, int], numbers: LayerNumbers, sums: bool, random: np.random.Generator):
        width = numbers.width
        kind = width.sum if sums else width.word
        self.regions = [Region(shape, kind, random) for _ in range(REGIONS_WITH_SUMS if sums else 1)]
        self._published: NDArray[np.int8] = np.full(shape, -1, np.int8)
        self._current = self._published.copy()
        self._left = np.zeros(shape, np.int32)
        self._finishes = np.zeros(shape, np.bool_)

    @property
    def region(self) -> Region:
        """The region in which results end."""
        return self.regions[0]

    def plan(self, atoms: Iterable[AtomSteps]) -> None:
        """Note which passes a power cycle makes over which results."""
        self._left[:] = 0
        self._finishes[:] = False
        for atom in atoms:
            for step in atom.steps:
                if step.act is Act.STORE:
                    part = part_of(box_of(step.tile))
                    self._left[part] += 1
                    self._finishes[part] |= step.last

    def read(self, box: Box) -> Words:
        """The latest sums."""
        return self.regions[self._one(self._current, box)].read(box, Holds.SUM)

    def next_region(self, box: Box) -> int:
        """The region that the next pass over these results writes: never the one that is published."""
        spare = 2 if self._one(self._published, box) == 1 else 1
        target, other = (0, spare) if self._one(self._finishes, box) else (spare, 0)
        return target if self._one(self._left, box) % 2 == 1 else other

    def write(self, region: int, box: Box, values: Words, last: bool) -> None:
        """Store sums, or results after the last pass."""
        self.regions[region].write(box, values, Holds.RESULT if last else Holds.SUM)

    def passed(self, region: int, box: Box) -> None:
        """A pass over these results is complete."""
        self._current[part_of(box)] = region
        self._left[part_of(box)] -= 1

    def publish(self) -> None:
        """The power cycle's writes count."""
        for region in self.regions:
            region.publish()
        self._published = self._current.copy()

    def lose(self) -> None:
        """The power cycle's writes do not count."""
        for region in self.regions:
            region.lose()
        self._current = self._published.copy()

    @staticmethod
    def _one(values: NDArray[np.generic], box: Box) -> int:
        found = np.unique(values[part_of(box)])
        assert len(found) == 1, "the passes over a tile's results are the same for all of them"
        return int(found[0])


class KernelRun:
    """A layer's nest on numbers: its results in non-volatile memory, and what it uses of volatile memory."""

    def __init__(
        self,
        extent: Extent,
        tiling: Tiling,
        numbers: LayerNumbers,
        source: Region,
        multiple: int,
        random: np.random.Generator,
    ) -> None:
        self.extent, self.tiling, self.numbers = extent, tiling, numbers
        self._multiple = multiple
        shape = (1, 1, extent.outputs) if extent.pooling else (extent.rows, extent.columns, extent.outputs)
        self.results = Results(shape, numbers, stores_partial_sums(extent, tiling), random)
        width, tile = numbers.width, (tiling.rows, tiling.columns, tiling.outputs)
        lanes = padded(tiling.inputs, multiple)
        if extent.pooling:
            self._source = source
            self._weights: Words | None = None
            fetched, slot, slots = tile, (1, 1, tiling.outputs), tiling.batch
            taps = (0, 0, 0, 0)
        else:
            kernel = (extent.kernel_rows, extent.kernel_columns)
            self._source = source.shaped((extent.rows + kernel[0] - 1, extent.columns + kernel[1] - 1, extent.inputs))
            assert numbers.weights is not None, "a layer with weights"
            self._weights = numbers.weights.reshape(extent.outputs, *kernel, extent.inputs)
            fetched = (tiling.rows + kernel[0] - 1, tiling.columns + kernel[1] - 1, lanes)
            slot, slots = tile, 1 if tiling.order is Order.OUTPUT else tiling.batch
            taps = (tiling.outputs, *kernel, lanes)
        self._inputs = Buffer(fetched, width.word, random)
        self._kernel = Buffer(taps, width.word, random)
        self._slots = [Buffer(slot, width.sum, random) for _ in range(slots)]
        self._used = 0

    @property
    def operand_elements(self) -> int:
        """The most words of operands that volatile memory has held at once."""
        return self._inputs.peak + self._kernel.peak

    @property
    def sum_elements(self) -> int:
        """The most sums for which volatile memory has kept places at once."""
        return self._used * self._slots[0].values.size

    def poison(self) -> None:
        """Volatile memory after a start."""
        for buffer in (self._inputs, self._kernel, *self._slots):
            buffer.poison()

    def perform(self, step: Step, upto: int | None = None) -> Work:
        """Do a step and count it; with ``upto``, power fails after so many commands, in the middle of the next."""
        if step.act is Act.STORE:
            return self._store(step, upto)
        if upto is not None:
            return Work()
        return {
            Act.FETCH_INPUTS: self._fetch_inputs,
            Act.FETCH_WEIGHTS: self._fetch_weights,
            Act.START_SUMS: self._start_sums,
            Act.FETCH_SUMS: self._fetch_sums,
            Act.MULTIPLY: self._multiply,
            Act.POOL: self._pool,
        }[step.act](step)

    def _slot(self, index: int) -> Buffer:
        self._used = max(self._used, index + 1)
        return self._slots[index]

    def _fetch_inputs(self, step: Step) -> Work:
        tile = step.tile
        rows, columns = window(tile.rows, self.extent.kernel_rows), window(tile.columns, self.extent.kernel_columns)
        assert isinstance(rows, range)
        assert isinstance(columns, range)
        words = self._read_words((rows, columns, tile.inputs))
        lanes = padded(len(tile.inputs), self._multiple)
        block = np.full((len(rows), len(columns), lanes), self.numbers.input_zero, self.numbers.width.word)
        block[:, :, : len(tile.inputs)] = words
        self._inputs.put((rows.start, columns.start, tile.inputs.start), block)
        return Work(read=words.size, input_commands=words.shape[0] * words.shape[1])

    def _read_words(self, box: Box) -> Words:
        return self._source.read(box, Holds.RESULT).astype(self.numbers.width.word)

    def _fetch_weights(self, step: Step) -> Work:
        assert self._weights is not None
        tile = step.tile
        words = self._weights[tile.outputs.start : tile.outputs.stop, :, :, tile.inputs.start : tile.inputs.stop]
        block = np.zeros((*words.shape[:3], padded(words.shape[3], self._multiple)), words.dtype)
        block[..., : words.shape[3]] = words
        self._kernel.put((tile.outputs.start, 0, 0, tile.inputs.start), block)
        return Work(read=words.size, weight_commands=words.size // words.shape[3])

    def _start_sums(self, step: Step) -> Work:
        tile = step.tile
        block = np.zeros((len(tile.rows), len(tile.columns), len(tile.outputs)), self.numbers.width.sum)
        if self.numbers.bias is not None:
            block += self.numbers.bias[tile.outputs.start : tile.outputs.stop]
        self._slot(step.slots.start).put((tile.rows.start, tile.columns.start, tile.outputs.start), block)
        return Work()

    def _fetch_sums(self, step: Step) -> Work:
        box = box_of(step.tile)
        new = np.zeros(tuple(map(len, box)), self.numbers.width.sum)
        sums = new if step.first else self.results.read(box)
        self._slot(step.slots.start).put((box[0].start, box[1].start, box[2].start), sums)
        return Work(read=sums.size, sums_commands=sums.shape[0] * sums.shape[1])

    def _multiply(self, step: Step) -> Work:
        tile, extent, wide = step.tile, self.extent, self.numbers.width.sum
        lanes = range(tile.inputs.start, tile.inputs.start + padded(len(tile.inputs), self._multiple))
        taps = (range(extent.kernel_rows), range(extent.kernel_columns))
        weights = self._kernel.at((tile.outputs, *taps, lanes)).astype(wide)
        sums = self._slot(step.slots.start).at(box_of(tile))
        vectors = 0
        for i, j in product(*taps):
            rows = range(tile.rows.start + i, tile.rows.stop + i)
            columns = range(tile.columns.start + j, tile.columns.stop + j)
            words = self._inputs.at((rows, columns, lanes)).astype(wide) - wide.type(self.numbers.input_zero)
            sums += words @ weights[:, i, j].T
            vectors += sums.size
        return Work(multiply_commands=vectors, lanes=vectors * len(lanes), tiles=1, macs=vectors * len(tile.inputs))

    def _pool(self, step: Step) -> Work:
        """Sums of the first tile of a batch join the row's, each other tile has a place of its own until the store."""
        tile = step.tile
        words = self._read_words(box_of(tile))
        self._inputs.put((tile.rows.start, tile.columns.start, tile.outputs.start), words)
        added = self._inputs.at(box_of(tile)).astype(self.numbers.width.sum).sum(axis=(0, 1), keepdims=True)
        slot = self._slot(step.slots.start)
        if step.slots.start == 0:
            slot.at((range(1), range(1), tile.outputs))[:] += added
        else:
            slot.put((0, 0, tile.outputs.start), added)
        pixels = words.shape[0] * words.shape[1]
        return Work(read=words.size, input_commands=pixels, pools=words.size)

    def _store(self, step: Step, upto: int | None) -> Work:
        values = self._joined_sums(step)
        if step.last:
            values = self._words(values, step.tile.outputs)
        box = box_of(step.tile)
        region = self.results.next_region(box)
        if upto is not None:
            self._torn_store(region, box, values, step.last, upto)
            return Work()
        self.results.write(region, box, values, step.last)
        self.results.passed(region, box)
        return Work(write=values.size, store_commands=values.shape[0] * values.shape[1])

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
            total = self._slots[0].at(box_of(tile))
            for index in slots[1:]:
                total += self._slots[index].at(box_of(tile))
            return total.copy()
        parts = _parts(tile.outputs, self.tiling.outputs) if len(slots) > 1 else [tile.outputs]
        found = [self._slots[i].at((tile.rows, tile.columns, part)) for i, part in zip(slots, parts, strict=True)]
        return np.concatenate(found, axis=2)

    def _words(self, sums: Words, outputs: range) -> Words:
        numbers = self.numbers
        if numbers.scaling is None:
            area = self.extent.rows * self.extent.columns
            mean: Words = np.floor_divide(sums + area // 2, area).astype(numbers.width.word)
            return mean
        words = numbers.scaling.words(sums, slice(outputs.start, outputs.stop), numbers.width)
        return words if numbers.activation is None else look_up(numbers.activation, words, numbers.width)


def _parts(whole: range, size: int) -> Sequence[range]:
    return [range(start, min(start + size, whole.stop)) for start in range(whole.start, whole.stop, size)]
