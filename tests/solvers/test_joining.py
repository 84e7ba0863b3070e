"""Starts above the floor under programmable wake: answers against every plan, taken by the certified rule."""

from __future__ import annotations

from random import Random

import pytest

from ischedule.analysis.cover import Unproven, require_bound
from ischedule.analysis.joining import active_of_several as checked_active
from ischedule.models.plan import Bound
from ischedule.models.program import ExplicitStage, Program
from ischedule.solvers.joining import active_of_several, latency_of, may_be_paid_for_waiting
from ischedule.solvers.solve import solve
from tests.analysis.brute_force import choices, plan_of, true_latency
from tests.analysis.small_programs import chain, random_law


def programs(count: int) -> list[Program]:
    """Small programs whose law may pay a second cycle for waiting."""
    random = Random(11)
    found: list[Program] = []
    while len(found) < count:
        law = random_law(random)
        if may_be_paid_for_waiting(law):
            designs = tuple(chain(random, law, random.randint(1, 5), random.choice((8, 20, 60))) for _ in range(2))
            found.append(Program((ExplicitStage("s", designs[: random.randint(1, 2)], 10**6),), law, ""))
    return found


@pytest.fixture(scope="module")
def answered() -> list[tuple[Program, int, Bound, int]]:
    """Program, latency and bound of the answer, least latency of all plans at the thresholds of their prices."""
    rows = []
    for program in programs(300):
        answer = solve(program)
        if answer.plan is None or answer.latency is None or answer.bound is None:
            assert not list(choices(program))
            continue
        assert answer.latency == latency_of(program, answer.plan) == true_latency(program, answer.plan)
        latencies = [true_latency(program, plan_of(program, choice)) for choice in choices(program)]
        rows.append((program, answer.latency, answer.bound, min(one for one in latencies if one is not None)))
    return rows


def test_the_plan_is_no_later_than_any_other_or_the_bound_says_so(
    answered: list[tuple[Program, int, Bound, int]],
) -> None:
    tight = 0
    for program, latency, bound, least in answered:
        assert bound.value + program.law.offset <= least + 1000
        if bound.value + program.law.offset == latency:
            assert latency <= least + 1000
            tight += 1
    assert len(answered) > 200
    assert tight > 0.6 * len(answered)


def test_the_checker_proves_every_bound_and_not_more(answered: list[tuple[Program, int, Bound, int]]) -> None:
    refused = 0
    for program, latency, bound, _ in answered:
        require_bound(program, bound)
        if bound.value + program.law.offset == latency:
            with pytest.raises(Unproven):
                require_bound(
                    program, Bound(bound.value + 1001, bound.rate, bound.boundaries, bound.lines, bound.floors)
                )
            refused += 1
    assert refused > 100


def test_no_plan_of_several_cycles_is_active_for_less() -> None:
    compared = 0
    for program in programs(150):
        least = checked_active(program)
        assert least == active_of_several(program)
        for choice in choices(program):
            if len(choice.sizes) > 1:
                latency = true_latency(program, plan_of(program, choice))
                assert latency is None or latency >= least
                compared += 1
    assert compared > 300
