"""Plans of as few runs as another one that take less, by other designs of some layers.

The designs of the best plan of all are seldom best where cycles must have equally many atoms. One layer after the
other tries the designs that plans near the best one have: of those with equally many atoms only such as take less time
or drain less than all others. What leads to the best cuts is kept, until nothing helps any more. What is best for all
layers together is not looked for.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from ischedule.models.plan import Plan
from ischedule.models.program import Program, TiledStage
from ischedule.models.tables import also_batched
from ischedule.models.tiling import Tiling
from ischedule.solvers.few_runs import Recut, cut_into
from ischedule.solvers.limit import Limit
from ischedule.solvers.tiled import UsefulDesigns

NEAR = 2000
"""Plans that exceed the least cost by at most one part of so many lend their designs."""
EACH = 40
"""Designs of each layer that are tried."""
MOST_ATOMS = 60_000
"""Atoms of all plans that are tried."""


def with_other_designs(program: Program, start: Recut, least: int, limit: Limit) -> Iterator[Recut]:
    """Better and better plans with at most as many runs as one that has been found, where no plan costs less than this.

    None where stages are not tiled.
    """
    if not all(isinstance(stage, TiledStage) for stage in program.stages):
        return
    limit.tell("other designs for tables as small")
    useful = UsefulDesigns(program, limit.silent()).within(least, least + max(0, least) // NEAR)
    pool = [_few(stage, some) for stage, some in zip(program.stages, useful, strict=True)]  # type: ignore[arg-type]
    best, left = start, MOST_ATOMS
    is_better = True
    while is_better:
        is_better = False
        for place, stage in enumerate(start.plan.stages):
            for tiling in pool[stage]:
                trial = replace(best.plan, designs=_changed(best.plan, place, tiling))
                left -= sum(run.repeat * run.atoms for run in best.plan.cycles)
                if left < 0:
                    return
                limit.check()
                found = cut_into(program, trial, len(start.plan.cycles), best.latency)
                if found is not None and found.latency < best.latency:
                    best, is_better = found, True
                    yield best


def _changed(plan: Plan, place: int, tiling: Tiling) -> tuple[Tiling | int, ...]:
    return (*plan.designs[:place], tiling, *plan.designs[place + 1 :])


def _few(stage: TiledStage, some: Sequence[Tiling]) -> list[Tiling]:
    """Of designs with equally many atoms those that no other equals in time and drain, the quickest first."""
    rows = []
    for tiling in (more for one in some for more in also_batched(stage, one)):
        chain = stage.chain(tiling)
        rows.append((sum(map(int, chain.time)), sum(map(int, chain.drain)), len(chain), tiling))
    rows.sort(key=lambda row: row[:3])
    lowest: dict[int, int] = {}
    found = []
    for _, drain, atoms, tiling in rows:
        if atoms not in lowest or drain < lowest[atoms]:
            lowest[atoms] = drain
            found.append(tiling)
    return found[:EACH]
