"""Platforms, layers and designs refuse what has no meaning."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ischedule.compat.platform import Design, Layer, LayerKind, Order, nonvolatile_bytes, parse_design
from tests.compat.published_numbers import CIFAR_1MF, KWS_1MF_TS1, TINAS_5MF_LAYERS

SIZES = st.integers(1, 999)


@given(SIZES, SIZES, SIZES, SIZES, st.sampled_from(Order), SIZES)
def test_designs_are_written_and_read_alike(
    rows: int, columns: int, out_channels: int, in_channels: int, order: Order, batch: int
) -> None:
    design = Design(rows, columns, out_channels, in_channels, order, batch)
    assert parse_design(str(design)) == design


def test_a_design_as_published() -> None:
    assert str(Design(1, 16, 24, 1, Order.OUTPUT, 1)) == "1_16_24_1_reuse_O_S1"


@pytest.mark.parametrize(
    "text", ["", "1_16_24_1_reuse_X_S1", "1_16_24_reuse_O_S1", "1_2_3_4_reuse_O_1", "0_1_1_1_reuse_O_S1"]
)
def test_other_texts_are_no_designs(text: str) -> None:
    with pytest.raises(ValueError, match="design"):
        parse_design(text)


@pytest.mark.parametrize(
    "change",
    [
        {"capacitance": 0.0},
        {"capacitance": float("nan")},
        {"source_resistance": -1.0},
        {"turn_on": 2.7},
        {"source_voltage": 2.99},
        {"margin": 0.0},
        {"margin": 1.01},
        {"volatile_memory": -1},
        {"word_bytes": 0},
    ],
)
def test_impossible_platforms(change: dict[str, float]) -> None:
    with pytest.raises(ValueError, match=r".+"):
        replace(CIFAR_1MF, **change)  # type: ignore[arg-type]


def test_impossible_layers() -> None:
    with pytest.raises(ValueError, match="at least 1"):
        Layer("x", LayerKind.CONVOLUTION, 0, 1, 1, 1, 1, 1)
    with pytest.raises(ValueError, match="one output position"):
        Layer("x", LayerKind.DENSE, 1, 4, 4, 1, 2, 2)


def test_nonvolatile_memory_of_a_chain() -> None:
    layers = [printed.layer for printed in KWS_1MF_TS1]
    weights = 250 * 48 + 48 * 128 + 128 * 128 + 128 * 96 + 96 * 12
    assert nonvolatile_bytes(CIFAR_1MF, layers) == 2 * (2 * 250 + weights)


def test_an_addition_keeps_a_third_buffer() -> None:
    layers = [printed.layer for printed in TINAS_5MF_LAYERS]
    without = [layer for layer in layers if layer.kind is not LayerKind.ADD]
    assert nonvolatile_bytes(CIFAR_1MF, layers) - nonvolatile_bytes(CIFAR_1MF, without) == 2 * 16 * 32 * 32
