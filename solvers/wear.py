"""Addresses by which no byte is written too often: buffers that share one add up there.

Buffers are packed without regard to that first. Where too many writes come together, each is placed in turn at the
least address at which it neither meets another nor wears a byte too much. That may take more memory than other
addresses would, so that only what is found is known.
"""

from __future__ import annotations

from collections.abc import Sequence

from ischedule.models.layout import Buffer
from ischedule.solvers.packing import Packing, pack


def pack_within(buffers: Sequence[Buffer], writes: int | None, capacity: int | None = None) -> Packing:
    """Addresses of little height by which no byte is written more than so many times.

    Each buffer by itself must be within that; otherwise none of its bytes is shared.
    """
    found = pack(buffers, capacity)
    if writes is None or most_worn(buffers, found.addresses) <= writes:
        return found
    apart = min((_placed(buffers, writes, order) for order in _orders(buffers)), key=lambda one: _height(buffers, one))
    return Packing(tuple(apart), _height(buffers, apart), found.bound)


def most_worn(buffers: Sequence[Buffer], addresses: Sequence[int]) -> int:
    """The most that any byte is written."""
    placed = list(zip(buffers, addresses, strict=True))
    return max((_worn(placed, address, address + 1) for address in addresses), default=0)


def _worn(placed: Sequence[tuple[Buffer, int]], start: int, stop: int) -> int:
    """The most that a byte between two addresses is written."""
    inside = [(one, at) for one, at in placed if at < stop and start < at + one.size]
    places = {start, *(at for _, at in inside if at > start)}
    return max(sum(one.writes for one, at in inside if at <= place < at + one.size) for place in places)


def _orders(buffers: Sequence[Buffer]) -> list[list[int]]:
    every = range(len(buffers))
    return [
        sorted(every, key=lambda index: (-buffers[index].size, buffers[index].first)),
        sorted(every, key=lambda index: (-buffers[index].writes, -buffers[index].size)),
        sorted(every, key=lambda index: (buffers[index].first, -buffers[index].size)),
    ]


def _placed(buffers: Sequence[Buffer], writes: int, order: Sequence[int]) -> list[int]:
    addresses = [0] * len(buffers)
    placed: list[tuple[Buffer, int]] = []
    for index in order:
        one = buffers[index]
        # above the last of all others lies a place that nothing shares
        for address in sorted({0, *(at + other.size for other, at in placed)}):
            meets = any(
                other.meets(one) and at < address + one.size and address < at + other.size for other, at in placed
            )
            if not meets and (
                not _is_shared(placed, address, one.size)
                or one.writes + _worn(placed, address, address + one.size) <= writes
            ):
                break
        addresses[index] = address
        placed.append((one, address))
    return addresses


def _is_shared(placed: Sequence[tuple[Buffer, int]], address: int, size: int) -> bool:
    return any(at < address + size and address < at + other.size for other, at in placed)


def _height(buffers: Sequence[Buffer], addresses: Sequence[int]) -> int:
    return max(address + one.size for address, one in zip(addresses, buffers, strict=True))
