"""How long every plan takes at least under a supply curve, given what every plan drains at least."""

from __future__ import annotations

from ischedule.models.cycle_law import CycleLaw
from ischedule.models.fixed_wake import FixedWakeLaw
from ischedule.models.response_time import Overflow, Passed
from ischedule.models.supply_curve import SupplyCurve


def least_response(law: CycleLaw, drain: int) -> int | None:
    """No plan that drains so much in all responds sooner, by the rule of the curve; None if none ever ends.

    The last of several cycles begins when what all others have drained, and its own threshold, have been stored since
    release; the threshold is no less than what it drains, so that together they are no less than all. Where the buffer
    can be full, the same is asked from the first cycle on, and of each cycle from the one before. A plan of one cycle
    can begin at once where the level at release suffices. A device that burns what is left waits for the whole band
    before each cycle, and has so many as it takes to drain as much.
    """
    rule = law.curve
    assert rule is not None, "the law has a curve"
    begin = rule.begin()
    if begin is None:
        return None
    if drain <= law.head.level:
        return begin.finish
    turn_on = law.charging.buffer.turn_on_high
    if rule.bottom is not None:
        more = -(-(drain - law.first_capacity) // law.capacity)
        first = rule.start(begin, turn_on, is_first=True)
        again = rule.curve.inverse(turn_on - rule.bottom)
        if first is None or again is None:
            return None if first is None or more > 0 else first
        return first + max(0, more) * (again + rule.pause)
    wanted = drain + begin.drained - begin.level
    if isinstance(law, FixedWakeLaw):
        # all but the last drain what one cycle cannot
        wanted = max(wanted, turn_on - begin.level + max(0, drain - law.capacity))
    since, lost = rule.curve.inverse(wanted), _behind_the_first(law, begin, drain)
    return None if since is None or lost is None else max(begin.finish, since, lost) + rule.latency


def _behind_the_first(law: CycleLaw, begin: Passed, drain: int) -> int | None:
    """When the last cycle begins at the earliest where the buffer can have been full in the first.

    Nothing from before counts then but what is in it, and all that is drained stands against that. The last cycle's
    threshold counts for what it drains, as above; a plan of one cycle drains no more than a full buffer holds.
    """
    rule = law.curve
    assert rule is not None, "the law has a curve"
    if rule.overflow is Overflow.NEVER or drain <= law.first_capacity:
        return begin.finish
    first, wanted = begin.finish, drain
    if isinstance(law, FixedWakeLaw):
        turn_on = law.charging.buffer.turn_on_high
        begun = rule.start(begin, turn_on, is_first=True)
        if begun is None:
            return None
        first = max(first, begun - rule.latency)
        wanted = max(wanted, turn_on + drain - law.capacity)
    since = rule.curve.inverse(wanted - rule.full)
    if since is None:
        return None
    return first + max(since, _in_each_wait(law, rule.curve, drain - law.capacity))


def _in_each_wait(law: CycleLaw, curve: SupplyCurve, drain: int) -> int:
    """How long all waits take at least, each from a buffer that was full before the cycle ahead of it, for so much.

    Where the buffer is full at the threshold itself, a wait behind a drain of d takes inverse(d). That is linear
    between the amounts of two points, so that inverse(d) / d is least at one of these or at the largest drain. One
    picosecond less is exact or below, whatever was rounded up.
    """
    rule = law.curve
    if not isinstance(law, FixedWakeLaw) or rule is None or curve.drawn:
        return 0
    if law.charging.buffer.turn_on_high < rule.full:
        return 0
    amounts = {law.capacity, *(stored for _, stored in curve.points if 0 < stored < law.capacity)}
    waits = [(curve.inverse(amount), amount) for amount in amounts]
    return min((drain * max(0, wait - 1) // amount for wait, amount in waits if wait is not None), default=0)
