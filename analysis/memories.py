"""The two memories of a device as arrays that refuse what hardware would answer with garbage.

Non-volatile memory keeps what was published. What a power cycle writes counts once it is published; if power fails
before, it is garbage, for a cycle that is run again may rely on none of it. Volatile memory is garbage at every start.
Each place knows whether it holds a sum, a result or nothing, and reading what is not there is an error.
"""

from __future__ import annotations

from copy import copy
from enum import IntEnum
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ischedule.analysis.arithmetic import Words

Box = tuple[range, range, range]
"""Rows, columns and channels of a part of a feature map."""


class Holds(IntEnum):
    """What a place in memory holds."""

    NOTHING = 0
    SUM = 1
    RESULT = 2


class Touch(IntEnum):
    """How the power cycle in progress touched a place first."""

    NOT = 0
    READ = 1
    WRITTEN = 2


class MemoryFault(Exception):
    """An access that no correct execution makes."""


class UnknownContent(MemoryFault):
    """Something was read that was not fetched, not written, or lost by a power failure."""


class OverwritesRead(MemoryFault):
    """A power cycle overwrites what it has read: run again, it would read something else."""


def garbage(random: np.random.Generator, shape: tuple[int, ...], kind: np.dtype[Any]) -> Words:
    """Any bits at all."""
    size = int(np.prod(shape, dtype=np.int64)) * kind.itemsize
    return np.frombuffer(random.bytes(size), kind).reshape(shape).copy()


def part_of(box: Box) -> tuple[slice, slice, slice]:
    """The box as an index."""
    rows, columns, channels = box
    return (
        slice(rows.start, rows.stop),
        slice(columns.start, columns.stop),
        slice(channels.start, channels.stop),
    )


class Region:
    """A feature map's place in non-volatile memory, channels last."""

    def __init__(self, shape: tuple[int, int, int], kind: np.dtype[Any], random: np.random.Generator) -> None:
        self._random = random
        self.values = garbage(random, shape, kind)
        self.holds = np.full(shape, Holds.NOTHING, np.uint8)
        self._touch = np.full(shape, Touch.NOT, np.uint8)

    @classmethod
    def of(cls, words: Words, random: np.random.Generator) -> Region:
        """A region that holds these published results."""
        region = cls((words.shape[0], words.shape[1], words.shape[2]), words.dtype, random)
        region.values[:] = words
        region.holds[:] = Holds.RESULT
        return region

    def shaped(self, shape: tuple[int, int, int]) -> Region:
        """The same memory under another shape of as many places."""
        view = copy(self)
        view.values, view.holds = self.values.reshape(shape), self.holds.reshape(shape)
        view._touch = self._touch.reshape(shape)
        return view

    def channels(self, start: int, stop: int) -> Region:
        """Some channels of all pixels."""
        view = copy(self)
        view.values, view.holds = self.values[:, :, start:stop], self.holds[:, :, start:stop]
        view._touch = self._touch[:, :, start:stop]
        return view

    def read(self, box: Box, expected: Holds) -> Words:
        """What a box holds."""
        part = part_of(box)
        if self.values[part].shape != tuple(map(len, box)) or (self.holds[part] != expected).any():
            raise UnknownContent(f"{box} is read as a {expected.name.lower()} and does not hold one everywhere")
        touch = self._touch[part]
        touch[touch == Touch.NOT] = Touch.READ
        found: Words = self.values[part].copy()
        return found

    def write(self, box: Box, values: Words, kind: Holds) -> None:
        """Overwrite a box."""
        part = part_of(box)
        if (self._touch[part] == Touch.READ).any():
            raise OverwritesRead(f"{box} is written in the power cycle that has read it")
        self.values[part] = values
        self.holds[part] = kind
        self._touch[part] = Touch.WRITTEN

    def tear(self, box: Box) -> None:
        """Write garbage into a box: power failed while it was written."""
        self.write(box, garbage(self._random, self.values[part_of(box)].shape, self.values.dtype), Holds.NOTHING)

    def publish(self) -> None:
        """What was written stays, and may be read and overwritten anew."""
        self._touch[:] = Touch.NOT

    def lose(self) -> None:
        """A power failure: what was written since the last publish means nothing, including what it overwrote."""
        lost = self._touch == Touch.WRITTEN
        self.values[lost] = garbage(self._random, (int(lost.sum()),), self.values.dtype)
        self.holds[lost] = Holds.NOTHING
        self.publish()


class Buffer:
    """A place in volatile memory for one block at a time, which knows where in its tensor the block begins."""

    def __init__(self, shape: tuple[int, ...], kind: np.dtype[Any], random: np.random.Generator) -> None:
        self._random = random
        self.values = garbage(random, shape, kind)
        self._origin: tuple[int, ...] | None = None
        self._valid: NDArray[np.bool_] = np.zeros(shape, np.bool_)
        self.peak = 0

    def poison(self) -> None:
        """A start: garbage everywhere."""
        self.values[:] = garbage(self._random, self.values.shape, self.values.dtype)
        self._valid[:] = False
        self._origin = None

    def put(self, origin: tuple[int, ...], block: Words) -> None:
        """Replace what it holds by a block that begins there."""
        part = tuple(map(slice, block.shape))
        if block.ndim != self.values.ndim or self.values[part].shape != block.shape:
            raise MemoryFault(f"a block of {block.shape} exceeds the buffer of {self.values.shape}")
        self._valid[:] = False
        self.values[part] = block
        self._valid[part] = True
        self._origin = origin
        self.peak = max(self.peak, block.size)

    def at(self, spans: tuple[range, ...]) -> Words:
        """A view of these places of the tensor; all of them must be held."""
        if self._origin is None:
            raise UnknownContent(f"{spans} is used and nothing was fetched")
        part = tuple(
            slice(span.start - begin, span.stop - begin, span.step)
            for span, begin in zip(spans, self._origin, strict=True)
        )
        inside = all(one.start >= 0 for one in part) and self.values[part].shape == tuple(map(len, spans))
        if not inside or not self._valid[part].all():
            raise UnknownContent(f"{spans} is used and was not fetched")
        found: Words = self.values[part]
        return found
