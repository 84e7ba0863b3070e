"""Whether a solver's answer is that of brute force: the same verdict, the same least cost, and a plan that has it."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TypeVar

from ischedule.analysis.evaluate import evaluate
from ischedule.models.program import Program
from ischedule.solvers.limit import Limit
from ischedule.solvers.outcome import Outcome
from tests.solvers.enumeration import Best

Solver = Callable[[Program, Limit], Outcome]
Enumeration = Callable[[Program], Best | None]
Known = TypeVar("Known")


def some_differ(difference: Callable[[Program, Known], str | None], instances: Iterable[tuple[Program, Known]]) -> bool:
    """Whether some program tells a solver from a correct one: what is known of it differs, or there is no answer."""
    for program, known in instances:
        try:
            if difference(program, known) is not None:
                return True
        except Exception:
            return True
    return False


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
