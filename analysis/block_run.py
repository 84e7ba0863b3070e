"""A block's design performed step by step: its kernels share volatile memory, where the maps between them lie.

Each kernel's results are lost as soon as the next one has taken those of a patch: what two patches need is computed
twice, or it is missing. Sums become words where they are, so that only the last kernel's take places of their own.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise

import numpy as np

from ischedule.analysis.kernel_run import KernelRun, Results
from ischedule.analysis.layer_numbers import LayerNumbers
from ischedule.analysis.memories import Region
from ischedule.models.block import Block, lengths
from ischedule.models.layer import Sides
from ischedule.models.nest import Step, Work
from ischedule.models.tiling import Tiling


class BlockRun:
    """The runs of a block's kernels, each reading what the one before keeps."""

    def __init__(
        self,
        block: Block,
        tiling: Tiling,
        kernels: Sequence[tuple[LayerNumbers, Sides]],
        sources: Sequence[Region],
        multiple: int,
        random: np.random.Generator,
        into: Region | None = None,
    ) -> None:
        """``kernels`` are the numbers and the padding of each."""
        self.extent, self.tiling, self.numbers = block, tiling, kernels[-1][0]
        self._runs: list[KernelRun] = []
        for place, (numbers, padding) in enumerate(kernels):
            part, ends = block.parts[place], place == len(kernels) - 1
            kept = into if ends else Region((part.rows, part.columns, part.results), numbers.width.word, random)
            sizes = _tile(block, tiling, place)
            run = KernelRun(part, sizes, numbers, sources, multiple, random, padding, None, kept)
            self._runs.append(run)
            sources = [run.results.region]

    @property
    def results(self) -> Results:
        """Where the block's results lie."""
        return self._runs[-1].results

    @property
    def operand_elements(self) -> int:
        """The most words that volatile memory has held: of what each kernel reads, and of its weights."""
        words = sum(run.weight_elements for run in self._runs) + self._runs[0].input_elements
        words += sum(run.input_elements for before, run in pairwise(self._runs) if not before.extent.adds_up)
        return words + self._runs[-1].word_elements

    @property
    def sum_elements(self) -> int:
        """The most sums of the last kernel, and of what those before have added up and the next one reads."""
        between = sum(run.input_elements for before, run in pairwise(self._runs) if before.extent.adds_up)
        return between + self._runs[-1].sum_elements

    def poison(self) -> None:
        """Volatile memory after a start."""
        for run in self._runs:
            run.poison()
        for run in self._runs[:-1]:
            run.results.region.lose()

    def perform(self, step: Step, upto: int | None = None) -> Work:
        """Do a step and count it; with ``upto``, power fails after so many commands, in the middle of the next."""
        return self._runs[step.part].perform(step, upto)


def _tile(block: Block, tiling: Tiling, place: int) -> Tiling:
    """The largest tile of one of its kernels."""
    rows = max(sizes[1 + place] for sizes in lengths(block.down, tiling.rows))
    columns = max(sizes[1 + place] for sizes in lengths(block.across, tiling.columns))
    mixing = len(block.parts) if block.mixing is None else block.mixing
    inputs = tiling.inputs if place <= mixing else tiling.outputs
    outputs = tiling.outputs if place == mixing else 1
    return replace(tiling, rows=rows, columns=columns, outputs=outputs, inputs=inputs, batch=1)
