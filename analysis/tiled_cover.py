"""Proof of a bound for networks: hundreds of thousands of designs per layer, nearly all discharged in boxes.

What a plan costs at least, given what holds at a boundary, is known in two ways: in reduced costs (the state's own, the
floors of the stages behind, less the rebate of the last cycle) and by total load (the least cost of cycles that hold
all that must still be drained). A box of designs whose totals bring either to the bound for every label before the
stage is discharged; so is a design of whose atoms' loads so many cycles follow that they waste too much. The others are
walked through atom by atom: first with free ends, which also proves the stage's floor, then from the labels.

The argument is written out in the checker's documentation.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import accumulate

from ischedule.analysis.crossing import Behind, Crossing
from ischedule.analysis.design_classes import Classes
from ischedule.analysis.grounds import Grounds
from ischedule.analysis.labels import Cover, Unproven
from ischedule.models.kernels import Ends
from ischedule.models.plan import Bound, Boundary
from ischedule.models.program import Program, TiledStage


def shared_ends(program: Program) -> Ends | None:
    """The prices of the ends of cycles, if all stages are tiled and share them."""
    ends = {stage.ends for stage in program.stages if isinstance(stage, TiledStage)}
    return ends.pop() if len(ends) == 1 and all(isinstance(one, TiledStage) for one in program.stages) else None


def require_tiled_bound(program: Program, ends: Ends, bound: Bound) -> None:
    """Raise `Unproven` unless the certificate proves that every plan costs at least its value."""
    stages = [stage for stage in program.stages if isinstance(stage, TiledStage)]
    if any(drain < ends.resume[0] for one in bound.boundaries for drain, _ in (*one.first, *one.later)):
        raise Unproven("a label has drained less than it takes to resume")
    grounds = Grounds(program, ends, bound)
    behind = _behind(stages, bound, grounds)
    virgin = Boundary(None, (ends.resume,), ())
    before = [virgin, *bound.boundaries]
    for index, stage in enumerate(stages):
        after = Cover(bound.boundaries[index]) if index + 1 < len(stages) else None
        floor = bound.floors[index] if index else None
        Crossing(grounds, stage, behind[index], before[index], after, floor).require()


def _behind(stages: Sequence[TiledStage], bound: Bound, grounds: Grounds) -> list[Behind]:
    """For each stage; a stage that no design passes lets no plan through, whatever it is said to cost."""
    classes = [Classes(stage, grounds.cost.widest) for stage in stages[1:]]
    drains = [one.least((1, 0)) or 0 for one in classes]
    times = [one.least((0, 1)) or 0 for one in classes]
    sums = [list(accumulate(reversed(values), initial=0))[::-1] for values in (bound.floors[1:], drains, times)]
    return [Behind(*values) for values in zip(*sums, strict=True)]
