"""How the waiting of one plan changes with capacitor, thresholds and supply, the plan being kept as it is.

What each power cycle drains stays; under fixed wake each recharges to turn-on, under programmable wake each waits for
the level that it waits for now. The closed forms of charging add up to the plan's waiting, their slopes to its slopes.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from functools import reduce

from ischedule.analysis import closed_forms
from ischedule.analysis.closed_forms import Circuit, Sensitive
from ischedule.analysis.power_cycles import chains_of, power_cycles, thresholds_of
from ischedule.models.case import Case
from ischedule.models.cycle_law import CycleLaw, Threshold, replay
from ischedule.models.demand import Coordinate
from ischedule.models.fixed_wake import FixedWakeLaw
from ischedule.models.plan import Plan
from ischedule.models.program import Program
from ischedule.models.supply import ConstantPower

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
        voltage=0.0 if isinstance(supply, ConstantPower) else supply.voltage.lo * 1e-9,
        resistance=0.0 if isinstance(supply, ConstantPower) else supply.resistance.hi * 1e-6,
        draw=law.charging.waiting_power * 1e-15,
    )


class Charging:
    """The closed forms of one case's coordinate and supply, of amounts in internal units."""

    def __init__(self, case: Case, law: CycleLaw) -> None:
        self.circuit = circuit_of(case, law)
        coordinate = "energy" if case.coordinate is Coordinate.ENERGY else "charge"
        self.prefix = f"{coordinate}_{'power' if isinstance(case.supply, ConstantPower) else 'source'}"

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


def plus(first: Sensitive, second: Sensitive, times: int = 1) -> Sensitive:
    """The sum of one and several times another."""
    return Sensitive(*(one + times * other for one, other in zip(first, second, strict=True)))


def kept_plan(case: Case, program: Program, plan: Plan) -> Sensitive | None:
    """Seconds of waiting for charge of a valid plan, and their slopes; None where the mechanism burns the rest.

    Not in it: delays that do not depend on charging, such as noticing a threshold.
    """
    cycles = power_cycles(program, plan, chains_of(program, plan))
    drains = [cycle.drain for cycle in cycles]
    charging = Charging(case, program.law)
    if isinstance(program.law, FixedWakeLaw):
        return None if program.law.bottom is not None else _fixed(charging, program.law, drains)
    return _programmable(case, charging, program.law, drains, thresholds_of(program.law, plan.cycles, drains))


def _fixed(charging: Charging, law: FixedWakeLaw, drains: Sequence[int]) -> Sensitive:
    recharged = drains if law.recharge_target is not None else drains[:-1]
    total = NOTHING
    if law.head.waits:
        total = charging.begin() if law.head.level < 0 else charging.fill()
    for drain, times in Counter(recharged).items():
        total = plus(total, charging.recharge(drain + law.upkeep.reserve), times)
    return total


def _programmable(
    case: Case, charging: Charging, law: CycleLaw, drains: Sequence[int], thresholds: Sequence[Threshold]
) -> Sensitive:
    """Waits from the level left to the next threshold; a level left by a charged start hangs from turn-on."""
    levels = replay(law, drains, thresholds).levels
    starts = [law.head.level, *levels[:-1]]
    hung = 0 if law.head.waits else 2
    waits = Counter(
        (start, threshold.high)
        for start, threshold in zip(starts[hung:], thresholds[hung:], strict=True)
        if threshold.high > start
    )
    found = (plus(NOTHING, _between(charging, *wait), times) for wait, times in waits.items())
    total = reduce(plus, found, NOTHING)
    if hung and len(drains) > 1 and thresholds[1].high > levels[0]:
        total = plus(total, charging.charge(thresholds[1].high))
        total = plus(total, charging.left(drains[0] + law.upkeep.reserve), -1)
    if law.head.delay and case.wake.power_on is not None:
        total = plus(total, charging.power_on(case.wake.power_on))
    if law.recharge_target is not None:
        left = charging.left(drains[0] + law.upkeep.reserve) if len(drains) == 1 else charging.charge(levels[-1])
        total = plus(plus(total, charging.fill()), left, -1)
    return total


def _between(charging: Charging, start: int, end: int) -> Sensitive:
    return plus(charging.charge(end), charging.charge(start), -1)
