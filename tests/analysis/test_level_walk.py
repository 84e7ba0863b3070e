"""Proofs where the level that each cycle leaves is followed: optima by the rule are accepted, nothing above them is."""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from itertools import product
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ischedule.analysis.level_walk import undominated
from ischedule.models.cycle_law import NEVER, CycleLaw, Position
from ischedule.models.program import Program
from tests.analysis.reference_labels import certificate
from tests.analysis.small_networks import Network, chains, network
from tests.analysis.small_networks import certificate as certificate_of
from tests.analysis.small_programs import laws, leaving_laws, program
from tests.analysis.test_cover import proves
from tests.analysis.test_tiled_cover import altered
from tests.solvers.enumeration import Joined, Rule, best_of_all_cut_sets, best_of_sequences

CASES = 1000
NETWORKS = 60


@cache
def case_of(seed: int) -> tuple[Program, int | None]:
    """A program with the least latency of its plans, less the offset."""
    case = program(Random(seed), 5, leaving_laws())
    best = best_of_all_cut_sets(case)
    return case, None if best is None else best.cost


def test_the_optimum_is_accepted_and_one_more_is_not() -> None:
    """The labels are made the plain way, every atom run from every state."""
    beyond = 0
    for seed in range(CASES):
        case, value = case_of(seed)
        bound = certificate(case, value or 0, follows=True)
        assert proves(case, bound)
        if value is None:
            continue
        assert not proves(case, replace(bound, value=value + 1))
        beyond += not proves(case, certificate(case, value))
    assert beyond > 3, "sums of prices prove as much"


@given(st.integers(0, CASES - 1), st.randoms(use_true_random=False))
def test_whatever_labels_are_given_no_false_bound_is_proven(seed: int, random: Random) -> None:
    case, value = case_of(seed)
    if value is None or len(case.stages) == 1:
        return
    bound = certificate(case, value + random.choice((1, 1, 10)), follows=True)
    for _ in range(10):
        mutant = replace(bound, boundaries=altered(bound.boundaries, random))
        assert not proves(case, mutant)
        assert not proves(case, replace(mutant, follows_levels=False))


@cache
def network_of(seed: int) -> tuple[Network, int | None]:
    """A network with the least latency of its plans, less the offset."""
    case = network(Random(seed), 2, leaving_laws())
    sequences = [
        (tuple(design for design, _ in chosen), Joined([chain for _, chain in chosen]))
        for chosen in product(*map(chains, case.keys))
    ]
    best = best_of_sequences(case.law, sequences)
    return case, None if best is None else best.cost


@pytest.mark.parametrize("seed", range(NETWORKS))
def test_the_optimum_of_a_network_is_accepted_and_one_more_is_not(seed: int) -> None:
    case, value = network_of(seed)
    bound = certificate_of(case, value or 0, Random(seed), follows=True)
    assert proves(case.program, bound)
    if value is not None:
        assert not proves(case.program, replace(bound, value=value + 1))


@pytest.mark.parametrize("seed", range(NETWORKS))
def test_what_an_altered_certificate_of_a_network_proves_is_true(seed: int) -> None:
    (case, value), random = network_of(seed), Random(seed)
    if value is None:
        return
    for _ in range(10):
        bound = certificate_of(case, value + random.choice((1, 1, 10)), random, follows=True)
        name = random.choice(("rate", "boundaries", "boundaries", "lines", "floors"))
        assert not proves(case.program, replace(bound, **{name: altered(getattr(bound, name), random)}))


def test_levels_that_no_cycle_can_leave_are_not_followed() -> None:
    found = 0
    for seed in range(100):
        case = program(Random(seed), 5, [law for law in laws() if not law.keeps_level and not law.leaves_level])
        best = best_of_all_cut_sets(case)
        if best is not None:
            assert proves(case, certificate(case, best.cost))
            assert not proves(case, replace(certificate(case, best.cost), follows_levels=True))
            found += 1
    assert found


PLACES = st.sampled_from((Position.FIRST, Position.MID, Position.LAST))


@given(st.sampled_from(leaving_laws()), st.lists(st.integers(0, 10**9), min_size=2, max_size=2), st.data())
def test_behind_a_cycle_no_state_is_above_what_the_rule_takes_where_it_waits(
    law: CycleLaw, amounts: list[int], data: st.DataObject
) -> None:
    """Two cycles: where the second waits for each of its thresholds, the ways come to what the rule takes."""
    first, second = amounts[0] % (law.first_capacity + 1), amounts[1] % (law.capacity + 1)
    rule = Rule(law)
    for way in law.ways(Position.FIRST, first):
        cost, elapsed = law.ended(way, 0, NEVER)
        assert (cost, elapsed) == (way.reach - way.left, way.reach)
        for then in law.ways(Position.LAST, second):
            total, _ = law.ended(then, cost, elapsed)
            start = max(way.threshold.level, law.head.level) if law.head.waits else law.head.level
            left = start - first - law.upkeep.reserve
            if left < then.threshold.level:
                wait = law.charging.charge_time(left, then.threshold.high) + law.upkeep.latency
                back = rule.latency([(0, then.threshold.level - second - law.upkeep.reserve)]) or 0
                assert total == way.reach + wait + back + law.offset


@given(st.lists(st.tuples(st.integers(0, 9), st.integers(0, 9)), max_size=8))
def test_what_is_left_of_states_covers_all(states: list[tuple[int, int]]) -> None:
    kept = undominated(states)
    assert kept == sorted(kept)
    assert all(any(one[0] <= state[0] and one[1] <= state[1] for one in kept) for state in states)
    assert not any(a != b and a[0] <= b[0] and a[1] <= b[1] for a in kept for b in kept)
