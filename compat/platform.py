"""What a published explorer is told: energy buffer, memories, layers; and what it chooses: a design per layer.

Values are SI floats, because the published models compute in floats and are reproduced as they are. Nothing here is
certified; certified work takes its integers from `ischedule.models`.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from enum import Enum


class Semantics(Enum):
    """The published cost models that can be reproduced, by the name a case file gives them."""

    INAS_2021 = "inas-2021"
    TINAS_2025 = "tinas-2025"


class LayerKind(Enum):
    """Kinds of layer that a published model has a formula for."""

    CONVOLUTION = "convolution"
    DEPTHWISE = "depthwise"
    DENSE = "dense"
    BATCH_NORM = "batch-norm"
    RELU = "relu"
    ADD = "add"
    GLOBAL_AVERAGE_POOL = "global-average-pool"


class Order(Enum):
    """Loop order: the operand that stays in volatile memory from one tile to the next."""

    INPUT = 0
    WEIGHT = 1
    OUTPUT = 2

    @property
    def letter(self) -> str:
        """The letter by which published solutions abbreviate the order."""
        return "IWO"[self.value]


@dataclass(frozen=True)
class Platform:
    """Capacitor, source, thresholds and memories, in farad, ohm, volt and bytes.

    `margin` is the share of the energy between turn-on and brown-out that one power cycle may use.
    """

    capacitance: float
    source_resistance: float
    turn_on: float
    brown_out: float
    source_voltage: float
    margin: float
    volatile_memory: int
    nonvolatile_memory: int
    word_bytes: int = 2

    def __post_init__(self) -> None:
        quantities = (self.capacitance, self.source_resistance, self.turn_on, self.source_voltage)
        if not all(math.isfinite(value) and value > 0 for value in quantities):
            raise ValueError(f"{quantities}: capacitance, resistance and voltages are positive")
        if not 0 <= self.brown_out < self.turn_on < self.source_voltage:
            raise ValueError(
                f"brown_out={self.brown_out}, turn_on={self.turn_on}, source_voltage={self.source_voltage}: must ascend"
            )
        if not 0 < self.margin <= 1:
            raise ValueError(f"margin={self.margin}: must be above 0 and at most 1")
        if min(self.volatile_memory, self.nonvolatile_memory) < 0 or self.word_bytes < 1:
            raise ValueError("memories are not negative, and a word is at least one byte")


@dataclass(frozen=True)
class Layer:
    """One layer with its input and output extents; a dense layer is a convolution whose kernel is its whole input.

    Kinds without a kernel leave it at 1 by 1.
    """

    name: str
    kind: LayerKind
    in_channels: int
    in_height: int
    in_width: int
    out_channels: int
    out_height: int
    out_width: int
    kernel_height: int = 1
    kernel_width: int = 1
    stride: int = 1

    def __post_init__(self) -> None:
        extents = (self.in_channels, self.in_height, self.in_width, self.out_channels, self.out_height, self.out_width)
        if min(*extents, self.kernel_height, self.kernel_width, self.stride) < 1:
            raise ValueError(f"layer {self.name}: every extent is at least 1")
        if self.kind is LayerKind.DENSE and (self.out_height, self.out_width) != (1, 1):
            raise ValueError(f"layer {self.name}: a dense layer has one output position")

    @property
    def weights(self) -> int:
        """Words of weights."""
        kernel = self.kernel_height * self.kernel_width * self.out_channels
        if self.kind in (LayerKind.CONVOLUTION, LayerKind.DENSE):
            return kernel * self.in_channels
        if self.kind is LayerKind.DEPTHWISE:
            return kernel
        return 4 * self.out_channels if self.kind is LayerKind.BATCH_NORM else 0


@dataclass(frozen=True)
class Design:
    """One way to execute a layer: a tile, a loop order, how many tiles of the innermost loop share a power cycle."""

    rows: int
    columns: int
    out_channels: int
    in_channels: int
    order: Order
    batch: int

    def __post_init__(self) -> None:
        if min(self.rows, self.columns, self.out_channels, self.in_channels, self.batch) < 1:
            raise ValueError(f"design {self}: every extent is at least 1")

    def __str__(self) -> str:
        tile = f"{self.rows}_{self.columns}_{self.out_channels}_{self.in_channels}"
        return f"{tile}_reuse_{self.order.letter}_S{self.batch}"


def parse_design(text: str) -> Design:
    """The design that published solutions write as, for example, `1_16_24_1_reuse_O_S1`."""
    parts = text.split("_")
    letters = {order.letter: order for order in Order}
    if len(parts) != 7 or parts[4] != "reuse" or parts[5] not in letters or not parts[6].startswith("S"):
        raise ValueError(f"{text!r} is not a design of the form 1_16_24_1_reuse_O_S1")
    rows, columns, out_channels, in_channels = (int(part) for part in parts[:4])
    return Design(rows, columns, out_channels, in_channels, letters[parts[5]], int(parts[6][1:]))


def nonvolatile_bytes(platform: Platform, layers: Iterable[Layer]) -> int:
    """What a network occupies in non-volatile memory: buffers as large as its largest feature map, and all weights.

    Two buffers in a chain, three where an `add` keeps a third tensor alive.
    """
    listed = list(layers)
    maps = [
        max(
            layer.in_channels * layer.in_height * layer.in_width,
            layer.out_channels * layer.out_height * layer.out_width,
        )
        for layer in listed
    ]
    buffers = 3 if any(layer.kind is LayerKind.ADD for layer in listed) else 2
    return platform.word_bytes * (buffers * max(maps, default=0) + sum(layer.weights for layer in listed))
