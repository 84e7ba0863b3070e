"""What a runtime that saves only in need must know: the parts of each layer, and the power of the ways to wait.

Such a runtime waits in a mode that keeps the accelerator's memories, and saves what is live only where the supply does
not carry that mode; then it may lose everything, and must configure, load and restore before it goes on.
"""

from __future__ import annotations

from dataclasses import dataclass

from ischedule.models.accelerator import Loading, PowerMode
from ischedule.models.case import Case
from ischedule.models.cost import Effort
from ischedule.models.workload import accelerator_of, works


@dataclass(frozen=True)
class UrgentLayer:
    """A layer and the place after it: efforts in fJ and ps, sizes in bytes.

    ``weights`` is what its own weights take to load, whenever they are loaded. ``save`` and ``restore`` move what is
    live after it; after the last layer ``save`` publishes the result. Where it `may_save` is false, it streams into the
    next, or what is live does not fit.
    """

    name: str
    weights: Effort
    input: Effort
    run: Effort
    saved_bytes: int
    save: Effort
    restore: Effort
    may_save: bool


@dataclass(frozen=True)
class UrgentWork:
    """The layers in order, and what surrounds them.

    ``configure`` is paid whenever the device has slept or booted (with each layer where ``loading`` says so). ``kept``
    is the least mode that keeps weights and data, ``lost`` the least that keeps data only, in the processor's memory.
    """

    layers: tuple[UrgentLayer, ...]
    boot: Effort
    configure: Effort
    loading: Loading
    kept: PowerMode | None
    lost: PowerMode | None


def urgent_work(case: Case) -> UrgentWork | None:
    """The parts of a network's work on an accelerator of layers; None for other workloads."""
    device = accelerator_of(case)
    if device is None:
        return None
    layers = tuple(
        UrgentLayer(
            work.name,
            work.own_weights.rounded_up(),
            work.input.rounded_up(),
            work.run.rounded_up(),
            work.saved,
            work.commit.rounded_up(),
            work.restore.rounded_up(),
            work.is_cut,
        )
        for work in works(case)
    )
    configure = (device.configure + device.cycle).rounded_up()
    kept, lost = device.retention(weights=True, data=True), device.retention(weights=False, data=True)
    return UrgentWork(layers, case.boot, configure, device.loading, kept, lost)
