"""Designs of one form and one order in columns."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ischedule.models.tiling import Extent, Order, Tiling

Column = NDArray[np.int64]


@dataclass(frozen=True)
class Designs:
    """Tilings of one form and one order: equal columns of tile sizes and batches."""

    form: int
    extent: Extent
    order: Order
    rows: Column
    columns: Column
    outputs: Column
    inputs: Column
    batch: Column

    def __len__(self) -> int:
        return len(self.rows)

    def take(self, index: NDArray[np.intp] | NDArray[np.bool_]) -> Designs:
        """The designs at these places."""
        parts = (self.rows, self.columns, self.outputs, self.inputs, self.batch)
        rows, columns, outputs, inputs, batch = (part[index] for part in parts)
        return Designs(self.form, self.extent, self.order, rows, columns, outputs, inputs, batch)

    def tiling(self, place: int) -> Tiling:
        """One design as the scalar model knows it."""
        parts = (self.rows, self.columns, self.outputs, self.inputs, self.batch)
        rows, columns, outputs, inputs, batch = (int(part[place]) for part in parts)
        return Tiling(self.form, self.order, rows, columns, outputs, inputs, batch)
