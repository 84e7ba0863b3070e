"""Guaranteed power while running: what flows into the buffer for certain while the device works.

An activity is stated by the most that it takes and the longest that it lasts. A shorter run is given less meanwhile, so
that the power counts over the shortest run only: a stated share of the longest. What an activity takes need not be
spread evenly: at any moment it may be ahead of an even run, or behind it, by what the run takes in a stated time. While
the power drawn exceeds what flows in, the level then lies at most

    swing = power x that time

below a straight line from where the activity began; where less is drawn than flows in, the same bounds how far the
level can fall at all. So the floor is raised by the swing, and the highest level that counts, where the clamp turns
harvest away, is lowered by it: between the two every activity is a straight line.

Through a series resistance R not all of a power P that flows in is stored: at a terminal voltage u the current P / u
loses R (P / u)^2, which is the share R P / u^2, at most, of it.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

from ischedule.models.demand import Coordinate
from ischedule.models.errors import InvalidValue
from ischedule.models.quantities import Rounding, round_to_integer


@dataclass(frozen=True)
class Harvest:
    """At least so much power (femtowatt) at the buffer's terminal while the device runs.

    ``shortest`` is the share of its stated time that every activity lasts at least, ``uneven`` the time (picoseconds)
    by which an activity may be ahead of an even run, or behind it, in what it takes.
    """

    power: int
    shortest: Fraction
    uneven: int

    def __post_init__(self) -> None:
        if not 0 < self.shortest <= 1:
            remedy = 'write more than "0 %" and at most "100 %"'
            raise InvalidValue(str(self.shortest), "is no share of a time", remedy, ".shortest")

    def rate(self, coordinate: Coordinate, resistance: int, lowest: int, highest: int) -> Fraction:
        """What is stored at least: femtojoules or femtocoulombs per picosecond, between two terminal voltages."""
        if coordinate is Coordinate.CHARGE:
            return Fraction(self.power, 1000 * highest)  # fW / nV = 1e9 fA, fA ps = 1e-12 fC
        # uohm fW / nV^2 = 1e-3
        lost = Fraction(resistance * self.power, 1000 * lowest**2) if resistance else Fraction(0)
        return Fraction(self.power, 10**12) * max(Fraction(0), 1 - lost)

    def swing(self, rate: Fraction) -> int:
        """How far the level can lie from a straight line, where so much is stored per picosecond."""
        return round_to_integer(rate * self.uneven, Rounding.UP)
