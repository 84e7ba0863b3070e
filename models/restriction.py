"""Parts of all plans of a program: those that end cycles in certain places, keep sums out of memory, or avoid steps.

A restricted program is one like any other: whatever solves, checks or enumerates programs does so for it. Its plans are
plans of the whole program and cost the same there.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

from ischedule.models.program import ExplicitStage, Program, Stage, Step, TiledStage
from ischedule.models.storage import Storage


@dataclass(frozen=True, slots=True)
class Restriction:
    """What is asked of plans.

    A power cycle ends at each ``closed`` boundary that they pass, none runs through a ``broken`` step that began before
    it and ends behind it, the stages ``without_sums`` have one region for their results, and no ``barred`` step is
    taken. Steps are meant by their places.
    """

    closed: frozenset[int] = frozenset()
    broken: frozenset[int] = frozenset()
    without_sums: frozenset[int] = frozenset()
    barred: frozenset[int] = frozenset()

    @property
    def size(self) -> int:
        """How many things are asked."""
        return len(self.closed) + len(self.broken) + len(self.without_sums) + len(self.barred)

    def and_closed(self, boundary: int) -> Restriction:
        """With one more boundary closed."""
        return replace(self, closed=self.closed | {boundary})

    def and_broken(self, step: int) -> Restriction:
        """With one more step broken."""
        return replace(self, broken=self.broken | {step})

    def and_without_sums(self, stage: int) -> Restriction:
        """With one more stage without sums in memory."""
        return replace(self, without_sums=self.without_sums | {stage})

    def and_barred(self, step: int) -> Restriction:
        """With one more step left out."""
        return replace(self, barred=self.barred | {step})


UNRESTRICTED = Restriction()


@dataclass(frozen=True, slots=True)
class Restricted:
    """A program of some plans of another one; ``steps`` and ``boundaries`` are the places there of those it has."""

    program: Program
    steps: tuple[int, ...]
    boundaries: tuple[int, ...]


def restricted(program: Program, restriction: Restriction) -> Restricted | None:
    """The program of all plans that do what is asked, None where no way to the end is left.

    Boundaries that are on no way any more are gone, and the others numbered anew.
    """
    places = [index for index in range(len(program.steps)) if index not in restriction.barred]
    kept = _on_ways([program.steps[index] for index in places], program.end)
    if program.end not in kept:
        return None
    number = {boundary: place for place, boundary in enumerate(sorted(kept))}
    stages = tuple(
        _without_sums(stage, program.storage, index) if index in restriction.without_sums else stage
        for index, stage in enumerate(program.stages)
    )
    left = [place for place in places if kept.issuperset((program.steps[place].source, program.steps[place].target))]
    ways = [program.steps[place] for place in left]
    found = replace(
        program,
        stages=stages,
        steps=tuple(Step(step.stage, number[step.source], number[step.target]) for step in ways),
        closed=frozenset(number[boundary] for boundary in program.closed | restriction.closed if boundary in kept),
        broken=frozenset(index for index, place in enumerate(left) if place in program.broken | restriction.broken),
    )
    return Restricted(found, tuple(left), tuple(sorted(kept)))


def _on_ways(steps: Iterable[Step], end: int) -> set[int]:
    """The boundaries on ways from the first to the last."""
    ordered = sorted(steps, key=lambda step: step.source)
    reached, leading = {0}, {end}
    for step in ordered:
        if step.source in reached:
            reached.add(step.target)
    for step in reversed(ordered):
        if step.target in leading:
            leading.add(step.source)
    return reached & leading


def _without_sums(stage: Stage, storage: Storage | None, index: int) -> Stage:
    if isinstance(stage, TiledStage):
        return replace(stage, sums_in_memory=False)
    assert isinstance(stage, ExplicitStage)
    regions = () if storage is None else storage.stages[index].regions
    return replace(stage, barred=stage.barred | {place for place, count in enumerate(regions) if count > 1})
