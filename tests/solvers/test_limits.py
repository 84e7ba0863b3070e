"""Time limits leave a plan and a bound that no plan is below; amounts that cannot be added up are refused."""

from __future__ import annotations

from itertools import count
from random import Random

import pytest

from ischedule.analysis.evaluate import evaluate
from ischedule.models.demand import Overflow
from ischedule.models.plan import Status
from ischedule.models.program import Program
from ischedule.solvers import limit as limits
from ischedule.solvers.explicit import solve_explicit
from ischedule.solvers.limit import Limit
from ischedule.solvers.solve import solve
from tests.solvers.enumeration import best_of_all_cut_sets, best_of_all_designs
from tests.solvers.random_laws import law_pool
from tests.solvers.random_programs import random_explicit, random_tiled
from tests.solvers.test_isolated_cost import SECOND, program


@pytest.fixture
def ticking(monkeypatch: pytest.MonkeyPatch) -> None:
    """A clock that moves by a second whenever it is read, so that a limit of n seconds is reached at its n-th check."""
    ticks = count()
    monkeypatch.setattr(limits, "monotonic", lambda: float(next(ticks)))


def interrupted(program: Program, seconds: float) -> tuple[int, int] | None:
    """Latency and bound of what a search under a limit leaves, after checking that its plan has that latency."""
    answer = solve(program, Limit(seconds, started=0))
    if answer.plan is None:
        assert answer.status is not Status.SCHEDULABLE
        return None
    assert answer.latency is not None
    assert answer.bound is not None
    assert evaluate(program, answer.plan).additive == answer.latency
    return answer.latency, answer.bound.value + program.law.offset


@pytest.mark.usefixtures("ticking")
def test_interrupted_searches_over_layers_keep_their_promises() -> None:
    kept = proven = 0
    for seed in range(25):
        random = Random(seed)
        whole = random_tiled(random, random.choice(law_pool(300)))
        best = best_of_all_designs(whole)
        for checks in (-1, 1, 3, 6, 10, 10**6):
            found = interrupted(whole, checks)
            if found is None:
                assert best is None or (checks < 10**6 and whole.law.first_capacity > whole.law.capacity)
                continue
            assert best is not None
            assert found[1] <= best.cost + whole.law.offset <= found[0]
            kept += 1
            proven += found[0] == found[1]
    assert 0 < proven < kept


@pytest.mark.usefixtures("ticking")
def test_interrupted_searches_over_tasks_keep_their_promises() -> None:
    kept = 0
    for seed in range(200):
        random = Random(seed)
        whole = random_explicit(random, random.choice(law_pool(300)))
        best = best_of_all_cut_sets(whole)
        for checks in (-1, 1, 3):
            found = interrupted(whole, checks)
            if found is not None:
                assert best is not None
                assert found[1] <= best.cost + whole.law.offset <= found[0]
                kept += 1
    assert kept > 100


def test_no_limit_and_a_generous_one_agree() -> None:
    random = Random(3)
    whole = random_tiled(random, random.choice(law_pool(300)))
    assert solve(whole, Limit(3600)) == solve(whole)


def test_a_limit_of_nothing_decides_nothing_about_the_deadline_it_misses() -> None:
    late = solve(program(((450, 445),)), Limit(-1), deadline=1)
    assert (late.status, late.latency) == (Status.UNDECIDED, 1895 * SECOND)


def test_progress_is_told_in_one_line_each() -> None:
    random, told = Random(3), list[str]()
    solve(random_tiled(random, random.choice(law_pool(300))), Limit(listen=told.append))
    assert told
    assert all(line and "\n" not in line for line in told)


def test_times_beyond_exact_sums_are_refused_and_not_called_infeasible() -> None:
    """980 s a cycle: 2**61 ps are 2353 cycles."""
    assert solve_explicit(program(((480,) * 2300,)), Limit()).cost == 2300 * 980 * SECOND
    with pytest.raises(Overflow, match="27 days"):
        solve_explicit(program(((480,) * 2400,)), Limit())
    assert solve_explicit(program(((501,) * 2400,)), Limit()).plan is None
