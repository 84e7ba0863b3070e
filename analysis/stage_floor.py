"""The floor of a stage: what every design costs at least at the rate when its first and last cycles waste nothing."""

from __future__ import annotations

from ischedule.analysis.free_ended import FreeEnded
from ischedule.analysis.labels import Unproven

GIVE = 1 << 26
"""A floor may be missed by this part of it; what is proved is then less by as much."""


def proven_floor(name: str, designs: FreeEnded, claimed: int) -> int:
    """The claimed floor, or a very little less; raises `Unproven` if some design costs noticeably less."""
    floor = claimed
    for listed in designs.below(claimed):
        for known in designs.cheaper(listed, floor):
            floor = min(floor, known.bound)
            if (claimed - floor) * GIVE > abs(claimed):
                raise Unproven(f"the floor of stage {name} is above what {known.tiling.describe()} costs")
    return floor
