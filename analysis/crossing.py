"""One tiled stage of a proof: its floor holds, and whatever enters it leaves it covered, or costs the bound.

A box of designs is discharged by its totals, in reduced costs or by total load; a design by the number of cycles that
must touch it; the rest are walked through, first with free ends, then from the labels.
"""

from __future__ import annotations

from dataclasses import dataclass

from ischedule.analysis.cycle_count import kinds_of, least_cycles
from ischedule.analysis.design_classes import Box, Classes
from ischedule.analysis.first_atom import heaviest_load
from ischedule.analysis.grounds import Grounds
from ischedule.analysis.labels import Cover, Unproven
from ischedule.analysis.potential import FREE, Entry, Opening, Walked, rows_in, walk
from ischedule.models.kernels import Ends
from ischedule.models.plan import Boundary
from ischedule.models.program import TiledStage
from ischedule.models.tiling import Tiling


@dataclass(frozen=True, slots=True)
class Behind:
    """What the stages behind one cost at least: reduced, times the denominator; and their drain and their time."""

    reduced: int
    drain: int
    time: int


class Crossing:
    """One stage: its floor is proved, and all that follows from the labels before it is covered or discharged."""

    def __init__(
        self,
        grounds: Grounds,
        stage: TiledStage,
        behind: Behind,
        before: Boundary,
        after: Cover | None,
        floor: int | None,
    ) -> None:
        self.grounds, self.stage, self.behind, self.after = grounds, stage, behind, after
        self.floor = floor
        self.classes = Classes(stage, grounds.cost.widest)
        self.labels = _labels(before, grounds.ends)
        self.entry = self._potentials(before)
        # a plan through the stage costs the value if its potential before the stage and what it adds reach this
        self.reach = grounds.rate[1] * grounds.value - behind.reduced
        self.need = self._need()

    def _potentials(self, before: Boundary) -> Entry:
        numerator, denominator = self.grounds.rate
        resume = self.grounds.ends.resume

        def state(label: tuple[int, int]) -> tuple[int, int]:
            load, cost = label[0] - resume[0], label[1] - resume[1]
            return denominator * cost + numerator * load, -load

        closed = None if before.closed is None else denominator * before.closed
        return Entry(closed, tuple(map(state, before.first)), tuple(map(state, before.later)))

    def _need(self) -> int | None:
        """The reduced totals with which a design is discharged whatever enters it; None if nothing enters."""
        later = [potential - self.grounds.later for potential, _ in self.entry.later]
        if self.entry.closed is not None:
            later.append(self.entry.closed - self.grounds.later)
        entries = [*later, *(potential - self.grounds.first for potential, _ in self.entry.first)]
        return self.reach - min(entries) if entries else None

    def require(self) -> None:
        """Go through all designs, most of them in boxes."""
        limits = [limit for limit in (self.floor, self.need) if limit is not None]
        if not limits:
            return
        for box in self.classes.below(self.grounds.rate, max(limits)):
            drain, time = box.totals(self.stage)
            asks_floor = self.floor is not None and box.reduced < self.floor
            asks_labels = self.need is not None and box.reduced < self.need and not self._is_late(drain, time)
            if asks_floor or asks_labels:
                for tiling in box.designs(self.stage):
                    self._require_design(tiling, box, (drain, time), asks_floor, asks_labels)

    def _is_late(self, drain: int, time: int) -> bool:
        """Whether every plan that goes from a label through designs of these totals costs the value, by total load."""
        total, ahead = self.grounds.total, self.behind
        if total is None:
            return False
        reach = self.grounds.value - time - ahead.time
        return all(
            cost + total.least(load + drain + ahead.drain) - (total.first if is_first else total.later) >= reach
            for load, cost, is_first in self.labels
        )

    def _require_design(
        self, tiling: Tiling, box: Box, totals: tuple[int, int], asks_floor: bool, asks_labels: bool
    ) -> None:
        extent, prices = self.stage.forms[tiling.form], self.stage.prices
        widest, rate, waste = self.grounds.cost.widest, self.grounds.rate, self.grounds.waste
        if heaviest_load(extent, tiling, prices) > widest:
            return
        least = self._least(totals, least_cycles(kinds_of(extent, tiling, prices), widest), box.reduced)
        goals = [
            goal for asked, goal in ((asks_floor, self.floor), (asks_labels, self.need)) if asked and goal is not None
        ]
        if all(least >= goal for goal in goals):
            return
        if asks_floor and self.floor is not None and least < self.floor:
            limit = max(goals) - box.reduced
            found = walk(rows_in(extent, tiling, prices, rate), waste, Opening(_nothing, widest), FREE, limit)
            least = max(goals) if found is None else max(least, box.reduced + _freely(found))
            if least < self.floor:
                raise Unproven(f"the floor of stage {self.stage.name} is above what {tiling.describe()} costs")
        if asks_labels and self.need is not None and least < self.need:
            limit = self.reach + self.grounds.later - box.reduced
            opening = self.grounds.opening()
            found = walk(rows_in(extent, tiling, prices, rate), waste, opening, self.entry, limit)
            if found is not None:
                self._require_covered(tiling, box, found)

    def _least(self, totals: tuple[int, int], cycles: int, reduced: int) -> int:
        """The least that a design costs with free ends, given how many cycles must touch it."""
        (drain, time), denominator = totals, self.grounds.rate[1]
        inside = cycles - 2
        if inside <= 0:
            return reduced
        lines = self.grounds.lines
        return max(
            reduced,
            *(denominator * (time + inside * constant) + slope * drain for constant, slope in lines),
        )

    def _require_covered(self, tiling: Tiling, box: Box, found: Walked) -> None:
        grounds, resume, commit = self.grounds, self.grounds.ends.resume, self.grounds.ends.commit
        numerator, denominator = grounds.rate

        def label(state: tuple[int, int]) -> tuple[int, int]:
            load = found.drain - state[1]
            cost = (state[0] + box.reduced - numerator * load) // denominator
            return load + resume[0], cost + resume[1]

        closed = None if found.closed is None else (found.closed + box.reduced) // denominator
        after = Boundary(closed, tuple(map(label, found.first)), tuple(map(label, found.later)))
        where = f"through {tiling.describe()} of stage {self.stage.name}"
        if self.after is None:
            costs = [cost + commit[1] + grounds.law.only(drain + commit[0]) for drain, cost in after.first]
            costs += [cost + commit[1] + grounds.law.last(drain + commit[0]) for drain, cost in after.later]
            if min(costs, default=grounds.value) < grounds.value:
                raise Unproven(f"a plan {where} may cost {min(costs)}, less than {grounds.value}")
            return
        for state, drain, cost, is_first in self.after.uncovered(after):
            started = (0, cost) if drain is None else (drain - resume[0], cost - resume[1])
            if not self._is_dear(*started, is_first):
                raise Unproven(f"{where} the state {state} is reached at a cost of {cost}, which no label covers")

    def _is_dear(self, load: int, cost: int, is_first: bool) -> bool:
        """Whether every plan through a label after the stage costs the value."""
        grounds, ahead, total = self.grounds, self.behind, self.grounds.total
        numerator, denominator = grounds.rate
        rebate = grounds.first if is_first else grounds.later
        if denominator * cost + numerator * load - rebate >= self.reach:
            return True
        if total is None:
            return False
        saved = total.first if is_first else total.later
        return cost + ahead.time + total.least(load + ahead.drain) - saved >= grounds.value


def _labels(before: Boundary, ends: Ends) -> list[tuple[int, int, bool]]:
    """What enters a stage: loads and costs without the ends of cycles, and whether the cycle is the first."""
    drain, time = ends.resume
    closed = [] if before.closed is None else [(0, before.closed, False)]
    first = [(label[0] - drain, label[1] - time, True) for label in before.first]
    return closed + first + [(label[0] - drain, label[1] - time, False) for label in before.later]


def _nothing(load: int) -> int:
    """The waste of a cycle that is shared with another stage: nothing is known about it."""
    return 0


def _freely(found: Walked) -> int:
    """The least potential of a design with free ends: its last piece, shared with what follows, wastes nothing."""
    ends = [potential for potential, _ in (*found.first, *found.later)]
    return min(ends if found.closed is None else [*ends, found.closed])
