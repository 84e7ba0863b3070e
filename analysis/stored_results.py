"""Where a kernel's results lie in non-volatile memory while they are summed up, and which region each pass writes.

Where partial sums pass through this memory they have three regions: the published one stays untouched until the next
publish, two alternate. Results end in the tensor. Where sums are as wide as words it is one of the three, and which
region a pass writes follows from how many passes over the same results are left in its power cycle, so it is known
before the device runs.
"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

from ischedule.analysis.accesses import REGIONS_WITH_SUMS
from ischedule.analysis.arithmetic import Words
from ischedule.analysis.layer_numbers import LayerNumbers
from ischedule.analysis.memories import Box, Holds, Region, part_of
from ischedule.models.nest import Act, AtomSteps, Tile


def box_of(tile: Tile) -> Box:
    """The results of a tile."""
    return (tile.rows, tile.columns, tile.outputs)


class Results:
    """Where a layer's results lie in non-volatile memory, and their sums until they are results."""

    def __init__(
        self,
        shape: tuple[int, int, int],
        numbers: LayerNumbers,
        sums: bool,
        random: np.random.Generator,
        into: Region | None = None,
        apart: bool = True,
    ) -> None:
        """``into`` is where the results end, if that is part of a larger tensor.

        Sums are kept ``apart`` from results if the tensor has no room for them; otherwise it is as wide as a sum here.
        """
        width = numbers.width
        self._is_apart = sums and apart
        others = REGIONS_WITH_SUMS if self._is_apart else REGIONS_WITH_SUMS - 1 if sums else 0
        kind = width.sum if sums and not apart else width.word
        self.regions = [Region(shape, kind, random), *(Region(shape, width.sum, random) for _ in range(others))]
        if into is not None:
            self.regions[0] = into
        self._published: NDArray[np.int8] = np.full(shape, -1, np.int8)
        self._current = self._published.copy()
        self._saved = self._published.copy()
        self._left = np.zeros(shape, np.int32)
        self._finishes = np.zeros(shape, np.bool_)

    @property
    def region(self) -> Region:
        """The region in which results end."""
        return self.regions[0]

    def plan(self, atoms: Iterable[AtomSteps]) -> None:
        """Note which passes a power cycle makes over which results."""
        self._left[:] = 0
        self._finishes[:] = False
        for atom in atoms:
            for step in atom.steps:
                if step.act is Act.STORE:
                    part = part_of(box_of(step.tile))
                    self._left[part] += 1
                    self._finishes[part] |= step.last

    def read(self, box: Box) -> Words:
        """The latest sums."""
        return self.regions[self._one(self._current, box)].read(box, Holds.SUM)

    def next_region(self, box: Box) -> int:
        """The region that the next pass over these results writes: never the one that is published."""
        if self._is_apart:
            if self._one(self._finishes, box) and self._one(self._left, box) == 1:
                return 0
            taken = {self._one(self._published, box), self._one(self._current, box)}
            return min(region for region in range(1, len(self.regions)) if region not in taken)
        spare = 2 if self._one(self._published, box) == 1 else 1
        target, other = (0, spare) if self._one(self._finishes, box) else (spare, 0)
        return target if self._one(self._left, box) % 2 == 1 else other

    def write(self, region: int, box: Box, values: Words, last: bool) -> None:
        """Store sums, or results after the last pass."""
        self.regions[region].write(box, values, Holds.RESULT if last else Holds.SUM)

    def passed(self, region: int, box: Box) -> None:
        """A pass over these results is complete."""
        self._current[part_of(box)] = region
        self._left[part_of(box)] -= 1

    def publish(self) -> None:
        """The power cycle's writes count."""
        for region in self.regions:
            region.publish()
        self.keep()
        self._saved = self._published.copy()

    def keep(self) -> None:
        """The publish is skipped: the next power cycle chooses regions as behind one, and all can still be lost."""
        self._published = self._current.copy()

    def lose(self) -> None:
        """What has been written since the last publish does not count."""
        for region in self.regions:
            region.lose()
        self._published = self._saved.copy()
        self._current = self._saved.copy()

    @staticmethod
    def _one(values: NDArray[np.generic], box: Box) -> int:
        found = np.unique(values[part_of(box)])
        assert len(found) == 1, "the passes over a tile's results are the same for all of them"
        return int(found[0])
