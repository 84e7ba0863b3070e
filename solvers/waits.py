"""The prices of a cycle law over whole columns: exact in int64, and in double precision for steering.

Where quadratic interpolation between exact samples is as good as the exact function (a smooth law), steering uses it;
a law with steps (thresholds that the hardware can tell apart) is evaluated exactly and converted."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from ischedule.models.cycle_law import CycleLaw, Position
from ischedule.models.waiting_array import price_array
from ischedule.solvers.sweep import Waits

CELLS = 1 << 14
TOLERANCE = 1e-10
"""Relative error of interpolation up to which a law counts as smooth."""


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


def exact_waiting(law: CycleLaw) -> Waiting:
    """The law's own integers."""
    prices = {position: _exact(law, position) for position in _positions(law)}
    return _waiting(np.int64, law, prices)


def steering_waiting(law: CycleLaw) -> Waiting:
    """The law's prices in double precision."""
    capacity = dict.fromkeys(Position, law.capacity)
    capacity[Position.FIRST] = capacity[Position.ONLY] = law.first_capacity
    prices = {position: _steering(_exact(law, position), capacity[position]) for position in _positions(law)}
    return _waiting(float, law, prices)


def _positions(law: CycleLaw) -> tuple[Position, ...]:
    """The positions that a cycle can have: a supply that cannot recharge leaves no second one, nor a price for it."""
    return (Position.ONLY,) if law.max_cycles == 1 else tuple(Position)


def alone(waiting: Waiting) -> Waiting:
    """What waiting costs where only the first cycle of a plan can hold anything: a plan has no other."""
    only = waiting.only
    return replace(waiting, first=only, mid=only, last=only, capacity=waiting.first_capacity, single=True)


def _waiting(dtype: type, law: CycleLaw, prices: dict[Position, Waits]) -> Waiting:
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


def _is_smooth(values: NDArray[np.float64]) -> bool:
    """Whether quadratics through every other three of these values are close everywhere.

    Their error is at most 0.065 times the third difference of what lies between; a step anywhere, which the price of a
    cycle can only take upwards, is a third difference of at least its height.
    """
    return bool(0.07 * np.abs(np.diff(values, 3)).max() <= TOLERANCE * max(float(np.abs(values).max()), 1.0))
