"""The best rate of latency per drain, lines under the cost of a cycle, and the least cost of a total drain.

All of it is derived from ``c(y)``, what a power cycle costs beyond its atoms when atoms and fetches drain ``y``; it
never decreases in ``y``, and the first and the last cycle of a plan have prices of their own. Numbers here are double
precision: they steer the search, and the checker recomputes what a proof needs.

The rate is one for cycles in the middle of a plan. What the first and the last cycle can cost less than it says is
taken off once per plan: the *rebates*.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil, floor, log10

import numpy as np
from numpy.typing import NDArray

from ischedule.models.kernels import Ends
from ischedule.solvers.sweep import Integers, Waits
from ischedule.solvers.waits import Waiting

Floats = NDArray[np.float64]

NODES = 8192
SHY = 1e-6
"""How much the rate stays below the best one, so that the checker can prove it on a finite partition."""
SPAN = 6
"""Totals up to so many full cycles have a tabulated least cost."""
BUCKETS = 512


@dataclass(frozen=True)
class Rebate:
    """What the rest of a plan may save by its last cycle, and by its first one if that is still in progress."""

    later: float
    first: float


@dataclass(frozen=True)
class Tangent:
    """A line under what a cycle in the middle costs: so much, and ``slope`` times what its atoms drain.

    It says more than the rate of plans with few cycles: these are a whole number, however little they hold.
    """

    constant: float
    slope: float
    rebate: Rebate
    widest: int

    def counted(self, drain: Floats, behind: float, is_first: bool) -> Floats:
        """What cycles cost at least that drain so much and then at least ``behind``, but for the slope behind."""
        rebate = self.rebate.first if is_first else self.rebate.later
        return np.asarray(self.constant * self.cycles(drain + behind) + self.slope * drain - rebate)

    def cycles(self, drain: Floats) -> Floats:
        """The least number of cycles that drain so much."""
        return np.asarray(np.maximum(np.ceil(drain / max(self.widest, 1)), 1))


@dataclass(frozen=True)
class Rate:
    """A rate ``mu`` (numerator, denominator; ps per unit of drain), lines (constant, numerator), and least costs.

    ``least_later[k]`` is what cycles that together drain at least k buckets cost at least when the plan ends with them;
    ``least_first`` when the plan begins with them too. The last entry stands for all that is more, of which it says
    nothing.
    """

    fraction: tuple[int, int]
    room: int
    lines: tuple[tuple[int, int], ...]
    rebate: Rebate
    least_later: Floats
    least_first: Floats
    bucket: float
    least_waiting: float
    """What every plan costs at least beyond the time of its atoms."""
    tangents: tuple[Tangent, ...]
    """The lines and the rate itself."""

    @property
    def widest(self) -> int:
        """The greatest load of a cycle."""
        return self.tangents[0].widest

    @property
    def value(self) -> float:
        """The rate as a double."""
        return self.fraction[0] / self.fraction[1]

    def total(self, drain: Floats, is_first: bool) -> Floats:
        """A lower bound on what the cycles cost that together drain so much and end the plan."""
        table = self.least_first if is_first else self.least_later
        place = np.clip(drain / self.bucket, 0, len(table) - 1).astype(np.int64)
        return np.asarray(table[place])


def rate_of(ends: Ends, waiting: Waiting) -> Rate:
    """Sample the cost of a cycle by its position and derive everything from it."""
    overhead, active = ends.resume[0] + ends.commit[0], float(ends.resume[1] + ends.commit[1])
    room = max(waiting.capacity - overhead, 0)
    first_room = max(waiting.first_capacity - overhead, 0)
    nodes = np.unique(np.linspace(0, room, NODES + 1).astype(np.int64))
    first_nodes = np.arange(0, first_room + 1, max(room // NODES, 1), dtype=np.int64)

    def sampled(wait: Waits, at: Integers) -> Floats:
        return np.asarray(wait(at + overhead) + active, dtype=float)

    cost = sampled(waiting.mid, nodes)
    best = float((cost[:-1] / nodes[1:]).min()) if room else 0.0
    denominator = 10 ** (9 + max(0, -floor(log10(best)))) if best > 0 else 1
    fraction = (floor(best * (1 - SHY) * denominator), denominator)
    mu = fraction[0] / denominator

    def priced(wait: Waits, at: Integers) -> tuple[Floats, Integers]:
        return sampled(wait, at), np.append(at[1:], at[-1] + max(room // NODES, 1))

    ends_of_plan = priced(waiting.first, first_nodes), priced(waiting.last, nodes), priced(waiting.only, first_nodes)

    def rebate_of(constant: float, slope: float) -> Rebate:
        """How far the prices may lie below a line, anywhere between two nodes."""
        first, last, only = (max(0.0, float((constant + slope * at - cost).max())) for cost, at in ends_of_plan)
        return Rebate(last, max(first + last, only))

    lines = _lines(nodes, cost, denominator)
    slanted = [(0.0, mu), *((float(constant), slope / denominator) for constant, slope in lines if slope >= 0)]
    tangents = tuple(Tangent(*line, rebate_of(*line), max(room, first_room)) for line in slanted)
    bucket = max(room, 1) / BUCKETS
    later_table, first_table = _least(waiting, bucket, (room, first_room), overhead, active)
    least_waiting = -np.inf
    if waiting.ahead is not None:
        least_waiting = waiting.ahead.least + active
        first_table = np.maximum(first_table, least_waiting)
    later, first = np.append(later_table, 0.0), np.append(first_table, 0.0)
    return Rate(fraction, room, lines, tangents[0].rebate, later, first, bucket, least_waiting, tangents)


def _lines(nodes: NDArray[np.int64], cost: Floats, denominator: int) -> tuple[tuple[int, int], ...]:
    """The chord of the ends and nine more, moved under ``cost``; only lines that are positive at 0 help."""
    if len(nodes) == 1:
        return ()
    lines = []
    spread = max(1, len(nodes) // 10)
    slopes = [(cost[-1] - cost[0]) / nodes[-1]]
    slopes += [(cost[k] - cost[k - spread]) / (nodes[k] - nodes[k - spread]) for k in range(spread, len(nodes), spread)]
    for slope in slopes:
        numerator = floor(slope * denominator)
        # between two nodes the cost is at least that of the lower one, the line at most that of the upper one
        alpha = float((cost[:-1] - numerator / denominator * nodes[1:]).min())
        if alpha > 1:
            lines.append((floor(alpha * (1 - SHY)), numerator))
    return tuple(lines)


def _least(
    waiting: Waiting, bucket: float, rooms: tuple[int, int], overhead: int, active: float
) -> tuple[Floats, Floats]:
    """The tables of least costs: a cycle is rounded up to whole buckets and priced at the last one's lower end."""

    def single(wait: Waits, room: int) -> Floats:
        """Entry j: what a cycle of j buckets costs at least."""
        ends = np.minimum((np.arange(max(1, ceil(room / bucket))) * bucket).astype(np.int64), room)
        prices = np.asarray(wait(ends + overhead) + active, dtype=float)
        return np.concatenate([prices[:1], prices])

    size = SPAN * BUCKETS + 1
    mid, last = single(waiting.mid, rooms[0]), single(waiting.last, rooms[0])
    first, only = single(waiting.first, rooms[1]), single(waiting.only, rooms[1])
    many = np.zeros(size)
    for k in range(1, size):
        reach = min(k, len(mid) - 1)
        many[k] = (mid[1 : reach + 1] + many[k - reach : k][::-1]).min()
    alone = np.full(size, np.inf)
    alone[: len(only)] = only[:size]
    later = _after(last, many)
    return later, alone if waiting.single else np.minimum(alone, _after(first, later))


def _after(single: Floats, rest: Floats) -> Floats:
    """The least sum of one cycle of j >= 0 buckets and what the other buckets cost."""
    padded = np.concatenate([np.full(len(single) - 1, rest[0]), rest])
    windows = np.lib.stride_tricks.sliding_window_view(padded, len(single))
    return np.asarray((windows + single[::-1]).min(axis=1))
