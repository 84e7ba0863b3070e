"""The supply of a case that is a lower curve: points, a rate behind a latency, or a file with points."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from ischedule.models.case_values import CaseValues
from ischedule.models.demand import Coordinate
from ischedule.models.errors import MISSING, InvalidValue
from ischedule.models.quantities import ENERGY, POWER, TIME, Rounding, show_exact
from ischedule.models.schema import check_shape
from ischedule.models.strict_json import read_json
from ischedule.models.supply import CurveSupply
from ischedule.models.supply_curve import SupplyCurve

Section = Mapping[str, Any]

FORMAT: Final = 1
"""The version of a curve file."""


def curve_supply(section: Section, values: CaseValues, base_dir: Path, path: str) -> CurveSupply:
    """The supply that a case states as a curve."""
    if values.coordinate is Coordinate.CHARGE:
        problem = "promises energies, and behind a linear regulator amounts are charges"
        raise values.error(f"{path}.kind", "curve", problem, 'write "power" or "source", or the power path "converter"')
    curve = _curve(section, values, base_dir, path)
    most, load = (
        values.integer(section[key], POWER, rounding, f"{path}.{key}") if key in section else None
        for key, rounding in (("maximum_power", Rounding.UP), ("least_load", Rounding.DOWN))
    )
    if "dead_time" in section:
        stop, every = (
            values.exact(section["dead_time"][key], TIME, f"{path}.dead_time.{key}") for key in ("stop", "every")
        )
        if stop >= every:
            problem, remedy = "is no shorter than its period", f'write less than "{section["dead_time"]["every"]}"'
            raise values.error(f"{path}.dead_time.stop", section["dead_time"]["stop"], problem, remedy)
        curve = curve.with_dead_times(stop, every) if most is None else curve.with_losses(most, stop, every)
    return values.build(lambda: CurveSupply(curve, most, load), section, path)


def _curve(section: Section, values: CaseValues, base_dir: Path, path: str) -> SupplyCurve:
    ways = [key for key in ("points", "latency", "path") if key in section]
    if len(ways) != 1:
        problem = "stands beside another way to state the curve" if ways else "is required"
        key = ways[1] if ways else "points"
        remedy = 'state one of "points", "latency" (each with "rate") and "path"'
        raise values.error(f"{path}.{key}", section.get(key, MISSING), problem, remedy)
    if "path" in section:
        if "rate" in section:
            raise values.error(f"{path}.rate", section["rate"], "stands beside a file that states it", "remove it")
        return read_curve(base_dir / section["path"])
    if "rate" not in section:
        raise values.error(f"{path}.rate", MISSING, "is required", 'add "rate", for example "2 mW"')
    rate = values.integer(section["rate"], POWER, Rounding.DOWN, f"{path}.rate")
    if "latency" in section:
        return SupplyCurve.rate_latency(rate, values.integer(section["latency"], TIME, Rounding.UP, f"{path}.latency"))
    return _of_points(section["points"], rate, values, path)


def _of_points(points: Sequence[Sequence[str]], rate: int, values: CaseValues, path: str) -> SupplyCurve:
    found = tuple(
        (
            values.integer(window, TIME, Rounding.UP, f"{path}.points[{place}][0]"),
            values.integer(stored, ENERGY, Rounding.DOWN, f"{path}.points[{place}][1]"),
        )
        for place, (window, stored) in enumerate(points)
    )
    try:
        return SupplyCurve(found, rate)
    except InvalidValue as error:
        raise error.located(values.source, path) from None


def read_curve(file: Path) -> SupplyCurve:
    """The curve in a file; raises `InputError`."""
    document = read_json(str(file))
    check_shape(document, str(file), definition="curve_file")
    assert isinstance(document, dict)
    values = CaseValues(str(file), Coordinate.ENERGY)
    rate = values.integer(document["rate"], POWER, Rounding.DOWN, "$.rate")
    return _of_points(document["points"], rate, values, "$")


def dump_curve(curve: SupplyCurve, description: str) -> str:
    """The text of a curve's file; `read_curve` gives the same curve back."""
    points = [[show_exact(window, TIME), show_exact(stored, ENERGY)] for window, stored in curve.points]
    head = {"ischedule-supply-curve": FORMAT, "description": description, "rate": show_exact(curve.rate, POWER)}
    lines = ",\n".join(f"    {json.dumps(point)}" for point in points)
    return json.dumps(head, indent=2)[:-2] + f',\n  "points": [\n{lines}\n  ]\n}}\n'
