"""Small random programs that say what they keep in non-volatile memory, and every plan that fits, one by one."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cache
from itertools import pairwise, product
from random import Random

from ischedule.models.cycle_law import Position, positions
from ischedule.models.goal import Criterion
from ischedule.models.layout import Buffer
from ischedule.models.loads import Loads
from ischedule.models.order import steps_of
from ischedule.models.program import ExplicitStage, Program
from ischedule.models.storage import StageStorage, Storage, TableSizes
from ischedule.models.waiting import CycleLaw
from tests.solvers.enumeration import Joined, Rule, cut_sets, least_cost_of
from tests.solvers.random_laws import law_pool
from tests.solvers.random_programs import DIGEST, random_chain
from tests.solvers.test_graphs import orders
from tests.solvers.test_packing import least_height


def stored_program(random: Random, *, branches: bool) -> Program:
    """A few stages with tensors between them, and memory for some of their plans."""
    law = random.choice(plain_laws() if random.random() < 0.8 else law_pool(300))
    count = random.randint(2, 4)
    stages = tuple(_stage(random, law, number) for number in range(count))
    needs = [_needs(random, stage, branches=branches) for stage in range(count)]
    tensors = [random.randint(1, 6) for _ in range(count + 1)]
    kept = tuple(
        StageStorage(
            tuple(sorted(other + 1 for other in needs[stage])) or (0,),
            stage + 1,
            random.randint(1, 6),
            random.random() < 0.5,
            tuple(random.choice((1, 1, 2)) for _ in stages[stage].designs),
        )
        for stage in range(count)
    )
    tables = TableSizes(0, random.randint(0, 2), random.randint(0, 1))
    storage = Storage(tuple(tensors), kept, 10**6, random.randint(0, 3), random.randint(0, 2), tables)
    program = Program(stages, law, DIGEST, steps_of(needs)[0], storage=storage)
    least = Loads(program).least_of_all()
    most = storage.weights + sum(tensors) + sum(one.region for one in kept) + 10
    available = random.randint(max(0, least - 1), max(least, most))
    return replace(program, storage=replace(storage, available=available))


@cache
def plain_laws() -> tuple[CycleLaw, ...]:
    """Those of the laws by which no cycle leaves a level that the next one could begin on."""
    return tuple(law for law in law_pool(300) if not (law.keeps_level or law.leaves_level))


def _stage(random: Random, law: CycleLaw, number: int) -> ExplicitStage:
    designs = tuple(random_chain(random, law, random.randint(1, 2)) for _ in range(random.randint(1, 2)))
    return ExplicitStage(f"s{number}", designs, 100)


def _needs(random: Random, stage: int, *, branches: bool) -> set[int]:
    if not branches:
        return {stage - 1} if stage else set()
    return {other for other in range(stage) if random.random() < 0.5}


def best_that_fits(program: Program) -> int | None:
    """The least cost of any plan for which addresses exist, None if there is none."""
    rule, best = Rule(program.law), None
    for order in orders(program):
        stages = [program.stages[stage] for stage in order]
        fitting = [[index for index in range(len(one.designs)) if one.fits(index)] for one in stages]  # type: ignore[union-attr]
        for designs in product(*fitting):
            chains = [one.chain(design) for one, design in zip(stages, designs, strict=True)]  # type: ignore[arg-type]
            sequence = Joined(chains)
            for ends in cut_sets(sequence):
                cost = least_cost_of(sequence, ends, rule)
                if cost is None or (best is not None and cost >= best):
                    continue
                if is_stored(program, order, designs, [len(chain) for chain in chains], ends):
                    best = cost
    return best


@dataclass(frozen=True)
class StoredPlan:
    """What a plan spends, whether addresses for all its buffers fit, and whether some cycle alone holds too much."""

    spent: dict[Criterion, int]
    is_stored: bool
    holds_too_much: bool


def plans_that_fit(program: Program) -> Iterator[StoredPlan]:
    """Every plan, whether it fits or not; latency is the sum of prices."""
    for order in orders(program):
        stages = [program.stages[stage] for stage in order]
        fitting = [[index for index in range(len(one.designs)) if one.fits(index)] for one in stages]  # type: ignore[union-attr]
        for designs in product(*fitting):
            chains = [one.chain(design) for one, design in zip(stages, designs, strict=True)]  # type: ignore[arg-type]
            sequence, lengths = Joined(chains), [len(chain) for chain in chains]
            stored = sum(int(value) for chain in chains for value in chain.stored)
            saved = [int(value) for chain in chains for value in chain.commit_stored]
            for ends in cut_sets(sequence):
                spent = _spent(program.law, sequence, ends)
                if spent is None:
                    continue
                spent[Criterion.WRITTEN] = stored + sum(saved[end - 1] for end in ends)
                buffers, room, cycles = _kept(program, order, designs, lengths, ends)
                yield StoredPlan(spent, _has_addresses(buffers, room, cycles), _load(buffers, cycles) > room)


def _spent(law: CycleLaw, sequence: Joined, ends: tuple[int, ...]) -> dict[Criterion, int] | None:
    if law.max_cycles is not None and len(ends) > law.max_cycles:
        return None
    latency = energy = 0
    for position, (begin, end) in zip(positions(len(ends)), pairwise((0, *ends)), strict=True):
        drain = sequence.cycle("drain", begin, end)
        is_first = position in (Position.FIRST, Position.ONLY)
        if drain > (law.first_capacity if is_first else law.capacity):
            return None
        latency += sequence.cycle("time", begin, end) + law.price(position, drain)
        energy += drain
    return {Criterion.LATENCY: latency, Criterion.ENERGY: energy, Criterion.CYCLES: len(ends)}


def is_stored(
    program: Program, order: Sequence[int], designs: Sequence[int], lengths: Sequence[int], ends: Sequence[int]
) -> bool:
    """Whether some addresses for all buffers leave room for what else there is."""
    return _has_addresses(*_kept(program, order, designs, lengths, ends))


def _kept(
    program: Program, order: Sequence[int], designs: Sequence[int], lengths: Sequence[int], ends: Sequence[int]
) -> tuple[list[Buffer], int, int]:
    """The buffers of a plan, the room that all else leaves for them, and how many cycles there are."""
    storage = program.storage
    assert storage is not None
    owners = [stage for stage, length in zip(order, lengths, strict=True) for _ in range(length)]
    ran = [set(owners[begin:end]) for begin, end in pairwise((0, *ends))]
    buffers = list(_buffers(storage, dict(zip(order, designs, strict=True)), ran))
    others = 0
    for stage, design in zip(order, designs, strict=True):
        others += storage.stages[stage].regions[design] - 1
    entries = sum(
        storage.tables.layer + storage.tables.address * (len(one.reads) + 1 + one.weights) for one in storage.stages
    )
    room = storage.available - storage.weights - storage.records - entries - others * storage.tables.address
    return buffers, room, len(ran)


def _load(buffers: list[Buffer], cycles: int) -> int:
    return max(sum(one.size for one in buffers if one.first <= cycle <= one.last) for cycle in range(cycles))


def _has_addresses(buffers: list[Buffer], room: int, cycles: int) -> bool:
    if sum(buffer.size for buffer in buffers) <= room:
        return True
    return _load(buffers, cycles) <= room and least_height(buffers) <= room


def _buffers(storage: Storage, designs: dict[int, int], ran: Sequence[set[int]]) -> Iterator[Buffer]:
    last = len(ran) - 1
    for tensor, size in enumerate(storage.tensors):
        writers = {index for index, one in enumerate(storage.stages) if one.writes == tensor}
        readers = {index for index, one in enumerate(storage.stages) if tensor in one.reads}
        used = [cycle for cycle, stages in enumerate(ran) if stages & (writers | readers)]
        begin = used[0] if writers else 0
        yield Buffer("t", begin, used[-1] if readers else last, size)
    for stage, design in designs.items():
        used = [cycle for cycle, stages in enumerate(ran) if stage in stages]
        for _ in range(storage.stages[stage].regions[design] - 1):
            yield Buffer("s", used[0], used[-1], storage.stages[stage].region)
