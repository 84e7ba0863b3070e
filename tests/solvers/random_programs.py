"""Random small programs from a seed: explicit chains, and tiled layers of a few multiplications."""

from __future__ import annotations

from dataclasses import fields, replace
from random import Random

from ischedule.models.chain import Chain
from ischedule.models.kernels import Ends, Price, Prices, chain, heaviest_cycle
from ischedule.models.program import ExplicitStage, Program, Stage, TiledStage
from ischedule.models.tiling import Arithmetic, Extent, Order, Tiling
from ischedule.models.waiting import CycleLaw

DIGEST = "5ca1ab1e" * 8


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
    add, softmax, finish = (_price(random, energy, time) for _ in range(3))
    sums, words = wide_sums(read, write)
    first = (read, write, *sums, inputs, weights, by_order[0], by_order[1], multiply, command, tile, pool, multiple)
    return Prices(*first, word_bytes=2, sum_words=words, add=add, softmax=softmax, finish=finish)


def wide_sums(read: Price, write: Price) -> tuple[tuple[Price, Price], int]:
    """What reading and writing a sum cost, and the words that it takes: one, or more."""
    words = Random(f"{read} {write}").choice((1, 1, 2, 4))
    return ((words * read[0], words * read[1]), (words * write[0], words * write[1])), words


def scaled(prices: Prices, numerator: int, denominator: int) -> Prices:
    """All energies multiplied by a ratio."""

    def times(value: Price) -> Price:
        return value[0] * numerator // denominator, value[1]

    changed = {
        field.name: times(value) if isinstance(value, tuple) else {order: times(one) for order, one in value.items()}
        for field in fields(prices)
        if not isinstance(value := getattr(prices, field.name), int)
    }
    return replace(prices, **changed)


def random_extent(random: Random, most: int) -> Extent:
    """A small loop nest: at most so many multiplications (or pixels times channels of pooling)."""
    while True:
        rows, columns, outputs, inputs = (random.choice((1, 1, 2, 3, 4)) for _ in range(4))
        kernel = random.choice((1, 1, 2)), random.choice((1, 2))
        if random.random() < 0.15:
            extent = Extent(rows, columns, outputs, 1, 1, 1, pooling=True)
        elif random.random() < 0.3:
            extent = _channelwise(random, (rows, columns, 1, inputs), kernel)
        else:
            extent = Extent(rows, columns, outputs, inputs, *kernel)
            if random.random() < 0.4:
                stride, bias, finish = random.choice(((1, 1), (2, 3), (3, 1))), *random.choices((False, True), k=2)
                extent = replace(extent, stride=stride, bias=bias, finish=finish, groups=random.choice((1, 1, 2)))
        if rows * columns * outputs * extent.inputs <= most:
            return extent


def _channelwise(random: Random, loops: tuple[int, int, int, int], kernel: tuple[int, int]) -> Extent:
    """A layer that works on each channel by itself."""
    finish = random.random() < 0.5
    if random.random() < 0.5:
        stride, bias = random.choice(((1, 1), (2, 2))), random.random() < 0.5
        return Extent(*loops, *kernel, stride=stride, channelwise=True, bias=bias, finish=finish)
    arithmetic = random.choice((Arithmetic.POOL, Arithmetic.ADD, Arithmetic.COPY, Arithmetic.SOFTMAX))
    sources = 2 if arithmetic is Arithmetic.ADD else 1
    if arithmetic is not Arithmetic.POOL:
        kernel = 1, 1
    return Extent(*loops, *kernel, channelwise=True, arithmetic=arithmetic, sources=sources, finish=finish)


def random_tiled(random: Random, law: CycleLaw, *, stages: int = 3, most: int = 6) -> Program:
    """Up to so many layers; the dearest atom of their finest tiles takes from a tenth of a cycle to just over all."""
    resume, commit = random.randint(0, law.capacity // 4), random.randint(0, law.capacity // 20)
    long = random.choice((0, 10**8, 10**11))
    ends = Ends((resume, random.randint(0, 10**11)), (commit, random.randint(0, 10**9)))
    layers = [
        tuple(random_extent(random, most) for _ in range(random.choice((1, 1, 1, 2))))
        for _ in range(random.randint(1, stages))
    ]
    prices = random_prices(random, 10**6, long)
    free = Ends((0, 0), (0, 0))
    dearest = max(heaviest_cycle(forms[0], finest(forms[0], Order.OUTPUT), prices, free) for forms in layers)
    room = law.capacity - resume - commit
    prices = scaled(prices, room * random.choice((10, 25, 25, 40, 70, 101)), 100 * max(1, dearest))
    if random.random() < 0.5:
        ends = Ends((_exact_start(random, layers, prices, law.capacity - commit, resume), ends.resume[1]), ends.commit)
    found = [
        TiledStage(f"l{number}", forms, prices, ends, random.choice((16, 40, 10**4)), random.random() < 0.85)
        for number, forms in enumerate(layers)
    ]
    return Program(tuple(found), law, DIGEST)


def finest(extent: Extent, order: Order) -> Tiling:
    """The design of the smallest tiles, in an order if the layer has it."""
    return Tiling(0, order if order in extent.orders else extent.orders[0], 1, 1, 1, extent.least_inputs, 1)


def _exact_start(random: Random, layers: list[tuple[Extent, ...]], prices: Prices, room: int, otherwise: int) -> int:
    """A cost of starting with which some cycle of some finest design drains exactly what there is."""
    extent = random.choice(layers)[0]
    atoms = chain(extent, finest(extent, random.choice(list(Order))), prices, Ends((0, 0), (0, 0)))
    first = random.randrange(len(atoms))
    last = random.randint(first, min(len(atoms) - 1, first + 2))
    rest = room - sum(atoms.drain[first : last + 1]) - atoms.resume_drain[first]
    return rest if rest >= 0 else otherwise


def narrow(program: Program) -> Program:
    """The program with sums that are as wide as words."""
    return replace(program, stages=tuple(_narrow(stage) for stage in program.stages))


def _narrow(stage: Stage) -> Stage:
    if isinstance(stage, ExplicitStage):
        return stage
    prices = stage.prices
    return replace(stage, prices=replace(prices, read_sum=prices.read, write_sum=prices.write, sum_words=1))
