"""Why a plan does not fit non-volatile memory: a power cycle that holds too much, and all that this rests on.

Any plan of which the same is true does not fit either: it must close a boundary inside the cycle, keep a stage's sums
in volatile memory, or go another way.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from ischedule.models.layout import Layout
from ischedule.models.loads import Loads
from ischedule.models.plan import Overload, Plan
from ischedule.models.program import Program
from ischedule.models.restriction import Restricted, Restriction


@dataclass(frozen=True)
class Found:
    """An overload, and the restrictions of which every plan that fits meets one."""

    overload: Overload
    ways_out: tuple[Restriction, ...]


class Overloads:
    """The overloads among the plans of one restriction."""

    def __init__(self, restriction: Restriction, view: Restricted, available: int) -> None:
        self.restriction, self.view, self.available = restriction, view, available
        self.program: Program = view.program
        self.loads = Loads(view.program)
        self.into = self.program.into()
        self.out_of = [
            [place for place, step in enumerate(self.program.steps) if step.source == boundary]
            for boundary in range(self.program.end + 1)
        ]

    def sure(self) -> Iterator[tuple[tuple[int, ...], tuple[int, ...]]]:
        """Overloads, by steps and sums, of all plans, or of all that do not do one certain thing."""
        for place, step in enumerate(self.program.steps):
            has_sums = self.loads.storage.stages[step.stage].region and self._can_do_without_sums(step.stage)
            sums = (step.stage,) if has_sums else ()
            if self.is_too_much((place,), ()):
                yield (place,), ()
                continue
            is_open = step.stage not in self.restriction.without_sums and self._is_bridge(place)
            if sums and is_open and self.is_too_much((place,), sums):
                yield (place,), sums
        for boundary in range(1, self.program.end):
            if boundary in self.program.closed or len(self.into[boundary]) * len(self.out_of[boundary]) > 1:
                continue
            path = (self.into[boundary][0], self.out_of[boundary][0])
            if self.is_too_much(path, ()):
                yield path, ()

    def fullest(self, plan: Plan, layout: Layout) -> Found | None:
        """The power cycle of a plan that holds most, as if that were too much; None if there is nothing to change."""
        way = self.program.path(plan.stages)
        assert way is not None, "a plan takes a way through its program"
        number = {step: place for place, step in enumerate(self.program.steps)}
        stored = {slot.stage for slot in layout.buffers if slot.region == 1}
        runs = []
        for first, last in runs_of(plan, layout):
            path = [number[step] for step in way[first:last]]
            sums = [stage for stage in plan.stages[first:last] if stage in stored]
            if len(path) > 1 or sums:
                runs.append((self._least(path, sums), path, sums))
        if not runs:
            return None
        _, path, sums = max(runs)
        return self.found(path, sums)

    def of_plan(self, plan: Plan, layout: Layout) -> Found | None:
        """The overload of a plan that rests on least, None if nothing but its addresses or its tables is too much."""
        way = self.program.path(plan.stages)
        assert way is not None, "a plan takes a way through its program"
        number = {step: place for place, step in enumerate(self.program.steps)}
        path = [number[step] for step in way]
        sums = {slot.stage for slot in layout.buffers if slot.region == 1 and self._can_do_without_sums(slot.stage)}
        best: tuple[int, int, Found] | None = None
        for begin, end in runs_of(plan, layout):
            for first in range(begin, end):
                for last in range(first + 1, end + 1):
                    if best is not None and last - first - 2 > best[0]:
                        break
                    some = tuple(path[first:last])
                    with_sums = self._fewest(some, [stage for stage in plan.stages[first:last] if stage in sums])
                    if with_sums is None:
                        continue
                    found = self.found(some, with_sums)
                    rank = len(found.ways_out), -self._least(some, with_sums)
                    if best is None or rank < best[:2]:
                        best = (*rank, found)
        return None if best is None else best[2]

    def _can_do_without_sums(self, stage: int | None) -> bool:
        """Whether every plan in which a stage has one region is matched by one that stores no sums."""
        return stage is not None and self.program.stages[stage].can_do_without_sums

    def is_too_much(self, path: Sequence[int], sums: Sequence[int]) -> bool:
        """Whether a cycle along these steps holds more than there is."""
        return self._least(path, sums) > self.available

    def found(self, path: Sequence[int], sums: Sequence[int]) -> Found:
        """The overload with its ways out."""
        places = self.view.steps
        overload = Overload(tuple(places[place] for place in path), tuple(sums))
        return Found(overload, tuple(self._ways_out(path, sums)))

    def _ways_out(self, path: Sequence[int], sums: Sequence[int]) -> Iterator[Restriction]:
        steps, here = self.program.steps, self.restriction
        if len(path) == 2:
            yield here.and_closed(self.view.boundaries[steps[path[0]].target])
        for place in path[1:-1]:
            yield here.and_broken(self.view.steps[place])
        for place in {path[0], path[-1]}:
            if not self._is_only_way(place, place != path[0], place != path[-1]):
                yield here.and_barred(self.view.steps[place])
        for stage in sums:
            yield here.and_without_sums(stage)

    def _is_only_way(self, place: int, is_left: bool, is_reached: bool) -> bool:
        """Whether a plan takes a step if it passes the boundary before it, or the one behind it, or any."""
        step = self.program.steps[place]
        if is_left and len(self.out_of[step.source]) == 1:
            return True
        if is_reached and len(self.into[step.target]) == 1:
            return True
        return not is_left and not is_reached and self._is_bridge(place)

    def _is_bridge(self, place: int) -> bool:
        """Whether every plan takes a step: no other goes past its source."""
        step = self.program.steps[place]
        return not any(
            other.source <= step.source and other.target > step.source
            for index, other in enumerate(self.program.steps)
            if index != place
        )

    def _fewest(self, path: Sequence[int], sums: Sequence[int]) -> list[int] | None:
        """Few of the stages whose sums are needed for an overload, None if all are not enough."""
        if not self.is_too_much(path, sums):
            return None
        region = self.loads.storage.stages
        kept = list(sums)
        for stage in sorted(sums, key=lambda stage: region[stage].region):
            rest = [one for one in kept if one != stage]
            if self.is_too_much(path, rest):
                kept = rest
        return kept

    def _least(self, path: Sequence[int], sums: Sequence[int]) -> int:
        return self.loads.least([self.program.steps[place] for place in path], sums)


def runs_of(plan: Plan, layout: Layout) -> Iterator[tuple[int, int]]:
    """The stages that a power cycle runs, by their places in the plan: the first, and the one after the last."""
    cycles = layout.cycles
    seen = set()
    for cycle in sorted({cycle for span in cycles.values() for cycle in span}):
        inside = [place for place, stage in enumerate(plan.stages) if cycles[stage][0] <= cycle <= cycles[stage][1]]
        run = inside[0], inside[-1] + 1
        if run not in seen:
            seen.add(run)
            yield run
