"""HAWAII and JAPARI against a walk through the released loop nest, job by job."""

from __future__ import annotations

from itertools import chain, repeat

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bench import japari as bench
from ischedule.models.case import load_case
from ischedule.policies import hawaii_external, japari
from ischedule.policies.execution import Execution
from ischedule.policies.workload import Workload
from tests.policies.cases import LAYER, layer_case
from tests.policies.tap_walk import WORD, Shape, Tally, walk_hawaii, walk_japari

CLOCK = 16_000_000
EXAMPLE = Shape(13, 13, 64, 32, 3, 3)


def workload_of(shape: Shape) -> Workload:
    height, width = shape.rows + shape.kernel_rows - 1, shape.columns + shape.kernel_columns - 1
    layer = {"kind": "conv2d", "out_channels": shape.outputs, "kernel": [shape.kernel_rows, shape.kernel_columns]}
    return Workload.of(layer_case(shape.inputs, height, width, layer))


def executed(workload: Workload, name: str, granularity: int, overlapped: bool) -> Execution:
    if name == "japari":
        policy = japari.policy(granularity, overlapped=overlapped, input_is_marked=True)
    else:
        policy = hawaii_external.policy(granularity, overlapped=overlapped)
    return policy.execution(workload)


def assert_same(execution: Execution, tally: Tally) -> None:
    totals = execution.totals()
    traffic = totals.traffic
    assert (traffic.reads, traffic.bytes_read) == (tally.reads, WORD * tally.words_read)
    assert (traffic.writes, traffic.bytes_written) == (tally.writes, WORD * tally.words_written)
    assert traffic.macs == tally.products
    assert list(chain.from_iterable(repeat(unit.name, times) for unit, times in execution.runs())) == tally.jobs
    assert totals.time == pytest.approx(tally.cycles / CLOCK * 1e12, rel=1e-9)
    assert totals.units == len(tally.jobs)


@pytest.mark.slow
@pytest.mark.parametrize("overlapped", [False, True])
@pytest.mark.parametrize("granularity", [1, 2, 4, 8])
def test_the_example_layer_is_the_walk_through_its_loops(granularity: int, overlapped: bool) -> None:
    workload = Workload.of(load_case(LAYER))
    walked = walk_hawaii(EXAMPLE, granularity, overlapped=overlapped)
    assert_same(executed(workload, "hawaii", granularity, overlapped), walked)
    walked = walk_japari(EXAMPLE, granularity, overlapped=overlapped)
    assert_same(executed(workload, "japari", granularity, overlapped), walked)


SHAPES = st.builds(
    Shape,
    st.integers(1, 9),
    st.integers(2, 9),
    st.integers(1, 19),
    st.integers(1, 19),
    st.integers(1, 3),
    st.integers(1, 3),
)


@settings(deadline=None)
@given(SHAPES, st.integers(1, 9), st.booleans())
def test_any_layer_is_the_walk_through_its_loops(shape: Shape, granularity: int, overlapped: bool) -> None:
    workload = workload_of(shape)
    walked = walk_hawaii(shape, granularity, overlapped=overlapped)
    assert_same(executed(workload, "hawaii", granularity, overlapped), walked)
    walked = walk_japari(shape, granularity, overlapped=overlapped)
    assert_same(executed(workload, "japari", granularity, overlapped), walked)


def test_the_example_layer_overflows_the_released_markers() -> None:
    execution = japari.policy(8).execution(Workload.of(load_case(LAYER)))
    positive, negative, summed = (one for one in execution.requirements if not one.binding)
    assert (positive.needed, positive.available) == (4608, 2047)
    assert (negative.needed, negative.available) == (4608, 32767)
    assert summed.needed == sum(range(4608 - 36 + 1, 4608 + 1))
    assert not positive.holds
    assert negative.holds
    assert not summed.holds
    assert execution.makes_progress


@pytest.mark.parametrize(("inputs", "holds"), [(8, True), (9, False)])
def test_positive_markers_count_to_2047(inputs: int, holds: bool) -> None:
    # 4 x 4 x 8 tiles of results with 9 taps: 1152 weight tiles for every 8 input channels
    workload = workload_of(Shape(13, 13, 64, inputs, 3, 3))
    positive = next(one for one in japari.policy(1).execution(workload).requirements if not one.binding)
    assert positive.holds is holds


def test_markers_take_room_beside_the_results() -> None:
    workload = workload_of(Shape(13, 13, 64, 32, 3, 3))
    needs = {
        granularity: next(one for one in japari.policy(granularity).execution(workload).requirements[1:])
        for granularity in (1, 8)
    }
    weights, results, inputs = 2 * 9 * 64 * 32, 2 * 13 * 13 * 64, 2 * 15 * 15 * 32
    assert needs[1].needed == weights + 2 * (inputs + 2 * results)
    assert needs[8].needed == weights + (inputs + 2 * results) * 9 // 8


def test_only_what_preserves_counts_as_such() -> None:
    workload = workload_of(Shape(5, 5, 8, 8, 1, 1))
    hawaii, markers = (executed(workload, name, 8, False).totals() for name in ("hawaii", "japari"))
    assert hawaii.work.amount == markers.work.amount
    assert hawaii.traffic.extra_writes == 50
    assert markers.traffic.extra_writes == 0
    assert hawaii.preserve.amount > markers.preserve.amount > 0


def test_a_unit_that_does_not_fit_a_cycle_never_ends() -> None:
    case = layer_case(8, 4, 4, {"kind": "conv2d", "out_channels": 8, "kernel": [3, 3]})
    small = layer_case(
        8,
        4,
        4,
        {"kind": "conv2d", "out_channels": 8, "kernel": [3, 3]},
        buffer={
            "capacitance": "142 uF",
            "turn_on": "2.99 V",
            "brown_out": "2.8 V",
            "series_resistance": "0 ohm",
            "leakage": "0 A",
        },
    )
    assert japari.policy(8).execution(Workload.of(case)).makes_progress
    execution = japari.policy(8).execution(Workload.of(small))
    assert not execution.makes_progress
    assert execution.guarantee.reason.startswith("never ends: a ")


def test_the_bench_holds_its_figures_to_one_per_cent(capsys: pytest.CaptureFixture[str]) -> None:
    assert bench.main(["--layer"]) == 0
    assert "2.934 (2.93)" in capsys.readouterr().out
    found = {key: bench.counted(Workload.of(load_case(LAYER)), *key) for key in bench.COUNTED}
    wrong = dict(found)
    wrong["japari", 1] = found["hawaii", 1]
    assert "speed-up at B = 1: 1.000 is not 2.93" in bench.judged(wrong)


def test_the_bench_compares_plans_with_policies_of_the_same_commands() -> None:
    one = bench.compared(bench.CASES / "kws-inas-5mF-ts1.json")
    assert bench.not_beaten([one]) == []
    # with matrix commands a policy has less to do for the same results
    assert all(
        (one.policies[True, *key] or 0) < (one.policies[False, *key] or 0) for key in (("japari", 8), ("hawaii", 8))
    )
    slow = bench.Compared(one.name, 3.4, one.policies)
    assert [text.split(" takes")[0] for text in bench.not_beaten([slow])] == [f"{one.name}: hawaii at B = 8"]
    assert bench.not_beaten([bench.Compared(one.name, None, one.policies)]) != []
