"""The solver for explicit stages against every plan, one by one."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from random import Random

from hypothesis import given
from hypothesis import strategies as st

from ischedule.analysis.evaluate import evaluate
from ischedule.models.chain import Chain
from ischedule.models.cycle_law import replay
from ischedule.models.plan import Status
from ischedule.models.program import ExplicitStage, Program
from ischedule.models.rounding import slack_of_plans
from ischedule.models.waiting import CycleLaw
from ischedule.solvers.explicit import solve_explicit
from ischedule.solvers.limit import Limit
from ischedule.solvers.solve import solve
from ischedule.solvers.thresholds import best_thresholds
from tests.solvers.agreement import disagreement
from tests.solvers.enumeration import (
    Joined,
    Prices,
    Rule,
    best_cost_of,
    best_of_all_cut_sets,
    best_sum_of,
    cost_of,
    cut_sets,
    least_cost_of,
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
    for seed in range(150):
        random = Random(seed)
        law = random.choice(law_pool(LAWS))
        sequence = Joined([random_chain(random, law, random.randint(1, 6))])
        costs = [least_cost_of(sequence, ends, Rule(law)) for ends in cut_sets(sequence)]
        assert best_cost_of(sequence, Rule(law)) == min((cost for cost in costs if cost is not None), default=None)
        sums = [cost_of(sequence, ends, Prices(law)) for ends in cut_sets(sequence)]
        assert best_sum_of(sequence, Prices(law)) == min((cost for cost in sums if cost is not None), default=None)


def any_begins_at_once(law: CycleLaw, sequence: Joined, ends: Sequence[int]) -> bool:
    """Whether some cycle but the first may find its threshold at hand."""
    spans = list(pairwise((0, *ends)))
    drains = [sequence.cycle("drain", *span) for span in spans]
    levels = replay(law, drains, best_thresholds(law, drains)[0]).levels
    return any(left >= drain for left, drain in zip(levels, drains[1:], strict=False))


def test_no_sum_of_prices_is_above_what_the_rule_takes() -> None:
    below = 0
    for seed in range(300):
        random = Random(seed)
        law = random.choice(law_pool(LAWS))
        sequence = Joined([random_chain(random, law, random.randint(1, 6))])
        for ends in cut_sets(sequence):
            priced, least = cost_of(sequence, ends, Prices(law)), least_cost_of(sequence, ends, Rule(law))
            assert (priced is None) == (least is None)
            if priced is not None and least is not None and not law.keeps_level:
                assert priced <= least
                assert priced == least or law.leaves_level
                below += priced < least
            elif priced is not None and least is not None and not law.is_minimal_optimal:
                # a cycle that does not wait may begin at a level that is no threshold
                assert priced <= least or any_begins_at_once(law, sequence, ends)
    assert below


def test_one_long_chain_equals_a_walk_over_its_cuts() -> None:
    """Several hundred atoms, so that a plan has many cycles and blocks of cuts meet."""
    for seed in range(12):
        random = Random(seed)
        law = random.choice([law for law in law_pool(LAWS) if law.max_cycles is None])
        chain = random_chain(random, law, 250)
        program = Program((ExplicitStage("s", (chain,), 100),), law, DIGEST)
        assert best_cost_of(Joined([chain]), Rule(law)) == solve_explicit(program, Limit()).cost


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
        assert best.cost + program.law.offset == least == latency
        assert solve(program, deadline=latency).status is Status.SCHEDULABLE
        rounded = slack_of_plans(program, best.cost)
        assert solve(program, deadline=least - 1 - rounded).status is Status.UNSCHEDULABLE
        if rounded:
            # other thresholds than the least that suffice may be rounded better
            assert solve(program, deadline=least - 1).status is Status.UNDECIDED
