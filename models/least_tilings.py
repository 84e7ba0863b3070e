"""The least designs of a tiled layer: if none of them can be run, no design can.

A smaller tile or batch moves and computes less in every atom and needs less volatile memory, with one exception: fewer
input channels at a time mean partial sums, which cost transfers of their own. So the least designs have one pixel and
one output channel, and either one input channel, or all of them at once: in one tile, or (OUTPUT order) in one batch of
tiles of any size. For every design that fits there is a least one that fits and demands no more.
"""

from __future__ import annotations

from collections.abc import Iterator

from ischedule.models.tiling import Extent, Order, Tiling, count


def least_tilings(form: int, extent: Extent) -> Iterator[Tiling]:
    """The least designs of one form, whether they fit or not."""
    if extent.pooling:
        yield Tiling(form, Order.OUTPUT, 1, 1, 1, 1, 1)
        for rows in range(1, extent.rows + 1):
            for columns in range(1, extent.columns + 1):
                batch = count(extent.rows, rows) * count(extent.columns, columns)
                yield Tiling(form, Order.OUTPUT, rows, columns, 1, 1, batch)
        return
    for order in Order:
        yield Tiling(form, order, 1, 1, 1, 1, 1)
    for order in (Order.INPUT, Order.WEIGHT):
        yield Tiling(form, order, 1, 1, 1, extent.inputs, 1)
    for inputs in range(1, extent.inputs + 1):
        yield Tiling(form, Order.OUTPUT, 1, 1, 1, inputs, count(extent.inputs, inputs))
