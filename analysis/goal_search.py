"""Whether some plan of a program of explicit stages keeps all limits of a goal and is better than what is claimed.

All states from which such a plan may follow are carried from the start to the end. A state is where a plan so far
stands, the drain of the cycle in progress, and what has been spent of every criterion that the goal names; one that is
no better than another in any of these is left out. What must follow at least is known exactly for some mixes of
criteria (`follow_up`), so that a state from which too much must follow is dropped.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from itertools import accumulate

from ischedule.analysis.follow_up import NEVER, FollowUp, designs_of, follow_up
from ischedule.analysis.progress import Tell, unheard
from ischedule.models.chain import Chain
from ischedule.models.criteria import stage_counted, weighed
from ischedule.models.goal import Criterion, Goal
from ischedule.models.program import ExplicitStage, Program

Vector = tuple[int, ...]


class _Began(Enum):
    """Where a cycle in progress began: as the first one of the plan, as a later one before the step, or along it."""

    FIRST = "first"
    BEFORE = "before"
    ALONG = "along"


@dataclass(frozen=True, slots=True)
class Fence:
    """Whatever a wanted plan spends, weighted and over the scale it comes to at most this."""

    weights: Mapping[Criterion, int]
    scale: int
    most: int


def better_plan(
    program: Program, goal: Goal, claimed: Sequence[int] | None, fences: Sequence[Fence], tell: Tell = unheard
) -> Vector | None:
    """What a better plan than claimed spends of the criteria in the goal's order, None if there is no such plan.

    Without a claim any plan that keeps the limits is one. The fences must hold of every such plan.
    """
    return _Search(program, goal, claimed, fences, tell).run()


class _Search:
    def __init__(
        self, program: Program, goal: Goal, claimed: Sequence[int] | None, fences: Sequence[Fence], tell: Tell
    ) -> None:
        self.program, self.goal, self.claimed, self.tell = program, goal, claimed, tell
        self.names = (Criterion.LATENCY, *goal.tracked)
        self.fences = [_Measure(program, fence, self.names) for fence in fences]
        self.limits = [goal.limits.get(name) for name in self.names]

    def run(self) -> Vector | None:
        program = self.program
        rows = [self._rows(stage) for stage in program.stages if isinstance(stage, ExplicitStage)]
        closed: dict[int, list[Vector]] = defaultdict(list)
        running: dict[int, dict[bool, list[Vector]]] = defaultdict(lambda: {True: [], False: []})
        for number, place in enumerate(sorted(range(len(program.steps)), key=lambda one: program.steps[one].source)):
            step = program.steps[place]
            self.tell(f"searching for a better plan: layer {number + 1} of {len(program.steps)}")
            source = step.source
            standing = list(undominated(closed[source]))
            open_ones = {first: list(undominated(running[source][first])) for first in (True, False)}
            for index, row in rows[step.stage]:
                begun = open_ones if source else {True: [row.started(0)], False: []}
                after = self._through(place, index, row, standing, begun)
                if step.target == program.end:
                    better = self._finished(row, after)
                    if better is not None:
                        return better
                    continue
                closed[step.target] += after[0]
                if step.target in program.closed:
                    continue
                for first in (True, False):
                    running[step.target][first] += [
                        state for state in after[1][first] if self._may_go_on(step.target, state, first)
                    ]
        return None

    def _rows(self, stage: ExplicitStage) -> list[tuple[int, _Row]]:
        counts = [stage_counted(stage, name) for name in self.goal.tracked]
        found = []
        for index, chain in designs_of(stage):
            amounts = [one.designs[index] for one in counts if isinstance(one, ExplicitStage)]
            found.append((index, _Row([chain, *amounts])))
        return found

    def _through(
        self, place: int, index: int, row: _Row, standing: list[Vector], begun: Mapping[bool, list[Vector]]
    ) -> tuple[list[Vector], dict[bool, list[Vector]]]:
        """The states behind a design, closed ones and those in progress (drain, then what has been spent)."""
        law = self.program.law
        capacity = {_Began.FIRST: law.first_capacity, _Began.BEFORE: law.capacity, _Began.ALONG: law.capacity}
        price = {_Began.FIRST: law.first, _Began.BEFORE: law.mid, _Began.ALONG: law.mid}
        # states relative to the start of the design
        going = {_Began.FIRST: list(begun[True]), _Began.BEFORE: list(begun[False]), _Began.ALONG: list[Vector]()}
        for atom in range(row.length):
            going[_Began.ALONG] += [row.begun(atom, state) for state in standing]
            standing = []
            reach = row.sums[atom + 1][0]
            for began in _Began:
                going[began] = [state for state in going[began] if state[0] + reach <= capacity[began]]
            if not row.cut[atom] or law.max_cycles is not None:
                continue
            done = row.ended(atom)
            for began in _Began:
                for state in going[began]:
                    drain = state[0] + done[0]
                    if drain > capacity[began]:
                        continue
                    spent = [have + more for have, more in zip(state[1:], done[1:], strict=True)]
                    spent[0] += price[began](drain)
                    if all(fence.allows(place, index, atom + 1, spent) for fence in self.fences):
                        standing.append(tuple(spent))
            standing = list(undominated(standing))
        if self.program.breaks(place):
            going[_Began.FIRST], going[_Began.BEFORE] = [], []
        after = {True: going[_Began.FIRST], False: going[_Began.BEFORE] + going[_Began.ALONG]}
        return standing, {first: [_plus(state, row.sums[-1]) for state in states] for first, states in after.items()}

    def _may_go_on(self, boundary: int, state: Vector, first: bool) -> bool:
        return all(fence.allows_open(boundary, state, first) for fence in self.fences)

    def _finished(self, row: _Row, after: tuple[list[Vector], dict[bool, list[Vector]]]) -> Vector | None:
        """What a better plan that ends here spends."""
        law, commit = self.program.law, row.commit[-1]
        for first, capacity, price in ((True, law.first_capacity, law.only), (False, law.capacity, law.last)):
            if not first and law.max_cycles is not None:
                continue
            for state in after[1][first]:
                drain, *spent = (have + more for have, more in zip(state, commit, strict=True))
                if drain > capacity:
                    continue
                spent[0] += price(drain)
                if any(most is not None and value > most for value, most in zip(spent, self.limits, strict=True)):
                    continue
                ranked = tuple(spent[self.names.index(name)] for name in self.goal.order)
                if self.claimed is None or ranked < tuple(self.claimed):
                    return ranked
        return None


class _Row:
    """A design's atoms as vectors: the drain, then what is spent of each criterion."""

    def __init__(self, chains: Sequence[Chain]) -> None:
        first = chains[0]

        def vectors(drains: Sequence[int], columns: Iterable[Sequence[int]]) -> Iterator[Vector]:
            return zip(map(int, drains), *(map(int, column) for column in columns), strict=True)

        atoms = vectors(first.drain, (chain.time for chain in chains))
        nothing = (0,) * (1 + len(chains))
        self.sums = list(accumulate(atoms, _plus, initial=nothing))
        self.resume = list(vectors(first.resume_drain, (chain.resume_time for chain in chains)))
        self.commit = list(vectors(first.commit_drain, (chain.commit_time for chain in chains)))
        self.cut = list(map(bool, first.cut))
        self.length = len(self.cut)

    def started(self, atom: int) -> Vector:
        """A cycle that starts before an atom, relative to the start of the design."""
        return tuple(more - done for more, done in zip(self.resume[atom], self.sums[atom], strict=True))

    def begun(self, atom: int, spent: Vector) -> Vector:
        """The same behind what has been spent."""
        return _plus((0, *spent), self.started(atom))

    def ended(self, atom: int) -> Vector:
        """All up to an atom, and committing behind it."""
        return _plus(self.sums[atom + 1], self.commit[atom])


def _plus(first: Vector, second: Vector) -> Vector:
    return tuple(one + other for one, other in zip(first, second, strict=True))


class _Measure:
    """A fence with what must follow at least by its mix."""

    def __init__(self, program: Program, fence: Fence, names: Sequence[Criterion]) -> None:
        self.weights = [fence.weights.get(name, 0) for name in names]
        self.scale, self.most = fence.scale, fence.most
        self.rest: FollowUp = follow_up(weighed(program, fence.weights, fence.scale))

    def allows(self, place: int, index: int, cut: int, spent: Sequence[int]) -> bool:
        """Whether a closed state can belong to a plan within the fence."""
        behind = self.rest.behind[place, index][cut]
        return behind < NEVER and self._total(spent) + self.scale * behind <= self.most

    def allows_open(self, boundary: int, state: Vector, first: bool) -> bool:
        """Whether a state in progress can."""
        behind = self.rest.open(boundary, state[0], first)
        return behind < NEVER and self._total(state[1:]) + self.scale * behind <= self.most

    def _total(self, spent: Sequence[int]) -> int:
        return sum(weight * amount for weight, amount in zip(self.weights, spent, strict=True))


def undominated(states: Iterable[Vector]) -> Iterator[Vector]:
    """The states than which no other is at least as good in every number."""
    kept: list[Vector] = []
    for state in sorted(set(states)):
        if not any(all(one <= other for one, other in zip(better, state, strict=True)) for better in kept):
            kept.append(state)
            yield state
