"""Programs whose stages may run in several orders: the optimum is that of the best order, and its proof holds."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ischedule.analysis.cover import Unproven, require_bound
from ischedule.analysis.evaluate import evaluate
from ischedule.analysis.power_cycles import InvalidPlan, Violation
from ischedule.analysis.reach import require_bottleneck
from ischedule.analysis.trust import trusted_of
from ischedule.models.build import program_of
from ischedule.models.case import load_case
from ischedule.models.order import steps_of
from ischedule.models.plan import Answer, Bound, Status
from ischedule.models.program import ExplicitStage, Program
from ischedule.solvers.solve import solve
from tests.analysis.small_networks import network
from tests.analysis.small_programs import chain, laws
from tests.models.case_examples import NETWORK

SEEDS = st.integers(0, 10**9)


def explicit_graph(random: Random, most_stages: int = 4) -> Program:
    """Two to four stages of one or two designs, of which some need others."""
    law = random.choice(laws())
    count = random.randint(2, most_stages)
    scale = 1 + law.first(0) // 2 + random.choice((0, 10, 1000)) if law.max_cycles is None else 100
    stages = tuple(
        ExplicitStage(
            f"s{index}",
            tuple(chain(random, law, random.randint(1, 3), scale) for _ in range(random.randint(1, 2))),
            10,
        )
        for index in range(count)
    )
    return branched(Program(stages, law, ""), random)


def branched(program: Program, random: Random) -> Program:
    """The same stages with random needs among them."""
    share = random.random()
    count = len(program.stages)
    needs = [{other for other in range(stage) if random.random() < share} for stage in range(count)]
    return replace(program, steps=steps_of(needs)[0])


def orders(program: Program, place: int = 0) -> Iterator[tuple[int, ...]]:
    """The stages along every way from a boundary to the end."""
    if place == program.end:
        yield ()
    for step in program.steps:
        if step.source == place:
            for rest in orders(program, step.target):
                yield (step.stage, *rest)


def in_order(program: Program, order: tuple[int, ...]) -> Program:
    """The program of one order: a chain."""
    return replace(program, stages=tuple(program.stages[index] for index in order), steps=())


def best_of_orders(program: Program) -> int | None:
    """The least latency of the chains that the orders are, each solved by itself."""
    found = [solve(in_order(program, order)).latency for order in orders(program)]
    return min((latency for latency in found if latency is not None), default=None)


def require_answer(program: Program, answer: Answer) -> None:
    """The plan takes what is said, and the certificate proves that none takes less."""
    if answer.plan is None:
        assert answer.bottleneck is not None
        require_bottleneck(program, answer.bottleneck)
        return
    assert evaluate(program, answer.plan).latency == answer.latency
    assert answer.bound is not None
    require_bound(program, answer.bound)


@given(SEEDS)
@settings(max_examples=120)
def test_the_optimum_of_a_graph_is_that_of_its_best_order(seed: int) -> None:
    program = explicit_graph(Random(seed))
    answer, best = solve(program), best_of_orders(program)
    assert answer.latency == best
    require_answer(program, answer)
    if answer.bound is not None and answer.latency == answer.bound.value + program.law.offset:
        with pytest.raises(Unproven):
            require_bound(program, replace(answer.bound, value=answer.bound.value + 1))


@given(SEEDS)
@settings(max_examples=25)
def test_so_is_that_of_a_graph_of_layers(seed: int) -> None:
    random = Random(seed)
    program = branched(network(random, 3).program, random)
    answer, best = solve(program), best_of_orders(program)
    assert answer.latency == best
    require_answer(program, answer)


def test_some_orders_are_better_than_others() -> None:
    differ = 0
    for seed in range(200):
        program = explicit_graph(Random(seed))
        found = {solve(in_order(program, order)).latency for order in orders(program)}
        differ += len(found) > 1
    assert differ > 20


def test_a_plan_runs_its_stages_in_one_of_the_orders() -> None:
    program = next(
        case
        for case in (explicit_graph(Random(seed)) for seed in range(1000))
        if len(case.stages) == 3 and case.path((0, 1, 2)) and not case.path((2, 0, 1)) and solve(case).plan is not None
    )
    plan = solve(program).plan
    assert plan is not None
    assert program.path(plan.stages) is not None
    for wrong in ((2, 0, 1), (0, 1, 1), (0, 0, 1)):
        with pytest.raises(InvalidPlan) as problem:
            evaluate(program, replace(plan, stages=wrong))
        assert problem.value.violation is Violation.NO_WAY


def test_labels_that_are_missing_at_one_boundary_are_missed() -> None:
    caught = 0
    for seed in range(60):
        program = explicit_graph(Random(seed))
        answer = solve(program)
        if answer.status is not Status.SCHEDULABLE or not isinstance(answer.bound, Bound) or program.is_chain:
            continue
        for index, boundary in enumerate(answer.bound.boundaries):
            emptied = replace(boundary, closed=None, first=(), later=(), kept=(), ahead=())
            boundaries = (*answer.bound.boundaries[:index], emptied, *answer.bound.boundaries[index + 1 :])
            try:
                require_bound(program, replace(answer.bound, boundaries=boundaries))
            except Unproven:
                caught += 1
    assert caught > 50


def test_a_verdict_says_that_only_one_order_was_searched() -> None:
    case = load_case(NETWORK)
    program = program_of(case)
    sentence = "layers run in the order in which they are listed"
    assert not any(one.startswith(sentence) for one in trusted_of(case, program))
    assert any(one.startswith(sentence) for one in trusted_of(case, replace(program, is_order_fixed=True)))
