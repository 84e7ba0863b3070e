"""Urgent checkpoints: sleeping with everything in memory, and saving only where the supply does not carry that.

Before each unit the runtime asks for enough to run and to save it. Where that is missing it waits for a full buffer in
the mode of least power that keeps its memories; if the supply does not carry that mode it saves the last unit and
switches off. With a full buffer it goes on in any case.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from ischedule.models.charging import charging_law
from ischedule.models.cost import Effort
from ischedule.models.demand import Coordinate
from ischedule.models.quantities import CHARGE, ENERGY
from ischedule.models.urgent import UrgentLayer, UrgentWork, urgent_work
from ischedule.models.wake import Mechanism
from ischedule.policies.execution import (
    Asleep,
    Discipline,
    Execution,
    Guarantee,
    Part,
    Requirement,
    Run,
    Stretch,
    Unit,
)
from ischedule.policies.layer_by_layer import task_part
from ischedule.policies.policy import Policy, executed
from ischedule.policies.workload import Inapplicable, Workload

UNCERTIFIED = Guarantee(
    False,
    "saves only where the supply does not carry its sleep: what it takes follows from what the supply brings, and a "
    "latency holds for one constant supply only",
)


def _execution(workload: Workload) -> Execution:
    work = urgent_work(workload.case)
    part = task_part(workload) if work is None and workload.tasks is not None else None
    asleep = _asleep(workload, work)
    if part is None:
        if work is None:
            raise Inapplicable("a network that is run in tiles keeps its results in non-volatile memory anyway")
        part = Part("layers", (Stretch(tuple(_layers(workload, work))),))
    found = executed(POLICY.name, Discipline.URGENT, workload, [part], guarantee=UNCERTIFIED, asleep=asleep)
    return found if asleep.charging is None else _carried(workload, found, part, asleep)


def _carried(workload: Workload, found: Execution, part: Part, asleep: Asleep) -> Execution:
    """Where sleep is carried nothing but the result is saved, and nothing ever recovered."""
    units = [unit for stretch in part.stretches for unit, _ in stretch.runs]
    dearest = max(units, key=lambda unit: unit.work.amount)
    needed = max(dearest.work.amount, units[-1].preserve.amount)
    available = max(0, workload.law.capacity - max(asleep.wake.amount, workload.boot.amount))
    dimension = ENERGY if workload.case.coordinate is Coordinate.ENERGY else CHARGE
    needs = (Requirement(f"{dearest.name} of {part.name}", needed, available, dimension),)
    guarantee = (
        UNCERTIFIED if needs[0].holds else Guarantee(False, f"never ends: {needs[0].what} is more than there is")
    )
    return replace(found, requirements=needs, guarantee=guarantee)


def _asleep(workload: Workload, work: UrgentWork | None) -> Asleep:
    """The mode in which it waits. Raises `Inapplicable` where none is stated that keeps what is in memory."""
    case, sleep = workload.case, workload.case.wake.sleep
    if work is not None and work.kept is not None:
        power, wake = work.kept.power, workload.loaded.effort(work.kept.wake)
    elif case.wake.mechanism is Mechanism.SENSE and sleep is not None and sleep.retained:
        power, wake = sleep.mean_power, workload.boot
    else:
        raise Inapplicable("neither device nor wake state a mode of waiting in which volatile memory is retained")
    buffer = workload.law.charging.buffer
    charging = charging_law(buffer, case.supply, power)
    return Asleep(power, wake, charging if charging.reaches(buffer.turn_on_high) else None)


def _layers(workload: Workload, work: UrgentWork) -> Iterator[Run]:
    """Layers up to one after which may be saved as one unit; each layer is configured and given its weights."""
    open_layers: list[UrgentLayer] = []
    before: UrgentLayer | None = None
    for layer in work.layers:
        open_layers.append(layer)
        if not layer.may_save:
            continue
        taken = [part for one in open_layers for part in (work.configure, one.weights, one.input, one.run)]
        recover = Effort(0, 0) if before is None else workload.loaded.effort(before.restore)
        save = workload.loaded.effort(layer.save)
        yield Unit(" + ".join(one.name for one in open_layers), _sum(workload, taken), save, recover), 1
        before, open_layers = layer, []


def _sum(workload: Workload, efforts: Sequence[Effort]) -> Effort:
    found = list(map(workload.loaded.effort, efforts))
    return Effort(sum(one.amount for one in found), sum(one.time for one in found))


POLICY = Policy(
    "urgent",
    "urgent checkpoints: sleeping with everything in memory, saved only where the supply does not carry that",
    "the MAX78000 toolchain of Caronti et al., TECS 22(5) 82, 2023",
    _execution,
)
