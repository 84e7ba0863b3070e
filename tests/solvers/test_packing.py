"""Static addresses: as little memory as trying every address finds, with a proof that there is no less."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations, permutations, product
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ischedule.models.layout import Buffer, max_load
from ischedule.solvers.packing import MOST_BUFFERS, Packing, apart, pack

BUFFERS = st.lists(
    st.tuples(st.integers(0, 5), st.integers(0, 3), st.integers(1, 4)).map(
        lambda one: Buffer("b", one[0], one[0] + one[1], one[2])
    ),
    min_size=1,
    max_size=6,
)


def require_apart(buffers: Sequence[Buffer], packing: Packing) -> None:
    """No two buffers share a byte in a power cycle, and the height is that of the highest."""
    used: set[tuple[int, int]] = set()
    for buffer, address in zip(buffers, packing.addresses, strict=True):
        cells = product(range(buffer.first, buffer.last + 1), range(address, address + buffer.size))
        for cell in cells:
            assert cell not in used
            used.add(cell)
    assert packing.height == max(address for _, address in used) + 1
    assert min(address for _, address in used) == 0


def least_height(buffers: Sequence[Buffer]) -> int:
    """The best of all orders in which buffers take the lowest address that is free."""
    best = sum(buffer.size for buffer in buffers)
    for order in permutations(range(len(buffers))):
        at: dict[int, int] = {}
        for index in order:
            met = [other for other in at if buffers[other].meets(buffers[index])]
            address = 0
            for other in sorted(met, key=at.__getitem__):
                if address + buffers[index].size <= at[other]:
                    break
                address = max(address, at[other] + buffers[other].size)
            at[index] = address
        best = min(best, max(at[index] + buffers[index].size for index in at))
    return best


def some_addresses_fit(buffers: Sequence[Buffer], capacity: int) -> bool:
    """Whether among all addresses below a capacity some are apart."""
    pairs = [(i, j) for i, j in combinations(range(len(buffers)), 2) if buffers[i].meets(buffers[j])]
    return any(
        all(at[i] + buffers[i].size <= at[j] or at[j] + buffers[j].size <= at[i] for i, j in pairs)
        for at in product(*(range(capacity - buffer.size + 1) for buffer in buffers))
    )


@given(BUFFERS)
@settings(max_examples=200, deadline=None)
def test_as_little_as_the_best_order_takes(buffers: list[Buffer]) -> None:
    packing = pack(buffers)
    require_apart(buffers, packing)
    assert packing.is_optimal
    assert packing.height == least_height(buffers)


@given(BUFFERS.filter(lambda buffers: len(buffers) <= 4))
@settings(max_examples=80, deadline=None)
def test_as_little_as_any_addresses_take(buffers: list[Buffer]) -> None:
    packing = pack(buffers)
    assert some_addresses_fit(buffers, packing.height)
    assert not some_addresses_fit(buffers, packing.height - 1)


@given(BUFFERS, st.integers(1, 12))
@settings(max_examples=150, deadline=None)
def test_a_capacity_is_met_or_proven_too_small(buffers: list[Buffer], capacity: int) -> None:
    packing = pack(buffers, capacity)
    require_apart(buffers, packing)
    assert packing.fits(capacity) == (least_height(buffers) <= capacity)
    assert packing.bound <= least_height(buffers) <= packing.height


def crowded(random: Random, count: int, cycles: int) -> list[Buffer]:
    """Many buffers, a few of which have lifetimes and sizes in common."""
    found = []
    for index in range(count):
        first = random.randrange(cycles)
        size = random.choice((random.randint(1, 40), 8))
        found.append(Buffer(f"b{index}", first, min(cycles - 1, first + random.randrange(1 + cycles // 2)), 6 * size))
    return found


@pytest.mark.parametrize("seed", range(12))
def test_more_than_can_be_searched_is_still_packed_with_bounds(seed: int) -> None:
    random = Random(seed)
    buffers = crowded(random, random.choice((12, 25, 60)), random.choice((6, 20)))
    packing = pack(buffers, most_nodes=300)
    require_apart(buffers, packing)
    assert max_load(buffers) <= packing.bound <= packing.height
    assert packing.height <= 2 * max_load(buffers)
    assert packing.fits(packing.bound - 1) is False
    assert packing.fits(packing.height) is True
    longer = pack(buffers)
    assert packing.bound <= longer.bound <= longer.height <= packing.height


def full(random: Random, cycles: int, load: int) -> list[Buffer]:
    """Buffers that load every power cycle alike: some stay, and the room of the others is taken by new ones."""
    found: list[Buffer] = []
    live: list[tuple[int, int]] = []
    for cycle in range(cycles + 1):
        stay = [random.random() < 0.6 and cycle < cycles for _ in live]
        for (first, size), stays in zip(live, stay, strict=True):
            if not stays:
                found.append(Buffer("b", first, cycle - 1, size))
        live = [one for one, stays in zip(live, stay, strict=True) if stays]
        room = load - sum(size for _, size in live)
        while room and cycle < cycles:
            live.append((cycle, random.randint(1, min(room, 3))))
            room -= live[-1][1]
    return found


def z3_fits(buffers: Sequence[Buffer], capacity: int) -> bool:
    """Whether there are addresses below a capacity, decided by difference logic."""
    import z3

    solver = z3.Solver()
    at = [z3.Int(f"at{index}") for index in range(len(buffers))]
    solver.add([one >= 0 for one in at])
    solver.add([one + buffer.size <= capacity for one, buffer in zip(at, buffers, strict=True)])
    for i, j in combinations(range(len(buffers)), 2):
        if buffers[i].meets(buffers[j]):
            solver.add(z3.Or(at[i] + buffers[i].size <= at[j], at[j] + buffers[j].size <= at[i]))
    return bool(solver.check() == z3.sat)


def test_the_search_finds_less_than_the_heuristic_and_proves_more_than_the_load() -> None:
    better = proven = 0
    for seed in range(800):
        buffers = full(Random(seed), 8, 8)
        first, best = pack(buffers, most_nodes=0), pack(buffers)
        require_apart(buffers, best)
        assert best.is_optimal
        better += best.height < first.height
        if best.bound > max_load(buffers):
            proven += 1
            assert not z3_fits(buffers, best.height - 1)
    assert better > 100
    assert proven > 1


def test_a_second_solver_agrees() -> None:
    for seed in range(20):
        buffers = full(Random(seed), 5, 7)
        for capacity in (6, 7, 8):
            assert pack(buffers, capacity).fits(capacity) == z3_fits(buffers, capacity)


def test_parts_that_nothing_spans_are_apart() -> None:
    buffers = [Buffer("a", 4, 5, 1), Buffer("b", 0, 1, 1), Buffer("c", 1, 3, 1), Buffer("d", 5, 5, 1)]
    assert [set(part) for part in apart(buffers)] == [{1, 2}, {0, 3}]
    assert pack(buffers).height == 2


def test_a_part_with_too_many_buffers_keeps_the_heuristic() -> None:
    buffers = [Buffer(f"b{index}", index, index + 1, 1 + index % 3) for index in range(MOST_BUFFERS + 1)]
    packing = pack(buffers)
    require_apart(buffers, packing)
    assert packing.bound == max_load(buffers)


def test_nothing_takes_nothing() -> None:
    assert pack([]) == Packing((), 0, 0)
