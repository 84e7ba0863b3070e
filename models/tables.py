"""The tables of a plan: an entry for each run of equal power cycles, and for a network one for each kernel it runs.

Runs are of cycles that follow one another, have equally many atoms and wait for one threshold. How many bytes entries
take is an assumption about the runtime (`storage.TableSizes`).
"""

from __future__ import annotations

from itertools import accumulate
from typing import Final

from ischedule.models.chain import Chain
from ischedule.models.cycle_law import CycleLaw
from ischedule.models.layout import layout_of
from ischedule.models.plan import Plan
from ischedule.models.program import Program
from ischedule.models.storage import TABLES, TableSizes

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
