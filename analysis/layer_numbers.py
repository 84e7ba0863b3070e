"""What a layer computes with besides its input: weights, how sums become words, and its activation.

A case may name a file of them. Random ones serve where only the order of the work is at stake; they are scaled so that
results spread over their words, neither constant nor clipped.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cache
from math import isqrt

import numpy as np

from ischedule.analysis.arithmetic import AnyWidth, FixedPoint, Scaling, Width, Words, table_of
from ischedule.analysis.fixed_point import fixed_scaling, fixed_weights, require_exact_tiles
from ischedule.models.network import LayerShape, TensorShape


@dataclass(frozen=True, slots=True, eq=False)
class LayerNumbers:
    """The numbers of one layer; ``weights`` are [output channel, kernel row, kernel column, input channel].

    ``input_zero`` is the word that stands for zero in what the layer reads. Sums begin at the ``bias`` of their output
    channel; ``activation`` says what each resulting word becomes, least word first. A pooling layer averages words (or
    takes their maximum), which needs no other numbers; an addition has a scaling of its sums and no weights; a softmax
    has what each word counts for, least word first. Scaling and tables belong to the program, not to the data that
    moves.
    """

    width: AnyWidth
    input_zero: int = 0
    weights: Words | None = None
    scaling: Scaling | None = None
    bias: Words | None = None
    activation: Words | None = None
    takes_maximum: bool = False
    exponentials: Words | None = None

    def __post_init__(self) -> None:
        if self.weights is not None and self.scaling is None:
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
        if isinstance(self.width, FixedPoint):
            require_exact_tiles(self.weights, self.scaling, self.input_zero)
            return
        reach = max(self.width.greatest - self.input_zero, self.input_zero - self.width.least)
        largest = np.abs(self.weights.astype(np.int64)).sum(axis=(1, 2, 3)) * reach
        if self.bias is not None:
            largest += np.abs(self.bias.astype(np.int64))
        self.scaling.check(int(largest.max()), self.width)

    def shares(self, words: Words) -> Words:
        """The words that stand for the shares of what the words of each pixel count for, to the nearest."""
        assert self.exponentials is not None, "a softmax knows what its words count for"
        counted = self.exponentials[words.astype(np.int64) - self.width.least].astype(np.int64)
        whole, range_ = counted.sum(axis=2, keepdims=True), self.width.greatest - self.width.least
        found: Words = ((2 * counted * range_ + whole) // (2 * whole) + self.width.least).astype(self.width.word)
        return found


def random_words(shape: tuple[int, ...], width: AnyWidth, random: np.random.Generator) -> Words:
    """Words of the whole range."""
    return random.integers(width.least, width.greatest, shape, dtype=width.word, endpoint=True)


def random_tensor(shape: TensorShape, width: AnyWidth, random: np.random.Generator) -> Words:
    """A feature map, channels last."""
    return random_words((shape.height, shape.width, shape.channels), width, random)


def random_numbers(
    shape: LayerShape, width: AnyWidth, random: np.random.Generator, input_zero: int = 0
) -> LayerNumbers:
    """Numbers for one layer."""
    activation = None if shape.activation is None else _table(shape.activation, width)
    if shape.kind == "softmax":
        return LayerNumbers(width, input_zero, exponentials=_exponentials(width))
    if shape.kind == "add":
        zero = _zero(width, random)
        scaling = Scaling.of(Fraction(1, shape.sources), shape.out_channels, width, zero)
        return LayerNumbers(width, input_zero, scaling=scaling, activation=activation)
    if shape.weights == 0 and shape.kind != "batch_norm":
        return LayerNumbers(width, input_zero, activation=activation, takes_maximum="max" in shape.kind)
    taps = (shape.kernel_height, shape.kernel_width)
    filtered = 1 if shape.kind == "batch_norm" else shape.in_channels // shape.groups
    products = shape.kernel_height * shape.kernel_width * filtered
    if isinstance(width, FixedPoint):
        weights = fixed_weights((shape.out_channels, *taps, filtered), random)
        scaling = fixed_scaling(shape.out_channels, products, random)
        bias = random.integers(-(1 << 12), 1 << 12, shape.out_channels, width.sum) if shape.biases else None
        return LayerNumbers(width, input_zero, weights, scaling, bias, activation)
    weights = random_words((shape.out_channels, *taps, filtered), width, random)
    spread = Fraction(2, isqrt(products) * width.greatest)
    zero = _zero(width, random)
    even = Scaling.of(spread, shape.out_channels, width)
    nudge = random.integers(0, even.multiplier // 4, endpoint=True)
    bias = None
    if shape.bias or shape.kind == "batch_norm":
        reach = 1 << (8 if width is Width.INT8 else 24)
        bias = random.integers(-reach, reach, shape.out_channels, width.sum)
    scaling = Scaling(even.multiplier - nudge, even.shift, zero)
    return LayerNumbers(width, input_zero, weights, scaling, bias, activation)


def _zero(width: AnyWidth, random: np.random.Generator) -> int:
    """A word that stands for zero in a layer's results."""
    return 0 if isinstance(width, FixedPoint) else int(random.integers(width.least // 4, width.greatest // 4))


@cache
def _table(activation: str, width: AnyWidth) -> Words:
    """The function between words that stand for -4 to 4."""
    if isinstance(width, FixedPoint):
        return _table(activation, Width.INT16)
    scale = Fraction(4, width.greatest + 1)
    return table_of(activation, width, (scale, 0), (scale, 0))


@cache
def _exponentials(width: AnyWidth) -> Words:
    """What each word counts for in a softmax, if the words stand for -4 to 4; at most 2^20, or 2^14 in fixed point."""
    most = 1 << (14 if isinstance(width, FixedPoint) else 20)
    steps = np.arange(width.least - width.greatest, 1) * (4 / (width.greatest + 1))
    counts: Words = np.maximum(1, np.round(np.exp(steps) * most)).astype(np.int64)
    return counts


def random_network(shapes: Sequence[LayerShape], width: AnyWidth, random: np.random.Generator) -> list[LayerNumbers]:
    """Numbers for the layers of a chain: each reads words with the zero that the layer before it writes."""
    numbers: list[LayerNumbers] = []
    zero = 0
    for shape in shapes:
        one = random_numbers(shape, width, random, zero)
        zero = zero if one.scaling is None else one.scaling.zero
        numbers.append(one)
    return numbers
