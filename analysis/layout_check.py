"""Whether addresses in non-volatile memory are right for a plan: found by following what memory holds, cycle by cycle.

Nothing here takes a lifetime from whoever made the addresses. A power cycle touches what its kernels read and write; it
may be run again at any time before its publish, so no two things that it touches may share a byte. What a cycle writes
takes the place of all that overlaps with it; reading what is gone, or adding to it, is an error, and so is the loss of
the network's output. Of results with several regions, each pass over them must find one to write to: not the one that
it reads, and none that its cycle has read before writing it; the last pass writes the tensor itself, and where sums are
kept apart no other does.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from enum import Enum
from functools import lru_cache
from itertools import accumulate

from ischedule.analysis.accesses import REGIONS_WITH_SUMS, passes
from ischedule.analysis.power_cycles import Cycle, chains_of, power_cycles
from ischedule.models.plan import Plan
from ischedule.models.program import ExplicitStage, Program, TiledStage
from ischedule.models.storage import TABLES, Slot, Storage
from ischedule.models.tiling import Extent, Tiling, stores_partial_sums


class Fault(Enum):
    """What can be wrong with addresses."""

    MISSING = "not one address for each buffer"
    OUTSIDE = "outside of the memory for buffers"
    SHARED = "two buffers of one power cycle share memory"
    LOST = "overwritten before its last use"
    REGIONS = "no region for partial sums that its power cycle has not read"
    WORN = "a byte is written too often"
    TABLES = "the tables of the plan are too large"


class InvalidLayout(Exception):
    """The first fault of a layout, and where."""

    def __init__(self, fault: Fault, text: str) -> None:
        self.fault = fault
        self.text = text
        super().__init__(fault, text)

    def __str__(self) -> str:
        return f"{self.fault.value}: {self.text}"


def require_layout(program: Program, plan: Plan, addresses: Mapping[Slot, int], capacity: int) -> int:
    """Raise `InvalidLayout` where addresses break a valid plan of a program; how many bytes are used otherwise."""
    chains = chains_of(program, plan)
    cycles = power_cycles(program, plan, chains)
    lengths = [len(one) for one in chains]
    _require_regions(program, plan, cycles, lengths, addresses)
    ranges = ranges_of(program, addresses)
    _require_inside(program, ranges, constant_bytes(program, plan, addresses), capacity)
    _Memory(program, plan, ranges).follow(cycles)
    return max(stop for _, stop in ranges.values())


def require_fit(program: Program, plan: Plan, addresses: Mapping[Slot, int]) -> int | None:
    """Raise `InvalidLayout` unless a valid plan fits non-volatile memory with these addresses; how much is used.

    Its tables must keep their own limit, too.
    Without addresses every buffer has memory of its own. None where nobody says what is kept.
    """
    if program.storage is None:
        if addresses:
            raise InvalidLayout(Fault.MISSING, "nobody says what is kept in memory, and addresses are given")
        _require_tables(program, plan, ())
        return None
    addresses = addresses or side_by_side(program, plan)
    _require_tables(program, plan, addresses)
    return require_layout(program, plan, addresses, program.storage.available)


def is_roomy(program: Program, plan: Plan) -> bool:
    """Whether a valid plan fits without addresses."""
    try:
        require_fit(program, plan, {})
    except InvalidLayout:
        return False
    return True


def side_by_side(program: Program, plan: Plan) -> dict[Slot, int]:
    """Addresses with which nothing shares memory: tensors, and behind them three regions for every stage with sums."""
    storage = kept_by(program)
    sizes: dict[Slot, int] = {}
    written = {stage.writes for stage in storage.stages}
    read = {tensor for stage in storage.stages for tensor in stage.reads}
    touched = {tensor for index in plan.stages for tensor in storage.stages[index].touches}
    for tensor, size in enumerate(storage.tensors):
        if tensor in touched or tensor not in written | read:
            sizes[Slot(tensor)] = size
    for index, design in zip(plan.stages, plan.designs, strict=True):
        stage, kept = program.stages[index], storage.stages[index]
        if isinstance(design, Tiling) and isinstance(stage, TiledStage):
            regions = REGIONS_WITH_SUMS - (0 if kept.sums_apart else 1)
            others = regions if stores_partial_sums(stage.forms[design.form], design) else 0
        else:
            assert isinstance(design, int), "a design is a tiling or a number"
            others = kept.regions[design] - 1 if kept.regions else 0
        sizes.update({Slot(kept.writes, index, region): kept.region for region in range(1, others + 1)})
    ends = accumulate(sizes.values(), initial=constant_bytes(program, plan, sizes))
    return dict(zip(sizes, ends, strict=False))


def kept_by(program: Program) -> Storage:
    """What a program keeps in non-volatile memory; raises `InvalidLayout` if that is not known."""
    if program.storage is None:
        raise InvalidLayout(Fault.MISSING, "nobody says what is kept in memory")
    return program.storage


def constant_bytes(program: Program, plan: Plan, slots: Iterable[Slot]) -> int:
    """What comes before the buffers: weights and biases, progress records, and the plan's tables."""
    storage = kept_by(program)
    return storage.weights + storage.records + bytes_of_tables(program, plan, slots)


def bytes_of_tables(program: Program, plan: Plan, slots: Iterable[Slot]) -> int:
    """What a plan's tables take: an entry for each run of equal power cycles, for each kernel, and for each address.

    Without storage, only the runs are known.
    """
    runs = len(plan.cycles)
    if program.storage is None:
        return runs * TABLES.run
    tables = program.storage.tables
    total = runs * tables.run + sum(slot.region > 0 for slot in slots) * tables.address
    for index in plan.stages:
        stage = program.storage.stages[index]
        total += tables.layer * stage.kernels + tables.address * (len(stage.reads) + 1 + stage.weights)
    return total


def _require_tables(program: Program, plan: Plan, slots: Iterable[Slot]) -> None:
    taken, allowed = bytes_of_tables(program, plan, slots), program.table_size
    if allowed is not None and taken > allowed:
        raise InvalidLayout(Fault.TABLES, f"they take {taken} B, {allowed} B are allowed")


def ranges_of(program: Program, addresses: Mapping[Slot, int]) -> dict[Slot, tuple[int, int]]:
    """The bytes of every buffer: the first, and the one after the last."""
    storage = kept_by(program)
    found = {}
    for slot, address in addresses.items():
        size = storage.tensors[slot.tensor] if slot.stage is None else storage.stages[slot.stage].region
        found[slot] = (address, address + size)
    return found


def _require_inside(program: Program, ranges: Mapping[Slot, tuple[int, int]], begin: int, capacity: int) -> None:
    """All buffers lie between the constants and the capacity."""
    for slot, (address, stop) in ranges.items():
        if not begin <= address or stop > capacity:
            text = (
                f"{slot_name(program, slot)} takes bytes {address} to {stop - 1}, there are {begin} to {capacity - 1}"
            )
            raise InvalidLayout(Fault.OUTSIDE, text)


def slot_name(program: Program, slot: Slot) -> str:
    """What a buffer is called."""
    if slot.stage is not None:
        return f"region {slot.region} of the sums of {program.stages[slot.stage].name}"
    stages = zip(program.stages, kept_by(program).stages, strict=True)
    makers = [stage.name for stage, kept in stages if kept.writes == slot.tensor]
    return f"what {' and '.join(makers)} writes" if makers else "the network's input"


def _require_regions(
    program: Program, plan: Plan, cycles: Sequence[Cycle], lengths: Sequence[int], addresses: Mapping[Slot, int]
) -> None:
    """One address for each tensor and each further region, and as many regions as the passes need."""
    storage = kept_by(program)
    written = {stage.writes for stage in storage.stages}
    read = {tensor for stage in storage.stages for tensor in stage.reads}
    expected = {Slot(tensor) for tensor in range(len(storage.tensors)) if tensor not in written | read}
    firsts = [0, *accumulate(lengths)]
    for place, (index, design) in enumerate(zip(plan.stages, plan.designs, strict=True)):
        stage, kept = program.stages[index], storage.stages[index]
        expected |= {Slot(tensor) for tensor in (*kept.reads, kept.writes)}
        others = sum(slot.stage == index for slot in addresses)
        begins = [cycle.start - firsts[place] for cycle in cycles if firsts[place] < cycle.start < firsts[place + 1]]
        if isinstance(stage, ExplicitStage):
            assert isinstance(design, int), "an explicit stage's design is a number"
            needed = kept.regions[design] if kept.regions else 1
            if others + 1 < needed:
                raise InvalidLayout(Fault.REGIONS, f"design {design} of {stage.name} takes {needed}, has {others + 1}")
            stores_sums = needed > 1
        else:
            assert isinstance(design, Tiling), "a tiled stage's design is a tiling"
            extent = stage.forms[design.form]
            stores_sums = stores_partial_sums(extent, design)
            if stores_sums:
                _require_passes(stage.name, extent, design, begins, 1 + others, apart=kept.sums_apart)
        if stores_sums:
            expected |= {Slot(kept.writes, index, region) for region in range(1, others + 1)}
    if expected != set(addresses):
        odd = sorted(expected ^ set(addresses), key=str)[0]
        raise InvalidLayout(Fault.MISSING, f"{odd} has {'no' if odd in expected else 'an'} address")


def _require_passes(
    name: str, extent: Extent, tiling: Tiling, begins: Sequence[int], regions: int, *, apart: bool
) -> None:
    for results, history in histories(extent, tiling, begins).items():
        if not can_be_repeated(tuple(history), regions, apart):
            text = f"results {results + 1} of {name} have {regions} regions"
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
def can_be_repeated(history: tuple[tuple[bool, bool], ...], regions: int, apart: bool = False) -> bool:
    """Whether passes can choose the regions that they write so that every cycle can be repeated.

    All choices are followed: the region that holds the sums, those that the cycle read first, those that it wrote. The
    regions are alike before the first pass, so that where there is a choice one of them ends in the tensor's. If it is
    kept apart, the first region is written by the last pass alone.
    """
    nothing: frozenset[int] = frozenset()
    states: set[tuple[int, frozenset[int], frozenset[int]]] = {(-1, nothing, nothing)}
    for place, (is_another, reads) in enumerate(history, 1):
        writable = range(regions) if not apart else range(1) if place == len(history) else range(1, regions)
        following = set()
        for holds, read, written in states:
            before, done = (nothing, nothing) if is_another else (read, written)
            if reads and holds not in done:
                before |= {holds}
            following |= {
                (region, before, done | {region})
                for region in writable
                if region not in before and not (reads and region == holds)
            }
        states = following
    return bool(states)


class _Memory:
    """Which buffers hold what was written to them."""

    def __init__(self, program: Program, plan: Plan, ranges: Mapping[Slot, tuple[int, int]]) -> None:
        self._program, self._storage = program, kept_by(program)
        self._plan = plan
        self._sharing = {slot: list(overlapping(slot, ranges)) for slot in ranges}
        self._others = {index: [slot for slot in ranges if slot.stage == index] for index in range(len(program.stages))}
        written = {stage.writes for stage in self._storage.stages}
        self._holds = {slot for slot in ranges if slot.stage is None and slot.tensor not in written}
        self._lost: set[Slot] = set()

    def follow(self, cycles: Sequence[Cycle]) -> None:
        """Run all power cycles and ask for the output."""
        for slot in self._holds:
            for other in self._holds.intersection(self._sharing[slot]):
                both = f"{slot_name(self._program, slot)} and {slot_name(self._program, other)}"
                raise InvalidLayout(Fault.SHARED, f"at the start {both}")
        for number, cycle in enumerate(cycles, 1):
            touched: set[Slot] = set()
            for place in range(cycle.first_stage, cycle.last_stage + 1):
                index = self._plan.stages[place]
                name = self._program.stages[index].name
                reads, writes = self._accesses(index)
                for slot in reads:
                    self._require(slot, f"in cycle {number} {name} reads")
                for slot in writes:
                    if slot in self._lost:
                        self._require(slot, f"in cycle {number} {name} adds to")
                touched.update(reads, writes)
                self._write(touched, writes, number)
        read = {tensor for stage in self._storage.stages for tensor in stage.reads}
        for slot in self._sharing:
            if slot.stage is None and slot.tensor not in read:
                self._require(slot, "at the end the output is")

    def _accesses(self, index: int) -> tuple[list[Slot], list[Slot]]:
        """What a power cycle reads and writes that runs atoms of a stage.

        Each of a stage's cycles, which follow one another, writes all regions: what is written in them is kept until
        the next one wherever no two things that a cycle touches share memory.
        """
        kept = self._storage.stages[index]
        return [Slot(tensor) for tensor in kept.reads], [Slot(kept.writes), *self._others[index]]

    def _require(self, slot: Slot, reader: str) -> None:
        if slot not in self._holds:
            raise InvalidLayout(Fault.LOST, f"{reader} {slot_name(self._program, slot)}")

    def _write(self, touched: set[Slot], writes: Sequence[Slot], number: int) -> None:
        for slot in touched:
            for other in self._sharing[slot]:
                if other in touched:
                    both = " and ".join(sorted((slot_name(self._program, slot), slot_name(self._program, other))))
                    raise InvalidLayout(Fault.SHARED, f"in cycle {number} {both}")
        for slot in writes:
            self._holds.add(slot)
            gone = self._holds.intersection(self._sharing[slot])
            self._holds -= gone
            self._lost |= gone


def overlapping(slot: Slot, ranges: Mapping[Slot, tuple[int, int]]) -> Iterator[Slot]:
    """The other buffers that share a byte with one."""
    start, stop = ranges[slot]
    for other, (begin, end) in ranges.items():
        if other != slot and begin < stop and start < end:
            yield other
