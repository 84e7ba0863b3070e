"""Networks as an accelerator of layers runs them: what is folded into what, and what is refused, by name."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from ischedule.models.accelerated import Accelerated, accelerated
from ischedule.models.accelerator import Loading
from ischedule.models.build import program_of
from ischedule.models.case import Case
from ischedule.models.errors import InputError
from ischedule.models.layer import TensorShape
from tests.models.accelerator_examples import CHAIN, RESIDUAL, board, chain, network


def run_by(case: Case) -> Accelerated:
    assert case.network is not None
    return accelerated(case.network, board(), case.streaming)


def conv(name: str, channels: int = 8, kernel: int = 3, **keys: Any) -> dict[str, Any]:
    return {"name": name, "kind": "conv2d", "out_channels": channels, "kernel": [kernel, kernel], **keys}


def test_pooling_is_done_on_the_way_into_a_convolution() -> None:
    one, two, three, dense = run_by(chain()).layers
    assert (one.name, one.layers, one.pool, one.padding) == ("one", ("one", "act"), (1, 1), (1, 1))
    assert (two.layers, two.pool, two.pooled, two.passes) == (("pool", "two"), (2, 2), TensorShape(70, 8, 8), 2)
    assert (two.reads, two.weights, two.biases) == ((one.writes,), 70 * 20, 20)
    assert (three.kernel, three.out, three.wide) == ((3, 3), TensorShape(8, 6, 6), False)
    assert (dense.flattens, dense.passes, dense.weights, dense.wide) == (True, 36, 8 * 36 * 10, True)
    assert dense.cycles() == 36 * 12 + 1


def test_a_sum_is_done_on_the_way_into_the_only_layer_that_reads_it() -> None:
    a, b, c, d, top = run_by(network(RESIDUAL)).layers
    assert [one.name for one in (a, b, c, d, top)] == ["a", "b", "c", "d", "top"]
    assert d.layers == ("sum", "d")
    assert d.reads == (c.writes, a.writes)
    assert d.cycles() == 256 * (2 * 2 + 3)
    assert not top.convolves
    assert top.reads == (d.writes, 0)
    assert top.cycles() == 256 * (2 * 2 + 3)


def test_a_pooling_that_several_read_is_a_layer_of_its_own() -> None:
    layers = [
        {"name": "pool", "kind": "max_pool", "kernel": [2, 2]},
        conv("left", 4, 1),
        conv("right", 4, 1, inputs=["pool"]),
        {"name": "sum", "kind": "add", "inputs": ["left", "right"], "activation": "relu"},
    ]
    pool, left, right, total = run_by(network(layers)).layers
    assert (pool.name, pool.convolves, pool.pool) == ("pool", False, (2, 2))
    assert pool.cycles() == 64 * (4 + 1 + 3)
    assert left.reads == right.reads == (pool.writes,)
    assert total.reads == (left.writes, right.writes)


REFUSED: list[tuple[list[dict[str, Any]], str, str]] = [
    ([conv("a", kernel=5)], "a", "has a kernel of 5x5, which cannot run on the device max78000; use 1x1 or 3x3"),
    ([{**conv("a"), "kernel": [1, 3]}], "a", "has a kernel of 1x3"),
    ([conv("a"), conv("b", groups=8)], "b", "has 8 groups"),
    ([conv("a", stride=2)], "a", "stride above 1"),
    ([conv("a", dilation=2)], "a", "is dilated"),
    ([conv("a", padding=[1, 0, 1, 0])], "a", "padded more at one side"),
    ([conv("a", kernel=1, padding=[1, 1, 1, 1])], "a", "is padded by 1 with a kernel side of 1, at most 0"),
    ([conv("a", activation="relu6")], "a", "ends with relu6, which cannot be computed"),
    (
        [conv("a"), {"name": "b", "kind": "activation", "activation": "sigmoid"}],
        "b",
        "ends with sigmoid, which cannot be computed on the device max78000; use relu",
    ),
    ([conv("a", 1025)], "a", "has 1025 channels, at most 1024"),
    ([conv("a", 8, 1), {"name": "b", "kind": "dense", "out_channels": 4}], "b", "has 2048 channels"),
    ([{"name": "a", "kind": "max_pool", "kernel": [2, 2], "padding": [1, 1, 1, 1]}, conv("b")], "a", "pools a padded"),
    ([conv("a"), {"name": "b", "kind": "softmax"}], "b", "is a softmax layer, which cannot run"),
    ([{"name": "a", "kind": "pad", "padding": [1, 1, 1, 1]}, conv("b")], "a", "is a pad layer"),
    ([conv("a", 8, 1), {"name": "b", "kind": "concat", "inputs": ["a", "input"]}], "b", "is a concat layer"),
    ([{"name": "a", "kind": "batch_norm"}, conv("b")], "a", "is a batch_norm layer by itself"),
    (
        [{"name": "r", "kind": "reshape", "shape": {"channels": 12, "height": 8, "width": 8}}, conv("a")],
        "a",
        "reads a reshaped tensor, 12 x 8 x 8",
    ),
    ([conv(f"c{index}", 4, 1) for index in range(33)], "c32", "is one of 33 layers, at most 32 are held"),
    ([conv("a", 900), conv("b", 900)], "b", "is the largest of 2 layers whose weights take"),
    ([conv("a", 1024, 1, bias=True), conv("b", 1024, 1, bias=True), conv("c", 1, 1, bias=True)], "b", "weights take"),
]


@pytest.mark.parametrize(("layers", "name", "message"), REFUSED)
def test_what_cannot_run_is_refused_by_name(layers: list[dict[str, Any]], name: str, message: str) -> None:
    case = network(layers)
    with pytest.raises(InputError) as caught:
        program_of(case)
    index = [layer["name"] for layer in layers].index(name)
    assert caught.value.path == f"$.network.layers[{index}].name"
    assert caught.value.value == name
    assert message in str(caught.value)


def test_other_limits_are_refused_by_name() -> None:
    line = {"name": "a", "kind": "conv1d", "out_channels": 4, "kernel": [10]}
    for layers, keys, message in (
        ([line], {"height": 64, "width": 1}, "has a kernel of 10, which cannot run"),
        ([{"name": "a", "kind": "max_pool", "kernel": [17, 1]}], {"height": 64}, "pools with a side or stride of 17"),
        ([conv("a", 4)], {"height": 1024, "width": 4}, "reads a tensor with a side of 1024, at most 1023"),
        ([conv(f"c{index}", 90, 1, bias=True) for index in range(23)], {}, "biases take"),
        (
            [conv("a", 3, 1), {"name": "sum", "kind": "add", "inputs": ["a", *["input"] * 16]}],
            {},
            "adds 17 tensors, at most 16",
        ),
    ):
        with pytest.raises(InputError, match=message):
            program_of(network(layers, **keys))


def test_values_of_another_width_are_refused() -> None:
    with pytest.raises(InputError, match=r'\$\.network\.width = "int16": is not the width'):
        program_of(chain(network={**CHAIN["network"], "width": "int16"}))
    with pytest.raises(InputError, match=r'\$\.network\.sums = "int32": is about sums'):
        program_of(chain(network={**CHAIN["network"], "sums": "int32"}))
    with pytest.raises(InputError, match=r"\$\.network\.fuse = true: is about tiles"):
        program_of(chain(network={**CHAIN["network"], "fuse": True}))


def test_layer_by_layer_only_a_layer_must_be_held() -> None:
    case = network([conv("a", 600), conv("b", 600, 1), conv("c", 64, 1)])
    with pytest.raises(InputError, match="whose weights take"):
        program_of(case)
    assert case.network is not None
    alone = replace(board(), loading=Loading.LAYER)
    assert len(accelerated(case.network, alone).layers) == 3
    many = network([conv(f"c{index}", 4, 1) for index in range(33)])
    assert many.network is not None
    assert len(accelerated(many.network, alone).layers) == 33


def test_streaming_groups() -> None:
    case = chain(options={"streaming": [["act", "two"]]})
    found = run_by(case)
    assert found.groups == (0, 0, 2, 3)
    assert [found.ends_group(index) for index in range(4)] == [False, True, True, True]
    assert [found.streams(index) for index in range(4)] == [True, True, False, False]


LONG = [conv(f"c{index}", 4, 1) for index in range(10)]


@pytest.mark.parametrize(
    ("layers", "groups", "message"),
    [
        (LONG, [[f"c{index}" for index in range(9)]], "streams with 8 others, at most 8 stream together"),
        (LONG, [["c0", "c2"]], "layers that do not follow each other"),
        (LONG, [["c0", "c1"], ["c1", "c2"]], "streams in two groups"),
        (LONG, [["c0", "none"]], '"none": streams, and is no layer'),
        (RESIDUAL, [["a", "b"]], "streams into layers that do not only read it"),
    ],
)
def test_groups_that_cannot_stream_are_refused(
    layers: list[dict[str, Any]], groups: list[list[str]], message: str
) -> None:
    case = replace(network(layers), streaming=tuple(map(tuple, groups)))
    with pytest.raises(InputError, match=message):
        program_of(case)


def test_streaming_means_nothing_elsewhere() -> None:
    with pytest.raises(InputError, match=r"\$\.options\.streaming.*means nothing"):
        chain(device="msp430fr5994-lea-2021", options={"streaming": [["one", "two"]]})


@pytest.mark.parametrize(
    ("section", "path"),
    [
        ({"requirements": {"written": "1 KiB"}}, "$.requirements.written"),
        ({"requirements": {"writes_per_byte": 3}}, "$.requirements.writes_per_byte"),
        ({"endurance": 1000}, "$.endurance"),
        ({"objective": "written"}, "$.objective"),
    ],
)
def test_what_tasks_write_is_not_counted(section: dict[str, Any], path: str) -> None:
    with pytest.raises(InputError, match="cannot be counted") as caught:
        chain(**section)
    assert caught.value.path == path
