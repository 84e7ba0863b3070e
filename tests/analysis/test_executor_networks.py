"""Whole networks under plans, solved and random: the direct evaluation's results for what the plan is charged."""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from itertools import accumulate, pairwise
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import ischedule
from ischedule.analysis.arithmetic import Width, Words
from ischedule.analysis.direct import evaluate_graph, evaluate_network
from ischedule.analysis.executor import Execution, ends_of_cycles, run, width_of
from ischedule.analysis.layer_numbers import random_network, random_numbers, random_tensor
from ischedule.analysis.power_cycles import chains_of, power_cycles
from ischedule.models.build import program_of
from ischedule.models.case import Case, load_case
from ischedule.models.errors import InputError
from ischedule.models.plan import Plan, PowerCycles
from ischedule.models.primitives import Prices
from ischedule.models.program import Program, TiledStage
from ischedule.models.strict_json import read_json
from ischedule.models.tiling import Order, Tiling
from tests.house.tree import ROOT
from tests.models.case_examples import NETWORK, TASKS
from tests.models.kernel_strategies import tilings
from tests.models.network_strategies import networks

LAYERS = (
    {"name": "conv", "kind": "conv2d", "out_channels": 3, "kernel": [2, 3]},
    {"name": "line", "kind": "conv1d", "out_channels": 4, "kernel": [2]},
    {"name": "inner", "kind": "dense", "out_channels": 5},
    {"name": "pool", "kind": "global_average_pool"},
    {"name": "outer", "kind": "dense", "out_channels": 3},
)


@cache
def small_case(width: Width, sums: str | None = None) -> Case:
    """A chain of all kinds of layers on a device with words of this width, and sums as usual or as stated."""
    name = NETWORK["device"]
    device = read_json(str(ROOT / "models" / "devices" / f"{name}.json"))
    assert isinstance(device, dict)
    network = {"input": {"channels": 2, "height": 5, "width": 4}, "layers": list(LAYERS)}
    network |= {} if sums is None else {"sums": sums}
    options = {"dense_as_channels": True}
    return load_case(
        NETWORK | {"device": device | {"word": f"{width.value} B"}, "network": network, "options": options}
    )


def numbers_and_input(case: Case, seed: int) -> tuple[Any, Words]:
    """Numbers of all layers and a feature map."""
    random = np.random.default_rng(seed)
    assert case.network is not None
    width = width_of(case)
    return random_network(case.chain(), width, random), random_tensor(case.network.input, width, random)


def require_charged(program: Program, plan: Plan, execution: Execution) -> None:
    """Each cycle drains what its work is worth, and each layer fits in what it says of volatile memory."""
    cycles = power_cycles(program, plan, chains_of(program, plan))
    assert len(cycles) == len(execution.cycles)
    stages = [stage for stage in program.stages if isinstance(stage, TiledStage)]
    for cycle, ran in zip(cycles, execution.cycles, strict=True):
        parts = []
        for layer, work in ran.work:
            tiling = plan.designs[layer]
            assert isinstance(tiling, Tiling)
            parts.append(work.price(stages[layer].prices, tiling.order)[0])
        ends = stages[ran.work[0][0]].ends
        assert cycle.drain == sum(parts) + ends.resume[0] + ends.commit[0]
        assert (cycle.first_stage, cycle.last_stage) == (ran.work[0][0], ran.work[-1][0])
    for layer, chain in enumerate(chains_of(program, plan)):
        assert volatile_of(execution, layer, stages[layer].prices) == chain.volatile


def volatile_of(execution: Execution, layer: int, prices: Prices) -> int:
    """Bytes of volatile memory that a layer took, where the plan's sums are those of the execution or words."""
    if prices.sum_words > 1:
        return execution.volatile_bytes(layer)
    return execution.volatile_elements(layer) * prices.word_bytes


@st.composite
def plans(draw: st.DrawFn, program: Program) -> Plan:
    """Any design of every stage, and power cycles anywhere."""
    designs = []
    for stage in program.stages:
        assert isinstance(stage, TiledStage)
        form = draw(st.integers(0, len(stage.forms) - 1))
        drawn = draw(tilings(stage.forms[form]))
        designs.append(Tiling(form, drawn.order, drawn.rows, drawn.columns, drawn.outputs, drawn.inputs, drawn.batch))
    lengths = [len(stage.chain(design)) for stage, design in zip(program.stages, designs, strict=True)]
    atoms = sum(lengths)
    ends = (
        draw(st.sets(st.integers(1, atoms), max_size=12))
        | {atoms}
        | draw(st.sets(st.sampled_from([*accumulate(lengths)])))
    )
    sizes = [end - start for start, end in pairwise([0, *sorted(ends)])]
    return Plan(tuple(designs), tuple(PowerCycles(1, size, 0) for size in sizes))


@pytest.mark.parametrize(("width", "sums"), [(Width.INT8, None), (Width.INT16, None), (Width.INT16, "int64")], ids=str)
def test_any_plan_of_a_network_gives_its_results_for_what_it_is_charged(width: Width, sums: str | None) -> None:
    case = small_case(width, sums)
    program = program_of(case)

    @settings(max_examples=60)
    @given(plans(program), st.integers(0, 2**32 - 1), st.sets(st.integers(0, 2000), max_size=20))
    def check(plan: Plan, seed: int, failures: set[int]) -> None:
        numbers, words = numbers_and_input(case, seed)
        execution = run(case, plan, words, numbers, failures)
        expected = evaluate_network(case.chain(), numbers, words)
        np.testing.assert_array_equal(execution.output, expected.reshape(execution.output.shape))
        assert execution.output.dtype == width.word
        assert execution.work.macs == sum(shape.macs for shape in case.chain())
        require_charged(program, plan, execution)

    check()


@pytest.mark.parametrize("name", ["kws-inas-1mF-ts1", "cifar10-inas-10mF-ts1"])
def test_a_solved_case_runs_to_its_direct_evaluation(name: str) -> None:
    case = load_case(str(ROOT / "cases" / f"{name}.json"))
    result = ischedule.solve(case)
    assert result.plan_file is not None
    plan = result.plan_file.plan
    assert plan is not None
    numbers, words = numbers_and_input(case, 7)
    execution = run(case, plan, words, numbers, failures=range(0, 100_000, 9973))
    expected = evaluate_network(case.chain(), numbers, words)
    np.testing.assert_array_equal(execution.output, expected.reshape(execution.output.shape))
    assert len(np.unique(expected)) > 1
    require_charged(program_of(case), plan, execution)
    assert ends_of_cycles(plan)[-1] == sum(map(len, chains_of(program_of(case), plan)))


def test_numbers_and_input_are_drawn_where_they_are_not_given() -> None:
    case = small_case(Width.INT8)
    designs = tuple(Tiling(0, *_whole(stage)) for stage in program_of(case).stages)
    plan = Plan(designs, (PowerCycles(1, len(designs), 0),))
    numbers, words = numbers_and_input(case, 3)
    np.testing.assert_array_equal(run(case, plan, seed=3).output, run(case, plan, words, numbers).output)


def _whole(stage: Any) -> tuple[Any, ...]:
    """The design of a single atom."""
    extent = stage.forms[0]
    return (Order.OUTPUT, *extent.loops, 1)


def test_tasks_cannot_be_executed() -> None:
    with pytest.raises(InputError, match="opaque"):
        run(load_case(TASKS), Plan((0,), (PowerCycles(1, 5, 0),)))


def test_words_of_other_widths_cannot_be_executed() -> None:
    case = small_case(Width.INT8)
    assert case.device is not None
    wide = replace(case, device=replace(case.device, word_bytes=4))
    with pytest.raises(InputError, match="8 or 16 bits"):
        run(wide, Plan((), ()))


@st.composite
def graph_cases(draw: st.DrawFn) -> Case:
    """A network of any layers and branches, on a device with words of 8 bits."""
    network = draw(networks(most_layers=6, most_extent=3))
    case = small_case(Width.INT8)
    return replace(case, network=replace(network, width=1))


@settings(max_examples=120, suppress_health_check=list(HealthCheck))
@given(graph_cases(), st.data())
def test_any_network_runs_in_any_order_to_its_direct_evaluation(case: Case, data: st.DataObject) -> None:
    program = program_of(case)
    assert case.network is not None
    way, place = [], 0
    while place != program.end:
        step = data.draw(st.sampled_from([step for step in program.steps if step.source == place]))
        way.append(step.stage)
        place = step.target
    by_stage = data.draw(plans(program))
    designs = tuple(by_stage.designs[stage] for stage in way)
    plan = replace(by_stage, designs=designs, stages=tuple(way))
    random = np.random.default_rng(data.draw(st.integers(0, 2**32 - 1)))
    kernels = case.lowered().kernels
    numbers = [random_numbers(one.shape, Width.INT8, random, int(random.integers(-9, 9))) for one in kernels]
    words = random_tensor(case.network.input, Width.INT8, random)
    execution = run(case, plan, words, numbers, data.draw(st.sets(st.integers(0, 500), max_size=8)))
    named = {one.name: number for one, number in zip(kernels, numbers, strict=True)}
    expected = evaluate_graph(case.network, named, words)
    last = kernels[way[-1]]
    result = expected[last.layers[-1]]
    if last.shape.kind == "concat":
        result = result[:, :, last.first_channel : last.first_channel + last.shape.out_channels]
    np.testing.assert_array_equal(execution.output, result.reshape(execution.output.shape))
    stages = [program.stages[stage] for stage in way]
    for cycle, ran in zip(power_cycles(program, plan, chains_of(program, plan)), execution.cycles, strict=True):
        spent = 0
        for layer, work in ran.work:
            stage, tiling = stages[layer], plan.designs[layer]
            assert isinstance(stage, TiledStage)
            assert isinstance(tiling, Tiling)
            spent += work.price(stage.prices, tiling.order)[0]
            ends = stage.ends
        assert cycle.drain == spent + ends.resume[0] + ends.commit[0]
