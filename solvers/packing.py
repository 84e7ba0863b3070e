"""Static addresses for buffers with lifetimes: as little memory as possible, and a proof of how little is possible.

Buffers whose lifetimes meet may not overlap in memory. In a best layout every buffer can be moved down until it lies at
the bottom or on another, so placing buffers by ascending address, each on what its lifetime's skyline has reached,
finds one. The search leaves out what such a layout cannot be: a buffer with room for another one below it that is still
to come, or two of equal address out of their order; and what cannot stay below the height searched for, since the
buffers that are still to come must all lie above the skyline. Parts of the timeline that no buffer spans are apart.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from math import gcd
from typing import Final

from ischedule.models.layout import Buffer, max_load

MOST_NODES: Final = 20_000
"""Placements tried for each part of the timeline; beyond that only bounds are known."""

EASY: Final = 50
"""Parts with more buffers, where each placement takes longer, are searched for as much less."""

MOST_BUFFERS: Final = 200
"""Parts of the timeline with more buffers are placed by the heuristic alone."""


@dataclass(frozen=True, slots=True)
class Packing:
    """Addresses in the order of the buffers, what they take, and what any addresses take at least."""

    addresses: tuple[int, ...]
    height: int
    bound: int

    @property
    def is_optimal(self) -> bool:
        """Whether no addresses take less."""
        return self.height == self.bound

    def fits(self, capacity: int) -> bool | None:
        """Whether addresses below a capacity exist, None if that is not known."""
        return True if self.height <= capacity else False if self.bound > capacity else None


def pack(buffers: Sequence[Buffer], capacity: int | None = None, most_nodes: int = MOST_NODES) -> Packing:
    """Addresses of least height; with a capacity, any below it will do, and a proof that there are none."""
    if not buffers:
        return Packing((), 0, 0)
    unit = gcd(*(buffer.size for buffer in buffers))
    room = None if capacity is None else capacity // unit
    addresses = [0] * len(buffers)
    height = bound = 0
    for part in apart(buffers):
        found = _Part([buffers[index] for index in part], unit).pack(room, most_nodes)
        for index, address in zip(part, found.addresses, strict=True):
            addresses[index] = unit * address
        height, bound = max(height, unit * found.height), max(bound, unit * found.bound)
    return Packing(tuple(addresses), height, bound)


def apart(buffers: Sequence[Buffer]) -> Iterator[list[int]]:
    """Buffers by their places, in groups whose lifetimes together leave no gap."""
    part: list[int] = []
    last = -1
    for index in sorted(range(len(buffers)), key=lambda index: buffers[index].first):
        if part and buffers[index].first > last:
            yield part
            part = []
        part.append(index)
        last = max(last, buffers[index].last)
    yield part


@dataclass(frozen=True, slots=True)
class _Block:
    """A buffer over sections of the timeline, in units of size."""

    begin: int
    end: int
    size: int

    def meets(self, other: _Block) -> bool:
        return self.begin < other.end and other.begin < self.end


class _Part:
    """A part of the timeline, cut into sections at every begin of a lifetime: loads are greatest there."""

    def __init__(self, buffers: Sequence[Buffer], unit: int) -> None:
        begins = sorted({buffer.first for buffer in buffers})
        self._blocks = [
            _Block(bisect_left(begins, one.first), bisect_left(begins, one.last + 1), one.size // unit)
            for one in buffers
        ]
        self._load = max_load(buffers) // unit

    def pack(self, room: int | None, most_nodes: int) -> Packing:
        """The heuristic's addresses, and better ones from the search where these are not best."""
        best = min((best_fit(self._blocks, order) for order in self._orders()), key=self._height)
        height, bound = self._height(best), self._load
        nodes = most_nodes * EASY // max(EASY, len(self._blocks)) if len(self._blocks) <= MOST_BUFFERS else 0
        while bound < height and nodes > 0 and (room is None or bound <= room < height):
            aim = bound if room is None else room
            search = _Search(self._blocks, aim, nodes if room is not None else max(1, nodes // 2))
            found = search.run()
            nodes -= search.nodes
            if found is not None:
                best, height = found, self._height(found)
            elif search.is_complete:
                bound = aim + 1
            else:
                break
        while room is None and bound < height and nodes > 0:
            search = _Search(self._blocks, height - 1, nodes)
            found = search.run()
            nodes -= search.nodes
            if found is not None:
                best, height = found, self._height(found)
            elif search.is_complete:
                bound = height
            else:
                break
        return Packing(tuple(best), height, bound)

    def _height(self, addresses: Sequence[int]) -> int:
        return max(address + block.size for address, block in zip(addresses, self._blocks, strict=True))

    def _orders(self) -> Iterator[list[int]]:
        blocks = self._blocks
        every = range(len(blocks))
        yield sorted(every, key=lambda index: (-blocks[index].size, blocks[index].begin))
        yield sorted(every, key=lambda index: -blocks[index].size * (blocks[index].end - blocks[index].begin))
        yield sorted(every, key=lambda index: (blocks[index].begin - blocks[index].end, -blocks[index].size))
        yield sorted(every, key=lambda index: (blocks[index].begin, -blocks[index].size))


def best_fit(blocks: Sequence[_Block], order: Sequence[int]) -> list[int]:
    """Each block in turn in the smallest gap that has room for it, else on top of all that it meets."""
    addresses = [0] * len(blocks)
    placed: list[int] = []
    for index in order:
        size = blocks[index].size
        met = sorted((addresses[one], blocks[one].size) for one in placed if blocks[one].meets(blocks[index]))
        top, gap, chosen = 0, 0, -1
        for address, other in met:
            if size <= address - top and (chosen < 0 or address - top < gap):
                gap, chosen = address - top, top
            top = max(top, address + other)
        addresses[index] = top if chosen < 0 else chosen
        placed.append(index)
    return addresses


class _Search:
    """Depth first through placements by ascending address that stay below a height."""

    def __init__(self, blocks: Sequence[_Block], height: int, most_nodes: int) -> None:
        self._blocks = blocks
        self._height = height
        self._most = most_nodes
        self.nodes = 0
        self._sections = max(block.end for block in blocks)
        self._addresses = [0] * len(blocks)
        self._skyline = [0] * self._sections

    @property
    def is_complete(self) -> bool:
        """Whether nothing was left untried for want of nodes."""
        return self.nodes <= self._most

    def run(self) -> list[int] | None:
        """Addresses, or None where none were found."""
        waiting = list(range(len(self._blocks)))
        return self._addresses if self._place(waiting, 0, -1) else None

    def _place(self, waiting: list[int], floor: int, last: int) -> bool:
        """Place the blocks that wait above a floor, of those at the floor only ones after the last."""
        if not waiting:
            return True
        self.nodes += 1
        if self.nodes > self._most:
            return False
        lowest = self._lowest(waiting, floor)
        if self._overflows(waiting, lowest):
            return False
        for index, own, address in self._choices(waiting, floor, last):
            block = self._blocks[index]
            before = self._skyline[block.begin : block.end]
            self._skyline[block.begin : block.end] = [address + block.size] * (block.end - block.begin)
            self._addresses[index] = address
            rest = waiting[:own] + waiting[own + 1 :]
            if self._place(rest, address, index):
                return True
            self._skyline[block.begin : block.end] = before
            if self.nodes > self._most:
                return False
        return False

    def _lowest(self, waiting: Sequence[int], floor: int) -> list[int]:
        """For each waiting block the least address that it can still have."""
        blocks, skyline = self._blocks, self._skyline
        return [max(floor, *skyline[blocks[index].begin : blocks[index].end]) for index in waiting]

    def _overflows(self, waiting: Sequence[int], lowest: Sequence[int]) -> bool:
        """Whether in some section what waits does not fit above the lowest address of any of it."""
        load, floors = [0] * self._sections, [self._height] * self._sections
        for index, address in zip(waiting, lowest, strict=True):
            block = self._blocks[index]
            for section in range(block.begin, block.end):
                load[section] += block.size
                if address < floors[section]:
                    floors[section] = address
        return any(some and some + floor > self._height for some, floor in zip(load, floors, strict=True))

    def _choices(self, waiting: Sequence[int], floor: int, last: int) -> list[tuple[int, int, int]]:
        """Blocks that can come next, with their places among those that wait, and addresses.

        A block lies on what is there; where that is below the floor, something must come between first. None comes
        next whose address leaves room for another below it.
        """
        blocks = self._blocks
        lies = [max(self._skyline[blocks[index].begin : blocks[index].end]) for index in waiting]
        tops = sorted(address + blocks[index].size for index, address in zip(waiting, lies, strict=True))
        found: list[tuple[int, int, int]] = []
        seen: set[_Block] = set()
        for own, (index, address) in enumerate(zip(waiting, lies, strict=True)):
            block = blocks[index]
            limit = tops[0] if tops[0] != address + block.size else tops[1] if len(tops) > 1 else self._height + 1
            is_early = address < floor or (address == floor and index < last)
            if is_early or address >= limit or block in seen:
                continue
            seen.add(block)
            found.append((index, own, address))
        found.sort(key=lambda one: (one[2], -self._blocks[one[0]].size))
        return found
