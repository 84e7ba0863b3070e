"""What follows each place of a plan at least, whatever the runs of its power cycles, found from the end backwards.

Places are boundaries and cuts inside designs. Where a cycle is in progress at a boundary, what counts of the ways on is
what a way drains until the cycle ends, and what it takes with all that follows: of two ways the one that is no better
in either is left out. The waits of drains rounded down to a grain, of which there are few, tell which ends of a cycle
may be the cheapest; of those they are exact.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import accumulate

from ischedule.models.chain import Chain
from ischedule.models.cycle_law import CycleLaw, Position
from ischedule.models.fixed_wake import FixedWakeLaw
from ischedule.models.program import Program
from ischedule.models.rounding import slack_of

BEYOND = 1 << 200
"""More than any plan costs."""
FINE = 1 << 15
COARSE = 1 << 11
"""Grains in a buffer's capacity: for waits, and for what follows a cycle in progress."""


class Waits:
    """What power cycles wait by where they stand and what they drain.

    Where thresholds are chosen they wait for the one that is best for each alone, less what rounding can make of it.
    """

    def __init__(self, law: CycleLaw) -> None:
        self.law, self.most = law, max(law.capacity, law.first_capacity)
        self.fine, self.coarse = max(1, self.most // FINE), max(1, self.most // COARSE)
        self.slack = 0 if isinstance(law, FixedWakeLaw) else slack_of(law)
        self.known: dict[tuple[bool, bool, int], int] = {}

    def exact(self, is_first: bool, is_last: bool, drain: int) -> int:
        """What a cycle waits that drains so much; `BEYOND` if there is none."""
        key = is_first, is_last, drain
        known = self.known.get(key)
        if known is None:
            is_one_of_several = self.law.max_cycles is not None and not (is_first and is_last)
            known = BEYOND if is_one_of_several else self.law.price(_position(is_first, is_last), drain) - self.slack
            self.known[key] = known
        return known

    def least(self, is_first: bool, is_last: bool, drain: int) -> int:
        """No more than that."""
        return self.exact(is_first, is_last, drain - drain % self.fine)

    def capacity(self, is_first: bool) -> int:
        """What a cycle may drain."""
        return self.law.first_capacity if is_first else self.law.capacity


def _position(is_first: bool, is_last: bool) -> Position:
    if is_first:
        return Position.ONLY if is_last else Position.FIRST
    return Position.LAST if is_last else Position.MID


class Design:
    """The atoms of a design, added up, by how many are done: ends of cycles behind them, and whether there may be one.

    ``units`` are what the design takes of the tables.
    """

    def __init__(self, chain: Chain, units: int) -> None:
        self.units, self.count = units, len(chain)
        self.drained = [*accumulate(map(int, chain.drain), initial=0)]
        self.took = [*accumulate(map(int, chain.time), initial=0)]
        self.resume = [*zip(map(int, chain.resume_drain), map(int, chain.resume_time), strict=True)]
        self.commit = [(0, 0), *zip(map(int, chain.commit_drain), map(int, chain.commit_time), strict=True)]
        self.cut = [True, *map(bool, chain.cut)]


@dataclass(frozen=True, slots=True)
class Way:
    """A way on from a boundary to the end of a cycle in progress: what it drains until then, and what it comes to."""

    drain: int
    cost: int


_End = tuple[int, int, int, bool]
"""The end of a cycle: what it comes to at least, what it drains, its cost without the wait, whether it is the last."""


class Rest:
    """What follows at least.

    ``behind`` has it for each step and design by the atoms that are done; ``closed`` for each boundary.
    """

    def __init__(self, program: Program, designs: Sequence[Sequence[Design]], waits: Waits) -> None:
        self.program, self.designs, self.waits = program, designs, waits
        self.closed = [BEYOND] * program.end + [0]
        self.behind: dict[tuple[int, int], list[int]] = {}
        nothing: list[Way] = []
        self.inner, self.final = [nothing] * (program.end + 1), [nothing] * (program.end + 1)
        """The ways from each boundary on: to the end of a cycle with others behind it, and of the last one."""
        self.known: dict[tuple[int, bool, int], list[_End]] = {}
        leaving: list[list[int]] = [[] for _ in range(program.end)]
        for step, way in enumerate(program.steps):
            leaving[way.source].append(step)
        for boundary in range(program.end - 1, -1, -1):
            for step in leaving[boundary]:
                for number, design in enumerate(designs[program.steps[step].stage]):
                    self._cross(step, number, design)
            self._gather(boundary, leaving[boundary])

    def after(self, boundary: int, drain: int, is_first: bool) -> int:
        """What follows at least a boundary at which a cycle in progress has drained so much."""
        grain = drain // self.waits.coarse
        key = boundary, is_first, grain
        if key not in self.known:
            self.known[key] = sorted(self._ends(boundary, grain * self.waits.coarse, is_first))
        return self._least(
            BEYOND,
            is_first,
            ((least, drain + way, cost, is_last) for least, way, cost, is_last in self.known[key]),
        )

    def _ends(self, boundary: int, drain: int, is_first: bool) -> Iterator[_End]:
        """The ways on from a boundary at which a cycle has drained at least so much."""
        most = self.waits.capacity(is_first)
        for ways, is_last in ((self.inner[boundary], False), (self.final[boundary], True)):
            for way in ways:
                if drain + way.drain > most:
                    break
                wait = self.waits.least(is_first, is_last, drain + way.drain)
                yield way.cost + wait, way.drain, way.cost, is_last

    def _least(self, best: int, is_first: bool, ends: Iterable[_End]) -> int:
        """The least of this and of what cycles come to, which are in the order of what each comes to at least."""
        most = self.waits.capacity(is_first)
        for least, load, cost, is_last in ends:
            if least >= best:
                break
            if load <= most:
                best = min(best, cost + self.waits.exact(is_first, is_last, load))
        return best

    def _cross(self, step: int, number: int, design: Design) -> None:
        source, target = self.program.steps[step].source, self.program.steps[step].target
        behind = [BEYOND] * design.count + [self.closed[target]]
        for begin in range(design.count - 1, -1, -1):
            if begin and not design.cut[begin]:
                continue
            is_first = source == begin == 0
            most = self.waits.capacity(is_first)
            opening, opening_time = design.resume[begin]
            ends: list[_End] = []
            for end in range(begin + 1, design.count + 1):
                load = opening + design.drained[end] - design.drained[begin]
                if load > most:
                    break
                load += design.commit[end][0]
                if load > most or behind[end] >= BEYOND or not design.cut[end]:
                    continue
                is_last = end == design.count and target == self.program.end
                cost = opening_time + design.took[end] - design.took[begin] + design.commit[end][1] + behind[end]
                ends.append((cost + self.waits.least(is_first, is_last, load), load, cost, is_last))
            load, best = opening + design.drained[-1] - design.drained[begin], BEYOND
            if load <= most:
                active = opening_time + design.took[-1] - design.took[begin]
                best = min(best, active + self.after(target, load, is_first))
            behind[begin] = self._least(best, is_first, sorted(ends))
        self.behind[step, number] = behind
        self.closed[source] = min(self.closed[source], behind[0])

    def _gather(self, boundary: int, leaving: Sequence[int]) -> None:
        """The ways on from a boundary."""
        inner: list[Way] = []
        final: list[Way] = []
        for step in leaving:
            target = self.program.steps[step].target
            whole = []
            for number, design in enumerate(self.designs[self.program.steps[step].stage]):
                behind = self.behind[step, number]
                whole.append(Way(design.drained[-1], design.took[-1]))
                for end in range(1, design.count + 1):
                    if design.cut[end] and behind[end] < BEYOND:
                        drain, time = design.commit[end]
                        way = Way(design.drained[end] + drain, design.took[end] + time + behind[end])
                        (final if end == design.count and target == self.program.end else inner).append(way)
            for first in _best(whole):
                for ways, found in ((self.inner[target], inner), (self.final[target], final)):
                    found += [Way(first.drain + way.drain, first.cost + way.cost) for way in ways]
        self.inner[boundary], self.final[boundary] = _best(inner), _best(final)


def _best(ways: Sequence[Way]) -> list[Way]:
    """The ways that none equals or betters in both, those that drain least first."""
    found: list[Way] = []
    for way in sorted(ways, key=lambda one: (one.drain, one.cost)):
        if not found or way.cost < found[-1].cost:
            found.append(way)
    return found
