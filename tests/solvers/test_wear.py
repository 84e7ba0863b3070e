"""Plans that write no byte too often: the search over designs and over addresses, against all of them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from itertools import product
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ischedule.analysis.cover import require_bound
from ischedule.analysis.evaluate import evaluate
from ischedule.analysis.labels import Unproven
from ischedule.analysis.layout_check import Fault, InvalidLayout, require_fit
from ischedule.analysis.reach import require_bottleneck
from ischedule.analysis.wear_check import require_wear
from ischedule.memory import packed_memory
from ischedule.models.goal import Criterion, Goal
from ischedule.models.kernels_array import most_writes
from ischedule.models.layout import Buffer
from ischedule.models.plan import Bound
from ischedule.models.program import ExplicitStage, Program, TiledStage
from ischedule.models.tiling import Extent
from ischedule.solvers import wear
from ischedule.solvers.ilp import solve_ilp
from ischedule.solvers.packing import pack
from ischedule.solvers.solve import solve
from ischedule.solvers.tiled import solve_tiled
from ischedule.solvers.wear import most_worn, pack_within
from tests.solvers.agreement import Solver, disagreement, some_differ
from tests.solvers.enumeration import Best, best_of_all_designs
from tests.solvers.random_laws import law_pool
from tests.solvers.random_programs import random_tiled
from tests.solvers.stored_programs import best_that_fits, stored_program

LAWS = tuple(law for law in law_pool(300) if not law.keeps_level and law.max_cycles is None)


def worn_program(seed: int, writes: int) -> Program:
    """A program with a layer of many passes in little volatile memory, which may write its results so often."""
    random = Random(seed)
    program = random_tiled(random, random.choice(LAWS), stages=2)
    rows, inputs, finish = random.randint(1, 2), random.randint(3, 6), random.random() < 0.5
    extent = Extent(rows, 1, 1, inputs, 1, random.randint(1, 2), finish=finish)
    if random.random() < 0.2:
        extent = Extent(2, random.randint(1, 3), 1, 1, 1, 1, pooling=True)
    place = random.randrange(len(program.stages))
    stages = [stage for stage in program.stages if isinstance(stage, TiledStage)]
    stages[place] = replace(stages[place], forms=(extent,), volatile=random.choice((12, 20, 10**4)))
    return replace(program, stages=tuple(replace(stage, writes_per_byte=writes) for stage in stages))


def freed(program: Program) -> Program:
    """The same program without the limit."""
    stages = (replace(stage, writes_per_byte=None) for stage in program.stages if isinstance(stage, TiledStage))
    return replace(program, stages=tuple(stages))


@pytest.mark.parametrize("solver", [solve_tiled, solve_ilp])
def test_the_best_designs_within_the_limit_are_found(solver: Solver) -> None:
    dearer = 0
    count = 100 if solver is solve_tiled else 40
    for seed in range(count):
        program = worn_program(seed, 1 + seed % 2)
        assert disagreement(program, solver, best_of_all_designs) is None
        limited, free = best_of_all_designs(program), best_of_all_designs(freed(program))
        dearer += limited != free and (limited is None or free is None or limited.cost != free.cost)
    assert dearer * 12 > count


BINDING = (2, 5, 24, 26, 28, 32, 42, 45, 52, 60, 76, 86, 128, 134, 142, 150)
"""Programs in which the limit matters."""


@pytest.mark.parametrize("seed", BINDING)
def test_what_is_proven_within_the_limit_is_not_proven_without(seed: int) -> None:
    program = worn_program(seed, 1 + seed % 2)
    answer, free = solve(program), solve(freed(program))
    assert free.latency is not None
    assert isinstance(free.bound, Bound)
    require_bound(program, free.bound)
    if answer.bottleneck is not None:
        require_bottleneck(program, answer.bottleneck)
        with pytest.raises(Unproven):
            require_bottleneck(freed(program), answer.bottleneck)
        return
    assert isinstance(answer.bound, Bound)
    assert answer.latency is not None
    assert answer.latency > free.latency
    require_bound(program, answer.bound)
    with pytest.raises(Unproven):
        require_bound(freed(program), answer.bound)


# Buffers that share addresses


def some_buffers(random: Random, most: int) -> list[Buffer]:
    """Buffers none of which wears too much by itself."""
    found = []
    for number in range(random.randint(1, most)):
        first = random.randint(0, 3)
        times = random.randint(1, 3)
        found.append(Buffer(str(number), first, first + random.randint(0, 2), random.randint(1, 3), times))
    return found


def worn_byte_by_byte(buffers: Sequence[Buffer], addresses: Sequence[int]) -> int:
    counts: Counter[int] = Counter()
    for one, address in zip(buffers, addresses, strict=True):
        counts.update(dict.fromkeys(range(address, address + one.size), one.writes))
    return max(counts.values())


def is_apart(buffers: Sequence[Buffer], addresses: Sequence[int]) -> bool:
    placed = list(zip(buffers, addresses, strict=True))
    return not any(
        one.meets(other) and at < address + other.size and address < at + one.size
        for place, (one, at) in enumerate(placed)
        for other, address in placed[place + 1 :]
    )


@given(st.integers(0, 10**9), st.integers(3, 7))
def test_no_byte_is_worn_too_much_and_nothing_overwritten(seed: int, writes: int) -> None:
    buffers = some_buffers(Random(seed), 8)
    found = pack_within(buffers, writes)
    assert is_apart(buffers, found.addresses)
    assert most_worn(buffers, found.addresses) == worn_byte_by_byte(buffers, found.addresses) <= writes
    assert found.bound <= found.height <= sum(one.size for one in buffers)
    assert found.height == max(address + one.size for one, address in zip(buffers, found.addresses, strict=True))


def least_height(buffers: Sequence[Buffer], writes: int) -> int:
    """Of all addresses by which no byte is worn too much."""
    total = sum(one.size for one in buffers)
    for height in range(max(one.size for one in buffers), total + 1):
        for addresses in product(*(range(height - one.size + 1) for one in buffers)):
            if is_apart(buffers, addresses) and worn_byte_by_byte(buffers, addresses) <= writes:
                return height
    raise AssertionError("side by side nothing is shared")


def test_little_memory_is_taken() -> None:
    """Against all addresses: never less than possible, and seldom more."""
    more = shared = 0
    for seed in range(150):
        random = Random(seed)
        buffers, writes = some_buffers(random, 4), random.randint(3, 5)
        least, found = least_height(buffers, writes), pack_within(buffers, writes)
        assert found.bound <= least <= found.height
        more += found.height > least
        shared += pack(buffers).height < found.height
    assert more < 8
    assert shared > 15


# The whole search, with addresses


def stored(seed: int) -> Program:
    """A program that says what it keeps, how often its designs write it, and how often they may."""
    random = Random(seed)
    program = stored_program(random, branches=random.random() < 0.5)
    storage = program.storage
    assert storage is not None
    writes = random.randint(2, 5)
    kept = [replace(one, wear=tuple(random.randint(1, 3) for _ in one.regions)) for one in storage.stages]
    stages = [
        replace(stage, barred=frozenset(place for place, times in enumerate(one.wear) if times > writes))
        for stage, one in zip(program.stages, kept, strict=True)
        if isinstance(stage, ExplicitStage)
    ]
    return replace(
        program,
        stages=tuple(stages),
        storage=replace(storage, stages=tuple(kept), writes_per_byte=writes),
        goal=Goal(limits={Criterion.CYCLES: writes}),
    )


@given(st.integers(0, 10**9))
@settings(max_examples=25)
def test_plans_keep_the_limit_with_their_addresses(seed: int) -> None:
    program = stored(seed)
    answer = solve(program)
    best = best_that_fits(program)
    if answer.plan is None:
        return
    evaluation, memory = evaluate(program, answer.plan), packed_memory(program, answer.plan)
    assert memory is not None
    assert require_fit(program, answer.plan, memory.addresses) == memory.size <= memory.available
    assert program.storage is not None
    found = require_wear(program, answer.plan, memory.addresses)
    assert found is not None
    assert found.writes == memory.wear.writes <= (program.storage.writes_per_byte or 0)
    assert best is not None
    assert evaluation.latency >= best + program.law.offset


def test_what_shares_bytes_adds_up() -> None:
    """Two tensors of which one follows the other in memory: allowed by lifetimes, and not by their writes together."""
    refused = 0
    for seed in range(200):
        program = stored(seed)
        free = replace(program, goal=Goal(), storage=replace(program.storage, writes_per_byte=None))  # type: ignore[type-var]
        answer = solve(free)
        if answer.plan is None:
            continue
        memory = packed_memory(free, answer.plan)
        assert memory is not None
        buffers = [memory.layout.buffers[slot] for slot in memory.addresses]
        times = worn_byte_by_byte(buffers, list(memory.addresses.values()))
        cycles = evaluate(free, answer.plan).cycles
        assert memory.wear.writes == max(times, cycles)
        assert program.storage is not None
        for allowed in (memory.wear.writes - 1, memory.wear.writes):
            at = replace(program, storage=replace(program.storage, writes_per_byte=allowed))
            try:
                require_wear(at, answer.plan, memory.addresses)
            except InvalidLayout as problem:
                fault = problem.fault
                refused += times > cycles
            else:
                fault = None
            assert fault is (None if allowed == memory.wear.writes else Fault.WORN)
    assert refused > 20


# Deliberate defects


@pytest.fixture(scope="module")
def known() -> list[tuple[Program, Best | None]]:
    programs = [worn_program(seed, 1 + seed % 2) for seed in range(60)]
    return [(program, best_of_all_designs(program)) for program in programs]


@pytest.mark.parametrize("change", [-1, 1])
def test_defects_of_the_count_of_passes_are_caught(
    change: int, known: list[tuple[Program, Best | None]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ischedule.models.kernels_array.most_writes", lambda designs: most_writes(designs) + change)
    assert some_differ(lambda program, best: disagreement(program, solve_tiled, lambda _: best), known)


@pytest.mark.parametrize("name", ["_worn", "_is_shared"])
def test_defects_of_packing_are_caught(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(wear, name, lambda *_: 0)
    worn = []
    for seed in range(150):
        buffers = some_buffers(Random(seed), 8)
        worn.append(worn_byte_by_byte(buffers, pack_within(buffers, 4).addresses) > 4)
    assert any(worn)
