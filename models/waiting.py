"""From buffer, supply, wake and start to the law that prices power cycles, or the reason why there is none."""

from dataclasses import dataclass, replace

from ischedule.models.buffer import EnergyBuffer
from ischedule.models.charging import ChargingLaw, charging_law, require_brown_out
from ischedule.models.curve_waiting import curve_rule, outlasting
from ischedule.models.cycle_law import CycleLaw, Head, Position, Replay, Threshold, Upkeep, positions, replay
from ischedule.models.demand import Coordinate
from ischedule.models.diagnosis import Diagnosis, Unschedulable
from ischedule.models.errors import InvalidValue
from ischedule.models.fixed_wake import FixedWakeLaw
from ischedule.models.programmable_wake import ProgrammableWakeLaw
from ischedule.models.quantities import CHARGE, ENERGY, POWER, VOLTAGE, Interval, Rounding, show
from ischedule.models.supply import CurveSupply, Supply
from ischedule.models.thresholds import ThresholdLevels
from ischedule.models.wake import Mechanism, Policy, Start, StartKind, Until, Wake

__all__ = ["CycleLaw", "Head", "Position", "Replay", "Threshold", "Upkeep", "cycle_law", "positions", "replay"]


@dataclass(frozen=True)
class _Boot:
    """What booting takes, with arming a threshold, and the level that it must leave, which can lie below the floor."""

    amount: int
    time: int
    left: int = 0


def cycle_law(
    buffer: EnergyBuffer,
    supply: Supply,
    wake: Wake,
    start: Start,
    until: Until,
    boot_amount: int,
    boot_time: int,
    boot_left: int = 0,
) -> CycleLaw:
    """The law of a case. Booting, with arming a threshold, takes `boot_amount` and `boot_time`, and leaves at least
    `boot_left`, which can lie below the floor.

    Raises `Unschedulable` where no plan can exist whatever the program, `InvalidValue` for data that contradict.
    """
    _require_band(buffer)
    waiting_power = wake.sleep.mean_power if wake.mechanism is Mechanism.SENSE and wake.sleep else 0
    if isinstance(supply, CurveSupply) and waiting_power:
        buffer, boot_left = outlasting(buffer, supply, start, waiting_power), max(0, boot_left)
    boot = _Boot(boot_amount, boot_time, boot_left)
    off = charging_law(buffer, supply)
    charging = charging_law(buffer, supply, waiting_power) if waiting_power else off
    upkeep = _upkeep(buffer, supply, wake)
    recharged = until is Until.RECHARGED
    if wake.policy is Policy.FIXED:
        law: CycleLaw = _fixed(off, charging, wake, start, upkeep, recharged, boot)
    else:
        law = _programmable(off, charging, wake, start, upkeep, recharged, boot)
    needed = boot.amount + max(0, boot.left)
    if wake.mechanism is not Mechanism.SENSE and needed > law.first_capacity:
        demanded, available = _amount(buffer, needed), _amount(buffer, law.first_capacity)
        text = f"booting takes {demanded} in every cycle, a cycle has {available}"
        raise Unschedulable(Diagnosis.BOOT_TOO_LARGE, text, needed, law.first_capacity)
    if isinstance(supply, CurveSupply):
        begun = Head(boot_amount, boot_time, True)
        law.curve, law.offset = curve_rule(law, buffer, supply, wake, start, begun, waiting_power), 0
    return law


def _require_band(buffer: EnergyBuffer) -> None:
    """Refuse a buffer whose turn-on guarantees nothing that work can use, and say what is in the way."""
    lowest = buffer.level_of(buffer.turn_on.lo, Rounding.DOWN)
    floor = show(buffer.voltage_of(0, Rounding.UP), VOLTAGE)
    if lowest <= 0:
        text = (
            f"under its load the device needs {floor} inside the capacitor to have "
            f"{show(buffer.brown_out.hi, VOLTAGE)} at its terminal, and turn-on may be at "
            f"{show(buffer.turn_on.lo, VOLTAGE)}"
        )
        raise Unschedulable(Diagnosis.SERIES_RESISTANCE, text, buffer.load_floor, buffer.turn_on.lo)
    if buffer.capacity <= 0:
        guaranteed = buffer.guaranteed_voltage(buffer.turn_on.lo)
        text = (
            f"where {show(buffer.turn_on.lo, VOLTAGE)} is read a cycle may start at {show(guaranteed, VOLTAGE)}, "
            f"and it needs more than {floor}"
        )
        raise Unschedulable(Diagnosis.TURN_ON, text, buffer.voltage_of(0, Rounding.UP), guaranteed)


def _amount(buffer: EnergyBuffer, level: int) -> str:
    return show(level, ENERGY if buffer.coordinate is Coordinate.ENERGY else CHARGE)


def _upkeep(buffer: EnergyBuffer, supply: Supply, wake: Wake) -> Upkeep:
    """What waiting costs besides charging.

    A poll at the end of each polling period notices the threshold up to one period late. It measures first and spends
    its energy then, so that one poll is held back from every cycle; all others are part of the mean waiting power.
    """
    if wake.mechanism is Mechanism.BURN:
        return Upkeep(0, 0, _burn_time(buffer, supply, wake))
    if wake.mechanism is Mechanism.LATCH or wake.sleep is None:
        return Upkeep(0, 0, 0)
    poll = wake.sleep.poll_energy
    if buffer.coordinate is Coordinate.CHARGE and poll:
        poll = -(-poll * 10**9 // require_brown_out(buffer))  # fJ / nV = 1e-6 C = 1e9 fC
    if poll > buffer.capacity:
        text = f"one poll takes {_amount(buffer, poll)}, the buffer holds {_amount(buffer, buffer.capacity)}"
        raise Unschedulable(Diagnosis.SLEEP_STALL, text, poll, buffer.capacity)
    return Upkeep(poll, wake.sleep.poll_period, 0)


def _burn_time(buffer: EnergyBuffer, supply: Supply, wake: Wake) -> int:
    """Picoseconds from the highest turn-on to the lowest brown-out voltage while idling against the strongest supply.

    Running draws no less than idling, which draws more than the supply delivers, so no cycle ends above turn-on.
    """
    band = Interval(buffer.brown_out.lo, buffer.turn_on.hi + buffer.reading.error)
    # fF nV^2 / fW = 1e-18 s = 1e-6 ps
    stored = buffer.capacitance.hi * (band.hi**2 - band.lo**2)
    harvest = supply.most_power(band)
    idle = wake.idle_power or 0
    if idle <= harvest:
        problem = f"does not exceed the {show(harvest, POWER)} that the supply can deliver, so burning never ends"
        raise InvalidValue(show(idle, POWER), problem, "state a mechanism other than burn", ".wake.idle_power")
    return -(-stored // (2 * 10**6 * (idle - harvest)))


def _stall(off: ChargingLaw, charging: ChargingLaw, level: int) -> Unschedulable:
    """Why a level is not reached: because of what sleeping draws, or at all."""
    buffer = charging.buffer
    if off.reaches(level):
        available = min(off.power_at(0), off.power_at(level))
        wanted = show(buffer.voltage_of(level, Rounding.UP), VOLTAGE)
        text = (
            f"sleeping and polling draw {show(charging.waiting_power, POWER)} at brown-out voltage; "
            f"charging up to {wanted} guarantees only {show(available, POWER)} on the way"
        )
        return Unschedulable(Diagnosis.SLEEP_STALL, text, charging.waiting_power, available)
    highest = -1 if charging.highest_level is None else charging.highest_level
    reached = "does not charge at the floor"
    if highest >= 0:
        reached = f"reaches {show(buffer.voltage_of(highest, Rounding.DOWN), VOLTAGE)}"
    wanted = show(buffer.voltage_of(level, Rounding.UP), VOLTAGE)
    text = f"the threshold is {wanted}, the supply {reached} at its lowest"
    return Unschedulable(Diagnosis.CHARGING_STALL, text, level, max(0, highest))


def _fixed(
    off: ChargingLaw, charging: ChargingLaw, wake: Wake, start: Start, upkeep: Upkeep, recharged: bool, boot: _Boot
) -> FixedWakeLaw:
    buffer = charging.buffer
    charged = start.kind in (StartKind.CHARGED, StartKind.PERIODIC)
    level = buffer.capacity if charged else buffer.bare_floor if start.kind is StartKind.FLOOR else buffer.empty_level
    spends = start.kind is StartKind.CHARGED and not recharged
    if not charging.reaches(buffer.turn_on_high) and not spends:
        raise _stall(off, charging, buffer.turn_on_high)
    head = Head(level, 0, not charged)
    if start.kind is StartKind.COLD and wake.mechanism is Mechanism.SENSE:
        # it comes up at turn-on, once, and sleeps from then on
        head = _come_up(off, buffer.capacity, buffer.turn_on_high, buffer.turn_on.hi, boot)
    return FixedWakeLaw(charging, wake.mechanism, head, upkeep, start.period, recharged)


def _programmable(
    off: ChargingLaw, charging: ChargingLaw, wake: Wake, start: Start, upkeep: Upkeep, recharged: bool, boot: _Boot
) -> ProgrammableWakeLaw:
    buffer = charging.buffer
    thresholds = ThresholdLevels(charging, wake.step)
    top = thresholds.top
    charged = start.kind is StartKind.CHARGED
    if charged and not charging.reaches(buffer.turn_on_high):
        highest = _stall(off, charging, buffer.turn_on_high).text
        remedy = "state the start as floor, or a turn-on voltage within the supply's reach"
        raise InvalidValue("charged", f"is more than the supply ever restores ({highest})", remedy, ".start")
    if top is None and thresholds.supply_limits:
        raise _stall(off, charging, buffer.capacity)
    if top is None:
        problem = "has no multiple between the floor and the turn-on voltage"
        raise InvalidValue(show(wake.step or 0, VOLTAGE), problem, "write a smaller step", ".wake.step")
    if top.level < upkeep.reserve:
        text = (
            f"one poll takes {_amount(buffer, upkeep.reserve)}, the highest threshold has {_amount(buffer, top.level)}"
        )
        raise Unschedulable(Diagnosis.SLEEP_STALL, text, upkeep.reserve, top.level)
    if charged:
        head = Head(buffer.capacity, 0, False)
    elif start.kind is StartKind.COLD:
        head = _power_on(off, wake, boot)
        if not charging.reaches(head.level):
            raise _stall(off, charging, head.level)
    else:
        head = Head(buffer.bare_floor, 0, True)
    limit = Diagnosis.ATOM_TOO_LARGE
    if thresholds.supply_limits:
        limit = _stall(off, charging, buffer.reached_level(buffer.turn_on.lo)).diagnosis
    return ProgrammableWakeLaw(charging, thresholds, top, head, upkeep, start.period, recharged, limit)


def _power_on(off: ChargingLaw, wake: Wake, boot: _Boot) -> Head:
    """A cold device charges to its power-on level, boots (`boot` is what that takes) and waits on from what is left.

    What lies at or below the floor cannot watch a threshold, so booting must fit the power-on level.
    """
    buffer = off.buffer
    if wake.power_on is None:
        remedy = "write the voltage at which the device comes up"
        raise InvalidValue(None, "is needed for a cold start under programmable wake", remedy, ".wake.power_on")
    level, high = buffer.guaranteed_level(wake.power_on), buffer.reached_level(wake.power_on)
    head = _come_up(off, level, high, wake.power_on, boot)
    if wake.mechanism is Mechanism.LATCH:
        # it switches itself off again, and on for the first cycle
        return replace(head, level=buffer.connected_level(head.level))
    return head


def _come_up(off: ChargingLaw, level: int, high: int, voltage: int, boot: _Boot) -> Head:
    """An empty buffer charges to a voltage, which guarantees a level and can take up to `high`; the device boots."""
    require_boot(off, level, high, voltage, boot.amount, boot.left)
    return Head(level - boot.amount, off.charge_time(off.buffer.empty_level, high) + boot.time, True)


def require_boot(charging: ChargingLaw, level: int, high: int, voltage: int, amount: int, left: int) -> None:
    """Raise `Unschedulable` where a device cannot come up at a voltage, which guarantees a level and can take `high`:
    booting takes an amount and must leave a level."""
    buffer = charging.buffer
    if amount + left > level:
        available = max(0, level - left)
        text = f"booting takes {_amount(buffer, amount)}, at power-on there are {_amount(buffer, available)}"
        raise Unschedulable(Diagnosis.BOOT_LOOP, text, amount, available)
    if not charging.reaches(high):
        reached = -1 if charging.highest_level is None else charging.highest_level
        text = f"the supply never charges an empty buffer to power-on at {show(voltage, VOLTAGE)}"
        raise Unschedulable(Diagnosis.COLD_START_LOCK_UP, text, high, max(0, reached))
