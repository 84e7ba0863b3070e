"""Logarithms in integers: fixed point of a stated width with a stated error, and no floating point.

An argument is written as 2^k m with 1 <= m < 2, m is brought within 2^-7 of 1 by a table of short reciprocals, and the
rest is an odd series:

    ln x = k ln 2 - ln(r) + 2 artanh(z / (2 + z))        1 + z = m r,  |z| < 2^-7

Tables are computed once per width by the same series with guard bits.
"""

from functools import lru_cache
from typing import Final

INDEX_BITS: Final = 7
RECIPROCAL_BITS: Final = 9
_LN2_GUARD: Final = 32
_TABLE_GUARD: Final = 16

ERROR_ULPS: Final = 16
"""`fixed_ln(x, width)` differs from ln(x) 2^width by less than this (the analysis gives 9).

Cutting m off costs 1, the quotient and the final product 2 each (both doubled), the series at most 2, its tail less
than 1, and the two table entries 1 each.
"""


def _artanh_of_ratio(numerator: int, denominator: int, width: int) -> int:
    """artanh(numerator / denominator) 2^width for ratios up to 1/2, a few units low."""
    power = (numerator << width) // denominator
    total, odd = 0, 1
    while power:
        total += power // odd
        power = power * numerator * numerator // (denominator * denominator)
        odd += 2
    return total


def _reciprocal(index: int) -> int:
    """1/m times 2^RECIPROCAL_BITS for m in the middle of the index's interval, rounded."""
    middle = (1 << INDEX_BITS + 1) + 2 * index + 1
    return ((2 << RECIPROCAL_BITS + INDEX_BITS + 1) + middle) // (2 * middle)


@lru_cache(maxsize=8)
def _tables(width: int) -> tuple[int, tuple[int, ...], tuple[int, ...], tuple[int, ...]]:
    """ln 2 with guard bits, the reciprocals, minus their logarithms, and the coefficients 1, 1/3, 1/5, ..."""
    guarded = width + _LN2_GUARD
    ln2 = 2 * _artanh_of_ratio(1, 3, guarded)
    reciprocals = tuple(_reciprocal(index) for index in range(1 << INDEX_BITS))
    one, wide = 1 << RECIPROCAL_BITS, width + _TABLE_GUARD
    logarithms = tuple(2 * _artanh_of_ratio(one - r, one + r, wide) >> _TABLE_GUARD for r in reciprocals)
    coefficients = tuple((1 << width) // odd for odd in range(1, 2 * (width // 16) + 3, 2))
    return ln2, reciprocals, logarithms, coefficients


def fixed_ln(x: int, width: int) -> int:
    """ln(x) 2^width for an integer x >= 1, within ERROR_ULPS."""
    ln2, reciprocals, logarithms, coefficients = _tables(width)
    exponent = x.bit_length() - 1
    mantissa = x >> exponent - width if exponent >= width else x << width - exponent
    index = (mantissa >> width - INDEX_BITS) - (1 << INDEX_BITS)
    rest = mantissa * reciprocals[index] - (1 << width + RECIPROCAL_BITS)
    ratio = (rest << width) // ((1 << width + RECIPROCAL_BITS + 1) + rest)
    square = ratio * ratio >> width
    series = 0
    for coefficient in reversed(coefficients):
        series = coefficient + (series * square >> width)
    return (exponent * ln2 >> _LN2_GUARD) + logarithms[index] + 2 * (series * ratio >> width)
