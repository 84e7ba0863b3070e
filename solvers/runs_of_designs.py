"""The best plan of few runs of equal power cycles where every layer has a few designs.

A place between power cycles is a boundary, or inside a design. From the last place to the first it is found what
follows each at least, whatever the runs. Then cycles are added from the first place on: the state behind one is its
place, how many atoms it has and how many runs there are, and one is dropped from which no wanted plan follows. Under
fixed wake that is all that matters.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import accumulate

from ischedule.models.chain import Chain
from ischedule.models.cycle_law import Position
from ischedule.models.fixed_wake import FixedWakeLaw
from ischedule.models.goal import PLAIN
from ischedule.models.plan import Bound, Division, FewRuns, Plan
from ischedule.models.program import ExplicitStage, Program, TiledStage
from ischedule.models.tables import Room, also_batched, least_regions, most_runs, room_of
from ischedule.models.tiling import Tiling
from ischedule.solvers.few_runs import cut_into
from ischedule.solvers.limit import Limit, TimeUp
from ischedule.solvers.outcome import Outcome
from ischedule.solvers.tiled import UsefulDesigns

FEW = 1500
"""Designs of all layers that may belong to a better plan."""
MANY = 20_000
NEAR = 1000
"""Of so many designs too many can belong to a better plan where the gap is more than one part of so many."""
MOST_CYCLES = 150_000
"""Power cycles that are told apart."""

Place = tuple[int, int, int, int, int]
"""A boundary, and 0; or the boundary before a step, 1, the step, the design and how many of its atoms are done."""
Units = Sequence[Sequence[int]]
Way = tuple[tuple[int, int], ...]
"""The steps that a power cycle leads along, each with its design."""


@dataclass(frozen=True, slots=True)
class Cycle:
    """A power cycle: where it ends, its atoms, what it costs, and the designs that it runs atoms of.

    Those whose first atoms it runs take so many units of the tables.
    """

    end: Place
    atoms: int
    cost: int
    way: Way
    units: int


class TooManyCycles(Exception):
    """More power cycles than are told apart."""


class FewDesigns:
    """A program of explicit stages under fixed wake, with a place for every cut of every design.

    ``units`` are what the designs of each stage take of the tables.
    """

    def __init__(self, program: Program, units: Units) -> None:
        self.program, self.law = program, program.law
        self.chains: list[list[tuple[int, Chain]]] = []
        self.units: list[list[int]] = []
        for stage, some in zip(program.stages, units, strict=True):
            assert isinstance(stage, ExplicitStage), "designs are listed"
            kept = undominated(stage, some)
            self.chains.append([(index, stage.chain(index)) for index in kept])
            self.units.append([some[index] for index in kept])
        self.sums = [[[*accumulate(map(int, chain.drain), initial=0)] for _, chain in some] for some in self.chains]
        self.times = [[[*accumulate(map(int, chain.time), initial=0)] for _, chain in some] for some in self.chains]
        self.from_boundary: dict[int, list[int]] = {}
        for number, step in enumerate(program.steps):
            self.from_boundary.setdefault(step.source, []).append(number)
        self.known: dict[tuple[Position, int], int] = {}
        self.count = 0
        self.start, self.end = (0, 0, 0, 0, 0), (program.end, 0, 0, 0, 0)

    def places(self) -> list[Place]:
        """All places in an order in which every cycle leads to a later one."""
        found = {(boundary, 0, 0, 0, 0) for boundary in range(self.program.end + 1)}
        for number, step in enumerate(self.program.steps):
            for design, (_, chain) in enumerate(self.chains[step.stage]):
                inside = (atom + 1 for atom, cut in enumerate(chain.cut[:-1]) if cut)
                found.update((step.source, 1, number, design, done) for done in inside)
        return sorted(found)

    def cycles(self, place: Place) -> Iterator[Cycle]:
        """All cycles that begin at a place and fit."""
        boundary, is_inside, number, design, done = place
        if is_inside:
            yield from self._along(place, number, design, done)
            return
        for step in self.from_boundary.get(boundary, ()):
            for one in range(len(self.chains[self.program.steps[step].stage])):
                yield from self._along(place, step, one, 0)

    def _along(self, place: Place, number: int, design: int, done: int) -> Iterator[Cycle]:
        chain = self.chains[self.program.steps[number].stage][design][1]
        capacity = self.law.first_capacity if place == self.start else self.law.capacity
        opening = int(chain.resume_drain[done]), int(chain.resume_time[done])
        waiting: list[tuple[int, int, int, int, int, int, int, Way]] = [(number, design, done, *opening, 0, 0, ())]
        while waiting:
            number, design, done, drain, time, atoms, units, way = waiting.pop()
            step = self.program.steps[number]
            units += 0 if done else self.units[step.stage][design]
            chain = self.chains[step.stage][design][1]
            sums, times = self.sums[step.stage][design], self.times[step.stage][design]
            way = (*way, (number, design))
            for end in range(done + 1, len(chain) + 1):
                drained, took = drain + sums[end] - sums[done], time + times[end] - times[done]
                if drained > capacity:
                    break
                is_last = end == len(chain)
                there = (step.target, 0, 0, 0, 0) if is_last else (step.source, 1, number, design, end)
                load = drained + int(chain.commit_drain[end - 1])
                if chain.cut[end - 1] and load <= capacity:
                    cost = self._price(place, there, load)
                    if cost is not None:
                        self.count += 1
                        if self.count > MOST_CYCLES:
                            raise TooManyCycles
                        yield Cycle(
                            there, atoms + end - done, took + int(chain.commit_time[end - 1]) + cost, way, units
                        )
                if is_last:
                    for following in self.from_boundary.get(step.target, ()):
                        for one in range(len(self.chains[self.program.steps[following].stage])):
                            waiting.append((following, one, 0, drained, took, atoms + end - done, units, way))

    def _price(self, start: Place, end: Place, drain: int) -> int | None:
        position = {
            (True, True): Position.ONLY,
            (True, False): Position.FIRST,
            (False, True): Position.LAST,
            (False, False): Position.MID,
        }[start == self.start, end == self.end]
        if position is not Position.ONLY and self.law.max_cycles is not None:
            return None
        if (position, drain) not in self.known:
            self.known[position, drain] = self.law.price(position, drain)
        return self.known[position, drain]


def undominated(stage: ExplicitStage, units: Sequence[int]) -> list[int]:
    """The designs that fit, but those that another with the same cuts equals or betters in every atom, end and unit."""
    groups: dict[tuple[bool, ...], list[tuple[tuple[int, ...], int]]] = {}
    for index, chain in enumerate(stage.designs):
        if stage.fits(index):
            values = (units[index], *(int(value) for column in chain.columns()[:6] for value in column))
            groups.setdefault(tuple(map(bool, chain.cut)), []).append((values, index))
    found = []
    for some in groups.values():
        kept: list[tuple[int, ...]] = []
        for values, index in sorted(some):
            if not any(all(map(int.__le__, one, values)) for one in kept):
                kept.append(values)
                found.append(index)
    return sorted(found)


def least_plan(program: Program, room: Room, units: Units, below: int) -> tuple[Plan, int] | None:
    """The cheapest plan of explicit stages whose tables are small enough that costs less than this; its cost, too.

    Its designs are numbered as in their stages, and take so many units of the room. Raises `TooManyCycles`.
    """
    graph = FewDesigns(program, units)
    places = graph.places()
    cycles: dict[Place, list[Cycle]] = {}
    behind: dict[Place, int] = {graph.end: 0}
    for place in reversed(places):
        if place != graph.end:
            cycles[place] = [one for one in graph.cycles(place) if one.end in behind]
            if cycles[place]:
                behind[place] = min(one.cost + behind[one.end] for one in cycles[place])
    states: dict[Place, dict[tuple[int, int], _State]] = {graph.start: {(0, 0): _State(0, None, None)}}
    for place in places:
        for (atoms, number), state in sorted(states.get(place, {}).items()):
            for cycle in cycles.get(place, ()):
                key = cycle.atoms, number + cycle.units + room.run * (cycle.atoms != atoms)
                cost = state.cost + cycle.cost
                if key[1] > room.units or cost + behind[cycle.end] >= below:
                    continue
                there = states.setdefault(cycle.end, {})
                if key not in there or cost < there[key].cost:
                    there[key] = _State(cost, cycle, state)
    last = min(states.get(graph.end, {}).values(), key=lambda state: state.cost, default=None)
    return None if last is None else (_plan(graph, last), last.cost)


@dataclass(frozen=True, slots=True)
class _State:
    """What has been spent, and by which cycle behind which state."""

    cost: int
    cycle: Cycle | None
    before: _State | None


def _plan(graph: FewDesigns, state: _State) -> Plan:
    """The designs of a state at the end; its cycles are cut anew."""
    chosen: dict[int, int] = {}
    while state.cycle is not None and state.before is not None:
        chosen.update(state.cycle.way)
        state = state.before
    steps = sorted(chosen, key=lambda number: graph.program.steps[number].source)
    stages = tuple(graph.program.steps[number].stage for number in steps)
    designs = tuple(graph.chains[stage][chosen[number]][0] for stage, number in zip(stages, steps, strict=True))
    return Plan(designs, (), stages)


Fits = Callable[[Program, Plan], bool]


def narrowed(program: Program, outcome: Outcome, fits: Fits, limit: Limit) -> Outcome:
    """What is known of a network's plans with small tables, where few designs can belong to a better one than is found.

    ``fits`` says whether a plan fits memory as well.
    """
    bound, most, room = _whole(outcome), most_runs(program), room_of(program)
    tiled = [stage for stage in program.stages if isinstance(stage, TiledStage)]
    is_fixed = isinstance(program.law, FixedWakeLaw)
    if len(tiled) < len(program.stages) or not is_fixed or bound is None or most is None or room is None:
        return outcome
    assert outcome.latency is not None, "there is a plan"
    cost, least = outcome.latency - program.law.offset, bound.value
    try:
        pool = UsefulDesigns(replace(program, goal=PLAIN), limit.silent())
        if len(pool) > MANY and cost - least > least // NEAR:
            return outcome
        useful = pool.within(least, cost)
        if sum(map(len, useful)) > FEW:
            return outcome
        every = zip(tiled, useful, strict=True)
        kept = [[more for one in some for more in also_batched(stage, one)] for stage, some in every]
        if sum(map(len, kept)) > FEW:
            return outcome
        limit.tell(f"tables of plans of {sum(map(len, kept))} designs")
        pairs = zip(tiled, kept, strict=True)
        units = [[room.address * least_regions(stage, one) for one in some] for stage, some in pairs]
        found = least_plan(_listed(program, kept), room, units, cost)
        if found is None:
            return replace(outcome, bound=FewRuns(cost, pool.bound(least, cost)), cost=cost, note=None)
        numbers, value = found
        proof = FewRuns(value, pool.bound(least, value))
    except (TimeUp, TooManyCycles):
        return outcome
    designs = tuple(kept[stage][number] for stage, number in zip(numbers.stages, numbers.designs, strict=True))  # type: ignore[index]
    better = cut_into(program, Plan(designs, (), numbers.stages), most)
    if better is None or not fits(program, better.plan):
        return replace(outcome, bound=proof)
    return replace(outcome, plan=better.plan, latency=better.latency, cost=value, bound=proof, note=None)


def _whole(outcome: Outcome) -> Bound | None:
    """The bound on all plans that an outcome rests on."""
    bound = outcome.bound
    if isinstance(bound, Division):
        proof = bound.parts[0].proof
        return proof if isinstance(proof, Bound) else None
    return bound if isinstance(bound, Bound) else None


def _listed(program: Program, kept: Sequence[Sequence[Tiling]]) -> Program:
    """The program with these designs alone, as explicit stages."""
    stages = [
        ExplicitStage(stage.name, tuple(stage.chain(tiling) for tiling in some), stage.volatile)
        for stage, some in zip(program.stages, kept, strict=True)
        if isinstance(stage, TiledStage)
    ]
    return replace(program, stages=tuple(stages), goal=PLAIN)
