"""What a plan's power cycles read and write in non-volatile memory, and that a power failure can undo none of it.

A cycle that is cut short is run again from its start, on what was published before it. That gives the same result if
within the cycle nothing is written that was read before being written since the last publish. Weights are only read,
and every feature map has memory of its own, written by its stage alone; so only a stage's own results matter, where it
reads them back as partial sums. Such a map has three regions: a pass over some results reads them from the region that
holds them and writes to one that is neither that nor the published one. The sets are recomputed here, cycle by cycle.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from enum import Enum
from itertools import accumulate

from ischedule.analysis.power_cycles import Cycle, InvalidPlan, Violation, run_stages
from ischedule.models.plan import Plan
from ischedule.models.program import Program, TiledStage
from ischedule.models.tiling import Extent, Order, Tiling, count, innermost, stores_partial_sums

REGIONS_WITH_SUMS = 3
"""The memory of a feature map whose partial sums are stored: the published region, and two that alternate."""


@dataclass(frozen=True, slots=True)
class Pass:
    """What one atom does to results: which ones it writes, and whether it reads them first.

    Sums that stay in volatile memory along a row are read only by a cycle that starts inside it.
    """

    results: int
    reads: bool
    keeps: bool


class Access(Enum):
    """How a cycle touched a place first."""

    READ = "read"
    WRITTEN = "written"


def passes(extent: Extent, tiling: Tiling) -> Iterator[Pass]:
    """The passes of a design's atoms in order; results that one atom writes have one number."""
    if extent.groups == 1:
        yield from _group_passes(extent, tiling)
        return
    group = list(_group_passes(extent, tiling))
    results = max(one.results for one in group) + 1
    for index in range(extent.groups):
        for one in group:
            yield replace(one, results=one.results + index * results)


def _group_passes(extent: Extent, tiling: Tiling) -> Iterator[Pass]:
    if extent.channelwise:
        for row in range(count(extent.inputs, tiling.inputs) * count(innermost(extent, tiling), tiling.batch)):
            yield Pass(row, False, keeps=False)
        return
    batches = count(innermost(extent, tiling), tiling.batch)
    pixels = count(extent.rows, tiling.rows) * count(extent.columns, tiling.columns)
    outputs, inputs = count(extent.outputs, tiling.outputs), count(extent.inputs, tiling.inputs)
    if extent.pooling or tiling.order is Order.OUTPUT:
        rows = outputs if extent.pooling else pixels * outputs
        for row in range(rows):
            for index in range(batches):
                yield Pass(row, index > 0, keeps=True)
        return
    for outer in range(pixels if tiling.order is Order.INPUT else outputs):
        for index in range(inputs):
            for batch in range(batches):
                yield Pass(outer * batches + batch, index > 0, keeps=False)


def first_conflict(passes: Iterator[Pass], ends: Sequence[int], regions: int) -> int | None:
    """The first atom that finds no region to write to, None if there is none.

    `ends` are the numbers of atoms after which a cycle ends. An atom writes to a region other than the one that it
    reads, and to none that its cycle has read before writing it.
    """
    holds: dict[int, int] = {}
    touched: dict[tuple[int, int], Access] = {}
    boundaries = iter(ends)
    end = next(boundaries)
    fresh = True
    for index, one in enumerate(passes):
        if index == end:
            touched.clear()
            fresh = True
            end = next(boundaries)
        read = holds[one.results] if one.reads and (fresh or not one.keeps) else None
        if read is not None:
            touched.setdefault((one.results, read), Access.READ)
        for region in range(regions):
            if region != read and touched.setdefault((one.results, region), Access.WRITTEN) is Access.WRITTEN:
                holds[one.results] = region
                break
        else:
            return index
        fresh = False
    return None


def require_repeatable(program: Program, plan: Plan, cycles: Sequence[Cycle], lengths: Sequence[int]) -> None:
    """Raise `InvalidPlan` if some power cycle cannot be repeated; `lengths` are the numbers of atoms of the stages."""
    firsts = [0, *accumulate(lengths)]
    for index, (stage, design) in enumerate(zip(run_stages(program, plan), plan.designs, strict=True)):
        if not isinstance(stage, TiledStage) or not isinstance(design, Tiling):
            continue
        extent = stage.forms[design.form]
        if not stores_partial_sums(extent, design):
            continue
        inside = [cycle.end - firsts[index] for cycle in cycles if firsts[index] < cycle.end < firsts[index + 1]]
        regions = REGIONS_WITH_SUMS if stage.sums_in_memory else 1
        atom = first_conflict(passes(extent, design), [*inside, lengths[index]], regions)
        if atom is not None:
            text = f"atom {atom + 1} of stage {stage.name} overwrites partial sums that its power cycle has read"
            raise InvalidPlan(Violation.WRITE_AFTER_READ, text)
