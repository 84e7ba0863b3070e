"""The benchmarks' own arithmetic: restricted searches against brute force, and claims that can fail."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise
from random import Random
from typing import Any
from unittest.mock import patch

import numpy as np
import pytest

from bench import solvers
from bench.cross_check import Comparison, programs
from bench.network_cases import FIXED, PROGRAMMABLE, Variant, geometric_mean, variants
from bench.networks import LEAST_SPEED_UP, Line
from bench.restrictions import RESTRICTIONS, SECOND, without
from bench.scaling import CHECK_SECONDS, Measured, judged, program_of_arrays, read_program, slopes, write_case
from ischedule.models import kernels_array
from ischedule.models.build import program_of
from ischedule.models.case import load_case
from ischedule.models.goal import PLAIN, Criterion
from ischedule.models.kernels import is_canonical, rows_of
from ischedule.models.plan import Bound
from ischedule.models.plan_file import Certified
from ischedule.models.program import Program, TiledStage
from ischedule.models.tiling import Tiling
from ischedule.models.waiting import CycleLaw
from ischedule.solvers.budgets import solve_goal
from ischedule.solvers.explicit import solve_explicit
from ischedule.solvers.limit import Limit
from ischedule.solvers.outcome import Outcome
from ischedule.solvers.spending import spent_by
from ischedule.solvers.tiled import solve_tiled
from tests.solvers.enumeration import designs_of
from tests.solvers.milp import Found
from tests.solvers.random_laws import law_pool
from tests.solvers.random_programs import random_tiled


def one_price(law: CycleLaw) -> bool:
    """Whether a cycle costs the same wherever it stands in a plan, as under the readings of the networks."""
    drains = (0, law.capacity // 3, law.capacity)
    same = law.max_cycles is None and law.first_capacity == law.capacity
    return same and all(len({law.first(e), law.mid(e), law.last(e), law.only(e)}) == 1 for e in drains)


LAWS = [law for law in law_pool(600) if one_price(law)]


def solvable(seed: int) -> Program | None:
    """A program of layers, None where no plan exists."""
    random = Random(seed)
    program = random_tiled(random, random.choice(LAWS))
    return program if solve_tiled(program, Limit()).cost is not None else None


def batch_by_batch(program: Program, stage: TiledStage, tiling: Tiling) -> int | None:
    """The cost of a design with a cycle for each of its tile batches, None if one does not fit."""
    total = 0
    for row, times in rows_of(stage.forms[tiling.form], tiling, stage.prices):
        for place, atom in enumerate(row.atoms):
            again = row.again if place else (0, 0)
            drain, time = (
                atom[part] + again[part] + stage.ends.resume[part] + stage.ends.commit[part] for part in (0, 1)
            )
            if drain > program.law.capacity:
                return None
            total += times * (time + program.law.mid(drain))
    return total


def test_single_batches_equal_brute_force() -> None:
    checked = 0
    for seed in range(60):
        program = solvable(seed)
        if program is None:
            continue
        total = program.law.offset
        for stage, designs in zip(program.stages, designs_of(program), strict=True):
            assert isinstance(stage, TiledStage)
            costs = [batch_by_batch(program, stage, one) for one in designs if isinstance(one, Tiling)]
            total += min(cost for cost in costs if cost is not None)
        assert without("several batches in a cycle", program) == pytest.approx(total / SECOND, rel=1e-8, abs=1e-9)
        checked += 1
    assert checked > 20


def test_restrictions_never_help_and_sometimes_hurt() -> None:
    for restriction in RESTRICTIONS:
        rises = []
        for program in filter(None, map(solvable, range(40))):
            cost = solve_tiled(program, Limit()).cost
            assert cost is not None
            try:
                rises.append(without(restriction, program) * SECOND - cost - program.law.offset)
            except AssertionError:
                continue
        assert min(rises) > -1e6
        assert max(rises) > 1e6


def test_every_kind_of_network_has_a_claim_and_readings_of_its_own() -> None:
    assert {one.label for one in variants()} == set(LEAST_SPEED_UP)
    assert len(variants()) == 9 * 2 + 9 * 4
    fixed, programmable = (Variant("kws-inas-1mF-ts1", policy, True).document() for policy in (FIXED, PROGRAMMABLE))
    assert (fixed["start"], fixed["until"], fixed["buffer"]["margin"]) == ("charged", "recharged", "0.685")
    assert (programmable["start"], programmable["until"]) == ("floor", "published")
    assert load_case(programmable).dense_as_channels


def test_a_line_that_misses_a_claim_says_so() -> None:
    variant = variants()[0]
    good = Line(variant, variant.reference, Certified.OPTIMAL, 1.0)
    assert good.failures == []
    assert len(Line(variant, variant.reference, None, 1.0).failures) == 1
    assert len(Line(variant, variant.reference * 1.001, Certified.OPTIMAL, 1.0).failures) == 1
    assert len(Line(variant, variant.published * 1.1, Certified.OPTIMAL, 1.0).failures) == 2
    assert geometric_mean([1, 4]) == pytest.approx(2)


def test_growth_and_limits_are_judged(capsys: pytest.CaptureFixture[str]) -> None:
    sizes = (10**4, 10**5)
    assert slopes((10**3, *sizes), (1.0, 50.0, 100.0)) == pytest.approx([np.log10(2)])
    even = [Measured(0, 1.0, 100.0), Measured(0, 10.0, 200.0)]
    assert judged("arrays", sizes, {"solve": even, "check": even}) == []
    steep = [Measured(0, 0.1, 100.0), Measured(0, CHECK_SECONDS + 1, 3000.0)]
    assert len(judged("arrays", sizes, {"solve": steep, "check": steep})) == 6
    assert "grows as atoms^" in capsys.readouterr().out


def test_solvers_that_differ_or_are_nearly_as_fast_fail_their_benchmark() -> None:
    """One without an answer counts as what it had; the factor counts with the most atoms and the larger cycles only."""
    window, limit = solvers.WINDOWS[-1], 200.0
    late = solvers.Line({"exact": 2.0, "HiGHS": None, "CBC": None}, limit, {7})
    assert (late.factor, solvers.factor_of(late)) == (100, "at least 100")
    assert solvers.judged({solvers.LARGEST: late}, window) == []
    near = replace(late, seconds={"exact": 2.0, "HiGHS": None, "CBC": 199.0})
    assert len(solvers.judged({solvers.LARGEST: near}, window)) == 1
    assert solvers.judged({solvers.LARGEST: near}, solvers.WINDOWS[0]) == []
    assert solvers.judged({200: near}, window) == []
    assert len(solvers.judged({200: replace(near, costs={7, 8})}, window)) == 1
    assert len(solvers.judged({200: replace(near, seconds={"exact": None, "HiGHS": 1.0})}, window)) == 1


def test_the_budget_of_that_benchmark_binds() -> None:
    program = solvers.instance(50, 8)
    free = solve_explicit(replace(program, goal=PLAIN), Limit())
    assert free.plan is not None
    assert spent_by(program, free.plan)[Criterion.WRITTEN] > solvers.budget_of(program)
    found = solve_goal(program, Limit())
    assert found.spent is not None
    assert found.spent[Criterion.WRITTEN] <= solvers.budget_of(program)
    assert free.cost is not None
    assert found.spent[Criterion.LATENCY] > free.cost
    with patch.object(solvers, "start", lambda seconds: solvers.used()):
        assert solvers.by_pulp("highs")(program, 60.0)[0] == found.spent[Criterion.LATENCY]


def test_the_chains_of_the_scaling_benchmark_have_about_twenty_atoms_in_a_cycle(tmp_path) -> None:  # type: ignore[no-untyped-def]
    for program in (program_of_arrays(3000), read_program(write_case(tmp_path, 3000))):
        plan = solve_explicit(program, Limit()).plan
        assert plan is not None
        ends = [run.atoms for run in plan.cycles for _ in range(run.repeat)]
        assert 12 <= sum(ends) / len(ends) <= 30


def test_the_cross_check_ends_with_its_largest_programs() -> None:
    made = programs(30)
    assert [atoms for atoms, _ in made[-10:]] == [200] * 10
    assert all(later >= earlier for (earlier, _), (later, _) in pairwise(made[-11:]))
    outcome = Outcome(None, None, 4, None, 1)
    assert not Comparison(5, Found(3, 1, 0.1), outcome, 0.1).agrees
    assert Comparison(5, Found(4, 1, 0.1), outcome, 0.1).agrees
    followed = replace(outcome, bound=Bound(4, (0, 1), (), follows_levels=True))
    assert Comparison(5, Found(3, 1, 0.1), followed, 0.1).agrees
    assert not Comparison(5, Found(5, 1, 0.1), followed, 0.1).agrees


def test_the_shipped_networks_have_one_price_for_every_cycle() -> None:
    """What adding up the optima of single layers rests on."""
    for variant in variants():
        if variant.name.endswith("ts1"):
            assert one_price(program_of(load_case(variant.document())).law)


def test_whole_tiles_cost_what_the_same_tiles_of_a_longer_loop_cost() -> None:
    """One tiling at a time: the layer whose loops are as long as its tiles together has no smaller last tile."""
    compared = 0
    for seed in range(60):
        program = random_tiled(Random(seed), Random(seed).choice(LAWS), stages=1)
        (stage,) = program.stages
        assert isinstance(stage, TiledStage)
        tilings = [one for one in designs_of(program)[0] if isinstance(one, Tiling)]
        for tiling in Random(seed).sample(tilings, min(4, len(tilings))):
            extent = stage.forms[tiling.form]
            if extent.pooling or not is_canonical(extent, tiling, stage.prices):
                continue
            tiles = (tiling.rows, tiling.columns, tiling.outputs, tiling.inputs)
            loops = [-(-loop // tile) * tile for tile, loop in zip(tiles, extent.loops, strict=True)]
            longer = replace(extent, **dict(zip(("rows", "columns", "outputs", "inputs"), loops, strict=True)))
            only = replace(tiling, form=0)
            alone = [replace(program, stages=(replace(stage, forms=(one,)),)) for one in (extent, longer)]
            found = [_only(one, only, restriction) for one, restriction in zip(alone, (True, False), strict=True)]
            assert found[0] == found[1]
            compared += found[0] is not None
    assert compared > 50


def _only(program: Program, tiling: Tiling, charged_whole: bool) -> float | None:
    """The least latency by one tiling alone."""
    original = kernels_array.enumerate_designs

    def enumerate_designs(*arguments: Any, **named: Any) -> list[Any]:
        found = original(*arguments, **named, canonical=False)
        return [some.take(np.array([some.tiling(i) == tiling for i in range(len(some))], dtype=bool)) for some in found]

    with patch.object(kernels_array, "enumerate_designs", enumerate_designs):
        try:
            if charged_whole:
                return without("smaller last tiles", program)
            cost = solve_tiled(program, Limit()).cost
            return None if cost is None else (cost + program.law.offset) / SECOND
        except AssertionError:
            return None
