"""Fixed-point sums that are words: what a tile adds to them, and numbers that stay exact within a tile.

A tile of input channels has an exact sum of products, which must fit 32 bits. It is shifted by the amount of its output
channel, halves upward, and joins the sum, which is clipped to a word. Whole maps are pooled likewise: each tile adds
its part of the mean. The order of tiles is the plan's, so that a result is that of a plan.
"""

from __future__ import annotations

from math import isqrt

import numpy as np

from ischedule.analysis.arithmetic import FixedPoint, Scaling, Words
from ischedule.models.errors import InvalidValue

MOST_WEIGHT = 65_534
"""Absolute weights of a channel add up to at most so much: times the least word, and half a step, they fit 32 bits."""


def saturated(sums: Words) -> Words:
    """Sums as words."""
    words: Words = np.clip(sums, FixedPoint.Q15.least, FixedPoint.Q15.greatest).astype(FixedPoint.Q15.sum)
    return words


def accumulated(sums: Words, products: Words, scaling: Scaling, channels: slice) -> Words:
    """Sums that exact products of a tile have joined; the last axis is these output channels."""
    shift = scaling.shift[channels]
    half = np.left_shift(np.int64(1), shift - 1)
    return saturated(sums.astype(np.int64) + np.right_shift(products.astype(np.int64) + half, shift))


def joined(one: Words, other: Words) -> Words:
    """What two tiles of a pooled map come to together."""
    return saturated(one.astype(np.int64) + other)


def part_of_mean(total: Words, area: int) -> Words:
    """What pixels that come to a total add to the mean over so many, to the nearest, halves upward."""
    parts: Words = np.floor_divide(total.astype(np.int64) + area // 2, area)
    return parts


def require_exact_tiles(weights: Words, scaling: Scaling, input_zero: int) -> None:
    """Raise `InvalidValue` for numbers with which a tile could leave 32 bits, or whose zero is another word than 0."""
    if input_zero or scaling.zero:
        raise InvalidValue(input_zero or scaling.zero, "is no zero: in fixed point zero is 0", "write 0", "/zero")
    if scaling.shift.max() > 30:
        problem = "is no shift in fixed point, which is from 1 to 30"
        raise InvalidValue(int(scaling.shift.max()), problem, "write at most 30", "/shift")
    largest = np.abs(weights.astype(np.int64)).sum(axis=(1, 2, 3)) * -FixedPoint.Q15.least
    worst = int((largest + np.left_shift(np.int64(1), scaling.shift - 1)).max())
    if worst > np.iinfo(np.int32).max:
        problem = "is what products of a tile can come to, which do not fit 32 bits"
        raise InvalidValue(
            worst, problem, f"let absolute weights of a channel add up to at most {MOST_WEIGHT}", "/weights"
        )


def fixed_weights(shape: tuple[int, ...], random: np.random.Generator) -> Words:
    """Weights of which no channel's can leave 32 bits; of too many for that all but some are 0."""
    products = int(np.prod(shape[1:]))
    most = min(MOST_WEIGHT // products, FixedPoint.Q15.greatest)
    if most:
        return random.integers(-most, most, shape, dtype=np.int16, endpoint=True)
    weights = np.zeros((shape[0], products), np.int16)
    for channel in weights:
        channel[random.choice(products, MOST_WEIGHT, replace=False)] = 1
    return weights.reshape(shape)


def fixed_scaling(channels: int, products: int, random: np.random.Generator) -> Scaling:
    """Shifts with which results of such weights spread over their words, and saturate now and then."""
    most = min(max(MOST_WEIGHT // products, 1), FixedPoint.Q15.greatest)
    middle = max((isqrt(products) * most).bit_length(), 2)
    shift = np.minimum(random.integers(middle - 1, middle + 1, channels, np.int64, endpoint=True), 16)
    return Scaling(np.zeros(channels, np.int64), shift, 0)
