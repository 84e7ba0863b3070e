"""The SMT solver against the exact one and the ILP: the same verdict and optimum, and wrong encodings are caught."""

from __future__ import annotations

import ast
from collections.abc import Callable
from dataclasses import replace
from functools import cache
from pathlib import Path
from random import Random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ischedule.analysis.cover import require_bound
from ischedule.analysis.evaluate import evaluate
from ischedule.models.build import program_of
from ischedule.models.case import layer_of, load_case
from ischedule.models.conflict import Named
from ischedule.models.demand import TooManyAtoms
from ischedule.models.errors import InputError
from ischedule.models.plan import Answer, Status
from ischedule.models.program import ExplicitStage, Program, Step
from ischedule.solvers import smt_curves, smt_options
from ischedule.solvers.limit import Limit, TimeUp
from ischedule.solvers.smt_encoding import Encoding, Place
from ischedule.solvers.smt_front import Front
from ischedule.solvers.smt_goal import GoalSearch
from ischedule.solvers.smt_options import CUT, Option, options_of
from ischedule.solvers.smt_plan import Beginning
from ischedule.solvers.smt_rule import Rule
from ischedule.solvers.smt_search import Search
from ischedule.solvers.smt_suggestions import Suggestions
from ischedule.solvers.solve import SOLVERS, solve
from tests.analysis.small_programs import chain, laws
from tests.analysis.small_programs import program as small_program
from tests.house.tree import ROOT
from tests.solvers.random_laws import law_pool
from tests.solvers.random_programs import random_explicit
from tests.solvers.test_budgets import best_of, every_plan, goal_of, graph_of_sums, spent_by, storing
from tests.solvers.test_graphs import explicit_graph
from tests.solvers.three_solvers import drawn

pytest.importorskip("z3", reason="needs z3")

SEEDS = st.integers(0, 10**9)
PROGRAMS = 12


def explicit(seed: int, **sizes: int) -> Program:
    random = Random(seed)
    return random_explicit(random, random.choice(law_pool(200)), **sizes)


def facts(answer: Answer) -> tuple[object, ...]:
    """What two solvers must agree on."""
    return answer.status, answer.latency, answer.bottleneck


def require_decided(program: Program) -> None:
    """Raise AssertionError unless z3 has the exact answer, a plan that takes what is said, and a sound bound."""
    found, other = solve(program, solver="smt"), solve(program)
    assert facts(found) == facts(other)
    if found.plan is not None:
        assert found.bound is not None
        assert evaluate(program, found.plan).latency == found.latency == found.bound.value + program.law.offset
        require_bound(program, found.bound)


def chain_of(seed: int) -> Program:
    return small_program(Random(seed))


def graph_of(seed: int) -> Program:
    return explicit_graph(Random(seed), 3)


def ways_of(seed: int) -> Program:
    """One stage for all of the work, or two or three others."""
    random = Random(seed)
    law = random.choice(laws())
    stages = tuple(
        ExplicitStage(f"s{index}", tuple(chain(random, law, random.randint(1, 3), 1000) for _ in range(2)), 10)
        for index in range(4)
    )
    steps = (Step(0, 0, 3), Step(1, 0, 1), Step(2, 1, 3), Step(3, 1, 2), Step(2, 2, 3))
    return Program(stages, law, "", steps)


def of_every_law(seed: int) -> Program:
    return explicit(seed, atoms=6)


KINDS = (chain_of, graph_of, ways_of, of_every_law)


@pytest.mark.parametrize("programs", KINDS, ids=lambda kind: kind.__name__)
def test_programs_are_decided(programs: Callable[[int], Program]) -> None:
    for seed in range(PROGRAMS):
        require_decided(programs(seed))


@pytest.mark.parametrize("seed", [50, 271])
def test_levels_are_learned_where_plans_have_them(seed: int) -> None:
    """What a model left a little above the level learned last was worth too much, one unit after the other."""
    require_decided(of_every_law(seed))


@pytest.mark.parametrize("seed", [112, 186, 189, 233, 332])
def test_what_every_level_leads_to_is_decided_place_by_place(seed: int) -> None:
    """Thresholds that are searched, or in steps: at which level a cycle begins decides what comes behind."""
    require_decided(drawn(seed).program)


def test_the_last_cycle_waits_for_no_more_than_it_needs() -> None:
    """Of a set that leaves out steps of the hardware all other cycles have to wait for a member."""
    program = of_every_law(245)
    rule = Rule.of(program.law)
    assert not rule.has_least
    answer = solve(program, solver="smt")
    assert facts(answer) == facts(solve(program))
    assert answer.plan is not None
    assert answer.plan.cycles[-1].level not in {one.level for one in rule.choices}


def test_z3_finds_everything_without_suggestions(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Suggestions, "cycles", lambda *_: [])
    for seed in range(12):
        program = small_program(Random(seed), 4)
        assert facts(solve(program, solver="smt")) == facts(solve(program))


@given(st.sampled_from(KINDS), SEEDS)
@settings(max_examples=50)
def test_programs_have_the_exact_solvers_answer(programs: Callable[[int], Program], seed: int) -> None:
    require_decided(programs(seed))


@given(SEEDS)
@settings(max_examples=30)
def test_goals_have_the_best_of_all_plans(seed: int) -> None:
    """Limits on what is spent and criteria in any order, against brute force and the search by weights."""
    random = Random(seed)
    program = storing(graph_of_sums(random), random)
    plans = list(every_plan(program))
    goal = goal_of(plans, random)
    asked = replace(program, goal=goal)
    best = best_of(plans, goal)
    found = GoalSearch(asked, options_of(asked), Limit()).best_plan()
    assert best == (None if found is None else [found[1][name] for name in goal.order])
    answer = solve(asked, solver="smt")
    assert answer.status is solve(asked).status
    assert (answer.plan is None) == (best is None)
    if answer.plan is not None:
        assert [spent_by(program, answer.plan)[name] for name in goal.order] == best


@given(SEEDS)
@settings(max_examples=20)
def test_all_three_solvers_agree(seed: int) -> None:
    pytest.importorskip("pulp")
    program = small_program(Random(seed))
    exact, ilp, found = (solve(program, solver=name) for name in ("exact", "ilp", "smt"))
    assert facts(found) == facts(exact)
    if program.law.leaves_level and exact.bound is not None and exact.bound.follows_levels:
        return  # the ILP prices levels as time gained, which is a bound only
    assert facts(ilp) == facts(exact)


@pytest.mark.parametrize("name", ["sensor-node-part-tolerances", "sensor-node-radio-does-not-fit"])
def test_shipped_tasks_are_decided(name: str) -> None:
    program = program_of(load_case(ROOT / f"cases/{name}.json"))
    assert facts(solve(program, solver="smt")) == facts(solve(program))


def test_the_batching_of_one_layer_is_decided() -> None:
    case = layer_of(load_case(ROOT / "cases/cifar10-inas-5mF-ts1.json"), "conv1")
    assert case.network is not None
    assert [layer.name for layer in case.network.layers] == ["conv1"]
    require_decided(program_of(case))


def test_a_layer_keeps_the_shape_that_it_has_in_the_network() -> None:
    case = load_case(ROOT / "cases/cifar10-inas-5mF-ts1.json")
    for shape in case.chain():
        assert layer_of(case, shape.name).chain() == (shape,)
    with pytest.raises(InputError, match="write conv1 or"):
        layer_of(case, "conv9")


def test_what_is_too_large_is_refused() -> None:
    with pytest.raises(TooManyAtoms):
        solve(program_of(load_case(ROOT / "cases/cifar10-inas-5mF-ts1.json")), solver="smt")


def test_a_limit_that_is_reached_leaves_it_undecided() -> None:
    program = program_of(load_case(ROOT / "cases/sensor-node-sense-compute-send.json"))
    answer = solve(program, Limit(0.0), solver="smt")
    assert answer.status is Status.UNDECIDED
    assert answer.plan is not None
    assert evaluate(program, answer.plan).latency == answer.latency


def test_a_plan_found_before_the_limit_is_kept_and_promises_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    program = small_program(Random(0))
    decided = solve(program, solver="smt")
    assert decided.plan is not None

    def interrupted(self: Search, place: Place, at: object, suggested: Beginning | None) -> None:
        self.best = suggested
        raise TimeUp

    monkeypatch.setattr(Search, "_least_latency", interrupted)
    answer = solve(program, solver="smt")
    assert answer.status is Status.UNDECIDED
    assert answer.is_undecided
    assert answer.bound is None
    assert answer.plan is not None
    assert evaluate(program, answer.plan).latency == answer.latency
    assert decided.latency is not None
    assert answer.latency is not None
    assert answer.latency >= decided.latency


def test_the_encoding_shares_nothing_with_the_searches_by_labels_and_arcs() -> None:
    modules = list(Path(ROOT / "solvers").glob("smt*.py"))
    own = {path.stem for path in modules} | {"limit", "outcome"}
    for path in modules:
        for node in ast.parse(path.read_text("utf-8")).body:
            if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("ischedule.solvers"):
                assert (node.module or "").removeprefix("ischedule.solvers.") in own, f"{path}: {node.module}"
    assert "smt" in SOLVERS


Mutate = Callable[[pytest.MonkeyPatch], None]


@cache
def instances() -> tuple[tuple[Program, Answer], ...]:
    """Small programs with the exact solver's answers."""
    programs = [small_program(Random(seed)) for seed in range(40)]
    programs += [explicit_graph(Random(seed), 3) for seed in range(8)]
    return tuple((one, solve(one)) for one in programs)


def is_caught() -> bool:
    """Whether some answer differs, or the solver's own confirmation fails."""
    for program, right in instances():
        try:
            if facts(solve(program, solver="smt")) != facts(right):
                return True
        except AssertionError:
            return True
    return False


def columns_changed(part: int, change: Callable[[int], int]) -> Mutate:
    """Constraints with one column of all chains changed; plans are still read with the right ones."""

    def mutate(patch: pytest.MonkeyPatch) -> None:
        original = Encoding._values

        def values(self: Encoding, slot: int, atom: int, has: list[int]) -> Any:
            right = self.slots
            wrong = [
                [replace(one, columns=changed(one)) for one in options] if number == slot else options
                for number, options in enumerate(right)
            ]
            self.slots = wrong
            found = original(self, slot, atom, has)
            known = [found(column) for column in range(7)]
            self.slots = right
            return known.__getitem__

        def changed(option: Option) -> tuple[tuple[int, ...], ...]:
            columns = list(option.columns)
            columns[part] = tuple(map(change, columns[part]))
            return tuple(columns)

        patch.setattr(Encoding, "_values", values)

    return mutate


def result_changed(owner: Any, name: str, change: Callable[..., Any]) -> Mutate:
    """A part that gives something wrong."""

    def mutate(patch: pytest.MonkeyPatch) -> None:
        original = getattr(owner, name)
        patch.setattr(owner, name, lambda *arguments: change(original(*arguments), *arguments))

    return mutate


def replaced(owner: Any, name: str, value: Any) -> Mutate:
    """A part that is another one."""
    return lambda patch: patch.setattr(owner, name, value)


def alone(mutate: Mutate) -> Mutate:
    """A mutant that gets no suggestions."""

    def both(patch: pytest.MonkeyPatch) -> None:
        patch.setattr(Suggestions, "cycles", lambda *_: [])
        mutate(patch)

    return both


def no_later_at_least(_: object, __: Front, ___: Encoding, place: Place, one: Beginning) -> Any:
    """Only what is earlier counts as better."""
    return place.done < one.time


def later_than_known(_: None, front: Front, encoding: Encoding, place: Place, at: Any) -> None:
    """Every state is later than the earliest that is known."""
    earliest = min((one.time for one in front), default=0)
    encoding.solver.add(encoding.z3.Implies(at, place.time > earliest))


def dropped(*names: Named) -> Mutate:
    """Constraints that are left out."""

    def mutate(patch: pytest.MonkeyPatch) -> None:
        original = Encoding.require

        def require(self: Encoding, formula: Any, name: Named | None = None) -> None:
            if name not in names:
                original(self, formula, name)

        patch.setattr(Encoding, "require", require)

    return mutate


MUTANTS: dict[str, Mutate] = {
    "energy-off-by-one": columns_changed(smt_options.DRAIN, lambda value: value + 1),
    "energy-off-by-one-below": columns_changed(smt_options.DRAIN, lambda value: max(0, value - 1)),
    "commit-without-drain": columns_changed(smt_options.COMMIT, lambda _: 0),
    "commit-without-time": columns_changed(smt_options.COMMIT_TIME, lambda _: 0),
    "no-refetch": columns_changed(smt_options.RESUME, lambda _: 0),
    "resume-without-time": columns_changed(smt_options.RESUME_TIME, lambda _: 0),
    "cuts-everywhere": columns_changed(CUT, lambda _: 1),
    "no-cuts": columns_changed(CUT, lambda _: 0),
    "cycles-of-any-size": dropped(Named.ENERGY),
    "waiting-for-nothing": dropped(Named.SUPPLY),
    "volatile-memory-without-end": dropped(Named.VOLATILE),
    "start-anywhere": dropped(Named.START),
    "order-of-any-kind": result_changed(Encoding, "at", lambda found, self, *_: self.z3.BoolVal(True)),
    "charging-too-slow": result_changed(Rule, "up", lambda found, *_: found + 1),
    "levels-worth-too-much": result_changed(Rule, "down", lambda found, *_: found + 1),
    "a-higher-level-no-better": alone(result_changed(Front, "better", no_later_at_least)),
    "the-cheapest-state-best": replaced(Rule, "ground", property(lambda rule: rule.top + 1)),
    "bounds-too-tight": result_changed(Front, "bound", later_than_known),
}


def test_nothing_is_wrong_without_a_mutant(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nor with one that changes nothing."""
    columns_changed(smt_options.DRAIN, lambda value: value)(monkeypatch)
    assert not is_caught()


@pytest.mark.parametrize("name", MUTANTS)
def test_a_wrong_encoding_is_caught(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    instances()
    MUTANTS[name](monkeypatch)
    assert is_caught()


def test_curves_are_told_at_the_levels_of_every_solution(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without seeds everything has to be learned, and the optimum is the same."""
    monkeypatch.setattr(smt_curves.Curves, "at_need", lambda *_: None)
    for seed in range(12):
        program = small_program(Random(seed))
        assert facts(solve(program, solver="smt")) == facts(solve(program))
