"""What the stages of a program keep in non-volatile memory, and how much of it there is.

Tensors are read and written by stages; what a stage's partial sums pass through has further regions beside the tensor.
Weights, progress records and the plan's own tables are there all the time.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class TableSizes:
    """Bytes of a plan's tables, as a runtime with 32-bit addresses keeps them: an assumption, not a measurement.

    ``run`` is a run of equal power cycles (how many, and how many atoms each, 4 B; the code of the threshold, 2 B, and
    2 B to align). ``layer`` is a design (form, order and counts of what follows, 4 B; four tile sizes and a batch of
    2 B, and 2 B to align), to which come one ``address`` for each tensor and region, and one for the weights.
    """

    run: int = 12
    layer: int = 16
    address: int = 4


TABLES: Final = TableSizes()

RECORDS: Final = 2
"""Progress records: the published one, and the one being written."""


@dataclass(frozen=True, slots=True)
class Slot:
    """Which buffer: a tensor by its place, or one of the other regions of the results that a stage sums up in it."""

    tensor: int
    stage: int | None = None
    region: int = 0

    def __post_init__(self) -> None:
        if (self.stage is None) != (self.region == 0):
            raise ValueError("region 0 is the tensor itself, the others are a stage's")


@dataclass(frozen=True, slots=True)
class StageStorage:
    """The tensors that a stage reads and writes, by their places, and the bytes of one further region of its results,
    0 if no design stores sums.

    Where sums are wider than words, they are kept ``sums_apart`` from the tensor, which takes results only.

    ``regions`` says of each design of an explicit stage how many regions it takes; those of a layer's design follow
    from its loops and from where power cycles begin. ``wear`` says how often each design of an explicit stage writes a
    byte of its results at most; once where nothing is said. Each of its ``kernels`` has an entry in the tables; so many
    of them have ``weights``, whose addresses are there too.
    """

    reads: tuple[int, ...]
    writes: int
    region: int = 0
    weights: int = 0
    regions: tuple[int, ...] = ()
    kernels: int = 1
    wear: tuple[int, ...] = ()
    sums_apart: bool = False

    @property
    def touches(self) -> tuple[int, ...]:
        """The tensors that must be there while the stage runs."""
        return (*self.reads, self.writes)


@dataclass(frozen=True, slots=True)
class Storage:
    """Non-volatile memory: what is ``available``, and what is to be kept there.

    ``tensors`` are sizes in bytes. What no stage writes is the input and lives from the first power cycle, what none
    reads is the output and lives to the last. ``records`` are the bytes of all progress records. No byte may be written
    more than ``writes_per_byte`` times in one inference, if that is limited.
    """

    tensors: tuple[int, ...]
    stages: tuple[StageStorage, ...]
    available: int
    weights: int = 0
    records: int = 0
    tables: TableSizes = TABLES
    writes_per_byte: int | None = None

    @property
    def inputs(self) -> frozenset[int]:
        """The tensors that are there before the first power cycle."""
        return frozenset(range(len(self.tensors))) - {stage.writes for stage in self.stages}

    @property
    def outputs(self) -> frozenset[int]:
        """The tensors that must be there after the last one."""
        return frozenset(range(len(self.tensors))) - {tensor for stage in self.stages for tensor in stage.reads}

    def table_bytes(self, stage: int, others: int = 0) -> int:
        """What a stage takes of the plan's tables that has so many regions beside the tensor."""
        one = self.stages[stage]
        entries = len(one.touches) + others + one.weights
        return self.tables.layer * one.kernels + self.tables.address * entries


def makers_of(storage: Storage, names: Sequence[str]) -> Iterator[str]:
    """For each tensor the names of the stages that write it."""
    for tensor in range(len(storage.tensors)):
        makers = [name for name, stage in zip(names, storage.stages, strict=True) if stage.writes == tensor]
        yield " + ".join(makers) or "input"
