"""Layers with one pass, groups and what comes before and after sums, against counts made by hand."""

from __future__ import annotations

from typing import Any

import pytest

from ischedule.models.case import load_case
from ischedule.policies import hawaii_external, japari
from ischedule.policies.execution import Traffic
from ischedule.policies.workload import Workload
from tests.policies.cases import document, layer_case


def traffic(name: str, granularity: int, channels: int, side: int, layer: dict[str, Any], **changes: Any) -> Traffic:
    workload = Workload.of(layer_case(channels, side, side, layer, **changes))
    if name == "japari":
        policy = japari.policy(granularity, input_is_marked=True)
    else:
        policy = hawaii_external.policy(granularity)
    return policy.execution(workload).totals().traffic


def counts(found: Traffic) -> tuple[int, int, int, int, int]:
    return found.reads, found.bytes_read // 2, found.writes, found.bytes_written // 2, found.macs


DEPTHWISE = {"kind": "conv2d", "out_channels": 10, "kernel": [3, 3], "groups": 10}


def test_a_depthwise_filter_reads_a_window_for_each_pixel() -> None:
    # 5 x 5 results in 4 tiles, channels 8 and 2: 9 commands of weights a tile, 9 of inputs and one write a pixel
    reads, words = 2 * 4 * 9 + 2 * 25 * 9, 4 * 9 * 10 + 25 * 9 * 10
    # counters of 2 words: 2 for the 8 channels, 1 for the others
    assert counts(traffic("hawaii", 4, 10, 7, DEPTHWISE)) == (reads, words, 25 * 2 * 3, 25 * (10 + 2 * 3), 25 * 90)
    # a marker for every 4 channels: 2 and 1, in the inputs too
    expected = (reads, words + 25 * 9 * 3, 25 * 2, 25 * 13, 25 * 90)
    assert counts(traffic("japari", 4, 10, 7, DEPTHWISE)) == expected


def test_a_pooled_map_is_added_up_pixel_by_pixel() -> None:
    pool = {"kind": "global_average_pool"}
    # 9 pixels, channels 8 and 2; all but the first pixel read what there is
    assert counts(traffic("hawaii", 8, 10, 3, pool)) == (2 * 17, 17 * 10, 2 * 9 * 2, 9 * (10 + 2 * 2), 0)
    assert counts(traffic("japari", 8, 10, 3, pool)) == (2 * 17, 17 * 12, 2 * 9, 9 * 12, 0)


def test_groups_are_run_one_after_the_other() -> None:
    alone = traffic("japari", 2, 3, 6, {"kind": "conv2d", "out_channels": 5, "kernel": [2, 2]})
    grouped = {"kind": "conv2d", "out_channels": 10, "kernel": [2, 2], "groups": 2}
    assert traffic("japari", 2, 6, 6, grouped) == alone.times(2)


def test_a_bias_is_read_once_for_each_tile_of_results() -> None:
    layer = {"kind": "conv2d", "out_channels": 10, "kernel": [2, 2]}
    plain, biased = (traffic("hawaii", 8, 3, 6, layer | {"bias": bias}) for bias in (False, True))
    assert biased.reads - plain.reads == 4 * 2
    assert biased.bytes_read - plain.bytes_read == 2 * 4 * 10


@pytest.mark.parametrize(("width", "words"), [("int16", 1), ("int8", 2)])
def test_sums_are_as_wide_as_the_network_s(width: str, words: int) -> None:
    layers = [{"name": "conv", "kind": "conv2d", "out_channels": 8, "kernel": [1, 1]}]
    network = {"input": {"channels": 16, "height": 1, "width": 1}, "width": width, "layers": layers}
    workload = Workload.of(load_case(document(network=network)))
    found = hawaii_external.policy(8).execution(workload).totals().traffic
    size = 2 if width == "int16" else 1
    # two weight tiles: products twice, sums once, results once; and a counter of 4 bytes after each
    assert found.bytes_written == 3 * 8 * 2 * words + 8 * size + 4 * 4
