"""The best plan that fits non-volatile memory against every plan with its best addresses, and its proof."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from random import Random

from hypothesis import example, given, settings
from hypothesis import strategies as st

from ischedule.analysis.cover import require_bound
from ischedule.analysis.division import require_division
from ischedule.analysis.evaluate import evaluate
from ischedule.analysis.layout_check import require_fit
from ischedule.analysis.reach import require_bottleneck
from ischedule.memory import packed_memory
from ischedule.models.goal import Criterion, Goal
from ischedule.models.plan import Answer, Bound, Division, Status
from ischedule.models.program import Program
from ischedule.solvers.division import UNPACKED, fits
from ischedule.solvers.goal_division import UNFIT
from ischedule.solvers.solve import solve
from tests.solvers.stored_programs import best_that_fits, stored_program


def require_answer(program: Program, answer: Answer) -> str:
    """The plan fits and takes what is said, what is proven is proven, and both are what brute force finds."""
    best = best_that_fits(program)
    if answer.plan is not None:
        evaluation = evaluate(program, answer.plan)
        assert evaluation.latency == answer.latency
        memory = packed_memory(program, answer.plan)
        assert memory is not None
        used = require_fit(program, answer.plan, memory.addresses)
        assert used is not None
        assert used <= memory.available
        assert best is not None
        assert best + program.law.offset <= evaluation.latency
    if answer.bottleneck is not None:
        require_bottleneck(program, answer.bottleneck)
    if isinstance(answer.bound, Division):
        require_division(program, answer.bound)
    elif answer.bound is not None:
        require_bound(program, answer.bound)
    value = None if answer.bound is None else answer.bound.value
    if answer.note == UNPACKED or answer.is_undecided:
        assert value is not None
        assert best is None or value <= best
        return "open"
    assert answer.latency == (None if best is None else best + program.law.offset)
    if best is None:
        return "none"
    assert value == best
    return "plain" if isinstance(answer.bound, Bound) else "divided"


@given(st.integers(0, 10**9), st.booleans())
@settings(max_examples=150)
def test_the_best_plan_that_fits_is_found_and_proven(seed: int, branches: bool) -> None:
    program = stored_program(Random(seed), branches=branches)
    require_answer(program, solve(program))


@given(st.integers(0, 10**9), st.sampled_from([Criterion.ENERGY, Criterion.CYCLES, Criterion.LATENCY]))
@example(88, Criterion.ENERGY)
@example(1269, Criterion.LATENCY)
@settings(max_examples=60)
def test_no_plan_for_a_goal_is_one_that_does_not_fit(seed: int, first: Criterion) -> None:
    """Its proofs are about all plans; where the best one does not fit, another is no better than they say."""
    random = Random(seed)
    program = stored_program(random, branches=random.random() < 0.5)
    program = replace(program, goal=Goal((first,), {Criterion.CYCLES: random.randint(1, 6)}))
    answer = solve(program)
    roomy = solve(replace(program, storage=None))
    if isinstance(answer.bound, Division) and answer.bound.value is None:
        assert require_answer(program, answer) == "none"
        return
    if answer.plan is None:
        assert roomy.plan is not None or answer.status is Status.UNSCHEDULABLE
        assert answer.status is Status.UNSCHEDULABLE or answer.note == UNFIT
        return
    assert fits(program, answer.plan)
    assert roomy.plan is not None
    if fits(program, roomy.plan):
        roomy_program = replace(program, storage=None)
        assert evaluate(program, answer.plan).latency == evaluate(roomy_program, roomy.plan).latency


def kinds_of_answers(solver: str, count: int) -> Counter[str]:
    """What a solver's answers to so many programs are, each of which is right."""
    programs = [stored_program(Random(seed), branches=seed % 2 == 0) for seed in range(count)]
    return Counter(require_answer(program, solve(program, solver=solver)) for program in programs)


def test_every_kind_of_answer_is_given() -> None:
    kinds = kinds_of_answers("exact", 220)
    assert kinds["divided"] > 20
    assert kinds["plain"] > 20
    assert kinds["none"] > 8
    assert kinds["open"] < 22, kinds
