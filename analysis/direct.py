"""A layer evaluated directly: all of it at once, from its definition, with no tiles, memories or power cycles.

This is what an execution is compared with, so it shares none of its arithmetic: windows are views, products one
contraction, and roundings floor divisions.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from ischedule.analysis.arithmetic import Width, Words
from ischedule.analysis.layer_numbers import LayerNumbers
from ischedule.models.network import LayerShape


def evaluate_network(shapes: Sequence[LayerShape], numbers: Sequence[LayerNumbers], words: Words) -> Words:
    """The results of a chain of layers."""
    for shape, one in zip(shapes, numbers, strict=True):
        words = evaluate(shape, one, words)
    return words


def evaluate(shape: LayerShape, numbers: LayerNumbers, words: Words) -> Words:
    """The results of one layer, channels last."""
    if words.shape != (shape.in_height, shape.in_width, shape.in_channels):
        raise ValueError(f"layer {shape.name} reads another shape than {words.shape}")
    if shape.kind == "global_average_pool":
        return _rounded_mean(words, numbers.width)
    assert numbers.weights is not None, "a layer with weights"
    sums = _convolved(shape, numbers, words)
    if numbers.bias is not None:
        sums = sums + numbers.bias.astype(np.int64)
    results = _scaled(numbers, sums)
    if numbers.activation is not None:
        becomes = dict(zip(range(numbers.width.least, numbers.width.greatest + 1), numbers.activation, strict=True))
        results = np.vectorize(becomes.__getitem__, otypes=[numbers.width.word])(results)
    return results


def _convolved(shape: LayerShape, numbers: LayerNumbers, words: Words) -> Words:
    """Exact sums of products over all windows."""
    assert numbers.weights is not None
    centred = words.astype(np.int64) - numbers.input_zero
    windows = sliding_window_view(centred, (shape.kernel_height, shape.kernel_width), axis=(0, 1))
    sums: Words = np.einsum("rcnij,mijn->rcm", windows, numbers.weights.astype(np.int64))
    return sums


def _scaled(numbers: LayerNumbers, sums: Words) -> Words:
    """Words from sums: to the nearest, halves upward, within the range."""
    scaling = numbers.scaling
    assert scaling is not None
    whole = 2 ** scaling.shift.astype(object)
    nearest = (2 * sums.astype(object) * scaling.multiplier.astype(object) + whole) // (2 * whole) + scaling.zero
    return _clipped(nearest, numbers.width)


def _clipped(values: Words, width: Width) -> Words:
    return np.minimum(np.maximum(values, width.least), width.greatest).astype(width.word)


def _rounded_mean(words: Words, width: Width) -> Words:
    """The mean over all pixels, to the nearest word, halves upward."""
    area = words.shape[0] * words.shape[1]
    total = words.astype(np.int64).sum(axis=(0, 1), keepdims=True)
    return _clipped((2 * total + area) // (2 * area), width)
