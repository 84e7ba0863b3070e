"""A block's design performed step by step: its kernels share volatile memory, where the maps between them lie.

Each kernel's results are lost as soon as the next one has taken those of a patch: what two patches need is computed
twice, or it is missing. Sums become words where they are, so that only the last kernel's take places of their own.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np

from ischedule.analysis.kernel_run import KernelRun
from ischedule.analysis.layer_numbers import LayerNumbers
from ischedule.analysis.memories import Region
from ischedule.analysis.stored_results import Results
from ischedule.models.block import Block, lengths
from ischedule.models.layer import Sides
from ischedule.models.nest import Step, Work
from ischedule.models.tiling import Tiling


@dataclass(frozen=True, slots=True)
class Member:
    """A kernel of a block: its numbers, its padding, and what it reads besides the results of the one before it."""

    numbers: LayerNumbers
    padding: Sides
    sources: Sequence[Region]


class BlockRun:
    """The runs of a block's kernels, each reading what the one before keeps."""

    def __init__(
        self,
        block: Block,
        tiling: Tiling,
        members: Sequence[Member],
        multiple: int,
        random: np.random.Generator,
        into: Region | None = None,
    ) -> None:
        self.extent, self.tiling, self.numbers = block, tiling, members[-1].numbers
        self._runs: list[KernelRun] = []
        for place, one in enumerate(members):
            part, ends = block.parts[place], place == len(members) - 1
            kept = into if ends else Region((part.rows, part.columns, part.results), one.numbers.width.word, random)
            before = self._runs[-1].results.region if place else None
            run = KernelRun(
                part,
                _tile(block, tiling, place),
                one.numbers,
                one.sources,
                multiple,
                random,
                one.padding,
                into=kept,
                before=before,
            )
            self._runs.append(run)

    @property
    def results(self) -> Results:
        """Where the block's results lie."""
        return self._runs[-1].results

    @property
    def operand_elements(self) -> int:
        """The most words that volatile memory has held: of what each kernel reads, and of its weights."""
        words = sum(run.weight_elements + run.fetched_elements for run in self._runs)
        words += sum(run.taken_elements for before, run in pairwise(self._runs) if not before.extent.adds_up)
        return words + self._runs[-1].word_elements

    @property
    def sum_elements(self) -> int:
        """The most sums of the last kernel, and of what those before have added up and the next one reads."""
        between = sum(run.taken_elements for before, run in pairwise(self._runs) if before.extent.adds_up)
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
    reads, makes = block.channels(place, block.parts[0].inputs, tiling.inputs, tiling.outputs)
    outputs = 1 if block.parts[place].channelwise else makes
    return replace(tiling, rows=rows, columns=columns, outputs=outputs, inputs=reads, batch=1)
