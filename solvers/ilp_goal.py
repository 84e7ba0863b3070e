"""Goals for the ILP: limits are side constraints of the flow, and criteria are made least one after the other.

1. A limit that no path keeps by itself excludes all plans; node potentials show it.
2. The duals of the relaxed program are the prices of the limits. The program that is weighed with them is one without
   limits; its bound is the certificate's, and arcs of plans that are dearer by it than the best one known are left out.
3. The integer program over what is left finds a better plan, until there is none. Then the criterion is fixed, and the
   next one is made least.

Every path is added up in exact integers, again from its plan; one that the program takes for a solution by rounding is
excluded by a constraint of its own. The checker searches for a better plan itself.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from fractions import Fraction

from ischedule.models.goal import PLAIN, Criterion
from ischedule.models.plan import Answer, Bound, Plan, Weighed
from ischedule.models.program import ExplicitStage, Program
from ischedule.solvers.budgets import Budgeted, by_weights
from ischedule.solvers.flow_graph import Arc, FlowGraph, flow_graph
from ischedule.solvers.flow_limits import (
    AMOUNTS,
    Measure,
    Relaxed,
    Spent,
    keeps,
    least,
    least_path,
    relaxed,
    spent_along,
    within,
    within_limits,
)
from ischedule.solvers.flow_lp import Settings
from ischedule.solvers.ilp import Chosen, all_designs, chains_of, plan_of_path, solve_ilp, stuck_in
from ischedule.solvers.limit import Limit, TimeUp
from ischedule.solvers.spending import Mix, spent_by

NEGLIGIBLE = 1e-12
"""Prices that add no more than this part to a plan are none."""


def solve_ilp_goal(program: Program, limit: Limit) -> Answer:
    """The best plan for a program's goal, or that there is none, with what the checker needs to know it."""
    from ischedule.solvers.solve import answer_of

    if not all(isinstance(stage, ExplicitStage) for stage in program.stages):
        from ischedule.solvers.ilp_goal_columns import solve_goal_by_columns

        return answer_of(program, solve_goal_by_columns(program, limit))
    found = GoalFlow(program, all_designs(program), limit).run()
    return answer_of(program, found)


@dataclass(frozen=True)
class Best:
    """The best path that keeps all limits, its plan, and what it spends by its arcs and by its chains alike."""

    path: list[Arc]
    plan: Plan
    spent: Spent


@dataclass(frozen=True)
class Weighted:
    """A mix of criteria with the bound of the program that it makes."""

    mix: Mix
    bound: Bound

    def least(self, first: Criterion, limits: Mapping[Criterion, int]) -> Fraction:
        """What plans that keep the limits spend at least of the first criterion."""
        taken = sum(weight * limits[name] for name, weight in self.mix.weights.items() if name is not first)
        return Fraction(self.mix.scale * self.bound.value - taken, self.mix.weights[first])


class GoalFlow:
    """The flows of a program of explicit stages, or of some designs of a network, with side constraints."""

    def __init__(self, program: Program, chosen: Chosen, limit: Limit) -> None:
        self.goal, self.chosen, self.limit = program.goal, chosen, limit
        self.program = replace(program, goal=PLAIN)
        self.settings = Settings(threads=limit.threads)
        self.best: Best | None = None

    def run(self) -> Budgeted:
        """The best plan, or why there is none."""
        graph = self.graph()
        if not graph.arcs or least(graph, AMOUNTS[self.goal.first]) is None:
            return Budgeted(stuck=stuck_in(self.program, graph))
        limits = self.goal.limits
        for name, most in limits.items():
            if (value := least(graph, AMOUNTS[name])) is not None and value > most:
                return Budgeted(self.proofs(self.weighted({name: Fraction(1)})))
        kept, weighted = within_limits(graph, limits), None
        try:
            prices = relaxed(kept, self.goal.first, limits, self.settings, self.limit)
            if prices is None:
                return self.infeasible(graph)
            weighted = self.weighted(self.shares(self.goal.first, prices))
            self.offer_some(kept, weighted)
            if self.is_near(weighted):
                return Budgeted(self.proofs(weighted), *self.known())
            if not self.decide(kept, weighted):
                return Budgeted(self.proofs(weighted), *self.known())
        except TimeUp:
            if self.best is None:
                raise
            return Budgeted(self.proofs(weighted), *self.known(), is_decided=False)
        if self.best is None:
            return self.infeasible(graph)
        spent = tuple(self.best.spent[name] for name in self.goal.order)
        return Budgeted(self.proofs(weighted, spent), *self.known())

    def graph(self) -> FlowGraph:
        """All plans with the chosen designs, by the sum of prices."""
        graph = flow_graph(self.program, chains_of(self.program, self.chosen), follows=False)
        self.limit.tell(f"integer program of {len(graph.arcs)} arcs")
        return graph

    def known(self) -> tuple[Plan | None, Spent | None]:
        """The best plan and what it spends."""
        return (None, None) if self.best is None else (self.best.plan, self.best.spent)

    def shares(self, first: Criterion, prices: Relaxed) -> dict[Criterion, Fraction]:
        """The criterion and the limited amounts, each at its price."""
        found = {first: Fraction(1)}
        for name, price in prices.prices.items():
            if name is not first and price * self.goal.limits[name] > NEGLIGIBLE:
                found[name] = Fraction(price)
        return found

    def weighted(self, shares: Mapping[Criterion, Fraction]) -> Weighted | None:
        """The bound of the program of a mix, None where its duals are not exact."""
        mix = Mix.of(shares)
        bound = solve_ilp(mix.program(self.program), self.limit.silent()).bound
        return Weighted(mix, bound) if isinstance(bound, Bound) else None

    def proofs(self, weighted: Weighted | None, spent: tuple[int, ...] | None = None) -> tuple[Weighed, ...]:
        """The certificates that a mix makes: that no plan is better than one that spends so much, and its bound."""
        if weighted is None:
            return ()
        proof = by_weights(weighted.mix, weighted.bound)
        return (proof,) if spent is None else (replace(proof, spent=spent, is_exact=True), proof)

    def infeasible(self, graph: FlowGraph) -> Budgeted:
        """No plan keeps all limits: prices at which they cost more than they allow, or else what is to be searched."""
        limits = self.goal.limits
        prices = relaxed(graph, None, limits, self.settings, self.limit)
        shares = {} if prices is None else {name: Fraction(one) for name, one in prices.prices.items() if one > 0}
        weighted = self.weighted(shares or {next(iter(limits)): Fraction(1)})
        if weighted is None:
            return Budgeted()
        mix, proof = weighted.mix, by_weights(weighted.mix, weighted.bound)
        if mix.scale * weighted.bound.value > sum(weight * limits[name] for name, weight in mix.weights.items()):
            return Budgeted((proof,))
        return Budgeted((replace(proof, is_exact=True),))

    def offer(self, path: list[Arc]) -> bool:
        """Whether a path keeps all limits; it is the best if it is better than the one so far."""
        spent = spent_along(path)
        if not keeps(spent, self.goal.limits):
            return False
        order = self.goal.order
        if self.best is None or [spent[name] for name in order] < [self.best.spent[name] for name in order]:
            plan, _ = plan_of_path(self.program, self.chosen, path)
            if spent_by(self.program, plan) != spent:
                raise AssertionError(f"a path spends {spent}, and its plan {spent_by(self.program, plan)}")
            self.best = Best(path, plan, spent)
        return True

    def offer_some(self, graph: FlowGraph, weighted: Weighted | None) -> None:
        """Plans that are best by weights may keep the limits."""
        measures = [AMOUNTS[name] for name in (self.goal.first, *self.goal.limits)]
        if weighted is not None:
            measures.append(measure_of(weighted.mix))
        for measure in measures:
            path = cheapest(graph, measure)
            if path is not None:
                self.offer(path)

    def is_near(self, weighted: Weighted | None) -> bool:
        """Whether the best plan is as near to the bound as is asked for."""
        spare = self.spare(weighted)
        if spare is None or self.best is None or weighted is None:
            return False
        first = self.goal.first
        return self.best.spent[first] - weighted.least(first, self.goal.limits) <= spare

    def spare(self, weighted: Weighted | None) -> Fraction | None:
        """By how much a plan may exceed the bound, None if not at all."""
        if weighted is None or not self.limit.gap:
            return None
        first = self.goal.first
        bound = weighted.least(first, self.goal.limits)
        bound += self.program.law.offset if first is Criterion.LATENCY else 0
        self.announce(bound)
        return Fraction(self.limit.gap) * bound if bound > 0 else None

    def announce(self, bound: Fraction) -> None:
        """Tell the best plan and the bound."""
        first, spent = self.goal.first, "none" if self.best is None else f"{self.best.spent[self.goal.first]:,}"
        self.limit.announce(f"{first.value}: incumbent {spent}, bound {float(bound):,.0f}")

    def decide(self, graph: FlowGraph, weighted: Weighted | None) -> bool:
        """Make one criterion after the other least. False where the search has ended near the bound."""
        limits = dict(self.goal.limits)
        for place, first in enumerate(self.goal.order):
            spare = self.spare(weighted) if place == 0 else None
            excluded: list[list[Arc]] = []
            while True:
                wanted = dict(limits)
                if self.best is not None:
                    wanted[first] = self.best.spent[first] - 1
                graph_left = self.pruned(graph, wanted, weighted)
                path = least_path(graph_left, first, wanted, excluded, self.settings, self.limit, float(spare or 0))
                if path is None:
                    break
                spent = spent_along(path)
                if keeps(spent, wanted):
                    before = self.best
                    self.offer(path)
                    if self.best is before:
                        raise AssertionError("a path that is better than the best one is not taken for better")
                    self.limit.announce(f"{first.value}: incumbent {spent[first]:,}")
                else:
                    excluded.append(path)
                if spare is not None and self.is_near(weighted):
                    return False
            if self.best is None:
                return True
            limits[first] = self.best.spent[first]
            graph = self.pruned(graph, limits, weighted)
        return True

    def pruned(self, graph: FlowGraph, limits: Mapping[Criterion, int], weighted: Weighted | None) -> FlowGraph:
        """The graph of the arcs on paths that keep each limit, and the mix of them."""
        if weighted is not None and all(name in limits for name in weighted.mix.weights):
            most = sum(weight * limits[name] for name, weight in weighted.mix.weights.items())
            graph = within(graph, measure_of(weighted.mix), most)
        return within_limits(graph, limits)


def measure_of(mix: Mix) -> Measure:
    """What an arc adds to the weighted sum, times the scale."""
    terms = [(weight, AMOUNTS[name]) for name, weight in mix.weights.items()]
    return lambda arc: sum(weight * amount(arc) for weight, amount in terms)


def cheapest(graph: FlowGraph, measure: Measure) -> list[Arc] | None:
    """The path of the least sum, from its end."""
    costs = list(map(measure, graph.arcs))
    reached = graph.reached(costs)
    before = {}
    for arc, cost in zip(graph.arcs, costs, strict=True):
        start = reached[arc.tail]
        if start is not None and start + cost == reached[arc.head]:
            before[arc.head] = arc
    if graph.sink not in before:
        return None
    path: list[Arc] = []
    node = graph.sink
    while node != graph.source:
        path.append(before[node])
        node = path[-1].tail
    return path[::-1]
