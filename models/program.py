"""What may be executed: a sequence of stages, each with its designs, and the prices and limits that all share.

Stages are the layers of a chain network (or one stage that holds a case's explicit tasks); between two stages lies a
layer boundary. A plan picks one design of every stage and cuts the concatenated chain into power cycles, which may span
stages.
"""

from __future__ import annotations

from dataclasses import dataclass

from ischedule.models.chain import Chain
from ischedule.models.kernels import Ends, Prices, chain, volatile_bytes
from ischedule.models.tiling import Extent, Tiling, stores_partial_sums
from ischedule.models.waiting import CycleLaw


@dataclass(frozen=True, slots=True)
class TiledStage:
    """A layer whose designs are all tilings of its forms that fit the memories.

    ``sums_in_memory`` tells whether non-volatile memory has room for the buffers of partial sums. Where it has none,
    only designs are left whose sums stay in volatile memory until they are results.
    """

    name: str
    forms: tuple[Extent, ...]
    prices: Prices
    ends: Ends
    volatile: int
    sums_in_memory: bool = True

    def fits(self, tiling: Tiling) -> bool:
        """Whether the design's buffers fit volatile memory, and its partial sums the other."""
        extent = self.forms[tiling.form]
        if stores_partial_sums(extent, tiling) and not self.sums_in_memory:
            return False
        return volatile_bytes(extent, tiling, self.prices.multiple, self.prices.word_bytes) <= self.volatile

    def chain(self, tiling: Tiling) -> Chain:
        """The atoms of one design."""
        return chain(self.forms[tiling.form], tiling, self.prices, self.ends)


@dataclass(frozen=True, slots=True)
class ExplicitStage:
    """A stage whose designs are given: a case's tasks (one design), or any small set of chains."""

    name: str
    designs: tuple[Chain, ...]
    volatile: int

    def fits(self, index: int) -> bool:
        """Whether the design's volatile peak fits."""
        return self.designs[index].volatile <= self.volatile

    def chain(self, index: int) -> Chain:
        """The atoms of one design."""
        return self.designs[index]


Stage = TiledStage | ExplicitStage
Design = Tiling | int
"""A tiling of a tiled stage, or the index of an explicit stage's chain."""


@dataclass(frozen=True, slots=True)
class Program:
    """The whole question in integers: stages in order, and the law by which power cycles are waited for."""

    stages: tuple[Stage, ...]
    law: CycleLaw
    digest: str
