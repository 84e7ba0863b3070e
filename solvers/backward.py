"""What must still follow at least, exactly, by a mix of criteria: what a walk with labels of several numbers needs."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from ischedule.solvers.mixed_pass import BULK, Open
from ischedule.solvers.sweep import UNREACHABLE, Integers
from ischedule.solvers.waits import Waiting


@dataclass(frozen=True)
class Behind:
    """The least cost of what follows, at every cut and for every cycle in progress."""

    waiting: Waiting
    latency: int
    """The weight of latency."""
    columns: dict[tuple[int, int], list[int]]
    """For each step and design the least cost behind each cut, from its first to its last."""
    ends: Sequence[tuple[Open, Open]]
    """At each boundary the ends of cycles in progress: of the last one of a plan, and of others."""

    def open(self, boundary: int, drains: Sequence[int] | Integers, is_first: bool) -> Integers:
        """The least cost of what follows a cycle in progress with each drain, `UNREACHABLE` if nothing does."""
        capacity = self.waiting.first_capacity if is_first else self.waiting.capacity
        begun = np.asarray(drains, dtype=np.int64)
        best = np.full(len(begun), UNREACHABLE, dtype=np.int64)
        for ends, wait in zip(self.ends[boundary], self._waits(is_first), strict=True):
            step = max(1, BULK // max(1, len(ends.drain)))
            for low in range(0, len(begun) if len(ends.drain) else 0, step):
                totals = begun[low : low + step, None] + ends.drain
                fits = totals <= capacity
                found = np.full(totals.shape, UNREACHABLE, dtype=np.int64)
                found[fits] = self.latency * wait(totals[fits])
                found += ends.cost[:, 0]
                np.minimum(best[low : low + step], found.min(axis=1), out=best[low : low + step])
        return best

    def _waits(self, is_first: bool) -> tuple[Callable[[Integers], Integers], Callable[[Integers], Integers]]:
        waiting = self.waiting
        return (waiting.only, waiting.first) if is_first else (waiting.last, waiting.mid)
