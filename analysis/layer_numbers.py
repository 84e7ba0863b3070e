"""What a layer computes with besides its input: weights, how sums become words, and its activation.

Networks of a case have shapes and no weights. Random ones serve where only the order of the work is at stake; they are
scaled so that results spread over their words, neither constant nor clipped.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from math import isqrt

import numpy as np

from ischedule.analysis.arithmetic import Scaling, Width, Words
from ischedule.models.network import LayerShape, TensorShape


@dataclass(frozen=True, slots=True, eq=False)
class LayerNumbers:
    """The numbers of one layer; ``weights`` are [output channel, kernel row, kernel column, input channel].

    ``input_zero`` is the word that stands for zero in what the layer reads. Sums begin at the ``bias`` of their output
    channel; ``activation`` says what each resulting word becomes, least word first. A pooling layer averages words,
    which needs no other numbers. Bias, scaling and activation belong to the program, not to the data that moves.
    """

    width: Width
    input_zero: int = 0
    weights: Words | None = None
    scaling: Scaling | None = None
    bias: Words | None = None
    activation: Words | None = None

    def __post_init__(self) -> None:
        if (self.weights is None) != (self.scaling is None):
            raise ValueError("weights come with a scaling of their sums")
        entries = self.width.greatest - self.width.least + 1
        if self.activation is not None and self.activation.shape != (entries,):
            raise ValueError(f"an activation has {entries} entries, one for each word, not {self.activation.shape}")
        if self.weights is None or self.scaling is None:
            return
        if self.weights.dtype != self.width.word or self.weights.ndim != 4:
            raise ValueError(f"weights are four-dimensional {self.width.word}, not {self.weights.dtype}")
        if len(self.scaling.shift) != len(self.weights):
            raise ValueError(f"{len(self.scaling.shift)} scalings for {len(self.weights)} output channels")
        if self.bias is not None and (self.bias.dtype, self.bias.shape) != (self.width.sum, (len(self.weights),)):
            raise ValueError(f"a bias is one {self.width.sum} for each output channel, not {self.bias.dtype}")
        reach = max(self.width.greatest - self.input_zero, self.input_zero - self.width.least)
        largest = np.abs(self.weights.astype(np.int64)).sum(axis=(1, 2, 3)) * reach
        if self.bias is not None:
            largest += np.abs(self.bias.astype(np.int64))
        self.scaling.check(int(largest.max()), self.width)


def random_words(shape: tuple[int, ...], width: Width, random: np.random.Generator) -> Words:
    """Words of the whole range."""
    return random.integers(width.least, width.greatest, shape, dtype=width.word, endpoint=True)


def random_tensor(shape: TensorShape, width: Width, random: np.random.Generator) -> Words:
    """A feature map, channels last."""
    return random_words((shape.height, shape.width, shape.channels), width, random)


def random_numbers(shape: LayerShape, width: Width, random: np.random.Generator, input_zero: int = 0) -> LayerNumbers:
    """Numbers for one layer."""
    if shape.weights == 0:
        return LayerNumbers(width, input_zero)
    taps = (shape.kernel_height, shape.kernel_width)
    weights = random_words((shape.out_channels, *taps, shape.in_channels), width, random)
    products = shape.kernel_height * shape.kernel_width * shape.in_channels
    spread = Fraction(2, isqrt(products) * width.greatest)
    zero = int(random.integers(width.least // 4, width.greatest // 4))
    even = Scaling.of(spread, shape.out_channels, width)
    nudge = random.integers(0, even.multiplier // 4, endpoint=True)
    return LayerNumbers(width, input_zero, weights, Scaling(even.multiplier - nudge, even.shift, zero))


def random_network(shapes: Sequence[LayerShape], width: Width, random: np.random.Generator) -> list[LayerNumbers]:
    """Numbers for the layers of a chain: each reads words with the zero that the layer before it writes."""
    numbers: list[LayerNumbers] = []
    zero = 0
    for shape in shapes:
        one = random_numbers(shape, width, random, zero)
        zero = zero if one.scaling is None else one.scaling.zero
        numbers.append(one)
    return numbers
