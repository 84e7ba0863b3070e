"""Suggestions: the best beginnings of plans with one more cycle, in exact integers. They prove nothing.

They spare z3 finding what is found so; what is better than they are, or that nothing is, it has to find by itself.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from ischedule.models.conflict import Named
from ischedule.models.program import Program
from ischedule.solvers.smt_front import Front
from ischedule.solvers.smt_options import DRAIN, Option
from ischedule.solvers.smt_plan import Beginning, Cycle
from ischedule.solvers.smt_rule import Rule

MOST = 20000
"""Beginnings that are gone on from."""


class Suggestions:
    """The beginnings that are known where a search stands, each through the slot that it is in."""

    def __init__(self, program: Program, rule: Rule) -> None:
        self.program, self.rule = program, rule
        self.beginnings = [Beginning.of(rule)]

    def enter(self, number: int, options: Sequence[Option]) -> None:
        """Go on with each way into the next slot."""
        going_on = [one for one in self._at_boundaries() if len(one.options) == number and self._can_go_on(one)]
        going_on.sort(key=lambda one: (one.cost(self.rule), one.begin))
        self.beginnings = [
            one.through(option)
            for one in going_on
            for option in options
            if self._fits(option) and self.program.steps[option.step].source == self._boundary(one)
        ][:MOST]

    def _boundary(self, one: Beginning) -> int:
        """Where a beginning stands with all its options run."""
        return self.program.steps[one.options[-1].step].target if one.options else 0

    def _at_boundaries(self) -> Iterator[Beginning]:
        """The beginnings without those that end a cycle at a boundary where others are as good."""
        fronts: dict[int, Front] = {}
        for one in self.beginnings:
            if one.begin == sum(map(len, one.options)):
                fronts.setdefault(self._boundary(one), Front(self.rule)).add(one)
            else:
                yield one
        for front in fronts.values():
            yield from front

    def _fits(self, option: Option) -> bool:
        return option.fits or Named.VOLATILE in self.rule.dropped

    def _can_go_on(self, one: Beginning) -> bool:
        """Whether the cycle in progress does not drain too much already."""
        drained = sum(one.column(DRAIN)[one.begin :]) + self.rule.law.upkeep.reserve
        return drained <= self.rule.most(not one.ends) or bool(self.rule.dropped & {Named.ENERGY, Named.WAKE})

    def keep(self, front: Front) -> None:
        """Go on from what is known of a place."""
        self.beginnings += front

    def cycles(self, option: Option, atom: int) -> list[tuple[Beginning, Cycle]]:
        """The beginnings that can have one more cycle that ends behind an atom of an option, each with this cycle."""
        here = [one for one in self.beginnings if one.options and one.options[-1] is option]
        both = ((one, one.cycle(self.rule, sum(map(len, one.options[:-1])) + atom + 1)) for one in here)
        return [(one, cycle) for one, cycle in both if cycle is not None]

    def front(self, cycles: Sequence[tuple[Beginning, Cycle]]) -> Front:
        """Of beginnings with one more cycle those that no other is as good as."""
        front = Front(self.rule)
        for one, cycle in cycles:
            for choice, time, level in one.ways(self.rule, cycle):
                if not front.has(time, level):
                    more = one.extended(self.rule, cycle.end, choice)
                    assert more is not None
                    front.add(more)
        return front

    def best(self, cycles: Sequence[tuple[Beginning, Cycle]]) -> Beginning | None:
        """Of beginnings with one more cycle the one that takes least as a plan."""
        plans = (
            (self.rule.ended(time, level), index, choice)
            for index, (one, cycle) in enumerate(cycles)
            for choice, time, level in one.ways(self.rule, cycle)
        )
        _, index, choice = min(plans, default=(0, None, 0))
        if index is None:
            return None
        one, cycle = cycles[index]
        return one.extended(self.rule, cycle.end, choice)

    def best_plan(self) -> Beginning | None:
        """The best of the beginnings that are whole plans, or become one by a last cycle."""
        whole = [
            one
            for one in self.beginnings
            if one.options and one.options[-1].is_last and one.begin == sum(map(len, one.options))
        ]
        lasts = {id(one.options[-1]): one.options[-1] for one in self.beginnings if one.options}.values()
        for option in lasts:
            best = self.best(self.cycles(option, len(option) - 1)) if option.is_last else None
            whole += [] if best is None else [best]
        return min(whole, key=lambda one: one.latency(self.rule), default=None)
