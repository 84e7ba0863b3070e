"""The best way to cut a chain into few runs of power cycles where thresholds are chosen: those of a run wait for one.

A run is known by where it begins, how many atoms each of its cycles has, and how many cycles there are. What its
threshold must suffice for is then known as well (`CycleLaw.shared`). So runs are put behind one another, and what
matters behind them is how many there are, how much time has passed, and the level that is left: of two ways to the same
place the one is left out that has no fewer runs, is no earlier and leaves no more.

Where the least sufficient thresholds are the best (`CycleLaw.is_minimal_optimal`), that holds of runs as well. Let a
plan's cycles start at S1, S2, ... Its waits regroup into a term T(S) - T(S - n) for each cycle but the last, and T(S)
for that one. Each grows with S, since a higher band charges no faster, and no S grows where a threshold is lowered.
There a way is left out, too, from which no plan can follow that takes less than a known one: every cycle costs at least
its price, but for rounding.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import accumulate
from operator import add

import numpy as np

from ischedule.models.chain import Chain
from ischedule.models.cycle_law import CycleLaw, Position, Threshold, begin, recharged
from ischedule.models.programmable_wake import ProgrammableWakeLaw
from ischedule.models.rounding import slack_of
from ischedule.models.tables import longest_cycle
from ischedule.models.waiting_array import price_array
from ischedule.solvers.limit import Limit
from ischedule.solvers.sweep import UNREACHABLE

NEVER = 1 << 200


@dataclass(frozen=True, slots=True)
class State:
    """Behind some runs: the time that has passed, the level left, and the last run with what was before it."""

    time: int
    level: int
    run: Run | None = None
    before: State | None = None


@dataclass(frozen=True, slots=True)
class Run:
    """Cycles of so many atoms that wait for one threshold."""

    cycles: int
    atoms: int
    threshold: Threshold


@dataclass(frozen=True, slots=True)
class _Cycle:
    drain: int
    active: int


class SharedThresholds:
    """One chain of atoms, and all ways to cut it into at most so many runs.

    By all thresholds that suffice (``every``) or those worth trying: where the least one is the best others may still
    be rounded better.
    """

    def __init__(self, law: CycleLaw, chain: Chain, runs: int, limit: Limit, *, every: bool = False) -> None:
        self.law, self.count, self.limit, self.every = law, len(chain), limit, every
        self.runs, self.longest = min(runs, self.count), longest_cycle(chain, law)
        self.drained = [*accumulate(map(int, chain.drain), initial=0)]
        self.took = [*accumulate(map(int, chain.time), initial=0)]
        self.resume = [*zip(map(int, chain.resume_drain), map(int, chain.resume_time), strict=True)]
        self.commit = [*zip(map(int, chain.commit_drain), map(int, chain.commit_time), strict=True)]
        self.cut = [True, *map(bool, chain.cut)]
        self.is_bounded = law.is_minimal_optimal and law.max_cycles is None
        self.leasts = self._leasts() if self.is_bounded else []
        self.behind = self._behind() if self.is_bounded else []

    def best(self, below: int | None) -> tuple[list[Run], int] | None:
        """The runs of the quickest way, and what it takes; None where none takes less time than ``below``."""
        known = NEVER if below is None else below
        found: list[dict[int, list[State]]] = [{} for _ in range(self.count + 1)]
        found[0][0] = [State(self.law.head.delay, self.law.head.level)]
        for place in range(self.count):
            some, found[place] = found[place], {}
            if some:
                self.limit.check()
            kept: list[State] = []
            for runs in range(min(some, default=0), self.runs):
                here = [one for one in undominated(some.get(runs, [])) if not _is_beaten(one, kept)]
                kept = undominated([*kept, *here])
                for state in here:
                    for atoms in range(1, min(self.longest, self.count - place) + 1):
                        for end, after in self._runs(state, place, atoms, known):
                            found[end].setdefault(runs + 1, []).append(after)
        ends = [
            (one.time + recharged(self.law, one.level), runs, one) for runs, some in found[-1].items() for one in some
        ]
        time, _, last = min(ends, key=lambda end: end[:2], default=(known, 0, None))
        return None if last is None or time >= known else (list(_way(last)), time)

    def _runs(self, before: State, begun: int, atoms: int, known: int) -> Iterator[tuple[int, State]]:
        """The places at which runs end that begin behind a state, with what holds there, that may belong to a plan
        that takes less time than is known."""
        cycles: list[_Cycle] = []
        tried: list[tuple[Threshold, int, int]] = []
        first = later = None
        least = before.time - self.law.charging.elapsed_up(before.level) if self.is_bounded else 0
        for end in range(begun + atoms, self.count + 1, atoms):
            cycle = self._cycle(end - atoms, end)
            if cycle is None:
                return
            if self.is_bounded:
                least += self.leasts[end - atoms][atoms - 1]
                if least + self.behind[end] >= known:
                    return
            cycles.append(cycle)
            wanted = first, later
            if end == atoms:
                first = cycle.drain
            else:
                later = cycle.drain if later is None else max(later, cycle.drain)
            if (first, later) != wanted:
                # the threshold of all of them changes
                starts = [(one, before.time, before.level) for one in self._thresholds(first, later)]
                steps = list(enumerate(cycles))
            else:
                starts, steps = tried, [(len(cycles) - 1, cycle)]
            tried = [self._through(one, steps, begun) for one in starts]
            for threshold, time, level in tried:
                if not self.is_bounded or time - self.law.charging.elapsed_up(level) + self.behind[end] < known:
                    yield end, State(time, level, Run(len(cycles), atoms, threshold), before)

    def _thresholds(self, first: int | None, later: int | None) -> Sequence[Threshold]:
        """What a run may wait for."""
        worthwhile = self.law.shared(first, later)
        if not self.every:
            return worthwhile
        assert isinstance(self.law, ProgrammableWakeLaw), "only there thresholds are chosen"
        return self.law.codes_from(worthwhile[0])

    def _through(
        self, start: tuple[Threshold, int, int], steps: Sequence[tuple[int, _Cycle]], begun: int
    ) -> tuple[Threshold, int, int]:
        threshold, time, level = start
        for number, cycle in steps:
            waited, level = begin(self.law, level, threshold, is_first=begun == number == 0)
            time, level = time + waited + cycle.active, self.law.level_left(level, cycle.drain)
        return threshold, time, level

    def _cycle(self, start: int, end: int) -> _Cycle | None:
        """A cycle of these atoms, None if there is none."""
        if not self.cut[start] or not self.cut[end]:
            return None
        if self.law.max_cycles is not None and (start, end) != (0, self.count):
            return None
        drain = self.resume[start][0] + self.drained[end] - self.drained[start] + self.commit[end - 1][0]
        if drain > (self.law.capacity if start else self.law.first_capacity):
            return None
        return _Cycle(drain, self.resume[start][1] + self.took[end] - self.took[start] + self.commit[end - 1][1])

    def _leasts(self) -> list[list[int]]:
        """What cycles cost at least by where they begin and how many atoms they have, `UNREACHABLE` if there are none.

        The first cycle of a plan may wait for nothing.
        """
        law, slack = self.law, slack_of(self.law)
        drained, took = np.array(self.drained, dtype=np.int64), np.array(self.took, dtype=np.int64)
        commit = np.array([(0, 0), *self.commit], dtype=np.int64)
        cut, found = np.array(self.cut), [list[int]() for _ in range(self.count)]
        for start in (place for place in range(self.count) if self.cut[place]):
            ends = slice(start + 1, start + 1 + self.longest)
            drain = self.resume[start][0] + drained[ends] - drained[start] + commit[ends, 0]
            costs = self.resume[start][1] + took[ends] - took[start] + commit[ends, 1]
            fits = cut[ends] & (drain <= (law.capacity if start else law.first_capacity))
            if start:
                is_last = np.arange(len(drain)) + start + 1 == self.count
                for position, some in ((Position.MID, fits & ~is_last), (Position.LAST, fits & is_last)):
                    costs[some] += price_array(law, position, drain[some]) - slack
            costs[~fits] = UNREACHABLE
            found[start] = costs.tolist()
        return found

    def _behind(self) -> list[int]:
        """What plans cost at least behind each place, beyond what the level left there is worth."""
        behind = [UNREACHABLE] * self.count + [0]
        for start in range(self.count - 1, -1, -1):
            costs = map(add, self.leasts[start], behind[start + 1 :])
            behind[start] = min(UNREACHABLE, *costs) if self.leasts[start] else UNREACHABLE
        return behind


def undominated(states: Sequence[State]) -> list[State]:
    """The states than which none is as early and leaves as much, the earliest first."""
    kept: list[State] = []
    for state in sorted(states, key=lambda one: (one.time, -one.level)):
        if not kept or state.level > kept[-1].level:
            kept.append(state)
    return kept


def _is_beaten(state: State, others: Sequence[State]) -> bool:
    """Whether one of these, of which later ones leave more, is as early and leaves as much."""
    place = bisect_left(others, state.time + 1, key=lambda one: one.time)
    return place > 0 and others[place - 1].level >= state.level


def _way(last: State) -> Iterator[Run]:
    runs = []
    state: State | None = last
    while state is not None and state.run is not None:
        runs.append(state.run)
        state = state.before
    yield from reversed(runs)
