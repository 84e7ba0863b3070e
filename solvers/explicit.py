"""Stages whose designs are given, in the columns that the forward pass works on."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ischedule.models.program import ExplicitStage
from ischedule.solvers.sweep import Lanes

Index = NDArray[np.intp]


@dataclass(frozen=True)
class ExplicitSpace:
    """The chains of a stage that fit volatile memory."""

    stage: ExplicitStage
    fitting: tuple[int, ...]

    def __len__(self) -> int:
        return len(self.fitting)

    def design(self, index: int) -> int:
        """The stage's own number of a design."""
        return self.fitting[index]

    def lanes(self, chosen: Index) -> Iterator[tuple[Index, Lanes]]:
        """Each chain by itself: they may differ in everything."""
        for index in chosen.tolist():
            yield np.array([index]), _lanes(self.stage, self.fitting[index])


def explicit_space(stage: ExplicitStage) -> ExplicitSpace:
    """The designs of a stage that fit."""
    return ExplicitSpace(stage, tuple(index for index in range(len(stage.designs)) if stage.fits(index)))


def _lanes(stage: ExplicitStage, index: int) -> Lanes:
    chain = stage.chain(index)
    drain, time, *ends = (np.asarray(column, dtype=np.int64)[:, None] for column in chain.columns()[:6])
    sums = [np.concatenate([np.zeros((1, 1), dtype=np.int64), np.cumsum(column, axis=0)]) for column in (drain, time)]
    cut = np.asarray(chain.cut, dtype=bool)[:, None]
    return Lanes(np.array([len(chain)]), sums[0], sums[1], ends[0], ends[1], ends[2], ends[3], cut)
