"""Failures under a supply curve: what a plan takes at most if power fails although the assumptions say not.

A failure costs all that is stored down to the lowest brown-out voltage, and nothing of what was delivered before counts
any more: what a window promises is counted from the failure on, its blackout included. The later that is the later is
all that follows, so that of all failures in a cycle, or in the wait before it, the one counts that comes as the cycle
ends. The cycle then waits for a threshold that suffices, and runs again. Which cycles fail is up to an adversary: for
each number of failures the states behind each cycle are those after the last failure in this cycle or an earlier one.
"""

from __future__ import annotations

from collections.abc import Sequence

from ischedule.models.cycle_law import CycleLaw
from ischedule.models.quantities import Rounding
from ischedule.models.response_time import CurveRule, Passed, Work


def bottom_of(law: CycleLaw) -> int:
    """The level that a failure leaves at least."""
    buffer = law.charging.buffer
    return buffer.level_of(buffer.brown_out.lo, Rounding.DOWN)


def response_with_failures(
    rule: CurveRule, works: Sequence[Work], again: Sequence[int], target: int | None, failures: int, bottom: int
) -> int | None:
    """As `CurveRule.response`, with at most so many failures; None where the curve does not promise enough.

    ``again`` are the levels that the threshold of each cycle can take when it is run again, ``bottom`` is the level
    that a failure leaves.
    """
    begin = rule.begin()
    if begin is None:
        return None
    states: list[list[Passed]] = [[begin], *([] for _ in range(failures))]
    ends: list[int] = [0]
    for index, (work, high) in enumerate(zip(works, again, strict=True)):
        found = _behind(rule, states, work, high, bottom, is_first=index == 0)
        if found is None:
            return None
        states, ends = found
    if target is None:
        return max(ends)
    recharged = [rule.start(state, target) for some in states for state in some]
    return None if None in recharged else max(time for time in recharged if time is not None)


def _behind(
    rule: CurveRule, states: Sequence[Sequence[Passed]], work: Work, high: int, bottom: int, *, is_first: bool
) -> tuple[list[list[Passed]], list[int]] | None:
    """For each number of failures the states behind one more cycle, and when it ends at the latest."""
    after: list[list[Passed]] = []
    ends: list[int] = []
    for number, some in enumerate(states):
        found: list[tuple[Passed, int, bool]] = [(state, work.high, is_first) for state in some]
        if number:
            moment = ends[number - 1] + rule.pause
            found.append((Passed(moment, moment, bottom, 0, ()), high, False))
        latest, behind = 0, []
        for state, wanted, first in found:
            start = rule.start(state, wanted, is_first=first)
            if start is None:
                return None
            latest = max(latest, start + work.active)
            behind.append(rule.after(state, start, work.drain, work.active))
        ends.append(latest)
        after.append(_latest(behind))
    return after, ends


def _latest(states: Sequence[Passed]) -> list[Passed]:
    """Those that are no better than another: what follows a better one is no later."""
    kept: list[Passed] = []
    for state in sorted(states, key=lambda one: (one.finish, one.drained), reverse=True):
        if not any(state.is_no_worse(other) for other in kept):
            kept.append(state)
    return kept


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
