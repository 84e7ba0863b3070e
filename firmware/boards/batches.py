"""Runs that share a process of an emulator: one that hangs is found, and costs the others nothing but time."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import TypeVar

from ischedule.firmware.boards.outcome import Outcome
from ischedule.firmware.boards.tool import ToolFailed

Failures = TypeVar("Failures")

Attempt = tuple[list[Outcome], Outcome | None]
"""The outcomes of the runs that came to an end, in order, and what the next one did if its process had to be ended."""


def in_batches(
    runs: Iterable[Sequence[Failures]], size: int, attempt: Callable[[list[Sequence[Failures]]], Attempt]
) -> list[Outcome]:
    """One outcome for each run.

    A run during which the process had to be ended may only have come late: it is the first of the next process, and if
    that has to be ended, too, before the run is over, it hangs.
    """
    outcomes: list[Outcome] = []
    waiting = list(runs)
    while waiting:
        batch = waiting[:size]
        found, cut = attempt(batch)
        if cut is not None and not found:
            found = [cut]
        elif cut is None and len(found) != len(batch):
            raise ToolFailed(f"{len(found)} runs of {len(batch)} are reported")
        outcomes += found
        waiting = waiting[len(found) :]
    return outcomes
