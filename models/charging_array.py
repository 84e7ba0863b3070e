"""Charging times of many levels at once, bit for bit equal to the scalar `ChargingLaw`.

Floating point proposes and integers decide: a candidate in float64 comes with a bound on its error, and every entry
whose rounding that bound leaves open is computed by the scalar form.
"""

from collections.abc import Callable
from fractions import Fraction
from math import isqrt

import numpy as np
from numpy.typing import NDArray

from ischedule.models.charging import GRID_BITS, ChargingLaw, PolynomialCharging, SourceCharging
from ischedule.models.current_charging import RootCharging
from ischedule.models.demand import LIMIT, Coordinate, Overflow
from ischedule.models.leaky_charging import CurrentLeakCharging, LeakyCharging
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
    if isinstance(law, PolynomialCharging) and law.square == 0 and int(levels.min()) > law.buffer.empty_level:
        return scale_array(levels, Fraction(law.line, law.scale), rounding)
    if isinstance(law, PolynomialCharging) and int(levels.min()) > law.buffer.empty_level:
        return _quadratic_elapsed(law, levels, rounding)
    if isinstance(law, RootCharging) and _fits(law.buffer.below_floor, levels):
        return _root_elapsed(law, levels, rounding)
    if isinstance(law, LeakyCharging) and _fits(law.buffer.below_floor, levels):
        return _leaky_elapsed(law, levels, rounding)
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


def _quadratic_elapsed(law: PolynomialCharging, levels: Integers, rounding: Rounding) -> Integers:
    """(square x + line) x / scale, at most 16 u of itself off (below the floor the sum loses a factor 3)."""
    x = levels.astype(np.float64)
    candidate = (float(Fraction(law.square, law.scale)) * x + float(Fraction(law.line, law.scale))) * x
    return _rounded(law, levels, rounding, candidate)


def _root_elapsed(law: RootCharging, levels: Integers, rounding: Rounding) -> Integers:
    """Volts are an amount by the sum of the roots at its ends: K (v^2 - f^2) / (v + f), at most 12 u of itself off.

    With B the amount below the floor, level + B is 2 u, by the constant 2 u, its root half of it and 1 u, the sum 1 u:
    4 u; the level 1 u, two constants 3 u, product and quotients 3 u. Below empty the level counts as empty, whose
    rounding to an integer the scalar form undoes.
    """
    buffer = law.buffer
    x = levels.astype(np.float64)
    heights = np.sqrt(_distance(buffer.below_floor, levels) / float(buffer.amount_per_volt))
    sums = heights + float(buffer.below_floor / buffer.amount_per_volt) ** 0.5
    factor = float(law.time_per_volt / buffer.amount_per_volt)
    candidate = np.divide(factor * x, sums, out=np.zeros_like(x), where=sums > 0)
    result = _rounded(law, levels, rounding, candidate)
    low = np.flatnonzero(levels <= buffer.empty_level)
    if low.size:
        result[low] = _by_scalar(law.elapsed_up if rounding is Rounding.UP else law.elapsed_down, levels[low])
    return result


def _leaky_elapsed(law: LeakyCharging, levels: Integers, rounding: Rounding) -> Integers:
    """-ln(1 - y) in both cases, y being what part of the gap up to the end of charging is closed.

    Against a resistance y = (v^2 - f^2) / (w^2 - f^2), at most 8 u of itself off, and the logarithm of 1 - y makes 12 u
    of that while y is at most half. Against a current y = (v - f) / (w - f), at most 10 u off, and

        -ln(1 - y) - (v - f) / w = h(y) + y f / w        h(y) = -ln(1 - y) - y

    in which nothing cancels above the floor, and no more than a factor 3 below it: below 150 u. Where y is above half,
    near the end of charging, and below empty, the scalar form decides.
    """
    buffer, is_energy = law.buffer, law.buffer.coordinate is Coordinate.ENERGY
    x, below, slope = levels.astype(np.float64), buffer.below_floor, buffer.amount_per_volt
    if isinstance(law, CurrentLeakCharging):
        floor = float(below / slope) ** 0.5 if is_energy else float(buffer.floor_voltage)
        if is_energy:
            sums = np.sqrt(_distance(below, levels) / float(slope)) + floor
            volts = np.divide(x / float(slope), sums, out=np.zeros_like(x), where=sums > 0)
        else:
            volts = x / float(slope)
        most = float(law.most)
        y = volts / (most - floor)
        grown = _log_beyond(np.minimum(y, 0.5)) + y * (floor / most)
    else:
        doubled = 1.0 if is_energy else (_distance(2 * below, levels) / float(slope))
        y = x * doubled / float(slope * (law.most_squared - buffer.floor_squared))
        grown = -np.log1p(-np.minimum(y, 0.5))
    result = _rounded(law, levels, rounding, float(law.scale) * grown, 8)
    open_ones = np.flatnonzero((y > 0.5) | (levels <= buffer.empty_level))
    if open_ones.size:
        function = law.elapsed_up if rounding is Rounding.UP else law.elapsed_down
        result[open_ones] = _by_scalar(function, levels[open_ones])
    return result


def _log_beyond(y: Floats) -> Floats:
    """-ln(1 - y) - y, where |y| is small as the series y^2 / 2 + y^3 / 3 + ..."""
    series = np.zeros_like(y)
    for power in range(30, 1, -1):
        series = series * y + 1.0 / power
    return np.where(np.abs(y) < 0.25, series * y * y, -np.log1p(-y) - y)


def _rounded(law: ChargingLaw, levels: Integers, rounding: Rounding, candidate: Floats, bits: int = 6) -> Integers:
    """Candidates that are off by less than 2^bits u (1 + size), rounded: by the scalar form where that is open."""
    if float(np.abs(candidate).max()) >= LIMIT / 2:
        return _by_scalar(law.elapsed_up if rounding is Rounding.UP else law.elapsed_down, levels)
    floor = np.floor(candidate)
    guard = np.ldexp(1.0 + np.abs(candidate), bits - 53)
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
