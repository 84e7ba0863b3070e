"""The levels that a programmable threshold can have."""

from functools import lru_cache

from ischedule.models.buffer import EnergyBuffer
from ischedule.models.charging import ChargingLaw
from ischedule.models.cycle_law import Threshold
from ischedule.models.quantities import Rounding


class ThresholdLevels:
    """Multiples of the hardware's step from the floor to turn-on, or every level where there is no step.

    A threshold of k steps guarantees the level of the voltage that reading it guarantees, and may take that of the
    highest voltage it may be read at. None lies above the lowest turn-on voltage or above what the supply reaches;
    `top` is the highest, None if there is none.
    """

    def __init__(self, charging: ChargingLaw, step: int | None) -> None:
        self.buffer: EnergyBuffer = charging.buffer
        self.step = step
        self.at = lru_cache(1 << 14)(self._at)
        highest = -1 if charging.highest_level is None else charging.highest_level
        self.supply_limits = highest < self.buffer.reached_level(self.buffer.turn_on.lo)
        if step is None:
            self.top = self._at(min(highest, self.buffer.capacity)) if highest >= 0 else None
            return
        code = self.buffer.turn_on.lo // step
        if self.supply_limits:
            reached = self.buffer.voltage_of(highest, Rounding.DOWN) - self.buffer.reading.error
            code = min(code, max(0, reached) // step)
        self.top = self._at(code) if self.buffer.guaranteed_level(code * step) >= 0 and highest >= 0 else None

    def _at(self, name: int) -> Threshold:
        """The threshold of a code, or of a level where every level is one."""
        if self.step is None:
            return Threshold(name, name, None, self.buffer.voltage_of(name, Rounding.UP))
        voltage = name * self.step
        return Threshold(self.buffer.guaranteed_level(voltage), self.buffer.reached_level(voltage), name, voltage)

    def least_name(self, level: int) -> int:
        """The code (or level) of the lowest threshold that guarantees a level of at least 0."""
        if self.step is None:
            return level
        code = -(-self.buffer.read_for(level) // self.step)
        while code > 0 and self.buffer.guaranteed_level((code - 1) * self.step) >= level:
            code -= 1  # what to read was rounded up
        return code

    def least_ends(self, level: int) -> tuple[int, int]:
        """What the lowest threshold that guarantees a level guarantees, and what it can take."""
        if self.step is None:
            return level, level
        threshold = self.least(level)
        return threshold.level, threshold.high

    def least(self, level: int) -> Threshold:
        """The lowest threshold that guarantees a level of at least 0."""
        return self.at(self.least_name(level))
