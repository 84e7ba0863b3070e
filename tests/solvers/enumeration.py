"""Every plan of a small program by the certified rule, one by one: what solvers are held to.

Written from the meaning of a program alone. Two ways: every design of every stage with every set of cuts; and, where
chains are too long for that, every combination of designs with a walk over all pairs of cuts of its chain.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import pairwise, product

from ischedule.models.block import Block
from ischedule.models.chain import Chain
from ischedule.models.cycle_law import Threshold
from ischedule.models.program import Design, Program, TiledStage
from ischedule.models.programmable_wake import ProgrammableWakeLaw
from ischedule.models.tiling import Order, Tiling, count, innermost
from ischedule.models.waiting import CycleLaw, Position, positions


@dataclass(frozen=True)
class Best:
    """The least cost of a program, without the law's offset, and the designs and cycle ends of a plan that has it."""

    cost: int
    designs: tuple[Design, ...]
    ends: tuple[int, ...]


class Joined:
    """The chosen chains as one: a cycle from atom i to j pays the resume of atom i and the commit of atom j - 1."""

    def __init__(self, chains: Sequence[Chain]) -> None:
        def joined(name: str) -> list[int]:
            return [int(value) for chain in chains for value in getattr(chain, name)]

        self.cut = joined("cut")
        self.parts = {
            kind: (joined(kind), joined(f"resume_{kind}"), joined(f"commit_{kind}")) for kind in ("drain", "time")
        }

    def __len__(self) -> int:
        return len(self.cut)

    def cycle(self, kind: str, i: int, j: int) -> int:
        """Drain or time of the cycle that runs atoms i .. j - 1."""
        atoms, resume, commit = self.parts[kind]
        return resume[i] + sum(atoms[i:j]) + commit[j - 1]


class Prices:
    """The law's prices, each asked once; None for a drain that the cycle cannot have."""

    def __init__(self, law: CycleLaw) -> None:
        self.law = law
        self.known = cache(law.price)

    def of(self, position: Position, drain: int, kept: int | None = None) -> int | None:
        """The price of a cycle; that of a second one depends on what the level is worth that the first one kept."""
        law = self.law
        if drain > (law.first_capacity if position in (Position.FIRST, Position.ONLY) else law.capacity):
            return None
        price = self.known(position, drain)
        return price if kept is None else max(price, kept + law.unwaited(position, drain))


def designs_of(program: Program) -> list[list[Design]]:
    """Every design of every stage that fits its memory."""
    found: list[list[Design]] = []
    for stage in program.stages:
        if isinstance(stage, TiledStage):
            found.append([tiling for tiling in _tilings(stage) if stage.fits(tiling)])
        else:
            found.append([index for index in range(len(stage.designs)) if stage.fits(index)])
    return found


def _tilings(stage: TiledStage) -> Iterator[Tiling]:
    for form, extent in enumerate(stage.forms):
        if isinstance(extent, Block):
            yield from _patches(form, extent)
            continue
        for order in extent.orders:
            for tile in product(*(range(1, loop + 1) for loop in extent.loops)):
                if tile[3] < extent.least_inputs:
                    continue
                trips = innermost(extent, Tiling(form, order, *tile, 1))
                assert count(trips, 1) == trips
                yield from (Tiling(form, order, *tile, batch) for batch in range(1, trips + 1))


def _patches(form: int, block: Block) -> Iterator[Tiling]:
    """The designs of a block: of all sizes that cut a loop into as many tiles the least.

    Where two kernels add up over channels, the middle is kept or no results are left for another time.
    """

    def sizes(loop: int) -> list[int]:
        return [size for size in range(1, loop + 1) if size == 1 or -(-loop // size) < -(-loop // (size - 1))]

    has_middle = sum(not part.channelwise for part in block.parts) > 1
    for order in block.orders:
        for rows, columns, outputs, inputs in product(*map(sizes, block.loops)):
            if has_middle and order is not Order.INPUT and outputs < block.outputs:
                continue
            if order is Order.OUTPUT or block.channelwise:
                yield Tiling(
                    form, order, rows, columns, outputs, inputs, 1 if block.channelwise else -(-block.inputs // inputs)
                )
            elif inputs == block.inputs:
                yield Tiling(form, order, rows, columns, outputs, inputs, 1)


def cut_sets(sequence: Joined) -> Iterator[tuple[int, ...]]:
    """Every set of places where cycles may end, the end of the last atom always among them."""
    places = [j for j in range(1, len(sequence)) if sequence.cut[j - 1]]
    for chosen in product((False, True), repeat=len(places)):
        yield (*(place for place, is_chosen in zip(places, chosen, strict=True) if is_chosen), len(sequence))


def cost_of(sequence: Joined, ends: Sequence[int], prices: Prices) -> int | None:
    """The cost of cutting at these places, None if some cycle is too large or there are too many."""
    law, begin, total = prices.law, 0, 0
    if law.max_cycles is not None and len(ends) > law.max_cycles:
        return None
    kept: int | None = None
    for number, end in enumerate(ends):
        is_first, is_last = number == 0, number == len(ends) - 1
        position = (Position.ONLY if is_last else Position.FIRST) if is_first else _behind(is_last)
        drain = sequence.cycle("drain", begin, end)
        waiting = prices.of(position, drain, kept)
        if waiting is None:
            return None
        total += waiting + sequence.cycle("time", begin, end)
        kept = law.kept(drain) if position is Position.FIRST and law.keeps_level else None
        begin = end
    return total


def _behind(is_last: bool) -> Position:
    return Position.LAST if is_last else Position.MID


State = tuple[int, int]
"""The time at which a cycle has ended, and the level that it leaves."""


class Rule:
    """The rule that is certified, from level to level: no prices, every threshold that is worth trying."""

    def __init__(self, law: CycleLaw) -> None:
        self.law = law
        self.start: list[State] = [(law.head.delay, law.head.level)]
        self.thresholds = cache(self._thresholds)
        self.charge_time = cache(law.charging.charge_time)

    @property
    def is_searched(self) -> bool:
        """Whether several thresholds are worth trying."""
        return isinstance(self.law, ProgrammableWakeLaw) and self.law.search is not None

    def _thresholds(self, position: Position, drain: int) -> list[Threshold]:
        if isinstance(self.law, ProgrammableWakeLaw) and position is not Position.ONLY:
            return [way.threshold for way in self.law.ways(position, drain)]
        return [self.law.threshold(drain, position)]

    def after(self, states: list[State], position: Position, drain: int) -> list[State]:
        """The states behind one more cycle, none of them both later and lower than another; none if it is too large."""
        law, is_first = self.law, position in (Position.FIRST, Position.ONLY)
        if drain > (law.first_capacity if is_first else law.capacity):
            return []
        found = []
        for time, level in states:
            for threshold in self.thresholds(position, drain):
                wait = 0
                if not is_first or law.head.waits:
                    wait = self.charge_time(level, threshold.high) + law.upkeep.latency
                    wait += 0 if is_first else law.upkeep.pause
                start = max(level, threshold.level) if not is_first or law.head.waits else level
                if drain + law.upkeep.reserve <= start:
                    found.append((time + wait, law.level_left(start, drain)))
        return latest_and_lowest_left_out(found)

    def latency(self, states: list[State]) -> int | None:
        """The least time at which a plan ends, less the law's offset: if it is asked for, recharged."""
        law, times = self.law, []
        for time, level in states:
            back = 0
            if law.recharge_target is not None:
                back = law.upkeep.pause + self.charge_time(level, law.recharge_target) + law.upkeep.latency
            times.append(time + back - law.offset)
        return min(times, default=None)


def latest_and_lowest_left_out(states: list[State]) -> list[State]:
    """The states that no other beats in both."""
    kept: list[State] = []
    for state in sorted(states, key=lambda one: (one[0], -one[1])):
        if not kept or state[1] > kept[-1][1]:
            kept.append(state)
    return kept


def least_cost_of(sequence: Joined, ends: Sequence[int], rule: Rule) -> int | None:
    """The least cost of cutting at these places by the rule, None if some cycle is too large or there are too many."""
    if rule.law.max_cycles is not None and len(ends) > rule.law.max_cycles:
        return None
    spans = list(pairwise((0, *ends)))
    states = rule.start
    for span, position in zip(spans, positions(len(spans)), strict=True):
        states = rule.after(states, position, sequence.cycle("drain", *span))
    waiting = rule.latency(states)
    return None if waiting is None else waiting + sum(sequence.cycle("time", *span) for span in spans)


def best_of_all_cut_sets(program: Program) -> Best | None:
    """The best of every combination of designs with every set of cuts."""
    rule, prices = Rule(program.law), Prices(program.law)
    plans = [(designs, sequence, ends) for designs, sequence in _sequences(program) for ends in cut_sets(sequence)]
    return _best(
        rule,
        [(plan[0], plan[2]) for plan in plans],
        lambda number: cost_of(*plans[number][1:], prices),
        lambda number: least_cost_of(*plans[number][1:], rule),
    )


def best_of_all_designs(program: Program) -> Best | None:
    """The best of every combination of designs, each with the cuts that a walk over its chain finds best."""
    return best_of_sequences(program.law, list(_sequences(program)))


def best_of_sequences(law: CycleLaw, found: list[tuple[tuple[Design, ...], Joined]]) -> Best | None:
    """The best of these designs with their chains in a row."""
    rule, prices = Rule(law), Prices(law)
    return _best(
        rule,
        [(designs, ()) for designs, _ in found],
        lambda number: best_sum_of(found[number][1], prices),
        lambda number: best_cost_of(found[number][1], rule),
    )


Cost = Callable[[int], int | None]


def _best(
    rule: Rule, plans: list[tuple[tuple[Design, ...], tuple[int, ...]]], priced: Cost, exact: Cost
) -> Best | None:
    """The best of some plans by what they cost exactly.

    Where many thresholds are worth trying the sums of prices, which nothing is below, say where to look first.
    """
    order = [(0, number) for number in range(len(plans))]
    if rule.is_searched:
        bounds = [(priced(number), number) for number in range(len(plans))]
        order = sorted((bound, number) for bound, number in bounds if bound is not None)
    best: Best | None = None
    for bound, number in order:
        if rule.is_searched and best is not None and bound >= best.cost:
            break
        cost = exact(number)
        if cost is not None and (best is None or cost < best.cost):
            best = Best(cost, *plans[number])
    return best


def _sequences(program: Program) -> Iterator[tuple[tuple[Design, ...], Joined]]:
    stages = [
        [(design, stage.chain(design)) for design in designs]  # type: ignore[arg-type]
        for stage, designs in zip(program.stages, designs_of(program), strict=True)
    ]
    for chosen in product(*stages):
        yield tuple(design for design, _ in chosen), Joined([chain for _, chain in chosen])


def best_cost_of(sequence: Joined, rule: Rule) -> int | None:
    """The cost of the best cuts of one chain: all states behind each cut, by where the cycle before it began."""
    size, law = len(sequence), rule.law
    states: list[list[State]] = [rule.start, *([] for _ in range(size))]
    for end in range(1, size + 1):
        if not sequence.cut[end - 1] or (end < size and law.max_cycles == 1):
            continue
        for begin in range(end):
            if states[begin]:
                drain, time = sequence.cycle("drain", begin, end), sequence.cycle("time", begin, end)
                if begin == 0:
                    position = Position.ONLY if end == size else Position.FIRST
                else:
                    position = Position.LAST if end == size else Position.MID
                states[end] += [(t + time, level) for t, level in rule.after(states[begin], position, drain)]
        states[end] = latest_and_lowest_left_out(states[end])
    return rule.latency(states[size])


def best_sum_of(sequence: Joined, prices: Prices) -> int | None:
    """The least sum of prices over all cuts of one chain: the best way to stand at each cut, by where its cycle began.

    Behind a first cycle that ends there what follows depends on the level that it has kept.
    """
    size, law = len(sequence), prices.law
    best: list[int | None] = [None] * (size + 1)
    firsts: dict[int, tuple[int, int]] = {}
    several = law.max_cycles != 1
    for end in range(1, size + 1):
        if not sequence.cut[end - 1] or (end < size and not several):
            continue
        for begin in range(end):
            drain, time = sequence.cycle("drain", begin, end), sequence.cycle("time", begin, end)
            if begin == 0:
                position = Position.ONLY if end == size else Position.FIRST
                ways: list[tuple[int, int | None]] = [(0, None)]
            else:
                position = _behind(end == size)
                closed = best[begin]
                ways = [] if closed is None else [(closed, None)]
                if begin in firsts:
                    ways.append(firsts[begin])
            for cost, kept in ways:
                waiting = prices.of(position, drain, kept)
                if waiting is None:
                    continue
                total = cost + waiting + time
                if position is Position.FIRST and law.keeps_level:
                    firsts[end] = (total, law.kept(drain))
                else:
                    known = best[end]
                    best[end] = total if known is None else min(total, known)
    return best[size]
