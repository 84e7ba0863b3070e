"""Cores of requirements against brute force: in conflict together, and none of them without reason."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from itertools import pairwise, product
from random import Random

import pytest

from ischedule.models.conflict import Named
from ischedule.models.program import ExplicitStage, Program
from ischedule.models.wake import Policy
from ischedule.solvers.limit import Limit, TimeUp
from ischedule.solvers.smt_core import conflict_of
from ischedule.solvers.solve import solve
from tests.analysis.node_cases import document
from tests.analysis.small_programs import program as small_program
from tests.solvers.enumeration import Joined
from tests.solvers.test_graphs import explicit_graph, orders

pytest.importorskip("z3", reason="needs z3")


def possible(program: Program, kept: Iterable[Named]) -> bool:
    """Whether some order, designs and cuts meet these requirements, whatever the time."""
    needed = set(kept)
    for order in orders(program):
        stages = [program.stages[index] for index in order]
        for chosen in product(*(range(len(stage.designs)) for stage in stages)):  # type: ignore[union-attr]
            pairs = list(zip(stages, chosen, strict=True))
            if Named.VOLATILE in needed and not all(stage.fits(design) for stage, design in pairs):  # type: ignore
                continue
            joined = Joined([stage.chain(design) for stage, design in pairs])  # type: ignore[arg-type]
            if any(_holds(program, joined, ends, needed) for ends in _all_ends(len(joined))):
                return True
    return False


def _all_ends(count: int) -> Iterable[tuple[int, ...]]:
    for chosen in product((False, True), repeat=count - 1):
        yield (*(place for place, is_end in enumerate(chosen, 1) if is_end), count)


def _holds(program: Program, joined: Joined, ends: tuple[int, ...], needed: set[Named]) -> bool:
    law = program.law
    if Named.CUTS in needed and not all(joined.cut[end - 1] for end in ends):
        return False
    if Named.SUPPLY in needed and law.max_cycles is not None and len(ends) > law.max_cycles:
        return False
    for number, span in enumerate(pairwise((0, *ends))):
        capacity = law.capacity if number else law.first_capacity
        if joined.cycle("drain", *span) > capacity and needed >= {Named.ENERGY, Named.WAKE}:
            return False
    return True


def changed(program: Program, cuts: bool = False, volatile: bool = False) -> Program:
    """The program with cuts everywhere, or with memory for everything."""
    stages = []
    for stage in program.stages:
        assert isinstance(stage, ExplicitStage)
        designs = tuple(replace(one, cut=[True] * len(one)) if cuts else one for one in stage.designs)
        stages.append(replace(stage, designs=designs, volatile=10**9 if volatile else stage.volatile))
    return replace(program, stages=tuple(stages))


@pytest.mark.parametrize(
    "generate", [small_program, lambda random: explicit_graph(random, 3)], ids=["chains", "graphs"]
)
def test_cores_are_conflicts_and_minimal(generate) -> None:  # type: ignore[no-untyped-def]
    seen: set[Named] = set()
    checked = 0
    for seed in range(90):
        program = generate(Random(seed))
        if solve(program).plan is not None:
            continue
        conflict = conflict_of(program, None, Limit())
        assert conflict is not None
        names = set(conflict.names)
        seen |= names
        if Named.START in names or (Named.SUPPLY in names and program.law.max_cycles is None):
            continue
        checked += 1
        assert not possible(program, names)
        for name in names:
            assert possible(program, names - {name})
    assert checked >= 10
    assert {Named.ENERGY, Named.WAKE, Named.VOLATILE, Named.CUTS} <= seen


def test_a_program_with_a_plan_has_no_conflict() -> None:
    for seed in range(14):
        program = small_program(Random(seed))
        latency = solve(program).latency
        if latency is not None:
            assert conflict_of(program, None, Limit()) is None
            assert conflict_of(program, latency, Limit()) is None


def test_a_deadline_just_missed_is_in_conflict_with_what_makes_plans_late() -> None:
    found: set[Named] = set()
    for seed in range(40):
        program = small_program(Random(seed))
        latency = solve(program).latency
        if latency is None:
            continue
        conflict = conflict_of(program, latency - 1, Limit())
        assert conflict is not None
        names = set(conflict.names)
        found |= names
        assert Named.DEADLINE in names
        for name, other in (
            (Named.CUTS, changed(program, cuts=True)),
            (Named.VOLATILE, changed(program, volatile=True)),
        ):
            least = solve(other).latency
            assert name in names or least is None or least >= latency
        for witness in conflict.witnesses:
            assert witness.without is Named.DEADLINE or witness.latency < latency
    assert {Named.SUPPLY, Named.CUTS, Named.ENERGY, Named.VOLATILE} <= found


def test_a_limit_ends_the_search() -> None:
    program = next(one for one in map(small_program, map(Random, range(99))) if solve(one).plan is None)
    with pytest.raises(TimeUp):
        conflict_of(program, None, Limit(0.0))


def test_networks_are_not_asked() -> None:
    from ischedule.models.build import program_of
    from ischedule.models.case import load_case
    from tests.house.tree import ROOT

    assert conflict_of(program_of(load_case(ROOT / "cases/kws-inas-1mF-ts1.json")), None, Limit()) is None
    case = load_case(
        document(tasks={**document()["tasks"], "list": [{"name": "a", "energy": "1 uJ", "time": "1 ms", "repeat": 90}]})
    )
    assert case.wake.policy is Policy.FIXED
    assert conflict_of(program_of(case), 1, Limit()) is None
