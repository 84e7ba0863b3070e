"""Demands by the million: the algebra of `Demand` on columns of 64-bit integers."""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ischedule.models.demand import LIMIT, Coordinate, CoordinateMismatch, Demand, Overflow

Integers = NDArray[np.int64]

_HALF = 32


def exact_sum(column: Integers) -> int:
    """The sum of a column as a Python integer, whatever its size (columns below 2**31 entries)."""
    high = int((column >> _HALF).sum())
    return (high << _HALF) + int((column & ((1 << _HALF) - 1)).sum())


def _largest(column: Integers) -> int:
    return int(column.max()) if column.size else 0


@dataclass(frozen=True, eq=False)
class DemandArray:
    """Columns of needs, drains and times, all of one coordinate; entry i is a `Demand` that does not rise."""

    need: Integers
    drain: Integers
    time: Integers
    coordinate: Coordinate

    def __post_init__(self) -> None:
        columns = (self.need, self.drain, self.time)
        if any(column.dtype != np.int64 or column.ndim != 1 for column in columns):
            raise TypeError("the columns of a demand array are one-dimensional and of 64-bit integers")
        if len({column.size for column in columns}) != 1:
            raise ValueError(f"columns of one length are needed: {[column.size for column in columns]}")
        if bool((self.need < self.drain).any()) or bool((self.drain < 0).any()) or bool((self.time < 0).any()):
            raise ValueError("a demand has need >= drain >= 0 and time >= 0")
        if _largest(self.need) >= LIMIT or _largest(self.time) >= LIMIT:
            raise Overflow(f"a demand stays below 2**62: need={_largest(self.need)}, time={_largest(self.time)}")

    @classmethod
    def of(cls, demands: Iterable[Demand], coordinate: Coordinate) -> "DemandArray":
        """The columns of some demands."""
        rows = list(demands)
        for row in rows:
            if row.coordinate is not coordinate:
                raise CoordinateMismatch(coordinate, row.coordinate)
            if row.rise or row.height > row.need:
                raise ValueError(f"columns are of demands that do not rise: {row}")
        columns = ([row.need for row in rows], [row.drain for row in rows], [row.time for row in rows])
        need, drain, time = (np.array(column, dtype=np.int64) for column in columns)
        return cls(need, drain, time, coordinate)

    def __len__(self) -> int:
        return int(self.need.size)

    def __getitem__(self, index: int) -> Demand:
        return Demand(int(self.need[index]), int(self.drain[index]), int(self.time[index]), self.coordinate)

    def then(self, other: "DemandArray") -> "DemandArray":
        """Entry by entry: this, and the other directly after it."""
        if self.coordinate is not other.coordinate:
            raise CoordinateMismatch(self.coordinate, other.coordinate)
        if len(self) != len(other):
            raise ValueError(f"arrays of one length are combined: {len(self)} and {len(other)}")
        self._refuse_overflow(_largest(self.drain) + _largest(other.need), _largest(self.time) + _largest(other.time))
        need = np.maximum(self.need, other.need + self.drain)
        return DemandArray(need, self.drain + other.drain, self.time + other.time, self.coordinate)

    def running(self) -> "DemandArray":
        """Entry i is the demand of entries 0 to i in a row."""
        if not len(self):
            return self
        most_drain, most_time = len(self) * _largest(self.drain), len(self) * _largest(self.time)
        if most_drain + _largest(self.need) >= LIMIT:
            most_drain = exact_sum(self.drain)
        if most_time >= LIMIT:
            most_time = exact_sum(self.time)
        self._refuse_overflow(most_drain + _largest(self.need), most_time)
        drain = np.cumsum(self.drain)
        need = np.maximum.accumulate(self.need + (drain - self.drain))
        return DemandArray(need, drain, np.cumsum(self.time), self.coordinate)

    def composed(self) -> Demand:
        """The demand of all entries in a row."""
        return self.running()[-1] if len(self) else Demand.nothing(self.coordinate)

    @staticmethod
    def _refuse_overflow(amount: int, time: int) -> None:
        """The arguments are upper bounds of everything about to be computed, as Python integers."""
        if amount >= LIMIT or time >= LIMIT:
            raise Overflow(f"a composed demand might reach 2**62: amount up to {amount}, time up to {time}")
