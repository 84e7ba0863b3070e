"""The least designs of a tiled layer: if none of them can be run, no design can.

A smaller tile or batch moves and computes less in every atom and needs less volatile memory, with one exception: fewer
input channels at a time mean partial sums, which cost transfers of their own. So the least designs have one pixel and
one output channel, and either one input channel, or all of them at once, or half of them: in one tile, or (OUTPUT
order) in one batch or two of tiles of any size. With two passes no atom both reads and stores sums, which may be wider
than results. For every design that fits there is a least one that fits and demands no more. Channelwise
nests sum nothing over channels: their least design has one channel, or all of a softmax. Blocks keep their sums in
volatile memory, so that a tile of any number of input channels may be the least; of blocks with two kernels that add up
over channels every tile of channels may be. So may it where bytes may be written only so often: that bounds the number
of passes, and the last one has what the others leave.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from itertools import product

from ischedule.models.block import Block, channel_tiles
from ischedule.models.preservation import Kind
from ischedule.models.program import TiledStage
from ischedule.models.tiling import Extent, Order, Tiling, count, most_writes


def least_designs(stage: TiledStage) -> Iterator[Tiling]:
    """The least designs of all forms of a stage, whether they fit memory or not.

    Where whole pixels must be stored, the least have all output channels in place of one: in INPUT order in tiles of
    any size, for smaller ones take less memory and larger ones less work.
    """
    for form, extent in enumerate(stage.forms):
        for tiling in least_tilings(form, extent, stage.writes_per_byte):
            if stage.kind is not Kind.AUGMENTED:
                yield tiling
            elif tiling.order is Order.INPUT:
                for outputs in range(1, extent.outputs + 1):
                    yield replace(tiling, outputs=outputs, batch=count(extent.outputs, outputs))
            else:
                yield replace(tiling, outputs=extent.outputs)


def least_tilings(form: int, extent: Extent, writes_per_byte: int | None = None) -> Iterator[Tiling]:
    """The least designs of one form that write no byte of their results more often, whether they fit memory or not."""
    found = _least(form, extent)
    if writes_per_byte is None:
        yield from found
        return
    yield from (tiling for tiling in found if most_writes(extent, tiling) <= writes_per_byte)
    if not (isinstance(extent, Block) or extent.channelwise):
        yield from _with_few_passes(form, extent, writes_per_byte)


def _with_few_passes(form: int, extent: Extent, writes: int) -> Iterator[Tiling]:
    """All that may be least where designs of the finest tiles make too many passes, beside those without any sums."""
    if extent.pooling:
        if extent.rows * extent.columns > writes:
            for rows, columns in product(range(1, extent.rows + 1), range(1, extent.columns + 1)):
                trips = count(extent.rows, rows) * count(extent.columns, columns)
                for batch in range(count(trips, writes), trips):
                    yield Tiling(form, Order.OUTPUT, rows, columns, 1, 1, batch)
        return
    if extent.inputs > 2 * writes:
        for inputs in range(count(extent.inputs, 2 * writes), extent.inputs):
            yield from (Tiling(form, order, 1, 1, 1, inputs, 1) for order in (Order.INPUT, Order.WEIGHT))
    if extent.inputs > writes:
        for inputs in range(1, extent.inputs):
            trips = count(extent.inputs, inputs)
            for batch in range(count(trips, writes), trips):
                yield Tiling(form, Order.OUTPUT, 1, 1, 1, inputs, batch)


def _least(form: int, extent: Extent) -> Iterator[Tiling]:
    if isinstance(extent, Block):
        for order, outputs, channels, batch in channel_tiles(extent):
            is_least = outputs == 1 and (channels == 1 or not extent.channelwise)
            if is_least or extent.widening is not None:
                yield Tiling(form, order, 1, 1, outputs, channels, batch)
        return
    if extent.pooling:
        yield Tiling(form, Order.OUTPUT, 1, 1, 1, 1, 1)
        for rows in range(1, extent.rows + 1):
            for columns in range(1, extent.columns + 1):
                trips = count(extent.rows, rows) * count(extent.columns, columns)
                for batch in {trips, count(trips, 2)}:
                    yield Tiling(form, Order.OUTPUT, rows, columns, 1, 1, batch)
        return
    if extent.channelwise:
        yield Tiling(form, Order.WEIGHT, 1, 1, 1, extent.least_inputs, 1)
        return
    for order in Order:
        yield Tiling(form, order, 1, 1, 1, 1, 1)
    for order, inputs in product((Order.INPUT, Order.WEIGHT), {extent.inputs, count(extent.inputs, 2)}):
        yield Tiling(form, order, 1, 1, 1, inputs, 1)
    for inputs in range(1, extent.inputs + 1):
        tiles = count(extent.inputs, inputs)
        for batch in {tiles, count(tiles, 2)}:
            yield Tiling(form, Order.OUTPUT, 1, 1, 1, inputs, batch)
