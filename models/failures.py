"""Failures that a plan tolerates: what an inference takes longer when power fails although the assumptions say not.

Whatever made it fail, the device browns out somewhere in a power cycle or in the wait before it. From the lowest
brown-out voltage the buffer charges to the cycle's threshold, and the cycle runs again, whole: with what had passed of
it before, that is at most the cycle once more and one wait. As the same cycle can fail each time, every failure is
counted as that of the dearest cycle. The supply is taken to be there again after a failure as it is guaranteed.

A cycle that had begun above its threshold begins at it now, and what it would have left more shortens no later wait.
That is worth most where charging is slowest: at one of the ends of the band, because the charging power has one maximum
or none between them.

A device that slept through its waits has lost its sleep as well. It comes up where it is switched on, boots, and waits
on from what is left.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from ischedule.models.curve_failures import least_wait_again
from ischedule.models.cycle_law import CycleLaw, Threshold
from ischedule.models.program import Program, Reboot
from ischedule.models.quantities import Rounding


@dataclass(frozen=True, slots=True)
class Begun:
    """A power cycle: the threshold that it waits for, the level at which it begins, and how long it runs (ps)."""

    threshold: Threshold
    level: int
    active: int


def repeated(law: CycleLaw, cycle: Begun, reboot: Reboot | None) -> int:
    """What one failure in a power cycle costs at most."""
    threshold, active = cycle.threshold, cycle.active
    buffer, charging = law.charging.buffer, law.charging
    bottom = buffer.level_of(buffer.brown_out.lo, Rounding.DOWN)
    found = active + law.upkeep.pause + law.upkeep.latency
    if reboot is None:
        found += charging.charge_time(bottom, threshold.high)
    else:
        left = reboot.level - reboot.effort.amount
        found += charging.charge_time(bottom, reboot.high) + reboot.effort.time
        found += charging.charge_time(left, threshold.high)
    highest = min(cycle.level, buffer.turn_on_high)  # no wait is for more
    more = min(cycle.level - threshold.level, highest)
    if more > 0:
        found += max(charging.charge_time(0, more), charging.charge_time(highest - more, highest))
    return found


def least_repeated(law: CycleLaw, need: int, active: int, reboot: Reboot | None) -> int:
    """What one failure costs at least in any power cycle of this need, whatever its threshold.

    The need is one that a threshold guarantees: a first cycle that began with more could not be run again. The lowest
    threshold that suffices is reached first.
    """
    threshold = min(law.shared(None, need), key=lambda one: one.high)
    return repeated(law, Begun(threshold, threshold.level, active), reboot)


def allowance(program: Program, cycles: Iterable[Begun]) -> int:
    """What the failures that a program tolerates cost at most in a plan of these cycles."""
    if not program.failures:
        return 0
    return program.failures * max(repeated(program.law, one, program.reboot) for one in cycles)


def least_allowance(program: Program) -> int:
    """What they cost at least in any plan: some cycle is repeated, which waits for the lowest threshold at best."""
    if not program.failures:
        return 0
    if program.law.curve is not None:
        return program.failures * least_wait_again(program.law)
    lowest = min(program.law.shared(None, 0), key=lambda one: one.high)
    return program.failures * repeated(program.law, Begun(lowest, lowest.level, 0), program.reboot)
