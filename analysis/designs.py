"""The designs of a stage that fit volatile memory, one by one: for stages that have few."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import product

from ischedule.models.block import Block, block_tilings
from ischedule.models.chain import Chain
from ischedule.models.kernels import totals
from ischedule.models.program import Design, ExplicitStage, Stage, TiledStage
from ischedule.models.tiling import Tiling, innermost


def tilings(stage: TiledStage) -> Iterator[Tiling]:
    """Every tiling of a tiled stage that fits."""
    for form, extent in enumerate(stage.forms):
        if isinstance(extent, Block):
            yield from (tiling for tiling in block_tilings(form, extent) if stage.fits(tiling))
            continue
        for order in extent.orders:
            for rows, columns, outputs, inputs in product(*(range(1, loop + 1) for loop in extent.loops)):
                if inputs < extent.least_inputs:
                    continue
                one = Tiling(form, order, rows, columns, outputs, inputs, 1)
                for batch in range(1, innermost(extent, one) + 1):
                    tiling = Tiling(form, order, rows, columns, outputs, inputs, batch)
                    if stage.fits(tiling):
                        yield tiling


def fitting_chains(stage: Stage) -> Iterator[tuple[Design, Chain]]:
    """Every design that fits, with its atoms."""
    if isinstance(stage, ExplicitStage):
        for index, chain in enumerate(stage.designs):
            if stage.fits(index):
                yield index, chain
    else:
        for tiling in tilings(stage):
            yield tiling, stage.chain(tiling)


def least_time(stage: Stage) -> int:
    """The time of the atoms of the quickest design that fits, 0 where none does."""
    if isinstance(stage, ExplicitStage):
        return min((sum(map(int, chain.time)) for _, chain in fitting_chains(stage)), default=0)
    return min((totals(stage.forms[tiling.form], tiling, stage.prices)[1] for tiling in tilings(stage)), default=0)
