"""Columns of the ILP for networks: which of a layer's hundred thousand designs have to be in the program.

Pricing goes through the layers in order. It starts at each boundary from the labels of the duals and of what the
designs that have just been found reach, so that one round finds all that belong together. The last round finds none.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np

from ischedule.models.plan import Boundary, Plan
from ischedule.models.program import Program
from ischedule.models.tiling import Tiling
from ischedule.solvers.exclusion import Exclusion
from ischedule.solvers.frontier import Crossing, Discharge, Reached, finish, gather, start
from ischedule.solvers.graph_pass import broken, standing
from ischedule.solvers.ilp import Chosen, Master, plan_of_path, solve_master, stuck_in
from ischedule.solvers.limit import Limit, TimeUp
from ischedule.solvers.network_pass import Search, ways
from ischedule.solvers.outcome import Outcome, boundary_of
from ischedule.solvers.passes import CUTS, few_of, most_promising, slack_of
from ischedule.solvers.segments import segmented
from ischedule.solvers.space import Index
from ischedule.solvers.sweep import UNREACHABLE, Exits, Kind
from ischedule.solvers.tiled import WHOLE, Prepared, completed, floored, prepared, stuck_in_one_cycle
from ischedule.solvers.waits import Waiting

PARTS = (1 / 16, 1 / 8, 1 / 4, 1 / 2, 1)
"""Parts of the distance from the bound to the first plan within which better plans are looked for."""


def solve_by_columns(program: Program, limit: Limit) -> Outcome:
    """The optimal plan of tiled stages, or within a time limit or gap the best one found and a proven bound."""
    return with_columns(program, limit)[0]


def with_columns(program: Program, limit: Limit) -> tuple[Outcome, list[set[Tiling]]]:
    """The same, and the designs of each stage that have entered the program on the way."""
    ready = prepared(program, limit, WHOLE)
    entered: list[set[Tiling]] = [set() for _ in program.stages]
    if isinstance(ready, Outcome):
        return ready, entered
    columns = _Columns(program, ready, limit)
    outcome = columns.solve()
    for step, designs in zip(program.steps, columns.names(), strict=True):
        entered[step.stage] |= {design for design in designs.values() if isinstance(design, Tiling)}
    return outcome, entered


@dataclass
class _Columns:
    """The designs that are in the program, and the best plan found with them."""

    program: Program
    ready: Prepared
    limit: Limit

    def __post_init__(self) -> None:
        self.search: Search = self.ready.search
        self.chosen: list[set[int]] = [
            set(most_promising(self.search, step.stage, self.ready.steer).tolist()) for step in self.program.steps
        ]
        self.master: Master | None = None
        self.best: tuple[Plan, int] | None = None
        self.value: float = UNREACHABLE
        self.promised: float = UNREACHABLE

    def solve(self) -> Outcome:
        """Alternate between the program and pricing."""
        try:
            self._solve_master(Limit(threads=self.limit.threads, listen=self.limit.listen))
            for one in floored(self.search, self.ready.steer, self.limit):
                self.search = one
            for one in segmented(self.search, self.ready.steer, self.limit):
                self.search = one
            self._look_for_plans()
            self._complete()
            while not self._within_gap():
                if not self._went_on(self.value):
                    return self._outcome(True)
        except TimeUp:
            pass
        return self._outcome(False)

    def names(self) -> Chosen:
        """The designs of each step that are in the program."""
        return [
            {number: self.search.spaces[step.stage].tiling(number) for number in sorted(designs)}
            for step, designs in zip(self.program.steps, self.chosen, strict=True)
        ]

    def _look_for_plans(self) -> None:
        """Plans near the bound, with the designs that are laid out; where there is none, somewhat further from it."""
        for cuts in CUTS:
            if self.value >= UNREACHABLE:
                self._went_on(self.value, cuts)
        least, known = self._least(), self.value
        for part in PARTS if known < UNREACHABLE else ():
            most = least + part * (known - least)
            if most < self.value and not self._within_gap():
                self._went_on(most, CUTS[-1])

    def _went_on(self, most: float, cuts: int | None = None) -> bool:
        """Price designs, and solve the program with those that enter it; whether there were any.

        Where a better plan is in sight, what is dearer than that is left aside.
        """
        found = self._priced(most, cuts)
        promised = self.promised
        if promised < most:
            found = self._priced(promised, cuts)
        if most < self.value and promised >= self.value:
            return False
        if not self._enter(found):
            return False
        self._solve_master(self.limit, promised)
        return True

    def _enter(self, found: list[set[int]]) -> bool:
        """Put designs into the program; whether there are any."""
        for designs, new in zip(self.chosen, found, strict=True):
            designs |= new
        return any(found)

    def _complete(self) -> None:
        """Lay out every design that a plan no dearer than the best one can have; the program keeps those of its own."""
        before = self.search.spaces
        self.search = completed(self.search, self.ready.steer, self.value)
        for step, designs in zip(self.program.steps, self.chosen, strict=True):
            old, new = before[step.stage], self.search.spaces[step.stage]
            if new is not old:
                here, there = new.places_of(old)
                kept = set(here[np.isin(there, sorted(designs))].tolist())
                designs.clear()
                designs |= kept

    def _solve_master(self, limit: Limit, most: float = UNREACHABLE) -> None:
        """Solve the program of plans that are no dearer than the best one known, or than a promised cost."""
        wanted = Exclusion(self.search, self.program.steps, within(min(self.value, most)))
        master = solve_master(self.program, self.names(), limit, wanted)
        if master.flow is not None or self.value >= UNREACHABLE:
            self.master = master
        if master.flow is not None:
            self.value = master.flow.cost
            self.best = plan_of_path(self.program, self.names(), master.flow.path)
            offset = self.program.law.offset
            best, least = (self.value + offset) / 1e12, (self._least() + offset) / 1e12
            self.limit.announce(f"incumbent {best:.6g} s, bound {least:.6g} s")

    def _least(self) -> int:
        """What every plan costs at least by the floors and segments alone."""
        return self.search.least_plan(slack_of(self.value))

    def _within_gap(self) -> bool:
        least = self._least() + self.program.law.offset
        dearest = self.value + self.program.law.offset
        return self.limit.gap > 0 and least > 0 and dearest - least <= self.limit.gap * least

    def _priced(self, most: float, cuts: int | None = None) -> list[set[int]]:
        """Designs whose reduced cost is negative: through them a label is reached that the duals do not cover.

        With ``cuts`` they are sought among few promising ones with about so many of each layer.
        """
        search, steps = self.search, self.program.steps
        ceiling = within(most)
        self.promised = UNREACHABLE
        slack = slack_of(min(most, 1e18))
        reached = [start(self.ready.exact.dtype)]
        found: list[set[int]] = [set() for _ in steps]
        for boundary, leading in enumerate(self.program.into()):
            if boundary == 0:
                continue
            self.limit.tell(f"pricing the designs before boundary {boundary} of {self.program.end}")
            candidates = dict[int, Index]()
            for step in leading:
                source = steps[step].source
                if source and reached[source].is_empty:
                    continue
                some = search.candidates(step, reached[source], ceiling)
                if cuts is None:
                    some = search.sharpened(step, reached[source], some, ceiling, self.ready.steer, self.limit)
                else:
                    some = few_of(search, steps[step].stage, some, self.ready.steer, cuts)
                candidates[step] = some
            rough = self._crossed(candidates, reached, self.ready.steer, ceiling, slack)
            among = {
                step: np.union1d(search.numbering.of_step(step, rough[1]), sorted(self.chosen[step])).astype(np.intp)
                for step in candidates
            }
            reached.append(self._crossed(among, reached, self.ready.exact, ceiling, 0)[0])
            new = self._improving(boundary, reached[-1])
            for step in leading:
                named = set(search.numbering.of_step(step, np.array(sorted(new), dtype=np.intp)).tolist())
                found[step] = named - self.chosen[step]
        return found

    def _crossed(
        self, designs: dict[int, Index], entries: list[Reached], waiting: Waiting, ceiling: float, slack: float
    ) -> tuple[Reached, Index]:
        """What is reached behind some steps to a boundary within the ceiling, and which designs reach it within the
        slack, as the passes number them.
        """
        search, steps = self.search, self.program.steps
        boundary = next((steps[step].target for step in designs), 0)

        def wanted(exits: Exits, kind: Kind) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
            return np.asarray(search.least_label(exits, kind, boundary) <= ceiling)

        def crossings() -> Iterator[Crossing]:
            for step, some in designs.items():
                if len(some):
                    for one in ways(search, step, some, entries[steps[step].source], waiting, self.limit, ceiling):
                        one = broken(one, waiting) if self.program.breaks(step) else one
                        yield replace(one, index=one.index + search.numbering.bases[step])

        kept: Discharge = standing(wanted) if boundary in self.program.closed else wanted
        crossed = gather(crossings(), kept, waiting, slack)
        return crossed.reached, crossed.useful

    def _improving(self, boundary: int, reached: Reached) -> set[int]:
        """Designs, as the passes number them, that reach something at a boundary which the duals do not cover."""
        if boundary == self.program.end:
            commit = self.search.commit
            ended = finish(
                reached, lambda one: (np.full_like(one, commit[0]), np.full_like(one, commit[1])), self.ready.exact
            )
            if ended is None or ended.cost >= self.value:
                return set()
            self.promised = int(ended.cost)
            return {int(reached[ended.kind].design[ended.label])}
        assert self.master is not None
        known = self.master.boundaries[boundary - 1]
        there = boundary_of(reached)
        new = set[int]()
        if there.closed is not None and (known.closed is None or there.closed < known.closed):
            new.add(reached.closed_design)
        for kind, labels, covers in (
            (Kind.FIRST, there.first, known.first),
            (Kind.LATER, there.later, known.later),
            (Kind.KEPT, there.kept, known.kept),
            (Kind.AHEAD, there.ahead, known.ahead),
        ):
            slip = self.program.law.slip if kind is Kind.AHEAD else 0
            for label, design in zip(labels, reached[kind].design.tolist(), strict=True):
                if not any(_covers(one, label, slip) for one in covers):
                    new.add(design)
        return new

    def _outcome(self, proven: bool) -> Outcome:
        """The plan of the program, and the bound that its duals, or the floors alone, prove."""
        master, search = self.master, self.search
        count = sum(map(len, search.spaces))
        if master is None or (self.best is None and not proven):
            raise TimeUp
        if master.flow is None or self.best is None:
            exact = self.ready.exact
            is_single, graph = exact.single, master.graph
            stuck = stuck_in_one_cycle(self.program, search, exact) if is_single else stuck_in(self.program, graph)
            return Outcome(None, None, None, None, count, stuck)
        plan, latency = self.best
        if not proven:
            boundaries = tuple(Boundary(None, (), ()) for _ in range(1, self.program.end))
            value = min(master.flow.cost, self._least())
        elif master.flow.is_exact:
            boundaries, value = master.boundaries, master.flow.cost
        else:
            return Outcome(plan, latency, master.flow.cost, None, count)
        bound = search.bound(value, boundaries, slack_of(self.value))
        return Outcome(plan, latency, master.flow.cost, bound, count)


def within(cost: float) -> float:
    """What a plan costs at most by double precision that costs at most so much."""
    return cost + slack_of(cost) if cost < UNREACHABLE else float(UNREACHABLE)


def _covers(label: tuple[int, ...], other: tuple[int, ...], slip: int) -> bool:
    """Whether a label is no worse than another in every number; by the slip where the other has drained more."""
    if slip and label[0] < other[0]:
        return label[0] <= other[0] and label[1] <= other[1] and label[2] + slip <= other[2]
    return all(one <= two for one, two in zip(label, other, strict=True))
