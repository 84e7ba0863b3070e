"""Clock cycles of layers: those of the vendor's tool for three networks, and a walk over the pixels for any."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ischedule.models.accelerated import accelerated
from ischedule.models.accelerator_layer import AcceleratorLayer
from ischedule.models.case import load_case
from ischedule.models.layer import TensorShape
from tests.models.accelerator_examples import CASES, MEASURED_TOTALS, PUBLISHED, board


@pytest.mark.parametrize("name", PUBLISHED)
def test_every_layer_of_three_networks_is_the_published_one(name: str) -> None:
    case = load_case(CASES / f"{name}.json")
    assert case.network is not None
    layers = accelerated(case.network, board()).layers
    found = [(one.cycles(), one.weights, one.out.elements * (4 if one.wide else 1)) for one in layers]
    assert found == PUBLISHED[name]
    assert sum(cycles for cycles, _, _ in found) + 1 == MEASURED_TOTALS[name]


def walked(layer: AcceleratorLayer) -> int:
    """Pixel by pixel over the padded operands: reading each, and writing where a window is complete."""
    (above, beside), (tall, wide) = layer.padding, layer.kernel
    passes, operands = layer.passes, len(layer.reads)
    height, width = layer.pooled.height, layer.pooled.width
    total = 0
    for row in range(-above, height + above):
        begins = row + above >= tall - 1
        for column in range(-beside, width + beside):
            inside = 0 <= row < height and 0 <= column < width
            area = layer.pool[0] * layer.pool[1] if inside else 1
            total += passes * operands * (area + 1)
            is_complete = begins and column + beside >= wide - 1
            total += passes * layer.out.channels if is_complete else 1
    return total


@st.composite
def layers(draw: st.DrawFn) -> AcceleratorLayer:
    """Convolutions of pooled and added operands."""
    kernel = draw(st.sampled_from([(1, 1), (3, 3), (5, 1)]))
    height, width = draw(st.integers(kernel[0], 12)), draw(st.integers(kernel[1], 12))
    channels = draw(st.integers(2, 200))
    padding = draw(st.integers(0, min(2, kernel[0] - 1))), draw(st.integers(0, min(2, kernel[1] - 1)))
    out = TensorShape(channels, height + 2 * padding[0] - kernel[0] + 1, width + 2 * padding[1] - kernel[1] + 1)
    reads = tuple(range(draw(st.integers(1, 3))))
    pool = draw(st.sampled_from([(1, 1), (2, 2), (4, 1)]))
    pooled = TensorShape(draw(st.integers(1, 300)), height, width)
    return AcceleratorLayer("one", ("one",), pooled, out, draw(st.integers(1, 5)), reads, 9, pool, kernel, padding)


@given(layers())
def test_cycles_are_those_of_a_walk_over_the_pixels(layer: AcceleratorLayer) -> None:
    assert layer.cycles() == walked(layer)


@given(layers())
def test_streaming_takes_half_as_much_again(layer: AcceleratorLayer) -> None:
    assert 0 <= 2 * layer.cycles(streaming=True) - 3 * layer.cycles() < 2


@given(layers(), st.integers(1, 3))
def test_more_channels_and_passes_take_more_cycles(layer: AcceleratorLayer, more: int) -> None:
    wider = replace(layer, out=replace(layer.out, channels=layer.out.channels + more))
    assert wider.cycles() == layer.cycles() + more * layer.passes * layer.out.height * layer.out.width
    assert replace(layer, passes=layer.passes + more).cycles() > layer.cycles()
