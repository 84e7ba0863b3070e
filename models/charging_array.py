"""Charging times of many levels at once, bit for bit equal to the scalar `ChargingLaw`.

Floating point proposes and integers decide: a candidate in float64 comes with a bound on its error, and every entry
whose rounding that bound leaves open is computed by the scalar form.
"""

from collections.abc import Callable
from fractions import Fraction
from math import isqrt

import numpy as np
from numpy.typing import NDArray

from ischedule.models.charging import GRID_BITS, ChargingLaw, PowerCharging, SourceCharging
from ischedule.models.demand import LIMIT, Coordinate, Overflow
from ischedule.models.quantities import Rounding
from ischedule.models.scaling_array import magnitude, scale_array
from ischedule.models.stepped_charging import SteppedCharging

Integers = NDArray[np.int64]
Floats = NDArray[np.float64]


def elapsed_up_array(law: ChargingLaw, levels: Integers) -> Integers:
    """`law.elapsed_up` of every level."""
    return _elapsed_array(law, levels, Rounding.UP)


def elapsed_down_array(law: ChargingLaw, levels: Integers) -> Integers:
    """`law.elapsed_down` of every level."""
    return _elapsed_array(law, levels, Rounding.DOWN)


def _elapsed_array(law: ChargingLaw, levels: Integers, rounding: Rounding) -> Integers:
    if not levels.size:
        return levels.astype(np.int64)
    law.require(int(levels.max()))
    if isinstance(law, SourceCharging) and _fits(law.source_level + law.buffer.below_floor, levels):
        return _source_elapsed(law, levels, rounding)
    if isinstance(law, PowerCharging) and law.square == 0 and int(levels.min()) > law.buffer.empty_level:
        return scale_array(levels, Fraction(law.line, law.scale), rounding)
    if isinstance(law, PowerCharging) and int(levels.min()) > law.buffer.empty_level:
        return _quadratic_elapsed(law, levels, rounding)
    if isinstance(law, SteppedCharging):
        return _stepped_elapsed(law, levels, rounding)
    return _by_scalar(law.elapsed_up if rounding is Rounding.UP else law.elapsed_down, levels)


def _fits(amount: Fraction, levels: Integers) -> bool:
    return int(amount) + magnitude(levels) + 2 < LIMIT


def _by_scalar(function: Callable[[int], int], levels: Integers) -> Integers:
    values = [function(level) for level in levels.tolist()]
    if max(map(abs, values), default=0) >= LIMIT:
        raise Overflow(f"a charging time reaches 2**62 ps: {max(map(abs, values))}")
    return np.array(values, dtype=np.int64)


def _distance(amount: Fraction, signed: Integers) -> Floats:
    """amount + signed as floats; the integer parts are added exactly, so that nothing cancels."""
    whole, part = divmod(amount, 1)
    return np.maximum((signed + whole).astype(np.float64) + float(part), 0.0)


def _logarithms(law: SourceCharging, levels: Integers) -> Floats:
    """ln((Vs - f) / (Vs - v)) in floating point.

    With K the level of the source voltage and B the amount below the floor, the argument is K / (K - level) for charges
    and K / (K - level) * (1 + r) / (1 + r_f) for energies, where r^2 = (level + B) / (K + B) = (v / Vs)^2 and r_f is r
    at level 0. With u = 2^-53: K - level and level + B are sums of non-negative parts whose integers are exact, 2 u;
    r is 4 u / 2 + u = 3 u, 1 + r at most 2.5 u; the constant, two products and the quotient add 4 u: below 9 u in all.
    """
    top, bottom = law.source_level, law.buffer.below_floor
    left = np.minimum(_distance(top, -levels), float(top + bottom))
    if law.buffer.coordinate is Coordinate.CHARGE:
        return np.log(float(top) / left)
    ratio = np.sqrt(_distance(bottom, levels) / float(top + bottom))
    square = bottom / (top + bottom)
    at_floor = Fraction(isqrt((square.numerator << 256) // square.denominator), 1 << 128)
    return np.log(float(top / (1 + at_floor)) * (1.0 + ratio) / left)


def _guard(logarithms: Floats) -> Floats:
    """A bound on the error of `_logarithms` times 2^GRID_BITS: 32 u (1 + |ln|) where 9 u + 8 u |ln| is derived."""
    return np.ldexp(1.0 + np.abs(logarithms), GRID_BITS + 5 - 53)


def _source_elapsed(law: SourceCharging, levels: Integers, rounding: Rounding) -> Integers:
    logarithms = _logarithms(law, levels)
    scaled = np.ldexp(logarithms, GRID_BITS)
    floor = np.floor(scaled)
    guard = _guard(logarithms)
    steps = floor.astype(np.int64)
    unsure = np.flatnonzero((scaled - floor <= guard) | (floor + 1.0 - scaled <= guard))
    if unsure.size:
        steps[unsure] = [law.log_steps(level) for level in levels[unsure].tolist()]
    if rounding is Rounding.UP:
        steps += levels > 0 if law.buffer.below_floor == 0 else levels != 0
    return scale_array(steps, law.time_per_step, rounding)


def _quadratic_elapsed(law: PowerCharging, levels: Integers, rounding: Rounding) -> Integers:
    """(square x + line) x / scale, at most 16 u of itself off (below the floor the sum loses a factor 3).

    The guard is 64 u.
    """
    x = levels.astype(np.float64)
    candidate = (float(Fraction(law.square, law.scale)) * x + float(Fraction(law.line, law.scale))) * x
    if float(np.abs(candidate).max()) >= LIMIT / 2:
        return _by_scalar(law.elapsed_up if rounding is Rounding.UP else law.elapsed_down, levels)
    floor = np.floor(candidate)
    guard = np.ldexp(1.0 + np.abs(candidate), 6 - 53)
    result = floor.astype(np.int64) + (1 if rounding is Rounding.UP else 0)
    unsure = np.flatnonzero((candidate - floor <= guard) | (floor + 1.0 - candidate <= guard))
    if unsure.size:
        result[unsure] = _by_scalar(law.elapsed_up if rounding is Rounding.UP else law.elapsed_down, levels[unsure])
    return result


def _stepped_elapsed(law: SteppedCharging, levels: Integers, rounding: Rounding) -> Integers:
    """Step by step: the levels in one have the same factor."""
    inside = np.maximum(levels, law.knots[0])
    places = np.minimum(np.searchsorted(np.array(law.knots, dtype=np.int64), inside, side="right"), len(law.knots) - 1)
    result = np.empty_like(inside)
    order = np.argsort(places, kind="stable")
    bounds = np.flatnonzero(np.diff(places[order], prepend=-1))
    for begin, end in zip(bounds, [*bounds[1:], len(order)], strict=True):
        chosen = order[begin:end]
        place = int(places[chosen[0]])
        low, high = law.knots[place - 1], law.knots[place]
        factor = Fraction(law.times[place] - law.times[place - 1], high - low)
        result[chosen] = scale_array(inside[chosen] - low, factor, rounding) + law.times[place - 1]
    if rounding is Rounding.UP:
        result[(law.knots[0] < inside) & (inside < law.knots[1])] = law.times[1]
    return result
