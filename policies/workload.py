"""What policies execute: the kernels of a case's network on its device, or its tasks, and one power cycle's budget."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

from ischedule.models.accelerator import LayerAccelerator
from ischedule.models.build import forms_of_network, sum_width
from ischedule.models.case import Case
from ischedule.models.chain import Chain
from ischedule.models.cost import Cost, Effort
from ischedule.models.device import Device
from ischedule.models.loaded import Loaded, loaded
from ischedule.models.prices import ends_of, prices_of
from ischedule.models.primitives import Ends, Prices
from ischedule.models.program import ExplicitStage
from ischedule.models.tasks import TaskColumns
from ischedule.models.tiling import Extent
from ischedule.models.waiting import CycleLaw, cycle_law
from ischedule.models.workload import explicit_tasks
from ischedule.policies.figures import Figures, figures_of


class Inapplicable(Exception):
    """A policy that has no meaning for a case, and why."""


@dataclass(frozen=True)
class Nest:
    """One kernel of a network: its loop nest, with a dense layer's input as channels, and whether it reads the input.

    ``forms`` are all loop nests that compute it.
    """

    name: str
    extent: Extent
    forms: tuple[Extent, ...]
    reads_input: bool


@dataclass(frozen=True)
class Workload:
    """A case as policies see it. Its capacity is what one power cycle from a full buffer can drain.

    Without ``matrix_commands`` every result is a vector operation of its own, as it is in this project's kernels.
    """

    case: Case
    law: CycleLaw
    matrix_commands: bool = True

    @classmethod
    def of(cls, case: Case, *, matrix_commands: bool = True) -> Workload:
        """The workload of a case. Raises `Unschedulable` where no power cycle can begin."""
        work, boot = loaded(case), loaded(case).boot
        ends = (case.supply, case.wake, case.start, case.until)
        law = cycle_law(work.buffer, *ends, boot.amount, boot.time, work.boot_left)
        return cls(case, law, matrix_commands)

    @cached_property
    def loaded(self) -> Loaded:
        """What the case's work takes of its buffer, behind converter and series resistance."""
        return loaded(self.case)

    @property
    def boot(self) -> Effort:
        """What every power cycle begins with."""
        return self.loaded.restart

    @property
    def budget(self) -> int:
        """What a power cycle has left for units and recovery."""
        return self.law.capacity - self.boot.amount

    @cached_property
    def has_excess(self) -> bool:
        """Whether some activity must leave a level above what every cycle leaves, so that drains do not tell all."""
        stated = explicit_tasks(self.case)
        load = None if stated is None else self.loaded.tasks(stated)
        return self.loaded.start_excess > 0 or (load is not None and (load.rises or any(load.excess)))

    @cached_property
    def device(self) -> Device:
        """The device of a network."""
        if self.case.device is None or self.case.network is None:
            raise Inapplicable("it counts a network's commands on a device, and the case has tasks")
        if isinstance(self.case.device, LayerAccelerator):
            raise Inapplicable("it counts the commands of a processor, and the device runs whole layers")
        return self.loaded.device(self.case.device)

    @property
    def tasks(self) -> TaskColumns | None:
        """The tasks with what they take of the buffer, where the case has no network."""
        stated = explicit_tasks(self.case)
        return None if stated is None else self.loaded.tasks(stated).columns(stated)

    @cached_property
    def figures(self) -> Figures:
        """What commands take on the device."""
        return figures_of(self.device, matrix_commands=self.matrix_commands)

    @cached_property
    def volatile(self) -> int:
        """Bytes of volatile memory that may be used."""
        asked, has = self.case.requirements.volatile_memory, self.device.volatile_memory
        return has if asked is None else min(asked, has)

    @cached_property
    def nonvolatile(self) -> int:
        """Bytes of non-volatile memory that may be used."""
        asked, has = self.case.requirements.nonvolatile_memory, self.device.nonvolatile_memory
        return has if asked is None else min(asked, has)

    @property
    def element_bytes(self) -> int:
        """Bytes of a value."""
        width = None if self.case.network is None else self.case.network.width
        return width or self.device.word_bytes

    @cached_property
    def prices(self) -> Prices:
        """What this project's kernels pay for primitives."""
        return prices_of(self.device, self.element_bytes, sum_width(self.case))

    @cached_property
    def ends(self) -> Ends:
        """What this project's power cycles begin and end with."""
        return ends_of(self.device, self.boot, self.case.protocol)

    @cached_property
    def nests(self) -> tuple[Nest, ...]:
        """The kernels of the network in the order of its layers."""
        assert self.device is not None, "a network has a device"
        kernels = self.case.lowered().kernels
        found = zip(kernels, forms_of_network(self.case), strict=True)
        return tuple(Nest(kernel.name, forms[-1], forms, 0 in kernel.reads) for kernel, forms in found)

    @cached_property
    def chain(self) -> Chain:
        """The tasks as one chain of atoms."""
        from ischedule.models.build import program_of

        stage = program_of(self.case).stages[0]
        assert isinstance(stage, ExplicitStage), "tasks are one explicit stage"
        return stage.designs[0]


def effort(cost: Cost) -> Effort:
    """A cost in whole femtojoules and picoseconds."""
    return cost.rounded_up()
