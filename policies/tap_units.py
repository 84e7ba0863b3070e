"""The units of the tap loop: a fetch of weights with nothing to preserve, and one unit for each pixel of a pass."""

from __future__ import annotations

from dataclasses import dataclass

from ischedule.models.cost import Cost, Effort
from ischedule.policies.execution import Run
from ischedule.policies.jobs import Job, Jobs
from ischedule.policies.tap_loop import WeightTile
from ischedule.policies.workload import Workload


@dataclass(frozen=True, slots=True)
class Recovery:
    """What a power cycle takes that begins before a weight tile is fetched, and one that begins inside it."""

    before: Effort
    inside: Effort


def recovery(jobs: Jobs, workload: Workload, load: Job, trips: int, found: Cost) -> Recovery:
    """Finding the place, replaying the loops at one addition for each trip, fetching the weights again."""
    before = found + workload.figures.cpu_add.times(trips)
    return Recovery(before.rounded_up(), (before + jobs.cost(load)).rounded_up())


def load_run(jobs: Jobs, load: Job, recover: Recovery) -> tuple[Run, ...]:
    """The weights of a tile, if it has any."""
    return ((jobs.unit("a fetch of weights", load, recover.before), 1),) if load.reads else ()


def pixel_runs(jobs: Jobs, tile: WeightTile, job: Job, bare: Job, recover: Recovery, name: str) -> tuple[Run, ...]:
    """One pass over the pixels of a tile; ``bare`` is its job without what only preserves progress."""
    return ((jobs.unit(name, job, recover.inside, bare), tile.pixels),)
