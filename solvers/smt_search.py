"""The search with z3: place by place everything that a power cycle can come to there, and at the end the least latency.

Of every place where a cycle may end z3 is asked for a cycle that leaves a state which no known one is as good as, until
there is none. A question is about one cycle alone: what it begins with is a state of the place before, of which
everything is known already. What a solution comes to is computed from its plan in exact integers. The best beginnings
with one more cycle are known beforehand (`Suggestions`): mostly z3 has to show only that nothing is missing.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

from ischedule.models.conflict import Named
from ischedule.models.program import Program
from ischedule.solvers.limit import Limit
from ischedule.solvers.smt_curves import Curves
from ischedule.solvers.smt_encoding import Encoding, Place
from ischedule.solvers.smt_front import Front
from ischedule.solvers.smt_options import Option
from ischedule.solvers.smt_plan import Beginning
from ischedule.solvers.smt_suggestions import Suggestions

Take = Callable[[Beginning], bool]
Better = Callable[[Beginning], Any]

FIRST_PATIENCE = 2.0
"""Seconds after which z3 begins a question again, with another seed and twice the patience."""


class Search:
    """One program on its way through z3: ``best`` is the best plan found, ``questions`` how many z3 was asked."""

    def __init__(
        self,
        program: Program,
        slots: list[list[Option]],
        limit: Limit,
        dropped: frozenset[Named] = frozenset(),
    ) -> None:
        self.program, self.limit = program, limit
        self.encoding = Encoding(program, slots, dropped=dropped)
        self.curves = Curves(self.encoding)
        self.rule, self.z3 = self.encoding.rule, self.encoding.z3
        self.suggestions = Suggestions(program, self.rule)
        self.best: Beginning | None = None
        self.fronts: dict[tuple[int, int, int], Front] = {}
        self.questions = self.goals = self.restarts = 0

    def run(self) -> Beginning | None:
        """The plan of least latency, None if there is none. Raises ``TimeUp``."""
        for number, options in enumerate(self.encoding.slots):
            self.suggestions.enter(number, options)
            for place in self.encoding.slot(number):
                self.curves.seed(place)
                self.settle(place)
        if self.best is not None:
            self._confirm(self.best)
        return self.best

    def any(self) -> Beginning | None:
        """Some plan, None if there is none: without asking for its time. Raises ``TimeUp``."""
        for number in range(len(self.encoding.slots)):
            for _ in self.encoding.slot(number):
                pass
        self.encoding.link()
        self.encoding.solver.add(self.encoding.finished())
        model = self.ask()
        return None if model is None else self.read(model)

    def suggestion(self) -> Beginning | None:
        """A good plan by suggestions alone, which proves nothing about others; None if they lead to none."""
        for number, options in enumerate(self.encoding.slots):
            self.suggestions.enter(number, options)
            for atom in range(max(map(len, options))):
                for option in options:
                    if len(option) > atom:
                        cycles = self.suggestions.cycles(option, atom)
                        self.suggestions.keep(self.suggestions.front(cycles))
        return self.suggestions.best_plan()

    def best_so_far(self) -> Beginning | None:
        """The best plan known when time was up: of all slots, beginnings gone on from as far as they lead."""
        return self.best or self.suggestions.best_plan()

    def settle(self, place: Place) -> None:
        """Find what no other cycle is as good as that ends at a place, and add that there is nothing better."""
        z3, encoding = self.z3, self.encoding
        options = encoding.slots[place.slot]
        for group in self._groups(place):
            at = z3.And(z3.Or(*(encoding.picks[place.slot][index] for index in group)), place.ends)
            cycles = [one for index in group for one in self.suggestions.cycles(options[index], place.atom)]
            for _, cycle in cycles:
                self.curves.asked(place, cycle.asked)
            if options[group[0]].is_last and place.atom == len(options[group[0]]) - 1:
                self._least_latency(place, at, self.suggestions.best(cycles))
                continue
            front = self.suggestions.front(cycles)
            if front.low is not None:
                self.curves.left(place, front.low.level)
            self._exhaust(place, at, list(front), front.add, partial(front.better, encoding, place))
            front.bound(encoding, place, at)
            self.fronts.update({(place.slot, index, place.atom): front for index in group})
            self.suggestions.keep(front)

    def _groups(self, place: Place) -> list[list[int]]:
        """The options of a place, those together that stand at the same boundary behind it."""
        groups: dict[tuple[bool, int], list[int]] = {}
        for index in place.options:
            option = self.encoding.slots[place.slot][index]
            is_through = place.atom == len(option) - 1
            key = (True, self.program.steps[option.step].target) if is_through else (False, index)
            groups.setdefault(key, []).append(index)
        return list(groups.values())

    def _least_latency(self, place: Place, at: Any, suggested: Beginning | None) -> None:
        """The least latency of the plans that end with an option, if that is less than known."""
        total = self.encoding.total_at(place)

        def is_less(one: Beginning) -> bool:
            known = self.best is None or one.latency(self.rule) < self.best.latency(self.rule)
            self.best = one if known else self.best
            return known

        if suggested is not None:
            is_less(suggested)
            self.curves.left(place, suggested.level)
        self._exhaust(place, at, self._known(), is_less, lambda one: total < one.latency(self.rule))
        bound = self.z3.BoolVal(False) if self.best is None else total >= self.best.latency(self.rule)
        self.encoding.solver.add(self.z3.Implies(at, bound))

    def _known(self) -> list[Beginning]:
        return [] if self.best is None else [self.best]

    def _confirm(self, best: Beginning) -> None:
        """Raise `AssertionError` unless the constraints hold of a plan, as they do of every one."""
        z3, encoding, firsts = self.z3, self.encoding, [0]
        for option in best.options:
            firsts.append(firsts[-1] + len(option))
        literals = [
            pick if option is best.options[number] else z3.Not(pick)
            for number, picks in enumerate(encoding.picks[: len(best.options)])
            for option, pick in zip(encoding.slots[number], picks, strict=True)
        ]
        for place in encoding.places:
            is_end = place.slot < len(best.options) and firsts[place.slot] + place.atom + 1 in best.ends
            is_end = is_end and place.atom < len(best.options[place.slot])
            literals += [place.ends] if is_end else [z3.Not(place.ends), z3.Not(place.judged)]
            if is_end and self.rule.choices:
                threshold = best.thresholds[best.ends.index(firsts[place.slot] + place.atom + 1)]
                literals.append(place.threshold == threshold.level)
        confirmed = z3.Bool("confirmed")
        in_time = encoding.total() <= best.latency(self.rule)
        encoding.solver.add(z3.Implies(confirmed, z3.And(encoding.linked, encoding.finished(), in_time, *literals)))
        if self.ask(confirmed) is None:
            raise AssertionError("the best plan is no solution of the constraints")

    def _exhaust(self, place: Place, at: Any, known: Sequence[Beginning], take: Take, better: Better) -> None:
        """Take the cycles that end at a place and are better than all known, until there are none."""
        z3, solver = self.z3, self.encoding.solver
        self.goals += 1
        goal = z3.Bool(f"goal {self.goals}")
        solver.add(z3.Implies(goal, z3.And(at, place.judged)), *(z3.Implies(goal, better(one)) for one in known))
        while (model := self.ask(goal)) is not None:
            learned = len(self.curves.known)
            found = self._read_last(model, place)
            if take(found):
                solver.add(z3.Implies(goal, better(found)))
            elif len(self.curves.known) == learned:
                raise AssertionError("a solution is better than its plan, and charging times are not why")
        solver.add(z3.Not(goal))

    def ask(self, *literals: Any) -> Any:
        """A model in which literals hold, None if there is none. Raises ``TimeUp``."""
        self.questions += 1
        self.limit.tell(f"question {self.questions} to z3")
        patience = FIRST_PATIENCE
        while True:
            self.limit.check()
            left = self.limit.left()
            seconds = patience if left is None else min(patience, left)
            self.encoding.solver.set("timeout", max(1, int(1000 * seconds)))
            answer = self.encoding.solver.check(*literals)
            if answer != self.z3.unknown:
                break
            patience *= 2
            self.restarts += 1
            self.encoding.solver.set("random_seed", self.restarts)
        return self.encoding.solver.model() if answer == self.z3.sat else None

    def _holds(self, model: Any, literal: Any) -> bool:
        return self.z3.is_true(model.eval(literal, model_completion=True))  # type: ignore[no-any-return]

    def _picked(self, model: Any, number: int) -> int | None:
        """The option that a model has in a slot."""
        picks = self.encoding.picks[number]
        return next((index for index, pick in enumerate(picks) if self._holds(model, pick)), None)

    def read(self, model: Any) -> Beginning:
        """What a model of linked cycles means, in exact integers; what charging takes at its levels is learned."""
        found = Beginning.of(self.rule)
        firsts = [0]
        for number, slot in enumerate(self.encoding.slots[: len(self.encoding.picks)]):
            index = self._picked(model, number)
            if index is not None:
                found = found.through(slot[index])
                firsts.append(firsts[-1] + len(slot[index]))
        for place in self.encoding.ended_places(model):
            found = self._ended(model, found, place, firsts[place.slot] + place.atom + 1)
        return found

    def _read_last(self, model: Any, place: Place) -> Beginning:
        """The last cycle of a model, behind a known beginning that is as good as what it begins with."""

        def number(term: Any) -> Any:
            value = model.eval(term, model_completion=True)
            return value.as_long() if self.z3.is_int_value(value) else value.as_fraction()

        found, first = Beginning.of(self.rule), 0
        before = [one for one in self.encoding.ended_places(model) if one is not place]
        if before:
            last = before[-1]
            front = self.fronts[last.slot, self._picked(model, last.slot) or 0, last.atom]
            found = front.as_good_as(number(last.time), number(last.level), number(last.level_worth))
            first = last.slot + 1
        for slot in range(first, place.slot + 1):
            found = found.through(self.encoding.slots[slot][self._picked(model, slot) or 0])
        return self._ended(model, found, place, sum(map(len, found.options[:-1])) + place.atom + 1)

    def _ended(self, model: Any, found: Beginning, place: Place, end: int) -> Beginning:
        """A beginning with one more cycle of a model; what charging takes at its levels is learned."""
        choice = next((index for index, one in enumerate(place.choices) if self._holds(model, one)), 0)
        cycle, more = found.cycle(self.rule, end), found.extended(self.rule, end, choice)
        if cycle is None or more is None:
            raise AssertionError("a solution of the constraints is no plan")
        self.curves.tell(place, cycle, more.thresholds[-1], more.level)
        if self.program.law.recharge_target is not None:
            for _, _, level in found.ways(self.rule, cycle):
                self.curves.left(place, level)
        return more
