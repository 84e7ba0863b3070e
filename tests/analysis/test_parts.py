"""Where time and energy go: the parts add up to the whole, and each is what its own primitives cost."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given

from ischedule.analysis.cycle_runs import cycle_runs
from ischedule.analysis.evaluate import Evaluation, evaluate
from ischedule.analysis.parts import KERNEL_PARTS, Part, Spent, plan_parts, prices_of_part, stage_parts
from ischedule.analysis.physical_bound import physical_bound, quickest
from ischedule.models.build import program_of
from ischedule.models.case import Case, load_case
from ischedule.models.kernels import Price, Prices, chain, totals
from ischedule.models.plan import Plan
from ischedule.models.program import Program, TiledStage
from ischedule.models.tiling import Arithmetic, Extent, Tiling
from ischedule.solvers.solve import solve
from tests.analysis.node_cases import REGULATED, SLEEP, SOURCE, asleep, document, node, programmable
from tests.models.kernel_strategies import cycle_ends, layers, prices

NETWORK: dict[str, Any] = {
    "device": "msp430fr5994-lea-2021",
    "buffer": {"capacitance": "5 mF", "turn_on": "2.99 V", "brown_out": "2.8 V", "margin": "55 %"},
    "supply": {"kind": "source", "voltage": "3 V", "resistance": "24 ohm"},
    "network": {
        "input": {"channels": 3, "height": 10, "width": 10},
        "layers": [
            {"name": "conv", "kind": "conv2d", "out_channels": 8, "kernel": [3, 3]},
            {"name": "pool", "kind": "global_average_pool"},
            {"name": "dense", "kind": "dense", "out_channels": 10},
        ],
    },
}


def network(**changes: Any) -> Case:
    made = document(**NETWORK, **changes)
    for key in ("tasks", "boot", "requirements"):
        del made[key]
    return load_case(made)


def solved(case: Case) -> tuple[Program, Plan, Evaluation]:
    program = program_of(case)
    plan = solve(program).plan
    assert plan is not None
    return program, plan, evaluate(program, plan)


CASES = {
    "tasks": node(),
    "network": network(),
    "network charged": network(start="charged", until="recharged"),
    "programmable cold": node(wake=programmable()),
    "programmable floor": node(wake=programmable("continuous"), supply=SOURCE, start="floor"),
    "asleep": node(wake=asleep(), supply=SOURCE),
    "asleep fixed": node(wake={"policy": "fixed", "mechanism": "sense", "sleep": SLEEP}),
    "burning": node(wake={"policy": "fixed", "mechanism": "burn", "idle_power": "5 mW"}),
    "spread": node(buffer={"capacitance": "600 uF ± 20 %", "turn_on": "3.3 V ± 2 %"}, supply=SOURCE),
    "charge": node(**REGULATED, supply=SOURCE),
    "charge on power": node(**REGULATED),
}


@given(layer=layers(), some=prices(), ends=cycle_ends())
def test_the_parts_of_a_design_add_up_to_its_atoms(
    layer: tuple[Extent, Tiling], some: Prices, ends: tuple[int, int]
) -> None:
    extent, tiling = layer
    parts = [totals(extent, tiling, prices_of_part(some, part)) for part in KERNEL_PARTS]
    assert (sum(part[0] for part in parts), sum(part[1] for part in parts)) == totals(extent, tiling, some)
    stage = TiledStage("layer", (extent,), some, ends, 1 << 20)  # type: ignore[arg-type]
    found = stage_parts(stage, tiling)
    assert [found[part] for part in KERNEL_PARTS] == [Spent(*part) for part in parts]
    whole = chain(extent, tiling, some, ends)  # type: ignore[arg-type]
    assert sum(spent.drain for spent in found.values()) == sum(whole.drain)


def arithmetic_of(extent: Extent) -> tuple[str, ...]:
    """The primitive that a layer's arithmetic is made of."""
    names = {Arithmetic.MULTIPLY: "multiply", Arithmetic.COPY: "tile"}
    return (names.get(extent.arithmetic, extent.arithmetic.value),)


def _dearer(price: Price) -> Price:
    return price[0] + 1, price[1]


@given(layer=layers(pooling=False), some=prices())
def test_each_primitive_belongs_to_one_part(layer: tuple[Extent, Tiling], some: Prices) -> None:
    extent, tiling = layer
    dearer = {
        Part.FETCH: replace(some, read=(some.read[0] + 1, some.read[1])),
        Part.COMPUTE: replace(some, **{name: _dearer(getattr(some, name)) for name in arithmetic_of(extent)}),
        Part.STORE: replace(some, write=(some.write[0] + 1, some.write[1])),
    }
    for changed, changed_prices in dearer.items():
        for part in KERNEL_PARTS:
            before, after = (totals(extent, tiling, prices_of_part(one, part)) for one in (some, changed_prices))
            assert (after[0] > before[0]) is (part is changed)


@pytest.mark.parametrize("name", CASES)
def test_the_parts_of_a_plan_add_up_to_its_latency_and_drain(name: str) -> None:
    case = CASES[name]
    program, plan, evaluation = solved(case)
    parts = plan_parts(case, program, plan, evaluation)
    assert sum(spent.time for spent in parts.values()) == evaluation.latency
    assert sum(spent.drain for spent in parts.values()) == evaluation.drain
    assert all(spent.time >= 0 and spent.drain >= 0 for spent in parts.values())
    assert parts[Part.BOOT].drain == evaluation.cycles * case.restart.amount
    assert (Part.TASKS in parts) is (case.tasks is not None)


def test_a_cold_device_with_thresholds_of_its_own_boots_once_more() -> None:
    for kind, boots in (("cold", 1), ("floor", 0)):
        case = node(wake=programmable(), start=kind)
        program, plan, evaluation = solved(case)
        parts = plan_parts(case, program, plan, evaluation)
        assert parts[Part.BOOT].time == (evaluation.cycles + boots) * case.boot.time


@pytest.mark.parametrize("name", CASES)
def test_no_plan_beats_its_physical_bound(name: str) -> None:
    program, _, evaluation = solved(CASES[name])
    assert evaluation.latency - evaluation.waiting <= physical_bound(program.law, evaluation) <= evaluation.latency


def test_one_plan_of_constant_power_attains_its_physical_bound() -> None:
    program, _, evaluation = solved(node(wake=programmable("continuous"), start="floor"))
    assert evaluation.latency - physical_bound(program.law, evaluation) <= evaluation.cycles


@pytest.mark.parametrize("name", CASES)
def test_no_step_of_charging_is_quicker_than_the_quickest(name: str) -> None:
    law = program_of(CASES[name]).law
    charging, least = law.charging, quickest(law.charging)
    top = charging.buffer.turn_on_high
    marks = [top * k // 50 for k in range(51)]
    times = [(charging.charge_time(low, high), high - low) for low, high in pairwise(marks)]
    assert all(time >= least * level - 1 for time, level in times)
    assert any(time <= Fraction(105, 100) * least * (level + 1) for time, level in times)


@pytest.mark.parametrize("name", CASES)
def test_the_runs_of_power_cycles_tell_the_plan_again(name: str) -> None:
    program, plan, evaluation = solved(CASES[name])
    runs = cycle_runs(program, plan)
    assert sum(run.count for run in runs) == evaluation.cycles == runs[-1].last
    assert [run.start for run in runs] == [
        sum(other.count * other.atoms for other in runs[:index]) for index in range(len(runs))
    ]
    assert sum(run.count * run.atoms for run in runs) == sum(stage.atoms for stage in evaluation.stages)
    assert max(run.most_drain for run in runs) == evaluation.largest_cycle
    assert sum(run.count * run.least_drain for run in runs) <= evaluation.drain
    assert sum(run.count * run.most_drain for run in runs) >= evaluation.drain
    written = [(run.atoms, run.level, run.code) for run in plan.cycles for _ in range(run.repeat)]
    shown = [(run.atoms, run.threshold.level, run.threshold.code) for run in runs for _ in range(run.count)]
    assert shown == written
    assert runs[0].stages[0] == program.stages[0].name
    assert runs[-1].stages[1] == program.stages[-1].name
