"""Cases fed by a constant current, whose best thresholds are rarely the least: every solver against brute force."""

from __future__ import annotations

from random import Random

import pytest

from ischedule.analysis.cover import require_bound
from ischedule.solvers.explicit import solve_explicit
from ischedule.solvers.limit import Limit
from ischedule.solvers.solve import solve
from ischedule.solvers.tiled import solve_tiled
from tests.solvers.agreement import disagreement
from tests.solvers.enumeration import best_of_all_cut_sets, best_of_all_designs
from tests.solvers.random_laws import current_pool
from tests.solvers.random_programs import random_explicit, random_tiled
from tests.solvers.test_levels import require_tight

LAWS = 200


def test_tasks_equal_brute_force_and_their_bounds_are_proven() -> None:
    laws, searched, solved = current_pool(LAWS), 0, 0
    for seed in range(150):
        random = Random(seed)
        law = random.choice(laws)
        case = random_explicit(random, law, atoms=6)
        assert disagreement(case, solve_explicit, best_of_all_cut_sets) is None
        bound = solve_explicit(case, Limit()).bound
        if bound is not None:
            require_tight(case, bound)
            solved += 1
            searched += not law.is_minimal_optimal
    assert solved > 60
    assert searched > 15


def test_networks_equal_brute_force_and_their_bounds_are_proven() -> None:
    for seed in range(25):
        random = Random(seed)
        case = random_tiled(random, random.choice(current_pool(LAWS)), stages=2, most=4)
        assert disagreement(case, solve_tiled, best_of_all_designs) is None
        bound = solve_tiled(case, Limit()).bound
        if bound is not None:
            require_bound(case, bound)


@pytest.mark.parametrize(("solver", "needs"), [("smt", "z3"), ("ilp", "pulp")])
def test_other_solvers_find_the_same(solver: str, needs: str) -> None:
    pytest.importorskip(needs)
    for seed in range(12):
        random = Random(seed)
        # without a bound of the rule's own the sums of prices may be below it where levels are left
        laws = [law for law in current_pool(LAWS) if not (law.leaves_level or law.keeps_level) or solver == "smt"]
        case = random_explicit(random, random.choice(laws), atoms=5)
        found, other = solve(case, solver=solver), solve(case)
        assert (found.status, found.latency) == (other.status, other.latency)
        if found.bound is not None:
            require_bound(case, found.bound)
