"""The least that non-volatile memory must hold during a power cycle, whatever else the plan does.

A cycle that runs along some steps needs what their stages read and write, and all that is sure to have been written
before and to be read later. Of a program in which some steps have been left out more is sure.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence

from ischedule.models.layout import storage_of
from ischedule.models.program import Program, Step


class Loads:
    """Lower bounds on what power cycles of a program hold, constants included.

    ``written`` are for each boundary the tensors that every way to it writes, ``needed`` those that every way from it
    reads, as bit masks; the input is written before, the output read at the end.
    """

    def __init__(self, program: Program) -> None:
        self.program, self.storage = program, storage_of(program)
        storage = self.storage
        self.constants = storage.weights + storage.records + storage.tables.run
        self.constants += program.behind([storage.table_bytes(stage) for stage in range(len(program.stages))])[0]
        everything = (1 << len(storage.tensors)) - 1
        self.written = [everything] * (program.end + 1)
        self.needed = [everything] * (program.end + 1)
        self.written[0], self.needed[program.end] = _mask(storage.inputs), _mask(storage.outputs)
        self.touched = [_mask(stage.touches) for stage in storage.stages]
        for step in sorted(program.steps, key=lambda step: step.target):
            self.written[step.target] &= self.written[step.source] | 1 << storage.stages[step.stage].writes
        for step in sorted(program.steps, key=lambda step: -step.source):
            self.needed[step.source] &= self.needed[step.target] | _mask(storage.stages[step.stage].reads)

    def least(self, steps: Sequence[Step], sums: Collection[int] = ()) -> int:
        """What a cycle holds at least that runs along these steps, with two regions for the results of some stages."""
        live = self.written[steps[0].source] & self.needed[steps[-1].target]
        for step in steps:
            live |= self.touched[step.stage]
        storage = self.storage
        tensors = sum(size for tensor, size in enumerate(storage.tensors) if live >> tensor & 1)
        others = sum(storage.stages[stage].region + storage.tables.address for stage in sums)
        return self.constants + tensors + others

    def least_of_all(self) -> int:
        """What every plan needs at least, even one that closes all boundaries and stores no sums."""
        need = {0: 0}
        for step in sorted(self.program.steps, key=lambda step: step.target):
            most = max(need[step.source], self.least([step]))
            need[step.target] = min(most, need.get(step.target, most))
        return need[self.program.end]


def _mask(tensors: Collection[int]) -> int:
    return sum(1 << tensor for tensor in set(tensors))
