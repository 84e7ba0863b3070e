"""The floor of a stage: the least reduced cost of any design when its first and last cycles waste nothing.

Both may be shared with the neighbouring stages, so nothing can be said about their waste without looking there.
Designs are taken in the order of their bounds until the next bound exceeds the best exact value; a design is
dropped as soon as its waste so far is too much."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ischedule.solvers.limit import Limit
from ischedule.solvers.rate import Rate
from ischedule.solvers.space import Floats, Index, Space
from ischedule.solvers.sweep import UNREACHABLE, Lanes, edges, relax
from ischedule.solvers.waits import Waiting

BATCH = (8, 64)
BLOCK = 96
"""Cuts between two looks at the waste so far."""
WORTHWHILE = 0.8
"""Designs are dropped when at most this share of a batch is left."""


@dataclass(frozen=True)
class Floor:
    """The floor of a stage, and every design's best known lower bound (exact where it was evaluated to the end).

    Where a stage is crossed more than once it pays to sharpen bounds: ``tried`` says up to what each design's has been
    evaluated, so that it is no higher only if it is exact. Both columns are filled in as designs are asked for.
    """

    value: float
    bounds: Floats
    tried: Floats | None = None

    def to_sharpen(self) -> Floor:
        """The same floor with columns of its own."""
        return Floor(self.value, self.bounds.copy(), np.full(len(self.bounds), -np.inf))

    def moved(self, before: Space, space: Space) -> Floor:
        """What is known of the designs of one space for another one of the same stage."""
        found = Floor(self.value, np.maximum(space.bound, self.value))
        here, there = before.places_of(space)
        found.bounds[there] = np.maximum(found.bounds[there], self.bounds[here])
        if self.tried is None:
            return found
        found = found.to_sharpen()
        assert found.tried is not None, "it has just been laid out"
        found.tried[there] = self.tried[here]
        return found

    def within(self, space: Space, chosen: Index, most: float, rate: Rate, waiting: Waiting, limit: Limit) -> Index:
        """Those of some designs that cost no more than this by bounds that are sharp enough to tell."""
        if self.tried is None:
            return chosen
        for index, lanes in space.lanes(chosen[self.tried[chosen] < most], waiting.capacity):
            limit.check()
            value = _evaluate(lanes, space.reduced[index], most, rate, waiting)
            self.bounds[index] = np.maximum(self.bounds[index], value)
            self.tried[index] = np.where(value < most, np.inf, most)
        return np.asarray(chosen[self.bounds[chosen] <= most])


def floor_of(space: Space, rate: Rate, waiting: Waiting, limit: Limit) -> Floor:
    """Evaluate designs in the order of their bounds until no other can be lower."""
    bounds = space.bound.copy()
    order = np.argsort(bounds, kind="stable")
    best, place, size = np.inf, 0, BATCH[0]
    while place < len(order) and space.bound[order[place]] < best:
        limit.check()
        batch = order[place : place + size]
        batch = batch[space.bound[batch] < best]
        for index, lanes in space.lanes(batch, waiting.capacity):
            value = _evaluate(lanes, space.reduced[index], best, rate, waiting)
            bounds[index] = np.maximum(bounds[index], value)
            best = min(best, float(bounds[index].min()))
        place, size = place + len(batch), min(2 * size, BATCH[1])
    return Floor(best, bounds)


def _evaluate(lanes: Lanes, reduced: Floats, best: float, rate: Rate, waiting: Waiting) -> Floats:
    """The exact free-ended cost of each design, or a lower bound on it that is at least ``best``."""
    found = np.empty(len(lanes))
    left = np.arange(len(lanes))
    # the first and the last piece may belong to the first cycle of a plan, which may hold more than others
    room, most = rate.widest, max(waiting.capacity, waiting.first_capacity) - int(lanes.commit_drain[0, 0])
    on = np.arange(lanes.atoms + 1)[:, None] <= lanes.length
    waste = np.where((lanes.drain <= room) & on, 0.0, float(UNREACHABLE))
    prefix = lanes.time + rate.value * lanes.drain
    for low in range(1, lanes.atoms + 1, BLOCK):
        high = min(low + BLOCK, lanes.atoms + 1)
        known = edges(lanes, waiting.capacity, waiting.mid, float, low, high)
        cost = waste + prefix
        relax(cost, known, low)
        waste[low:high] = cost[low:high] - prefix[low:high]
        if high > lanes.atoms:
            break
        # whatever follows cut high - 1 starts at a cut from which a cycle may reach beyond it
        near = lanes.drain[high - 1] - lanes.drain[:high] <= room
        recent = reduced[left] + np.where(near, waste[:high], float(UNREACHABLE)).min(axis=0)
        alive = recent < best
        if alive.mean() <= WORTHWHILE:
            found[left[~alive]] = recent[~alive]
            left, lanes = left[alive], lanes.take(alive)
            waste, prefix, on = waste[:, alive], prefix[:, alive], on[:, alive]
            if not len(left):
                return found
    rest = lanes.drain[-1] - lanes.drain
    rest[:-1] += lanes.resume_drain
    last: Floats = np.where((rest <= most) & on, waste, float(UNREACHABLE)).min(axis=0)
    found[left] = reduced[left] + last
    return found
