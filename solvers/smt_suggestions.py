"""Suggestions: the best beginnings of plans with one more cycle, in exact integers. They prove nothing.

They spare z3 finding what is found so; what is better than they are, or that nothing is, it has to find by itself.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

from ischedule.models.conflict import Named
from ischedule.models.program import Program
from ischedule.solvers.smt_front import Front
from ischedule.solvers.smt_options import DRAIN, RESUME, RESUME_TIME, TIME, Option
from ischedule.solvers.smt_plan import Beginning, Cycle
from ischedule.solvers.smt_rule import Rule

MOST = 100_000
"""Beginnings that are gone on from."""

Route = tuple[int, int, tuple[int, ...]]
"""Where a cycle in progress has begun, slot and atom, and the options (their identities) that it has gone through."""


@dataclass(frozen=True)
class Known:
    """A beginning that is gone on from; waiting for a threshold above ``until`` is no worse from another one."""

    one: Beginning
    until: int | None = None

    @cached_property
    def is_between(self) -> bool:
        """Whether no cycle is in progress."""
        return self.one.begin == sum(map(len, self.one.options))

    @cached_property
    def route(self) -> Route:
        """The way of the cycle in progress."""
        options, offset = self.one.options, self.one.begin
        for slot, option in enumerate(options):
            if offset < len(option):
                return slot, offset, tuple(map(id, options[slot:]))
            offset -= len(option)
        return len(options), 0, ()

    @cached_property
    def spent(self) -> tuple[int, int]:
        """What the cycle in progress has drained, and how long it has been active."""
        one, begin = self.one, self.one.begin
        first, second = (
            one.column(resume)[begin] + sum(one.column(run)[begin:])
            for resume, run in ((RESUME, DRAIN), (RESUME_TIME, TIME))
        )
        return first, second


class Suggestions:
    """The beginnings that are known where a search stands, each through the slot that it is in."""

    def __init__(self, program: Program, rule: Rule) -> None:
        self.program, self.rule = program, rule
        self.known = [Known(Beginning.of(rule))]

    def enter(self, number: int, options: Sequence[Option]) -> None:
        """Go on with each way into the next slot."""
        here = [one for one in self.known if len(one.one.options) == number]
        going_on = [*self._between(here), *self._in_progress(here)]
        going_on.sort(key=lambda known: (known.one.cost(self.rule), known.one.begin))
        self.known = [
            replace(known, one=known.one.through(option))
            for known in going_on
            for option in options
            if self._fits(option) and self.program.steps[option.step].source == self._boundary(known.one)
        ][:MOST]

    def _fits(self, option: Option) -> bool:
        return option.fits or Named.VOLATILE in self.rule.dropped

    def _boundary(self, one: Beginning) -> int:
        """Where a beginning stands with all its options run."""
        return self.program.steps[one.options[-1].step].target if one.options else 0

    def _between(self, known: Sequence[Known]) -> Iterator[Known]:
        """Those that have no cycle in progress, without any to which another at the same boundary is as good."""
        fronts: dict[int, Front] = {}
        for one in known:
            if one.is_between:
                fronts.setdefault(self._boundary(one.one), Front(self.rule)).add(one.one)
        for front in fronts.values():
            yield from self._opened(front)

    def _in_progress(self, known: Sequence[Known]) -> Iterator[Known]:
        """Those that have, without any that drains and lasts no less than another from the same place."""
        routes: dict[tuple[int, int, int, int], dict[Route, tuple[int, int]]] = {}
        going_on = [one for one in known if not one.is_between and self._can_go_on(one)]
        for one in going_on:
            routes.setdefault(self._ends_of(one), {}).setdefault(one.route, one.spent)
        for spent in routes.values():
            least: int | None = None
            for route, (_, active) in sorted(spent.items(), key=lambda item: item[1]):
                if least is not None and active >= least:
                    del spent[route]
                else:
                    least = active
        yield from (one for one in going_on if one.route in routes[self._ends_of(one)])

    def _ends_of(self, known: Known) -> tuple[int, int, int, int]:
        """Where a cycle in progress has begun and where it stands."""
        slot, atom, _ = known.route
        option = known.one.options[slot]
        begin = id(option) if atom else self.program.steps[option.step].source
        return slot, atom, begin, self._boundary(known.one)

    def _can_go_on(self, known: Known) -> bool:
        """Whether the cycle in progress may stay open, and does not drain too much already."""
        if self._must_end(known.one):
            return False
        need = known.spent[0] + self.rule.law.upkeep.reserve
        return need <= self.rule.most(not known.one.ends) or bool(self.rule.dropped & {Named.ENERGY, Named.WAKE})

    def _must_end(self, one: Beginning) -> bool:
        """Whether the cycle in progress had to end along the last option, or behind it."""
        option = one.options[-1]
        began_before = one.begin < sum(map(len, one.options[:-1]))
        is_closed = self._boundary(one) in self.program.closed
        return is_closed or (began_before and self.program.breaks(option.step))

    def keep(self, front: Front) -> None:
        """Go on from what is known of a place."""
        self.known += self._opened(front)

    def _opened(self, front: Front) -> Iterator[Known]:
        """Beginnings of one place by ascending level: of those below a threshold it is waited for from the cheapest."""
        ones = list(front)
        costs = [one.cost(self.rule) for one in ones]
        for index, (one, cost) in enumerate(zip(ones, costs, strict=True)):
            if min(costs[:index], default=cost + 1) <= cost:
                yield Known(one, one.level)
            else:
                above = zip(ones[index + 1 :], costs[index + 1 :], strict=True)
                yield Known(one, next((other.level for other, its in above if its < cost), None))

    def cycles(self, option: Option, atom: int) -> list[tuple[Known, Cycle]]:
        """The beginnings that can have one more cycle that ends behind an atom of an option, each with this cycle."""
        here = [known for known in self.known if known.one.options and known.one.options[-1] is option]
        both = ((known, known.one.cycle(self.rule, sum(map(len, known.one.options[:-1])) + atom + 1)) for known in here)
        return [(known, cycle) for known, cycle in both if cycle is not None]

    def front(self, cycles: Sequence[tuple[Known, Cycle]]) -> Front:
        """Of beginnings with one more cycle those that no other is as good as."""
        front = Front(self.rule)
        for known, cycle in cycles:
            for choice, time, level in known.one.ways(self.rule, cycle, known.until):
                if not front.has(time, level):
                    more = known.one.extended(self.rule, cycle.end, choice)
                    assert more is not None
                    front.add(more)
        return front

    def best(self, cycles: Sequence[tuple[Known, Cycle]]) -> Beginning | None:
        """Of beginnings with one more cycle the one that takes least as a plan."""
        plans = (
            (self.rule.ended(time, level), index, choice)
            for index, (known, cycle) in enumerate(cycles)
            for choice, time, level in known.one.ways(self.rule, cycle, known.until)
        )
        _, index, choice = min(plans, default=(0, None, 0))
        if index is None:
            return None
        known, cycle = cycles[index]
        return known.one.extended(self.rule, cycle.end, choice)

    def best_plan(self) -> Beginning | None:
        """The best of the beginnings that are whole plans, or become one by a last cycle."""
        ends = [known.one for known in self.known if known.one.options and known.one.options[-1].is_last]
        whole = [one for one in ends if one.begin == sum(map(len, one.options))]
        for option in {id(one.options[-1]): one.options[-1] for one in ends}.values():
            best = self.best(self.cycles(option, len(option) - 1))
            whole += [] if best is None else [best]
        return min(whole, key=lambda one: one.latency(self.rule), default=None)
