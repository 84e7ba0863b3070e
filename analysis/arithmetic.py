"""Numbers of a quantised layer: how wide words and sums are, how a sum becomes a word, and activations as tables.

A word q stands for ``scale * (q - zero)``. Sums are exact integers, wide enough for every input, so that the order in
which they are added up does not matter. A result is

    word = clip(zero + (sum * multiplier + 2^(shift - 1)) >> shift)

with one rounding, halves upward; the multiplier and shift are those of the output channel.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from fractions import Fraction
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from ischedule.models.errors import InvalidValue

Words = NDArray[Any]
"""An array of words or sums: int8, int16, int32 or int64."""

MULTIPLIER_BITS: Final = {1: 31, 2: 15}
"""Bits of a multiplier for words of so many bytes: the product of a sum and a multiplier fits 63 bits."""


class Width(Enum):
    """Words of a workload and the sums of their products."""

    INT8 = 1
    INT16 = 2

    @property
    def word(self) -> np.dtype[Any]:
        """The type of feature maps and weights."""
        return np.dtype(np.int8 if self is Width.INT8 else np.int16)

    @property
    def sum(self) -> np.dtype[Any]:
        """The type of sums, in either memory: 32 bits hold products of 8 bits, 64 bits those of 16."""
        return np.dtype(np.int32 if self is Width.INT8 else np.int64)

    @property
    def least(self) -> int:
        """The least word."""
        return int(np.iinfo(self.word).min)

    @property
    def greatest(self) -> int:
        """The greatest word."""
        return int(np.iinfo(self.word).max)


class FixedPoint(Enum):
    """Words whose sums are words too, as vector accelerators keep them, named by the bytes of both.

    Words stand for themselves: zero is 0. Each tile of input channels adds its exact sum of 32 bits, shifted and
    rounded, to the sums, which saturate; so a result depends on the tiles, and on nothing else.
    """

    Q15 = 2

    @property
    def word(self) -> np.dtype[Any]:
        """The type of feature maps and weights."""
        return np.dtype(np.int16)

    @property
    def sum(self) -> np.dtype[Any]:
        """The type of sums, in either memory."""
        return np.dtype(np.int16)

    @property
    def least(self) -> int:
        """The least word."""
        return int(np.iinfo(np.int16).min)

    @property
    def greatest(self) -> int:
        """The greatest word."""
        return int(np.iinfo(np.int16).max)


AnyWidth = Width | FixedPoint
"""How words of a workload are added up: exactly, or in words."""


def multiplier_bits(width: AnyWidth) -> int:
    """Bits of a multiplier; in fixed point the product with a sum of three words fits 31 bits."""
    return 14 if isinstance(width, FixedPoint) else MULTIPLIER_BITS[width.value]


@dataclass(frozen=True, slots=True, eq=False)
class Scaling:
    """How sums become words: a multiplier and a shift for each output channel, and the word that stands for zero."""

    multiplier: NDArray[np.int64]
    shift: NDArray[np.int64]
    zero: int

    def __post_init__(self) -> None:
        if self.multiplier.shape != self.shift.shape or self.multiplier.ndim != 1:
            raise ValueError(f"{self.multiplier.shape} multipliers and {self.shift.shape} shifts: one each per channel")
        if self.multiplier.min() < 0 or self.shift.min() < 1 or self.shift.max() > 62:
            raise ValueError("a multiplier is not negative, a shift is from 1 to 62")

    @staticmethod
    def of(factor: Fraction, channels: int, width: AnyWidth, zero: int = 0) -> Scaling:
        """The finest multiplier and shift for a positive real factor, the same for all channels."""
        bits = multiplier_bits(width)
        shift = 62
        while shift > 1 and round(factor * (1 << shift)) >= 1 << bits:
            shift -= 1
        multiplier = round(factor * (1 << shift))
        if not multiplier < 1 << bits:
            raise ValueError(f"factor {factor} is too large for a multiplier of {bits} bits")
        return Scaling(np.full(channels, multiplier, np.int64), np.full(channels, shift, np.int64), zero)

    def words(self, sums: Words, channels: slice, width: AnyWidth) -> Words:
        """The words of sums whose last axis is these output channels."""
        multiplier, shift = self.multiplier[channels], self.shift[channels]
        half = np.left_shift(np.int64(1), shift - 1)
        scaled = np.right_shift(sums.astype(np.int64) * multiplier + half, shift) + self.zero
        words: Words = np.clip(scaled, width.least, width.greatest).astype(width.word)
        return words

    def check(self, largest_sum: int, width: Width) -> None:
        """Raise `InvalidValue` if a sum of this size could leave its type, or its product with a multiplier 63 bits."""
        if largest_sum > np.iinfo(width.sum).max:
            problem, remedy = f"is what a sum can come to, and such sums do not fit {width.sum}", "scale weights down"
            raise InvalidValue(largest_sum, problem, remedy, "/weights")
        most = int(self.multiplier.max())
        product = largest_sum * most + (1 << (int(self.shift.max()) - 1))
        if product + abs(self.zero) >= 1 << 63:
            problem = f"is a multiplier whose products with sums up to {largest_sum} leave 63 bits"
            raise InvalidValue(most, problem, "halve multipliers and take 1 from their shifts", "/multiplier")


def _sigmoid(x: float) -> float:
    return 1 / (1 + math.exp(-x)) if x >= 0 else math.exp(x) / (1 + math.exp(x))


_SIX: Final = Fraction(6)

FUNCTIONS: Final[dict[str, Callable[[Fraction], Fraction | float]]] = {
    "relu": lambda x: max(x, Fraction(0)),
    "relu6": lambda x: min(max(x, Fraction(0)), _SIX),
    "hard_sigmoid": lambda x: min(max(x + 3, Fraction(0)), _SIX) / 6,
    "hard_swish": lambda x: x * min(max(x + 3, Fraction(0)), _SIX) / 6,
    "sigmoid": lambda x: _sigmoid(float(x)),
    "tanh": lambda x: math.tanh(float(x)),
}
"""Activations of real numbers; all but the last two are exact on rationals."""


def table_of(activation: str, width: AnyWidth, before: tuple[Fraction, int], after: tuple[Fraction, int]) -> Words:
    """What each word becomes under an activation, least word first; ``before`` and ``after`` are (scale, zero).

    Rounded to the nearest word, halves upward.
    """
    function, half, least, greatest = FUNCTIONS[activation], Fraction(1, 2), width.least, width.greatest
    if before == after and activation in ("relu", "relu6"):
        # words of one scale keep their values between the limits
        most = greatest if activation == "relu" else min(math.floor(_SIX / after[0] + after[1] + half), greatest)
        clipped: Words = np.clip(np.arange(least, greatest + 1), after[1], most).astype(width.word)
        return clipped
    entries = []
    for word in range(least, greatest + 1):
        value = Fraction(function(before[0] * (word - before[1])))
        entries.append(min(max(math.floor(value / after[0] + after[1] + half), least), greatest))
    return np.array(entries, width.word)


def look_up(table: Words, words: Words, width: AnyWidth) -> Words:
    """The table's entries for some words."""
    found: Words = table[words.astype(np.int64) - width.least]
    return found
