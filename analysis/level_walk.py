"""Every way through a design where the level that each cycle leaves is followed: slower, and exact to the last one.

Behind a cycle a plan has a cost, which counts the level left as time gained, and the time that has passed for certain.
The next cycle begins at the later of what both come to, at each of its thresholds a way of its own. A cycle whose least
threshold is worth the level at hand, or more, waits whatever follows: the time that has passed no longer matters.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Iterable, Iterator
from typing import NamedTuple

from ischedule.analysis.progress import Tell
from ischedule.models.chain import Chain
from ischedule.models.cycle_law import NEVER, CycleLaw, Position
from ischedule.models.plan import Boundary, Label


class _Cycle(NamedTuple):
    """A cycle in progress behind any of some states, dearer ones with less time behind them.

    Its numbers are less the sums over the atoms up to where it began. `ahead` is cost less elapsed time of each.
    """

    is_first: bool
    is_entering: bool
    drain: int
    states: list[Label]
    ahead: list[int]

    def ended(self, law: CycleLaw, reach: int) -> Iterator[Label]:
        """The best state that an end at each threshold leads to, after atoms and a commit that drain so much.

        At a threshold that is reached later than the cycle would begin without waiting the cheapest comes first, at
        any other the quickest.
        """
        for way in law.ways(Position.FIRST if self.is_first else Position.MID, self.drain + reach):
            place = bisect_left(self.ahead, law.upkeep.latency - way.reach)
            yield min(law.ended(way, *state) for state in self.states[max(0, place - 1) : place + 1])


def _cycle(is_first: bool, drain: int, states: list[Label], *, is_entering: bool = False) -> _Cycle:
    return _Cycle(is_first, is_entering, drain, states, [cost - elapsed for cost, elapsed in states])


Wanted = Callable[[int, int, int, int], bool]
"""Whether a closed state may belong to a plan below the bound, by its cost, its elapsed time, and the drain and time of
the atoms so far."""


class Below(NamedTuple):
    """What plans are worth following: those that may end below the value, where `rest` is the least time of the stages
    behind; no price is negative if `is_certain`."""

    value: int
    rest: int
    is_certain: bool

    def through(self, time: int) -> Wanted:
        """The states inside a design whose atoms take so much."""

        def is_wanted(cost: int, elapsed: int, _: int, passed: int) -> bool:
            ahead = time - passed + self.rest
            return elapsed + ahead < self.value and (not self.is_certain or cost + ahead < self.value)

        return is_wanted


def follow_levels(
    chain: Chain, law: CycleLaw, entry: Boundary, is_wanted: Wanted, tell: Tell, *, is_broken: bool = False
) -> Boundary:
    """All that holds after a design, given what holds before it. Closed states that are not wanted are left out.

    Where the way through it is broken no cycle is open behind it that came from before.
    """
    cycles = [_cycle(True, drain, [(cost, NEVER)], is_entering=True) for drain, cost in entry.first]
    cycles += [_cycle(False, drain, [(cost, NEVER)], is_entering=True) for drain, cost in entry.later]
    cycles += [_cycle(False, drain, [(cost, elapsed)], is_entering=True) for drain, cost, elapsed in entry.ahead]
    closed = [*entry.kept, *([] if entry.closed is None else [(entry.closed, NEVER)])]
    drained = passed = 0
    atoms = zip(*(map(int, column) for column in chain.columns()), strict=True)
    for number, atom in enumerate(atoms):
        tell(f"checking the bound behind levels: atom {number} of {len(chain)}")
        drain, time, resume, resume_time, commit, commit_time, is_cut = atom
        if resume + drain <= law.capacity and closed:
            rise = law.rise(resume + drain)
            shift = resume_time - passed
            begun = [(c + shift, NEVER if e - c <= rise else e + shift) for c, e in closed]
            cycles.append(_cycle(False, resume - drained, undominated(begun)))
        drained += drain
        passed += time
        cycles = [one for one in cycles if one.drain + drained <= _room(law, one.is_first)]
        closed = []
        if is_cut:
            ended = _ended(law, cycles, drained + commit)
            closed = [(cost + passed + commit_time, elapsed + passed + commit_time) for cost, elapsed in ended]
            closed = [one for one in closed if is_wanted(*one, drained, passed)]
    first, later, ahead = [], [], []
    for one in cycles:
        if is_broken and one.is_entering:
            continue
        load = one.drain + drained
        for cost, elapsed in one.states:
            if one.is_first:
                first.append((load, cost + passed))
            elif elapsed == NEVER:
                later.append((load, cost + passed))
            else:
                ahead.append((load, cost + passed, elapsed + passed))
    return Boundary(None, tuple(first), tuple(later), tuple(closed), tuple(ahead))


def last_cost(law: CycleLaw, drain: int, cost: int, elapsed: int) -> int:
    """What a plan comes to whose last cycle drains so much, behind a state of this cost and elapsed time."""
    return min(law.ended(way, cost, elapsed)[0] for way in law.ways(Position.LAST, drain))


def _room(law: CycleLaw, is_first: bool) -> int:
    return law.first_capacity if is_first else law.capacity


def _ended(law: CycleLaw, cycles: list[_Cycle], reach: int) -> list[Label]:
    """The states behind cycles that end after atoms and a commit that drain so much, without their time."""
    some = (one for one in cycles if one.drain + reach <= _room(law, one.is_first))
    return undominated(state for one in some for state in one.ended(law, reach))


def undominated(states: Iterable[Label]) -> list[Label]:
    """The states that no other one beats, by cost."""
    kept: list[Label] = []
    for state in sorted(states):
        if not kept or state[1] < kept[-1][1]:
            kept.append(state)
    return kept
