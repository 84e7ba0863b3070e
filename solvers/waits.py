"""The prices of a cycle law over whole columns: exact in int64, and in double precision for steering.

Where quadratic interpolation between exact samples is as good as the exact function (a smooth law), steering uses it;
a law with steps (thresholds that the hardware can tell apart) is evaluated exactly and converted."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from ischedule.models.cycle_law import CycleLaw, Position
from ischedule.models.waiting_array import kept_array, price_array, rise_array, unwaited_array
from ischedule.solvers.sweep import Waits

CELLS = 1 << 14
STRAIGHT = 1e3
"""Picoseconds by which a price may miss a line and count as one."""
TOLERANCE = 1e-10
"""Relative error of interpolation up to which a law counts as smooth."""


@dataclass(frozen=True)
class Ahead:
    """What is known of a second cycle that may begin without waiting, on a level that the first one has kept.

    ``kept`` is what the level is worth, ``mid`` and ``last`` what a second cycle costs at least beyond the time that
    has passed, and ``rise`` the elapsed time up to a drain's least threshold: a cycle with that drain or more waits
    if what is kept is worth no more. ``slip`` is by how much ``mid`` and ``last`` may fall. ``least`` is what every
    plan costs at least beyond its active time, since no wait is negative.
    """

    kept: Waits
    mid: Waits
    last: Waits
    rise: Waits
    slip: int
    least: int


@dataclass(frozen=True)
class Waiting:
    """What waiting costs by a cycle's position, in one number type."""

    dtype: type
    first: Waits
    mid: Waits
    last: Waits
    only: Waits
    capacity: int
    first_capacity: int
    single: bool
    """Whether a plan can have only one cycle."""
    slip: int
    ahead: Ahead | None = None
    """Where the first cycle can keep a level above the floor."""
    levels: CycleLaw | None = None
    """Where the level that any cycle leaves is followed."""
    slope: float | None = None
    """What a unit of drain costs in cycles between others, where the price is a line as far as doubles tell."""


def exact_waiting(law: CycleLaw) -> Waiting:
    """The law's own integers."""
    prices = {position: _exact(law, position) for position in _positions(law)}
    return _waiting(np.int64, law, prices, _ahead(law))


def followed_waiting(law: CycleLaw) -> Waiting:
    """The law's own integers, with the level that any cycle leaves followed."""
    return replace(exact_waiting(law), ahead=None, levels=law)


def steering_waiting(law: CycleLaw) -> Waiting:
    """The law's prices in double precision."""
    capacity = dict.fromkeys(Position, law.capacity)
    capacity[Position.FIRST] = capacity[Position.ONLY] = law.first_capacity
    prices = {position: _steering(_exact(law, position), capacity[position]) for position in _positions(law)}
    exact = _ahead(law)
    if exact is None:
        waiting = _waiting(float, law, prices)
        return replace(waiting, slope=None if waiting.single else _slope(_exact(law, Position.MID), law.capacity))
    kept = _steering(exact.kept, law.first_capacity)
    mid, last, rise = (_steering(one, law.capacity) for one in (exact.mid, exact.last, exact.rise))
    return _waiting(float, law, prices, Ahead(kept, mid, last, rise, exact.slip, exact.least))


def _ahead(law: CycleLaw) -> Ahead | None:
    if not law.keeps_level or law.max_cycles is not None:
        return None
    return Ahead(
        lambda drains: kept_array(law, drains),
        lambda drains: unwaited_array(law, Position.MID, drains),
        lambda drains: unwaited_array(law, Position.LAST, drains),
        lambda drains: rise_array(law, drains),
        law.slip,
        law.least_waiting - law.offset,
    )


def _positions(law: CycleLaw) -> tuple[Position, ...]:
    """The positions that a cycle can have: a supply that cannot recharge leaves no second one, nor a price for it."""
    return (Position.ONLY,) if law.max_cycles == 1 else tuple(Position)


def alone(waiting: Waiting) -> Waiting:
    """What waiting costs where only the first cycle of a plan can hold anything: a plan has no other."""
    only = waiting.only
    capacity = waiting.first_capacity
    return replace(waiting, first=only, mid=only, last=only, capacity=capacity, single=True, ahead=None)


def _waiting(dtype: type, law: CycleLaw, prices: dict[Position, Waits], ahead: Ahead | None = None) -> Waiting:
    first, mid, last, only = (
        prices.get(position, prices[Position.ONLY])
        for position in (Position.FIRST, Position.MID, Position.LAST, Position.ONLY)
    )
    return Waiting(
        dtype,
        first,
        mid,
        last,
        only,
        law.capacity,
        law.first_capacity,
        law.max_cycles == 1,
        law.slip,
        ahead,
    )


def _exact(law: CycleLaw, position: Position) -> Waits:
    return lambda drains: price_array(law, position, drains)


def _steering(exact: Waits, capacity: int) -> Waits:
    if capacity < 4 * CELLS:
        return lambda drains: exact(drains).astype(np.float64)
    nodes = np.linspace(0, capacity, 2 * CELLS + 1).astype(np.int64)
    values = exact(nodes).astype(np.float64)
    if not _is_smooth(values):
        return lambda drains: exact(drains).astype(np.float64)
    low, middle, high = values[:-1:2], values[1::2], values[2::2]
    linear, square = 4 * middle - 3 * low - high, 2 * (low + high) - 4 * middle
    linear, square, low = (np.append(part, end) for part, end in ((linear, 0.0), (square, 0.0), (low, values[-1])))
    pitch = CELLS / capacity

    def interpolated(drains: NDArray[np.int64]) -> NDArray[np.float64]:
        place = drains * pitch
        cell = place.astype(np.int32)
        place = place - cell
        result: NDArray[np.float64] = low[cell] + place * (linear[cell] + place * square[cell])
        return result

    return interpolated


def _slope(exact: Waits, capacity: int) -> float | None:
    """The slope of a price that is a line, but for its rounding."""
    nodes = np.linspace(0, capacity, 2 * CELLS + 1).astype(np.int64)
    values = exact(nodes)
    slope = float(values[-1] - values[0]) / max(capacity, 1)
    straight = np.abs(values - values[0] - slope * nodes).max() <= STRAIGHT
    return slope if straight else None


def _is_smooth(values: NDArray[np.float64]) -> bool:
    """Whether quadratics through every other three of these values are close everywhere.

    Their error is at most 0.065 times the third difference of what lies between; a step anywhere, which the price of a
    cycle can only take upwards, is a third difference of at least its height.
    """
    return bool(0.07 * np.abs(np.diff(values, 3)).max() <= TOLERANCE * max(float(np.abs(values).max()), 1.0))
