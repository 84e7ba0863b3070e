"""Networks with blocks from the case to the output: plans executed, memory laid out, and what is refused."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise
from random import Random
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import ischedule
from ischedule.analysis.arithmetic import Width
from ischedule.analysis.designs import tilings
from ischedule.analysis.direct import evaluate_graph, evaluate_network
from ischedule.analysis.evaluate import evaluate
from ischedule.analysis.executor import run, width_of
from ischedule.analysis.layer_numbers import random_network, random_tensor
from ischedule.analysis.layout_check import Fault, InvalidLayout, require_layout
from ischedule.analysis.parts import KERNEL_PARTS, stage_parts
from ischedule.analysis.power_cycles import InvalidPlan, Violation, chains_of, power_cycles
from ischedule.models.block import Block
from ischedule.models.build import program_of
from ischedule.models.case import Case, load_case
from ischedule.models.layer import Layer, TensorShape
from ischedule.models.layout import layout_of
from ischedule.models.network import Network
from ischedule.models.plan import Plan, PowerCycles, Status
from ischedule.models.program import Program, TiledStage
from ischedule.models.storage import Slot
from ischedule.models.strict_json import read_json
from ischedule.models.tiling import Tiling
from tests.analysis.test_executor_networks import small_case, volatile_of
from tests.house.tree import ROOT

NAME = "activity-msp430-blocks"


@pytest.fixture(scope="module")
def solved() -> ischedule.Result:
    return ischedule.solve(str(ROOT / "cases" / f"{NAME}.json"))


def plan_in(result: Any) -> Plan:
    plan = result.plan_file.plan
    assert isinstance(plan, Plan)
    return plan


def without_blocks(case: Case) -> Case:
    assert case.network is not None
    return replace(case, network=replace(case.network, fuse=False))


def blocks_of(program: Program, plan: Plan) -> list[int]:
    """The places in a plan of its blocks."""
    return [place for place, stage in enumerate(plan.stages) if len(program.kernels_of(stage)) > 1]


def test_the_shipped_case_is_quicker_and_writes_less_with_blocks(solved: ischedule.Result) -> None:
    program, plan = program_of(solved.case), plan_in(solved)
    assert len(blocks_of(program, plan)) == 2
    plain = ischedule.solve(without_blocks(solved.case))
    with_, without = evaluate(program, plan), evaluate(program_of(plain.case), plan_in(plain))
    assert with_.latency < without.latency
    assert with_.drain < without.drain
    assert 2 * with_.written < without.written


@pytest.mark.parametrize("seed", range(3))
def test_the_plan_executed_gives_the_direct_evaluation(solved: ischedule.Result, seed: int) -> None:
    case, plan = solved.case, plan_in(solved)
    random = np.random.default_rng(seed)
    assert case.network is not None
    numbers = random_network([kernel.shape for kernel in case.lowered().kernels], width_of(case), random)
    words = random_tensor(case.network.input, width_of(case), random)
    execution = run(case, plan, words, numbers, failures=set(range(0, 4000, 97 + seed)))
    expected = evaluate_network([kernel.shape for kernel in case.lowered().kernels], numbers, words)
    np.testing.assert_array_equal(execution.output.ravel(), expected.ravel())
    require_charged(program_of(case), plan, execution)


def require_charged(program: Program, plan: Plan, execution: Any) -> None:
    """Each cycle drains what its work is worth, and each stage fits in what it says of volatile memory."""
    run_stages = [program.stages[index] for index in plan.stages]
    chains = chains_of(program, plan)
    for cycle, ran in zip(power_cycles(program, plan, chains), execution.cycles, strict=True):
        drained = 0
        for place, work in ran.work:
            stage, design = run_stages[place], plan.designs[place]
            assert isinstance(stage, TiledStage)
            assert isinstance(design, Tiling)
            drained += work.price(stage.prices, design.order)[0]
        ends = run_stages[0].ends  # type: ignore[union-attr]
        assert cycle.drain == drained + ends.resume[0] + ends.commit[0]
    for place, chain in enumerate(chains):
        stage = run_stages[place]
        assert isinstance(stage, TiledStage)
        assert volatile_of(execution, place, stage.prices) == chain.volatile


def test_what_lies_inside_a_block_takes_no_memory(solved: ischedule.Result) -> None:
    program, plan, network = program_of(solved.case), plan_in(solved), solved.case.lowered()
    inner = {network.kernels[0].writes, network.kernels[2].writes}
    layout = layout_of(program, plan)
    assert {slot.tensor for slot in layout.buffers} == set(range(len(network.tensors))) - inner
    memory = solved.memory
    assert memory is not None
    capacity = 1 << 20
    addresses = dict(memory.addresses)
    require_layout(program, plan, addresses, capacity)
    with pytest.raises(InvalidLayout) as problem:
        require_layout(program, plan, addresses | {Slot(min(inner)): 0}, capacity)
    assert problem.value.fault is Fault.MISSING
    both = [slot for slot in addresses if slot.tensor in (0, network.kernels[1].writes)]
    with pytest.raises(InvalidLayout) as problem:
        require_layout(program, plan, addresses | {both[0]: addresses[both[1]]}, capacity)
    assert problem.value.fault is Fault.SHARED


@given(st.integers(0, 10**9))
@settings(max_examples=40, suppress_health_check=list(HealthCheck))
def test_a_design_that_is_none_of_the_block_is_refused(solved: ischedule.Result, seed: int) -> None:
    """Sizes that are not the least for their number, another batch, part of the input channels where all are taken."""
    random = Random(seed)
    program, plan = program_of(solved.case), plan_in(solved)
    place = random.choice(blocks_of(program, plan))
    stage, design = program.stages[plan.stages[place]], plan.designs[place]
    assert isinstance(design, Tiling)
    assert isinstance(stage, TiledStage)
    (block,) = stage.forms
    assert isinstance(block, Block)
    wrong = random.choice(
        [
            replace(design, rows=block.rows - 1),
            replace(design, batch=design.batch + 1),
            replace(design, rows=0),
            replace(design, outputs=block.outputs + 1),
            replace(design, form=1),
            replace(design, order=next(o for o in block.orders if o.value == "input"), inputs=block.inputs - 1),
        ]
    )
    designs = (*plan.designs[:place], wrong, *plan.designs[place + 1 :])
    with pytest.raises(InvalidPlan) as problem:
        evaluate(program, replace(plan, designs=designs))
    assert problem.value.violation is Violation.UNKNOWN_DESIGN


def test_the_parts_of_a_block_add_up(solved: ischedule.Result) -> None:
    program, plan = program_of(solved.case), plan_in(solved)
    for place in blocks_of(program, plan):
        stage, design = program.stages[plan.stages[place]], plan.designs[place]
        parts, chain = stage_parts(stage, design), chains_of(program, plan)[place]
        assert sum(parts[part].drain for part in KERNEL_PARTS) == sum(chain.drain)
        assert sum(parts[part].time for part in KERNEL_PARTS) == sum(chain.time)


def test_a_block_written_into_a_concatenation_is_executed() -> None:
    """The last kernel of a block fills its channels of a larger tensor; the first reads what others read too."""
    document = read_json(str(ROOT / "cases" / f"{NAME}.json"))
    assert isinstance(document, dict)
    layers = [
        {"name": "a", "kind": "conv2d", "out_channels": 3, "kernel": [3, 3], "padding": "same", "bias": True},
        {"name": "b", "kind": "max_pool", "kernel": [3, 3], "stride": 2, "padding": "same"},
        {"name": "c", "kind": "conv2d", "out_channels": 2, "kernel": [1, 1], "stride": 2, "inputs": ["input"]},
        {"name": "both", "kind": "concat", "inputs": ["c", "b"]},
        {"name": "last", "kind": "conv2d", "out_channels": 2, "kernel": [2, 2]},
    ]
    network = {"input": {"channels": 2, "height": 6, "width": 5}, "width": "int16", "fuse": True, "layers": layers}
    result = ischedule.solve(load_case(document | {"network": network}))
    program, kernels = program_of(result.case), result.case.lowered()
    plan = plan_in(result)
    names = [program.stages[stage].name for stage in plan.stages]
    assert "a + b" in names
    random = np.random.default_rng(1)
    numbers = random_network([kernel.shape for kernel in kernels.kernels], width_of(result.case), random)
    assert result.case.network is not None
    words = random_tensor(result.case.network.input, width_of(result.case), random)
    execution = run(result.case, plan, words, numbers, failures={3, 50, 90})
    by_name = {kernel.name: one for kernel, one in zip(kernels.kernels, numbers, strict=True)}
    expected = evaluate_graph(result.case.network, by_name, words)["last"]
    np.testing.assert_array_equal(execution.output, expected)


def branched(random: Random) -> Network:
    """An inverted residual to which another branch is added, or what it began with."""
    channels, middle = random.randint(1, 3), random.randint(2, 5)
    added = random.choice(("side", "stem"))
    layers = [
        Layer("stem", "conv2d", ("input",), channels, kernel=(2, 2), activation="relu"),
        Layer("side", "max_pool", ("stem",), kernel=(3, 3), stride=(1, 1), padding="same"),
        Layer("widen", "conv2d", ("stem",), middle, kernel=(1, 1), bias=random.random() < 0.5, activation="relu"),
        Layer("filter", "conv2d", ("widen",), middle, kernel=(3, 3), padding="same", groups=middle),
        Layer("join", "conv2d", ("filter",), channels, kernel=(1, 1)),
        Layer("sum", "add", ("join", added)),
        Layer("last", "conv2d", ("sum",), 2, kernel=(1, 1)),
    ]
    used = tuple(layer for layer in layers if layer.name != "side" or added == "side")
    return Network(TensorShape(2, random.randint(3, 6), random.randint(3, 6)), used, fuse=True)


def plan_with_blocks(program: Program, random: Random) -> Plan:
    """Any way that runs a block wherever it can, any designs, cut anywhere."""
    way: list[int] = []
    place = 0
    while place != program.end:
        steps = sorted((one for one in program.steps if one.source == place), key=lambda one: one.target)
        step = random.choice(steps[-2:])
        way.append(step.stage)
        place = step.target
    designs = []
    for index in way:
        stage = program.stages[index]
        assert isinstance(stage, TiledStage)
        every = list(tilings(stage))
        order = random.choice([one.order for one in every])
        designs.append(random.choice([one for one in every if one.order is order]))
    atoms = sum(len(program.stages[index].chain(one)) for index, one in zip(way, designs, strict=True))  # type: ignore
    cuts = [atom for atom in range(1, atoms) if random.random() < 0.3]
    cycles = [PowerCycles(1, stop - start, 1) for start, stop in pairwise([0, *cuts, atoms])]
    return Plan(tuple(designs), tuple(cycles), tuple(way))


@given(st.integers(0, 10**9))
@settings(max_examples=40, suppress_health_check=list(HealthCheck))
def test_any_plan_with_blocks_gives_the_direct_evaluation(seed: int) -> None:
    """A sum inside a block reads what another branch has stored; what blocks keep between kernels has no address."""
    random = Random(seed)
    network = branched(random)
    case = small_case(random.choice(list(Width)))
    case = replace(case, network=network)
    program, kernels = program_of(case), case.lowered()
    plan = plan_with_blocks(program, random)
    generator = np.random.default_rng(seed)
    width = width_of(case)
    numbers = random_network([kernel.shape for kernel in kernels.kernels], width, generator)
    words = random_tensor(network.input, width, generator)
    execution = run(case, plan, words, numbers, failures=set(random.sample(range(400), 8)))
    by_name = {kernel.name: one for kernel, one in zip(kernels.kernels, numbers, strict=True)}
    np.testing.assert_array_equal(execution.output, evaluate_graph(network, by_name, words)["last"])
    require_charged(program, plan, execution)
    layout = layout_of(program, plan)
    address, addresses = layout.constants.total, {}
    for slot, buffer in layout.buffers.items():
        addresses[slot] = address
        address += buffer.size
    require_layout(program, plan, addresses, address)
    runs = [program.kernels_of(stage) for stage in plan.stages]
    inner = {kernels.kernels[kernel].writes for some in runs for kernel in some[:-1]}
    assert inner.isdisjoint(slot.tensor for slot in layout.buffers)


def test_a_network_may_fit_with_blocks_only(solved: ischedule.Result) -> None:
    """Of the maps that blocks leave out none must be kept."""
    asked = replace(solved.case.requirements, nonvolatile_memory=11_800)
    small = replace(solved.case, requirements=asked)
    found = ischedule.solve(small)
    assert found.status is Status.SCHEDULABLE
    assert found.memory is not None
    assert found.memory.size <= 11_800
    assert ischedule.solve(without_blocks(small)).status is Status.UNSCHEDULABLE
