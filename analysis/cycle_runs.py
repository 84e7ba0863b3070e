"""The power cycles of a plan as a person reads them: runs of cycles alike, where they lie and what they drain."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from ischedule.analysis.power_cycles import Cycle, chains_of, power_cycles, run_stages, thresholds_of
from ischedule.models.cycle_law import Threshold
from ischedule.models.plan import Plan
from ischedule.models.program import Program, Stage


@dataclass(frozen=True, slots=True)
class CycleRun:
    """Consecutive power cycles of the same number of atoms, threshold and stages.

    `first` counts from 1, `start` is the number of atoms before; the stages are the first and the last that the cycles
    touch; drains are of the least and of the fullest of them.
    """

    first: int
    count: int
    start: int
    atoms: int
    stages: tuple[str, str]
    least_drain: int
    most_drain: int
    threshold: Threshold

    @property
    def last(self) -> int:
        """The number of the last cycle of the run."""
        return self.first + self.count - 1


def cycle_runs(program: Program, plan: Plan) -> tuple[CycleRun, ...]:
    """All power cycles of a valid plan, in order."""
    cycles = power_cycles(program, plan, chains_of(program, plan))
    drains, needs = [cycle.drain for cycle in cycles], [cycle.need for cycle in cycles]
    thresholds = thresholds_of(program.law, plan.cycles, drains, needs)
    return tuple(_runs(run_stages(program, plan), cycles, thresholds))


def _runs(stages: list[Stage], cycles: list[Cycle], thresholds: list[Threshold]) -> Iterator[CycleRun]:
    start = 0
    for index in range(1, len(cycles) + 1):
        if index < len(cycles) and _alike(cycles, thresholds, start, index):
            continue
        part, one = cycles[start:index], cycles[start]
        names = stages[one.first_stage].name, stages[one.last_stage].name
        drains = [cycle.drain for cycle in part]
        yield CycleRun(
            first=start + 1,
            count=index - start,
            start=one.start,
            atoms=one.end - one.start,
            stages=names,
            least_drain=min(drains),
            most_drain=max(drains),
            threshold=thresholds[start],
        )
        start = index


def _alike(cycles: list[Cycle], thresholds: list[Threshold], one: int, other: int) -> bool:
    first, second = cycles[one], cycles[other]
    return (
        thresholds[one] == thresholds[other]
        and first.end - first.start == second.end - second.start
        and (first.first_stage, first.last_stage) == (second.first_stage, second.last_stage)
    )
