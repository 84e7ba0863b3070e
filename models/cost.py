"""What the primitives of a device cost: an amount of energy (or charge) and a time, exactly."""

from dataclasses import dataclass
from fractions import Fraction
from typing import Final

from ischedule.models.draw import Draw
from ischedule.models.quantities import Rounding, round_to_integer

FINE: Final = 10**9
"""Fine units per internal unit: a `Cost` counts 1e-9 fJ (1e-24 J) and 1e-9 ps (1e-21 s)."""


@dataclass(frozen=True)
class Effort:
    """What an activity takes: an amount of the buffer coordinate (fJ, or fC behind a regulator) and ps."""

    amount: int
    time: int
    draw: Draw | None = None
    """What it draws meanwhile, None where that is as the case's load."""

    def __post_init__(self) -> None:
        _check_counts(self.amount, self.time)


@dataclass(frozen=True)
class Cost:
    """Energy and time of one primitive, in fine units, so that sums over millions of primitives stay exact."""

    energy: int
    time: int

    def __post_init__(self) -> None:
        _check_counts(self.energy, self.time)

    @classmethod
    def of(cls, joules: Fraction, seconds: Fraction) -> "Cost":
        """The cost just at or above these SI figures."""
        return cls(
            round_to_integer(joules * 10**15 * FINE, Rounding.UP),
            round_to_integer(seconds * 10**12 * FINE, Rounding.UP),
        )

    def __add__(self, other: "Cost") -> "Cost":
        return Cost(self.energy + other.energy, self.time + other.time)

    def times(self, count: int) -> "Cost":
        """The cost of so many repetitions."""
        return Cost(self.energy * count, self.time * count)

    def rounded_up(self) -> Effort:
        """The same in internal units (fJ, ps): done once for each atom, never for its parts."""
        return Effort(-(-self.energy // FINE), -(-self.time // FINE))


@dataclass(frozen=True)
class LinearCost:
    """A command on a vector: a fixed part and a part for each element."""

    per_element: Cost
    fixed: Cost

    def of(self, elements: int) -> Cost:
        """The cost of one command on so many elements."""
        return self.per_element.times(elements) + self.fixed


@dataclass(frozen=True)
class PerOrder:
    """A cost that depends on the loop order, which is named after the operand that it reuses."""

    input: Cost
    weight: Cost
    output: Cost

    def __getitem__(self, order: str) -> Cost:
        if order not in ("input", "weight", "output"):
            raise KeyError(order)
        cost: Cost = getattr(self, order)
        return cost


def _check_counts(amount: int, time: int) -> None:
    for value in (amount, time):
        if type(value) is not int or value < 0:
            raise ValueError(f"amounts and times are integers of at least 0: {value!r}")
