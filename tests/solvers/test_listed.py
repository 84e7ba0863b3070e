"""Passes by many mixes, what they leave of a program, and weights of limits, against every plan of small programs."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from itertools import count
from random import Random
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ischedule.analysis.cover import Unproven, require_bound
from ischedule.models.criteria import weighed
from ischedule.models.goal import Criterion, Goal
from ischedule.models.program import Program
from ischedule.solvers import layout, limit, listed, mixed_pass
from ischedule.solvers.best_weights import best_weights, level
from ischedule.solvers.budgets import solve_goal
from ischedule.solvers.limit import Limit, TimeUp
from ischedule.solvers.listed import Listed, Weights
from ischedule.solvers.mixed_pass import Open
from ischedule.solvers.spending import Mix, Spent
from ischedule.solvers.sweep import UNREACHABLE
from tests.solvers.test_budgets import best_of, every_plan, graph_of_sums, judged, storing

SEEDS = st.integers(0, 10**9)


def drawn(seed: int) -> tuple[Random, Program, list[Spent]]:
    """A small program, and what each of its plans spends."""
    random = Random(seed)
    program = storing(graph_of_sums(random), random)
    return random, program, list(every_plan(program))


def some_weights(random: Random) -> Weights:
    """Weights of some criteria, latency among them or not."""
    named = random.sample(list(Criterion), random.randint(1, 3))
    return {one: random.choice((1, random.randint(1, 50), random.randint(1, 10**6))) for one in named}


def total(weights: Weights, spent: Spent) -> int:
    return sum(weight * spent[one] for one, weight in weights.items())


def wrong_sum(seed: int) -> str | None:
    """What is wrong with the least sums of plans by some weights, forwards or backwards."""
    random, program, plans = drawn(seed)
    weights = [some_weights(random) for _ in range(4)]
    passes = Listed(program, Limit())
    wanted = [min((total(one, plan) for plan in plans), default=UNREACHABLE) for one in weights]
    found = passes.least(weights)
    changes = list(map(listed._exactly, weights))
    back = [int(one.value[place]) for one, place in passes.passes(changes, True)]
    return None if found == wanted == back else f"{wanted}, forwards {found}, backwards {back}"


def lost_plan(seed: int) -> str | None:
    """A plan that may be wanted by some weights and is not left, or one left that there is not."""
    random, program, plans = drawn(seed)
    if not plans:
        return None
    allowed = []
    for _ in range(random.randint(1, 2)):
        weights = some_weights(random)
        sums = [total(weights, plan) for plan in plans]
        least = min(sums)
        allowed.append((weights, random.choice((least, least, random.randint(least, max(sums))))))
    left = Listed(program, Limit()).left(allowed)

    def as_tuples(some: list[Spent]) -> set[tuple[int, ...]]:
        return {tuple(spent[one] for one in Criterion) for spent in some}

    wanted = [plan for plan in plans if all(total(weights, plan) <= most for weights, most in allowed)]
    found = as_tuples(list(every_plan(left.program)))
    return None if as_tuples(wanted) <= found <= as_tuples(plans) else f"{allowed}"


@given(SEEDS)
def test_sums_are_least_in_both_directions(seed: int) -> None:
    assert wrong_sum(seed) is None


@given(SEEDS)
def test_what_is_left_has_all_that_may_be_wanted(seed: int) -> None:
    assert lost_plan(seed) is None


@given(SEEDS)
def test_bounds_by_mixes_are_certificates(seed: int) -> None:
    """Those of sums that are rounded down atom by atom; a greater one is none."""
    random, program, plans = drawn(seed)
    weights = {**some_weights(random), Criterion.LATENCY: 1}
    scale = random.choice((1, 3, 16))
    mix = Mix({**weights, Criterion.LATENCY: scale}, scale)
    (bound,) = Listed(program, Limit()).bounds([mix])
    assert (bound is None) == (not plans)
    if bound is not None:
        assert mix.scale * bound.value <= min(map(mix.total, plans))
        require_bound(weighed(program, mix.weights, mix.scale), bound)
        with pytest.raises(Unproven):
            require_bound(weighed(program, mix.weights, mix.scale), replace(bound, value=bound.value + 1))


@given(SEEDS)
def test_weights_bound_what_plans_spend_that_keep_the_limits(seed: int) -> None:
    """And as well as any of the weights that random ones happen to be."""
    random, program, plans = drawn(seed)
    first, *others = random.sample(list(Criterion), random.randint(2, 3))
    if not plans:
        return
    amounts = {one: [plan[one] for plan in plans] for one in others}
    limits = {one: random.randint(min(some), max(some)) for one, some in amounts.items()}
    goal = Goal((first,), limits)
    found = best_weights(Listed(program, Limit()), goal)
    assert found is not None
    best, _ = found
    assert best.least == min(total(best.weights, plan) for plan in plans)
    reached = level(goal, best.weights, best.least)
    kept = [plan[first] for plan in plans if all(plan[one] <= most for one, most in limits.items())]
    assert not kept or reached <= min(kept)
    assert reached >= min(plan[first] for plan in plans)


def test_sums_too_great_for_64_bits_are_searched_with_fewer_digits() -> None:
    """Weights are rounded down together with the most that is allowed, so that nothing wanted is lost."""
    for seed in range(40):
        _, program, plans = drawn(seed)
        weights = {Criterion.LATENCY: 3 << 50, Criterion.WRITTEN: 5 << 55}
        wanted = min((total(weights, plan) for plan in plans), default=None)
        passes = Listed(program, Limit())
        assert not plans or not passes.fits({one: weight << 20 for one, weight in weights.items()})
        if wanted is not None:
            left = passes.left([(weights, wanted)])
            assert all(passes.fits(some) for some, _ in left.allowed)
            assert wanted in [total(weights, plan) for plan in every_plan(left.program)]


def test_a_search_that_runs_out_of_time_claims_no_more_than_it_knows(monkeypatch: pytest.MonkeyPatch) -> None:
    """By a clock that moves by a second whenever it is read."""
    ended = set()
    for seed in range(8):
        _, program, plans = drawn(seed)
        if not plans:
            continue
        amounts = [plan[Criterion.ENERGY] for plan in plans]
        limits = {Criterion.ENERGY: (min(amounts) + max(amounts)) // 2}
        goal = Goal((Criterion.LATENCY, Criterion.WRITTEN), limits)
        program = replace(program, goal=goal)
        for seconds in range(0, 60, 4):
            ticks = count()
            monkeypatch.setattr(limit, "monotonic", lambda ticks=ticks: float(next(ticks)))
            try:
                found = solve_goal(program, Limit(seconds, started=0))
            except TimeUp:
                continue
            ended.add((found.is_decided, found.plan is not None))
            assert not found.is_decided or found.spent is not None
            assert not found.is_decided or [found.spent[one] for one in goal.order] == best_of(plans, goal)  # type: ignore[index]
            assert all(reason is None for _, reason in judged(program, found))
    assert {(True, True), (False, False), (False, True)} <= ended


Mutate = Callable[[pytest.MonkeyPatch], None]


def changed(owner: Any, name: str, change: Callable[..., Any]) -> Mutate:
    """Something else in place of a part, called with the part itself and its arguments."""

    def mutate(patch: pytest.MonkeyPatch) -> None:
        original = getattr(owner, name)
        patch.setattr(owner, name, lambda *arguments: change(original, *arguments))

    return mutate


def larger(original: Any, *arguments: Any) -> Any:
    """Cycles inside designs may drain more than there is."""
    *rest, waiting = arguments
    most = waiting.capacity
    return original(
        *rest, replace(waiting, capacity=2 * most, mid=lambda drains: waiting.mid(np.minimum(drains, most)))
    )


def cheapest(original: Any, some: Open) -> Open:
    """Of the cycles in progress only the one that costs least."""
    place = int(some.cost[:, 0].argmin()) if len(some.drain) else 0
    return some.take(slice(place, place + 1))


def without_latency(original: Any, weights: Weights) -> Any:
    """Latency is left out of sums."""
    return replace(original(weights), latency=0)


SUMS: dict[str, Mutate] = {
    "capacity-exceeded": changed(layout, "_cycles", larger),
    "cheapest-open-cycle-only": changed(Open, "undominated", cheapest),
    "cycles-inside-not-ended": changed(mixed_pass, "_relax", lambda original, *a: None),
    "commits-not-turned": changed(
        layout.Layout, "turned", lambda original, one: replace(original(one), resume=one.resume.turned())
    ),
    "sums-without-latency": changed(listed, "_exactly", without_latency),
}

LEFT: dict[str, Mutate] = {
    "no-cycle-runs-through": changed(Listed, "_runs_through", lambda original, *a: False),
    "no-cycle-begins-and-runs-through": changed(
        Listed, "_runs_through", lambda original, self, place, through, *a: original(
            self, place, (through[0], through[1].take(slice(0, -1))), *a
        )
    ),
    "one-less-than-allowed": changed(
        Listed, "_lower", lambda original, self, weights, most: original(self, weights, most - 1)
    ),
    "commits-of-the-wrong-atom": changed(
        listed, "_run_together", lambda original, one, ends: replace(
            original(one, ends), commit_stored=[one.commit_stored[0]] * len(ends)
        )
    ),
}  # fmt: skip
PROGRAMS = 60


def test_without_a_mutant_nothing_is_found() -> None:
    assert not any(wrong_sum(seed) or lost_plan(seed) for seed in range(PROGRAMS))


@pytest.mark.parametrize("name", SUMS)
def test_a_wrong_pass_is_caught(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    SUMS[name](monkeypatch)
    assert any(wrong_sum(seed) for seed in range(PROGRAMS))


@pytest.mark.parametrize("name", LEFT)
def test_a_program_with_something_missing_is_caught(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    LEFT[name](monkeypatch)
    assert any(lost_plan(seed) for seed in range(PROGRAMS))
