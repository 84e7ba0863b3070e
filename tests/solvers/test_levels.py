"""Cycles that leave more than the next one drains: sums of prices are then below what the certified rule takes.

The search behind levels is held to that rule, followed from level to level at every threshold.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from functools import cache
from itertools import product
from pathlib import Path
from random import Random

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ischedule.analysis.cover import require_bound
from ischedule.analysis.evaluate import evaluate
from ischedule.analysis.labels import Unproven
from ischedule.models.build import program_of
from ischedule.models.case import load_case
from ischedule.models.cycle_law import CycleLaw, Threshold, positions, replay
from ischedule.models.plan import Bound
from ischedule.models.program import Program
from ischedule.models.waiting_array import ways_array
from ischedule.solvers import explicit, levels, thresholds
from ischedule.solvers.explicit import solve_explicit
from ischedule.solvers.limit import Limit
from ischedule.solvers.solve import solve
from ischedule.solvers.thresholds import best_thresholds
from tests.analysis import small_networks
from tests.analysis.small_programs import leaving_laws, program
from tests.solvers.agreement import disagreement
from tests.solvers.enumeration import Best, Joined, Rule, best_of_all_cut_sets, best_of_sequences
from tests.solvers.random_laws import law_pool
from tests.solvers.random_programs import random_explicit

LAWS = {
    "steps": lambda law: law.leaves_level and law.is_minimal_optimal,
    "searched-thresholds": lambda law: not law.is_minimal_optimal,
    "above-the-floor": lambda law: law.keeps_level,
}
FOLLOWED = (51, 435, 566, 610, 681, 749, 799, 1074, 1202, 1350)
"""Networks on which a sum of prices is below what the rule takes, and which are quick to enumerate."""


TELLING = (1628, 3920, 7206, 7384, 7509)
"""Programs whose best plan waits for other thresholds than those of its prices."""


def require_tight(case: Program, bound: Bound) -> None:
    """The checker proves the bound, and not one picosecond more."""
    require_bound(case, bound)
    with pytest.raises(Unproven):
        require_bound(case, replace(bound, value=bound.value + 1))


@pytest.mark.parametrize("name", LAWS)
def test_programs_equal_brute_force(name: str) -> None:
    laws = [law for law in law_pool(3000, seed=5) if law.max_cycles is None and LAWS[name](law)]
    followed = solved = 0
    for seed in range(100 if name == "searched-thresholds" else 400):
        random = Random(seed)
        case = random_explicit(random, random.choice(laws), atoms=6)
        assert disagreement(case, solve_explicit, best_of_all_cut_sets) is None
        bound = solve_explicit(case, Limit()).bound
        if bound is not None:
            require_tight(case, bound)
            solved += 1
            followed += bound.follows_levels
    assert solved > 50
    assert followed


@cache
def instances() -> list[tuple[Program, Best | None]]:
    """Small programs on which a sum of prices is below what the rule takes, with the best of all plans."""
    cases = (program(Random(seed), 4, leaving_laws()) for seed in (*range(1000), *TELLING))
    found = ((case, solve_explicit(case, Limit()).bound) for case in cases)
    return [(case, best_of_all_cut_sets(case)) for case, bound in found if bound is not None and bound.follows_levels]


def test_tiny_programs_equal_brute_force() -> None:
    assert len(instances()) > 20
    for case, best in instances():
        assert disagreement(case, solve_explicit, lambda _, best=best: best) is None  # type: ignore[misc]
        bound = solve_explicit(case, Limit()).bound
        assert bound is not None
        require_tight(case, bound)


@pytest.mark.parametrize("seed", FOLLOWED)
def test_networks_equal_brute_force(seed: int) -> None:
    network = small_networks.network(Random(seed), 2, leaving_laws())
    sequences = [
        (tuple(design for design, _ in chosen), Joined([chain for _, chain in chosen]))
        for chosen in product(*map(small_networks.chains, network.keys))
    ]
    best, answer = best_of_sequences(network.law, sequences), solve(network.program)
    assert best is not None
    assert answer.plan is not None
    assert answer.bound is not None
    assert answer.bound.follows_levels
    assert answer.bound.value + network.law.offset == best.cost + network.law.offset == answer.latency
    assert evaluate(network.program, answer.plan).latency == answer.latency
    require_tight(network.program, answer.bound)


def test_without_time_to_follow_levels_the_bound_is_below_the_plan() -> None:
    for case, best in instances()[:20]:
        assert best is not None
        limit = Limit(3600.0)
        # the time is up as soon as levels are announced
        limit.listen = lambda text, limit=limit: setattr(limit, "seconds", -1.0) if "levels" in text else None  # type: ignore[misc]
        answer = solve(case, limit)
        assert answer.bound is not None
        assert not answer.bound.follows_levels
        assert answer.bound.value < best.cost <= (answer.latency or 0) - case.law.offset
        require_bound(case, answer.bound)


def priced_thresholds(law: CycleLaw, drains: list[int]) -> list[Threshold]:
    return [law.threshold(*one) for one in zip(drains, positions(len(drains)), strict=True)]


def test_under_a_time_limit_what_is_too_much_for_the_checker_is_given_up(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(levels, "WORK", 3)
    given_up = 0
    for case, best in instances():
        whole, answer = solve(case), solve(case, Limit(3600))
        assert whole.bound is not None
        assert whole.bound.follows_levels
        assert best is not None
        assert answer.bound is not None
        assert answer.bound.value <= best.cost <= (answer.latency or 0) - case.law.offset
        require_bound(case, answer.bound)
        given_up += not answer.bound.follows_levels
    assert given_up > 10


@given(st.sampled_from(leaving_laws()), st.data())
def test_thresholds_of_given_cycles_are_no_worse_than_those_of_prices(law: CycleLaw, data: st.DataObject) -> None:
    drain = st.integers(0, law.capacity) | st.integers(0, law.capacity // 20)
    drains = data.draw(st.lists(drain, min_size=1, max_size=4))
    rule = Rule(law)
    states = rule.start
    for one, position in zip(drains, positions(len(drains)), strict=True):
        states = rule.after(states, position, one)
    chosen, waiting = best_thresholds(law, drains)
    assert replay(law, drains, chosen).waiting == waiting
    least = (rule.latency(states) or 0) + law.offset
    assert least <= waiting <= replay(law, drains, priced_thresholds(law, drains)).waiting
    levels_left = replay(law, drains, chosen).levels
    waits = all(one.level > left for one, left in zip(chosen[1:], levels_left, strict=False))
    assert waiting == least or not waits or law.keeps_level or not law.is_minimal_optimal


COLUMN = st.integers(-3, 3)


@given(st.lists(st.tuples(st.integers(0, 2), COLUMN, COLUMN), max_size=12))
def test_what_is_kept_of_each_group_is_what_nothing_beats(rows: list[tuple[int, int, int]]) -> None:
    group, cost, elapsed = (np.array([row[part] for row in rows], dtype=np.int64) for part in range(3))
    kept = [rows[place] for place in levels.pareto(group, cost, elapsed).tolist()]
    assert len(set(kept)) == len(kept)
    for row in rows:
        beaten = [one for one in rows if one[0] == row[0] and one[1] <= row[1] and one[2] <= row[2] and one != row]
        assert (row in kept) == (not beaten)


Mutate = Callable[[pytest.MonkeyPatch], None]


def only_the_least(patch: pytest.MonkeyPatch) -> None:
    """No threshold is tried but the least."""
    patch.setattr(levels, "ways_array", lambda *given: tuple(part[:1] for part in ways_array(*given)))


def nothing_left(patch: pytest.MonkeyPatch) -> None:
    """Cycles leave nothing."""
    patch.setattr(levels, "ways_array", lambda *given: (ways_array(*given)[0], 0 * ways_array(*given)[1]))


def always_waits(patch: pytest.MonkeyPatch) -> None:
    """Every cycle waits, whatever has been left: a sum of prices again."""
    patch.setattr(levels, "rise_array", lambda law, drains: np.full_like(drains, 1 << 60))


def cheapest_only(patch: pytest.MonkeyPatch) -> None:
    """Of the states behind a cut only the cheapest is kept."""
    original = levels.pareto
    patch.setattr(levels, "pareto", lambda group, cost, elapsed: original(group, cost, 0 * elapsed))


def quickest_only(patch: pytest.MonkeyPatch) -> None:
    """Of the states behind a cut only the one of least elapsed time is kept."""
    original = levels.pareto
    patch.setattr(levels, "pareto", lambda group, cost, elapsed: original(group, 0 * cost, elapsed))


def least_thresholds(patch: pytest.MonkeyPatch) -> None:
    """The plan waits for the thresholds that prices belong to."""
    patch.setattr(thresholds, "_followed", lambda *given: None)


def not_followed(patch: pytest.MonkeyPatch) -> None:
    """Sums of prices decide."""
    patch.setattr(explicit, "followed_waiting", explicit.exact_waiting)


MUTANTS: tuple[Mutate, ...] = (
    only_the_least,
    nothing_left,
    always_waits,
    cheapest_only,
    quickest_only,
    least_thresholds,
    not_followed,
)


@pytest.mark.parametrize("mutate", MUTANTS, ids=lambda mutate: mutate.__name__)
def test_a_wrong_search_behind_levels_is_caught(mutate: Mutate, monkeypatch: pytest.MonkeyPatch) -> None:
    mutate(monkeypatch)
    for case, best in instances():
        try:
            if disagreement(case, solve_explicit, lambda _, best=best: best) is not None:  # type: ignore[misc]
                return
        except Exception:
            return
    pytest.fail("no instance tells it from a correct one")


def charged_keyword_spotting(step: str | None) -> Program:
    """The shipped network on a charged capacitor that is large enough for all of it, behind twice the floor voltage."""
    document = json.loads(Path("cases/kws-programmable-comparator-1mF.json").read_text())
    document["buffer"] |= {"capacitance": "3 mF", "brown_out": "1.8 V", "margin": "1"}
    document["supply"] = {"kind": "source", "voltage": "6 V", "resistance": "1 kohm"}
    document["start"] = "charged"
    del document["wake"]["step"]
    if step is not None:
        document["wake"]["step"] = step
    return program_of(load_case(document))


@pytest.mark.parametrize("step", [None, "1 mV", "50 mV"])
def test_a_charged_network_that_need_not_wait_is_found_though_prices_promise_less(step: str | None) -> None:
    """Prices alone say that a second cycle starting at once may leave a full capacitor."""
    case = charged_keyword_spotting(step)
    answer = solve(case, Limit(120))
    assert answer.plan is not None
    assert answer.bound is not None
    assert answer.latency == answer.bound.value + case.law.offset
    assert len(answer.plan.cycles) == 1
    require_tight(case, answer.bound)


def test_the_first_cycle_of_a_charged_network_is_not_the_only_one_that_is_tried() -> None:
    """As above with a capacitor that is too small for all of it: the best plan waits."""
    document = json.loads(Path("cases/kws-programmable-comparator-1mF.json").read_text())
    document["start"] = "charged"
    case = program_of(load_case(document))
    answer = solve(case, Limit(120))
    assert answer.plan is not None
    assert answer.bound is not None
    assert answer.latency == answer.bound.value + case.law.offset
    assert sum(run.repeat for run in answer.plan.cycles) > 1
    require_tight(case, answer.bound)
