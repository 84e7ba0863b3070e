"""An exact rational factor on a column of 64-bit integers, rounded up or down as the scalar form would."""

from fractions import Fraction

import numpy as np
from numpy.typing import NDArray

from ischedule.models.demand import LIMIT, Overflow
from ischedule.models.quantities import Rounding

Integers = NDArray[np.int64]

_LEAST_DIGIT_BITS = 8


def magnitude(values: Integers) -> int:
    """The largest absolute value, as a Python integer."""
    return max(int(values.max()), -int(values.min())) if values.size else 0


def scale_array(values: Integers, factor: Fraction, rounding: Rounding) -> Integers:
    """values * factor for a factor >= 0, each rounded up or down exactly; `Overflow` where 2^62 might be reached."""
    most = magnitude(values)
    whole, part = divmod(factor.numerator, factor.denominator)
    if most * (whole + 1) + 1 >= LIMIT:
        raise Overflow(f"a scaled column might reach 2**62: {most} times {float(factor):g}")
    if most == 0:
        return np.zeros_like(values)
    scaled = values * whole
    if part == 0:
        return scaled
    if most * part < LIMIT and factor.denominator < LIMIT:
        return scaled + _quotient(values * part, factor.denominator, rounding)
    return scaled + _scale_by_proper(values, Fraction(part, factor.denominator), most, rounding)


def _quotient(values: Integers, divisor: int, rounding: Rounding) -> Integers:
    return values // divisor if rounding is Rounding.DOWN else -(-values // divisor)


def _scale_by_proper(values: Integers, factor: Fraction, most: int, rounding: Rounding) -> Integers:
    """values * factor for 0 < factor < 1 whose terms are too long for 64 bits.

    The factor is cut off after so many binary digits, in groups of `bits`, that the product falls short by less than
    2^-bits in magnitude. Each group's product fits, carries run from the last group to the first. The rounding is
    certain unless the product's first group of fraction digits is all ones (or, below zero, all zeros): those few
    entries are computed with Python integers.
    """
    bits = LIMIT.bit_length() - 1 - most.bit_length()
    if bits < _LEAST_DIGIT_BITS:
        return _scale_slowly(values, factor, rounding)
    groups = -(-most.bit_length() // bits) + 1
    mask = (1 << bits) - 1
    digits, remainder = divmod(factor.numerator << bits * groups, factor.denominator)
    carry = np.zeros_like(values)
    inexact = np.zeros(values.shape, dtype=bool)
    first = carry
    for group in range(groups):
        product = values * (digits >> bits * group & mask) + carry
        first = product & mask
        inexact |= first != 0
        carry = product >> bits
    if remainder == 0:
        return carry if rounding is Rounding.DOWN else carry + inexact
    result = carry if rounding is Rounding.DOWN else carry + (values != 0)
    unsure = np.flatnonzero(((values > 0) & (first == mask)) | ((values < 0) & (first == 0)))
    if unsure.size:
        result[unsure] = _scale_slowly(values[unsure], factor, rounding)
    return result


def _scale_slowly(values: Integers, factor: Fraction, rounding: Rounding) -> Integers:
    numerator, denominator = factor.numerator, factor.denominator
    if rounding is Rounding.DOWN:
        exact = [value * numerator // denominator for value in values.tolist()]
    else:
        exact = [-(-value * numerator // denominator) for value in values.tolist()]
    return np.array(exact, dtype=np.int64)
