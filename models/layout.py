"""What a plan keeps in non-volatile memory: buffers with their lifetimes, and the parts that stay from first to last.

A buffer lives from the start of the power cycle that first writes it to the publish of the one that last reads it: a
cycle that is cut short is run again from its start, so within a cycle nothing that it touches may share memory. Every
cycle that runs an atom of a kernel reads its inputs and writes its results, so lifetimes are those of whole kernels.
What a block keeps between its kernels is not in this memory.

A feature map whose partial sums pass through this memory has regions beside the one that is published: its passes
alternate between them and end in the published one. Three regions do for any power cycles, two where every cycle that
reads published sums makes one pass over them, and one where no sums are read back. All hold words of the network.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from itertools import accumulate, chain, pairwise, repeat
from typing import Final

from ischedule.models.lowering import Kernel, Lowered
from ischedule.models.plan import Plan
from ischedule.models.program import Program, TiledStage
from ischedule.models.tiling import Extent, Order, Tiling, count, innermost, stores_partial_sums


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


@dataclass(frozen=True, slots=True, order=True)
class Slot:
    """Which buffer: a tensor by its place, or one of the other regions of the results that a kernel sums up in it."""

    tensor: int
    kernel: int | None = None
    region: int = 0

    def __post_init__(self) -> None:
        if (self.kernel is None) != (self.region == 0):
            raise ValueError("region 0 is the tensor itself, the others are a kernel's")


@dataclass(frozen=True, slots=True)
class Buffer:
    """Bytes that are in use from the start of the power cycle ``first`` to the publish of ``last``, counted from 0."""

    name: str
    first: int
    last: int
    size: int

    def __post_init__(self) -> None:
        if not 0 <= self.first <= self.last or self.size < 1:
            raise ValueError(f"{self.name} has {self.size} bytes in power cycles {self.first} to {self.last}")

    def meets(self, other: Buffer) -> bool:
        """Whether there is a power cycle in which both live."""
        return self.first <= other.last and other.first <= self.last


@dataclass(frozen=True, slots=True)
class Constants:
    """Bytes in use all the time: weights and biases, progress records, and the tables of the plan."""

    weights: int
    records: int
    tables: int

    @property
    def total(self) -> int:
        """Their sum."""
        return self.weights + self.records + self.tables


@dataclass(frozen=True, slots=True)
class Layout:
    """The buffers of a plan, and what is constant. Addresses of buffers begin after the constants."""

    buffers: Mapping[Slot, Buffer]
    constants: Constants

    @property
    def unshared(self) -> int:
        """Bytes if every buffer had memory of its own."""
        return self.constants.total + sum(buffer.size for buffer in self.buffers.values())

    @property
    def least(self) -> int:
        """The most bytes that live in one power cycle: no addresses need fewer."""
        return self.constants.total + max_load(list(self.buffers.values()))


def max_load(buffers: Sequence[Buffer]) -> int:
    """The greatest sum of sizes of buffers that live at once."""
    changes: dict[int, int] = {}
    for buffer in buffers:
        changes[buffer.first] = changes.get(buffer.first, 0) + buffer.size
        changes[buffer.last + 1] = changes.get(buffer.last + 1, 0) - buffer.size
    return max(accumulate((changes[cycle] for cycle in sorted(changes)), initial=0))


def layout_of(network: Lowered, program: Program, plan: Plan) -> Layout:
    """The buffers of a valid plan of a network's program.

    The input lives from the first power cycle; what no kernel reads is the network's output and lives to the last.
    """
    spans = _spans(program, plan)
    ends = _ends(plan)
    cycles_of = {
        kernel: (bisect_right(ends, start), bisect_right(ends, end - 1))
        for stage, (start, end) in zip(plan.stages, spans, strict=True)
        for kernel in program.kernels_of(stage)
    }
    inner = {network.kernels[place].writes for stage in plan.stages for place in program.kernels_of(stage)[:-1]}
    width = _width(program)
    buffers = _tensors(network, cycles_of, len(ends) - 1, width, inner)
    addresses = 0
    for stage, design, (start, end) in zip(plan.stages, plan.designs, spans, strict=True):
        run = [network.kernels[place] for place in program.kernels_of(stage)]
        kernel, (first, last) = run[-1], cycles_of[program.kernels_of(stage)[-1]]
        others = _other_regions(program, stage, design, [0, *ends], start, end)
        for region in range(1, others + 1):
            name = f"{kernel.name}, sums {region}"
            size = width * kernel.stored_elements
            buffers[Slot(kernel.writes, stage, region)] = Buffer(name, first, last, size)
        addresses += len(run[0].reads) + 1 + others + sum(one.parameters > 0 for one in run)
    tables = TABLES.run * len(plan.cycles) + TABLES.layer * len(cycles_of) + TABLES.address * addresses
    weights = width * sum(kernel.parameters for kernel in network.kernels)
    return Layout(buffers, Constants(weights, RECORDS * _tiled(program, 0).ends.record, tables))


def _tiled(program: Program, stage: int) -> TiledStage:
    found = program.stages[stage]
    if not isinstance(found, TiledStage):
        raise ValueError("only the layers of a network say what they keep in memory")
    return found


def _width(program: Program) -> int:
    return _tiled(program, 0).prices.word_bytes


def _spans(program: Program, plan: Plan) -> list[tuple[int, int]]:
    """For each stage in the plan's order its first atom and the one after its last."""
    lengths = [
        atoms_of_design(_tiled(program, stage).forms[_tiling(design).form], _tiling(design))
        for stage, design in zip(plan.stages, plan.designs, strict=True)
    ]
    firsts = [0, *accumulate(lengths)]
    return list(pairwise(firsts))


def _tiling(design: Tiling | int) -> Tiling:
    if not isinstance(design, Tiling):
        raise ValueError("a layer's design is a tiling")
    return design


def atoms_of_design(extent: Extent, tiling: Tiling) -> int:
    """How many atoms a design has."""
    batches = count(innermost(extent, tiling), tiling.batch)
    outputs, inputs = count(extent.outputs, tiling.outputs), count(extent.inputs, tiling.inputs)
    if extent.pooling:
        return outputs * batches
    pixels = count(extent.rows, tiling.rows) * count(extent.columns, tiling.columns)
    rows = {Order.INPUT: pixels * inputs, Order.WEIGHT: outputs * inputs, Order.OUTPUT: pixels * outputs}
    return extent.groups * rows[tiling.order] * batches


def _ends(plan: Plan) -> list[int]:
    """The number of atoms done at the end of each power cycle."""
    return list(accumulate(chain.from_iterable(repeat(run.atoms, run.repeat) for run in plan.cycles)))


def _tensors(
    network: Lowered, cycles_of: Mapping[int, tuple[int, int]], last: int, width: int, inner: Collection[int]
) -> dict[Slot, Buffer]:
    """The tensors but the inner ones of blocks, each with its published region."""
    writers: dict[int, list[int]] = {}
    readers: dict[int, list[int]] = {}
    for index, kernel in enumerate(network.kernels):
        writers.setdefault(kernel.writes, []).append(index)
        for tensor in kernel.reads:
            readers.setdefault(tensor, []).append(index)
    found = {}
    for tensor, elements in enumerate(network.tensors):
        if tensor in inner:
            continue
        makers = writers.get(tensor, [])
        begins = min((cycles_of[kernel][0] for kernel in makers), default=0)
        ends = max((cycles_of[kernel][1] for kernel in readers.get(tensor, [])), default=last)
        name = _name([network.kernels[kernel] for kernel in makers])
        found[Slot(tensor)] = Buffer(name, begins, ends, width * elements)
    return found


def _name(makers: Sequence[Kernel]) -> str:
    return " + ".join(kernel.layers[-1] for kernel in makers) or "input"


def _other_regions(
    program: Program, stage: int, design: Tiling | int, cuts: Sequence[int], start: int, end: int
) -> int:
    """How many regions a stage with atoms from ``start`` to ``end`` has beside the published one."""
    tiling = _tiling(design)
    extent = _tiled(program, stage).forms[tiling.form]
    if not stores_partial_sums(extent, tiling):
        return 0
    inside = cuts[bisect_right(cuts, start) : bisect_right(cuts, end - 1)]
    return regions_of(extent, tiling, [cut - start for cut in inside], end - start) - 1


def regions_of(extent: Extent, tiling: Tiling, cuts: Sequence[int], atoms: int) -> int:
    """How many regions the results of a design take whose partial sums are stored.

    ``cuts`` are the atoms of the design before which a power cycle begins, the first one apart. In OUTPUT order sums
    stay in volatile memory too, and only a cycle that begins inside a row reads them, once: it needs a second region.
    Otherwise each pass reads what the one before wrote. Passes over the same results are a batch of atoms apart and
    belong to one round over all input channels. A cycle that begins inside a round, has read published sums and passes
    over them again needs a third; one that begins with a round has read nothing.
    """
    batches = count(innermost(extent, tiling), tiling.batch)
    if extent.pooling or tiling.order is Order.OUTPUT:
        return 2 if any(cut % batches for cut in cuts) else 1
    around = count(extent.inputs, tiling.inputs) * batches
    for cut, until in pairwise([*cuts, atoms]):
        begin = cut % around
        stop = min(begin + until - cut, around)
        if begin and max(begin, batches) + batches < stop:
            return 3
    return 2
