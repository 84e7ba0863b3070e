"""The exact solver for networks: every design of every layer at once.

1. Enumerate each layer's designs in columns with a lower bound each (``space``).
2. Find the floor of each layer (``floors``).
3. Cross all layers with few designs each: a plan, hence an upper bound; then with more.
4. Cross all layers with every design and every label that the upper bound does not exclude, in double precision; keep
   each design that reaches anything not dominated by more than ``SLACK``.
5. Cross all layers once more with those designs, in exact integers: the optimum, its plan and its certificate's labels.
"""

from __future__ import annotations

from dataclasses import replace
from itertools import accumulate
from math import floor

import numpy as np

from ischedule.models.plan import Bound, Boundary
from ischedule.models.program import Program, TiledStage
from ischedule.solvers.floors import Floor, floor_of
from ischedule.solvers.frontier import Reached
from ischedule.solvers.lift import plan_of
from ischedule.solvers.limit import Limit, TimeUp
from ischedule.solvers.network_pass import Rest, Search, run
from ischedule.solvers.outcome import Outcome, Pass, boundary_of
from ischedule.solvers.rate import rate_of
from ischedule.solvers.space import Index, Space, space_of
from ischedule.solvers.sweep import UNREACHABLE
from ischedule.solvers.waits import Waiting, exact_waiting, steering_waiting

SLACK = 2e6
"""Picoseconds by which double precision may be wrong about a whole plan, with room to spare."""
FEW = (1, 8)
"""Designs per layer in the passes that look for an upper bound: before the floors are known, and after."""


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
    best = run(
        search, lambda stage, _: _few(search, stage, None, FEW[0], steer.single), steer, UNREACHABLE, SLACK, Limit()
    )
    try:
        for stage, space in enumerate(search.spaces):
            limit.tell(f"bounds of layer {stage + 1} of {len(search.spaces)}")
            found = floor_of(space, search.rate, steer, limit)
            floors = (*search.floors[:stage], found, *search.floors[stage + 1 :])
            search = replace(search, floors=floors, rests=_rests(search.spaces, floors))
        for number in (*FEW[1:], None):
            limit.tell(f"plans from {number} designs per layer" if number else "all designs that can matter")
            best = _better(search, best, number, steer, limit)
    except TimeUp:
        return search, best, False
    return search, best, True


def _better(search: Search, best: Pass, number: int | None, steer: Waiting, limit: Limit) -> Pass:
    """A pass over so many designs per layer (None: all) that can beat the best plan so far, if only by nothing."""
    ceiling = best.cost + SLACK

    def choose(stage: int, entry: Reached) -> Index:
        return _few(search, stage, search.candidates(stage, entry, ceiling), number, steer.single)

    found = run(search, choose, steer, ceiling, SLACK, limit)
    return found if number is None or found.cost <= best.cost else best


def _few(search: Search, stage: int, among: Index | None, number: int | None, single: bool) -> Index:
    """The designs with the least bounds; for a plan of a single cycle also the leanest: it fits where no other does."""
    bounds = search.floors[stage].bounds
    if among is None:
        among = np.arange(len(bounds))
    if number is None or number >= len(among):
        return among
    chosen = among[np.argpartition(bounds[among], number)[:number]]
    if not single:
        return chosen
    leanest = among[search.spaces[stage].drain[among].argmin()]
    return np.union1d(chosen, leanest)


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
        boundaries = tuple(boundary_of(reached) for reached in decided.reached[1:-1])
        value = cost
    else:
        boundaries = tuple(Boundary(None, (), ()) for _ in search.spaces[1:])
        value = min(cost, floor(sum(floors) / denominator - search.rate.reduced.first * (1 + 1e-9) - 1e6))
    return Outcome(plan, cost, Bound(value, search.rate.fraction, boundaries, search.rate.lines, floors), count)
