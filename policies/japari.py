"""JAPARI: the accelerator makes progress markers itself, in extra output channels, and one write preserves both.

After every B channels stands a marker, so that a tile of m outputs has ceil(m / B) more; the input vector has a further
element for them, and one more where the accelerator needs even lengths. Nothing else is written. What consumes the
results reads their markers too. Recovery looks for the last marker written, replays the loops and fetches the weight
tile again. Source: EMCLab-Sinica/JAPARI at fc4af70 (libJAPARI).

As released a marker is the number of the weight tile, times 16 where its sign is positive, and the second pass adds
markers up: both overflow 16 bits in large layers. That is stated as requirements which do not bind, because markers of
+1 and -1 (Stateful-CNN) spare them at the same price.
"""

from __future__ import annotations

from ischedule.models.cost import Cost
from ischedule.models.tiling import Extent
from ischedule.policies.execution import Discipline, Execution, Part, Requirement, Run
from ischedule.policies.jobs import Jobs
from ischedule.policies.policy import Policy, executed, stored
from ischedule.policies.tap_jobs import TapJobs, Widths
from ischedule.policies.tap_loop import CHANNELS, PIXELS, WeightTile, part_of, weight_tiles
from ischedule.policies.tap_units import load_run, pixel_runs, recovery
from ischedule.policies.workload import Workload

MOST = 2**15 - 1
"""The largest marker of 16 bits."""

WEIGHT = 16
"""What a positive marker's weight is multiplied by."""


def policy(granularity: int, *, overlapped: bool = True, input_is_marked: bool = False) -> Policy:
    """The policy with a marker for so many channels.

    ``overlapped`` hides the accelerator behind the writes; ``input_is_marked`` says that the network's input, too,
    was written by a layer with markers.
    """
    name = f"japari-{granularity}"

    def execution(workload: Workload) -> Execution:
        jobs = Jobs(workload, overlapped=overlapped)
        parts, requirements = [], [stored(workload, granularity)]
        for nest in workload.nests:
            extent = nest.extent
            marked = input_is_marked or not nest.reads_input
            parts.append(_Markers(workload, jobs, extent, granularity, marked).part(nest.name))
            requirements += marker_range(nest.name, extent)
        return executed(name, Discipline.OPPORTUNISTIC, workload, parts, requirements)

    title = f"JAPARI augmented markers: one for every {granularity} channels, in the same write"
    return Policy(name, title, "JAPARI repository at fc4af70, functions JAP_*", execution)


def marker_range(name: str, extent: Extent) -> list[Requirement]:
    """What the released encoding can count: weight tiles of either sign, and the sum over those of one result tile."""
    tiles = weight_tiles(extent)
    found = [
        Requirement(f"weight tiles of {name}, positive markers", tiles, MOST // WEIGHT, binding=False),
        Requirement(f"weight tiles of {name}, negative markers", tiles, MOST, binding=False),
    ]
    if not (extent.channelwise or extent.pooling):
        trips = extent.taps * -(-extent.inputs // CHANNELS)
        summed = trips * (2 * tiles - trips + 1) // 2
        found.append(Requirement(f"sum of markers of {name}", summed, MOST, binding=False))
    return found


class _Markers:
    """The units of one layer."""

    def __init__(self, workload: Workload, jobs: Jobs, extent: Extent, granularity: int, marked: bool) -> None:
        self.workload, self.jobs, self.extent = workload, jobs, extent
        self.granularity, self.marked = granularity, marked
        self.taps = TapJobs(workload, jobs, extent)

    def part(self, name: str) -> Part:
        """The layer as stretches."""
        return part_of(name, self.extent, self._passes)

    def _with(self, channels: int) -> int:
        return channels + -(-channels // self.granularity)

    def _widths(self, tile: WeightTile) -> Widths:
        even, inputs = self.workload.figures.even, tile.inputs
        products = self._with(tile.outputs)
        read = self._with(inputs) if self.marked else inputs
        return Widths(read, products, products, even(products), (even(inputs + 1), even(products)))

    def _passes(self, tile: WeightTile) -> tuple[Run, ...]:
        jobs, taps = self.jobs, self.taps
        load = taps.load(tile)
        recover = recovery(jobs, self.workload, load, weight_tiles(self.extent), self._search(tile))
        loaded = load_run(jobs, load, recover)
        read = self._with(tile.inputs) if self.marked else tile.inputs
        if self.extent.pooling:
            moved, outputs = jobs.values if tile.last else jobs.sums, tile.outputs
            bare = taps.pooled(tile, tile.inputs, outputs, (moved(1, outputs),))
            job = taps.pooled(tile, read, self._with(outputs), (moved(1, self._with(outputs)),))
            return pixel_runs(jobs, tile, job, bare, recover, "a pixel")
        if self.extent.channelwise:
            bare = taps.whole(tile, tile.inputs, (jobs.values(1, tile.inputs),))
            job = taps.whole(tile, read, (jobs.values(1, self._with(tile.inputs)),))
            return loaded + pixel_runs(jobs, tile, job, bare, recover, "a pixel")
        widths, plain = self._widths(tile), taps.widths(tile)
        moved = jobs.values if tile.last else jobs.sums
        written = widths.products if tile.first else widths.added
        first = (
            taps.multiply(tile, widths, (jobs.sums(1, widths.products),)),
            taps.multiply(tile, plain, (jobs.sums(1, plain.products),)),
        )
        second = (
            taps.add(tile, widths, (moved(1, written),)),
            taps.add(tile, plain, (moved(1, plain.products),)),
        )
        return (
            loaded
            + pixel_runs(jobs, tile, *first, recover, "a multiplication")
            + pixel_runs(jobs, tile, *second, recover, "an addition")
        )

    def _search(self, tile: WeightTile) -> Cost:
        """The most markers that recovery reads: of the products pixel by pixel, or of rows, columns and groups."""
        groups = -(-tile.outputs // self.granularity)
        reads = 2 + max(tile.pixels, 2 * PIXELS + groups)
        return self.jobs.device.read.of(1).times(reads)
