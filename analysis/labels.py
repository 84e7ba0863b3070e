"""What a certificate's labels cover at a boundary."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator
from itertools import accumulate

from ischedule.models.plan import Boundary, Label


class Unproven(Exception):
    """A bound that its certificate does not prove, and where the proof breaks."""


class Staircase:
    """Labels that cover whatever has drained no less and costs no less than one of them."""

    def __init__(self, labels: tuple[Label, ...]) -> None:
        ordered = sorted(labels)
        self.drains = [drain for drain, _ in ordered]
        self.least = list(accumulate((cost for _, cost in ordered), min))

    def covers(self, drain: int, cost: int) -> bool:
        """Whether some label has at most this drain and at most this cost."""
        index = bisect_right(self.drains, drain)
        return index > 0 and self.least[index - 1] <= cost


class Cover:
    """One boundary of a certificate, asked what it covers."""

    def __init__(self, boundary: Boundary) -> None:
        self.closed = boundary.closed
        self.first = Staircase(boundary.first)
        self.later = Staircase(boundary.later)

    def uncovered(self, found: Boundary) -> Iterator[tuple[str, int | None, int, bool]]:
        """What has been found and is not covered: a name, drain (None: closed), cost, and whether its cycle
        is the first."""
        if found.closed is not None and (self.closed is None or self.closed > found.closed):
            yield "closed", None, found.closed, False
        for is_first, staircase, labels in ((True, self.first, found.first), (False, self.later, found.later)):
            for drain, cost in labels:
                if not staircase.covers(drain, cost):
                    name = f"{'first' if is_first else 'later'}, open with {drain} drained"
                    yield name, drain, cost, is_first
