"""Segments in searches of small programs with any number of cycles: nothing changes but what is proved on the way."""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from itertools import count
from math import prod
from random import Random
from typing import Any

import pytest

from ischedule.analysis.cover import require_bound
from ischedule.models.plan import Bound, Segment
from ischedule.models.program import Program
from ischedule.solvers import floors, segments, tiled
from ischedule.solvers.floors import Floor
from ischedule.solvers.limit import Limit
from ischedule.solvers.tiled import solve_tiled
from tests.solvers.agreement import disagreement, some_differ
from tests.solvers.enumeration import Best, best_of_all_designs, designs_of
from tests.solvers.random_laws import law_pool
from tests.solvers.random_programs import random_tiled

LAWS = tuple(law for law in law_pool(300) if law.max_cycles is None and not law.leaves_level)
PROGRAMS = 40
MOST = 2000
"""Plans of designs alone that brute force goes through for one program."""


@pytest.fixture(autouse=True)
def everywhere(monkeypatch: pytest.MonkeyPatch) -> None:
    """Segments of two layers or more in programs of any size."""
    monkeypatch.setattr(segments, "FACTOR", 2)
    monkeypatch.setattr(segments, "MANY", 0)


@cache
def programs() -> list[tuple[Program, Best | None]]:
    """Programs of four layers or more, each with the best plan by brute force."""
    found: list[tuple[Program, Best | None]] = []
    for random in map(Random, count()):
        program = random_tiled(random, random.choice(LAWS), stages=6, most=2)
        if len(program.stages) > 3 and prod(map(len, designs_of(program))) <= MOST:
            found.append((program, best_of_all_designs(program)))
        if len(found) == PROGRAMS:
            return found
    raise AssertionError("there are always more")


def difference(program: Program, best: Best | None) -> str | None:
    """In what the answer is not that of brute force; raises `Unproven` where its proof is refused."""
    found = solve_tiled(program, Limit())
    differs = disagreement(program, lambda *_: found, lambda _: best)
    if differs is None and isinstance(found.bound, Bound):
        require_bound(program, found.bound)
    return differs


def test_programs_searched_by_segments_equal_brute_force(monkeypatch: pytest.MonkeyPatch) -> None:
    found: list[Segment | None] = []
    solved = segments._solved

    def spied(*arguments: Any) -> Segment | None:
        found.append(solved(*arguments))
        return found[-1]

    monkeypatch.setattr(segments, "_solved", spied)
    assert [difference(*one) for one in programs()] == [None] * PROGRAMS
    assert len(found) > 8


def promised(found: Segment | None) -> Segment | None:
    return found and replace(found, value=found.value + found.value // 5 + 10**7)


def without_labels(found: Segment | None) -> Segment | None:
    return found and replace(found, boundaries=tuple(replace(one, first=(), later=()) for one in found.boundaries))


def sharpened_too_far(*arguments: Any) -> Any:
    return floors_evaluate(*arguments) * 1.2 + 1e7


floors_evaluate = floors._evaluate
segments_solved = segments._solved


MUTANTS = {
    "promises-more": (segments, "_solved", lambda *a: promised(segments_solved(*a))),
    "labels-left-out": (segments, "_solved", lambda *a: without_labels(segments_solved(*a))),
    "bounds-sharpened-too-far": (floors, "_evaluate", sharpened_too_far),
    "floors-of-the-dearest": (tiled, "floor_of", lambda *a: Floor(float(a[0].bound.max()), a[0].bound)),
}


@pytest.mark.parametrize("name", MUTANTS)
def test_a_wrong_search_by_segments_is_caught(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(*MUTANTS[name])
    assert some_differ(difference, programs())
