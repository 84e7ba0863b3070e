"""Flows that keep limits: side constraints on the arc-flow program, which make it an integer program, through PuLP.

Sums of up to 15 digits are more than a solver keeps apart, so it never sees them. Each amount is reduced by node
potentials that are its least sums from the source: what is left of a limit is what may be spent beyond the least. Arcs
through which no path keeps a limit are left out; this is decided in integers, and so is every path that is found.
"""

from __future__ import annotations

import warnings
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from ischedule.models.goal import Criterion
from ischedule.solvers.flow_graph import Arc, FlowGraph
from ischedule.solvers.flow_lp import Settings, path_of, quiet_solve, solver_of
from ischedule.solvers.limit import Limit, TimeUp

LARGEST = 1e6
"""The greatest number that a program has, if it can be helped: its tolerances keep integers up to there apart."""

Measure = Callable[[Arc], int]
Spent = dict[Criterion, int]

AMOUNTS: Mapping[Criterion, Measure] = {
    Criterion.LATENCY: lambda arc: arc.cost,
    Criterion.ENERGY: lambda arc: arc.drain,
    Criterion.WRITTEN: lambda arc: arc.stored,
    Criterion.CYCLES: lambda arc: int(arc.ends),
}
"""What each arc adds to a plan's sums."""


def spent_along(path: Sequence[Arc]) -> Spent:
    """The sums of a path."""
    return {name: sum(map(amount, path)) for name, amount in AMOUNTS.items()}


def keeps(spent: Mapping[Criterion, int], limits: Mapping[Criterion, int]) -> bool:
    """Whether nothing is more than its limit."""
    return all(spent[name] <= most for name, most in limits.items())


def least(graph: FlowGraph, measure: Measure) -> int | None:
    """The least sum of any path, None where there is no path."""
    return graph.reached(list(map(measure, graph.arcs)))[graph.sink]


def within(graph: FlowGraph, measure: Measure, most: int) -> FlowGraph:
    """The graph of the arcs that lie on some path with at most this sum."""
    costs = list(map(measure, graph.arcs))
    before, behind = graph.reached(costs), graph.behind(costs)
    kept = []
    for arc, cost in zip(graph.arcs, costs, strict=True):
        start, rest = before[arc.tail], behind[arc.head]
        if start is not None and rest is not None and start + cost + rest <= most:
            kept.append(arc)
    return replace(graph, arcs=kept)


def within_limits(graph: FlowGraph, limits: Mapping[Criterion, int]) -> FlowGraph:
    """The graph of the arcs on paths that keep each limit, by itself; until nothing more falls."""
    while True:
        count = len(graph.arcs)
        for name, most in limits.items():
            graph = within(graph, AMOUNTS[name], most)
        if len(graph.arcs) in (0, count):
            return graph


@dataclass(frozen=True)
class _Row:
    """An amount reduced by potentials, scaled down, and what is left of its limit."""

    name: str
    amounts: list[float]
    most: float
    scale: float

    @staticmethod
    def of(graph: FlowGraph, name: str, measure: Measure, most: int | None) -> _Row:
        """Without a limit the scale goes by the dearest arc: an objective."""
        costs = list(map(measure, graph.arcs))
        reached = graph.reached(costs)
        potentials = [0 if one is None else one for one in reached]
        reduced = [cost + potentials[a.tail] - potentials[a.head] for a, cost in zip(graph.arcs, costs, strict=True)]
        left = max(reduced, default=0) if most is None else max(most - potentials[graph.sink], 0)
        # an arc that alone takes more than is left is on no path that is wanted, whatever more it takes
        scale = max(1.0, left / LARGEST)
        return _Row(name, [min(one, left + 1) / scale for one in reduced], left / scale, scale)


@dataclass(frozen=True)
class Relaxed:
    """What a relaxed program says: the price of a unit of each limited amount, and by how much limits are exceeded."""

    prices: dict[Criterion, float]
    excess: float


def relaxed(
    graph: FlowGraph,
    first: Criterion | None,
    limits: Mapping[Criterion, int],
    settings: Settings,
    limit: Limit,
) -> Relaxed | None:
    """The linear relaxation's prices of limits for the least of a criterion, None where it has no solution.

    Without a criterion, it is the least by which the limits have to be exceeded.
    """
    if not graph.arcs:
        return None
    rows = {name: _Row.of(graph, name.value, AMOUNTS[name], most) for name, most in limits.items()}
    target = None if first is None else _Row.of(graph, "", AMOUNTS[first], None)
    model = _Model(graph, target, list(rows.values()), integral=False)
    if not model.solve(settings, limit):
        return None
    unit = 1.0 if target is None else target.scale
    prices = {name: max(0.0, -model.price(row.name)) * unit / row.scale for name, row in rows.items()}
    return Relaxed(prices, model.excess())


def least_path(
    graph: FlowGraph,
    first: Criterion,
    limits: Mapping[Criterion, int],
    excluded: Sequence[Sequence[Arc]],
    settings: Settings,
    limit: Limit,
    spare: float = 0.0,
) -> list[Arc] | None:
    """A path that keeps the limits, the least by a criterion or dearer by no more than ``spare``, as the integer
    program finds it in floating point; None where it finds none. Paths that are excluded do not count.
    """
    if not graph.arcs:
        return None
    rows = [_Row.of(graph, name.value, AMOUNTS[name], most) for name, most in limits.items()]
    target = _Row.of(graph, "", AMOUNTS[first], None)
    model = _Model(graph, target, rows, integral=True, excluded=excluded)
    if not model.solve(settings, limit, spare / target.scale):
        return None
    return path_of(graph, model.flows())


class _Model:
    """The arc-flow program with side constraints, each under its name."""

    def __init__(
        self,
        graph: FlowGraph,
        target: _Row | None,
        rows: Sequence[_Row],
        *,
        integral: bool,
        excluded: Sequence[Sequence[Arc]] = (),
    ) -> None:
        import pulp

        self.pulp = pulp
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)
            self.problem = pulp.LpProblem("cycles", pulp.LpMinimize)
            kind = pulp.LpBinary if integral else pulp.LpContinuous
            self.variables = [pulp.LpVariable(f"x{place}", 0, 1, kind) for place in range(len(graph.arcs))]
            self.slacks = [] if target else [pulp.LpVariable(f"over_{row.name}", 0) for row in rows]
            costs = target.amounts if target else []
            self.problem += pulp.LpAffineExpression(
                [*zip(self.variables, costs, strict=False), *((slack, 1) for slack in self.slacks)]
            )
            self._balance(graph)
            self.rows = {}
            for place, row in enumerate(rows):
                terms = list(zip(self.variables, row.amounts, strict=True))
                terms += [(self.slacks[place], -1)] if self.slacks else []
                self.rows[row.name] = pulp.LpAffineExpression(terms) <= row.most
                self.problem.addConstraint(self.rows[row.name], f"limit_{row.name}")
            at = dict(zip(graph.arcs, self.variables, strict=True))
            for number, path in enumerate(excluded):
                if all(arc in at for arc in path):
                    rest = pulp.LpAffineExpression([(at[arc], 1) for arc in path]) <= len(path) - 1
                    self.problem.addConstraint(rest, f"excluded_{number}")

    def _balance(self, graph: FlowGraph) -> None:
        terms: dict[int, list[tuple[Any, int]]] = defaultdict(list)
        for flow, arc in zip(self.variables, graph.arcs, strict=True):
            terms[arc.head].append((flow, 1))
            terms[arc.tail].append((flow, -1))
        balance = {graph.source: -1, graph.sink: 1}
        for node, some in terms.items():
            self.problem.addConstraint(self.pulp.LpAffineExpression(some) == balance.get(node, 0), f"n{node}")

    def solve(self, settings: Settings, limit: Limit, spare: float = 0.0) -> bool:
        """Whether there is a solution; raises ``TimeUp`` where that is not known in time."""
        quiet_solve(self.problem, solver_of(self.pulp, settings, limit, spare))
        if self.problem.sol_status == self.pulp.LpSolutionOptimal:
            return True
        limit.check()
        if self.problem.status == self.pulp.LpStatusInfeasible or (
            self.problem.sol_status == self.pulp.LpSolutionInfeasible
        ):
            return False
        if limit.seconds is not None:
            raise TimeUp
        raise RuntimeError(f"the integer program ended as {self.pulp.LpStatus[self.problem.status]}")

    def flows(self) -> list[float]:
        """The flow on every arc."""
        return [float(flow.value() or 0.0) for flow in self.variables]

    def price(self, name: str) -> float:
        """The dual of a limit's row."""
        return float(self.rows[name].pi or 0.0)

    def excess(self) -> float:
        """By how much limits are exceeded together, in the program's units."""
        return sum(float(slack.value() or 0.0) for slack in self.slacks)
