"""The boundaries of a program: every order of its stages is a way through them, and nothing else is."""

from __future__ import annotations

from itertools import permutations, product
from random import Random

import networkx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ischedule.models.order import ideals_of, steps_of
from ischedule.models.program import Step, chain_of_steps

Needs = list[set[int]]


def needs_of(seed: int, count: int) -> Needs:
    """A random acyclic graph: each stage needs some of those before it."""
    random = Random(seed)
    share = random.random()
    return [{other for other in range(stage) if random.random() < share} for stage in range(count)]


NEEDS = st.builds(needs_of, st.integers(0, 10**9), st.integers(1, 6))


def ways(steps: tuple[Step, ...], place: int, end: int) -> list[tuple[int, ...]]:
    if place == end:
        return [()]
    leaving = [step for step in steps if step.source == place]
    return [(step.stage, *rest) for step in leaving for rest in ways(steps, step.target, end)]


@given(NEEDS)
def test_ideals_are_the_closed_sets_of_stages(needs: Needs) -> None:
    closed = [
        sum(1 << stage for stage, is_done in enumerate(done) if is_done)
        for done in product((False, True), repeat=len(needs))
        if all(done[other] for stage, some in enumerate(needs) for other in some if done[stage])
    ]
    assert sorted(ideals_of(needs) or []) == sorted(closed)


@given(NEEDS)
def test_ways_through_the_steps_are_the_topological_orders(needs: Needs) -> None:
    steps, ideals, is_fixed = steps_of(needs)
    assert not is_fixed
    graph = networkx.DiGraph()
    graph.add_nodes_from(range(len(needs)))
    graph.add_edges_from((other, stage) for stage, some in enumerate(needs) for other in some)
    found = ways(steps, 0, len(ideals) - 1)
    assert sorted(found) == sorted(map(tuple, networkx.all_topological_sorts(graph)))
    assert all(step.source < step.target for step in steps)
    assert all(ideals[step.target] == ideals[step.source] | 1 << step.stage for step in steps)


def test_unrelated_stages_run_in_every_order() -> None:
    steps, ideals, _ = steps_of([set(), set(), set()])
    assert len(ideals) == 8
    assert sorted(ways(steps, 0, 7)) == sorted(permutations(range(3)))


def residual(blocks: int, length: int) -> Needs:
    """A stem, blocks of so many layers each with an addition of their input at the end, and a head."""
    needs: Needs = [set()]
    for _ in range(blocks):
        entry = len(needs) - 1
        for _ in range(length):
            needs.append({len(needs) - 1})
        needs.append({len(needs) - 1, entry})
    return [*needs, {len(needs) - 1}]


def test_residual_networks_have_about_one_boundary_for_each_layer() -> None:
    needs = residual(17, 3)
    assert len(needs) == 70
    assert len(ideals_of(needs) or []) == 71


def test_four_parallel_branches_have_the_product_of_their_lengths() -> None:
    needs: Needs = [set()]
    for length in (1, 2, 3, 4):
        for index in range(length):
            needs.append({len(needs) - 1 if index else 0})
    needs.append({1, 3, 6, 10})
    assert len(ideals_of(needs) or []) == 2 + 2 * 3 * 4 * 5


def test_beyond_the_limit_the_listed_order_is_kept() -> None:
    needs: Needs = [set()] * 10
    assert ideals_of(needs, most=1000) is None
    assert steps_of(needs, most=1000) == (chain_of_steps(10), tuple((1 << n) - 1 for n in range(11)), True)
    assert len(ideals_of(needs, most=1024) or []) == 1024


def test_a_fixed_order_must_be_one() -> None:
    with pytest.raises(ValueError, match="before one that it needs"):
        steps_of([{1}, set(), set()], most=3)


def test_a_circle_has_no_order() -> None:
    with pytest.raises(ValueError, match="circle"):
        ideals_of([{1}, {0}])
