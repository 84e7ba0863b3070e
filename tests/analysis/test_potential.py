"""Walks through designs in reduced costs: against every pair of cuts, and every bound against what it bounds."""

from __future__ import annotations

from dataclasses import replace
from functools import cache, partial
from random import Random

import pytest

from ischedule.analysis.design_classes import Classes
from ischedule.analysis.free_ended import FreeEnded
from ischedule.analysis.grounds import Grounds
from ischedule.analysis.labels import Cover, Unproven
from ischedule.analysis.potential import FREE, Entry, Opening, rows_in, walk
from ischedule.analysis.stage_floor import GIVE, proven_floor
from ischedule.models.kernels import totals
from ischedule.models.plan import Boundary
from ischedule.models.program import TiledStage
from ischedule.models.tiling import Tiling
from tests.analysis import small_networks
from tests.analysis.reference_labels import step
from tests.analysis.small_networks import Network

SEEDS = range(40)
FAR = 1 << 90


@cache
def network(seed: int) -> Network:
    return small_networks.network(Random(1000 + seed), 1, unusual=seed % 2 == 1)


@cache
def grounds(seed: int) -> Grounds:
    bound = small_networks.certificate(network(seed), 0, Random(seed))
    return Grounds(network(seed).law, network(seed).ends, bound)


def freely(ground: Grounds, stage: TiledStage, tiling: Tiling, reduced: int, limit: int) -> int | None:
    """What a design costs with free ends, by a walk that gives up at a limit."""
    rows = rows_in(stage.forms[tiling.form], tiling, stage.prices, ground.rate)
    found = walk(rows, ground.waste, Opening(lambda load: 0, ground.cost.widest), FREE, limit)
    if found is None:
        return None
    ends = [potential for potential, _ in (*found.first, *found.later)]
    return reduced + min(ends if found.closed is None else [*ends, found.closed])


@pytest.mark.parametrize("seed", SEEDS)
def test_a_walk_with_free_ends_finds_the_least_waste(seed: int) -> None:
    net, ground = network(seed), grounds(seed)
    stage = net.keys[0].stage
    for tiling, chain in small_networks.chains(net.keys[0]):
        wanted = small_networks.free_ended(net, chain)
        drain, time = totals(stage.forms[tiling.form], tiling, stage.prices)
        reduced = ground.rate[1] * time + ground.rate[0] * drain

        walked = partial(freely, ground, stage, tiling, reduced)
        assert walked(FAR) == (wanted if wanted < FAR else None)
        if wanted < FAR and wanted > reduced:
            assert walked(wanted - reduced + 1) == wanted
            assert walked(wanted - reduced) is None
        least = ground.least(stage, tiling, (drain, time))
        assert reduced <= wanted
        assert wanted >= FAR if least is None else reduced <= least <= wanted


def entries(random: Random, net: Network) -> Boundary:
    """Any states before a stage."""
    resume = net.ends.resume

    def labels(room: int) -> tuple[tuple[int, int], ...]:
        number = random.randint(0, 2) if room >= 0 else 0
        return tuple((resume[0] + random.randint(0, room), random.randint(0, 3000)) for _ in range(number))

    closed = random.choice((None, random.randint(0, 3000))) if net.room >= 0 else None
    kept: tuple[tuple[int, int], ...] = ()
    ahead: tuple[tuple[int, int, int], ...] = ()
    if net.law.keeps_level and net.room >= 0:
        kept = tuple((cost, cost + random.randint(1, 3000)) for _, cost in labels(0))
        ahead = tuple((drain, cost, cost + random.randint(0, 3000)) for drain, cost in labels(net.room))
    return Boundary(closed, labels(net.first_room), labels(net.room), kept, ahead)


def label(net: Network, ground: Grounds, drain: int, reduced: int, state: tuple[int, int]) -> tuple[int, int]:
    """The label of a state after a design."""
    load, resume = drain - state[1], net.ends.resume
    cost, rest = divmod(state[0] + reduced - ground.rate[0] * load, ground.rate[1])
    assert rest == 0
    return load + resume[0], cost + resume[1]


@pytest.mark.parametrize("seed", SEEDS)
def test_a_walk_from_labels_ends_in_every_state_below_the_limit(seed: int) -> None:
    net, ground, random = network(seed), grounds(seed), Random(seed)
    stage, (numerator, denominator) = net.keys[0].stage, ground.rate
    resume = net.ends.resume

    def state(label: tuple[int, int]) -> tuple[int, int]:
        load, cost = label[0] - resume[0], label[1] - resume[1]
        return denominator * cost + numerator * load, -load

    for tiling, chain in small_networks.chains(net.keys[0])[:30]:
        before = entries(random, net)
        closed = None if before.closed is None else denominator * before.closed
        kept = tuple((denominator * cost, denominator * passed) for cost, passed in before.kept)
        ahead = tuple((*state((d, cost)), state((d, passed))[0]) for d, cost, passed in before.ahead)
        entry = Entry(closed, tuple(map(state, before.first)), tuple(map(state, before.later)), kept, ahead)
        rows = rows_in(stage.forms[tiling.form], tiling, stage.prices, ground.rate)
        found = walk(rows, ground.waste, ground.opening(), entry, FAR)
        drain, time = totals(stage.forms[tiling.form], tiling, stage.prices)
        reduced = denominator * time + numerator * drain

        states = step(net.law, chain, before)
        commit = net.ends.commit[0]
        first = [one for one in states.first if one[0] + commit <= net.law.first_capacity]
        later = [one for one in states.later if one[0] + commit <= net.law.capacity and net.room >= 0]
        second = [one for one in states.ahead if one[0] + commit <= net.law.capacity]
        wanted = min(states.closed, default=None)
        if found is None:
            assert (wanted, first, later, states.kept, second) == (None, [], [], [], [])
            continue
        after = found.closed
        assert (None if after is None else (after + reduced) // denominator) == wanted
        for walked, labels in ((found.first, first), (found.later, later)):
            assert sorted(label(net, ground, drain, reduced, one) for one in walked) == sorted(labels)
        passed = [label(net, ground, drain, reduced, (time, before)) for _, before, time in found.ahead]
        both = zip((label(net, ground, drain, reduced, one[:2]) for one in found.ahead), passed, strict=True)
        assert sorted((*one, time) for one, (_, time) in both) == sorted(second)
        stands = [tuple((value + reduced) // denominator for value in one) for one in found.kept]
        assert sorted(stands) == sorted(states.kept)


@pytest.mark.parametrize("seed", SEEDS)
def test_a_floor_is_proved_up_to_the_least_design_and_no_further(seed: int) -> None:
    net, ground = network(seed), grounds(seed)
    stage, floor = net.keys[0].stage, small_networks.floors(net)[0]
    if not 0 < floor < FAR or not small_networks.chains(net.keys[0]):
        return
    little = floor // GIVE
    for claims in ((floor, floor - 7, floor + little), (floor + little, floor, floor - 7)):
        designs = FreeEnded(ground, stage, Classes(stage, ground.cost.widest))
        for claimed in claims:
            assert proven_floor(stage.name, designs, claimed) == min(floor, claimed)
            with pytest.raises(Unproven):
                proven_floor(stage.name, designs, floor + floor // 1000 + 2)


def test_a_rate_or_a_line_that_is_not_under_the_cost_is_refused() -> None:
    seed = next(seed for seed in SEEDS if network(seed).room > 0 and small_networks.rate(network(seed))[0] > 0)
    net = network(seed)
    bound = small_networks.certificate(net, 0, Random(seed))
    (numerator, denominator), values = bound.rate, small_networks.costs(net)
    for wrong in (
        replace(bound, rate=(numerator + 1, denominator)),
        replace(bound, rate=(-1, denominator)),
        replace(bound, rate=(numerator, 0)),
        replace(bound, lines=((values[0] + 1, 0),)),
    ):
        with pytest.raises(Unproven):
            Grounds(net.law, net.ends, wrong)


def test_a_state_is_covered_by_what_is_no_worse_in_both() -> None:
    cover = Cover(Boundary(None, (), ((5, 10), (9, 4))), 0)
    found = Boundary(None, (), ((5, 10), (5, 9), (8, 12), (9, 4), (12, 3)))
    assert [(state.drain, state.cost) for state in cover.uncovered(found)] == [(5, 9), (12, 3)]


def test_a_second_cycle_is_covered_by_one_that_is_no_worse_with_the_slip_to_spare() -> None:
    boundary = Boundary(7, (), ((5, 10),), kept=((3, 8),), ahead=((4, 6, 20),))
    cover = Cover(boundary, 5)
    states = ((5, 10, 0), (4, 6, 20), (4, 6, 19), (5, 6, 25), (5, 6, 24), (3, 6, 30), (4, 5, 30))
    found = Boundary(None, (), (), ahead=states)
    uncovered = [(4, 6, 19), (5, 6, 24), (3, 6, 30), (4, 5, 30)]
    assert [(state.drain, state.cost, state.elapsed) for state in cover.uncovered(found)] == uncovered
    kept = Boundary(None, (), (), kept=((3, 8), (3, 7), (2, 9), (7, 0)))
    assert [(state.cost, state.elapsed) for state in cover.uncovered(kept)] == [(3, 7), (2, 9)]
