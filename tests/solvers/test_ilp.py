"""The ILP solver against brute force, the exact solver and deliberate mutants, and its duals against the checker."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from random import Random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ischedule.analysis.cover import require_bound
from ischedule.analysis.evaluate import evaluate
from ischedule.models.cycle_law import Position
from ischedule.models.plan import Status
from ischedule.models.program import Program
from ischedule.solvers import flow_graph, flow_lp, ilp, ilp_columns
from ischedule.solvers.exact import solve_exact
from ischedule.solvers.ilp import solve_ilp
from ischedule.solvers.limit import Limit
from ischedule.solvers.outcome import Outcome
from ischedule.solvers.solve import SOLVERS, solve
from tests.analysis.small_networks import network
from tests.solvers.agreement import some_differ
from tests.solvers.enumeration import Prices, best_of_all_designs, best_sum_of
from tests.solvers.enumeration import _sequences as sequences
from tests.solvers.random_laws import law_pool
from tests.solvers.random_programs import random_explicit, random_tiled
from tests.solvers.test_graphs import branched, explicit_graph

pytest.importorskip("pulp", reason="needs PuLP")
pytest.importorskip("highspy", reason="needs HiGHS")

SEEDS = st.integers(0, 2**32)


def explicit(seed: int, **sizes: int) -> Program:
    random = Random(seed)
    return random_explicit(random, random.choice(law_pool(200)), **sizes)


def tiled(seed: int) -> Program:
    random = Random(seed)
    return random_tiled(random, random.choice(law_pool(200)), stages=2, most=4)


def least_sum(program: Program) -> int | None:
    """The least sum of prices over all designs, by a walk over each chain."""
    prices = Prices(program.law)
    sums = [best_sum_of(sequence, prices) for _, sequence in sequences(program)]
    return min((one for one in sums if one is not None), default=None)


def difference(program: Program, least: int | None) -> str | None:
    """What is wrong with the ILP's answer, given the least sum of prices; None if nothing is."""
    found: Outcome = solve_ilp(program, Limit())
    if least is None or found.cost is None:
        return None if least is None and found.cost is None else f"{least} and {found.cost}"
    if found.cost != least and program.law.keeps_level:
        # the least sum may be one that no plan attains, because waiting is never negative: then the rule decides
        best = best_of_all_designs(program)
        least = least if best is None else best.cost
    if found.cost != least or found.plan is None or found.bound is None:
        return f"least sum {least}, the ILP has {found.cost} and bound {found.bound}"
    if found.bound.value != least:
        return f"the bound is {found.bound.value}, not {least}"
    latency = evaluate(program, found.plan).latency
    if latency != found.latency or latency < least + program.law.offset:
        return f"the plan takes {latency}, the ILP says {found.latency}"
    if latency != least + program.law.offset and not program.law.leaves_level and not program.law.keeps_level:
        return f"the plan takes {latency} for a sum of {least}"
    require_bound(program, found.bound)
    return None


@settings(max_examples=60, deadline=None)
@given(SEEDS)
def test_explicit_stages_have_the_optimum_of_brute_force(seed: int) -> None:
    program = explicit(seed)
    assert difference(program, least_sum(program)) is None


@settings(max_examples=12, deadline=None)
@given(SEEDS)
def test_tiled_stages_have_the_optimum_of_brute_force(seed: int) -> None:
    program = tiled(seed)
    assert difference(program, least_sum(program)) is None


def test_a_cycle_with_room_for_nothing_is_proved() -> None:
    """Resuming takes all that a cycle has: no total load has a slope then, and the checker has to do without."""
    program = tiled(10193)
    assert program.law.capacity == program.stages[0].ends.resume[0]  # type: ignore[union-attr]
    assert difference(program, least_sum(program)) is None


@settings(max_examples=40, deadline=None)
@given(SEEDS)
def test_longer_programs_have_the_exact_solvers_answer(seed: int) -> None:
    program = explicit(seed, stages=4, designs=4, atoms=24)
    mine, other = solve(program, solver="ilp"), solve(program)
    assert mine.status is other.status
    assert mine.bottleneck == other.bottleneck
    if other.bound is not None and mine.bound is not None and not other.bound.follows_levels:
        assert mine.bound.value == other.bound.value


@settings(max_examples=60, deadline=None)
@given(SEEDS)
def test_stages_in_several_orders_have_the_exact_solvers_answer(seed: int) -> None:
    require_exact_answer(explicit_graph(Random(seed)))


@settings(max_examples=15, deadline=None)
@given(SEEDS)
def test_so_have_layers_in_several_orders(seed: int) -> None:
    random = Random(seed)
    require_exact_answer(branched(network(random, 3, unusual=True).program, random))


def test_a_second_cycle_that_has_to_wait_is_like_any_later_one() -> None:
    """Else the duals lack a label that designs outside the program need."""
    random = Random(376)
    require_exact_answer(branched(network(random, 3, unusual=True).program, random))


def require_exact_answer(program: Program) -> None:
    """The same verdict and optimum, with a plan that takes what is said and labels that the checker accepts."""
    mine, other = solve(program, solver="ilp"), solve(program)
    assert (mine.status, mine.bottleneck) == (other.status, other.bottleneck)
    if other.bound is None or mine.bound is None or mine.plan is None:
        assert other.plan is None
        return
    assert evaluate(program, mine.plan).latency == mine.latency
    require_bound(program, mine.bound)
    if not other.bound.follows_levels:
        assert (mine.latency, mine.bound.value) == (other.latency, other.bound.value)


def test_cbc_finds_the_same_flow() -> None:
    for seed in range(6):
        program = explicit(seed)
        graph = flow_graph.flow_graph(program, ilp.chains_of(program, ilp.all_designs(program)))
        flow = flow_lp.least_flow(graph, flow_lp.Settings(backend="cbc"), Limit())
        assert (None if flow is None else (flow.cost, flow.is_exact)) == (
            None if (least := least_sum(program)) is None else (least, True)
        )


def test_an_unknown_solver_is_named() -> None:
    with pytest.raises(ValueError, match=r"no solver 'simplex'; there are exact, ilp"):
        solve(explicit(1), solver="simplex")
    assert set(SOLVERS) >= {"exact", "ilp"}


def test_no_time_at_all_leaves_a_plan_or_nothing() -> None:
    for seed in range(4):
        program = explicit(seed)
        answer = solve(program, Limit(0.0), solver="ilp")
        assert (answer.plan is None) == (answer.latency is None)
        if answer.plan is not None:
            assert evaluate(program, answer.plan).latency == answer.latency


Mutate = Callable[[pytest.MonkeyPatch], None]


def profiles(change: Callable[[Any], None]) -> Mutate:
    """A mutant that reads its chains wrongly."""

    def mutate(patch: pytest.MonkeyPatch) -> None:
        original = flow_graph._Profile.__init__

        def changed(self: Any, chain: Any) -> None:
            original(self, chain)
            change(self)

        patch.setattr(flow_graph._Profile, "__init__", changed)

    return mutate


def one_more(profile: Any) -> None:
    profile.drain = [value + (place > 0) for place, value in enumerate(profile.drain)]


def no_commit(profile: Any) -> None:
    profile.commit = [(0, time) for _, time in profile.commit]


def no_commit_time(profile: Any) -> None:
    profile.commit = [(drain, 0) for drain, _ in profile.commit]


def no_refetch(profile: Any) -> None:
    profile.resume = [profile.resume[0]] * len(profile)


def cuts_everywhere(profile: Any) -> None:
    profile.cut = [True] * len(profile)


def always_between(patch: pytest.MonkeyPatch) -> None:
    """Every cycle costs what one between two others does."""
    original = flow_graph._Builder.cost
    patch.setattr(flow_graph._Builder, "cost", lambda self, kind, drain, ends: original(self, kind, drain, False))


def never_open(patch: pytest.MonkeyPatch) -> None:
    """No cycle crosses a boundary: the flow's arcs end in every layer."""
    original = flow_graph._Builder.node

    def node(self: Any, one: Any) -> int:
        return original(self, flow_graph.Closed(-1) if isinstance(one, flow_graph.Open) else one)

    patch.setattr(flow_graph._Builder, "node", node)


def labels_forgotten(patch: pytest.MonkeyPatch) -> None:
    """The duals of open cycles do not reach the certificate."""
    original = ilp.boundaries_of
    patch.setattr(
        ilp,
        "boundaries_of",
        lambda *a: tuple(replace(one, first=(), later=(), closed=None) for one in original(*a)),
    )


def bound_too_high(patch: pytest.MonkeyPatch) -> None:
    """The bound is one picosecond more than the program's optimum."""
    original = ilp.Bound
    patch.setattr(ilp, "Bound", lambda value, *rest: original(value + 1, *rest))


def coarse_only(patch: pytest.MonkeyPatch) -> None:
    """Costs are scaled down so far that the first digits alone count, and nothing refines them."""
    patch.setattr(flow_lp, "COARSE", 3.0)
    patch.setattr(flow_lp, "CLIP", 0)


MUTANTS: dict[str, Mutate] = {
    "off-by-one-in-the-energy": profiles(one_more),
    "dropped-commit": profiles(no_commit),
    "dropped-commit-time": profiles(no_commit_time),
    "nothing-fetched-again": profiles(no_refetch),
    "cuts-everywhere": profiles(cuts_everywhere),
    "no-last-cycle": always_between,
    "no-cycle-over-a-boundary": never_open,
    "labels-forgotten": labels_forgotten,
    "bound-too-high": bound_too_high,
    "coarse-costs-only": coarse_only,
}
INSTANCES = [(program, least_sum(program)) for program in map(explicit, range(120))]


def is_caught() -> bool:
    """Whether some instance shows that something is wrong."""
    return some_differ(difference, INSTANCES)


def test_nothing_is_wrong_without_a_mutant() -> None:
    assert not is_caught()


@pytest.mark.parametrize("name", MUTANTS)
def test_a_wrong_program_is_caught(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    MUTANTS[name](monkeypatch)
    assert is_caught()


def test_a_design_left_out_wrongly_is_caught(monkeypatch: pytest.MonkeyPatch) -> None:
    """Pricing that never finds a column leaves plans that are not the best, or bounds that the checker refuses."""
    monkeypatch.setattr(ilp_columns._Columns, "_priced", lambda self, most, cuts=None: [set() for _ in self.chosen])
    caught = 0
    for seed in range(40):
        program = tiled(seed)
        try:
            caught += difference(program, least_sum(program)) is not None
        except Exception:
            caught += 1
    assert caught


def test_prices_by_position_are_those_of_the_law() -> None:
    law = next(law for law in law_pool(200) if law.max_cycles is None)
    builder = flow_graph._Builder(replace(explicit(0), law=law), [], None)
    for kind, ends, position in (
        (flow_graph.FIRST, True, Position.ONLY),
        (flow_graph.FIRST, False, Position.FIRST),
        (flow_graph.LATER, True, Position.LAST),
        (flow_graph.LATER, False, Position.MID),
    ):
        assert builder.cost(kind, 0, ends) == law.price(position, 0)


def test_the_exact_solver_is_behind_its_name() -> None:
    program = explicit(3)
    outcome = solve_exact(program, Limit())
    assert (outcome.latency, outcome.plan) == (solve(program).latency, solve(program).plan)


def test_a_plan_whose_optimality_is_not_exact_is_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    program = next(one for one in map(explicit, range(100)) if solve(one).plan is not None)
    best = solve(program, solver="ilp")
    exact = ilp.solve_ilp

    def rounded(program: Program, limit: Limit) -> Outcome:
        return replace(exact(program, limit), bound=None)

    monkeypatch.setattr(ilp, "solve_ilp", rounded)
    answer = solve(program, solver="ilp")
    assert (answer.status, answer.latency, answer.bound) == (Status.SCHEDULABLE, best.latency, None)
    late = solve(program, deadline=0, solver="ilp")
    assert (late.status, late.latency, late.bottleneck) == (Status.UNDECIDED, best.latency, None)
