"""Small networks whose layers may also run as blocks, under random physics."""

from __future__ import annotations

from dataclasses import replace
from random import Random

from ischedule.models.fusion import with_blocks
from ischedule.models.kernels import Ends, heaviest_cycle
from ischedule.models.lowering import forms_of, lowered
from ischedule.models.network import Network
from ischedule.models.order import steps_of
from ischedule.models.program import Program, TiledStage
from ischedule.models.tiling import Order
from ischedule.models.waiting import CycleLaw
from tests.solvers.random_programs import DIGEST, finest, random_prices, scaled


def blocked(network: Network, law: CycleLaw, random: Random) -> Program:
    """The network's program with all its blocks; the dearest atom of finest tiles takes a part of a cycle or all."""
    kernels = lowered(network)
    resume, commit = random.randint(0, law.capacity // 4), random.randint(0, law.capacity // 20)
    prices = random_prices(random, 10**6, random.choice((0, 10**8, 10**11)))
    forms = [forms_of(kernel.shape, dense_as_channels=True) for kernel in kernels.kernels]
    free = Ends((0, 0), (0, 0))
    most = max(heaviest_cycle(some[0], finest(some[0], Order.OUTPUT), prices, free) for some in forms)
    room = law.capacity - resume - commit
    prices = scaled(prices, room * random.choice((5, 10, 25, 40)), 100 * max(1, most))
    ends = Ends((resume, random.randint(0, 10**11)), (commit, random.randint(0, 10**9)))
    volatile = random.choice((60, 120, 300, 10**4))
    stages = [
        TiledStage(kernel.name, some, prices, ends, volatile)
        for kernel, some in zip(kernels.kernels, forms, strict=True)
    ]
    steps = steps_of(kernels.needs())[0]
    both = with_blocks(kernels, stages, steps, max(law.capacity, law.first_capacity))
    return Program(both[0], law, DIGEST, both[1])


def way(program: Program, stages: tuple[int, ...]) -> Program:
    """The program of one way through another: a chain."""
    return replace(program, stages=tuple(program.stages[index] for index in stages), steps=())
