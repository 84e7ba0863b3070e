"""A policy: its name, what it is, where it was published, and the execution that it makes of a workload."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from ischedule.models.demand import Coordinate
from ischedule.models.quantities import CHARGE, ENERGY, MEMORY
from ischedule.policies.execution import Asleep, Discipline, Execution, Guarantee, Part, Requirement, Snapshot
from ischedule.policies.workload import Workload


@dataclass(frozen=True)
class Policy:
    """One policy of the literature. ``execution`` raises `Inapplicable` where it has no meaning for a workload."""

    name: str
    title: str
    source: str
    execution: Callable[[Workload], Execution]
    is_internal: bool = False
    """Whether it keeps all values in the controller's own FRAM, whose figures are not those of the device's memory."""


OPPORTUNISTIC = (
    "goes on while there is charge and runs again what a power loss interrupted: consuming less can make it later, so "
    "that no latency holds for all supplies"
)


def executed(
    name: str,
    discipline: Discipline,
    workload: Workload,
    parts: Sequence[Part],
    requirements: Sequence[Requirement] = (),
    guarantee: Guarantee | None = None,
    snapshot: Snapshot | None = None,
    asleep: Asleep | None = None,
) -> Execution:
    """The execution, with the requirement that every unit fits a full buffer, and why it is certified or not."""
    needs = (fits_a_cycle(workload, parts), *requirements)
    failing = [one for one in needs if one.binding and not one.holds]
    if failing:
        found = Guarantee(False, "never ends: " + "; ".join(f"{one.what} is more than there is" for one in failing))
    else:
        found = guarantee or Guarantee(False, OPPORTUNISTIC)
    return Execution(name, discipline, workload.boot, tuple(parts), needs, found, snapshot, asleep)


def fits_a_cycle(workload: Workload, parts: Sequence[Part]) -> Requirement:
    """That every unit, with the recovery before it, fits the power cycle that a full buffer gives after booting."""
    dearest, where = 0, "the dearest unit"
    for part in parts:
        for stretch in part.stretches:
            for unit, _ in stretch.runs:
                if unit.amount + unit.recover.amount > dearest:
                    dearest, where = unit.amount + unit.recover.amount, f"{unit.name} of {part.name}"
    dimension = ENERGY if workload.case.coordinate is Coordinate.ENERGY else CHARGE
    return Requirement(where, dearest, max(workload.budget, 0), dimension)


def stored(workload: Workload, markers: int | None = None, regions: int = 2, extra: int = 0) -> Requirement:
    """That weights and the dearest layer fit: its inputs, so many regions of its results, their markers.

    There is one marker for so many channels, if any. Tensors that wait for a later layer are not counted.
    """
    size = workload.element_bytes
    kernels = workload.case.lowered().kernels
    weights = sum(size * kernel.parameters for kernel in kernels)
    most = 0
    for kernel in kernels:
        shape = kernel.shape
        inputs = shape.sources * _marked(shape.in_channels, markers) * shape.in_height * shape.in_width
        results = _marked(shape.out_channels, markers) * shape.out_height * shape.out_width
        most = max(most, size * (inputs + regions * results))
    return Requirement("non-volatile memory", weights + most + extra, workload.nonvolatile, MEMORY)


def _marked(channels: int, markers: int | None) -> int:
    return channels if markers is None else channels + -(-channels // markers)
