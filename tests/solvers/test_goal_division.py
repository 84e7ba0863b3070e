"""Plans with a goal that fit non-volatile memory, against every plan of small programs with its best addresses."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from functools import cache
from random import Random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ischedule.analysis import goal_proof, goal_search
from ischedule.analysis.check import Rejected, require_claim
from ischedule.analysis.claim import goal_claims
from ischedule.analysis.evaluate import evaluate
from ischedule.analysis.labels import Unproven
from ischedule.models.goal import Criterion, Goal
from ischedule.models.plan import Answer, Division, Part, Weighed
from ischedule.models.plan_file import Certified, PlanFile, dump_plan_file, parse_plan_file
from ischedule.models.program import ExplicitStage, Program
from ischedule.models.stated import stated_rank
from ischedule.solvers import budgets, ilp_goal, label_pass, smt_goal, spending
from ischedule.solvers.division import fits
from ischedule.solvers.goal_division import GoalSearch
from ischedule.solvers.smt_goal import CERTIFIED
from ischedule.solvers.solve import solve
from ischedule.solvers.spending import spent_by
from tests.analysis.test_layout_mutants import mutated
from tests.solvers.stored_programs import plain_laws, plans_that_fit, stored_program
from tests.solvers.test_budgets import ORDERS, best_of, storing

pytest.importorskip("pulp", reason="needs PuLP")
pytest.importorskip("highspy", reason="needs HiGHS")
pytest.importorskip("z3", reason="needs z3")

SEEDS = st.integers(0, 10**9)
SOLVERS = ("exact", "ilp", "smt")


def drawn(seed: int) -> tuple[Program, list[int] | None, bool]:
    """A program with a goal, what the best plan spends that fits and keeps its limits, and whether memory binds.

    Limits are what some plan that fits spends, or one less.
    """
    random = Random(seed)
    while True:
        program = stored_program(random, branches=seed % 2 == 0)
        if program.law in plain_laws() and 2 <= len(program.stages) <= 3:
            break
    program = storing(program, random)
    plans = list(plans_that_fit(program))
    kept = [plan.spent for plan in plans if plan.is_stored]
    order = random.choice(ORDERS)
    limits: dict[Criterion, int] = {}
    if kept:
        ranked = sorted(kept, key=lambda spent: spent[order[0]])
        least = 1 if order == (Criterion.LATENCY,) else 0
        for name in random.sample(list(Criterion), random.randint(least, 2)):
            one = ranked[random.randrange(max(1, len(ranked) // 2))]
            limits[name] = max(0, one[name] - random.choice((0, 0, 0, 1)))
    elif order == (Criterion.LATENCY,):
        limits[Criterion.CYCLES] = random.randint(1, 4)
    goal = Goal(order, limits)
    best = best_of(kept, goal)
    return replace(program, goal=goal), best, best != best_of([plan.spent for plan in plans], goal)


def files_of(program: Program, answer: Answer) -> list[PlanFile]:
    """What is claimed of an answer."""
    return list(
        goal_claims("test", program, answer, None if answer.plan is None else evaluate(program, answer.plan), None)
    )


def reason_against(program: Program, file: PlanFile) -> str | None:
    """Why the checker does not accept a claim."""
    try:
        require_claim(program, file, None if file.plan is None else evaluate(program, file.plan), None)
    except (Rejected, Unproven) as problem:
        return str(problem)
    return None


def require_answer(program: Program, best: list[int] | None, answer: Answer) -> str:
    """The answer is that of brute force, and what is claimed of it is accepted; in a word what it rests on."""
    if answer.bottleneck is not None:
        assert best is None
        return "stuck"
    files = files_of(program, answer)
    spent = None
    if answer.plan is not None:
        assert fits(program, answer.plan)
        amounts = spent_by(program, answer.plan)
        spent = [amounts[name] for name in program.goal.order]
        assert all(amounts[name] <= most for name, most in program.goal.limits.items())
        assert best is not None
        assert spent >= best
    for file in files:
        assert reason_against(program, file) is None
        rank = None if file.certificate is None else stated_rank(program.goal, file.certificate)  # type: ignore[arg-type]
        assert file.certificate is None or best is None or (rank is not None and list(rank) <= best)
    if answer.is_undecided or answer.note not in (None, CERTIFIED):
        return "open"
    assert spent == best
    assert files[0].claim.certified is (Certified.INFEASIBLE if best is None else Certified.OPTIMAL)
    if best is None:
        return "none"
    return "divided" if isinstance(files[0].certificate, Division) else "plain"


@pytest.mark.parametrize("solver", SOLVERS)
@given(SEEDS)
@settings(max_examples=50, deadline=None)
def test_the_best_plan_for_a_goal_that_fits_is_found_and_certified(solver: str, seed: int) -> None:
    program, best, _ = drawn(seed)
    require_answer(program, best, solve(program, solver=solver))


@cache
def instances() -> list[tuple[Program, list[int] | None, bool]]:
    """Goals for which memory binds, and some others."""
    some = [drawn(seed) for seed in range(400)]
    return [one for one in some if one[2]] + [one for one in some if not one[2]][:40]


@pytest.mark.parametrize("solver", SOLVERS)
def test_every_kind_of_answer_is_given(solver: str) -> None:
    kinds = Counter(require_answer(program, best, solve(program, solver=solver)) for program, best, _ in instances())
    assert sum(binds for *_, binds in instances()) > 50
    assert kinds["divided"] > 25, kinds
    assert kinds["plain"] > 10, kinds
    assert kinds["none"] > 10, kinds
    assert kinds["open"] < 8, kinds


@cache
def proven() -> list[tuple[Program, PlanFile]]:
    """Claims that rest on parts."""
    found = []
    for program, _, binds in instances():
        answer = solve(program, solver="ilp")
        if binds and answer.plan is not None and answer.note is None:
            found.append((program, files_of(program, answer)[0]))
    return [one for one in found if isinstance(one[1].certificate, Division)]


def is_refused(program: Program, file: PlanFile, parts: list[Part]) -> bool:
    """Whether the checker does not accept the claim that these parts make."""
    certificate = Division(tuple(parts))
    rank = stated_rank(program.goal, certificate)
    least = None if rank is None else rank[0]
    if least is not None and program.goal.first is Criterion.LATENCY:
        least += program.law.offset
    claim = replace(file.claim, bound=least)
    return reason_against(program, replace(file, claim=claim, certificate=certificate)) is not None


def is_sound() -> bool:
    """Whether the checker accepts proofs, and refuses parts that claim more than is true, and proofs without a part."""
    for program, file in proven():
        assert isinstance(file.certificate, Division)
        parts = list(file.certificate.parts)
        if is_refused(program, file, parts):
            return False
        for number, part in enumerate(parts):
            if not is_refused(program, file, parts[:number] + parts[number + 1 :]):
                return False
            proof = part.proof
            if not isinstance(proof, Weighed) or not proof.is_exact:
                continue
            more = None if proof.spent is None else (*proof.spent[:-1], proof.spent[-1] + 1)
            none = replace(proof, spent=None)
            for wrong in [replace(proof, spent=more), none] if more else []:
                if not is_refused(program, file, [*parts[:number], replace(part, proof=wrong), *parts[number + 1 :]]):
                    return False
    return True


def test_parts_that_claim_more_than_is_true_are_refused() -> None:
    assert is_sound()
    assert len(proven()) > 20


def test_proofs_by_parts_of_goals_are_written_and_read_again() -> None:
    for _, file in proven()[:10]:
        assert parse_plan_file(dump_plan_file(file).encode(), "here").certificate == file.certificate


Mutate = Callable[[pytest.MonkeyPatch], None]


def finds(solver: str) -> bool:
    """Whether a solver's answers are those of brute force, and accepted."""
    for program, best, _ in instances():
        try:
            require_answer(program, best, solve(program, solver=solver))
        except Exception:
            return False
    return True


def without(place: Any, name: str) -> Mutate:
    """A part of the search that is asked of programs without ends of cycles that must be."""

    def mutate(patch: pytest.MonkeyPatch) -> None:
        original = getattr(place, name)

        def changed(program: Program, *rest: Any, **named: Any) -> Any:
            return original(replace(program, closed=frozenset(), broken=frozenset()), *rest, **named)

        patch.setattr(place, name, changed)

    return mutate


def passed_through(patch: pytest.MonkeyPatch) -> None:
    """Labels that run through broken steps."""
    original = label_pass.walk
    patch.setattr(label_pass, "walk", lambda *arguments, **_: original(*arguments))


def designs_back(patch: pytest.MonkeyPatch) -> None:
    """Mixes of programs that have all designs again."""
    original = spending.weighed_array

    def changed(program: Program, *rest: Any) -> Program:
        found = original(program, *rest)
        stages = [replace(stage, barred=frozenset()) for stage in found.stages if isinstance(stage, ExplicitStage)]
        return replace(found, stages=tuple(stages))

    patch.setattr(spending, "weighed_array", changed)


def in_another_order(patch: pytest.MonkeyPatch) -> None:
    """Parts looked at by what counts last."""
    original = GoalSearch.stated

    def changed(self: GoalSearch, proof: Any) -> Any:
        rank = original(self, proof)
        return None if rank is None else rank[::-1]

    patch.setattr(GoalSearch, "stated", changed)


SEARCHING: dict[str, tuple[str, Mutate]] = {
    "flow-that-forgets-ends": ("ilp", without(ilp_goal, "flow_graph")),
    "labels-that-forget-ends": ("exact", without(budgets, "label_pass")),
    "labels-through-broken-steps": ("exact", passed_through),
    "mixes-with-all-designs": ("exact", designs_back),
    "parts-in-another-order": ("ilp", in_another_order),
    "constraints-that-forget-ends": ("smt", without(smt_goal, "GoalSearch")),
}
CHECKING: dict[str, tuple[str, str]] = {
    "closed-boundaries-forgotten": ("if step.target in program.closed:", "if False:"),
    "broken-steps-forgotten": ("if self.program.breaks(place):", "if False:"),
    "broken-steps-close-boundaries": (
        "going[_Began.FIRST], going[_Began.BEFORE] = [], []",
        "going[_Began.FIRST], going[_Began.BEFORE], going[_Began.ALONG] = [], [], []",
    ),
    "all-boundaries-closed": ("if step.target in program.closed:", "if program.closed:"),
}


@pytest.mark.parametrize("name", SEARCHING)
def test_a_wrong_search_is_caught(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    instances()
    solver, mutate = SEARCHING[name]
    mutate(monkeypatch)
    assert not finds(solver)


@pytest.mark.parametrize("name", CHECKING)
def test_a_wrong_check_is_caught(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    proven()
    with mutated(goal_search, CHECKING[name]) as module:
        monkeypatch.setattr(goal_proof, "better_plan", module.better_plan)
        assert not is_sound()
