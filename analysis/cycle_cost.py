"""What a power cycle costs beyond its atoms, and the rate, lines and rebates that bound it from below.

The *load* of a cycle is what its atoms and the operands it fetches again drain: all but its two ends. Where all stages
share the prices of these ends, a cycle with load y between two others costs

    c(y) = time of its ends + mid(y + drain of its ends)

beyond the time of its atoms. It never decreases. So a line lies under it everywhere if on each piece of a partition the
line's greatest value is at most the cost at the piece's lower end: a finite proof, found by splitting.

Costs that belong to a rate p/q (picoseconds per unit of drain) are multiplied by q, so that they stay integers.
"""

from __future__ import annotations

from collections.abc import Callable
from heapq import heappush, heapreplace

from ischedule.models.cycle_law import CycleLaw, Position
from ischedule.models.kernels import Ends

MOST_SPLITS = 1 << 15
"""A line that is not proved with so many pieces is taken for one that is not under the cost."""

REBATE_SPLITS = 1 << 13
REBATE_DEPTH = 13
"""Pieces for a rebate: so many, none smaller than this power of two."""


class CycleCost:
    """The law's prices of one cycle as functions of its load, ends included.

    ``room`` is the greatest load of a cycle that is not the first, -1 where there can be none; ``first_room`` that of
    the first one.
    """

    def __init__(self, law: CycleLaw, ends: Ends) -> None:
        self.law, self.ends = law, ends
        self.drain = ends.resume[0] + ends.commit[0]
        self.time = ends.resume[1] + ends.commit[1]
        self.room = law.capacity - self.drain if law.max_cycles is None else -1
        self.first_room = law.first_capacity - self.drain
        self.widest = max(self.room, self.first_room)
        self._known: dict[int, int] = {}

    def mid(self, load: int) -> int:
        """The cost of a cycle between two others."""
        found = self._known.get(load)
        if found is None:
            found = self._known[load] = self.time + self.law.mid(load + self.drain)
        return found

    def first(self, load: int) -> int:
        """The cost of the first of several cycles."""
        return self.time + self.law.first(load + self.drain)

    def unwaited(self, load: int) -> int:
        """The least cost of a second of several cycles, counted from the time that has passed before it."""
        return self.time + self.law.unwaited(Position.MID, load + self.drain)

    def last(self, load: int) -> int:
        """The cost of the last of several cycles."""
        return self.time + self.law.last(load + self.drain)

    def only(self, load: int) -> int:
        """The cost of the one cycle of a plan."""
        return self.time + self.law.only(load + self.drain)


def is_under(cost: CycleCost, constant: int, rate: tuple[int, int]) -> bool:
    """Whether constant + rate * load is proved to be at most the cost of every cycle between two others."""
    numerator, denominator = rate
    pieces = [(0, cost.room)] if cost.room >= 0 else []
    splits = 0
    while pieces:
        low, high = pieces.pop()
        room = denominator * (cost.mid(low) - constant)
        if room >= numerator * (high if numerator > 0 else low):
            continue
        splits += 1
        if low == high or splits > MOST_SPLITS:
            return False
        middle = (low + high) // 2
        pieces += [(low, middle), (middle + 1, high)]
    return True


def most_saved(price: Callable[[int], int], widest: int, rate: tuple[int, int]) -> int:
    """At least the greatest of rate * load - price(load), times the denominator, for loads up to ``widest``.

    The price never decreases; pieces are split where the bound is greatest, until it is about exact there.
    """
    numerator, denominator = rate

    def piece(low: int, high: int, depth: int) -> tuple[int, int, int, int]:
        return denominator * price(low) - numerator * high, low, high, depth

    heap = [piece(0, widest, 0)]
    for _ in range(REBATE_SPLITS):
        _, low, high, depth = heap[0]
        if low == high or depth == REBATE_DEPTH:
            break
        middle = (low + high) // 2
        heapreplace(heap, piece(low, middle, depth + 1))
        heappush(heap, piece(middle + 1, high, depth + 1))
    return -heap[0][0]
