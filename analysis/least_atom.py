"""The dearest atom of a layer's least designs: a floor under what any of its designs drains in one power cycle."""

from __future__ import annotations

from ischedule.models.kernels import Prices, rows_of
from ischedule.models.least_tilings import least_designs
from ischedule.models.program import TiledStage
from ischedule.models.tiling import Extent, Tiling


def largest_atom(extent: Extent, tiling: Tiling, prices: Prices) -> int:
    """What a power cycle drains at least besides its two ends when it runs the dearest atom of a design.

    A cycle that starts inside a row fetches the reused operand again; one that starts before has the row's first atom
    in it.
    """
    most = 0
    for row in {id(row): row for row, _ in rows_of(extent, tiling, prices.of_steps)}.values():
        before = min(row.again[0], row.atoms[0][0])
        most = max(most, row.atoms[0][0], *(atom[0] + before for atom in row.atoms[1:]))
    return most + prices.beside


def least_atom(stage: TiledStage) -> int | None:
    """The least that the dearest atom of any design that fits drains, None if no design fits."""
    found = [
        largest_atom(stage.forms[tiling.form], tiling, stage.prices)
        for tiling in least_designs(stage)
        if stage.fits(tiling)
    ]
    return min(found, default=None)
