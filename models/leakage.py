"""Leakage: what a capacitor and all that always hangs on it lose by themselves."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import Final

from ischedule.models.demand import Coordinate
from ischedule.models.errors import InvalidValue


@dataclass(frozen=True)
class Leakage:
    """The most that leaks: a current (femtoampere) at every voltage, and one through a resistance (microohm)."""

    current: int = 0
    resistance: int | None = None

    def __post_init__(self) -> None:
        if self.current < 0:
            raise InvalidValue(self.current, "is negative", "write a current of at least 0 A", ".current")
        if self.resistance is not None and self.resistance <= 0:
            problem, remedy = "leaks without bound", "write a resistance above 0 ohm over its interval"
            raise InvalidValue(self.resistance, problem, remedy, ".resistance")

    @property
    def is_none(self) -> bool:
        """Whether nothing leaks."""
        return self.current == 0 and self.resistance is None

    def current_at(self, voltage: Fraction | int) -> Fraction:
        """The most that flows (femtoampere) at a voltage (nanovolt) or below it."""
        # nV / uohm = 1e-3 A = 1e12 fA
        through = Fraction(0) if self.resistance is None else Fraction(voltage) * 10**12 / self.resistance
        return self.current + through

    def power_at(self, voltage: Fraction | int) -> Fraction:
        """The most that is lost (femtowatt) at a voltage (nanovolt) or below it; nV fA = 1e-24 W = 1e-9 fW."""
        return self.current_at(voltage) * voltage / 10**9

    def rate_at(self, voltage: Fraction | int, coordinate: Coordinate) -> Fraction:
        """The most that is lost per second, in femtojoules or femtocoulombs."""
        return self.power_at(voltage) if coordinate is Coordinate.ENERGY else self.current_at(voltage)


NO_LEAKAGE: Final = Leakage()
