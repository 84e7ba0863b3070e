"""Pieces of programs: boundaries that every plan passes, what lies between two of them, and stages that are alike."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ischedule.models.program import Leap, Program, Step, TiledStage, are_alike
from tests.analysis import small_networks
from tests.solvers.test_graphs import explicit_graph

SEEDS = st.integers(0, 10**6)


def ways(program: Program, source: int, target: int) -> Iterator[tuple[Step, ...]]:
    """Every way from one boundary to another."""
    if source == target:
        yield ()
    for step in program.steps:
        if step.source == source and step.target <= target:
            for rest in ways(program, step.target, target):
                yield (step, *rest)


def narrows(program: Program) -> list[int]:
    """The boundaries on every way from the start to the end."""
    passed = [{0, *(step.target for step in way)} for way in ways(program, 0, program.end)]
    return sorted(set.intersection(*passed))


@given(SEEDS)
def test_narrows_are_on_every_way(seed: int) -> None:
    program = explicit_graph(Random(seed), 6)
    assert program.narrows == narrows(program)


@given(SEEDS)
def test_what_lies_between_narrows_has_the_same_ways(seed: int) -> None:
    random = Random(seed)
    program = explicit_graph(random, 6)
    source, target = sorted(random.sample(program.narrows, 2))
    closed = frozenset(random.sample(range(1, program.end), min(2, program.end - 1)))
    broken = frozenset(random.sample(range(len(program.steps)), 1))
    program = replace(program, closed=closed, broken=broken)
    inner, stages = program.between(source, target, program.law)
    expected = {tuple((step.stage, step.target) for step in way) for way in ways(program, source, target)}
    found = ways(inner, 0, inner.end)
    assert {tuple((stages[step.stage], step.target + source) for step in way) for way in found} == expected
    assert inner.stages == tuple(program.stages[stage] for stage in stages)
    assert inner.closed == {boundary - source for boundary in closed if source < boundary < target}
    moved = {program.steps[place] for place in broken}
    kept = {Step(stages[step.stage], step.source + source, step.target + source) for step in _broken(inner)}
    assert kept == {step for step in moved if source <= step.source and step.target <= target}


def _broken(program: Program) -> list[Step]:
    return [program.steps[place] for place in program.broken]


@given(SEEDS)
def test_leaps_raise_what_lies_behind_and_beside(seed: int) -> None:
    """Where a leap says less than the stages nothing changes; where it says more all ways through it count it."""
    random = Random(seed)
    program = explicit_graph(random, 6)
    values = [random.randint(0, 9) for _ in program.stages]
    source, target = sorted(random.sample(program.narrows, 2))
    plain, beside = program.behind(values), program.beside(values)
    least = min(sum(values[step.stage] for step in way) for way in ways(program, source, target))
    for more in (-1, 0, 5):
        leap = Leap(source, target, least + more)
        raised = max(0, more)
        behind = program.behind(values, [leap])
        assert behind[source] == plain[source] + raised
        assert behind[target:] == plain[target:]
        assert program.behind(values, [leap, leap]) == behind
        outside = {step.stage for step in program.steps if step.target <= source or step.source >= target}
        for stage, value in enumerate(program.beside(values, [leap])):
            assert value == beside[stage] + (raised if stage in outside else 0)


@pytest.mark.parametrize("seed", range(20))
def test_stages_are_alike_that_differ_in_name_alone(seed: int) -> None:
    stage = small_networks.network(Random(seed), 1, unusual=seed % 2 == 1).keys[0].stage
    assert are_alike(stage, replace(stage, name="another", kernels=(7,)))
    extent, (energy, time) = stage.forms[0], stage.prices.read
    others: list[TiledStage] = [
        replace(stage, forms=(replace(extent, rows=extent.rows + 1), *stage.forms[1:])),
        replace(stage, forms=(*stage.forms, extent)),
        replace(stage, prices=replace(stage.prices, read=(energy + 1, time))),
        replace(stage, prices=replace(stage.prices, multiple=stage.prices.multiple + 1)),
        replace(stage, ends=replace(stage.ends, commit=(stage.ends.commit[0] + 1, 0))),
        replace(stage, volatile=stage.volatile + 1),
        replace(stage, sums_in_memory=not stage.sums_in_memory),
        replace(stage, writes_per_byte=2),
    ]
    assert not any(are_alike(stage, other) for other in others)


@given(SEEDS)
def test_programs_are_alike_with_the_same_ways_and_laws(seed: int) -> None:
    program = explicit_graph(Random(seed), 4)
    assert program.is_like(replace(program, digest="another"))
    assert not program.is_like(replace(program, stages=program.stages[:-1], steps=()))
    assert not program.is_like(replace(program, stages=(*program.stages[1:], program.stages[0]))) or (
        program.stages[1:] == program.stages[:-1]
    )
    if program.end > 1:
        assert not program.is_like(replace(program, closed=frozenset({1})))
    assert not program.is_like(replace(program, broken=frozenset({0})))
