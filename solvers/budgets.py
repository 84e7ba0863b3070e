"""Plans with a goal: limits on what they spend, and criteria in order.

1. The plan that is best in the first criterion, without limits. If it keeps them, only ties are left to decide.
2. For each limit that it breaks, the plan that spends least of that: if even this one breaks it, no plan exists.
3. Weights for the broken limits, such that a plan of least weighted sum is a bound on every plan that keeps them: the
   sum less the weighted limits. Better weights are found between a plan that breaks a limit and one that keeps it.
4. What can belong to a plan below the best one found, by the weighted sum, is searched with labels of several numbers.
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
from ischedule.solvers.backward import Behind, behind
from ischedule.solvers.exact import solve_exact
from ischedule.solvers.label_pass import Found, label_pass, named
from ischedule.solvers.label_walk import Hope
from ischedule.solvers.limit import Limit, TimeUp
from ischedule.solvers.outcome import Outcome
from ischedule.solvers.spending import Mix, Spent, spent_by
from ischedule.solvers.tiled import UsefulDesigns

ROUNDS = 24
"""Weights that are tried for one limit."""
SWEEPS = 4
"""Times that the weights of several limits are gone through."""

PARTS = (64, 16, 4)
"""Shares of the gap between bound and plan that are searched first for a better plan."""
FEW = 4000
"""Designs of all stages together that are searched before all that can matter are."""


@dataclass(frozen=True)
class Tried:
    """A mix of criteria, a plan of least weighted sum with what it spends, and the bound on that sum."""

    mix: Mix
    plan: Plan
    spent: Spent
    bound: Bound


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


def _by_weights(tried: Tried) -> Weighed:
    return by_weights(tried.mix, tried.bound)


def _key(mix: Mix) -> object:
    return tuple(sorted((one.value, weight) for one, weight in mix.weights.items())), mix.scale


class _Search:
    """All plans that have been tried for a goal."""

    def __init__(self, program: Program, limit: Limit) -> None:
        self.goal = program.goal
        self.program = replace(program, goal=PLAIN)
        self.limit = limit
        self.best: tuple[list[int], Plan, Spent] | None = None
        self.known: dict[object, Tried | Outcome] = {}
        self.behind: dict[object, Behind] = {}

    def run(self) -> Budgeted:
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
        try:
            exact = self._labelled(tried)
        except TimeUp:
            return self._ended((_by_weights(tried),), False)
        return self._ended((*exact, _by_weights(tried)), True)

    def _ended(self, proofs: tuple[Weighed, ...], is_decided: bool) -> Budgeted:
        _, plan, spent = self.best or (None, None, None)
        return Budgeted(proofs, plan, spent, None, is_decided)

    def _try(self, shares: Mapping[Criterion, Fraction]) -> Tried | Outcome:
        """The plan of the least weighted sum; it is kept if it keeps all limits and is the best so far."""
        mix = Mix.of(shares)
        key = _key(mix)
        if key not in self.known:
            self.known[key] = self._tried(mix)
        return self.known[key]

    def _tried(self, mix: Mix) -> Tried | Outcome:
        self.limit.check()
        outcome = solve_exact(mix.program(self.program), self.limit.silent())
        if outcome.plan is None:
            return outcome
        if not isinstance(outcome.bound, Bound):
            raise TimeUp
        spent = spent_by(self.program, outcome.plan)
        self._offer(outcome.plan, spent)
        return Tried(mix, outcome.plan, spent, outcome.bound)

    def _offer(self, plan: Plan, spent: Spent) -> None:
        rank = [spent[one] for one in self.goal.order]
        if self._keeps(spent) and (self.best is None or rank < self.best[0]):
            self.best = rank, plan, spent

    def _keeps(self, spent: Spent) -> bool:
        return all(spent[one] <= most for one, most in self.goal.limits.items())

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

    def _level(self, tried: Tried) -> Fraction:
        """What a plan that keeps all limits spends at least of the first criterion, by the weighted sum."""
        mix = tried.mix
        rest = sum(weight * self.goal.limits[one] for one, weight in mix.weights.items() if one is not self.goal.first)
        return Fraction(mix.scale * tried.bound.value - rest, mix.weights[self.goal.first])

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

    def _labelled(self, tried: Tried) -> tuple[Weighed, ...]:
        """All that can belong to a plan no worse than the best one found, searched with labels: the proof, if it is
        one that can be checked.

        First what belongs to plans near the bound, which may lead to a better plan and so to less that is searched.
        """
        if not any(isinstance(stage, TiledStage) for stage in self.program.stages):
            self._pass_all(tried)
            return (self._in_full(tried, tried.bound),)
        pool = UsefulDesigns(tried.mix.program(self.program), self.limit.silent())
        for part in PARTS:
            few = self._designs(tried, pool, part)
            if few is not None and sum(map(len, few)) <= FEW:
                self.limit.tell(f"labels of {sum(map(len, few))} designs")
                self._pass(tried, few)
        found = self._designs(tried, pool, 1)
        if found is None:
            raise TimeUp
        self.limit.tell(f"labels of {sum(map(len, found))} designs")
        self._pass(tried, found)
        if sum(map(len, found)) > FEW:
            return ()
        most = next(most for mix, most in self._mixes(tried) if mix == tried.mix) // tried.mix.scale
        return (self._in_full(tried, pool.bound(tried.bound.value, most)),)

    def _in_full(self, tried: Tried, bound: Bound) -> Weighed:
        """The proof that all that can matter has been searched."""
        spent = None if self.best is None else tuple(self.best[0])
        return replace(_by_weights(tried), bound=bound, spent=spent, is_exact=True)

    def _designs(self, tried: Tried, pool: UsefulDesigns, part: int) -> list[list[Tiling]] | None:
        """For each stage what can belong to a wanted plan, or to one that is nearer to the mix's bound by a part.

        None where nothing is known of what a plan comes to.
        """
        for mix, most in self._mixes(tried):
            if mix == tried.mix:
                least = tried.bound.value
                return pool.within(least, least + max(0, most // mix.scale - least) // part)
        return None

    def _mixes(self, tried: Tried) -> list[tuple[Mix, int]]:
        """Mixes of criteria, and the most that a wanted plan comes to by each, times its scale."""
        ceiling = self._ceiling()
        found = []
        for one, most in ceiling.items():
            mix = Mix.of({one: Fraction(1)})
            found.append((mix, mix.weights[one] * most))
        if len(tried.mix.weights) > 1 and all(one in ceiling for one in tried.mix.weights):
            found.insert(0, (tried.mix, sum(weight * ceiling[one] for one, weight in tried.mix.weights.items())))
        return found

    def _ceiling(self) -> dict[Criterion, int]:
        """The most that a wanted plan spends: the limits, and of the first criterion what the best plan does."""
        found = dict(self.goal.limits)
        if self.best is not None:
            first = self.best[2][self.goal.first]
            found[self.goal.first] = min(first, found.get(self.goal.first, first))
        return found

    def _pass_all(self, tried: Tried) -> None:
        """All plans of explicit stages: first those near the bound, until there is one; then what may be better."""
        for part in PARTS if len(tried.mix.weights) > 1 else ():
            searched = self._most(tried, part)
            if searched is None:
                break
            if self._pass(tried, None, part).plan is not None:
                known = self._most(tried, 1)
                if known is not None and known <= searched:
                    return
                break
        self._pass(tried, None)

    def _most(self, tried: Tried, part: int) -> int | None:
        """The most that a wanted plan comes to by the mix, times its scale, or by a part of its gap to the bound.

        None where nothing is known of it.
        """
        for mix, most in self._mixes(tried):
            if mix == tried.mix:
                least = mix.scale * tried.bound.value
                return least + (most - least) // part
        return None

    def _pass(self, tried: Tried, designs: Sequence[Sequence[Tiling]] | None, part: int = 1) -> Found:
        """A pass with labels over some designs of a network, or all of explicit stages.

        Of these, with a part, over what is nearer to the mix's bound by that.
        """
        goal = self.goal
        small = self.program if designs is None else self._small(designs)
        tracked = goal.tracked
        places = {one: place for place, one in enumerate((Criterion.LATENCY, *tracked))}
        mixes = self._mixes(tried)
        if part > 1:
            mixes = [(one, (self._most(tried, part) or 0) if one == tried.mix else most) for one, most in mixes]
        hopes = [self._hope(small, one, most, places) for one, most in mixes]
        limits = [goal.limits.get(one) for one in places]
        found = label_pass(small, tracked, hopes, limits, [places[one] for one in goal.order], self.limit)
        if found.plan is None:
            return found
        if designs is not None:
            found = replace(found, plan=named(found.plan, designs))
        assert found.plan is not None
        self._offer(found.plan, spent_by(self.program, found.plan))
        return found

    def _hope(self, small: Program, mix: Mix, most: int, places: Mapping[Criterion, int]) -> Hope:
        coefficients = tuple(mix.weights.get(one, 0) for one in places)
        key = None if any(isinstance(stage, TiledStage) for stage in self.program.stages) else _key(mix)
        known = self.behind.get(key)
        if known is None:
            known = behind(mix.program(small), self.limit.silent())
            if key is not None:
                self.behind[key] = known
        return Hope(coefficients, most, mix.scale, known)

    def _small(self, designs: Sequence[Sequence[Tiling]]) -> Program:
        """The program with only some designs, as explicit stages."""
        stages = [
            ExplicitStage(stage.name, tuple(with_stores(stage, one) for one in some), stage.volatile)
            for stage, some in zip(self.program.stages, designs, strict=True)
            if isinstance(stage, TiledStage)
        ]
        return replace(self.program, stages=tuple(stages))
