"""Every plan of a small program, priced atom by atom: what the checker's statements are held against."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import combinations, pairwise, product

from ischedule.models.chain import Chain
from ischedule.models.plan import Plan, PowerCycles
from ischedule.models.program import ExplicitStage, Program
from ischedule.models.waiting import CycleLaw, Position, replay


@dataclass(frozen=True)
class Choice:
    """One way to run a program: a design of each stage, the number of atoms of each cycle, and what that comes to."""

    designs: tuple[int, ...]
    sizes: tuple[int, ...]
    drains: tuple[int, ...]
    active: int
    additive: int
    """The sum of all prices, without the law's offset; the second cycle's is at least what it costs without waiting."""


def joined(chains: list[Chain]) -> list[tuple[int, int, int, int, int, int, bool]]:
    """The atoms of several chains in a row."""
    return [row for one in chains for row in zip(*one.columns(), strict=True)]


def cycle_of(rows: list[tuple[int, int, int, int, int, int, bool]]) -> tuple[int, int]:
    """Drain and active time of a cycle that runs these atoms."""
    drain = rows[0][2] + sum(row[0] for row in rows) + rows[-1][4]
    return drain, rows[0][3] + sum(row[1] for row in rows) + rows[-1][5]


def capacity_of(law: CycleLaw, position: Position) -> int:
    return law.first_capacity if position in (Position.FIRST, Position.ONLY) else law.capacity


def position_of(index: int, cycles: int) -> Position:
    if cycles == 1:
        return Position.ONLY
    return Position.FIRST if index == 0 else Position.LAST if index == cycles - 1 else Position.MID


def splits(rows: list[tuple[int, int, int, int, int, int, bool]]) -> Iterator[tuple[int, ...]]:
    """Every way to cut atoms into cycles, as the numbers of atoms."""
    places = [index + 1 for index, row in enumerate(rows[:-1]) if row[6]]
    for chosen in (some for size in range(len(places) + 1) for some in combinations(places, size)):
        marks = (0, *chosen, len(rows))
        yield tuple(after - before for before, after in pairwise(marks))


def priced(
    law: CycleLaw, rows: list[tuple[int, int, int, int, int, int, bool]], sizes: tuple[int, ...]
) -> Choice | None:
    """A cut chain with its costs, None if some cycle does not fit."""
    if law.max_cycles is not None and len(sizes) > law.max_cycles:
        return None
    drains, active, waiting, start = [], 0, 0, 0
    for index, size in enumerate(sizes):
        drain, time = cycle_of(rows[start : start + size])
        position = position_of(index, len(sizes))
        if drain > capacity_of(law, position):
            return None
        drains.append(drain)
        active += time
        price = law.price(position, drain)
        if index == 1 and law.keeps_level:
            price = max(price, law.kept(drains[0]) + law.unwaited(position, drain))
        waiting += price
        start += size
    return Choice((), sizes, tuple(drains), active, active + waiting)


def fitting(program: Program) -> Iterator[tuple[int, ...]]:
    """Every choice of designs that fit volatile memory."""
    stages = [stage for stage in program.stages if isinstance(stage, ExplicitStage)]
    numbers = [[i for i, one in enumerate(stage.designs) if one.volatile <= stage.volatile] for stage in stages]
    yield from product(*numbers)


def rows_of(program: Program, designs: tuple[int, ...]) -> list[tuple[int, int, int, int, int, int, bool]]:
    """The atoms of these designs in a row."""
    stages = [stage for stage in program.stages if isinstance(stage, ExplicitStage)]
    return joined([stage.designs[design] for stage, design in zip(stages, designs, strict=True)])


def choices(program: Program) -> Iterator[Choice]:
    """Every feasible way to run a program."""
    for designs in fitting(program):
        rows = rows_of(program, designs)
        for sizes in splits(rows):
            found = priced(program.law, rows, sizes)
            if found is not None:
                yield Choice(designs, found.sizes, found.drains, found.active, found.additive)


def best(program: Program) -> Choice | None:
    """The cheapest way, None if there is none."""
    return min(choices(program), key=lambda choice: choice.additive, default=None)


def plan_of(program: Program, choice: Choice) -> Plan:
    """The plan of a choice, with the thresholds that its prices belong to."""
    law, runs = program.law, []
    for index, (size, drain) in enumerate(zip(choice.sizes, choice.drains, strict=True)):
        threshold = law.threshold(drain, position_of(index, len(choice.sizes)))
        runs.append(PowerCycles(1, size, threshold.level, threshold.code))
    return Plan(choice.designs, tuple(runs))


def true_latency(program: Program, plan: Plan) -> int | None:
    """What a plan takes by the certified rule, None if it breaks any condition."""
    law = program.law
    sizes = tuple(run.atoms for run in plan.cycles for _ in range(run.repeat))
    if len(plan.designs) != len(program.stages) or not all(type(one) is int for one in plan.designs):
        return None
    designs = tuple(one for one in plan.designs if isinstance(one, int))
    if designs not in set(fitting(program)):
        return None
    rows = rows_of(program, designs)
    if sizes not in set(splits(rows)):
        return None
    found = priced(law, rows, sizes)
    if found is None:
        return None
    try:
        thresholds = [law.threshold_at(run.level, run.code) for run in plan.cycles for _ in range(run.repeat)]
        waiting = replay(law, found.drains, thresholds).waiting
    except ValueError:
        return None
    if any(one.level < drain for one, drain in list(zip(thresholds, found.drains, strict=True))[1:]):
        return None
    return found.active + waiting
