"""One pass over the graph of a program: at each boundary what is undominated of all that its steps lead to.

A label remembers its design by a number that is unique among the steps, so that a plan can be read backwards.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import accumulate, chain

import numpy as np

from ischedule.models.program import Program, Step
from ischedule.solvers.ahead import Source
from ischedule.solvers.frontier import Crossing, Discharge, Index, Reached, gather, start
from ischedule.solvers.levels import Begun
from ischedule.solvers.sweep import Kind, nothing
from ischedule.solvers.waits import Waiting


@dataclass(frozen=True)
class Numbering:
    """Designs of steps by one number each: those of a step are its stage's, from a base on."""

    bases: tuple[int, ...]

    @staticmethod
    def of(steps: Sequence[Step], counts: Sequence[int]) -> Numbering:
        """The numbering of steps whose stages have so many designs."""
        return Numbering(tuple(accumulate((counts[step.stage] for step in steps), initial=0)))

    def step(self, number: int) -> int:
        """The step whose design has this number."""
        return bisect_right(self.bases, number) - 1

    def design(self, number: int) -> int:
        """The design's number in its stage."""
        return number - self.bases[self.step(number)]

    def of_step(self, step: int, numbers: Index) -> Index:
        """Those of some numbers that are the step's, as numbers in its stage."""
        low, high = self.bases[step], self.bases[step + 1]
        return np.asarray(numbers[(numbers >= low) & (numbers < high)] - low)


@dataclass(frozen=True)
class Passed:
    """What is reachable at each boundary, which designs matter on each step, and how each was crossed."""

    reached: list[Reached]
    useful: list[Index]
    crossings: list[list[Crossing]]


Ways = Callable[[int, Reached], Iterator[Crossing]]
"""A step crossed by groups of its designs, from what is reachable before it."""


def cross_graph(
    program: Program,
    numbering: Numbering,
    ways: Ways,
    wanted: Callable[[int], Discharge],
    waiting: Waiting,
    slack: float,
    *,
    keep: bool,
) -> Passed:
    """Cross all steps whose sources are reached; ``wanted`` says of each boundary what is worth keeping there."""
    reached = [start(waiting.dtype)]
    useful: list[Index] = [np.zeros(0, dtype=np.intp) for _ in program.steps]
    crossings: list[list[Crossing]] = [[] for _ in program.steps]

    def renamed(step: int) -> Iterator[Crossing]:
        source = program.steps[step].source
        if source and reached[source].is_empty:
            return
        for crossing in ways(step, reached[source]):
            if program.breaks(step):
                crossing = broken(crossing, waiting)
            named = replace(crossing, index=crossing.index + numbering.bases[step])
            if keep:
                crossings[step].append(named)
            yield named

    for boundary, leading in enumerate(program.into()):
        if boundary == 0:
            continue
        kept = standing(wanted(boundary)) if boundary in program.closed else wanted(boundary)
        found = gather(chain.from_iterable(map(renamed, leading)), kept, waiting, slack)
        reached.append(found.reached)
        for step in leading:
            useful[step] = numbering.of_step(step, found.useful)
    return Passed(reached, useful, crossings)


def broken(crossing: Crossing, waiting: Waiting) -> Crossing:
    """A step crossed without the cycles that come from before it and are open behind it."""
    exits = {**crossing.exits, Kind.FIRST: nothing(waiting.dtype)}
    if waiting.levels is None:
        exits[Kind.LATER] = exits[Kind.LATER].select(exits[Kind.LATER].origin >= 0)
    if crossing.starts is not None:
        from_before = (Begun.LATER, Begun.AHEAD) if waiting.levels is not None else (Source.AHEAD,)
        for kind in (Kind.LATER, Kind.AHEAD) if waiting.levels is not None else (Kind.AHEAD,):
            sources = crossing.starts.source[exits[kind].origin]
            exits[kind] = exits[kind].select(~np.isin(sources, list(map(int, from_before))))
    return replace(crossing, exits=exits)


def standing(wanted: Discharge) -> Discharge:
    """At a closed boundary no cycle is open."""
    return lambda exits, kind: wanted(exits, kind) & (kind is Kind.KEPT)
