"""Which plans are best in one criterion for what they spend of another: the corners of the front.

Between the plan that is best in the first criterion and the one that is best in the second, a mix of both comes to the
same along the line through them. Either no plan comes to less by it, and none lies below the line; or a plan that does
takes its place between the two.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from fractions import Fraction

from ischedule.models.goal import PLAIN, Criterion, Goal
from ischedule.models.plan import Bound, Plan, Weighed
from ischedule.models.program import Program
from ischedule.solvers.budgets import by_weights, solve_goal
from ischedule.solvers.exact import solve_exact
from ischedule.solvers.limit import Limit, TimeUp
from ischedule.solvers.spending import Mix, Spent, spent_by


@dataclass(frozen=True)
class Corner:
    """A plan of the front, and what it spends by the sum of prices."""

    plan: Plan
    spent: Spent


@dataclass(frozen=True)
class Front:
    """The corners, the best by the first criterion first, and for each two neighbours the bound along their line.

    ``ends`` are the proofs that the first and the last corner are the best by one criterion. The bound between two
    corners is missing where a limit was reached before it was known whether another lies between them.
    """

    corners: tuple[Corner, ...]
    ends: tuple[Weighed, Weighed]
    between: tuple[Weighed | None, ...]


def front(program: Program, first: Criterion, second: Criterion, limit: Limit) -> Front | None:
    """The corners of the front of two criteria; None where no plan exists, or none was found in time."""
    program = replace(program, goal=PLAIN)
    best = solve_goal(replace(program, goal=Goal((first, second))), limit.silent())
    other = solve_goal(replace(program, goal=Goal((second, first))), limit.silent())
    if best.plan is None or best.spent is None or other.plan is None or other.spent is None:
        return None
    ends = best.proofs[0], other.proofs[0]
    corners, ahead = [Corner(best.plan, best.spent)], [Corner(other.plan, other.spent)]
    if best.spent[second] <= other.spent[second]:
        return Front(tuple(corners), ends, ())
    bounds: list[Weighed | None] = []
    while ahead:
        corner, proof = _between(program, corners[-1], ahead[-1], (first, second), limit)
        limit.announce(f"{len(corners) + len(ahead)} plans of the front")
        if corner is None:
            corners.append(ahead.pop())
            bounds.append(proof)
        else:
            ahead.append(corner)
    return Front(tuple(corners), ends, tuple(bounds))


def _between(
    program: Program, left: Corner, right: Corner, names: tuple[Criterion, Criterion], limit: Limit
) -> tuple[Corner | None, Weighed | None]:
    """A plan below the line through two others, or the bound that there is none."""
    first, second = names
    rise, run = left.spent[second] - right.spent[second], right.spent[first] - left.spent[first]
    mix = Mix.of({first: Fraction(rise), second: Fraction(run)})
    try:
        limit.check()
        outcome = solve_exact(mix.program(program), limit.silent())
    except TimeUp:
        return None, None
    if outcome.plan is None or not isinstance(outcome.bound, Bound):
        return None, None
    spent, proof = spent_by(program, outcome.plan), by_weights(mix, outcome.bound)
    inside = left.spent[first] < spent[first] < right.spent[first]
    if not inside or mix.total(spent) >= min(mix.total(left.spent), mix.total(right.spent)):
        return None, proof
    return Corner(outcome.plan, spent), None
