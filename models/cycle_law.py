"""The price of power cycles: what a plan waits, given what each of its cycles drains."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum

from ischedule.models.charging import ChargingLaw
from ischedule.models.diagnosis import Diagnosis
from ischedule.models.response_time import CurveRule

NEVER = -(1 << 200)
"""Less than any elapsed time."""


class Position(Enum):
    """Where in a plan a power cycle stands; a plan of one cycle has an ONLY one."""

    FIRST = "first"
    MID = "mid"
    LAST = "last"
    ONLY = "only"


@dataclass(frozen=True, slots=True)
class Threshold:
    """A level that a cycle can wait for: `level` is guaranteed when it is reached, `high` can be what it takes.

    `code` counts the steps of the hardware from 0 V, None where there are none. `voltage` is in nanovolt; where every
    level is a threshold (an idealisation) it is rounded up for display, and the level is what is certified.
    """

    level: int
    high: int
    code: int | None
    voltage: int


@dataclass(frozen=True, slots=True)
class Way:
    """One of several cycles at one of the thresholds that it may wait for: `reach` is what it costs until it has begun,
    `left` what of that the level it leaves is worth to the next one. Its price at this threshold is the difference.
    """

    threshold: Threshold
    reach: int
    left: int


@dataclass(frozen=True)
class Head:
    """Where the first cycle of a plan comes from.

    The level at which its wait begins, the time before that, and whether it waits at all (a charged start does not).
    """

    level: int
    delay: int
    waits: bool


@dataclass(frozen=True)
class Upkeep:
    """What waiting itself costs.

    `reserve` is held back from every cycle for one poll, `latency` passes between reaching a threshold and noticing it,
    `pause` between the end of a cycle and the moment charging begins.
    """

    reserve: int
    latency: int
    pause: int


class CycleLaw(ABC):
    """Prices for the power cycles of one buffer, supply, wake and start. All demands here have need = drain = e.

    Beyond its active time a plan of cycles with drains e_1 ... e_K takes

        offset + first(e_1) + mid(e_2) + ... + mid(e_K-1) + last(e_K)    or    offset + only(e_1)

    picoseconds. Each price is non-decreasing in e. Under fixed wake this is what the certified rule takes (`replay`).
    Under programmable wake it is so as long as no cycle but the first begins above its threshold. Otherwise the sum
    counts the surplus as time gained: a relaxation, below what the rule takes (up to the rounding of time) wherever
    minimal thresholds are optimal.

    Where an inference starts above the floor, the surplus can be large after the first cycle (`keeps_level`): what is
    left there is worth `kept(e_1)` picoseconds of later waiting. A second cycle that drains less than is left waits for
    nothing, and gains nothing: it costs at least `unwaited` more than the time that has passed. So the state after the
    first cycle is a label (cost, elapsed = cost + kept), and the second cycle costs

        max(cost + price(e_2), elapsed + unwaited(e_2))

    which is the sum of prices wherever it waits; where it does not, one cycle for both costs no more. `unwaited` falls
    by at most `slip` as a drain grows.

    Where later cycles leave a level too (`leaves_level`), the same holds behind each of them, and every threshold worth
    trying is a way of its own (`ways`): from a state (cost, elapsed) the cycle has begun when

        max(cost + reach, elapsed + latency)

    has passed, and that less `left` is its cost (`ended`). This is never below what the certified rule takes, and
    equals it where the cycle waits for a threshold above the level at hand. A cycle that does not may be run together
    with the one before it, at that one's threshold: that waits no longer, drains no more, leaves no less, and saves
    a commit and a resume. So the least over all plans and ways is what the best plan takes by the rule.

    `capacity` is the largest drain of any cycle, `first_capacity` that of the first one, `limited_by` what keeps a
    cycle from draining more. `max_cycles` is 1 where the supply cannot recharge what a charged start spends. `period`
    is what a periodic start assumes: latency plus `recovery` of the last cycle must not exceed it.
    `is_minimal_optimal` tells whether the least sufficient thresholds are the best, up to the rounding of time, of all
    thresholds that each suffice for their own cycle (with coarse steps, leaving a cycle to what the one before it left
    can save up to a step); if not, the best of a stated finite set is taken.
    """

    charging: ChargingLaw
    head: Head
    upkeep: Upkeep
    offset: int
    capacity: int
    first_capacity: int
    limited_by: Diagnosis
    max_cycles: int | None
    period: int | None
    is_minimal_optimal: bool
    keeps_level: bool
    leaves_level: bool
    """Whether a later cycle, too, can leave a level above the floor: by steps of the hardware, or in a better band."""
    slip: int
    recharge_target: int | None
    """The level to which the buffer must be recharged after the last cycle, None if the last publish is the end."""

    curve: CurveRule | None = None
    """How cycles wait under a supply curve. Then what a plan takes is no sum of prices: it is the rule's response time,
    the offset is 0, and the prices, at one power for the whole curve, only steer a search."""

    @abstractmethod
    def first(self, drain: int) -> int:
        """The price of the first of several cycles."""

    @abstractmethod
    def mid(self, drain: int) -> int:
        """The price of a cycle between two others."""

    @abstractmethod
    def last(self, drain: int) -> int:
        """The price of the last of several cycles."""

    @abstractmethod
    def only(self, drain: int) -> int:
        """The price of the one cycle of a plan."""

    def kept(self, drain: int) -> int:
        """By how much the price of the first of several cycles is less than the time that it takes, at least."""
        return 0

    def unwaited(self, position: Position, drain: int) -> int:
        """What a second cycle costs at least beyond the time that has passed before it; it is in the middle or LAST."""
        raise ValueError(f"no cycle of this law begins above its threshold: {position}, {drain}")

    def ways(self, position: Position, drain: int) -> tuple[Way, ...]:
        """One of several cycles at each threshold worth trying, the best of which has its price."""
        raise ValueError(f"no later cycle of this law leaves a level: {position}, {drain}")

    def rise(self, drain: int) -> int:
        """The elapsed time up to the least threshold that suffices for a drain: no later cycle with as much or more
        waits for less."""
        return 0

    def ended(self, way: Way, cost: int, elapsed: int) -> tuple[int, int]:
        """Cost and elapsed time behind a cycle, without what it is active, where they were these before it: the elapsed
        time `NEVER` if the cycle waits for certain."""
        passed = max(cost + way.reach, elapsed + self.upkeep.latency)
        return passed - way.left, passed

    @abstractmethod
    def threshold(self, drain: int, position: Position) -> Threshold:
        """The threshold to which the price belongs."""

    @abstractmethod
    def shared(self, first: int | None, later: int | None) -> tuple[Threshold, ...]:
        """The thresholds worth trying for cycles that all wait for the same one; each suffices for all of them.

        `first` is what the plan's first cycle drains if it is among them, `later` the most that any other one does.
        """

    @abstractmethod
    def threshold_at(self, level: int, code: int | None) -> Threshold:
        """The threshold that a plan names by the level it guarantees and its code, if the hardware has codes.

        Raises ValueError for one that the hardware does not have or the supply does not reach.
        """

    @abstractmethod
    def level_left(self, start: int, drain: int) -> int:
        """The level at which the next wait begins, after a cycle that began at `start`."""

    @abstractmethod
    def recovery(self, drain: int) -> int:
        """The time from the last publish, of a cycle with this drain, until a periodic start is what it assumes."""

    def price(self, position: Position, drain: int) -> int:
        """The price of a cycle by its position."""
        return {
            Position.FIRST: self.first,
            Position.MID: self.mid,
            Position.LAST: self.last,
            Position.ONLY: self.only,
        }[position](drain)

    def waiting(self, drains: Sequence[int]) -> int:
        """What a plan costs beyond its active time: the sum of all prices, the second cycle's at least `unwaited`."""
        prices = [self.price(position, drain) for position, drain in zip(positions(len(drains)), drains, strict=True)]
        if self.keeps_level and len(drains) > 1:
            position = Position.LAST if len(drains) == 2 else Position.MID
            prices[1] = max(prices[1], self.kept(drains[0]) + self.unwaited(position, drains[1]))
        return self.offset + sum(prices)

    @property
    def least_waiting(self) -> int:
        """What every plan waits at least."""
        return self.head.delay

    def require(self, drain: int, capacity: int) -> None:
        """Raise ValueError for a drain that no cycle can have."""
        if not 0 <= drain <= capacity:
            raise ValueError(f"a cycle drains between 0 and the capacity: drain={drain}, capacity={capacity}")


def positions(cycles: int) -> list[Position]:
    """The positions of the cycles of a plan, in order."""
    if cycles < 1:
        raise ValueError(f"a plan has at least one cycle: {cycles}")
    if cycles == 1:
        return [Position.ONLY]
    return [Position.FIRST, *[Position.MID] * (cycles - 2), Position.LAST]


@dataclass(frozen=True)
class Replay:
    """What the certified rule gives: all waiting of a plan in picoseconds, and the level after each cycle."""

    waiting: int
    levels: tuple[int, ...]


def replay(
    law: CycleLaw, drains: Sequence[int], thresholds: Sequence[Threshold], tops: Sequence[int | None] | None = None
) -> Replay:
    """Evaluate the rule that is certified: cycle k starts at max(X_k, level left by cycle k - 1).

    More than its entry of ``tops`` is no use to a cycle: what flows in while it runs would rise above what is kept.
    Raises ValueError where a cycle drains more than the level at which it starts.
    """
    level, total = law.head.level, law.head.delay
    levels: list[int] = []
    for cycle, (drain, threshold) in enumerate(zip(drains, thresholds, strict=True)):
        waited, start = begin(law, level, threshold, is_first=cycle == 0)
        top = None if tops is None else tops[cycle]
        if drain > start - law.upkeep.reserve or (drain < 0 and top is None):
            raise ValueError(f"cycle {cycle + 1} drains {drain} of a level of {start}")
        start = start if top is None else min(start, top)
        total += waited
        level = law.level_left(start, drain)
        levels.append(level)
    return Replay(total + recharged(law, level), tuple(levels))


def begin(law: CycleLaw, level: int, threshold: Threshold, *, is_first: bool) -> tuple[int, int]:
    """How long a cycle waits where the one before it left so much, and the level at which it starts."""
    if is_first and not law.head.waits:
        return 0, level
    pause = 0 if is_first else law.upkeep.pause
    waited = pause + law.charging.charge_time(level, threshold.high) + law.upkeep.latency
    # a threshold guarantees its level with the load switched on, what was left before does not; the head's does
    before = level if is_first else law.charging.buffer.connected_level(level)
    return waited, max(before, threshold.level)


def recharged(law: CycleLaw, level: int) -> int:
    """How long it takes after the last cycle, which left so much, until the buffer is where the latency ends."""
    if law.recharge_target is None:
        return 0
    return law.upkeep.pause + law.charging.charge_time(level, law.recharge_target) + law.upkeep.latency
