"""Weights for the limits of a goal such that a plan of least weighted sum is a good bound, by passes with many at once.

What the bound leaves for the first criterion, when the weighted limits are taken off, is concave in each weight: the
best weight lies between the neighbours of the best one that was tried, and there more are tried. Above it, plans of
least weighted sum keep the limit; below they break it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction

from ischedule.models.goal import Criterion, Goal
from ischedule.solvers.listed import Listed, Weights
from ischedule.solvers.sweep import UNREACHABLE

WIDE = 12
"""Powers of two, in both directions, by which a weight may be off what is usual."""
FINER = 24
"""Parts into which what lies around the best weight is divided."""
DIGITS = 3
"""Bits that the least of some weights keep when they are rounded."""
SWEEPS = 4
"""Times that the weights of several limits are gone through."""

Shares = Mapping[Criterion, Fraction]


@dataclass(frozen=True)
class Summed:
    """Weights, and what the weighted sum of every plan is at least, exactly."""

    weights: Weights
    least: int


def level(goal: Goal, weights: Weights, least: int) -> Fraction:
    """What a plan that keeps all limits spends at least of the first criterion, if the weighted sum is so much."""
    rest = sum(weight * goal.limits[one] for one, weight in weights.items() if one is not goal.first)
    return Fraction(least - rest, weights[goal.first])


def best_weights(listed: Listed, goal: Goal) -> tuple[Summed, Summed] | None:
    """The weights of the best bound found, and some above them; None where no plan was found."""
    limited = [one for one in goal.limits if one is not goal.first]
    shares: Shares = {goal.first: Fraction(1)}
    found = None
    for _ in range(SWEEPS if len(limited) > 1 else 1):
        before = shares
        for one in limited:
            found = _best_for(listed, goal, {name: share for name, share in shares.items() if name is not one}, one)
            if found is None:
                return None
            weights = found[0].weights
            shares = {name: Fraction(weight, weights[goal.first]) for name, weight in weights.items()}
        if shares == before:
            break
    return found


def _best_for(listed: Listed, goal: Goal, others: Shares, one: Criterion) -> tuple[Summed, Summed] | None:
    """The same for one limit, given the weights of the others."""
    usual = Fraction(listed.usual(goal.first), listed.usual(one))
    tried = [usual * Fraction(2) ** power for power in range(-WIDE, WIDE + 1)]
    known: dict[Fraction, Summed] = {}
    for _ in range(2):
        new = {
            share: weights for share, weights in _in_integers(listed, goal, others, one, tried) if share not in known
        }
        for (share, weights), least in zip(new.items(), listed.least(list(new.values())), strict=True):
            if least < UNREACHABLE:
                known[share] = Summed(weights, least)
        if not known:
            return None
        order = sorted(known)
        levels = [level(goal, known[share].weights, known[share].least) for share in order]
        place = levels.index(max(levels))
        low, high = order[max(0, place - 1)], order[min(place + 1, len(order) - 1)]
        tried = [low + (high - low) * Fraction(part, FINER) for part in range(1, FINER)]
    return known[order[place]], known[order[place] if order[place] == 0 else high]


def _in_integers(
    listed: Listed, goal: Goal, others: Shares, one: Criterion, tried: Sequence[Fraction]
) -> list[tuple[Fraction, Weights]]:
    """Weights by which to add, as integers near them, and what they are with 1 for the first criterion.

    If latency counts, it has the same weight in all.
    """
    wanted = [{**others, **({one: share} if share else {})} for share in [Fraction(0), *tried]]
    units = [{name: share / some.get(Criterion.LATENCY, 1) for name, share in some.items()} for some in wanted]
    least = min(min(some.values()) for some in units)
    scale = 1
    while least * scale < 1 << DIGITS:
        scale *= 2
    while scale > 1 and not all(listed.fits(_rounded(some, scale)) for some in units):
        scale //= 2
    found = (_rounded(some, scale) for some in units)
    return [
        (Fraction(weights.get(one, 0), weights[goal.first]), weights)
        for weights in found
        if goal.first in weights and listed.fits(weights)
    ]


def _rounded(shares: Shares, scale: int) -> Weights:
    found = {name: round(share * scale) for name, share in shares.items()}
    return {name: weight for name, weight in found.items() if weight}
