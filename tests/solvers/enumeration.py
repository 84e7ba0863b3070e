"""Every plan of a small program, priced one by one: what solvers are held to.

Written from the meaning of a program alone. Two ways: every design of every stage with every set of cuts; and, where
chains are too long for that, every combination of designs with a walk over all pairs of cuts of its chain.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import pairwise, product

from ischedule.models.chain import Chain
from ischedule.models.program import Design, Program, TiledStage
from ischedule.models.tiling import Order, Tiling, count, innermost
from ischedule.models.waiting import CycleLaw, Position, positions, replay


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
        for order in (Order.OUTPUT,) if extent.pooling else Order:
            for tile in product(*(range(1, loop + 1) for loop in extent.loops)):
                trips = innermost(extent, Tiling(form, order, *tile, 1))
                assert count(trips, 1) == trips
                yield from (Tiling(form, order, *tile, batch) for batch in range(1, trips + 1))


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


def best_of_all_cut_sets(program: Program) -> Best | None:
    """The best of every combination of designs with every set of cuts."""
    prices = Prices(program.law)
    return _least(
        (cost, designs, ends)
        for designs, sequence in _sequences(program)
        for ends in cut_sets(sequence)
        if (cost := cost_of(sequence, ends, prices)) is not None
    )


def best_of_all_designs(program: Program) -> Best | None:
    """The best of every combination of designs, each with the cuts that a walk over its chain finds best."""
    prices = Prices(program.law)
    return _least(
        (found[0], designs, found[1])
        for designs, sequence in _sequences(program)
        if (found := best_cuts(sequence, prices)) is not None
    )


def _least(found: Iterable[tuple[int, tuple[Design, ...], tuple[int, ...]]]) -> Best | None:
    best = min(found, key=lambda one: one[0], default=None)
    return None if best is None else Best(*best)


def _sequences(program: Program) -> Iterator[tuple[tuple[Design, ...], Joined]]:
    stages = [
        [(design, stage.chain(design)) for design in designs]  # type: ignore[arg-type]
        for stage, designs in zip(program.stages, designs_of(program), strict=True)
    ]
    for chosen in product(*stages):
        yield tuple(design for design, _ in chosen), Joined([chain for _, chain in chosen])


def best_cuts(sequence: Joined, prices: Prices) -> tuple[int, tuple[int, ...]] | None:
    """The cheapest cuts of one chain: the best way to stand at each cut, by where the cycle before it began.

    Behind a first cycle that ends there what follows depends on the level that it has kept.
    """
    size, law = len(sequence), prices.law
    best: list[tuple[int, tuple[int, ...]] | None] = [None] * (size + 1)
    firsts: dict[int, tuple[int, int]] = {}
    several = law.max_cycles != 1
    for end in range(1, size + 1):
        if not sequence.cut[end - 1] or (end < size and not several):
            continue
        for begin in range(end):
            drain, time = sequence.cycle("drain", begin, end), sequence.cycle("time", begin, end)
            if begin == 0:
                position = Position.ONLY if end == size else Position.FIRST
                ways = [(0, (), None)]
            else:
                position = _behind(end == size)
                ways = [] if best[begin] is None else [(*best[begin], None)]  # type: ignore[misc]
                if begin in firsts:
                    ways.append((firsts[begin][0], (begin,), firsts[begin][1]))
            for cost, ends, kept in ways:
                waiting = prices.of(position, drain, kept)
                if waiting is None:
                    continue
                way = (cost + waiting + time, (*ends, end))
                if position is Position.FIRST and law.keeps_level:
                    firsts[end] = (way[0], law.kept(drain))
                else:
                    best[end] = min(way, best[end] or way, key=lambda one: one[0])
    return best[size]


def least_by_the_rule(program: Program) -> int | None:
    """The least latency of any plan by the certified rule, each cycle at the threshold that its price belongs to."""
    law, prices, found = program.law, Prices(program.law), list[int]()
    for _, sequence in _sequences(program):
        for ends in cut_sets(sequence):
            if cost_of(sequence, ends, prices) is None:
                continue
            spans = list(pairwise((0, *ends)))
            drains = [sequence.cycle("drain", *span) for span in spans]
            thresholds = [law.threshold(*one) for one in zip(drains, positions(len(drains)), strict=True)]
            active = sum(sequence.cycle("time", *span) for span in spans)
            found.append(active + replay(law, drains, thresholds).waiting)
    return min(found, default=None)


def cut_sets_of(program: Program) -> int:
    """How many combinations of designs and cuts a program has."""
    return sum(1 << (sum(sequence.cut) - 1) for _, sequence in _sequences(program))
