"""Passes over a program of explicit stages by mixes of criteria, and what is left of it for plans near a bound.

Where what is reached at least and what follows at least come to more than a plan may by a mix, no such plan leads
through. So of the cuts few are left, and of the designs those with such a cut or that a cycle runs through.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
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
from ischedule.solvers.layout import Layout
from ischedule.solvers.lift import power_cycles
from ischedule.solvers.limit import Limit
from ischedule.solvers.mixed_pass import BULK, MixedPass, Open, backwards, forwards
from ischedule.solvers.spending import Mix
from ischedule.solvers.sweep import UNREACHABLE
from ischedule.solvers.waits import Waiting, exact_waiting

Weights = Mapping[Criterion, int]
"""By which amounts are added up, latency in picoseconds without the law's offset."""
Allowed = Sequence[tuple[Weights, int]]
"""Weights, and the most that a plan may come to by each."""
Known = tuple[MixedPass, int]
"""A pass, and the place of a mix in it."""
BITS = 60
"""Sums of what is searched have fewer."""


@dataclass(frozen=True)
class Left:
    """A program of the cuts and designs that are left.

    ``designs`` are for each stage the numbers of its designs and where their atoms, several old ones each, end.
    ``allowed`` are the weights for plans that are left, and ``behind`` says what follows at least by each.
    """

    program: Program
    designs: list[list[tuple[int, list[int]]]]
    allowed: Allowed
    behind: list[Behind]

    def named(self, plan: Plan) -> Plan:
        """A plan of what is left as one of the whole program."""
        chosen = []
        for stage, design in zip(plan.stages, plan.designs, strict=True):
            assert isinstance(design, int)
            chosen.append(self.designs[stage][design])
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

    @cached_property
    def amounts(self) -> dict[Criterion, list[int]]:
        """What all designs spend of each criterion with a commit behind every atom, without waiting."""
        _, layout, _ = self.layout(True)
        found = {}
        for one in Criterion:
            change = ArrayChange.of({one: 1}, 1)
            total = np.sum([part.costs([change])[:-1, 0] for part in layout.parts], axis=0)
            found[one] = np.add.reduceat(total, layout.start[:-1]).tolist() if len(total) else []
        return found

    @cached_property
    def longest(self) -> int:
        """The longest that a cycle waits."""
        waiting, _, _ = self.layout(True)
        first, later = (np.array([one]) for one in (waiting.first_capacity, waiting.capacity))
        waits = [waiting.only(first)]
        if not waiting.single:
            waits += [waiting.first(first), waiting.mid(later), waiting.last(later)]
        return int(max(waits)[0])

    def usual(self, criterion: Criterion) -> int:
        """About what designs spend of a criterion, at least 1."""
        total = sum(self.amounts[criterion])
        if criterion is Criterion.LATENCY:
            total += sum(self.amounts[Criterion.ENERGY]) * self.longest // max(1, self.program.law.capacity)
        return max(1, total)

    def fits(self, weights: Weights) -> bool:
        """Whether sums by these weights stay exact."""
        return self._reach(weights) < 1 << BITS

    def _reach(self, weights: Weights) -> int:
        """What a cycle or a design can come to by weights, and not more."""
        waited = weights.get(Criterion.LATENCY, 0) * self.longest
        return waited + sum(weight * max(self.amounts[one], default=0) for one, weight in weights.items())

    def passes(self, changes: Sequence[ArrayChange], is_behind: bool) -> list[Known]:
        """A pass by each mix over what is reached, or what follows."""
        known = self.known[is_behind]
        keys = [
            (change.latency, change.scale, *sorted((one.value, w) for one, w in change.weights.items()))
            for change in changes
        ]
        new = {key: change for key, change in zip(keys, changes, strict=True) if key not in known}
        for latency in {change.latency for change in new.values()}:
            waiting, layout, turned = self.layout(latency > 0)
            run, over = (backwards, turned) if is_behind else (forwards, layout)
            some = [key for key, change in new.items() if change.latency == latency]
            count = max(1, BULK // max(1, len(layout.cut)))
            for part in (some[low : low + count] for low in range(0, len(some), count)):
                found = run(self.program, over, [new[key] for key in part], waiting, self.limit)
                known.update((key, (found, place)) for place, key in enumerate(part))
        return [known[key] for key in keys]

    def least(self, weights: Sequence[Weights]) -> list[int]:
        """What the weighted sum of a plan is at least, exactly."""
        return [int(found.value[place]) for found, place in self.passes(list(map(_exactly, weights)), False)]

    def bounds(self, mixes: Sequence[Mix]) -> list[Bound | None]:
        """The certificates of what plans come to at least by mixes, rounded down as in these; None for no plan."""
        changes = [ArrayChange.of(mix.weights, mix.scale) for mix in mixes]
        return [self._bound(*known) for known in self.passes(changes, False)]

    def _bound(self, found: MixedPass, place: int) -> Bound | None:
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

    def prepare(self, weights: Sequence[Weights]) -> None:
        """Find together what follows by weights that will be asked for."""
        self.passes(list(map(_exactly, weights)), True)

    def left(self, allowed: Allowed) -> Left:
        """What plans can lead through that come to no more by any of the weights."""
        allowed = [self._lower(*one) for one in allowed]
        changes = [_exactly(weights) for weights, _ in allowed]
        before, after = self.passes(changes, False), self.passes(changes, True)
        behind = [self._behind(change, *one) for change, one in zip(changes, after, strict=True)]
        rows = list(zip(before, after, behind, [most for _, most in allowed], strict=True))
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
        return Left(self._run_together(designs), designs, allowed, behind)

    def _lower(self, weights: Weights, most: int) -> tuple[Weights, int]:
        """The same with fewer digits, rounded down, where sums would not be exact."""
        digits = max(0, max(most, self._reach(weights)).bit_length() - BITS)
        return {one: weight >> digits for one, weight in weights.items()}, most >> digits

    def _behind(self, change: ArrayChange, found: MixedPass, place: int) -> Behind:
        waiting, _, _ = self.layout(change.latency > 0)
        return Behind(
            waiting, change.latency, {}, [(last.by(place), other.by(place)) for last, other in reversed(found.open)]
        )

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
            if (
                target == self.program.end
                or (some.cost[:, mix] + behind.open(target, some.drain, is_first) <= most).any()
            ):
                return True
        return False

    def _run_together(self, designs: Sequence[Sequence[tuple[int, Sequence[int]]]]) -> Program:
        stages = []
        for stage, some in zip(self.program.stages, designs, strict=True):
            assert isinstance(stage, ExplicitStage)
            chains = tuple(_run_together(stage.designs[design], ends) for design, ends in some)
            stages.append(ExplicitStage(stage.name, chains, stage.volatile))
        return replace(self.program, stages=tuple(stages))


def _exactly(weights: Weights) -> ArrayChange:
    """The mix that is just a sum."""
    amounts: dict[Criterion, int] = {}
    amounts.update((one, weight) for one, weight in weights.items() if one is not Criterion.LATENCY and weight)
    return ArrayChange(amounts, 1, weights.get(Criterion.LATENCY, 0))


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
