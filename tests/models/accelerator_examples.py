"""Networks and cases on an accelerator of layers for tests, and what the vendor's tool says of three networks."""

from __future__ import annotations

from copy import deepcopy
from typing import Any

from ischedule.models.accelerator import LayerAccelerator
from ischedule.models.case import Case, load_case
from ischedule.models.device import load_device
from tests.house.tree import ROOT

CASES = ROOT / "cases"

PUBLISHED: dict[str, list[tuple[int, int, int]]] = {
    "cifar10-nas-max78000": [
        (67_980, 1_728, 65_536),
        (34_816, 2_048, 32_768),
        (67_980, 18_432, 65_536),
        (9_676, 18_432, 8_192),
        (16_896, 2_048, 16_384),
        (8_620, 73_728, 8_192),
        (16_640, 16_384, 8_192),
        (2_308, 73_728, 1_024),
        (2_140, 73_728, 2_048),
        (1_064, 16_384, 512),
        (97, 5_120, 40),
    ],
    "kws20-max78000": [
        (26_112, 12_800, 12_800),
        (24_706, 28_800, 12_096),
        (8_452, 18_432, 4_032),
        (3_056, 9_216, 2_928),
        (2_016, 9_216, 1_920),
        (2_750, 18_432, 2_688),
        (2_894, 28_800, 1_400),
        (567, 38_400, 256),
        (93, 5_376, 84),
    ],
    "mnist-max78000": [
        (48_956, 540, 47_040),
        (16_664, 32_400, 15_360),
        (4_012, 30_240, 3_584),
        (332, 6_048, 192),
        (193, 1_920, 40),
    ],
}
"""Clock cycles, bytes of weights and bytes of results of each layer.

Shapes from analogdevicesinc/ai8x-training (ai85net-nas-cifar.py, ai85net-kws20-v3.py, ai85net.py), cycles computed with
izer/latency.py of analogdevicesinc/ai8x-synthesis; results of the last layer have 32 bits.
"""

MEASURED_TOTALS = {"cifar10-nas-max78000": 228_218, "kws20-max78000": 70_647, "mnist-max78000": 70_158}
"""Cycles of the whole networks by the same tool."""

CHAIN: dict[str, Any] = {
    "ischedule": 1,
    "name": "chain",
    "device": "max78000",
    "buffer": {
        "capacitance": "1 mF",
        "turn_on": "3.3 V",
        "brown_out": "1.9 V",
        "series_resistance": "0 ohm",
        "leakage": "0 A",
    },
    "power_path": "converter",
    "wake": {"policy": "fixed", "mechanism": "latch"},
    "supply": {"kind": "power", "power": "2 mW"},
    "network": {
        "input": {"channels": 3, "height": 16, "width": 16},
        "layers": [
            {"name": "one", "kind": "conv2d", "out_channels": 70, "kernel": [3, 3], "padding": "same"},
            {"name": "act", "kind": "activation", "activation": "relu"},
            {"name": "pool", "kind": "max_pool", "kernel": [2, 2]},
            {"name": "two", "kind": "conv2d", "out_channels": 20, "kernel": [1, 1], "bias": True},
            {"name": "three", "kind": "conv2d", "out_channels": 8, "kernel": [3, 3], "activation": "relu"},
            {"name": "dense", "kind": "dense", "out_channels": 10},
        ],
    },
}

RESIDUAL: list[dict[str, Any]] = [
    {"name": "a", "kind": "conv2d", "out_channels": 8, "kernel": [3, 3], "padding": "same", "activation": "relu"},
    {"name": "b", "kind": "conv2d", "out_channels": 8, "kernel": [3, 3], "padding": "same"},
    {"name": "c", "kind": "conv2d", "out_channels": 8, "kernel": [1, 1], "activation": "relu"},
    {"name": "sum", "kind": "add", "inputs": ["c", "a"]},
    {"name": "d", "kind": "conv2d", "out_channels": 3, "kernel": [1, 1], "activation": "relu"},
    {"name": "top", "kind": "add", "inputs": ["d", "input"]},
]


def chain(**sections: Any) -> Case:
    """The chain with some sections replaced."""
    return load_case({**deepcopy(CHAIN), **sections})


def network(layers: list[dict[str, Any]], channels: int = 3, height: int = 16, width: int = 16, **keys: Any) -> Case:
    """Another network on the same board."""
    shape = {"channels": channels, "height": height, "width": width}
    return chain(network={"input": shape, "layers": deepcopy(layers), **keys})


def board() -> LayerAccelerator:
    """The built-in board."""
    device = load_device("max78000")
    assert isinstance(device, LayerAccelerator)
    return device
