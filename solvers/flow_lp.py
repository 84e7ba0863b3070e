"""The back end: a flow graph as a linear program through PuLP, on HiGHS or CBC, refined until its duals are exact.

Costs are picoseconds of up to 15 digits, more than a solver's tolerances keep apart. So the program is solved twice:
first with costs scaled down, then with the reduced costs that the rounded duals of the first leave. Those of the second
are integers; whether the sum of both is feasible and comes to the plan's cost is then decided exactly.
"""

from __future__ import annotations

import os
import sys
import warnings
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from ischedule.solvers.flow_graph import Arc, FlowGraph
from ischedule.solvers.limit import Limit, TimeUp

COARSE = 1e5
"""The greatest cost of the first program."""
CLIP = 10**6
"""Reduced costs (ps) beyond this are all alike in the second one."""


@dataclass(frozen=True)
class Settings:
    """How the linear programs are solved: by which solver, and with how many threads."""

    backend: str = "highs"
    threads: int | None = None


@dataclass(frozen=True)
class Flow:
    """The path that the optimal flow takes, its exact cost, and whether exact duals prove that none is cheaper."""

    path: list[Arc]
    cost: int
    is_exact: bool


def least_flow(graph: FlowGraph, settings: Settings, limit: Limit) -> Flow | None:
    """The cheapest path from source to sink as the program finds it, None where there is none."""
    if not any(arc.head == graph.sink for arc in graph.arcs):
        return None
    largest = max(1, max(abs(arc.cost) for arc in graph.arcs))
    scale = max(1.0, largest / COARSE)
    program = _Program(graph)
    _, rough = program.solve([arc.cost / scale for arc in graph.arcs], settings, limit)
    duals = [round(value * scale) for value in rough]
    reduced = [arc.cost + duals[arc.tail] - duals[arc.head] for arc in graph.arcs]
    chosen, fine = program.solve([float(min(value, CLIP)) for value in reduced], settings, limit)
    duals = [value + round(more) for value, more in zip(duals, fine, strict=True)]
    path = path_of(graph, chosen)
    cost = sum(arc.cost for arc in path)
    feasible = all(arc.cost + duals[arc.tail] - duals[arc.head] >= 0 for arc in graph.arcs)
    return Flow(path, cost, feasible and duals[graph.sink] - duals[graph.source] == cost)


class _Program:
    """The linear program of a graph, for any costs of its arcs."""

    def __init__(self, graph: FlowGraph) -> None:
        import pulp

        self.pulp, self.graph = pulp, graph
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)
            self.problem = pulp.LpProblem("cycles", pulp.LpMinimize)
            self.flows = [pulp.LpVariable(f"x{number}", 0) for number in range(len(graph.arcs))]
            terms: dict[int, list[tuple[Any, int]]] = defaultdict(list)
            for flow, arc in zip(self.flows, graph.arcs, strict=True):
                terms[arc.head].append((flow, 1))
                terms[arc.tail].append((flow, -1))
            balance = {graph.source: -1, graph.sink: 1}
            self.rows = {}
            for node, some in terms.items():
                row = pulp.LpAffineExpression(some) == balance.get(node, 0)
                self.problem.addConstraint(row, f"n{node}")
                self.rows[node] = row

    def solve(self, costs: list[float], settings: Settings, limit: Limit) -> tuple[list[float], list[float]]:
        """The flow on every arc, and the potential of every node with the source at 0."""
        pulp, problem, rows, graph = self.pulp, self.problem, self.rows, self.graph
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)
            problem.setObjective(pulp.LpAffineExpression(list(zip(self.flows, costs, strict=True))))
        quiet_solve(problem, solver_of(pulp, settings, limit))
        limit.check()
        if problem.sol_status != pulp.LpSolutionOptimal:
            if limit.seconds is not None:
                raise TimeUp
            raise RuntimeError(f"the linear program ended as {pulp.LpStatus[problem.status]}")
        # some solvers report a basis whose duals are shifted as a whole: only differences count
        base = float(rows[graph.source].pi)
        duals = [float(rows[node].pi) - base if node in rows else 0.0 for node in range(len(graph.nodes))]
        return [float(flow.value() or 0.0) for flow in self.flows], duals


def quiet_solve(problem: Any, solver: Any) -> None:
    """Let a solver solve a problem without a word."""
    with _silence(), warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        problem.solve(solver)


@contextmanager
def _silence() -> Iterator[None]:
    """Standard output for nobody: HiGHS writes a banner there when its library is first used, whatever it is told."""
    sys.stdout.flush()
    kept, nowhere = os.dup(1), os.open(os.devnull, os.O_WRONLY)
    try:
        os.dup2(nowhere, 1)
        yield
    finally:
        os.dup2(kept, 1)
        os.close(kept)
        os.close(nowhere)


def solver_of(pulp: Any, settings: Settings, limit: Limit, spare: float = 0.0) -> Any:
    """PuLP's interface of the solver that is asked for; CBC stands in where HiGHS is not installed.

    An integer program may end with a solution that is dearer than the best one by ``spare``.
    """
    left, gaps = limit.left(), {"gapRel": 0.0, "gapAbs": spare}
    solver = None
    if settings.backend == "highs":
        if pulp.HiGHS().available():
            import highspy

            # the threads of one process are started once, and another number is refused until they have ended
            highspy.Highs.resetGlobalScheduler(True)
        solver = pulp.HiGHS(msg=False, threads=settings.threads, timeLimit=left, **gaps)
    if solver is None or not solver.available():
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)
            solver = pulp.PULP_CBC_CMD(msg=False, threads=settings.threads, timeLimit=left, **gaps)
    return solver


def path_of(graph: FlowGraph, flows: list[float]) -> list[Arc]:
    """The arcs that carry the flow, from the source on."""
    after = {arc.tail: arc for arc, flow in zip(graph.arcs, flows, strict=True) if flow > 0.5}
    path, node = [], graph.source
    while node != graph.sink:
        arc = after.pop(node)
        path.append(arc)
        node = arc.head
    return path
