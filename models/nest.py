"""The loop nest of a tiled layer, step by step: what moves between the memories and what is computed, in order.

`kernels` prices the nest in sums that never visit a tile; here every tile is visited. Whoever runs a design on numbers
performs these steps, and what they come to is what the kernels charge: one description, tested to be the other.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import astuple, dataclass, fields, replace
from enum import Enum
from itertools import product

from ischedule.models.block import Block
from ischedule.models.kernels import Price, Prices, padded
from ischedule.models.tiling import Arithmetic, Extent, Order, Tiling


class Act(Enum):
    """What one step does with its tile."""

    FETCH_INPUTS = "input elements of the tile with their halo, one command per pixel"
    FETCH_WEIGHTS = "weights of the tile, one command per tap and output channel"
    FETCH_BIAS = "what sums begin with, one command"
    START_SUMS = "new sums in volatile memory"
    FETCH_SUMS = "stored sums, one command per pixel"
    MULTIPLY = "products added to sums in volatile memory"
    COMBINE = "input elements of a channelwise tile made results without weights"
    FINISH = "results passed through an activation"
    POOL = "input elements, one command per pixel, each added to its channel's sum: the row's, or the tile's own"
    TAKE = "results of the kernel before as inputs, where they are in volatile memory"
    KEEP = "sums made results, where they are in volatile memory"
    STORE = "sums or results, one command per pixel; sums of pooling tiles are added up first"


@dataclass(frozen=True, slots=True)
class Tile:
    """A part of the nest: output pixels (a global pooling's input pixels), result channels and input channels.

    Channels are counted over all groups; those of a channelwise tile are the same for inputs and results.
    """

    rows: range
    columns: range
    outputs: range
    inputs: range

    @property
    def pixels(self) -> int:
        """How many pixels it has."""
        return len(self.rows) * len(self.columns)


@dataclass(frozen=True, slots=True)
class Step:
    """An act on a tile; ``slots`` are the places in volatile memory of the results it works on, one per result tile.

    ``first`` and ``last`` tell whether the step's input channels (pixels, of a pooling layer) include the first and the
    last that the results depend on: sums begin with the first, and after the last they are results. ``part`` is the
    kernel of a block that it belongs to: one behind the first takes what the one before it keeps, and fetches others.
    """

    act: Act
    tile: Tile
    slots: range = range(1)
    first: bool = False
    last: bool = False
    part: int = 0


@dataclass(frozen=True, slots=True)
class AtomSteps:
    """One atom: what a power cycle that starts here does before it, and what the atom does."""

    again: tuple[Step, ...]
    steps: tuple[Step, ...]


@dataclass(frozen=True, slots=True)
class Work:
    """What steps move and compute, in the units that a device has prices for, and the multiply-accumulates in them."""

    read: int = 0
    write: int = 0
    read_sums: int = 0
    write_sums: int = 0
    input_commands: int = 0
    weight_commands: int = 0
    sums_commands: int = 0
    store_commands: int = 0
    multiply_commands: int = 0
    lanes: int = 0
    tiles: int = 0
    pools: int = 0
    adds: int = 0
    softmaxes: int = 0
    finishes: int = 0
    macs: int = 0

    def __add__(self, other: Work) -> Work:
        return Work(*map(int.__add__, astuple(self), astuple(other)))

    def price(self, prices: Prices, order: Order) -> Price:
        """Energy and time: counts times prices."""
        parts = (
            (self.read, prices.read),
            (self.write, prices.write),
            (self.read_sums, prices.read_sum),
            (self.write_sums, prices.write_sum),
            (self.input_commands, prices.input_command),
            (self.weight_commands, prices.weight_command),
            (self.sums_commands, prices.sums_command[order]),
            (self.store_commands, prices.store_command[order]),
            (self.multiply_commands, prices.multiply_command),
            (self.lanes, prices.multiply),
            (self.tiles, prices.tile),
            (self.pools, prices.pool),
            (self.adds, prices.add),
            (self.softmaxes, prices.softmax),
            (self.finishes, prices.finish),
        )
        return sum(n * price[0] for n, price in parts), sum(n * price[1] for n, price in parts)

    @property
    def commands(self) -> int:
        """How many transfers between the memories."""
        return self.input_commands + self.weight_commands + self.sums_commands + self.store_commands


COUNTS = tuple(field.name for field in fields(Work))
"""What is counted."""


def spans(extent: int, tile: int) -> list[range]:
    """The index ranges of the tiles along one loop."""
    return [range(start, min(start + tile, extent)) for start in range(0, extent, tile)]


def window(outputs: range, kernel: int, stride: int = 1, dilation: int = 1) -> Sequence[int]:
    """The input positions along one axis that a range of output positions looks at.

    Between the taps of a dilated window all positions are taken, between windows that do not touch none.
    """
    reach = (kernel - 1) * dilation + 1
    if reach >= stride:
        return range(outputs.start * stride, (outputs.stop - 1) * stride + reach)
    return [position * stride + tap for position in outputs for tap in range(reach)]


def windows(extent: Extent, tile: Tile) -> tuple[Sequence[int], Sequence[int]]:
    """The rows and columns of the input, with its padding, that a tile looks at."""
    rows = window(tile.rows, extent.kernel_rows, extent.stride[0], extent.dilation[0])
    return rows, window(tile.columns, extent.kernel_columns, extent.stride[1], extent.dilation[1])


def atoms_of(extent: Extent, tiling: Tiling) -> Iterator[AtomSteps]:
    """The atoms of a design in the order in which they run."""
    if isinstance(extent, Block):
        from ischedule.models.block_nest import block_atoms

        yield from block_atoms(extent, tiling)
        return
    if extent.pooling:
        yield from _pool_atoms(extent, tiling)
        return
    by_order = {Order.INPUT: _input_atoms, Order.WEIGHT: _weight_atoms, Order.OUTPUT: _output_atoms}
    for group in range(extent.groups):
        for atom in by_order[tiling.order](extent, tiling):
            again = tuple(_in_group(extent, step, group) for step in atom.again)
            yield AtomSteps(again, tuple(_in_group(extent, step, group) for step in atom.steps))


def _in_group(extent: Extent, step: Step, group: int) -> Step:
    """A step of the first group moved to another; channelwise each input channel has its result."""
    tile = step.tile
    outputs = tile.inputs if extent.channelwise else _moved(tile.outputs, group * extent.outputs)
    moved = Tile(tile.rows, tile.columns, outputs, _moved(tile.inputs, group * extent.inputs))
    return replace(step, tile=moved)


def _moved(channels: range, offset: int) -> range:
    return range(channels.start + offset, channels.stop + offset)


def work_of(extent: Extent, step: Step, multiple: int) -> Work:
    """What a step moves and computes on a device whose vector operations have lengths of this multiple."""
    extent, tile = extent.kernels[step.part], step.tile
    inputs, outputs, pixels = len(tile.inputs), len(tile.outputs), tile.pixels
    vectors = extent.taps * (1 if extent.channelwise else outputs)
    if step.act is Act.FETCH_INPUTS:
        rows, columns = windows(extent, tile)
        sources = extent.sources - (1 if step.part else 0)
        halo = sources * len(rows) * len(columns)
        return Work(read=halo * inputs, input_commands=halo)
    if step.act is Act.FETCH_WEIGHTS:
        return Work(read=vectors * inputs, weight_commands=vectors)
    if step.act is Act.FETCH_BIAS:
        return Work(read_sums=outputs, weight_commands=1)
    if step.act is Act.FETCH_SUMS:
        return Work(read_sums=pixels * outputs, sums_commands=pixels)
    if step.act is Act.MULTIPLY:
        commands = vectors * pixels
        lanes = commands * padded(inputs, multiple)
        return Work(multiply_commands=commands, lanes=lanes, tiles=1, macs=commands * inputs)
    if step.act is Act.COMBINE:
        return _combined(extent, pixels * outputs)
    if step.act is Act.FINISH:
        return Work(finishes=pixels * outputs)
    if step.act is Act.POOL:
        return Work(read=pixels * outputs, input_commands=pixels, pools=pixels * outputs)
    if step.act is Act.STORE:
        results = pixels * outputs
        return Work(store_commands=pixels, **({"write": results} if step.last else {"write_sums": results}))
    return Work()


def _combined(extent: Extent, results: int) -> Work:
    if extent.arithmetic is Arithmetic.POOL:
        return Work(pools=extent.taps * results, tiles=1)
    if extent.arithmetic is Arithmetic.ADD:
        return Work(adds=extent.sources * results, tiles=1)
    return Work(softmaxes=results if extent.arithmetic is Arithmetic.SOFTMAX else 0, tiles=1)


def _batches(tiles: Sequence[range], batch: int) -> Iterator[Sequence[range]]:
    for start in range(0, len(tiles), batch):
        yield tiles[start : start + batch]


def _joined(parts: Sequence[range]) -> range:
    return range(parts[0].start, parts[-1].stop)


def _sums(tile: Tile, slots: range, inputs: range) -> Step:
    """Sums begin before the first input channels; before others they are fetched."""
    first = inputs.start == 0
    return Step(Act.START_SUMS if first else Act.FETCH_SUMS, tile, slots, first)


def _input_atoms(extent: Extent, tiling: Tiling) -> Iterator[AtomSteps]:
    every = range(extent.outputs)
    outputs = spans(extent.outputs, tiling.outputs)
    loops = product(
        spans(extent.rows, tiling.rows), spans(extent.columns, tiling.columns), spans(extent.inputs, tiling.inputs)
    )
    for rows, columns, inputs in loops:
        first, last = inputs.start == 0, inputs.stop == extent.inputs
        fetch = (Step(Act.FETCH_INPUTS, Tile(rows, columns, every, inputs)),)
        for batch in _batches(outputs, tiling.batch):
            stored = Tile(rows, columns, _joined(batch), inputs)
            steps = [Step(Act.FETCH_BIAS, stored)] if first and extent.bias else []
            for slot, part in enumerate(batch):
                tile = Tile(rows, columns, part, inputs)
                slots = range(slot, slot + 1)
                steps += [Step(Act.FETCH_WEIGHTS, tile), _sums(tile, slots, inputs), Step(Act.MULTIPLY, tile, slots)]
            steps += _stored(extent, stored, range(len(batch)), first, last)
            opens = batch[0].start == 0
            yield AtomSteps(() if opens else fetch, (*fetch, *steps) if opens else tuple(steps))


def _weight_atoms(extent: Extent, tiling: Tiling) -> Iterator[AtomSteps]:
    pixels = list(product(spans(extent.rows, tiling.rows), spans(extent.columns, tiling.columns)))
    everywhere = (range(extent.rows), range(extent.columns))
    for outputs, inputs in product(spans(extent.outputs, tiling.outputs), spans(extent.inputs, tiling.inputs)):
        first = extent.channelwise or inputs.start == 0
        last = extent.channelwise or inputs.stop == extent.inputs
        is_weighted = extent.weight_taps > 0
        fetch = (Step(Act.FETCH_WEIGHTS, Tile(*everywhere, outputs, inputs)),) if is_weighted else ()
        for start in range(0, len(pixels), tiling.batch):
            steps: list[Step] = []
            stores: list[Step] = []
            for slot, (rows, columns) in enumerate(pixels[start : start + tiling.batch]):
                tile = Tile(rows, columns, outputs, inputs)
                slots = range(slot, slot + 1)
                steps.append(Step(Act.FETCH_INPUTS, tile))
                steps += [Step(Act.FETCH_BIAS, tile)] if first and extent.bias else []
                steps.append(Step(Act.START_SUMS if first else Act.FETCH_SUMS, tile, slots, first))
                steps.append(Step(Act.MULTIPLY if is_weighted else Act.COMBINE, tile, slots))
                stores += _stored(extent, tile, slots, first, last)
            steps += stores
            yield AtomSteps(fetch if start else (), tuple(steps) if start else (*fetch, *steps))


def _stored(extent: Extent, tile: Tile, slots: range, first: bool, last: bool) -> list[Step]:
    """Sums or results stored, finished before if need be."""
    finish = [Step(Act.FINISH, tile, slots)] if last and extent.finish else []
    return [*finish, Step(Act.STORE, tile, slots, first, last)]


def _output_atoms(extent: Extent, tiling: Tiling) -> Iterator[AtomSteps]:
    loops = product(
        spans(extent.rows, tiling.rows), spans(extent.columns, tiling.columns), spans(extent.outputs, tiling.outputs)
    )
    inputs = spans(extent.inputs, tiling.inputs)
    for rows, columns, outputs in loops:
        for batch in _batches(inputs, tiling.batch):
            steps: list[Step] = []
            for part in batch:
                tile = Tile(rows, columns, outputs, part)
                steps += [Step(Act.FETCH_INPUTS, tile), Step(Act.FETCH_WEIGHTS, tile), Step(Act.MULTIPLY, tile)]
            whole = Tile(rows, columns, outputs, _joined(batch))
            first, last = whole.inputs.start == 0, whole.inputs.stop == extent.inputs
            opening = _sums(whole, range(1), whole.inputs)
            steps += _stored(extent, whole, range(1), first, last)
            begin = (Step(Act.FETCH_BIAS, whole), opening) if extent.bias else (opening,)
            yield AtomSteps(() if first else (opening,), (*begin, *steps) if first else tuple(steps))


def _pool_atoms(extent: Extent, tiling: Tiling) -> Iterator[AtomSteps]:
    pixels = list(product(spans(extent.rows, tiling.rows), spans(extent.columns, tiling.columns)))
    for outputs in spans(extent.outputs, tiling.outputs):
        result = Tile(range(1), range(1), outputs, range(1))
        for start in range(0, len(pixels), tiling.batch):
            batch = pixels[start : start + tiling.batch]
            first, last = start == 0, start + len(batch) == len(pixels)
            fetch = (Step(Act.FETCH_SUMS, result, range(1), first),)
            steps = [
                Step(Act.POOL, Tile(rows, columns, outputs, range(1)), range(slot, slot + 1))
                for slot, (rows, columns) in enumerate(batch)
            ]
            steps.append(Step(Act.STORE, result, range(len(batch)), first, last))
            yield AtomSteps(() if first else fetch, (*fetch, *steps) if first else tuple(steps))
