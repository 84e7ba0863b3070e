"""The network of a case file: every layer as the file writes it, short forms written out."""

from collections.abc import Mapping
from typing import Any, Final

from ischedule.models.case_values import CaseValues
from ischedule.models.errors import InputError, InvalidValue
from ischedule.models.network import NETWORK_INPUT, Layer, Network, TensorShape

Section = Mapping[str, Any]

WIDTHS: Final = {"int8": 1, "int16": 2}
"""Bytes of one value, by the name of its type."""

SUM_WIDTHS: Final = {"int16": 2, "int32": 4, "int64": 8}
"""Bytes of one sum, by the name of its type."""

_PAIRS: Final = {"kernel": "write [height, width]", "stride": "write one stride, or [down, across]"}


def network(section: Section, values: CaseValues, path: str = "$.network") -> Network:
    """The layers; a layer that names no input reads the one before it."""
    layers = []
    before = NETWORK_INPUT
    for index, entry in enumerate(section["layers"]):
        layers.append(_layer(entry, before, values, f"{path}.layers[{index}]"))
        before = entry["name"]
    width = WIDTHS[section["width"]] if "width" in section else None
    sums = SUM_WIDTHS[section["sums"]] if "sums" in section else None
    fold, fuse = section.get("fold", True), section.get("fuse", False)
    try:
        built = Network(TensorShape(**section["input"]), tuple(layers), width, fold, fuse, sums)
        built.shapes()
    except InvalidValue as error:
        raise error.located(values.source, path) from None
    return built


def _layer(entry: Section, before: str, values: CaseValues, path: str) -> Layer:
    shape = entry.get("shape")
    try:
        return Layer(
            name=entry["name"],
            kind=entry["kind"],
            inputs=tuple(entry.get("inputs", (before,))),
            out_channels=entry.get("out_channels"),
            kernel=_pair(entry, "kernel", values, path),
            stride=_pair(entry, "stride", values, path),
            padding=_padding(entry, values, path),
            dilation=_pair(entry, "dilation", values, path),
            groups=entry.get("groups"),
            bias=entry.get("bias"),
            activation=entry.get("activation"),
            shape=None if shape is None else TensorShape(**shape),
        )
    except InvalidValue as error:
        raise error.located(values.source, path) from None


def _pair(entry: Section, key: str, values: CaseValues, path: str) -> tuple[int, int] | None:
    """Sides down and across: one number stands for both; in a conv1d layer there is only the first."""
    value = entry.get(key)
    if value is None:
        return None
    one_axis = entry["kind"] == "conv1d"
    if isinstance(value, int):
        return value, 1 if one_axis else value
    if one_axis and len(value) == 1:
        return value[0], 1
    if len(value) != 2:
        remedy = _PAIRS.get(key, "write one dilation, or [down, across]")
        raise values.error(f"{path}.{key}", value, "has one side", remedy)
    return value[0], value[1]


def _padding(entry: Section, values: CaseValues, path: str) -> Any:
    """Pixels at the top, bottom, left and right, or "same"."""
    value = entry.get("padding")
    if value == "valid" and entry["kind"] != "pad":
        return 0, 0, 0, 0
    if not isinstance(value, list):
        return value
    if len(value) == 2 and entry["kind"] == "conv1d":
        return value[0], value[1], 0, 0
    if len(value) == 4:
        return tuple(value)
    raise _wrong_sides(entry, value, values, path)


def _wrong_sides(entry: Section, value: list[int], values: CaseValues, path: str) -> InputError:
    sides = "[before, after]" if entry["kind"] == "conv1d" else "[top, bottom, left, right]"
    return values.error(f"{path}.padding", value, f"has {len(value)} sides", f"write {sides}")
