"""From a case to the program that solvers and the checker share: stages with their designs, memories and the law."""

from __future__ import annotations

from array import array
from collections.abc import Sequence

from ischedule.models.case import Case, case_hash
from ischedule.models.chain import Chain
from ischedule.models.demand import LIMIT
from ischedule.models.device import Device
from ischedule.models.diagnosis import Diagnosis, Unschedulable
from ischedule.models.errors import InputError, InvalidValue
from ischedule.models.goal import Criterion, Goal
from ischedule.models.kernels import most_spent
from ischedule.models.network import LayerShape
from ischedule.models.prices import ends_of, prices_of
from ischedule.models.program import ExplicitStage, Program, Stage, TiledStage
from ischedule.models.quantities import MEMORY, show_exact
from ischedule.models.tasks import TaskColumns
from ischedule.models.tiling import Extent, Tiling, stores_partial_sums
from ischedule.models.waiting import CycleLaw, cycle_law

_SUM_BUFFERS = 3
"""Regions of a feature map whose partial sums are kept there: the published one, and two that alternate."""

_RECORDS = 2
"""Progress records: the published one, and the one being written."""


def program_of(case: Case) -> Program:
    """The case's program.

    Raises `Unschedulable` where memory or physics rule out every plan, `InputError` for what cannot be computed.
    """
    stages = _network_stages(case) if case.tasks is None else (_tasks_stage(case, case.tasks),)
    law = _law(case)
    return Program(stages, law, case_hash(case), goal=_goal(case, law))


def _goal(case: Case, law: CycleLaw) -> Goal:
    """What the case's plans are for; a deadline is a limit where latency is not what counts first."""
    asked = case.requirements
    limits = {Criterion.ENERGY: asked.amount, Criterion.WRITTEN: asked.written, Criterion.CYCLES: asked.power_cycles}
    ends = [end for end in (asked.deadline, law.period) if end is not None]
    if ends and case.objective[0] is not Criterion.LATENCY:
        limits[Criterion.LATENCY] = max(0, min(ends) - law.offset)
    return Goal(case.objective, {criterion: most for criterion, most in limits.items() if most is not None})


def _law(case: Case) -> CycleLaw:
    boot = case.boot
    try:
        return cycle_law(case.buffer, case.supply, case.wake, case.start, case.until, boot.amount, boot.time)
    except InvalidValue as error:
        raise error.located(case.source, "$") from None


def forms_of(shape: LayerShape, dense_as_channels: bool) -> tuple[Extent, ...]:
    """The loop nests that compute a layer: as given, and for a dense layer also with its whole input as channels."""
    if shape.kind == "global_average_pool":
        return (Extent(shape.in_height, shape.in_width, shape.in_channels, 1, 1, 1, pooling=True),)
    given = Extent(
        shape.out_height,
        shape.out_width,
        shape.out_channels,
        shape.in_channels,
        shape.kernel_height,
        shape.kernel_width,
    )
    taps = shape.kernel_height * shape.kernel_width
    if shape.kind != "dense" or taps == 1 or not dense_as_channels:
        return (given,)
    return given, Extent(1, 1, shape.out_channels, shape.in_elements, 1, 1)


def _network_stages(case: Case) -> tuple[Stage, ...]:
    device = _device(case)
    required = case.requirements.volatile_memory
    volatile = device.volatile_memory if required is None else min(device.volatile_memory, required)
    sums_in_memory = _has_room_for_sums(case)
    prices, ends = prices_of(device), ends_of(device, case.restart)
    stages = tuple(
        TiledStage(shape.name, forms_of(shape, case.dense_as_channels), prices, ends, volatile, sums_in_memory)
        for shape in case.chain()
    )
    _check_sums(case, stages)
    return stages


def _device(case: Case) -> Device:
    assert case.device is not None, "a network has a device"
    return case.device


def _check_sums(case: Case, stages: Sequence[TiledStage]) -> None:
    """Refuse a network for which some sum of energies or times could leave the range of exact 64-bit integers."""
    total = [0, 0]
    for stage in stages:
        worst = [most_spent(form, stage.prices, stage.ends) for form in stage.forms]
        total = [total[part] + max(spent[part] for spent in worst) for part in (0, 1)]
        if max(total) >= LIMIT:
            problem = "makes the network too large to be added up: its finest tiles come to 2**62 fJ or ps"
            remedy = "give the layers fewer channels or a smaller input"
            names = [layer.name for layer in case.network.layers] if case.network else []
            path = f"$.network.layers[{names.index(stage.name)}].name"
            raise InputError(case.source, path, stage.name, problem, remedy)


def nonvolatile_bytes(case: Case, designs: Sequence[Tiling] | None = None) -> int:
    """What a network keeps in non-volatile memory: all feature maps side by side, weights, and the progress records.

    A feature map takes three buffers where its partial sums pass through this memory: under the given designs, or
    without them wherever any design does so. Tasks do not say what they keep; of theirs nothing is counted.
    """
    if case.tasks is not None:
        return 0
    forms = [forms_of(shape, case.dense_as_channels) for shape in case.chain()]
    if designs is None:
        return _bytes(case, [any(_may_store_sums(form) for form in some) for some in forms])
    pairs = zip(forms, designs, strict=True)
    return _bytes(case, [stores_partial_sums(some[design.form], design) for some, design in pairs])


def _may_store_sums(extent: Extent) -> bool:
    return extent.rows * extent.columns > 1 if extent.pooling else extent.inputs > 1


def _bytes(case: Case, stores_sums: Sequence[bool]) -> int:
    device, shapes = _device(case), case.chain()
    words = shapes[0].in_elements + _RECORDS * device.record_words
    for shape, stores in zip(shapes, stores_sums, strict=True):
        words += shape.weights + shape.out_elements * (_SUM_BUFFERS if stores else 1)
    return device.word_bytes * words


def _has_room_for_sums(case: Case) -> bool:
    """Whether every design's partial sums fit; if nothing of the kind does, the network itself must."""
    device, required = _device(case), case.requirements.nonvolatile_memory
    available = device.nonvolatile_memory if required is None else min(device.nonvolatile_memory, required)
    if nonvolatile_bytes(case) <= available:
        return True
    least = _bytes(case, [False] * len(case.chain()))
    if least > available:
        text = (
            f"feature maps, weights and progress records take {show_exact(least, MEMORY)}, "
            f"there are {show_exact(available, MEMORY)}"
        )
        raise Unschedulable(Diagnosis.NONVOLATILE_MEMORY, text, least, available)
    return False


def _tasks_stage(case: Case, tasks: TaskColumns) -> ExplicitStage:
    """The tasks as the one design of one stage: a cut's resume cost belongs to the task after it."""
    restart, peak = case.restart, max(tasks.volatile)
    limits = [case.requirements.volatile_memory, None if case.device is None else case.device.volatile_memory]
    volatile = min([limit for limit in limits if limit is not None], default=peak)
    for what in ("amount", "time"):
        once = sum(sum(getattr(tasks, name)) for name in (what, f"commit_{what}", f"resume_{what}"))
        if once + len(tasks) * getattr(restart, what) >= LIMIT:
            problem = f"is too many to be added up: with a start before each their {what} comes to 2**62 internal units"
            raise InputError(case.source, "$.tasks", len(tasks), problem, "use fewer tasks, or split the case")
    chain = Chain(
        tasks.amount,
        tasks.time,
        _starts(restart.amount, tasks.resume_amount),
        _starts(restart.time, tasks.resume_time),
        tasks.commit_amount,
        tasks.commit_time,
        list(map(bool, tasks.is_cut)),
        peak,
    )
    return ExplicitStage("tasks", (chain,), volatile)


def _starts(restart: int, resume: array[int]) -> array[int]:
    """What a cycle that starts before each task pays: nothing is fetched before the first."""
    starts = array("q", map(restart.__add__, resume[:-1]))
    starts.insert(0, restart)
    return starts
