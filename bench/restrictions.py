"""The search with one source of gain taken away: what is left of it is a plan that such a restriction still allows.

`without` returns the least latency (seconds) of a program under one restriction. The solver stays as it is; its design
space is filtered, or it is asked about one layer at a time. A cycle of a single batch is priced here.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any
from unittest.mock import patch

import numpy as np
from numpy.typing import NDArray

from ischedule.models import atoms_array, kernels_array
from ischedule.models.kernels_array import Designs
from ischedule.models.program import Program, TiledStage
from ischedule.models.tiling import Order
from ischedule.solvers.limit import Limit
from ischedule.solvers.rate import rate_of
from ischedule.solvers.space import Space, space_of
from ischedule.solvers.tiled import solve_tiled
from ischedule.solvers.waits import Waiting, steering_waiting

SECOND = 1e12
Mask = NDArray[np.bool_]
Chosen = Callable[[Designs], Mask]


def without(restriction: str, program: Program) -> float:
    """The least latency in seconds that the restriction leaves."""
    if restriction == "odd sizes":
        return _filtered(program, _is_even)
    if restriction == "sizes that do not divide":
        return _filtered(program, _divides)
    if restriction == "smaller last tiles":
        return _whole_tiles(program)
    if restriction == "crossing layers":
        return _apart(program)
    if restriction == "several batches in a cycle":
        return _one_batch_per_cycle(program)
    raise ValueError(restriction)


RESTRICTIONS = (
    "odd sizes",
    "sizes that do not divide",
    "smaller last tiles",
    "several batches in a cycle",
    "crossing layers",
)


def _latency(program: Program) -> float:
    cost = solve_tiled(program, Limit()).cost
    assert cost is not None
    return (cost + program.law.offset) / SECOND


def _filtered(program: Program, chosen: Chosen) -> float:
    """The same with some designs only: the enumeration is filtered while the search lasts."""
    original = kernels_array.enumerate_designs

    def enumerate_designs(*arguments: Any, **named: Any) -> list[Designs]:
        return [designs.take(chosen(designs)) for designs in original(*arguments, **named) if len(designs)]

    with patch.object(kernels_array, "enumerate_designs", enumerate_designs):
        return _latency(program)


def _even(sizes: NDArray[np.int64]) -> Mask:
    return np.asarray((sizes == 1) | (sizes % 2 == 0))


def _is_even(designs: Designs) -> Mask:
    """Every tile size and batch is 1 or even.

    A batch of single output channels with all inputs stands for every tiling of the same channels, odd batches too.
    """
    batch = _even(designs.batch)
    if designs.order is Order.INPUT:
        batch = batch | (designs.inputs == designs.extent.inputs)
    sizes = (designs.rows, designs.columns, designs.outputs, designs.inputs)
    return np.asarray(np.logical_and.reduce([batch, *map(_even, sizes)]))


def _divides(designs: Designs) -> Mask:
    """Every tile is whole: no loop has a smaller last one."""
    pairs = zip((designs.rows, designs.columns, designs.outputs, designs.inputs), designs.extent.loops, strict=True)
    return np.asarray(np.logical_and.reduce([extent % size == 0 for size, extent in pairs]))


def _whole_tiles(program: Program) -> float:
    """Every last tile of a convolution is charged as a full one: as if its loops were as long as all tiles together."""

    def padded(designs: Designs, shape: tuple[int, ...]) -> Designs:
        """The designs over an extent that differs from one to the next."""
        if designs.extent.pooling:
            return designs
        tiles = (designs.rows, designs.columns, designs.outputs, designs.inputs)
        loops = [-(-loop // tile) * tile for tile, loop in zip(tiles, designs.extent.loops, strict=True)]
        rows, columns, outputs, inputs = (loop.reshape(shape) for loop in loops)
        extent = replace(designs.extent, rows=rows, columns=columns, outputs=outputs, inputs=inputs)
        return replace(designs, extent=extent)

    totals, atoms, tiles = kernels_array.totals, atoms_array._atoms, atoms_array._tiles

    def whole_totals(designs: Designs, *arguments: Any) -> Any:
        return totals(padded(designs, (-1,)), *arguments)

    def whole_atoms(designs: Designs, *arguments: Any) -> Any:
        return atoms(padded(designs, (-1, 1)), *arguments)

    def whole_tiles(designs: Designs, *arguments: Any) -> Any:
        return tiles(padded(designs, (-1, 1)), *arguments)

    with (
        patch.object(kernels_array, "totals", whole_totals),
        patch.object(atoms_array, "_atoms", whole_atoms),
        patch.object(atoms_array, "_tiles", whole_tiles),
    ):
        return _latency(program)


def _apart(program: Program) -> float:
    """Every layer by itself: under these readings all cycles have one price, so that optima of layers add up."""
    costs = [solve_tiled(replace(program, stages=(stage,), steps=()), Limit()).cost for stage in program.stages]
    assert None not in costs
    return (sum(cost for cost in costs if cost is not None) + program.law.offset) / SECOND


def _one_batch_per_cycle(program: Program) -> float:
    """Every cycle is one tile batch of one layer, as published."""
    waiting = steering_waiting(program.law)
    total = 0.0
    for stage in program.stages:
        assert isinstance(stage, TiledStage)
        total += _single_batches(stage, waiting)
    return (total + program.law.offset) / SECOND


@dataclass(frozen=True)
class Batched:
    """Designs of a space whose cycles are single batches: which, tiles per batch, tiles per row, cycles in all."""

    index: NDArray[np.intp]
    batch: NDArray[np.int64]
    row: NDArray[np.int64]
    cycles: NDArray[np.int64]

    def take(self, chosen: NDArray[np.intp]) -> Batched:
        """Some of them."""
        return Batched(self.index[chosen], self.batch[chosen], self.row[chosen], self.cycles[chosen])


def _single_batches(stage: TiledStage, waiting: Waiting) -> float:
    """The least cost of a layer whose cycles are single batches: designs in the order of a bound, until none is left.

    The bound prices as many cycles as there are batches on lines under the price of a cycle.
    """
    rate = rate_of(stage.ends, waiting)
    space = space_of(stage, rate, waiting.capacity - stage.ends.resume[0] - stage.ends.commit[0])
    assert space is not None
    all_batches = _batched(space)
    drain, time = space.drain[all_batches.index], space.time[all_batches.index]
    bound = time + rate.value * drain
    for constant, numerator in rate.lines:
        bound = np.maximum(bound, time + numerator / rate.fraction[1] * drain + constant * all_batches.cycles)
    order = np.argsort(bound, kind="stable")
    best, start, size = np.inf, 0, 64
    while start < len(order) and bound[order[start]] < best:
        best = min(best, _least(space, all_batches.take(order[start : start + size]), waiting))
        start, size = start + size, min(2 * size, 4096)
    return best


def _batched(space: Space) -> Batched:
    """Weights reused over pixels come as single tiles: a batch is any number of a row's tiles whose results fit."""
    found = []
    for part, first in zip(space.parts, space.first, strict=True):
        index = first + np.arange(len(part))
        ones = np.ones_like(part.rows)
        row, most = ones, ones
        if part.order is Order.WEIGHT:
            row = -(-part.extent.rows // part.rows) * -(-part.extent.columns // part.columns)
            most = np.minimum(row, _most_tiles(part, space.stage))
        batch = np.concatenate([np.arange(1, most_tiles + 1) for most_tiles in most.tolist()])
        index, row = np.repeat(index, most), np.repeat(row, most)
        found.append(Batched(index, batch, row, space.atoms[index] // row * -(-row // batch)))
    columns = [np.concatenate([getattr(one, name) for one in found]) for name in ("index", "batch", "row", "cycles")]
    return Batched(*columns)


def _most_tiles(part: Designs, stage: TiledStage) -> NDArray[np.int64]:
    """How many tiles' results fit volatile memory beside the operands of one."""
    extent, prices = part.extent, stage.prices
    lanes = -(-part.inputs // prices.multiple) * prices.multiple
    (down, below), (across, beside) = extent.row_reach, extent.column_reach
    halo = extent.sources * (down * part.rows + below) * (across * part.columns + beside)
    operands = (halo + extent.weight_taps * part.outputs) * lanes
    words = stage.volatile // prices.word_bytes - operands
    results = part.inputs if extent.channelwise else part.outputs
    return np.asarray(words // (part.rows * part.columns * results), dtype=np.int64)


def _least(space: Space, some: Batched, waiting: Waiting) -> float:
    """The cheapest of these, every batch in a cycle of its own."""
    best = np.inf
    for piece, lanes in space.lanes(np.unique(some.index), waiting.capacity):
        place = np.flatnonzero(np.isin(some.index, piece))
        chosen = some.take(place)
        lane = np.searchsorted(np.sort(piece), chosen.index)
        lane = np.argsort(piece)[lane]
        groups = -(-chosen.row // chosen.batch)
        number = np.arange(int(chosen.cycles.max()))[:, None]
        is_cycle = number < chosen.cycles
        row, group = np.minimum(number // groups, chosen.cycles // groups - 1), number % groups
        begin = row * chosen.row + group * chosen.batch
        end = np.minimum(begin + chosen.batch, (row + 1) * chosen.row)
        drain = lanes.drain[end, lane] - lanes.drain[begin, lane]
        drain = drain + lanes.resume_drain[begin, lane] + lanes.commit_drain[end - 1, lane]
        active = lanes.time[end, lane] - lanes.time[begin, lane]
        active = active + lanes.resume_time[begin, lane] + lanes.commit_time[end - 1, lane]
        fits = (~is_cycle | (drain <= waiting.capacity)).all(axis=0)
        if fits.any():
            prices = waiting.mid(np.where(is_cycle, drain, 0)[:, fits].ravel()).reshape(-1, int(fits.sum()))
            cost = np.where(is_cycle[:, fits], prices + active[:, fits], 0).sum(axis=0)
            best = min(best, float(cost.min()))
    return best
