"""The exact solver for networks: every design of every layer at once.

1. Enumerate each layer's designs in columns with a lower bound each (``space``).
2. Find the floor of each layer (``floors``).
3. Cross all layers with few designs each: a plan, hence an upper bound; then with more.
4. Cross all layers with every design and every label that the upper bound does not exclude, in double precision; keep each design that
   reaches anything not dominated by more than ``SLACK``.
5. Cross all layers once more with those designs, in exact integers: the optimum, its plan and the labels of its certificate.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import accumulate
from math import floor

import numpy as np

from ischedule.models.plan import Bound, Boundary, Plan
from ischedule.models.program import Program, TiledStage
from ischedule.solvers.floors import Floor, chosen_first, floor_of
from ischedule.solvers.frontier import Reached
from ischedule.solvers.lift import plan_of
from ischedule.solvers.limit import Limit, TimeUp
from ischedule.solvers.network_pass import Pass, Rest, Search, run
from ischedule.solvers.rate import rate_of
from ischedule.solvers.space import Index, Space, space_of
from ischedule.solvers.sweep import UNREACHABLE, Exits
from ischedule.solvers.waits import Waiting, exact_waiting, steering_waiting

SLACK = 2e6
"""Picoseconds by which double precision may be wrong about a whole plan, with room to spare."""
FEW = (12, 96)
"""Designs per layer in the two passes that look for an upper bound."""


@dataclass(frozen=True)
class Outcome:
    """The best plan found, its cost (without the law's offset), and the proof of a bound on every plan's cost."""

    plan: Plan | None
    cost: int | None
    bound: Bound | None
    designs: int
    """How many designs there were to choose from."""
    stuck: int | None = None
    """A stage that no design passes."""


def solve_tiled(program: Program, limit: Limit) -> Outcome:
    """The optimal plan of a program of tiled stages, or within a time limit the best one and a proven bound."""
    stages = [stage for stage in program.stages if isinstance(stage, TiledStage)]
    ends = stages[0].ends
    steer, exact = steering_waiting(program.law), exact_waiting(program.law)
    rate = rate_of(ends, steer)
    room = max(steer.capacity, steer.first_capacity) - ends.resume[0] - ends.commit[0]
    spaces: list[Space] = []
    for number, stage in enumerate(stages, 1):
        space = space_of(stage, rate, room)
        if space is None:
            return Outcome(None, None, None, sum(map(len, spaces)), number - 1)
        spaces.append(space)
        limit.announce(f"designs of layer {number} of {len(stages)}: {len(space)}")
    floors = tuple(Floor(float(space.bound.min()), space.bound) for space in spaces)
    search = Search(tuple(spaces), _rests(spaces, floors), floors, rate, ends.resume, ends.commit)
    search, best, proven = _steered(search, steer, limit)
    return _decided(program, search, best, exact, proven)


def _steered(search: Search, steer: Waiting, limit: Limit) -> tuple[Search, Pass, bool]:
    """The designs that can matter, in double precision; whether they are all that can."""
    patient = Limit(None, limit.listen)
    best = run(search, lambda stage, _: _few(search, stage, FEW[0]), steer, UNREACHABLE, SLACK, patient)
    try:
        for stage, space in enumerate(search.spaces):
            limit.tell(f"bounds of layer {stage + 1} of {len(search.spaces)}")
            found = floor_of(space, search.rate, steer, limit)
            floors = (*search.floors[:stage], found, *search.floors[stage + 1 :])
            search = replace(search, floors=floors, rests=_rests(search.spaces, floors))
        for number in FEW:
            limit.tell(f"plans from {number} designs per layer")
            few = run(search, lambda stage, _, n=number: _few(search, stage, n), steer, best.cost + SLACK, SLACK, limit)  # type: ignore[misc]
            best = few if few.cost <= best.cost else best
        limit.tell("all designs that can matter")
        ceiling = best.cost + SLACK
        every = run(search, lambda stage, entry: search.candidates(stage, entry, ceiling), steer, ceiling, SLACK, limit)
    except TimeUp:
        return search, best, False
    return search, every, True


def _few(search: Search, stage: int, number: int) -> Index:
    space = search.spaces[stage]
    leanest = np.array([space.drain.argmin()])
    return np.union1d(chosen_first(search.floors[stage].bounds, number), leanest)


def _rests(spaces: tuple[Space, ...] | list[Space], floors: tuple[Floor, ...]) -> tuple[Rest, ...]:
    def behind(values: list[float]) -> list[float]:
        return [*list(accumulate(values[:0:-1]))[::-1], 0.0]

    parts = (
        behind([found.value for found in floors]),
        behind([float(space.drain.min()) for space in spaces]),
        behind([float(space.time.min()) for space in spaces]),
    )
    return tuple(Rest(*values) for values in zip(*parts, strict=True))


def _decided(program: Program, search: Search, best: Pass, exact: Waiting, proven: bool) -> Outcome:
    """Cross the useful designs in exact integers, read the plan and write the bound."""
    count = sum(map(len, search.spaces))
    if best.finish is None:
        return Outcome(None, None, None, count)
    ceiling = best.cost + 2 * SLACK
    decided = run(search, lambda stage, _: best.useful[stage], exact, ceiling, 0, Limit())
    if decided.finish is None:
        raise RuntimeError("the exact pass lost the plan that double precision found")
    cost = int(decided.finish.cost)
    plan = plan_of(program.law, decided, [space.tiling for space in search.spaces], exact)
    denominator = search.rate.fraction[1]
    floors = tuple(floor(found.value * (1 - 1e-11) - 1e4) * denominator for found in search.floors)
    if proven:
        boundaries = tuple(_boundary(reached) for reached in decided.reached[1:-1])
        value = cost
    else:
        boundaries = tuple(Boundary(None, (), ()) for _ in search.spaces[1:])
        value = min(cost, floor(sum(floors) / denominator - search.rate.reduced.first * (1 + 1e-9) - 1e6))
    return Outcome(plan, cost, Bound(value, search.rate.fraction, boundaries, search.rate.lines, floors), count)


def _boundary(reached: Reached) -> Boundary:
    def labels(exits: Exits) -> tuple[tuple[int, int], ...]:
        return tuple(zip(exits.drain.tolist(), exits.cost.tolist(), strict=True))

    closed = int(reached.closed)
    return Boundary(closed if closed < UNREACHABLE else None, labels(reached.first), labels(reached.later))
