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
    """What running something asks of the buffer.

    `need` must be stored above the floor at the start, `drain` is gone at the end, `time` is the worst-case duration.
    Amounts are femtojoules or femtocoulombs as the coordinate says, time is in picoseconds. Doing one thing after
    another is associative, with `nothing` as its identity. A second thing raises the need only where the first has
    drained the buffer: need is a running maximum, drain and time are sums.

    Where power is guaranteed while the device runs, more can flow in than is drawn: then drain is negative. A level
    above the buffer's ceiling c does not count, so that something which starts at a level x leaves

        min(x, c - rise) - drain        if x >= need and c >= height

    `rise` is how far the level comes to stand above where it was at the start, and `height` the level that the ceiling
    must let it reach: what some part needs when it follows a part that has risen to the ceiling. Both say nothing new
    where no drain is negative: then rise = 0 and height = need.
    """

    need: int
    drain: int
    time: int
    coordinate: Coordinate
    rise: int = 0
    height: int = -1
    """Where it is left out, the need."""

    def __post_init__(self) -> None:
        if self.height < 0:
            object.__setattr__(self, "height", self.need)
        numbers = (self.need, self.drain, self.time, self.rise, self.height)
        if not all(type(number) is int for number in numbers):
            raise TypeError(f"a demand is integers: {numbers}")
        if not (self.need >= max(0, self.drain) and self.time >= 0):
            raise ValueError(
                f"a demand has need >= drain, need >= 0 and time >= 0: "
                f"need={self.need}, drain={self.drain}, time={self.time}"
            )
        if not (self.rise >= max(0, -self.drain) and self.height >= self.need):
            raise ValueError(
                f"a demand has rise >= -drain, rise >= 0 and height >= need: "
                f"need={self.need}, drain={self.drain}, rise={self.rise}, height={self.height}"
            )
        if max(self.height, self.rise, self.time) >= LIMIT:
            raise Overflow(f"a demand stays below 2**62: height={self.height}, rise={self.rise}, time={self.time}")

    @classmethod
    def nothing(cls, coordinate: Coordinate) -> "Demand":
        """The demand of doing nothing."""
        return cls(0, 0, 0, coordinate)

    @classmethod
    def ideal(cls, amount: int, time: int, coordinate: Coordinate) -> "Demand":
        """The demand on a buffer without series resistance: what is needed is what is gone."""
        return cls(amount, amount, time, coordinate)

    @classmethod
    def even(cls, drain: int, excess: int, time: int, coordinate: Coordinate) -> "Demand":
        """Of an activity along which the level falls, or rises, evenly, and never lies less than `excess` high."""
        return cls(max(0, drain) + excess, drain, time, coordinate, max(0, -drain))

    def then(self, other: "Demand") -> "Demand":
        """This, and the other directly after it on the same charge."""
        if self.coordinate is not other.coordinate:
            raise CoordinateMismatch(self.coordinate, other.coordinate)
        lowered = self.rise + self.drain  # how far below the ceiling a level ends that has risen to it
        return Demand(
            max(self.need, other.need + self.drain),
            self.drain + other.drain,
            self.time + other.time,
            self.coordinate,
            max(self.rise, other.rise - self.drain),
            max(self.height, other.height, other.need + lowered),
        )

    def left(self, start: int, ceiling: int) -> int:
        """The level at the end, from a level of at least its need, below a ceiling of at least its height."""
        return min(start, ceiling - self.rise) - self.drain
