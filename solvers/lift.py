"""Reading a plan backwards from the cheapest finish, and writing it as runs of equal power cycles."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from ischedule.models.cycle_law import Threshold
from ischedule.models.plan import Plan, PowerCycles
from ischedule.models.program import Design, Program
from ischedule.solvers.ahead import Source, ended
from ischedule.solvers.frontier import BLOCK, Crossing, Reached
from ischedule.solvers.levels import BEGUN, Begun
from ischedule.solvers.outcome import Pass
from ischedule.solvers.sweep import Kind
from ischedule.solvers.thresholds import best_thresholds
from ischedule.solvers.waits import Waiting

KINDS = {int(source): kind for kind, source in BEGUN.items()}


@dataclass(frozen=True)
class Place:
    """A cut of a chosen design: its step, and how many of its atoms are before it."""

    step: int
    cut: int


@dataclass(frozen=True)
class Lifted:
    """The steps of a plan in order with their designs (as a pass numbers them), and where its power cycles end."""

    designs: dict[int, int]
    ends: list[Place]


@dataclass(frozen=True)
class _State:
    """A cycle in progress in a step, or (``KEPT``) a closed state behind one, by its design and its origin."""

    kind: Kind
    step: int
    design: int
    origin: int


def lift(program: Program, decided: Pass, waiting: Waiting) -> Lifted:
    """Follow the finish of a pass back to the start."""
    return _Trace(program, decided, waiting).run()


class _Trace:
    """The way back from a finish: the designs and the ends of cycles that it has come by."""

    def __init__(self, program: Program, decided: Pass, waiting: Waiting) -> None:
        self.steps, self.decided, self.waiting = program.steps, decided, waiting
        self.reached = decided.reached
        self.designs: dict[int, int] = {}
        self.ends: list[Place] = []

    def run(self) -> Lifted:
        finish = self.decided.finish
        assert finish is not None
        state: _State | None = self._label(len(self.reached) - 1, finish.kind, finish.label)
        assert state is not None
        self.ends.append(Place(state.step, self._chosen(state.design).length))
        while state is not None:
            lane = self._chosen(state.design)
            if self.waiting.levels is not None:
                state = self._row(state, lane)
                continue
            state = {
                Kind.FIRST: self._first,
                Kind.LATER: self._later,
                Kind.AHEAD: self._ahead,
                Kind.KEPT: self._first,
            }[state.kind](state, lane)
        return Lifted(dict(reversed(self.designs.items())), self.ends[::-1])

    def _chosen(self, design: int) -> _Lane:
        step = self.decided.numbering.step(design)
        self.designs[step] = design
        return _lane(self.decided.crossings[step], design)

    def _begins(self, state: _State) -> bool:
        """Whether the plan begins with the state's step."""
        return self.steps[state.step].source == 0

    def _label(self, boundary: int, kind: Kind, label: int) -> _State:
        """A label at a boundary; one behind a first cycle ends that cycle there."""
        exits = self.reached[boundary][kind]
        design = int(exits.design[label])
        state = _State(kind, self.decided.numbering.step(design), design, int(exits.origin[label]))
        if kind is Kind.KEPT:
            self.ends.append(Place(state.step, self._chosen(design).length))
        return state

    def _before(self, state: _State, kind: Kind, label: int) -> _State:
        """A label at the boundary before the state's step."""
        return self._label(self.steps[state.step].source, kind, label)

    def _row(self, state: _State, lane: _Lane) -> _State | None:
        """A cycle by the row of its table comes from before the step, or began where the row before it ended."""
        rows = lane.crossing.starts
        assert rows is not None
        source, label, cut = (int(column[state.origin]) for column in (rows.source, rows.label, rows.cut))
        if source == Begun.ROW:
            self.ends.append(Place(state.step, cut))
            return replace(state, origin=label)
        return None if label < 0 else self._before(state, KINDS[source], label)

    def _first(self, state: _State, lane: _Lane) -> _State | None:
        """The first cycle of the plan comes from before the step, or begins with it."""
        return None if self._begins(state) else self._before(state, Kind.FIRST, -1 - state.origin)

    def _later(self, state: _State, lane: _Lane) -> _State:
        """A later cycle comes from before the step, or began where a cycle before it ended."""
        if state.origin < 0:
            return self._before(state, Kind.LATER, -1 - state.origin)
        step, design, cut = state.step, state.design, state.origin
        if cut == 0:
            design = self.reached[self.steps[step].source].closed_design
            step, lane = self.decided.numbering.step(design), self._chosen(design)
            cut = lane.length
        self.ends.append(Place(step, cut))
        source = self.steps[step].source
        kind, origin = _source(lane, cut, self.reached[source], source == 0, self.waiting)
        return _State(kind, step, design, origin)

    def _ahead(self, state: _State, lane: _Lane) -> _State:
        """A second cycle comes from before the step, or began where the first one ended."""
        starts = lane.crossing.starts
        assert starts is not None
        source, label, cut = (int(column[state.origin]) for column in (starts.source, starts.label, starts.cut))
        if source == Source.AHEAD:
            return self._before(state, Kind.AHEAD, label)
        if source == Source.KEPT:
            return self._before(state, Kind.KEPT, label)
        self.ends.append(Place(state.step, cut))
        return _State(Kind.FIRST, state.step, state.design, -1 - label)


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

    def took(self, low: int, high: int) -> int:
        time = self.crossing.lanes.time
        return int(time[high, self.column] - time[low, self.column])

    def resume(self, cut: int) -> tuple[int, int]:
        """Drain and time of starting a cycle at a cut."""
        lanes = self.crossing.lanes
        return int(lanes.resume_drain[cut, self.column]), int(lanes.resume_time[cut, self.column])

    def commit(self, cut: int) -> tuple[int, int]:
        """Drain and time of ending one there."""
        lanes = self.crossing.lanes
        return int(lanes.commit_drain[cut - 1, self.column]), int(lanes.commit_time[cut - 1, self.column])


def _lane(crossings: list[Crossing], design: int) -> _Lane:
    for crossing in crossings:
        found = np.flatnonzero(crossing.index == design)
        if len(found):
            return _Lane(crossing, int(found[0]))
    raise LookupError(f"design {design} was not crossed")


def _source(lane: _Lane, cut: int, entry: Reached, begins: bool, waiting: Waiting) -> tuple[Kind, int]:
    """Where a closed state came from: what kind its cycle is of, and the origin of that."""
    lanes, least, d = lane.crossing.lanes, lane.crossing.least, lane.column
    target = int(least[cut, d])
    if lane.crossing.blocks:
        block, row = divmod(cut - 1, BLOCK)
        known = lane.crossing.blocks[block]
        begin, end = int(known.start[row]), int(known.start[row + 1])
        origin = np.flatnonzero(least[cut - end + begin : cut, d] + known.cost[begin:end, d] == target)
        if len(origin):
            return Kind.LATER, cut - end + begin + int(origin[-1])
    commit_drain, commit_time = int(lanes.commit_drain[cut - 1, d]), int(lanes.commit_time[cut - 1, d])
    through_drain, through_time = int(lanes.drain[cut, d]) + commit_drain, int(lanes.time[cut, d]) + commit_time
    found = _second(lane.crossing, d, cut, target - through_time, through_drain, waiting)
    if found is not None:
        return Kind.AHEAD, found
    if begins:
        return Kind.FIRST, -1
    for kind, capacity, wait in (
        (Kind.FIRST, waiting.first_capacity, waiting.first),
        (Kind.LATER, waiting.capacity, waiting.mid),
    ):
        exits = entry[kind]
        drain = exits.drain + through_drain
        some = np.flatnonzero(drain <= capacity)
        some = some[exits.cost[some] + through_time + wait(drain[some]) == target]
        if len(some):
            return kind, -1 - int(some[0])
    raise LookupError(f"no way leads to cut {cut}")


def _second(crossing: Crossing, column: int, cut: int, target: int, drain: int, waiting: Waiting) -> int | None:
    """The row of a second cycle that ends at a cut of a design at this cost less the sums up to there, if any does."""
    starts, ahead = crossing.starts, waiting.ahead
    if starts is None or ahead is None:
        return None
    rows = np.flatnonzero((starts.column == column) & (starts.cut < cut) & (starts.drain + drain <= waiting.capacity))
    drains = starts.drain[rows] + drain
    costs = ended(starts.cost[rows], starts.elapsed[rows], waiting.mid(drains), ahead.mid(drains))
    rows = rows[costs == target]
    return int(rows[0]) if len(rows) else None


def plan_of(
    program: Program, decided: Pass, design: Sequence[Callable[[int], Design]], waiting: Waiting
) -> tuple[Plan, int]:
    """The plan behind the finish of an exact pass, and what it takes by the certified rule.

    ``design`` names a stage's designs by their numbers there.
    """
    lifted = lift(program, decided, waiting)
    place = {step: index for index, step in enumerate(lifted.designs)}
    lanes = [_lane(decided.crossings[step], number) for step, number in lifted.designs.items()]
    atoms: list[int] = []
    drains: list[int] = []
    active = 0
    first, cut = 0, 0
    for end in lifted.ends:
        atoms.append(0)
        drains.append(0)
        if cut == lanes[first].length:
            first, cut = first + 1, 0
        last = place[end.step]
        for index in range(first, last + 1):
            lane = lanes[index]
            low = cut if index == first else 0
            high = end.cut if index == last else lane.length
            atoms[-1] += high - low
            drains[-1] += lane.drained(low, high)
            active += lane.took(low, high)
        opening, closing = lanes[first].resume(cut), lanes[last].commit(end.cut)
        drains[-1] += opening[0] + closing[0]
        active += opening[1] + closing[1]
        first, cut = last, end.cut
    stages = tuple(program.steps[step].stage for step in lifted.designs)
    numbers = map(decided.numbering.design, lifted.designs.values())
    chosen = tuple(design[stage](number) for stage, number in zip(stages, numbers, strict=True))
    thresholds, waited = best_thresholds(program.law, drains)
    return Plan(chosen, power_cycles(atoms, thresholds), stages), active + waited


def power_cycles(atoms: Sequence[int], thresholds: Sequence[Threshold | PowerCycles]) -> tuple[PowerCycles, ...]:
    """Runs of equal cycles: atoms and threshold of each, in order."""
    runs: list[PowerCycles] = []
    for count, threshold in zip(atoms, thresholds, strict=True):
        if runs and (runs[-1].atoms, runs[-1].level, runs[-1].code) == (count, threshold.level, threshold.code):
            runs[-1] = replace(runs[-1], repeat=runs[-1].repeat + 1)
        else:
            runs.append(PowerCycles(1, count, threshold.level, threshold.code))
    return tuple(runs)
