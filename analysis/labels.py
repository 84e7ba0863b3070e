"""What a certificate's labels cover at a boundary."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import replace
from itertools import accumulate
from typing import NamedTuple

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


class Found(NamedTuple):
    """A state that has been reached: drain (None: closed) and cost, the time that has passed for certain where it is
    known apart from the cost, and whether the cycle in progress is the first."""

    name: str
    drain: int | None
    cost: int
    elapsed: int | None
    is_first: bool


class Cover:
    """One boundary of a certificate, asked what it covers.

    ``slip`` is by how much less a second cycle can cost beyond the time that has passed when it drains more. Where the
    boundary ``is_closed`` no cycle is open there, and open ones need no cover.
    """

    def __init__(self, boundary: Boundary, slip: int, is_closed: bool = False) -> None:
        self.is_closed = is_closed
        self.closed = boundary.closed
        self.first = Staircase(boundary.first)
        self.later = Staircase(boundary.later)
        self.kept = Staircase(boundary.kept)
        self.ahead = sorted(boundary.ahead)
        self.slip = slip

    def uncovered(self, found: Boundary) -> Iterator[Found]:
        """What has been found and is not covered."""
        found = standing(found) if self.is_closed else found
        if found.closed is not None and not self._covers_closed(found.closed):
            yield Found("closed", None, found.closed, None, False)
        for is_first, staircase, labels in ((True, self.first, found.first), (False, self.later, found.later)):
            for drain, cost in labels:
                if not staircase.covers(drain, cost):
                    name = f"{'first' if is_first else 'later'}, open with {drain} drained"
                    yield Found(name, drain, cost, None, is_first)
        for cost, elapsed in found.kept:
            if not self._covers_closed(cost) and not self.kept.covers(cost, elapsed):
                yield Found("closed with a level kept", None, cost, elapsed, False)
        for drain, cost, elapsed in found.ahead:
            if not self.later.covers(drain, cost) and not self._covers_ahead(drain, cost, elapsed):
                yield Found(f"second, open with {drain} drained", drain, cost, elapsed, False)

    def _covers_closed(self, cost: int) -> bool:
        return self.closed is not None and self.closed <= cost

    def _covers_ahead(self, drain: int, cost: int, elapsed: int) -> bool:
        """Whether some label is no worse: one that has drained less, by the slip in the time that has passed."""
        for label in self.ahead:
            if label[0] > drain:
                return False
            if label[1] <= cost and label[2] + (self.slip if label[0] < drain else 0) <= elapsed:
                return True
        return False


def standing(found: Boundary) -> Boundary:
    """What is left of what has been found where every cycle ends: the closed states."""
    return replace(found, first=(), later=(), ahead=())
