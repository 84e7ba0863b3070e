"""Blocks: several kernels run one after the other patch by patch, what lies between them in volatile memory only.

A patch is a tile of the last kernel's results: rows, columns and channels. For each patch every kernel computes the
part of its results that the patch depends on. Nothing of that outlives the patch: where the windows of two patches
overlap, what both look at is computed twice, so that a power cycle may end behind any patch. Positions of padding are
not computed.

At most two kernels of a block add up over channels; the last of them is its *mixing* kernel. Those before it work on
the input channels of the tile, those behind it on the output channels; without a mixing kernel all work on the same
ones. The orders are those of a layer, with this kernel's channels:

    order    loops, outermost first          reused along a row
    INPUT    rows, columns, OUTPUTS          what the mixing kernel reads: fetched, or computed by the kernels before it
    WEIGHT   outputs, ROWS, COLUMNS          all weights
    OUTPUT   rows, columns, OUTPUTS          nothing: input channels are added up tile by tile inside the atom

In the first two orders all input channels are taken at once. One patch is one atom. Along each loop there is one tile
size for each number of tiles, the least that leads to it: patches are as equal as their number allows.

Where two kernels add up over channels, the *widening* one and, behind it, the mixing one, the mixing kernel's input
channels are the *middle* ones, which no memory need hold at once: for each tile of them the widening kernel adds up all
that the patch fetches (fetched once, and taken through the kernels before it), the kernels between make of it what
they make, and the mixing kernel adds its share to the sums of the patch. But in INPUT order, which keeps all middle
channels, all output channels are taken at once: a tile of them would compute the middle again.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import TypeVar

from ischedule.models.tiling import Extent, Order, Tiling, count

Channels = TypeVar("Channels", int, range)
"""How many channels, or which."""


@dataclass(frozen=True, slots=True, order=True)
class Axis:
    """One direction of a block: the results of the last kernel along it, and how each kernel's depend on its input.

    ``windows`` are of all kernels but the first: stride, reach, padding before the map that it reads, and that map's
    size. ``reaches`` are of all kernels: how many positions so many results look at.
    """

    results: int
    windows: tuple[tuple[int, int, int, int], ...]
    reaches: tuple[tuple[int, int], ...]


@dataclass(frozen=True, slots=True, order=True)
class Block(Extent):
    """The loop nest of several kernels at once.

    Rows, columns and channels of its results are those of the last kernel, its input channels those of the mixing
    kernel, or of the first where there is none; its windows are those of the first.
    """

    parts: tuple[Extent, ...] = ()
    down: Axis = Axis(0, (), ())
    across: Axis = Axis(0, (), ())

    def __hash__(self) -> int:
        return hash((self.down, self.across, self.outputs, self.inputs))

    @property
    def kernels(self) -> tuple[Extent, ...]:
        return self.parts

    @property
    def mixing(self) -> int | None:
        """The last kernel that adds up over channels, by its place."""
        return _mixing(self.parts)[-1] if _mixing(self.parts) else None

    @property
    def widening(self) -> int | None:
        """The first of two kernels that add up over channels, by its place."""
        places = _mixing(self.parts)
        return places[0] if len(places) > 1 else None

    def channels(self, place: int, every: Channels, inputs: Channels, outputs: Channels) -> tuple[Channels, Channels]:
        """Which channels one kernel reads and makes at a time: those fetched, or the tile's inputs or outputs."""
        mixing = len(self.parts) if self.mixing is None else self.mixing
        if self.widening is not None and place <= self.widening:
            return every, inputs if place == self.widening else every
        return inputs if place <= mixing else outputs, outputs if place >= mixing else inputs


def _mixing(parts: Sequence[Extent]) -> list[int]:
    """The places of the kernels that add up over channels."""
    return [place for place, part in enumerate(parts) if not part.channelwise]


def block_of(parts: Sequence[Extent], padding: Sequence[tuple[int, int]]) -> Block:
    """Kernels in order, and the padding above and to the left of what each of them reads."""
    first, last = parts[0], parts[-1]
    mixing = next((part for part in reversed(parts) if not part.channelwise), None)
    return Block(
        last.rows,
        last.columns,
        1 if mixing is None else mixing.outputs,
        first.inputs if mixing is None else mixing.inputs,
        first.kernel_rows,
        first.kernel_columns,
        stride=first.stride,
        dilation=first.dilation,
        channelwise=mixing is None,
        sources=first.sources,
        parts=tuple(parts),
        down=_axis(parts, padding, 0),
        across=_axis(parts, padding, 1),
    )


def _axis(parts: Sequence[Extent], padding: Sequence[tuple[int, int]], side: int) -> Axis:
    sizes = [(part.rows, part.columns)[side] for part in parts]
    windows = [
        (part.stride[side], _window(part, side), pad[side], size)
        for part, pad, size in zip(parts[1:], padding[1:], sizes, strict=False)
    ]
    reaches = tuple((part.row_reach, part.column_reach)[side] for part in parts)
    return Axis(sizes[-1], tuple(windows), reaches)


def _window(part: Extent, side: int) -> int:
    return ((part.kernel_rows, part.kernel_columns)[side] - 1) * part.dilation[side] + 1


def can_follow(part: Extent, padding: tuple[int, int, int, int]) -> bool:
    """Whether a kernel may read what is not stored: its windows leave no gaps, and each sees some of the map.

    ``padding`` is at the top, bottom, left and right. A sum reads its other sources where they are stored.
    """
    if part.pooling or part.groups > 1 or part.least_inputs > 1:
        return False
    return all(
        _window(part, side) >= part.stride[side] and max(padding[2 * side : 2 * side + 2]) < _window(part, side)
        for side in (0, 1)
    )


def can_begin(part: Extent) -> bool:
    """Whether a kernel may be the first of a block: a filter, a pooling of windows, or work on single results."""
    return not part.pooling and part.groups == 1 and part.least_inputs == 1


def can_join(parts: Sequence[Extent]) -> bool:
    """Whether at most two kernels add up over channels."""
    return len(_mixing(parts)) <= 2


@lru_cache(1 << 14)
def patches(axis: Axis, tile: int) -> tuple[tuple[range, ...], ...]:
    """For each patch along an axis the results of every kernel that it needs, first kernel first."""
    found = []
    for start in range(0, axis.results, tile):
        spans = [range(start, min(start + tile, axis.results))]
        for stride, window, padding, size in reversed(axis.windows):
            wanted = spans[0]
            begin = max(0, wanted.start * stride - padding)
            spans.insert(0, range(begin, min(size, (wanted.stop - 1) * stride - padding + window)))
        found.append(tuple(spans))
    return tuple(found)


@lru_cache(1 << 14)
def lengths(axis: Axis, tile: int) -> tuple[tuple[int, ...], ...]:
    """For each patch how many positions are fetched, and how many each kernel computes."""
    (each, more) = axis.reaches[0]
    return tuple((each * len(spans[0]) + more, *map(len, spans)) for spans in patches(axis, tile))


@lru_cache(1 << 14)
def sums(axis: Axis, tile: int) -> tuple[int, ...]:
    """The same of all patches together."""
    return tuple(map(sum, zip(*lengths(axis, tile), strict=True)))


@lru_cache(1 << 14)
def undominated(axis: Axis, tile: int) -> tuple[tuple[tuple[int, ...], int], ...]:
    """The lengths of patches that are not within those of another patch, and how many patches have them."""
    found = lengths(axis, tile)
    kinds = sorted(set(found), reverse=True)
    kept = [one for one in kinds if not any(other != one and all(map(int.__le__, one, other)) for other in kinds)]
    return tuple((one, found.count(one)) for one in kept)


@lru_cache(1 << 14)
def held(axis: Axis, tile: int) -> tuple[int, ...]:
    """How many positions volatile memory has room for: of what each kernel reads, and of the last one's results."""
    most = [max(column) for column in zip(*lengths(axis, tile), strict=True)]
    return (*(each * size + more for (each, more), size in zip(axis.reaches, most[1:], strict=True)), most[-1])


@lru_cache(1 << 12)
def tile_sizes(extent: int) -> tuple[int, ...]:
    """For each number of tiles that a loop can be cut into the least size that leads to it, least first."""
    return tuple(sorted({count(extent, number) for number in range(1, extent + 1)}))


def channel_tiles(block: Block) -> Iterator[tuple[Order, int, int, int]]:
    """Every order with every tile of output and input channels, and the batch that holds all input channels."""
    if block.channelwise:
        for inputs in tile_sizes(block.inputs):
            yield Order.WEIGHT, 1, inputs, 1
        return
    for outputs in tile_sizes(block.outputs):
        yield Order.INPUT, outputs, block.inputs, 1
        if block.widening is not None and outputs < block.outputs:
            continue
        yield Order.WEIGHT, outputs, block.inputs, 1
        for inputs in tile_sizes(block.inputs):
            yield Order.OUTPUT, outputs, inputs, count(block.inputs, inputs)


def finest_tiling(block: Block, order: Order) -> Tiling:
    """The design of an order with the least tiles."""
    tiles = (outputs_inputs for found, *outputs_inputs, _ in channel_tiles(block) if found is order)
    outputs, inputs = min(tiles)
    return Tiling(0, order, 1, 1, outputs, inputs, count(block.inputs, inputs) if order is Order.OUTPUT else 1)


def block_tilings(form: int, block: Block) -> Iterator[Tiling]:
    """Every design of a block, whether it fits or not."""
    for order, outputs, inputs, batch in channel_tiles(block):
        for rows in tile_sizes(block.rows):
            for columns in tile_sizes(block.columns):
                yield Tiling(form, order, rows, columns, outputs, inputs, batch)


def is_block_tiling(block: Block, tiling: Tiling) -> bool:
    """Whether a tiling is one of the block's designs, whatever its form."""
    channels = (tiling.order, tiling.outputs, tiling.inputs, tiling.batch)
    return (
        tiling.rows in tile_sizes(block.rows)
        and tiling.columns in tile_sizes(block.columns)
        and channels in set(channel_tiles(block))
    )
