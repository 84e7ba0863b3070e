"""What a case has the device do: tiles of a network, or explicit tasks, stated or made of a network's layers."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from ischedule.models.accelerated_tasks import Work, least_stored, tasks_of, works_of
from ischedule.models.accelerator import LayerAccelerator
from ischedule.models.case import Case
from ischedule.models.errors import InputError
from ischedule.models.quantities import POWER, show_exact
from ischedule.models.tasks import TaskColumns
from ischedule.models.wake import Mechanism

T = TypeVar("T")


def accelerator_of(case: Case) -> LayerAccelerator | None:
    """The accelerator that runs the layers of the case's network one by one, None where there is none."""
    return case.device if isinstance(case.device, LayerAccelerator) and case.network is not None else None


def explicit_tasks(case: Case) -> TaskColumns | None:
    """The explicit tasks that are run: those that are stated, or the layers of a network as an accelerator runs them.

    None for a network that is run in tiles.
    """
    device = accelerator_of(case)
    return case.tasks if device is None else _read(case, device, tasks_of)


def works(case: Case) -> tuple[Work, ...]:
    """What each layer takes on an accelerator; nothing for other workloads."""
    device = accelerator_of(case)
    return () if device is None else _read(case, device, works_of)


def _read(case: Case, device: LayerAccelerator, read: Callable[..., T]) -> T:
    available = available_memory(case, device)
    return case.of_network(
        lambda network: read(network, device, case.streaming, keeps_memories(case, device), available)
    )


def available_memory(case: Case, device: LayerAccelerator) -> int:
    """How much non-volatile memory a network may take on an accelerator: what it has, or less where less is asked."""
    required = case.requirements.nonvolatile_memory
    return device.nonvolatile_memory if required is None else min(device.nonvolatile_memory, required)


def stored_at_least(case: Case, device: LayerAccelerator) -> int:
    """What every plan keeps in the non-volatile memory of an accelerator."""
    return case.of_network(lambda network: least_stored(network, device, case.streaming))


def keeps_memories(case: Case, device: LayerAccelerator) -> bool:
    """Whether the device sleeps between power cycles with all that its accelerator holds, and draws enough for it.

    Where failures of power are allowed for, what is held is not counted on: a cycle that is run again has lost it.
    """
    sleep = case.wake.sleep
    if case.wake.mechanism is not Mechanism.SENSE or sleep is None or not sleep.retained or case.requirements.failures:
        return False
    mode = device.retention(weights=True, data=True)
    if mode is not None and sleep.power < mode.power:
        least = show_exact(mode.power, POWER)
        problem = f"is less than the {least} with which the device keeps its accelerator's memories ({mode.name})"
        shown, remedy = show_exact(sleep.power, POWER), f'write at least {least}, or "retained": false'
        raise InputError(case.source, "$.wake.sleep.power", shown, problem, remedy)
    return True
