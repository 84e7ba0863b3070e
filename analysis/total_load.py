"""The least that any number of power cycles cost which together have a given load.

The room of a cycle is divided into buckets; a cycle of the j-th bucket has a load of more than j - 1 buckets (or none)
and at most j, and costs at least the price at its lower end. So cycles with a total load of k buckets cost at least
what k buckets cost when split at these prices.
"""

from __future__ import annotations

from collections.abc import Callable
from operator import add

from ischedule.analysis.cycle_cost import CycleCost
from ischedule.analysis.least_split import LeastSplit, equal_shares, full_and_rest

BUCKETS = 2048
COARSE = 1024
"""Buckets of a room, and where least splits must be tabulated."""

SPAN = 6
"""Tables end at so many rooms; a greater total load costs no less."""


class TotalLoad:
    """The least that the last cycles of a plan cost which together have a total load."""

    def __init__(self, cost: CycleCost) -> None:
        self.cost = cost
        self.room = max(cost.room, 1)
        self.buckets = min(BUCKETS, self.room)
        steps = self._steps(cost.mid, self.buckets)
        formula = full_and_rest(steps) or equal_shares(steps)
        same = all(self._steps(price, self.buckets) == steps for price in (cost.last, cost.first))
        if formula is None or not same:
            self.buckets = min(COARSE, self.room)
            steps = self._steps(cost.mid, self.buckets)
            formula = formula and (full_and_rest(steps) or equal_shares(steps))
        self.mids = LeastSplit(steps, formula)
        last = self._steps(cost.last, self.buckets)
        self.last = None if last == steps else last[::-1]
        self.span = None if formula is not None and same else SPAN * self.buckets
        self.farthest = SPAN * self.room
        wide = max(1, -(-cost.first_room * self.buckets // self.room))
        self.only = self._steps(cost.only, wide)
        self.first = None if same and wide == self.buckets else self._steps(cost.first, wide)[::-1]
        # by bucket from as many below 0 as the first cycle may hold; none of these costs less than no load
        self.endings = [self._ending(0)] * len(self.first or ())
        self._known: dict[tuple[int, bool], int] = {}

    def _steps(self, price: Callable[[int], int], most: int) -> list[int]:
        """By bucket the price at its lower end, the first at no load; before them that of no bucket, the same."""
        ends = [min(-(-j * self.room // self.buckets), self.cost.widest) for j in range(most)]
        return [price(0), *map(price, ends)]

    def least(self, load: int, is_first: bool) -> int:
        """The least cost of the cycles that end a plan and together have at least this load.

        The first cycle of the plan is among them or not.
        """
        bucket = max(-(-load * self.buckets // self.room), 0)
        if self.span is not None:
            bucket = min(bucket, self.span)
        found = self._known.get((bucket, is_first))
        if found is None:
            found = self._known[bucket, is_first] = self._all(bucket) if is_first else self._ending(bucket)
        return found

    def _all(self, bucket: int) -> int:
        """A plan's only cycle, or its first one and what follows; what the first one keeps is no time gained."""
        law = self.cost.law
        found = self._priced(bucket)
        return max(found, self.cost.time + law.least_waiting - law.offset) if law.keeps_level else found

    def _priced(self, bucket: int) -> int:
        if self.first is None:
            several = self._ending(bucket)
        else:
            wide = len(self.first)
            for behind in range(len(self.endings) - wide + 1, bucket + 1):
                self.endings.append(self._ending(behind))
            several = _least_sum(self.first, self.endings[bucket : bucket + wide])
        return min(several, self.only[bucket]) if bucket < len(self.only) else several

    def _ending(self, bucket: int) -> int:
        """One last cycle, and cycles between others that hold the rest."""
        if self.last is None:
            return self.mids.least(max(bucket, 1))
        return _least_sum(self.last, self.mids.window(bucket))


def _least_sum(ones: list[int], others: list[int]) -> int:
    """The least of the sums of pairs."""
    found: int = min(map(add, ones, others))
    return found
