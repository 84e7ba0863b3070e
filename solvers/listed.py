"""Passes over a program of explicit stages by mixes of criteria, and what is left of it for plans near a bound.

Where what is reached at least and what follows at least come to more than a plan may by a mix, no such plan leads
through. So of the cuts few are left, and of the designs those with such a cut or that a cycle runs through.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import accumulate, chain, pairwise, repeat

import numpy as np
from numpy.typing import NDArray

from ischedule.models.chain import Chain
from ischedule.models.criteria_array import ArrayChange
from ischedule.models.free_law import FreeLaw
from ischedule.models.goal import Criterion
from ischedule.models.plan import Bound, Boundary, Plan
from ischedule.models.program import ExplicitStage, Program
from ischedule.solvers.backward import Behind
from ischedule.solvers.lift import power_cycles
from ischedule.solvers.limit import Limit
from ischedule.solvers.mixed_pass import Layout, MixedPass, Open, backwards, forwards
from ischedule.solvers.spending import Mix
from ischedule.solvers.sweep import UNREACHABLE
from ischedule.solvers.waits import Waiting, exact_waiting

Allowed = Sequence[tuple[Mix, int]]
"""Mixes, and the most that a plan may come to by each, times its scale."""
Known = tuple[MixedPass, int]
"""A pass, and the place of a mix in it."""


@dataclass(frozen=True)
class Left:
    """A program of the cuts and designs that are left.

    ``designs`` are for each stage the numbers of its designs and where their atoms, several old ones each, end.
    """

    program: Program
    designs: list[list[tuple[int, list[int]]]]
    behind: list[Behind]
    """What follows at least by each of the mixes."""

    def named(self, plan: Plan) -> Plan:
        """A plan of what is left as one of the whole program."""
        chosen = [self.designs[stage][int(design)] for stage, design in zip(plan.stages, plan.designs, strict=True)]  # type: ignore[call-overload]
        sizes = [end - start for _, ends in chosen for start, end in pairwise([0, *ends])]
        sums = list(accumulate(sizes, initial=0))
        cycles = list(chain.from_iterable(repeat(run, run.repeat) for run in plan.cycles))
        places = accumulate((run.atoms for run in cycles), initial=0)
        atoms = [sums[end] - sums[start] for start, end in pairwise(places)]
        return Plan(tuple(design for design, _ in chosen), power_cycles(atoms, cycles), plan.stages)


class Listed:
    """A program of explicit stages, with all passes over it that have been made."""

    def __init__(self, program: Program, limit: Limit) -> None:
        self.program, self.limit = program, limit
        self.layouts: dict[bool, tuple[Waiting, Layout, Layout]] = {}
        self.known: tuple[dict[object, Known], dict[object, Known]] = {}, {}

    def layout(self, is_latency: bool) -> tuple[Waiting, Layout, Layout]:
        """The law's prices and the program's designs, if latency counts or if it does not."""
        if is_latency not in self.layouts:
            law = self.program.law
            waiting = replace(exact_waiting(law if is_latency else FreeLaw(law)), ahead=None)
            layout = Layout.of(self.program, waiting)
            self.layouts[is_latency] = waiting, layout, layout.turned()
        return self.layouts[is_latency]

    @property
    def atoms(self) -> int:
        """How many atoms a plan has at most."""
        lengths = [max(map(len, stage.designs)) for stage in self.program.stages if isinstance(stage, ExplicitStage)]
        return self.program.most(lengths)

    def usual(self, criterion: Criterion) -> int:
        """About what plans spend of a criterion, at least 1: what its atoms would with one commit each, on average."""
        waiting, layout, _ = self.layout(True)
        change = ArrayChange.of({criterion: 1}, 1)
        total = sum(int(costs.sum()) for costs in (part.costs([change]) for part in layout.parts))
        if criterion is Criterion.LATENCY and waiting.capacity:
            drained = int(layout.atoms.drain.sum())
            total += drained * int(waiting.mid(np.array([waiting.capacity]))[0]) // waiting.capacity
        return max(1, total)

    def passes(self, mixes: Sequence[Mix], is_behind: bool) -> list[Known]:
        """A pass by each mix over what is reached, or what follows."""
        known = self.known[is_behind]
        for is_latency in (True, False):
            new = [mix for mix in mixes if mix.key not in known and (Criterion.LATENCY in mix.weights) == is_latency]
            if not new:
                continue
            waiting, layout, turned = self.layout(is_latency)
            changes = [ArrayChange.of(mix.weights, mix.scale) for mix in new]
            if is_behind:
                found = backwards(self.program, turned, changes, waiting, self.limit)
            else:
                found = forwards(self.program, layout, changes, waiting, self.limit)
            known.update((mix.key, (found, place)) for place, mix in enumerate(new))
        return [known[mix.key] for mix in mixes]

    def bound(self, mix: Mix) -> Bound | None:
        """What plans come to at least by a mix; None if there is no plan."""
        ((found, place),) = self.passes([mix], False)
        value = int(found.value[place])
        if value >= UNREACHABLE:
            return None

        def boundary(number: int) -> Boundary:
            closed = int(found.closed[number][place])
            first, later = (
                tuple(zip(one.drain.tolist(), one.cost[:, 0].tolist(), strict=True))
                for one in (one.by(place) for one in found.open[number])
            )
            return Boundary(closed if closed < UNREACHABLE else None, first, later)

        return Bound(value, (0, 1), tuple(map(boundary, range(1, self.program.end))))

    def left(self, allowed: Allowed) -> Left:
        """What plans can lead through that come to no more by any of the mixes."""
        mixes = [mix for mix, _ in allowed]
        before, after = self.passes(mixes, False), self.passes(mixes, True)
        behind = [self._behind(mix, *one) for mix, one in zip(mixes, after, strict=True)]
        rows = list(zip(before, after, behind, [most // mix.scale for mix, most in allowed], strict=True))
        ends: list[dict[int, set[int]]] = [{} for _ in self.program.stages]
        for (place, design), column in after[0][0].least.items():
            alive = np.ones(len(column), dtype=bool)
            for (ahead, here), (rest, there), _, most in rows:
                alive &= ahead.least[place, design][:, here] + rest.least[place, design][::-1, there] <= most
            cuts = np.flatnonzero(alive[1:]) + 1
            if len(cuts) or all(
                self._runs_through(place, ahead.through[place, design], here, one, most)
                for (ahead, here), _, one, most in rows
            ):
                found = ends[self.program.steps[place].stage]
                found.setdefault(design, {len(alive) - 1}).update(cuts.tolist())
        designs = [[(one, sorted(some)) for one, some in sorted(found.items())] for found in ends]
        for one, (rest, there) in zip(behind, after, strict=True):
            for place, step in enumerate(self.program.steps):
                for number, (design, places) in enumerate(designs[step.stage]):
                    column = rest.least[place, design][::-1, there]
                    one.columns[place, number] = column[[0, *places]].tolist()
        return Left(self._run_together(designs), designs, behind)

    def _behind(self, mix: Mix, found: MixedPass, place: int) -> Behind:
        waiting, _, _ = self.layout(Criterion.LATENCY in mix.weights)
        return Behind(waiting, {}, [(last.by(place), other.by(place)) for last, other in reversed(found.open)])

    def _runs_through(self, place: int, through: tuple[Open, Open], mix: int, behind: Behind, most: int) -> bool:
        """Whether a cycle may run through a design that belongs to a plan which comes to no more by the mix."""
        law, target = self.program.law, self.program.steps[place].target
        for labels, capacity, is_first in (
            (through[0], law.first_capacity, True),
            (through[1], law.capacity, False),
        ):
            some = labels.within(capacity)
            if not len(some.drain):
                continue
            if target == self.program.end or (some.cost[:, mix] + behind.open(target, some.drain, is_first) <= most).any():
                return True
        return False

    def _run_together(self, designs: Sequence[Sequence[tuple[int, Sequence[int]]]]) -> Program:
        stages = []
        for stage, some in zip(self.program.stages, designs, strict=True):
            assert isinstance(stage, ExplicitStage)
            chains = tuple(_run_together(stage.designs[design], ends) for design, ends in some)
            stages.append(ExplicitStage(stage.name, chains, stage.volatile))
        return replace(self.program, stages=tuple(stages))


def _run_together(one: Chain, ends: Sequence[int]) -> Chain:
    """A chain whose atoms are all those up to each of these ends."""
    first, last = np.array([0, *ends[:-1]]), np.array(ends) - 1

    def summed(values: Sequence[int]) -> Sequence[int]:
        return np.add.reduceat(np.asarray(values, dtype=np.int64), first).tolist() if len(values) else ()

    def at(values: Sequence[int], places: NDArray[np.int64]) -> Sequence[int]:
        return np.asarray(values, dtype=np.int64)[places].tolist() if len(values) else ()

    return Chain(
        summed(one.drain),
        summed(one.time),
        at(one.resume_drain, first),
        at(one.resume_time, first),
        at(one.commit_drain, last),
        at(one.commit_time, last),
        [True] * len(ends),
        one.volatile,
        summed(one.stored),
        at(one.commit_stored, last),
    )
