"""The least that plans of a network cost whose tables are small enough, where few designs can belong to a cheaper one.

Places between power cycles are boundaries, and cuts inside designs. What is spent at least to reach each is found
first, whatever the runs. Then, from the last place to the first, what follows at least a cycle of so many atoms, given
how many runs of equally long cycles may still begin. Under fixed wake that is all that matters.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import accumulate

from ischedule.analysis.goal_proof import kept_designs
from ischedule.analysis.labels import Unproven
from ischedule.analysis.progress import Tell, unheard
from ischedule.models.chain import Chain
from ischedule.models.cycle_law import Position
from ischedule.models.fixed_wake import FixedWakeLaw
from ischedule.models.goal import Criterion
from ischedule.models.plan import Bound, Weighed
from ischedule.models.program import ExplicitStage, Program, TiledStage
from ischedule.models.tables import Room, also_batched, least_regions, room_of

BEYOND = 1 << 200
"""More than any plan costs."""
MOST_CYCLES = 300_000
"""Power cycles that are gone through."""

Place = tuple[int, int, int, int]
"""A boundary and three zeros; or the boundary before a step, and the step, the design and its atoms done, from 1 on."""


def require_few_runs_of_network(program: Program, value: int, bound: Bound, tell: Tell = unheard) -> None:
    """Raise `Unproven` unless every plan whose tables are small enough costs at least the value.

    The labels of the bound must discharge all designs but those through which plans may cost less.
    """
    room = room_of(program)
    if not isinstance(program.law, FixedWakeLaw) or room is None or room.units < room.run:
        raise Unproven("runs are counted under fixed wake where tables are limited")
    if program.closed or program.broken:
        raise Unproven("runs are counted of all plans")
    kept = kept_designs(program, Weighed(((Criterion.LATENCY, 1),), 1, bound), value - 1, tell)
    if kept is None:
        raise Unproven("only designs of networks are told apart")
    stages, units = [], []
    for stage, designs in zip(program.stages, kept, strict=True):
        assert isinstance(stage, TiledStage), "a network has tiled stages"
        every = [one for tiling in designs for one in also_batched(stage, tiling)]
        stages.append(ExplicitStage(stage.name, tuple(map(stage.chain, every)), stage.volatile))
        units.append([room.address * least_regions(stage, one) for one in every])
    tell("counting the runs of all plans")
    least = _Places(replace(program, stages=tuple(stages)), units).least(room, value)
    if least < value:
        raise Unproven(f"a plan with small enough tables costs {least}, less than {value}")


class _Places:
    """The places of a program of explicit stages, with the power cycles that end at each.

    ``units`` are what the designs of each stage take of the tables' room.
    """

    def __init__(self, program: Program, units: Sequence[Sequence[int]]) -> None:
        self.program, self.law = program, program.law
        self.chains: list[list[Chain]] = []
        self.units: list[list[int]] = []
        for stage, some in zip(program.stages, units, strict=True):
            assert isinstance(stage, ExplicitStage), "designs are listed"
            kept = _undominated(stage, some)
            self.chains.append([stage.designs[index] for index in kept])
            self.units.append([some[index] for index in kept])
        self.drained = [[[*accumulate(map(int, one.drain), initial=0)] for one in some] for some in self.chains]
        self.took = [[[*accumulate(map(int, one.time), initial=0)] for one in some] for some in self.chains]
        self.into = program.into()
        self.prices: dict[tuple[Position, int], int] = {}
        self.left = 2 * MOST_CYCLES

    def places(self) -> list[Place]:
        """All of them; a cycle that ends at one begins at an earlier one."""
        found = [(boundary, -1, 0, 0) for boundary in range(self.program.end + 1)]
        for number, step in enumerate(self.program.steps):
            for design, chain in enumerate(self.chains[step.stage]):
                found += [(step.source, number, design, done) for done in range(1, len(chain)) if chain.cut[done - 1]]
        return sorted(found)

    def least(self, room: Room, value: int) -> int:
        """The least cost of plans whose tables are small enough, or the value if none costs less."""
        places, first = self.places(), (0, -1, 0, 0)
        spent: dict[Place, int] = {first: 0}
        for place in places:
            reached = [spent[begin] + cost for begin, _, cost, _ in self._ending(place) if begin in spent]
            if reached:
                spent[place] = min(reached)
        follows: dict[Place, dict[int, list[int]]] = {}
        """What follows a place at least if a cycle of so many atoms begins there, by the units that are left."""
        for place in reversed(places):
            behind = follows.pop(place, {})
            begun: list[int] = [min(column) for column in zip(*behind.values(), strict=True)] or [BEYOND] * (
                room.units + 1
            )
            if place == first:
                return min(value, begun[room.units - room.run])
            # a run that begins here leaves fewer units
            begun = [BEYOND] * room.run + begun[: room.units + 1 - room.run]
            for begin, atoms, cost, units in self._ending(place):
                same = behind.get(atoms)
                tail = begun if same is None else list(map(min, same, begun))
                tail = [0] * (room.units + 1) if place[0] == self.program.end else tail
                if begin not in spent or spent[begin] + cost + min(tail) >= value:
                    continue
                found = [BEYOND] * units + [cost + one for one in tail[: room.units + 1 - units]]
                known = follows.setdefault(begin, {}).get(atoms)
                follows[begin][atoms] = found if known is None else list(map(min, known, found))
        raise AssertionError("the first place is the last one")

    def _ending(self, place: Place) -> Iterator[tuple[Place, int, int, int]]:
        """All power cycles that end at a place: where each begins, its atoms, what it costs, and the units of the
        designs that begin in it."""
        boundary, number, design, done = place
        if number >= 0:
            yield from self._back(place, number, design, done)
            return
        for step in self.into[boundary]:
            for one, chain in enumerate(self.chains[self.program.steps[step].stage]):
                yield from self._back(place, step, one, len(chain))

    def _back(self, place: Place, number: int, design: int, done: int) -> Iterator[tuple[Place, int, int, int]]:
        widest = max(self.law.capacity, self.law.first_capacity)
        last = self.chains[self.program.steps[number].stage][design]
        closing = int(last.commit_drain[done - 1]), int(last.commit_time[done - 1])
        waiting = [(number, design, done, *closing, 0, 0)]
        while waiting:
            number, design, done, drain, time, atoms, units = waiting.pop()
            step = self.program.steps[number]
            chain = self.chains[step.stage][design]
            drained, took = self.drained[step.stage][design], self.took[step.stage][design]
            for begin in range(done - 1, -1, -1):
                load, active = drain + drained[done] - drained[begin], time + took[done] - took[begin]
                if load > widest:
                    break
                start = (step.source, number, design, begin) if begin else (step.source, -1, 0, 0)
                units += 0 if begin else self.units[step.stage][design]
                if begin == 0 or chain.cut[begin - 1]:
                    cost = self._cost(start, place, load + int(chain.resume_drain[begin]))
                    if cost is not None:
                        whole = active + int(chain.resume_time[begin]) + cost
                        yield start, atoms + done - begin, whole, units
                if begin == 0:
                    for before in self.into[step.source]:
                        for one, other in enumerate(self.chains[self.program.steps[before].stage]):
                            waiting.append((before, one, len(other), load, active, atoms + done, units))

    def _cost(self, start: Place, end: Place, drain: int) -> int | None:
        """What a cycle waits, None where there is no such cycle."""
        is_first, is_last = start == (0, -1, 0, 0), end[0] == self.program.end
        several = not (is_first and is_last)
        capacity = self.law.first_capacity if is_first else self.law.capacity
        if drain > capacity or (several and self.law.max_cycles is not None):
            return None
        self.left -= 1
        if self.left < 0:
            raise Unproven("there are too many power cycles to go through")
        if is_first:
            position = Position.ONLY if is_last else Position.FIRST
        else:
            position = Position.LAST if is_last else Position.MID
        if (position, drain) not in self.prices:
            self.prices[position, drain] = self.law.price(position, drain)
        return self.prices[position, drain]


def _undominated(stage: ExplicitStage, units: Sequence[int]) -> list[int]:
    """The designs that fit, but those that another with the same cuts equals or betters in every atom, end and unit."""
    kept: dict[tuple[bool, ...], list[tuple[list[int], int]]] = {}
    for index, chain in enumerate(stage.designs):
        if not stage.fits(index):
            continue
        values = [units[index], *(int(value) for column in chain.columns()[:6] for value in column)]
        some = kept.setdefault(tuple(map(bool, chain.cut)), [])
        if not any(all(a <= b for a, b in zip(one, values, strict=True)) for one, _ in some):
            some[:] = [pair for pair in some if not all(a <= b for a, b in zip(values, pair[0], strict=True))]
            some.append((values, index))
    return [index for some in kept.values() for _, index in some]
