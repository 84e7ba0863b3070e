"""Columns of the ILP: designs laid out late, arcs that are excluded, plans looked for near the bound; and mutants."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from random import Random

import numpy as np
import pytest

from ischedule.analysis.cover import require_bound
from ischedule.analysis.evaluate import evaluate
from ischedule.models.program import Program
from ischedule.solvers import flow_graph, ilp_columns, tiled
from ischedule.solvers.exact import solve_exact
from ischedule.solvers.exclusion import Exclusion
from ischedule.solvers.ilp import solve_ilp
from ischedule.solvers.limit import Limit
from ischedule.solvers.network_pass import Search
from ischedule.solvers.outcome import Outcome
from ischedule.solvers.space import Space
from ischedule.solvers.waits import Waiting
from tests.analysis.small_networks import network
from tests.solvers.agreement import some_differ
from tests.solvers.random_laws import law_pool
from tests.solvers.random_programs import narrow, random_tiled
from tests.solvers.test_graphs import branched

pytest.importorskip("pulp", reason="needs PuLP")
pytest.importorskip("highspy", reason="needs HiGHS")

Mutate = Callable[[pytest.MonkeyPatch], None]


def programs() -> list[Program]:
    """Layers in a row and in several orders, some with narrow sums, under laws whose designs may be laid out late."""
    laws = [law for law in law_pool(60) if not law.keeps_level and not law.leaves_level and law.max_cycles is None]
    rows = [random_tiled(Random(seed), laws[seed % len(laws)], stages=2 + seed % 2, most=4) for seed in range(16)]
    others = [branched(network(Random(seed), 3).program, Random(seed)) for seed in range(8)]
    return [*map(narrow, rows[:4]), *rows[4:], *others]


@pytest.fixture(scope="module")
def instances() -> list[tuple[Program, Outcome]]:
    """Programs with the exact solver's answers."""
    found = [(program, solve_exact(program, Limit())) for program in programs()]
    return [(program, outcome) for program, outcome in found if outcome.plan is not None]


@pytest.fixture(autouse=True)
def few_at_first(monkeypatch: pytest.MonkeyPatch) -> None:
    """A handful of designs of each layer are laid out at first."""
    monkeypatch.setattr(ilp_columns, "WHOLE", 0)
    monkeypatch.setattr(tiled, "SOME", 2)


def difference(program: Program, exact: Outcome) -> str | None:
    """What is wrong with the ILP's answer, given the exact solver's; None if nothing is."""
    mine = solve_ilp(program, Limit())
    if mine.plan is None or mine.bound is None:
        return "no plan, or none that is proved"
    if evaluate(program, mine.plan).latency != mine.latency:
        return "the plan does not take what is said"
    if (mine.cost, mine.bound.value) != (exact.cost, exact.cost):  # type: ignore[union-attr]
        return f"{mine.cost} and {exact.cost}"
    require_bound(program, mine.bound)  # type: ignore[arg-type]
    return None


def test_designs_laid_out_late_are_those_that_can_matter(
    instances: list[tuple[Program, Outcome]], monkeypatch: pytest.MonkeyPatch
) -> None:
    fetched = []

    def spied(search: Search, steer: Waiting, cost: float) -> Search:
        whole = tiled.completed(search, steer, cost)
        fetched.append(sum(map(len, whole.spaces)) > sum(map(len, search.spaces)))
        return whole

    monkeypatch.setattr(ilp_columns, "completed", spied)
    assert [difference(*one) for one in instances] == [None] * len(instances)
    assert sum(fetched) > 4


def never_completed(patch: pytest.MonkeyPatch) -> None:
    """The designs that were left out at first stay out."""
    patch.setattr(ilp_columns, "completed", lambda search, *_: search)


def numbers_kept(patch: pytest.MonkeyPatch) -> None:
    """Designs keep their numbers when others are laid out beside them."""
    patch.setattr(Space, "places_of", lambda here, there: (np.arange(min(len(here), len(there))),) * 2)
    patch.setattr(ilp_columns, "PARTS", ())


def too_dear(patch: pytest.MonkeyPatch) -> None:
    """What follows a node is said to cost a thousandth more than it may."""
    original = Exclusion.at_least
    patch.setattr(Exclusion, "at_least", lambda self, *a: 1.001 * original(self, *a))


def too_dear_through(patch: pytest.MonkeyPatch) -> None:
    """What follows a boundary through a design is said to cost a fifth more than it may."""
    original = Exclusion.through
    patch.setattr(Exclusion, "through", lambda self, *a: 1.2 * original(self, *a))


def dearest_kept(patch: pytest.MonkeyPatch) -> None:
    """Of arcs between the same nodes the dearest enters the program."""
    original = flow_graph.FlowGraph.needed

    def needed(self: flow_graph.FlowGraph) -> flow_graph.FlowGraph:
        turned = replace(self, arcs=[replace(arc, cost=-arc.cost) for arc in self.arcs])
        return replace(self, arcs=[replace(arc, cost=-arc.cost) for arc in original(turned).arcs])

    patch.setattr(flow_graph.FlowGraph, "needed", needed)


MUTANTS: dict[str, Mutate] = {
    "never-completed": never_completed,
    "numbers-kept": numbers_kept,
    "too-dear-behind": too_dear,
    "too-dear-through": too_dear_through,
    "dearest-kept": dearest_kept,
}


@pytest.mark.parametrize("name", MUTANTS)
def test_a_wrong_column_is_caught(
    name: str, instances: list[tuple[Program, Outcome]], monkeypatch: pytest.MonkeyPatch
) -> None:
    MUTANTS[name](monkeypatch)
    assert some_differ(difference, instances)


def test_a_limit_that_strikes_late_keeps_the_plan(
    instances: list[tuple[Program, Outcome]], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Numbers of designs change when more are laid out; the plan that is known then stays what it is."""

    def struck(self: ilp_columns._Columns, most: float, cuts: int | None = None) -> bool:
        if cuts is None:
            raise ilp_columns.TimeUp
        return went_on(self, most, cuts)

    went_on = ilp_columns._Columns._went_on
    monkeypatch.setattr(ilp_columns._Columns, "_went_on", struck)
    for program, exact in instances:
        mine = solve_ilp(program, Limit())
        assert mine.plan is not None
        assert evaluate(program, mine.plan).latency == mine.latency
        assert mine.bound.value <= exact.cost <= mine.cost  # type: ignore
