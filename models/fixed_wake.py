"""Fixed wake: after every cycle the runtime waits for the turn-on level."""

from ischedule.models.charging import ChargingLaw
from ischedule.models.cycle_law import CycleLaw, Head, Position, Threshold, Upkeep
from ischedule.models.diagnosis import Diagnosis
from ischedule.models.quantities import Rounding
from ischedule.models.wake import Mechanism


class FixedWakeLaw(CycleLaw):
    """Every cycle begins at turn-on, so that its price is the wait after it and depends on its own drain alone.

    A cycle that drains e leaves the level X - e (less one poll's reserve while sensing), from which charging to turn-on
    takes U(X_high) - D(X - e). When the rest is burnt, the wait is the same after every cycle: burning the whole band,
    then charging from the lowest brown-out voltage. The last cycle's wait counts if the latency ends with the buffer
    recharged. A charged start costs nothing before the first cycle; others charge to turn-on first.
    """

    is_minimal_optimal = True
    keeps_level = leaves_level = False
    slip = 0

    def __init__(
        self,
        charging: ChargingLaw,
        mechanism: Mechanism,
        head: Head,
        upkeep: Upkeep,
        period: int | None,
        recharged: bool,
    ) -> None:
        buffer = charging.buffer
        self.charging, self.head, self.upkeep, self.period = charging, head, upkeep, period
        self.turn_on = Threshold(buffer.capacity, buffer.turn_on_high, None, buffer.turn_on.hi)
        self.bottom: int | None = None
        if mechanism is Mechanism.BURN:
            self.bottom = buffer.level_of(buffer.brown_out.lo, Rounding.DOWN)
        self.capacity = self.first_capacity = buffer.capacity - upkeep.reserve
        self.limited_by = Diagnosis.ATOM_TOO_LARGE
        self.recharge_target = buffer.turn_on_high if recharged else None
        self.max_cycles = None if charging.reaches(buffer.turn_on_high) else 1
        self.offset = head.delay
        if head.waits:
            self.offset += charging.charge_time(head.level, buffer.turn_on_high) + upkeep.latency
        self.recharge = upkeep.pause + upkeep.latency
        if self.max_cycles is None:
            self.recharge += charging.elapsed_up(buffer.turn_on_high)

    def mid(self, drain: int) -> int:
        self.require(drain, self.capacity)
        self.charging.require(self.turn_on.high)
        return self.recharge - self.charging.elapsed_down(self.level_left(self.turn_on.level, drain))

    def first(self, drain: int) -> int:
        return self.mid(drain)

    def last(self, drain: int) -> int:
        self.require(drain, self.capacity)
        return 0 if self.recharge_target is None else self.mid(drain)

    def only(self, drain: int) -> int:
        return self.last(drain)

    def threshold(self, drain: int, position: Position) -> Threshold:
        self.require(drain, self.capacity)
        return self.turn_on

    def shared(self, first: int | None, later: int | None) -> tuple[Threshold, ...]:
        return (self.turn_on,)

    def threshold_at(self, level: int, code: int | None) -> Threshold:
        if level != self.turn_on.level or code is not None:
            raise ValueError(
                f"under fixed wake the only threshold is turn-on, at {self.turn_on.level}: {level}, {code}"
            )
        return self.turn_on

    def level_left(self, start: int, drain: int) -> int:
        return start - drain - self.upkeep.reserve if self.bottom is None else self.bottom

    def recovery(self, drain: int) -> int:
        return self.mid(drain)
