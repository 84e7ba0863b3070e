"""Alpaca-style tasks: a window of products is one task, which logs its sum and five indices, and commits.

The window has at most five rows, columns and channels (TILE_SIZE of the SONIC repository's baseline). A power loss runs
the task again from its start; a task that does not fit the buffer never ends.
"""

from __future__ import annotations

from itertools import product

from ischedule.models.cost import Cost
from ischedule.models.tiling import Arithmetic, Extent, sizes
from ischedule.policies.execution import Discipline, Execution, Part, Stretch, Unit
from ischedule.policies.policy import Policy, executed, stored
from ischedule.policies.software import CONTEXT_WORDS, Software
from ischedule.policies.tap_loop import tiles_of
from ischedule.policies.workload import Workload

TILE = 5
LOGGED = 6
"""The sum and five indices."""


def policy(tile: int = TILE) -> Policy:
    """The policy with windows of so many rows, columns and channels at most."""

    def execution(workload: Workload) -> Execution:
        software = Software(workload)
        parts = [_part(software, nest.name, tiles_of(nest.extent), tile) for nest in workload.nests]
        return executed("alpaca", Discipline.OPPORTUNISTIC, workload, parts, [stored(workload, regions=1)])

    title = f"Alpaca-style tasks: windows of up to {tile} x {tile} x {tile} products, six logged words each"
    return Policy("alpaca", title, "CMUAbstract/SONIC at 9488c860, the tile back end", execution, is_internal=True)


def _part(software: Software, name: str, extent: Extent, tile: int) -> Part:
    results = extent.groups * extent.results * extent.rows * extent.columns
    channels = 1 if extent.channelwise else extent.inputs
    if extent.arithmetic is not Arithmetic.MULTIPLY:
        work = software.read(extent.taps * extent.sources) + software.result(extent) + software.finish(extent)
        unit = _unit(software, work, extent.taps * extent.sources, 0)
        return Part(name, (Stretch(((unit, results),)),))
    windows = list(product(sizes(extent.kernel_rows, tile), sizes(extent.kernel_columns, tile), sizes(channels, tile)))
    macs = [rows * columns * depth for rows, columns, depth in windows]
    counts = {size: macs.count(size) for size in dict.fromkeys(macs)}
    runs = [(_products(software, size), times) for size, times in counts.items()]
    if extent.bias or extent.finish:
        work = software.read(1) + software.finish(extent)
        runs.append((_unit(software, work, 1 + extent.bias, 0), 1))
    return Part(name, (Stretch(tuple(runs), results),))


def _products(software: Software, macs: int) -> Unit:
    """A window: a weight and a source for each product, and the sum so far."""
    work = (software.read(2) + software.multiply_add).times(macs) + software.read(1)
    return _unit(software, work, 2 * macs + 1, macs)


def _unit(software: Software, work: Cost, reads: int, macs: int) -> Unit:
    commit = software.commit(LOGGED).rounded_up()
    traffic = software.traffic(reads, 0, macs=macs) + software.commit_traffic(LOGGED)
    return Unit("a task", work.rounded_up(), commit, software.read(CONTEXT_WORDS).rounded_up(), traffic)
