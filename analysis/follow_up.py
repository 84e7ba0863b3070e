"""What must follow every place of a program of explicit stages at least, exactly, by one criterion or a mix of them.

From the end to the start: the least cost behind a closed state at each cut, and at each boundary the *tails*, ends of
cycles that are in progress there: what such a cycle still drains, what follows its wait, and whether the plan ends with
it. Waiting is the sum of prices.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import accumulate

from ischedule.models.chain import Chain
from ischedule.models.cycle_law import CycleLaw
from ischedule.models.program import ExplicitStage, Program, Stage

Tail = tuple[int, int, bool]
"""Drain, cost, and whether the plan ends there."""

NEVER = 1 << 200
"""The cost of what does not follow."""


@dataclass(frozen=True)
class FollowUp:
    """The least costs behind all cuts of the designs of each step, and the tails at each boundary."""

    law: CycleLaw
    behind: dict[tuple[int, int], list[int]]
    tails: list[list[Tail]]

    def open(self, boundary: int, drain: int, is_first: bool) -> int:
        """The least cost of what follows a cycle in progress that has drained so much."""
        law = self.law
        capacity = law.first_capacity if is_first else law.capacity
        waits = (law.first, law.only) if is_first else (law.mid, law.last)
        fitting = [tail for tail in self.tails[boundary] if drain + tail[0] <= capacity]
        return min((cost + waits[ends](drain + rest) for rest, cost, ends in fitting), default=NEVER)


def designs_of(stage: Stage) -> list[tuple[int, Chain]]:
    """The designs of an explicit stage that fit, by their numbers."""
    assert isinstance(stage, ExplicitStage)
    return [(index, chain) for index, chain in enumerate(stage.designs) if stage.fits(index)]


def follow_up(program: Program) -> FollowUp:
    """The least costs behind all places of a program of explicit stages."""
    law, end = program.law, program.end
    mid, last = _once(law.mid), _once(law.last)
    closed = [NEVER] * (end + 1)
    tails: list[list[Tail]] = [[] for _ in range(end + 1)]
    behind: dict[tuple[int, int], list[int]] = {}
    places = sorted(range(len(program.steps)), key=lambda index: -program.steps[index].source)
    for place in places:
        step = program.steps[place]
        for index, chain in designs_of(program.stages[step.stage]):
            rest = _Rest(chain, law, (mid, last), closed[step.target], tails[step.target], step.target == end)
            found = behind[place, index] = rest.closed()
            closed[step.source] = min(closed[step.source], found[0])
            tails[step.source] += rest.tails(found)
        tails[step.source] = _shortest(tails[step.source])
    return FollowUp(law, behind, tails)


def _once(price: Callable[[int], int]) -> Callable[[int], int]:
    known: dict[int, int] = {}

    def looked_up(drain: int) -> int:
        if drain not in known:
            known[drain] = price(drain)
        return known[drain]

    return looked_up


class _Rest:
    """One design, from its end to its start."""

    def __init__(
        self,
        chain: Chain,
        law: CycleLaw,
        waits: tuple[Callable[[int], int], Callable[[int], int]],
        closed: int,
        tails: Sequence[Tail],
        is_end: bool,
    ) -> None:
        self.law, self.waits, self.after, self.beyond, self.is_end = law, waits, closed, tails, is_end
        self.drain = list(accumulate(map(int, chain.drain), initial=0))
        self.time = list(accumulate(map(int, chain.time), initial=0))
        self.resume = list(zip(map(int, chain.resume_drain), map(int, chain.resume_time), strict=True))
        self.commit = list(zip(map(int, chain.commit_drain), map(int, chain.commit_time), strict=True))
        self.cut = list(map(bool, chain.cut))
        self.length = len(self.cut)

    def closed(self) -> list[int]:
        """The least cost behind each cut at which a cycle has ended."""
        length, capacity = self.length, self.law.capacity
        found = [NEVER] * length + [self.after]
        if self.law.max_cycles is not None:
            return found
        # the ends of cycles inside the design, relative to its start; the nearest is found last
        ends = [(rest + self.drain[length], cost + self.time[length], last) for rest, cost, last in self.beyond]
        if self.is_end:
            ends.append((*self._end(length), True))
        for start in range(length - 1, -1, -1):
            place = start + 1
            if self.cut[start] and found[place] < NEVER:
                drain, cost = self._end(place)
                ends.append((drain, cost + found[place], False))
            begun, took = self.resume[start][0] - self.drain[start], self.resume[start][1] - self.time[start]
            ends = [end for end in ends if end[0] - self.drain[start] <= capacity]
            costs = (cost + self.waits[last](drain + begun) for drain, cost, last in ends if drain + begun <= capacity)
            found[start] = min(min(costs, default=NEVER) + took, NEVER)
        return found

    def _end(self, place: int) -> tuple[int, int]:
        drain, time = self.commit[place - 1]
        return self.drain[place] + drain, self.time[place] + time

    def tails(self, found: Sequence[int]) -> list[Tail]:
        """The ends of cycles that are in progress before the design."""
        widest = max(self.law.capacity, self.law.first_capacity)
        ends = [(rest + self.drain[-1], cost + self.time[-1], last) for rest, cost, last in self.beyond]
        if self.is_end:
            ends.append((*self._end(self.length), True))
        for place in range(1, self.length + 1):
            if self.drain[place] > widest:
                break
            if self.cut[place - 1] and found[place] < NEVER:
                drain, cost = self._end(place)
                ends.append((drain, cost + found[place], False))
        return [end for end in ends if end[0] <= widest]


def _shortest(tails: Sequence[Tail]) -> list[Tail]:
    """The tails that none of their kind beats in drain and cost."""
    kept: list[Tail] = []
    for last in (False, True):
        least = NEVER
        for tail in sorted(one for one in tails if one[2] is last):
            if tail[1] < least:
                kept.append(tail)
                least = tail[1]
    return kept
