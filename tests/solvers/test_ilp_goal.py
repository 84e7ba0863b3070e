"""Goals for the ILP against every plan of small programs and the exact solver on networks; the checker judges them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ischedule.analysis.claim import goal_claims
from ischedule.analysis.evaluate import evaluate
from ischedule.models.goal import Criterion, Goal
from ischedule.models.plan import Answer, Status
from ischedule.models.plan_file import Certified, PlanFile
from ischedule.models.program import Program
from ischedule.solvers.flow_graph import flow_graph
from ischedule.solvers.flow_limits import AMOUNTS, least, least_path, relaxed, spent_along, within, within_limits
from ischedule.solvers.flow_lp import Settings
from ischedule.solvers.ilp import all_designs, chains_of
from ischedule.solvers.limit import Limit
from ischedule.solvers.solve import solve
from ischedule.solvers.spending import spent_by
from tests.analysis.small_networks import network
from tests.solvers.test_budgets import (
    ORDERS,
    best_of,
    every_plan,
    goal_of,
    graph_of_sums,
    pulled_apart,
    reason_against,
    require_no_more,
    storing,
)

pytest.importorskip("pulp", reason="needs PuLP")
pytest.importorskip("highspy", reason="needs HiGHS")

SEEDS = st.integers(0, 10**9)


def with_goal(seed: int) -> tuple[Program, list[int] | None]:
    """A small program whose stages run in several orders, with a goal, and what its best plan spends."""
    random = Random(seed)
    program = storing(graph_of_sums(random), random)
    plans = list(every_plan(program))
    goal = goal_of(plans, random)
    if goal.is_plain:
        goal = Goal((Criterion.LATENCY, Criterion.ENERGY, Criterion.WRITTEN))
    return replace(program, goal=goal), best_of(plans, goal)


def many_choices(seed: int) -> tuple[Program, list[int] | None]:
    """A program whose criteria pull apart, and what its best plan spends."""
    program, plans = pulled_apart(Random(seed))
    return program, best_of(plans, program.goal)


def claims_of(program: Program, answer: Answer) -> Iterator[tuple[PlanFile, str | None]]:
    """Every claim that an answer supports, and why the checker rejects it, if it does."""
    evaluation = None if answer.plan is None else evaluate(program, answer.plan)
    for file in goal_claims("test", program, answer, evaluation, None):
        yield file, reason_against(program, file)


def require_best(program: Program, best: list[int] | None) -> None:
    """The ILP's plan is the best one, the checker accepts what is claimed, and nothing beyond it."""
    answer = solve(program, solver="ilp")
    spent = None if answer.plan is None else spent_by(program, answer.plan)
    assert best == (None if spent is None else [spent[name] for name in program.goal.order])
    if answer.bottleneck is not None:
        return
    claims = list(claims_of(program, answer))
    assert [reason for _, reason in claims] == [None] * len(claims)
    assert claims[0][0].claim.certified is (Certified.INFEASIBLE if best is None else Certified.OPTIMAL)
    for file, _ in claims:
        require_no_more(program, file, best)


@given(SEEDS)
@settings(max_examples=40, deadline=None)
def test_no_plan_is_better_and_keeps_all_limits(seed: int) -> None:
    require_best(*with_goal(seed))


@given(SEEDS)
@settings(max_examples=8, deadline=None)
def test_no_choice_of_designs_is_better_where_many_are_undominated(seed: int) -> None:
    require_best(*many_choices(seed))


@given(SEEDS)
@settings(max_examples=8, deadline=None)
def test_a_network_has_the_exact_solvers_plan(seed: int) -> None:
    random = Random(seed)
    program = network(random).program
    if program.law.keeps_level or program.law.leaves_level:
        return
    free = solve(replace(program, goal=Goal((random.choice(list(Criterion)[1:]),))))
    if free.plan is None:
        return
    spent = spent_by(program, free.plan)
    limits = {one: max(0, most - random.randint(0, 1 + most // 50)) for one, most in spent.items()}
    goal = Goal(random.choice(ORDERS[1:]), {one: most for one, most in limits.items() if random.random() < 0.4})
    program = replace(program, goal=goal)
    mine, other = solve(program, solver="ilp"), solve(program)
    # among many useful designs the exact search may leave open what the ILP decides and the checker accepts
    is_open = other.status is Status.UNDECIDED
    assert is_open or (mine.status, mine.plan is None) == (other.status, other.plan is None)
    for file, reason in claims_of(program, mine):
        assert reason is None
        assert is_open or (file.claim.certified is Certified.INFEASIBLE) == (other.plan is None)
    if not is_open and mine.plan is not None and other.plan is not None:
        found, best = ([spent_by(program, one.plan)[name] for name in goal.order] for one in (mine, other) if one.plan)
        assert found == best


@given(SEEDS)
@settings(max_examples=25, deadline=None)
def test_arcs_that_are_left_out_are_on_no_path_within_the_limit(seed: int) -> None:
    program, _ = with_goal(seed)
    graph = flow_graph(program, chains_of(program, all_designs(program)), follows=False)
    for name, amount in AMOUNTS.items():
        lowest = least(graph, amount)
        if lowest is None:
            continue
        assert within(graph, amount, lowest - 1).arcs == []
        kept = within(graph, amount, lowest)
        assert least(kept, amount) == lowest
        path = least_path(kept, name, {name: lowest}, [], Settings(threads=1), Limit())
        assert path is not None
        assert spent_along(path)[name] == lowest
        # with this path excluded there is another one of the same sum, or none
        other = least_path(kept, name, {name: lowest}, [path], Settings(threads=1), Limit())
        assert other is None or (other != path and spent_along(other)[name] == lowest)


def test_cbc_finds_the_same_plans() -> None:
    compared = 0
    for seed in range(30):
        program, best = with_goal(seed)
        graph = flow_graph(program, chains_of(program, all_designs(program)), follows=False)
        kept = within_limits(graph, program.goal.limits)
        if not kept.arcs:
            continue
        goal = program.goal
        path = least_path(kept, goal.first, goal.limits, [], Settings("cbc", 1), Limit())
        assert (None if path is None else spent_along(path)[goal.first]) == (None if best is None else best[0])
        prices = [relaxed(kept, goal.first, goal.limits, Settings(name, 1), Limit()) for name in ("cbc", "highs")]
        assert (prices[0] is None) == (prices[1] is None)
        compared += 1
    assert compared > 5


def test_a_gap_ends_the_search_at_a_plan_that_is_proven_to_be_that_near() -> None:
    ended_early = 0
    for seed in range(16):
        program, best = many_choices(seed)
        if best is None:
            continue
        answer = solve(program, Limit(gap=0.5), solver="ilp")
        assert answer.plan is not None
        first = program.goal.first
        offset = program.law.offset if first is Criterion.LATENCY else 0
        value = spent_by(program, answer.plan)[first] + offset
        file, reason = next(claims_of(program, answer))
        assert reason is None
        assert file.claim.bound is not None
        assert file.claim.bound <= best[0] + offset <= value
        assert value <= 1.5 * file.claim.bound + 1
        ended_early += not any(proof.is_exact for proof in answer.proofs)
    assert ended_early > 2


def test_no_time_at_all_promises_nothing_that_is_not_so() -> None:
    for seed in range(6):
        program, best = many_choices(seed)
        answer = solve(program, Limit(0.0), solver="ilp")
        for _, reason in claims_of(program, answer):
            assert reason is None
        if answer.plan is not None:
            assert best is not None
            assert [spent_by(program, answer.plan)[name] for name in program.goal.order] >= best
