"""Small blocks with numbers, designs and power cycles for Hypothesis."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from hypothesis import assume
from hypothesis import strategies as st

from ischedule.analysis.arithmetic import Width, Words
from ischedule.analysis.direct import evaluate
from ischedule.analysis.executor import Executor, Placed
from ischedule.analysis.layer_numbers import LayerNumbers, random_numbers, random_tensor
from ischedule.models.block import Block
from ischedule.models.layer import LayerShape, TensorShape
from ischedule.models.nest import atoms_of
from ischedule.models.primitives import Prices
from ischedule.models.tiling import Tiling
from tests.analysis.layer_strategies import free_prices
from tests.models.block_strategies import designs_of, runs


@dataclass(frozen=True)
class BlockTrial:
    """A block, one design of it, the numbers of its kernels, and an input."""

    block: Block
    tiling: Tiling
    shapes: tuple[LayerShape, ...]
    fetched: tuple[int, ...]
    """How many tensors each kernel reads from memory: all of them the block's input."""
    numbers: tuple[LayerNumbers, ...]
    words: Words
    multiple: int
    atoms: int

    @property
    def prices(self) -> Prices:
        """Prices of nothing, with its words and sums."""
        return free_prices(self.numbers[0].width, self.multiple)

    def expected(self) -> Words:
        """The results of its layers one after the other, each evaluated directly."""
        words = self.words
        for shape, numbers, fetched in zip(self.shapes, self.numbers, self.fetched, strict=True):
            words = evaluate(shape, numbers, *[words] * (shape.sources - fetched), *[self.words] * fetched)
        return words

    def executor(self, ends: list[int]) -> Executor:
        """The block ready to run in power cycles that end after these atoms."""
        kernels = [
            (numbers, shape.padding, (0,) * fetched)
            for numbers, shape, fetched in zip(self.numbers, self.shapes, self.fetched, strict=True)
        ]
        layer = Placed(self.block, self.tiling, *kernels[0], then=tuple(kernels[1:]))
        return Executor([layer], ends, self.words, self.multiple)


@st.composite
def block_trials(draw: st.DrawFn, width: Width | None = None) -> BlockTrial:
    """Any block and design with random numbers."""
    network, run, block = draw(runs())
    assume(len(set(network.reads(run))) == 1)
    tiling = draw(designs_of(block))
    width = width or draw(st.sampled_from(Width))
    random = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    shapes = tuple(network.kernels[place].shape for place in run)
    zero = int(random.integers(width.least, width.greatest, endpoint=True))
    numbers = tuple(random_numbers(shape, width, random, zero) for shape in shapes)
    first = shapes[0]
    words = random_tensor(TensorShape(first.in_channels, first.in_height, first.in_width), width, random)
    atoms = sum(1 for _ in atoms_of(block, tiling))
    fetched = tuple(len(network.fetched(run, place)) for place in run)
    return BlockTrial(block, tiling, shapes, fetched, numbers, words, draw(st.sampled_from([1, 2, 3])), atoms)
