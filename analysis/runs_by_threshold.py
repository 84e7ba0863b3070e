"""What plans with small tables cost at least, of one chain of atoms whose thresholds are chosen: all are gone through.

Runs of equal cycles are listed by where they begin: for each threshold worth trying what it takes behind the first
wait, and the level it leaves, if it begins no higher than the threshold. Plans grow by one run after the other. A cycle
that is entered above its threshold does not wait, nor may the next ones: such runs are followed cycle by cycle. Of two
ways to the same place with as many runs the one that is no earlier and leaves no more is left out.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import accumulate
from typing import NamedTuple

from ischedule.analysis.labels import Unproven
from ischedule.models.chain import Chain
from ischedule.models.cycle_law import CycleLaw, Threshold, begin, recharged
from ischedule.models.tables import MOST_STATES, longest_cycle, table_work


class _Cycle(NamedTuple):
    """What a cycle drains, and how long it is active."""

    drain: int
    active: int


class _Run(NamedTuple):
    """The first so many of some cycles, which share a threshold: where the last one ends, what follows the first wait,
    and the level left."""

    end: int
    cycles: list[_Cycle]
    length: int
    threshold: Threshold
    rest: int
    left: int


_State = tuple[int, int]
"""The time that has passed and the level that is left."""


def least_by_thresholds(chain: Chain, law: CycleLaw, allowed: int) -> int | None:
    """The least cost of a plan of so many runs or fewer; None if there is none."""
    if table_work(chain, law, min(allowed, len(chain))) > MOST_STATES:
        raise Unproven("there are too many atoms and runs to go through all cycles")
    return _Ways(chain, law).least(min(allowed, len(chain)))


class _Ways:
    """All ways through a chain."""

    def __init__(self, chain: Chain, law: CycleLaw) -> None:
        self.chain, self.law, self.count = chain, law, len(chain)
        self.drained = [*accumulate(map(int, chain.drain), initial=0)]
        self.took = [*accumulate(map(int, chain.time), initial=0)]
        self.longest = longest_cycle(chain, law)
        self.known: dict[int, list[_Run]] = {}

    def _runs_from(self, start: int) -> list[_Run]:
        """All runs that begin with an atom."""
        if start not in self.known:
            lengths = range(1, self.longest + 1)
            self.known[start] = [run for atoms in lengths for run in self._runs(start, atoms)]
        return self.known[start]

    def least(self, allowed: int) -> int | None:
        """The least cost by so many runs at most."""
        ends: list[int] = []
        here: dict[int, list[_State]] = {0: [(self.law.head.delay, self.law.head.level)]}
        for _ in range(allowed):
            there: dict[int, list[_State]] = {}
            for place, states in here.items():
                for state in _best(states):
                    for run in self._runs_from(place) if place < self.count else ():
                        there.setdefault(run.end, []).append(self._after(state, run, is_first=place == 0))
            here = there
            ends += [time + recharged(self.law, level) for time, level in here.get(self.count, ())]
        return min(ends) - self.law.offset if ends else None

    def _after(self, state: _State, run: _Run, *, is_first: bool) -> _State:
        time, level = state
        waits = not is_first or self.law.head.waits
        if waits and level <= run.threshold.level:
            waited, _ = begin(self.law, level, run.threshold, is_first=is_first)
            return time + waited + run.rest, run.left
        return self._followed(state, run.cycles[: run.length], run.threshold, is_first=is_first)

    def _followed(
        self, state: _State, cycles: Sequence[_Cycle], threshold: Threshold, *, is_first: bool = False
    ) -> _State:
        """What holds behind cycles that wait for a threshold."""
        time, level = state
        for cycle in cycles:
            waited, start = begin(self.law, level, threshold, is_first=is_first)
            time, level, is_first = time + waited + cycle.active, self.law.level_left(start, cycle.drain), False
        return time, level

    def _runs(self, start: int, atoms: int) -> Iterator[_Run]:
        """All runs of cycles of so many atoms that begin with an atom."""
        cycles: list[_Cycle] = []
        wanted: list[int | None] = [None, None]
        tried: list[tuple[Threshold, _State]] = []
        for end in range(start + atoms, self.count + 1, atoms):
            cycle = self._cycle(end - atoms, end)
            if cycle is None:
                return
            cycles.append(cycle)
            kind = 0 if end == atoms else 1
            if wanted[kind] is None or cycle.drain > (wanted[kind] or 0):
                # more is wanted of the threshold of all of them
                wanted[kind] = cycle.drain
                tried = [(one, self._behind_the_first(cycles, one)) for one in self.law.shared(*wanted)]
            else:
                tried = [(one, self._followed(state, cycles[-1:], one)) for one, state in tried]
            for threshold, (rest, left) in tried:
                yield _Run(end, cycles, len(cycles), threshold, rest, left)

    def _behind_the_first(self, cycles: Sequence[_Cycle], threshold: Threshold) -> _State:
        """What holds behind cycles of which the first one begins at the threshold, the time counted from there."""
        state = cycles[0].active, self.law.level_left(threshold.level, cycles[0].drain)
        return self._followed(state, cycles[1:], threshold)

    def _cycle(self, start: int, end: int) -> _Cycle | None:
        chain, law = self.chain, self.law
        if not chain.cut[end - 1] or (law.max_cycles is not None and end - start < self.count):
            return None
        drain = (
            self.drained[end] - self.drained[start] + int(chain.resume_drain[start]) + int(chain.commit_drain[end - 1])
        )
        if drain > (law.first_capacity if start == 0 else law.capacity):
            return None
        active = self.took[end] - self.took[start] + int(chain.resume_time[start]) + int(chain.commit_time[end - 1])
        return _Cycle(drain, active)


def _best(states: list[_State]) -> list[_State]:
    """Those than which no other is as early and leaves as much."""
    kept: list[_State] = []
    for time, level in sorted(states, key=lambda state: (state[0], -state[1])):
        if not kept or level > kept[-1][1]:
            kept.append((time, level))
    return kept
