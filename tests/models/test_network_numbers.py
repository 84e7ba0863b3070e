"""Which arrays the numbers of a network are, and what their digest depends on."""

from __future__ import annotations

from dataclasses import replace

import pytest

from ischedule.models.case import Case, case_hash, layer_of, load_case, resolve
from ischedule.models.lowering import lowered
from ischedule.models.network_numbers import NetworkNumbers, arrays_of, digest
from ischedule.models.npz import ArrayKind, Arrays
from tests.models.case_examples import NETWORK, changed

LAYERS = [
    {"name": "conv", "kind": "conv2d", "out_channels": 4, "kernel": [3, 2], "groups": 2, "bias": True},
    {"name": "norm", "kind": "batch_norm", "activation": "relu"},
    {"name": "shares", "kind": "softmax"},
    {"name": "scale", "kind": "batch_norm", "activation": "tanh"},
    {"name": "sum", "kind": "add", "inputs": ["scale", "scale"]},
    {"name": "pool", "kind": "max_pool", "kernel": [2, 2]},
    {"name": "flat", "kind": "flatten"},
    {"name": "dense", "kind": "dense", "out_channels": 3},
]

EXACT = """\
input/zero: one int8 without an axis
conv/weights: int8 of 4 x 3 x 2 x 1
conv/bias: int32 of 4
conv/multiplier: int32 of 4
conv/shift: uint8 of 4
conv/zero: one int8 without an axis
conv/activation: int8 of 256, optional
conv/activation_zero: one int8 without an axis, optional
shares/exponentials: uint32 of 256
scale/weights: int8 of 4 x 1 x 1 x 1
scale/bias: int32 of 4
scale/multiplier: int32 of 4
scale/shift: uint8 of 4
scale/zero: one int8 without an axis
scale/activation: int8 of 256
scale/activation_zero: one int8 without an axis, optional
sum/multiplier: int32 of 4
sum/shift: uint8 of 4
sum/zero: one int8 without an axis
dense/weights: int8 of 3 x 1 x 1 x 16
dense/multiplier: int32 of 3
dense/shift: uint8 of 3
dense/zero: one int8 without an axis
"""

FIXED = """\
conv/weights: int16 of 4 x 3 x 2 x 1
conv/bias: int16 of 4
conv/shift: uint8 of 4
conv/activation: int16 of 65536, optional
shares/exponentials: uint32 of 65536
scale/weights: int16 of 4 x 1 x 1 x 1
scale/bias: int16 of 4
scale/shift: uint8 of 4
scale/activation: int16 of 65536
sum/multiplier: int32 of 4
sum/shift: uint8 of 4
dense/weights: int16 of 3 x 1 x 1 x 16
dense/shift: uint8 of 3
"""


def case_of(layers: list[dict[str, object]]) -> Case:
    return load_case(changed(NETWORK, "network", {"input": {"channels": 2, "height": 6, "width": 5}, "layers": layers}))


@pytest.mark.parametrize(("word", "sums", "expected"), [(1, 4, EXACT), (2, 2, FIXED)])
def test_arrays_are_those_of_the_kernels_that_run(word: int, sums: int, expected: str) -> None:
    case = case_of(LAYERS)
    assert case.network is not None
    found = arrays_of(lowered(case.network), word, sums)
    lines = [f"{name}: {one.kind}{', optional' * one.optional}\n" for name, one in found.items()]
    assert "".join(lines) == expected


PLAIN: Arrays = {"a": (ArrayKind("int16", (2, 1)), b"\1\0\2\0"), "b": (ArrayKind("uint8", ()), b"\3")}


@pytest.mark.parametrize(
    "other",
    [
        {"b": PLAIN["b"]},
        {**PLAIN, "c": (ArrayKind("uint8", (0,)), b"")},
        {"aa": PLAIN["a"], "b": PLAIN["b"]},
        {**PLAIN, "a": (ArrayKind("uint16", (2, 1)), b"\1\0\2\0")},
        {**PLAIN, "a": (ArrayKind("int16", (1, 2)), b"\1\0\2\0")},
        {**PLAIN, "a": (ArrayKind("int16", (2, 1)), b"\1\0\2\1")},
    ],
)
def test_a_digest_is_of_names_types_shapes_and_numbers(other: Arrays) -> None:
    assert digest(other) != digest(PLAIN)
    assert digest(dict(reversed(PLAIN.items()))) == digest(PLAIN)


def test_numbers_count_in_a_case_s_hash_and_not_where_there_are_none() -> None:
    case = case_of(LAYERS)
    assert "numbers" not in resolve(case)
    one, other = (replace(case, numbers=NetworkNumbers("mine.npz", digit * 64)) for digit in "12")
    assert len({case_hash(case), case_hash(one), case_hash(other)}) == 3
    assert case_hash(replace(case, numbers=NetworkNumbers("elsewhere.npz", "1" * 64))) == case_hash(one)


def test_a_layer_alone_has_no_numbers() -> None:
    case = replace(case_of(LAYERS), numbers=NetworkNumbers("mine.npz", "1" * 64))
    assert layer_of(case, "pool").numbers is None
