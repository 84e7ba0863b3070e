"""Of plans that are as good z3 names the same one whatever it was asked before."""

from __future__ import annotations

from dataclasses import replace
from random import Random

import pytest

from ischedule.models.goal import Criterion, Goal
from ischedule.models.plan import Plan
from ischedule.models.program import Program
from ischedule.solvers import smt_encoding
from ischedule.solvers.solve import solve
from tests.solvers.random_programs import random_explicit
from tests.solvers.test_few_runs import FIXED


def asked(seed: int) -> Program:
    """A program of which many plans have as few power cycles."""
    random = Random(seed)
    law = random.choice([law for law in FIXED if law.max_cycles is None])
    return replace(random_explicit(random, law, stages=2, atoms=7), goal=Goal((Criterion.CYCLES,)))


def plans(seeds: range) -> list[Plan | None]:
    return [solve(asked(seed), solver="smt").plan for seed in seeds]


def test_answers_do_not_hang_on_earlier_questions() -> None:
    assert plans(range(10)) == plans(range(9, -1, -1))[::-1]


def test_in_a_shared_context_they_do(monkeypatch: pytest.MonkeyPatch) -> None:
    import z3

    monkeypatch.setattr(smt_encoding, "Z3", lambda: z3)
    assert plans(range(10)) != plans(range(9, -1, -1))[::-1]
