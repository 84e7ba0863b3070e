"""Designs in boxes: all designs of a box cut every loop into as many tiles and issue the same commands.

What a design drains and takes in all depends on the numbers of tiles and batches, and on the tile of input channels. A
layer has far fewer of these than designs: boxes are listed by their least design, and laid out only where wanted. The
least design fits volatile memory if any design of its box does.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ischedule.models import kernels_array
from ischedule.models.demand import TooManyDesigns
from ischedule.models.kernels import Prices
from ischedule.models.kernels_array import MOST, Column, Designs, has_boxes, may_store
from ischedule.models.tiling import Extent, Order

Index = NDArray[np.intp]
LARGE = 1 << 62
"""More than any total."""


@dataclass(frozen=True)
class Boxes:
    """Boxes of one form and order: their least designs, and how many sizes each loop and the batch has from there."""

    least: Designs
    spans: tuple[Column, Column, Column, Column]
    """Of rows, columns, outputs and batch; a box has one tile of input channels."""

    def __len__(self) -> int:
        return len(self.least)

    @property
    def sizes(self) -> Column:
        """How many designs each box has, those that do not fit included."""
        rows, columns, outputs, batch = self.spans
        return rows * columns * outputs * batch

    def take(self, index: Index | NDArray[np.bool_]) -> Boxes:
        """Some of the boxes."""
        rows, columns, outputs, batch = (part[index] for part in self.spans)
        return Boxes(self.least.take(index), (rows, columns, outputs, batch))

    def designs(self, prices: Prices, volatile: int) -> Designs:
        """All designs of the boxes that fit volatile memory."""
        sizes, least = self.sizes, self.least
        box = np.repeat(np.arange(len(sizes)), sizes)
        rest = np.arange(len(box), dtype=np.int64) - np.repeat(np.cumsum(sizes) - sizes, sizes)
        more = []
        for span in reversed(self.spans):
            more.append(rest % span[box])
            rest = rest // span[box]
        batch, outputs, columns, rows = more
        found = least.take(box)
        found = Designs(
            found.form,
            found.extent,
            found.order,
            found.rows + rows,
            found.columns + columns,
            found.outputs + outputs,
            found.inputs,
            found.batch + batch,
        )
        return found.take(_words(found, prices) <= volatile // prices.word_bytes)


def boxes_of(
    form: int,
    extent: Extent,
    prices: Prices,
    volatile: int,
    *,
    sums_in_memory: bool = True,
    writes_per_byte: int | None = None,
) -> list[Boxes]:
    """The boxes of a tiled form (no pooling of whole maps) whose least designs fit volatile memory.

    Designs that the lemmas of the kernels make redundant are left out.
    """
    if not has_boxes(extent):
        raise ValueError("designs of a pooling nest or a block depend on more than numbers of tiles")
    every = [_boxes(form, extent, order, prices, volatile) for order in extent.orders]
    # designs of a box make equally many passes
    return [found.take(may_store(found.least, sums_in_memory, writes_per_byte)) for found in every]


def _boxes(form: int, extent: Extent, order: Order, prices: Prices, volatile: int) -> Boxes:
    words = volatile // prices.word_bytes
    least, span = zip(*(_tiles(loop) for loop in extent.loops[:3]), strict=True)
    inputs = np.arange(extent.least_inputs, extent.inputs + 1, dtype=np.int64)
    places = np.meshgrid(*(np.arange(len(axis)) for axis in (*least, inputs)), indexing="ij")
    rows, columns, outputs, inner = (place.ravel() for place in places)
    base = Designs(
        form,
        extent,
        order,
        least[0][rows],
        least[1][columns],
        least[2][outputs],
        inputs[inner],
        np.ones(len(rows), dtype=np.int64),
    )
    spans = (span[0][rows], span[1][columns], span[2][outputs])
    fits = _words(base, prices) <= words
    if order is Order.INPUT and prices.tiles_are_free:
        # with all input channels tiles of one output channel serve as well, whatever the number of tiles
        whole = base.inputs == extent.inputs
        fits &= ~whole | (base.outputs == 1)
        spans = (*spans[:2], np.where(whole, 1, spans[2]))
    base, spans = base.take(fits), (spans[0][fits], spans[1][fits], spans[2][fits])
    found = _batched(base, spans)
    return found.take(_words(found.least, prices) <= words)


def _tiles(loop: int) -> tuple[Column, Column]:
    """For each number of tiles that a loop can be cut into the least tile, and how many tiles there are."""
    sizes = np.arange(1, loop + 1, dtype=np.int64)
    _, first, count = np.unique(-(-loop // sizes), return_index=True, return_counts=True)
    return sizes[first], count.astype(np.int64)


def _batched(base: Designs, spans: tuple[Column, Column, Column]) -> Boxes:
    """Every box of tiles with every number of batches."""
    extent = base.extent
    if base.order is Order.WEIGHT:
        return Boxes(base, (*spans, np.ones_like(base.rows)))
    loop, tile = (extent.outputs, base.outputs) if base.order is Order.INPUT else (extent.inputs, base.inputs)
    trips = -(-loop // tile)
    distinct, place = np.unique(trips, return_inverse=True)
    per_trips = [_tiles(int(trip)) for trip in distinct]
    numbers = np.array([len(sizes) for sizes, _ in per_trips], dtype=np.int64)
    starts = np.cumsum(numbers) - numbers
    sizes, counts = (
        np.concatenate([one[part] for one in per_trips]) if per_trips else np.zeros(0, dtype=np.int64)
        for part in (0, 1)
    )
    repeated = numbers[place]
    index = np.repeat(np.arange(len(place)), repeated)
    within = np.arange(len(index), dtype=np.int64) - np.repeat(np.cumsum(repeated) - repeated, repeated)
    entry = np.repeat(starts[place], repeated) + within
    least = base.take(index)
    least = Designs(
        least.form, extent, least.order, least.rows, least.columns, least.outputs, least.inputs, sizes[entry]
    )
    rows, columns, outputs = (part[index] for part in spans)
    return Boxes(least, (rows, columns, outputs, counts[entry]))


def _words(designs: Designs, prices: Prices) -> Column:
    """Volatile memory of each design, in words."""
    extent = designs.extent
    lanes = -(-designs.inputs // prices.multiple) * prices.multiple
    (down, below), (across, beside) = extent.row_reach, extent.column_reach
    halo = extent.sources * (down * designs.rows + below) * (across * designs.columns + beside)
    results = designs.inputs if extent.channelwise else designs.outputs
    kept = prices.words_of(extent) * (1 if designs.order is Order.OUTPUT else designs.batch)
    weights = extent.weight_taps * designs.outputs * lanes
    held = results * kept + prices.markers * prices.words_of(extent)
    return np.asarray(halo * lanes + weights + designs.rows * designs.columns * held, dtype=np.int64)


@dataclass(frozen=True)
class Chosen:
    """Some of a layer's boxes.

    No design of another box has reduced costs below ``dearer``, and none of any box drains less or takes less time than
    ``lean``, nor comes to less than ``sloped`` at each slope asked for.
    """

    boxes: list[Boxes]
    dearer: float
    lean: tuple[int, int]
    sloped: tuple[float, ...]


Wanted = Callable[[Column, Column], NDArray[np.bool_]]
"""Which designs are wanted, by their drains and times."""


def cheapest(
    boxes: list[Boxes],
    prices: Prices,
    rate: float,
    slopes: Sequence[float],
    number: int | None,
    limit: float = np.inf,
    wanted: Wanted | None = None,
) -> Chosen:
    """The boxes whose reduced costs are within the limit and that are wanted, or the cheapest of about so many designs.

    Raises `TooManyDesigns` where they are more than can be laid out.
    """
    totals = [kernels_array.totals(one.least, prices) for one in boxes]
    reduced = [time + rate * drain for drain, time in totals]
    every = np.concatenate(reduced) if reduced else np.zeros(0)
    if number is not None and len(every):
        order = np.argsort(every, kind="stable")
        enough = int(np.searchsorted(np.cumsum(np.concatenate([one.sizes for one in boxes])[order]), number))
        limit = float(every[order[min(enough, len(order) - 1)]])
    kept = [cost <= limit for cost in reduced]
    dearer = np.inf if all(one.all() for one in kept) else limit
    if wanted is not None:
        kept = [one & wanted(*pair) for one, pair in zip(kept, totals, strict=True)]
        dearer = np.inf if all(one.all() for one in kept) else -np.inf
    found = [one.take(some) for one, some in zip(boxes, kept, strict=True)]
    if sum(int(one.sizes.sum()) for one in found) > MOST:
        raise TooManyDesigns(f"more than {MOST} designs of a layer are close enough to the best ones")
    lean = [min((int(pair[part].min()) for pair in totals if len(pair[part])), default=LARGE) for part in (0, 1)]
    sloped = [
        min((float((time + slope * drain).min()) for drain, time in totals if len(drain)), default=np.inf)
        for slope in slopes
    ]
    return Chosen(found, dearer, (lean[0], lean[1]), tuple(sloped))
