"""What a plan is judged by besides its latency, as prices: programs in which time counts something else, or more.

Energy, bytes written and power cycles are sums over the atoms of a plan and the ends of its cycles, as time is. So a
program whose times are one of these amounts (`counted`), under a law that does not wait, asks for the plan that spends
least; and one whose times are raised by weighted amounts (`weighed`) trades them off against latency. In both every
cycle drains what it drains, and fits if it fits.

Weights are picoseconds per unit of an amount, integers over a common scale. What each primitive, or each atom of an
explicit chain, is raised by is rounded down, so that the cost of a plan in the weighed program is at most its cost plus
the weighted amounts, whatever the plan.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields, replace
from typing import Self

from ischedule.models.chain import Chain
from ischedule.models.free_law import FreeLaw
from ischedule.models.goal import PLAIN, Criterion
from ischedule.models.kernels import Ends, Price, Prices
from ischedule.models.program import Program, Stage, TiledStage
from ischedule.models.tiling import Tiling

Weights = Mapping[Criterion, int]
"""Picoseconds per unit of an amount, times a scale."""


def counted(program: Program, criterion: Criterion) -> Program:
    """The program in which every time is an amount, and no cycle waits."""
    stages = tuple(stage_counted(stage, criterion) for stage in program.stages)
    return replace(program, stages=stages, law=FreeLaw(program.law), goal=PLAIN)


def stage_counted(stage: Stage, criterion: Criterion) -> Stage:
    """The stage with amounts in place of times."""
    return _changed(stage, Change({criterion: 1}, 1, 0))


def weighed(program: Program, weights: Weights, scale: int = 1) -> Program:
    """The program whose times are raised by weighted amounts, or, where latency has no weight, are these alone.

    Without latency nothing is waited for. Several amounts are added before they are rounded.
    """
    return changed(program, Change.of(weights, scale))


def changed(program: Program, change: Change) -> Program:
    """The program in which something else takes the place of every time."""
    stages = tuple(_changed(stage, change) for stage in program.stages)
    return replace(program, stages=stages, law=program.law if change.latency else FreeLaw(program.law), goal=PLAIN)


@dataclass(frozen=True, slots=True)
class Change:
    """What takes the place of a time: the time itself, if it counts, and weighted amounts over a scale."""

    weights: Weights
    scale: int
    latency: int

    @classmethod
    def of(cls, weights: Weights, scale: int) -> Self:
        """The change to a mix of criteria, in which latency counts one to one or not at all."""
        latency = Criterion.LATENCY in weights
        if latency and weights[Criterion.LATENCY] != scale:
            raise ValueError(f"latency counts one to one or not at all: {weights[Criterion.LATENCY]} / {scale}")
        amounts: dict[Criterion, int] = {}
        amounts.update((name, weight) for name, weight in weights.items() if name is not Criterion.LATENCY and weight)
        return cls(amounts, scale, int(latency))

    def price(self, price: Price, stored: int, ended: int) -> int:
        """Of something that costs so much, stores so many bytes and ends so many power cycles."""
        amounts = {Criterion.ENERGY: price[0], Criterion.WRITTEN: stored, Criterion.CYCLES: ended}
        raised = sum(weight * amounts[criterion] for criterion, weight in self.weights.items())
        return self.latency * price[1] + raised // self.scale

    def column(self, drain: Sequence[int], time: Sequence[int], stored: Sequence[int], ended: int) -> Sequence[int]:
        """Of many things at once."""
        of = (self.weights.get(one, 0) for one in (Criterion.ENERGY, Criterion.WRITTEN, Criterion.CYCLES))
        (energy, written, cycles), latency, scale = of, self.latency, self.scale
        rows = zip(map(int, drain), map(int, time), map(int, stored), strict=True)
        whole = cycles * ended
        return [latency * took + (energy * one + written * stores + whole) // scale for one, took, stores in rows]


def _changed(stage: Stage, change: Change) -> Stage:
    if isinstance(stage, TiledStage):
        return replace(stage, prices=_prices(stage.prices, change), ends=_ends(stage.ends, change))
    return replace(stage, designs=tuple(_chain(one, change) for one in stage.designs))


def _prices(prices: Prices, change: Change) -> Prices:
    """Every price changed; of all primitives only writing words and sums stores anything."""
    stores = {"write": prices.word_bytes, "write_sum": prices.sum_bytes}
    found: dict[str, object] = {}
    for field in fields(prices):
        value = getattr(prices, field.name)
        stored = stores.get(field.name, 0)
        if isinstance(value, tuple):
            found[field.name] = (value[0], change.price((value[0], value[1]), stored, 0))
        elif isinstance(value, dict):
            found[field.name] = {order: (one[0], change.price(one, 0, 0)) for order, one in value.items()}
    return replace(prices, counts_tiles=not prices.tiles_are_free, **found)  # type: ignore[arg-type]


def _ends(ends: Ends, change: Change) -> Ends:
    commit = ends.commit[0], change.price(ends.commit, ends.record, 1)
    return replace(ends, resume=(ends.resume[0], change.price(ends.resume, 0, 0)), commit=commit)


def _chain(chain: Chain, change: Change) -> Chain:
    nothing = [0] * len(chain)
    stored, committed = (one if len(one) else nothing for one in (chain.stored, chain.commit_stored))
    return replace(
        chain,
        time=change.column(chain.drain, chain.time, stored, 0),
        resume_time=change.column(chain.resume_drain, chain.resume_time, nothing, 0),
        commit_time=change.column(chain.commit_drain, chain.commit_time, committed, 1),
    )


def with_stores(stage: TiledStage, tiling: Tiling) -> Chain:
    """A design's chain with the bytes that its atoms and commits store."""
    stores = stage_counted(stage, Criterion.WRITTEN)
    assert isinstance(stores, TiledStage)
    stored = stores.chain(tiling)
    return replace(stage.chain(tiling), stored=stored.time, commit_stored=stored.commit_time)
