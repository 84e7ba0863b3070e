"""The loop nest of a block, step by step: each patch is taken through all kernels before the next one begins."""

from __future__ import annotations

from collections.abc import Iterator

from ischedule.models.block import Block, patches
from ischedule.models.nest import Act, AtomSteps, Step, Tile, spans
from ischedule.models.tiling import Arithmetic, Order, Tiling

Patch = tuple[tuple[range, ...], tuple[range, ...]]
"""The rows and columns that each kernel computes."""


def block_atoms(block: Block, tiling: Tiling) -> Iterator[AtomSteps]:
    """The atoms of a design of a block in the order in which they run."""
    nest = _Nest(block)
    grid = [
        (rows, columns)
        for rows in patches(block.down, tiling.rows)
        for columns in patches(block.across, tiling.columns)
    ]
    inputs = spans(block.inputs, tiling.inputs)
    channels = (
        [(one, one) for one in inputs]
        if block.channelwise
        else [(outputs, inputs[0]) for outputs in spans(block.outputs, tiling.outputs)]
    )
    if tiling.order is Order.WEIGHT:
        for outputs, every in channels:
            again = tuple(nest.all_weights(outputs, every))
            for place, patch in enumerate(grid):
                steps = (*nest.entering(patch, weights=False), *nest.opening(patch, every, weights=False))
                steps += (*nest.work(patch, outputs, every), *nest.closing(patch, outputs, weights=False))
                yield AtomSteps(again if place else (), steps if place else (*again, *steps))
        return
    for patch in grid:
        if tiling.order is Order.INPUT:
            again = (*nest.entering(patch, weights=True), *nest.opening(patch, inputs[0], weights=True))
            for place, (outputs, every) in enumerate(channels):
                steps = (*nest.weights(patch, outputs, every), *nest.work(patch, outputs, every))
                steps += tuple(nest.closing(patch, outputs, weights=True))
                yield AtomSteps(again if place else (), steps if place else (*again, *steps))
            continue
        for outputs, _ in channels:
            added = list(nest.entering(patch, weights=True))
            for part in inputs:
                added += nest.opening(patch, part, weights=True)
                added += [*nest.weights(patch, outputs, part), *nest.work(patch, outputs, part)]
            yield AtomSteps((), (*added, *nest.closing(patch, outputs, weights=True)))


class _Nest:
    """The steps of the phases of an atom."""

    def __init__(self, block: Block) -> None:
        self.block = block
        self.last = len(block.parts) - 1
        self.mixing = len(block.parts) if block.mixing is None else block.mixing
        self.widening = block.widening
        self.every = range(block.parts[0].inputs)

    def _step(
        self, act: Act, place: int, patch: Patch, outputs: range, inputs: range, first: bool = False, last: bool = False
    ) -> Step:
        rows, columns = patch
        return Step(act, Tile(rows[place], columns[place], outputs, inputs), range(1), first, last, place)

    def _whole(self) -> Patch:
        """All results of every kernel: weights belong to no patch."""
        return (
            tuple(range(part.rows) for part in self.block.parts),
            tuple(range(part.columns) for part in self.block.parts),
        )

    def all_weights(self, outputs: range, inputs: range) -> Iterator[Step]:
        """The weights of all kernels for a tile of channels."""
        for place in range(self.last + 1):
            yield from self._weights(self._whole(), place, outputs, inputs)

    def weights(self, patch: Patch, outputs: range, inputs: range) -> Iterator[Step]:
        """The weights of the mixing kernel."""
        yield from self._weights(patch, self.mixing, outputs, inputs)

    def _weights(self, patch: Patch, place: int, outputs: range, inputs: range) -> Iterator[Step]:
        if self.block.parts[place].weight_taps == 0:
            return
        reads, makes = self.block.channels(place, self.every, inputs, outputs)
        yield self._step(Act.FETCH_WEIGHTS, place, patch, makes, reads)

    def entering(self, patch: Patch, *, weights: bool) -> Iterator[Step]:
        """What the widening kernel adds up for every tile of middle channels: fetched, and taken to it."""
        if self.widening is None:
            return
        for place in range(self.widening):
            yield from self._channelwise(patch, place, self.every, weights)
        yield self._inputs(patch, self.widening, self.every)

    def opening(self, patch: Patch, inputs: range, *, weights: bool) -> Iterator[Step]:
        """Input channels of the mixing kernel: fetched or added up, and taken through the kernels before it."""
        first = 0
        if self.widening is not None:
            first = self.widening + 1
            if weights:
                yield from self._weights(patch, self.widening, inputs, inputs)
            yield from self._begin(patch, self.widening, inputs, self.every)
            yield self._step(Act.MULTIPLY, self.widening, patch, inputs, self.every)
            yield from self._end(patch, self.widening, inputs)
        for place in range(first, min(self.mixing, self.last + 1)):
            yield from self._channelwise(patch, place, inputs, weights)
        if self.mixing <= self.last:
            yield self._inputs(patch, self.mixing, inputs)

    def _inputs(self, patch: Patch, place: int, channels: range) -> Step:
        return self._step(Act.TAKE if place else Act.FETCH_INPUTS, place, patch, channels, channels)

    def _channelwise(self, patch: Patch, place: int, channels: range, weights: bool) -> Iterator[Step]:
        """One kernel that works on each channel by itself, until its results are kept or stored."""
        kernel = self.block.parts[place]
        if weights:
            yield from self._weights(patch, place, channels, channels)
        yield self._inputs(patch, place, channels)
        if place and kernel.sources > 1:
            yield self._step(Act.FETCH_INPUTS, place, patch, channels, channels)
        yield from self._begin(patch, place, channels, channels)
        act = Act.MULTIPLY if kernel.arithmetic is Arithmetic.MULTIPLY else Act.COMBINE
        yield self._step(act, place, patch, channels, channels)
        yield from self._end(patch, place, channels)

    def _begin(self, patch: Patch, place: int, outputs: range, inputs: range) -> Iterator[Step]:
        if self.block.parts[place].bias:
            yield self._step(Act.FETCH_BIAS, place, patch, outputs, inputs)
        yield self._step(Act.START_SUMS, place, patch, outputs, inputs, first=True)

    def _end(self, patch: Patch, place: int, channels: range) -> Iterator[Step]:
        if self.block.parts[place].finish:
            yield self._step(Act.FINISH, place, patch, channels, channels)
        act = Act.STORE if place == self.last else Act.KEEP
        yield self._step(act, place, patch, channels, channels, first=True, last=True)

    def work(self, patch: Patch, outputs: range, inputs: range) -> Iterator[Step]:
        """The mixing kernel's products for a tile of input channels; with the first ones its sums begin."""
        if self.mixing > self.last:
            return
        if inputs.start == 0:
            yield from self._begin(patch, self.mixing, outputs, inputs)
        yield self._step(Act.MULTIPLY, self.mixing, patch, outputs, inputs)

    def closing(self, patch: Patch, outputs: range, *, weights: bool) -> Iterator[Step]:
        """Results of the mixing kernel, and all that the kernels behind it make of them."""
        if self.mixing > self.last:
            return
        yield from self._end(patch, self.mixing, outputs)
        for place in range(self.mixing + 1, self.last + 1):
            yield from self._channelwise(patch, place, outputs, weights)
