"""The continuous-power baseline against the publication's figures and a naive loop nest."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ischedule.compat.candidates import Candidates
from ischedule.compat.continuous import evaluate_continuous, explore_continuous_layer, layer_cost
from ischedule.compat.platform import Design, Layer, LayerKind, Order, parse_design
from ischedule.compat.profile import INAS_2021
from tests.compat.published_numbers import CIFAR_CONTINUOUS, CIFAR_CONTINUOUS_TS1, Printed
from tests.compat.test_costs import load_input, load_sums, load_weights, multiply, store_sums


@pytest.mark.parametrize("printed", CIFAR_CONTINUOUS_TS1, ids=lambda printed: printed.layer.name)
def test_published_layers(printed: Printed) -> None:
    found = explore_continuous_layer(CIFAR_CONTINUOUS, printed.layer)
    assert found is not None
    assert str(found.design) == printed.design
    assert found.latency == pytest.approx(printed.latency, rel=1e-12)
    assert found.energy == pytest.approx(printed.energy, rel=1e-12)
    assert found.volatile_bytes == printed.volatile_bytes
    assert evaluate_continuous(CIFAR_CONTINUOUS, [printed.layer], [parse_design(printed.design)]) == (found,)


@given(*[st.integers(1, 3)] * 4, st.sampled_from(Order))
def test_a_walk_through_the_loops(rows: int, columns: int, outputs: int, inputs: int, order: Order) -> None:
    layer = Layer("c", LayerKind.CONVOLUTION, 6, 8, 8, 6, 6, 6, 3, 3)
    design = Design(rows, columns, outputs, inputs, order, 1)
    figures = INAS_2021.energy
    spots, blocks, depths = range(6 // rows * (6 // columns)), range(6 // outputs), range(6 // inputs)
    walk = {
        Order.OUTPUT: [(s, m, n) for s in spots for m in blocks for n in depths],
        Order.INPUT: [(s, m, n) for s in spots for n in depths for m in blocks],
        Order.WEIGHT: [(s, m, n) for m in blocks for n in depths for s in spots],
    }[order]
    spent, held_input, held_weights = 0.0, None, None
    for spot, block, depth in walk:
        if order is not Order.INPUT or held_input != (spot, depth):
            spent += load_input(figures, layer, design)
            held_input = (spot, depth)
        if order is not Order.WEIGHT or held_weights != (block, depth):
            spent += load_weights(figures, layer, design)
            held_weights = (block, depth)
        if depth > 0 and order is not Order.OUTPUT:
            spent += load_sums(figures, design)
        spent += multiply(figures, layer, design) + store_sums(figures, design, 1)
    assert layer_cost(figures, layer, Candidates.of([design]))[0] == pytest.approx(spent, rel=1e-12)


def test_no_design_where_no_tile_fits() -> None:
    tight = replace(CIFAR_CONTINUOUS, volatile_memory=5)
    assert explore_continuous_layer(tight, CIFAR_CONTINUOUS_TS1[0].layer) is None
