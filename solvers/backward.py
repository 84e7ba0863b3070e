"""What must still follow at least, exactly: a pass over the program read backwards, from its end to its start.

Read backwards a chain begins with its last atom, pays to resume what it paid to commit, and the first cycle is the last
one. So a pass finds for every cut the least cost of what follows a closed state there, and at every boundary the labels
of cycles of which the end is known and the beginning is not.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from ischedule.models.chain import Chain
from ischedule.models.program import ExplicitStage, Program, Step
from ischedule.solvers.explicit import crossed
from ischedule.solvers.limit import Limit
from ischedule.solvers.sweep import UNREACHABLE, Integers, Kind
from ischedule.solvers.waits import Waiting, exact_waiting

BLOCK = 512
"""Cycles in progress that are looked at together."""


@dataclass(frozen=True)
class Behind:
    """The least cost of what follows, at every cut and for every label."""

    waiting: Waiting
    columns: dict[tuple[int, int], list[int]]
    """For each step and design the least cost behind each cut, from its first to its last."""
    labels: list[list[tuple[int, int, bool]]]
    """At each boundary the ends of cycles in progress: their drain and cost, and whether a plan ends with them."""

    def open(self, boundary: int, drains: Sequence[int], is_first: bool) -> list[int]:
        """The least cost of what follows a cycle in progress with each drain, `UNREACHABLE` if nothing does."""
        capacity = self.waiting.first_capacity if is_first else self.waiting.capacity
        best = np.full(len(drains), UNREACHABLE, dtype=np.int64)
        begun = np.array(drains, dtype=np.int64)
        for last in (False, True):
            ends = [(rest, cost) for rest, cost, is_last in self.labels[boundary] if is_last is last]
            if not ends or not len(begun):
                continue
            rests, costs = (np.array(column, dtype=np.int64) for column in zip(*ends, strict=True))
            wait = self._wait(is_first, last)
            for block in range(0, len(begun), BLOCK):
                totals = begun[block : block + BLOCK, None] + rests
                row, column = np.nonzero(totals <= capacity)
                found = np.full(totals.shape, UNREACHABLE, dtype=np.int64)
                if len(row):
                    found[row, column] = wait(totals[row, column]) + costs[column]
                best[block : block + BLOCK] = np.minimum(best[block : block + BLOCK], found.min(axis=1))
        return [int(value) for value in best]

    def _wait(self, is_first: bool, is_last: bool) -> Callable[[Integers], Integers]:
        waiting = self.waiting
        if is_first:
            return waiting.only if is_last else waiting.first
        return waiting.last if is_last else waiting.mid


def behind(program: Program, limit: Limit) -> Behind:
    """The least costs behind every place of a program of explicit stages, by the sum of prices."""
    waiting = replace(exact_waiting(program.law), ahead=None)
    passed = crossed(_reversed(program), _reversed_waiting(waiting), limit)
    columns: dict[tuple[int, int], list[int]] = {}
    for step, crossings in enumerate(passed.crossings):
        base = passed.numbering.bases[step]
        for crossing in crossings:
            for column, design in enumerate(crossing.index.tolist()):
                length = int(crossing.lanes.length[column])
                columns[step, design - base] = crossing.least[: length + 1, column][::-1].tolist()
    labels = [
        [
            (drain, cost, kind is Kind.FIRST)
            for kind in (Kind.FIRST, Kind.LATER)
            for drain, cost in zip(entry[kind].drain.tolist(), entry[kind].cost.tolist(), strict=True)
        ]
        for entry in reversed(passed.reached)
    ]
    return Behind(waiting, columns, labels)


def _reversed(program: Program) -> Program:
    stages = []
    for stage in program.stages:
        assert isinstance(stage, ExplicitStage)
        stages.append(ExplicitStage(stage.name, tuple(map(_backwards, stage.designs)), stage.volatile))
    steps = tuple(Step(step.stage, program.end - step.target, program.end - step.source) for step in program.steps)
    return replace(program, stages=tuple(stages), steps=steps)


def _backwards(chain: Chain) -> Chain:
    def turned(values: Sequence[int]) -> list[int]:
        return list(map(int, values))[::-1]

    return Chain(
        turned(chain.drain),
        turned(chain.time),
        turned(chain.commit_drain),
        turned(chain.commit_time),
        turned(chain.resume_drain),
        turned(chain.resume_time),
        [*map(bool, list(chain.cut)[:-1][::-1]), True],
        chain.volatile,
    )


def _reversed_waiting(waiting: Waiting) -> Waiting:
    """The first cycle's price is the last one's and the other way round; every cycle may drain what some cycle may.

    A drain that only a first cycle may have is priced as the most that others may: nothing dearer is needed of a bound.
    """
    most = max(waiting.capacity, waiting.first_capacity)

    def within(wait: Callable[[Integers], Integers], capacity: int) -> Callable[[Integers], Integers]:
        return lambda drains: wait(np.minimum(drains, capacity))

    return replace(
        waiting,
        first=within(waiting.last, waiting.capacity),
        mid=within(waiting.mid, waiting.capacity),
        last=within(waiting.first, waiting.first_capacity),
        only=within(waiting.only, waiting.first_capacity),
        capacity=most,
        first_capacity=most,
    )
