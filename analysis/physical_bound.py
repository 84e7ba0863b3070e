"""The physical bound: how soon the same work could be done if all its energy came at the best charging power.

What a plan drains must be supplied, whatever its power cycles look like, and the time it runs must pass. The rest of
its latency is lost because the supply charges less well at the levels at which its cycles wait. The bound is about the
work of one plan; another plan may do other work. It is shown, and nothing rests on it.
"""

from __future__ import annotations

from fractions import Fraction

from ischedule.analysis.evaluate import Evaluation
from ischedule.models.charging import ChargingLaw, PowerCharging, SourceCharging
from ischedule.models.current_charging import CurrentCharging, RootCharging
from ischedule.models.cycle_law import CycleLaw
from ischedule.models.demand import Coordinate
from ischedule.models.leaky_charging import LeakyCharging
from ischedule.models.quantities import Rounding
from ischedule.models.stepped_charging import SteppedCharging


def physical_bound(law: CycleLaw, evaluation: Evaluation) -> int:
    """Picoseconds from release to the end of the latency that the same work needs at least."""
    head, charging = law.head, law.charging
    active = evaluation.latency - evaluation.waiting - evaluation.failures
    until_floor = charging.charge_time(head.level, 0) if head.level < 0 and charging.reaches(0) else 0
    stored = max(0, head.level)
    supplied = evaluation.drain - stored
    if law.recharge_target is not None:
        supplied += law.recharge_target
    wait = int(max(0, supplied) * quickest(charging))
    return active + head.delay + until_floor + wait


def quickest(charging: ChargingLaw) -> Fraction:
    """The least picoseconds for one unit of level, anywhere from the floor to turn-on; 0 if nothing bounds it."""
    buffer = charging.buffer
    low, high = buffer.voltage_of(0, Rounding.DOWN), buffer.turn_on.hi
    slow = Fraction(buffer.capacitance.hi, buffer.capacitance.lo)
    energy = buffer.coordinate is Coordinate.ENERGY
    if isinstance(charging, PowerCharging) and charging.power > 0:
        # energy: fJ / fW = 1e12 ps; charge: fC nV / fW = 1e3 ps
        return slow * (Fraction(10**12, charging.power) if energy else Fraction(1000 * low, charging.power))
    if isinstance(charging, CurrentCharging) and charging.current > 0:
        return slow * Fraction(10**12, charging.current)  # fC / fA = 1e12 ps
    if isinstance(charging, RootCharging) and charging.current > 0:
        return slow * Fraction(10**21, charging.current * high)  # fJ / (fA nV) = 1e21 ps
    if isinstance(charging, SteppedCharging | LeakyCharging):
        return charging.least_per_level
    if not isinstance(charging, SourceCharging) or charging.source <= low:
        return Fraction(0)
    best = min(max(charging.source / 2, Fraction(low)), Fraction(high)) if energy else Fraction(low)
    # nV / uohm = 1e-3 A = 1 fC / ps, and an energy is a charge times a voltage: fJ / nV = 1e9 fC
    per_charge = Fraction(charging.resistance) / (charging.source - best)
    return slow * per_charge * (Fraction(10**9) / best if energy and best else Fraction(1))
