"""Zeros of a network's tensors: a kernel writes words with a zero, and who reads them has to take it for the same.

Of an addition all sources have one zero, and so have the parts of a concatenation. Kernels that neither scale nor look
up a table pass the zero on that they read.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from ischedule.analysis.arithmetic import AnyWidth, FixedPoint
from ischedule.analysis.layer_numbers import LayerNumbers, random_network
from ischedule.models.lowering import Lowered


def drawn_numbers(network: Lowered, width: AnyWidth, random: np.random.Generator) -> list[LayerNumbers]:
    """Random numbers for the kernels of a network."""
    return with_zeros(network, random_network([kernel.shape for kernel in network.kernels], width, random))


def with_zeros(network: Lowered, numbers: Sequence[LayerNumbers]) -> list[LayerNumbers]:
    """The numbers with the zeros made one that have to be: of those that kernels write the first."""
    zeros = _Zeros(network, numbers)
    found = []
    for kernel, one in zip(network.kernels, numbers, strict=True):
        read, written = zeros.of(kernel.reads[0]), zeros.of(kernel.writes)
        if one.scaling is not None and one.scaling.zero != written:
            one = replace(one, scaling=replace(one.scaling, zero=written))
        found.append(one if one.input_zero == read else replace(one, input_zero=read))
    return found


class _Zeros:
    """Tensors in classes of one zero."""

    def __init__(self, network: Lowered, numbers: Sequence[LayerNumbers]) -> None:
        self._same = list(range(len(network.tensors)))
        for kernel, one in zip(network.kernels, numbers, strict=True):
            passes = one.scaling is None and one.exponentials is None
            for tensor in (*kernel.reads[1:], *((kernel.writes,) if passes else ())):
                self._same[self._class(tensor)] = self._class(kernel.reads[0])
        self._zeros = {self._class(0): 0}
        for kernel, one in zip(network.kernels, numbers, strict=True):
            if one.scaling is not None:
                self._zeros.setdefault(self._class(kernel.writes), one.scaling.zero)
        for kernel, one in zip(network.kernels, numbers, strict=True):
            if one.exponentials is not None:
                self._zeros[self._class(kernel.writes)] = zero_of_shares(one.width)

    def of(self, tensor: int) -> int:
        """The zero of a tensor."""
        return self._zeros[self._class(tensor)]

    def _class(self, tensor: int) -> int:
        while self._same[tensor] != tensor:
            tensor = self._same[tensor]
        return tensor


def zero_of_shares(width: AnyWidth) -> int:
    """The word that stands for no share at all in the results of a softmax; in fixed point zero is 0 everywhere."""
    return 0 if isinstance(width, FixedPoint) else width.least
