"""Deliberate defects in the solvers: comparing with brute force finds every one of them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import cache
from random import Random
from typing import Any

import numpy as np
import pytest

from ischedule.models.program import Program
from ischedule.solvers import ahead, explicit, floors, frontier, space, tiled, waits
from ischedule.solvers.floors import Floor
from ischedule.solvers.sweep import Lanes
from tests.solvers.agreement import Solver, disagreement, some_differ
from tests.solvers.enumeration import Best, best_of_all_cut_sets, best_of_all_designs
from tests.solvers.random_laws import law_pool
from tests.solvers.random_programs import random_explicit, random_tiled

Mutate = Callable[[pytest.MonkeyPatch], None]
EXPLICIT_PROGRAMS = 600
TILED_PROGRAMS = 120


@cache
def explicit_instances() -> list[tuple[Program, Best | None]]:
    """Explicit programs with the best of all their plans."""
    return _instances(EXPLICIT_PROGRAMS, random_explicit, best_of_all_cut_sets)


@cache
def tiled_instances() -> list[tuple[Program, Best | None]]:
    """Tiled programs with the best of all their plans."""
    return _instances(TILED_PROGRAMS, random_tiled, best_of_all_designs)


def _instances(
    count: int, generate: Callable[..., Program], best: Callable[[Program], Best | None]
) -> list[tuple[Program, Best | None]]:
    found = []
    for seed in range(count):
        random = Random(seed)
        program = generate(random, random.choice(law_pool(300)))
        found.append((program, best(program)))
    return found


def is_caught(solver: Solver, instances: list[tuple[Program, Best | None]]) -> bool:
    """Whether some instance tells the solver from a correct one: a wrong answer, or none at all."""
    return some_differ(lambda program, best: disagreement(program, solver, lambda _: best), instances)


def lanes_changed(module: Any, name: str, change: Callable[[Lanes], Lanes]) -> Mutate:
    """A mutant that lays out its atoms wrongly."""

    def mutate(patch: pytest.MonkeyPatch) -> None:
        original = getattr(module, name)
        patch.setattr(module, name, lambda *arguments: change(original(*arguments)))

    return mutate


def arguments_changed(module: Any, name: str, change: Callable[..., tuple[Any, ...]]) -> Mutate:
    """A mutant that calls one of its parts with wrong arguments."""

    def mutate(patch: pytest.MonkeyPatch) -> None:
        original = getattr(module, name)
        patch.setattr(module, name, lambda *arguments: original(*change(*arguments)))

    return mutate


def result_changed(module: Any, name: str, change: Callable[[Any], Any]) -> Mutate:
    """A mutant that does something wrong with a part's result."""

    def mutate(patch: pytest.MonkeyPatch) -> None:
        original = getattr(module, name)
        patch.setattr(module, name, lambda *arguments, **named: change(original(*arguments, **named)))

    return mutate


def one_more(lanes: Lanes) -> Lanes:
    """The first atom drains one unit too much."""
    return replace(lanes, drain=lanes.drain + (np.arange(len(lanes.drain)) > 0)[:, None])


def no_commit_drain(lanes: Lanes) -> Lanes:
    """Commits drain nothing."""
    return replace(lanes, commit_drain=np.zeros_like(lanes.commit_drain))


def no_commit_time(lanes: Lanes) -> Lanes:
    """Commits take no time."""
    return replace(lanes, commit_time=np.zeros_like(lanes.commit_time))


def no_refetch(lanes: Lanes) -> Lanes:
    """Every cycle starts as one that starts before the first atom."""
    drain, time = (np.broadcast_to(one[:1], one.shape) for one in (lanes.resume_drain, lanes.resume_time))
    return replace(lanes, resume_drain=drain, resume_time=time)


def cuts_everywhere(lanes: Lanes) -> Lanes:
    """Every place is a cut."""
    return replace(lanes, cut=np.ones_like(lanes.cut))


def smaller(*arguments: Any) -> tuple[Any, ...]:
    """A cycle may not use the last unit: "less than" for "at most"."""
    return (arguments[0], arguments[1] - 1, *arguments[2:])


def larger(*arguments: Any) -> tuple[Any, ...]:
    """A cycle may use one unit more than there is."""
    return (arguments[0], arguments[1] + 1, *arguments[2:])


def without_last(places: Any) -> Any:
    """One label is lost."""
    return places[:-1] if len(places) > 1 else places


def cheapest_only(patch: pytest.MonkeyPatch) -> None:
    """Of the labels at a boundary only the cheapest is kept."""
    patch.setattr(frontier, "frontier", lambda drain, cost, slack=0: np.atleast_1d(cost.argmin()) if len(cost) else [])


def first_is_any(patch: pytest.MonkeyPatch) -> None:
    """The first cycle is priced like those after it."""
    original = explicit.exact_waiting

    def waiting(law: Any) -> Any:
        found = original(law)
        return replace(found, first=found.mid)

    patch.setattr(explicit, "exact_waiting", waiting)


def without_elapsed(cost: Any, elapsed: Any, price: Any, unwaited: Any) -> Any:
    """A second cycle is paid for the level that the first one has kept, whether or not it waits."""
    return cost + price


def never_waits(*arguments: Any) -> Any:
    """A second cycle always begins at once."""
    return arguments[1] + arguments[3]


def keeps_nothing(law: Any) -> None:
    """No first cycle keeps a level."""


def too_high(found: Floor) -> Floor:
    """Floors that promise more than is true."""
    return Floor(found.value * 1.2, found.bounds * 1.2)


EXPLICIT: dict[str, Mutate] = {
    "energy-off-by-one": lanes_changed(explicit, "_lanes", one_more),
    "commit-without-drain": lanes_changed(explicit, "_lanes", no_commit_drain),
    "commit-without-time": lanes_changed(explicit, "_lanes", no_commit_time),
    "no-refetch": lanes_changed(explicit, "_lanes", no_refetch),
    "cuts-everywhere": lanes_changed(explicit, "_lanes", cuts_everywhere),
    "capacity-excluded": arguments_changed(frontier, "edges", smaller),
    "capacity-exceeded": arguments_changed(frontier, "edges", larger),
    "label-lost": result_changed(frontier, "frontier", without_last),
    "cheapest-label-only": cheapest_only,
    "first-cycle-priced-as-any": first_is_any,
    "first-design-only": result_changed(explicit, "_groups", lambda groups: [group[:1] for group in groups]),
}

SECOND: dict[str, Mutate] = {
    "paid-for-waiting": lambda patch: patch.setattr(ahead, "ended", without_elapsed),
    "second-never-waits": lambda patch: patch.setattr(ahead, "ended", never_waits),
    "level-kept-unseen": lambda patch: patch.setattr(waits, "_ahead", keeps_nothing),
    "second-label-lost": result_changed(ahead, "undominated", without_last),
}
"""Defects in the search over second cycles, which a search behind all levels would make good."""

TILED: dict[str, Mutate] = {
    "energy-off-by-one": lanes_changed(space.Space, "_lay_out", one_more),
    "commit-without-drain": lanes_changed(space.Space, "_lay_out", no_commit_drain),
    "no-refetch": lanes_changed(space.Space, "_lay_out", no_refetch),
    "label-lost": result_changed(frontier, "frontier", without_last),
    "cheapest-label-only": cheapest_only,
    "capacity-excluded": arguments_changed(frontier, "edges", smaller),
    "floors-too-high": result_changed(tiled, "floor_of", too_high),
    "floors-of-half-a-cycle": arguments_changed(
        floors, "_evaluate", lambda *a: (*a[:4], replace(a[4], capacity=a[4].capacity // 2, first_capacity=0))
    ),
    "rate-too-high": result_changed(
        tiled, "rate_of", lambda rate: replace(rate, fraction=(2 * rate.fraction[0], rate.fraction[1]))
    ),
    "least-costs-too-high": result_changed(
        tiled, "rate_of", lambda rate: replace(rate, least_first=1.2 * rate.least_first)
    ),
}


def test_nothing_is_wrong_without_a_mutant() -> None:
    assert not is_caught(explicit.solve_explicit, explicit_instances())
    assert not is_caught(tiled.solve_tiled, tiled_instances())


@pytest.mark.parametrize("name", EXPLICIT)
def test_a_wrong_solver_of_explicit_stages_is_caught(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    EXPLICIT[name](monkeypatch)
    assert is_caught(explicit.solve_explicit, explicit_instances())


@pytest.mark.parametrize("name", [None, *SECOND])
def test_a_wrong_search_over_second_cycles_is_caught(name: str | None, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without the search behind all levels, which is not asked where only the first cycle can leave one."""
    monkeypatch.setattr(explicit, "followed_waiting", explicit.exact_waiting)
    instances = [one for one in explicit_instances() if one[0].law.keeps_level and not one[0].law.leaves_level]
    if name is None:
        assert len(instances) > 20
        assert not is_caught(explicit.solve_explicit, instances)
    else:
        SECOND[name](monkeypatch)
        assert is_caught(explicit.solve_explicit, instances)


@pytest.mark.parametrize("name", TILED)
def test_a_wrong_solver_of_tiled_stages_is_caught(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    TILED[name](monkeypatch)
    assert is_caught(tiled.solve_tiled, tiled_instances())
