"""The ILP where cycles must end in certain places and where memory binds: brute force, the exact solver, mutants."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import cache
from random import Random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ischedule.analysis.cover import Unproven, require_bound
from ischedule.analysis.evaluate import evaluate
from ischedule.models.plan import Bound
from ischedule.models.program import Program
from ischedule.solvers import flow_graph, ilp, ilp_columns, tiled
from ischedule.solvers.flow_graph import Open
from ischedule.solvers.ilp import solve_ilp
from ischedule.solvers.limit import Limit
from ischedule.solvers.outcome import Outcome
from ischedule.solvers.solve import solve
from tests.analysis.small_networks import network
from tests.solvers.agreement import some_differ
from tests.solvers.random_laws import law_pool
from tests.solvers.random_programs import random_explicit, random_tiled
from tests.solvers.stored_programs import plain_laws, stored_program
from tests.solvers.test_division import kinds_of_answers, require_answer
from tests.solvers.test_graphs import branched
from tests.solvers.test_restriction import best_restricted, require_kept, with_ends

pytest.importorskip("pulp", reason="needs PuLP")
pytest.importorskip("highspy", reason="needs HiGHS")

SEEDS = st.integers(0, 10**9)
Mutate = Callable[[pytest.MonkeyPatch], None]


def explicit(seed: int) -> Program:
    """Stages with some boundaries closed and some steps broken; every other program branches."""
    random = Random(seed)
    return with_ends(replace(stored_program(random, branches=seed % 2 == 0), law=random.choice(plain_laws())), random)


def layers(seed: int) -> Program:
    """Layers with the same, every third program in several orders."""
    random = Random(seed)
    if seed % 3 == 0:
        return with_ends(branched(network(random, 3).program, random), random)
    return with_ends(random_tiled(random, random.choice(plain_laws()), stages=3), random)


def difference(program: Program, least: int | None) -> str | None:
    """What is wrong with the ILP's answer, given the least cost of the plans that are left; None if nothing is."""
    found: Outcome = solve_ilp(program, Limit())
    if found.plan is None or least is None:
        return None if found.plan is None and least is None else f"least {least}, the ILP has {found.cost}"
    require_kept(program, found.plan)
    if not isinstance(found.bound, Bound) or (found.cost, found.bound.value) != (least, least):
        return f"least {least}, the ILP has {found.cost} and {found.bound}"
    if evaluate(program, found.plan).latency != found.latency:
        return "the plan does not take what is said"
    require_bound(program, found.bound)
    return None


@given(SEEDS)
@settings(max_examples=100, deadline=None)
def test_stages_that_end_cycles_where_they_must_have_the_optimum_of_brute_force(seed: int) -> None:
    program = explicit(seed)
    assert difference(program, best_restricted(program)) is None
    bound = solve_ilp(program, Limit()).bound
    if isinstance(bound, Bound):
        with pytest.raises(Unproven):
            require_bound(program, replace(bound, value=bound.value + 1))


@given(SEEDS, st.booleans())
@settings(max_examples=20, deadline=None)
def test_layers_that_do_have_the_exact_solvers(seed: int, late: bool) -> None:
    """Also where designs are laid out late."""
    program = layers(seed)
    exact = solve(program)
    with pytest.MonkeyPatch.context() as patch:
        if late:
            few_at_first(patch)
        mine = solve(program, solver="ilp")
    assert (mine.status, mine.bottleneck) == (exact.status, exact.bottleneck)
    assert mine.latency == exact.latency or program.law.keeps_level or program.law.leaves_level
    if mine.plan is not None:
        require_kept(program, mine.plan)
        assert isinstance(mine.bound, Bound) == program.has_bounds
    if isinstance(mine.bound, Bound):
        require_bound(program, mine.bound)


@given(SEEDS, st.booleans())
@settings(max_examples=60, deadline=None)
def test_the_best_plan_that_fits_is_found_and_proven(seed: int, branches: bool) -> None:
    program = stored_program(Random(seed), branches=branches)
    answer, exact = solve(program, solver="ilp"), solve(program)
    require_answer(program, answer)
    assert (answer.status, answer.is_undecided) == (exact.status, exact.is_undecided)
    if exact.note is None and (exact.bound is None or exact.bound.value is not None) and not answer.is_undecided:
        assert answer.latency == exact.latency


def test_all_kinds_of_answers_are_among_them() -> None:
    kinds = kinds_of_answers("ilp", 120)
    assert kinds["divided"] > 10, kinds
    assert kinds["plain"] > 10, kinds
    assert kinds["none"] > 8, kinds
    assert kinds["open"] < 15, kinds


def test_where_levels_are_left_nothing_is_proven_of_restricted_plans() -> None:
    """The prices of cycles bound no plan then; the plan that is found still ends its cycles where it must."""
    laws = [law for law in law_pool(200) if law.keeps_level or law.leaves_level]
    found = 0
    for seed in range(60):
        random = Random(seed)
        free = random_explicit(random, random.choice(laws), stages=3)
        program = with_ends(free, random)
        if program.has_bounds:
            continue
        mine, exact = solve_ilp(program, Limit()), solve(program)
        assert mine.bound is None
        assert (mine.plan is None) == (exact.plan is None)
        if mine.plan is not None:
            require_kept(program, mine.plan)
            assert evaluate(program, mine.plan).latency == mine.latency
            found += 1
    assert found > 10


def few_at_first(patch: pytest.MonkeyPatch) -> None:
    """A handful of designs of each layer are laid out at first."""
    patch.setattr(ilp_columns, "WHOLE", 0)
    patch.setattr(tiled, "SOME", 2)


@cache
def instances() -> list[tuple[Program, int | None]]:
    """Programs with the least costs that brute force finds, and networks with those of the exact solver."""
    some = [explicit(seed) for seed in range(140)]
    others = [program for program in map(layers, range(30)) if program.has_bounds]
    costs = [(program, best_restricted(program)) for program in some]
    found = [(program, cost) for program, cost in costs if cost is not None or len(program.closed) == 1]
    latencies = [(program, solve(program).latency) for program in others]
    return found + [(one, latency and latency - one.law.offset) for one, latency in latencies]


def may_stay(change: Callable[[Any, Any, int, int], bool]) -> Mutate:
    """Another rule of which cycles are carried over a boundary."""
    return lambda patch: patch.setattr(flow_graph._Builder, "may_stay_open", change)


def is_over(builder: Any, step: int) -> bool:
    target = builder.program.steps[step].target
    return bool(target == builder.end or target in builder.program.closed)


def breaks_anywhere(builder: Any, step: int) -> bool:
    return bool(step in builder.program.broken)


def pricing(name: str, change: Callable[..., Any]) -> Mutate:
    """Designs priced by other rules."""
    return lambda patch: patch.setattr(ilp_columns, name, change)


def nothing_open(crossing: Any, waiting: Any) -> Any:
    none = {kind: exits.select(exits.drain < 0) for kind, exits in crossing.exits.items()}
    return replace(crossing, exits=none)


MUTANTS: dict[str, Mutate] = {
    "closed-boundary-forgotten": may_stay(
        lambda self, node, step, cut: self.program.steps[step].target != self.end
        and not (isinstance(node, Open) and cut == 0 and self.program.breaks(step))
    ),
    "other-boundary-closed": may_stay(
        lambda self, node, step, cut: self.program.steps[step].target != self.end
        and self.program.steps[step].target - 1 not in self.program.closed
        and not (isinstance(node, Open) and cut == 0 and self.program.breaks(step))
    ),
    "broken-step-passed": may_stay(lambda self, node, step, cut: not is_over(self, step)),
    "broken-step-left-open-by-none": may_stay(
        lambda self, node, step, cut: not is_over(self, step) and not self.program.breaks(step)
    ),
    "cycles-from-the-boundary-broken": may_stay(
        lambda self, node, step, cut: not is_over(self, step) and not (cut == 0 and self.program.breaks(step))
    ),
    "first-step-breaks": may_stay(
        lambda self, node, step, cut: not is_over(self, step) and not (cut == 0 and breaks_anywhere(self, step))
    ),
    "designs-of-broken-steps-not-priced": pricing("broken", nothing_open),
    "broken-steps-left-out": lambda patch: patch.setattr(
        ilp, "chains_of", lambda program, chosen: [
            {} if program.breaks(place) else some for place, some in enumerate(chains_of(program, chosen))
        ]
    ),
}  # fmt: skip
chains_of = ilp.chains_of


def test_nothing_is_wrong_without_a_mutant(monkeypatch: pytest.MonkeyPatch) -> None:
    found = instances()
    few_at_first(monkeypatch)
    assert [difference(*one) for one in found] == [None] * len(found)


@pytest.mark.parametrize("name", MUTANTS)
def test_a_wrong_restriction_is_caught(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    found = instances()
    few_at_first(monkeypatch)
    MUTANTS[name](monkeypatch)
    assert some_differ(difference, found)


def test_a_bound_that_levels_make_none_is_caught(monkeypatch: pytest.MonkeyPatch) -> None:
    """The checker refuses what the ILP would say of restricted plans if it took sums of prices for bounds."""
    laws = [law for law in law_pool(200) if law.keeps_level or law.leaves_level]
    monkeypatch.setattr(Program, "has_bounds", True)
    programs = [
        with_ends(random_explicit(Random(seed), laws[seed % len(laws)], stages=3), Random(seed)) for seed in range(40)
    ]
    bounds = [(program, solve_ilp(program, Limit()).bound) for program in programs]
    monkeypatch.undo()
    restricted = [(program, bound) for program, bound in bounds if bound is not None and not program.has_bounds]
    assert len(restricted) > 8
    for program, bound in restricted:
        with pytest.raises(Unproven):
            require_bound(program, bound)  # type: ignore[arg-type]
