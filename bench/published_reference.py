"""The published solutions in `bench/reference/published.json`, read into the types that `ischedule.compat` takes."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ischedule.compat.platform import Design, Layer, LayerKind, Platform, Semantics, parse_design

REFERENCE = Path(__file__).parent / "reference"


@dataclass(frozen=True)
class PublishedNetwork:
    """One published solution: what its explorer was told, the designs it chose, and the figures it printed.

    `figures` has one mapping per layer, with the column names of the file; `case` names the shipped case file of the
    same network, where there is one.
    """

    name: str
    case: str | None
    semantics: Semantics
    continuous: bool
    platform: Platform
    layers: tuple[Layer, ...]
    designs: tuple[Design, ...]
    figures: tuple[dict[str, Any], ...]
    totals: dict[str, float]


def _platform(values: dict[str, Any]) -> Platform:
    return Platform(
        capacitance=values["capacitance_F"],
        source_resistance=values["source_resistance_ohm"],
        turn_on=values["turn_on_V"],
        brown_out=values["brown_out_V"],
        source_voltage=values["source_voltage_V"],
        margin=values["margin"],
        volatile_memory=values["volatile_memory_B"],
        nonvolatile_memory=values["nonvolatile_memory_B"],
    )


def _network(entry: dict[str, Any], columns: list[str]) -> PublishedNetwork:
    rows = [dict(zip(columns, row, strict=False)) for row in entry["layers"]]
    extents = columns[columns.index("in_channels") : columns.index("stride") + 1]
    return PublishedNetwork(
        name=entry["id"],
        case=entry.get("case"),
        semantics=Semantics(entry["semantics"]),
        continuous=entry["power"] == "continuous",
        platform=_platform(entry["platform"]),
        layers=tuple(Layer(row["name"], LayerKind(row["kind"]), *(row[extent] for extent in extents)) for row in rows),
        designs=tuple(parse_design(row["design"]) for row in rows),
        figures=tuple(rows),
        totals=entry["totals"],
    )


def published_networks(folder: Path = REFERENCE) -> list[PublishedNetwork]:
    """Every published solution in the reference folder."""
    data = json.loads((folder / "published.json").read_text(encoding="utf-8"))
    columns = data["columns"] + data["intermittent_columns"] + data["candidate_columns"]
    return [_network(entry, columns) for entry in data["networks"]]


def optima(folder: Path = REFERENCE) -> dict[str, Any]:
    """Exact optima of the shipped cases, and their published designs under the true-voltage recharge law."""
    cases: dict[str, Any] = json.loads((folder / "optima.json").read_text(encoding="utf-8"))["cases"]
    return cases
