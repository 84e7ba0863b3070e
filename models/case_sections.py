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
    CURRENT,
    ENERGY,
    POWER,
    RESISTANCE,
    TIME,
    VOLTAGE,
    Interval,
    Rounding,
    parse_ratio,
    show,
    show_exact,
)
from ischedule.models.reading import TRUE_READING
from ischedule.models.supply import ColdStart, ConstantCurrent, ConstantPower, CurveSupply, ResistiveSource, Supply
from ischedule.models.wake import Mechanism, Policy, Sleep, Start, StartKind, Wake
from ischedule.models.while_running import Harvest

Section = Mapping[str, Any]

_DEFAULT_STEP: Final = "1 mV"
_CONTINUOUS: Final = "continuous"


def supply(section: Section, values: CaseValues, base_dir: Path = Path(), path: str = "$.supply") -> Supply:
    """Where the charge comes from."""
    if section["kind"] == "curve":
        return curve_supply(section, values, base_dir, path)
    if section["kind"] == "current":
        current = values.interval(section["current"], CURRENT, f"{path}.current")
        up_to = None
        if "up_to" in section:
            up_to = values.integer(section["up_to"], VOLTAGE, Rounding.DOWN, f"{path}.up_to")
        return values.build(lambda: ConstantCurrent(current, up_to), section, path)
    most = None
    if "maximum_current" in section:
        most = values.integer(section["maximum_current"], CURRENT, Rounding.UP, f"{path}.maximum_current")
    if section["kind"] == "power":
        power = values.interval(section["power"], POWER, f"{path}.power")
        cold = _cold_start(section["cold_start"], values, f"{path}.cold_start") if "cold_start" in section else None
        return values.build(lambda: ConstantPower(power, cold, most), section, path)
    voltage = values.interval(section["voltage"], VOLTAGE, f"{path}.voltage")
    resistance = values.interval(section["resistance"], RESISTANCE, f"{path}.resistance")
    return values.build(lambda: ResistiveSource(voltage, resistance, most), section, path)


def _cold_start(section: Section, values: CaseValues, path: str) -> ColdStart:
    below = values.integer(section["below"], VOLTAGE, Rounding.UP, f"{path}.below")
    return ColdStart(below, values.integer(section["power"], POWER, Rounding.DOWN, f"{path}.power"))


def while_running(
    section: str | Section, values: CaseValues, buffer: EnergyBuffer, supply: Supply, path: str = "$.while_running"
) -> Harvest | None:
    """What is guaranteed to flow into the buffer while the device runs, at most what the supply guarantees anyway."""
    if isinstance(section, str):
        return None
    if isinstance(supply, CurveSupply):
        problem = "stands beside a supply curve, which counts the time that the device runs as any other time"
        raise values.error(path, section, problem, 'write "none"')
    try:
        shortest = Fraction(parse_ratio(section["shortest"]))
    except InvalidValue as error:
        raise error.located(values.source, f"{path}.shortest") from None
    power = values.integer(section["power"], POWER, Rounding.DOWN, f"{path}.power")
    uneven = values.integer(section["uneven"], TIME, Rounding.UP, f"{path}.uneven")
    band = Interval(buffer.brown_out.hi, buffer.turn_on.lo)
    most = supply.least_power(band)
    if power > most:
        ends = " and ".join(show(voltage, VOLTAGE) for voltage in (band.lo, band.hi))
        problem = f"is more than the supply guarantees between {ends}, which is {show(most, POWER)}"
        raise values.error(f"{path}.power", section["power"], problem, "state less")
    return values.build(lambda: Harvest(power, shortest, uneven), section, path)


def threshold_error(section: Section, values: CaseValues, path: str = "$.wake.threshold_error") -> int:
    """How far thresholds can be off (nanovolt), either way."""
    return values.integer(section.get("threshold_error", "0 V"), VOLTAGE, Rounding.UP, path)


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
    if programmable and step is None and buffer.reading != TRUE_READING:
        problem = "leaves no room for what lies between a threshold that is read and the level that it guarantees"
        raise values.error(f"{path}.step", section["step"], problem, 'write the hardware\'s step, for example "1 mV"')
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
