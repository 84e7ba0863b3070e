"""Programs in which time counts something else: what plans spend, and mixes of it."""

from __future__ import annotations

from dataclasses import replace
from random import Random

from hypothesis import given
from hypothesis import strategies as st

from ischedule.analysis.designs import tilings
from ischedule.models.chain import Chain
from ischedule.models.criteria import counted, stage_counted, weighed, with_stores
from ischedule.models.criteria_array import weighed_array
from ischedule.models.goal import Criterion
from ischedule.models.kernels import totals
from ischedule.models.program import ExplicitStage, Program, TiledStage
from ischedule.models.tiling import Tiling
from tests.analysis.small_networks import network

SEEDS = st.integers(0, 10**9)
AMOUNTS = (Criterion.ENERGY, Criterion.WRITTEN, Criterion.CYCLES)


def some_design(random: Random) -> tuple[Program, TiledStage, Tiling]:
    while True:
        program = network(random).program
        stage = random.choice(program.stages)
        assert isinstance(stage, TiledStage)
        stage = replace(stage, ends=replace(stage.ends, record=random.randint(0, 9)))
        designs = list(tilings(stage))
        if designs:
            return replace(program, stages=(stage,), steps=()), stage, random.choice(designs)


@given(SEEDS)
def test_an_amount_in_place_of_time_leaves_every_drain(seed: int) -> None:
    random = Random(seed)
    program, stage, tiling = some_design(random)
    chain = stage.chain(tiling)
    for criterion in AMOUNTS:
        other = counted(program, criterion).stages[0]
        assert isinstance(other, TiledStage)
        found = other.chain(tiling)
        assert (found.drain, found.resume_drain, found.commit_drain) == (
            chain.drain,
            chain.resume_drain,
            chain.commit_drain,
        )
        assert totals(other.forms[tiling.form], tiling, other.prices)[1] == sum(found.time)
    energy, written, cycles = (stage_counted(stage, criterion).chain(tiling) for criterion in AMOUNTS)  # type: ignore[arg-type]
    assert list(energy.time) == list(chain.drain)
    assert set(cycles.time) == {0}
    assert set(cycles.commit_time) == {1}
    assert set(written.commit_time) == {stage.ends.record}
    assert sum(written.time) % stage.prices.word_bytes == 0


@given(SEEDS, st.integers(1, 10**6), st.integers(0, 10**6), st.integers(0, 10**6), st.integers(1, 10**6))
def test_a_mix_costs_at_most_what_it_weighs(seed: int, energy: int, written: int, cycles: int, scale: int) -> None:
    program, stage, tiling = some_design(Random(seed))
    weights = {Criterion.LATENCY: scale, Criterion.ENERGY: energy, Criterion.WRITTEN: written, Criterion.CYCLES: cycles}
    mixed = weighed(program, weights, scale).stages[0]
    assert isinstance(mixed, TiledStage)
    exact = _explicit(stage, tiling)
    listed = weighed(replace(program, stages=(exact,)), weights, scale).stages[0]
    assert isinstance(listed, ExplicitStage)
    columns = [stage_counted(exact, criterion) for criterion in AMOUNTS]
    for place in range(len(exact.designs[0])):
        amounts = [one.designs[0].time[place] for one in columns if isinstance(one, ExplicitStage)]
        total = exact.designs[0].time[place] * scale
        total += sum(weight * amount for weight, amount in zip((energy, written, cycles), amounts, strict=True))
        assert mixed.chain(tiling).time[place] <= listed.designs[0].time[place] == total // scale


@given(SEEDS, st.integers(1, 1 << 40), st.integers(1, 1 << 40), st.integers(1, 10**6))
def test_bulk_and_single_changes_are_the_same(seed: int, energy: int, written: int, scale: int) -> None:
    program, stage, tiling = some_design(Random(seed))
    program = replace(program, stages=(_explicit(stage, tiling),))
    for latency in ({}, {Criterion.LATENCY: scale}):
        weights = {**latency, Criterion.ENERGY: energy, Criterion.WRITTEN: written}
        assert _columns(weighed(program, weights, scale)) == _columns(weighed_array(program, weights, scale))
    # a weight beyond 64 bits on what most columns have none of
    weights = {Criterion.ENERGY: energy, Criterion.CYCLES: 1 << 72}
    assert _columns(weighed(program, weights, scale << 20)) == _columns(weighed_array(program, weights, scale << 20))


def _explicit(stage: TiledStage, tiling: Tiling) -> ExplicitStage:
    return ExplicitStage(stage.name, (with_stores(stage, tiling),), stage.volatile)


def _columns(program: Program) -> list[list[int]]:
    stage = program.stages[0]
    assert isinstance(stage, ExplicitStage)
    chain: Chain = stage.designs[0]
    return [list(column) for column in chain.columns()]
