"""Plans that fit non-volatile memory: the best one, where the best of all does not fit.

1. Solve without regard to memory, and pack the plan's buffers. If they fit, no other plan is better.
2. Otherwise some power cycle holds too much (`overloads`), and every plan that fits does one of a few things instead.
   Each is a program with one more restriction, solved in turn, the lowest bound first.
3. What is sure to hold too much is left out before anything is solved.

Where no power cycle holds too much and the plan's addresses or tables do not fit all the same, nothing is proven of
others; they are searched for by the same means, and the bound stays where it is.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from heapq import heappop, heappush
from itertools import count

from ischedule.models.layout import Layout, layout_of
from ischedule.models.plan import Bottleneck, Bound, Division, Overload, Part, Plan, Weighed
from ischedule.models.program import Program
from ischedule.models.restriction import UNRESTRICTED, Restricted, Restriction, restricted
from ischedule.models.stated import Rank
from ischedule.models.tables import sizes_of, table_bytes
from ischedule.solvers.few_runs import MORE_RUNS, Recut, recuts
from ischedule.solvers.limit import Limit, TimeUp
from ischedule.solvers.other_designs import with_other_designs
from ischedule.solvers.outcome import Outcome
from ischedule.solvers.overloads import Found, Overloads
from ischedule.solvers.spending import keeps_limits
from ischedule.solvers.wear import pack_within

MOST_SOLVED = 400
"""Programs that are solved before the best plan so far has to do."""

Solve = Callable[[Program, Limit], Outcome]
Diagnose = Callable[[Program, int], str]
Proof = Bound | Weighed | Bottleneck

UNPACKED = "better plans may fit non-volatile memory: what keeps them from it is not proven"
STOPPED = "the limit was reached before all plans that may fit non-volatile memory had been looked at"
NONE_FITS = "no plan was found that fits non-volatile memory, and none is known not to exist"


def fits(program: Program, plan: Plan) -> bool:
    """Whether a plan's tables are small enough, and addresses for its buffers are known that fit; all do where nobody
    says what is kept."""
    storage, size = program.storage, program.table_size
    if storage is None:
        return size is None or table_bytes(program, plan) <= size
    return _fits(layout_of(program, plan), storage.available, storage.writes_per_byte, size)


def _fits(layout: Layout, available: int, writes: int | None, table_size: int | None) -> bool:
    if table_size is not None and layout.constants.tables > table_size:
        return False
    room = available - layout.constants.total
    if room < 0 or layout.least > available:
        return False
    return layout.unshared <= available or pack_within(list(layout.buffers.values()), writes, room).height <= room


@dataclass
class _Node:
    """The plans of one restriction: what solving them gave, and the overload that divides them.

    ``proof`` is what is known of all of them without dividing them.
    """

    restriction: Restriction
    view: Restricted | None
    outcome: Outcome | None = None
    found: Found | None = None
    is_loose: bool = False
    """Whether nothing is proven of the plans of the node that it belongs to beside its own: it may hold a plan."""
    proof: Proof | None = None
    is_empty: bool = False
    """Whether there are no such plans."""
    least: Rank = ()
    """What its plans come to at least."""


def solve_within_memory(program: Program, limit: Limit, solve: Solve, diagnose: Diagnose) -> Outcome:
    """The best plan that fits, or within a limit the best one found and a proven bound."""
    if program.storage is None:
        return solve(program, limit)
    return Search(program, limit, solve, diagnose).run()


@dataclass
class Search:
    """A search by parts for the plan of least latency; for other goals some of its methods differ."""

    program: Program
    limit: Limit
    solve: Solve
    diagnose: Diagnose
    nodes: dict[Restriction, _Node] = field(default_factory=dict)
    best: Outcome | None = None
    solved: int = 0
    has_unpacked: bool = False
    has_undecided: bool = False
    has_many_runs: bool = False

    def __post_init__(self) -> None:
        assert self.program.storage is not None, "plans are packed where it is known what is kept"
        self.available = self.program.storage.available
        self.writes = self.program.storage.writes_per_byte
        self.heap: list[tuple[Rank, int, int, _Node]] = []
        self.number = count()

    def run(self) -> Outcome:
        """Look at parts of the plans, the lowest bound first, until none can hold a better plan."""
        is_over = True
        try:
            self._add(UNRESTRICTED, (), is_loose=False)
            while self.heap:
                bound, _, _, node = heappop(self.heap)
                if self.best is not None and bound >= self.rank_of(self.best):
                    break
                if self.solved >= MOST_SOLVED:
                    raise TimeUp
                self._look_at(node)
        except TimeUp:
            is_over = False
        return self._ended(is_over)

    def _is_bounded(self, found: Found) -> bool:
        """Whether bounds are known on the plans that do one of the things that an overload leaves."""
        law = self.program.law
        return not (law.keeps_level or law.leaves_level) or not any(way.closed or way.broken for way in found.ways_out)

    def rank_of(self, outcome: Outcome) -> Rank:
        """What the plan found comes to, of what counts."""
        assert outcome.latency is not None, "only plans are kept"
        return (outcome.latency - self.program.law.offset,)

    def stated(self, proof: Bound | Weighed | Division) -> Rank | None:
        """What a proof says that plans come to at least, None if that there are none."""
        assert not isinstance(proof, Weighed), "no mix of criteria is asked for"
        return None if proof.value is None else (proof.value,)

    def _add(self, restriction: Restriction, least: Rank, *, is_loose: bool) -> None:
        """Put the plans of a restriction on the heap, or those of a stricter one without which they hold too much."""
        view = restricted(self.program, restriction)
        overloads = None if view is None else Overloads(restriction, view, self.available)
        sure = iter(()) if overloads is None else overloads.sure()
        while True:
            known = self.nodes.get(restriction)
            if known is not None and (is_loose or not known.is_loose):
                return
            node = known or _Node(restriction, view)
            node.is_loose = is_loose
            self.nodes[restriction] = node
            if view is None or overloads is None:
                return
            overload = next(sure, None)
            if overload is None:
                break
            found = overloads.found(*overload)
            if not self._is_bounded(found):
                break
            node.found = found
            if not node.found.ways_out:
                return
            (restriction,) = node.found.ways_out
            if restriction.barred != overloads.restriction.barred:
                self._add(restriction, least, is_loose=is_loose)
                return
            overloads.restriction = restriction
        node.view = restricted(self.program, restriction)
        if not node.is_empty:
            node.least = max(node.least, least)
            heappush(self.heap, (node.least, 0, next(self.number), node))

    def _look_at(self, node: _Node) -> None:
        """Solve a program, and if its bound is still the lowest take its plan or divide its plans."""
        if node.outcome is None:
            self._solve(node)
            if node.outcome is None:
                return
            if node.proof is not None and not isinstance(node.proof, Bottleneck):
                node.least = max(node.least, self.stated(node.proof) or ())
            heappush(self.heap, (node.least, 1, next(self.number), node))
            return
        plan = node.outcome.plan
        assert plan is not None, "a node that is looked at twice has a plan"
        layout = layout_of(self.program, plan)
        if self._fits(layout):
            self._offer(node.outcome)
            return
        if self._is_cut_again(node.outcome, plan, layout):
            return
        assert node.view is not None, "it has been solved"
        overloads = Overloads(node.restriction, node.view, self.available)
        found = overloads.of_plan(plan, layout)
        is_proven = found is not None and self._is_bounded(found)
        if found is None:
            found = overloads.fullest(plan, layout)
        if not node.is_loose and is_proven:
            node.found = found
        self.has_unpacked = self.has_unpacked or not is_proven
        for way in () if found is None else found.ways_out:
            self._add(way, node.least, is_loose=node.is_loose or not is_proven)

    def _fits(self, layout: Layout) -> bool:
        return _fits(layout, self.available, self.writes, self.program.table_size)

    def _is_cut_again(self, outcome: Outcome, plan: Plan, layout: Layout) -> bool:
        """Whether a plan would fit with the tables of one run, and does with those of several: the best one is kept.

        Where it comes to more and tables have no limit of their own, others may take less memory: it is not the end.
        """
        entry = sizes_of(self.program).run
        constants = replace(layout.constants, tables=layout.constants.tables - entry * (len(plan.cycles) - 1))
        if not entry or not self._fits(replace(layout, constants=constants)):
            return False
        taken, size = layout.constants.tables, self.program.table_size
        over = max(layout.least - self.available, 0 if size is None else taken - size, 1)
        for found in recuts(self.program, plan, len(plan.cycles) - -(-over // entry)):
            if self._fits(layout_of(self.program, found.plan)) and keeps_limits(self.program, found.plan):
                best = found if found.latency == outcome.latency else self._with_other_designs(found, outcome)
                changed = replace(outcome, plan=best.plan, latency=best.latency)
                self.has_many_runs = self.has_many_runs or self.rank_of(changed) != self.rank_of(outcome)
                self._offer(changed)
                return self.rank_of(changed) == self.rank_of(outcome) or size is not None
        return False

    def _with_other_designs(self, start: Recut, outcome: Outcome) -> Recut:
        """The best plan found with as few runs that fits."""
        best, known = start, outcome.bound.value if isinstance(outcome.bound, Bound) else None
        if known is None:
            return best
        try:
            for found in with_other_designs(self.program, start, known, self.limit):
                if self._fits(layout_of(self.program, found.plan)):
                    best = found
        except TimeUp:
            pass
        return best

    def _solve(self, node: _Node) -> None:
        assert node.view is not None, "a node on the heap has a program"
        program = node.view.program
        self.solved += 1
        if node.restriction != UNRESTRICTED:
            self.limit.tell(f"plans that fit memory: part {self.solved}, {len(self.heap)} are waiting")
        outcome = self.solve(program, self.limit)
        node.proof = outcome.bound if isinstance(outcome.bound, Bound) else outcome.weighed
        if outcome.plan is not None and outcome.latency is not None:
            node.outcome = outcome
        elif outcome.is_undecided:
            self.has_undecided = True
        else:
            node.is_empty = True
            stuck = 0 if outcome.stuck is None else outcome.stuck
            node.proof = node.proof or Bottleneck(stuck, self.diagnose(program, stuck))

    def _offer(self, outcome: Outcome) -> None:
        if self.best is None or self.rank_of(outcome) < self.rank_of(self.best):
            self.best = outcome

    def _ended(self, is_over: bool) -> Outcome:
        root = self.nodes.get(UNRESTRICTED)
        if root is None:
            raise TimeUp
        if root.found is None and isinstance(root.proof, Bottleneck):
            return Outcome(None, None, None, None, 0, root.proof.stage)
        if root.found is None and root.outcome is not None and root.outcome is self.best:
            return root.outcome
        bound = _Parts(self.nodes).division()
        least = None if bound is None else self.stated(bound)
        if self.best is None and bound is not None and least is None:
            return Outcome(None, None, None, bound, 0)
        note = STOPPED if not is_over or self.has_undecided else None
        if self.best is None:
            self.last_resort()
        if self.best is None:
            return Outcome(None, None, None, bound, 0, note=note or NONE_FITS, is_undecided=True)
        is_best = least == self.rank_of(self.best)
        if note is None and self.has_unpacked and not is_best:
            note = UNPACKED
        if note is None and self.has_many_runs and not is_best:
            note = MORE_RUNS
        if bound is None:
            note = note or STOPPED
        return replace(self.best, bound=bound, note=note or self.best.note)

    def last_resort(self) -> None:
        """The plan that closes every boundary and stores no sums takes least memory."""
        program = self.program
        restriction = Restriction(
            closed=frozenset(range(1, program.end)), without_sums=frozenset(range(len(program.stages)))
        )
        view = restricted(program, restriction)
        assert view is not None, "no step is left out"
        try:
            outcome = self.solve(view.program, self.limit)
        except TimeUp:
            return
        if outcome.plan is not None and outcome.latency is not None and fits(program, outcome.plan):
            self.best = outcome


class _Parts:
    """The proof that the nodes make together: where one does not hold that is divided, its own bound does."""

    def __init__(self, nodes: dict[Restriction, _Node]) -> None:
        self.nodes = nodes
        self.proofs: dict[Restriction, Part | None] = {}
        # a part rests on others with one more restriction each
        for node in sorted(nodes.values(), key=lambda node: -node.restriction.size):
            self.proofs[node.restriction] = self._part(node)

    def division(self) -> Division | None:
        """The parts, those with fewer restrictions first; None where nothing is proven."""
        if self.proofs[UNRESTRICTED] is None:
            return None
        parts: dict[Restriction, Part] = {}
        waiting = [UNRESTRICTED]
        while waiting:
            restriction = waiting.pop()
            part = self.proofs[restriction]
            assert part is not None, "only what is proven is rested on"
            if restriction not in parts:
                parts[restriction] = part
                found = self.nodes[restriction].found
                if isinstance(part.proof, Overload) and found is not None:
                    waiting += found.ways_out
        return Division(tuple(sorted(parts.values(), key=_rank)))

    def _part(self, node: _Node) -> Part | None:
        if node.found is not None and all(self.proofs.get(way) is not None for way in node.found.ways_out):
            return Part(node.restriction, node.found.overload)
        if node.proof is not None or node.view is None:
            return Part(node.restriction, node.proof)
        return None


def _rank(part: Part) -> tuple[object, ...]:
    asked = part.restriction
    lists = asked.closed, asked.broken, asked.without_sums, asked.barred
    return asked.size, *map(sorted, lists)
