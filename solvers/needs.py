"""The best plan of tasks whose power cycles need more than they drain, by labels of time and level.

A cycle that starts at a level leaves what it has not drained, and because it needs more than that, under programmable
wake something is always left: how long the next cycle waits depends on it. So what is reached at a cut is a label, the
time that has passed and the level left, and all labels are kept of which none is both later and lower. Under one
threshold every cycle starts there, and the label that can start first is as good as all others, unless more flows in
during some task than it takes, so that a cycle can leave more than the threshold guarantees.

A cycle with no more than its threshold guarantees starts there, whatever was left: of all such labels the one counts
that gets there first, and what it leaves is the same. Labels above it start each at its own level.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from itertools import accumulate

from ischedule.models.chain import Chain
from ischedule.models.cycle_law import CycleLaw, Threshold, begin, recharged
from ischedule.models.fixed_wake import FixedWakeLaw
from ischedule.models.plan import Levels, Plan, PowerCycles
from ischedule.models.program import ExplicitStage, Program
from ischedule.solvers.limit import Limit
from ischedule.solvers.outcome import Outcome


@dataclass(frozen=True, slots=True)
class Reached:
    """A label: the time that has passed, the level left, and how it was reached."""

    elapsed: int
    level: int
    start: int
    before: Reached | None
    threshold: Threshold | None


@dataclass(frozen=True, slots=True)
class Edge:
    """A power cycle from one cut to another: what it needs and drains, and how long it runs."""

    end: int
    need: int
    drain: int
    active: int
    top: int | None
    """More than this is no use at its start: what flows in while it runs would rise above what is kept."""


def solve_needs(program: Program, limit: Limit) -> Outcome:
    """The plan of least latency of a program of one chain of tasks, with the labels that prove it."""
    stage = program.stages[0]
    assert isinstance(stage, ExplicitStage), "tasks are one stage"
    if not stage.fits(0):
        return Outcome(None, None, None, None, 0, stuck=0)
    search = _Search(program.law, stage.chain(0), limit)
    last = search.run()
    labels = tuple(tuple((one.elapsed, one.level) for one in at) for at in search.reached[:-1])
    if last is None:
        return Outcome(None, None, None, Levels(None, labels), 1)
    latency = last.elapsed + recharged(program.law, last.level)
    cost = latency - program.law.offset
    return Outcome(search.plan(last), latency, cost, Levels(cost, labels), 1)


def edges_of(law: CycleLaw, chain: Chain, limit: Limit) -> Callable[[int], Iterator[Edge]]:
    """A function that gives the power cycles which begin with an atom."""
    return _Search(law, chain, limit).edges


class _Search:
    """Labels at every cut (the number of atoms done), those later and lower than another left out."""

    def __init__(self, law: CycleLaw, chain: Chain, limit: Limit) -> None:
        self.law, self.chain, self.limit = law, chain, limit
        self.reached: list[list[Reached]] = [[] for _ in range(len(chain) + 1)]
        self.tried = lru_cache(1 << 14)(self._tried)
        self.drained = [0, *accumulate(map(int, chain.drain))]
        self.passed = [0, *accumulate(map(int, chain.time))]

    def run(self) -> Reached | None:
        """All labels of all cuts in order, and the one with which the latency ends first."""
        head, count = self.law.head, len(self.chain)
        self.reached[0] = [Reached(head.delay, head.level, 0, None, None)]
        for cut in range(count):
            if cut % 64 == 0:
                self.limit.tell(f"labels at cut {cut} of {count}")
            if cut and self.law.max_cycles == 1:
                break
            if self.reached[cut]:
                self._leave(cut, _Front(self.law, self.reached[cut], cut == 0))
        return min(self.reached[count], key=self._ends, default=None)

    def edges(self, start: int) -> Iterator[Edge]:
        """The cycles from a cut, as long as their atoms can be run."""
        chain, law, ceiling = self.chain, self.law, self.chain.ceiling
        opening, opening_time = int(chain.resume_drain[start]), int(chain.resume_time[start])
        most = law.capacity if start else law.first_capacity
        need, rise = max(opening, chain.start_need), 0
        height = need
        for index in range(start, len(chain)):
            before = opening + self.drained[index] - self.drained[start]
            spent = opening + self.drained[index + 1] - self.drained[start]
            asked = max(0, spent - before) + (int(chain.excess[index]) if len(chain.excess) else 0)
            height = max(height, asked + before + rise)
            need, rise = max(need, asked + before), max(rise, -spent)
            if need > most or (ceiling is not None and height > ceiling):
                return
            commit = int(chain.commit_drain[index])
            whole = max(need, spent + commit)
            if not chain.cut[index] or whole > most:
                continue
            if ceiling is not None and max(height, commit + spent + rise) > ceiling:
                continue
            active = opening_time + self.passed[index + 1] - self.passed[start] + int(chain.commit_time[index])
            yield Edge(index + 1, whole, spent + commit, active, None if ceiling is None else ceiling - rise)

    def _tried(self, need: int, is_first: bool) -> tuple[Threshold, ...]:
        return self.law.shared(need, None) if is_first else self.law.shared(None, need)

    def _leave(self, cut: int, front: _Front) -> None:
        for edge in self.edges(cut):
            if self.law.max_cycles == 1 and edge.end < len(self.chain):
                continue
            for threshold in self.tried(edge.need, cut == 0):
                for before in front.starting(threshold):
                    waited, level = begin(self.law, before.level, threshold, is_first=cut == 0)
                    if edge.need + self.law.upkeep.reserve > level:
                        continue
                    counted = level if edge.top is None else min(level, edge.top)
                    left = self.law.level_left(counted, edge.drain)
                    self._keep(edge.end, Reached(before.elapsed + waited + edge.active, left, cut, before, threshold))

    def _keep(self, cut: int, new: Reached) -> None:
        """Add a label where no other is as early and as high, and take out those that it makes useless."""
        labels = self.reached[cut]
        if isinstance(self.law, FixedWakeLaw) and self.chain.ceiling is None:
            labels[:] = [min([*labels, new], key=self._ends if cut == len(self.chain) else self._ready)]
            return
        place = bisect_left(labels, new.level, key=lambda one: one.level)
        if place < len(labels) and labels[place].elapsed <= new.elapsed:
            return
        begin_of = place
        while begin_of > 0 and labels[begin_of - 1].elapsed >= new.elapsed:
            begin_of -= 1
        end_of = place + 1 if place < len(labels) and labels[place].level == new.level else place
        labels[begin_of:end_of] = [new]

    def _ready(self, label: Reached) -> int:
        """When the next cycle can start, where all start at one threshold."""
        law = self.law
        assert isinstance(law, FixedWakeLaw)
        return label.elapsed + law.charging.charge_time(label.level, law.turn_on.high)

    def _ends(self, label: Reached) -> int:
        """When the latency ends, for a label behind the last cycle."""
        return label.elapsed + recharged(self.law, label.level)

    def plan(self, last: Reached) -> Plan:
        """The plan that a label at the end stands for."""
        cycles: list[PowerCycles] = []
        end, label = len(self.chain), last
        while label.before is not None and label.threshold is not None:
            one = PowerCycles(1, end - label.start, label.threshold.level, label.threshold.code)
            if cycles and (cycles[-1].atoms, cycles[-1].level, cycles[-1].code) == (one.atoms, one.level, one.code):
                one = PowerCycles(cycles.pop().repeat + 1, one.atoms, one.level, one.code)
            cycles.append(one)
            end, label = label.start, label.before
        return Plan((0,), tuple(reversed(cycles)))


class _Front:
    """The labels of one cut by rising level, later ones higher, and of those below a threshold the one there first."""

    def __init__(self, law: CycleLaw, labels: list[Reached], is_first: bool) -> None:
        self.law, self.labels, self.is_first = law, labels, is_first
        self.levels = [one.level for one in labels]
        self.first: list[Reached] = []
        if len(labels) > 1:
            most = law.charging.highest_level or 0
            ready = [one.elapsed - law.charging.elapsed_down(min(one.level, most)) for one in labels]
            best = 0
            for place in range(len(labels)):
                best = place if ready[place] < ready[best] else best
                self.first.append(labels[best])

    def starting(self, threshold: Threshold) -> list[Reached]:
        """The labels worth starting from at a threshold."""
        if len(self.labels) == 1:
            return self.labels
        below = bisect_right(self.levels, threshold.level)
        waiting = [self.first[below - 1]] if below else []
        return [*waiting, *self.labels[below:]]
