"""What a proof about plans with a goal says, whether it holds or not: what each of them spends at least.

A rank is what is spent of the criteria in order, or of the first of them only: as a lower bound a shorter one
says less. Ranks are compared like words.
"""

from __future__ import annotations

from fractions import Fraction
from math import ceil

from ischedule.models.goal import Goal
from ischedule.models.plan import Division, Weighed

Rank = tuple[int, ...]


def stated_rank(goal: Goal, proof: Weighed | Division) -> Rank | None:
    """What a proof says that every plan spends at least which keeps the goal's limits; None if that there is none."""
    if isinstance(proof, Division):
        about_plans = (part.proof for part in proof.parts if isinstance(part.proof, Weighed))
        ranks = (stated_rank(goal, one) for one in about_plans)
        return min((rank for rank in ranks if rank is not None), default=None)
    if proof.is_exact:
        return proof.spent
    weight = dict(proof.weights).get(goal.first)
    if weight is None:
        return None
    least, most = ceil(Fraction(left_of(goal, proof), weight)), goal.limits.get(goal.first)
    return None if most is not None and least > most else (least,)


def left_of(goal: Goal, proof: Weighed) -> int:
    """What is left of a bound, times its scale, when the weighted limits are taken off."""
    taken = sum(weight * goal.limits[name] for name, weight in proof.weights if name is not goal.first)
    return proof.scale * proof.bound.value - taken


def is_about_goal(proof: object) -> bool:
    """Whether a certificate is about plans with a goal, alone or in one of its parts."""
    if isinstance(proof, Division):
        return any(is_about_goal(part.proof) for part in proof.parts)
    return isinstance(proof, Weighed)
