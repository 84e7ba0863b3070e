"""The orders in which the stages of a program may run: a boundary is a set of stages that are done with all they need.

Such sets are the order ideals of the graph. In networks with few branches there is about one for each layer; in wide
ones there may be more than can be searched, and one order is kept.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Final

from ischedule.models.program import Step, chain_of_steps

MOST_BOUNDARIES: Final = 1000
"""Up to so many boundaries every order is searched."""


def ideals_of(needs: Sequence[Collection[int]], most: int = MOST_BOUNDARIES) -> list[int] | None:
    """All sets of stages that hold with each stage those that it needs, as bit masks, smaller ones first.

    ``needs`` names for each stage those that must be done before it. None if there are more than ``most``.
    """
    masks = [sum(1 << other for other in set(some)) for some in needs]
    found = level = [0]
    while level != [(1 << len(needs)) - 1]:
        level = sorted({done | 1 << stage for done in level for stage in _next(done, masks)})
        if not level:
            raise ValueError("the stages need one another in a circle")
        found = found + level
        if len(found) > most:
            return None
    return found


def _next(done: int, masks: Sequence[int]) -> list[int]:
    return [stage for stage, mask in enumerate(masks) if not done >> stage & 1 and mask & ~done == 0]


def steps_of(
    needs: Sequence[Collection[int]], most: int = MOST_BOUNDARIES
) -> tuple[tuple[Step, ...], tuple[int, ...], bool]:
    """The steps between all boundaries, the set of stages done at each, and whether only one order is left of more.

    That one is the order in which the stages are listed, in which each must follow all that it needs.
    """
    ideals = ideals_of(needs, most)
    if ideals is None:
        if any(other >= stage for stage, some in enumerate(needs) for other in some):
            raise ValueError("a stage is listed before one that it needs")
        return chain_of_steps(len(needs)), tuple((1 << count) - 1 for count in range(len(needs) + 1)), True
    masks = [sum(1 << other for other in set(some)) for some in needs]
    number = {ideal: index for index, ideal in enumerate(ideals)}
    steps = (Step(stage, number[done], number[done | 1 << stage]) for done in ideals for stage in _next(done, masks))
    return tuple(steps), tuple(ideals), False
