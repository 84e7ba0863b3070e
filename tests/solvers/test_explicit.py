"""The solver for explicit stages against every plan, one by one."""

from __future__ import annotations

from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ischedule.analysis.evaluate import evaluate
from ischedule.models.chain import Chain
from ischedule.models.fixed_wake import FixedWakeLaw
from ischedule.models.plan import Status
from ischedule.models.program import ExplicitStage, Program
from ischedule.models.waiting import CycleLaw
from ischedule.solvers.explicit import solve_explicit
from ischedule.solvers.limit import Limit
from ischedule.solvers.solve import solve
from tests.solvers.agreement import disagreement
from tests.solvers.enumeration import (
    Joined,
    Prices,
    best_cuts,
    best_of_all_cut_sets,
    cost_of,
    cut_sets,
    least_by_the_rule,
)
from tests.solvers.random_laws import law_pool
from tests.solvers.random_programs import DIGEST, random_chain, random_explicit

PROGRAMS = 3000
LAWS = 300


def test_thousands_of_programs_equal_brute_force() -> None:
    differences = []
    for seed in range(PROGRAMS):
        random = Random(seed)
        program = random_explicit(random, random.choice(law_pool(LAWS)))
        if (difference := disagreement(program, solve_explicit, best_of_all_cut_sets)) is not None:
            differences.append((seed, difference))
    assert not differences, f"{len(differences)} of {PROGRAMS}, the first: {differences[0]}"


@given(st.randoms(use_true_random=False), st.sampled_from(law_pool(LAWS)), st.data())
def test_any_program_equals_brute_force(random: Random, law: CycleLaw, data: st.DataObject) -> None:
    """As above, with drains and times of any size up to the capacity, which shrink where something differs."""
    amounts = st.integers(0, law.capacity)
    stages = []
    for number in range(data.draw(st.integers(1, 3))):
        chains = []
        for _ in range(data.draw(st.integers(1, 2))):
            size = data.draw(st.integers(1, 3))
            column = st.lists(amounts | st.integers(0, law.capacity // 3), min_size=size, max_size=size)
            cut = [*data.draw(st.lists(st.booleans(), min_size=size - 1, max_size=size - 1)), True]
            chains.append(Chain(*(data.draw(column) for _ in range(6)), cut, 0))
        stages.append(ExplicitStage(f"s{number}", tuple(chains), 0))
    program = Program(tuple(stages), law, DIGEST)
    assert disagreement(program, solve_explicit, best_of_all_cut_sets) is None


def test_the_two_ways_of_brute_force_agree() -> None:
    for seed in range(300):
        random = Random(seed)
        law = random.choice(law_pool(LAWS))
        sequence = Joined([random_chain(random, law, random.randint(1, 8))])
        costs = [cost_of(sequence, ends, Prices(law)) for ends in cut_sets(sequence)]
        walked = best_cuts(sequence, Prices(law))
        assert (walked[0] if walked else None) == min((cost for cost in costs if cost is not None), default=None)


def test_one_long_chain_equals_a_walk_over_its_cuts() -> None:
    """Several hundred atoms, so that a plan has many cycles and blocks of cuts meet."""
    for seed in range(12):
        random = Random(seed)
        law = random.choice([law for law in law_pool(LAWS) if law.max_cycles is None])
        chain = random_chain(random, law, 250)
        program = Program((ExplicitStage("s", (chain,), 100),), law, DIGEST)
        best, found = best_cuts(Joined([chain]), Prices(law)), solve_explicit(program, Limit())
        assert (None if best is None else best[0]) == found.cost


def test_the_door_reports_latency_and_the_deadline_decides() -> None:
    for seed in range(150):
        random = Random(seed)
        program = random_explicit(random, random.choice(law_pool(LAWS)))
        best, answer = best_of_all_cut_sets(program), solve(program)
        if best is None:
            assert answer.status is Status.UNSCHEDULABLE
            assert answer.bottleneck is not None
            continue
        assert answer.plan is not None
        assert answer.bound is not None
        latency, least = evaluate(program, answer.plan).latency, answer.bound.value + program.law.offset
        assert (answer.status, answer.latency) == (Status.SCHEDULABLE, latency)
        assert best.cost + program.law.offset <= least <= latency
        assert least == best.cost + program.law.offset
        assert least == latency or program.law.leaves_level
        assert solve(program, deadline=latency).status is Status.SCHEDULABLE
        assert solve(program, deadline=least - 1).status is Status.UNSCHEDULABLE


@pytest.mark.parametrize("above_floor", [False, True])
def test_the_answer_is_the_best_plan_by_the_certified_rule(above_floor: bool) -> None:
    """Nothing of this is in the prices: every set of cuts is followed from level to level.

    A start above the floor is as exact as any other. Only where each cycle can leave a level (by the hardware's steps,
    or in a band where charging is faster) and the next one drains less than that, a price can be less than what the
    rule takes; then the bound says so.
    """
    laws = [law for law in law_pool(3000, seed=5) if law.max_cycles is None and law.is_minimal_optimal]
    laws = [law for law in laws if law.keeps_level is above_floor and not isinstance(law, FixedWakeLaw)]
    solved = stepped = exact = 0
    for seed in range(500):
        random = Random(seed)
        program = random_explicit(random, random.choice(laws), atoms=6)
        least, answer = least_by_the_rule(program), solve(program)
        if least is None:
            assert answer.plan is None
            continue
        assert answer.latency is not None
        assert answer.bound is not None
        bound = answer.bound.value + program.law.offset
        assert bound <= least <= answer.latency
        if not program.law.leaves_level:
            assert bound == least == answer.latency
            solved += 1
        else:
            stepped += 1
            exact += bound == answer.latency
    assert solved > 100
    assert exact > 0.95 * stepped > 50
