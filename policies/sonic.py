"""SONIC: loops in software that continue where they were, because their indices lie in non-volatile memory.

One filter element is applied to all results that use it (loop-ordered buffering): each step reads a source and
an intermediate value, multiplies, adds, and writes the sum to the other of two planes, so that it can be repeated; then
it increments the index in place. After a filter element an Alpaca task commits five logged words. A dense layer applies
each input to all outputs. Where an even number of elements ends in the second plane, it is copied.

Source: CMUAbstract/SONIC at 9488c860. Weights are taken as dense: undo logging of sparse layers is not modelled.
"""

from __future__ import annotations

from ischedule.models.tiling import Arithmetic, Extent
from ischedule.policies.execution import Discipline, Execution, Part, Stretch, Unit
from ischedule.policies.policy import Policy, executed, stored
from ischedule.policies.software import Software
from ischedule.policies.tap_loop import tiles_of
from ischedule.policies.workload import Workload

LOGGED = 5
"""Words that the task of a filter element logs."""

INDICES = 2
"""Loop indices in non-volatile memory."""


def _execution(workload: Workload) -> Execution:
    software = Software(workload)
    parts = [part_of(software, nest.name, tiles_of(nest.extent)) for nest in workload.nests]
    return executed(POLICY.name, Discipline.OPPORTUNISTIC, workload, parts, [stored(workload)])


def part_of(software: Software, name: str, extent: Extent) -> Part:
    """A layer in software."""
    if extent.arithmetic is not Arithmetic.MULTIPLY:
        return Part(name, (Stretch(((result_unit(software, extent), _results(extent)),)),))
    plane, elements = plane_of(extent)
    runs = ((_element(software), 1), (_step(software, weights=extent.rows * extent.columns == 1), plane))
    found = [Stretch(runs, elements)]
    if extent.bias or extent.finish or _is_copied(extent):
        found.append(Stretch(((_last(software, extent), _results(extent)),)))
    return Part(name, tuple(found))


def plane_of(extent: Extent) -> tuple[int, int]:
    """How many results a filter element is applied to, and how many elements there are."""
    pixels = extent.rows * extent.columns
    if extent.channelwise:
        return pixels, extent.groups * extent.inputs * extent.taps
    if pixels == 1:
        return extent.outputs, extent.groups * extent.inputs * extent.taps
    return pixels, extent.groups * extent.outputs * extent.inputs * extent.taps


def _results(extent: Extent) -> int:
    return extent.groups * extent.results * extent.rows * extent.columns


def _is_copied(extent: Extent) -> bool:
    summed = extent.taps if extent.channelwise else extent.inputs * extent.taps
    return summed % 2 == 0


def _element(software: Software) -> Unit:
    work = software.read(1).rounded_up()
    commit = software.commit(LOGGED).rounded_up()
    traffic = software.traffic(1, 0) + software.commit_traffic(LOGGED)
    return Unit("the next filter element", work, commit, software.read(INDICES).rounded_up(), traffic)


def _step(software: Software, *, weights: bool) -> Unit:
    """One product added; every one reads a weight of its own where an input is applied to outputs."""
    reads = 3 if weights else 2
    work = software.read(reads) + software.multiply_add + software.write(1)
    recover = software.read(INDICES + (0 if weights else 1))
    traffic = software.traffic(reads, 1, extra=1, macs=1)
    return Unit("a product", work.rounded_up(), software.write(1).rounded_up(), recover.rounded_up(), traffic)


def _last(software: Software, extent: Extent) -> Unit:
    """A result read from the second plane, finished and stored."""
    work = software.read(1) + software.finish(extent) + software.write(1)
    traffic = software.traffic(1 + extent.bias, 1, extra=1)
    recover = software.read(INDICES).rounded_up()
    return Unit("a result", work.rounded_up(), software.write(1).rounded_up(), recover, traffic)


def result_unit(software: Software, extent: Extent) -> Unit:
    """A result of a layer without weights."""
    reads = extent.taps * extent.sources
    work = software.read(reads) + software.result(extent) + software.finish(extent) + software.write(1)
    traffic = software.traffic(reads, 1, extra=1)
    recover = software.read(INDICES).rounded_up()
    return Unit("a result", work.rounded_up(), software.write(1).rounded_up(), recover, traffic)


POLICY = Policy(
    "sonic",
    "SONIC: loop continuation, an index written after every product",
    "CMUAbstract/SONIC at 9488c860; arXiv 1810.07751",
    _execution,
    is_internal=True,
)
