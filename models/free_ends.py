"""The law of a piece of a program: its first and last cycles, shared with what lies around it, cost a rate.

A segment between two boundaries is a program of its own whose plans begin in the middle of a cycle and end in one. What
such a cycle costs beyond its atoms is only known where it is known as a whole; as long as it may hold anything else it
is charged a rate per unit of drain that is under the cost of every cycle. Its piece in the segment need only fit.
"""

from __future__ import annotations

from ischedule.models.cycle_law import CycleLaw
from ischedule.models.free_law import FreeLaw
from ischedule.models.kernels import Ends

BITS = 62
"""Prices stay below 2^62, so that columns of them are exact."""


class FreeEnds(FreeLaw):
    """Another law's prices of cycles between others; the first, the last and the only one cost the rate.

    The rate is rounded down to a multiple of a power of two. Prices do not include the ends of a cycle, which whoever
    counts its atoms adds: so those of short pieces are negative.
    """

    def __init__(self, law: CycleLaw, ends: Ends, rate: tuple[int, int]) -> None:
        if law.max_cycles is not None:
            raise ValueError("where a plan has one cycle nothing is shared")
        super().__init__(law)
        self.first_capacity = max(law.capacity, law.first_capacity)
        self.drain, self.time = ends.resume[0] + ends.commit[0], ends.resume[1] + ends.commit[1]
        numerator, denominator = rate
        self.shift = max(0, BITS - (numerator * self.first_capacity // denominator + 1).bit_length())
        self.slope = (numerator << self.shift) // denominator

    def first(self, drain: int) -> int:
        """The rate."""
        self.require(drain, self.first_capacity)
        return ((drain - self.drain) * self.slope >> self.shift) - self.time

    def mid(self, drain: int) -> int:
        """The other law's."""
        return self.law.mid(drain)

    def last(self, drain: int) -> int:
        """The rate."""
        return self.first(drain)
