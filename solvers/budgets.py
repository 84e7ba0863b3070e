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
from ischedule.solvers.exact import solve_exact
from ischedule.solvers.label_pass import Found, label_pass, named
from ischedule.solvers.label_walk import Hope
from ischedule.solvers.limit import Limit, TimeUp
from ischedule.solvers.listed import Listed
from ischedule.solvers.outcome import Outcome
from ischedule.solvers.spending import Mix, Spent, spent_by
from ischedule.solvers.tiled import UsefulDesigns

ROUNDS = 24
"""Weights that are tried for one limit."""
WIDE = 12
"""Powers of two, in both directions, by which a weight may be off what is usual."""
FINER = 24
"""Parts into which what lies around the best weight is divided."""
SWEEPS = 4
"""Times that the weights of several limits are gone through."""

PARTS = (64, 16, 4)
"""Shares of the gap between bound and plan that are searched first for a better plan."""
FEW = 4000
"""Designs of all stages together that are searched before all that can matter are."""


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


def _round(weight: Fraction) -> Fraction:
    """A weight of few digits, whole if it can be: little is lost when weighted amounts are rounded down."""
    digits = max(0, 4 - weight.numerator.bit_length() + weight.denominator.bit_length())
    return Fraction(max(1, round(weight * (1 << digits))), 1 << digits)


def _with(shares: Mapping[Criterion, Fraction], one: Criterion, share: Fraction) -> dict[Criterion, Fraction]:
    return {**shares, one: share} if share else dict(shares)


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
        try:
            found = self._at_once()
        except TimeUp:
            found = None
        return self._searched(found) if found is not None else self._by_plans()

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
        return self._searched(tried)

    def _searched(self, tried: Bounded) -> Budgeted:
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

    def _at_once(self) -> Bounded | None:
        """Weights of a good bound by passes with many at once, and a plan that keeps all limits; None if none is found.

        On the way from the weight of the best bound to a greater one, plans of least weighted sum begin to keep a limit.
        """
        law, limited = self.program.law, [one for one in self.goal.limits if one is not self.goal.first]
        if self.listed is None or not limited or law.keeps_level or law.leaves_level:
            return None
        best, shares = Fraction(0), {self.goal.first: Fraction(1)}
        for sweep in range(SWEEPS if len(limited) > 1 else 1):
            before = shares
            for one in limited:
                others = {name: share for name, share in shares.items() if name is not one}
                shares, above = self._best_of(self.listed, others, one)
            if sweep and shares == before:
                break
        tried, keeping = Mix.of(shares), Mix.of(above)
        bound, most = self.listed.bound(tried), self.listed.bound(keeping)
        if bound is None or most is None:
            return None
        found = Bounded(tried, bound)
        self.listed.passes([tried, keeping], True)
        lost = 0 if keeping.scale == 1 else 3 * self.listed.atoms
        self._pass(None, [(keeping, keeping.scale * (most.value + lost))])
        return found if self.best is not None else None

    def _weighted(self, free: Tried, leasts: Mapping[Criterion, Tried]) -> Tried:
        """The weights of the best bound found, those of one broken limit after another."""
        shares: dict[Criterion, Fraction] = {self.goal.first: Fraction(1)}
        best, level = free, self._level(free.mix, free.bound.value)
        for sweep in range(SWEEPS if len(leasts) > 1 else 1):
            before = level
            for one, least in leasts.items():
                found = self._along(shares, one, least)
                if self._level(found.mix, found.bound.value) > level or sweep == 0:
                    best, level = found, self._level(found.mix, found.bound.value)
                    scale = Fraction(found.mix.weights[self.goal.first])
                    shares = {name: weight / scale for name, weight in found.mix.weights.items()}
            if level <= before and sweep:
                break
        return best

    def _best_of(
        self, listed: Listed, others: Mapping[Criterion, Fraction], one: Criterion
    ) -> tuple[dict[Criterion, Fraction], dict[Criterion, Fraction]]:
        """The best of many weights for one limit, given those of the others, and the one above it."""
        first, wanted = listed.usual(self.goal.first), listed.usual(one)
        weights = [Fraction(first, wanted) * Fraction(2) ** power for power in range(-WIDE, WIDE + 1)]
        known: dict[Fraction, Fraction] = {}
        for _ in range(2):
            tried = sorted({Fraction(0), *map(_round, weights)} - set(known))
            mixes = [Mix.of(_with(others, one, weight)) for weight in tried]
            for weight, mix, (found, place) in zip(tried, mixes, listed.passes(mixes, False), strict=True):
                known[weight] = self._level(mix, int(found.value[place]))
            order = sorted(known)
            place = max(range(len(order)), key=lambda place: known[order[place]])
            low, high = order[max(0, place - 1)], order[min(place + 1, len(order) - 1)]
            weights = [low + (high - low) * Fraction(part, FINER) for part in range(1, FINER)]
        return _with(others, one, order[place]), _with(others, one, high if place else order[0])

    def _level(self, mix: Mix, value: int) -> Fraction:
        """What a plan that keeps all limits spends at least of the first criterion, by the weighted sum."""
        rest = sum(weight * self.goal.limits[one] for one, weight in mix.weights.items() if one is not self.goal.first)
        return Fraction(mix.scale * value - rest, mix.weights[self.goal.first])

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
            if self._level(found.mix, found.bound.value) > self._level(best.mix, best.bound.value):
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
        """
        if not any(isinstance(stage, TiledStage) for stage in self.program.stages):
            self._pass_all(tried)
            return (self._in_full(tried, tried.bound),)
        pool = UsefulDesigns(tried.mix.program(self.program), self.limit.silent())
        for part in PARTS:
            few = self._designs(tried, pool, part)
            if few is not None and sum(map(len, few)) <= FEW:
                self.limit.tell(f"labels of {sum(map(len, few))} designs")
                self._pass(few, self._mixes(tried))
        found = self._designs(tried, pool, 1)
        if found is None:
            raise TimeUp
        self.limit.tell(f"labels of {sum(map(len, found))} designs")
        self._pass(found, self._mixes(tried))
        if sum(map(len, found)) > FEW:
            return ()
        most = next(most for mix, most in self._mixes(tried) if mix == tried.mix) // tried.mix.scale
        return (self._in_full(tried, pool.bound(tried.bound.value, most)),)

    def _in_full(self, tried: Bounded, bound: Bound) -> Weighed:
        """The proof that all that can matter has been searched."""
        spent = None if self.best is None else tuple(self.best[0])
        return replace(_by_weights(tried), bound=bound, spent=spent, is_exact=True)

    def _designs(self, tried: Bounded, pool: UsefulDesigns, part: int) -> list[list[Tiling]] | None:
        """For each stage what can belong to a wanted plan, or to one that is nearer to the mix's bound by a part.

        None where nothing is known of what a plan comes to.
        """
        for mix, most in self._mixes(tried):
            if mix == tried.mix:
                least = tried.bound.value
                return pool.within(least, least + max(0, most // mix.scale - least) // part)
        return None

    def _mixes(self, tried: Bounded) -> list[tuple[Mix, int]]:
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

    def _pass_all(self, tried: Bounded) -> None:
        """All plans of explicit stages: first those near the bound, until there is one; then what may be better."""
        for part in PARTS if len(tried.mix.weights) > 1 else ():
            searched = self._most(tried, part)
            if searched is None:
                break
            mixes = [(one, searched if one == tried.mix else most) for one, most in self._mixes(tried)]
            if self._pass(None, mixes).plan is not None:
                known = self._most(tried, 1)
                if known is not None and known <= searched:
                    return
                break
        self._pass(None, self._mixes(tried))

    def _most(self, tried: Bounded, part: int) -> int | None:
        """The most that a wanted plan comes to by the mix, times its scale, or by a part of its gap to the bound.

        None where nothing is known of it.
        """
        for mix, most in self._mixes(tried):
            if mix == tried.mix:
                least = mix.scale * tried.bound.value
                return least + (most - least) // part
        return None

    def _pass(self, designs: Sequence[Sequence[Tiling]] | None, mixes: Sequence[tuple[Mix, int]]) -> Found:
        """A pass with labels over some designs of a network, or all of explicit stages.

        Plans are searched that come to no more than is said by each of the mixes.
        """
        goal = self.goal
        tracked = goal.tracked
        places = {one: place for place, one in enumerate((Criterion.LATENCY, *tracked))}
        listed = self.listed if designs is None else Listed(self._small(designs), self.limit.silent())
        assert listed is not None
        left = listed.left(mixes)
        hopes = [
            Hope(tuple(mix.weights.get(one, 0) for one in places), most, mix.scale, behind)
            for (mix, most), behind in zip(mixes, left.behind, strict=True)
        ]
        limits = [goal.limits.get(one) for one in places]
        found = label_pass(left.program, tracked, hopes, limits, [places[one] for one in goal.order], self.limit)
        if found.plan is None:
            return found
        found = replace(found, plan=left.named(found.plan))
        if designs is not None:
            found = replace(found, plan=named(found.plan, designs))
        assert found.plan is not None
        self._offer(found.plan, spent_by(self.program, found.plan))
        return found

    def _small(self, designs: Sequence[Sequence[Tiling]]) -> Program:
        """The program with only some designs, as explicit stages."""
        stages = [
            ExplicitStage(stage.name, tuple(with_stores(stage, one) for one in some), stage.volatile)
            for stage, some in zip(self.program.stages, designs, strict=True)
            if isinstance(stage, TiledStage)
        ]
        return replace(self.program, stages=tuple(stages))
