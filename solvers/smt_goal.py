"""Goals for z3: limits on what a plan spends are constraints, and criteria are made least one after the other.

What a plan spends is added up along its atoms, beside the other quantities of `smt_encoding`. Of each criterion z3 is
asked for a plan that keeps all limits and is as good in the criteria before; then for less, until there is none.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from ischedule.models.criteria import with_stores
from ischedule.models.goal import PLAIN, Criterion
from ischedule.models.plan import Answer, Plan, Status
from ischedule.models.program import ExplicitStage, Program, TiledStage
from ischedule.models.tiling import Tiling
from ischedule.solvers.limit import Limit
from ischedule.solvers.smt import require_size
from ischedule.solvers.smt_encoding import Place
from ischedule.solvers.smt_options import Option, options_of
from ischedule.solvers.smt_plan import Beginning
from ischedule.solvers.smt_search import Search

CERTIFIED = "the optimum is z3's; the certificate comes from the search by weights, which has found the same one"
CLAIMED = "z3 has decided that no plan is better, which is claimed only: no other search has found this one"

Spent = Mapping[Criterion, int]


def solve_smt_goal(program: Program, limit: Limit) -> Answer:
    """The best plan for a program's goal by z3, or that there is none, with the proofs of the search by weights.

    Raises ``TimeUp`` where the limit is reached. Of tiled stages the designs are those of that search's plan.
    """
    from ischedule.solvers.budgets import solve_goal
    from ischedule.solvers.solve import answer_of

    by_weights = solve_goal(program, Limit(listen=limit.listen))
    answer = answer_of(program, by_weights)
    designs = None
    if any(isinstance(stage, TiledStage) for stage in program.stages):
        if by_weights.plan is None:
            return answer
        chosen = dict(zip(by_weights.plan.stages, by_weights.plan.designs, strict=True))
        designs = [(chosen[stage],) if stage in chosen else () for stage in range(len(program.stages))]
    slots = options_of(program, designs)
    require_size(slots)
    found = GoalSearch(program, slots, limit).best_plan()
    if found is None:
        if by_weights.plan is not None:
            raise AssertionError("z3 has no plan, and the search by weights has one")
        return answer
    plan, spent = found
    if by_weights.spent is None or by_weights.plan is None:
        if by_weights.is_decided:
            raise AssertionError("z3 has a plan, and the search by weights has shown that there is none")
        return _claimed(program, plan, spent, answer)
    order = program.goal.order
    mine, other = ([one[name] for name in order] for one in (spent, by_weights.spent))
    if mine > other or (mine < other and by_weights.is_decided):
        raise AssertionError(f"z3 finds {mine} least, the search by weights {other}")
    if mine < other:
        return _claimed(program, plan, spent, answer)
    latency = spent[Criterion.LATENCY] + program.law.offset
    return replace(answer, plan=plan, latency=latency, note=CERTIFIED)


def _claimed(program: Program, plan: Plan, spent: Spent, answer: Answer) -> Answer:
    """A plan that is better than what was proven by others."""
    latency = spent[Criterion.LATENCY] + program.law.offset
    return Answer(Status.SCHEDULABLE, plan, latency, None, None, answer.proofs, note=CLAIMED)


class GoalSearch(Search):
    """A program with a goal on its way through z3."""

    def __init__(self, program: Program, slots: list[list[Option]], limit: Limit) -> None:
        super().__init__(replace(program, goal=PLAIN), slots, limit)
        self.goal = program.goal
        zero = self.z3.IntVal(0)
        self.spent: dict[Criterion, Any] = dict.fromkeys((Criterion.ENERGY, Criterion.WRITTEN, Criterion.CYCLES), zero)
        self.stores: dict[int, tuple[Sequence[int], Sequence[int]]] = {}

    def best_plan(self) -> tuple[Plan, Spent] | None:
        """The best plan with what it spends, latency without the law's offset; None if none keeps all limits."""
        is_about_time = self.goal.first is Criterion.LATENCY
        for number, options in enumerate(self.encoding.slots):
            self.suggestions.enter(number, options)
            for place in self.encoding.slot(number):
                self.curves.seed(place)
                self._spend(place)
                if is_about_time:
                    self.settle(place)
        self.encoding.link()
        self.spent[Criterion.LATENCY] = self.encoding.total() - self.program.law.offset
        self.encoding.solver.add(self.encoding.finished())
        for name, most in self.goal.limits.items():
            self.encoding.solver.add(self.spent[name] <= most)
        best: tuple[Beginning, Spent] | None = None
        fixed: dict[Criterion, int] = {}
        for name in self.goal.order:
            best = self._made_least(name, fixed, best)
            if best is None:
                return None
            fixed[name] = best[1][name]
            self.encoding.solver.add(self.spent[name] <= fixed[name])
        return None if best is None else (best[0].plan(self.program), best[1])

    def _spend(self, place: Place) -> None:
        """What has been spent behind a place."""
        z3, options, picks = self.z3, self.encoding.slots[place.slot], self.encoding.picks[place.slot]
        columns = {index: self.stored_by(options[index]) for index in place.options}
        stored, committed = (
            z3.Sum([z3.If(picks[index], one[part][place.atom], 0) for index, one in columns.items()]) for part in (0, 1)
        )
        drained = place.need - self.program.law.upkeep.reserve
        for name, at_atom, at_end in (
            (Criterion.ENERGY, 0, drained),
            (Criterion.WRITTEN, stored, committed),
            (Criterion.CYCLES, 0, 1),
        ):
            now = z3.Int(f"{name.value} {place.slot} {place.atom}")
            before = self.spent[name]
            self.encoding.solver.add(
                z3.Implies(place.ends, now == before + at_atom + at_end),
                z3.Implies(z3.Not(place.ends), now == before + at_atom),
            )
            self.spent[name] = now

    def stored_by(self, option: Option) -> tuple[Sequence[int], Sequence[int]]:
        """What the atoms and the commits of an option store, in bytes."""
        if id(option) not in self.stores:
            stage = self.program.stages[self.program.steps[option.step].stage]
            if isinstance(stage, ExplicitStage):
                chain = stage.chain(int(option.design))  # type: ignore[arg-type]
            else:
                assert isinstance(option.design, Tiling)
                chain = with_stores(stage, option.design)
            nothing = [0] * len(option)
            both = [list(map(int, one)) if len(one) else nothing for one in (chain.stored, chain.commit_stored)]
            self.stores[id(option)] = both[0], both[1]
        return self.stores[id(option)]

    def spent_of(self, found: Beginning) -> Spent:
        """What a plan spends, in exact integers."""
        stored = [self.stored_by(option) for option in found.options]
        atoms = [value for one in stored for value in one[0]]
        commits = [value for one in stored for value in one[1]]
        return {
            Criterion.LATENCY: found.latency(self.rule) - self.program.law.offset,
            Criterion.ENERGY: sum(found.drains),
            Criterion.WRITTEN: sum(atoms) + sum(commits[end - 1] for end in found.ends),
            Criterion.CYCLES: len(found.ends),
        }

    def _made_least(
        self, name: Criterion, fixed: Mapping[Criterion, int], best: tuple[Beginning, Spent] | None
    ) -> tuple[Beginning, Spent] | None:
        """The plan that spends least of a criterion among those that keep the limits and what is fixed."""
        most = {**self.goal.limits, **fixed}
        while True:
            self.goals += 1
            goal = self.z3.Bool(f"goal {self.goals}")
            less = True if best is None else self.spent[name] < best[1][name]
            self.encoding.solver.add(self.z3.Implies(goal, less))
            model = self.ask(goal)
            self.encoding.solver.add(self.z3.Not(goal))
            if model is None:
                return best
            known = len(self.curves.known)
            found = self.read(model)
            spent = self.spent_of(found)
            keeps = all(spent[one] <= value for one, value in most.items())
            if keeps and (best is None or spent[name] < best[1][name]):
                best = found, spent
            elif len(self.curves.known) == known:
                raise AssertionError("a solution spends less than its plan, and charging times are not why")
