"""The loop nest of the runtimes that preserve every command (HAWAII's variant beside JAPARI, and JAPARI itself).

    rows > columns > outputs > inputs > kernel rows > kernel columns > two passes over the pixels of the tile

One trip through all but the last is a *weight tile*: its weights are fetched, a first pass multiplies them by the input
channels of each pixel and keeps the products, a second one adds them to the results so far. The first weight tile of
a result tile has nothing to add to. Layers without weights, and those that filter each channel by itself, have one pass
over their pixels, which makes results at once. A pooled map is added up pixel by pixel.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

from ischedule.models.tiling import Arithmetic, Extent, sizes
from ischedule.policies.execution import Part, Run, Stretch

PIXELS = 4
"""Rows and columns of a tile (Tr, Tc of JAPARI's main.c)."""

CHANNELS = 8
"""Input and output channels of a tile (Tm, Tn)."""


@dataclass(frozen=True, slots=True)
class WeightTile:
    """A trip of the loops: its pixels and channels, and where it stands among those of the same results."""

    pixels: int
    outputs: int
    inputs: int
    first: bool
    last: bool


Passes = Callable[[WeightTile], tuple[Run, ...]]
"""The runs of one weight tile."""


def tiles_of(extent: Extent) -> Extent:
    """The nest that is run: a pooled map is one pixel whose window is the map."""
    if not extent.pooling:
        return extent
    return replace(
        extent,
        rows=1,
        columns=1,
        outputs=1,
        inputs=extent.outputs,
        kernel_rows=extent.rows,
        kernel_columns=extent.columns,
        pooling=False,
        channelwise=True,
        arithmetic=Arithmetic.POOL,
    )


def part_of(name: str, extent: Extent, passes: Passes) -> Part:
    """A layer as stretches."""
    if extent.pooling:
        return Part(name, tuple(_pooled(extent, passes)))
    if extent.channelwise:
        return Part(name, tuple(_channelwise(extent, passes)))
    found = list(_summed(extent, passes))
    return Part(name, tuple(found) * extent.groups)


def weight_tiles(extent: Extent) -> int:
    """How many weight tiles a layer has; a channelwise one counts tiles of channels, a pooled map pixels too."""
    if extent.pooling:
        return extent.rows * extent.columns * _count(extent.outputs, CHANNELS)
    if extent.channelwise:
        return _count(extent.rows, PIXELS) * _count(extent.columns, PIXELS) * _count(extent.inputs, _channels(extent))
    tiles = _count(extent.rows, PIXELS) * _count(extent.columns, PIXELS)
    return extent.groups * tiles * _count(extent.outputs, CHANNELS) * _count(extent.inputs, CHANNELS) * extent.taps


def _summed(extent: Extent, passes: Passes) -> Iterator[Stretch]:
    outputs = _runs(sizes(extent.outputs, CHANNELS))
    known: dict[tuple[int, int], tuple[Stretch, ...]] = {}

    def result_tile(pixels: int, m: int) -> tuple[Stretch, ...]:
        if (pixels, m) not in known:
            known[pixels, m] = tuple(_result_tile(extent, passes, pixels, m))
        return known[pixels, m]

    for r in sizes(extent.rows, PIXELS):
        for c in sizes(extent.columns, PIXELS):
            for m, times in outputs:
                yield from result_tile(r * c, m) * times


def _result_tile(extent: Extent, passes: Passes, pixels: int, m: int) -> Iterator[Stretch]:
    """All weight tiles of the same results: the first, then those with as many input channels together, the last."""
    inputs = sizes(extent.inputs, CHANNELS)
    trips = len(inputs) * extent.taps
    yield Stretch(passes(WeightTile(pixels, m, inputs[0], first=True, last=trips == 1)))
    if trips == 1:
        return
    middle = [[n, times * extent.taps] for n, times in _runs(inputs)]
    middle[0][1] -= 1
    middle[-1][1] -= 1
    for n, times in middle:
        if times > 0:
            yield Stretch(passes(WeightTile(pixels, m, n, first=False, last=False)), times)
    yield Stretch(passes(WeightTile(pixels, m, inputs[-1], first=False, last=True)))


def _channelwise(extent: Extent, passes: Passes) -> Iterator[Stretch]:
    channels = _runs(sizes(extent.inputs, _channels(extent)))
    for r in sizes(extent.rows, PIXELS):
        for c in sizes(extent.columns, PIXELS):
            for n, times in channels:
                yield Stretch(passes(WeightTile(r * c, n, n, first=True, last=True)), times)


def _pooled(extent: Extent, passes: Passes) -> Iterator[Stretch]:
    pixels = extent.rows * extent.columns
    for n, times in _runs(sizes(extent.outputs, CHANNELS)):
        runs = passes(WeightTile(1, n, n, first=True, last=pixels == 1))
        if pixels > 1:
            middle = passes(WeightTile(1, n, n, first=False, last=False))
            runs += tuple((unit, number * (pixels - 2)) for unit, number in middle if pixels > 2)
            runs += passes(WeightTile(1, n, n, first=False, last=True))
        yield Stretch(runs, times)


def _channels(extent: Extent) -> int:
    return max(CHANNELS, extent.least_inputs)


def _count(extent: int, tile: int) -> int:
    return -(-extent // tile)


def _runs(values: list[int]) -> list[tuple[int, int]]:
    """Equal values together; tiles of one size stand side by side."""
    return [(size, values.count(size)) for size in dict.fromkeys(values)]
