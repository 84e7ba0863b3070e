"""What one power cycle of a design costs, and how many there are, by the published formulas.

A power cycle boots, restores the progress record, fetches operands, computes a batch of S tiles of one layer, stores
what it computed and stores the record; then it gives up the rest of its energy. Cycles come in two sorts: on the first
block of input channels there are no partial sums to fetch, on the later ones there are. The formulas are the same for
energy and time; arrays hold one entry per candidate.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ischedule.compat.candidates import Candidates, Column, input_tile, tiled_extent
from ischedule.compat.platform import Layer, LayerKind, Order
from ischedule.compat.profile import Figures, Linear, PerOrder

Costs = npt.NDArray[np.float64]


@dataclass(frozen=True)
class CycleParts:
    """Parts of one power cycle's cost on one axis (joules or seconds)."""

    reboot: float
    restore: float
    fetch_first: Costs
    fetch_later: Costs
    compute: Costs
    store: Costs
    record: float

    def first(self) -> Costs:
        """A whole cycle on the first block of input channels."""
        return self.reboot + self.fetch_first + self.restore + self.compute + self.store + self.record

    def later(self) -> Costs:
        """A whole cycle on a later block of input channels."""
        return self.reboot + self.fetch_later + self.restore + self.compute + self.store + self.record

    def named(self, index: int, later: bool) -> dict[str, float]:
        """The parts of one candidate's cycle by name."""
        fetch = self.fetch_later if later else self.fetch_first
        return {
            "reboot": self.reboot,
            "restore": self.restore,
            "fetch": float(fetch[index]),
            "compute": float(self.compute[index]),
            "store": float(self.store[index]),
            "record": self.record,
        }


@dataclass(frozen=True)
class CycleCounts:
    """Power cycles of a layer: on the first block of input channels, and on later ones."""

    first: Costs
    later: Costs


def command(transfer: Linear, words: Column | int) -> Costs:
    """Cost of one transfer command, or one vector operation, on so many words."""
    return np.asarray(transfer.per_word * words + transfer.fixed, dtype=np.float64)


def by_order(costs: PerOrder, designs: Candidates) -> Costs:
    """The entry for each candidate's loop order."""
    return np.take(np.array(costs), designs.order)


def operand_costs(figures: Figures, layer: Layer, designs: Candidates) -> tuple[Costs, Costs, Costs]:
    """Fetching one tile's input, weights and partial outputs."""
    in_rows, in_columns = input_tile(layer, designs)
    reads_in = in_rows * in_columns
    reads_weight = layer.kernel_height * layer.kernel_width * designs.out_channels
    reads_out = designs.rows * designs.columns
    return (
        reads_in * (command(figures.read, designs.in_channels) + figures.fetch_input),
        reads_weight * (command(figures.read, designs.in_channels) + figures.fetch_weight),
        reads_out * (command(figures.read, designs.out_channels) + by_order(figures.fetch_output, designs)),
    )


def _fetches(figures: Figures, layer: Layer, designs: Candidates) -> tuple[Costs, Costs]:
    """Fetches of a convolution's cycle: the kept operand once, the others once per tile."""
    inputs, weights, outputs = operand_costs(figures, layer, designs)
    order, batch = designs.order, designs.batch
    keeps = [order == Order.INPUT.value, order == Order.WEIGHT.value]
    first = np.select(keeps, [batch * weights + inputs, batch * inputs + weights], batch * (inputs + weights))
    later = np.select(
        keeps,
        [batch * (weights + outputs) + inputs, batch * (inputs + outputs) + weights],
        batch * (inputs + weights) + outputs,
    )
    return first, later


def _stores(figures: Figures, designs: Candidates) -> Costs:
    """Stores of a convolution's cycle: tiles that lie side by side in channels go out in one longer command."""
    order, batch = designs.order, designs.batch
    positions = designs.rows * designs.columns
    words = np.where(order == Order.INPUT.value, batch * designs.out_channels, designs.out_channels)
    times = np.where(order == Order.WEIGHT.value, batch * positions, positions)
    return np.asarray(times * (command(figures.write, words) + by_order(figures.store_output, designs)))


def convolution_steps(figures: Figures, layer: Layer, designs: Candidates) -> Costs:
    """Computing one tile of a convolution: one vector operation per kernel position and output."""
    steps = layer.kernel_height * layer.kernel_width * designs.rows * designs.columns * designs.out_channels
    each = command(figures.vector_mac, designs.in_channels) + by_order(figures.step[layer.kind], designs)
    return np.asarray(steps * each + figures.tile)


def _elementwise(figures: Figures, layer: Layer, designs: Candidates) -> tuple[Costs, Costs, Costs]:
    """Fetch, compute and store of one cycle of a layer that the accelerator's vector operation does not serve."""
    in_rows, in_columns = input_tile(layer, designs)
    block = command(figures.read, designs.out_channels)
    fetch = in_rows * in_columns * (block + figures.fetch_input)
    steps = designs.rows * designs.columns * designs.out_channels
    written = designs.rows * designs.columns
    if layer.kind is LayerKind.DEPTHWISE:
        kernel = layer.kernel_height * layer.kernel_width
        fetch = fetch + kernel * designs.out_channels * (command(figures.read, 1) + figures.fetch_weight)
        steps = steps * kernel
    elif layer.kind is LayerKind.BATCH_NORM:
        fetch = fetch + 4 * (block + figures.fetch_weight)
    elif layer.kind is LayerKind.ADD:
        fetch = 2 * fetch
    elif layer.kind is LayerKind.GLOBAL_AVERAGE_POOL:
        fetch = designs.batch * fetch + (block + by_order(figures.fetch_output, designs))
        steps, written = designs.batch * steps, np.ones_like(written)
    store = written * (command(figures.write, designs.out_channels) + by_order(figures.store_output, designs))
    return fetch, np.asarray(steps * by_order(figures.step[layer.kind], designs)), store


def cycle_parts(figures: Figures, layer: Layer, designs: Candidates, record_words: int) -> CycleParts:
    """One power cycle of every candidate, on one axis."""
    if layer.kind in (LayerKind.CONVOLUTION, LayerKind.DENSE):
        first, later = _fetches(figures, layer, designs)
        compute = designs.batch * convolution_steps(figures, layer, designs)
        store = _stores(figures, designs)
    else:
        first, compute, store = _elementwise(figures, layer, designs)
        later = first
    return CycleParts(
        reboot=figures.reboot,
        restore=float(command(figures.read, record_words)),
        fetch_first=first,
        fetch_later=later,
        compute=compute,
        store=store,
        record=float(command(figures.write, record_words)),
    )


def tile_counts(layer: Layer, designs: Candidates) -> tuple[Costs, Costs, Costs]:
    """Tiles along the positions, the output channels and the input channels; edge tiles count in full."""
    height, width = tiled_extent(layer)
    positions = np.ceil(height / designs.rows) * np.ceil(width / designs.columns)
    blocks = np.ceil(layer.out_channels / designs.out_channels)
    if layer.kind in (LayerKind.CONVOLUTION, LayerKind.DENSE):
        return positions, blocks, np.ceil(layer.in_channels / designs.in_channels)
    return positions, blocks, np.ones_like(blocks)


def cycle_counts(layer: Layer, designs: Candidates) -> CycleCounts:
    """Power cycles of every candidate.

    Batches along the input channels (output kept) still start each output tile with a cycle of its own; depthwise
    layers count all but the first block of channels as later, at the same cost.
    """
    positions, blocks, depth = tile_counts(layer, designs)
    tiles = positions * blocks
    total = tiles * depth / designs.batch
    if layer.kind is LayerKind.DEPTHWISE:
        return CycleCounts(positions, total - positions)
    kept_output = (designs.order == Order.OUTPUT.value) & (layer.kind is not LayerKind.GLOBAL_AVERAGE_POOL)
    first = np.where(kept_output, tiles, tiles / designs.batch)
    return CycleCounts(first, total - first)
