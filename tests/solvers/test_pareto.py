"""The corners of the front of two criteria, against every plan of small programs."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from itertools import pairwise
from random import Random

from hypothesis import given
from hypothesis import strategies as st

from ischedule.analysis.check import spent_of
from ischedule.analysis.evaluate import evaluate
from ischedule.analysis.front import Point, checked_front
from ischedule.models.goal import Criterion
from ischedule.models.program import Program
from ischedule.solvers.limit import Limit
from ischedule.solvers.pareto import Front, front
from tests.solvers.test_budgets import every_plan, graph_of_sums, storing

SEEDS = st.integers(0, 10**9)
PAIRS = (
    (Criterion.LATENCY, Criterion.ENERGY),
    (Criterion.ENERGY, Criterion.LATENCY),
    (Criterion.LATENCY, Criterion.WRITTEN),
    (Criterion.CYCLES, Criterion.LATENCY),
)
SLACK = 40
"""Rounding down the parts of a mix can hide a plan that lies so little below a line: one unit for each part."""


def points_of(program: Program, names: tuple[Criterion, Criterion], found: Front) -> list[Point]:
    points = []
    for corner in found.corners:
        evaluation = evaluate(program, corner.plan)
        points.append(Point(corner.plan, evaluation, (spent_of(evaluation, names[0]), spent_of(evaluation, names[1]))))
    return points


@given(SEEDS)
def test_no_plan_lies_below_the_lines_between_the_corners(seed: int) -> None:
    random = Random(seed)
    program = storing(graph_of_sums(random), random)
    names = random.choice(PAIRS)
    plans = {(plan[names[0]], plan[names[1]]) for plan in every_plan(program)}
    found = front(program, *names, Limit())
    if not plans:
        assert found is None
        return
    assert found is not None
    corners = [(corner.spent[names[0]], corner.spent[names[1]]) for corner in found.corners]
    assert set(corners) <= plans
    assert corners == sorted(corners)
    assert [second for _, second in corners] == sorted((second for _, second in corners), reverse=True)
    assert corners[0] == min(plans)
    assert corners[-1][1] == min(second for _, second in plans)
    checked = checked_front(program, names, points_of(program, names, found), found.ends, found.between)
    assert checked.is_whole
    offset = program.law.offset
    for place, (left, right) in enumerate(pairwise(corners)):
        part = checked.below[place]
        assert part is not None
        proof = found.between[place]
        assert proof is not None
        weights = dict(proof.weights)
        shift = sum(weights[name] * offset for name in names if name is Criterion.LATENCY)
        sums = [weights[names[0]] * one[0] + weights[names[1]] * one[1] + shift for one in (left, right)]
        for plan in plans:
            total = weights[names[0]] * plan[0] + weights[names[1]] * plan[1] + shift
            assert total >= max(sums) * (1 - part)
            assert total >= min(sums) - SLACK * proof.scale


@given(SEEDS)
def test_a_bound_beyond_the_truth_proves_nothing(seed: int) -> None:
    random = Random(seed)
    program = storing(graph_of_sums(random), random)
    found = front(program, Criterion.LATENCY, Criterion.ENERGY, Limit())
    if found is None:
        return
    names = (Criterion.LATENCY, Criterion.ENERGY)
    points = points_of(program, names, found)
    greater = [
        None if proof is None else replace(proof, bound=replace(proof.bound, value=proof.bound.value + 1))
        for proof in found.between
    ]
    assert checked_front(program, names, points, found.ends, greater).below == (None,) * len(greater)
    ends = found.ends[0], replace(found.ends[1], spent=tuple(value + 1 for value in found.ends[1].spent or ()))
    assert checked_front(program, names, points, ends, found.between).least[1] is None
    assert checked_front(program, names, points, found.ends, found.between).furthest < Fraction(1)
