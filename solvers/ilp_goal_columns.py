"""Goals of networks for the ILP: which of all designs the integer program has to have.

The relaxed program over some designs names prices of the limits. The program that is weighed with them is solved with
all designs as columns; those that enter it enter the relaxed one too, until its prices repeat. The integer program over
these finds a plan, and bounds by the prices name every design that a better plan can have. Over those it decides.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from fractions import Fraction

from ischedule.models.criteria import with_stores
from ischedule.models.demand import Unanswerable
from ischedule.models.goal import PLAIN, Criterion
from ischedule.models.plan import Bound, Plan
from ischedule.models.program import ExplicitStage, Program, TiledStage
from ischedule.models.tiling import Tiling
from ischedule.solvers.budgets import Budgeted
from ischedule.solvers.dominance import undominated_designs
from ischedule.solvers.flow_graph import FlowGraph
from ischedule.solvers.flow_limits import Spent, keeps, relaxed, within_limits
from ischedule.solvers.ilp import all_designs
from ischedule.solvers.ilp_columns import with_columns
from ischedule.solvers.ilp_goal import GoalFlow, Weighted
from ischedule.solvers.label_pass import named
from ischedule.solvers.limit import Limit, TimeUp
from ischedule.solvers.spending import Mix, spent_by
from ischedule.solvers.tiled import UsefulDesigns

ROUNDS = 12
"""Prices that are tried."""
FEW = 1500
"""Designs of all stages together over which the integer program decides; with more, the bound alone is proven."""


def solve_goal_by_columns(program: Program, limit: Limit) -> Budgeted:
    """The best plan of a network for its goal, or why there is none."""
    if not all(isinstance(stage, TiledStage) for stage in program.stages):
        raise Unanswerable("takes goals of networks, or of tasks, and not of both in one")
    return _Network(program, limit).run()


class _Network(GoalFlow):
    """The designs that have entered, as a program of explicit stages, and the best plan of the network."""

    def __init__(self, program: Program, limit: Limit) -> None:
        super().__init__(program, [], limit)
        self.network = self.program
        self.entered: list[set[Tiling]] = [set() for _ in program.stages]
        self.tried: dict[object, Weighted] = {}
        self.found: tuple[list[int], Plan, Spent] | None = None
        self.stuck: int | None = None

    def run(self) -> Budgeted:
        """The best plan, or why there is none."""
        first, limits = self.goal.first, self.goal.limits
        weighted = self.weighted({first: Fraction(1)})
        if self.stuck is not None:
            return Budgeted(stuck=self.stuck)
        try:
            for name, most in limits.items():
                single = self.weighted({name: Fraction(1)})
                if single is not None and single.mix.scale * single.bound.value > single.mix.weights[name] * most:
                    return Budgeted(self.proofs(single))
            weighted = self.priced() or weighted
            if weighted is None:
                return self.ended(None, False)
            if first not in weighted.mix.weights:
                total = sum(weight * limits[name] for name, weight in weighted.mix.weights.items())
                if weighted.mix.scale * weighted.bound.value > total:
                    return Budgeted(self.proofs(weighted))
            self.over(self.entered, weighted)
            return self.decided(weighted)
        except TimeUp:
            if self.found is None:
                raise
            return self.ended(weighted, False)

    def ended(self, weighted: Weighted | None, is_decided: bool) -> Budgeted:
        """The best plan with the bound of a mix."""
        plan, spent = (None, None) if self.found is None else self.found[1:]
        return Budgeted(self.proofs(weighted), plan, spent, None, is_decided)

    def weighted(self, shares: Mapping[Criterion, Fraction]) -> Weighted | None:
        """The bound of the program of a mix over all designs; those that enter it are kept."""
        mix = Mix.of(shares)
        key = str(mix)
        if key not in self.tried:
            self.limit.check()
            outcome, entered = with_columns(mix.program(self.network), self.limit.silent())
            for known, new in zip(self.entered, entered, strict=True):
                known |= new
            if outcome.plan is None:
                self.stuck = 0 if outcome.stuck is None else outcome.stuck
                return None
            self.keep(outcome.plan)
            if not isinstance(outcome.bound, Bound):
                return None
            self.tried[key] = Weighted(mix, outcome.bound)
        return self.tried[key]

    def keep(self, plan: Plan) -> None:
        """Keep a plan of the network, if it keeps the limits and is the best so far."""
        spent = spent_by(self.network, plan)
        rank = [spent[name] for name in self.goal.order]
        if keeps(spent, self.goal.limits) and (self.found is None or rank < self.found[0]):
            self.found = rank, plan, spent

    def priced(self) -> Weighted | None:
        """The mix of the best bound found, by the prices of relaxed programs over what has entered."""
        first, limits, best = self.goal.first, self.goal.limits, None
        for _ in range(ROUNDS):
            graph = within_limits(self.listed(self.entered)[1], limits)
            prices = relaxed(graph, first, limits, self.settings, self.limit)
            if prices is not None:
                shares = self.shares(first, prices)
            else:
                prices = relaxed(self.listed(self.entered)[1], None, limits, self.settings, self.limit)
                shares = {} if prices is None else {n: Fraction(one) for n, one in prices.prices.items() if one > 0}
                shares = shares or {next(iter(limits)): Fraction(1)}
            before = len(self.tried)
            found = self.weighted(shares)
            if found is not None and (best is None or self.level(found) > self.level(best)):
                best = found
            if len(self.tried) == before:
                break
        return best

    def level(self, weighted: Weighted) -> tuple[bool, Fraction]:
        """Mixes by the bound that they give; one without the first criterion gives none."""
        first = self.goal.first
        has = first in weighted.mix.weights
        return has, weighted.least(first, self.goal.limits) if has else Fraction(0)

    def listed(self, designs: list[set[Tiling]] | list[list[Tiling]]) -> tuple[Program, FlowGraph, list[list[Tiling]]]:
        """The program with some designs, as explicit stages, and its graph."""
        names = [sorted(some, key=repr) for some in designs]
        stages = [
            ExplicitStage(stage.name, tuple(with_stores(stage, one) for one in some), stage.volatile)
            for stage, some in zip(self.network.stages, names, strict=True)
            if isinstance(stage, TiledStage)
        ]
        self.program = replace(self.network, stages=tuple(stages), goal=PLAIN)
        self.chosen = all_designs(self.program)
        return self.program, self.graph(), names

    def over(self, designs: list[set[Tiling]] | list[list[Tiling]], weighted: Weighted) -> bool:
        """Decide over some designs; the best plan is kept. Whether the search went to its end."""
        _, graph, names = self.listed(designs)
        graph = within_limits(graph, self.goal.limits)
        self.best = None
        self.offer_some(graph, weighted)
        whole = not self.is_near(weighted) and self.decide(graph, weighted)
        if self.best is not None:
            self.keep(named(self.best.plan, names))
        return whole

    def decided(self, weighted: Weighted) -> Budgeted:
        """Decide over all designs that a wanted plan can have."""
        ceiling = dict(self.goal.limits)
        if self.found is not None:
            first = self.goal.first
            ceiling[first] = min(self.found[2][first], ceiling.get(first, self.found[2][first]))
        if self.near(weighted) or not all(name in ceiling for name in weighted.mix.weights):
            return self.ended(weighted, self.found is not None)
        mix = weighted.mix
        most = sum(weight * ceiling[name] for name, weight in mix.weights.items()) // mix.scale
        pool = UsefulDesigns(mix.program(self.network), self.limit.silent())
        designs = undominated_designs(self.network, pool.within(weighted.bound.value, most))
        if sum(map(len, designs)) > FEW:
            return self.ended(weighted, False)
        if not self.over(designs, weighted):
            return self.ended(weighted, True)
        bound = pool.bound(weighted.bound.value, most)
        return self.whole(weighted, bound)

    def near(self, weighted: Weighted) -> bool:
        """Whether the best plan of the network is as near to the bound as is asked for."""
        spare = self.spare(weighted)
        if spare is None or self.found is None:
            return False
        first = self.goal.first
        return self.found[2][first] - weighted.least(first, self.goal.limits) <= spare

    def whole(self, weighted: Weighted, bound: Bound) -> Budgeted:
        """That nothing better is left, with the labels of all that had to be searched."""
        found = self.ended(weighted, True)
        spent = None if self.found is None else tuple(self.found[0])
        (proof,) = self.proofs(weighted)
        return replace(found, proofs=(replace(proof, bound=bound, spent=spent, is_exact=True), proof))
