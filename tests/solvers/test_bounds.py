"""Every bound by which the search over layers drops designs and labels is below what it bounds."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from random import Random

import numpy as np
import pytest

from ischedule.models.kernels import Ends
from ischedule.models.program import Program, TiledStage
from ischedule.models.waiting import CycleLaw, Position
from ischedule.solvers.floors import floor_of
from ischedule.solvers.limit import Limit
from ischedule.solvers.network_pass import Search
from ischedule.solvers.passes import SLACK
from ischedule.solvers.rate import Rate, Rebate, Tangent, rate_of
from ischedule.solvers.space import space_of
from ischedule.solvers.sweep import Exits, Kind
from ischedule.solvers.waits import steering_waiting
from tests.solvers.enumeration import Joined, Prices, cost_of, cut_sets
from tests.solvers.random_laws import law_pool
from tests.solvers.random_programs import random_tiled

LAWS = tuple(law for law in law_pool(300) if law.max_cycles is None)


def at_most(bound: float, value: float) -> bool:
    """Whether a bound in double precision is below a value, but for half of what the search allows for."""
    return bound <= value + (SLACK[0] + SLACK[1] * abs(value)) / 2


def random_ends(random: Random, law: CycleLaw) -> Ends:
    """Ends of cycles that leave room for atoms."""
    resume = random.choice((0, law.capacity // 5, law.capacity // 2))
    return Ends((resume, random.randint(0, 10**11)), (random.randint(0, law.capacity // 9), random.randint(0, 10**9)))


@pytest.mark.parametrize("seed", range(60))
def test_rate_and_lines_lie_below_the_cost_of_a_cycle(seed: int) -> None:
    random = Random(seed)
    law = random.choice(LAWS)
    ends = random_ends(random, law)
    rate = rate_of(ends, steering_waiting(law))
    overhead, active = ends.resume[0] + ends.commit[0], ends.resume[1] + ends.commit[1]
    room = law.capacity - overhead
    numerator, denominator = rate.fraction
    for drain in (0, 1, room, *(random.randint(0, room) for _ in range(300))):
        cost = law.mid(drain + overhead) + active
        assert numerator * drain <= denominator * cost
        for constant, slope in rate.lines:
            assert constant * denominator + slope * drain <= denominator * cost


@pytest.mark.parametrize("seed", range(60))
def test_least_costs_of_a_total_lie_below_any_cycles_that_drain_it(seed: int) -> None:
    random = Random(seed)
    law = random.choice(LAWS)
    ends = random_ends(random, law)
    rate = rate_of(ends, steering_waiting(law))
    overhead, active = ends.resume[0] + ends.commit[0], ends.resume[1] + ends.commit[1]
    for _ in range(60):
        count = random.randint(1, 8)
        full = random.random() < 0.5
        drains = [overhead + random.randint(law.capacity * full // 2, law.capacity) // 1 for _ in range(count)]
        drains = [min(drain, law.capacity) for drain in drains]
        if random.random() < 0.5:
            drains[0] = random.randint(overhead, law.first_capacity)
        total = sum(drains) - count * overhead
        whole = law.waiting(drains) - law.offset + count * active
        assert at_most(float(rate.total(np.array([total]), True)[0]), whole)
        assert at_most(rate.value * total - rate.rebate.first, whole)
        assert at_most(counted(rate, total, random.randint(0, total), True), whole)
        drains[0] = min(drains[0], law.capacity)
        total = sum(drains) - count * overhead
        rest = sum(map(law.mid, drains[:-1])) + law.last(drains[-1]) + count * active
        assert at_most(float(rate.total(np.array([total]), False)[0]), rest)
        assert at_most(rate.value * total - rate.rebate.later, rest)
        assert at_most(counted(rate, total, random.randint(0, total), False), rest)


def counted(rate: Rate, total: int, behind: int, is_first: bool) -> float:
    """The most that the number of cycles says of a total drain, some of which is still ahead."""
    drain = np.array([float(total - behind)])
    return max(float(tangent.counted(drain, behind, is_first)[0]) + tangent.slope * behind for tangent in rate.tangents)


def test_a_line_counts_cycles() -> None:
    """Just beyond what two cycles hold, three are charged."""
    tangent = Tangent(7.0, 0.5, Rebate(0.0, 0.0), 100)
    drains = np.array([0.0, 100.0, 101.0, 200.0, 201.0])
    assert tangent.counted(drains, 0, False).tolist() == [7, 57, 64.5, 114, 121.5]
    assert tangent.counted(drains, 1, False).tolist() == [7, 64, 64.5, 121, 121.5]


@cache
def searches() -> list[tuple[Program, Search]]:
    """Random programs with the bounds that a search starts from."""
    found = []
    for seed in range(80):
        random = Random(seed)
        program = random_tiled(random, random.choice(LAWS))
        search = search_of(program)
        if search is not None:
            found.append((program, search))
    assert len(found) > 30
    return found


def search_of(program: Program) -> Search | None:
    """Spaces, floors and rests of a program, None where some layer has no design."""
    stages = [stage for stage in program.stages if isinstance(stage, TiledStage)]
    ends, waiting = stages[0].ends, steering_waiting(program.law)
    overhead = ends.resume[0] + ends.commit[0]
    if overhead > waiting.capacity:
        return None
    rate = rate_of(ends, waiting)
    spaces = [space_of(stage, rate, max(waiting.capacity, waiting.first_capacity) - overhead) for stage in stages]
    some = tuple(space for space in spaces if space is not None)
    if len(some) < len(spaces):
        return None
    floors = tuple(floor_of(space, rate, waiting, Limit()) for space in some)
    return Search(program, some, floors, rate, ends.resume, ends.commit)


def least_free_ended(program: Program, search: Search, stage: int, design: int) -> float | None:
    """The least reduced cost of a design over all sets of cuts, its first and last pieces wasting nothing.

    None where some piece fits no cycle, whatever the cuts.
    """
    law, space = program.law, search.spaces[stage]
    sequence, mu = Joined([space.stage.chain(space.tiling(design))]), search.rate.value
    atoms, times = sequence.parts["drain"][0], sequence.parts["time"][0]
    free = max(law.capacity, law.first_capacity)
    best: float | None = None
    for ends in cut_sets(sequence):
        begins = (0, *ends[:-1])
        waste = 0.0
        for number, (begin, end) in enumerate(zip(begins, ends, strict=True)):
            drain = sequence.cycle("drain", begin, end)
            inner = 0 < number < len(ends) - 1
            if drain > (law.capacity if inner else free):
                break
            if inner:
                spent = law.mid(drain) + sequence.cycle("time", begin, end) - sum(times[begin:end])
                waste += spent - mu * sum(atoms[begin:end])
        else:
            value = sum(times) + mu * sum(atoms) + waste
            best = value if best is None else min(best, value)
    return best


def test_floors_lie_below_every_design() -> None:
    exact = 0
    for number, (program, search) in enumerate(searches()):
        random = Random(number)
        for stage, (space, found) in enumerate(zip(search.spaces, search.floors, strict=True)):
            assert (space.bound <= found.bounds).all()
            designs = [index for index in range(len(space)) if space.atoms[index] <= 8]
            for design in random.sample(designs, min(6, len(designs))):
                least = least_free_ended(program, search, stage, design)
                assert least is not None
                assert at_most(space.bound[design], least)
                assert at_most(found.bounds[design], least)
                assert at_most(found.value, least)
                exact += at_most(least, found.bounds[design])
    assert exact > 50


def random_plans(program: Program, search: Search, random: Random) -> Iterator[tuple[list[int], Joined, list[int]]]:
    """Some feasible plans: designs, their atoms in a row, ends of cycles."""
    for _ in range(12):
        designs = [random.randrange(len(space)) for space in search.spaces]
        chains = [space.stage.chain(space.tiling(design)) for space, design in zip(search.spaces, designs, strict=True)]
        sequence = Joined(chains)
        if len(sequence) > 60:
            continue
        share = random.random()
        ends = [end for end in range(1, len(sequence)) if random.random() < share] + [len(sequence)]
        if cost_of(sequence, ends, Prices(program.law)) is not None:
            yield designs, sequence, ends


def test_bounds_of_labels_lie_below_every_plan_through_them() -> None:
    labels = 0
    for number, (program, search) in enumerate(searches()):
        for designs, sequence, ends in random_plans(program, search, Random(number)):
            whole = cost_of(sequence, ends, Prices(program.law))
            assert whole is not None
            lengths = [int(space.atoms[design]) for space, design in zip(search.spaces, designs, strict=True)]
            for stage, boundary in enumerate(np.cumsum(lengths).tolist()):
                found = open_label(program, sequence, ends, boundary)
                if found is None:
                    continue
                drain, cost, is_first = found
                exits = Exits(np.array([drain]), np.array([float(cost)]), np.array([designs[stage]]), np.array([0]))
                kind = Kind.FIRST if is_first else Kind.LATER
                assert at_most(search.least_label(exits, kind, stage + 1)[0], whole)
                labels += 1
    assert labels > 200


def open_label(program: Program, sequence: Joined, ends: list[int], boundary: int) -> tuple[int, int, bool] | None:
    """Drain and cost of the cycle in progress at a boundary, and whether it is the first; None if none is."""
    prices, begin, cost, kept = Prices(program.law), 0, 0, None
    for number, end in enumerate(ends):
        if begin < boundary <= end and (boundary < end or end == len(sequence)):
            _, resume_drain, _ = sequence.parts["drain"]
            _, resume_time, _ = sequence.parts["time"]
            drain = resume_drain[begin] + sum(sequence.parts["drain"][0][begin:boundary])
            return drain, cost + resume_time[begin] + sum(sequence.parts["time"][0][begin:boundary]), number == 0
        drain, position = sequence.cycle("drain", begin, end), Position.FIRST if number == 0 else Position.MID
        waiting = prices.of(position, drain, kept)
        assert waiting is not None
        kept = program.law.kept(drain) if number == 0 and program.law.keeps_level else None
        cost += waiting + sequence.cycle("time", begin, end)
        begin = end
    return None


@pytest.mark.parametrize("seed", range(40))
def test_steering_prices_are_those_of_the_law_at_every_step(seed: int) -> None:
    """Thresholds some millivolts apart make prices jump at drains that samples miss: those are asked one by one."""
    random = Random(seed)
    law = random.choice(law_pool(600, seed=3))
    waiting, scale = steering_waiting(law), 0.0
    steps: list[int] = []
    if law.max_cycles is None and (levels := getattr(law, "thresholds", None)) is not None and levels.step is not None:
        lowest, highest = levels.least_name(0), levels.least_name(law.capacity)
        some = random.sample(range(lowest, highest), min(200, highest - lowest))
        steps = [levels.at(name).level - law.upkeep.reserve + beside for name in some for beside in (0, 1)]
    for name, capacity in (("only", law.first_capacity), ("mid", law.capacity), ("last", law.capacity)):
        if law.max_cycles == 1 and name != "only":
            continue
        drains = [drain for drain in steps if 0 <= drain <= capacity]
        drains += [0, capacity, *(random.randint(0, capacity) for _ in range(200))]
        exact = np.array([getattr(law, name)(drain) for drain in drains], dtype=float)
        scale = max(scale, float(exact.max()))
        off = np.abs(getattr(waiting, name)(np.array(drains)) - exact)
        assert off.max() <= 20 + 1e-9 * scale
