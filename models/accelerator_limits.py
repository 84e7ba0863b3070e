"""What keeps layers from running on an accelerator: the limits that the device states, each with the layer's name."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from ischedule.models.accelerator import LayerAccelerator, Limits, Loading
from ischedule.models.accelerator_layer import AcceleratorLayer
from ischedule.models.errors import InvalidValue
from ischedule.models.layer import CONVOLUTIONS, GLOBAL_POOLS, WINDOW_POOLS, LayerShape, TensorShape
from ischedule.models.lowering import Kernel
from ischedule.models.quantities import MEMORY, show_exact

POOLS = (*WINDOW_POOLS, *GLOBAL_POOLS)
_KINDS = (*CONVOLUTIONS, "dense", "add", *POOLS)
INSTEAD = {
    "softmax": "leave it out and let software compute it from the result",
    "pad": "pad in the convolution that follows",
    "concat": "use a network without it",
    "batch_norm": "let it follow a convolution that only it reads, and leave fold at true",
    "activation": "let it follow a layer that only it reads, and leave fold at true",
}
"""Kinds of layers that no accelerator of layers runs by themselves, and what to do about them."""


class NotRunnable(InvalidValue):
    """A layer, its name the value, that the accelerator cannot run; where it stands is found by its name."""


def check_kernel(kernel: Kernel, limits: Limits) -> None:
    """Refuse a kernel that the accelerator has no circuit for."""
    for name, problem, remedy in _faults(kernel, limits):
        raise NotRunnable(name, problem, remedy)


def _faults(kernel: Kernel, limits: Limits) -> Iterator[tuple[str, str, str]]:
    shape = kernel.shape
    if shape.kind not in _KINDS:
        yield (
            shape.name,
            f"is a {shape.kind} layer by itself, which cannot run",
            INSTEAD.get(shape.kind, "leave it out"),
        )
    if shape.activation is not None and shape.activation not in limits.activations:
        remedy = f"use {' or '.join(limits.activations) or 'no activation'}"
        yield kernel.layers[-1], f"ends with {shape.activation}, which cannot be computed", remedy
    channels = max(shape.out_channels, shape.in_elements if shape.kind == "dense" else shape.in_channels)
    if channels > limits.channels:
        yield shape.name, f"has {channels} channels, at most {limits.channels} are possible", "use fewer channels"
    if shape.kind == "add" and shape.sources > limits.operands:
        problem = f"adds {shape.sources} tensors, at most {limits.operands} are possible"
        yield shape.name, problem, "add fewer at once"
    faults = _convolution_faults if shape.kind in CONVOLUTIONS else _pooling_faults if shape.kind in POOLS else None
    for problem, remedy in faults(shape, limits) if faults is not None else ():
        yield shape.name, problem, remedy


def _convolution_faults(shape: LayerShape, limits: Limits) -> Iterator[tuple[str, str]]:
    kernel = (shape.kernel_height, shape.kernel_width)
    if shape.kind == "conv1d":
        if kernel[0] > limits.kernel_1d:
            yield f"has a kernel of {kernel[0]}, which cannot run", f"use a kernel of 1 to {limits.kernel_1d}"
    elif kernel not in limits.kernels_2d:
        possible = " or ".join(f"{height}x{width}" for height, width in limits.kernels_2d)
        yield f"has a kernel of {kernel[0]}x{kernel[1]}, which cannot run", f"use {possible}"
    if shape.stride != (1, 1):
        yield "moves its window by a stride above 1, which cannot run", "use stride 1 and pool before it"
    if shape.dilation != (1, 1):
        yield "is dilated, which cannot run", "use dilation 1"
    if shape.groups != 1:
        yield f"has {shape.groups} groups, which cannot run", "use one group"
    top, bottom, left, right = shape.padding
    if top != bottom or left != right:
        yield "is padded more at one side than at the other, which cannot run", "pad both sides alike"
    for padding, side in ((top, kernel[0]), (left, kernel[1])):
        most = min(limits.padding, side - 1)
        if padding > most:
            yield f"is padded by {padding} with a kernel side of {side}, at most {most} can run", "pad less"


def _pooling_faults(shape: LayerShape, limits: Limits) -> Iterator[tuple[str, str]]:
    largest = max(shape.kernel_height, shape.kernel_width, *shape.stride)
    if largest > limits.pooling:
        yield f"pools with a side or stride of {largest}, at most {limits.pooling} can run", "pool in two steps"
    if any(shape.padding):
        yield "pools a padded tensor, which cannot run", "use no padding"


def check_side(name: str, what: str, shape: TensorShape, limits: Limits) -> None:
    """Refuse a tensor with a side that is too long; `what` the layer does with it."""
    side = max(shape.height, shape.width)
    if side > limits.side:
        raise NotRunnable(name, f"{what} a tensor with a side of {side}, at most {limits.side} is possible", "use less")


def check_held(layers: Sequence[AcceleratorLayer], device: LayerAccelerator) -> None:
    """Refuse more layers, weights or biases than the accelerator holds at a time."""
    limits = device.limits
    if len(layers) > limits.layers:
        name = layers[limits.layers].name
        raise NotRunnable(name, f"is one of {len(layers)} layers, at most {limits.layers} are held", "use fewer layers")
    for what, sizes, most in (
        ("weights", [_held_weights(layer, device) for layer in layers], limits.weight_memory),
        ("biases", [layer.biases * device.word_bytes for layer in layers], limits.bias_memory),
    ):
        if sum(sizes) > most:
            largest = max(zip(sizes, layers, strict=True), key=lambda one: one[0])[1]
            need, room = show_exact(sum(sizes), MEMORY), show_exact(most, MEMORY)
            problem = f"is the largest of {len(layers)} layers whose {what} take {need}, there are {room}"
            remedy = "use fewer channels"
            if device.loading is not Loading.LAYER:
                remedy += ', or a device with "loading": "layer"'
            raise NotRunnable(largest.name, problem, remedy)


def _held_weights(layer: AcceleratorLayer, device: LayerAccelerator) -> int:
    """What the weights of a layer occupy: all processors hold as many as the one with most of its channels."""
    of_each = layer.passes * layer.out.channels * layer.kernel[0] * layer.kernel[1] if layer.weights else 0
    return device.processors * of_each * device.word_bytes
