"""The sections of a case file, each turned into its physical type; their shape is already checked by the schema."""

from collections.abc import Mapping
from fractions import Fraction
from pathlib import Path
from typing import Any, Final

from ischedule.models.buffer import EnergyBuffer
from ischedule.models.case_curve import curve_supply
from ischedule.models.case_values import CaseValues
from ischedule.models.demand import Coordinate
from ischedule.models.errors import MISSING, InvalidValue
from ischedule.models.quantities import (
    CAPACITANCE,
    CURRENT,
    ENERGY,
    POWER,
    RESISTANCE,
    TIME,
    VOLTAGE,
    Rounding,
    parse_ratio,
    show_exact,
)
from ischedule.models.supply import ConstantPower, ResistiveSource, Supply
from ischedule.models.wake import Mechanism, Policy, Sleep, Start, StartKind, Wake

Section = Mapping[str, Any]

_DEFAULT_STEP: Final = "1 mV"
_CONTINUOUS: Final = "continuous"


def energy_buffer(section: Section, values: CaseValues, path: str = "$.buffer") -> EnergyBuffer:
    """The capacitor and the band in which it is used."""
    for key, dimension in (("series_resistance", RESISTANCE), ("leakage", CURRENT)):
        if values.integer(section[key], dimension, Rounding.UP, f"{path}.{key}") != 0:
            problem = f"is not zero, and capacitors with {key.replace('_', ' ')} are not analysed"
            raise values.error(f"{path}.{key}", section[key], problem, f'write "0 {dimension.symbol}"')
    capacitance = values.interval(section["capacitance"], CAPACITANCE, f"{path}.capacitance")
    turn_on = values.interval(section["turn_on"], VOLTAGE, f"{path}.turn_on")
    brown_out = values.interval(section["brown_out"], VOLTAGE, f"{path}.brown_out")
    if turn_on.lo <= brown_out.hi:
        least = show_exact(brown_out.hi, VOLTAGE)
        remedy = f"write a voltage above {least} over its whole interval, or a lower brown_out"
        raise values.error(f"{path}.turn_on", section["turn_on"], f"is not above the brown-out voltage {least}", remedy)
    clamp = values.voltage(section["clamp"], f"{path}.clamp") if "clamp" in section else None
    if clamp is not None and clamp < turn_on.hi:
        most = show_exact(turn_on.hi, VOLTAGE)
        problem = f"is below the turn-on voltage {most}, which is then never reached"
        raise values.error(f"{path}.clamp", section["clamp"], problem, f"write at least {most}")
    margin = _margin(section, values, f"{path}.margin")
    return values.build(
        lambda: EnergyBuffer(values.coordinate, capacitance, turn_on, brown_out, margin, clamp), section, path
    )


def _margin(section: Section, values: CaseValues, path: str) -> Fraction:
    if "margin" not in section:
        return Fraction(1)
    try:
        margin = parse_ratio(section["margin"])
    except InvalidValue as error:
        raise error.located(values.source, path) from None
    if not 0 < margin <= 1:
        problem = "is no share of the band between brown-out and turn-on"
        raise values.error(path, section["margin"], problem, 'write more than "0 %" and at most "100 %"')
    return margin


def supply(section: Section, values: CaseValues, base_dir: Path = Path(), path: str = "$.supply") -> Supply:
    """Where the charge comes from."""
    if section["kind"] == "curve":
        return curve_supply(section, values, base_dir, path)
    if section["kind"] == "power":
        power = values.interval(section["power"], POWER, f"{path}.power")
        return values.build(lambda: ConstantPower(power), section, path)
    voltage = values.interval(section["voltage"], VOLTAGE, f"{path}.voltage")
    resistance = values.interval(section["resistance"], RESISTANCE, f"{path}.resistance")
    return values.build(lambda: ResistiveSource(voltage, resistance), section, path)


def start(section: str | Section, values: CaseValues, path: str = "$.start") -> Start:
    """The buffer at the release of the inference."""
    if isinstance(section, str):
        return Start(StartKind(section))
    return Start(StartKind.PERIODIC, values.exact(section["period"], TIME, f"{path}.period"))


def wake(section: Section, values: CaseValues, buffer: EnergyBuffer, begin: Start, path: str = "$.wake") -> Wake:
    """Policy and mechanism; keys that mean nothing under them are refused, so that nobody relies on them."""
    policy, mechanism = Policy(section["policy"]), Mechanism(section["mechanism"])
    programmable = policy is Policy.PROGRAMMABLE
    _check_pair(section, values, programmable, mechanism, path)
    _check_meaning(section, values, programmable, mechanism, path)
    power_on = values.voltage(section["power_on"], f"{path}.power_on") if "power_on" in section else None
    if programmable and power_on is None and begin.kind in (StartKind.COLD, StartKind.PERIODIC):
        remedy = 'add "power_on" with a voltage such as "2.9 V", or start "charged" or at the "floor"'
        raise values.error(f"{path}.power_on", MISSING, "is required where the device may have been off", remedy)
    if power_on is not None and power_on <= buffer.brown_out.hi:
        least = show_exact(buffer.brown_out.hi, VOLTAGE)
        problem = f"is not above the brown-out voltage {least}"
        raise values.error(f"{path}.power_on", section["power_on"], problem, f"write a voltage above {least}")
    idle_power = None
    if "idle_power" in section:
        idle_power = values.integer(section["idle_power"], POWER, Rounding.DOWN, f"{path}.idle_power")
    asleep = _sleep(section["sleep"], values, f"{path}.sleep") if "sleep" in section else None
    step = _step(section, values, path) if programmable else None
    return values.build(lambda: Wake(policy, mechanism, step, power_on, idle_power, asleep), section, path)


def _check_pair(section: Section, values: CaseValues, programmable: bool, mechanism: Mechanism, path: str) -> None:
    """Which mechanisms can wait for a programmed threshold."""
    if not programmable:
        return
    if mechanism is Mechanism.BURN:
        problem = "burns down to brown-out and cannot wait for a programmed threshold"
        remedy = 'write "sense", "latch" with an external comparator, or the policy "fixed"'
        raise values.error(f"{path}.mechanism", "burn", problem, remedy)
    if mechanism is Mechanism.LATCH and section.get("external_comparator") is not True:
        value = section.get("external_comparator", MISSING)
        problem = "is needed: a device that is switched off cannot watch a programmed threshold itself"
        remedy = 'write true if the board has one, else use the mechanism "sense" or the policy "fixed"'
        raise values.error(f"{path}.external_comparator", value, problem, remedy)


def _check_meaning(section: Section, values: CaseValues, programmable: bool, mechanism: Mechanism, path: str) -> None:
    for key, means in (
        ("step", programmable),
        ("power_on", programmable),
        ("external_comparator", programmable and mechanism is Mechanism.LATCH),
        ("idle_power", mechanism is Mechanism.BURN),
        ("sleep", mechanism is Mechanism.SENSE),
    ):
        if key in section and not means:
            problem = f"means nothing for {section['policy']} wake with the mechanism {mechanism.value}"
            raise values.error(f"{path}.{key}", section[key], problem, "remove it")
    for key, mechanism_of, what in (
        ("idle_power", Mechanism.BURN, 'the least power drawn while burning, for example "2 mW"'),
        ("sleep", Mechanism.SENSE, "what the device draws while it waits"),
    ):
        if mechanism is mechanism_of and key not in section:
            raise values.error(f"{path}.{key}", MISSING, f"is required for {mechanism.value}", f"state {what}")


def _step(section: Section, values: CaseValues, path: str) -> int | None:
    text = section.get("step", _DEFAULT_STEP)
    return None if text == _CONTINUOUS else values.voltage(text, f"{path}.step")


def _sleep(section: Section, values: CaseValues, path: str) -> Sleep:
    woken = values.effort(section["wake"], f"{path}.wake")
    return Sleep(
        power=values.integer(section["power"], POWER, Rounding.UP, f"{path}.power"),
        poll_energy=values.integer(section["poll_energy"], ENERGY, Rounding.UP, f"{path}.poll_energy"),
        poll_period=values.exact(section["poll_period"], TIME, f"{path}.poll_period"),
        wake_energy=woken.amount,
        wake_time=woken.time,
        retained=section["retained"],
    )


def coordinate(power_path: str) -> Coordinate:
    """What the buffer's level counts: a converter draws energy, a linear regulator passes charge on."""
    return Coordinate.ENERGY if power_path == "converter" else Coordinate.CHARGE
