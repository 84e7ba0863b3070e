"""The least designs of a tiled layer: if none of them can be run, no design can.

A smaller tile or batch moves and computes less in every atom and needs less volatile memory, with one exception: fewer
input channels at a time mean partial sums, which cost transfers of their own. So the least designs have one pixel and
one output channel, and either one input channel, or all of them at once: in one tile, or (OUTPUT order) in one batch of
tiles of any size. For every design that fits there is a least one that fits and demands no more. Channelwise
nests sum nothing over channels: their least design has one channel, or all of a softmax.
"""

from __future__ import annotations

from collections.abc import Iterator

from ischedule.models.kernels import Prices, rows_of
from ischedule.models.program import TiledStage
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
    if extent.channelwise:
        yield Tiling(form, Order.WEIGHT, 1, 1, 1, extent.least_inputs, 1)
        return
    for order in Order:
        yield Tiling(form, order, 1, 1, 1, 1, 1)
    for order in (Order.INPUT, Order.WEIGHT):
        yield Tiling(form, order, 1, 1, 1, extent.inputs, 1)
    for inputs in range(1, extent.inputs + 1):
        yield Tiling(form, Order.OUTPUT, 1, 1, 1, inputs, count(extent.inputs, inputs))


def largest_atom(extent: Extent, tiling: Tiling, prices: Prices) -> int:
    """What a power cycle drains at least besides its two ends when it runs the dearest atom of a design.

    A cycle that starts inside a row fetches the reused operand again; one that starts before has the row's first atom
    in it.
    """
    most = 0
    for row in {id(row): row for row, _ in rows_of(extent, tiling, prices)}.values():
        before = min(row.again[0], row.atoms[0][0])
        most = max(most, row.atoms[0][0], *(atom[0] + before for atom in row.atoms[1:]))
    return most


def least_atom(stage: TiledStage) -> int | None:
    """The least that the dearest atom of any design that fits drains, None if no design fits."""
    found = [
        largest_atom(extent, tiling, stage.prices)
        for form, extent in enumerate(stage.forms)
        for tiling in least_tilings(form, extent)
        if stage.fits(tiling)
    ]
    return min(found, default=None)
