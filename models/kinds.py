"""The stages of a network in every kind of preservation that a case lets its plans choose from.

A layer in another kind is a stage of its own from the same boundary to the same one. Blocks keep records.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from ischedule.models.case import Case
from ischedule.models.errors import MISSING, InputError
from ischedule.models.fusion import is_passable
from ischedule.models.goal import PLAIN
from ischedule.models.preservation import Counters, Kind, Preserving, is_begun_cheaply, prices_of_kind, shared_by_kinds
from ischedule.models.program import Step, TiledStage
from ischedule.models.supply import CurveSupply

ASKED = "$.options.preservation"


def in_kinds(
    case: Case, stages: Sequence[TiledStage], counters: Counters
) -> tuple[tuple[TiledStage, ...], tuple[TiledStage, ...]]:
    """The layers where some keep counters, and the same layers with footprints.

    They have the same designs, and the ends of cycles that all of them share.
    """
    require_kinds(case)
    if any(is_begun_cheaply(stage.prices, stage.ends, counters) for stage in stages):
        problem = "makes reading a record dearer than running an atom, which is not decided together with footprints"
        raise InputError(case.source, "$.device.record_words", MISSING, problem, f"leave out {ASKED[2:]}")
    records, footprints = ([_keeping(kind, stage, counters) for stage in stages] for kind in Kind)
    return tuple(records), tuple(footprints)


def _keeping(kind: Kind, stage: TiledStage, counters: Counters) -> TiledStage:
    records = stage.ends
    return replace(
        stage,
        prices=prices_of_kind(kind, stage.prices, records, counters),
        ends=shared_by_kinds(records, counters),
        preserving=Preserving(kind, records.commit),
    )


def with_kinds(
    stages: Sequence[TiledStage],
    footprints: Sequence[TiledStage],
    steps: Sequence[Step],
    capacity: int,
) -> tuple[tuple[TiledStage, ...], tuple[Step, ...]]:
    """The stages in all kinds asked for, and all steps; ``footprints`` are the first stages once more, in their kind.

    A footprint is left out if no least design of it fits memory and a power cycle of this capacity. If only a footprint
    does, it takes the place of the layer that keeps records.
    """
    found, leading = list(stages), list(steps)
    for place, layer in enumerate(footprints):
        stage = replace(layer, name=f"{layer.name} ({layer.kind.value})")
        if not is_passable(stage, capacity):
            continue
        if not is_passable(stages[place], capacity):
            found[place] = stage
        else:
            leading += [Step(len(found), step.source, step.target) for step in steps if step.stage == place]
            found.append(replace(stage, kernels=(place,)))
    return tuple(found), tuple(leading)


def require_kinds(case: Case) -> None:
    """Refuse what is not decided together with a choice of kinds."""
    asked = case.requirements
    given: list[tuple[str, object]] = [
        (f"$.requirements.{name}", value)
        for name, value in (
            (case.coordinate.value, asked.amount),
            ("written", asked.written),
            ("power_cycles", asked.power_cycles),
            ("writes_per_byte", asked.writes_per_byte),
            ("table_size", asked.table_size),
            ("failures", asked.failures or None),
        )
        if value is not None
    ]
    if case.objective != PLAIN.order:
        given.append(("$.objective", [criterion.value for criterion in case.objective]))
    if isinstance(case.supply, CurveSupply):
        given.append(("$.supply.kind", "curve"))
    for path, value in given:
        problem = "is not decided together with a choice of how progress is preserved"
        raise InputError(case.source, path, value, problem, f"leave it out, or leave out {ASKED[2:]}")
