"""The least cost of splitting a total into whole buckets, at most so many in each part, each part at its own price.

``steps[j]`` is the price of a part of j buckets, never decreasing; ``steps[0]`` is not used. Wanted is

    F(k) = min over j1 + ... + jn >= k of steps[j1] + ... + steps[jn]

Which splits can be the least follows from the shape of the steps, and is looked up in it, not assumed:

* concave: as many full parts as fit, and one with the rest, for the least number of parts;
* convex: equal parts, for the best number of them;
* any other: F is tabulated, as far as it is asked for.
"""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise
from operator import add

NEARLY = 1 << 20
"""A shape may be missed by this part of a full part's price; the bound then gives way by as much."""

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
    if most < 2:
        return None
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
        if buckets < 1:
            return 0
        number = -(-buckets // most)
        if number > 1:
            return split(number, buckets)
        return steps[1] if buckets == 1 else min(steps[buckets], split(2, buckets))

    return least


def equal_shares(steps: list[int]) -> Callable[[int], int] | None:
    """F for steps that are nowhere far above their lower hull: n cycles cost at least n times it at their mean."""
    most = len(steps) - 1
    if most < 2:
        return None
    segments = segments_of(hull_of(list(enumerate(steps))[1:], 1))
    if steps[1] <= 0 or farthest(steps, segments) * NEARLY > steps[most]:
        return None

    def least(buckets: int) -> int:
        if buckets < 1:
            return 0
        best, number = None, -(-buckets // most)
        while best is None or (number <= buckets and number * steps[1] < best):
            x, y, width, rise = segments[min(buckets // number, most - 1) - 1]
            total = number * y + (buckets - number * x) * rise // width
            best = total if best is None else min(best, total)
            number += 1
        return best

    return least


class LeastSplit:
    """F for any steps, kept once computed."""

    def __init__(self, steps: list[int], formula: Callable[[int], int] | None) -> None:
        self.most = len(steps) - 1
        self.formula = formula
        self.descending = steps[:0:-1]
        # F(k) stands at most + k; before it F(k) = 0 for k <= 0
        self.table = [0] * (self.most + 1)

    def window(self, buckets: int) -> list[int]:
        """F of buckets - most, and so on up to F of buckets."""
        for k in range(len(self.table) - self.most, buckets + 1):
            if self.formula is not None:
                self.table.append(self.formula(k))
            else:
                self.table.append(min(map(add, self.descending, self.table[k : k + self.most])))
        return self.table[buckets : buckets + self.most + 1]

    def least(self, buckets: int) -> int:
        """F of a number of buckets."""
        return self.formula(buckets) if self.formula is not None else self.window(buckets)[-1]
