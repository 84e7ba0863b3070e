"""The solver for tiled stages against every design, redundant ones too, and every choice of cuts."""

from __future__ import annotations

from random import Random

import pytest

from ischedule.analysis.cover import Unproven, require_bound
from ischedule.analysis.reach import require_bottleneck
from ischedule.models.diagnosis import Diagnosis
from ischedule.models.plan import Bottleneck
from ischedule.models.program import Program
from ischedule.models.waiting import CycleLaw
from ischedule.solvers import tiled
from ischedule.solvers.network_pass import Search
from ischedule.solvers.solve import solve
from ischedule.solvers.tiled import completed, solve_tiled
from ischedule.solvers.waits import Waiting
from tests.solvers.agreement import disagreement
from tests.solvers.enumeration import best_of_all_cut_sets, best_of_all_designs
from tests.solvers.random_laws import law_pool
from tests.solvers.random_programs import random_tiled

PROGRAMS = 200
LAWS = law_pool(300)


def programs(count: int, laws: tuple[CycleLaw, ...] = LAWS, *, seed: int = 0, stages: int = 3) -> list[Program]:
    """So many programs from consecutive seeds."""
    return [
        random_tiled(random, random.choice(laws), stages=stages)
        for random in (Random(number) for number in range(seed, seed + count))
    ]


def test_hundreds_of_programs_equal_brute_force() -> None:
    found = [disagreement(program, solve_tiled, best_of_all_designs) for program in programs(PROGRAMS)]
    differences = [(seed, difference) for seed, difference in enumerate(found) if difference is not None]
    assert not differences, f"{len(differences)} of {PROGRAMS}, the first: {differences[0]}"


@pytest.mark.parametrize(
    "laws",
    [
        pytest.param(tuple(law for law in LAWS if law.max_cycles == 1), id="one-cycle"),
        pytest.param(tuple(law for law in LAWS if law.first_capacity > law.capacity), id="charged-with-coarse-steps"),
        pytest.param(tuple(law for law in LAWS if law.recharge_target is not None), id="recharged"),
        pytest.param(tuple(law for law in LAWS if not law.is_minimal_optimal), id="searched-thresholds"),
        pytest.param(tuple(law for law in LAWS if law.keeps_level), id="above-the-floor"),
    ],
)
def test_rare_laws_equal_brute_force(laws: tuple[CycleLaw, ...]) -> None:
    assert laws
    for program in programs(15, laws, seed=10_000):
        assert disagreement(program, solve_tiled, best_of_all_designs) is None


def test_every_set_of_cuts_of_one_layer() -> None:
    for program in programs(30, seed=20_000, stages=1):
        assert disagreement(program, solve_tiled, best_of_all_cut_sets) is None


def test_designs_left_out_at_first_are_fetched_where_they_can_matter(monkeypatch: pytest.MonkeyPatch) -> None:
    """With a handful of designs of each layer laid out at first, answers are those of all designs."""
    monkeypatch.setattr(tiled, "WHOLE", 0)
    monkeypatch.setattr(tiled, "SOME", 2)
    fetched = []

    def spied(search: Search, steer: Waiting, cost: float) -> Search:
        whole = completed(search, steer, cost)
        fetched.append(sum(map(len, whole.spaces)) > sum(map(len, search.spaces)))
        return whole

    monkeypatch.setattr(tiled, "completed", spied)
    laws = tuple(law for law in LAWS if not law.keeps_level and law.max_cycles is None)
    for program in programs(120, laws, seed=30_000):
        assert disagreement(program, solve_tiled, best_of_all_designs) is None
        answer = solve(program)
        if answer.bound is not None:
            require_bound(program, answer.bound)
    assert sum(fetched) > 20


@pytest.mark.parametrize("solver", ["exact", "ilp"])
def test_where_one_power_cycle_is_all_there_is_the_bottleneck_is_proved(solver: str) -> None:
    """And none is where a plan exists."""
    laws = [law for law in law_pool(400) if law.max_cycles == 1]
    stuck = solved = 0
    for seed in range(60):
        program = random_tiled(Random(seed), laws[seed % len(laws)], stages=1 + seed % 3, most=4)
        answer = solve(program, solver=solver)
        if answer.bottleneck is not None:
            require_bottleneck(program, answer.bottleneck)
            stuck += 1
            continue
        assert answer.plan is not None
        for place in range(len(program.stages)):
            with pytest.raises(Unproven):
                require_bottleneck(program, Bottleneck(place, Diagnosis.ATOM_TOO_LARGE.value))
        solved += 1
    assert min(stuck, solved) > 10
