"""The proof of a network's bound: it accepts optima, and whatever it accepts is true."""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from random import Random
from typing import Any

import pytest

from ischedule.analysis import stage_floor
from ischedule.analysis.cover import require_bound
from ischedule.analysis.labels import Unproven
from ischedule.analysis.tiled_cover import require_tiled_bound
from ischedule.models.build import program_of
from ischedule.models.case import load_case
from ischedule.models.plan import Bound, Boundary
from ischedule.solvers.limit import Limit
from ischedule.solvers.tiled import solve_tiled
from tests.analysis import small_networks
from tests.analysis.small_networks import Network

CASES = 80


@cache
def network(seed: int) -> Network:
    return small_networks.network(Random(seed), 3 if seed % 4 == 0 else 2, unusual=seed % 2 == 1)


@cache
def optimum(seed: int) -> int | None:
    return small_networks.optimum(network(seed))


def proves(seed: int, bound: Bound) -> bool:
    try:
        require_tiled_bound(network(seed).program, network(seed).ends, bound)
    except Unproven:
        return False
    return True


@pytest.mark.parametrize("seed", range(CASES))
def test_the_optimum_is_accepted_and_one_more_is_not(seed: int) -> None:
    value = optimum(seed)
    bound = small_networks.certificate(network(seed), value or 0, Random(seed))
    assert proves(seed, bound)
    assert proves(seed, replace(bound, value=bound.value - 1))
    if value is not None:
        assert not proves(seed, replace(bound, value=value + 1))


def altered(value: Any, random: Random) -> Any:
    """A certificate's part with one number in it changed, or one label left out."""
    if isinstance(value, int):
        return value + random.choice((-1000, -50, -3, -1, 1, 3, 50, 1000, value, -value // 2))
    if value is None:
        return random.choice((0, 100, 10**6))
    if isinstance(value, Boundary):
        name = random.choice(("closed", "first", "later", "kept", "ahead"))
        part = getattr(value, name)
        return replace(value, **{name: None if name == "closed" and random.random() < 0.3 else altered(part, random)})
    if not value:
        return value
    place = random.randrange(len(value))
    if isinstance(value[place], tuple) and random.random() < 0.3:
        return value[:place] + value[place + 1 :]
    return (*value[:place], altered(value[place], random), *value[place + 1 :])


@pytest.mark.parametrize("seed", range(CASES))
def test_what_an_altered_certificate_proves_is_true(seed: int) -> None:
    value, random = optimum(seed), Random(seed)
    if value is None:
        return
    for _ in range(10):
        claimed = value + random.choice((0, 0, 0, 1, 1, 10))
        bound = small_networks.certificate(network(seed), claimed, random)
        name = random.choice(("rate", "boundaries", "boundaries", "lines", "floors"))
        mutant = replace(bound, **{name: altered(getattr(bound, name), random)})
        if proves(seed, mutant):
            assert claimed <= value, (name, mutant)


def bare(seed: int, value: int) -> Bound:
    """A certificate without labels."""
    bound = small_networks.certificate(network(seed), value, Random(seed))
    return replace(bound, boundaries=tuple(Boundary(None, (), ()) for _ in bound.boundaries))


@pytest.mark.parametrize("seed", range(CASES))
def test_floors_alone_prove_what_they_come_to_less_the_rebates(seed: int) -> None:
    net, value = network(seed), optimum(seed)
    if value is None:
        return
    floors, (numerator, denominator) = small_networks.floors(net), small_networks.rate(net)

    def saved(kind: str, room: int) -> int:
        return max(numerator * load - denominator * net.price(kind, load) for load in range(room + 1))

    rebate = saved("only", net.first_room)
    if net.room >= 0:
        rebate = max(rebate, saved("first", net.first_room) + saved("last", net.room))
    reached = -((rebate - sum(floors)) // denominator)
    assert reached <= value
    assert proves(seed, bare(seed, (sum(floors) - rebate) // denominator))
    assert not proves(seed, bare(seed, value + 1))


@pytest.mark.parametrize("seed", range(0, CASES, 4))
def test_labels_alone_prove_the_optimum(seed: int) -> None:
    value = optimum(seed) or 0
    bound = replace(small_networks.certificate(network(seed), value, Random(seed)), rate=(0, 1), lines=(), floors=())
    assert proves(seed, bound)
    if optimum(seed) is not None:
        assert not proves(seed, replace(bound, value=value + 1))


def test_other_than_one_floor_for_each_stage_is_refused() -> None:
    bound = small_networks.certificate(network(0), 0, Random(0))
    assert not proves(0, replace(bound, floors=(*bound.floors, 0)))


def test_a_label_that_has_drained_less_than_resuming_takes_is_refused() -> None:
    seed = next(seed for seed in range(CASES) if len(network(seed).keys) > 1 and network(seed).ends.resume[0] > 0)
    bound = small_networks.certificate(network(seed), 0, Random(seed))
    wrong = replace(bound.boundaries[0], later=((0, 0),))
    assert not proves(seed, replace(bound, boundaries=(wrong, *bound.boundaries[1:])))


@pytest.mark.parametrize("name", ["kws-inas-1mF-ts1", "kws-inas-5mF-ts3", "cifar10-inas-5mF-ts1"])
def test_certificates_of_shipped_networks_hold_and_claim_no_more(name: str) -> None:
    program = program_of(load_case(f"cases/{name}.json"))
    bound = solve_tiled(program, Limit()).bound
    assert bound is not None
    require_bound(program, bound)
    for wrong in (
        replace(bound, value=bound.value + 1),
        replace(bound, boundaries=(Boundary(None, (), ()), *bound.boundaries[1:])),
        replace(bound, rate=(bound.rate[0] + bound.rate[0] // 10**3, bound.rate[1])),
        replace(bound, floors=(*bound.floors[:-1], bound.floors[-1] + bound.floors[-1] // 10**3)),
    ):
        with pytest.raises(Unproven):
            require_bound(program, wrong)


@pytest.mark.parametrize("seed", [seed for seed in range(CASES) if len(network(seed).keys) > 1])
def test_what_is_proved_rests_on_the_floors_that_were_found(seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    value, least = optimum(seed), small_networks.floors(network(seed))
    if value is None or min(least) <= 0:
        return
    monkeypatch.setattr(stage_floor, "GIVE", 1)
    above = small_networks.DENOMINATOR * value
    bound = bare(seed, value + 1)
    for raised in ((least[0], *(floor * 3 // 2 for floor in least[1:])), (least[0], *(2 * above for _ in least[1:]))):
        assert not proves(seed, replace(bound, floors=raised))
