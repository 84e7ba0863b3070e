"""Small random programs under small random physics, from a seed.

A capacitor of some hundred femtofarad holds so little that rounding shows, and brute force can go through every plan.
"""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from functools import cache
from itertools import count, islice
from random import Random

from ischedule.models.buffer import EnergyBuffer
from ischedule.models.chain import Chain
from ischedule.models.demand import Coordinate
from ischedule.models.diagnosis import Unschedulable
from ischedule.models.errors import InvalidValue
from ischedule.models.program import ExplicitStage, Program
from ischedule.models.quantities import Interval
from ischedule.models.supply import ConstantPower, ResistiveSource, Supply
from ischedule.models.waiting import CycleLaw, cycle_law
from ischedule.models.wake import Mechanism, Policy, Sleep, Start, StartKind, Until, Wake

VOLT = 10**9
DIGEST = "5ca1ab1e" * 8


def _interval(random: Random, low: int, high: int) -> Interval:
    first = random.randint(low, high)
    return Interval(first, first if random.random() < 0.5 else first + random.randint(0, first // 10))


def _buffer(random: Random) -> EnergyBuffer:
    brown_out = _interval(random, VOLT, 2 * VOLT)
    turn_on = _interval(random, brown_out.hi + VOLT // 10, 3 * VOLT)
    coordinate = random.choice((Coordinate.ENERGY, Coordinate.ENERGY, Coordinate.CHARGE))
    margin = random.choice((Fraction(1), Fraction(1), Fraction(11, 20)))
    return EnergyBuffer(coordinate, _interval(random, 20, 800), turn_on, brown_out, margin)


def _supply(random: Random, buffer: EnergyBuffer) -> Supply:
    if random.random() < 0.4:
        return ConstantPower(_interval(random, 10**7, 10**10))
    above = random.choice((10**7, 10**8, VOLT, 4 * VOLT))
    return ResistiveSource(Interval.exactly(buffer.turn_on.hi + above), _interval(random, 10**8, 10**12))


def _wake(random: Random, buffer: EnergyBuffer) -> Wake:
    mechanism = random.choice((Mechanism.LATCH, Mechanism.LATCH, Mechanism.SENSE, Mechanism.BURN))
    sleep = Sleep(random.randint(0, 10**4), random.randint(0, 3), random.randint(1, 10**4), 1, 1, True)
    if mechanism is Mechanism.BURN:
        return Wake(Policy.FIXED, mechanism, idle_power=10**16)
    policy = random.choice((Policy.FIXED, Policy.PROGRAMMABLE))
    step = random.choice((None, 10**7, 10**8)) if policy is Policy.PROGRAMMABLE else None
    return Wake(policy, mechanism, step, buffer.turn_on.lo, None, sleep if mechanism is Mechanism.SENSE else None)


def _law(random: Random) -> CycleLaw:
    buffer = _buffer(random)
    kind = random.choice((StartKind.COLD, StartKind.FLOOR, StartKind.CHARGED))
    until = random.choice((Until.PUBLISHED, Until.RECHARGED))
    return cycle_law(buffer, _supply(random, buffer), _wake(random, buffer), Start(kind), until, 2, 5)


def random_law(random: Random) -> CycleLaw:
    """A law of any policy, mechanism, start and coordinate, with room for a few units at least."""
    while True:
        try:
            law = _law(random)
        except (Unschedulable, InvalidValue):
            continue
        if law.capacity >= 8:
            return law


@cache
def laws() -> tuple[CycleLaw, ...]:
    """A hundred random laws."""
    random = Random(20)
    return tuple(random_law(random) for _ in range(100))


@cache
def leaving_laws() -> tuple[CycleLaw, ...]:
    """Random laws of which every cycle can leave a level above the floor."""
    random = Random(99)
    found = (random_law(random) for _ in count())
    return tuple(islice((law for law in found if law.leaves_level and law.max_cycles is None), 40))


@cache
def ample_law() -> CycleLaw:
    """5 mF between 2.99 V and 2.8 V behind 2 mW: a cycle holds about 2.75 mJ."""
    exactly = Interval.exactly
    buffer = EnergyBuffer(Coordinate.ENERGY, exactly(5 * 10**12), exactly(2_990_000_000), exactly(2_800_000_000))
    wake = Wake(Policy.FIXED, Mechanism.LATCH)
    supply = ConstantPower(exactly(2 * 10**12))
    return cycle_law(buffer, supply, wake, Start(StartKind.FLOOR), Until.PUBLISHED, 0, 0)


def chain(random: Random, law: CycleLaw, atoms: int, scale: int) -> Chain:
    """Random atoms of which a few fill a cycle; some places are no cuts."""
    share = max(1, law.capacity // random.randint(1, 4))

    def amounts(most: int) -> list[int]:
        return [random.randint(0, most) for _ in range(atoms)]

    ends = max(1, share // random.choice((1, 3, 9)))
    cuts = [random.random() < 0.8 for _ in range(atoms - 1)]
    return Chain(
        amounts(share),
        amounts(scale),
        amounts(ends),
        amounts(scale // 2),
        amounts(ends),
        amounts(scale // 2),
        [*cuts, True],
        random.choice((5, 5, 5, 5, 20)),
    )


def program(random: Random, most_atoms: int = 7, among: Sequence[CycleLaw] = ()) -> Program:
    """One to three stages of one to three designs each, at most so many atoms whatever the designs."""
    law = random.choice(among or laws())
    stages = random.randint(1, 3)
    scale = 1 + law.first(0) // 2 + random.choice((0, 10, 1000)) if law.max_cycles is None else 100
    return Program(
        tuple(
            ExplicitStage(
                f"s{index}",
                tuple(
                    chain(random, law, random.randint(1, max(1, most_atoms // stages)), scale)
                    for _ in range(random.randint(1, 3))
                ),
                10,
            )
            for index in range(stages)
        ),
        law,
        DIGEST,
    )
