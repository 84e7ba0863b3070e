"""Fixed-point sums in the executor: what tiles add, one by one, from the definition; and what they take of memory."""

from __future__ import annotations

from dataclasses import replace
from itertools import product

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ischedule.analysis.arithmetic import FixedPoint, Scaling, Width, Words
from ischedule.analysis.executor import Executor, Placed, arithmetic_of, run
from ischedule.analysis.fixed_point import MOST_WEIGHT, fixed_weights
from ischedule.analysis.layer_numbers import LayerNumbers, random_network, random_numbers, random_tensor
from ischedule.analysis.power_cycles import chains_of
from ischedule.models.build import program_of
from ischedule.models.errors import InputError
from ischedule.models.layout import atoms_of_design
from ischedule.models.lowering import forms_of
from ischedule.models.nest import spans
from ischedule.models.network import LayerShape
from ischedule.models.plan import Plan
from ischedule.models.tiling import Extent, Order, Tiling
from tests.analysis.layer_strategies import shapes
from tests.analysis.test_executor_networks import plans, small_case
from tests.models.kernel_strategies import tilings

Q15 = FixedPoint.Q15


def clipped(value: int) -> int:
    return min(max(value, -32768), 32767)


def filtered(shape: LayerShape, numbers: LayerNumbers, words: Words, tile: int) -> Words:
    """A convolution with input channels in tiles of a size, number by number."""
    assert numbers.weights is not None
    assert numbers.scaling is not None
    inputs, outputs = shape.in_channels // shape.groups, shape.out_channels // shape.groups
    top, _, left, _ = shape.padding
    found = np.zeros((shape.out_height, shape.out_width, shape.out_channels), np.int16)
    for row, column, output in product(range(shape.out_height), range(shape.out_width), range(shape.out_channels)):
        total = 0 if numbers.bias is None else int(numbers.bias[output])
        shift, group = int(numbers.scaling.shift[output]), output // outputs
        for channels in spans(inputs, tile):
            products = 0
            for i, j, channel in product(range(shape.kernel_height), range(shape.kernel_width), channels):
                down = row * shape.stride[0] + i * shape.dilation[0] - top
                across = column * shape.stride[1] + j * shape.dilation[1] - left
                if 0 <= down < shape.in_height and 0 <= across < shape.in_width:
                    word = int(words[down, across, group * inputs + channel])
                    products += word * int(numbers.weights[output, i, j, channel])
            assert abs(products) < 2**31
            total = clipped(total + (products + (1 << (shift - 1)) >> shift))
        word = total
        if numbers.activation is not None:
            word = int(numbers.activation[word + 32768])
        found[row, column, output] = word
    return found


@settings(max_examples=20, suppress_health_check=list(HealthCheck), deadline=None)
@given(shapes("strided"), st.data())
def test_sums_are_rounded_and_saturate_tile_by_tile(shape: LayerShape, data: st.DataObject) -> None:
    extent = forms_of(shape, dense_as_channels=False)[0]
    tiling = data.draw(tilings(extent))
    random = np.random.default_rng(data.draw(st.integers(0, 2**32 - 1)))
    numbers, words = random_numbers(shape, Q15, random), random_words_of(shape, random)
    atoms = atoms_of_design(extent, tiling)
    ends = sorted(data.draw(st.sets(st.integers(1, atoms), max_size=4)) | {atoms})
    layer = Placed(extent, tiling, numbers, shape.padding, apart=False)
    execution = Executor([layer], ends, words, 2).run(data.draw(st.sets(st.integers(0, 300), max_size=4)))
    tile = extent.inputs if extent.channelwise else tiling.inputs
    np.testing.assert_array_equal(execution.output, filtered(shape, numbers, words, tile))


def random_words_of(shape: LayerShape, random: np.random.Generator) -> Words:
    size = (shape.in_height, shape.in_width, shape.in_channels)
    return random.integers(-32768, 32767, size, np.int16, endpoint=True)


def test_a_plan_takes_the_volatile_memory_that_it_accounts_for() -> None:
    case = small_case(Width.INT16)
    program = program_of(case)
    network = case.network
    assert network is not None
    assert arithmetic_of(case) is Q15

    @settings(max_examples=10, deadline=None)
    @given(plans(program), st.integers(0, 2**32 - 1), st.sets(st.integers(0, 2000), max_size=8))
    def check(plan: Plan, seed: int, failures: set[int]) -> None:
        random = np.random.default_rng(seed)
        numbers = random_network(case.chain(), Q15, random)
        words = random_tensor(network.input, Q15, random)
        execution = run(case, plan, words, numbers, failures)
        for layer, chain in enumerate(chains_of(program, plan)):
            assert execution.volatile_bytes(layer) == chain.volatile
        np.testing.assert_array_equal(execution.output, run(case, plan, words, numbers).output)

    check()


def test_a_result_depends_on_tiles_of_inputs_and_not_on_the_order() -> None:
    found = {}
    random = np.random.default_rng(2)
    weights = np.full((4, 1, 1, 12), 5000, np.int16)
    scaling = Scaling(np.zeros(4, np.int64), np.full(4, 12), 0)
    numbers, words = LayerNumbers(Q15, 0, weights, scaling), random.integers(-32768, 32767, (1, 1, 12), np.int16)
    extent = Extent(1, 1, 4, 12, 1, 1)
    for order, inputs in product(Order, (1, 5, 12)):
        tiling = Tiling(0, order, 1, 1, 2, inputs, 1)
        layer = Placed(extent, tiling, numbers, apart=False)
        found[order, inputs] = tuple(Executor([layer], [atoms_of_design(extent, tiling)], words).run().output.ravel())
    for inputs in (1, 5, 12):
        assert len({found[order, inputs] for order in Order}) == 1
    assert len({found[Order.INPUT, inputs] for inputs in (1, 5, 12)}) > 1


def test_numbers_that_could_leave_32_bits_are_refused() -> None:
    scaling = Scaling(np.zeros(1, np.int64), np.full(1, 15), 0)
    weights = np.full((1, 1, 1, 4), MOST_WEIGHT // 4, np.int16)
    LayerNumbers(Q15, 0, weights, scaling)
    with pytest.raises(ValueError, match="32 bits"):
        LayerNumbers(Q15, 0, np.full((1, 1, 1, 4), MOST_WEIGHT // 4 + 2, np.int16), scaling)
    with pytest.raises(ValueError, match="zero is 0"):
        LayerNumbers(Q15, 3, weights, scaling)
    with pytest.raises(ValueError, match="from 1 to 30"):
        LayerNumbers(Q15, 0, weights, Scaling(np.zeros(1, np.int64), np.full(1, 31), 0))


def test_weights_of_many_inputs_are_drawn_within_32_bits() -> None:
    weights = fixed_weights((2, 1, 1, 70_000), np.random.default_rng(1)).astype(np.int64)
    assert (np.abs(weights).sum(axis=(1, 2, 3)) == MOST_WEIGHT).all()


def test_sums_of_another_width_cannot_be_executed() -> None:
    case = small_case(Width.INT16)
    assert case.network is not None
    odd = replace(case, network=replace(case.network, sums=4))
    with pytest.raises(InputError, match="cannot be executed"):
        arithmetic_of(odd)
