"""z3 where cycles must end in certain places and where memory binds: brute force, the exact solver, mutants."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import cache
from random import Random
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from ischedule.analysis.cover import require_bound
from ischedule.analysis.evaluate import evaluate
from ischedule.models.plan import Bound
from ischedule.models.program import Program
from ischedule.models.restriction import Restriction, restricted
from ischedule.solvers.limit import Limit
from ischedule.solvers.smt import CERTIFIED, UNBOUNDED, solve_smt
from ischedule.solvers.smt_encoding import Encoding
from ischedule.solvers.smt_suggestions import Suggestions
from ischedule.solvers.solve import solve
from tests.solvers.agreement import some_differ
from tests.solvers.random_laws import law_pool
from tests.solvers.random_programs import random_explicit
from tests.solvers.stored_programs import plain_laws, stored_program
from tests.solvers.test_division import kinds_of_answers, require_answer
from tests.solvers.test_ilp_restriction import explicit, layers
from tests.solvers.test_restriction import best_restricted, require_kept, with_ends
from tests.solvers.three_solvers import faults, with_memory

pytest.importorskip("z3", reason="needs z3")

SEEDS = st.integers(0, 10**9)
Mutate = Callable[[pytest.MonkeyPatch], None]


def difference(program: Program, least: int | None) -> str | None:
    """What is wrong with z3's answer, given the least cost of the plans that are left; None if nothing is."""
    found = solve_smt(program, Limit())
    if found.plan is None or least is None:
        return None if found.plan is None and least is None else f"least {least}, z3 has {found.cost}"
    require_kept(program, found.plan)
    if found.cost != least or evaluate(program, found.plan).latency != found.latency:
        return f"least {least}, z3 has {found.cost}"
    if not program.has_bounds:
        return None if (found.bound, found.note) == (None, UNBOUNDED) else f"nothing can be proven, z3 has {found}"
    if not isinstance(found.bound, Bound) or found.bound.value != least or found.note != CERTIFIED:
        return f"least {least}, z3 has {found.bound}"
    require_bound(program, found.bound)
    return None


def with_designs_left_out(program: Program, random: Random) -> Program:
    """Some designs of some stages, and some steps, are barred where a way to the end is left."""
    barred = frozenset(step for step in range(len(program.steps)) if random.random() < 0.2)
    view = restricted(program, Restriction(barred=barred))
    left = program if view is None else view.program
    stages = tuple(
        replace(stage, barred=frozenset(index for index in range(len(stage.designs)) if random.random() < 0.2))  # type: ignore[union-attr]
        for stage in left.stages
    )
    return replace(left, stages=stages)


@given(SEEDS, st.booleans())
@settings(max_examples=50, deadline=None)
def test_stages_that_end_cycles_where_they_must_have_the_optimum_of_brute_force(seed: int, alone: bool) -> None:
    """Also where z3 is suggested nothing."""
    program = explicit(seed)
    with pytest.MonkeyPatch.context() as patch:
        if alone:
            no_suggestions(patch)
        assert difference(program, best_restricted(program)) is None


@given(SEEDS)
@example(421)
@settings(max_examples=30, deadline=None)
def test_stages_without_a_plan_are_those_that_the_exact_solver_names(seed: int) -> None:
    program = with_designs_left_out(explicit(seed), Random(seed))
    mine, exact = solve(program, solver="smt"), solve(program)
    assert (mine.status, mine.latency, mine.bottleneck) == (exact.status, exact.latency, exact.bottleneck)


def roomy(program: Program) -> Program:
    """The same with volatile memory for every design."""
    return replace(program, stages=tuple(replace(stage, volatile=10**9) for stage in program.stages))  # type: ignore[arg-type]


def levelled(seed: int) -> Program:
    """Stages under a law by which cycles leave levels, with some boundaries closed and some steps broken."""
    random = Random(seed)
    laws = [law for law in law_pool(200) if law.keeps_level or law.leaves_level]
    return with_ends(roomy(random_explicit(random, random.choice(laws), stages=3, atoms=6)), random)


@given(SEEDS)
@settings(max_examples=30, deadline=None)
def test_where_levels_are_left_the_optimum_is_that_of_brute_force_and_not_proven(seed: int) -> None:
    program = levelled(seed)
    assert difference(program, best_restricted(program)) is None


@given(SEEDS)
@settings(max_examples=10, deadline=None)
def test_layers_that_do_have_the_exact_solvers(seed: int) -> None:
    program = layers(seed)
    exact, mine = solve(program), solve(program, solver="smt")
    assert (mine.status, mine.bottleneck) == (exact.status, exact.bottleneck)
    if mine.plan is not None and program.has_bounds:
        require_kept(program, mine.plan)
        assert mine.latency == exact.latency


@given(SEEDS, st.booleans())
@settings(max_examples=30, deadline=None)
def test_the_best_plan_that_fits_is_found_and_proven(seed: int, branches: bool) -> None:
    program = stored_program(Random(seed), branches=branches)
    answer, exact = solve(program, solver="smt"), solve(program)
    require_answer(program, answer)
    assert (answer.status, answer.is_undecided) == (exact.status, exact.is_undecided)


def test_all_kinds_of_answers_are_among_them() -> None:
    kinds = kinds_of_answers("smt", 60)
    assert kinds["divided"] > 5, kinds
    assert kinds["plain"] > 5, kinds
    assert kinds["none"] > 4, kinds
    assert kinds["open"] < 8, kinds


def test_memory_that_binds_leaves_nothing_undecided() -> None:
    for seed in range(12):
        assert faults(with_memory(seed), None, ("smt",)) == ([], [])


def test_a_limit_leaves_a_plan_that_fits_or_none() -> None:
    for seed in range(10):
        program = stored_program(Random(seed), branches=True)
        answer = solve(program, Limit(0.0), solver="smt")
        if answer.plan is not None:
            assert answer.note is not None
            require_answer(program, replace(answer, bound=solve(program).bound, is_undecided=True))


@cache
def instances() -> list[tuple[Program, int | None]]:
    """Programs that are told apart, with the least costs that brute force finds."""
    laws = [law for law in plain_laws() if law.max_cycles is None]
    programs = [explicit(seed) for seed in range(40)]
    for seed in range(40, 100):
        random = Random(seed)
        program = roomy(random_explicit(random, random.choice(laws), designs=2, atoms=9))
        if len(program.stages) == 3:
            programs.append(replace(program, broken=frozenset({0, 1, 2})))
    return [(program, best_restricted(program)) for program in programs]


def no_suggestions(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(Suggestions, "cycles", lambda *_: [])


def alone(owner: Any, name: str, value: Any) -> Mutate:
    """A part that is another one, where z3 is suggested nothing."""

    def mutate(patch: pytest.MonkeyPatch) -> None:
        no_suggestions(patch)
        patch.setattr(owner, name, value)

    return mutate


def is_closed_by_chance(encoding: Encoding, option: Any, atom: int) -> bool:
    return atom == len(option) - 1 and encoding.program.steps[option.step].target - 1 in encoding.program.closed


def broken_in_place_of_closed(suggestions: Suggestions, one: Any) -> bool:
    step = one.options[-1].step
    return one.begin < sum(map(len, one.options[:-1])) and suggestions.program.breaks(step)


def closed_in_place_of_broken(suggestions: Suggestions, one: Any) -> bool:
    return suggestions._boundary(one) in suggestions.program.closed


MUTANTS: dict[str, Mutate] = {
    "closed-boundary-forgotten": alone(Encoding, "_is_closed", lambda *_: False),
    "other-boundary-closed": alone(Encoding, "_is_closed", is_closed_by_chance),
    "broken-step-passed": alone(Encoding, "_is_over", lambda encoding, *_: encoding.z3.BoolVal(True)),
    "cycles-end-along-every-broken-step": alone(Encoding, "_is_over", lambda encoding, _, ends: encoding.z3.Or(*ends)),
    "cycles-end-behind-broken-steps": alone(
        Encoding, "_is_over", lambda encoding, before, ends: encoding.z3.Or(before, ends[-1])
    ),
    "no-cycle-begins-before-a-broken-step": alone(Encoding, "_is_over", lambda _, before, __: before),
    "suggestions-cross-closed-boundaries": lambda patch: patch.setattr(
        Suggestions, "_must_end", broken_in_place_of_closed
    ),
    "suggestions-pass-broken-steps": lambda patch: patch.setattr(Suggestions, "_must_end", closed_in_place_of_broken),
}


def test_nothing_is_wrong_without_a_mutant(monkeypatch: pytest.MonkeyPatch) -> None:
    found = instances()
    assert [difference(*one) for one in found] == [None] * len(found)
    no_suggestions(monkeypatch)
    assert [difference(*one) for one in found[:40]] == [None] * 40


@pytest.mark.parametrize("name", MUTANTS)
def test_a_wrong_restriction_is_caught(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    found = instances()
    MUTANTS[name](monkeypatch)
    assert some_differ(difference, found)
