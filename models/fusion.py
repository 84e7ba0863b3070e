"""Which kernels of a network may run as one block: runs of two or three, each the only reader of the one before.

They may be filters, poolings of windows, additions and work on single results; a further addition may end the run. What
an addition behind the first adds to the results before it is read from memory. Whole maps that are pooled, dense
layers, grouped filters (but depthwise ones) and softmax stay alone.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Final

from ischedule.models.block import Block, block_of, can_begin, can_follow, can_join
from ischedule.models.demand import LIMIT
from ischedule.models.kernels import heaviest_cycle, most_spent
from ischedule.models.least_tilings import least_designs
from ischedule.models.lowering import Kernel, Lowered, forms_of
from ischedule.models.program import Step, TiledStage

MOST: Final = 3
"""Kernels of a block, an addition behind them not counted."""


def with_blocks(
    network: Lowered, stages: Sequence[TiledStage], steps: Sequence[Step], capacity: int
) -> tuple[tuple[TiledStage, ...], tuple[Step, ...]]:
    """The stages of a network's kernels with those of its blocks behind them, and all steps.

    A block is left out if no design of it fits memory and a power cycle of this capacity, or if one of its kernels
    could not run alone: then that one says what is wrong with the case. So is one that might spend more than can be
    added up.
    """
    found, leading = list(stages), list(steps)
    spent = [_most_spent(stage) for stage in stages]
    total = [sum(values) for values in zip(*spent, strict=True)]
    passing = [is_passable(stage, capacity) for stage in stages]
    for run in runs_of(network):
        block = block_form(network, run)
        assert block is not None, "runs of kernels are those that can be blocks"
        first = stages[run[0]]
        name = " + ".join(network.kernels[kernel].name for kernel in run)
        stage = replace(first, name=name, forms=(block,), kernels=run)
        ways = list(block_steps(steps, len(found), run))
        more = [before + spends for before, spends in zip(total, _most_spent(stage), strict=True)]
        if ways and max(more) < LIMIT and is_passable(stage, capacity) and all(passing[kernel] for kernel in run):
            total = more
            leading += ways
            found.append(stage)
    return tuple(found), tuple(leading)


def _most_spent(stage: TiledStage) -> tuple[int, int]:
    worst = [most_spent(form, stage.prices, stage.ends) for form in stage.forms]
    return max(energy for energy, _ in worst), max(time for _, time in worst)


def is_passable(stage: TiledStage, capacity: int) -> bool:
    """Whether a least design fits memory, and each of its atoms a power cycle."""
    return any(
        stage.fits(tiling) and heaviest_cycle(stage.forms[tiling.form], tiling, stage.prices, stage.ends) <= capacity
        for tiling in least_designs(stage)
    )


def runs_of(network: Lowered) -> list[tuple[int, ...]]:
    """All runs of kernels that may be blocks, by the kernels' places."""
    follower = _followers(network)
    found = []
    for first in range(len(network.kernels)):
        run = [first]
        while len(run) <= MOST and run[-1] in follower:
            run.append(follower[run[-1]])
            is_short = len(run) <= MOST or network.kernels[run[-1]].shape.kind == "add"
            if is_short and block_form(network, run) is not None:
                found.append(tuple(run))
    return found


def _followers(network: Lowered) -> dict[int, int]:
    """For each kernel whose results only one other kernel reads, and nothing else, that one."""
    writers = Counter(kernel.writes for kernel in network.kernels)
    readers = Counter(tensor for kernel in network.kernels for tensor in kernel.reads)
    reader = {tensor: index for index, kernel in enumerate(network.kernels) for tensor in kernel.reads}
    return {
        index: reader[kernel.writes]
        for index, kernel in enumerate(network.kernels)
        if writers[kernel.writes] == readers[kernel.writes] == 1
        and reads_as_written(kernel, network.kernels[reader[kernel.writes]])
    }


def reads_as_written(kernel: Kernel, reader: Kernel) -> bool:
    """Whether who reads a kernel's results sees them in the shape in which they are written."""
    before, after = kernel.shape, reader.shape
    written = (before.out_channels, before.out_height, before.out_width)
    return written == (after.in_channels, after.in_height, after.in_width)


def block_form(network: Lowered, run: Sequence[int]) -> Block | None:
    """The loop nest of these kernels as one block, None where they can be none."""
    kernels = [network.kernels[index] for index in run]
    if any(kernel.shape.kind == "dense" for kernel in kernels):
        return None
    parts = [forms_of(kernel.shape, dense_as_channels=False)[0] for kernel in kernels]
    sides = [kernel.shape.padding for kernel in kernels]
    follow = all(can_follow(part, side) for part, side in zip(parts[1:], sides[1:], strict=True))
    if not (can_begin(parts[0]) and follow and can_join(parts)):
        return None
    return block_of(parts, [(side[0], side[2]) for side in sides])


def block_steps(steps: Sequence[Step], stage: int, run: Sequence[int]) -> Iterator[Step]:
    """The steps through a block, beside those through its kernels one by one."""
    leading = {(step.source, step.stage): step.target for step in steps}
    for source, first in leading:
        if first != run[0]:
            continue
        place: int | None = source
        for kernel in run:
            place = None if place is None else leading.get((place, kernel))
        if place is not None:
            yield Step(stage, source, place)
