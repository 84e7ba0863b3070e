"""The law of a buffer under which waiting costs nothing: for what plans spend, not how long they take."""

from __future__ import annotations

from ischedule.models.cycle_law import CycleLaw, Position, Threshold


class FreeLaw(CycleLaw):
    """Another law's capacities and thresholds, with no price on any cycle."""

    keeps_level = leaves_level = False
    is_minimal_optimal = True
    offset = slip = 0

    def __init__(self, law: CycleLaw) -> None:
        self.law = law
        self.charging, self.head, self.upkeep = law.charging, law.head, law.upkeep
        self.capacity, self.first_capacity = law.capacity, law.first_capacity
        self.limited_by, self.max_cycles = law.limited_by, law.max_cycles
        self.period, self.recharge_target = law.period, law.recharge_target

    def first(self, drain: int) -> int:
        """Nothing."""
        self.require(drain, self.first_capacity)
        return 0

    def mid(self, drain: int) -> int:
        """Nothing."""
        self.require(drain, self.capacity)
        return 0

    def last(self, drain: int) -> int:
        """Nothing."""
        return self.mid(drain)

    def only(self, drain: int) -> int:
        """Nothing."""
        return self.first(drain)

    def threshold(self, drain: int, position: Position) -> Threshold:
        """The other law's."""
        return self.law.threshold(drain, position)

    def shared(self, first: int | None, later: int | None) -> tuple[Threshold, ...]:
        """The other law's."""
        return self.law.shared(first, later)

    def threshold_at(self, level: int, code: int | None) -> Threshold:
        """The other law's."""
        return self.law.threshold_at(level, code)

    def level_left(self, start: int, drain: int) -> int:
        """The other law's."""
        return self.law.level_left(start, drain)

    def recovery(self, drain: int) -> int:
        """The other law's."""
        return self.law.recovery(drain)
