"""The `buffer` of a case file: the capacitor with all that it may lack of an ideal one."""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from typing import Any, Final

from ischedule.models.buffer import EnergyBuffer
from ischedule.models.capacitance_curve import CapacitanceCurve
from ischedule.models.case_values import CaseValues
from ischedule.models.errors import MISSING, InvalidValue
from ischedule.models.leakage import Leakage
from ischedule.models.quantities import (
    CAPACITANCE,
    CURRENT,
    RESISTANCE,
    VOLTAGE,
    Interval,
    Rounding,
    parse_ratio,
    round_to_integer,
    show_exact,
)
from ischedule.models.reading import Reading

Section = Mapping[str, Any]
Factors = tuple[Fraction, Fraction]

_DRIFTING: Final = ("capacitance", "series_resistance", "leakage")


def energy_buffer(section: Section, values: CaseValues, threshold_error: int, path: str = "$.buffer") -> EnergyBuffer:
    """The capacitor and the band in which it is used; thresholds can be off by so many nanovolt, either way."""
    drift = {name: _drift(section, name, values, f"{path}.drift") for name in _DRIFTING}
    turn_on = values.interval(section["turn_on"], VOLTAGE, f"{path}.turn_on")
    brown_out = values.interval(section["brown_out"], VOLTAGE, f"{path}.brown_out")
    if turn_on.lo <= brown_out.hi:
        least = show_exact(brown_out.hi, VOLTAGE)
        remedy = f"write a voltage above {least} over its whole interval, or a lower brown_out"
        raise values.error(f"{path}.turn_on", section["turn_on"], f"is not above the brown-out voltage {least}", remedy)
    clamp = _clamp(section, values, turn_on.hi, threshold_error, f"{path}.clamp")
    highest = max(turn_on.hi + threshold_error, clamp or 0)
    curve = _curve(section, values, drift["capacitance"], highest, path)
    capacitance = Interval(curve.least, curve.greatest) if curve else _capacitance(section, values, drift, path)
    resistance = values.span(section["series_resistance"], RESISTANCE, f"{path}.series_resistance")
    decoupling = values.span(section.get("decoupling", "0 F"), CAPACITANCE, f"{path}.decoupling").hi
    redistribution = values.integer(
        section.get("redistribution", "0 V"), VOLTAGE, Rounding.UP, f"{path}.redistribution"
    )
    margin = _margin(section, values, f"{path}.margin")
    return values.build(
        lambda: EnergyBuffer(
            values.coordinate,
            capacitance,
            turn_on,
            brown_out,
            margin,
            clamp,
            _scaled(resistance, drift["series_resistance"]),
            _leakage(section["leakage"], values, drift["leakage"][1], f"{path}.leakage"),
            curve,
            Reading(threshold_error, 0, decoupling, redistribution),
        ),
        section,
        path,
    )


def _capacitance(section: Section, values: CaseValues, drift: Mapping[str, Factors], path: str) -> Interval:
    if "capacitance" not in section:
        remedy = 'add "capacitance", for example "5 mF ± 20 %", or a "capacitance_curve"'
        raise values.error(f"{path}.capacitance", MISSING, "is required", remedy)
    stated = values.interval(section["capacitance"], CAPACITANCE, f"{path}.capacitance")
    found = _scaled(stated, drift["capacitance"])
    if found.lo <= 0:
        remedy = "write a drift that leaves some of it"
        raise values.error(f"{path}.capacitance", section["capacitance"], "drifts to nothing", remedy)
    return found


def _curve(section: Section, values: CaseValues, drift: Factors, highest: int, path: str) -> CapacitanceCurve | None:
    """The capacitance by voltage, if it is stated so; it must be stated up to the highest voltage."""
    if "capacitance_curve" not in section:
        return None
    path, points = f"{path}.capacitance_curve", section["capacitance_curve"]
    if "capacitance" in section:
        remedy = "keep one of the two"
        raise values.error(path, f"{len(points)} points", "stands beside a capacitance", remedy)
    found = []
    for index, point in enumerate(points):
        where = f"{path}[{index}]"
        voltage = values.integer(point["voltage"], VOLTAGE, Rounding.DOWN, f"{where}.voltage")
        capacitance = values.interval(point["capacitance"], CAPACITANCE, f"{where}.capacitance")
        found.append((voltage, _scaled(capacitance, drift)))
    curve = values.build(lambda: CapacitanceCurve(tuple(found)), section, path.rpartition(".")[0])
    if curve.last_voltage < highest:
        problem = f"ends below {show_exact(highest, VOLTAGE)}, the highest voltage that the buffer can have"
        raise values.error(f"{path}[{len(points) - 1}].voltage", points[-1]["voltage"], problem, "add a point there")
    return curve


def _clamp(section: Section, values: CaseValues, turn_on: int, error: int, path: str) -> int | None:
    if "clamp" not in section:
        return None
    clamp = values.voltage(section["clamp"], path)
    if clamp < turn_on + error:
        most = show_exact(turn_on + error, VOLTAGE)
        what = "the turn-on voltage" if not error else "the turn-on voltage with the error of thresholds,"
        problem = f"is below {what} {most}, which is then never reached"
        raise values.error(path, section["clamp"], problem, f"write at least {most}")
    return clamp


def _margin(section: Section, values: CaseValues, path: str) -> Fraction:
    if "margin" not in section:
        return Fraction(1)
    margin = _ratio(section["margin"], values, path)
    if not 0 < margin <= 1:
        problem = "is no share of the band between brown-out and turn-on"
        raise values.error(path, section["margin"], problem, 'write more than "0 %" and at most "100 %"')
    return margin


def _ratio(text: str, values: CaseValues, path: str) -> Fraction:
    try:
        return parse_ratio(text)
    except InvalidValue as error:
        raise error.located(values.source, path) from None


def _leakage(section: str | Section, values: CaseValues, factor: Fraction, path: str) -> Leakage:
    """The most that leaks, with what it grows by."""
    stated = {"current": section} if isinstance(section, str) else section
    where = path if isinstance(section, str) else f"{path}.current"
    current = values.integer(stated.get("current", "0 A"), CURRENT, Rounding.UP, where)
    resistance = None
    if "resistance" in stated:
        least = values.interval(stated["resistance"], RESISTANCE, f"{path}.resistance").lo
        resistance = max(1, round_to_integer(least / max(factor, Fraction(1, 10**6)), Rounding.DOWN))
    return Leakage(round_to_integer(current * factor, Rounding.UP), resistance)


def _drift(section: Section, name: str, values: CaseValues, path: str) -> Factors:
    """The least and the greatest part of a figure that all causes together leave."""
    low = high = Fraction(1)
    for index, cause in enumerate(section.get("drift", [])):
        if name not in cause:
            continue
        ends = [_ratio(text, values, f"{path}[{index}].{name}[{end}]") for end, text in enumerate(cause[name])]
        if not 0 <= ends[0] <= ends[1]:
            shown = ", ".join(cause[name])
            raise values.error(f"{path}[{index}].{name}", shown, "is no range of factors", "write the lesser one first")
        low, high = low * ends[0], high * ends[1]
    return low, high


def _scaled(interval: Interval, factors: Factors) -> Interval:
    low, high = interval.lo * factors[0], interval.hi * factors[1]
    return Interval(round_to_integer(low, Rounding.DOWN), round_to_integer(high, Rounding.UP))
