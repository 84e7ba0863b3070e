"""What plans of a network cost at least whose tables are small enough.

The labels of a bound on all plans tell which designs those have that may cost less than a value; these are listed, and
their cycles gone through.
"""

from __future__ import annotations

from dataclasses import replace

from ischedule.analysis.goal_proof import kept_designs
from ischedule.analysis.labels import Unproven
from ischedule.analysis.progress import Tell, unheard
from ischedule.analysis.runs_of_plans import Plans
from ischedule.analysis.runs_of_thresholds import Thresholds
from ischedule.models.fixed_wake import FixedWakeLaw
from ischedule.models.goal import Criterion
from ischedule.models.plan import Bound, Weighed
from ischedule.models.program import ExplicitStage, Program, TiledStage
from ischedule.models.rounding import slack_of_plans
from ischedule.models.tables import also_batched, has_shared_codes, least_regions, room_of


def require_few_runs_of_network(program: Program, value: int, bound: Bound, tell: Tell = unheard) -> None:
    """Raise `Unproven` unless every plan whose tables are small enough costs at least the value.

    The labels of the bound must discharge all designs but those through which plans may cost less.
    """
    room = room_of(program)
    is_fixed = isinstance(program.law, FixedWakeLaw)
    if not (is_fixed or has_shared_codes(program.law)) or room is None or room.units < room.run:
        raise Unproven("runs are counted where tables are limited, and all thresholds are one or codes")
    if program.closed or program.broken:
        raise Unproven("runs are counted of all plans")
    most = value - 1 + slack_of_plans(program, value)
    kept = kept_designs(program, Weighed(((Criterion.LATENCY, 1),), 1, bound), most, tell)
    if kept is None:
        raise Unproven("only designs of networks are told apart")
    stages, units = [], []
    for stage, designs in zip(program.stages, kept, strict=True):
        assert isinstance(stage, TiledStage), "a network has tiled stages"
        every = [one for tiling in designs for one in also_batched(stage, tiling)]
        stages.append(ExplicitStage(stage.name, tuple(map(stage.chain, every)), stage.volatile))
        units.append([room.address * least_regions(stage, one) for one in every])
    tell("counting the runs of all plans")
    plans = Plans if is_fixed else Thresholds
    least = plans(replace(program, stages=tuple(stages)), units, room, value).least()
    if least < value:
        raise Unproven(f"a plan with small enough tables costs {least}, less than {value}")
