"""The levels that a programmable threshold can have."""

from functools import lru_cache

from ischedule.models.buffer import EnergyBuffer
from ischedule.models.charging import ChargingLaw
from ischedule.models.cycle_law import Threshold
from ischedule.models.quantities import Rounding, round_to_integer


class ThresholdLevels:
    """Multiples of the hardware's step from the floor to turn-on, or every level where there is no step.

    A threshold of k steps guarantees its level rounded down and may take its level rounded up. None lies above the
    lowest turn-on voltage or above what the supply reaches; `top` is the highest, None if there is none.
    """

    def __init__(self, charging: ChargingLaw, step: int | None) -> None:
        self.buffer: EnergyBuffer = charging.buffer
        self.step = step
        self.at = lru_cache(1 << 14)(self._at)
        highest = -1 if charging.highest_level is None else charging.highest_level
        self.supply_limits = highest < self.buffer.level_of(self.buffer.turn_on.lo, Rounding.UP)
        if step is None:
            self.top = self._at(min(highest, self.buffer.capacity)) if highest >= 0 else None
            return
        code = self.buffer.turn_on.lo // step
        if self.supply_limits:
            code = min(code, self.buffer.voltage_of(highest, Rounding.DOWN) // step)
        self.top = self._at(code) if self.buffer.level_of(code * step, Rounding.DOWN) >= 0 and highest >= 0 else None

    def _at(self, name: int) -> Threshold:
        """The threshold of a code, or of a level where every level is one."""
        if self.step is None:
            return Threshold(name, name, None, self.buffer.voltage_of(name, Rounding.UP))
        voltage = name * self.step
        exact = self.buffer.exact_level(voltage)
        level = round_to_integer(exact, Rounding.DOWN)
        return Threshold(level, level if exact == level else level + 1, name, voltage)

    def least_name(self, level: int) -> int:
        """The code (or level) of the lowest threshold that guarantees a level of at least 0."""
        if self.step is None:
            return level
        return -(-self.buffer.voltage_of(level, Rounding.UP) // self.step)

    def least_ends(self, level: int) -> tuple[int, int]:
        """What the lowest threshold that guarantees a level guarantees, and what it can take."""
        if self.step is None:
            return level, level
        threshold = self.least(level)
        return threshold.level, threshold.high

    def least(self, level: int) -> Threshold:
        """The lowest threshold that guarantees a level of at least 0."""
        return self.at(self.least_name(level))
