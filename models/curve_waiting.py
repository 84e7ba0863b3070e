"""From a law and a supply curve to the rule by which power cycles wait under the curve."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

from ischedule.models.buffer import EnergyBuffer
from ischedule.models.cycle_law import CycleLaw, Head
from ischedule.models.demand import Coordinate
from ischedule.models.diagnosis import Diagnosis, Unschedulable
from ischedule.models.errors import InvalidValue
from ischedule.models.quantities import ENERGY, POWER, Rounding, round_to_integer, show
from ischedule.models.response_time import CurveRule, Overflow, Work
from ischedule.models.supply import CurveSupply
from ischedule.models.wake import Mechanism, Policy, Start, StartKind, Wake


def curve_rule(
    law: CycleLaw, buffer: EnergyBuffer, supply: CurveSupply, wake: Wake, start: Start, boot: Head, waiting_power: int
) -> CurveRule:
    """The rule for a law whose prices are those of one power. Raises `InvalidValue` and `Unschedulable`."""
    if buffer.coordinate is Coordinate.CHARGE:
        problem = "delivers energy, and what a linear regulator draws is a charge"
        raise InvalidValue("curve", problem, 'write "power", or the power path "converter"', ".supply.kind")
    lost = _drawn(buffer, waiting_power)
    full = buffer.turn_on_high if buffer.clamp is None else buffer.level_of(buffer.clamp, Rounding.DOWN)
    full = max(full, buffer.turn_on_high)
    spread, latency = _spread(buffer), law.upkeep.latency
    overflow = Overflow.RUNNING
    if supply.outdraws:
        overflow = Overflow.NEVER if latency == 0 else Overflow.AT_START
    switched = _switched(buffer, buffer.turn_on_high if overflow is Overflow.NEVER else full)
    rule = CurveRule(
        supply.curve.less(lost),
        spread,
        law.head.level,
        full,
        overflow,
        law.head.waits,
        None,
        law.upkeep.reserve + switched,
        latency,
        buffer.level_of(buffer.brown_out.lo, Rounding.DOWN) if wake.mechanism is Mechanism.BURN else None,
        law.upkeep.pause,
    )
    if waiting_power:
        _require_kept(rule, buffer, start, lost)
    high = None
    if wake.policy is Policy.PROGRAMMABLE and wake.power_on is not None:
        high = buffer.reached_level(wake.power_on)
    elif wake.policy is Policy.FIXED and wake.mechanism is Mechanism.SENSE:
        high = buffer.turn_on_high
    if start.kind is StartKind.COLD and high is not None:
        rule = replace(rule, level=buffer.empty_level, boot=Work(high, boot.level + switched, boot.delay))
    return rule


def outlasting(buffer: EnergyBuffer, supply: CurveSupply, start: Start, waiting_power: int) -> EnergyBuffer:
    """The buffer with a floor above which a device can sleep through every blackout without browning out.

    Raises `Unschedulable` and `InvalidValue` where it cannot.
    """
    lowest = supply.curve.less(_drawn(buffer, waiting_power)).lowest
    if not lowest:
        return buffer  # no blackout, or none that the device outlasts, which is said of the long run
    bare = replace(buffer, load_floor=0, margin=Fraction(1))
    raised = replace(buffer, load_floor=max(buffer.load_floor, bare.voltage_of(-lowest, Rounding.UP)))
    if raised.capacity <= 0:
        available = max(0, bare.capacity)
        text = (
            f"in its longest blackout sleeping takes {show(-lowest, ENERGY)}, "
            f"a full buffer has {show(available, ENERGY)} above brown-out"
        )
        raise Unschedulable(Diagnosis.SLEEP_STALL, text, -lowest, available)
    if start.kind is StartKind.FLOOR:
        problem = "leaves a sleeping device at a level that a blackout can lower below brown-out"
        raise InvalidValue("floor", problem, 'write "cold" or "charged"', ".start")
    return raised


def _drawn(buffer: EnergyBuffer, waiting_power: int) -> int:
    """What is drawn all the time: asleep, and by leakage, at most as at the highest voltage."""
    return waiting_power + round_to_integer(buffer.leakage.power_at(buffer.highest_voltage), Rounding.UP)


def _spread(buffer: EnergyBuffer) -> Fraction:
    """How many times what a level counts an energy between two voltages can be."""
    if buffer.curve is not None:
        return buffer.curve.largest_ratio(0, buffer.highest_voltage)
    return Fraction(buffer.capacitance.hi, buffer.capacitance.lo)


def _switched(buffer: EnergyBuffer, highest: int) -> int:
    """The most energy that is gone where the load is switched on at no higher level: that of the greatest capacitance
    there, where the voltage falls the furthest.

    A cycle is guaranteed to begin above what its threshold leaves of that; but what is left behind it is less by as
    much as was lost at the level at which it did begin.
    """
    inside = buffer.voltage_of(highest, Rounding.UP)
    connected = replace(buffer, reading=replace(buffer.reading, error=0, over_read=0)).guaranteed_voltage(inside)
    # fF nV^2 = 1e-18 fJ
    return -(-buffer.capacitance.hi * (inside**2 - min(inside, connected) ** 2) // (2 * 10**18))


def _require_kept(rule: CurveRule, buffer: EnergyBuffer, start: Start, waiting_power: int) -> None:
    """A level that a sleeping device has reached must still be there when it looks, even if charging stops meanwhile.

    A buffer that is full where it is waited for loses what would keep it there: it must hold more, by what sleeping can
    take in any window more than the window delivers.
    """
    lowest = rule.curve.lowest
    if lowest is None:
        drawn, promised = show(waiting_power, POWER), show(rule.curve.rate, POWER)
        text = f"sleeping and polling draw {drawn}, in the long run the supply promises {promised}"
        raise Unschedulable(Diagnosis.SLEEP_STALL, text, waiting_power, rule.curve.rate)
    room = rule.full - buffer.turn_on_high
    if -lowest > room:
        text = (
            f"in its longest blackout sleeping takes {show(-lowest, ENERGY)}, above turn-on the buffer holds only "
            f"{show(room, ENERGY)} more, so that the threshold can be lost before it is noticed; state a higher clamp"
        )
        raise Unschedulable(Diagnosis.SLEEP_STALL, text, -lowest, room)
    if start.period is not None:
        problem = "leaves a sleeping device at a level that a blackout can lower before the next inference"
        raise InvalidValue("period", problem, 'write "floor" or "cold"', ".start")
