"""The designs of one tiled stage in columns, with the lower bounds that let most of them be dropped unseen.

Reduced costs. Let ``c(y)`` be what a power cycle costs beyond its atoms (ends and waiting) when atoms and fetches
drain ``y``. For a rate ``mu`` with ``c(y) >= mu y`` everywhere, the cost of a plan is at least the sum of ``time +
mu drain`` over its atoms, and exceeds it by the *waste* ``c(y) - mu y >= 0`` of each cycle. A design's *bound* adds
what the cycles wholly inside the stage must waste: for a line ``alpha + beta y <= c(y)`` and the number of cycles
that touch the stage, which is at least ``U = sum floor((K+1) a / (Y+1)) / K`` over its atoms' drains ``a`` for
every K, where a cycle holds at most ``Y``; all but two of these lie wholly inside."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ischedule.models import atoms_array, kernels_array
from ischedule.models.boxes_array import LARGE, Boxes, Wanted, boxes_of, cheapest
from ischedule.models.kernels_array import Designs, has_boxes
from ischedule.models.preservation import Kind
from ischedule.models.program import TiledStage
from ischedule.models.tiling import Order, Tiling
from ischedule.solvers.rate import Rate
from ischedule.solvers.sweep import Lanes

Index = NDArray[np.intp]
Floats = NDArray[np.float64]

LARGEST = 2.0**62
"""Designs whose numbers make no product below this are not told apart."""
GROUP = 400_000
"""Cuts that one group of designs may hold side by side."""


@dataclass(frozen=True)
class Space:
    """The designs of a stage that fit its memory and the budget, in parts of one form and order each.

    Those that were left out have reduced costs of at least ``dearer``, and none drains less or takes less time than
    ``lean``.
    """

    stage: TiledStage
    parts: tuple[Designs, ...]
    first: Index
    drain: NDArray[np.int64]
    time: NDArray[np.int64]
    reduced: Floats
    bound: Floats
    atoms: NDArray[np.int64]
    dearer: float = np.inf
    lean: tuple[int, int] = (0, 0)
    sloped: tuple[float, ...] = ()
    """The least sum of time and drain at the slope of each of the rate's tangents, over all designs."""

    def __len__(self) -> int:
        return len(self.drain)

    def tiling(self, index: int) -> Tiling:
        """One design as the scalar model knows it."""
        part = int(np.searchsorted(self.first, index, side="right")) - 1
        return self.parts[part].tiling(index - int(self.first[part]))

    def places_of(self, other: Space) -> tuple[Index, Index]:
        """The designs that a space of the same stage has too: their places here and there."""
        ours, theirs = self._columns(), other._columns()
        radices = np.maximum(ours.max(axis=1), theirs.max(axis=1)) + 1
        if np.prod(radices.astype(float)) >= LARGEST:
            return np.zeros(0, dtype=np.intp), np.zeros(0, dtype=np.intp)
        weights = np.concatenate([[1], np.cumprod(radices[:-1])])
        _, here, there = np.intersect1d(weights @ ours, weights @ theirs, assume_unique=True, return_indices=True)
        return here, there

    def _columns(self) -> NDArray[np.int64]:
        """The numbers that each design is made of, one column for each."""
        orders = list(Order)
        names = ("rows", "columns", "outputs", "inputs", "batch")
        kinds = [np.full(len(part), part.form * len(orders) + orders.index(part.order)) for part in self.parts]
        sizes = [np.concatenate([getattr(part, name) for part in self.parts]) for name in names]
        return np.stack([*sizes, np.concatenate(kinds)])

    def lanes(self, chosen: Index, capacity: int) -> Iterator[tuple[Index, Lanes]]:
        """The chains of the chosen designs, in groups of one part with atoms of like number and size."""
        if not len(chosen):
            return
        per_cycle = np.log2(np.maximum(capacity * self.atoms[chosen] / np.maximum(self.drain[chosen], 1), 1))
        per_cycle = per_cycle.astype(np.int64)
        part = np.searchsorted(self.first, chosen, side="right") - 1
        length = np.log2(self.atoms[chosen]).astype(np.int64)
        order = np.lexsort((self.atoms[chosen], length, per_cycle, part))
        keys = np.stack([part, per_cycle, length])[:, order]
        breaks = np.flatnonzero((np.diff(keys, axis=1) != 0).any(axis=0)) + 1
        for group in np.split(chosen[order], breaks):
            size = max(1, GROUP // int(self.atoms[group].max() + 1))
            for start in range(0, len(group), size):
                piece = group[start : start + size]
                yield piece, self._lay_out(piece)

    def _lay_out(self, piece: Index) -> Lanes:
        part = int(np.searchsorted(self.first, piece[0], side="right")) - 1
        chains = atoms_array.chains(self.parts[part].take(piece - self.first[part]), self.stage.prices)
        ends = self.stage.ends
        shape = chains.again_drain.T.shape
        commit = [np.broadcast_to(np.int64(value), shape) for value in ends.commit]
        return Lanes(
            chains.length,
            np.ascontiguousarray(chains.drain.T),
            np.ascontiguousarray(chains.time.T),
            np.ascontiguousarray(chains.again_drain.T) + ends.resume[0],
            np.ascontiguousarray(chains.again_time.T) + ends.resume[1],
            commit[0],
            commit[1],
            np.broadcast_to(np.True_, shape),
        )


@dataclass(frozen=True)
class Within:
    """Which designs are laid out: about so many of the cheapest, or those within a limit that are wanted."""

    number: int | None = None
    limit: float = np.inf
    wanted: Wanted | None = None


def space_of(stage: TiledStage, rate: Rate, room: int, within: Within | None = None) -> Space | None:
    """The designs of a stage, without those that have an atom which fits no cycle of this room, each with its bound.

    All are laid out, or of layers with very many those ``within``.
    """
    found, dearer, lean, sloped = _designs(stage, rate, room, within)
    parts, drains, times, bounds = [], [], [], []
    for designs in found:
        if len(designs):
            designs = designs.take(atoms_array.heaviest_atoms(designs, stage.prices) <= room - stage.prices.beside)
        if not len(designs):
            continue
        kinds = kernels_array.full_atoms(designs, stage.prices)
        drain, time = kernels_array.totals(designs, stage.prices)
        parts.append(designs)
        drains.append(drain)
        times.append(time)
        bounds.append(_bound(drain, time, kinds, rate, room))
    if not parts:
        return None if within is None else space_of(stage, rate, room)
    drain, time = np.concatenate(drains), np.concatenate(times)
    return Space(
        stage,
        tuple(parts),
        np.cumsum([0, *(len(part) for part in parts[:-1])]),
        drain,
        time,
        time + rate.value * drain,
        np.concatenate(bounds),
        np.concatenate([kernels_array.atoms_per_design(part) for part in parts]),
        dearer,
        (min(lean[0], int(drain.min())), min(lean[1], int(time.min()))),
        tuple(
            min(least, float((time + tangent.slope * drain).min()))
            for tangent, least in zip(rate.tangents, sloped, strict=True)
        ),
    )


def _designs(
    stage: TiledStage, rate: Rate, room: int, within: Within | None
) -> tuple[list[Designs], float, tuple[int, int], tuple[float, ...]]:
    """Designs that fit volatile memory, what no other is below in reduced costs, and what none is below in totals, one
    by one and together at the slopes of the tangents."""
    slopes = [tangent.slope for tangent in rate.tangents]
    if within is None:
        forms = range(len(stage.forms))
        every = [designs for form in forms for designs in _enumerate(stage, form)]
        return every, np.inf, (LARGE, LARGE), (np.inf,) * len(slopes)
    prices, volatile = stage.prices, stage.volatile
    pooled = [form for form, extent in enumerate(stage.forms) if not has_boxes(extent)]
    boxes = [one.take(atoms_array.first_atoms(one.least, prices) <= room) for one in boxes_of_stage(stage) if len(one)]
    chosen = cheapest(boxes, prices, rate.value, slopes, within.number, within.limit, within.wanted)
    found = [one.designs(prices, volatile) for one in chosen.boxes if len(one)]
    found += [designs for form in pooled for designs in _enumerate(stage, form)]
    return found, chosen.dearer, chosen.lean, chosen.sloped


def boxes_of_stage(stage: TiledStage) -> list[Boxes]:
    """The boxes of all forms that have them."""
    found = [
        boxes
        for form, extent in enumerate(stage.forms)
        if has_boxes(extent)
        for boxes in boxes_of(
            form,
            extent,
            stage.prices,
            stage.volatile,
            sums_in_memory=stage.sums_in_memory,
            writes_per_byte=stage.writes_per_byte,
        )
    ]
    # the designs of a box cut every loop alike
    return [one.take(can_keep(one.least, stage)) for one in found]


def can_keep(designs: Designs, stage: TiledStage) -> NDArray[np.bool_]:
    """Which designs can keep progress as the stage does, among those of one tile in WEIGHT order."""
    if stage.kind is not Kind.AUGMENTED:
        return np.ones(len(designs), dtype=np.bool_)
    return kernels_array.stores_whole_pixels(designs)


def _enumerate(stage: TiledStage, form: int) -> list[Designs]:
    found = kernels_array.enumerate_designs(
        form,
        stage.forms[form],
        stage.prices,
        stage.volatile,
        sums_in_memory=stage.sums_in_memory,
        writes_per_byte=stage.writes_per_byte,
    )
    return [designs.take(can_keep(designs, stage)) for designs in found]


def _bound(
    drain: NDArray[np.int64],
    time: NDArray[np.int64],
    kinds: list[tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]],
    rate: Rate,
    room: int,
) -> Floats:
    bound: Floats = time + rate.value * drain
    for _, reference, _ in kinds:
        most = np.maximum(room // np.maximum(reference, 1), 1)
        shares = [number * ((most + 1) * atom // (room + 1)) for number, atom, _ in kinds]
        inside = np.maximum(np.sum(shares, axis=0) / most - 2, 0)
        for constant, numerator in rate.lines:
            bound = np.maximum(bound, time + numerator / rate.fraction[1] * drain + constant * inside)
    return bound
