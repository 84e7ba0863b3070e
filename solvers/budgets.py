"""Plans with a goal: limits on what they spend, and criteria in order.

1. The plan that is best in the first criterion, without limits. If it keeps them, only ties are left to decide.
2. For each limit that it breaks, the plan that spends least of that: if even this one breaks it, no plan exists.
3. Weights for the broken limits, such that a plan of least weighted sum is a bound on every plan that keeps them: the
   sum less the weighted limits. Better weights are found between a plan that breaks a limit and one that keeps it.
4. What can belong to a plan below the best one found, by the weighted sum, is searched with labels of several numbers.

Of explicit stages weights are first tried many at once (`best_weights`), which leads to 4. without 1. to 3.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction

from ischedule.models.criteria import with_stores
from ischedule.models.goal import PLAIN, Criterion
from ischedule.models.plan import Bound, Plan, Weighed
from ischedule.models.program import ExplicitStage, Program, TiledStage
from ischedule.models.tiling import Tiling
from ischedule.solvers.best_weights import SWEEPS, best_weights, level
from ischedule.solvers.dominance import undominated_designs
from ischedule.solvers.exact import solve_exact
from ischedule.solvers.label_pass import label_pass, named
from ischedule.solvers.label_walk import Hope
from ischedule.solvers.limit import Limit, TimeUp
from ischedule.solvers.listed import Allowed, Listed, Weights
from ischedule.solvers.outcome import Outcome
from ischedule.solvers.spending import Mix, Spent, spent_by
from ischedule.solvers.tiled import UsefulDesigns

ROUNDS = 24
"""Weights that are tried for one limit."""
PARTS = (16, 4)
"""Shares of the gap between bound and plan that are searched first for a better plan."""
FEW = 4000
"""Designs of all stages together that are searched before all that can matter are."""
PROVABLE = 40_000
"""So many can the checker search as well."""


@dataclass(frozen=True)
class Bounded:
    """A mix of criteria and the bound on their weighted sum."""

    mix: Mix
    bound: Bound


@dataclass(frozen=True)
class Tried(Bounded):
    """The same with a plan of least weighted sum and what it spends."""

    plan: Plan
    spent: Spent


@dataclass(frozen=True)
class Budgeted:
    """What a search for a goal ends with: the best plan, what it spends, and proofs, the strongest first.

    ``stuck`` is a stage that no design passes. The search has ended where ``is_decided``: without a plan there is none.
    """

    proofs: tuple[Weighed, ...] = ()
    plan: Plan | None = None
    spent: Spent | None = None
    stuck: int | None = None
    is_decided: bool = True


def solve_goal(program: Program, limit: Limit) -> Budgeted:
    """The best plan for the program's goal, or why there is none."""
    return _Search(program, limit).run()


def by_weights(mix: Mix, bound: Bound) -> Weighed:
    """The proof that a mix alone is."""
    return Weighed(tuple(mix.weights.items()), mix.scale, bound)


def _by_weights(tried: Bounded) -> Weighed:
    return by_weights(tried.mix, tried.bound)


class _Search:
    """All plans that have been tried for a goal."""

    def __init__(self, program: Program, limit: Limit) -> None:
        self.goal = program.goal
        self.program = replace(program, goal=PLAIN)
        self.limit = limit
        self.best: tuple[list[int], Plan, Spent] | None = None
        self.known: dict[object, Tried | Outcome] = {}
        is_tiled = any(isinstance(stage, TiledStage) for stage in program.stages)
        self.listed = None if is_tiled else Listed(self.program, limit.silent())

    def run(self) -> Budgeted:
        found = None if self.listed is None else self._at_once(self.listed)
        return found or self._by_plans()

    def _by_plans(self) -> Budgeted:
        """Weights by plans of least weighted sums, one after another."""
        free = self._try({self.goal.first: Fraction(1)})
        if isinstance(free, Outcome):
            return Budgeted(stuck=0 if free.stuck is None else free.stuck)
        broken = [one for one, most in self.goal.limits.items() if free.spent[one] > most]
        tried = free
        if broken:
            leasts = {}
            for one in broken:
                least = self._try({one: Fraction(1)})
                assert isinstance(least, Tried)
                if least.mix.scale * least.bound.value > least.mix.weights[one] * self.goal.limits[one]:
                    return Budgeted((_by_weights(least),))
                leasts[one] = least
            try:
                tried = self._weighted(free, leasts)
            except TimeUp:
                return self._ended((_by_weights(tried),), False)
        return self._searched(tried, tried.mix.weights)

    def _searched(self, tried: Bounded, weights: Weights) -> Budgeted:
        try:
            if self.listed is None:
                exact = self._labelled(tried)
            else:
                self._pass_all(self.listed, weights)
                exact = (self._in_full(tried, tried.bound),)
        except TimeUp:
            return self._ended((_by_weights(tried),), False)
        return self._ended((*exact, _by_weights(tried)), True)

    def _ended(self, proofs: tuple[Weighed, ...], is_decided: bool) -> Budgeted:
        _, plan, spent = self.best or (None, None, None)
        return Budgeted(proofs, plan, spent, None, is_decided)

    def _try(self, shares: Mapping[Criterion, Fraction]) -> Tried | Outcome:
        """The plan of the least weighted sum; it is kept if it keeps all limits and is the best so far."""
        mix = Mix.of(shares)
        if mix.key not in self.known:
            self.known[mix.key] = self._tried(mix)
        return self.known[mix.key]

    def _tried(self, mix: Mix) -> Tried | Outcome:
        self.limit.check()
        outcome = solve_exact(mix.program(self.program), self.limit.silent())
        if outcome.plan is None:
            return outcome
        if not isinstance(outcome.bound, Bound):
            raise TimeUp
        spent = spent_by(self.program, outcome.plan)
        self._offer(outcome.plan, spent)
        return Tried(mix, outcome.bound, outcome.plan, spent)

    def _offer(self, plan: Plan, spent: Spent) -> None:
        rank = [spent[one] for one in self.goal.order]
        if self._keeps(spent) and (self.best is None or rank < self.best[0]):
            self.best = rank, plan, spent

    def _keeps(self, spent: Spent) -> bool:
        return all(spent[one] <= most for one, most in self.goal.limits.items())

    def _at_once(self, listed: Listed) -> Budgeted | None:
        """The search by weights that are tried many at once; None if no plan that keeps all limits is found by them."""
        law = self.program.law
        if not set(self.goal.limits) - {self.goal.first} or law.keeps_level or law.leaves_level:
            return None
        found = best_weights(listed, self.goal)
        if found is None:
            return None
        best, above = found
        tried = self._bounded(listed, best.weights)
        if tried is None:
            return None
        try:
            listed.prepare([best.weights, above.weights])
            if self._pass(listed, [(above.weights, above.least)]) is None:
                return None
        except TimeUp:
            return self._ended((_by_weights(tried),), False)
        return self._searched(tried, best.weights)

    def _bounded(self, listed: Listed, weights: Weights) -> Bounded | None:
        """The better certificate of weights as they are and of whole ones, by which rounding down loses nothing."""
        shares = [{one: Fraction(weight, weights[self.goal.first]) for one, weight in weights.items()}]
        unit = weights.get(Criterion.LATENCY)
        if unit is not None:
            shares.append({one: Fraction(max(1, round(Fraction(weight, unit)))) for one, weight in weights.items()})
        mixes = list(map(Mix.of, shares))
        bounds = zip(mixes, listed.bounds(mixes), strict=True)
        return max((Bounded(mix, bound) for mix, bound in bounds if bound is not None), key=self._level, default=None)

    def _weighted(self, free: Tried, leasts: Mapping[Criterion, Tried]) -> Tried:
        """The weights of the best bound found, those of one broken limit after another."""
        shares: dict[Criterion, Fraction] = {self.goal.first: Fraction(1)}
        best, level = free, self._level(free)
        for sweep in range(SWEEPS if len(leasts) > 1 else 1):
            before = level
            for one, least in leasts.items():
                found = self._along(shares, one, least)
                if self._level(found) > level or sweep == 0:
                    best, level = found, self._level(found)
                    scale = Fraction(found.mix.weights[self.goal.first])
                    shares = {name: weight / scale for name, weight in found.mix.weights.items()}
            if level <= before and sweep:
                break
        return best

    def _level(self, tried: Bounded) -> Fraction:
        """What a plan that keeps all limits spends at least of the first criterion, by the weighted sum."""
        return level(self.goal, tried.mix.weights, tried.mix.scale * tried.bound.value)

    def _along(self, shares: Mapping[Criterion, Fraction], one: Criterion, least: Tried) -> Tried:
        """The best weight for one limit, given those of the others."""
        others = {name: share for name, share in shares.items() if name is not one}
        most = self.goal.limits[one]

        def rest(spent: Spent) -> Fraction:
            return sum((share * spent[name] for name, share in others.items()), Fraction(0))

        best = self._try(others)
        assert isinstance(best, Tried)
        breaking, keeping = best, least
        if breaking.spent[one] <= most:
            return best
        for _ in range(ROUNDS):
            saved = breaking.spent[one] - keeping.spent[one]
            slope = (rest(keeping.spent) - rest(breaking.spent)) / saved
            if slope <= 0:
                break
            found = self._try({**others, one: slope})
            assert isinstance(found, Tried)
            if self._level(found) > self._level(best):
                best = found
            total = found.mix.total(found.spent)
            if total >= min(found.mix.total(breaking.spent), found.mix.total(keeping.spent)):
                break
            if found.spent[one] > most:
                breaking = found
            else:
                keeping = found
        return best

    def _labelled(self, tried: Bounded) -> tuple[Weighed, ...]:
        """All that can belong to a plan no worse than the best one found, searched with labels: the proof, if it is
        one that can be checked.

        First what belongs to plans near the bound, which may lead to a better plan and so to less that is searched.
        Where no plan is known that keeps all limits, and so none that says how much matters, a limit says it.
        """
        if self._most(tried.mix.weights) is None:
            limited = self._try({next(iter(self.goal.limits)): Fraction(1)})
            assert isinstance(limited, Tried), "other weights have led to a plan"
            tried = limited
        pool = UsefulDesigns(tried.mix.program(self.program), self.limit.silent())
        for part in PARTS:
            few = self._designs(tried, pool, part)
            if few is not None and sum(map(len, few)) <= FEW:
                self.limit.tell(f"labels of {sum(map(len, few))} designs")
                self._pass(self._small(few), self._allowed(tried.mix.weights), few)
        found = self._designs(tried, pool, 1)
        if found is None:
            raise TimeUp
        self.limit.tell(f"labels of {sum(map(len, found))} designs")
        self._pass(self._small(found), self._allowed(tried.mix.weights), found)
        if sum(map(len, found)) > PROVABLE:
            return ()
        most = self._most(tried.mix.weights)
        assert most is not None
        return (self._in_full(tried, pool.bound(tried.bound.value, most // tried.mix.scale)),)

    def _in_full(self, tried: Bounded, bound: Bound) -> Weighed:
        """The proof that all that can matter has been searched."""
        spent = None if self.best is None else tuple(self.best[0])
        return replace(_by_weights(tried), bound=bound, spent=spent, is_exact=True)

    def _designs(self, tried: Bounded, pool: UsefulDesigns, part: int) -> list[list[Tiling]] | None:
        """For each stage what can belong to a wanted plan, or to one that is nearer to the mix's bound by a part.

        None where nothing is known of what a plan comes to.
        """
        least, most = tried.bound.value, self._most(tried.mix.weights)
        if most is None:
            return None
        found = pool.within(least, least + max(0, most // tried.mix.scale - least) // part)
        return undominated_designs(self.program, found)

    def _allowed(self, weights: Weights) -> list[tuple[Weights, int]]:
        """The most that a wanted plan comes to by weights, and by each criterion that they do not tell of."""
        most = self._most(weights)
        known = [] if most is None else [(weights, most)]
        return [*known, *(({one: 1}, most) for one, most in self._ceiling().items() if not known or one not in weights)]

    def _most(self, weights: Weights) -> int | None:
        """The most that a wanted plan comes to by weights; None where nothing is known of it."""
        ceiling = self._ceiling()
        if not set(weights) <= set(ceiling):
            return None
        return sum(weight * ceiling[one] for one, weight in weights.items())

    def _ceiling(self) -> dict[Criterion, int]:
        """The most that a wanted plan spends: the limits, and of the first criterion what the best plan does."""
        found = dict(self.goal.limits)
        if self.best is not None:
            first = self.best[2][self.goal.first]
            found[self.goal.first] = min(first, found.get(self.goal.first, first))
        return found

    def _pass_all(self, listed: Listed, weights: Weights) -> None:
        """All plans of explicit stages: first those near the bound, then what may still be better than the best."""
        (least,) = listed.least([weights])
        done = least - 1
        for part in PARTS if len(weights) > 1 else ():
            most = self._most(weights)
            if most is None or most <= done:
                break
            near = least + (most - least) // part
            if near > done:
                self._pass(listed, [(weights, near), *self._allowed(weights)[1:]])
                done = near
        most = self._most(weights)
        if most is None or most > done:
            self._pass(listed, self._allowed(weights))

    def _pass(self, listed: Listed, allowed: Allowed, designs: Sequence[Sequence[Tiling]] | None = None) -> Plan | None:
        """The best plan that keeps the limits and comes to no more by any of the weights, if there is one.

        It is named by the designs of a network of which the stages listed are made.
        """
        goal = self.goal
        tracked = goal.tracked
        places = {one: place for place, one in enumerate((Criterion.LATENCY, *tracked))}
        left = listed.left(allowed)
        hopes = [
            Hope(tuple(weights.get(one, 0) for one in places), most, behind)
            for (weights, most), behind in zip(left.allowed, left.behind, strict=True)
        ]
        limits = [goal.limits.get(one) for one in places]
        found = label_pass(left.program, tracked, hopes, limits, [places[one] for one in goal.order], self.limit)
        if found.plan is None:
            return None
        plan = left.named(found.plan)
        if designs is not None:
            plan = named(plan, designs)
        self._offer(plan, spent_by(self.program, plan))
        return plan

    def _small(self, designs: Sequence[Sequence[Tiling]]) -> Listed:
        """The program with only some designs, as explicit stages."""
        stages = [
            ExplicitStage(stage.name, tuple(with_stores(stage, one) for one in some), stage.volatile)
            for stage, some in zip(self.program.stages, designs, strict=True)
            if isinstance(stage, TiledStage)
        ]
        return Listed(replace(self.program, stages=tuple(stages)), self.limit.silent())
