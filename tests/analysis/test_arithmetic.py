"""Sums become words with one rounding, whatever the sums; activations are tables of their functions."""

from __future__ import annotations

import math
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ischedule.analysis.arithmetic import FUNCTIONS, MULTIPLIER_BITS, Scaling, Width, look_up, table_of
from ischedule.analysis.layer_numbers import LayerNumbers

WIDTHS = st.sampled_from(Width)


@given(WIDTHS, st.data(), st.integers(1, 62), st.integers(-100, 100))
def test_a_word_is_the_nearest_to_its_scaled_sum(width: Width, data: st.DataObject, shift: int, zero: int) -> None:
    multiplier = data.draw(st.integers(0, (1 << MULTIPLIER_BITS[width.value]) - 1))
    reach = (1 << 31) - 1 if width is Width.INT8 else (1 << 47) - 1
    value = data.draw(st.integers(-reach, reach))
    scaling = Scaling(np.array([multiplier]), np.array([shift]), zero)
    (word,) = scaling.words(np.array([value], width.sum), slice(0, 1), width)
    exact = math.floor(Fraction(value * multiplier, 1 << shift) + Fraction(1, 2)) + zero
    assert word == min(max(exact, width.least), width.greatest)


@given(WIDTHS, st.fractions(Fraction(1, 1 << 20), 4))
def test_a_factor_is_met_as_closely_as_its_bits_allow(width: Width, factor: Fraction) -> None:
    scaling = Scaling.of(factor, 3, width)
    met = Fraction(int(scaling.multiplier[1]), 1 << int(scaling.shift[1]))
    assert abs(met - factor) <= Fraction(1, 1 << int(scaling.shift[1]))
    assert abs(met / factor - 1) <= Fraction(1, 1 << (MULTIPLIER_BITS[width.value] - 2))


def test_factors_and_numbers_out_of_range_are_refused() -> None:
    with pytest.raises(ValueError, match="too large"):
        Scaling.of(Fraction(1 << 40), 1, Width.INT8)
    with pytest.raises(ValueError, match="from 1 to 62"):
        Scaling(np.array([1]), np.array([0]), 0)
    with pytest.raises(ValueError, match="one each"):
        Scaling(np.array([1]), np.array([1, 2]), 0)
    with pytest.raises(ValueError, match="leave 63 bits"):
        Scaling(np.array([(1 << 40)]), np.array([40]), 0).check(1 << 30, Width.INT8)
    with pytest.raises(ValueError, match="do not fit int32"):
        Scaling(np.array([1]), np.array([1]), 0).check(1 << 31, Width.INT8)


def test_weights_whose_sums_could_overflow_are_refused() -> None:
    weights = np.full((1, 1, 1, 1 << 18), 127, np.int8)
    scaling = Scaling.of(Fraction(1, 1 << 20), 1, Width.INT8)
    with pytest.raises(ValueError, match="do not fit int32"):
        LayerNumbers(Width.INT8, 0, weights, scaling)
    few = weights[..., :4]
    LayerNumbers(Width.INT8, 0, few, scaling)
    with pytest.raises(ValueError, match="do not fit int32"):
        LayerNumbers(Width.INT8, 0, few, scaling, bias=np.array([(1 << 31) - 1], np.int32))


@pytest.mark.parametrize(
    ("numbers", "problem"),
    [
        ({"weights": np.zeros((2, 1, 1, 1), np.int8)}, "come with a scaling"),
        ({"weights": np.zeros((2, 1, 1, 1), np.int16), "scaling": 2}, "four-dimensional int8"),
        ({"weights": np.zeros((2, 1, 1, 1), np.int8), "scaling": 3}, "3 scalings for 2"),
        ({"weights": np.zeros((2, 1, 1, 1), np.int8), "scaling": 2, "bias": np.zeros(2, np.int8)}, "one int32"),
        ({"activation": np.zeros(255, np.int8)}, "256 entries"),
    ],
)
def test_numbers_that_do_not_fit_their_layer_are_refused(numbers: dict[str, object], problem: str) -> None:
    if "scaling" in numbers:
        numbers = numbers | {"scaling": Scaling.of(Fraction(1, 2), int(str(numbers["scaling"])), Width.INT8)}
    with pytest.raises(ValueError, match=problem):
        LayerNumbers(Width.INT8, **numbers)  # type: ignore[arg-type]


@pytest.mark.parametrize("width", Width)
def test_relu_is_a_clamp_of_words(width: Width) -> None:
    scale = Fraction(1, width.greatest // 12)
    words = np.arange(width.least, width.greatest + 1).astype(width.word)
    for zero in (width.least, -3, 0, 5):
        same = (scale, zero)
        np.testing.assert_array_equal(
            look_up(table_of("relu", width, same, same), words, width), np.maximum(words, zero)
        )
        six = min(zero + 6 * (width.greatest // 12), width.greatest)
        np.testing.assert_array_equal(
            look_up(table_of("relu6", width, same, same), words, width), np.clip(words, zero, six)
        )


@pytest.mark.parametrize("name", sorted(FUNCTIONS))
def test_activations_go_through_their_known_values(name: str) -> None:
    function = FUNCTIONS[name]
    known = {
        "relu": {-1: 0, 2: 2},
        "relu6": {-1: 0, 2: 2, 7: 6},
        "hard_sigmoid": {-3: 0, 0: Fraction(1, 2), 3: 1},
        "hard_swish": {-3: 0, -1: Fraction(-1, 3), 0: 0, 1: Fraction(2, 3), 4: 4},
        "sigmoid": {0: 0.5, -800: 0, 800: 1},
        "tanh": {0: 0, 800: 1},
    }[name]
    for at, value in known.items():
        assert function(Fraction(at)) == value
    table = table_of(name, Width.INT8, (Fraction(1, 16), 0), (Fraction(1, 16), 0)).astype(int)
    for word in (-128, -37, -1, 0, 1, 50, 127):
        exact = float(function(Fraction(word, 16))) * 16
        assert abs(table[word + 128] - min(max(exact, -128), 127)) <= 0.5 + 1e-9
    if name != "hard_swish":
        assert (np.diff(table) >= 0).all()
