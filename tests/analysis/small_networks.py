"""Small random networks under small random physics, every plan of them, and certificates made the plain way.

Nothing here uses the checker: designs are enumerated one by one, and plans priced over all pairs of cuts.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from itertools import product
from random import Random

from ischedule.models.chain import Chain
from ischedule.models.cycle_law import CycleLaw, Position
from ischedule.models.kernels import Ends, Price, Prices, is_canonical
from ischedule.models.plan import Bound, Boundary
from ischedule.models.program import Program, TiledStage
from ischedule.models.tiling import Arithmetic, Extent, Order, Tiling, innermost
from tests.analysis.reference_labels import step, together
from tests.analysis.small_programs import DIGEST, laws
from tests.solvers.random_programs import wide_sums

DENOMINATOR = 1000


def tilings(stage: TiledStage) -> list[Tiling]:
    """Every design of a stage that fits its memories."""
    found = []
    for form, extent in enumerate(stage.forms):
        for order in extent.orders:
            for tile in product(*(range(1, loop + 1) for loop in extent.loops)):
                if tile[3] < extent.least_inputs:
                    continue
                for batch in range(1, innermost(extent, Tiling(form, order, *tile, 1)) + 1):
                    tiling = Tiling(form, order, *tile, batch)
                    if stage.fits(tiling):
                        found.append(tiling)
    return found


def canonical(stage: TiledStage) -> list[Tiling]:
    """Those of its designs that no lemma of the kernels makes redundant."""
    return [one for one in tilings(stage) if is_canonical(stage.forms[one.form], one, stage.prices)]


@cache
def chains(stage_key: TiledStageKey) -> tuple[tuple[Tiling, Chain], ...]:
    """The canonical designs with their atoms."""
    stage = stage_key.stage
    return tuple((tiling, stage.chain(tiling)) for tiling in canonical(stage))


@dataclass(frozen=True, eq=False)
class TiledStageKey:
    """A stage by identity, since prices cannot be hashed."""

    stage: TiledStage


@dataclass(frozen=True, eq=False)
class Network:
    """A program of tiled stages with all that brute force finds out about it."""

    program: Program
    keys: tuple[TiledStageKey, ...]

    @property
    def law(self) -> CycleLaw:
        return self.program.law

    @property
    def ends(self) -> Ends:
        return self.keys[0].stage.ends

    @property
    def room(self) -> int:
        """The greatest load of a cycle that is not the first."""
        ends = self.ends.resume[0] + self.ends.commit[0]
        return -1 if self.law.max_cycles is not None else self.law.capacity - ends

    @property
    def first_room(self) -> int:
        return self.law.first_capacity - self.ends.resume[0] - self.ends.commit[0]

    def price(self, kind: str, load: int) -> int:
        """What a cycle of this load costs beyond its atoms."""
        ends = self.ends
        price: int = getattr(self.law, kind)(load + ends.resume[0] + ends.commit[0])
        return ends.resume[1] + ends.commit[1] + price


def _price(random: Random, energy: int, time: int) -> Price:
    return random.randint(0, energy), random.randint(0, time)


def _prices(random: Random, energy: int, time: int, unusual: bool) -> Prices:
    def by_order() -> dict[Order, Price]:
        return {order: _price(random, energy, time) for order in Order}

    one = [_price(random, energy, time) for _ in range(7)]
    tile = random.choice(((0, 0), _price(random, energy, time)))
    multiple = random.choice((1, 2, 2, 3))
    more = [_price(random, energy, time) for _ in range(3)] if unusual else []
    sums, words = wide_sums(one[0], one[1])
    first = (one[0], one[1], *sums, one[2], one[3], by_order(), by_order(), one[4], one[5], tile, one[6], multiple, 2)
    return Prices(*first, words, *more)


def _extent(random: Random, unusual: bool) -> Extent:
    if random.random() < 0.2:
        return Extent(random.randint(1, 2), random.randint(1, 2), random.randint(1, 2), 1, 1, 1, pooling=True)
    if unusual and random.random() < 0.5:
        return _unusual_extent(random)
    while True:
        loops = [random.randint(1, most) for most in (3, 2, 3, 3)]
        if loops[0] * loops[1] * loops[2] * loops[3] <= 12:
            return Extent(*loops, random.randint(1, 2), random.randint(1, 2))


def _unusual_extent(random: Random) -> Extent:
    """A layer with strides, groups or a bias, or one that works on each channel by itself."""

    def pair(most: int) -> tuple[int, int]:
        return random.randint(1, most), random.randint(1, most)

    bias, finish = random.random() < 0.5, random.random() < 0.5
    kernel, stride, dilation = pair(2), pair(3), pair(2)
    if random.random() < 0.4:
        loops, groups = (*pair(2), *pair(2)), random.randint(1, 2)
        return Extent(*loops, *kernel, stride=stride, dilation=dilation, groups=groups, bias=bias, finish=finish)
    loops = (*pair(2), 1, random.randint(1, 3))
    arithmetic = random.choice(list(Arithmetic))
    if arithmetic is Arithmetic.MULTIPLY:
        return Extent(*loops, *kernel, stride=stride, channelwise=True, bias=bias, finish=finish)
    if arithmetic is Arithmetic.POOL:
        return Extent(*loops, *kernel, stride=stride, channelwise=True, arithmetic=arithmetic, finish=finish)
    sources = 2 if arithmetic is Arithmetic.ADD else 1
    return Extent(*loops, 1, 1, channelwise=True, arithmetic=arithmetic, sources=sources, finish=finish)


def network(random: Random, most_stages: int = 2, among: Sequence[CycleLaw] = (), unusual: bool = False) -> Network:
    """Up to so many layers of a few multiplications each; a cycle holds from a part of one atom to all of them.

    ``unusual`` layers have strides, groups, biases, or channels that are worked on each by itself.
    """
    law = random.choice(among or laws()[:40])
    energy = max(1, law.capacity // random.choice((10, 40, 150)))
    time = max(1, law.first(0) // 2 + random.choice((0, 10, 300)) if law.max_cycles is None else 100)
    prices = _prices(random, energy, time, unusual)
    share = law.capacity // random.choice((4, 10, 30))
    ends = Ends(_price(random, share, time), _price(random, share, time))
    stages = []
    for index in range(random.randint(1, most_stages)):
        extent = _extent(random, unusual)
        forms = (extent,)
        if not extent.pooling and random.random() < 0.2:
            forms = (extent, Extent(1, 1, extent.outputs, random.randint(1, 4), 1, 1))
        volatile = random.choice((10, 30, 60, 1000))
        stages.append(TiledStage(f"s{index}", forms, prices, ends, volatile, random.random() < 0.8))
    program = Program(tuple(stages), law, DIGEST)
    return Network(program, tuple(TiledStageKey(stage) for stage in stages))


def optimum(network: Network) -> int | None:
    """The least cost of any plan, None if there is none; all designs, all pairs of cuts."""
    best = None
    for designs in product(*(chains(key) for key in network.keys)):
        cost = _least(network.law, [chain for _, chain in designs])
        if cost is not None and (best is None or cost < best):
            best = cost
    return best


def _least(law: CycleLaw, found: list[Chain]) -> int | None:
    columns = [[int(value) for one in found for value in one.columns()[index]] for index in range(6)]
    drain, time, resume, resume_time, commit, commit_time = columns
    number = len(drain)
    closed: list[int | None] = [0] + [None] * number
    kept: list[tuple[int, int] | None] = [None] * (number + 1)
    for end in range(1, number + 1):
        costs = []
        spent = active = 0
        for start in range(end - 1, -1, -1):
            spent, active = spent + drain[start], active + time[start]
            load = spent + resume[start] + commit[end - 1]
            if load > max(law.capacity, law.first_capacity):
                break
            before, behind_first = closed[start], kept[start]
            places = {(True, True): "ONLY", (True, False): "FIRST", (False, True): "LAST", (False, False): "MID"}
            position = Position[places[start == 0, end == number]]
            fits = load <= (law.first_capacity if start == 0 else law.capacity)
            if not fits or (position is not Position.ONLY and law.max_cycles is not None):
                continue
            price, whole = law.price(position, load), active + resume_time[start] + commit_time[end - 1]
            worth = law.kept(load) if position is Position.FIRST and law.keeps_level else 0
            if worth > 0:
                kept[end] = (whole + price, whole + price + worth)
            elif before is not None:
                costs.append(before + whole + price)
            if behind_first is not None:
                least = max(behind_first[0] + price, behind_first[1] + law.unwaited(position, load))
                costs.append(least + whole)
        closed[end] = min(costs, default=None)
    return closed[number]


@cache
def waits(law: CycleLaw, ends: tuple[Price, Price]) -> tuple[int, ...]:
    """The cost of a cycle between two others by its load, for all loads."""
    drain, time = ends[0][0] + ends[1][0], ends[0][1] + ends[1][1]
    return tuple(time + law.mid(load) for load in range(drain, law.capacity + 1))


def costs(network: Network) -> tuple[int, ...]:
    """The cost of a cycle between two others by its load, from 0 to the room."""
    if network.room < 0:
        return ()
    return waits(network.law, (network.ends.resume, network.ends.commit))


@cache
def rate(network: Network) -> tuple[int, int]:
    """The greatest rate, of this denominator, that is under the cost of every cycle between two others."""
    values = costs(network)
    least = min((DENOMINATOR * value // load for load, value in enumerate(values) if load), default=0)
    return max(least, 0), DENOMINATOR


def lines(network: Network, random: Random) -> tuple[tuple[int, int], ...]:
    """Some lines under the cost of a cycle."""
    values, (most, _) = costs(network), rate(network)
    found = []
    for slope in {0, most // 2, most, random.randint(0, most)} if values else ():
        constant = min(DENOMINATOR * value - slope * load for load, value in enumerate(values)) // DENOMINATOR
        found.append((constant, slope))
    return tuple(found)


def free_ended(network: Network, chain: Chain) -> int:
    """The least that a design costs at the rate when its first and last piece waste nothing, times the denominator."""
    (numerator, denominator), room, values = rate(network), network.room, costs(network)
    resume = network.ends.resume
    widest = max(room, network.first_room)
    drain, number = [0], len(chain)
    for value in chain.drain:
        drain.append(drain[-1] + value)
    again = [
        (int(d) - resume[0], int(t) - resume[1]) for d, t in zip(chain.resume_drain, chain.resume_time, strict=True)
    ]
    infinite = 1 << 100
    waste = [0 if drain[j] <= widest else infinite for j in range(number + 1)]
    best = 0 if drain[number] <= widest else infinite
    for j in range(1, number + 1):
        for i in range(j):
            load = drain[j] - drain[i] + again[i][0]
            if load <= room:
                fetched = denominator * again[i][1] + numerator * again[i][0]
                lost = denominator * values[load] - numerator * load + fetched
                waste[j] = min(waste[j], waste[i] + lost)
                if j == number:
                    best = min(best, waste[i] + fetched)
        if j == number:
            best = min(best, waste[j])
    total = denominator * sum(chain.time) + numerator * sum(chain.drain)
    return total + best


@cache
def floors(network: Network) -> tuple[int, ...]:
    """The least free-ended cost of every stage; any number where no design gets through."""
    return tuple(min((free_ended(network, chain) for _, chain in chains(key)), default=0) for key in network.keys)


@cache
def boundaries(network: Network, follows: bool = False) -> tuple[Boundary, ...]:
    """All undominated states after each stage but the last."""
    found: list[Boundary] = []
    for key in network.keys[:-1]:
        before = found[-1] if found else None
        found.append(together(network.law, (step(network.law, chain, before, follows) for _, chain in chains(key))))
    return tuple(found)


def certificate(network: Network, value: int, random: Random, follows: bool = False) -> Bound:
    """A certificate that proves the value if it is no more than the optimum (of all sums of prices, or by the rule)."""
    least = tuple(min(floor, 1 << 90) for floor in floors(network))
    return Bound(value, rate(network), boundaries(network, follows), lines(network, random), least, follows)
