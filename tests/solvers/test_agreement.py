"""The three solvers agree on programs with branches, limits and objectives, and wrong ones are told apart by that."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import cache
from typing import Any

import pytest
from hypothesis import event, given, settings
from hypothesis import strategies as st

from ischedule.models.goal import Criterion, Goal
from ischedule.solvers import (
    budgets,
    explicit,
    flow_graph,
    flow_limits,
    frontier,
    ilp,
    ilp_goal,
    label_pass,
    label_walk,
    smt,
    smt_goal,
    smt_options,
)
from ischedule.solvers.smt_goal import GoalSearch
from tests.solvers.test_mutants import lanes_changed, no_commit_drain, no_refetch, one_more, result_changed
from tests.solvers.test_mutants import larger as more_than_there_is
from tests.solvers.test_smt import columns_changed
from tests.solvers.three_solvers import NAMES, Drawn, drawn, faults, with_memory

pytest.importorskip("pulp", reason="needs PuLP")
pytest.importorskip("highspy", reason="needs HiGHS")
pytest.importorskip("z3", reason="needs z3")

SECONDS = 5.0
"""For z3 and each program; what it has not decided then is counted as an event."""
QUICK, STORED, SMALL = 220, 40, 24
ATOMS = 6


@given(st.sampled_from([drawn, drawn, drawn, with_memory]), st.integers(0, 10**9))
@settings(max_examples=60, deadline=None)
def test_all_three_solvers_agree(draw: Callable[[int], Drawn], seed: int) -> None:
    one = draw(seed)
    found, undecided = faults(one, SECONDS)
    assert found == []
    assert set(undecided) <= {"smt"}
    event(f"{one.kind}: {'undecided by z3' if undecided else 'decided by all'}")


def test_programs_branch_and_are_limited_and_have_several_criteria() -> None:
    """And their limits bind: without them the best plan is another one, or there is one at all."""
    some = [drawn(seed) for seed in range(120)]
    goals = [one for one in some if not one.program.goal.is_plain]
    assert len(goals) > 50
    assert sum(not one.program.is_chain for one in some) > 60
    assert sum(len(one.program.goal.order) > 1 for one in goals) > 30
    assert sum(one.best is None for one in goals) > 3
    assert sum(one.best is not None for one in goals) > 30


def test_memory_binds() -> None:
    """Without it the best plan is another one, or there is one at all; some have goals."""
    some = [with_memory(seed) for seed in range(STORED)]
    roomy = [faults(replace(one, program=replace(one.program, storage=None)), None, ("exact",))[0] for one in some]
    assert sum(map(bool, roomy)) > STORED // 2
    assert STORED // 4 < sum(not one.program.goal.is_plain for one in some) < STORED


@cache
def quick() -> tuple[Drawn, ...]:
    """Programs for the exact solver and the ILP, those first that need most."""
    some = [*map(drawn, range(QUICK)), *map(with_memory, range(STORED))]
    return tuple(sorted(some, key=lambda one: ("choices", "goal").count(one.kind), reverse=True))


@cache
def small() -> tuple[Drawn, ...]:
    """Programs of few atoms, for z3."""

    def atoms(one: Drawn) -> int:
        return one.program.most([max(map(len, stage.designs)) for stage in one.program.stages])  # type: ignore

    return tuple(one for one in map(drawn, range(8 * SMALL)) if atoms(one) <= ATOMS)[:SMALL]


def is_caught(name: str) -> bool:
    """Whether some program tells a solver from the others."""
    if name == "smt":
        return any(faults(one, SECONDS, ("exact", "smt"))[0] for one in small())
    return any(faults(one, None, ("exact", "ilp") if one.program.goal.is_plain else (name,))[0] for one in quick())


Mutate = Callable[[pytest.MonkeyPatch], None]


def patched(owner: Any, name: str, change: Callable[..., Any]) -> Mutate:
    """A part in place of which something else is called, with the part itself and its arguments."""

    def mutate(patch: pytest.MonkeyPatch) -> None:
        original = getattr(owner, name)
        patch.setattr(owner, name, lambda *arguments, **named: change(original, *arguments, **named))

    return mutate


def together(*some: Mutate) -> Mutate:
    """Several changes that make one defect."""

    def mutate(patch: pytest.MonkeyPatch) -> None:
        for one in some:
            one(patch)

    return mutate


def exact_limits(by: int) -> Mutate:
    """The exact solver's limits off by one, wherever they decide."""

    def keeps(_: Any, self: Any, spent: Any) -> bool:
        return all(spent[name] <= most + by for name, most in self.goal.limits.items())

    def passed(original: Any, program: Any, tracked: Any, hopes: Any, limits: Any, *rest: Any) -> Any:
        return original(program, tracked, hopes, [None if most is None else most + by for most in limits], *rest)

    return together(patched(budgets._Search, "_keeps", keeps), patched(budgets, "label_pass", passed))


def columns(change: Callable[[Any], dict[str, Any]]) -> Mutate:
    """Labels that read the columns of a design wrongly."""
    return result_changed(label_pass, "_columns", lambda stages: [
        [(index, replace(one, **change(one))) for index, one in stage] for stage in stages
    ])  # fmt: skip


def step_lost(original: Any, place: Any, *rest: Any) -> Any:
    """Nothing leads through the second step."""
    return label_walk.Labels() if place[0] == 1 else original(place, *rest)


def way_lost(original: Any, stage: Any, entry: Any, ends: Any, *rest: Any) -> Any:
    """Nothing begins with the second stage."""
    return iter(()) if stage.name == "s1" and ends[0] else original(stage, entry, ends, *rest)


EXACT: dict[str, Mutate] = {
    "energy-off-by-one": lanes_changed(explicit, "_lanes", one_more),
    "commit-without-drain": lanes_changed(explicit, "_lanes", no_commit_drain),
    "no-refetch": lanes_changed(explicit, "_lanes", no_refetch),
    "capacity-exceeded": patched(frontier, "edges", lambda original, *a: original(*more_than_there_is(*a))),
    "step-of-a-branch-lost": patched(explicit, "_ways", way_lost),
    "limit-off-by-one": exact_limits(1),
    "limit-off-by-one-below": exact_limits(-1),
    "labels-that-drain-one-more": columns(lambda one: {"commit_drain": [value + 1 for value in one.commit_drain]}),
    "labels-without-commits": columns(lambda one: {"commit_drain": [0] * len(one)}),
    "labels-that-resume-as-at-first": columns(lambda one: {"resume": [one.resume[0]] * len(one)}),
    "labels-that-lose-a-step": patched(label_pass, "walk", step_lost),
    "labels-compared-without-their-drain": result_changed(label_walk, "_numbers", lambda numbers: numbers[1:]),
    "ties-left-as-they-are": patched(
        budgets, "label_pass", lambda original, *a: original(*a[:4], a[4][:1], *a[5:])
    ),
}  # fmt: skip


def profiles(change: Callable[[Any], None]) -> Mutate:
    """A flow that reads its chains wrongly."""

    def changed(original: Any, self: Any, chain: Any) -> None:
        original(self, chain)
        change(self)

    return patched(flow_graph._Profile, "__init__", changed)


def set_to(name: str, values: Callable[[Any], Any]) -> Mutate:
    """A profile with another column."""
    return profiles(lambda profile: setattr(profile, name, values(profile)))


def ilp_goal_changed(change: Callable[[Goal], Goal]) -> Mutate:
    """A goal that the integer program is made for in place of the program's."""

    def begun(original: Any, self: Any, program: Any, *rest: Any) -> None:
        original(self, replace(program, goal=change(program.goal)), *rest)

    return patched(ilp_goal.GoalFlow, "__init__", begun)


def limits_off(by: int) -> Callable[[Goal], Goal]:
    """Every limit is another one."""
    return lambda goal: replace(goal, limits={name: max(0, most + by) for name, most in goal.limits.items()})


def first_only(goal: Goal) -> Goal:
    """Criteria after the first do not decide."""
    return replace(goal, order=goal.order[:1])


def without_second(original: Any, program: Any) -> Any:
    """The second step has no designs."""
    return [{} if place == 1 and not program.is_chain else some for place, some in enumerate(original(program))]


def counted_wrongly(name: Criterion, amount: flow_limits.Measure) -> Mutate:
    """An amount that is something else."""

    def mutate(patch: pytest.MonkeyPatch) -> None:
        patch.setitem(flow_limits.AMOUNTS, name, amount)  # type: ignore[arg-type]

    return mutate


ILP: dict[str, Mutate] = {
    "energy-off-by-one": set_to("drain", lambda one: [v + (place > 0) for place, v in enumerate(one.drain)]),
    "commit-without-drain": set_to("commit", lambda one: [(0, time) for _, time in one.commit]),
    "no-refetch": set_to("resume", lambda one: [one.resume[0]] * len(one)),
    "commits-that-store-nothing": set_to("saved", lambda one: [0] * len(one)),
    "cuts-everywhere": set_to("cut", lambda one: [True] * len(one)),
    "step-of-a-branch-lost": together(
        *(patched(module, "all_designs", without_second) for module in (ilp, ilp_goal))
    ),
    "limit-off-by-one": ilp_goal_changed(limits_off(1)),
    "limit-off-by-one-below": ilp_goal_changed(limits_off(-1)),
    "arcs-at-the-limit-left-out": patched(flow_limits, "within", lambda original, *a: original(*a[:2], a[2] - 1)),
    "every-arc-a-cycle": counted_wrongly(Criterion.CYCLES, lambda arc: 1),
    "energy-of-whole-cycles-only": counted_wrongly(Criterion.ENERGY, lambda arc: arc.drain if arc.ends else 0),
    "ties-left-as-they-are": ilp_goal_changed(first_only),
}  # fmt: skip


def smt_goal_changed(change: Callable[[Goal], Goal]) -> Mutate:
    """A goal that z3 is asked for in place of the program's."""

    def begun(original: Any, self: Any, *rest: Any) -> None:
        original(self, *rest)
        self.goal = change(self.goal)

    return patched(GoalSearch, "__init__", begun)


def options_lost(original: Any, program: Any, *rest: Any) -> Any:
    """Nothing leads through the second step."""
    return [[one for one in options if one.step != 1] or options for options in original(program, *rest)]


def one_more_cycle(original: Any, self: Any, place: Any) -> None:
    """A cycle in which the plan ends counts twice."""
    original(self, place)
    self.spent[Criterion.CYCLES] = self.spent[Criterion.CYCLES] + self.z3.If(place.ends, 1, 0)


SMT: dict[str, Mutate] = {
    "energy-off-by-one": columns_changed(smt_options.DRAIN, lambda value: value + 1),
    "commit-without-drain": columns_changed(smt_options.COMMIT, lambda _: 0),
    "no-refetch": columns_changed(smt_options.RESUME, lambda _: 0),
    "cuts-everywhere": columns_changed(smt_options.CUT, lambda _: 1),
    "step-of-a-branch-lost": together(
        *(patched(module, "options_of", options_lost) for module in (smt, smt_goal))
    ),
    "limit-off-by-one": smt_goal_changed(limits_off(1)),
    "limit-off-by-one-below": smt_goal_changed(limits_off(-1)),
    "commits-that-store-nothing": patched(
        GoalSearch, "stored_by", lambda original, *a: (original(*a)[0], [0] * len(original(*a)[1]))
    ),
    "ties-left-as-they-are": smt_goal_changed(first_only),
    "criteria-in-another-order": smt_goal_changed(lambda goal: replace(goal, order=goal.order[::-1])),
    "cycles-counted-twice": patched(GoalSearch, "_spend", one_more_cycle),
}  # fmt: skip
MUTANTS = {"exact": EXACT, "ilp": ILP, "smt": SMT}


@pytest.mark.parametrize("name", NAMES)
def test_nothing_is_wrong_without_a_mutant(name: str) -> None:
    assert not is_caught(name)


@pytest.mark.parametrize(("solver", "name"), [(solver, name) for solver in NAMES for name in MUTANTS[solver]])
def test_a_wrong_solver_is_caught(solver: str, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    small()
    quick()
    MUTANTS[solver][name](monkeypatch)
    assert is_caught(solver)
