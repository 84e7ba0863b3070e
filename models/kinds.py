"""The stages of a network in every kind of preservation that a case lets its plans choose from.

A layer in another kind is a stage of its own from the same boundary to the same one. Blocks keep records.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from ischedule.models.beyond_latency import require_latency_alone
from ischedule.models.case import Case
from ischedule.models.errors import MISSING, InputError
from ischedule.models.fusion import is_passable, reads_as_written
from ischedule.models.lowering import Lowered
from ischedule.models.preservation import Counters, Kind, Preserving, is_begun_cheaply, prices_of_kind, shared_by_kinds
from ischedule.models.program import Step, TiledStage
from ischedule.models.quantities import MEMORY, show_exact
from ischedule.models.storage import Storage
from ischedule.models.supply import CurveSupply
from ischedule.models.tiling import Arithmetic

ASKED = "$.options.preservation"

REGIONS = 3
"""A stage's sums take at most so many regions beside the tensor."""


Place = int
Other = tuple[Place, TiledStage]
"""A layer in another kind, and its place among those that keep records."""


def in_kinds(
    case: Case, stages: Sequence[TiledStage], counters: Counters
) -> tuple[tuple[TiledStage, ...], tuple[Other, ...]]:
    """The layers where some keep no records, and those in the other kinds, with the ends of cycles that all share."""
    require_kinds(case)
    if any(is_begun_cheaply(stage.prices, stage.ends, counters) for stage in stages):
        problem = "makes reading a record dearer than running an atom, which is not decided together with other kinds"
        raise InputError(case.source, "$.device.record_words", MISSING, problem, f"leave out {ASKED[2:]}")
    others = [
        (place, _keeping(kind, stage, counters))
        for kind in counters.kinds
        for place, stage in enumerate(stages)
        if kind is Kind.FOOTPRINT or (kind is Kind.AUGMENTED and can_be_augmented(case.lowered(), stages, place))
    ]
    return tuple(_keeping(Kind.RECORD, stage, counters) for stage in stages), tuple(others)


def can_be_augmented(network: Lowered, stages: Sequence[TiledStage], place: Place) -> bool:
    """Whether a layer can store whole pixels, with a marker behind them that no other layer takes for a result.

    Who reads several pixels as channels would, and so would who reads a tensor that is written in parts.
    """
    kernel = network.kernels[place]
    if any(
        form.arithmetic is not Arithmetic.MULTIPLY or form.pooling or form.channelwise or form.groups > 1
        for form in stages[place].forms
    ):
        return False
    if sum(other.writes == kernel.writes for other in network.kernels) > 1:
        return False
    is_one_pixel = kernel.shape.out_height * kernel.shape.out_width == 1
    readers = [(other, stages[index]) for index, other in enumerate(network.kernels) if kernel.writes in other.reads]
    return all(
        reads_as_written(kernel, reader) and (is_one_pixel or len(stage.forms) == 1) for reader, stage in readers
    )


def _keeping(kind: Kind, stage: TiledStage, counters: Counters) -> TiledStage:
    records = stage.ends
    return replace(
        stage,
        prices=prices_of_kind(kind, stage.prices, records, counters),
        ends=shared_by_kinds(records, counters),
        preserving=Preserving(kind, records.commit),
    )


def with_kinds(
    stages: Sequence[TiledStage], others: Sequence[Other], steps: Sequence[Step], capacity: int
) -> tuple[tuple[TiledStage, ...], tuple[Step, ...]]:
    """The stages in all kinds asked for, and all steps.

    A layer in another kind is left out if no least design of it fits memory and a power cycle of this capacity. If the
    layer that keeps records does not, another that does takes its place.
    """
    found, leading = list(stages), list(steps)
    for place, layer in others:
        stage = replace(layer, name=f"{layer.name} ({layer.kind.value})")
        if not is_passable(stage, capacity):
            continue
        if not is_passable(found[place], capacity):
            found[place] = stage
        else:
            leading += [Step(len(found), step.source, step.target) for step in steps if step.stage == place]
            found.append(replace(stage, kernels=(place,)))
    return tuple(found), tuple(leading)


def require_room_for_markers(case: Case, storage: Storage) -> None:
    """Refuse markers where memory is scarce: room for them is counted in every plan, also where it has none."""
    if Kind.AUGMENTED not in case.preservation:
        return
    # of a layer in several kinds a plan runs one
    regions = {(stage.reads, stage.writes): REGIONS * stage.region for stage in storage.stages}
    least = sum(storage.tensors) + sum(regions.values()) + storage.weights + storage.records
    if least > storage.available:
        problem = (
            f"is decided where all buffers fit non-volatile memory side by side, with their markers: they take "
            f"{show_exact(least, MEMORY)}, there are {show_exact(storage.available, MEMORY)}"
        )
        raise InputError(case.source, ASKED, Kind.AUGMENTED.value, problem, "state more memory, or leave it out")


def require_kinds(case: Case) -> None:
    """Refuse what is not decided together with a choice of kinds."""
    problem = "is not decided together with a choice of how progress is preserved"
    remedy = f"leave it out, or leave out {ASKED[2:]}"
    if isinstance(case.supply, CurveSupply):
        raise InputError(case.source, "$.supply.kind", "curve", problem, remedy)
    require_latency_alone(case, problem, remedy)
