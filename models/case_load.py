"""What loads the buffer in a case file: a `load` wherever one stands, and the `converter` in front of it."""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from typing import Any

from ischedule.models.case_values import CaseValues
from ischedule.models.demand import Coordinate
from ischedule.models.draw import Draw
from ischedule.models.errors import InvalidValue
from ischedule.models.power_path import ALL, Converter, OperatingPoint
from ischedule.models.quantities import CURRENT, POWER, VOLTAGE, Rounding, parse_ratio

Section = Mapping[str, Any]


def load(section: Section, values: CaseValues, path: str) -> Draw:
    """What an activity draws: a power behind a converter, a current behind a regulator."""
    word, other = ("power", "current") if values.coordinate is Coordinate.ENERGY else ("current", "power")
    if other in section:
        where = "behind a converter" if word == "power" else "behind a regulator"
        problem = f"is not what counts {where}: a load draws a {word} there"
        raise values.error(f"{path}.{other}", section[other], problem, f'state "{word}"')
    drawn = None
    if word in section:
        drawn = values.span(section[word], POWER if word == "power" else CURRENT, f"{path}.{word}")
    least = values.integer(section.get("minimum_voltage", "0 V"), VOLTAGE, Rounding.UP, f"{path}.minimum_voltage")
    return Draw(drawn, least)


def converter(section: Section, values: CaseValues, path: str = "$.converter") -> Converter:
    """The converter between buffer and load."""
    if values.coordinate is Coordinate.CHARGE:
        problem = "stands beside a linear regulator, which passes charge on"
        raise values.error(path, "", problem, 'remove it, or write "power_path": "converter"')
    stated, path = section["efficiency"], f"{path}.efficiency"
    if isinstance(stated, str):
        return Converter((_point({"efficiency": stated}, values, path, path),))
    points = (_point(point, values, f"{path}[{index}]", "") for index, point in enumerate(stated))
    return Converter(tuple(points))


def _point(point: Section, values: CaseValues, path: str, where: str) -> OperatingPoint:
    where = where or f"{path}.efficiency"
    try:
        efficiency = Fraction(parse_ratio(point["efficiency"]))
    except InvalidValue as error:
        raise error.located(values.source, where) from None
    powers = values.span(point["power"], POWER, f"{path}.power") if "power" in point else ALL
    voltages = values.span(point["voltage"], VOLTAGE, f"{path}.voltage") if "voltage" in point else ALL
    try:
        return OperatingPoint(efficiency, powers, voltages)
    except InvalidValue as error:
        raise values.error(where, point["efficiency"], error.problem, error.remedy) from None
