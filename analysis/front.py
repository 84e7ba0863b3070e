"""The front of two criteria, checked: what its plans spend, and how far below the lines between them a plan can lie."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from fractions import Fraction

from ischedule.analysis.cover import Unproven, require_bound
from ischedule.analysis.evaluate import Evaluation
from ischedule.analysis.goal_proof import least_spent, mixed
from ischedule.analysis.progress import Tell, unheard
from ischedule.models.goal import PLAIN, Criterion, Goal
from ischedule.models.plan import Plan, Weighed
from ischedule.models.program import Program


@dataclass(frozen=True, slots=True)
class Point:
    """A plan of the front with its exact figures, and what it spends of the two criteria."""

    plan: Plan
    evaluation: Evaluation
    spent: tuple[int, int]


@dataclass(frozen=True, slots=True)
class CheckedFront:
    """The points, and what is proven about all other plans.

    ``least`` are the least amounts of the two criteria. ``below`` says for each two neighbours by which part of what
    the line between them comes to a plan can lie below it at most, None where nothing is proven.
    """

    names: tuple[Criterion, Criterion]
    points: tuple[Point, ...]
    least: tuple[int | None, int | None]
    below: tuple[Fraction | None, ...]

    @property
    def is_whole(self) -> bool:
        """Whether something is proven between all neighbours and at both ends."""
        return None not in self.below and None not in self.least

    @property
    def furthest(self) -> Fraction:
        """The greatest part by which a plan can lie below a line."""
        return max((part for part in self.below if part is not None), default=Fraction(0))


def checked_front(
    program: Program,
    names: tuple[Criterion, Criterion],
    points: Sequence[Point],
    ends: tuple[Weighed, Weighed],
    between: Sequence[Weighed | None],
    tell: Tell = unheard,
) -> CheckedFront:
    """What is proven of a front; a proof that does not hold proves nothing."""
    least = tuple(_least(program, (names[place], names[1 - place]), ends[place], tell) for place in (0, 1))
    below = tuple(
        None if proof is None else _below(program, names, points[place : place + 2], proof, tell)
        for place, proof in enumerate(between)
    )
    return CheckedFront(names, tuple(points), (least[0], least[1]), below)


def _offset(program: Program, name: Criterion) -> int:
    return program.law.offset if name is Criterion.LATENCY else 0


def _least(program: Program, order: tuple[Criterion, Criterion], proof: Weighed, tell: Tell) -> int | None:
    try:
        found = least_spent(replace(program, goal=Goal(order)), proof, tell)
    except Unproven:
        return None
    return None if found is None else found[0] + _offset(program, order[0])


def _below(
    program: Program, names: tuple[Criterion, Criterion], ends: Sequence[Point], proof: Weighed, tell: Tell
) -> Fraction | None:
    """By which part of the lesser end's sum a plan can come to less by the mix."""
    plain = replace(program, goal=PLAIN)
    try:
        require_bound(mixed(plain, proof), proof.bound, tell)
    except Unproven:
        return None
    weights = dict(proof.weights)
    if set(weights) != set(names):
        return None
    least = proof.scale * proof.bound.value + sum(weights[name] * _offset(program, name) for name in names)
    most = max(sum(weights[name] * spent for name, spent in zip(names, end.spent, strict=True)) for end in ends)
    return Fraction(max(0, most - least), most) if most else Fraction(0)
