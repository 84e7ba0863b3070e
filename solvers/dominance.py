"""Which of many designs of a stage need not be looked at: another does as well in whatever plan they are used."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from ischedule.models.chain import Chain
from ischedule.models.criteria import with_stores
from ischedule.models.program import Program, TiledStage
from ischedule.models.tiling import Tiling
from ischedule.solvers.sweep import Integers


def undominated(chains: Sequence[Chain], more: Sequence[int] | None = None) -> list[int]:
    """The places of chains but those that another with as many atoms and the same cuts equals or betters in every atom
    and end, in what they store, and in what ``more`` says of each.
    """
    by_length: dict[int, list[int]] = {}
    for place, chain in enumerate(chains):
        by_length.setdefault(len(chain), []).append(place)
    return sorted(place for some in by_length.values() for place in _of_a_length(chains, some, more))


def undominated_designs(program: Program, designs: Sequence[Sequence[Tiling]]) -> list[list[Tiling]]:
    """For each tiled stage those of the designs that no other is as good as, whatever counts."""
    return [
        [some[place] for place in undominated([with_stores(stage, one) for one in some])]
        for stage, some in zip(program.stages, designs, strict=True)
        if isinstance(stage, TiledStage)
    ]


def _of_a_length(chains: Sequence[Chain], some: Sequence[int], more: Sequence[int] | None) -> list[int]:
    rows = []
    for place in some:
        chain = chains[place]
        parts = (*chain.columns()[:6], chain.stored, chain.commit_stored)
        rows.append([0 if more is None else more[place], *(int(value) for part in parts for value in part)])
    values = np.array(rows, dtype=np.int64)
    cuts = np.array([list(map(bool, chains[place].cut)) for place in some])
    return [some[place] for place in _least(values, cuts)]


def _least(values: Integers, cuts: NDArray[np.bool_]) -> list[int]:
    """The rows that no other with the same cuts is as good as everywhere."""
    kept, kept_cuts = np.zeros((0, values.shape[1]), dtype=np.int64), np.zeros((0, cuts.shape[1]), dtype=bool)
    found = []
    # what is as good has no larger sum
    for place in np.lexsort((np.arange(len(values)), values.sum(axis=1))).tolist():
        same = (kept_cuts == cuts[place]).all(axis=1)
        if not (kept[same] <= values[place]).all(axis=1).any():
            found.append(place)
            kept = np.concatenate([kept, values[place : place + 1]])
            kept_cuts = np.concatenate([kept_cuts, cuts[place : place + 1]])
    return found
