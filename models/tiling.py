"""Designs of a tiled layer: tile sizes, loop order and tile batch, and the space of all of them.

A layer is a loop nest over rows, columns, output channels and input channels. Its design cuts each loop into tiles of
one size (the last tile of a loop may be smaller), orders the loops, and batches the innermost one:

    order    loops, outermost first          reused along a row    a batch is
    INPUT    rows, columns, inputs, OUTPUTS  the input tile        output-channel tiles, stored by one command per pixel
    WEIGHT   outputs, inputs, ROWS, COLUMNS  the weight tile       pixel tiles in row-major order
    OUTPUT   rows, columns, outputs, INPUTS  the partial sums      input-channel tiles accumulated in volatile memory

One batch is one atom. A *row* is one pass of the innermost loop: the reused operand is fetched by the first atom of a
row, and again by a power cycle that starts inside the row. Pooling over a whole feature map has OUTPUT order only:
outputs, [rows, columns]; its reused operand is the accumulator.

A *channelwise* nest (depthwise filters, pooling windows, sums of tensors, functions of single values) makes one result
channel of each input channel: it has one output loop and WEIGHT order only, and nothing is summed over channels. The
nest of a layer with groups is run once for each group, one after the other.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum, StrEnum
from math import prod


class Order(Enum):
    """The operand that stays in volatile memory along a row."""

    INPUT = "input"
    WEIGHT = "weight"
    OUTPUT = "output"


class Arithmetic(StrEnum):
    """What is done with the input elements of a result."""

    MULTIPLY = "multiply"
    POOL = "pool"
    ADD = "add"
    COPY = "copy"
    SOFTMAX = "softmax"


@dataclass(frozen=True, slots=True, order=True)
class Extent:
    """The trip counts of a layer's loop nest before tiling, its kernel, and what it does.

    ``rows`` and ``columns`` count output pixels of a convolution and input pixels of a global pooling layer
    (``pooling``). A dense layer is the convolution whose kernel is its whole input (``rows = columns = 1``), or,
    flattened, the 1 x 1 convolution over all inputs as channels. ``outputs`` and ``inputs`` are channels of one group;
    a channelwise nest has one output and as many results as inputs. ``sources`` tensors are read alike. Sums begin with
    a bias that is read; what a result still needs before it is stored is its ``finish``.
    """

    rows: int
    columns: int
    outputs: int
    inputs: int
    kernel_rows: int
    kernel_columns: int
    pooling: bool = False
    stride: tuple[int, int] = (1, 1)
    dilation: tuple[int, int] = (1, 1)
    channelwise: bool = False
    arithmetic: Arithmetic = Arithmetic.MULTIPLY
    sources: int = 1
    groups: int = 1
    bias: bool = False
    finish: bool = False

    @property
    def loops(self) -> tuple[int, int, int, int]:
        """The four trip counts in the order of a tiling's fields."""
        return (self.rows, self.columns, self.outputs, self.inputs)

    @property
    def row_reach(self) -> tuple[int, int]:
        """How many input rows a number of output rows looks at: so many for each, and so many more."""
        return _reach(self.kernel_rows, self.stride[0], self.dilation[0])

    @property
    def column_reach(self) -> tuple[int, int]:
        """The same of columns."""
        return _reach(self.kernel_columns, self.stride[1], self.dilation[1])

    @property
    def taps(self) -> int:
        """How many pixels of the input a result looks at."""
        return self.kernel_rows * self.kernel_columns

    @property
    def weight_taps(self) -> int:
        """How many weights there are for each pair of an input and an output channel."""
        return self.taps if self.arithmetic is Arithmetic.MULTIPLY else 0

    @property
    def steps(self) -> int:
        """How many elements are worked on for each result where nothing is multiplied."""
        return {Arithmetic.POOL: self.taps, Arithmetic.ADD: self.sources}.get(self.arithmetic, 1)

    @property
    def results(self) -> int:
        """How many result channels a group has."""
        return self.inputs if self.channelwise else self.outputs

    @property
    def adds_up(self) -> bool:
        """Whether results are sums in volatile memory until they are stored: of products, or of a map's pixels."""
        return self.pooling or self.arithmetic is Arithmetic.MULTIPLY

    @property
    def least_inputs(self) -> int:
        """The fewest channels of a tile: a softmax needs all channels of a pixel at once."""
        return self.inputs if self.arithmetic is Arithmetic.SOFTMAX else 1

    @property
    def kernels(self) -> tuple[Extent, ...]:
        """The nests of all kernels that it computes: one, but for blocks."""
        return (self,)

    @property
    def orders(self) -> tuple[Order, ...]:
        """The orders that the nest can have."""
        if self.pooling:
            return (Order.OUTPUT,)
        return (Order.WEIGHT,) if self.channelwise else tuple(Order)

    def halo(self, rows: int, columns: int) -> int:
        """How many input pixels a tile of output pixels looks at, those between dilated taps included."""
        (down, below), (across, beside) = self.row_reach, self.column_reach
        return (down * rows + below) * (across * columns + beside)


def _reach(kernel: int, stride: int, dilation: int) -> tuple[int, int]:
    """Windows that overlap or touch share a run of pixels, others have one each."""
    window = (kernel - 1) * dilation + 1
    return (stride, window - stride) if window >= stride else (window, 0)


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


def atoms_in(extent: Extent, tiling: Tiling) -> int:
    """How many atoms a design of a nest has that is no block."""
    trips = innermost(extent, tiling)
    sizes_of = (tiling.rows, tiling.columns, tiling.outputs, tiling.inputs)
    tiles = prod(count(loop, size) for loop, size in zip(extent.loops, sizes_of, strict=True))
    return extent.groups * (tiles // trips) * count(trips, tiling.batch)


def stores_whole_pixels(extent: Extent, tiling: Tiling) -> bool:
    """Whether every command that stores writes all result channels of a pixel of a map."""
    if extent.pooling or extent.channelwise or extent.groups > 1:
        return False
    batched = tiling.batch if tiling.order is Order.INPUT else 1
    return batched >= count(extent.outputs, tiling.outputs)


def stores_partial_sums(extent: Extent, tiling: Tiling) -> bool:
    """Whether results are accumulated over several passes through non-volatile memory."""
    if extent.pooling or tiling.order is Order.OUTPUT:
        return tiling.batch < innermost(extent, tiling)
    return tiling.inputs < extent.inputs and not extent.channelwise


def most_writes(extent: Extent, tiling: Tiling) -> int:
    """How often a byte is written at most of any region that the results take, in one inference.

    Stored sums are written by every pass. Where they stay in volatile memory as well, all passes may write to one
    region. Elsewhere each reads what the one before it has written and writes to another, so that no region is written
    by two in a row.
    """
    if not stores_partial_sums(extent, tiling):
        return 1
    if extent.pooling or tiling.order is Order.OUTPUT:
        return count(innermost(extent, tiling), tiling.batch)
    return count(count(extent.inputs, tiling.inputs), 2)
