"""Designs of a tiled layer: tile sizes, loop order and tile batch, and the space of all of them.

A layer is a loop nest over rows, columns, output channels and input channels. Its design cuts each loop into tiles of
one size (the last tile of a loop may be smaller), orders the loops, and batches the innermost one:

    order    loops, outermost first          reused along a row    a batch is
    INPUT    rows, columns, inputs, OUTPUTS  the input tile        output-channel tiles, stored by one command per pixel
    WEIGHT   outputs, inputs, ROWS, COLUMNS  the weight tile       pixel tiles in row-major order
    OUTPUT   rows, columns, outputs, INPUTS  the partial sums      input-channel tiles accumulated in volatile memory

One batch is one atom. A *row* is one pass of the innermost loop: the reused operand is fetched by the first atom of a
row, and again by a power cycle that starts inside the row. Pooling has OUTPUT order only: outputs, [rows, columns]; its
reused operand is the accumulator.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum


class Order(Enum):
    """The operand that stays in volatile memory along a row."""

    INPUT = "input"
    WEIGHT = "weight"
    OUTPUT = "output"


@dataclass(frozen=True, slots=True, order=True)
class Extent:
    """The trip counts of a layer's loop nest before tiling, and its kernel.

    ``rows`` and ``columns`` count output pixels of a convolution and input pixels of a pooling layer. A dense layer is
    the convolution whose kernel is its whole input (``rows = columns = 1``), or, flattened, the 1 x 1 convolution over
    all inputs as channels.
    """

    rows: int
    columns: int
    outputs: int
    inputs: int
    kernel_rows: int
    kernel_columns: int
    pooling: bool = False

    @property
    def loops(self) -> tuple[int, int, int, int]:
        """The four trip counts in the order of a tiling's fields."""
        return (self.rows, self.columns, self.outputs, self.inputs)


@dataclass(frozen=True, slots=True)
class Tiling:
    """One design of a layer: the form tiled (0: as given, 1: flattened to channels), the order, the tile, the batch."""

    form: int
    order: Order
    rows: int
    columns: int
    outputs: int
    inputs: int
    batch: int

    def describe(self) -> str:
        """A short readable name, e.g. ``input 2x5x1x24 batch 4``."""
        flat = " channels" if self.form else ""
        return f"{self.order.value} {self.rows}x{self.columns}x{self.outputs}x{self.inputs} batch {self.batch}{flat}"


def count(extent: int, tile: int) -> int:
    """How many tiles of a size cover an extent, the last one possibly smaller."""
    return -(-extent // tile)


def sizes(extent: int, tile: int) -> list[int]:
    """The tile sizes along one loop."""
    whole, rest = divmod(extent, tile)
    return [tile] * whole + ([rest] if rest else [])


def innermost(extent: Extent, tiling: Tiling) -> int:
    """The trip count of the batched loop."""
    if extent.pooling or tiling.order is Order.WEIGHT:
        return count(extent.rows, tiling.rows) * count(extent.columns, tiling.columns)
    if tiling.order is Order.INPUT:
        return count(extent.outputs, tiling.outputs)
    return count(extent.inputs, tiling.inputs)


def stores_partial_sums(extent: Extent, tiling: Tiling) -> bool:
    """Whether results are accumulated over several passes through non-volatile memory."""
    if extent.pooling or tiling.order is Order.OUTPUT:
        return tiling.batch < innermost(extent, tiling)
    return tiling.inputs < extent.inputs
