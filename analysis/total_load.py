"""The least that any number of power cycles cost which together have a given load.

The room of a cycle is divided into buckets; a cycle of the j-th bucket has a load of more than j - 1 buckets (or none)
and at most j, and costs at least ``steps[j]``, the cost at its lower end. So cycles with a total load of k buckets cost
at least

    F(k) = min over j1 + ... + jn >= k of steps[j1] + ... + steps[jn]

Which splits can be the least follows from the shape of the steps, and is looked up in it, not assumed:

* concave: as many full cycles as fit, and one with the rest, for the least number of cycles;
* convex: equal cycles, for the best number of them;
* any other, such as the stairs of thresholds: only the last bucket of each stair can be in a best split, and F is
  tabulated from these; beyond the table the rate bounds it.
"""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise

from ischedule.analysis.cycle_cost import CycleCost

BUCKETS = 2048
COARSE = 512
MOST_STAIRS = 320
SPAN = 6
"""The table of stairs ends at so many full cycles."""

NEARLY = 1 << 20
"""A shape may be missed by this part of a full cycle's cost; the bound then gives way by as much."""


Corner = tuple[int, int]


def hull_of(points: list[Corner], sign: int) -> list[Corner]:
    """The corners of the greatest convex function under the points (sign 1), or of the least concave one over them."""
    hull: list[Corner] = []
    for x, y in points:
        while len(hull) > 1:
            (x0, y0), (x1, y1) = hull[-2:]
            if sign * ((y1 - y0) * (x - x0) - (y - y0) * (x1 - x0)) < 0:
                break
            hull.pop()
        hull.append((x, y))
    return hull


def segments_of(hull: list[Corner]) -> list[tuple[int, int, int, int]]:
    """For each bucket but the last the segment of the hull that begins at or before it: x, y, width, rise."""
    return [(x0, y0, x1 - x0, y1 - y0) for (x0, y0), (x1, y1) in pairwise(hull) for _ in range(x1 - x0)]


def farthest(steps: list[int], segments: list[tuple[int, int, int, int]]) -> int:
    """How far the steps are from the hull at most, rounded up."""
    return max(1 + abs(steps[j] - y - rise * (j - x) // width) for j, (x, y, width, rise) in enumerate(segments, 1))


def full_and_rest(steps: list[int]) -> Callable[[int], int] | None:
    """F for steps that are concave up to rounding; None if these are not.

    Their hull is concave and at most ``off`` above them. Of the hull's splits into n cycles one of the least has all
    cycles but one at an end, 1 or the last bucket; and n + 1 cycles, each ``off`` less, are no cheaper than n if a
    cycle of one bucket costs no less than its bucket does elsewhere.
    """
    most = len(steps) - 1
    segments = segments_of(hull_of(list(enumerate(steps))[1:], -1))
    off = farthest(steps, segments)
    if off * NEARLY > steps[most] or segments[0][3] > (steps[1] - off) * segments[0][2]:
        return None

    def split(number: int, buckets: int) -> int:
        full, rest = divmod(buckets - number, most - 1)
        if full == number:
            return number * (steps[most] - off)
        return full * steps[most] + (number - full - 1) * steps[1] + steps[rest + 1] - number * off

    def least(buckets: int) -> int:
        number = -(-buckets // most)
        if number > 1:
            return split(number, buckets)
        return steps[buckets] if buckets < 2 else min(steps[buckets], split(2, buckets))

    return least


def equal_shares(steps: list[int]) -> Callable[[int], int] | None:
    """F for steps that are nowhere far above their lower hull: n cycles cost at least n times it at their mean."""
    most = len(steps) - 1
    segments = segments_of(hull_of(list(enumerate(steps))[1:], 1))
    if steps[1] <= 0 or farthest(steps, segments) * NEARLY > steps[most]:
        return None

    def least(buckets: int) -> int:
        best, number = None, -(-buckets // most)
        while best is None or (number <= buckets and number * steps[1] < best):
            x, y, width, rise = segments[min(buckets // number, most - 1) - 1]
            total = number * y + (buckets - number * x) * rise // width
            best = total if best is None else min(best, total)
            number += 1
        return best

    return least


def tabulated(steps: list[int], span: int) -> list[int]:
    """F for 0 .. span buckets, from the last bucket of every stair."""
    most = len(steps) - 1
    stairs = [j for j in range(1, most) if steps[j + 1] > steps[j]] + [most]
    costs = [steps[j] for j in stairs]
    least = [0] * (most + span + 1)
    table = least[most:]
    # least[most + k] is F(k); the entries before it are F(k) = 0 for k <= 0
    for k in range(1, span + 1):
        table[k] = least[most + k] = min([cost + least[most + k - j] for j, cost in zip(stairs, costs, strict=True)])
    return table


class TotalLoad:
    """F of a total load, for the cost of cycles between two others, and what first and last cycle may save on it."""

    def __init__(self, cost: CycleCost, rate: tuple[int, int]) -> None:
        self.cost, self.rate = cost, rate
        self.room = max(cost.room, 1)
        self.buckets = BUCKETS
        self.steps = self._steps(cost.mid, BUCKETS)
        self._least = self._formula()
        self._known: dict[int, int] = {}
        self.later, self.first = self._rebates()

    def _steps(self, price: Callable[[int], int], most: int) -> list[int]:
        """By bucket the price at its lower end, the first at no load."""
        return [0] + [price(min(-(-j * self.room // self.buckets), self.cost.widest)) for j in range(most)]

    def _formula(self) -> Callable[[int], int]:
        formula = full_and_rest(self.steps) or equal_shares(self.steps)
        if formula is not None:
            return formula
        if sum(after > before for before, after in zip(self.steps[1:], self.steps[2:], strict=False)) > MOST_STAIRS:
            self.buckets = COARSE
            self.steps = self._steps(self.cost.mid, COARSE)
        table = tabulated(self.steps, SPAN * self.buckets)

        def looked_up(buckets: int) -> int:
            if buckets < len(table):
                return table[max(buckets, 0)]
            numerator, denominator = self.rate
            return numerator * (buckets - 1) * self.room // (self.buckets * denominator)

        return looked_up

    def _rebates(self) -> tuple[int, int]:
        """What the last cycle may cost less than the steps, and what the first and the last one together may."""
        steps, most = self.steps, self.buckets
        last = self._steps(self.cost.last, most)
        wide = max(1, -(-self.cost.first_room * self.buckets // self.room))
        # a first cycle that is larger than a room counts for several cycles
        split = [0] + [steps[most] * ((j - 1) // most) + steps[(j - 1) % most + 1] for j in range(1, wide + 1)]
        first, only = self._steps(self.cost.first, wide), self._steps(self.cost.only, wide)
        later = max(step - price for step, price in zip(steps[1:], last[1:], strict=True))
        opening = max(step - price for step, price in zip(split[1:], first[1:], strict=True))
        alone = max(step - price for step, price in zip(split[1:], only[1:], strict=True))
        return later, max(opening + later, alone)

    def least(self, load: int) -> int:
        """The least cost of cycles between two others that together have at least this load."""
        if load <= 0:
            return min(self.steps[1], 0)
        found = self._known.get(load)
        if found is None:
            found = self._known[load] = self._least(-(-load * self.buckets // self.room))
        return found
