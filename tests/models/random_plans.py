"""Random plans of a network's program: any order of its stages, any designs, any cuts."""

from __future__ import annotations

from random import Random

from ischedule.models.plan import Plan, PowerCycles
from ischedule.models.program import Program, TiledStage
from ischedule.models.tiling import Tiling, innermost


def random_plan(program: Program, random: Random) -> Plan:
    """A plan whose power cycles are cut anywhere; it need not be one that the energy buffer can carry."""
    stages = _order(program, random)
    designs = tuple(_tiling(program.stages[stage], random) for stage in stages)
    atoms = 0
    for stage, design in zip(stages, designs, strict=True):
        tiled = program.stages[stage]
        assert isinstance(tiled, TiledStage)
        atoms += len(tiled.chain(design))
    share = random.choice((0.0, 0.1, 0.5, 1.0))
    cuts = [atom for atom in range(1, atoms) if random.random() < share]
    lengths = [stop - start for start, stop in zip([0, *cuts], [*cuts, atoms], strict=True)]
    runs: list[PowerCycles] = []
    for length in lengths:
        if runs and runs[-1].atoms == length:
            runs[-1] = PowerCycles(runs[-1].repeat + 1, length, 1)
        else:
            runs.append(PowerCycles(1, length, 1))
    return Plan(designs, tuple(runs), stages)


def _order(program: Program, random: Random) -> tuple[int, ...]:
    place, stages = 0, []
    while place != program.end:
        step = random.choice([step for step in program.steps if step.source == place])
        stages.append(step.stage)
        place = step.target
    return tuple(stages)


def _tiling(stage: object, random: Random) -> Tiling:
    """Any design, small tiles as often as whole loops."""
    assert isinstance(stage, TiledStage)
    form = random.randrange(len(stage.forms))
    extent = stage.forms[form]
    sizes = [random.choice((loop, random.randint(1, loop))) for loop in extent.loops]
    sizes[3] = max(sizes[3], extent.least_inputs)
    tiling = Tiling(form, random.choice(extent.orders), *sizes, 1)
    batch = random.choice((1, random.randint(1, innermost(extent, tiling))))
    return Tiling(form, tiling.order, *sizes, batch)
