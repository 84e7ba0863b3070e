"""The numbers that a case names: as they were written, with the zeros of what feeds each layer, or refused by name."""

from __future__ import annotations

import io
import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ischedule.analysis.arithmetic import AnyWidth, FixedPoint, Width
from ischedule.analysis.direct import evaluate_graph
from ischedule.analysis.executor import arithmetic_of
from ischedule.analysis.layer_numbers import LayerNumbers, random_network, random_tensor
from ischedule.analysis.network_zeros import drawn_numbers
from ischedule.analysis.numbers_file import dump_numbers, read_numbers
from ischedule.emitting import numbers_of
from ischedule.models.case import Case, case_hash, load_case
from ischedule.models.errors import InputError
from ischedule.models.lowering import Lowered, lowered
from ischedule.models.network_numbers import NetworkNumbers, arrays_of, digest, read_arrays
from tests.analysis.test_executor_networks import small_case
from tests.firmware.small_network import CASE
from tests.models.network_strategies import networks

WIDTHS: dict[AnyWidth, tuple[int, int | None]] = {Width.INT8: (1, None), Width.INT16: (2, 8), FixedPoint.Q15: (2, None)}
"""Bytes of the words of each arithmetic, and of sums where a network states them."""

Arrays = dict[str, np.ndarray[Any, Any]]


def named(case: Case, width: AnyWidth, path: Path) -> Case:
    """The case with the numbers of a file."""
    network = case.lowered()
    arrays = read_arrays(str(path), network, arrays_of(network, width.word.itemsize, width.sum.itemsize))
    return replace(case, numbers=NetworkNumbers(str(path), digest(arrays)))


def require_same(one: LayerNumbers, other: LayerNumbers) -> None:
    assert (one.width, one.input_zero, one.takes_maximum) == (other.width, other.input_zero, other.takes_maximum)
    for field in ("weights", "bias", "activation", "exponentials"):
        np.testing.assert_array_equal(getattr(one, field), getattr(other, field))
        if getattr(one, field) is not None:
            assert getattr(one, field).dtype == getattr(other, field).dtype
    assert (one.scaling is None) is (other.scaling is None)
    if one.scaling is not None and other.scaling is not None:
        assert one.scaling.zero == other.scaling.zero
        np.testing.assert_array_equal(one.scaling.shift, other.scaling.shift)
        np.testing.assert_array_equal(one.scaling.multiplier, other.scaling.multiplier)


@pytest.mark.parametrize("width", WIDTHS, ids=str)
def test_numbers_of_any_network_come_back_as_they_were(width: AnyWidth, tmp_path: Path) -> None:
    @given(networks(6, 3), st.integers(0, 2**32 - 1))
    @settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])
    def check(network: Any, seed: int) -> None:
        word, sums = WIDTHS[width]
        case = small_case(Width.INT8 if word == 1 else Width.INT16)
        case = replace(case, network=replace(network, width=word, sums=sums))
        numbers = drawn_numbers(case.lowered(), width, np.random.default_rng(seed))
        path = tmp_path / "any.npz"
        path.write_bytes(dump_numbers(case.lowered(), width, numbers))
        found = read_numbers(named(case, width, path), width)
        assert dump_numbers(case.lowered(), width, found) == path.read_bytes()
        for one, other in zip(found, numbers, strict=True):
            require_same(one, other)

    check()


def zeros_read(network: Lowered, numbers: list[LayerNumbers]) -> dict[int, set[int]]:
    """What kernels take for the zero of each tensor that they read."""
    found: dict[int, set[int]] = {}
    for kernel, one in zip(network.kernels, numbers, strict=True):
        for tensor in kernel.reads:
            found.setdefault(tensor, set()).add(one.input_zero)
    return found


@given(networks(8, 3), st.integers(0, 2**32 - 1))
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_who_reads_drawn_numbers_takes_the_zero_that_was_written(network: Any, seed: int) -> None:
    kernels = lowered(network)
    numbers = drawn_numbers(kernels, Width.INT8, np.random.default_rng(seed))
    read = zeros_read(kernels, numbers)
    assert all(len(zeros) == 1 for zeros in read.values())
    for kernel, one in zip(kernels.kernels, numbers, strict=True):
        passed = -128 if kernel.shape.kind == "softmax" else one.input_zero
        written = passed if one.scaling is None else one.scaling.zero
        assert read.get(kernel.writes, {written}) == {written}


def test_numbers_of_a_chain_are_those_that_its_layers_draw_by_themselves() -> None:
    kernels = small_case(Width.INT8).lowered()
    alone = random_network([one.shape for one in kernels.kernels], Width.INT8, np.random.default_rng(4))
    for one, other in zip(drawn_numbers(kernels, Width.INT8, np.random.default_rng(4)), alone, strict=True):
        require_same(one, other)


def test_numbers_with_two_zeros_of_one_tensor_are_not_written() -> None:
    kernels = small_case(Width.INT8).lowered()
    numbers = drawn_numbers(kernels, Width.INT8, np.random.default_rng(4))
    numbers[1] = replace(numbers[1], input_zero=numbers[1].input_zero + 1)
    with pytest.raises(ValueError, match="line reads words with the zero"):
        dump_numbers(kernels, Width.INT8, numbers)


BRANCHES: list[dict[str, Any]] = [
    {"name": "left", "kind": "conv2d", "inputs": ["input"], "out_channels": 2, "kernel": [2, 2], "bias": True},
    {"name": "norm", "kind": "batch_norm", "activation": "relu"},
    {"name": "right", "kind": "conv2d", "inputs": ["input"], "out_channels": 2, "kernel": [2, 2], "activation": "tanh"},
    {"name": "sum", "kind": "add", "inputs": ["left", "right"]},
    {"name": "both", "kind": "concat", "inputs": ["sum", "right"]},
    {"name": "dense", "kind": "dense", "out_channels": 3, "activation": "relu"},
    {"name": "shares", "kind": "softmax"},
]
"""All kinds of arrays, and tensors that have to have one zero."""


def branched(folder: Path, arrays: Arrays, **changes: Any) -> Case:
    """The network in a folder, with a file of these arrays."""
    layers = [layer for layer in BRANCHES if layer["name"] != "norm"]
    network = {"input": {"channels": 2, "height": 3, "width": 3}, "width": "int8", "layers": layers}
    np.savez(folder / "mine.npz", **arrays)  # type: ignore[arg-type]
    path = folder / "case.json"
    path.write_text(json.dumps({**CASE, "network": {**network, "numbers": "mine.npz", **changes}}))
    return load_case(path)


def good() -> Arrays:
    """Numbers of the network, by hand."""
    found: Arrays = {"input/zero": np.int8(-3), "sum/multiplier": np.full(2, 1 << 29, np.int32)}  # type: ignore[dict-item]
    for name, taps, inputs, outputs in (("left", 2, 2, 2), ("right", 2, 2, 2), ("dense", 2, 4, 3)):
        weights = (np.arange(outputs * taps * taps * inputs, dtype=np.int8) % 7 - 3).astype(np.int8)
        found |= {
            f"{name}/weights": weights.reshape(outputs, taps, taps, inputs),
            f"{name}/multiplier": np.full(outputs, 1 << 29, np.int32),
            f"{name}/shift": np.full(outputs, 31, np.uint8),
            f"{name}/zero": np.array(4, np.int8),
        }
    found |= {
        "left/bias": np.array([7, -9], np.int32),
        "right/activation": np.arange(-128, 128, dtype=np.int8)[::-1].copy(),
        "sum/shift": np.full(2, 30, np.uint8),
        "sum/zero": np.array(4, np.int8),
        "shares/exponentials": np.arange(1, 257, dtype=np.uint32),
    }
    return found


def test_each_layer_reads_the_zero_of_what_feeds_it(tmp_path: Path) -> None:
    case = branched(tmp_path, good())
    numbers = {kernel.name: one for kernel, one in zip(case.lowered().kernels, numbers_of(case, 0), strict=True)}
    assert {name: one.input_zero for name, one in numbers.items()} == {
        "left": -3,
        "right": -3,
        "sum": 4,
        "both of right": 4,
        "dense": 4,
        "shares": 4,
    }
    # A rectifier without a table keeps the words from its zero on.
    np.testing.assert_array_equal(numbers["dense"].activation, np.clip(np.arange(-128, 128), 4, 127))
    words = random_tensor(case.network.input, Width.INT8, np.random.default_rng(1))  # type: ignore[union-attr]
    assert case.network is not None
    assert evaluate_graph(case.network, numbers, words)["shares"].shape == (1, 1, 3)


def test_an_activation_may_move_the_zero(tmp_path: Path) -> None:
    arrays = good() | {name: np.array(9, np.int8) for name in ("right/activation_zero", "left/zero", "sum/zero")}
    case = branched(tmp_path, arrays)
    numbers = {kernel.name: one for kernel, one in zip(case.lowered().kernels, numbers_of(case, 0), strict=True)}
    assert numbers["right"].scaling is not None
    assert (numbers["right"].scaling.zero, numbers["sum"].input_zero, numbers["dense"].input_zero) == (4, 9, 9)
    kernels = case.lowered()
    data = dump_numbers(kernels, Width.INT8, list(numbers.values()))
    with np.load(io.BytesIO(data)) as written:
        assert (written["right/activation_zero"], written["right/zero"]) == (9, 4)
        assert "dense/activation_zero" not in written
    *others, shares = numbers.values()
    assert shares.exponentials is not None
    with pytest.raises(ValueError, match="shares/exponentials has numbers that uint32 does not hold"):
        dump_numbers(kernels, Width.INT8, [*others, replace(shares, exponentials=shares.exponentials << 40)])


def put(name: str, value: Any) -> Callable[[Arrays], Arrays]:
    return lambda arrays: arrays | {name: value}


def without(name: str) -> Callable[[Arrays], Arrays]:
    return lambda arrays: {key: array for key, array in arrays.items() if key != name}


HEAVY = np.full((3, 2, 2, 4), 127, np.int8)
TABLE = np.arange(1, 257, dtype=np.uint32)

REFUSED: dict[str, tuple[Callable[[Arrays], Arrays], str]] = {
    "a missing array": (without("left/weights"), "left/weights = missing: is required; add int8 of 2 x 2 x 2 x 2"),
    "a missing bias": (without("left/bias"), "left/bias = missing: is required; add int32 of 2"),
    "a missing table": (without("right/activation"), "right/activation = missing: is required; add int8 of 256"),
    "a missing zero": (without("input/zero"), "input/zero = missing: is required; add one int8"),
    "an unknown array": (
        put("left/wieghts", np.zeros(2, np.int8)),
        'left/wieghts = "int8 of 2": is no array of this network; .* did you mean left/weights?',
    ),
    "an unknown layer": (put("middle/thing", np.zeros(2, np.int8)), 'middle/thing = "int8 of 2": is no array'),
    "a bias of a layer without": (
        put("right/bias", np.zeros(2, np.int32)),
        "right/bias .* is no array of this network; remove it; right has right/weights, right/multiplier",
    ),
    "another shape": (
        put("left/weights", np.zeros((2, 2, 2), np.int8)),
        'left/weights = "int8 of 2 x 2 x 2": is another array than the network has; write int8 of 2 x 2 x 2 x 2',
    ),
    "another type": (
        put("left/bias", np.zeros(2, np.int64)),
        'left/bias = "int64 of 2": is another array than the network has; write int32 of 2',
    ),
    "a negative multiplier": (
        put("left/multiplier", np.array([5, -1], np.int32)),
        r"left/multiplier\[1\] = -1: is not between 0 and 2147483647; write 0 to 2147483647",
    ),
    "no shift": (put("sum/shift", np.array([0, 1], np.uint8)), r"sum/shift\[0\] = 0: is not between 1 and 62"),
    "too large a shift": (put("sum/shift", np.array([9, 63], np.uint8)), r"sum/shift\[1\] = 63: is not between 1"),
    "sums of another zero": (
        put("right/zero", np.array(5, np.int8)),
        "right/zero = 5: is another zero than left/zero is, which is 4, and sum adds what has the other; give both the",
    ),
    "parts of another zero": (
        put("sum/zero", np.array(3, np.int8)),
        "right/zero = 4: is another zero than sum/zero is, which is 3, and both of right is joined to",
    ),
    "sums that overflow": (
        put("left/bias", np.array([(1 << 31) - 1, 0], np.int32)),
        "left/weights = 214748.*: is what a sum can come to, and such sums do not fit int32; scale weights down",
    ),
    "shares of nothing": (
        put("shares/exponentials", TABLE - 1),
        "shares/exponentials = 0: is what a word counts for, f",
    ),
    "shares that overflow": (
        put("shares/exponentials", TABLE << 20),
        "shares/exponentials = 268435456: is what a word counts for, which comes to .*, more than 32 bits hold",
    ),
}


@pytest.mark.parametrize("what", REFUSED)
def test_numbers_that_are_not_the_network_s_are_refused(what: str, tmp_path: Path) -> None:
    change, match = REFUSED[what]
    with pytest.raises(InputError, match=match) as caught:
        numbers_of(branched(tmp_path, change(good())), 0)
    assert str(caught.value).startswith(str(tmp_path / "mine.npz"))


CHAIN = [
    {"name": "conv", "kind": "conv2d", "out_channels": 2, "kernel": [1, 1]},
    {"name": "norm", "kind": "batch_norm"},
    {"name": "double", "kind": "add", "inputs": ["norm"] * 4},
]

WIDE: dict[str, tuple[dict[str, Any], Arrays, str]] = {
    "a multiplier of 16 bits": (
        {"sums": "int64"},
        {"conv/multiplier": np.array([1 << 15, 0], np.int32)},
        r"conv/multiplier\[0\] = 32768: is not between 0 and 32767",
    ),
    "a shift in fixed point": (
        {},
        {"conv/shift": np.array([31, 1], np.uint8)},
        r"conv/shift\[0\] = 31: is not between 1 and 30",
    ),
    "a tile in fixed point": (
        {},
        {"conv/weights": np.full((2, 1, 1, 3), 32767, np.int16)},
        "conv/weights = 3221.*: is what products of a tile can come to, which do not fit 32 bits",
    ),
    "a sum of words in fixed point": (
        {},
        {"double/multiplier": np.full(2, (1 << 14) - 1, np.int32), "double/shift": np.full(2, 30, np.uint8)},
        "double/multiplier = 16383: .* leave 32 bits",
    ),
    "a zero in fixed point": ({}, {"input/zero": np.array(0, np.int16)}, "input/zero .* is no array of this network"),
    "a layer that is folded": (
        {},
        {"norm/bias": np.zeros(2, np.int16)},
        'norm/bias .*: belongs to a layer that is folded into conv; write what comes of both .* state "fold": false',
    ),
}


@pytest.mark.parametrize("what", WIDE)
def test_words_of_16_bits_have_limits_of_their_own(what: str, tmp_path: Path) -> None:
    changes, arrays, match = WIDE[what]
    alone: dict[str, Any] = {**CASE, "network": {"input": {"channels": 3, "height": 2, "width": 2}, "layers": CHAIN}}
    alone["network"] |= changes
    case = load_case(alone)
    data = dump_numbers(case.lowered(), arithmetic_of(case), numbers_of(case, 1))
    with np.load(io.BytesIO(data)) as drawn:
        np.savez(tmp_path / "mine.npz", **dict(drawn) | arrays)
    alone["network"]["numbers"] = "mine.npz"
    with pytest.raises(InputError, match=match):
        numbers_of(load_case(alone, tmp_path), 0)
    (tmp_path / "mine.npz").write_bytes(data)
    numbers_of(load_case(alone, tmp_path), 0)


def test_a_network_that_nothing_executes_names_no_numbers(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"\$.network.numbers .* words of 1 B and sums of 2 B, which nothing executes"):
        branched(tmp_path, good(), sums="int16")
    case = json.loads((tmp_path / "case.json").read_text()) | {"device": "max78000"}
    with pytest.raises(InputError, match=r"\$.network.numbers .* this device runs whole layers; leave it out"):
        load_case(case, tmp_path)


def test_a_file_that_is_not_there_or_that_changed_is_refused(tmp_path: Path) -> None:
    case = branched(tmp_path, good())
    np.savez(tmp_path / "mine.npz", **good() | {"left/bias": np.array([7, -8], np.int32)})  # type: ignore[arg-type]
    with pytest.raises(InputError, match="holds other numbers than when the case was read"):
        numbers_of(case, 0)
    (tmp_path / "mine.npz").unlink()
    with pytest.raises(InputError, match=r"mine.npz: \$ = missing: there is no such file"):
        load_case(tmp_path / "case.json")


def test_a_hash_counts_numbers_and_not_how_a_file_holds_them(tmp_path: Path) -> None:
    first = case_hash(branched(tmp_path, good()))
    turned = {name: np.asfortranarray(array) if array.ndim else array for name, array in reversed(good().items())}
    assert case_hash(branched(tmp_path, turned)) == first
    np.savez_compressed(tmp_path / "mine.npz", **good())  # type: ignore[arg-type]
    assert case_hash(load_case(tmp_path / "case.json")) == first
    for name, array in good().items():
        other = good() | {name: array + np.ones((), array.dtype)}
        assert case_hash(branched(tmp_path, other)) != first
    plain = replace(load_case(tmp_path / "case.json"), numbers=None)
    assert case_hash(plain) != first
    layers = [layer for layer in BRANCHES if layer["name"] != "norm"]
    bare = {"input": {"channels": 2, "height": 3, "width": 3}, "width": "int8", "layers": layers}
    assert case_hash(plain) == case_hash(load_case({**CASE, "network": bare}))
