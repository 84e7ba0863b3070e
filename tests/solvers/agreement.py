"""Whether a solver's answer is that of brute force: the same verdict, the same least cost, and a plan that has it."""

from __future__ import annotations

from collections.abc import Callable

from ischedule.analysis.evaluate import evaluate
from ischedule.models.program import Program
from ischedule.solvers.limit import Limit
from ischedule.solvers.outcome import Outcome
from tests.solvers.enumeration import Best

Solver = Callable[[Program, Limit], Outcome]
Enumeration = Callable[[Program], Best | None]


def disagreement(program: Program, solver: Solver, brute_force: Enumeration) -> str | None:
    """What differs, None if nothing does."""
    best, found = brute_force(program), solver(program, Limit())
    if best is None or found.plan is None or found.cost is None or found.bound is None:
        return None if best is None and found.plan is None else f"brute force finds {best}, the solver {found}"
    if found.cost != best.cost or found.bound.value != best.cost:
        return f"least cost {best.cost} ({best}), the solver has {found.cost} and bound {found.bound.value}"
    if (latency := evaluate(program, found.plan).latency) != best.cost + program.law.offset or latency != found.latency:
        return f"the plan costs {latency - program.law.offset}, the solver says {found.cost} and {found.latency}"
    return None
