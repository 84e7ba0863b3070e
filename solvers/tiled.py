"""The exact solver for networks: every design of every layer at once.

1. Enumerate each layer's designs in columns with a lower bound each (``space``); of very many first the cheapest, and
   once there is an upper bound all that it does not exclude.
2. Find the floor of each layer (``floors``).
   Where cycles are many also what segments of several layers come to (``segments``).
3. Cross all layers with few designs each, in every order: a plan, hence an upper bound; then with more.
4. Cross all layers with every design and every label that the upper bound does not exclude, in double precision; keep
   each design that reaches anything not dominated by more than the ``SLACK``.
5. Cross all layers once more with those designs, in exact integers: the optimum, its plan and its certificate's labels.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import accumulate

import numpy as np
from numpy.typing import NDArray

from ischedule.models.cycle_law import CycleLaw
from ischedule.models.demand import Overflow
from ischedule.models.plan import Bound, Boundary
from ischedule.models.program import Program, Stage, TiledStage, are_alike
from ischedule.models.tiling import Tiling
from ischedule.solvers.floors import Floor, floor_of
from ischedule.solvers.levels import patient
from ischedule.solvers.lift import plan_of
from ischedule.solvers.limit import Limit, TimeUp
from ischedule.solvers.network_pass import Search, run
from ischedule.solvers.outcome import Outcome, Pass, boundary_of
from ischedule.solvers.passes import CLOSER, CUTS, SLACK, first_pass, pass_of_all, pass_of_some, slack_of
from ischedule.solvers.rate import rate_of
from ischedule.solvers.segments import segmented
from ischedule.solvers.space import Space, Within, boxes_of_stage, space_of
from ischedule.solvers.sweep import UNREACHABLE, Integers
from ischedule.solvers.waits import Waiting, alone, exact_waiting, followed_waiting, steering_waiting

WHOLE = 4_000_000
SOME = 20_000
"""Up to so many designs of all layers they are laid out together; of more, first about so many of each layer."""


@dataclass(frozen=True)
class Prepared:
    """Every design of every layer with its box bound, and the law's prices in double precision and exactly."""

    search: Search
    steer: Waiting
    exact: Waiting


def prepared(program: Program, limit: Limit, most: int | None = None) -> Prepared | Outcome:
    """The designs of a program of tiled stages, or the outcome where some stage has none.

    Where they are more than ``most``, only the cheapest of each stage.
    """
    stages = [stage for stage in program.stages if isinstance(stage, TiledStage)]
    ends = stages[0].ends
    steer, exact = steering_waiting(program.law), exact_waiting(program.law)
    overhead = ends.resume[0] + ends.commit[0]
    room = max(steer.capacity, steer.first_capacity) - overhead
    if room < 0:
        return Outcome(None, None, None, None, 0, 0)
    if overhead > steer.capacity:
        steer, exact = alone(steer), alone(exact)
    rate = rate_of(ends, steer)
    spaces: list[Space] = []
    within = Within(SOME) if most is not None and steer.ahead is None and _are_more(stages, most) else None
    for number, stage in enumerate(stages, 1):
        like = _first_like(stages, number - 1)
        space = space_of(stage, rate, room, within) if like == number - 1 else replace(spaces[like], stage=stage)
        if space is None:
            return Outcome(None, None, None, None, sum(map(len, spaces)), number - 1)
        spaces.append(space)
        limit.announce(f"designs of layer {number} of {len(stages)}: {len(space)}")
    floors = tuple(Floor(float(space.bound.min()), space.bound) for space in spaces)
    return Prepared(Search(program, tuple(spaces), floors, rate, ends.resume, ends.commit), steer, exact)


def _are_more(stages: list[TiledStage], most: int) -> bool:
    """Whether the stages together have more designs than so many, counted by boxes."""
    counts = (int(one.sizes.sum()) for stage in stages for one in boxes_of_stage(stage))
    return any(total > most for total in accumulate(counts))


def completed(search: Search, steer: Waiting, cost: float) -> Search:
    """The search with every design that can belong to a plan no dearer, if some were left out.

    Such a plan costs at least the floors of all other stages and the design's own reduced cost, but for the rebate of
    the first and last cycles; and at least the times of the leanest designs of the others and its own, and what cycles
    cost that drain as much as all these.
    """
    ceiling, rate = cost + slack_of(cost), search.rate
    rebate = max(rate.rebate.first, rate.rebate.later)
    floors, spaces, program = list(search.floors), list(search.spaces), search.program
    beside = program.beside([one.value for one in floors], search.leaps)
    drains, times = (program.beside([space.lean[part] for space in spaces]) for part in (0, 1))
    room = max(steer.capacity, steer.first_capacity) - search.resume[0] - search.commit[0]
    listed = [-np.inf] * len(spaces)
    for stage, (space, known) in enumerate(zip(search.spaces, search.floors, strict=True)):
        limit = ceiling + slack_of(cost) + rebate - beside[stage]
        if limit < space.dearer:
            continue
        rest = drains[stage], times[stage]
        like = _first_like(program.stages, stage)
        if like < stage and rest == (drains[like], times[like]) and listed[like] >= limit:
            spaces[stage], floors[stage] = replace(spaces[like], stage=space.stage), floors[like]
            continue
        listed[stage] = limit = limit + SLACK[0]

        def wanted(drains: Integers, times: Integers, rest: tuple[int, int] = rest) -> NDArray[np.bool_]:
            total = rate.total((drains + rest[0]).astype(float), True)
            return np.asarray(times + rest[1] + total <= ceiling)

        found = space_of(space.stage, rate, room, Within(None, limit, wanted))
        assert found is not None, "a stage keeps the designs that it had"
        spaces[stage], floors[stage] = found, known.moved(space, found)
    return replace(search, spaces=tuple(spaces), floors=tuple(floors))


def _first_like(stages: Sequence[Stage], stage: int) -> int:
    """The first stage that is like this one: networks repeat their blocks."""
    return next(place for place in range(stage + 1) if are_alike(stages[place], stages[stage]))


def floored(search: Search, steer: Waiting, limit: Limit) -> Iterator[Search]:
    """The search with the exact floor of one more layer each time."""
    spaces = search.spaces
    for stage, space in enumerate(spaces):
        limit.tell(f"bounds of layer {stage + 1} of {len(spaces)}")
        like = _first_like(search.program.stages, stage)
        if like == stage:
            found = floor_of(space, search.rate, steer, limit)
            found = Floor(min(found.value, space.dearer), found.bounds)
        else:
            found = search.floors[like]
        floors = (*search.floors[:stage], found, *search.floors[stage + 1 :])
        search = replace(search, floors=floors)
        yield search


def solve_tiled(program: Program, limit: Limit) -> Outcome:
    """The optimal plan of a program of tiled stages, or within a time limit the best one and a proven bound."""
    ready = prepared(program, limit, WHOLE)
    if isinstance(ready, Outcome):
        return ready
    search, steer, exact = ready.search, ready.steer, ready.exact
    search, best, proven = _steered(program.law, search, steer, exact, limit)
    outcome = _decided(program, search, best, exact, proven, Limit())
    if not program.has_bounds:
        return replace(outcome, bound=None)
    if not proven or outcome.cost is None or outcome.latency is None or outcome.is_attained(program.law):
        return outcome
    # no plan attains this sum of prices: the same search behind the levels that cycles leave
    limit.announce("levels that cycles leave")
    least = outcome.latency - program.law.offset
    try:
        search = completed(search, steer, least)
        found = pass_of_all(search, least, steer, limit, least - outcome.cost)
        return _decided(program, search, Best(found, least), followed_waiting(program.law), True, patient(limit))
    except TimeUp:
        return outcome


class UsefulDesigns:
    """The designs of a program of tiled stages that can belong to a plan below some cost.

    Those of dear plans are laid out when they are asked for.
    """

    def __init__(self, program: Program, limit: Limit) -> None:
        ready = prepared(program, limit, WHOLE)
        if isinstance(ready, Outcome):
            raise ValueError("a program without a plan has no useful designs")
        self.program, self.steer, self.exact, self.limit = program, ready.steer, ready.exact, limit
        self.search = ready.search
        for one in floored(ready.search, ready.steer, limit):
            self.search = one
        for one in segmented(self.search, ready.steer, limit):
            self.search = one

    def within(self, least: int, most: int) -> list[list[Tiling]]:
        """For each stage those of plans that cost at most so much, where no plan costs less than ``least``."""
        found = self._passed(least, most)
        chosen: list[set[int]] = [set() for _ in self.search.spaces]
        for step, useful in zip(self.program.steps, found.useful, strict=True):
            chosen[step.stage].update(useful.tolist())
        spaces = self.search.spaces
        return [[space.tiling(index) for index in sorted(some)] for space, some in zip(spaces, chosen, strict=True)]

    def bound(self, least: int, most: int) -> Bound:
        """The bound with this value whose labels are those of all plans that cost at most so much."""
        found = self._passed(least, most)
        ceiling = most + 2 * slack_of(most)
        decided = run(self.search, lambda step, _: found.useful[step], self.exact, ceiling, 0, self.limit)
        boundaries = tuple(boundary_of(reached) for reached in decided.reached[1:-1])
        return self.search.bound(least, boundaries, slack_of(most))

    def _passed(self, least: int, most: int) -> Pass:
        self.search = completed(self.search, self.steer, most)
        return pass_of_all(self.search, most, self.steer, self.limit, max(0, most - least))


@dataclass(frozen=True)
class Best:
    """What a pass has found, and a cost that some plan is known to have: no dearer one is wanted.

    The plan of the pass may cost more than the pass says, where no price sees that a cycle does not wait.
    """

    found: Pass
    cost: float


def _steered(law: CycleLaw, search: Search, steer: Waiting, exact: Waiting, limit: Limit) -> tuple[Search, Best, bool]:
    """The designs that can matter, in double precision; whether they are all that can."""

    def best_of(found: Pass) -> Best:
        if found.finish is None or steer.ahead is None or not law.leaves_level:
            return Best(found, found.cost)
        decided = run(search, lambda step, _: found.useful[step], exact, UNREACHABLE, 0, Limit())
        latency = plan_of(search.program, decided, [space.tiling for space in search.spaces], exact)[1]
        return Best(found, min(latency - law.offset, search.cost_of_one_cycle(found.reached[-1], steer)))

    best = best_of(first_pass(search, steer, Limit()))
    try:
        for one in floored(search, steer, limit):
            search = one
        for one in segmented(search, steer, limit):
            search = one
        limit.tell("plans from few designs per layer")
        for cuts in (CLOSER,) if search.segments else CUTS:
            best = min(best, best_of(pass_of_some(search, best.cost, steer, limit, cuts)), key=lambda one: one.cost)
        limit.tell("all designs that can matter")
        whole = completed(search, steer, best.cost)
        return whole, Best(pass_of_all(whole, best.cost, steer, limit), best.cost), True
    except TimeUp:
        return search, best, False


def stuck_in_one_cycle(program: Program, search: Search, exact: Waiting) -> int:
    """The stage behind which the only power cycle that there is has drained too much, by the least of all designs."""
    drained = program.before([space.lean[0] for space in search.spaces])
    room = exact.first_capacity - search.resume[0] - search.commit[0]
    passed = (step for step in program.steps if drained[step.source] <= room)
    return max(passed, key=lambda step: step.source).stage


def _decided(program: Program, search: Search, best: Best, exact: Waiting, proven: bool, limit: Limit) -> Outcome:
    """Cross the useful designs in exact integers, read the plan and write the bound."""
    count = sum(map(len, search.spaces))
    if best.found.finish is None and not proven:
        raise TimeUp
    if best.found.finish is None:
        if not exact.single and exact.first_capacity <= exact.capacity:
            raise Overflow("every plan takes 2**61 ps (27 days) or more, which is more than can be added up exactly")
        stuck = stuck_in_one_cycle(program, search, exact) if exact.single else None
        return Outcome(None, None, None, None, count, stuck)
    slack = slack_of(best.cost)
    decided = run(search, lambda step, _: best.found.useful[step], exact, best.cost + 2 * slack, 0, limit)
    if decided.finish is None:
        raise RuntimeError("the exact pass lost the plan that double precision found")
    cost = int(decided.finish.cost)
    plan, latency = plan_of(program, decided, [space.tiling for space in search.spaces], exact)
    if proven:
        boundaries = tuple(boundary_of(reached) for reached in decided.reached[1:-1])
        value = cost
    else:
        boundaries = tuple(Boundary(None, (), ()) for _ in range(1, program.end))
        value = min(cost, search.least_plan(slack))
    bound = search.bound(value, boundaries, slack, follows=exact.levels is not None)
    return Outcome(plan, latency, cost, bound, count)
