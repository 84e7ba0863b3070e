"""The best plan of a network with small tables, among the designs that can belong to a better one than is known.

Nothing is known beforehand of what few runs cost. So first those designs are searched that belong to plans hardly
dearer than the best one of all, then to ones several times as much dearer, until a plan is found or there are too many.
Without one it is proven that all plans cost more than was searched for.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from ischedule.models.chain import Chain
from ischedule.models.fixed_wake import FixedWakeLaw
from ischedule.models.goal import PLAIN
from ischedule.models.plan import Bound, Division, FewRuns, Plan
from ischedule.models.program import ExplicitStage, Program, TiledStage
from ischedule.models.rounding import slack_of_plans
from ischedule.models.tables import Room, also_batched, has_shared_codes, least_regions, most_runs, room_of
from ischedule.models.tiling import Tiling
from ischedule.solvers.few_designs import MOST_CYCLES, FewDesigns, TooManyCycles
from ischedule.solvers.few_runs import MORE_RUNS, Recut, cut_into, with_shared_thresholds
from ischedule.solvers.few_thresholds import FewThresholds
from ischedule.solvers.limit import Limit, TimeUp
from ischedule.solvers.outcome import Outcome
from ischedule.solvers.tiled import UsefulDesigns

FIRST_PART = 1 << 22
"""Plans are first sought that are dearer than the best one of all by one part of so many,"""
GROWTH = 4
"""then by so many times as much,"""
TRIES = 2
"""and by half of that, up to so many times, where they are too many."""
HOPES = 4
"""So often plans are sought among the same designs that are dearer by so many times as much again."""
MOST_PARTS = 2
"""None are sought that cost so many times as much."""
MOST_ATOMS = 1_000_000
"""Atoms of all designs that are searched together."""

Fits = Callable[[Program, Plan], bool]


def narrowed(program: Program, outcome: Outcome, fits: Fits, limit: Limit) -> Outcome:
    """What is known of a network's plans with small tables: the best one, or that all cost at least so much.

    ``fits`` says whether a plan fits memory as well.
    """
    bound, room = _whole(outcome), room_of(program)
    tiled = [stage for stage in program.stages if isinstance(stage, TiledStage)]
    is_counted = isinstance(program.law, FixedWakeLaw) or has_shared_codes(program.law)
    if len(tiled) < len(program.stages) or not is_counted or bound is None or room is None:
        return outcome
    cost = None if outcome.latency is None else outcome.latency - program.law.offset
    try:
        search = _Widening(program, tiled, room, bound.value, limit)
    except TimeUp:
        return outcome
    best, runs = search.run(cost), most_runs(program)
    assert runs is not None, "there is room for some, or for none"
    found = None if best is None else _cut(program, best, runs, limit)
    if found is not None and fits(program, found.plan):
        cost = found.latency - program.law.offset
        outcome = replace(outcome, plan=found.plan, latency=found.latency, note=MORE_RUNS, is_undecided=False)
    proof = search.proof()
    if proof is None or (outcome.bound is not None and (outcome.bound.value or 0) > (proof.value or 0)):
        return outcome
    return replace(outcome, cost=cost, bound=proof, note=None if proof.value == cost else outcome.note)


def _cut(program: Program, best: tuple[Plan, int], runs: int, limit: Limit) -> Recut | None:
    """The best cuts of a plan's designs, where it costs so much."""
    plan, cost = best
    if isinstance(program.law, FixedWakeLaw):
        return cut_into(program, plan, runs)
    latency = cost + program.law.offset
    try:
        found = with_shared_thresholds(program, plan, runs, latency + slack_of_plans(program, cost) + 1, limit)
        if found is not None and found.latency > latency:
            # the least thresholds that suffice are rounded worse than others
            found = with_shared_thresholds(program, plan, runs, latency + 1, limit, every=True) or found
    except TimeUp:
        return None
    return found


class _Widening:
    """A search among more and more designs of a network of which no plan at all costs less than ``least``."""

    def __init__(self, program: Program, stages: list[TiledStage], room: Room, least: int, limit: Limit) -> None:
        self.program, self.stages, self.room, self.least, self.limit = program, stages, room, least, limit
        self.pool = UsefulDesigns(replace(program, goal=PLAIN), limit.silent())
        self.chains: dict[tuple[int, Tiling], Chain] = {}
        """The chains of each stage's designs, which one search after the other looks at."""
        self.value: int | None = None
        """No plan with small tables costs less, as far as the search has come."""

    def run(self, cost: int | None) -> tuple[Plan, int] | None:
        """The designs of the best plan found that costs less than this, or than plans are sought at all; its cost."""
        gap, most, tries, best = max(1, self.least // FIRST_PART), cost or self.least * MOST_PARTS, TRIES, None
        while tries and (self.value is None or self.value < most):
            gap = min(gap, most - self.least)
            try:
                found = self._below(self.least + gap, most)
            except TimeUp:
                break
            except TooManyCycles:
                known = 0 if self.value is None else self.value - self.least
                gap, tries = (known + gap) // 2, tries - 1
                continue
            if found is not None:
                best, most = found, found[1]
            self.value = min(most, self.least + gap)
            gap = gap * GROWTH if tries == TRIES else gap + gap // 2
        return best

    def proof(self) -> FewRuns | None:
        """That no plan costs less than has been found, None where nothing is known."""
        if self.value is None:
            return None
        try:
            most = self.value + slack_of_plans(self.program, self.value)
            return FewRuns(self.value, self.pool.bound(self.least, most))
        except TimeUp:
            return None

    def _below(self, below: int, most: int) -> tuple[Plan, int] | None:
        """The best of the plans that cost less than this; or else a good one that costs less than ``most``."""
        useful = self.pool.within(self.least, below + slack_of_plans(self.program, below))
        self.limit.tell(f"tables of plans of {sum(map(len, useful))} designs")
        listed, units, atoms = list[ExplicitStage](), list[list[int]](), 0
        kept: list[list[Tiling]] = []
        for number, (stage, some) in enumerate(zip(self.stages, useful, strict=True)):
            every, chains = [more for one in some for more in also_batched(stage, one)], []
            for tiling in every:
                if (number, tiling) not in self.chains:
                    self.chains[number, tiling] = stage.chain(tiling)
                chains.append(self.chains[number, tiling])
                atoms += len(chains[-1])
                if atoms > MOST_ATOMS:
                    raise TooManyCycles
            self.limit.check()
            kept.append(every)
            listed.append(ExplicitStage(stage.name, tuple(chains), stage.volatile))
            units.append([self.room.address * least_regions(stage, one) for one in every])
        explicit = replace(self.program, stages=tuple(listed), goal=PLAIN)
        few = FewThresholds(explicit, units) if has_shared_codes(explicit.law) else FewDesigns(explicit, units)
        found = few.least_plan(self.room, below)
        if found is None and below < most:
            found = self._hoped_for(few, below, most)
        if found is None:
            return None
        numbers, cost = found
        pairs = zip(numbers.stages, numbers.designs, strict=True)
        return Plan(tuple(kept[stage][number] for stage, number in pairs), (), numbers.stages), cost  # type: ignore[index]

    def _hoped_for(self, few: FewDesigns, below: int, most: int) -> tuple[Plan, int] | None:
        """A plan of designs of cheaper ones, if there is one that costs less than ``most``; the less, the better."""
        gap = below - self.least
        for _ in range(HOPES):
            gap = min(gap * GROWTH, most - self.least)
            try:
                found = few.least_plan(self.room, self.least + gap, MOST_CYCLES // HOPES)
            except TooManyCycles:
                return None
            if found is not None or self.least + gap >= most:
                return found
        return None


def _whole(outcome: Outcome) -> Bound | None:
    """The bound on all plans that an outcome rests on."""
    bound = outcome.bound
    if isinstance(bound, Division):
        proof = bound.parts[0].proof
        return proof if isinstance(proof, Bound) else None
    return bound if isinstance(bound, Bound) else None
