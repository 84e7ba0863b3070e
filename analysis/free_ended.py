"""The designs of a stage by their free-ended cost: what each costs at least at the rate, its first and last cycle free.

The floor of the stage, the segments it lies in and the proof of the whole bound all ask which designs cost less than
some number. What has been found of a design for one of them is kept for the others: alike stages share it, and so do
segments, whose cycles between others cost what they cost in the whole program.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from ischedule.analysis.design_classes import Box, Classes, distinct
from ischedule.analysis.grounds import Grounds
from ischedule.analysis.potential import FREE, Opening, Walked, rows_in, walk
from ischedule.models.kernels import Price
from ischedule.models.program import TiledStage
from ischedule.models.tiling import Tiling

BEYOND_LIMIT = 16
"""A design that is walked through again is so up to this part above what is asked: the next limit is often close."""


@dataclass(slots=True)
class Known:
    """A design and a number that its free-ended cost is not below; where it is exact, no walk finds a greater one."""

    tiling: Tiling
    bound: int
    is_exact: bool = False
    is_walked: bool = False


@dataclass(slots=True)
class Listed:
    """A box with its totals; its designs that fit are listed when they are first asked for."""

    box: Box
    totals: Price
    designs: list[Known] | None = None


class FreeEnded:
    """The boxes of a stage below the greatest limit asked for so far, and what is known of the designs in them."""

    def __init__(self, grounds: Grounds, stage: TiledStage, classes: Classes) -> None:
        self.grounds, self.stage, self.classes = grounds, stage, classes
        self.limit = 0
        self.boxes: list[Listed] = []
        self.seen: set[tuple[int, ...]] = set()
        self.free = Opening(_nothing, grounds.cost.widest)

    def below(self, limit: int) -> Iterator[Listed]:
        """The boxes whose reduced totals are below the limit."""
        if limit > self.limit:
            for box in self.classes.below(self.grounds.rate, limit, self.limit):
                self.boxes.append(Listed(box, box.totals(self.stage)))
            self.limit = limit
        for listed in self.boxes:
            if listed.box.reduced < limit:
                yield listed

    def cheaper(self, listed: Listed, limit: int) -> Iterator[Known]:
        """The designs of a box whose free-ended cost is below the limit, with exactly this cost."""
        if listed.designs is None:
            listed.designs = list(self._designs(listed))
        for known in listed.designs:
            if known.bound < limit and not known.is_exact:
                self._sharpen(listed.box.reduced, known, limit)
            if known.bound < limit:
                yield known

    def _designs(self, listed: Listed) -> Iterator[Known]:
        for tiling in distinct(self.stage, listed.box, self.seen):
            least = self.grounds.least(self.stage, tiling, listed.totals)
            if least is not None:
                yield Known(tiling, least)

    def _sharpen(self, reduced: int, known: Known, limit: int) -> None:
        """Walk through a design with free ends until it is known to cost the limit, or a little more, or exactly."""
        most = limit + (abs(limit) // BEYOND_LIMIT if known.is_walked else 0)
        extent, prices = self.stage.forms[known.tiling.form], self.stage.prices
        rows = rows_in(extent, known.tiling, prices, self.grounds.rate)
        found = walk(rows, self.grounds.waste, self.free, FREE, most - reduced)
        known.is_walked, known.is_exact = True, found is not None
        known.bound = max(known.bound, most if found is None else reduced + _freely(found))


def _nothing(load: int) -> int:
    """The waste of a cycle that is shared with another stage: nothing is known about it."""
    return 0


def _freely(found: Walked) -> int:
    """The least potential of a design with free ends: its last piece, shared with what follows, wastes nothing."""
    ends = [potential for potential, _ in (*found.first, *found.later)]
    return min(ends if found.closed is None else [*ends, found.closed])
