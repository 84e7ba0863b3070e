"""The worst-case response time of a plan under a lower supply curve.

Cycle k begins when the one before it has ended and the level reaches its threshold X_k. Between release and that
moment at least beta(t) has been stored, and what the cycles before it drain is gone, D_k in all. From a level x0 and
as long as the buffer is never full,

    s_k = max( f_k-1, beta^-1(X_k + D_k - x0) ),    f_k = s_k + t_k,

which pays a blackout once, not once for each wait; the supply that delivers exactly beta attains it where beta is
superadditive. A full buffer loses what is delivered. If it was full last at time u, in cycle j, then what has been
delivered since stands against the drains from cycle j on, and u <= f_j:

    s_k = max( ... , max over j < k of [ f_j + beta^-1(X_k - Xmax + D_k - D_j) ] )

with s_j in place of f_j where no running cycle gains. This one is safe and slightly pessimistic.

Both are non-decreasing in every drain and time that came before, so that cycles that take less are no later
(sustainability), and so is the real device: the level is min over u of (x0 or Xmax) + H(u, t) - D(u, t), and each term
is no smaller with less drained and no less delivered.

Energies are real ones. A level is counted at the least capacitance; the same voltages mean up to ``spread`` times as
much in the largest one, and drains are what they are. From a start below the threshold that makes the wait longest at
the largest capacitance, from a full buffer at the least one.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import Enum
from fractions import Fraction
from typing import NamedTuple

from ischedule.models.supply_curve import SupplyCurve


class Overflow(Enum):
    """When the buffer can be full, so that what is delivered is lost."""

    NEVER = "never"
    AT_START = "when a cycle begins"
    RUNNING = "while a cycle runs"


class Passed(NamedTuple):
    """All that matters of the cycles that a plan has run: when the last one ended, and what the next waits count from.

    Since ``origin``, where the level was ``level`` at least, ``drained`` is gone. Each of ``full`` is a time until
    which the buffer can have been full, and what can be gone since.
    """

    finish: int
    origin: int
    level: int
    drained: int
    full: tuple[tuple[int, int], ...]

    def is_no_worse(self, other: Passed) -> bool:
        """Whether no plan that goes on from here is later than the same from the other.

        Every wait is the greatest of a few terms, each non-decreasing in a time and in what has drained since; here
        each has one there that is no less in both. Both go on by the same additions, so that this stays true.
        """
        return (
            self.finish <= other.finish
            and self.drained <= other.drained
            and (self.origin, -self.level) <= (other.origin, -other.level)
            and self.level >= other.level
            and all(any(at <= late and since <= more for late, more in other.full) for at, since in self.full)
        )


class Work(NamedTuple):
    """One power cycle: the level that its threshold can take, what it drains, and how long it is active."""

    high: int
    drain: int
    active: int


@dataclass(frozen=True)
class CurveRule:
    """How power cycles wait under a curve.

    ``level`` is where the buffer stands at release, ``waits`` whether the first cycle waits at all, ``boot`` what comes
    before it: a threshold, a drain and a time. ``reserve`` drains with every cycle; ``latency`` passes before a reached
    threshold is noticed. After each cycle a device that burns what is left (``bottom``) is off ``pause`` later.
    """

    curve: SupplyCurve
    spread: Fraction
    level: int
    full: int
    overflow: Overflow
    waits: bool = True
    boot: Work | None = None
    reserve: int = 0
    latency: int = 0
    bottom: int | None = None
    pause: int = 0

    def begin(self) -> Passed | None:
        """The state at release, or behind booting; None if the supply never lets the device come up."""
        state = Passed(0, 0, self.level, 0, ())
        if self.boot is None:
            return state
        start = self._reached(state, self.boot.high)
        return None if start is None else self._after(state, start, self.boot.drain, self.boot.active)

    def start(self, state: Passed, high: int, is_first: bool = False) -> int | None:
        """When the next cycle has begun at the latest; None where the curve promises too little for ever."""
        if is_first and not self.waits:
            return 0
        reached = self._reached(state, high)
        return None if reached is None else reached + self.latency

    def _reached(self, state: Passed, high: int) -> int | None:
        since = self.curve.inverse(self._between(state.level, high) + state.drained)
        if since is None:
            return None
        latest = max(state.finish, state.origin + since)
        for at, gone in state.full:
            more = self.curve.inverse(high - self.full + gone)
            if more is None:
                return None
            latest = max(latest, at + more)
        return latest

    def _between(self, level: int, high: int) -> int:
        """The most energy from one level to another, over all capacitances."""
        least, most = high - level, self.spread * (high - level)
        return max(least, -(-most.numerator // most.denominator))

    def at_least(self, state: Passed, wanted: int) -> int | None:
        """When a level plus further drains, together so much, can have been stored at the earliest by the same rule."""
        terms = [(state.origin, wanted - state.level + state.drained)]
        terms += [(at, wanted - self.full + gone) for at, gone in state.full]
        latest = state.finish
        for at, amount in terms:
            since = self.curve.inverse(amount)
            if since is None:
                return None
            latest = max(latest, at + since)
        return latest

    def after(self, state: Passed, start: int, drain: int, active: int) -> Passed:
        """The state behind a cycle that began then."""
        if self.bottom is not None:
            finish = start + active
            return Passed(finish + self.pause, finish + self.pause, self.bottom, 0, ())
        return self._after(state, start, drain + self.reserve, active)

    def _after(self, state: Passed, start: int, gone: int, active: int) -> Passed:
        finish, full = start + active, state.full
        if self.overflow is not Overflow.NEVER:
            at = finish if self.overflow is Overflow.RUNNING else start
            full = _greatest((*((late, since + gone) for late, since in full), (at, gone)))
        return Passed(finish, state.origin, state.level, state.drained + gone, full)

    def response(self, works: Iterable[Work], target: int | None = None) -> int | None:
        """How long a plan takes at most until its last cycle ends, or until a level is reached again behind it.

        None where the curve does not promise that it ever does.
        """
        state, finish, is_first = self.begin(), 0, True
        for work in works:
            start = None if state is None else self.start(state, work.high, is_first)
            if state is None or start is None:
                return None
            finish = start + work.active
            state, is_first = self.after(state, start, work.drain, work.active), False
        if target is None or state is None:
            return finish
        return self.start(state, target)


def _greatest(terms: tuple[tuple[int, int], ...]) -> tuple[tuple[int, int], ...]:
    """Those terms than which no other is as great in both: the rest never decide."""
    kept: list[tuple[int, int]] = []
    for at, since in sorted(set(terms), reverse=True):
        if not kept or since > kept[-1][1]:
            kept.append((at, since))
    return tuple(kept)
