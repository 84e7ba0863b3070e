"""One pass over all layers of a network, in every order that the program allows, with any choice of designs, and the
bounds that say which designs and labels can matter."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from itertools import pairwise
from math import floor

import numpy as np
from numpy.typing import NDArray

from ischedule.models.plan import Bound, Boundary, Segment
from ischedule.models.program import Leap, Program
from ischedule.solvers.ahead import Promising, Starts
from ischedule.solvers.floors import Floor
from ischedule.solvers.frontier import Crossing, Discharge, Hopes, Reached, cross, finish
from ischedule.solvers.graph_pass import Numbering, cross_graph
from ischedule.solvers.limit import Limit
from ischedule.solvers.outcome import Pass
from ischedule.solvers.rate import Rate, Tangent
from ischedule.solvers.space import Floats, Index, Space
from ischedule.solvers.sweep import UNREACHABLE, Exits, Integers, Kind, Lanes, Matrix
from ischedule.solvers.waits import Waiting

GROUPS = (16, 64, 4096)
"""Into so many groups states are divided for a look at the designs that serve any of a group, finer each time."""
PARTS = 16
"""Parts of the range of drains from which labels are taken where they are too many."""
WATCHED = 12
"""Groups of at least so many designs are looked through for hopeless ones on the way."""


@dataclass(frozen=True)
class Rest:
    """Lower bounds on what the stages behind a boundary cost: floors, drain and time of their leanest designs, and both
    at the slope of a tangent.

    ``before`` is the least time of the stages before it.
    """

    floor: float
    drain: float
    time: float
    sloped: float
    before: float


def rests_of(
    program: Program,
    spaces: tuple[Space, ...],
    floors: tuple[Floor, ...],
    tangents: Sequence[Tangent],
    leaps: Sequence[Leap[float]] = (),
) -> tuple[Tangent, tuple[Rest, ...]]:
    """The bounds at each boundary, over all ways from there to the end, and the tangent that says most of all plans.

    Which that is the checker finds by the same rule.
    """
    drains = program.behind([float(space.lean[0]) for space in spaces])
    whole = np.array(drains[0])

    def says(place: int) -> float:
        tangent = tangents[place]
        return float(tangent.constant * tangent.cycles(whole) + tangent.slope * whole)

    chosen = max(range(len(tangents)), key=says)
    times = [float(space.time.min()) for space in spaces]
    columns = (
        program.behind([found.value for found in floors], leaps),
        drains,
        program.behind(times),
        program.behind([space.sloped[chosen] for space in spaces]),
        program.before(times),
    )
    return tangents[chosen], tuple(Rest(*values) for values in zip(*columns, strict=True))


@dataclass(frozen=True)
class Search:
    """What all passes over a program share: a space and a floor of each stage, bounds at each boundary.

    ``segments`` prove more of what lies between some boundaries than the floors do.
    """

    program: Program
    spaces: tuple[Space, ...]
    floors: tuple[Floor, ...]
    rate: Rate
    resume: tuple[int, int]
    commit: tuple[int, int]
    segments: tuple[Segment, ...] = ()
    tangent: Tangent = field(init=False)
    rests: tuple[Rest, ...] = field(init=False)
    numbering: Numbering = field(init=False)

    def __post_init__(self) -> None:
        tangent, rests = rests_of(self.program, self.spaces, self.floors, self.rate.tangents, self.leaps)
        object.__setattr__(self, "tangent", tangent)
        object.__setattr__(self, "rests", rests)
        object.__setattr__(self, "numbering", Numbering.of(self.program.steps, list(map(len, self.spaces))))

    @property
    def leaps(self) -> list[Leap[float]]:
        """What the segments say."""
        return [Leap(one.source, one.target, float(one.value)) for one in self.segments]

    def proved_floors(self, slack: float) -> tuple[int, ...]:
        """The floors of all stages as a proof names them: a little less than double precision says."""
        shy = slack / (2 * len(self.floors))
        return tuple(floor(found.value - shy) * self.rate.fraction[1] for found in self.floors)

    def least_plan(self, slack: float) -> int:
        """What every plan costs at least by the floors and segments that a proof names."""
        floors = [found / self.rate.fraction[1] for found in self.proved_floors(slack)]
        return floor(self.program.behind(floors, self.leaps)[0] - self.rate.rebate.first * (1 + 1e-9) - 1e6)

    def bound(self, value: int, boundaries: tuple[Boundary, ...], slack: float, *, follows: bool = False) -> Bound:
        """The proof of a value by what is reachable at the boundaries."""
        rate = self.rate
        return Bound(value, rate.fraction, boundaries, rate.lines, self.proved_floors(slack), follows, self.segments)

    def least_label(self, exits: Exits, kind: Kind, boundary: int) -> Floats:
        """The least cost of any plan that contains a label at a boundary."""
        rest = self.rests[boundary]
        drain, cost = self._load(exits, kind)
        rebate = self.rate.rebate.first if kind is Kind.FIRST else self.rate.rebate.later
        reduced = cost + self.rate.value * drain + rest.floor - rebate
        totals = self.rate.total(drain + rest.drain, kind is Kind.FIRST)
        least = np.maximum(reduced, cost + rest.time + totals)
        counted = self.tangent.counted(drain, rest.drain, kind is Kind.FIRST)
        least = np.maximum(least, cost + rest.sloped + counted)
        return np.asarray(least if exits.elapsed is None else np.maximum(least, exits.elapsed + rest.time), dtype=float)

    def _load(self, exits: Exits, kind: Kind) -> tuple[Floats, Floats]:
        """Drain and cost of labels without the ends of their cycles."""
        if kind is Kind.KEPT:
            return exits.drain.astype(float), exits.cost.astype(float)
        return (exits.drain - self.resume[0]).astype(float), exits.cost - float(self.resume[1])

    def candidates(self, step: int, entry: Reached, limit: float) -> Index:
        """Designs of a step that may belong to a plan no dearer than the limit, given what is reachable before it."""
        way = self.program.steps[step]
        space, rest = self.spaces[way.stage], self.rests[way.target]
        drains, costs, flags = self._entries(way.source, entry)
        least = self._least_reduced(drains, costs, flags)
        quickest = self.rests[way.source].before + rest.time
        slow = space.time > limit - self.rate.least_waiting - quickest
        chosen = np.flatnonzero((self.floors[way.stage].bounds <= limit - least - rest.floor) & ~slow)
        for most in GROUPS:
            groups, kept = self._groups(drains, costs, flags, rest, most), []
            loads, times = space.drain[chosen].astype(np.float64), space.time[chosen]
            for drain, cost, sloped, is_first in groups:
                load = drain + loads
                ahead = cost + rest.time + self.rate.total(load + rest.drain, is_first)
                counted = self.tangent.counted(load, rest.drain, is_first) - self.tangent.slope * drain
                serves = times + np.maximum(ahead, sloped + rest.sloped + counted) <= limit
                kept.append(chosen[serves])
                left = ~serves
                chosen, loads, times = chosen[left], loads[left], times[left]
                if not len(chosen):
                    break
            chosen = np.sort(np.concatenate(kept))
        return np.asarray(chosen)

    def sharpened(self, step: int, entry: Reached, chosen: Index, most: float, waiting: Waiting, limit: Limit) -> Index:
        """Those of a step's designs that may belong to a plan no dearer by bounds that are sharp enough to tell."""
        way = self.program.steps[step]
        least = most - self._least_reduced(*self._entries(way.source, entry)) - self.rests[way.target].floor
        return self.floors[way.stage].within(self.spaces[way.stage], chosen, least, self.rate, waiting, limit)

    def _least_reduced(self, drains: Floats, costs: Floats, flags: NDArray[np.bool_]) -> float:
        """The least reduced cost of some states, less the rebate."""
        rebates = np.where(flags, self.rate.rebate.first, self.rate.rebate.later)
        return float((costs + self.rate.value * drains - rebates).min())

    def _groups(
        self, drains: Floats, costs: Floats, flags: NDArray[np.bool_], rest: Rest, most: int
    ) -> list[tuple[float, float, float, bool]]:
        """States, many of them together: the least drain, the least cost, the least of both at the tangent's slope.

        First those that look best, so that most designs are seen to serve one of them soon.
        """
        found = []
        for is_first in (False, True):
            drain, cost = drains[flags == is_first], costs[flags == is_first]
            order = np.argsort(drain, kind="stable")
            sloped = cost + self.tangent.slope * drain
            for some in np.array_split(order, min(len(order), most) or 1):
                if len(some):
                    found.append((float(drain[some[0]]), float(cost[some].min()), float(sloped[some].min()), is_first))

        def looks(group: tuple[float, float, float, bool]) -> float:
            drain, cost, sloped, is_first = group
            load = np.array(drain + rest.drain)
            return max(cost + float(self.rate.total(load, is_first)), sloped)

        return sorted(found, key=looks)

    def _entries(self, boundary: int, entry: Reached) -> tuple[Floats, Floats, NDArray[np.bool_]]:
        """Drain and cost without the ends of every state at a boundary, and whether its cycle is the first."""
        loads = {kind: self._load(exits, kind) for kind, exits in entry.labels.items()}
        drains, costs = ([load[part] for load in loads.values()] for part in (0, 1))
        flags = [np.full(len(load[0]), kind is Kind.FIRST) for kind, load in loads.items()]
        if boundary == 0 or entry.closed < UNREACHABLE:
            drains.append(np.zeros(1))
            costs.append(np.array([0.0 if boundary == 0 else float(entry.closed)]))
            flags.append(np.array([boundary == 0]))
        return np.concatenate(drains), np.concatenate(costs), np.concatenate(flags)

    def cost_of_one_cycle(self, reached: Reached, waiting: Waiting) -> float:
        """The cost of the best plan of a single cycle, given what is reachable behind the last stage."""
        none = {kind: exits.select(np.arange(0)) for kind, exits in reached.labels.items()}
        first = replace(reached, labels={**none, Kind.FIRST: reached[Kind.FIRST]})
        found = finish(first, lambda design: _commit(self, design), waiting)
        return float(UNREACHABLE if found is None else found.cost)

    def starts(self, step: int, index: Index, lanes: Lanes, bound: float) -> Promising:
        """Which second cycles by where they begin may belong to a plan no dearer than the bound."""
        way = self.program.steps[step]
        space, rest = self.spaces[way.stage], self.rests[way.target]
        most = bound - rest.floor + self.rate.rebate.later + self.resume[1] + self.rate.value * self.resume[0]
        whole = lanes.time[-1]

        def promising(rows: Starts) -> NDArray[np.bool_]:
            least = rows.cost + self.rate.value * rows.drain + space.reduced[index[rows.column]]
            return np.asarray((least <= most) & (rows.elapsed + whole[rows.column] + rest.time <= bound))

        return promising


Choice = Callable[[int, Reached], Index]
"""The designs with which a step is crossed, given what is reachable before it."""


def run(
    search: Search,
    choose: Choice,
    waiting: Waiting,
    bound: float,
    slack: float,
    limit: Limit,
    most: int | None = None,
) -> Pass:
    """Cross all steps with the chosen designs, dropping labels that lead to nothing within the bound.

    With ``most`` no more than about so many labels of a kind are kept that each design ends with: a look for some plan.
    """

    def crossed(step: int, entry: Reached) -> Iterator[Crossing]:
        chosen = choose(step, entry)
        return ways(search, step, chosen, entry, waiting, limit, bound, slack) if len(chosen) else iter(())

    def wanted(boundary: int) -> Discharge:
        return lambda exits, kind: _kept(exits, search.least_label(exits, kind, boundary), bound, most)

    keep = waiting.dtype is not float
    passed = cross_graph(search.program, search.numbering, crossed, wanted, waiting, slack, keep=keep)
    found = finish(passed.reached[-1], lambda design: _commit(search, design), waiting)
    return Pass(passed.reached, passed.useful, passed.crossings, search.numbering, found)


def _kept(exits: Exits, least: Floats, bound: float, most: int | None) -> NDArray[np.bool_]:
    """Which labels are kept, given what a plan costs at least that contains each.

    Of too many those that look best of each part of the range of drains: which drain serves is only seen later.
    """
    wanted = np.asarray(least <= bound)
    if most is None or int(wanted.sum()) <= most:
        return wanted
    part = exits.drain // (int(exits.drain.max()) // PARTS + 1)
    order = np.lexsort((least, part))
    starts = np.searchsorted(part[order], np.arange(PARTS + 1))
    chosen = np.zeros_like(wanted)
    for low, high in pairwise(starts):
        chosen[order[low : min(high, low + most // PARTS)]] = True
    return wanted & chosen


def _commit(search: Search, design: Integers) -> tuple[Integers, Integers]:
    return np.full_like(design, search.commit[0]), np.full_like(design, search.commit[1])


def ways(
    search: Search,
    step: int,
    chosen: Index,
    entry: Reached,
    waiting: Waiting,
    limit: Limit,
    bound: float,
    slack: float | None = None,
) -> Iterator[Crossing]:
    """Cross a step by groups of its designs; with ``slack`` what is worse by more than that need not be found."""
    way, exact = search.program.steps[step], waiting.dtype is not float
    space = search.spaces[way.stage]
    # a second cycle may be in progress that began on a level kept by one from before
    capacity = max(waiting.capacity, waiting.first_capacity)
    capacity += waiting.capacity if waiting.ahead is not None else 0
    behind = search.rests[way.target].floor - search.rate.rebate.later

    def hopeful(index: Index, lanes: Lanes, least: Matrix, high: int) -> NDArray[np.bool_]:
        """Unless a cycle may still be carried from before: whether some cut to go on from can cost little enough."""
        carried = lanes.drain[high - 1] <= capacity
        near = lanes.drain[high - 1] - lanes.drain[:high] <= capacity
        prefix = lanes.time[:high] + search.rate.value * lanes.drain[:high]
        waste = np.where(near, least[:high] - prefix, float(UNREACHABLE)).min(axis=0)
        return np.asarray(carried | (waste + space.reduced[index] + behind <= bound))

    def starts(index: Index, lanes: Lanes) -> Promising:
        return search.starts(step, index, lanes, bound)

    for index, lanes in space.lanes(chosen, waiting.capacity):
        limit.check()
        watch = None if exact or bound >= UNREACHABLE or len(index) < WATCHED else hopeful
        hopes = Hopes(watch, None if bound >= UNREACHABLE else starts, None if exact else slack)
        yield cross(index, lanes, entry, way.source == 0, waiting, keep=exact, limit=limit, hopes=hopes)
