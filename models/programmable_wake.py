"""Programmable wake: every cycle waits for a threshold of its own."""

from ischedule.models.band_search import BandSearch
from ischedule.models.charging import ChargingLaw, SourceCharging
from ischedule.models.current_charging import RootCharging
from ischedule.models.cycle_law import CycleLaw, Head, Position, Threshold, Upkeep, Way
from ischedule.models.demand import Coordinate
from ischedule.models.diagnosis import Diagnosis
from ischedule.models.thresholds import ThresholdLevels


def minimal_is_optimal(charging: ChargingLaw) -> bool:
    """Whether waiting for the least sufficient level is best whatever the plan.

    It is where what charges the buffer (power for energies, current for charges) never rises with the level: the same
    drain is then recharged no faster in a higher band. Constant power is level (its current falls); the current of a
    source falls; its power v (Vs - v) / R falls above half its voltage, so the whole band must lie there. The power of
    a constant current rises all the way.
    """
    if isinstance(charging, RootCharging):
        return False
    if charging.buffer.coordinate is Coordinate.CHARGE or not isinstance(charging, SourceCharging):
        return True
    return 4 * charging.buffer.floor_squared >= charging.source**2


class ProgrammableWakeLaw(CycleLaw):
    """A cycle's price joins the wait before it to the level it leaves for the next wait.

    With U and D the elapsed times up and down, and n the drain and one poll's reserve, waiting from x to X takes
    U(X) - D(x), so that a plan's waits regroup into one term per cycle:

        mid    U(X_high) - D(X - n)    at the least sufficient X, or the best of the stated set
        last   U(X_high)               at the least sufficient X
        first  as mid, but from the head's level h: D(h) + (U(X_high) - D(h) or 0) - D(max(X, h) - n)
        offset the head's delay - D(h)

    Each is non-decreasing in n. Under one threshold D falls with X - n. From one least threshold Y to the next X the
    drain n exceeds Y; more is charged in a higher band, which is no faster, hence T(X) - T(X - n) >= T(Y), and so
    U(X) - D(X - n) >= U(Y) (see `charging`), which is the most that Y's price can be. The same holds where thresholds
    pass the head: T(X) - T(X - n) >= T(h) - T(h - Y) gives U(X) - D(X - n) >= D(h) - D(h - Y). The least of a set that
    shrinks as n grows is non-decreasing too.

    A cold device comes up at its power-on level, boots, arms its threshold and waits on from what is left. A charged
    one starts at turn-on without waiting. Recharging, for a charged start, ends at turn-on: the last price is then
    mid's plus U(turn-on). A periodic start counts as one from the floor, the least that an inference can leave.
    """

    def __init__(
        self,
        charging: ChargingLaw,
        thresholds: ThresholdLevels,
        top: Threshold,
        head: Head,
        upkeep: Upkeep,
        period: int | None,
        recharged: bool,
        limited_by: Diagnosis,
    ) -> None:
        self.charging, self.thresholds, self.head = charging, thresholds, head
        self.upkeep, self.period, self.limited_by = upkeep, period, limited_by
        self.capacity = top.level - upkeep.reserve
        self.first_capacity = max(top.level, head.level) - upkeep.reserve
        self.max_cycles = None
        self.recharge_target = charging.buffer.turn_on_high if recharged and not head.waits else None
        self.search: BandSearch | None = None
        if not minimal_is_optimal(charging):
            self.search = BandSearch(charging, thresholds, top)
        self.is_minimal_optimal = self.search is None
        self.keeps_level = head.level > 0
        self.leaves_level = self.search is not None or top.code is not None
        self.slip = 0
        if top.code is not None:
            # the highest step is the widest
            below = thresholds.at(top.code - 1).level if top.code else 0
            self.slip = charging.elapsed_up(min(top.level, top.high - below))
        self.elapsed_at_head = charging.elapsed_down(head.level)
        self.offset = head.delay - self.elapsed_at_head
        self.tail = 0
        if self.recharge_target is not None:
            self.tail = charging.elapsed_up(self.recharge_target) + upkeep.latency

    def _need(self, drain: int, capacity: int) -> int:
        self.require(drain, capacity)
        return drain + self.upkeep.reserve

    def _mid_from_least(self, need: int) -> int:
        level, high = self.thresholds.least_ends(need)
        return self.charging.elapsed_up(high) - self.charging.elapsed_down(level - need)

    def _mid(self, need: int) -> tuple[int, Threshold]:
        best = self.search.best(need, 0) if self.search else None
        if best and self.search and not self.search.has_least:
            return best
        found = self._mid_from_least(need), self.thresholds.least(need)
        return min(found, best, key=lambda one: (one[0], one[1].level)) if best else found

    def _from_head(self, threshold: Threshold, need: int) -> int:
        """Waiting from the head's level for a threshold, then the level left, without offset and latency."""
        wait = self.charging.charge_time(self.head.level, threshold.high)
        start = max(threshold.level, self.head.level)
        return self.elapsed_at_head + wait - self.charging.elapsed_down(start - need)

    def _first(self, need: int) -> tuple[int, Threshold]:
        if not self.head.waits:
            return self.elapsed_at_head - self.charging.elapsed_down(self.head.level - need), self._least_of_first(need)
        least = self._least_of_first(need)
        found = (self._from_head(least, need), least)
        best = self.search.best(need, self.head.level + 1) if self.search else None
        if best and self.search and not self.search.has_least and need > self.head.level:
            return best
        return min(found, best, key=lambda one: (one[0], one[1].level)) if best else found

    def _least_of_first(self, need: int) -> Threshold:
        """The least threshold that suffices, at most the top one. Where the head holds enough any would do, and it is
        taken if that waits for nothing: from it the cycle can be run again."""
        least = self.thresholds.least(min(need, self.capacity + self.upkeep.reserve))
        if need <= self.head.level and self.head.waits and least.high > self.head.level:
            return self.thresholds.least(0)
        return least

    def first(self, drain: int) -> int:
        price, _ = self._first(self._need(drain, self.first_capacity))
        return price + (self.upkeep.latency if self.head.waits else 0)

    def mid(self, drain: int) -> int:
        need = self._need(drain, self.capacity)
        price = self._mid_from_least(need) if self.search is None else self._mid(need)[0]
        return price + self.upkeep.latency

    def last(self, drain: int) -> int:
        if self.recharge_target is not None:
            return self.mid(drain) + self.tail
        _, high = self.thresholds.least_ends(self._need(drain, self.capacity))
        return self.charging.elapsed_up(high) + self.upkeep.latency

    def only(self, drain: int) -> int:
        need = self._need(drain, self.first_capacity)
        if not self.head.waits:
            return self.elapsed_at_head if self.recharge_target is None else self.first(drain) + self.tail
        wait = self.charging.charge_time(self.head.level, self._least_of_first(need).high)
        return self.elapsed_at_head + wait + self.upkeep.latency

    def kept(self, drain: int) -> int:
        need = self._need(drain, self.first_capacity)
        if not self.head.waits:
            return self.charging.elapsed_down(self.head.level - need)
        # no threshold is reached before the least one, whichever the price belongs to
        least = self._least_of_first(need)
        reach = self.elapsed_at_head + self.charging.charge_time(self.head.level, least.high)
        return reach - self._first(need)[0]

    def unwaited(self, position: Position, drain: int) -> int:
        need = self._need(drain, self.capacity)
        if position is Position.LAST and self.recharge_target is None:
            return self.upkeep.latency
        return self.upkeep.latency - self._most_left(need) + (self.tail if position is Position.LAST else 0)

    def ways(self, position: Position, drain: int) -> tuple[Way, ...]:
        if position is Position.ONLY:
            raise ValueError("the only cycle of a plan has one way")
        latency, charging = self.upkeep.latency, self.charging
        if position is Position.FIRST:
            need, head = self._need(drain, self.first_capacity), self.head
            least = self._least_of_first(need)
            if not head.waits:
                return (Way(least, self.elapsed_at_head, charging.elapsed_down(head.level - need)),)
            arrival = self.elapsed_at_head + latency
            return tuple(
                Way(
                    one,
                    arrival + charging.charge_time(head.level, one.high),
                    charging.elapsed_down(max(one.level, head.level) - need),
                )
                for one in self._tried(least, max(need, head.level + 1), need <= head.level)
            )
        need = self._need(drain, self.capacity)
        least = self.thresholds.least(need)
        if position is Position.LAST and self.recharge_target is None:
            return (Way(least, charging.elapsed_up(least.high) + latency, 0),)
        tail = self.tail if position is Position.LAST else 0
        return tuple(
            Way(one, charging.elapsed_up(one.high) + latency, charging.elapsed_down(one.level - need) - tail)
            for one in self._tried(least, need, False)
        )

    def _tried(self, least: Threshold, level: int, has_least: bool) -> list[Threshold]:
        """Where a set is searched those of it that guarantee a level, with the least sufficient threshold if it belongs
        to the set or `has_least`; otherwise that one alone."""
        if self.search is None:
            return [least]
        found = map(self.search.candidate, range(self.search.least_index(level), self.search.count + 1))
        if has_least or self.search.has_least:
            return [least, *(one for one in found if one != least)]
        return list(found)

    def rise(self, drain: int) -> int:
        _, high = self.thresholds.least_ends(self._need(drain, self.capacity))
        return self.charging.elapsed_up(high)

    def _most_left(self, need: int) -> int:
        """What a cycle can leave that starts at its threshold, in picoseconds: of any threshold if a set is searched.

        Where the least one is best a cycle with a need below the level at hand may be joined to the one before, and no
        threshold above that level makes up for it: T(X) - T(X - n) >= T(x) - T(x - n) for X above the level x.
        """
        level = self.thresholds.least_ends(need)[0] if self.search is None else self.capacity + self.upkeep.reserve
        return self.charging.elapsed_down(level - need)

    def threshold(self, drain: int, position: Position) -> Threshold:
        if position in (Position.FIRST, Position.ONLY):
            need = self._need(drain, self.first_capacity)
            return self._first(need)[1] if position is Position.FIRST else self._least_of_first(need)
        need = self._need(drain, self.capacity)
        if position is Position.LAST and self.recharge_target is None:
            return self.thresholds.least(need)
        return self.thresholds.least(need) if self.search is None else self._mid(need)[1]

    def shared(self, first: int | None, later: int | None) -> tuple[Threshold, ...]:
        wanted = 0 if later is None else self._need(later, self.capacity)
        if first is not None:
            need = self._need(first, self.first_capacity)
            if need > self.head.level:
                wanted = max(wanted, min(need, self.capacity + self.upkeep.reserve))
        return tuple(self._tried(self.thresholds.least(wanted), wanted, True))

    def codes_from(self, least: Threshold) -> list[Threshold]:
        """One of the hardware's thresholds and all higher ones."""
        top = self.thresholds.least(self.capacity + self.upkeep.reserve).code
        if least.code is None or top is None:
            raise ValueError("every level is a threshold")
        return [self.thresholds.at(code) for code in range(least.code, top + 1)]

    def threshold_at(self, level: int, code: int | None) -> Threshold:
        continuous = self.thresholds.step is None
        name = level if continuous else code
        lowest = self.thresholds.least_name(0)
        highest = self.thresholds.least_name(self.capacity + self.upkeep.reserve)
        if name is None or not lowest <= name <= highest:
            kind = "level" if continuous else "code"
            raise ValueError(f"a threshold's {kind} lies from {lowest} to {highest}: {name}")
        threshold = self.thresholds.at(name)
        if (threshold.level, threshold.code) != (level, code):
            raise ValueError(f"the threshold of code {threshold.code} has level {threshold.level}: {level}, {code}")
        return threshold

    def level_left(self, start: int, drain: int) -> int:
        return start - drain - self.upkeep.reserve

    def recovery(self, drain: int) -> int:
        self.require(drain, self.first_capacity)
        return 0
