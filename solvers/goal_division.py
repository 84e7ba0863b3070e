"""Plans with a goal that fit non-volatile memory: the search by parts, each solved for the goal.

Of a part it is proven what the best of its plans spends, or that none keeps the limits. Parts are compared by what
counts, in order: what is only known of the first criterion is a lower bound on all of them.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace

from ischedule.models.goal import PLAIN
from ischedule.models.plan import Answer, Bottleneck, Bound, Division, Part, Status, Weighed
from ischedule.models.program import Program
from ischedule.models.restriction import Restriction, restricted
from ischedule.models.stated import Rank, stated_rank
from ischedule.solvers.division import Diagnose, Search, fits
from ischedule.solvers.limit import Limit, TimeUp
from ischedule.solvers.outcome import Outcome
from ischedule.solvers.spending import spent_by

GoalSolve = Callable[[Program, Limit], Answer]

SUMS = "the best plan does not fit non-volatile memory; this one does, and stores no sums there"
UNFIT = "the best plan does not fit non-volatile memory, and no other was found that does"


def solve_goal_within_memory(program: Program, limit: Limit, search: GoalSolve, diagnose: Diagnose) -> Answer:
    """The best plan for the program's goal that fits, or why there is none; within a limit what is known by then."""
    parts = _Parts(search)
    outcome = GoalSearch(program, limit, parts.solve, diagnose).run()
    if id(outcome) in parts.answers:
        return parts.answers[id(outcome)][1]
    if outcome.stuck is not None:
        bottleneck = Bottleneck(outcome.stuck, diagnose(program, outcome.stuck))
        return Answer(Status.UNSCHEDULABLE, None, None, None, bottleneck)
    proofs = parts.proofs(outcome.bound) if isinstance(outcome.bound, Division) else ()
    if outcome.plan is not None:
        return Answer(Status.SCHEDULABLE, outcome.plan, outcome.latency, None, None, proofs, outcome.note)
    status = Status.UNDECIDED if outcome.is_undecided else Status.UNSCHEDULABLE
    note = UNFIT if outcome.is_undecided else None
    return Answer(status, None, None, None, None, proofs, note, is_undecided=outcome.is_undecided)


def without_sums(program: Program) -> Program:
    """The program of plans that store no sums."""
    view = restricted(program, Restriction(without_sums=frozenset(range(len(program.stages)))))
    assert view is not None, "no step is left out"
    return view.program


class GoalSearch(Search):
    """A search by parts for the plan that is best for a goal."""

    def rank_of(self, outcome: Outcome) -> Rank:
        """What the plan found spends of the criteria in order."""
        assert outcome.plan is not None, "only plans are kept"
        spent = spent_by(replace(self.program, goal=PLAIN), outcome.plan)
        return tuple(spent[name] for name in self.program.goal.order)

    def stated(self, proof: Bound | Weighed | Division) -> Rank | None:
        """What a proof says that plans spend at least, None if that there are none."""
        assert not isinstance(proof, Bound), "every proof is about the goal"
        return stated_rank(self.program.goal, proof)

    def last_resort(self) -> None:
        """A plan that stores no sums is more likely to fit, and more likely to keep limits than one that also ends a
        cycle behind every stage."""
        try:
            outcome = self.solve(without_sums(self.program), self.limit)
        except TimeUp:
            return
        if outcome.plan is not None and fits(self.program, outcome.plan):
            self.best = replace(outcome, note=SUMS)
        else:
            super().last_resort()


@dataclass
class _Parts:
    """A solver for goals as a search by parts asks it.

    ``answers`` are what it says, with the outcomes that are made of them, by whose identities they are found; ``known``
    are in the same way all proofs beside the strongest one of each part. Where that is more than can be checked, the
    last one may do.
    """

    search: GoalSolve
    answers: dict[int, tuple[Outcome, Answer]] = field(default_factory=dict)
    known: dict[int, tuple[Weighed, ...]] = field(default_factory=dict)

    def solve(self, program: Program, limit: Limit) -> Outcome:
        """The best plan of a part, with the strongest proof about all of them."""
        answer = self.search(program, limit)
        if answer.bottleneck is not None:
            return Outcome(None, None, None, None, 0, answer.bottleneck.stage)
        proofs = tuple(proof for proof in answer.proofs if isinstance(proof, Weighed)) if program.has_bounds else ()
        strongest = next(iter(proofs), None)
        self.known[id(strongest)] = proofs
        is_undecided = answer.plan is None and (answer.status is not Status.UNSCHEDULABLE or strongest is None)
        found = Outcome(
            answer.plan, answer.latency, None, None, 0, note=answer.note, is_undecided=is_undecided, weighed=strongest
        )
        self.answers[id(found)] = found, answer
        return found

    def proofs(self, bound: Division) -> tuple[Weighed | Division, ...]:
        """The proof by parts, and another one from the last proofs of all parts; of one part all its own."""
        if len(bound.parts) == 1 and isinstance(bound.parts[0].proof, Weighed):
            return self.known[id(bound.parts[0].proof)]
        last = Division(tuple(map(self._with_last, bound.parts)))
        return (bound,) if last == bound else (bound, last)

    def _with_last(self, part: Part) -> Part:
        if not isinstance(part.proof, Weighed):
            return part
        return replace(part, proof=self.known[id(part.proof)][-1])
