"""The 2021 explorer under continuous power: the baseline without reboots, progress records or recharging.

Tiles are single and an operand that stays is fetched once per run of the innermost loop. As published, a kept output is
stored for every block of input channels but never fetched again, and pooling is charged the input tile of a convolution
whose kernel is the whole input, (rows + height - 1) by (columns + width - 1), although it reads only its own tile;
the memory formula does not share that.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ischedule.compat.candidates import Candidates, candidates, volatile_bytes
from ischedule.compat.costs import Costs, by_order, command, convolution_steps, operand_costs, tile_counts
from ischedule.compat.platform import Design, Layer, LayerKind, Order, Platform, Semantics
from ischedule.compat.profile import INAS_2021, Figures


@dataclass(frozen=True)
class ContinuousResult:
    """A layer's design under continuous power, with latency in seconds and energy in joules."""

    layer: str
    design: Design
    latency: float
    energy: float
    volatile_bytes: int


def _pooling(figures: Figures, layer: Layer, designs: Candidates) -> Costs:
    reads = (designs.rows + layer.in_height - 1) * (designs.columns + layer.in_width - 1)
    block = command(figures.read, designs.out_channels)
    fetch = reads * (block + figures.fetch_input) + (block + by_order(figures.fetch_output, designs))
    steps = designs.rows * designs.columns * designs.out_channels
    store = command(figures.write, designs.out_channels) + by_order(figures.store_output, designs)
    positions, blocks, _ = tile_counts(layer, designs)
    return np.asarray(positions * blocks * (fetch + steps * by_order(figures.step[layer.kind], designs) + store))


def layer_cost(figures: Figures, layer: Layer, designs: Candidates) -> Costs:
    """Cost of the whole layer, for every candidate, on one axis."""
    if layer.kind is LayerKind.GLOBAL_AVERAGE_POOL:
        return _pooling(figures, layer, designs)
    positions, blocks, depth = tile_counts(layer, designs)
    tiles = positions * blocks * depth
    inputs, weights, outputs = operand_costs(figures, layer, designs)
    partial = positions * blocks * (depth - 1) * outputs
    fetch = np.select(
        [designs.order == Order.INPUT.value, designs.order == Order.WEIGHT.value],
        [positions * depth * inputs + tiles * weights + partial, tiles * inputs + blocks * depth * weights + partial],
        tiles * (inputs + weights),
    )
    written = designs.rows * designs.columns
    store = written * (command(figures.write, designs.out_channels) + by_order(figures.store_output, designs))
    return np.asarray(fetch + tiles * (convolution_steps(figures, layer, designs) + store))


def _result(platform: Platform, layer: Layer, designs: Candidates, index: int) -> ContinuousResult:
    return ContinuousResult(
        layer=layer.name,
        design=designs.design(index),
        latency=float(layer_cost(INAS_2021.time, layer, designs)[index]),
        energy=float(layer_cost(INAS_2021.energy, layer, designs)[index]),
        volatile_bytes=int(volatile_bytes(platform, layer, designs)[index]),
    )


def explore_continuous_layer(platform: Platform, layer: Layer) -> ContinuousResult | None:
    """The fastest single-tile candidate that fits the volatile memory, ties by least memory; None where none fits."""
    designs = candidates(layer, Semantics.INAS_2021, batches=False)
    memory = volatile_bytes(platform, layer, designs)
    fits = memory <= platform.volatile_memory
    if not fits.any():
        return None
    latency = np.where(fits, layer_cost(INAS_2021.time, layer, designs), np.inf)
    return _result(platform, layer, designs, int(np.lexsort((memory, latency))[0]))


def evaluate_continuous(
    platform: Platform, layers: Sequence[Layer], designs: Sequence[Design]
) -> tuple[ContinuousResult, ...]:
    """What given designs, one per layer, cost under continuous power."""
    pairs = zip(layers, designs, strict=True)
    return tuple(_result(platform, layer, Candidates.of([design]), 0) for layer, design in pairs)
