"""A tiled layer performed command by command: data really moves, and whatever moves or works is counted.

Nothing here is derived: no closed form, no sharing of equal rows. A power cycle starts with empty volatile memory and
fetches what an atom needs and does not find there; the reused operand is found as long as the row lasts. Integer
tensors flow through the layer, so that a nest which skips, repeats or misplaces work computes a wrong result.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import product

from ischedule.models.kernels import Prices
from ischedule.models.tiling import Extent, Order, Tiling

Span = range
Pixel = tuple[int, int]
Place = tuple[int, ...]


@dataclass
class Tally:
    """What was moved and done, in commands and elements."""

    read_elements: int = 0
    write_elements: int = 0
    input_commands: int = 0
    weight_commands: int = 0
    sums_commands: int = 0
    store_commands: int = 0
    multiply_commands: int = 0
    multiply_lanes: int = 0
    multiply_accumulates: int = 0
    pool_steps: int = 0
    tiles: int = 0
    peak_elements: int = 0

    def price(self, prices: Prices, order: Order) -> tuple[int, int]:
        """Energy and time: counts times prices."""
        parts = [
            (self.read_elements, prices.read),
            (self.write_elements, prices.write),
            (self.input_commands, prices.input_command),
            (self.weight_commands, prices.weight_command),
            (self.sums_commands, prices.sums_command[order]),
            (self.store_commands, prices.store_command[order]),
            (self.multiply_commands, prices.multiply_command),
            (self.multiply_lanes, prices.multiply),
            (self.pool_steps, prices.pool),
            (self.tiles, prices.tile),
        ]
        return sum(n * price[0] for n, price in parts), sum(n * price[1] for n, price in parts)


@dataclass(frozen=True)
class Batch:
    """One atom: the spans that its tiles share, and those along which they differ."""

    shared: tuple[Span, ...]
    tiles: tuple[tuple[Span, ...], ...]


def spans(extent: int, tile: int) -> list[Span]:
    """The index ranges of the tiles along one loop."""
    return [range(start, min(start + tile, extent)) for start in range(0, extent, tile)]


def first_value(extent: Extent, pixel: Pixel, channel: int) -> int:
    """The input at a pixel: any values would do that tell places apart."""
    return (7 * pixel[0] + 3 * pixel[1] + 5 * channel + pixel[0] * channel) % 11 - 5


def weight_value(output: int, tap: Pixel, channel: int) -> int:
    """The weight of a tap."""
    return (3 * output + 5 * tap[0] + 7 * tap[1] + 2 * channel + output * tap[1]) % 13 - 6


def expected_outputs(extent: Extent) -> dict[Place, int]:
    """What the layer computes, by its definition; pooling as the sum that its last step divides."""
    outputs: dict[Place, int] = {}
    if extent.pooling:
        for channel in range(extent.outputs):
            pixels = product(range(extent.rows), range(extent.columns))
            outputs[(channel,)] = sum(first_value(extent, pixel, channel) for pixel in pixels)
        return outputs
    taps = list(product(range(extent.kernel_rows), range(extent.kernel_columns)))
    for r, c, m in product(range(extent.rows), range(extent.columns), range(extent.outputs)):
        outputs[r, c, m] = sum(
            first_value(extent, (r + tap[0], c + tap[1]), n) * weight_value(m, tap, n)
            for tap in taps
            for n in range(extent.inputs)
        )
    return outputs


@dataclass
class NaiveNest:
    """A layer, its design, and the non-volatile memory that holds its results."""

    extent: Extent
    tiling: Tiling
    multiple: int
    stored: dict[Place, int] = field(default_factory=dict)
    tally: Tally = field(default_factory=Tally)
    inputs: dict[Place, int] = field(default_factory=dict)
    weights: dict[Place, int] = field(default_factory=dict)
    sums: dict[Place, int] = field(default_factory=dict)
    kept: tuple[object, ...] = ()

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
        return [Batch(shared, tuple(inner[start : start + tiling.batch])) for shared in outer for start in cuts]

    def cycle(self, batches: list[Batch]) -> Tally:
        """Run these atoms in one power cycle and return what it took."""
        self.tally, self.kept = Tally(), ()
        for batch in batches:
            if self.extent.pooling:
                self._pool(batch)
            elif self.tiling.order is Order.INPUT:
                self._input_batch(batch)
            elif self.tiling.order is Order.WEIGHT:
                self._weight_batch(batch)
            else:
                self._output_batch(batch)
        return self.tally

    def _fetch_inputs(self, rows: Span, columns: Span, channels: Span) -> None:
        self.inputs.clear()
        for r in range(rows.start, rows.stop + self.extent.kernel_rows - 1):
            for c in range(columns.start, columns.stop + self.extent.kernel_columns - 1):
                self.tally.input_commands += 1
                for n in channels:
                    self.tally.read_elements += 1
                    self.inputs[r, c, n] = first_value(self.extent, (r, c), n)

    def _fetch_weights(self, outputs: Span, channels: Span) -> None:
        self.weights.clear()
        for i, j in product(range(self.extent.kernel_rows), range(self.extent.kernel_columns)):
            for m in outputs:
                self.tally.weight_commands += 1
                for n in channels:
                    self.tally.read_elements += 1
                    self.weights[m, i, j, n] = weight_value(m, (i, j), n)

    def _start_sums(self, rows: Span, columns: Span, outputs: Span, channels: Span) -> None:
        """Zeros before the first input channels, after them what was stored."""
        for r, c in product(rows, columns):
            if channels.start > 0:
                self.tally.sums_commands += 1
            for m in outputs:
                self.sums[r, c, m] = 0
                if channels.start > 0:
                    self.tally.read_elements += 1
                    self.sums[r, c, m] = self.stored[r, c, m]

    def _multiply(self, rows: Span, columns: Span, outputs: Span, channels: Span) -> None:
        self.tally.tiles += 1
        for r, c, m in product(rows, columns, outputs):
            for i, j in product(range(self.extent.kernel_rows), range(self.extent.kernel_columns)):
                self.tally.multiply_commands += 1
                lanes = len(channels)
                while lanes % self.multiple:
                    lanes += 1
                self.tally.multiply_lanes += lanes
                for n in channels:
                    self.tally.multiply_accumulates += 1
                    self.sums[r, c, m] += self.inputs[r + i, c + j, n] * self.weights[m, i, j, n]

    def _store(self, rows: Span, columns: Span, outputs: Span) -> None:
        for r, c in product(rows, columns):
            self.tally.store_commands += 1
            for m in outputs:
                self.tally.write_elements += 1
                self.stored[r, c, m] = self.sums[r, c, m]

    def _occupy(self, rows: Span, columns: Span, outputs: Span, channels: Span, slots: int) -> None:
        """Buffers of one tile's operands, and a slot as large as a full tile's results for each result that waits."""
        lanes = len(channels)
        while lanes % self.multiple:
            lanes += 1
        pixels = sum(
            1
            for _ in product(
                range(len(rows) + self.extent.kernel_rows - 1), range(len(columns) + self.extent.kernel_columns - 1)
            )
        )
        taps = self.extent.kernel_rows * self.extent.kernel_columns
        results = slots * self.tiling.rows * self.tiling.columns * self.tiling.outputs
        total = pixels * lanes + taps * len(outputs) * lanes + results
        self.tally.peak_elements = max(self.tally.peak_elements, total)

    def _input_batch(self, batch: Batch) -> None:
        rows, columns, channels = batch.shared
        if self.kept != batch.shared:
            self._fetch_inputs(rows, columns, channels)
        self.kept = batch.shared
        for (outputs,) in batch.tiles:
            self._fetch_weights(outputs, channels)
            self._start_sums(rows, columns, outputs, channels)
            self._multiply(rows, columns, outputs, channels)
            self._occupy(rows, columns, outputs, channels, len(batch.tiles))
        self._store(rows, columns, range(batch.tiles[0][0].start, batch.tiles[-1][0].stop))

    def _weight_batch(self, batch: Batch) -> None:
        outputs, channels = batch.shared
        if self.kept != batch.shared:
            self._fetch_weights(outputs, channels)
        self.kept = batch.shared
        for rows, columns in batch.tiles:
            self._fetch_inputs(rows, columns, channels)
            self._start_sums(rows, columns, outputs, channels)
            self._multiply(rows, columns, outputs, channels)
            self._occupy(rows, columns, outputs, channels, len(batch.tiles))
        for rows, columns in batch.tiles:
            self._store(rows, columns, outputs)

    def _output_batch(self, batch: Batch) -> None:
        rows, columns, outputs = batch.shared
        if self.kept != batch.shared:
            self._start_sums(rows, columns, outputs, batch.tiles[0][0])
        self.kept = batch.shared
        for (channels,) in batch.tiles:
            self._fetch_inputs(rows, columns, channels)
            self._fetch_weights(outputs, channels)
            self._multiply(rows, columns, outputs, channels)
            self._occupy(rows, columns, outputs, channels, 1)
        self._store(rows, columns, outputs)

    def _pool(self, batch: Batch) -> None:
        (channels,) = batch.shared
        if self.kept != batch.shared:
            self.tally.sums_commands += 1
            for m in channels:
                self.tally.read_elements += 1
                self.sums[(m,)] = self.stored.get((m,), 0)
        self.kept = batch.shared
        for rows, columns in batch.tiles:
            for r, c in product(rows, columns):
                self.tally.input_commands += 1
                for m in channels:
                    self.tally.read_elements += 1
                    self.tally.pool_steps += 1
                    self.sums[(m,)] += first_value(self.extent, (r, c), m)
            held = len(rows) * len(columns) * len(channels) + len(channels) * len(batch.tiles)
            self.tally.peak_elements = max(self.tally.peak_elements, held)
        self.tally.store_commands += 1
        for m in channels:
            self.tally.write_elements += 1
            self.stored[(m,)] = self.sums[(m,)]
