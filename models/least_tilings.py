"""The least designs of a tiled layer: if none of them can be run, no design can.

A smaller tile or batch moves and computes less in every atom and needs less volatile memory, with one exception: fewer
input channels at a time mean partial sums, which cost transfers of their own. So the least designs have one pixel and
one output channel, and either one input channel, or all of them at once, or half of them: in one tile, or (OUTPUT
order) in one batch or two of tiles of any size. With two passes no atom both reads and stores sums, which may be wider
than results. For every design that fits there is a least one that fits and demands no more. Channelwise
nests sum nothing over channels: their least design has one channel, or all of a softmax. Blocks keep their sums in
volatile memory, so that a tile of any number of input channels may be the least. Of blocks with two kernels that add up
over channels every tile of channels may be.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import product

from ischedule.models.block import Block, channel_tiles
from ischedule.models.tiling import Extent, Order, Tiling, count


def least_tilings(form: int, extent: Extent) -> Iterator[Tiling]:
    """The least designs of one form, whether they fit or not."""
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
