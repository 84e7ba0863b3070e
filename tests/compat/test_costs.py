"""Power-cycle formulas against a naive loop nest that performs a cycle command by command."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ischedule.compat.candidates import Candidates
from ischedule.compat.costs import cycle_counts, cycle_parts
from ischedule.compat.platform import Design, Layer, LayerKind, Order
from ischedule.compat.profile import INAS_2021, TINAS_2025, Figures, Linear, Profile

EXTENTS = st.integers(1, 4)
FIGURES = st.sampled_from(
    [(p, f) for p in (INAS_2021, TINAS_2025) for f in (p.energy, p.time)],
)


def on(transfer: Linear, words: int) -> float:
    return transfer.per_word * words + transfer.fixed


def load_input(figures: Figures, layer: Layer, design: Design) -> float:
    rows = layer.stride * (design.rows - 1) + layer.kernel_height
    columns = layer.stride * (design.columns - 1) + layer.kernel_width
    return sum(on(figures.read, design.in_channels) + figures.fetch_input for _ in range(rows * columns))


def load_weights(figures: Figures, layer: Layer, design: Design) -> float:
    vectors = layer.kernel_height * layer.kernel_width * design.out_channels
    return sum(on(figures.read, design.in_channels) + figures.fetch_weight for _ in range(vectors))


def load_sums(figures: Figures, design: Design) -> float:
    each = on(figures.read, design.out_channels) + figures.fetch_output[design.order.value]
    return sum(each for _ in range(design.rows * design.columns))


def store_sums(figures: Figures, design: Design, tiles: int) -> float:
    each = on(figures.write, tiles * design.out_channels) + figures.store_output[design.order.value]
    return sum(each for _ in range(design.rows * design.columns))


def multiply(figures: Figures, layer: Layer, design: Design) -> float:
    spent = figures.tile
    for _ in range(design.rows * design.columns * design.out_channels):
        for _ in range(layer.kernel_height * layer.kernel_width):
            spent += on(figures.vector_mac, design.in_channels) + figures.step[layer.kind][design.order.value]
    return spent


def naive_convolution_cycle(profile: Profile, figures: Figures, layer: Layer, design: Design, sums: bool) -> float:
    """Boot, restore, a batch of tiles along the innermost loop with the kept operand loaded once, store, record."""
    spent = figures.reboot + on(figures.read, profile.record_words)
    for tile in range(design.batch):
        if design.order is not Order.INPUT or tile == 0:
            spent += load_input(figures, layer, design)
        if design.order is not Order.WEIGHT or tile == 0:
            spent += load_weights(figures, layer, design)
        if sums and (design.order is not Order.OUTPUT or tile == 0):
            spent += load_sums(figures, design)
        spent += multiply(figures, layer, design)
        if design.order is Order.WEIGHT:
            spent += store_sums(figures, design, 1)
    if design.order is Order.INPUT:
        spent += store_sums(figures, design, design.batch)
    if design.order is Order.OUTPUT:
        spent += store_sums(figures, design, 1)
    return spent + on(figures.write, profile.record_words)


@given(
    FIGURES, EXTENTS, EXTENTS, EXTENTS, EXTENTS, st.sampled_from(Order), EXTENTS, st.integers(1, 3), st.integers(1, 2)
)
def test_convolution_cycles(
    axis: tuple[Profile, Figures],
    rows: int,
    columns: int,
    outputs: int,
    inputs: int,
    order: Order,
    batch: int,
    kernel: int,
    stride: int,
) -> None:
    profile, figures = axis
    layer = Layer("c", LayerKind.CONVOLUTION, 8, 30, 30, 8, 12, 12, kernel, kernel + 1, stride)
    design = Design(rows, columns, outputs, inputs, order, batch)
    parts = cycle_parts(figures, layer, Candidates.of([design]), profile.record_words)
    first = naive_convolution_cycle(profile, figures, layer, design, sums=False)
    later = naive_convolution_cycle(profile, figures, layer, design, sums=True)
    assert parts.first()[0] == pytest.approx(first, rel=1e-12)
    assert parts.later()[0] == pytest.approx(later, rel=1e-12)
    assert sum(parts.named(0, later=True).values()) == pytest.approx(later, rel=1e-12)


def naive_cycles(layer: Layer, design: Design) -> tuple[int, int]:
    """Walk the published loop nest; start a cycle every `batch` trips of the innermost loop."""
    spots = [(r, c) for r in range(0, layer.out_height, design.rows) for c in range(0, layer.out_width, design.columns)]
    blocks = range(0, layer.out_channels, design.out_channels)
    depths = range(0, layer.in_channels, design.in_channels)
    walk = {
        Order.OUTPUT: [(s, m, n) for s in spots for m in blocks for n in depths],
        Order.INPUT: [(s, m, n) for s in spots for n in depths for m in blocks],
        Order.WEIGHT: [(s, m, n) for m in blocks for n in depths for s in spots],
    }[design.order]
    starts = walk[:: design.batch]
    return sum(1 for *_, n in starts if n == 0), sum(1 for *_, n in starts if n != 0)


@given(st.data(), st.sampled_from(Order))
def test_cycle_counts_of_convolutions(data: st.DataObject, order: Order) -> None:
    extents = [data.draw(st.integers(1, 8)) for _ in range(4)]
    tile = [data.draw(st.sampled_from([d for d in range(1, e + 1) if e % d == 0])) for e in extents]
    trips = {
        Order.INPUT: extents[2] // tile[2],
        Order.WEIGHT: extents[0] // tile[0] * (extents[1] // tile[1]),
        Order.OUTPUT: extents[3] // tile[3],
    }[order]
    batch = data.draw(st.sampled_from([d for d in range(1, trips + 1) if trips % d == 0]))
    layer = Layer("c", LayerKind.CONVOLUTION, extents[3], 9, 9, extents[2], extents[0], extents[1])
    design = Design(tile[0], tile[1], tile[2], tile[3], order, batch)
    counts = cycle_counts(layer, Candidates.of([design]))
    assert (counts.first[0], counts.later[0]) == naive_cycles(layer, design)


def test_edge_tiles_count_in_full() -> None:
    layer = Layer("r", LayerKind.RELU, 4, 5, 7, 4, 5, 7)
    counts = cycle_counts(layer, Candidates.of([Design(2, 4, 4, 1, Order.OUTPUT, 1)]))
    assert (counts.first[0], counts.later[0]) == (6, 0)


def naive_pooling_cycle(profile: Profile, figures: Figures, design: Design) -> float:
    spent = figures.reboot + on(figures.read, profile.record_words)
    spent += on(figures.read, design.out_channels) + figures.fetch_output[2]
    for _ in range(design.batch):
        for _ in range(design.rows * design.columns):
            spent += on(figures.read, design.out_channels) + figures.fetch_input
            for _ in range(design.out_channels):
                spent += figures.step[LayerKind.GLOBAL_AVERAGE_POOL][2]
    spent += on(figures.write, design.out_channels) + figures.store_output[2]
    return spent + on(figures.write, profile.record_words)


@given(FIGURES, EXTENTS, EXTENTS, EXTENTS, EXTENTS)
def test_pooling_cycles(axis: tuple[Profile, Figures], rows: int, columns: int, channels: int, batch: int) -> None:
    profile, figures = axis
    layer = Layer("p", LayerKind.GLOBAL_AVERAGE_POOL, 8, 12, 12, 8, 1, 1)
    design = Design(rows, columns, channels, 1, Order.OUTPUT, batch)
    parts = cycle_parts(figures, layer, Candidates.of([design]), profile.record_words)
    assert np.array_equal(parts.first(), parts.later())
    assert parts.first()[0] == pytest.approx(naive_pooling_cycle(profile, figures, design), rel=1e-12)
