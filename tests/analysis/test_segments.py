"""The proof of segments: up to the least that brute force finds between two boundaries, and no further."""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from itertools import count, product
from random import Random
from typing import Any

import numpy as np
import pytest

from ischedule.analysis.grounds import Grounds
from ischedule.analysis.labels import Unproven
from ischedule.analysis.tiled_cover import require_tiled_bound
from ischedule.models.chain import Chain
from ischedule.models.cycle_law import Position
from ischedule.models.free_ends import FreeEnds
from ischedule.models.plan import Bound, Boundary, Segment
from ischedule.models.waiting_array import price_array
from tests.analysis import small_networks
from tests.analysis.small_networks import DENOMINATOR, Network
from tests.analysis.test_tiled_cover import altered

NETWORKS = 12
TARGET = 3


@cache
def networks() -> tuple[Network, ...]:
    """Networks of three layers with several cycles and with designs for all layers."""
    found = []
    for random in map(Random, count()):
        net = small_networks.network(random, TARGET, unusual=len(found) % 2 == 1)
        some = all(small_networks.chains(key) for key in net.keys)
        if len(net.keys) == TARGET and net.room >= 0 and some and small_networks.optimum(net) is not None:
            found.append(net)
        if len(found) == NETWORKS:
            return tuple(found)
    raise AssertionError("there are always more")


@cache
def inner(place: int) -> Network:
    """All behind the first boundary, as a network of its own."""
    net = networks()[place]
    law = FreeEnds(net.law, net.ends, small_networks.rate(net))
    program, places = net.program.between(1, TARGET, law)
    return Network(program, tuple(net.keys[stage] for stage in places))


@cache
def segment(place: int) -> Segment:
    """The least of the last two layers, with all labels between them."""
    net = inner(place)
    value = small_networks.optimum(net)
    assert value is not None
    return Segment(1, TARGET, value, small_networks.boundaries(net))


@cache
def certificate(place: int, value: int) -> Bound:
    bound = small_networks.certificate(networks()[place], value, Random(place))
    return replace(bound, segments=(segment(place),))


def proves(place: int, bound: Bound) -> bool:
    net = networks()[place]
    try:
        require_tiled_bound(net.program, net.ends, bound)
    except Unproven:
        return False
    return True


def joined(chains: tuple[Chain, ...]) -> Chain:
    columns = [[value for one in chains for value in one.columns()[index]] for index in range(6)]
    return Chain(*columns, [True] * len(columns[0]), 0)


@pytest.mark.parametrize("place", range(NETWORKS))
def test_a_segment_costs_what_its_layers_do_with_free_ends(place: int) -> None:
    """By the law of segments, and by pieces that waste nothing: the same but for rounding the rate down."""
    net = networks()[place]
    pairs = product(*([chain for _, chain in small_networks.chains(key)] for key in net.keys[1:]))
    least = min(small_networks.free_ended(net, joined(pair)) for pair in pairs)
    found = DENOMINATOR * segment(place).value
    assert least - 4 * DENOMINATOR < found <= least


@pytest.mark.parametrize("place", range(NETWORKS))
def test_a_segment_is_proved_and_one_more_is_not(place: int) -> None:
    value = small_networks.optimum(networks()[place]) or 0
    bound, known = certificate(place, value), segment(place)
    assert proves(place, bound)
    assert not proves(place, replace(bound, segments=(replace(known, value=known.value + 1),)))
    assert not proves(place, replace(bound, value=value + 1))


@pytest.mark.parametrize("place", range(NETWORKS))
def test_what_is_proved_rests_on_the_segments_that_were_found(place: int) -> None:
    """Without labels the floor of the first layer and the segment prove what they come to less the rebates."""
    net = networks()[place]
    bare = replace(certificate(place, 0), boundaries=tuple(Boundary(None, (), ()) for _ in range(TARGET - 1)))
    numerator, denominator = small_networks.rate(net)

    def saved(kind: str, room: int) -> int:
        return max(numerator * load - denominator * net.price(kind, load) for load in range(room + 1))

    rebate = max(saved("only", net.first_room), saved("first", net.first_room) + saved("last", net.room))
    least = small_networks.floors(net)[0] + denominator * segment(place).value
    assert proves(place, replace(bare, value=(least - rebate) // denominator))
    assert not proves(place, replace(bare, value=(small_networks.optimum(net) or 0) + 1))


def changed(known: Segment, random: Random) -> Segment:
    name = random.choice(("source", "target", "value", "value", "boundaries", "boundaries"))
    return replace(known, **{name: altered(getattr(known, name), random)})


@pytest.mark.parametrize("place", range(NETWORKS))
def test_what_altered_segments_prove_is_true(place: int) -> None:
    value, random = small_networks.optimum(networks()[place]) or 0, Random(place)
    accepted = 0
    for _ in range(12):
        claimed = value + random.choice((0, 0, 1, 10))
        bound = certificate(place, claimed)
        mutant = changed(segment(place), random)
        if proves(place, replace(bound, segments=(mutant,))):
            accepted += 1
            assert claimed <= value, mutant
            assert mutant.value <= segment(place).value or (mutant.source, mutant.target) != (1, TARGET)
    assert accepted < 12


@pytest.mark.parametrize(
    ("change", "text"),
    [
        ({"source": 2, "target": 2, "boundaries": ()}, "not every plan leads from boundary 2 to boundary 2"),
        ({"target": 9}, "not every plan leads from boundary 1 to boundary 9"),
        ({"boundaries": ()}, "0 boundaries are given between 1 and 3"),
    ],
)
def test_segments_that_lie_nowhere_are_refused(change: dict[str, Any], text: str) -> None:
    net, bound = networks()[0], certificate(0, 0)
    with pytest.raises(Unproven, match=text):
        require_tiled_bound(net.program, net.ends, replace(bound, segments=(replace(segment(0), **change),)))


@pytest.mark.parametrize("place", range(NETWORKS))
def test_what_segments_rest_on_is_that_of_the_whole_program(place: int) -> None:
    """What is kept of designs is kept for both: only first and last cycles are priced otherwise."""
    net, bound = networks()[place], certificate(place, 0)
    whole = Grounds(net.law, net.ends, bound)
    piece = Grounds(FreeEnds(net.law, net.ends, whole.rate), net.ends, bound)
    assert (whole.rate, whole.lines, whole.cost.widest) == (piece.rate, piece.lines, piece.cost.widest)
    assert (whole.waste.room, whole.waste.floor) == (piece.waste.room, piece.waste.floor)
    assert all(whole.waste.of(load) == piece.waste.of(load) for load in range(whole.cost.room + 1))


@pytest.mark.parametrize("place", range(NETWORKS))
def test_prices_of_pieces_are_those_of_columns(place: int) -> None:

    law = inner(place).law
    for position, most in ((Position.FIRST, law.first_capacity), (Position.MID, law.capacity)):
        drains = np.unique(np.linspace(0, most, 50).astype(np.int64))
        assert price_array(law, position, drains).tolist() == [law.price(position, drain) for drain in drains.tolist()]
