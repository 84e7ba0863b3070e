"""Whether labels of time and level are closed: then no plan of a chain of tasks ends before the earliest of them says.

Power cycles that need more than they drain leave a level that shortens the next wait. A certificate names for each cut
labels (time passed, level left). The checker composes the demand of every cycle from those of its parts, lets it start
from every label at every threshold worth trying, by the certified rule, and asks that some label at its end has passed
no more time and leaves no less, or where it ends the chain, that it costs no less than the bound. By induction every
plan that waits for such thresholds is then no earlier at any cut, and leaves no more, than one of the labels there:
with less time and more left the same cycles can follow, no later.

Under one threshold it is enough that some label there can start the next cycle no later, as all start alike; unless
more flows in during some task than it takes, so that a cycle can leave more than the threshold guarantees.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator
from itertools import accumulate

from ischedule.analysis.labels import Unproven
from ischedule.analysis.progress import Tell, unheard
from ischedule.models.chain import Chain
from ischedule.models.cycle_law import CycleLaw, Threshold, begin, recharged
from ischedule.models.demand import Coordinate, Demand
from ischedule.models.fixed_wake import FixedWakeLaw
from ischedule.models.plan import Label, Levels
from ischedule.models.program import ExplicitStage, Program


def cycles_from(chain: Chain, start: int, coordinate: Coordinate) -> Iterator[tuple[int, Demand, Demand]]:
    """For each number of atoms with which a cycle from a cut can end: the demand of its atoms so far, and of all of it.

    What leaves an excess above the floor needs that above what it drains.
    """
    opening, time = int(chain.resume_drain[start]), int(chain.resume_time[start])
    spent = Demand(max(opening, chain.start_need), opening, time, coordinate)
    for index in range(start, len(chain)):
        drain, excess = int(chain.drain[index]), int(chain.excess[index]) if len(chain.excess) else 0
        spent = spent.then(Demand.even(drain, excess, int(chain.time[index]), coordinate))
        commit = Demand.ideal(int(chain.commit_drain[index]), int(chain.commit_time[index]), coordinate)
        yield index + 1, spent, spent.then(commit)


def cycle_demand(chain: Chain, start: int, end: int, coordinate: Coordinate) -> Demand:
    """The demand of a cycle over some atoms of a chain."""
    return next(whole for at, _, whole in cycles_from(chain, start, coordinate) if at == end)


def require_levels(program: Program, proof: Levels, tell: Tell = unheard) -> None:
    """Raise `Unproven` unless every plan costs at least the proof's value, or there is none where it has none."""
    stage = program.stages[0]
    if len(program.stages) != 1 or not isinstance(stage, ExplicitStage) or len(stage.designs) != 1:
        raise Unproven("labels of time and level are about one chain of tasks")
    if not program.goal.is_plain:
        raise Unproven("labels of time and level do not tell what else plans spend")
    _Closure(program, stage.chain(0), proof).require(tell)


class _Closure:
    """The labels of a certificate, each cut's by level, and what they cover."""

    def __init__(self, program: Program, chain: Chain, proof: Levels) -> None:
        self.law, self.chain, self.proof = program.law, chain, proof
        self.coordinate = program.law.charging.buffer.coordinate
        if len(proof.cuts) != len(chain):
            raise Unproven(f"there are labels for {len(proof.cuts)} cuts, the chain has {len(chain)} before its end")
        self.are_alike = isinstance(self.law, FixedWakeLaw) and chain.ceiling is None
        self.covers = [_Staircase(cut, self.law, self.are_alike) for cut in proof.cuts]

    def require(self, tell: Tell) -> None:
        head = self.law.head
        if not self.covers[0].covers(head.delay, head.level):
            raise Unproven("no label at the start is as early and as high as where plans begin")
        for start in range(len(self.chain)):
            if start % 256 == 0:
                tell(f"checking labels at cut {start} of {len(self.chain)}")
            if self.proof.cuts[start] and not (start and self.law.max_cycles == 1):
                self._require_from(start)

    def _require_from(self, start: int) -> None:
        law = self.law
        most = law.capacity if start else law.first_capacity
        for end, atoms, whole in cycles_from(self.chain, start, self.coordinate):
            if atoms.need > most or not self._clears(atoms):
                return
            is_end, fits = end == len(self.chain), whole.need <= most and self._clears(whole)
            if not self.chain.cut[end - 1] or not fits or (law.max_cycles == 1 and not is_end):
                continue
            tried = law.shared(None, whole.need) if start else law.shared(whole.need, None)
            for threshold in tried:
                self._require_cycle(start, end, whole, threshold)

    def _clears(self, demand: Demand) -> bool:
        """Whether the ceiling lets the level rise as high as something needs."""
        return self.chain.ceiling is None or demand.height <= self.chain.ceiling

    def _require_cycle(self, start: int, end: int, cycle: Demand, threshold: Threshold) -> None:
        law = self.law
        for elapsed, level in self.covers[start].leaving(threshold):
            waited, begun = begin(law, level, threshold, is_first=start == 0)
            if cycle.need + law.upkeep.reserve > begun:
                continue
            top = begun if self.chain.ceiling is None else min(begun, self.chain.ceiling - cycle.rise)
            passed, left = elapsed + waited + cycle.time, law.level_left(top, cycle.drain)
            if end == len(self.chain):
                self._require_end(passed + recharged(law, left) - law.offset)
            elif not self.covers[end].covers(passed, left):
                where = f"atoms {start + 1} to {end} at a threshold of {threshold.level}"
                raise Unproven(f"a cycle of {where} leaves {left} at {passed} ps, which no label covers")

    def _require_end(self, cost: int) -> None:
        if self.proof.value is None or cost < self.proof.value:
            raise Unproven(f"a plan costs {cost}, the bound is {self.proof.value}")


class _Staircase:
    """Labels of one cut: those with the most time passed have the most left."""

    def __init__(self, labels: tuple[Label, ...], law: CycleLaw, are_alike: bool) -> None:
        self.law, self.are_alike = law, are_alike and law.max_cycles != 1
        ordered = sorted(labels, key=lambda label: label[1])
        self.levels = [level for _, level in ordered]
        self.labels = ordered
        earliest = list(accumulate((elapsed for elapsed, _ in reversed(ordered)), min))
        self.earliest = list(reversed(earliest))
        self.ready = min((self._ready(*label) for label in labels), default=None)

    def _ready(self, elapsed: int, level: int) -> int:
        """When the next cycle can start under one threshold."""
        law = self.law
        if not self.are_alike or not isinstance(law, FixedWakeLaw):
            return elapsed
        return elapsed + law.charging.charge_time(level, law.turn_on.high)

    def covers(self, elapsed: int, level: int) -> bool:
        """Whether some label is no later and no lower."""
        place = bisect_left(self.levels, level)
        if place < len(self.levels) and self.earliest[place] <= elapsed:
            return True
        if not self.are_alike:
            return False
        return self.ready is not None and self.ready <= self._ready(elapsed, level)

    def leaving(self, threshold: Threshold) -> list[Label]:
        """The labels from which cycles at a threshold must be covered.

        Those with no more than it guarantees all start there: of them the one that has waited for it first.
        """
        waiting = [label for label in self.labels if label[1] <= threshold.level]
        others = [label for label in self.labels if label[1] > threshold.level]
        if len(waiting) > 1:
            law = self.law
            waiting = [min(waiting, key=lambda one: one[0] + law.charging.charge_time(one[1], threshold.high))]
        return waiting + others
