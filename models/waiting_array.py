"""The prices of many power cycles at once, bit for bit those of the scalar `CycleLaw`."""

from collections.abc import Callable
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from ischedule.models.band_search import EVEN_LEVELS, BandSearch
from ischedule.models.charging_array import elapsed_down_array, elapsed_up_array
from ischedule.models.cycle_law import CycleLaw, Position
from ischedule.models.demand import LIMIT, Overflow
from ischedule.models.fixed_wake import FixedWakeLaw
from ischedule.models.free_ends import FreeEnds
from ischedule.models.free_law import FreeLaw
from ischedule.models.programmable_wake import ProgrammableWakeLaw

Integers = NDArray[np.int64]

_MOST_CODES = 1 << 16
NO_WAY = 1 << 61
"""The reach of a threshold that does not suffice."""


def price_array(law: CycleLaw, position: Position, drains: Integers) -> Integers:
    """`law.price(position, ...)` of every drain.

    A price is a sum of at most three numbers below 2^62 and is never negative (but for a piece of a cycle), so that a
    sum out of range shows as a negative one.
    """
    drains = np.asarray(drains, dtype=np.int64)
    if not drains.size:
        return drains
    capacity = law.first_capacity if position in (Position.FIRST, Position.ONLY) else law.capacity
    law.require(int(drains.min()), capacity)
    law.require(int(drains.max()), capacity)
    if isinstance(law, FreeEnds):
        if position is Position.MID:
            return price_array(law.law, position, drains)
        return np.asarray(((drains - law.drain) * law.slope >> law.shift) - law.time)
    if isinstance(law, FreeLaw):
        return np.zeros_like(drains)
    if isinstance(law, FixedWakeLaw):
        prices = _fixed(law, position, drains)
    elif isinstance(law, ProgrammableWakeLaw) and law.tail >= LIMIT:
        raise Overflow("recharging at the end takes 2**62 ps or more")
    elif isinstance(law, ProgrammableWakeLaw) and _has_table(law):
        prices = _programmable(law, position, drains)
    else:
        prices = np.array([law.price(position, drain) for drain in drains.tolist()], dtype=np.int64)
    if int(prices.min()) < 0:
        raise Overflow("the price of a power cycle reaches 2**63 ps")
    return prices


def kept_array(law: CycleLaw, drains: Integers) -> Integers:
    """`law.kept` of every drain."""
    drains = np.asarray(drains, dtype=np.int64)
    if not drains.size or not law.keeps_level:
        return np.zeros_like(drains)
    law.require(int(drains.min()), law.first_capacity)
    law.require(int(drains.max()), law.first_capacity)
    if not isinstance(law, ProgrammableWakeLaw) or not _has_table(law):
        return np.array([law.kept(drain) for drain in drains.tolist()], dtype=np.int64)
    needs = drains + law.upkeep.reserve
    if not law.head.waits:
        return elapsed_down_array(law.charging, law.head.level - needs)
    prices, start = _first_from_least(law, needs)
    return prices + elapsed_down_array(law.charging, start - needs) - _first(law, needs)


def unwaited_array(law: CycleLaw, position: Position, drains: Integers) -> Integers:
    """`law.unwaited` of every drain."""
    drains = np.asarray(drains, dtype=np.int64)
    if not drains.size:
        return drains
    law.require(int(drains.min()), law.capacity)
    law.require(int(drains.max()), law.capacity)
    latency, ends = law.upkeep.latency, position is Position.LAST
    if ends and law.recharge_target is None:
        return np.full_like(drains, latency)
    if not isinstance(law, ProgrammableWakeLaw) or not _has_table(law):
        return np.array([law.unwaited(position, drain) for drain in drains.tolist()], dtype=np.int64)
    needs = drains + law.upkeep.reserve
    top = law.capacity + law.upkeep.reserve
    levels = _thresholds(law).least(needs)[0] if law.search is None else np.full_like(needs, top)
    return latency - elapsed_down_array(law.charging, levels - needs) + (law.tail if ends else 0)


def rise_array(law: CycleLaw, drains: Integers) -> Integers:
    """The elapsed time from the floor up to the least threshold that suffices for every drain; 0 under fixed wake."""
    drains = np.asarray(drains, dtype=np.int64)
    if not drains.size or not isinstance(law, ProgrammableWakeLaw):
        return np.zeros_like(drains)
    needs = drains + law.upkeep.reserve
    if _has_table(law):
        return _thresholds(law).least(needs)[2]
    return np.array([law.rise(drain) for drain in drains.tolist()], dtype=np.int64)


def ways_array(law: CycleLaw, position: Position, drains: Integers) -> tuple[Integers, Integers]:
    """Reach and left of `law.ways` of every drain: a row for each threshold, `NO_WAY` where it does not suffice."""
    drains = np.asarray(drains, dtype=np.int64)
    if not isinstance(law, ProgrammableWakeLaw) or not _has_table(law):
        return _scalar_ways(law, position, drains)
    needs, latency = drains + law.upkeep.reserve, law.upkeep.latency
    if position is Position.LAST and law.recharge_target is None:
        return (_thresholds(law).least(needs)[2] + latency)[None], np.zeros_like(needs)[None]
    if position is not Position.FIRST:
        tail = law.tail if position is Position.LAST else 0
        levels, up = _tried(law, needs, *_thresholds(law).least(needs)[::2], np.zeros(needs.shape, dtype=bool))
        return _ways(law, levels - needs, up + latency, tail)
    head = law.head
    if not head.waits:
        left = elapsed_down_array(law.charging, head.level - needs)
        return np.full_like(needs, law.elapsed_at_head)[None], left[None]
    levels, highs, up = _thresholds(law).least(_capped(law, needs))
    up = np.where(highs > head.level, up, 0)
    levels, up = _tried(law, np.maximum(needs, head.level + 1), levels, up, needs <= head.level)
    reach = law.elapsed_at_head + np.maximum(0, up - law.elapsed_at_head) + latency
    return _ways(law, np.maximum(levels, head.level) - needs, np.where(up < NO_WAY, reach, NO_WAY), 0)


def _scalar_ways(law: CycleLaw, position: Position, drains: Integers) -> tuple[Integers, Integers]:
    found = [law.ways(position, drain) for drain in drains.tolist()]
    shape = (max(map(len, found), default=1), len(found))
    reach, left = np.full(shape, NO_WAY, dtype=np.int64), np.zeros(shape, dtype=np.int64)
    for place, ways in enumerate(found):
        reach[: len(ways), place] = [way.reach for way in ways]
        left[: len(ways), place] = [way.left for way in ways]
    return reach, left


def _tried(
    law: ProgrammableWakeLaw, above: Integers, levels: Integers, up: Integers, has_least: NDArray[np.bool_]
) -> tuple[Integers, Integers]:
    """The scalar law's thresholds: the least ones, and all of a searched set; `NO_WAY` up to what does not count."""
    if law.search is None:
        return levels[None], up[None]
    if not law.search.has_least:
        up = np.where(has_least, up, NO_WAY)
    others, times = _candidates(law, law.search)
    suffices = others[:, None] >= above
    return (
        np.concatenate([levels[None], np.broadcast_to(others[:, None], suffices.shape)]),
        np.concatenate([up[None], np.where(suffices, times[:, None], NO_WAY)]),
    )


def _ways(law: ProgrammableWakeLaw, left: Integers, reach: Integers, tail: int) -> tuple[Integers, Integers]:
    is_way = reach < NO_WAY
    worth = elapsed_down_array(law.charging, np.where(is_way, left, 0).ravel()).reshape(left.shape)
    return np.where(is_way, reach, NO_WAY), worth - tail


def _fixed(law: FixedWakeLaw, position: Position, drains: Integers) -> Integers:
    if position in (Position.LAST, Position.ONLY) and law.recharge_target is None:
        return np.zeros_like(drains)
    law.charging.require(law.turn_on.high)
    if law.bottom is not None:
        return np.full_like(drains, law.mid(0))
    return law.recharge - elapsed_down_array(law.charging, law.turn_on.level - law.upkeep.reserve - drains)


class _Thresholds:
    """The least thresholds of a law as columns: their levels, and the elapsed time up to where they can lie."""

    def __init__(self, law: ProgrammableWakeLaw) -> None:
        self.charging = law.charging
        self.stepped = law.thresholds.step is not None
        lowest = law.thresholds.least_name(0)
        highest = law.thresholds.least_name(law.capacity + law.upkeep.reserve)
        rows = [law.thresholds.at(name) for name in range(lowest, highest + 1)] if self.stepped else []
        self.levels = np.array([row.level for row in rows], dtype=np.int64)
        self.highs = np.array([row.high for row in rows], dtype=np.int64)
        self.up = elapsed_up_array(law.charging, self.highs)

    def least(self, needs: Integers) -> tuple[Integers, Integers, Integers]:
        """Level, high and elapsed time up to high of the least threshold for every need, the top one at most."""
        if not self.stepped:
            return needs, needs, elapsed_up_array(self.charging, needs)
        index = np.minimum(np.searchsorted(self.levels, needs, side="left"), self.levels.size - 1)
        return self.levels[index], self.highs[index], self.up[index]


_thresholds: Callable[[ProgrammableWakeLaw], _Thresholds] = lru_cache(8)(_Thresholds)


def _has_table(law: ProgrammableWakeLaw) -> bool:
    if law.thresholds.step is None:
        return law.charging.reaches(law.first_capacity + law.upkeep.reserve)
    return law.thresholds.least_name(law.capacity + law.upkeep.reserve) <= _MOST_CODES


def _programmable(law: ProgrammableWakeLaw, position: Position, drains: Integers) -> Integers:
    needs = drains + law.upkeep.reserve
    latency, recharged = law.upkeep.latency, law.recharge_target is not None
    if position is Position.MID:
        return _mid(law, needs) + latency
    if position is Position.LAST:
        return _mid(law, needs) + latency + law.tail if recharged else _thresholds(law).least(needs)[2] + latency
    if not law.head.waits and position is Position.ONLY and not recharged:
        return np.full_like(needs, law.elapsed_at_head)
    if not law.head.waits:
        first = law.elapsed_at_head - elapsed_down_array(law.charging, law.head.level - needs)
        return first if position is Position.FIRST else first + law.tail
    if position is Position.FIRST:
        return _first(law, needs) + latency
    _, highs, up = _thresholds(law).least(_capped(law, needs))
    return law.elapsed_at_head + _wait_from_head(law, highs, up) + latency


def _capped(law: ProgrammableWakeLaw, needs: Integers) -> Integers:
    """What the first cycle asks of its threshold: nothing where the head holds enough."""
    return np.where(needs <= law.head.level, 0, np.minimum(needs, law.capacity + law.upkeep.reserve))


def _wait_from_head(law: ProgrammableWakeLaw, highs: Integers, up: Integers) -> Integers:
    return np.asarray(np.maximum(0, up - law.elapsed_at_head) * (highs > law.head.level), dtype=np.int64)


def _mid(law: ProgrammableWakeLaw, needs: Integers) -> Integers:
    levels, _, up = _thresholds(law).least(needs)
    prices = up - elapsed_down_array(law.charging, levels - needs) if law.thresholds.step is not None else up
    if law.search is None:
        return prices
    best = _best(law, law.search, needs, needs)
    return np.minimum(prices, best) if law.search.has_least else best


def _first(law: ProgrammableWakeLaw, needs: Integers) -> Integers:
    prices, _ = _first_from_least(law, needs)
    if law.search is None:
        return prices
    best = _best(law, law.search, needs, np.maximum(needs, law.head.level + 1))
    has_least = law.search.has_least | (needs <= law.head.level)
    return np.where(has_least, np.minimum(prices, best), best)


def _first_from_least(law: ProgrammableWakeLaw, needs: Integers) -> tuple[Integers, Integers]:
    """The price of a first cycle at the least sufficient threshold, and the level at which it starts."""
    levels, highs, up = _thresholds(law).least(_capped(law, needs))
    start = np.maximum(levels, law.head.level)
    left = elapsed_down_array(law.charging, start - needs)
    return law.elapsed_at_head + _wait_from_head(law, highs, up) - left, start


def _candidates(law: ProgrammableWakeLaw, search: BandSearch) -> tuple[Integers, Integers]:
    """Levels and elapsed times of all candidates that guarantee a level."""
    if search.stepped:
        table = _thresholds(law)
        first = (table.levels.size - 1) % search.stride
        return table.levels[first :: search.stride], table.up[first :: search.stride]
    levels = np.array([search.candidate(index).level for index in range(1, EVEN_LEVELS + 1)], dtype=np.int64)
    return levels, elapsed_up_array(law.charging, levels)


def _best(law: ProgrammableWakeLaw, search: BandSearch, needs: Integers, least: Integers) -> Integers:
    """The least price of the candidates that guarantee `least`.

    The largest integer where there is none. The same search as the scalar one, in step for all needs: outward
    from a guess, each until its own stop.
    """
    levels, up = _candidates(law, search)
    first = np.searchsorted(levels, least, side="left")
    best = np.full_like(needs, np.iinfo(np.int64).max)
    entries = np.flatnonzero(first < levels.size)
    if not entries.size:
        return best
    needs, first = needs[entries], first[entries]
    start = np.clip(_guess(law, search, levels, needs), first, levels.size - 1)
    found = up[start] - elapsed_down_array(law.charging, levels[start] - needs)
    for way in (-1, 1):
        active, index = np.arange(needs.size), start + way
        while True:
            inside = (index >= first[active]) & (index < levels.size)
            active, index = active[inside], index[inside]
            if not active.size:
                break
            price = up[index] - elapsed_down_array(law.charging, levels[index] - needs[active])
            going = price - search.slack <= found[active]
            found[active] = np.minimum(found[active], price)
            active, index = active[going], index[going] + way
    best[entries] = found
    return best


def _guess(law: ProgrammableWakeLaw, search: BandSearch, levels: Integers, needs: Integers) -> Integers:
    """Indices near the best candidates; any would do for the result."""
    buffer = law.charging.buffer
    if search.half is None:
        return np.full_like(needs, levels.size - 1)
    voltages = float(search.half) + needs * float(search.spread)
    wanted = float(buffer.amount_per_volt) * voltages * voltages - float(buffer.below_floor)
    return np.asarray(np.searchsorted(levels, wanted), dtype=np.int64)
