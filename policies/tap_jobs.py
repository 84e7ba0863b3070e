"""The jobs of the tap loop on a device: what each pass over a weight tile reads, computes and writes."""

from __future__ import annotations

from dataclasses import dataclass

from ischedule.models.cost import Cost
from ischedule.models.tiling import Arithmetic, Extent, Order
from ischedule.policies.figures import NOTHING
from ischedule.policies.jobs import Job, Jobs, Transfer
from ischedule.policies.tap_loop import WeightTile
from ischedule.policies.workload import Workload


@dataclass(frozen=True, slots=True)
class Widths:
    """How many values a pixel takes in memory, markers included, and the rows and columns of the matrix command.

    ``inputs`` are read, ``products`` written by the first pass, ``results`` read by the second one, which adds vectors
    of ``added`` values and writes them.
    """

    inputs: int
    products: int
    results: int
    added: int
    matrix: tuple[int, int]


class TapJobs:
    """Makes the jobs of one nest."""

    def __init__(self, workload: Workload, jobs: Jobs, extent: Extent) -> None:
        self.figures, self.jobs, self.extent = workload.figures, jobs, extent
        device = workload.device
        self.device = device
        self.fetch = device.fetch_input
        self.refetch = device.fetch_output[Order.WEIGHT.value]
        self.store = device.store_output[Order.WEIGHT.value]

    def widths(self, tile: WeightTile) -> Widths:
        """Without markers; the accelerator adds vectors of even length."""
        even = self.figures.even(tile.outputs)
        return Widths(tile.inputs, tile.outputs, tile.outputs, even, (tile.inputs, tile.outputs))

    def load(self, tile: WeightTile) -> Job:
        """The weights of a tile, a command for each input channel; with the first one the bias of its results."""
        reads: tuple[Transfer, ...] = ()
        addressing = self.device.tile
        if self.extent.weight_taps:
            commands, moved = tile.inputs, tile.outputs
            if self.extent.channelwise:
                commands, moved = self.extent.taps, tile.inputs
            reads += (self.jobs.values(commands, moved),)
            addressing += self.device.fetch_weight.times(commands)
        if self.extent.bias and tile.first:
            reads += (self.jobs.sums(1, tile.outputs),)
            addressing += self.device.fetch_weight
        return Job(reads, NOTHING, (), 0, addressing)

    def multiply(self, tile: WeightTile, widths: Widths, writes: tuple[Transfer, ...]) -> Job:
        """A pixel of the first pass."""
        rows, columns = widths.matrix
        addressing = self.fetch + self.store
        reads = (self.jobs.values(1, widths.inputs),)
        return Job(reads, self.figures.matrix(rows, columns), writes, rows * columns, addressing)

    def add(self, tile: WeightTile, widths: Widths, writes: tuple[Transfer, ...]) -> Job:
        """A pixel of the second pass; results are finished in the last one."""
        work = self._finish(tile)
        if tile.first:
            return Job((), work, writes, 0, self.store)
        reads = (self.jobs.sums(1, widths.results),)
        return Job(reads, work + self.figures.vector(widths.added), writes, 0, self.refetch + self.store)

    def whole(self, tile: WeightTile, inputs: int, writes: tuple[Transfer, ...]) -> Job:
        """A pixel of a channelwise nest, which reads so many values for each pixel of its window."""
        extent = self.extent
        looked_at = extent.taps * extent.sources
        reads = (self.jobs.values(looked_at, inputs),)
        results = tile.inputs
        work = self._finish(tile)
        if extent.arithmetic is Arithmetic.MULTIPLY:
            work += self.figures.product(self.figures.even(extent.taps)).times(results)
        else:
            work += self._element().times(results)
        macs = extent.taps * results if extent.arithmetic is Arithmetic.MULTIPLY else 0
        return Job(reads, work, writes, macs, self.fetch.times(looked_at) + self.store)

    def pooled(self, tile: WeightTile, inputs: int, results: int, writes: tuple[Transfer, ...]) -> Job:
        """A pixel of a map, added to what its channels have come to."""
        reads: tuple[Transfer, ...] = (self.jobs.values(1, inputs),)
        addressing = self.fetch + self.store
        if not tile.first:
            reads += (self.jobs.sums(1, results),)
            addressing += self.refetch
        return Job(reads, self.device.pool_step.times(tile.outputs), writes, 0, addressing)

    def _element(self) -> Cost:
        device = self.device
        steps = {Arithmetic.POOL: device.pool_step, Arithmetic.ADD: device.add_step}
        each = device.softmax_step if self.extent.arithmetic is Arithmetic.SOFTMAX else None
        found = steps.get(self.extent.arithmetic, each)
        return NOTHING if found is None else found.times(self.extent.steps)

    def _finish(self, tile: WeightTile) -> Cost:
        step = self.device.activation_step
        return step.times(tile.outputs) if self.extent.finish and tile.last and step is not None else NOTHING
