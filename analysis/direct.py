"""A layer evaluated directly: all of it at once, from its definition, with no tiles, memories or power cycles.

This is what an execution is compared with, so it shares none of its arithmetic: windows are views, products one
contraction, and roundings floor divisions.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from ischedule.analysis.arithmetic import AnyWidth, Words
from ischedule.analysis.layer_numbers import LayerNumbers
from ischedule.models.layer import NETWORK_INPUT
from ischedule.models.lowering import lowered
from ischedule.models.network import LayerShape, Network


def evaluate_network(shapes: Sequence[LayerShape], numbers: Sequence[LayerNumbers], words: Words) -> Words:
    """The results of a chain of layers."""
    for shape, one in zip(shapes, numbers, strict=True):
        words = evaluate(shape, one, words)
    return words


def evaluate_graph(network: Network, numbers: Mapping[str, LayerNumbers], words: Words) -> dict[str, Words]:
    """The results of all layers by name, from the numbers of those that are not folded into others."""
    shapes = {kernel.name: kernel.shape for kernel in lowered(network).kernels}
    found = {NETWORK_INPUT: words}
    inputs_of = {layer.name: layer.inputs for layer in network.layers}
    for shape in network.shapes():
        inputs = [found[name] for name in inputs_of[shape.name]]
        if shape.kind == "concat":
            result = np.concatenate(inputs, axis=2)
        elif shape.name in shapes:
            result = evaluate(shapes[shape.name], numbers[shape.name], *inputs)
        else:
            result = inputs[0].reshape(shape.out_height, shape.out_width, shape.out_channels)
        found[shape.name] = result
    return found


def evaluate(shape: LayerShape, numbers: LayerNumbers, *inputs: Words) -> Words:
    """The results of one layer, channels last."""
    words = inputs[0]
    if any(one.shape != (shape.in_height, shape.in_width, shape.in_channels) for one in inputs):
        raise ValueError(f"layer {shape.name} reads another shape than {[one.shape for one in inputs]}")
    if numbers.activation is None:
        return _results(shape, numbers, inputs, words)
    becomes = dict(zip(range(numbers.width.least, numbers.width.greatest + 1), numbers.activation, strict=True))
    activated = np.vectorize(becomes.__getitem__, otypes=[numbers.width.word])
    return np.asarray(activated(_results(shape, numbers, inputs, words)))


def _results(shape: LayerShape, numbers: LayerNumbers, inputs: Sequence[Words], words: Words) -> Words:
    """What the layer makes of its inputs before an activation."""
    if shape.kind == "global_max_pool":
        return np.asarray(words.max(axis=(0, 1), keepdims=True))
    if shape.kind == "global_average_pool":
        return _rounded_mean(words, numbers.width)
    if shape.kind in ("max_pool", "average_pool"):
        return _pooled(shape, numbers.width, words)
    if shape.kind == "softmax":
        return _softmax(numbers, words)
    if shape.kind == "add":
        return _scaled(numbers, sum(one.astype(np.int64) - numbers.input_zero for one in inputs))  # type: ignore[arg-type]
    if shape.kind in ("pad", "activation", "concat"):
        return _padded(shape, words, numbers.input_zero)
    sums = _convolved(shape, numbers, words)
    if numbers.bias is not None:
        sums = sums + numbers.bias.astype(np.int64)
    return _scaled(numbers, sums)


def _padded(shape: LayerShape, words: Words, value: int) -> Words:
    """The input with padding around it."""
    top, bottom, left, right = shape.padding
    return np.pad(words, ((top, bottom), (left, right), (0, 0)), constant_values=value)


def _windows(shape: LayerShape, words: Words) -> Words:
    """[row, column, channel, tap down, tap across]: the taps of every window of a padded input."""
    reach = [(size - 1) * apart + 1 for size, apart in zip(_kernel(shape), shape.dilation, strict=True)]
    every = sliding_window_view(words, reach, axis=(0, 1))
    found: Words = every[:: shape.stride[0], :: shape.stride[1], :, :: shape.dilation[0], :: shape.dilation[1]]
    return found


def _kernel(shape: LayerShape) -> tuple[int, int]:
    return shape.kernel_height, shape.kernel_width


def _convolved(shape: LayerShape, numbers: LayerNumbers, words: Words) -> Words:
    """Exact sums of products over all windows, group by group."""
    assert numbers.weights is not None, "a layer with weights"
    centred = _padded(shape, words, numbers.input_zero).astype(np.int64) - numbers.input_zero
    windows, weights = _windows(shape, centred), numbers.weights.astype(np.int64)
    groups = shape.in_channels if shape.kind == "batch_norm" else shape.groups
    parts = zip(np.split(windows, groups, axis=2), np.split(weights, groups), strict=True)
    return np.concatenate([np.einsum("rcnij,mijn->rcm", window, weight) for window, weight in parts], axis=2)


def _pooled(shape: LayerShape, width: AnyWidth, words: Words) -> Words:
    """The maximum or rounded mean of the pixels of each window that lie in the input."""
    inside = _windows(shape, _padded(shape, np.ones_like(words, dtype=np.int64), 0))
    if shape.kind == "max_pool":
        lowest = _padded(shape, words.astype(np.int64), width.least)
        return _clipped(_windows(shape, lowest).max(axis=(3, 4)), width)
    total, number = (_windows(shape, _padded(shape, words.astype(np.int64), 0)), inside)
    return _clipped((2 * total.sum(axis=(3, 4)) + number.sum(axis=(3, 4))) // (2 * number.sum(axis=(3, 4))), width)


def _softmax(numbers: LayerNumbers, words: Words) -> Words:
    """The share of each channel, in steps of the whole range of words, to the nearest, halves upward."""
    assert numbers.exponentials is not None, "a softmax"
    counts = numbers.exponentials[words.astype(np.int64) - numbers.width.least].astype(object)
    steps = numbers.width.greatest - numbers.width.least
    whole = counts.sum(axis=2, keepdims=True)
    return _clipped((2 * counts * steps + whole) // (2 * whole) + numbers.width.least, numbers.width)


def _scaled(numbers: LayerNumbers, sums: Words) -> Words:
    """Words from sums: to the nearest, halves upward, within the range."""
    scaling = numbers.scaling
    assert scaling is not None
    whole = 2 ** scaling.shift.astype(object)
    nearest = (2 * sums.astype(object) * scaling.multiplier.astype(object) + whole) // (2 * whole) + scaling.zero
    return _clipped(nearest, numbers.width)


def _clipped(values: Words, width: AnyWidth) -> Words:
    return np.minimum(np.maximum(values, width.least), width.greatest).astype(width.word)


def _rounded_mean(words: Words, width: AnyWidth) -> Words:
    """The mean over all pixels, to the nearest word, halves upward."""
    area = words.shape[0] * words.shape[1]
    total = words.astype(np.int64).sum(axis=(0, 1), keepdims=True)
    return _clipped((2 * total + area) // (2 * area), width)
