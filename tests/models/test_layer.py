"""What layers make of their inputs, against windows counted one by one."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ischedule.models.layer import Layer, NetworkError, TensorShape, shape_of

IMAGE = TensorShape(6, 9, 7)


def windows(size: int, kernel: int, stride: int, dilation: int, before: int, after: int) -> int:
    """Positions of a stride at which all taps lie in the padded input, by looking at each tap."""
    inside = range(-before, size + after)
    starts = range(-before, size + after, stride)
    return sum(all(start + tap * dilation in inside for tap in range(kernel)) for start in starts)


AXIS = st.tuples(
    st.integers(1, 12), st.integers(1, 4), st.integers(1, 4), st.integers(1, 3), st.integers(0, 3), st.integers(0, 3)
)


@given(AXIS, AXIS)
def test_outputs_are_the_windows(rows: tuple[int, ...], columns: tuple[int, ...]) -> None:
    sizes, kernel, stride, dilation, before, after = zip(rows, columns, strict=True)
    padding = (before[0], after[0], before[1], after[1])
    layer = Layer("l", "conv2d", ("input",), 4, kernel, stride, padding, dilation)
    expected = [windows(*rows), windows(*columns)]
    source = TensorShape(3, *sizes)
    if 0 in expected:
        with pytest.raises(NetworkError) as caught:
            shape_of(layer, [source])
        assert caught.value.path == ".kernel"
        return
    shape = shape_of(layer, [source])
    assert [shape.out_height, shape.out_width] == expected
    assert shape.macs == expected[0] * expected[1] * 4 * 3 * kernel[0] * kernel[1]


@given(st.integers(1, 30), st.integers(1, 6), st.integers(1, 4), st.integers(1, 3))
def test_same_padding_makes_a_window_of_every_stride(size: int, kernel: int, stride: int, dilation: int) -> None:
    layer = Layer("l", "conv1d", ("input",), 1, (kernel, 1), (stride, 1), "same", (dilation, 1))
    shape = shape_of(layer, [TensorShape(1, size, 1)])
    top, bottom, *sides = shape.padding
    assert sides == [0, 0]
    assert shape.out_height == len(range(0, size, stride)) == windows(size, kernel, stride, dilation, top, bottom)
    assert bottom - top in (0, 1)
    assert top == 0 or windows(size, kernel, stride, dilation, top - 1, bottom) < shape.out_height


def test_every_kind_has_its_extents() -> None:
    def made(kind: str, *sources: TensorShape, **fields: object) -> tuple[int, int, int]:
        names = tuple(f"s{index}" for index in range(len(sources)))
        shape = shape_of(Layer("l", kind, names, **fields), sources)  # type: ignore[arg-type]
        return shape.out_channels, shape.out_height, shape.out_width

    assert made("max_pool", IMAGE, kernel=(2, 2)) == (6, 4, 3)
    assert made("average_pool", IMAGE, kernel=(3, 2), stride=(1, 2), padding=(1, 1, 1, 0)) == (6, 9, 4)
    assert made("global_max_pool", IMAGE) == made("global_average_pool", IMAGE) == (6, 1, 1)
    assert made("dense", IMAGE, out_channels=5) == (5, 1, 1)
    assert made("add", IMAGE, IMAGE, IMAGE) == (6, 9, 7)
    assert made("concat", IMAGE, TensorShape(2, 9, 7)) == (8, 9, 7)
    assert made("batch_norm", IMAGE) == made("activation", IMAGE, activation="relu") == made("softmax", IMAGE)
    assert made("flatten", IMAGE) == (6 * 9 * 7, 1, 1)
    assert made("reshape", IMAGE, shape=TensorShape(9, 6, 7)) == (9, 6, 7)
    assert made("pad", IMAGE, padding=(1, 2, 3, 4)) == (6, 12, 14)


def test_weights_of_groups() -> None:
    depthwise = shape_of(Layer("l", "conv2d", ("input",), 6, (3, 3), groups=6, bias=True), [IMAGE])
    assert (depthwise.weights, depthwise.parameters, depthwise.is_depthwise) == (54, 6, True)
    grouped = shape_of(Layer("l", "conv2d", ("input",), 4, (3, 3), groups=2), [IMAGE])
    assert (grouped.weights, grouped.is_depthwise) == (4 * 3 * 9, False)
    assert shape_of(Layer("l", "batch_norm", ("input",)), [IMAGE]).parameters == 12


@pytest.mark.parametrize(
    ("fields", "path", "problem"),
    [
        ({"kind": "conv2d", "out_channels": 4, "kernel": (1, 1), "groups": 4}, ".groups", "6 input channels"),
        ({"kind": "conv2d", "out_channels": 4, "kernel": (1, 1), "groups": 3}, ".groups", "4 output channels"),
        ({"kind": "max_pool", "kernel": (2, 2), "padding": (2, 0, 0, 0)}, ".padding[0]", "without a pixel"),
        ({"kind": "pad", "padding": "same"}, ".padding", "no possible padding"),
        ({"kind": "reshape", "shape": TensorShape(5, 5, 5)}, ".shape", "has 125 values"),
        ({"kind": "activation", "activation": "softplus"}, ".activation", "no known activation"),
        ({"kind": "conv1d", "out_channels": 1, "kernel": (3, 1), "padding": (0, 0, 1, 0)}, ".padding", "pads the wid"),
    ],
)
def test_layers_that_cannot_be(fields: dict[str, object], path: str, problem: str) -> None:
    with pytest.raises(NetworkError) as caught:
        shape_of(Layer("l", inputs=("input",), **fields), [IMAGE])  # type: ignore[arg-type]
    assert caught.value.path == path
    assert problem in caught.value.problem


@pytest.mark.parametrize("kind", ["add", "concat"])
def test_joined_inputs_have_one_size(kind: str) -> None:
    with pytest.raises(NetworkError) as caught:
        shape_of(Layer("l", kind, ("a", "b")), [IMAGE, TensorShape(6, 9, 8)])
    assert caught.value.path == ".inputs[1]"


def test_a_huge_flattening_is_refused() -> None:
    with pytest.raises(NetworkError) as caught:
        shape_of(Layer("l", "flatten", ("input",)), [TensorShape(64, 64, 64)])
    assert "at most 65535" in caught.value.problem
