"""What an uninterrupted design writes: its results, and partial sums where they pass through non-volatile memory."""

from __future__ import annotations

from collections.abc import Iterable

from ischedule.models.tiling import Extent, Order, Tiling, count, innermost
from ischedule.policies.execution import Traffic
from ischedule.policies.uninterrupted import Whole
from ischedule.policies.workload import Workload


def results_of(workload: Workload, wholes: Iterable[Whole]) -> Traffic:
    """Bytes written and products of whole layers."""
    total = Traffic()
    for whole in wholes:
        extent, tiling = whole.extent, whole.tiling
        results = extent.groups * extent.results * (1 if extent.pooling else extent.rows * extent.columns)
        stored = workload.prices.word_bytes + (passes_of(extent, tiling) - 1) * workload.prices.sum_bytes
        macs = 0
        if extent.weight_taps:
            macs = extent.groups * extent.taps * extent.rows * extent.columns * extent.outputs * extent.inputs
        total += Traffic(bytes_written=results * stored, macs=macs)
    return total


def passes_of(extent: Extent, tiling: Tiling) -> int:
    """How often each result is stored."""
    if extent.pooling:
        return count(innermost(extent, tiling), tiling.batch)
    passes = 1 if extent.channelwise else count(extent.inputs, tiling.inputs)
    return count(passes, tiling.batch) if tiling.order is Order.OUTPUT else passes
