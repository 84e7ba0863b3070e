"""Policies that preserve words: their units against loops that are walked, their calibration, their ends."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ischedule.policies import alpaca, hawaii_internal, sonic, tails
from ischedule.policies.execution import Execution
from ischedule.policies.figures import FRAM_READ, FRAM_WRITE
from ischedule.policies.software import Software
from ischedule.policies.workload import Inapplicable, Workload
from tests.policies import word_walks
from tests.policies.cases import document, layer_case, tasks_case
from tests.policies.word_walks import Layer

LAYERS = st.builds(
    Layer,
    st.integers(1, 6),
    st.integers(1, 30),
    st.integers(1, 5),
    st.integers(1, 7),
    st.integers(1, 6),
    st.integers(1, 6),
)


def workload_of(layer: Layer, **changes: Any) -> Workload:
    height, width = layer.rows + layer.kernel_rows - 1, layer.columns + layer.kernel_columns - 1
    kernel = [layer.kernel_rows, layer.kernel_columns]
    shape = {"kind": "conv2d", "out_channels": layer.outputs, "kernel": kernel}
    return Workload.of(layer_case(layer.inputs, height, width, shape, **changes))


def names(execution: Execution) -> Counter[str]:
    found: Counter[str] = Counter()
    for unit, times in execution.runs():
        found[unit.name] += times
    return found


@settings(deadline=None)
@given(LAYERS)
def test_sonic_is_the_walk_through_its_loops(layer: Layer) -> None:
    execution = sonic.POLICY.execution(workload_of(layer))
    walked = word_walks.sonic(layer)
    assert names(execution) == walked
    traffic = execution.totals().traffic
    assert traffic.macs == walked["a product"]
    words = walked["a product"] + walked["a result"] + walked["the next filter element"] * (5 * 4 + 2)
    assert traffic.extra_writes == words
    assert traffic.bytes_written == 2 * (words + walked["a product"] + walked["a result"])


@settings(deadline=None)
@given(LAYERS)
def test_tails_is_the_walk_through_its_loops(layer: Layer) -> None:
    workload = workload_of(layer)
    tile = tails.calibrated(workload, Software(workload))
    execution = tails.POLICY.execution(workload)
    assert names(execution) == word_walks.tails(layer, tile)
    macs = layer.rows * layer.columns * layer.outputs * layer.inputs * layer.kernel_rows * layer.kernel_columns
    assert execution.totals().traffic.macs == macs


@settings(deadline=None)
@given(LAYERS, st.integers(1, 6))
def test_alpaca_tasks_are_the_windows_of_the_walk(layer: Layer, tile: int) -> None:
    execution = alpaca.policy(tile).execution(workload_of(layer))
    found: Counter[int] = Counter()
    for unit, times in execution.runs():
        found[unit.traffic.macs] += times
    assert found == word_walks.alpaca(layer, tile)
    assert execution.totals().traffic.extra_bytes_written == 2 * found.total() * (6 * 4 + 2)


@settings(deadline=None)
@given(LAYERS)
def test_hawaii_moves_a_footprint_with_every_element(layer: Layer) -> None:
    execution = hawaii_internal.POLICY.execution(workload_of(layer))
    walked = word_walks.hawaii(layer)
    assert names(execution) == walked
    traffic = execution.totals().traffic
    assert traffic.extra_bytes_written == 2 * walked.total()
    assert traffic.bytes_written == 4 * walked.total()


def test_a_product_of_sonic_costs_what_its_words_and_operations_do() -> None:
    execution = sonic.POLICY.execution(workload_of(Layer(2, 2, 1, 1, 1, 1)))
    unit = next(unit for unit, _ in execution.runs() if unit.name == "a product")
    nanojoules = 2 * 10.26 + 19.253 + 3.936 + 9.6
    assert unit.work.amount == pytest.approx(nanojoules * 1e6, rel=1e-9)
    assert unit.preserve.amount == FRAM_WRITE.rounded_up().amount
    assert unit.recover.amount == FRAM_READ.times(3).rounded_up().amount


@pytest.mark.parametrize("expected", [256, 128, 16, 2, 1])
def test_calibration_halves_until_a_dummy_product_fits(expected: int) -> None:
    software = Software(workload_of(Layer(1, 1, 1, 400, 1, 1)))
    # band of 2.99 V to 2.8 V, 77.88 uJ to boot
    need = 77.88e-6 + tails.dummy(software, expected).rounded_up().amount / 1e15
    farads = 2 * need / (2.99**2 - 2.8**2)
    buffer = document()["buffer"] | {"capacitance": f"{farads * (1 + 1e-6) * 1e6:.9f} uF"}
    workload = workload_of(Layer(1, 1, 1, 400, 1, 1), buffer=buffer)
    assert tails.calibrated(workload, Software(workload)) == expected


def test_calibration_begins_with_what_fits_volatile_memory() -> None:
    workload = workload_of(Layer(1, 1, 1, 400, 1, 1), requirements={"volatile_memory": "1000 B"})
    assert tails.calibrated(workload, Software(workload)) == 64


def test_a_strided_convolution_falls_back_to_software() -> None:
    layer = {"kind": "conv2d", "out_channels": 3, "kernel": [3, 3], "stride": 2}
    workload = Workload.of(layer_case(2, 9, 9, layer))
    assert tails.POLICY.execution(workload).parts == sonic.POLICY.execution(workload).parts


@pytest.mark.parametrize("policy", [sonic.POLICY, tails.POLICY, alpaca.policy(), hawaii_internal.POLICY])
def test_tasks_have_no_commands_to_count(policy: Any) -> None:
    with pytest.raises(Inapplicable, match="the case has tasks"):
        policy.execution(Workload.of(tasks_case({"name": "a", "energy": "1 uJ", "time": "1 ms"})))
