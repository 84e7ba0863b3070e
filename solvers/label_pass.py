"""One pass over a program of explicit stages with labels of several numbers: the plan that is best in an order.

At each boundary all labels are kept that no other dominates and from which a wanted plan may follow. A wanted plan
keeps every limit; of those the pass finds the one that is least in a first criterion, then in a second, and so on.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from itertools import accumulate, pairwise

from ischedule.models.criteria import stage_counted
from ischedule.models.goal import Criterion
from ischedule.models.plan import Plan
from ischedule.models.program import ExplicitStage, Program
from ischedule.solvers.label_walk import Columns, Hope, Label, Labels, Prices, Trace, Vector, undominated, walk
from ischedule.solvers.lift import power_cycles
from ischedule.solvers.limit import Limit
from ischedule.solvers.spending import drains_of
from ischedule.solvers.sweep import UNREACHABLE
from ischedule.solvers.thresholds import best_thresholds


@dataclass(frozen=True)
class Found:
    """The best plan that is wanted and what it spends by the sum of prices; the labels at all inner boundaries."""

    plan: Plan | None
    spent: Vector | None
    boundaries: tuple[Labels, ...]


def label_pass(
    program: Program,
    tracked: Sequence[Criterion],
    hopes: Sequence[Hope],
    limits: Sequence[int | None],
    order: Sequence[int],
    limit: Limit,
) -> Found:
    """The best of the wanted plans.

    A vector is the sum of prices and the amounts of the ``tracked`` criteria; ``limits`` are the most that it may have,
    and ``order`` are the places by which plans are compared.
    """
    law, end = program.law, program.end
    prices = Prices(
        lru_cache(None)(law.first), lru_cache(None)(law.mid), law.capacity, law.first_capacity, law.max_cycles is None
    )
    columns = _columns(program, tracked)
    reached = [Labels()]
    finished: list[Label] = []
    for boundary, leading in enumerate(program.into()):
        if boundary == 0:
            continue
        closed: list[Label] = []
        first: list[Label] = []
        later: list[Label] = []
        for step in leading:
            way = program.steps[step]
            for design, column in columns[way.stage]:
                limit.check()
                entry = reached[way.source]
                if way.source == 0:
                    entry = Labels(first=(Label(column.resume_drain[0], column.resume[0], None),))
                after = walk((step, design), column, entry, prices, hopes, is_broken=program.breaks(step))
                if boundary == end:
                    finished += _finished(after, column, program, limits)
                    continue
                closed += after.closed
                first += after.first
                later += after.later
        if boundary in program.closed:
            first, later = [], []
        first, later = (_wanted(some, boundary, some is first, hopes) for some in (first, later))
        reached.append(Labels(*(tuple(undominated(some)) for some in (closed, first, later))))
    inner = tuple(reached[1:-1])
    if not finished:
        return Found(None, None, inner)
    best = min(finished, key=lambda label: [label.spent[place] for place in order])
    return Found(_plan(program, best), best.spent, inner)


def _columns(program: Program, tracked: Sequence[Criterion]) -> list[list[tuple[int, Columns]]]:
    found = []
    for stage in program.stages:
        assert isinstance(stage, ExplicitStage)
        counts = [stage_counted(stage, criterion) for criterion in tracked]
        chains = [stage.designs, *(one.designs for one in counts if isinstance(one, ExplicitStage))]
        found.append(
            [(index, Columns.of(some)) for index, some in enumerate(zip(*chains, strict=True)) if stage.fits(index)]
        )
    return found


def _wanted(labels: list[Label], boundary: int, is_first: bool, hopes: Sequence[Hope]) -> list[Label]:
    """Those of the labels of cycles in progress at a boundary from which a wanted plan may follow."""
    for hope in hopes:
        behind = hope.behind.open(boundary, [label.drain for label in labels], is_first)
        labels = [
            label
            for label, rest in zip(labels, behind.tolist(), strict=True)
            if rest < UNREACHABLE and hope.spent(label.spent) + rest <= hope.most
        ]
    return labels


def _finished(after: Labels, column: Columns, program: Program, limits: Sequence[int | None]) -> list[Label]:
    """The plans that end behind a design and keep the limits."""
    law, found = program.law, []
    for labels, capacity, wait in (
        (after.first, law.first_capacity, law.only),
        (after.later, law.capacity, law.last),
    ):
        for label in labels:
            drain = label.drain + column.commit_drain[-1]
            if drain > capacity:
                continue
            spent = [sum(pair) for pair in zip(label.spent, column.commit[-1], strict=True)]
            spent[0] += wait(drain)
            if all(most is None or value <= most for value, most in zip(spent, limits, strict=True)):
                found.append(Label(drain, tuple(spent), label.trace))
    return found


def _plan(program: Program, best: Label) -> Plan:
    """The plan behind a finished label."""
    events: list[Trace] = []
    trace = best.trace
    while trace is not None:
        events.append(trace)
        trace = trace.before
    steps: list[tuple[int, int]] = []
    ends: list[tuple[int, int]] = []
    for event in reversed(events):
        if not steps or steps[-1][0] != event.step:
            steps.append((event.step, event.design))
        if event.cut is not None:
            ends.append((event.step, event.cut))
    stages = tuple(program.steps[step].stage for step, _ in steps)
    chains = []
    for stage, (_, design) in zip(stages, steps, strict=True):
        one = program.stages[stage]
        assert isinstance(one, ExplicitStage)
        chains.append(one.designs[design])
    first = dict(zip((step for step, _ in steps), accumulate(map(len, chains), initial=0), strict=False))
    places = [first[step] + cut for step, cut in ends] + [sum(map(len, chains))]
    thresholds, _ = best_thresholds(program.law, drains_of(chains, places))
    atoms = [end - start for start, end in pairwise([0, *places])]
    return Plan(tuple(design for _, design in steps), power_cycles(atoms, thresholds), stages)


def named(plan: Plan, designs: Sequence[Sequence[object]]) -> Plan:
    """The plan with the designs of the original stages in place of their numbers here."""
    chosen = (designs[stage][index] for stage, index in zip(plan.stages, plan.designs, strict=True))  # type: ignore[index]
    return replace(plan, designs=tuple(chosen))  # type: ignore[arg-type]
