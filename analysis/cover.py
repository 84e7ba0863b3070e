"""Proof of a bound: no plan costs less, because everything that can hold at a boundary is covered by a label there.

The labels of the certificate are taken as given at one boundary; every way through every design of every step that
leaves it must then end at labels that are no cheaper and have drained no less than some label of the boundary where the
step leads, or cost so much that no plan through them is below the bound; and every plan that ends at the last boundary
must cost at least the bound. By induction over the boundaries no plan is below it. Where the labels come from does not
matter: wrong ones prove nothing.
"""

from __future__ import annotations

from collections.abc import Iterator

from ischedule.analysis.designs import fitting_chains, least_time
from ischedule.analysis.labels import Cover, Found, Staircase, Unproven
from ischedule.analysis.level_walk import Below
from ischedule.analysis.passage import Passage, go_through
from ischedule.analysis.progress import Tell, unheard
from ischedule.analysis.tiled_cover import require_tiled_bound, shared_ends
from ischedule.analysis.waiting_floor import WaitingFloor
from ischedule.models.plan import Bound, Boundary
from ischedule.models.program import Design, ExplicitStage, Program, Stage

__all__ = ["Cover", "Staircase", "Unproven", "require_bound", "ways_through"]


class Follow:
    """What must still follow a boundary at least: the time of the atoms of the quickest designs of all later stages."""

    def __init__(self, program: Program, floor: WaitingFloor) -> None:
        self.times = program.behind([least_time(stage) for stage in program.stages])
        self.is_certain = floor.prices_are_costs

    def reaches(self, boundary: int, state: Found, value: int) -> bool:
        """Whether a plan that is in this state at the boundary ends at the value or above."""
        rest = self.times[boundary]
        by_time = state.elapsed is not None and state.elapsed + rest >= value
        return by_time or (self.is_certain and state.cost + rest >= value)


def ways_through(
    stage: Stage,
    floor: WaitingFloor,
    before: Boundary | None,
    below: Below | None = None,
    tell: Tell = unheard,
    *,
    is_broken: bool = False,
) -> Iterator[tuple[Design, Passage]]:
    """All that follows from a boundary through a stage, design by design."""
    for design, chain in fitting_chains(stage):
        yield design, go_through(chain, floor, before, below, tell, is_broken=is_broken)


def require_bound(program: Program, bound: Bound, tell: Tell = unheard) -> None:
    """Raise `Unproven` unless the certificate proves that every plan costs at least its value."""
    if len(bound.boundaries) != program.end - 1:
        raise Unproven(f"{len(bound.boundaries)} boundaries are given, {program.end - 1} lie between the stages")
    if any(drain < 0 for one in bound.boundaries for drain, *_ in (*one.first, *one.later, *one.ahead)):
        raise Unproven("a label has drained less than nothing")
    law, follows = program.law, bound.follows_levels
    if not program.has_bounds:
        raise Unproven("levels can be left that the next cycle begins on, and cycles must end in certain places")
    if follows and not law.keeps_level and not law.leaves_level:
        raise Unproven("levels are followed that no cycle can leave")
    if not law.keeps_level and not follows and any(one.kept or one.ahead for one in bound.boundaries):
        raise Unproven("a label is behind a level that no first cycle can keep")
    if (ends := shared_ends(program)) is not None:
        require_tiled_bound(program, ends, bound, tell)
        return
    floor = WaitingFloor(law, atoms=_most_atoms(program))
    follow = Follow(program, floor)
    for place, step in enumerate(program.steps):
        stage, target = program.stages[step.stage], step.target
        before = bound.boundaries[step.source - 1] if step.source else None
        below = Below(bound.value, follow.times[target], follow.is_certain) if follows else None
        cover = (
            None if target == program.end else Cover(bound.boundaries[target - 1], law.slip, target in program.closed)
        )
        for design, passage in ways_through(stage, floor, before, below, tell, is_broken=program.breaks(place)):
            where = f"through design {design} of stage {stage.name}"
            if cover is None:
                if passage.finished is not None and passage.finished < bound.value:
                    raise Unproven(f"a plan {where} may cost {passage.finished}, less than {bound.value}")
                continue
            for state in cover.uncovered(passage.after):
                if not follow.reaches(target, state, bound.value):
                    text = f"the state {state.name} is reached at a cost of {state.cost}, which no label covers"
                    raise Unproven(f"{where} {text}")


def _most_atoms(program: Program) -> int:
    return max(
        (len(chain) for stage in program.stages if isinstance(stage, ExplicitStage) for chain in stage.designs),
        default=1,
    )
