"""The certified rule for the SMT encoding: where a plan begins, what a cycle may wait for, and how long charging takes.

Model section 5 and nothing else: cycle k starts at the higher of its threshold and the level left. Prices of cycles,
which regroup the waits of this rule, are not used.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property

from ischedule.models.conflict import Named
from ischedule.models.cycle_law import CycleLaw, Threshold
from ischedule.models.fixed_wake import FixedWakeLaw
from ischedule.models.programmable_wake import ProgrammableWakeLaw


@dataclass(frozen=True)
class Rule:
    """The rule of one law, asked for single levels.

    ``choices`` are the thresholds of the stated finite set, in ascending order, where one is searched; elsewhere the
    least sufficient threshold is waited for, or turn-on. ``dropped`` are requirements that do not count.
    """

    law: CycleLaw
    choices: tuple[Threshold, ...]
    has_least: bool
    is_fixed: bool
    is_continuous: bool
    dropped: frozenset[Named] = frozenset()

    @classmethod
    def of(cls, law: CycleLaw) -> Rule:
        """The rule of a law."""
        if not isinstance(law, ProgrammableWakeLaw):
            return cls(law, (), True, True, False)
        search = law.search
        choices = () if search is None else tuple(map(search.candidate, range(1, search.count + 1)))
        return cls(law, choices, search is None or search.has_least, False, law.thresholds.step is None)

    @cached_property
    def levels(self) -> tuple[int, ...]:
        """What the thresholds of the stated set guarantee."""
        return tuple(one.level for one in self.choices)

    @property
    def top(self) -> int:
        """The highest level that a cycle can be guaranteed by waiting."""
        return self.law.capacity + self.law.upkeep.reserve

    def most(self, is_first: bool) -> int:
        """The highest level at which a cycle can be guaranteed to start."""
        return max(self.top, self.law.head.level) if is_first else self.top

    @property
    def bottom(self) -> int | None:
        """The level after every cycle where the rest is burnt."""
        return self.law.bottom if isinstance(self.law, FixedWakeLaw) else None

    @property
    def turn_on(self) -> Threshold:
        """The lowest threshold: that of every cycle under fixed wake."""
        return self.least(0)

    @property
    def ground(self) -> int | None:
        """The level below which every cycle but the first waits, None where charging takes no time."""
        return None if Named.SUPPLY in self.dropped else self.turn_on.level

    @property
    def first_level(self) -> int:
        """The level at which a plan begins."""
        head = self.law.head.level
        return max(head, self.top) if Named.START in self.dropped else head

    @property
    def first_time(self) -> int:
        """The time before the first cycle's wait."""
        return 0 if Named.START in self.dropped else self.law.head.delay

    def least(self, level: int) -> Threshold:
        """The lowest threshold that guarantees a level; without the wake level as a requirement there is always one."""
        if level > self.top and Named.WAKE in self.dropped:
            return replace(self.least(self.top), level=level)
        if isinstance(self.law, ProgrammableWakeLaw):
            return self.law.thresholds.least(level)
        return self.law.threshold_at(self.law.charging.buffer.capacity, None)

    def has_code(self) -> bool:
        """Whether thresholds are steps of the hardware."""
        return not self.is_fixed and not self.is_continuous

    def up(self, level: int) -> int:
        """The time from the floor up to a level, rounded up."""
        return self.law.charging.elapsed_up(level)

    def down(self, level: int) -> int:
        """The time from the floor up to a level, rounded down."""
        return self.law.charging.elapsed_down(level)

    def worth(self, level: int) -> int:
        """The time that a level saves when the buffer is charged again; nothing where it never is."""
        return self.down(level) if self.law.charging.reaches(max(level, self.top)) else 0

    def ended(self, time: int, level: int) -> int:
        """The time when a plan has ended whose last cycle ended at a time and left a level."""
        law, target = self.law, self.law.recharge_target
        if target is None:
            return time
        charging = 0 if Named.SUPPLY in self.dropped else law.charging.charge_time(level, target)
        return time + law.upkeep.pause + charging + law.upkeep.latency

    def asked(self, need: int, is_first: bool) -> int:
        """What a threshold has to guarantee: nothing where the first cycle finds enough at hand."""
        return 0 if is_first and need <= self.law.head.level else need
