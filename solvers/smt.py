"""The SMT solver: z3 decides the constraints of `smt_encoding`, and the optimum is where they stop having a solution.

Bounds are tightened atom by atom: of every place where a cycle may end the least time up to there, less what the level
left is worth, is found by asking for less until there is none. It then holds as a constraint for all places behind, so
that no question has to go back to the start. What a solution takes is computed from its plan in exact integers.

The best beginnings with one more cycle are suggestions: z3 is asked for less than they take.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

from ischedule.models.conflict import Named
from ischedule.models.demand import TooManyAtoms
from ischedule.models.open_boundaries import require_open
from ischedule.models.plan import Bound
from ischedule.models.program import Design, ExplicitStage, Program, TiledStage
from ischedule.solvers.limit import Limit, TimeUp
from ischedule.solvers.outcome import Outcome
from ischedule.solvers.smt_curves import Curves
from ischedule.solvers.smt_encoding import CUT, Encoding, Option, Place, options_of
from ischedule.solvers.smt_plan import Beginning
from ischedule.solvers.smt_rule import Rule

SUGGESTIONS = 400
"""Beginnings that are gone on from."""

STRIDE = 4
"""After so many places it is asked whether the last cycle can begin any earlier."""

FIRST_PATIENCE = 2.0
"""Seconds after which z3 begins a question again, with another seed and twice the patience."""

MOST_ATOMS = 60
"""Along a plan: what has more is not asked."""

MOST_OPTIONS = 600
"""Atoms of all designs in all slots together."""

CERTIFIED = "the optimum is z3's; the certificate comes from the search by labels, which has found the same one"
CLAIMED = (
    "z3 has decided that no plan takes less, which is claimed only: the certificate proves the bound that is shown"
)
INTERRUPTED = "the limit was reached before z3 had decided whether another plan takes less"


def solve_smt(program: Program, limit: Limit) -> Outcome:
    """The optimal plan by z3, or within a time limit an undecided best one. Raises `TooManyAtoms` for too many atoms.

    Of a tiled stage the design is taken from the exact solver, and its batching into power cycles decided.
    """
    require_open(program)
    by_labels = _chosen(program, limit)
    if by_labels is not None and by_labels.plan is None:
        return by_labels
    designs = _designs(program, by_labels)
    slots = options_of(program, designs)
    require_size(slots)
    search, count = Search(program, slots, limit), sum(map(len, designs))
    try:
        best = search.run()
    except TimeUp:
        return _interrupted(program, search, count)
    if best is None:
        return Outcome(None, None, None, None, count, _stuck(program, designs))
    latency = best.latency(search.rule)
    cost = latency - program.law.offset
    bound = (by_labels or _by_labels(program)).bound
    if isinstance(bound, Bound) and bound.value > cost:
        raise AssertionError(f"z3 has a plan that costs {cost}, labels prove that none costs less than {bound.value}")
    note = CERTIFIED if isinstance(bound, Bound) and bound.value == cost else CLAIMED
    return Outcome(best.plan(program), latency, cost, bound, count, note=note)


def _chosen(program: Program, limit: Limit) -> Outcome | None:
    """The exact solver's outcome where it has to choose the designs: of tiled stages."""
    if not any(isinstance(stage, TiledStage) for stage in program.stages):
        return None
    from ischedule.solvers.exact import solve_exact

    return solve_exact(program, Limit(listen=limit.listen))


def _designs(program: Program, chosen: Outcome | None) -> list[Sequence[Design]]:
    """The designs of each stage that are options: all, or those of a plan."""
    designs: list[Sequence[Design]] = [
        range(len(stage.designs)) if isinstance(stage, ExplicitStage) else () for stage in program.stages
    ]
    if chosen is not None and chosen.plan is not None:
        for stage, design in zip(chosen.plan.stages, chosen.plan.designs, strict=True):
            designs[stage] = (design,)
    return designs


def _by_labels(program: Program) -> Outcome:
    """The independent search whose labels the checker accepts as a certificate."""
    from ischedule.solvers.exact import solve_exact

    return solve_exact(program, Limit())


def require_size(slots: list[list[Option]]) -> None:
    """Raise `TooManyAtoms` for a program that is too much to ask."""
    longest = sum(max(map(len, slot)) for slot in slots)
    whole = sum(len(option) for slot in slots for option in slot)
    if longest > MOST_ATOMS or whole > MOST_OPTIONS:
        asked = f"{MOST_ATOMS} atoms along a plan and {MOST_OPTIONS} in all designs"
        raise TooManyAtoms(f"is asked about at most {asked}, and here there are {longest} and {whole}")


def _interrupted(program: Program, search: Search, count: int) -> Outcome:
    """What is known where the limit was reached: a plan, if there is one, and nothing about others."""
    best = search.best_so_far() or Search(program, search.encoding.slots, Limit()).suggestion()
    if best is None:
        raise TimeUp
    latency = best.latency(search.rule)
    cost = latency - program.law.offset
    return Outcome(best.plan(program), latency, cost, None, count, note=INTERRUPTED, is_undecided=True)


def _stuck(program: Program, designs: Sequence[Sequence[Design]]) -> int:
    """A stage that no beginning of a plan gets through, from the first boundary behind which there is none."""
    reached = {0}
    blocked = 0
    for number, slot in enumerate(options_of(program, designs)):
        for option in slot:
            step = program.steps[option.step]
            if step.source in reached:
                blocked = max(blocked, step.source)
                if _passes(program, designs, number, step.target):
                    reached.add(step.target)
    return next(step.stage for step in program.steps if step.source == blocked)


def _passes(program: Program, designs: Sequence[Sequence[Design]], slots: int, boundary: int) -> bool:
    """Whether some beginning of a plan stands at a boundary or crosses it with a cycle in progress."""
    encoding = Encoding(program, options_of(program, designs))
    for number in range(slots + 1):
        for _ in encoding.slot(number):
            pass
    encoding.solver.add(encoding.at(slots + 1, boundary), encoding.within_capacity())
    if boundary == program.end:
        encoding.solver.add(encoding.finished())
    return bool(encoding.solver.check() == encoding.z3.sat)


Value = Callable[[Beginning, Rule], int]


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
        self.best: Beginning | None = None
        self.questions = self.goals = self.restarts = 0
        self.beginnings = [Beginning.of(self.rule)]

    def run(self) -> Beginning | None:
        """The plan of least latency, None if there is none. Raises ``TimeUp``."""
        for number, options in enumerate(self.encoding.slots):
            self.beginnings = list(self._into(number, options))[:SUGGESTIONS]
            for place in self.encoding.slot(number):
                self.curves.seed(place)
                self._tighten(place)
        self._least_latency()
        return self.best

    def any(self) -> Beginning | None:
        """Some plan, None if there is none: without asking for its time. Raises ``TimeUp``."""
        for number in range(len(self.encoding.slots)):
            for _ in self.encoding.slot(number):
                pass
        self.encoding.solver.add(self.encoding.finished())
        model = self._ask()
        return None if model is None else self._read(model)

    def suggestion(self) -> Beginning | None:
        """A good plan by suggestions alone, which proves nothing about others; None if they lead to none."""
        for number, options in enumerate(self.encoding.slots):
            self.beginnings = list(self._into(number, options))[:SUGGESTIONS]
            for atom in range(max(map(len, options))):
                new = [self._suggested(option, atom) for option in options if len(option) > atom]
                self.beginnings += [one for one in new if one is not None]
        return self._best_known()

    def _into(self, number: int, options: list[Option]) -> Iterator[Beginning]:
        """The beginnings with each way into the next slot."""
        steps = self.program.steps
        for one in sorted(self.beginnings, key=lambda one: (one.cost(self.rule), one.begin)):
            place = steps[one.options[-1].step].target if one.options else 0
            if len(one.options) == number:
                yield from (
                    one.through(option) for option in options if self._fits(option) and self._source(option) == place
                )

    def _fits(self, option: Option) -> bool:
        return option.fits or Named.VOLATILE in self.rule.dropped

    def _source(self, option: Option) -> int:
        return self.program.steps[option.step].source

    def _tighten(self, place: Place) -> None:
        """The least cost of ending a cycle at a place, for each option of its slot, as a constraint from now on."""
        z3, encoding = self.z3, self.encoding
        for index in place.options:
            option = encoding.slots[place.slot][index]
            if not option.columns[CUT][place.atom] and Named.CUTS not in self.rule.dropped:
                continue
            here = [encoding.picks[place.slot][index], place.ends]
            best = self._suggested(option, place.atom)
            if best is not None:
                self.curves.tell(place, best.thresholds[-1], best.level)
            best = self._least(here, place.cost, best, Beginning.cost)
            at = z3.And(*here)
            if best is None:
                encoding.solver.add(z3.Not(at))
            else:
                encoding.solver.add(z3.Implies(at, place.cost >= best.cost(self.rule)))
                self.beginnings.append(best)

    def _suggested(self, option: Option, atom: int, value: Value = Beginning.cost) -> Beginning | None:
        """The best of the known beginnings with one more cycle up to a place."""
        found: list[Beginning] = []
        for one in self.beginnings:
            if one.options[-1] is option:
                end = sum(map(len, one.options[:-1])) + atom + 1
                found += (
                    more
                    for choice in range(len(self.rule.choices) + 1)
                    if (self.rule.has_least or choice) and (more := one.extended(self.rule, end, choice)) is not None
                )
        return min(found, key=lambda one: value(one, self.rule), default=None)

    def _least_latency(self) -> None:
        """The least latency of a whole plan; the best one known so far is a suggestion."""
        self.best = self._best_known()
        total = self.encoding.total()
        self.best = self._least([self.encoding.finished()], total, self.best, Beginning.latency)
        if self.best is not None:
            self._confirm(self.best, total)

    def _confirm(self, best: Beginning, total: Any) -> None:
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
            literals.append(place.ends if is_end else z3.Not(place.ends))
        confirmed = z3.Bool("confirmed")
        latency = best.latency(self.rule)
        encoding.solver.add(z3.Implies(confirmed, z3.And(encoding.finished(), total <= latency, *literals)))
        if self._ask(confirmed) is None:
            raise AssertionError("the best plan is no solution of the constraints")

    def _best_known(self) -> Beginning | None:
        """The best of the beginnings that are whole plans, or become one by a last cycle."""
        steps, end = self.program.steps, self.program.end
        whole = [
            one
            for one in self.beginnings
            if one.options and steps[one.options[-1].step].target == end and one.begin == sum(map(len, one.options))
        ]
        lasts = {id(one.options[-1]): one.options[-1] for one in self.beginnings if one.options}.values()
        ending = [option for option in lasts if steps[option.step].target == end]
        whole += [
            one for option in ending if (one := self._suggested(option, len(option) - 1, Beginning.latency)) is not None
        ]
        return min(whole, key=lambda one: one.latency(self.rule), default=None)

    def best_so_far(self) -> Beginning | None:
        """The best plan known when time was up: of all slots, beginnings gone on from as far as they lead."""
        return self.best or self._best_known()

    def _least(self, at: Sequence[Any], objective: Any, best: Beginning | None, value: Value) -> Beginning | None:
        """The solution of least value, None if there is none; ``best`` is one that is known."""
        while True:
            self.goals += 1
            goal = self.z3.Bool(f"goal {self.goals}")
            demands = list(at) if best is None else [*at, objective < value(best, self.rule)]
            self.encoding.solver.add(self.z3.Implies(goal, self.z3.And(*demands)))
            model = self._split(goal)
            self.encoding.solver.add(self.z3.Not(goal))
            if model is None:
                return best
            known = len(self.curves.known)
            found = self._read(model)
            if best is None or value(found, self.rule) < value(best, self.rule):
                best = found
            elif len(self.curves.known) == known:
                raise AssertionError("a solution takes less than its plan, and charging times are not why")

    def _split(self, goal: Any) -> Any:
        """A model in which a literal holds, None if there is none: asked for each place where the last cycle can begin,
        from the last one on. What has no model there is excluded, until nothing is left or nothing needs a split.
        """
        z3, places = self.z3, self.encoding.places
        for count in range(1, len(places)):
            within = [z3.Not(one.ends) for one in places[-count:-1]]
            begins = places[-count - 1].ends
            model = self._ask(goal, begins, *within)
            if model is not None:
                return model
            self.encoding.solver.add(z3.Not(z3.And(goal, begins, *within)))
            if count % STRIDE == 0 and self._ask(goal, z3.Not(begins), *within) is None:
                return None
        return self._ask(goal)

    def _ask(self, *literals: Any) -> Any:
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

    def _read(self, model: Any) -> Beginning:
        """What a model means, in exact integers; what charging takes at its levels is learned."""

        def holds(literal: Any) -> bool:
            return self.z3.is_true(model.eval(literal, model_completion=True))  # type: ignore[no-any-return]

        found = Beginning.of(self.rule)
        firsts = [0]
        for slot, picks in zip(self.encoding.slots, self.encoding.picks, strict=False):
            for option, pick in zip(slot, picks, strict=True):
                if holds(pick):
                    found = found.through(option)
                    firsts.append(firsts[-1] + len(option))
        for place in self.encoding.ended_places(model):
            self.curves.learn(place, model)
            choice = next((index for index, one in enumerate(place.choices) if holds(one)), 0)
            more = found.extended(self.rule, firsts[place.slot] + place.atom + 1, choice)
            if more is None:
                raise AssertionError("a solution of the constraints is no plan")
            found = more
        return found
