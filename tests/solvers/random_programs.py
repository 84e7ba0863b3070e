"""Random small programs from a seed: explicit chains, and tiled layers of a few multiplications."""

from __future__ import annotations

from random import Random

from ischedule.models.chain import Chain
from ischedule.models.kernels import Ends, Price, Prices
from ischedule.models.program import ExplicitStage, Program, TiledStage
from ischedule.models.tiling import Extent, Order
from ischedule.models.waiting import CycleLaw

DIGEST = "5ca1ab1e" * 8
LARGEST = 1 << 40


def random_chain(random: Random, law: CycleLaw, atoms: int, *, cuts: float = 0.75) -> Chain:
    """Atoms that need several cycles, or one; now and then one drain is such that some cycle drains all there is."""
    capacity, scale = law.capacity, random.choice((2, 3, 5))
    ends = random.choice((0, capacity // 20, capacity // 5))

    def amounts(most: int) -> list[int]:
        return [random.randint(0, max(0, most)) for _ in range(atoms)]

    def times(most: int) -> list[int]:
        return [random.randint(0, most) for _ in range(atoms)]

    drain, resume, commit = amounts(capacity // scale), amounts(ends), amounts(ends)
    if random.random() < 0.5:
        i = random.randrange(atoms)
        j = random.randint(i + 1, atoms)
        rest = capacity - (sum(drain[i:j]) + resume[i] + commit[j - 1]) + random.choice((0, 0, 0, 1))
        place = random.randrange(i, j)
        drain[place] = max(0, drain[place] + rest)
    long = random.choice((0, 10, 10**9, 10**12))
    cut = [random.random() < cuts for _ in range(atoms - 1)]
    return Chain(drain, times(long), resume, times(long), commit, times(long), [*cut, True], random.randint(0, 100))


def random_explicit(random: Random, law: CycleLaw, *, stages: int = 3, designs: int = 3, atoms: int = 8) -> Program:
    """Up to so many stages of so many designs each, with so many atoms in all where each design is longest."""
    count = random.randint(1, stages)
    found = []
    for number in range(count):
        chains = tuple(
            random_chain(random, law, random.randint(1, max(1, atoms // count)))
            for _ in range(random.randint(1, designs))
        )
        volatile = random.choice((100, 100, 100, 60))
        found.append(ExplicitStage(f"s{number}", chains, volatile))
    return Program(tuple(found), law, DIGEST)


def _price(random: Random, energy: int, time: int) -> Price:
    return random.randint(0, energy), random.randint(0, time)


def random_prices(random: Random, energy: int, time: int) -> Prices:
    """Prices of primitives up to these; a tile costs nothing half of the time, as on the built-in devices."""
    by_order = [{order: _price(random, energy, time) for order in Order} for _ in range(2)]
    tile = random.choice(((0, 0), _price(random, energy, time)))
    multiple = random.choice((1, 2, 2, 4))
    read, write, inputs, weights, multiply, command, pool = (_price(random, energy, time) for _ in range(7))
    return Prices(
        read, write, inputs, weights, by_order[0], by_order[1], multiply, command, tile, pool, multiple, word_bytes=2
    )


def random_extent(random: Random, most: int) -> Extent:
    """A small loop nest: at most so many multiplications (or pixels times channels of pooling)."""
    while True:
        rows, columns, outputs, inputs = (random.choice((1, 1, 2, 3, 4)) for _ in range(4))
        kernel = random.choice((1, 1, 2)), random.choice((1, 2))
        if random.random() < 0.15:
            extent = Extent(rows, columns, outputs, 1, 1, 1, pooling=True)
        else:
            extent = Extent(rows, columns, outputs, inputs, *kernel)
        if rows * columns * outputs * extent.inputs <= most:
            return extent


def random_tiled(random: Random, law: CycleLaw, *, stages: int = 2, most: int = 6) -> Program:
    """Up to so many layers whose finest atoms fit a few times to many times into a cycle."""
    share = random.choice((60, 150, 400))
    prices = random_prices(random, max(1, law.capacity // share), random.choice((0, 10**6, 10**10)))
    ends = Ends(
        (random.randint(0, law.capacity // 8), random.choice((0, 10**9, 7 * 10**10))),
        (random.randint(0, law.capacity // 40), random.choice((0, 10**8))),
    )
    found = []
    for number in range(random.randint(1, stages)):
        forms = tuple(random_extent(random, most) for _ in range(random.choice((1, 1, 1, 2))))
        volatile = random.choice((16, 40, 10**4))
        found.append(TiledStage(f"l{number}", forms, prices, ends, volatile, random.random() < 0.85))
    return Program(tuple(found), law, DIGEST)
