"""Deliberate defects in the search by parts, in what cycles hold, and in their check: each is noticed."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from functools import cache
from random import Random
from types import ModuleType

import pytest

from ischedule.analysis import division as checking
from ischedule.analysis.labels import Unproven
from ischedule.models.loads import Loads
from ischedule.models.plan import Bottleneck, Bound, Division, Overload, Part
from ischedule.models.program import Program
from ischedule.models.restriction import Restriction, restricted
from ischedule.solvers import division, overloads
from ischedule.solvers.exact import solve_exact
from ischedule.solvers.limit import Limit
from ischedule.solvers.solve import diagnosis_of
from tests.analysis.test_layout_mutants import Change, mutants, mutated
from tests.solvers.stored_programs import best_that_fits, plain_laws, stored_program

Known = tuple[Program, Division, int | None]


def _searched(program: Program) -> tuple[Division | None, int | None]:
    found = division.solve_within_memory(program, Limit(), solve_exact, lambda part, at: diagnosis_of(part, at).value)
    bound = found.bound if isinstance(found.bound, Division) else None
    return bound, None if found.latency is None else found.latency - program.law.offset


@cache
def known() -> list[Known]:
    """Programs whose best plan does not fit, with the proof and the cost of the best one that does."""
    found: list[Known] = []
    for seed in range(600):
        program = stored_program(Random(seed), branches=seed % 3 > 0)
        if program.law not in plain_laws():
            continue
        bound, cost = _searched(program)
        if bound is not None and bound.value == cost:
            found.append((program, bound, best_that_fits(program)))
        if len(found) == 70:
            break
    return found


def test_all_kinds_of_parts_are_among_them() -> None:
    kinds: Counter[str] = Counter()
    for _, proof, _ in known():
        for part in proof.parts:
            kinds[type(part.proof).__name__] += 1
            asked = part.restriction
            kinds["closed"] += bool(asked.closed)
            kinds["broken"] += bool(asked.broken)
            kinds["sums"] += bool(asked.without_sums)
            kinds["barred"] += bool(asked.barred)
    assert min(kinds.values()) >= 3, kinds
    assert len(kinds) >= 7, kinds


def finds() -> bool:
    """Whether the search ends at what brute force has found."""
    for program, _, best in known():
        try:
            bound, cost = _searched(program)
        except (AssertionError, LookupError, RecursionError, ValueError):
            return False
        if cost != best or bound is None or bound.value != best:
            return False
        try:
            checking.require_division(program, bound)
        except Unproven:
            return False
    return True


def _refuses(module: ModuleType, program: Program, proof: Division) -> bool:
    try:
        module.require_division(program, proof)
    except (Unproven, IndexError):
        return True
    return False


def _at(program: Program, available: int) -> Program:
    assert program.storage is not None
    return replace(program, storage=replace(program.storage, available=available))


def _least(program: Program, asked: Restriction, overload: Overload) -> int:
    view = restricted(program, asked)
    assert view is not None
    steps = [view.program.steps[view.steps.index(place)] for place in overload.steps]
    return Loads(view.program).least(steps, overload.sums)


def checks(module: ModuleType) -> bool:
    """Whether proofs are accepted, and what is wrong with them found."""
    for program, proof, _ in known():
        if _refuses(module, program, proof):
            return False
        for number, part in enumerate(proof.parts):
            less = Division((*proof.parts[:number], *proof.parts[number + 1 :]))
            if not _refuses(module, program, less):
                return False
            if isinstance(part.proof, Bound):
                more = replace(part, proof=replace(part.proof, value=part.proof.value + 1))
            elif isinstance(part.proof, Overload):
                least = _least(program, part.restriction, part.proof)
                if not _refuses(module, _at(program, least), proof):
                    return False
                if number == 0 and _says_too_little(module, _at(program, least - 1), Division((part,))):
                    return False
                more = replace(part, proof=replace(part.proof, sums=(*part.proof.sums, len(program.stages))))
            else:
                more = replace(part, proof=None)
                if restricted(program, part.restriction) is None:
                    continue
            if not _refuses(module, program, Division((*proof.parts[:number], more, *proof.parts[number + 1 :]))):
                return False
        if not _refuses(module, *_with_sums_elsewhere(program)):
            return False
        if not _refuses(module, replace(program, storage=None), proof):
            return False
        if not _refuses(module, program, Division((*proof.parts, proof.parts[-1]))):
            return False
    return True


def _with_sums_elsewhere(program: Program) -> tuple[Program, Division]:
    """A cycle along the first step that holds too much only with the sums of the last stage, and a proof without."""
    storage, last = program.storage, len(program.stages) - 1
    assert storage is not None
    kept = replace(storage.stages[last], region=10**6)
    storage = replace(storage, stages=(*storage.stages[:last], kept), available=10**5)
    program = replace(program, storage=storage)
    rest = Restriction(without_sums=frozenset({last}))
    view = restricted(program, rest)
    assert view is not None
    found = solve_exact(view.program, Limit())
    proof = found.bound if isinstance(found.bound, Bound) else Bottleneck(found.stuck or 0, "volatile memory")
    return program, Division((Part(Restriction(), Overload((0,), (last,))), Part(rest, proof)))


def _says_too_little(module: ModuleType, program: Program, proof: Division) -> bool:
    """Whether some cycle is said not to hold too much."""
    try:
        module.require_division(program, proof)
    except Unproven as problem:
        return "hold too much" in str(problem)
    return False


CHECKING = {
    "weights are forgotten": ("held + regions + storage.weights +", "held + regions +"),
    "records are forgotten": ("storage.weights + storage.records +", "storage.weights +"),
    "tables are forgotten": (" + tables.run + _shortest(program, entries)", " + tables.run"),
    "as much as there is may be too much": ("if least <= storage.available:", "if least < storage.available:"),
    "what was written is not there": ("(is_there and is_awaited)", "False"),
    "what nobody reads any more is there": ("(is_there and is_awaited)", "is_there"),
    "what is yet to be written is there": ("(is_there and is_awaited)", "is_awaited"),
    "boundaries may stay open": ("if len(path) == 2 else []", "if len(path) == 0 else []"),
    "steps may be run through": ("for step in overload.steps[1:-1]]", "for step in overload.steps[1:-2]]"),
    "sums may be stored": ("for stage in overload.sums]", "for stage in overload.sums[:0]]"),
    "other ways are forgotten": ("if _can_be_avoided(program, path, place):", "if False:"),
    "a part may be missing": ("if way == asked or way not in known:", "if way == asked:"),
    "the whole may be missing": ("or UNRESTRICTED not in known", ""),
    "bounds are believed": ("            require_bound(view.program, part.proof, tell)", "            pass"),
    "nothing may be said": ('raise Unproven(f"{_name(part)} has plans, and nothing is said of them")', "continue"),
    "sums of other stages count": ("or not set(overload.sums) <= set(stages) - asked.without_sums", ""),
    "parts may be said twice": ("len(known) < len(division.parts) or", ""),
}
SEARCHING = {
    "every plan fits": ("if room < 0 or layout.least > available:\n        return False", "return True", division),
    "no sums are needed": ("            if self.is_too_much(path, rest):", "            if True:", overloads),
    "a way out is forgotten": ("() if found is None else found.ways_out:", "found.ways_out[1:]:", division),
    "other sums are stored": ("here.and_without_sums(stage)", "here.and_without_sums(0)", overloads),
    "all ways are taken": (
        "if not self._is_only_way(place, place != path[0], place",
        "if not (place, place",
        overloads,
    ),
    "no step is broken": ("for place in path[1:-1]:", "for place in ():", overloads),
    "another boundary is closed": ("self.view.boundaries[steps[path[0]].target]", "self.view.boundaries[1]", overloads),
}


@mutants(CHECKING)
def test_defects_of_the_checker_are_caught(change: Change) -> None:
    with mutated(checking, change) as module:
        assert not checks(module)


@pytest.mark.parametrize("change", [*SEARCHING.values()], ids=[*SEARCHING])
def test_defects_of_the_search_are_caught(change: tuple[str, str, ModuleType], monkeypatch: pytest.MonkeyPatch) -> None:
    known()
    before, after, module = change
    with mutated(module, (before, after)) as mutant:
        for name in ("_fits", "Search", "Overloads"):
            if hasattr(mutant, name):
                monkeypatch.setattr(division, name, getattr(mutant, name))
        assert not finds()


def test_the_right_ones_are_right() -> None:
    assert checks(checking)
    assert finds()
