"""The design that a runtime without preservation inside layers would take: of all that fit, the least energy.

Ties go to the shorter time, then to the design that is enumerated first.
"""

from __future__ import annotations

from dataclasses import dataclass

from ischedule.models.kernels import totals, volatile_bytes
from ischedule.models.primitives import Price
from ischedule.models.tiling import Arithmetic, Extent, Tiling, count
from ischedule.policies.workload import Inapplicable, Nest, Workload


@dataclass(frozen=True, slots=True)
class Whole:
    """A layer run without interruption: its energy and time, the volatile memory it takes, its indivisible commands."""

    extent: Extent
    tiling: Tiling
    price: Price
    volatile: int
    commands: int


def whole_of(workload: Workload, nest: Nest) -> Whole:
    """The cheapest design of a kernel. Raises `Inapplicable` if none fits volatile memory."""
    extent, tiling = _least(workload, nest)
    prices = workload.prices
    return Whole(
        extent,
        tiling,
        totals(extent, tiling, prices),
        volatile_bytes(extent, tiling, prices),
        commands_of(extent, tiling),
    )


def commands_of(extent: Extent, tiling: Tiling) -> int:
    """How many vector operations a design has; of a layer without weights how many results for each channel tile."""
    pixels = extent.rows * extent.columns
    if extent.pooling:
        return pixels * count(extent.outputs, tiling.outputs)
    vectors = count(extent.inputs, tiling.inputs)
    if extent.arithmetic is Arithmetic.MULTIPLY:
        return extent.groups * extent.taps * pixels * extent.outputs * vectors
    return extent.groups * pixels * vectors


def _least(workload: Workload, nest: Nest) -> tuple[Extent, Tiling]:
    import numpy as np

    from ischedule.models.kernels_array import enumerate_designs
    from ischedule.models.kernels_array import totals as totals_array

    best: tuple[int, int, Extent, Tiling] | None = None
    for form, extent in enumerate(nest.forms):
        for designs in enumerate_designs(form, extent, workload.prices, workload.volatile):
            if not len(designs):
                continue
            energy, time = totals_array(designs, workload.prices)
            place = int(np.lexsort((time, energy))[0])
            found = int(energy[place]), int(time[place])
            if best is None or found < best[:2]:
                best = (*found, extent, designs.tiling(place))
    if best is None:
        raise Inapplicable(f"no tile of {nest.name} fits volatile memory")
    return best[2], best[3]
