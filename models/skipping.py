"""Skipping commits: which devices can, what a plan lists of it, and what a commit takes that comes late.

A device that sleeps with its volatile memory retained can leave a commit out as long as its sleep is carried, and
commit once it no longer is. What a power failure then undoes is all that has run since the last commit that was taken.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from fractions import Fraction

from ischedule.models.buffer import EnergyBuffer
from ischedule.models.case import Case
from ischedule.models.charging import require_brown_out
from ischedule.models.demand import Coordinate
from ischedule.models.loaded import loaded, over_read_at_floor
from ischedule.models.program import Program, TiledStage
from ischedule.models.quantities import Rounding, round_to_integer
from ischedule.models.wake import Mechanism, Policy, Sleep


def why_none(case: Case, program: Program) -> str | None:
    """Why no commit of any plan may be skipped, None where the device and the assumptions allow for it."""
    sleep = case.wake.sleep
    if case.wake.mechanism is not Mechanism.SENSE or sleep is None:
        return "the device does not sleep between power cycles: it is off, and its volatile memory is lost"
    if not sleep.retained:
        return "the device does not retain its volatile memory while it sleeps"
    if case.requirements.failures:
        return "failures are tolerated, and what one repeats must be no more than one power cycle"
    if case.while_running is not None:
        return "power is counted on while the device runs, and a late commit comes where there may be none"
    if any(isinstance(stage, TiledStage) and stage.preserving is not None for stage in program.stages):
        return "layers may keep counters or markers, which publish atom by atom what a skipped commit would hold back"
    if program.law.curve is not None:
        return "under a supply curve the supply may fail while the device sleeps, and a late commit may make it late"
    if program.law.max_cycles is not None:
        return "the supply does not carry the sleep up to turn-on"
    return None


@dataclass(frozen=True, slots=True)
class LateCommit:
    """What must be stored, beside the commit, by a device that notices that its sleep is not carried.

    ``asleep`` is what it may have used since it measured enough for the last time, without any supply, and for
    measuring; ``wake_need`` what must be stored to wake at all.
    """

    asleep: int
    wake_need: int

    def need(self, begin: int, commit: int) -> int:
        """The level from which it commits late, where waking up drains no more than beginning the next cycle."""
        return self.asleep + max(self.wake_need, begin + commit)


def late_commit_of(case: Case, program: Program) -> LateCommit:
    """What a late commit takes in a case whose device sleeps with its memory retained."""
    work, sleep = loaded(case), case.wake.sleep
    if sleep is None:
        raise ValueError("the device does not sleep")
    # two polls: one that measured enough, and spent its energy then, and one that did not
    asleep = _slept(program.law.charging.buffer, sleep) + program.law.upkeep.reserve
    return LateCommit(asleep, work.restart.amount + work.start_excess)


def _slept(buffer: EnergyBuffer, sleep: Sleep) -> int:
    """What sleeping for a polling period and measuring once take of the buffer, with what leaks and heats meanwhile."""
    rate = buffer.leakage.rate_at(buffer.highest_voltage, buffer.coordinate)
    if buffer.coordinate is Coordinate.CHARGE:
        rate += _current(buffer, sleep)
    else:
        rate += sleep.mean_power
        if buffer.resistance.hi:
            # uohm fA^2 = 1e-36 W = 1e-21 fW
            rate += buffer.resistance.hi * _current(buffer, sleep) ** 2 / 10**21
    return round_to_integer(rate * sleep.poll_period / 10**12, Rounding.UP)


def _current(buffer: EnergyBuffer, sleep: Sleep) -> Fraction:
    """What flows asleep (femtoampere): most at the lowest voltage; fW / nV = 1e-6 A = 1e9 fA."""
    return Fraction(sleep.mean_power * 10**9, require_brown_out(buffer))


def reading_for(case: Case, program: Program, level: int) -> int:
    """The least voltage (nanovolt) to read that guarantees a level, in steps if the hardware has steps."""
    buffer = program.law.charging.buffer
    # it is read anywhere above the floor, where the same power or source charges with more current than at turn-on
    reading = replace(buffer.reading, over_read=max(buffer.reading.over_read, over_read_at_floor(case, buffer)))
    read = replace(buffer, reading=reading).read_for(max(0, level))
    step = step_of(case)
    return -(-read // step) * step


def step_of(case: Case) -> int:
    """The distance of two readings (nanovolt) that the device can tell apart."""
    return case.wake.step or 1 if case.wake.policy is Policy.PROGRAMMABLE else 1
