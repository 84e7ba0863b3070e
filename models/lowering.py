"""From the layers of a network to what a device runs: kernels, and the tensors that they leave in memory.

Batch normalisations and activations are computed by the kernel before them where nothing else reads its result (and the
network does not switch it off): a normalisation scales weights and adds a bias. Flattening and reshaping only rename a
tensor. The inputs of a concatenation that only it reads are written where the whole is wanted; others are copied there.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Final

from ischedule.models.layer import CONVOLUTIONS, GLOBAL_POOLS, NETWORK_INPUT, WINDOW_POOLS, LayerShape, NetworkError
from ischedule.models.network import Network
from ischedule.models.tiling import Arithmetic, Extent

_WEIGHTED: Final = (*CONVOLUTIONS, "dense")
_FINISHING: Final = (*_WEIGHTED, *WINDOW_POOLS, "add", "batch_norm")
"""Kinds whose kernels have each result in volatile memory before they store it."""

_RENAMING: Final = ("flatten", "reshape")


@dataclass(frozen=True, slots=True)
class Kernel:
    """One loop nest to run: of the layer that gives it its name, with others folded into it.

    ``shape`` has the bias and the activation that came with them. ``reads`` and ``writes`` are tensors by their places;
    of a concatenation it fills the channels from ``first_channel``.
    """

    name: str
    layers: tuple[str, ...]
    shape: LayerShape
    reads: tuple[int, ...]
    writes: int
    first_channel: int = 0

    @property
    def stored_elements(self) -> int:
        """How many results it stores."""
        return self.shape.out_elements

    @property
    def parameters(self) -> int:
        """How many weights and biases it has."""
        return self.shape.weights + self.shape.parameters


@dataclass(frozen=True, slots=True)
class Lowered:
    """The kernels in an order in which they can run, and the sizes of the tensors; the first is the network's input."""

    kernels: tuple[Kernel, ...]
    tensors: tuple[int, ...]

    def reads(self, run: Sequence[int]) -> tuple[int, ...]:
        """The tensors that kernels read from memory which run as one; what each keeps for the next is not there."""
        return tuple(tensor for place in run for tensor in self.fetched(run, place))

    def fetched(self, run: Sequence[int], place: int) -> tuple[int, ...]:
        """Those that one of these kernels reads."""
        kept = {self.kernels[before].writes for before in run[:-1]}
        return tuple(tensor for tensor in self.kernels[place].reads if tensor not in kept)

    def needs(self) -> list[set[int]]:
        """For each kernel those whose results it reads."""
        makers: dict[int, list[int]] = {}
        for index, kernel in enumerate(self.kernels):
            makers.setdefault(kernel.writes, []).append(index)
        return [{maker for tensor in kernel.reads for maker in makers.get(tensor, ())} for kernel in self.kernels]


@lru_cache(16)
def lowered(network: Network) -> Lowered:
    """What a device runs to compute the network."""
    return _Lowering(network).lowered()


class _Lowering:
    """The layers of a network in order, each one a kernel, part of one, or another name of a tensor."""

    def __init__(self, network: Network) -> None:
        self.network = network
        self.readers = Counter(name for layer in network.layers for name in layer.inputs)
        self.kernels: list[Kernel] = []
        self.tensors = [network.input.elements]
        self.home = {NETWORK_INPUT: 0}
        self.tails: dict[str, int] = {}
        """The kernels whose results have no further name, by the last of their layers."""

    def lowered(self) -> Lowered:
        inputs_of = {layer.name: layer.inputs for layer in self.network.layers}
        for shape in self.network.shapes():
            inputs = inputs_of[shape.name]
            if shape.kind in _RENAMING:
                self.home[shape.name] = self.home[inputs[0]]
            elif shape.kind == "concat":
                self._concat(shape, inputs)
            elif not self._folds(shape, inputs[0]):
                self._add(shape, inputs, self._tensor(shape.name, shape.out_elements))
                self.tails[shape.name] = len(self.kernels) - 1
        if not self.kernels:
            problem = "only give the input other names: there is nothing to run"
            raise NetworkError(self.network.layers[0].name, problem, "add a layer that computes", ".layers")
        return self._numbered()

    def _tensor(self, name: str, elements: int) -> int:
        self.tensors.append(elements)
        self.home[name] = len(self.tensors) - 1
        return self.home[name]

    def _add(self, shape: LayerShape, inputs: Sequence[str], writes: int, name: str = "") -> None:
        reads = tuple(self.home[one] for one in inputs)
        self.kernels.append(Kernel(name or shape.name, (shape.name,), shape, reads, writes))

    def _folds(self, shape: LayerShape, source: str) -> bool:
        """Whether the layer is computed by the kernel before it, which then is."""
        index = self.tails.get(source)
        if not self.network.fold or index is None or self.readers[source] != 1:
            return False
        kernel = self.kernels[index]
        before = kernel.shape
        if shape.kind == "batch_norm" and before.kind in _WEIGHTED and before.activation is None:
            folded = replace(before, bias=True, activation=shape.activation)
        elif shape.kind == "activation" and before.kind in _FINISHING and before.activation is None:
            folded = replace(before, activation=shape.activation)
        else:
            return False
        self.kernels[index] = replace(kernel, layers=(*kernel.layers, shape.name), shape=folded)
        self.home[shape.name] = self.home[source]
        self.tails[shape.name] = self.tails.pop(source)
        return True

    def _concat(self, shape: LayerShape, inputs: Sequence[str]) -> None:
        """Let each input be written into the whole, or copy it there."""
        whole = self._tensor(shape.name, shape.out_elements)
        first = 0
        for source in inputs:
            index = self.tails.pop(source, None) if self.readers[source] == 1 else None
            if index is not None:
                self.tensors[self.kernels[index].writes] = 0
                self.kernels[index] = replace(self.kernels[index], writes=whole, first_channel=first)
                self.home[source] = whole
                first += self.kernels[index].shape.out_channels
                continue
            channels = self._channels(source)
            copied = replace(shape, in_channels=channels, out_channels=channels, sources=1)
            self._add(copied, [source], whole, f"{shape.name} of {source}")
            self.kernels[-1] = replace(self.kernels[-1], first_channel=first)
            first += channels

    def _channels(self, name: str) -> int:
        if name == NETWORK_INPUT:
            return self.network.input.channels
        return next(shape.out_channels for shape in self.network.shapes() if shape.name == name)

    def _numbered(self) -> Lowered:
        """Without the tensors that have become part of another."""
        kept = [index for index, elements in enumerate(self.tensors) if elements]
        place = {tensor: index for index, tensor in enumerate(kept)}
        kernels = [
            replace(one, reads=tuple(place[tensor] for tensor in one.reads), writes=place[one.writes])
            for one in self.kernels
        ]
        return Lowered(tuple(kernels), tuple(self.tensors[tensor] for tensor in kept))


def forms_of(shape: LayerShape, dense_as_channels: bool) -> tuple[Extent, ...]:
    """The loop nests that compute a layer: as given, and for a dense layer also with its whole input as channels."""
    if shape.kind in GLOBAL_POOLS:
        return (Extent(shape.in_height, shape.in_width, shape.in_channels, 1, 1, 1, pooling=True),)
    if shape.kind not in _WEIGHTED or (shape.is_depthwise and shape.groups > 1):
        return (_channelwise(shape),)
    groups = shape.groups
    given = Extent(
        shape.out_height,
        shape.out_width,
        shape.out_channels // groups,
        shape.in_channels // groups,
        shape.kernel_height,
        shape.kernel_width,
        stride=shape.stride,
        dilation=shape.dilation,
        groups=groups,
        bias=shape.bias,
        finish=shape.activation is not None,
    )
    taps = shape.kernel_height * shape.kernel_width
    if shape.kind != "dense" or taps == 1 or not dense_as_channels:
        return (given,)
    flat = Extent(1, 1, shape.out_channels, shape.in_elements, 1, 1, bias=given.bias, finish=given.finish)
    return given, flat


_ARITHMETIC: Final = {
    "max_pool": Arithmetic.POOL,
    "average_pool": Arithmetic.POOL,
    "add": Arithmetic.ADD,
    "concat": Arithmetic.COPY,
    "activation": Arithmetic.COPY,
    "pad": Arithmetic.COPY,
    "softmax": Arithmetic.SOFTMAX,
}
"""What channelwise layers do; others multiply: a normalisation by itself is a filter of one tap with a bias."""


def _channelwise(shape: LayerShape) -> Extent:
    windowed = shape.kind in (*CONVOLUTIONS, *WINDOW_POOLS)
    return Extent(
        shape.out_height,
        shape.out_width,
        1,
        shape.out_channels,
        shape.kernel_height if windowed else 1,
        shape.kernel_width if windowed else 1,
        stride=shape.stride if windowed else (1, 1),
        dilation=shape.dilation if windowed else (1, 1),
        channelwise=True,
        arithmetic=_ARITHMETIC.get(shape.kind, Arithmetic.MULTIPLY),
        sources=shape.sources if shape.kind == "add" else 1,
        bias=shape.bias or shape.kind == "batch_norm",
        finish=shape.activation is not None,
    )
