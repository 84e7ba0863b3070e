"""The loop nest of the runtimes that preserve every command (HAWAII's variant beside JAPARI, and JAPARI itself).

    rows > columns > outputs > inputs > kernel rows > kernel columns > two passes over the pixels of the tile

One trip through all but the last is a *weight tile*: its weights are fetched, a first pass multiplies them by the input
channels of each pixel and keeps the products, a second one adds them to the results so far. The first weight tile of
a result tile has nothing to add to. Layers without weights, and those that filter each channel by itself, have one pass
over their pixels, which makes results at once.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

from ischedule.models.tiling import Extent, sizes
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
    )


def part_of(name: str, extent: Extent, passes: Passes) -> Part:
    """A layer as stretches."""
    if extent.channelwise:
        return Part(name, tuple(_channelwise(extent, passes)))
    found = list(_summed(extent, passes))
    return Part(name, tuple(found) * extent.groups)


def weight_tiles(extent: Extent) -> int:
    """How many weight tiles a layer has; a channelwise one counts its tiles of channels."""
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
    ends = [
        WeightTile(pixels, m, n, trip == 0, trip == trips - 1)
        for trip, n in ((0, inputs[0]), (trips - 1, inputs[-1]))
        if trip == 0 or trips > 1
    ]
    yield Stretch(passes(ends[0]))
    middle = [[n, times * extent.taps] for n, times in _runs(inputs)]
    middle[0][1] -= 1
    middle[-1][1] -= 1
    for n, times in middle:
        if times > 0:
            yield Stretch(passes(WeightTile(pixels, m, n, first=False, last=False)), times)
    if len(ends) > 1:
        yield Stretch(passes(ends[1]))


def _channelwise(extent: Extent, passes: Passes) -> Iterator[Stretch]:
    channels = _runs(sizes(extent.inputs, _channels(extent)))
    for r in sizes(extent.rows, PIXELS):
        for c in sizes(extent.columns, PIXELS):
            for n, times in channels:
                yield Stretch(passes(WeightTile(r * c, n, n, first=True, last=True)), times)


def _channels(extent: Extent) -> int:
    return max(CHANNELS, extent.least_inputs)


def _count(extent: int, tile: int) -> int:
    return -(-extent // tile)


def _runs(values: list[int]) -> list[tuple[int, int]]:
    """Equal values together; tiles of one size stand side by side."""
    return [(size, values.count(size)) for size in dict.fromkeys(values)]
