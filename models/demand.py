"""Demand: what running something asks of the buffer, and how two things in a row add up."""

from dataclasses import dataclass
from enum import Enum
from typing import Final

from ischedule.models.quantities import LIMIT as QUANTITY_LIMIT

LIMIT: Final = QUANTITY_LIMIT
"""Amounts and times stay below this, so that the sum of two of them fits in 64 bits."""


class Coordinate(Enum):
    """What the buffer's level counts: energy in front of a converter, charge in front of a linear regulator."""

    ENERGY = "energy"
    CHARGE = "charge"


class Overflow(OverflowError):
    """A sum that would leave the range in which 64-bit integers are exact."""


class TooManyDesigns(Overflow):
    """A layer has more designs than can be laid out."""


class Unanswerable(ValueError):
    """A question that a solver does not take, in its own words."""


class TooManyAtoms(Overflow):
    """A program has more atoms than a solver is asked about."""


class CoordinateMismatch(TypeError):
    """Energies and charges of one buffer were about to be added."""

    def __init__(self, left: Coordinate, right: Coordinate) -> None:
        super().__init__(f"demands of different coordinates cannot be combined: {left.value} and {right.value}")


@dataclass(frozen=True)
class Demand:
    """What must be stored above the floor at the start, what is gone at the end, and the worst-case duration.

    Amounts are femtojoules or femtocoulombs as the coordinate says, time is in picoseconds. Doing one thing after
    another is associative, with `nothing` as its identity. A second thing raises the need only where the first has
    drained the buffer: need is a running maximum, drain and time are sums.
    """

    need: int
    drain: int
    time: int
    coordinate: Coordinate

    def __post_init__(self) -> None:
        if not (type(self.need) is type(self.drain) is type(self.time) is int):
            raise TypeError(f"a demand is integers: need={self.need!r}, drain={self.drain!r}, time={self.time!r}")
        if not (self.need >= self.drain >= 0 and self.time >= 0):
            raise ValueError(
                f"a demand has need >= drain >= 0 and time >= 0: need={self.need}, drain={self.drain}, time={self.time}"
            )
        if self.need >= LIMIT or self.time >= LIMIT:
            raise Overflow(f"a demand stays below 2**62: need={self.need}, time={self.time}")

    @classmethod
    def nothing(cls, coordinate: Coordinate) -> "Demand":
        """The demand of doing nothing."""
        return cls(0, 0, 0, coordinate)

    @classmethod
    def ideal(cls, amount: int, time: int, coordinate: Coordinate) -> "Demand":
        """The demand on a buffer without series resistance: what is needed is what is gone."""
        return cls(amount, amount, time, coordinate)

    def then(self, other: "Demand") -> "Demand":
        """This, and the other directly after it on the same charge."""
        if self.coordinate is not other.coordinate:
            raise CoordinateMismatch(self.coordinate, other.coordinate)
        return Demand(
            max(self.need, other.need + self.drain), self.drain + other.drain, self.time + other.time, self.coordinate
        )
