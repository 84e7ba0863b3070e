"""Reading a plan backwards from the cheapest finish, and writing it as runs of equal power cycles."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from ischedule.models.cycle_law import CycleLaw, Position, positions
from ischedule.models.plan import Plan, PowerCycles
from ischedule.models.program import Design
from ischedule.solvers.frontier import BLOCK, Crossing, Finish, Reached
from ischedule.solvers.outcome import Pass
from ischedule.solvers.waits import Waiting


@dataclass(frozen=True)
class Place:
    """A cut of a chosen design: stage, atom count before it inside the stage."""

    stage: int
    cut: int


@dataclass(frozen=True)
class Lifted:
    """Designs by stage (as the spaces number them), and the places where power cycles end, in order."""

    designs: list[int]
    ends: list[Place]


def lift(crossings: list[list[Crossing]], reached: list[Reached], finish: Finish, waiting: Waiting) -> Lifted:
    """Follow the finish back to the start; ``reached[s]`` is what lies before stage s."""
    last = len(crossings) - 1
    exits = reached[last + 1].first if finish.is_first else reached[last + 1].later
    designs = [-1] * len(crossings)
    stage, design, origin = last, int(exits.design[finish.label]), int(exits.origin[finish.label])
    is_first = finish.is_first
    lane = _lane(crossings[last], design)
    ends = [Place(last, lane.length)]
    while origin >= 0 or stage > 0:
        if designs[stage] < 0:
            designs[stage], lane = design, _lane(crossings[stage], design)
        if origin < 0:
            before = reached[stage].first if is_first else reached[stage].later
            label = -1 - origin
            stage, design, origin = stage - 1, int(before.design[label]), int(before.origin[label])
            continue
        if origin == 0:
            stage, design = stage - 1, reached[stage].closed_design
            designs[stage], lane = design, _lane(crossings[stage], design)
            origin = lane.length
        ends.append(Place(stage, origin))
        is_first, origin = _source(lane, origin, reached[stage], stage == 0, waiting)
    designs[0] = design
    return Lifted(designs, ends[::-1])


@dataclass(frozen=True)
class _Lane:
    crossing: Crossing
    column: int

    @property
    def length(self) -> int:
        return int(self.crossing.lanes.length[self.column])

    def drained(self, low: int, high: int) -> int:
        drain = self.crossing.lanes.drain
        return int(drain[high, self.column] - drain[low, self.column])

    def resume(self, cut: int) -> int:
        return int(self.crossing.lanes.resume_drain[cut, self.column])

    def commit(self, cut: int) -> int:
        return int(self.crossing.lanes.commit_drain[cut - 1, self.column])


def _lane(crossings: list[Crossing], design: int) -> _Lane:
    for crossing in crossings:
        found = np.flatnonzero(crossing.index == design)
        if len(found):
            return _Lane(crossing, int(found[0]))
    raise LookupError(f"design {design} was not crossed")


def _source(lane: _Lane, cut: int, entry: Reached, begins: bool, waiting: Waiting) -> tuple[bool, int]:
    """Where a closed state came from: whether its cycle is the first; a cut before it, or (negative) an entry label."""
    lanes, least, d = lane.crossing.lanes, lane.crossing.least, lane.column
    target = int(least[cut, d])
    if lane.crossing.blocks:
        block, row = divmod(cut - 1, BLOCK)
        known = lane.crossing.blocks[block]
        begin, end = int(known.start[row]), int(known.start[row + 1])
        origin = np.flatnonzero(least[cut - end + begin : cut, d] + known.cost[begin:end, d] == target)
        if len(origin):
            return False, cut - end + begin + int(origin[-1])
    commit_drain, commit_time = int(lanes.commit_drain[cut - 1, d]), int(lanes.commit_time[cut - 1, d])
    through_drain, through_time = int(lanes.drain[cut, d]) + commit_drain, int(lanes.time[cut, d]) + commit_time
    if begins:
        return True, -1
    for is_first, exits, capacity, wait in (
        (True, entry.first, waiting.first_capacity, waiting.first),
        (False, entry.later, waiting.capacity, waiting.mid),
    ):
        for label in range(len(exits.drain)):
            drain = int(exits.drain[label]) + through_drain
            if drain <= capacity and int(exits.cost[label]) + through_time + int(wait(np.array([drain]))[0]) == target:
                return is_first, -1 - label
    raise LookupError(f"no way leads to cut {cut}")


def plan_of(law: CycleLaw, decided: Pass, design: Sequence[Callable[[int], Design]], waiting: Waiting) -> Plan:
    """The plan behind the finish of an exact pass; ``design`` names a stage's designs by their numbers in the pass."""
    assert decided.finish is not None
    lifted = lift(decided.crossings, decided.reached, decided.finish, waiting)
    lanes = [_lane(crossings, chosen) for crossings, chosen in zip(decided.crossings, lifted.designs, strict=True)]
    atoms: list[int] = []
    drains: list[int] = []
    begin = Place(0, 0)
    for end in lifted.ends:
        atoms.append(0)
        drains.append(0)
        if begin.cut == lanes[begin.stage].length:
            begin = Place(begin.stage + 1, 0)
        for stage in range(begin.stage, end.stage + 1):
            lane = lanes[stage]
            low = begin.cut if stage == begin.stage else 0
            high = end.cut if stage == end.stage else lane.length
            atoms[-1] += high - low
            drains[-1] += lane.drained(low, high)
        drains[-1] += lanes[begin.stage].resume(begin.cut) + lanes[end.stage].commit(end.cut)
        begin = end
    chosen = tuple(name(number) for name, number in zip(design, lifted.designs, strict=True))
    return Plan(chosen, power_cycles(law, atoms, drains))


def power_cycles(law: CycleLaw, atoms: list[int], drains: list[int]) -> tuple[PowerCycles, ...]:
    """Runs of equal cycles: atoms and threshold of each, in order."""
    runs: list[PowerCycles] = []
    known: dict[tuple[int, Position], tuple[int, int | None]] = {}
    for count, drain, position in zip(atoms, drains, positions(len(atoms)), strict=True):
        if (drain, position) not in known:
            threshold = law.threshold(drain, position)
            known[drain, position] = (threshold.level, threshold.code)
        level, code = known[drain, position]
        if runs and (runs[-1].atoms, runs[-1].level, runs[-1].code) == (count, level, code):
            runs[-1] = PowerCycles(runs[-1].repeat + 1, count, level, code)
        else:
            runs.append(PowerCycles(1, count, level, code))
    return tuple(runs)
