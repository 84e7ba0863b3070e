"""The numbers of a network in the order in which firmware keeps them: weights, biases, scalings, tables."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from ischedule.analysis.arithmetic import AnyWidth, Words
from ischedule.analysis.layer_numbers import LayerNumbers
from ischedule.analysis.number_limits import require_added, require_shares
from ischedule.firmware.layer_image import MOST, LayerImage, NetworkImage
from ischedule.models.tiling import Arithmetic


@dataclass(frozen=True, slots=True)
class LayerConstants:
    """What words of a layer are shifted and clipped by, and the places of its tables among all (0: none)."""

    input_zero: int
    zero: int
    least: int
    greatest: int
    activation: int
    shares: int


@dataclass(frozen=True, slots=True, eq=False)
class NumberImage:
    """Numbers of all layers, one after the other.

    ``first_weight`` and ``first_channel`` say by the place of a kernel where its weights begin, and its output channels
    among those that have scalings; channels with biases come first. The rest is there only where numbers are given:
    ``layers`` in the order of the plan.
    """

    width: AnyWidth
    first_weight: Mapping[int, int]
    weight_count: int
    first_channel: Mapping[int, int]
    weights: Words = field(default_factory=lambda: np.zeros(0, np.int8))
    biases: Words = field(default_factory=lambda: np.zeros(0, np.int32))
    multipliers: tuple[int, ...] = ()
    shifts: tuple[int, ...] = ()
    layers: tuple[LayerConstants, ...] = ()
    activations: tuple[Words, ...] = ()
    shares: tuple[Words, ...] = ()

    @property
    def bytes(self) -> int:
        """What weights and biases take."""
        return int(self.weights.nbytes + self.biases.nbytes)


def numbers_of(image: NetworkImage, numbers: Sequence[LayerNumbers] | None) -> NumberImage:
    """Where numbers lie, and those given: one for each kernel of the network, as they are listed."""
    layers = sorted(image.layers, key=lambda layer: layer.place)
    first_weight, count = {}, 0
    for layer in layers:
        if layer.has_weights:
            first_weight[layer.place] = count
            count += weights_in(layer)
    scaled = [layer for layer in layers if _is_scaled(layer)]
    scaled.sort(key=lambda layer: not layer.extent.bias)
    first_channel, channels = {}, 0
    for layer in scaled:
        first_channel[layer.place] = channels
        channels += layer.kernel.shape.out_channels
    if channels > MOST + 1:
        raise ValueError(f"{channels} output channels with scalings, at most {MOST + 1} can be counted")
    if numbers is None:
        return NumberImage(image.width, first_weight, count, first_channel)
    for layer in image.layers:
        require_numbers(image.width, layer, numbers[layer.place])
    scalings = [scaling for layer in scaled if (scaling := numbers[layer.place].scaling) is not None]
    weighted = [weights_of(layer, numbers[layer.place]) for layer in layers if layer.has_weights]
    biases = [biases_of(layer, numbers[layer.place]) for layer in scaled if layer.extent.bias]
    tables = _Tables(image.width)
    constants = tuple(tables.constants(numbers[layer.place]) for layer in image.layers)
    return NumberImage(
        image.width,
        first_weight,
        count,
        first_channel,
        np.concatenate([np.zeros(0, image.width.word), *weighted]),
        np.concatenate([np.zeros(0, image.width.sum), *biases]),
        tuple(int(value) for scaling in scalings for value in scaling.multiplier),
        tuple(int(value) for scaling in scalings for value in scaling.shift),
        constants,
        tuple(tables.activations),
        tuple(tables.shares),
    )


def _is_scaled(layer: LayerImage) -> bool:
    return layer.has_weights or layer.extent.arithmetic is Arithmetic.ADD


def weights_in(layer: LayerImage) -> int:
    """How many weights a layer has."""
    extent = layer.extent
    return extent.groups * extent.taps * extent.outputs * extent.inputs


def weights_of(layer: LayerImage, numbers: LayerNumbers) -> Words:
    """Its weights by output channel, tap and input channel of a group; channelwise by tap and channel."""
    assert numbers.weights is not None, "a layer that multiplies has weights"
    if not layer.extent.channelwise:
        return numbers.weights.reshape(-1)
    return numbers.weights.reshape(layer.extent.inputs, layer.extent.taps).T.reshape(-1)


def biases_of(layer: LayerImage, numbers: LayerNumbers) -> Words:
    """What sums begin with, of a layer that reads it."""
    if numbers.bias is None:
        return np.zeros(layer.kernel.shape.out_channels, numbers.width.sum)
    return numbers.bias


def require_numbers(width: AnyWidth, layer: LayerImage, numbers: LayerNumbers) -> None:
    """Raise ValueError for numbers that are not those of this layer, or that kernels cannot add up."""
    name, extent, channels = layer.kernel.name, layer.extent, layer.kernel.shape.out_channels
    if numbers.width is not width:
        raise ValueError(f"numbers of {name} are {numbers.width}, the network's {width}")
    if layer.has_weights and (numbers.weights is None or numbers.weights.size != weights_in(layer)):
        raise ValueError(f"{name} has {weights_in(layer)} weights")
    if _is_scaled(layer) and (numbers.scaling is None or len(numbers.scaling.shift) != channels):
        raise ValueError(f"{name} has a scaling for each of {channels} channels")
    if numbers.bias is not None and not extent.bias:
        raise ValueError(f"{name} reads no bias")
    if numbers.takes_maximum != layer.takes_maximum:
        raise ValueError(f"{name} is a {layer.kernel.shape.kind}")
    if extent.arithmetic is Arithmetic.SOFTMAX:
        if numbers.exponentials is None:
            raise ValueError(f"{name} says what each word counts for")
        require_shares(width, numbers.exponentials, extent.inputs)
    if extent.arithmetic is Arithmetic.ADD:
        assert numbers.scaling is not None, "an addition has a scaling"
        require_added(width, numbers.scaling, layer.sources)


class _Tables:
    """The tables of all layers, equal ones once."""

    def __init__(self, width: AnyWidth) -> None:
        self._width = width
        self.activations: list[Words] = []
        self.shares: list[Words] = []

    def constants(self, numbers: LayerNumbers) -> LayerConstants:
        """Those of a layer; an activation that clips is one of two limits, any other a table."""
        width, table = self._width, numbers.activation
        least, greatest, place = width.least, width.greatest, 0
        if table is not None:
            words = np.arange(width.least, width.greatest + 1)
            if (np.clip(words, table.min(), table.max()) == table).all():
                least, greatest = int(table.min()), int(table.max())
            else:
                place = _place(self.activations, table)
        shares = 0 if numbers.exponentials is None else _place(self.shares, numbers.exponentials)
        zero = 0 if numbers.scaling is None else numbers.scaling.zero
        return LayerConstants(numbers.input_zero, zero, least, greatest, place, shares)


def _place(tables: list[Words], table: Words) -> int:
    """The place of a table among all, from 1."""
    for place, other in enumerate(tables, 1):
        if np.array_equal(table, other):
            return place
    tables.append(table)
    return len(tables)
