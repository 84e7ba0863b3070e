"""Mixes of criteria over whole columns, bit for bit those of `criteria`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ischedule.models.criteria import Change, Weights, changed
from ischedule.models.goal import Criterion
from ischedule.models.program import Program

Integers = NDArray[np.int64]

_EXACT_BITS: Final = 60
"""A sum of three products of so many bits is exact in 64."""


class ArrayChange(Change):
    """A change that is made in bulk where 64 bits hold it."""

    __slots__ = ()

    def column(self, drain: Sequence[int], time: Sequence[int], stored: Sequence[int], ended: int) -> Sequence[int]:
        found: list[int] = self.array(drain, time, stored, ended).tolist()
        return found

    def array(self, drain: ArrayLike, time: ArrayLike, stored: ArrayLike, ended: int) -> Integers:
        """`column` as an array."""
        drains = np.asarray(drain, dtype=np.int64)
        amounts = {
            Criterion.ENERGY: drains,
            Criterion.WRITTEN: np.asarray(stored, dtype=np.int64),
            Criterion.CYCLES: np.full_like(drains, ended),
        }
        most = max((weight * max(1, int(amounts[one].max())) for one, weight in self.weights.items()), default=0)
        if most.bit_length() > _EXACT_BITS:
            first, second, third = (np.asarray(one).tolist() for one in (drain, time, stored))
            return np.array(super().column(first, second, third, ended), dtype=np.int64)
        raised = np.zeros_like(drains)
        for one, weight in self.weights.items():
            raised += weight * amounts[one]
        return np.asarray(self.latency * np.asarray(time, dtype=np.int64) + raised // self.scale)


def weighed_array(program: Program, weights: Weights, scale: int = 1) -> Program:
    """`weighed`, sooner for programs of many explicit designs."""
    return changed(program, ArrayChange.of(weights, scale))
