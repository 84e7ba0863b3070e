"""The choice of kinds of preservation: the search over all designs against listed ones, and its certificates."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from bench.preservation import QUICKER, Measured, Solved, judged
from ischedule import api
from ischedule.analysis.cover import Unproven
from ischedule.analysis.designs import tilings
from ischedule.analysis.division import require_least
from ischedule.analysis.evaluate import evaluate
from ischedule.analysis.parts import plan_parts
from ischedule.models.build import program_of
from ischedule.models.case import Case
from ischedule.models.diagnosis import Unschedulable
from ischedule.models.errors import InputError
from ischedule.models.plan import Bound, Status
from ischedule.models.plan_file import dump_plan_file, parse_plan_file
from ischedule.models.preservation import Kind
from ischedule.models.program import ExplicitStage, Program, TiledStage
from ischedule.models.tiling import Order
from ischedule.policies import kinds as listed
from ischedule.solvers.explicit import solve_explicit
from ischedule.solvers.limit import Limit
from ischedule.solvers.solve import solve
from tests.policies.cases import document, layer_case
from tests.solvers.enumeration import best_of_all_designs

BOTH = {"options": {"preservation": ["record", "footprint"]}}
CHOICES = st.sampled_from([["record", "footprint"], ["record", "augmented"], ["record", "footprint", "augmented"]])
COMPARATOR = {"policy": "programmable", "mechanism": "latch", "external_comparator": True, "power_on": "2.9 V"}


def band(joules: float) -> dict[str, Any]:
    """A buffer with so much between its thresholds."""
    farads = 2 * joules / (2.99**2 - 2.8**2)
    found: dict[str, Any] = document()["buffer"]
    return found | {"capacitance": f"{farads * 1e6:.9f} uF"}


@st.composite
def boards(draw: st.DrawFn) -> dict[str, Any]:
    """Devices on which records, counters and commands have different weights."""
    device: dict[str, Any] = document()["device"]
    device |= {"record_words": draw(st.integers(3, 20)), "add_step": [{"energy": "1 nJ", "time": "1 us"}]}
    fixed = {"energy": f"{draw(st.sampled_from([20, 100, 193, 800]))} nJ", "time": "400 cycles"}
    device["write"] = device["write"] | {"fixed": fixed}
    return device | {"volatile_memory": f"{draw(st.sampled_from([40, 80, 200, 3696]))} B"}


@st.composite
def chains_of_layers(draw: st.DrawFn) -> tuple[int, list[dict[str, Any]]]:
    """Input channels and one or two layers of pixels."""
    small = st.integers(1, 3)
    inputs = channels = draw(small)
    layers: list[dict[str, Any]] = []
    for kind in draw(st.lists(st.sampled_from(["filter", "depthwise", "pool", "dense"]), min_size=1, max_size=2)):
        if kind == "filter":
            channels = draw(small)
            layers.append({"kind": "conv2d", "out_channels": channels, "kernel": [1, 1], "bias": draw(st.booleans())})
        elif kind == "depthwise":
            layers.append({"kind": "conv2d", "out_channels": channels, "kernel": [1, 1], "groups": channels})
        elif kind == "pool":
            layers.append({"kind": "global_average_pool"})
        else:
            channels = draw(small)
            layers.append({"kind": "dense", "out_channels": channels})
    return inputs, layers


@st.composite
def cases(draw: st.DrawFn, branch: bool = False) -> Case:
    """Networks whose power cycles hold from one atom to all of them."""
    channels, layers = draw(chains_of_layers())
    if branch:
        last = len(layers)
        # the last layer's results, and a filter of them, are added up
        wide = next((one["out_channels"] for one in reversed(layers) if "out_channels" in one), channels)
        layers.append({"kind": "conv2d", "out_channels": wide, "kernel": [1, 1]})
        layers.append({"kind": "add", "inputs": [f"layer{last + 1}", f"layer{last}"]})
    spare = draw(st.floats(1.4, 4) | st.floats(1.4, 30))
    wake = {"wake": COMPARATOR} if draw(st.booleans()) else {}
    start = draw(st.sampled_from(["charged", "cold", "floor"]))
    return layer_case(
        channels,
        draw(st.integers(1, 3)),
        draw(st.integers(1, 3)),
        *layers,
        buffer=band((77.88 + spare) * 1e-6),
        device=draw(boards()),
        start=start,
        options={"preservation": draw(CHOICES)},
        **wake,
    )


def program(case: Case) -> Program:
    try:
        return program_of(case)
    except (Unschedulable, InputError):
        assume(False)
        raise


def listed_program(case: Case, only: Sequence[Kind] | None = None) -> Program:
    """Every tiling in all kinds, priced from the steps of its atoms by other code than the search's.

    Layer by layer in ``only`` one kind, if that is said.
    """
    found = listed.program_of_kinds(case, [listed.Kind(kind.value) for kind in case.preservation])
    stages = []
    for place, (stage, designs) in enumerate(zip(found.program.stages, found.designs, strict=True)):
        assert isinstance(stage, ExplicitStage)
        kept = tuple(
            chain
            for chain, design in zip(stage.designs, designs, strict=True)
            if (
                design.kind is listed.Kind.RECORD or design.tiling.order is not Order.WEIGHT or design.tiling.batch == 1
            )
            and (only is None or design.kind.value == only[place].value)
        )
        stages.append(replace(stage, designs=kept))
    return Program(tuple(stages), found.program.law, found.program.digest)


def in_one_kind(found: Program, kind: Kind) -> Program:
    """Each layer in this kind, where it can have it."""
    chosen: dict[int, TiledStage] = {}
    for place, stage in enumerate(found.stages):
        assert isinstance(stage, TiledStage)
        (kernel,) = found.kernels_of(place)
        if kernel not in chosen or stage.kind is kind:
            chosen[kernel] = replace(stage, kernels=())
    return Program(tuple(chosen[kernel] for kernel in sorted(chosen)), found.law, found.digest)


def every_design(found: Program) -> Program | None:
    """The same program with each design of each stage as what is executed of it; None where a stage has none."""
    stages = []
    for stage in found.stages:
        assert isinstance(stage, TiledStage)
        designs = tuple(stage.executed(tiling) for tiling in tilings(stage))
        if not designs:
            return None
        stages.append(ExplicitStage(stage.name, designs, stage.volatile))
    return Program(tuple(stages), found.law, found.digest, found.steps)


def require_proven(found: Program, latency: int, bound: object) -> None:
    """The bound proves the latency, and nothing above it."""
    assert isinstance(bound, Bound)
    assert bound.value + found.law.offset == latency
    require_least(found, bound)
    with pytest.raises(Unproven):
        require_least(found, replace(bound, value=bound.value + 1))


@settings(deadline=None, max_examples=25)
@given(cases())
def test_the_search_finds_the_best_of_all_listed_designs_and_proves_it(case: Case) -> None:
    found = program(case)
    answer, best = solve(found, Limit()), solve(listed_program(case), Limit())
    assert (answer.status, answer.latency) == (best.status, best.latency)
    if answer.plan is not None and answer.latency is not None:
        assert evaluate(found, answer.plan).latency == answer.latency
        require_proven(found, answer.latency, answer.bound)


@settings(deadline=None, max_examples=25)
@given(cases(), st.sampled_from([Kind.FOOTPRINT, Kind.AUGMENTED]))
def test_plans_in_one_kind_alone_are_the_best_of_that_kind(case: Case, kind: Kind) -> None:
    alone = in_one_kind(program(case), kind)
    kinds = [stage.kind for stage in alone.stages]
    assume(kind in kinds)
    answer, best = solve(alone, Limit()), solve(listed_program(case, kinds), Limit())
    assert (answer.status, answer.latency) == (best.status, best.latency)
    if answer.plan is not None and answer.latency is not None:
        require_proven(alone, answer.latency, answer.bound)


@settings(deadline=None, max_examples=15)
@given(cases(branch=True))
def test_and_so_where_networks_branch(case: Case) -> None:
    found = program(case)
    whole = every_design(found)
    assume(whole is not None and sum(len(one.designs) for one in whole.stages) < 3000)  # type: ignore[union-attr]
    assert whole is not None
    answer, best = solve(found, Limit()), solve_explicit(whole, Limit())
    assert answer.latency == best.latency
    if answer.plan is not None and answer.latency is not None:
        require_proven(found, answer.latency, answer.bound)


@settings(deadline=None, max_examples=15)
@given(st.integers(1, 2), st.integers(1, 2), st.integers(2, 4), st.floats(1.6, 4))
def test_brute_force_over_every_plan_of_one_layer_agrees(outputs: int, inputs: int, side: int, spare: float) -> None:
    case = small(outputs, inputs, side, spare, **BOTH)
    best, answer = best_of_all_designs(listed_program(case)), solve(program(case), Limit())
    assert answer.latency == (None if best is None else best.cost + program(case).law.offset)


def small(outputs: int, inputs: int, side: int, spare: float, **changes: Any) -> Case:
    """A filter of one tap whose power cycles have so many microjoules besides booting."""
    layer = {"kind": "conv2d", "out_channels": outputs, "kernel": [1, 1]}
    return layer_case(inputs, 1, side, layer, buffer=band((77.88 + spare) * 1e-6), start="charged", **changes)


@pytest.mark.parametrize(
    ("spare", "kind"),
    [
        (1.7, Kind.RECORD),  # the counter of every atom does not fit beside it
        (1.9, Kind.FOOTPRINT),  # a cycle holds one atom, and a counter is shorter than a record
        (2.1, Kind.RECORD),  # a cycle holds two atoms with one record, not with two counters
        (2.8, Kind.FOOTPRINT),
    ],
)
def test_the_kind_that_is_chosen(spare: float, kind: Kind) -> None:
    case = small(2, 2, 6, spare, **BOTH)
    found = program(case)
    plan = solve(found, Limit()).plan
    assert plan is not None
    assert [found.stages[stage].kind for stage in plan.stages] == [kind]


def test_a_bound_that_holds_for_records_alone_is_rejected() -> None:
    alone = solve(program(small(2, 2, 6, 1.9)), Limit())
    found = program(small(2, 2, 6, 1.9, **BOTH))
    both = solve(found, Limit())
    assert alone.latency is not None
    assert both.latency is not None
    assert both.latency < alone.latency
    assert isinstance(both.bound, Bound)
    with pytest.raises(Unproven):
        require_least(found, replace(both.bound, value=alone.latency - found.law.offset))


def test_a_layer_that_only_a_footprint_gets_through_has_one() -> None:
    device: dict[str, Any] = document()["device"] | {"record_words": 10, "volatile_memory": "20 B"}
    device["write"] = device["write"] | {"fixed": {"energy": "20 nJ", "time": "400 cycles"}}
    layer = {"kind": "conv2d", "out_channels": 1, "kernel": [1, 1]}
    plain, both = (
        program(layer_case(4, 1, 4, layer, buffer=band(79.43e-6), start="charged", device=device, **options))
        for options in ({}, BOTH)
    )
    assert solve(plain, Limit()).status is Status.UNSCHEDULABLE
    assert [stage.kind for stage in both.stages] == [Kind.FOOTPRINT]
    answer = solve(both, Limit())
    assert answer.latency is not None
    require_proven(both, answer.latency, answer.bound)


def test_the_door_of_plan_files_names_the_kinds_and_the_checker_holds_them_to_it() -> None:
    case = small(2, 2, 6, 1.9, **BOTH)
    result = api.solve(case)
    file = result.plan_file
    assert file is not None
    assert file.preservation == (Kind.FOOTPRINT,)
    text = dump_plan_file(file)
    assert '"preservation": ["footprint"]' in text
    assert parse_plan_file(text.encode(), "it") == file
    verdict = api.check(case, file)
    assert verdict.accepted
    assert verdict.latency == file.claim.latency
    assert not api.check(case, replace(file, preservation=())).accepted
    assert not api.check(small(2, 2, 6, 1.9), file).accepted
    plan = file.plan
    assert plan is not None
    other = replace(plan, stages=(0,))
    assert not api.check(case, replace(file, plan=other)).accepted


def test_the_bench_says_what_fails() -> None:
    good, slow = Solved(10, 5, (), True, 0.0), Solved(11, 5, ("conv (footprint)",), True, 0.0)
    quicker = QUICKER[0]
    assert judged([Measured("other", good, good), Measured(quicker, slow, good)]) == []
    assert judged([Measured("other", good, slow)]) == ["other: slower with a choice"]
    assert judged([Measured(quicker, good, good)]) == [f"{quicker}: claimed to be quicker with a choice"]
    assert judged([Measured("other", good, replace(good, is_proven=False))]) == ["other: not certified optimal"]


def test_failures_are_allowed_for_beside_footprints() -> None:
    case = small(2, 2, 6, 1.9, requirements={"failures": 2}, **BOTH)
    result = api.solve(case)
    assert result.certified
    assert result.plan_file is not None
    assert result.plan_file.preservation == (Kind.FOOTPRINT,)


def test_a_front_of_two_criteria_is_refused() -> None:
    with pytest.raises(InputError, match="has no front"):
        api.pareto(small(2, 2, 6, 1.9, **BOTH), ("latency", "written"))


def test_what_a_plan_writes_and_where_its_time_goes() -> None:
    case = small(2, 2, 6, 1.9, **BOTH)
    found = program(case)
    plan = solve(found, Limit()).plan
    assert plan is not None
    evaluation = evaluate(found, plan)
    (stage,) = evaluation.stages
    word, record = 2, 4 * 2
    # results, a record that the layer begins with and one that ends it, and a counter for each atom
    assert evaluation.written == 2 * 6 * word + 2 * record + 4 * stage.atoms
    parts = plan_parts(case, found, plan, evaluation)
    assert sum(spent.drain for spent in parts.values()) == evaluation.drain
    assert sum(spent.time for spent in parts.values()) == evaluation.latency
