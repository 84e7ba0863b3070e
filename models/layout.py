"""What a plan keeps in non-volatile memory: buffers with their lifetimes, and the parts that stay from first to last.

A buffer lives from the start of the power cycle that first writes it to the publish of the one that last reads it: a
cycle that is cut short is run again from its start, so within a cycle nothing that it touches may share memory. Every
cycle that runs an atom of a kernel reads its inputs and writes its results, so lifetimes are those of whole kernels.

A feature map whose partial sums pass through this memory has regions beside the tensor: its passes alternate between
them and end in the tensor. Where sums are words it is one of three regions that do for any power cycles; two do where
every cycle that reads published sums makes one pass over them, and one where no sums are read back. Where sums are
wider, none is stored in the tensor: up to three regions hold sums, beside it.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import accumulate, chain, pairwise, repeat

from ischedule.models.plan import Plan
from ischedule.models.program import Design, ExplicitStage, Program
from ischedule.models.storage import Slot, Storage, makers_of
from ischedule.models.tiling import Extent, Order, Tiling, count, innermost, most_writes, stores_partial_sums


@dataclass(frozen=True, slots=True)
class Buffer:
    """Bytes that are in use from the start of the power cycle ``first`` to the publish of ``last``, counted from 0.

    Each of them is written at most so many times, by whoever makes what lies there.
    """

    name: str
    first: int
    last: int
    size: int
    writes: int = 1

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
    """The buffers of a plan, and what is constant. Addresses of buffers begin after the constants.

    ``cycles`` are for each stage of the plan the first and the last power cycle that runs one of its atoms.
    """

    buffers: Mapping[Slot, Buffer]
    constants: Constants
    cycles: Mapping[int, tuple[int, int]]

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


def layout_of(program: Program, plan: Plan) -> Layout:
    """The buffers of a valid plan of a program that says what it keeps.

    The input lives from the first power cycle; what no stage reads is the network's output and lives to the last.
    """
    storage = storage_of(program)
    spans = _spans(program, plan)
    ends = _ends(plan)
    cycles_of = {
        stage: (bisect_right(ends, start), bisect_right(ends, end - 1))
        for stage, (start, end) in zip(plan.stages, spans, strict=True)
    }
    writes = {stage: writes_of(program, stage, design) for stage, design in zip(plan.stages, plan.designs, strict=True)}
    buffers = _tensors(program, storage, cycles_of, writes, len(ends) - 1)
    tables = storage.tables.run * len(plan.cycles)
    for stage, design, (start, end) in zip(plan.stages, plan.designs, spans, strict=True):
        kept, (first, last) = storage.stages[stage], cycles_of[stage]
        inside = ends[bisect_right(ends, start) : bisect_right(ends, end - 1)]
        others = others_in(program, stage, design, [cut - start for cut in inside], end - start)
        for region in range(1, others + 1):
            name = f"{program.stages[stage].name}, sums {region}"
            buffers[Slot(kept.writes, stage, region)] = Buffer(name, first, last, kept.region, writes[stage])
        tables += storage.table_bytes(stage, others)
    return Layout(buffers, Constants(storage.weights, storage.records, tables), cycles_of)


def storage_of(program: Program) -> Storage:
    """What a program keeps in non-volatile memory."""
    if program.storage is None:
        raise ValueError("the program does not say what its stages keep in memory")
    return program.storage


def _spans(program: Program, plan: Plan) -> list[tuple[int, int]]:
    """For each stage in the plan's order its first atom and the one after its last."""
    lengths = [_atoms(program, stage, design) for stage, design in zip(plan.stages, plan.designs, strict=True)]
    firsts = [0, *accumulate(lengths)]
    return list(pairwise(firsts))


def _atoms(program: Program, stage: int, design: Design) -> int:
    """How many atoms a stage's design has."""
    found = program.stages[stage]
    if isinstance(found, ExplicitStage):
        assert isinstance(design, int)
        return len(found.chain(design))
    assert isinstance(design, Tiling)
    return atoms_of_design(found.forms[design.form], design)


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
    program: Program,
    storage: Storage,
    cycles_of: Mapping[int, tuple[int, int]],
    writes: Mapping[int, int],
    last: int,
) -> dict[Slot, Buffer]:
    """The tensors that a plan touches, each with its published region; stages that write one write different parts."""
    names = list(makers_of(storage, [stage.name for stage in program.stages]))
    found = {}
    for tensor, size in enumerate(storage.tensors):
        makers = [stage for stage in cycles_of if storage.stages[stage].writes == tensor]
        users = [stage for stage in cycles_of if tensor in storage.stages[stage].touches]
        if not users and tensor not in storage.inputs & storage.outputs:
            continue
        begins = min((cycles_of[stage][0] for stage in makers), default=0)
        ends = max((cycles_of[stage][1] for stage in users), default=last)
        ends = last if tensor in storage.outputs else ends
        written = max((writes[stage] for stage in makers), default=1)
        found[Slot(tensor)] = Buffer(names[tensor], begins, ends, size, written)
    return found


def writes_of(program: Program, stage: int, design: Design) -> int:
    """How often a byte is written at most of any region that a stage's results take."""
    found = program.stages[stage]
    if isinstance(found, ExplicitStage):
        assert isinstance(design, int)
        return (storage_of(program).stages[stage].wear or (1,) * (design + 1))[design]
    assert isinstance(design, Tiling)
    return most_writes(found.forms[design.form], design)


def others_in(program: Program, stage: int, design: Design, cuts: Sequence[int], atoms: int) -> int:
    """How many regions a stage takes beside the tensor; power cycles begin before ``cuts`` of its design's atoms."""
    found, kept = program.stages[stage], storage_of(program).stages[stage]
    if isinstance(found, ExplicitStage):
        assert isinstance(design, int)
        return (kept.regions or (1,) * (design + 1))[design] - 1
    assert isinstance(design, Tiling)
    extent = found.forms[design.form]
    if not stores_partial_sums(extent, design):
        return 0
    if kept.sums_apart:
        return sum_regions_of(extent, design, cuts, atoms)
    return regions_of(extent, design, cuts, atoms) - 1


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


def sum_regions_of(extent: Extent, tiling: Tiling, cuts: Sequence[int], atoms: int) -> int:
    """How many regions hold a design's sums, if the last pass over results writes the tensor and no other does.

    A cycle that reads published sums leaves them alone; the passes before the last that it makes then take a region,
    or two that alternate.
    """
    batches = count(innermost(extent, tiling), tiling.batch)
    if extent.pooling or tiling.order is Order.OUTPUT:
        # one that begins before the last atom of a row stores no sums
        return 2 if any(0 < cut % batches < batches - 1 for cut in cuts) else 1
    before = count(extent.inputs, tiling.inputs) - 1
    around = (before + 1) * batches
    needed = 1
    for cut, until in pairwise([0, *cuts, atoms]):
        begin, length = cut % around, until - cut
        for start, stop in _rounds(begin, length, around):
            # of results whose sums it has read, those of the first atom are passed over most often; so are new ones
            read = max(start, batches) if start else stop
            if read < stop:
                needed = max(needed, 1 + min(2, _passed(read, stop, batches, before)))
            if start < batches:
                needed = max(needed, min(2, _passed(start, stop, batches, before)))
    return needed


def _rounds(begin: int, length: int, around: int) -> list[tuple[int, int]]:
    """The parts of rounds that a cycle runs: of the first one, of one in between, of the last."""
    first = min(length, around - begin)
    whole, rest = divmod(length - first, around)
    return [(begin, begin + first), *[(0, around)] * min(whole, 1), *[(0, rest)] * min(rest, 1)]


def _passed(start: int, stop: int, batches: int, before: int) -> int:
    """How many passes before the last a cycle makes over the results of its atom ``start`` of a round."""
    number, place = divmod(start, batches)
    return min(before, count(stop - place, batches)) - number
