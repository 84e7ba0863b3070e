"""The tables of a plan: an entry for each run of equal power cycles, and for a network one for each kernel it runs.

Runs are of cycles that follow one another, have equally many atoms and wait for one threshold. How many bytes entries
take is an assumption about the runtime (`storage.TableSizes`).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import accumulate
from math import gcd
from typing import Final

from ischedule.models.block import Block
from ischedule.models.chain import Chain
from ischedule.models.cycle_law import CycleLaw
from ischedule.models.fixed_wake import FixedWakeLaw
from ischedule.models.layout import layout_of
from ischedule.models.plan import Plan
from ischedule.models.program import Program, TiledStage
from ischedule.models.programmable_wake import ProgrammableWakeLaw
from ischedule.models.storage import TABLES, TableSizes
from ischedule.models.tiling import Order, Tiling, innermost, stores_partial_sums

MOST_STATES: Final = 4_000_000
"""Atoms, lengths of cycles and numbers of runs of which every combination is gone through for a proof."""


def sizes_of(program: Program) -> TableSizes:
    """What entries of a program's tables take."""
    return TABLES if program.storage is None else program.storage.tables


def table_bytes(program: Program, plan: Plan) -> int:
    """What the tables of a valid plan take; explicit tasks have no entries of their own."""
    if program.storage is None:
        return sizes_of(program).run * len(plan.cycles)
    return layout_of(program, plan).constants.tables


def least_tables(program: Program) -> int:
    """What every plan's tables take at least: one run, and no regions beside the tensors."""
    storage = program.storage
    one = sizes_of(program).run
    if storage is None:
        return one
    return one + program.behind([storage.table_bytes(stage) for stage in range(len(program.stages))])[0]


def most_runs(program: Program) -> int | None:
    """No plan whose tables are small enough has more runs; None where tables may take any size."""
    if program.table_size is None:
        return None
    run = sizes_of(program).run
    return (program.table_size - least_tables(program)) // run + 1 if run else None


@dataclass(frozen=True, slots=True)
class Room:
    """What tables leave beside what every plan needs, what a run takes of it, and what an address does, in units."""

    units: int
    run: int
    address: int


def room_of(program: Program) -> Room | None:
    """The room for runs and further addresses; None where tables may take any size, or runs take nothing."""
    sizes = sizes_of(program)
    if program.table_size is None or not sizes.run:
        return None
    unit = gcd(sizes.run, sizes.address)
    left = program.table_size - (least_tables(program) - sizes.run)
    return Room(left // unit, sizes.run // unit, 0 if program.storage is None else sizes.address // unit)


def least_regions(stage: TiledStage, tiling: Tiling) -> int:
    """How many regions a design's results take at least beside the tensor, wherever power cycles begin."""
    extent = stage.forms[tiling.form]
    keeps = extent.pooling or tiling.order is Order.OUTPUT
    return int(stores_partial_sums(extent, tiling) and not keeps)


def longest_cycle(chain: Chain, law: CycleLaw) -> int:
    """No power cycle has more atoms of a chain, by what they drain alone."""
    capacity = max(law.capacity, law.first_capacity)
    drained = [*accumulate(map(int, chain.drain), initial=0)]
    longest = start = 0
    for end in range(1, len(drained)):
        while drained[end] - drained[start] > capacity:
            start += 1
        longest = max(longest, end - start)
    return longest


def has_shared_codes(law: CycleLaw) -> bool:
    """Whether runs wait for codes of the hardware, of which the least sufficient one is the best."""
    return isinstance(law, ProgrammableWakeLaw) and law.is_minimal_optimal and law.thresholds.step is not None


def possible_runs(atoms: int, longest: int) -> int:
    """How many runs of power cycles of up to so many atoms there are in a chain, wherever they begin and end."""
    return sum((atoms - start) // length for length in range(1, longest + 1) for start in range(atoms - length + 1))


def table_work(chain: Chain, law: CycleLaw, runs: int) -> int:
    """What it takes to go through all plans of one chain that have at most so many runs: to compare with `MOST_STATES`.

    Where every cycle waits for one threshold, cuts are gone through cycle by cycle, elsewhere run by run.
    """
    longest = longest_cycle(chain, law)
    if isinstance(law, FixedWakeLaw):
        return len(chain) * longest * runs
    return possible_runs(len(chain), longest) * runs * len(law.shared(None, 0))


def also_batched(stage: TiledStage, tiling: Tiling) -> Iterator[Tiling]:
    """A design, and those that do the same work with fewer atoms and more volatile memory.

    Elsewhere WEIGHT order needs no batches: whatever they allow, single tiles do. But runs count atoms, and cycles of
    unequally many tiles can have equally many batches.
    """
    yield tiling
    extent = stage.forms[tiling.form]
    if tiling.order is not Order.WEIGHT or tiling.batch > 1 or isinstance(extent, Block):
        return
    for batch in range(2, innermost(extent, tiling) + 1):
        other = replace(tiling, batch=batch)
        if not stage.fits(other):
            return
        yield other
