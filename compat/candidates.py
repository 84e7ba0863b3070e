"""The candidate designs that each published explorer enumerates for a layer, as columns, and the memory each takes.

iNAS 2021: tile rows, columns and output channels divide the layer; input channels and tile batches are 1 or an *even*
divisor; pooling steps by even divisors everywhere. TiNAS 2025: one tile per power cycle; rows and columns are 1 or any
even number up to the extent rounded up to even (edge tiles are charged in full), channels 1 or an even divisor.
Under continuous power (iNAS only) the tile batch is 1.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import product

import numpy as np
import numpy.typing as npt

from ischedule.compat.platform import Design, Layer, LayerKind, Order, Platform, Semantics

Column = npt.NDArray[np.int64]

MAX_TILES = 1_000_000
"""Tilings of one layer beyond which enumeration is refused; the published networks have at most some thousands."""


class TooManyCandidates(ValueError):
    """A layer so large that enumerating its designs one by one is hopeless."""


_ONE_ORDER = {
    LayerKind.BATCH_NORM: (Order.WEIGHT,),
    LayerKind.RELU: (Order.OUTPUT,),
    LayerKind.ADD: (Order.OUTPUT,),
    LayerKind.GLOBAL_AVERAGE_POOL: (Order.OUTPUT,),
}


@dataclass(frozen=True)
class Candidates:
    """Designs as columns, one row per candidate, in the order of enumeration; `order` holds `Order` values."""

    rows: Column
    columns: Column
    out_channels: Column
    in_channels: Column
    order: Column
    batch: Column

    @classmethod
    def of(cls, designs: Sequence[Design]) -> Candidates:
        """The columns of the given designs."""
        table = [(d.rows, d.columns, d.out_channels, d.in_channels, d.order.value, d.batch) for d in designs]
        return cls(*np.array(table, dtype=np.int64).reshape(-1, 6).T)

    def __len__(self) -> int:
        return len(self.rows)

    def design(self, index: int) -> Design:
        """One row as a design."""
        return Design(
            int(self.rows[index]),
            int(self.columns[index]),
            int(self.out_channels[index]),
            int(self.in_channels[index]),
            Order(int(self.order[index])),
            int(self.batch[index]),
        )

    def take(self, chosen: npt.NDArray[np.bool_]) -> Candidates:
        """The rows for which `chosen` is true."""
        columns = (self.rows, self.columns, self.out_channels, self.in_channels, self.order, self.batch)
        return Candidates(*(column[chosen] for column in columns))


def divisors(number: int) -> list[int]:
    """All divisors, ascending."""
    return [d for d in range(1, number + 1) if number % d == 0]


def even_divisors(number: int) -> list[int]:
    """1 and the even divisors, ascending."""
    return [1] + [d for d in range(2, number + 1, 2) if number % d == 0]


def even_sizes(extent: int) -> list[int]:
    """1 and every even number up to the extent rounded up to even."""
    return [1, *range(2, extent + extent % 2 + 1, 2)]


def tiled_extent(layer: Layer) -> tuple[int, int]:
    """Height and width that tiles divide: of the output, and of the input where positions are pooled."""
    if layer.kind is LayerKind.GLOBAL_AVERAGE_POOL:
        return layer.in_height, layer.in_width
    return layer.out_height, layer.out_width


def innermost_trips(layer: Layer, design: Sequence[int], order: Order) -> int:
    """Trip count of the innermost loop, from which tile batches are formed."""
    rows, columns, out_channels, in_channels = design
    height, width = tiled_extent(layer)
    if layer.kind is LayerKind.GLOBAL_AVERAGE_POOL or order is Order.WEIGHT:
        return (height // rows) * (width // columns)
    if order is Order.INPUT:
        return layer.out_channels // out_channels
    return layer.in_channels // in_channels


def candidates(layer: Layer, semantics: Semantics, batches: bool = True) -> Candidates:
    """Every design the published explorer tries for the layer; `batches` off leaves only single tiles."""
    height, width = tiled_extent(layer)
    orders = _ONE_ORDER.get(layer.kind, tuple(Order))
    accelerated = layer.kind in (LayerKind.CONVOLUTION, LayerKind.DENSE)
    whole: Callable[[int], list[int]] = divisors if accelerated else even_divisors
    if semantics is Semantics.TINAS_2025:
        batches = False
        spans, whole = (even_sizes(height), even_sizes(width)), even_divisors
    else:
        spans = (whole(height), whole(width))
    in_channels = even_divisors(layer.in_channels) if accelerated else [1]
    axes = (*spans, whole(layer.out_channels), in_channels)
    tiles = math.prod(len(axis) for axis in axes)
    if tiles > MAX_TILES:
        raise TooManyCandidates(f"layer {layer.name}: {tiles} tilings; at most {MAX_TILES} are enumerated")
    table = [
        (*tile, order.value, batch)
        for tile in product(*axes)
        for order in orders
        for batch in (even_divisors(innermost_trips(layer, tile, order)) if batches else [1])
    ]
    return Candidates(*np.array(table, dtype=np.int64).T)


def input_tile(layer: Layer, designs: Candidates) -> tuple[Column, Column]:
    """Rows and columns of input that one tile reads."""
    if layer.kind in (LayerKind.CONVOLUTION, LayerKind.DENSE, LayerKind.DEPTHWISE):
        return (
            layer.stride * designs.rows + layer.kernel_height - layer.stride,
            layer.stride * designs.columns + layer.kernel_width - layer.stride,
        )
    return designs.rows, designs.columns


def volatile_bytes(platform: Platform, layer: Layer, designs: Candidates) -> Column:
    """Bytes of volatile memory that each design needs, by the published static formula.

    Element-wise layers work in place; an `add` holds both inputs and the output.
    """
    in_rows, in_columns = input_tile(layer, designs)
    tile = designs.rows * designs.columns * designs.out_channels
    kernel = layer.kernel_height * layer.kernel_width * designs.out_channels
    if layer.kind in (LayerKind.CONVOLUTION, LayerKind.DENSE):
        held = np.where(designs.order == Order.OUTPUT.value, 1, designs.batch)
        words = in_rows * in_columns * designs.in_channels + kernel * designs.in_channels + tile * held
    elif layer.kind is LayerKind.DEPTHWISE:
        words = in_rows * in_columns * designs.out_channels + kernel + tile
    elif layer.kind is LayerKind.GLOBAL_AVERAGE_POOL:
        words = tile + designs.out_channels * designs.batch
    elif layer.kind is LayerKind.BATCH_NORM:
        words = tile + 4 * designs.out_channels
    else:
        words = 3 * tile if layer.kind is LayerKind.ADD else tile
    return np.asarray(words * platform.word_bytes, dtype=np.int64)
