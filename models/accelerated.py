"""From the layers of a network to those that an accelerator runs, and what keeps a network from running there.

Activations and normalisations are part of the layer before them as in every lowering. A pooling or a sum that only one
convolution reads is done on its way in; others are layers of their own. What the accelerator cannot do is refused with
the name of the layer: the limits are those that the device states.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, replace
from functools import lru_cache

from ischedule.models.accelerator import LayerAccelerator, Loading
from ischedule.models.accelerator_layer import AcceleratorLayer
from ischedule.models.accelerator_limits import INSTEAD, POOLS, NotRunnable, check_held, check_kernel, check_side
from ischedule.models.layer import CONVOLUTIONS, NetworkError, TensorShape
from ischedule.models.lowering import Kernel, Lowered, lowered
from ischedule.models.network import Network

Groups = tuple[tuple[str, ...], ...]
"""Layers of a network by name, in groups that run interleaved."""


@dataclass(frozen=True)
class Accelerated:
    """The layers in the order in which they run, and all tensors; the first is the network's input.

    ``groups`` gives each layer the number of the group with which it runs: its own, or that of a streaming group.
    """

    layers: tuple[AcceleratorLayer, ...]
    tensors: tuple[TensorShape, ...]
    groups: tuple[int, ...]

    def streams(self, index: int) -> bool:
        """Whether a layer runs interleaved with others."""
        return self.groups.count(self.groups[index]) > 1

    def ends_group(self, index: int) -> bool:
        """Whether what follows a layer runs after it."""
        return index + 1 == len(self.layers) or self.groups[index + 1] != self.groups[index]


@lru_cache(16)
def accelerated(network: Network, device: LayerAccelerator, streaming: Groups = ()) -> Accelerated:
    """The network as the device runs it; raises `NetworkError` for what it cannot run."""
    acceleration = _Acceleration(network, device)
    try:
        return acceleration.accelerated(streaming)
    except NotRunnable as error:
        index = [layer.name for layer in network.layers].index(str(error.value))
        problem = f"{error.problem} on the device {device.name}"
        raise NetworkError(error.value, problem, error.remedy, f".layers[{index}].name") from None


class _Acceleration:
    """One network on its way to an accelerator."""

    def __init__(self, network: Network, device: LayerAccelerator) -> None:
        self.network, self.device = network, device
        self.kernels = lowered(network).kernels
        self.shapes = _tensor_shapes(network, lowered(network))
        self.readers = Counter(tensor for kernel in self.kernels for tensor in kernel.reads)

    def _check_values(self) -> None:
        width = self.network.width
        if width is not None and width != self.device.word_bytes:
            problem = f"is not the width of the device's values, which is int{8 * self.device.word_bytes}"
            raise NetworkError(f"int{8 * width}", problem, f'write "int{8 * self.device.word_bytes}"', ".width")
        if self.network.sums is not None:
            problem = "is about sums in memory, and the device keeps them inside"
            raise NetworkError(f"int{8 * self.network.sums}", problem, "remove it", ".sums")
        if self.network.fuse:
            problem = "is about tiles, and the device runs whole layers"
            raise NetworkError(True, problem, "remove it, or state streaming groups", ".fuse")
        for layer in self.network.layers:
            if layer.kind in ("concat", "softmax", "pad"):
                raise NotRunnable(layer.name, f"is a {layer.kind} layer, which cannot run", INSTEAD[layer.kind])

    def accelerated(self, streaming: Groups) -> Accelerated:
        """The whole network, everything checked."""
        self._check_values()
        self._check_reshaped()
        entries = {kernel.writes: kernel for kernel in self.kernels if self._is_entry(kernel)}
        layers = tuple(self._layer(kernel, entries) for kernel in self.kernels if kernel.writes not in entries)
        check_side(layers[0].name, "reads", self.shapes[0], self.device.limits)
        for layer in layers:
            check_side(layer.name, "makes", self.shapes[layer.writes], self.device.limits)
        built = Accelerated(layers, self.shapes, tuple(range(len(layers))))
        built = replace(built, groups=self._groups(built, streaming))
        self._check_memories(built)
        return built

    def _check_reshaped(self) -> None:
        """Refuse layers that read a tensor in another shape than it was made in; dense layers flatten by themselves."""
        for kernel in self.kernels:
            shape = kernel.shape
            seen = TensorShape(shape.in_channels, shape.in_height, shape.in_width)
            if shape.kind != "dense" and any(self.shapes[tensor] != seen for tensor in kernel.reads):
                problem = f"reads a reshaped tensor, {seen}, which cannot run"
                raise NotRunnable(shape.name, problem, "flatten before dense layers only")

    def _is_entry(self, kernel: Kernel) -> bool:
        """Whether a pooling or a sum is done on the way into the convolution that reads it."""
        shape = kernel.shape
        if shape.kind not in ("add", *POOLS) or shape.activation is not None or self.readers[kernel.writes] != 1:
            return False
        reader = next(one for one in self.kernels if kernel.writes in one.reads)
        return reader.shape.kind in CONVOLUTIONS

    def _layer(self, kernel: Kernel, entries: dict[int, Kernel]) -> AcceleratorLayer:
        check_kernel(kernel, self.device.limits)
        entry = entries.get(kernel.reads[0]) if kernel.shape.kind in CONVOLUTIONS else None
        before = kernel if entry is None else entry
        if entry is not None:
            check_kernel(entry, self.device.limits)
        pools = before.shape.kind in POOLS
        shape, convolves = kernel.shape, kernel.shape.kind in (*CONVOLUTIONS, "dense")
        pooled = self.shapes[before.writes] if entry is not None or pools else self.shapes[before.reads[0]]
        flattens = shape.kind == "dense" and pooled.height * pooled.width > 1
        return AcceleratorLayer(
            name=shape.name,
            layers=(*(() if entry is None else entry.layers), *kernel.layers),
            pooled=TensorShape(shape.in_elements, 1, 1) if flattens else pooled,
            out=self.shapes[kernel.writes],
            passes=-(-pooled.channels // self.device.processors) * (pooled.height * pooled.width if flattens else 1),
            reads=before.reads,
            writes=kernel.writes,
            pool=(before.shape.kernel_height, before.shape.kernel_width) if pools else (1, 1),
            kernel=(shape.kernel_height, shape.kernel_width) if shape.kind in CONVOLUTIONS else (1, 1),
            padding=(shape.padding[0], shape.padding[2]) if shape.kind in CONVOLUTIONS else (0, 0),
            convolves=convolves,
            flattens=flattens,
            weights=shape.weights,
            biases=shape.biases,
            wide=convolves and shape.activation is None,
        )

    def _groups(self, built: Accelerated, streaming: Groups) -> tuple[int, ...]:
        """The group of each layer, streaming groups checked."""
        groups = list(built.groups)
        maker = {name: index for index, layer in enumerate(built.layers) for name in layer.layers}
        for names in streaming:
            places = sorted({maker[name] for name in names if name in maker})
            unknown = [name for name in names if name not in maker]
            if unknown:
                raise NetworkError(unknown[0], "streams, and is no layer that runs", "name a layer of the network")
            first = built.layers[places[0]].name
            if places != list(range(places[0], places[-1] + 1)):
                raise NotRunnable(first, "streams with layers that do not follow each other", "name a run of layers")
            if len(places) > self.device.limits.streaming:
                problem = (
                    f"streams with {len(places) - 1} others, at most {self.device.limits.streaming} stream together"
                )
                raise NotRunnable(first, problem, "make smaller groups")
            if any(groups[place] != place for place in places):
                raise NotRunnable(first, "streams in two groups", "name each layer once")
            for place in places[:-1]:
                inner = built.layers[place]
                if self.readers[inner.writes] != 1 or built.layers[place + 1].reads != (inner.writes,):
                    raise NotRunnable(inner.name, "streams into layers that do not only read it", "end the group there")
            groups[places[0] : places[-1] + 1] = [places[0]] * len(places)
        return tuple(groups)

    def _check_memories(self, built: Accelerated) -> None:
        """Refuse more layers, weights or biases than are held at a time: of one group, or of the whole network."""
        together: dict[int, list[AcceleratorLayer]] = {}
        for index, layer in enumerate(built.layers):
            group = built.groups[index] if self.device.loading is Loading.LAYER else 0
            together.setdefault(group, []).append(layer)
        for layers in together.values():
            check_held(layers, self.device)


def _tensor_shapes(network: Network, kernels: Lowered) -> tuple[TensorShape, ...]:
    """Of every tensor its shape."""
    shapes = {0: network.input}
    for kernel in kernels.kernels:
        shape = kernel.shape
        shapes[kernel.writes] = TensorShape(shape.out_channels, shape.out_height, shape.out_width)
    return tuple(shapes[tensor] for tensor in range(len(kernels.tensors)))
