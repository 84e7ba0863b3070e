"""How the waiting of one plan changes with capacitor, thresholds and supply, the plan being kept as it is.

What each power cycle drains stays. Under fixed wake each recharges to turn-on. Under programmable wake each waits for
the voltage that it waits for now if the hardware has steps, and otherwise for the level, so that the voltage follows
the floor. The closed forms of charging add up to the plan's waiting, their slopes to its slopes.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from itertools import islice

from ischedule.analysis import closed_forms
from ischedule.analysis.closed_forms import Circuit, Sensitive
from ischedule.analysis.power_cycles import chains_of, power_cycles, thresholds_of
from ischedule.models.case import Case
from ischedule.models.cycle_law import CycleLaw, Threshold, replay
from ischedule.models.demand import Coordinate
from ischedule.models.fixed_wake import FixedWakeLaw
from ischedule.models.plan import Plan
from ischedule.models.program import Program
from ischedule.models.supply import ConstantCurrent, ConstantPower, CurveSupply, ResistiveSource, Supply
from ischedule.models.wake import Mechanism, Policy, StartKind

NOTHING = Sensitive(0.0)


def circuit_of(case: Case, law: CycleLaw) -> Circuit:
    """Capacitor, thresholds and guaranteed supply of a case in SI floats."""
    buffer, supply = case.buffer, case.supply
    return Circuit(
        capacitance=buffer.capacitance.lo * 1e-15,
        slow=buffer.capacitance.hi * 1e-15,
        turn_on=buffer.turn_on.lo * 1e-9,
        high=buffer.turn_on.hi * 1e-9,
        brown_out=buffer.brown_out.hi * 1e-9,
        margin=float(buffer.margin),
        power=supply.power.lo * 1e-15 if isinstance(supply, ConstantPower) else 0.0,
        voltage=supply.voltage.lo * 1e-9 if isinstance(supply, ResistiveSource) else 0.0,
        resistance=supply.resistance.hi * 1e-6 if isinstance(supply, ResistiveSource) else 0.0,
        current=supply.current.lo * 1e-15 if isinstance(supply, ConstantCurrent) else 0.0,
        draw=law.charging.waiting_power * 1e-15,
    )


class Charging:
    """The closed forms of one case's coordinate and supply, of amounts in internal units."""

    def __init__(self, case: Case, law: CycleLaw) -> None:
        self.circuit = circuit_of(case, law)
        coordinate = "energy" if case.coordinate is Coordinate.ENERGY else "charge"
        self.prefix = f"{coordinate}_{_kind(case.supply)}"

    def _form(self, name: str, *amounts: float, circuit: Circuit | None = None) -> Sensitive:
        found: Sensitive = getattr(closed_forms, f"{self.prefix}_{name}")(*amounts, circuit or self.circuit)
        return found

    def recharge(self, drain: int) -> Sensitive:
        """From what a cycle from turn-on left, back to turn-on."""
        return self._form("recharge", drain * 1e-15)

    def charge(self, level: int) -> Sensitive:
        """From the floor to a level."""
        return self._form("charge", level * 1e-15) if level else NOTHING

    def fill(self) -> Sensitive:
        """From the floor to turn-on."""
        return self._form("fill")

    def left(self, drain: int) -> Sensitive:
        """From the floor to what a cycle from the least turn-on leaves."""
        low = self.circuit._replace(high=self.circuit.turn_on)
        return plus(self._form("fill", circuit=low), self._form("recharge", drain * 1e-15, circuit=low), -1)

    def begin(self) -> Sensitive:
        """From 0 V to turn-on."""
        return self._form("begin")

    def power_on(self, voltage: int) -> Sensitive:
        """From 0 V to a voltage (nV) that does not move with turn-on; nothing is drawn meanwhile."""
        at = self.circuit._replace(high=voltage * 1e-9, draw=0.0)
        return self._form("begin", circuit=at)._replace(turn_on=0.0, brown_out=0.0)

    def between(self, start: int | None, drain: int, end: int | None) -> Sensitive:
        """From what a drain has left of one voltage (nV, None: turn-on) to another; those given stay where they are."""
        at = self.circuit
        at = at._replace(turn_on=at.turn_on if start is None else start * 1e-9)
        at = at._replace(high=at.high if end is None else end * 1e-9)
        found, by_end = self._form("recharge", drain * 1e-15, circuit=at), self._form("begin", circuit=at).turn_on
        by_start = found.turn_on - by_end
        return found._replace(turn_on=(by_start if start is None else 0.0) + (by_end if end is None else 0.0))

    def from_floor(self, end: int) -> Sensitive:
        """From the floor to a voltage (nV) that stays where it is."""
        at = self.circuit._replace(high=end * 1e-9)
        found = self._form("fill", circuit=at)
        return found._replace(turn_on=found.turn_on - self._form("begin", circuit=at).turn_on)

    def armed(self, voltage: int, boot: int) -> Sensitive:
        """From the floor to what booting leaves of the power-on voltage (nV), which does not move with turn-on."""
        return plus(self.from_floor(voltage), self.between(voltage, boot, voltage), -1)


def _kind(supply: Supply) -> str:
    if isinstance(supply, ConstantPower):
        return "power"
    return "current" if isinstance(supply, ConstantCurrent) else "source"


def plus(first: Sensitive, second: Sensitive, times: int = 1) -> Sensitive:
    """The sum of one and several times another."""
    return Sensitive(*(one + times * other for one, other in zip(first, second, strict=True)))


def kept_plan(case: Case, program: Program, plan: Plan) -> Sensitive | None:
    """Seconds of waiting for charge of a valid plan, and their slopes.

    Not in it: delays that do not depend on charging, such as noticing a threshold. None where no closed form is known:
    where the mechanism burns the rest, and where a regulated device sleeps on constant power for thresholds of its own;
    and under a supply curve, whose points are no quantities of a circuit.
    """
    is_fixed, is_asleep = case.wake.policy is Policy.FIXED, case.wake.mechanism is Mechanism.SENSE
    if is_fixed and is_asleep and case.start.kind is StartKind.COLD:
        return None  # it boots at turn-on and charges on from there
    is_plain = case.buffer.is_ideal and case.while_running is None and not program.has_needs
    if not is_plain or isinstance(case.supply, CurveSupply):
        return None
    if isinstance(case.supply, ConstantPower) and case.supply.cold_start is not None:
        return None
    cycles = power_cycles(program, plan, chains_of(program, plan))
    drains, law = [cycle.drain for cycle in cycles], program.law
    charging = Charging(case, law)
    if isinstance(law, FixedWakeLaw):
        return None if law.bottom is not None else _fixed(charging, law, drains)
    if charging.prefix == "charge_power" and charging.circuit.draw:
        return None
    thresholds = thresholds_of(law, plan.cycles, drains)
    if case.wake.step is not None:
        return _stepped(case, charging, law, drains, thresholds)
    return _continuous(case, charging, law, drains, thresholds)


def _fixed(charging: Charging, law: FixedWakeLaw, drains: Sequence[int]) -> Sensitive:
    recharged = drains if law.recharge_target is not None else drains[:-1]
    total = NOTHING
    if law.head.waits:
        total = charging.begin() if law.head.level < 0 else charging.fill()
    for drain, times in Counter(recharged).items():
        total = plus(total, charging.recharge(drain + law.upkeep.reserve), times)
    return total


def _stepped(
    case: Case, charging: Charging, law: CycleLaw, drains: Sequence[int], thresholds: Sequence[Threshold]
) -> Sensitive:
    """Waits from what the drains since the last voltage have left of it to the next voltage."""
    levels = [law.head.level, *replay(law, drains, thresholds).levels]
    total, power_on = NOTHING, case.wake.power_on if law.head.delay else None
    anchor, drained, at_floor = power_on, case.boot.amount, power_on is None and law.head.waits
    if power_on is not None:
        total = charging.power_on(power_on)
    elif not law.head.waits:
        drained = 0
    for index, (drain, threshold) in enumerate(zip(drains, thresholds, strict=True)):
        if threshold.high > levels[index] and (index or law.head.waits):
            start = at_floor and not index
            wait = charging.from_floor(threshold.voltage) if start else None
            total = plus(total, wait or charging.between(anchor, drained, threshold.voltage))
            anchor, drained = threshold.voltage, 0
        drained += drain + law.upkeep.reserve
    return total if law.recharge_target is None else plus(total, charging.between(anchor, drained, None))


def _continuous(
    case: Case, charging: Charging, law: CycleLaw, drains: Sequence[int], thresholds: Sequence[Threshold]
) -> Sensitive:
    """Waits from the level left to the next threshold.

    The first wait of a cold device starts from what booting left of power-on; a charged one waits first for its second
    cycle, from what the first left of turn-on.
    """
    levels = replay(law, drains, thresholds).levels
    begin = (charging.charge(law.head.level), law.head.level)
    total = NOTHING
    if law.head.delay and case.wake.power_on is not None:
        total = charging.power_on(case.wake.power_on)
        begin = (charging.armed(case.wake.power_on, case.boot.amount), law.head.level)
    starts = [begin, *((charging.charge(level), level) for level in levels)]
    if not law.head.waits:
        starts[1] = (charging.left(drains[0] + law.upkeep.reserve), levels[0])
    waiting = zip(starts, thresholds, strict=False)
    for (start, level), threshold in islice(waiting, 0 if law.head.waits else 1, None):
        if threshold.high > level:
            total = plus(plus(total, charging.charge(threshold.high)), start, -1)
    if law.recharge_target is not None:
        total = plus(plus(total, charging.fill()), starts[-1][0], -1)
    return total
