"""Plans of few runs of equal power cycles, by the designs of one that has many.

A plan's table has an entry for each run of cycles that have equally many atoms and one threshold. What a cycle adds to
a table depends on the cycle before it alone: the state behind a cycle is where it ends, how many atoms it has, and how
many runs there are so far. Of the ways to each such state the cheapest is kept, so that for every number of runs the
best cuts are found. Under fixed wake, where all thresholds are one, no plan of these designs with as few runs takes
less. Elsewhere runs share a threshold where the ways to do so are few enough to try (`shared_thresholds`); if they are
not, each cycle waits for the one that is best for it alone.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import chain, groupby, pairwise

import numpy as np
from numpy.typing import NDArray

from ischedule.models.chain import Chain
from ischedule.models.cycle_law import CycleLaw, Position, Threshold, replay
from ischedule.models.fixed_wake import FixedWakeLaw
from ischedule.models.plan import FewRuns, Plan, PowerCycles
from ischedule.models.program import ExplicitStage, Program
from ischedule.models.tables import MOST_STATES as PROVABLE
from ischedule.models.tables import longest_cycle, most_runs, table_work
from ischedule.models.tiling import Tiling
from ischedule.models.waiting_array import price_array
from ischedule.solvers.lift import power_cycles
from ischedule.solvers.limit import Limit, TimeUp
from ischedule.solvers.outcome import Outcome
from ischedule.solvers.shared_thresholds import SharedThresholds
from ischedule.solvers.sweep import UNREACHABLE, Integers
from ischedule.solvers.thresholds import best_thresholds

MOST_STATES = 60_000_000
"""Ends, lengths and numbers of runs that are told apart."""
MOST_CYCLES = 8_000_000
"""Ends and lengths of power cycles."""
FEW = 100_000
"""Runs of power cycles that are tried again and again, with all their thresholds."""

MORE_RUNS = "plans of other designs, or that wait for other thresholds, may have tables as small and take less"
UNCHECKED = "no cuts with tables as small take less by the search, and they are too many for the checker to go through"
NO_FEWER = "no plan was found whose tables are small enough, and none is known not to exist"


@dataclass(frozen=True)
class Recut:
    """A plan of certain designs with few runs, and what it takes by the certified rule."""

    plan: Plan
    latency: int


def recuts(program: Program, plan: Plan, most: int) -> Iterator[Recut]:
    """The best cuts of a plan's designs with at most so many runs, then with fewer and fewer.

    Those that are no better than ones with fewer runs are left out. There are none where the states are too many.
    """
    if _is_shared(program, plan, most):
        yield from _by_shared_thresholds(program, plan, most)
        return
    cuts = cuts_of(program, plan, min(most, len(plan.cycles)))
    if cuts is None or cuts.cost(cuts.runs) is None:
        found = by_atoms_alone(program, plan, most)
        if found is not None:
            yield found
        return
    for runs in range(cuts.runs, 0, -1):
        if cuts.cost(runs) is None:
            return
        if runs == 1 or cuts.cost(runs) != cuts.cost(runs - 1):
            yield cuts.recut(plan, runs)


def cut_into(program: Program, plan: Plan, runs: int, below: int | None = None) -> Recut | None:
    """The best cuts of a plan's designs with at most so many runs; those that take ``below`` or more are not needed."""
    if _is_shared(program, plan, runs):
        return with_shared_thresholds(program, plan, runs, below, Limit())
    cuts = cuts_of(program, plan, runs)
    return None if cuts is None or cuts.cost(runs) is None else cuts.recut(plan, runs)


def by_atoms_alone(program: Program, plan: Plan, most: int) -> Recut | None:
    """Cuts of a plan's designs into at most so many runs by their atoms alone, with a threshold for each of them.

    Good ones where a cycle costs much the same at every threshold; there are some if there are any at all.
    """
    law, cuts = program.law, Cuts(program.law, _joined(program, plan), most, by_atoms=True)
    if most < 1 or not cuts.is_solved() or cuts.cost(cuts.runs) is None:
        return None
    cycles = list(pairwise([0, *cuts.ends(cuts.runs)]))
    drains, thresholds = [cuts.drain(*cycle) for cycle in cycles], list[Threshold]()
    for _, run in groupby(range(len(cycles)), lambda number: cycles[number][1] - cycles[number][0]):
        own = [drains[number] for number in run]
        first, later = (None, own) if thresholds else (own[0], own[1:])
        thresholds += [law.shared(first, max(later, default=None))[0]] * len(own)
    runs = power_cycles([end - start for start, end in cycles], thresholds)
    latency = replay(law, drains, thresholds).waiting + sum(cuts.active(*cycle) for cycle in cycles)
    return Recut(Plan(plan.designs, runs, plan.stages), latency)


def _is_shared(program: Program, plan: Plan, runs: int) -> bool:
    """Whether thresholds are chosen, and the ways to cut a plan's designs are few enough to try all for all runs."""
    if isinstance(program.law, FixedWakeLaw) or runs < 1:
        return False
    return table_work(_joined(program, plan), program.law, runs) <= FEW


def _by_shared_thresholds(program: Program, plan: Plan, most: int) -> Iterator[Recut]:
    """The best cuts with at most so many runs, then with fewer and fewer."""
    while most > 0:
        found = with_shared_thresholds(program, plan, most, None, Limit())
        if found is None:
            return
        yield found
        most = len(found.plan.cycles) - 1


def with_small_tables(program: Program, outcome: Outcome, limit: Limit) -> Outcome:
    """The best cuts of the best plan of all whose tables are small enough, and what is proven.

    Of one chain of tasks no plan is better, and the checker can tell if the ways to cut it are few enough.
    """
    most, best = most_runs(program), outcome.plan
    assert most is not None, "the tables may take so much"
    assert best is not None, "it is cut again"
    # equal cuts that wait for different thresholds are no run
    fewer = next((one for one in recuts(program, best, most) if len(one.plan.cycles) <= most), None)
    is_best, is_fixed = _is_one_chain(program), isinstance(program.law, FixedWakeLaw)
    is_exact = is_best and table_work(_joined(program, best), program.law, max(0, most)) <= PROVABLE
    if is_exact and not is_fixed and not _is_shared(program, best, most):
        try:
            below = None if fewer is None else fewer.latency
            fewer = with_shared_thresholds(program, best, most, below, limit) or fewer
        except TimeUp:
            is_exact = False
    if fewer is None and is_exact:
        return Outcome(None, None, None, FewRuns(None), outcome.designs)
    if fewer is None:
        return Outcome(None, None, None, outcome.bound, outcome.designs, note=NO_FEWER, is_undecided=True)
    if not is_exact:
        note = UNCHECKED if is_best and is_fixed else MORE_RUNS
        return replace(outcome, plan=fewer.plan, latency=fewer.latency, note=note)
    cost = fewer.latency - program.law.offset
    return replace(outcome, plan=fewer.plan, latency=fewer.latency, cost=cost, bound=FewRuns(cost))


def with_shared_thresholds(
    program: Program, plan: Plan, most: int, below: int | None, limit: Limit, *, every: bool = False
) -> Recut | None:
    """The best cuts of a plan's designs with at most so many runs, whatever the thresholds that runs wait for.

    Of these those worth trying, or ``every`` one. None if they take as much as ``below`` or more.
    """
    found = SharedThresholds(program.law, _joined(program, plan), most, limit, every=every).best(below)
    if found is None:
        return None
    runs, latency = found
    cycles = tuple(PowerCycles(one.cycles, one.atoms, one.threshold.level, one.threshold.code) for one in runs)
    return Recut(Plan(plan.designs, cycles, plan.stages), latency)


def _is_one_chain(program: Program) -> bool:
    """Whether there is one design to cut."""
    stage = program.stages[0]
    return (
        len(program.stages) == 1
        and isinstance(stage, ExplicitStage)
        and sum(map(stage.fits, range(len(stage.designs)))) == 1
    )


def cuts_of(program: Program, plan: Plan, most: int) -> Cuts | None:
    """All cuts of a plan's designs with at most so many runs; None where they are too many to be told apart."""
    cuts = Cuts(program.law, _joined(program, plan), most)
    return cuts if cuts.runs > 0 and cuts.is_solved() else None


def _joined(program: Program, plan: Plan) -> Chain:
    """The atoms of all designs of a plan as one chain."""
    chains = []
    for index, design in zip(plan.stages, plan.designs, strict=True):
        stage = program.stages[index]
        if isinstance(stage, ExplicitStage):
            assert isinstance(design, int)
            chains.append(stage.chain(design))
        else:
            assert isinstance(design, Tiling)
            chains.append(stage.chain(design))
    columns = zip(*(one.columns() for one in chains), strict=True)
    drain, time, resume, resume_time, commit, commit_time, cut = (list(chain.from_iterable(some)) for some in columns)
    return Chain(drain, time, resume, resume_time, commit, commit_time, list(map(bool, cut)), 0)


class Cuts:
    """All ways to cut one chain into power cycles, told apart by their last cycle's atoms and their runs.

    What cycles wait for makes no difference if runs are told apart ``by_atoms`` alone.
    """

    def __init__(self, law: CycleLaw, joined: Chain, runs: int, *, by_atoms: bool = False) -> None:
        self.law, self.count, self.runs, self.by_atoms = law, len(joined), runs, by_atoms
        self.longest = max(1, longest_cycle(joined, law))

        def column(values: object) -> Integers:
            return np.asarray(values, dtype=np.int64)

        self.drained = np.concatenate([[0], np.cumsum(column(joined.drain))])
        self.took = np.concatenate([[0], np.cumsum(column(joined.time))])
        self.resume, self.resume_time = column(joined.resume_drain), column(joined.resume_time)
        self.commit, self.commit_time = column(joined.commit_drain), column(joined.commit_time)
        self.begins = np.concatenate([[True], np.asarray(joined.cut, dtype=bool)])

    def drain(self, start: int, end: int) -> int:
        """What a cycle drains."""
        return int(self.drained[end] - self.drained[start] + self.resume[start] + self.commit[end - 1])

    def active(self, start: int, end: int) -> int:
        """How long it is active."""
        return int(self.took[end] - self.took[start] + self.resume_time[start] + self.commit_time[end - 1])

    def is_solved(self) -> bool:
        """Find the least costs for up to so many runs; whether the states are few enough to be told apart."""
        runs, longest = self.runs, self.longest
        if self.count * longest > MOST_CYCLES or self.count * longest * (runs + 1) > MOST_STATES:
            return False
        prices, codes = self._prices(longest)
        behind = np.full((longest + 1, longest + 1, runs + 1), UNREACHABLE, dtype=np.int64)
        """By the end (modulo its size), the atoms of the last cycle, and the runs."""
        best = np.full((self.count + 1, runs + 1), UNREACHABLE, dtype=np.int64)
        best[0] = 0
        self.goes_on = np.zeros((self.count + 1, longest + 1, runs + 1), dtype=bool)
        self.last = np.zeros((self.count + 1, runs + 1), dtype=np.int32)
        for end in range(1, self.count + 1):
            atoms = np.arange(1, min(longest, end) + 1)
            start = end - atoms
            price = prices[end, : len(atoms)]
            fits = price < UNREACHABLE
            atoms, start, price = atoms[fits], start[fits], price[fits]
            here = behind[end % (longest + 1)]
            here[:] = UNREACHABLE
            if not len(atoms):
                continue
            same = behind[start % (longest + 1), atoms]
            is_same = codes[np.maximum(start, 0), atoms - 1] == codes[end, atoms - 1]
            same = np.where(is_same[:, None], same, UNREACHABLE)
            other = np.concatenate([np.full((len(atoms), 1), UNREACHABLE), best[start, :-1]], axis=1)
            found = np.minimum(same, other)
            self.goes_on[end, atoms] = same <= other
            here[atoms] = np.where(found < UNREACHABLE, found + price[:, None], UNREACHABLE)
            self.last[end] = np.argmin(here, axis=0)
            best[end] = np.min(here, axis=0)
        self.best = np.minimum.accumulate(best[self.count])
        self.exact = best[self.count]
        return True

    def _prices(self, longest: int) -> tuple[Integers, NDArray[np.int64]]:
        """For each end and number of atoms what a cycle costs (`UNREACHABLE` if there is none), and its threshold."""
        law, count = self.law, self.count
        prices = np.full((count + 1, longest), UNREACHABLE, dtype=np.int64)
        codes = np.zeros((count + 1, longest), dtype=np.int64)
        for atoms in range(1, min(longest, count) + 1):
            end = np.arange(atoms, count + 1)
            start = end - atoms
            drain = self.drained[end] - self.drained[start] + self.resume[start] + self.commit[end - 1]
            time = self.took[end] - self.took[start] + self.resume_time[start] + self.commit_time[end - 1]
            may = self.begins[start] & self.begins[end]
            for position in Position:
                is_first, is_last = start == 0, end == count
                if law.max_cycles is not None and position is not Position.ONLY:
                    continue
                here = {
                    Position.FIRST: is_first & ~is_last,
                    Position.MID: ~is_first & ~is_last,
                    Position.LAST: ~is_first & is_last,
                    Position.ONLY: is_first & is_last,
                }[position]
                capacity = law.first_capacity if position in (Position.FIRST, Position.ONLY) else law.capacity
                some = np.flatnonzero(may & here & (drain <= capacity))
                if not len(some):
                    continue
                prices[end[some], atoms - 1] = time[some] + price_array(law, position, drain[some])
                if not self.by_atoms:
                    codes[end[some], atoms - 1] = self._codes(position, drain[some])
        return prices, codes

    def _codes(self, position: Position, drains: Integers) -> NDArray[np.int64]:
        """The threshold of each cycle, by its level."""
        distinct, place = np.unique(drains, return_inverse=True)
        first = self.law.threshold(int(distinct[0]), position)
        if self.law.threshold(int(distinct[-1]), position) == first:
            return np.full(len(drains), first.level, dtype=np.int64)
        levels = [self.law.threshold(int(drain), position).level for drain in distinct]
        return np.asarray(levels, dtype=np.int64)[place]

    def recut(self, plan: Plan, runs: int) -> Recut:
        """The cheapest cuts with at most so many runs as a plan of the same designs."""
        ends = self.ends(runs)
        cycles = list(pairwise([0, *ends]))
        thresholds, waited = best_thresholds(self.law, [self.drain(*cycle) for cycle in cycles])
        runs_of = power_cycles([end - start for start, end in cycles], thresholds)
        return Recut(Plan(plan.designs, runs_of, plan.stages), waited + sum(self.active(*cycle) for cycle in cycles))

    def cost(self, runs: int) -> int | None:
        """The least cost with at most so many runs."""
        found = int(self.best[runs])
        return found if found < UNREACHABLE else None

    def ends(self, runs: int) -> list[int]:
        """Where the cycles of the cheapest cuts end."""
        runs = int(np.flatnonzero(self.exact[: runs + 1] == self.best[runs])[0])
        end, atoms = self.count, int(self.last[self.count, runs])
        found: list[int] = []
        while end:
            found.append(end)
            goes_on = bool(self.goes_on[end, atoms, runs])
            end -= atoms
            if not goes_on:
                runs -= 1
                atoms = int(self.last[end, runs]) if end else 0
        return found[::-1]
