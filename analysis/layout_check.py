"""Whether addresses in non-volatile memory are right for a plan: found by following what memory holds, cycle by cycle.

Nothing here takes a lifetime from whoever made the addresses. A power cycle touches what its kernels read and write; it
may be run again at any time before its publish, so no two things that it touches may share a byte. What a cycle writes
takes the place of all that overlaps with it; reading what is gone, or adding to it, is an error, and so is the loss of
the network's output. Of results with several regions, each pass over them must find one to write to: not the one that
it reads, and none that its cycle has read before writing it; the last pass writes the tensor itself.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from enum import Enum
from functools import lru_cache
from itertools import accumulate

from ischedule.analysis.accesses import passes
from ischedule.analysis.power_cycles import Cycle, chains_of, power_cycles
from ischedule.models.layout import TABLES, Slot
from ischedule.models.lowering import Kernel, Lowered
from ischedule.models.plan import Plan
from ischedule.models.program import Program, TiledStage
from ischedule.models.tiling import Extent, Tiling, stores_partial_sums


class Fault(Enum):
    """What can be wrong with addresses."""

    MISSING = "not one address for each buffer"
    OUTSIDE = "outside of the memory for buffers"
    SHARED = "two buffers of one power cycle share memory"
    LOST = "overwritten before its last use"
    REGIONS = "no region for partial sums that its power cycle has not read"


class InvalidLayout(Exception):
    """The first fault of a layout, and where."""

    def __init__(self, fault: Fault, text: str) -> None:
        self.fault = fault
        self.text = text
        super().__init__(fault, text)

    def __str__(self) -> str:
        return f"{self.fault.value}: {self.text}"


def require_layout(network: Lowered, program: Program, plan: Plan, addresses: Mapping[Slot, int], capacity: int) -> int:
    """Raise `InvalidLayout` where addresses break a valid plan of the network; how many bytes are used otherwise."""
    chains = chains_of(program, plan)
    cycles = power_cycles(program, plan, chains)
    lengths = [len(one) for one in chains]
    _require_regions(network, program, plan, cycles, lengths, addresses)
    ranges = _ranges(network, program, addresses, constant_bytes(network, program, plan, addresses), capacity)
    _Memory(network, program, plan, ranges).follow(cycles)
    return max(stop for _, stop in ranges.values())


def constant_bytes(network: Lowered, program: Program, plan: Plan, slots: Mapping[Slot, object]) -> int:
    """What comes before the buffers: weights and biases, two progress records, and the plan's tables."""
    stage = program.stages[0]
    assert isinstance(stage, TiledStage), "a network's stages are tiled"
    weights = sum(kernel.shape.weights + kernel.shape.parameters for kernel in network.kernels)
    entries = len(plan.cycles) * TABLES.run + len(network.kernels) * TABLES.layer
    inner = _inner(network, program, plan)
    for kernel in network.kernels:
        entries += TABLES.address * sum(tensor not in inner for tensor in (kernel.writes, *kernel.reads))
        entries += TABLES.address if kernel.shape.weights or kernel.shape.parameters else 0
    entries += TABLES.address * sum(slot.region > 0 for slot in slots)
    return weights * stage.prices.word_bytes + stage.ends.record * 2 + entries


def _inner(network: Lowered, program: Program, plan: Plan) -> set[int]:
    """The tensors that are nowhere but in volatile memory, between the kernels of a block."""
    runs = [program.kernels_of(index) for index in plan.stages]
    return {network.kernels[place].writes for run in runs for place in run[:-1]}


def _ranges(
    network: Lowered, program: Program, addresses: Mapping[Slot, int], begin: int, capacity: int
) -> dict[Slot, tuple[int, int]]:
    """The bytes of every buffer, all between the constants and the capacity."""
    stage = program.stages[0]
    assert isinstance(stage, TiledStage), "a network's stages are tiled"
    found = {}
    for slot, address in addresses.items():
        elements = network.tensors[slot.tensor]
        if slot.kernel is not None:
            elements = network.kernels[slot.kernel].shape.out_elements
        stop = address + elements * stage.prices.word_bytes
        if not begin <= address or stop > capacity:
            text = f"{_named(network, slot)} takes bytes {address} to {stop - 1}, there are {begin} to {capacity - 1}"
            raise InvalidLayout(Fault.OUTSIDE, text)
        found[slot] = (address, stop)
    return found


def _named(network: Lowered, slot: Slot) -> str:
    if slot.kernel is not None:
        return f"region {slot.region} of the sums of {network.kernels[slot.kernel].name}"
    makers = [kernel.name for kernel in network.kernels if kernel.writes == slot.tensor]
    return f"what {' and '.join(makers)} writes" if makers else "the network's input"


def _require_regions(
    network: Lowered,
    program: Program,
    plan: Plan,
    cycles: Sequence[Cycle],
    lengths: Sequence[int],
    addresses: Mapping[Slot, int],
) -> None:
    """One address for each tensor and each further region, and as many regions as the passes need."""
    expected = {Slot(tensor) for tensor in set(range(len(network.tensors))) - _inner(network, program, plan)}
    firsts = [0, *accumulate(lengths)]
    for place, (index, design) in enumerate(zip(plan.stages, plan.designs, strict=True)):
        stage = program.stages[index]
        assert isinstance(stage, TiledStage), "a network's stages are tiled"
        assert isinstance(design, Tiling), "a tiled stage's design is a tiling"
        extent = stage.forms[design.form]
        if not stores_partial_sums(extent, design):
            continue
        kernel = network.kernels[index]
        others = sum(slot.kernel == index for slot in addresses)
        expected |= {Slot(kernel.writes, index, region) for region in range(1, others + 1)}
        begins = [cycle.start - firsts[place] for cycle in cycles if firsts[place] < cycle.start < firsts[place + 1]]
        _require_passes(kernel, extent, design, begins, 1 + others)
    if expected != set(addresses):
        odd = sorted(expected ^ set(addresses), key=str)[0]
        raise InvalidLayout(Fault.MISSING, f"{odd} has {'no' if odd in expected else 'an'} address")


def _require_passes(kernel: Kernel, extent: Extent, tiling: Tiling, begins: Sequence[int], regions: int) -> None:
    for results, history in histories(extent, tiling, begins).items():
        if not can_be_repeated(tuple(history), regions):
            text = f"results {results + 1} of {kernel.name} have {regions} regions"
            raise InvalidLayout(Fault.REGIONS, text)


def histories(extent: Extent, tiling: Tiling, begins: Sequence[int]) -> dict[int, list[tuple[bool, bool]]]:
    """For all results of an atom their passes: whether the cycle is another than before, and whether sums are read."""
    found: dict[int, list[tuple[bool, bool]]] = {}
    latest: dict[int, int] = {}
    starts = set(begins)
    cycle = 0
    for atom, one in enumerate(passes(extent, tiling)):
        begun = atom in starts
        cycle += begun
        reads = one.reads and (begun or not one.keeps)
        found.setdefault(one.results, []).append((latest.get(one.results) != cycle, reads))
        latest[one.results] = cycle
    return found


@lru_cache(4096)
def can_be_repeated(history: tuple[tuple[bool, bool], ...], regions: int) -> bool:
    """Whether passes can choose the regions that they write so that every cycle can be repeated.

    All choices are followed: the region that holds the sums, those that the cycle read first, those that it wrote. The
    regions are alike before the first pass, so that where there is a choice one of them ends in the tensor's.
    """
    nothing: frozenset[int] = frozenset()
    states: set[tuple[int, frozenset[int], frozenset[int]]] = {(-1, nothing, nothing)}
    for is_another, reads in history:
        following = set()
        for holds, read, written in states:
            before, done = (nothing, nothing) if is_another else (read, written)
            if reads and holds not in done:
                before |= {holds}
            following |= {
                (region, before, done | {region})
                for region in range(regions)
                if region not in before and not (reads and region == holds)
            }
        states = following
    return bool(states)


class _Memory:
    """Which buffers hold what was written to them."""

    def __init__(self, network: Lowered, program: Program, plan: Plan, ranges: Mapping[Slot, tuple[int, int]]) -> None:
        self._network = network
        self._runs = [program.kernels_of(index) for index in plan.stages]
        self._sharing = {slot: list(_overlapping(slot, ranges)) for slot in ranges}
        self._others = {
            index: [slot for slot in ranges if slot.kernel == index] for index in range(len(network.kernels))
        }
        self._holds = {Slot(0)}
        self._lost: set[Slot] = set()

    def follow(self, cycles: Sequence[Cycle]) -> None:
        """Run all power cycles and ask for the output."""
        for number, cycle in enumerate(cycles, 1):
            touched: set[Slot] = set()
            for place in range(cycle.first_stage, cycle.last_stage + 1):
                index = self._runs[place][-1]
                reads, writes = self._accesses(self._runs[place][0], index)
                for slot in reads:
                    self._require(slot, f"in cycle {number} {self._network.kernels[index].name} reads")
                for slot in writes:
                    if slot in self._lost:
                        self._require(slot, f"in cycle {number} {self._network.kernels[index].name} adds to")
                touched.update(reads, writes)
                self._write(touched, writes, number)
        read = {tensor for kernel in self._network.kernels for tensor in kernel.reads}
        for tensor in range(len(self._network.tensors)):
            if tensor not in read:
                self._require(Slot(tensor), "at the end the output is")

    def _accesses(self, first: int, index: int) -> tuple[list[Slot], list[Slot]]:
        """What a power cycle reads and writes that runs atoms of a kernel, or of a block from the first to the last.

        Each of a kernel's cycles, which follow one another, writes all regions: what is written in them is kept until
        the next one wherever no two things that a cycle touches share memory.
        """
        reads, kernel = self._network.kernels[first].reads, self._network.kernels[index]
        return [Slot(tensor) for tensor in reads], [Slot(kernel.writes), *self._others[index]]

    def _require(self, slot: Slot, reader: str) -> None:
        if slot not in self._holds:
            raise InvalidLayout(Fault.LOST, f"{reader} {_named(self._network, slot)}")

    def _write(self, touched: set[Slot], writes: Sequence[Slot], number: int) -> None:
        for slot in touched:
            for other in self._sharing[slot]:
                if other in touched:
                    both = " and ".join(sorted((_named(self._network, slot), _named(self._network, other))))
                    raise InvalidLayout(Fault.SHARED, f"in cycle {number} {both}")
        for slot in writes:
            self._holds.add(slot)
            gone = self._holds.intersection(self._sharing[slot])
            self._holds -= gone
            self._lost |= gone


def _overlapping(slot: Slot, ranges: Mapping[Slot, tuple[int, int]]) -> Iterator[Slot]:
    start, stop = ranges[slot]
    for other, (begin, end) in ranges.items():
        if other != slot and begin < stop and start < end:
            yield other
