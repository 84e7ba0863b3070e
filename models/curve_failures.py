"""Failures under a supply curve: what a plan takes at most if power fails although the assumptions say not.

A failure costs all that is stored down to the lowest brown-out voltage, and nothing of what was delivered before counts
any more: what a window promises is counted from the failure on, its blackout included. The later that is the later is
all that follows, so that of all failures in a cycle, or in the wait before it, the one counts that comes as the cycle
ends. The cycle then waits for a threshold that suffices, and runs again. Which cycles fail is up to an adversary: for
each number of failures the states behind each cycle are those after the last failure in this cycle or an earlier one.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

from ischedule.models.cycle_law import CycleLaw, Threshold
from ischedule.models.quantities import Rounding
from ischedule.models.response_time import CurveRule, Passed, Work


def bottom_of(law: CycleLaw) -> int:
    """The level that a failure leaves at least."""
    buffer = law.charging.buffer
    return buffer.level_of(buffer.brown_out.lo, Rounding.DOWN)


class Behind(NamedTuple):
    """All that matters of the cycles that a plan has run, for each number of failures up to the most: the states that
    can be behind the last one, and when it has ended at the latest."""

    states: tuple[tuple[Passed, ...], ...]
    ends: tuple[int, ...]

    @property
    def latest(self) -> int:
        """When the last cycle has ended at the latest."""
        return max(self.ends)

    @property
    def unfailed(self) -> Passed:
        """The state where no cycle has failed."""
        return self.states[0][0]

    def is_no_worse(self, other: Behind) -> bool:
        """Whether no plan that goes on from here is later than the same from the other, whatever fails."""
        return all(one <= two for one, two in zip(self.ends, other.ends, strict=True)) and all(
            any(state.is_no_worse(late) for late in others)
            for some, others in zip(self.states, other.states, strict=True)
            for state in some
        )


@dataclass(frozen=True)
class Failing:
    """The rule of a curve where power may fail so often, each time down to a level (`bottom`)."""

    rule: CurveRule
    failures: int
    bottom: int

    @classmethod
    def of(cls, law: CycleLaw, failures: int) -> Failing:
        """That of a law."""
        assert law.curve is not None, "the law has a curve"
        return cls(law.curve, failures, bottom_of(law) if failures else 0)

    def begin(self) -> Behind | None:
        """The state at release; None if the supply never lets the device come up."""
        begin = self.rule.begin()
        return None if begin is None else Behind(((begin,), *((),) * self.failures), (0,) * (1 + self.failures))

    def after(self, behind: Behind, work: Work, again: int, is_first: bool = False) -> Behind | None:
        """The states behind one more cycle, which waits for a level (`again`) where it is run again; None where the
        curve promises too little for ever."""
        after: list[tuple[Passed, ...]] = []
        ends: list[int] = []
        for number, some in enumerate(behind.states):
            begun: list[tuple[Passed, int, bool]] = [(state, work.high, is_first) for state in some]
            if number:
                moment = ends[number - 1] + self.rule.pause
                begun.append((Passed(moment, moment, self.bottom, 0, ()), again, False))
            latest, found = 0, []
            for state, wanted, first in begun:
                start = self.rule.start(state, wanted, is_first=first)
                if start is None:
                    return None
                latest = max(latest, start + work.active)
                found.append(self.rule.after(state, start, work.drain, work.active))
            ends.append(latest)
            after.append(_latest(found))
        return Behind(tuple(after), tuple(ends))

    def recharged(self, behind: Behind, target: int | None) -> int | None:
        """When a level is back behind the last cycle, or without one, when that has ended."""
        if target is None:
            return behind.latest
        back = [self.rule.start(state, target) for some in behind.states for state in some]
        return None if None in back else max(time for time in back if time is not None)


def again_for(law: CycleLaw, threshold: Threshold, need: int) -> int | None:
    """The level that a cycle of this need waits for when it is run again: a first one that found enough at its start,
    for the least threshold that suffices. None where none does."""
    if need + law.upkeep.reserve <= threshold.level:
        return threshold.high
    return None if need > law.capacity else min(one.high for one in law.shared(None, need))


def response_with_failures(
    failing: Failing, works: Sequence[Work], again: Sequence[int], target: int | None
) -> int | None:
    """As `CurveRule.response`, whatever fails; None where the curve does not promise enough.

    ``again`` are the levels that each cycle waits for when it is run again.
    """
    behind = failing.begin()
    for index, (work, high) in enumerate(zip(works, again, strict=True)):
        if behind is None:
            return None
        behind = failing.after(behind, work, high, is_first=index == 0)
    return None if behind is None else failing.recharged(behind, target)


def _latest(states: Sequence[Passed]) -> tuple[Passed, ...]:
    """Those that are no better than another: what follows a better one is no later."""
    kept: list[Passed] = []
    for state in sorted(states, key=lambda one: (one.finish, one.drained), reverse=True):
        if not any(state.is_no_worse(other) for other in kept):
            kept.append(state)
    return tuple(kept)


def least_wait_again(law: CycleLaw) -> int:
    """What one failure adds at least to any plan: where a latency ends with the last publish, the wait for the lowest
    threshold, from a failure as the last cycle ends."""
    rule = law.curve
    if rule is None or law.recharge_target is not None:
        return 0
    lowest = min(one.high for one in law.shared(None, 0))
    moment = Passed(0, 0, bottom_of(law), 0, ())
    start = rule.start(moment, lowest)
    return 0 if start is None else start + rule.pause
