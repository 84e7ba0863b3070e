"""The exact solver: the search for tiled stages or the one for explicit stages."""

from __future__ import annotations

from ischedule.models.program import Program, TiledStage
from ischedule.solvers.explicit import solve_explicit
from ischedule.solvers.limit import Limit
from ischedule.solvers.outcome import Outcome
from ischedule.solvers.tiled import solve_tiled


def solve_exact(program: Program, limit: Limit) -> Outcome:
    """The optimal plan, or within a time limit the best one found and a proven bound."""
    if all(isinstance(stage, TiledStage) for stage in program.stages):
        return solve_tiled(program, limit)
    if any(isinstance(stage, TiledStage) for stage in program.stages):
        raise ValueError("a program has either tiled or explicit stages")
    return solve_explicit(program, limit)
