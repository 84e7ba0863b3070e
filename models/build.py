"""From a case to the program that solvers and the checker share: stages with their designs, memories and the law."""

from __future__ import annotations

from array import array
from collections.abc import Collection, Sequence
from dataclasses import replace
from math import prod

from ischedule.models.beyond_latency import require_latency_alone
from ischedule.models.case import Case, case_hash
from ischedule.models.chain import Chain
from ischedule.models.demand import LIMIT
from ischedule.models.device import Device
from ischedule.models.diagnosis import Diagnosis, Unschedulable
from ischedule.models.errors import MISSING, InputError, InvalidValue
from ischedule.models.fusion import with_blocks
from ischedule.models.goal import Criterion, Goal
from ischedule.models.kernels import most_spent
from ischedule.models.kinds import Other, in_kinds, require_room_for_markers, with_kinds
from ischedule.models.loaded import Loaded, LoadedTasks, loaded
from ischedule.models.loads import Loads
from ischedule.models.lowering import forms_of
from ischedule.models.network import SUMS_OF_BYTES
from ischedule.models.order import steps_of
from ischedule.models.preservation import COUNTER_BYTES, Kind, counters_of
from ischedule.models.prices import ends_of, prices_of
from ischedule.models.program import ExplicitStage, Program, Reboot, TiledStage
from ischedule.models.quantities import MEMORY, POWER, show, show_exact
from ischedule.models.storage import RECORDS, StageStorage, Storage
from ischedule.models.tables import least_tables
from ischedule.models.tasks import TaskColumns
from ischedule.models.tiling import Arithmetic, Extent
from ischedule.models.waiting import CycleLaw, cycle_law, require_boot
from ischedule.models.wake import Mechanism, Policy
from ischedule.models.workload import accelerator_of, explicit_tasks, stored_at_least
from ischedule.models.workload import available_memory as available_to


def program_of(case: Case) -> Program:
    """The case's program.

    Raises `Unschedulable` where memory or physics rule out every plan, `InputError` for what cannot be computed.
    """
    work = loaded(case)
    law = _law(work)
    if law.curve is not None:
        _require_plain(case)
    tasks = explicit_tasks(case)
    if tasks is not None:
        _require_room_for_copies(case)
        stage = _tasks_stage(work, tasks)
        size = case.requirements.table_size
        program = Program((stage,), law, case_hash(case), goal=_goal(case, law, ()), table_size=size)
        return _with_tables(_with_failures(work, program))
    stages = _network_stages(work)
    others: tuple[Other, ...] = ()
    steps, _, is_order_fixed = steps_of(case.lowered().needs())
    capacity = max(law.capacity, law.first_capacity)
    if len(case.preservation) > 1:
        counters = counters_of(work.device(_device(case)), work.restart, case.preservation)
        stages, others = in_kinds(case, stages, counters)
        for kind in case.preservation:
            in_kind = {place: stage for place, stage in others if stage.kind is kind}
            _check_sums(case, [in_kind.get(place, stage) for place, stage in enumerate(stages)])
    if case.network is not None and case.network.fuse:
        stages, steps = with_blocks(case.lowered(), stages, steps, capacity)
    if others:
        stages, steps = with_kinds(stages, others, steps, capacity)
    runs = [stage.kernels or (place,) for place, stage in enumerate(stages)]
    storage = _storage(case, runs, {run[0] for run, stage in zip(runs, stages, strict=True) if stage.prices.markers})
    program = Program(stages, law, case_hash(case), steps, is_order_fixed, _goal(case, law, stages), storage)
    require_room_for_markers(case, storage)
    _require_room(program)
    return _with_tables(_with_failures(work, replace(program, table_size=case.requirements.table_size)))


def _with_failures(work: Loaded, program: Program) -> Program:
    """The program with what it tolerates; a device that sleeps through its waits boots only after a failure."""
    is_asleep, failures = work.case.wake.mechanism is Mechanism.SENSE, work.case.requirements.failures
    if failures and program.law.max_cycles is not None:
        text = "a failure is made good by charging again, and the supply never charges to turn-on"
        highest = program.law.charging.highest_level
        available = 0 if highest is None else max(0, highest)
        raise Unschedulable(Diagnosis.CHARGING_STALL, text, work.buffer.turn_on_high, available)
    reboot = _reboot(work, program.law) if failures and is_asleep else None
    return replace(program, failures=failures, reboot=reboot)


def _reboot(work: Loaded, law: CycleLaw) -> Reboot:
    """How a sleeping device comes up after a failure: at turn-on, or at `power_on` under programmable wake."""
    buffer, wake, case = work.buffer, work.case.wake, work.case
    level, high, voltage = buffer.capacity, buffer.turn_on_high, buffer.turn_on.hi
    if wake.policy is Policy.PROGRAMMABLE:
        if wake.power_on is None:
            problem = "is required where failures are tolerated: a device that lost its sleep has to come up"
            raise InputError(case.source, "$.wake.power_on", MISSING, problem, 'add "power_on", for example "2.9 V"')
        voltage = wake.power_on
        level, high = buffer.guaranteed_level(voltage), buffer.reached_level(voltage)
    require_boot(law.charging, level, high, voltage, work.boot.amount, work.boot_left)
    return Reboot(work.boot, level, high)


def _require_plain(case: Case) -> None:
    """Refuse what is not decided under a supply curve."""
    problem = "is not decided under a supply curve, where only latency is"
    require_latency_alone(case, problem, 'leave it out, or write the supply as "power"')
    if case.requirements.failures and case.wake.mechanism is Mechanism.SENSE:
        problem = "leave a sleeping device at a level that a blackout under a supply curve can lower below brown-out"
        remedy = 'leave it out, or write the mechanism "latch"'
        raise InputError(case.source, "$.requirements.failures", case.requirements.failures, problem, remedy)


def _with_tables(program: Program) -> Program:
    """Refuse a program whose tables are too large even with all power cycles alike."""
    least, most = least_tables(program), program.table_size
    if most is not None and least > most:
        text = f"the tables of a plan take {show_exact(least, MEMORY)} at least, {show_exact(most, MEMORY)} are allowed"
        raise Unschedulable(Diagnosis.TABLE_SIZE, text, least, most)
    return program


def _goal(case: Case, law: CycleLaw, stages: Sequence[TiledStage]) -> Goal:
    """What the case's plans are for; a deadline is a limit where latency is not what counts first.

    Each power cycle writes a progress record, or a head more than once, so that no more of them are allowed than a byte
    bears.
    """
    asked = case.requirements
    cycles = [] if asked.power_cycles is None else [asked.power_cycles]
    if asked.writes_per_byte is not None:
        borne = asked.writes_per_byte // case.protocol.writes_of_a_byte
        cycles += [borne] if borne < most_cycles(stages) else []
    limits = {
        Criterion.ENERGY: asked.amount,
        Criterion.WRITTEN: asked.written,
        Criterion.CYCLES: min(cycles, default=None),
    }
    ends = [end for end in (asked.deadline, law.period) if end is not None]
    if ends and case.objective[0] is not Criterion.LATENCY:
        limits[Criterion.LATENCY] = max(0, min(ends) - law.offset)
    return Goal(case.objective, {criterion: most for criterion, most in limits.items() if most is not None})


def most_cycles(stages: Sequence[TiledStage]) -> int:
    """No plan has more power cycles: one for each trip through the loops of every layer."""
    return sum(max(extent.groups * prod(extent.loops) for extent in stage.forms) for stage in stages)


def _law(work: Loaded) -> CycleLaw:
    case = work.case
    boot = work.boot
    try:
        return cycle_law(
            work.buffer, case.supply, case.wake, case.start, case.until, boot.amount, boot.time, work.boot_left
        )
    except InvalidValue as error:
        raise error.located(case.source, "$") from None


def _network_stages(work: Loaded) -> tuple[TiledStage, ...]:
    case = work.case
    device = work.device(_device(case))
    required = case.requirements.volatile_memory
    volatile = device.volatile_memory if required is None else min(device.volatile_memory, required)
    prices, ends = prices_of(device, _width(case), sum_width(case)), ends_of(device, work.restart, case.protocol)
    stages = tuple(
        TiledStage(kernel.name, forms, prices, ends, volatile, writes_per_byte=case.requirements.writes_per_byte)
        for kernel, forms in zip(case.lowered().kernels, forms_of_network(case), strict=True)
    )
    _check_prices(case, stages)
    _check_sums(case, stages)
    return stages


def forms_of_network(case: Case) -> list[tuple[Extent, ...]]:
    """For each kernel of a network the loop nests that compute it."""
    return [forms_of(kernel.shape, case.dense_as_channels) for kernel in case.lowered().kernels]


def _width(case: Case) -> int:
    """Bytes of a weight or activation: a word of the device, or less."""
    word = _device(case).word_bytes
    width = None if case.network is None else case.network.width
    if width is None:
        return word
    if width > word:
        problem = f"is wider than the device's word of {word} B, whose costs are known"
        raise InputError(case.source, "$.network.width", f"int{8 * width}", problem, f'write "int{8 * word}"')
    return width


def sum_width(case: Case) -> int:
    """Bytes of a partial sum or a bias: four for values of one byte, otherwise those of a value, unless stated."""
    width = _width(case)
    sums = None if case.network is None else case.network.sums
    if sums is None:
        return SUMS_OF_BYTES if width == 1 else width
    if sums < width:
        problem = f"is narrower than the network's values of {width} B"
        raise InputError(case.source, "$.network.sums", f"int{8 * sums}", problem, f'write "int{8 * width}" or more')
    return sums


def _path_of(case: Case, stage: TiledStage) -> str:
    """Where the first layer of a stage stands."""
    first = next(kernel.layers[0] for kernel in case.lowered().kernels if kernel.name == stage.name)
    names = [layer.name for layer in case.network.layers] if case.network else []
    return f"$.network.layers[{names.index(first)}].name"


def _check_prices(case: Case, stages: Sequence[TiledStage]) -> None:
    """Refuse layers that need a figure which the device does not state."""
    device = _device(case)
    for stage in stages:
        for field, is_needed in (
            ("add_step", any(form.arithmetic is Arithmetic.ADD for form in stage.forms)),
            ("softmax_step", any(form.arithmetic is Arithmetic.SOFTMAX for form in stage.forms)),
            ("activation_step", any(form.finish for form in stage.forms)),
        ):
            if is_needed and getattr(device, field) is None:
                problem = f"is not stated by the device, and layer {stage.name} needs it"
                remedy = 'add it to the device, for example [{"energy": "1 nJ", "time": "1 us"}]'
                raise InputError(case.source, f"$.device.{field}", MISSING, problem, remedy)


def _device(case: Case) -> Device:
    assert isinstance(case.device, Device), "a network that is run in tiles has a device for it"
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
            raise InputError(case.source, _path_of(case, stage), stage.name, problem, remedy)


def available_memory(case: Case) -> int:
    """How much non-volatile memory a network may take: what the device has, or less where less is asked for."""
    has, required = _device(case).nonvolatile_memory, case.requirements.nonvolatile_memory
    return has if required is None else min(has, required)


def _storage(case: Case, runs: Sequence[Sequence[int]], marked: Collection[int]) -> Storage:
    """What a network keeps in non-volatile memory, in words and sums of the network; records are in the device's words.

    ``runs`` are for each stage the kernels that it runs: a block reads what its first one reads and what the others
    read besides, writes what its last one writes, and stores no sums. The results of ``marked`` kernels can have a
    marker behind those of each pixel; room for it is counted in every plan.
    """
    device, network, width, sums = _device(case), case.lowered(), _width(case), sum_width(case)
    forms = forms_of_network(case)
    kernels = [network.kernels[place] for place in marked]
    markers = {one.writes: sums * one.shape.out_height * one.shape.out_width for one in kernels}
    stages = []
    for run in runs:
        last = network.kernels[run[-1]]
        stores_sums = len(run) == 1 and any(map(_may_store_sums, forms[run[0]]))
        region = sums * last.stored_elements if stores_sums else 0
        region += markers.get(last.writes, 0) if region else 0
        weighted = sum(network.kernels[kernel].parameters > 0 for kernel in run)
        kept = StageStorage(
            network.reads(run), last.writes, region, weighted, kernels=len(run), sums_apart=sums > width
        )
        stages.append(kept)
    return Storage(
        tuple(width * elements + markers.get(place, 0) for place, elements in enumerate(network.tensors)),
        tuple(stages),
        available_memory(case),
        sum(
            width * (kernel.parameters - kernel.shape.biases) + sums * kernel.shape.biases for kernel in network.kernels
        ),
        case.protocol.stored_bytes(device, RECORDS) + COUNTER_BYTES * (Kind.FOOTPRINT in case.preservation),
        writes_per_byte=case.requirements.writes_per_byte,
    )


def _may_store_sums(extent: Extent) -> bool:
    return extent.rows * extent.columns > 1 if extent.pooling else extent.inputs > 1 and not extent.channelwise


def _require_room(program: Program) -> None:
    """Refuse a network that does not fit even if every layer is run and published by itself, without stored sums."""
    assert program.storage is not None, "a network says what it keeps"
    least, available = Loads(program).least_of_all(), program.storage.available
    if least > available:
        text = (
            f"what the dearest layer reads and writes, all that is kept meanwhile, weights, progress records and the "
            f"plan's tables take {show_exact(least, MEMORY)}, there are {show_exact(available, MEMORY)}"
        )
        raise Unschedulable(Diagnosis.NONVOLATILE_MEMORY, text, least, available)


def _require_room_for_copies(case: Case) -> None:
    """Refuse a network on an accelerator whose results could not be published."""
    device = accelerator_of(case)
    if device is None:
        return
    least, available = stored_at_least(case, device), available_to(case, device)
    if least > available:
        text = (
            f"the input, and two copies of the results and of the progress record, take {show_exact(least, MEMORY)}, "
            f"there are {show_exact(available, MEMORY)}"
        )
        raise Unschedulable(Diagnosis.NONVOLATILE_MEMORY, text, least, available)


def _tasks_stage(work: Loaded, tasks: TaskColumns) -> ExplicitStage:
    """The tasks as the one design of one stage: a cut's resume cost belongs to the task after it."""
    case, restart = work.case, work.restart
    load = work.tasks(tasks)
    if load.rises and case.wake.mechanism is Mechanism.BURN:
        first = next(index for index, amount in enumerate(load.amount) if amount < 0)
        problem = f"is more than {tasks.name(first)} takes, and a device that burns draws more than is harvested"
        power, remedy = show(case.while_running.power, POWER) if case.while_running else "", 'write "none"'
        raise InputError(case.source, "$.while_running.power", power, problem, remedy)
    peak = max(tasks.volatile)
    limits = [case.requirements.volatile_memory, None if case.device is None else case.device.volatile_memory]
    volatile = min([limit for limit in limits if limit is not None], default=peak)
    amounts = load.amount, load.commit_amount, load.resume_amount
    times = tasks.time, tasks.commit_time, tasks.resume_time
    for what, columns in (("amount", amounts), ("time", times)):
        once = sum(sum(map(abs, column)) for column in columns)
        if once + len(tasks) * getattr(restart, what) >= LIMIT:
            problem = f"is too many to be added up: with a start before each their {what} comes to 2**62 internal units"
            raise InputError(case.source, "$.tasks", len(tasks), problem, "use fewer tasks, or split the case")
    chain = Chain(
        load.amount,
        tasks.time,
        _starts(restart.amount, load.resume_amount),
        _starts(restart.time, tasks.resume_time),
        load.commit_amount,
        tasks.commit_time,
        list(map(bool, tasks.is_cut)),
        peak,
        excess=_binding(load, tasks),
        start_need=_start_need(work, load, tasks),
        ceiling=work.buffer.ceiling if load.rises else None,
    )
    return ExplicitStage("tasks", (chain,), volatile)


def _least_commit(load: LoadedTasks, tasks: TaskColumns) -> int:
    """What follows in any cycle drains at least as much, unless more flows in during some task than it takes."""
    if load.rises:
        return 0
    return min(amount for amount, cut in zip(load.commit_amount, tasks.is_cut, strict=True) if cut)


def _binding(load: LoadedTasks, tasks: TaskColumns) -> array[int]:
    """The excess of tasks where it can matter: not where what follows drains as much."""
    excess = load.excess
    return excess if len(excess) and max(excess) > _least_commit(load, tasks) else array("q")


def _start_need(work: Loaded, load: LoadedTasks, tasks: TaskColumns) -> int:
    """What must be stored for a cycle to begin at all, where the least that follows does not drain as much."""
    return work.restart.amount + work.start_excess if work.start_excess > _least_commit(load, tasks) else 0


def _starts(restart: int, resume: array[int]) -> array[int]:
    """What a cycle that starts before each task pays: nothing is fetched before the first."""
    starts = array("q", map(restart.__add__, resume[:-1]))
    starts.insert(0, restart)
    return starts
