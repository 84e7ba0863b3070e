"""The best rate of latency per drain, lines under the cost of a cycle, and the least cost of a total drain.

All of it is derived from one function: ``c(y)``, what a power cycle costs beyond its atoms when atoms and fetches
drain ``y``; it never decreases in ``y``. Numbers here are double precision: they steer the search, and the checker
recomputes what a proof needs.

The first cycle of a plan and the last one may cost less than ``c``. What they can save, against the rate and
against ``c`` itself, is taken off once per plan: these are the *rebates*."""

from __future__ import annotations

from dataclasses import dataclass
from math import floor, log10

import numpy as np
from numpy.typing import NDArray

from ischedule.models.kernels import Ends
from ischedule.solvers.sweep import Waits
from ischedule.solvers.waits import Waiting

Floats = NDArray[np.float64]

NODES = 8192
SHY = 1e-6
"""How much the rate stays below the best one, so that the checker can prove it on a finite partition."""
SPAN = 6
"""Totals up to so many full cycles have a tabulated least cost."""
BUCKETS = 1024


@dataclass(frozen=True)
class Rebate:
    """What the rest of a plan may save by its last cycle, and by its first one if that is still in progress."""

    later: float
    first: float


@dataclass(frozen=True)
class Rate:
    """A rate ``mu`` (numerator, denominator; ps per unit of drain), lines (constant, numerator), and least costs."""

    fraction: tuple[int, int]
    room: int
    lines: tuple[tuple[int, int], ...]
    reduced: Rebate
    tabled: Rebate
    least: Floats
    bucket: float

    @property
    def value(self) -> float:
        """The rate as a double."""
        return self.fraction[0] / self.fraction[1]

    def total(self, drain: Floats) -> Floats:
        """A lower bound on what the cycles cost that together drain so much, before rebates."""
        place = np.clip(np.floor(drain / self.bucket), 0, None)
        tabulated = self.least[np.minimum(place, len(self.least) - 1).astype(np.int64)]
        return np.where(place < len(self.least), tabulated, 0.0)


def rate_of(ends: Ends, waiting: Waiting) -> Rate:
    """Sample the cost of a cycle by its position and derive everything from it."""
    overhead, active = ends.resume[0] + ends.commit[0], float(ends.resume[1] + ends.commit[1])
    room = waiting.capacity - overhead
    nodes = np.linspace(0, max(room, 0), NODES + 1).astype(np.int64)

    def sampled(wait: Waits) -> Floats:
        return np.asarray(wait(nodes + overhead) + active, dtype=float)

    cost = sampled(waiting.mid)
    best = float((cost[:-1] / np.maximum(nodes[1:], 1)).min())
    denominator = 10 ** (9 + max(0, -floor(log10(best)))) if best > 0 else 1
    fraction = (floor(best * (1 - SHY) * denominator), denominator)
    mu = fraction[0] / denominator
    last, only = sampled(waiting.last), sampled(waiting.only)
    first = sampled(waiting.first)

    def below(reference: Floats, other: Floats) -> float:
        """How far the other price may lie below the reference, anywhere between two nodes."""
        return max(0.0, float((reference[1:] - other[:-1]).max()))

    ray = mu * nodes.astype(float)
    beyond = max(waiting.first_capacity - waiting.capacity, 0)
    saved = [below(ray, price) + mu * beyond for price in (first, last, only)]
    under = [below(cost, price) for price in (first, last, only)]
    under = [value + float(cost[-1]) * -(-beyond // max(room, 1)) for value in under]
    least, bucket = _least(cost, room)
    return Rate(
        fraction,
        room,
        _lines(nodes, cost, denominator),
        Rebate(saved[1], max(saved[0] + saved[1], saved[2])),
        Rebate(under[1], max(under[0] + under[1], under[2])),
        least,
        bucket,
    )


def _lines(nodes: NDArray[np.int64], cost: Floats, denominator: int) -> tuple[tuple[int, int], ...]:
    """The chord of the ends and nine more, moved under ``cost``; only lines that are positive at 0 help."""
    lines = []
    spread = max(1, len(nodes) // 10)
    slopes = [(cost[-1] - cost[0]) / max(nodes[-1], 1)]
    slopes += [(cost[k] - cost[k - spread]) / (nodes[k] - nodes[k - spread]) for k in range(spread, len(nodes), spread)]
    for slope in slopes:
        numerator = floor(slope * denominator)
        # between two nodes the cost is at least that of the lower one, the line at most that of the upper one
        alpha = float((cost[:-1] - numerator / denominator * nodes[1:]).min())
        if alpha > 1:
            lines.append((floor(alpha * (1 - SHY)), numerator))
    return tuple(lines)


def _least(cost: Floats, room: int) -> tuple[Floats, float]:
    """``least[k]``: what cycles that together drain k buckets cost at least, each rounded up to whole buckets."""
    step = NODES // BUCKETS
    single = np.concatenate([[cost[0]], cost[::step][:-1]])
    least = np.zeros(SPAN * BUCKETS + 1)
    for k in range(1, len(least)):
        reach = min(k, BUCKETS)
        least[k] = (single[1 : reach + 1] + least[k - reach : k][::-1]).min()
    return least, max(room, 1) / BUCKETS
