"""A floor under the price of a cycle between two others, one list access away: most edges of a program need no more.

The price is non-decreasing in the drain. So over buckets of 2^shift units of drain it is at least its value at the
bucket's lower end (`table`), and between two drains it rises at least by the buckets that lie wholly between them times
the least rise from one bucket to the next (`least_rise`). Whatever the floor does not decide is priced exactly.
"""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise

from ischedule.models.waiting import CycleLaw

BEYOND = 1 << 200
"""More than any cost: the price of what no cycle can drain."""

MOST_BUCKETS = 1 << 14


class WaitingFloor:
    """The law's prices with a table of `table[1 + k] <= mid(e)` for all drains e >= k 2^shift.

    The entry before the first serves indices that are one too low, since two drains are put into buckets separately;
    beyond the capacity the table continues up to three times the capacity with `BEYOND`.
    """

    def __init__(self, law: CycleLaw, atoms: int) -> None:
        self.law = law
        self.capacity = law.capacity
        self.splits = law.max_cycles is None
        self.mid: Callable[[int], int] = law.mid
        wanted = min(MOST_BUCKETS, max(8, atoms // 8))
        self.shift = max(0, (law.capacity // wanted).bit_length())
        marks = (
            [law.mid(index << self.shift) for index in range((law.capacity >> self.shift) + 1)] if self.splits else [0]
        )
        self.table = [marks[0], *marks, *[BEYOND] * (2 * len(marks) + 3)]
        self.least_rise = min((after - before for before, after in pairwise(marks)), default=0)
        self.prices_are_costs = min(self._least_prices()) >= 0

    def _least_prices(self) -> list[int]:
        law = self.law
        return [law.only(0), *([law.first(0), law.mid(0), law.last(0)] if self.splits else [])]
