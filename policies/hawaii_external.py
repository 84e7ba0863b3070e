"""HAWAII's footprints on external serial memory: after every B results of a command one write of a 4-byte counter.

The loop nest is that of the runtime that JAPARI is compared with (EMCLab-Sinica/JAPARI at fc4af70). The first results
of a tile are written whole, with one counter. A power loss costs the command in flight; recovery reads the counter,
replays the loops up to it and fetches the weight tile again.
"""

from __future__ import annotations

from ischedule.models.cost import Cost
from ischedule.models.tiling import Extent, sizes
from ischedule.policies.execution import Discipline, Execution, Part, Run
from ischedule.policies.jobs import Jobs, Transfer
from ischedule.policies.policy import Policy, executed, stored
from ischedule.policies.tap_jobs import TapJobs
from ischedule.policies.tap_loop import WeightTile, part_of, weight_tiles
from ischedule.policies.tap_units import load_run, pixel_runs, recovery
from ischedule.policies.workload import Workload

COUNTER = 4
"""Bytes of the counter."""


def policy(granularity: int, *, overlapped: bool = True) -> Policy:
    """The policy with a counter for so many results; ``overlapped`` hides the accelerator behind the writes."""
    name = f"hawaii-external-{granularity}"

    def execution(workload: Workload) -> Execution:
        jobs = Jobs(workload, overlapped=overlapped)
        parts = [_part(workload, jobs, nest.name, nest.extent, granularity) for nest in workload.nests]
        return executed(name, Discipline.OPPORTUNISTIC, workload, parts, [stored(workload, extra=COUNTER)])

    title = f"HAWAII footprints, external memory: a 4-byte counter after every {granularity} results"
    return Policy(name, title, "JAPARI repository at fc4af70, functions HAW_*", execution)


def _part(workload: Workload, jobs: Jobs, name: str, extent: Extent, granularity: int) -> Part:
    taps = TapJobs(workload, jobs, extent)
    counter = jobs.plain(1, COUNTER)

    def groups(outputs: int, final: bool) -> tuple[Transfer, ...]:
        moved = jobs.values if final else jobs.sums
        found: tuple[Transfer, ...] = ()
        for size in sizes(outputs, granularity):
            found += (moved(1, size), counter)
        return found

    def passes(tile: WeightTile) -> tuple[Run, ...]:
        load = taps.load(tile)
        recover = recovery(jobs, workload, load, weight_tiles(extent), _read_counter(jobs))
        if extent.pooling:
            result = (jobs.values if tile.last else jobs.sums)(1, tile.outputs)
            bare = taps.pooled(tile, tile.inputs, tile.outputs, (result,))
            job = taps.pooled(tile, tile.inputs, tile.outputs, groups(tile.outputs, tile.last))
            return pixel_runs(jobs, tile, job, bare, recover, "a pixel")
        if extent.channelwise:
            bare = taps.whole(tile, tile.inputs, (jobs.values(1, tile.inputs),))
            job = taps.whole(tile, tile.inputs, groups(tile.inputs, True))
            return load_run(jobs, load, recover) + pixel_runs(jobs, tile, job, bare, recover, "a pixel")
        widths = taps.widths(tile)
        plain = jobs.sums(1, tile.outputs)
        first = taps.multiply(tile, widths, groups(tile.outputs, False)), taps.multiply(tile, widths, (plain,))
        result = (jobs.values if tile.last else jobs.sums)(1, tile.outputs)
        kept = (result, counter) if tile.first else groups(tile.outputs, tile.last)
        second = taps.add(tile, widths, kept), taps.add(tile, widths, (result,))
        return (
            load_run(jobs, load, recover)
            + pixel_runs(jobs, tile, *first, recover, "a multiplication")
            + pixel_runs(jobs, tile, *second, recover, "an addition")
        )

    return part_of(name, extent, passes)


def _read_counter(jobs: Jobs) -> Cost:
    return jobs.device.read.of(jobs.plain(1, COUNTER).words)
