"""Random laws of every policy, mechanism, supply, coordinate, start and end, from a seed."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from functools import cache
from random import Random

from ischedule.models.buffer import EnergyBuffer
from ischedule.models.demand import Coordinate
from ischedule.models.diagnosis import Unschedulable
from ischedule.models.errors import InvalidValue
from ischedule.models.quantities import Interval
from ischedule.models.supply import ConstantCurrent, ConstantPower, ResistiveSource, Supply
from ischedule.models.waiting import CycleLaw, cycle_law
from ischedule.models.wake import Mechanism, Policy, Sleep, Start, StartKind, Until, Wake

VOLT = 10**9
MILLIVOLT = 10**6
MILLIFARAD = 10**12
BOOT_TIME = 7 * 10**10


def _interval(random: Random, low: int, high: int) -> Interval:
    first = random.randint(low, high)
    return Interval(first, first if random.random() < 0.6 else first + random.randint(0, first // 20))


def _buffer(random: Random) -> EnergyBuffer:
    brown_out = _interval(random, VOLT, 2 * VOLT)
    turn_on = _interval(random, brown_out.hi + VOLT // 10, 3 * VOLT)
    coordinate = random.choice((Coordinate.ENERGY, Coordinate.ENERGY, Coordinate.CHARGE))
    margin = random.choice((Fraction(1), Fraction(1), Fraction(11, 20)))
    capacitance = random.choice((500, 10**5, MILLIFARAD // 10**3, MILLIFARAD))
    return EnergyBuffer(coordinate, _interval(random, capacitance, 5 * capacitance), turn_on, brown_out, margin)


def _supply(random: Random, buffer: EnergyBuffer) -> Supply:
    if random.random() < 0.4:
        return ConstantPower(_interval(random, 10**9, 10**12))
    above = random.choice((-(10**7), 10**7, 10**8, VOLT, 4 * VOLT))
    return ResistiveSource(Interval.exactly(buffer.turn_on.hi + above), _interval(random, 10**8, 10**10))


def _current(random: Random, buffer: EnergyBuffer) -> Supply:
    up_to = random.choice((None, buffer.turn_on.hi - 10**7, buffer.turn_on.hi + 10**8))
    return ConstantCurrent(_interval(random, 10**9, 10**12), up_to)


def _wake(random: Random, buffer: EnergyBuffer) -> Wake:
    mechanism = random.choice((Mechanism.LATCH, Mechanism.LATCH, Mechanism.SENSE, Mechanism.BURN))
    if mechanism is Mechanism.BURN:
        return Wake(Policy.FIXED, mechanism, idle_power=10**16)
    policy = random.choice((Policy.FIXED, Policy.PROGRAMMABLE, Policy.PROGRAMMABLE))
    step = random.choice((None, None, MILLIVOLT, 50 * MILLIVOLT)) if policy is Policy.PROGRAMMABLE else None
    poll = random.randint(0, max(1, buffer.capacity // 40))
    sleep = Sleep(random.randint(0, 10**6), poll, random.randint(10**10, 10**13), 1, 1, True)
    return Wake(policy, mechanism, step, buffer.turn_on.lo, None, sleep if mechanism is Mechanism.SENSE else None)


def random_law(random: Random, supply: Callable[[Random, EnergyBuffer], Supply] = _supply) -> CycleLaw:
    """A law; data that contradict each other are drawn again."""
    while True:
        buffer = _buffer(random)
        start = Start(random.choice((StartKind.COLD, StartKind.FLOOR, StartKind.CHARGED)))
        until = random.choice((Until.PUBLISHED, Until.RECHARGED))
        wake, boot = _wake(random, buffer), random.randint(0, buffer.capacity // 20)
        try:
            return cycle_law(buffer, supply(random, buffer), wake, start, until, boot, BOOT_TIME)
        except (InvalidValue, Unschedulable):
            continue


@cache
def law_pool(size: int, seed: int = 0) -> tuple[CycleLaw, ...]:
    """A fixed set of laws, so that thousands of programs need not derive as many."""
    random = Random(seed)
    return tuple(random_law(random) for _ in range(size))


@cache
def current_pool(size: int, seed: int = 0) -> tuple[CycleLaw, ...]:
    """As `law_pool`, each fed by a constant current."""
    random = Random(seed)
    return tuple(random_law(random, _current) for _ in range(size))
