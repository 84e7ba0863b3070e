"""Networks with blocks: the exact solver against brute force, its certificates, and what leaves a block out."""

from __future__ import annotations

from dataclasses import replace
from random import Random

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from bench.blocks import QUICKER, Measured, Solved, judged
from ischedule.analysis.cover import Unproven, require_bound
from ischedule.analysis.evaluate import evaluate
from ischedule.models.network import Layer, Network, TensorShape
from ischedule.models.program import Program, TiledStage
from ischedule.models.tiling import Tiling
from ischedule.solvers.solve import solve
from ischedule.solvers.tiled import solve_tiled
from tests.models.block_strategies import networks
from tests.solvers.agreement import disagreement
from tests.solvers.blocked_networks import blocked, way
from tests.solvers.enumeration import best_of_all_designs, designs_of
from tests.solvers.random_laws import law_pool
from tests.solvers.test_graphs import orders, require_answer

SEEDS = st.integers(0, 10**9)
LAWS = law_pool(300)


def program_from(network: Network, seed: int) -> Program:
    """The network with its blocks, and physics by the seed."""
    random = Random(seed)
    return blocked(network, random.choice(LAWS), random)


def conv_and_pool(random: Random) -> Network:
    """A filter, and a pooling of windows behind it that overlap or touch."""
    stride = random.randint(1, 2)
    layers = (
        Layer("conv", "conv2d", ("input",), random.randint(1, 4), kernel=(3, 3), padding="same", activation="relu"),
        Layer("pool", "max_pool", ("conv",), kernel=(2, 2), stride=(stride, stride)),
    )
    return Network(TensorShape(random.randint(1, 3), 5, 4), layers)


def inverted_residual(random: Random) -> Network:
    """More channels made, filtered one by one and added up again, with what came in added at times."""
    source = TensorShape(random.randint(1, 2), random.randint(2, 4), random.randint(2, 3))
    middle = random.randint(2, 5)
    layers = [
        Layer("widen", "conv2d", ("input",), middle, kernel=(1, 1), bias=True, activation="relu"),
        Layer("filter", "conv2d", ("widen",), middle, kernel=(3, 3), padding="same", groups=middle),
        Layer("join", "conv2d", ("filter",), source.channels, kernel=(1, 1)),
    ]
    if random.random() < 0.5:
        layers.append(Layer("sum", "add", ("join", "input")))
    return Network(source, tuple(layers))


def block_of_all(program: Program) -> Program | None:
    """The program whose only stage is the block of all kernels, if there is one."""
    kernels = sum(len(program.kernels_of(stage)) == 1 for stage in range(len(program.stages)))
    found = [stage for stage in range(len(program.stages)) if len(program.kernels_of(stage)) == kernels > 1]
    return way(program, (found[0],)) if found else None


def combinations(program: Program) -> int:
    """In how many ways designs can be chosen."""
    found = 1
    for some in designs_of(program):
        found *= len(some)
    return found


@given(networks(most=3, side=4), SEEDS)
@settings(max_examples=50, suppress_health_check=list(HealthCheck))
def test_a_way_with_a_block_is_solved_as_by_brute_force(network: Network, seed: int) -> None:
    program = program_from(network, seed)
    chains = [order for order in orders(program) if any(len(program.kernels_of(stage)) > 1 for stage in order)]
    assume(chains)
    chain = way(program, Random(seed).choice(chains))
    assume(combinations(chain) <= 4000)
    assert disagreement(chain, solve_tiled, best_of_all_designs) is None


@given(networks(most=3, side=4), SEEDS)
@settings(max_examples=40, suppress_health_check=list(HealthCheck))
def test_the_optimum_is_that_of_the_best_way(network: Network, seed: int) -> None:
    program = program_from(network, seed)
    assume(len(program.stages) > 1 and any(len(program.kernels_of(stage)) > 1 for stage in range(len(program.stages))))
    answer = solve(program)
    found = [solve(way(program, order)).latency for order in orders(program)]
    assert answer.latency == min((latency for latency in found if latency is not None), default=None)
    require_answer(program, answer)
    if answer.bound is not None and answer.latency == answer.bound.value + program.law.offset:
        with pytest.raises(Unproven):
            require_bound(program, replace(answer.bound, value=answer.bound.value + 1))


def test_plans_with_blocks_are_common_and_their_latency_is_less() -> None:
    """Not every optimum runs a block, and not every one avoids them."""
    better = same = 0
    for seed in range(60):
        program = program_from(conv_and_pool(Random(seed)), seed)
        if len(program.stages) < 3:
            continue
        answer = solve(program)
        if answer.plan is None:
            continue
        alone = solve(way(program, (0, 1))).latency
        runs_block = answer.plan.stages == (2,)
        assert alone is None or answer.latency is None or answer.latency <= alone
        assert evaluate(program, answer.plan).latency == answer.latency
        better += runs_block
        same += not runs_block
    assert better >= 5
    assert same >= 5


@given(SEEDS)
@settings(max_examples=20)
def test_two_kernels_that_add_up_over_channels_are_solved_as_by_brute_force(seed: int) -> None:
    program = block_of_all(program_from(inverted_residual(Random(seed)), seed))
    assume(program is not None)
    assert program is not None
    assert disagreement(program, solve_tiled, best_of_all_designs) is None


@given(SEEDS)
@settings(max_examples=5)
def test_the_linear_program_finds_the_same_optimum(seed: int) -> None:
    program = program_from(inverted_residual(Random(seed)), seed)
    assume(program.law.max_cycles is None and block_of_all(program) is not None)
    exact, linear = solve(program), solve(program, solver="ilp")
    assert (linear.status, linear.latency) == (exact.status, exact.latency)
    if linear.plan is not None and linear.bound is not None:
        require_answer(program, linear)


def test_a_block_with_two_of_them_is_the_best_of_all_ways_at_times() -> None:
    """Its middle is taken whole or tile by tile."""
    tiles = set()
    best = other = 0
    for seed in range(24):
        program = program_from(inverted_residual(Random(seed)), seed)
        answer = solve(program)
        if answer.plan is None or block_of_all(program) is None:
            continue
        if len(answer.plan.stages) > 1:
            other += 1
            continue
        best += 1
        (index,), (design,) = answer.plan.stages, answer.plan.designs
        stage = program.stages[index]
        assert isinstance(stage, TiledStage)
        assert isinstance(design, Tiling)
        tiles.add(design.inputs < stage.forms[0].inputs)
    assert best >= 5
    assert other >= 5
    assert tiles == {False, True}


def test_a_claim_of_the_bench_that_does_not_hold_is_named() -> None:
    alone = Solved(10**12, 10, 100, 0, True, 1.0, 1.0)
    good = Measured(QUICKER[0], alone, replace(alone, latency=9 * 10**11, blocks=1))
    assert judged([good]) == []
    assert judged([replace(good, name="other", fused=alone)]) == []
    assert judged([replace(good, fused=replace(good.fused, is_proven=False))]) == [
        f"{QUICKER[0]}: not certified optimal"
    ]
    assert len(judged([replace(good, fused=alone)])) == 1
    assert len(judged([replace(good, fused=replace(alone, latency=2 * 10**12))])) == 2
