"""The floor of a stage: what every design costs at least at the rate when its first and last cycles waste nothing."""

from __future__ import annotations

from ischedule.analysis.design_classes import Classes, distinct
from ischedule.analysis.grounds import Grounds
from ischedule.analysis.labels import Unproven
from ischedule.analysis.potential import FREE, Opening, Walked, rows_in, walk
from ischedule.models.program import TiledStage

GIVE = 1 << 26
"""A floor may be missed by this part of it; what is proved is then less by as much."""


def proven_floor(grounds: Grounds, stage: TiledStage, classes: Classes, claimed: int) -> int:
    """The claimed floor, or a very little less; raises `Unproven` if some design costs noticeably less."""
    floor, rate = claimed, grounds.rate
    free = Opening(_nothing, grounds.cost.widest)
    seen: set[tuple[int, ...]] = set()
    for box in classes.below(rate, claimed):
        totals = box.totals(stage)
        for tiling in distinct(stage, box, seen):
            least = grounds.least(stage, tiling, totals)
            if least is None or least >= floor:
                continue
            rows = rows_in(stage.forms[tiling.form], tiling, stage.prices, rate)
            found = walk(rows, grounds.waste, free, FREE, floor - box.reduced)
            if found is not None:
                floor = max(least, box.reduced + _freely(found))
                if (claimed - floor) * GIVE > abs(claimed):
                    raise Unproven(f"the floor of stage {stage.name} is above what {tiling.describe()} costs")
    return floor


def _nothing(load: int) -> int:
    """The waste of a cycle that is shared with another stage: nothing is known about it."""
    return 0


def _freely(found: Walked) -> int:
    """The least potential of a design with free ends: its last piece, shared with what follows, wastes nothing."""
    ends = [potential for potential, _ in (*found.first, *found.later)]
    return min(ends if found.closed is None else [*ends, found.closed])
