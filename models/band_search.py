"""Below half the source voltage a higher threshold can charge faster: the best threshold of a stated finite set.

Recharging a drain n up to a level X takes g(X) = T(X) - T(X - n). The charging power v (Vs - v) / R rises until half
the source voltage and falls beyond it, so that g falls, then rises (quasi-convex in X); over all real levels it is
least where both ends have the same power, v(X) + v(X - n) = Vs. A constant current gains power with every volt, so that
g falls all the way up. The set that is searched is the least sufficient
level and 64 evenly spaced ones, or of the hardware's steps every one, every second, ... up to 128. Near its least g is
flat; more of them would gain little. What suffices for more drain is part of what suffices for less, so that prices are
monotone; hence, of coarser steps than the hardware has, the least sufficient one is left out (`has_least`).

Prices are integers and therefore off from g by less than `slack`, which decides when to stop: a threshold whose price
less the slack exceeds the best price has g above the least, so that all further ones on its side do too.
"""

from fractions import Fraction
from typing import Final

from ischedule.models.charging import ChargingLaw
from ischedule.models.cycle_law import Threshold
from ischedule.models.reading import TRUE_READING
from ischedule.models.thresholds import ThresholdLevels

EVEN_LEVELS: Final = 64
"""How many evenly spaced levels are tried; of the hardware's steps at most twice so many."""


class BandSearch:
    """The candidates 1 ... count in ascending order, and the best of those that suffice for a drain."""

    def __init__(self, charging: ChargingLaw, thresholds: ThresholdLevels, top: Threshold) -> None:
        self.charging = charging
        self.thresholds = thresholds
        self.stepped = top.code is not None
        steps = 0 if top.code is None else top.code - thresholds.least_name(0)
        self.stride = max(1, steps // EVEN_LEVELS)
        self.count = EVEN_LEVELS if top.code is None else steps // self.stride + 1
        self.has_least = self.stride == 1
        self.top = top
        self.slack = self._slack(charging, top)
        # the level of Vs/2 + n / (C Vs), the upper end of the best band, as nanovolt per unit of drain
        self.half = charging.strongest
        self.spread = Fraction(0)
        if self.half is not None:
            self.spread = 1 / (4 * charging.buffer.amount_per_volt * self.half)

    def _slack(self, charging: ChargingLaw, top: Threshold) -> int:
        """Two roundings to the grid and to 1 ps; with steps also two levels rounded to integers, or what lies between
        the level that a threshold guarantees and the one that it can take.

        The time per unit of level is largest at an end of the band, where it is at most what one unit takes.
        """
        grid = charging.grain
        if not self.stepped:
            return 2 * grid
        if charging.buffer.reading != TRUE_READING:
            tried = map(self.candidate, range(1, self.count + 1))
            apart = [charging.elapsed_up(one.high) - charging.elapsed_down(one.level) for one in tried]
            return 2 * grid + max(apart)
        ends = [(0, min(1, top.high)), (max(0, top.high - 1), top.high)]
        unit = sum(charging.elapsed_up(high) - charging.elapsed_down(low) for low, high in ends)
        return 2 * grid + 2 * unit

    def candidate(self, index: int) -> Threshold:
        """The threshold of an index: one of the codes, or of the levels."""
        if self.top.code is not None:
            return self.thresholds.at(self.top.code - (self.count - index) * self.stride)
        return self.thresholds.at(self.top.level * index // EVEN_LEVELS)

    def _index(self, code: int) -> int:
        """The first candidate whose code is no lower."""
        return self.count - ((self.top.code or 0) - code) // self.stride

    def least_index(self, level: int) -> int:
        """The first candidate that guarantees a level."""
        if self.stepped:
            return self._index(self.thresholds.least_name(level))
        index = -(-level * EVEN_LEVELS // self.top.level) if self.top.level else 1
        return max(1, index)

    def guess(self, drain: int) -> int:
        """A candidate near the best one; any would do for the result."""
        if self.half is None:
            return self.count
        voltage = self.half + drain * self.spread
        if self.stepped:
            return self._index(int(voltage / (self.thresholds.step or 1)))
        level = self.charging.buffer.exact_level(voltage)
        return int(EVEN_LEVELS * level / Fraction(max(1, self.top.level)))

    def price(self, threshold: Threshold, drain: int) -> int:
        """U(X_high) - D(X - n)."""
        return self.charging.elapsed_up(threshold.high) - self.charging.elapsed_down(threshold.level - drain)

    def best(self, drain: int, above: int) -> tuple[int, Threshold] | None:
        """The least price of the candidates that guarantee `above` and the drain; the lowest threshold among equals."""
        first = self.least_index(max(drain, above))
        if first > self.count:
            return None
        start = min(max(self.guess(drain), first), self.count)
        best = (self.price(self.candidate(start), drain), start)
        for way in (range(start - 1, first - 1, -1), range(start + 1, self.count + 1)):
            for index in way:
                price = self.price(self.candidate(index), drain)
                if price - self.slack > best[0]:
                    break
                best = min(best, (price, index))
        return best[0], self.candidate(best[1])
