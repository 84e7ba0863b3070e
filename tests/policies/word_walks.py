"""What SONIC, TAILS, Alpaca tasks and HAWAII's DMA footprints do, product by product, counted without closed forms."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass


@dataclass(frozen=True)
class Layer:
    """A convolution without padding, at stride 1, or (all extents but channels 1) a dense layer."""

    rows: int
    columns: int
    outputs: int
    inputs: int
    kernel_rows: int
    kernel_columns: int


def sonic(layer: Layer) -> Counter[str]:
    """Units by name: the loops of a filter element around those of its plane."""
    units: Counter[str] = Counter()
    if layer.rows * layer.columns == 1:
        for _ in range(layer.inputs * layer.kernel_rows * layer.kernel_columns):
            units["the next filter element"] += 1
            for _ in range(layer.outputs):
                units["a product"] += 1
    else:
        for _ in range(layer.outputs):
            for _ in range(layer.inputs):
                for _ in range(layer.kernel_rows * layer.kernel_columns):
                    units["the next filter element"] += 1
                    for _ in range(layer.rows):
                        for _ in range(layer.columns):
                            units["a product"] += 1
    if layer.inputs * layer.kernel_rows * layer.kernel_columns % 2 == 0:
        units["a result"] += layer.outputs * layer.rows * layer.columns
    return units


def tails(layer: Layer, tile: int) -> Counter[str]:
    """Tiles of rows for each kernel row, or of a dense layer's input for each output."""
    units: Counter[str] = Counter()
    if layer.rows * layer.columns == 1 and layer.kernel_rows * layer.kernel_columns == 1:
        for _ in range(layer.outputs):
            for _ in range(0, layer.inputs, tile):
                units["a tile"] += 1
        return units
    for _ in range(layer.outputs * layer.inputs):
        for _ in range(layer.kernel_rows):
            units["the next kernel row"] += 1
            for _ in range(layer.rows):
                for _ in range(0, layer.columns, tile):
                    units["a tile"] += 1
    return units


def alpaca(layer: Layer, tile: int) -> Counter[int]:
    """Tasks by their number of products."""
    tasks: Counter[int] = Counter()
    for _ in range(layer.rows * layer.columns * layer.outputs):
        for row in range(0, layer.kernel_rows, tile):
            for column in range(0, layer.kernel_columns, tile):
                for channel in range(0, layer.inputs, tile):
                    height = min(tile, layer.kernel_rows - row)
                    width = min(tile, layer.kernel_columns - column)
                    tasks[height * width * min(tile, layer.inputs - channel)] += 1
    return tasks


def hawaii(layer: Layer) -> Counter[str]:
    """Elements filtered, and added for all but the first kernel row of a result row."""
    units: Counter[str] = Counter()
    if layer.rows * layer.columns == 1 and layer.kernel_rows * layer.kernel_columns == 1:
        units["an element"] = layer.outputs
        return units
    for _ in range(layer.outputs):
        for _ in range(layer.rows):
            for place in range(layer.inputs * layer.kernel_rows):
                for _ in range(layer.columns):
                    units["a filtered element"] += 1
                    if place:
                        units["an added element"] += 1
    return units
