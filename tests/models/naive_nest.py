"""A tiled layer performed command by command: data really moves, and whatever moves or works is counted.

Nothing here is derived: no closed form, no sharing of equal rows. A power cycle starts with empty volatile memory and
fetches what an atom needs and does not find there; the reused operand is found as long as the row lasts. Integer
tensors flow through the layer, so that a nest which skips, repeats or misplaces work computes a wrong result.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from itertools import product

from ischedule.models.kernels import Prices
from ischedule.models.tiling import Arithmetic, Extent, Order, Tiling

Span = range
Pixel = tuple[int, int]
Place = tuple[int, ...]


@dataclass
class Tally:
    """What was moved and done, in commands and elements."""

    read_elements: int = 0
    write_elements: int = 0
    read_sums: int = 0
    write_sums: int = 0
    input_commands: int = 0
    weight_commands: int = 0
    sums_commands: int = 0
    store_commands: int = 0
    multiply_commands: int = 0
    multiply_lanes: int = 0
    multiply_accumulates: int = 0
    pool_steps: int = 0
    add_steps: int = 0
    softmax_steps: int = 0
    finish_steps: int = 0
    tiles: int = 0
    peak_elements: int = 0

    def price(self, prices: Prices, order: Order) -> tuple[int, int]:
        """Energy and time: counts times prices."""
        parts = [
            (self.read_elements, prices.read),
            (self.write_elements, prices.write),
            (self.read_sums, prices.read_sum),
            (self.write_sums, prices.write_sum),
            (self.input_commands, prices.input_command),
            (self.weight_commands, prices.weight_command),
            (self.sums_commands, prices.sums_command[order]),
            (self.store_commands, prices.store_command[order]),
            (self.multiply_commands, prices.multiply_command),
            (self.multiply_lanes, prices.multiply),
            (self.pool_steps, prices.pool),
            (self.add_steps, prices.add),
            (self.softmax_steps, prices.softmax),
            (self.finish_steps, prices.finish),
            (self.tiles, prices.tile),
        ]
        return sum(n * price[0] for n, price in parts), sum(n * price[1] for n, price in parts)


@dataclass(frozen=True)
class Batch:
    """One atom: the spans that its tiles share, and those along which they differ."""

    group: int
    shared: tuple[Span, ...]
    tiles: tuple[tuple[Span, ...], ...]


def spans(extent: int, tile: int) -> list[Span]:
    """The index ranges of the tiles along one loop."""
    return [range(start, min(start + tile, extent)) for start in range(0, extent, tile)]


def first_value(extent: Extent, pixel: Pixel, channel: int, source: int = 0) -> int:
    """The input at a pixel: any values would do that tell places apart."""
    return (7 * pixel[0] + 3 * pixel[1] + 5 * channel + pixel[0] * channel + 4 * source) % 11 - 5


def weight_value(output: int, tap: Pixel, channel: int) -> int:
    """The weight of a tap."""
    return (3 * output + 5 * tap[0] + 7 * tap[1] + 2 * channel + output * tap[1]) % 13 - 6


def bias_value(output: int) -> int:
    """What sums of an output channel begin with."""
    return 3 * output - 7


def finished(value: int) -> int:
    """What an activation makes of a result."""
    return 2 * max(value, -3) + 1


def looks_at(extent: Extent, r: int, c: int) -> list[tuple[Pixel, Pixel]]:
    """The taps of an output pixel, and the input pixels under them."""
    taps = product(range(extent.kernel_rows), range(extent.kernel_columns))
    (down, across), (apart, aside) = extent.stride, extent.dilation
    return [((i, j), (r * down + i * apart, c * across + j * aside)) for i, j in taps]


def combined(extent: Extent, r: int, c: int, n: int) -> int:
    """A result of a channelwise layer without weights."""
    if extent.arithmetic is Arithmetic.POOL:
        return sum(first_value(extent, pixel, n) for _, pixel in looks_at(extent, r, c))
    if extent.arithmetic is Arithmetic.ADD:
        return sum(first_value(extent, (r, c), n, source) for source in range(extent.sources))
    value = first_value(extent, looks_at(extent, r, c)[0][1], n)
    if extent.arithmetic is Arithmetic.SOFTMAX:
        return 7 * value - sum(first_value(extent, (r, c), channel) for channel in range(extent.inputs))
    return value


def expected_outputs(extent: Extent) -> dict[Place, int]:
    """What the layer computes, by its definition; pooling as the sum that its last step divides."""
    outputs: dict[Place, int] = {}
    if extent.pooling:
        for channel in range(extent.outputs):
            pixels = product(range(extent.rows), range(extent.columns))
            outputs[(channel,)] = sum(first_value(extent, pixel, channel) for pixel in pixels)
        return outputs
    results = extent.groups * (extent.inputs if extent.channelwise else extent.outputs)
    for r, c, m in product(range(extent.rows), range(extent.columns), range(results)):
        group = m // extent.outputs
        channels = [m] if extent.channelwise else range(group * extent.inputs, (group + 1) * extent.inputs)
        if extent.arithmetic is Arithmetic.MULTIPLY:
            value = sum(
                first_value(extent, pixel, n) * weight_value(m, tap, n)
                for tap, pixel in looks_at(extent, r, c)
                for n in channels
            )
        else:
            value = combined(extent, r, c, m)
        value += bias_value(m) if extent.bias else 0
        outputs[r, c, m] = finished(value) if extent.finish else value
    return outputs


@dataclass
class NaiveNest:
    """A layer, its design, and the non-volatile memory that holds its results."""

    extent: Extent
    tiling: Tiling
    multiple: int
    sum_words: int = 1
    stored: dict[Place, int] = field(default_factory=dict)
    tally: Tally = field(default_factory=Tally)
    inputs: dict[Place, int] = field(default_factory=dict)
    weights: dict[Place, int] = field(default_factory=dict)
    sums: dict[Place, int] = field(default_factory=dict)
    kept: object = None

    def batches(self) -> list[Batch]:
        """All atoms, by walking the loops of the order; the innermost loop is cut into batches."""
        extent, tiling = self.extent, self.tiling
        rows, columns = spans(extent.rows, tiling.rows), spans(extent.columns, tiling.columns)
        outputs, inputs = spans(extent.outputs, tiling.outputs), spans(extent.inputs, tiling.inputs)
        outer: list[tuple[Span, ...]]
        inner: list[tuple[Span, ...]]
        if extent.pooling:
            outer, inner = [(m,) for m in outputs], list(product(rows, columns))
        elif tiling.order is Order.INPUT:
            outer, inner = list(product(rows, columns, inputs)), [(m,) for m in outputs]
        elif tiling.order is Order.WEIGHT:
            outer, inner = list(product(outputs, inputs)), list(product(rows, columns))
        else:
            outer, inner = list(product(rows, columns, outputs)), [(n,) for n in inputs]
        cuts = range(0, len(inner), tiling.batch)
        return [
            Batch(group, shared, tuple(inner[start : start + tiling.batch]))
            for group in range(extent.groups)
            for shared in outer
            for start in cuts
        ]

    def cycle(self, batches: list[Batch]) -> Tally:
        """Run these atoms in one power cycle and return what it took."""
        self.tally, self.kept = Tally(), None
        for batch in map(self._in_group, batches):
            if self.extent.pooling:
                self._pool(batch)
            elif self.tiling.order is Order.INPUT:
                self._input_batch(batch)
            elif self.tiling.order is Order.WEIGHT:
                self._weight_batch(batch)
            else:
                self._output_batch(batch)
        return self.tally

    def _in_group(self, batch: Batch) -> Batch:
        """The batch with its channels counted over all groups."""
        if batch.group == 0:
            return batch
        outputs, inputs = batch.group * self.extent.outputs, batch.group * self.extent.inputs

        def moved(span: Span, offset: int) -> Span:
            return range(span.start + offset, span.stop + offset)

        if self.tiling.order is Order.INPUT:
            rows, columns, channels = batch.shared
            tiles = tuple((moved(m, outputs),) for (m,) in batch.tiles)
            return replace(batch, shared=(rows, columns, moved(channels, inputs)), tiles=tiles)
        if self.tiling.order is Order.WEIGHT:
            m, channels = batch.shared
            return replace(batch, shared=(moved(m, outputs), moved(channels, inputs)))
        rows, columns, m = batch.shared
        tiles = tuple((moved(n, inputs),) for (n,) in batch.tiles)
        return replace(batch, shared=(rows, columns, moved(m, outputs)), tiles=tiles)

    def _reached(self, rows: Span, columns: Span) -> list[Pixel]:
        """Input pixels between the first and the last tap of each window, each once."""
        found: set[Pixel] = set()
        for r, c in product(rows, columns):
            pixels = [pixel for _, pixel in looks_at(self.extent, r, c)]
            (top, left), (bottom, right) = min(pixels), max(pixels)
            found |= set(product(range(top, bottom + 1), range(left, right + 1)))
        return sorted(found)

    def _fetch_inputs(self, rows: Span, columns: Span, channels: Span) -> None:
        self.inputs.clear()
        for source, (r, c) in product(range(self.extent.sources), self._reached(rows, columns)):
            self.tally.input_commands += 1
            for n in channels:
                self.tally.read_elements += 1
                self.inputs[r, c, n, source] = first_value(self.extent, (r, c), n, source)

    def _fetch_weights(self, outputs: Span, channels: Span) -> None:
        self.weights.clear()
        for i, j in product(range(self.extent.kernel_rows), range(self.extent.kernel_columns)):
            for m in range(1) if self.extent.channelwise else outputs:
                self.tally.weight_commands += 1
                for n in channels:
                    self.tally.read_elements += 1
                    self.weights[m, i, j, n] = weight_value(n if self.extent.channelwise else m, (i, j), n)

    def _begin(self, outputs: Span) -> None:
        """One command for what the sums of these channels begin with."""
        if self.extent.bias:
            self.tally.weight_commands += 1
            self.tally.read_sums += len(outputs)

    def _start_sums(self, rows: Span, columns: Span, outputs: Span, is_first: bool) -> None:
        """A bias or zeros before the first input channels, after them what was stored."""
        for r, c in product(rows, columns):
            if not is_first:
                self.tally.sums_commands += 1
            for m in outputs:
                self.sums[r, c, m] = bias_value(m) if self.extent.bias else 0
                if not is_first:
                    self.tally.read_sums += 1
                    self.sums[r, c, m] = self.stored[r, c, m]

    def _multiply(self, rows: Span, columns: Span, outputs: Span, channels: Span) -> None:
        self.tally.tiles += 1
        lanes = len(channels)
        while lanes % self.multiple:
            lanes += 1
        for r, c, m in product(rows, columns, range(1) if self.extent.channelwise else outputs):
            for (i, j), (y, x) in looks_at(self.extent, r, c):
                self.tally.multiply_commands += 1
                self.tally.multiply_lanes += lanes
                for n in channels:
                    self.tally.multiply_accumulates += 1
                    result = n if self.extent.channelwise else m
                    self.sums[r, c, result] += self.inputs[y, x, n, 0] * self.weights[m, i, j, n]

    def _combine(self, rows: Span, columns: Span, channels: Span) -> None:
        """Results without weights, from what was fetched."""
        self.tally.tiles += 1
        kind, sources = self.extent.arithmetic, range(self.extent.sources)
        for r, c, n in product(rows, columns, channels):
            pixels = [pixel for _, pixel in looks_at(self.extent, r, c)]
            found = [self.inputs[y, x, n, source] for y, x in pixels for source in sources]
            if kind is Arithmetic.SOFTMAX:
                found = [7 * found[0], *(-self.inputs[r, c, other, 0] for other in range(self.extent.inputs))]
                self.tally.softmax_steps += 1
            elif kind is Arithmetic.COPY:
                found = found[:1]
            elif kind is Arithmetic.POOL:
                self.tally.pool_steps += len(found)
            else:
                self.tally.add_steps += len(found)
            self.sums[r, c, n] += sum(found)

    def _finish(self, rows: Span, columns: Span, outputs: Span, is_last: bool) -> None:
        if self.extent.finish and is_last:
            for r, c, m in product(rows, columns, outputs):
                self.tally.finish_steps += 1
                self.sums[r, c, m] = finished(self.sums[r, c, m])

    def _store(self, rows: Span, columns: Span, outputs: Span, is_last: bool) -> None:
        for r, c in product(rows, columns):
            self.tally.store_commands += 1
            for m in outputs:
                self._count_store(is_last)
                self.stored[r, c, m] = self.sums[r, c, m]

    def _count_store(self, is_last: bool) -> None:
        """A sum, or after the last input a result."""
        self.tally.write_elements += is_last
        self.tally.write_sums += not is_last

    def _occupy(self, rows: Span, columns: Span, outputs: Span, channels: Span, slots: int) -> None:
        """Buffers of one tile's operands, and a slot as large as a full tile's results for each result that waits."""
        lanes = len(channels)
        while lanes % self.multiple:
            lanes += 1
        pixels = self.extent.sources * len(self._reached(rows, columns))
        taps, kept = self.extent.kernel_rows * self.extent.kernel_columns, self.tiling.outputs
        if self.extent.channelwise:
            outputs, kept = range(1), self.tiling.inputs
        if self.extent.arithmetic is not Arithmetic.MULTIPLY:
            taps = 0
        results = slots * self.tiling.rows * self.tiling.columns * kept
        if self.extent.arithmetic is Arithmetic.MULTIPLY:
            results *= self.sum_words
        total = pixels * lanes + taps * len(outputs) * lanes + results
        self.tally.peak_elements = max(self.tally.peak_elements, total)

    def _ends(self, channels: Span) -> tuple[bool, bool]:
        """Whether sums begin with these channels, and whether they end with them."""
        inputs = self.extent.inputs
        if self.extent.channelwise:
            return True, True
        return channels.start % inputs == 0, channels.stop % inputs == 0

    def _input_batch(self, batch: Batch) -> None:
        rows, columns, channels = batch.shared
        if self.kept != (batch.group, batch.shared):
            self._fetch_inputs(rows, columns, channels)
        self.kept = (batch.group, batch.shared)
        first, last = self._ends(channels)
        whole = range(batch.tiles[0][0].start, batch.tiles[-1][0].stop)
        if first:
            self._begin(whole)
        for (outputs,) in batch.tiles:
            self._fetch_weights(outputs, channels)
            self._start_sums(rows, columns, outputs, first)
            self._multiply(rows, columns, outputs, channels)
            self._finish(rows, columns, outputs, last)
            self._occupy(rows, columns, outputs, channels, len(batch.tiles))
        self._store(rows, columns, whole, last)

    def _weight_batch(self, batch: Batch) -> None:
        outputs, channels = batch.shared
        if self.kept != (batch.group, batch.shared) and self.extent.arithmetic is Arithmetic.MULTIPLY:
            self._fetch_weights(outputs, channels)
        self.kept = (batch.group, batch.shared)
        first, last = self._ends(channels)
        results = channels if self.extent.channelwise else outputs
        for rows, columns in batch.tiles:
            self._fetch_inputs(rows, columns, channels)
            if first:
                self._begin(results)
            self._start_sums(rows, columns, results, first)
            if self.extent.arithmetic is Arithmetic.MULTIPLY:
                self._multiply(rows, columns, outputs, channels)
            else:
                self._combine(rows, columns, channels)
            self._finish(rows, columns, results, last)
            self._occupy(rows, columns, outputs, channels, len(batch.tiles))
        for rows, columns in batch.tiles:
            self._store(rows, columns, results, last)

    def _output_batch(self, batch: Batch) -> None:
        rows, columns, outputs = batch.shared
        first, last = self._ends(range(batch.tiles[0][0].start, batch.tiles[-1][0].stop))
        if self.kept != (batch.group, batch.shared):
            if first:
                self._begin(outputs)
            self._start_sums(rows, columns, outputs, first)
        self.kept = (batch.group, batch.shared)
        for (channels,) in batch.tiles:
            self._fetch_inputs(rows, columns, channels)
            self._fetch_weights(outputs, channels)
            self._multiply(rows, columns, outputs, channels)
            self._occupy(rows, columns, outputs, channels, 1)
        self._finish(rows, columns, outputs, last)
        self._store(rows, columns, outputs, last)

    def _pool(self, batch: Batch) -> None:
        (channels,) = batch.shared
        if self.kept != (batch.group, batch.shared):
            self.tally.sums_commands += 1
            for m in channels:
                self.tally.read_sums += 1
                self.sums[(m,)] = self.stored.get((m,), 0)
        self.kept = (batch.group, batch.shared)
        for rows, columns in batch.tiles:
            for r, c in product(rows, columns):
                self.tally.input_commands += 1
                for m in channels:
                    self.tally.read_elements += 1
                    self.tally.pool_steps += 1
                    self.sums[(m,)] += first_value(self.extent, (r, c), m)
            held = len(rows) * len(columns) * len(channels) + self.sum_words * len(channels) * len(batch.tiles)
            self.tally.peak_elements = max(self.tally.peak_elements, held)
        self.tally.store_commands += 1
        last = batch.tiles[-1] == (
            spans(self.extent.rows, self.tiling.rows)[-1],
            spans(self.extent.columns, self.tiling.columns)[-1],
        )
        for m in channels:
            self._count_store(last)
            self.stored[(m,)] = self.sums[(m,)]
