"""A plan found at once: of each stage the design that drains least, every cycle as long as it can be.

It serves where a search over explicit stages runs out of time before it ends; a dead end leaves no plan."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import accumulate

from ischedule.models.chain import Chain
from ischedule.models.cycle_law import CycleLaw
from ischedule.models.plan import Bound, Boundary, Plan
from ischedule.models.program import ExplicitStage, Program
from ischedule.solvers.lift import power_cycles
from ischedule.solvers.limit import TimeUp
from ischedule.solvers.outcome import Outcome
from ischedule.solvers.thresholds import best_thresholds


def longest_cycles(program: Program) -> Outcome:
    """The plan and a bound: no plan takes less than the atoms of the quickest designs. Raises ``TimeUp`` for none."""
    stages = [stage for stage in program.stages if isinstance(stage, ExplicitStage)]
    totals = [dict(_totals(stage)) for stage in stages]
    path = _leading_path(program)
    if not all(totals[index] for index in path):
        raise TimeUp
    leanest = [min(totals[index], key=totals[index].__getitem__) for index in path]
    bound = program.behind([min((time for _, time in some.values()), default=0) for some in totals])[0]
    chains = [stages[index].chain(design) for index, design in zip(path, leanest, strict=True)]
    atoms, drains, active = [], [], 0
    for count, drain, time in _cycles(chains, program.law, _closed_ends(program, path, chains)):
        atoms.append(count)
        drains.append(drain)
        active += time
    law, priced = program.law, program.law.waiting(drains)
    thresholds, waited = best_thresholds(law, drains)
    plan = Plan(tuple(leanest), power_cycles(atoms, thresholds), tuple(path))
    certificate = Bound(bound, (0, 1), tuple(Boundary(None, (), ()) for _ in range(1, program.end)))
    return Outcome(plan, active + waited, active + priced - law.offset, certificate, sum(map(len, totals)))


def _totals(stage: ExplicitStage) -> Iterator[tuple[int, tuple[int, int]]]:
    """The designs that fit, with the drain and the time of all their atoms."""
    for index, chain in enumerate(stage.designs):
        if stage.fits(index):
            yield index, (sum(map(int, chain.drain)), sum(map(int, chain.time)))


def _leading_path(program: Program) -> list[int]:
    """The stages of the way that takes the first step listed at each boundary."""
    found, place = [], 0
    while place != program.end:
        step = next(step for step in program.steps if step.source == place)
        found.append(step.stage)
        place = step.target
    return found


def _closed_ends(program: Program, path: list[int], chains: list[Chain]) -> set[int]:
    """The numbers of atoms after which a cycle must end."""
    steps, ends = program.path(path), accumulate(map(len, chains))
    assert steps is not None, "the path is one of the program's"
    return {end for step, end in zip(steps, ends, strict=True) if step.target in program.closed}


def _cycles(chains: list[Chain], law: CycleLaw, closed: set[int]) -> Iterator[tuple[int, int, int]]:
    """Atoms, drain and active time of each cycle, as long as the atoms of all chains in a row allow."""
    columns = [[int(value) for chain in chains for value in chain.columns()[part]] for part in range(7)]
    drain, time, resume_drain, resume_time, commit_drain, commit_time, cut = columns
    drained, elapsed = list(accumulate(drain, initial=0)), list(accumulate(time, initial=0))
    begin, size, capacity = 0, len(drain), law.first_capacity
    while begin < size:
        room = capacity - resume_drain[begin] + drained[begin]
        found, end = begin, begin + 1
        while end <= size and drained[end] <= room:
            if cut[end - 1] and drained[end] + commit_drain[end - 1] <= room:
                found = end
            if end in closed:
                break
            end += 1
        is_over = end in closed and found < end
        if found == begin or is_over or (law.max_cycles == 1 and found < size):
            raise TimeUp
        drains = resume_drain[begin] + drained[found] - drained[begin] + commit_drain[found - 1]
        yield found - begin, drains, resume_time[begin] + elapsed[found] - elapsed[begin] + commit_time[found - 1]
        begin, capacity = found, law.capacity
