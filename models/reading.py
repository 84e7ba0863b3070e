"""Reading: which voltage inside the capacitor is guaranteed where a supervisor has read a threshold."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import Final

from ischedule.models.errors import InvalidValue
from ischedule.models.quantities import Rounding, round_to_integer


@dataclass(frozen=True)
class Reading:
    """What lies between a threshold that was read and the voltage that a power cycle starts at, all in nanovolt.

    `error` is how far comparator or converter are off, either way: offset, hysteresis and one step. Charging current
    through the series resistance lifts the terminal by up to `over_read` above the voltage inside. An uncharged
    capacitance (`decoupling`, femtofarad) that is switched on with the load takes its share of the charge, and in a
    supercapacitor up to `redistribution` goes where the load does not reach it.

        guaranteed(read) = (read - error - over_read) C / (C + decoupling) - redistribution
    """

    error: int = 0
    over_read: int = 0
    decoupling: int = 0
    redistribution: int = 0

    def __post_init__(self) -> None:
        for name in ("error", "over_read", "decoupling", "redistribution"):
            if getattr(self, name) < 0:
                raise InvalidValue(getattr(self, name), "is negative", "write a value of at least 0", f".{name}")

    def guaranteed(self, read: int, capacitance: int) -> Fraction:
        """The least voltage (nanovolt) at which a cycle starts, at least 0; the capacitance is the least."""
        inside = Fraction(read - self.error - self.over_read) * capacitance / (capacitance + self.decoupling)
        return max(Fraction(0), inside - self.redistribution)

    def wanted(self, inside: int, capacitance: int) -> int:
        """The least voltage (whole nanovolt) to read so that this one is guaranteed."""
        before = Fraction(inside + self.redistribution) * (capacitance + self.decoupling) / capacitance
        return round_to_integer(before, Rounding.UP) + self.error + self.over_read


TRUE_READING: Final = Reading()
"""Thresholds that mean what they say."""
