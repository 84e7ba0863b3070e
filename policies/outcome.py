"""What an execution comes to under the charging law of its case, in closed form: an oracle for simulations.

Every power cycle waits for a full buffer, harvests nothing while it runs, boots, recovers and then runs units:

    planned          one unit, then the rest of the charge is given up (nothing is burnt) and the wait begins
    opportunistic    as many units as there is charge for; the unit in flight drains what is left and is run again
    just in time     until what is left would not save an image; the image is saved, and nothing is run again
    urgent           until what is left would not run and save a unit; then it sleeps until the buffer is full, or saves
                     the last unit and switches off where the supply does not carry that

That is greedy packing (theory 3.3) and the law of just-in-time checkpoints (theory 3.1). Times of a unit that is cut
off are in proportion to its energy, rounded up.
"""

from __future__ import annotations

from dataclasses import dataclass

from ischedule.models.cycle_law import CycleLaw
from ischedule.policies.execution import Asleep, Discipline, Execution, Unit


@dataclass(frozen=True, slots=True)
class Outcome:
    """Picoseconds until the last unit has been preserved, power cycles, amounts drained and run again, level left."""

    latency: int
    active: int
    cycles: int
    drained: int
    run_again: int
    saved: int
    left: int = 0


class NoProgress(Exception):
    """An execution that never ends: a unit needs more than a full buffer, with booting and recovery."""


def outcome(execution: Execution, law: CycleLaw) -> Outcome:
    """The outcome under the law's supply. Raises `NoProgress`."""
    if not execution.makes_progress:
        raise NoProgress(execution.guarantee.reason)
    if execution.discipline is Discipline.PLANNED:
        return _planned(execution, law)
    walk = _Walk(execution, law) if execution.asleep is None else _UrgentWalk(execution, execution.asleep, law)
    for unit, times in execution.runs():
        walk.run(unit, times)
    return walk.outcome()


def _planned(execution: Execution, law: CycleLaw) -> Outcome:
    boot = execution.boot
    active = waiting = cycles = drained = last = 0
    left = law.capacity
    known: dict[Unit, int] = {}
    for unit, times in execution.runs():
        drain = boot.amount + unit.recover.amount + unit.amount
        if unit not in known:
            known[unit] = recharge(law, law.capacity - drain)
        cycles += times
        drained += times * drain
        active += times * (boot.time + unit.recover.time + unit.time)
        waiting += times * known[unit]
        last, left = known[unit], law.capacity - drain
    return Outcome(first_charge(law) + waiting - last + active, active, cycles, drained, 0, 0, left)


def first_charge(law: CycleLaw) -> int:
    """The wait before the first cycle."""
    if not law.head.waits:
        return law.head.delay
    return law.head.delay + recharge(law, law.head.level)


def recharge(law: CycleLaw, level: int) -> int:
    """The wait from a level to a full buffer. Raises `NoProgress` where the supply never fills it."""
    if level < law.charging.buffer.turn_on_high and not law.charging.reaches(law.charging.buffer.turn_on_high):
        raise NoProgress("the supply never charges the buffer to turn-on")
    return law.charging.charge_time(level, law.charging.buffer.turn_on_high)


class _Walk:
    """Greedy packing of units into power cycles."""

    def __init__(self, execution: Execution, law: CycleLaw) -> None:
        self.law, self.boot, self.snapshot = law, execution.boot, execution.snapshot
        self.reserve = 0 if execution.snapshot is None else execution.snapshot.save.amount
        self.level = law.capacity - execution.boot.amount
        self.waiting, self.active, self.cycles = first_charge(law), execution.boot.time, 1
        self.drained, self.again, self.saved = execution.boot.amount, 0, 0
        self.wait = recharge(law, 0)

    def run(self, unit: Unit, times: int) -> None:
        """Run equal units, in as many power cycles as they take."""
        while times:
            fitting = times if unit.amount == 0 else min(times, (self.level - self.reserve) // unit.amount)
            self.level -= fitting * unit.amount
            self.active += fitting * unit.time
            self.drained += fitting * unit.amount
            times -= fitting
            if times:
                self._lose_power(unit)

    def _lose_power(self, unit: Unit) -> None:
        """The rest of the charge goes: into an image, or into a unit that is run again."""
        level = self.level
        if self.snapshot is not None:
            self.saved += self.reserve
            self.active += self.snapshot.save.time
            left, restore = level - self.reserve, self.snapshot.restore
            wait = recharge(self.law, left)
            self.drained += self.reserve
        else:
            self.again += level
            self.active += -(-unit.time * level // unit.amount)
            self.drained += level
            wait, restore = self.wait, unit.recover
        self.waiting += wait
        self.cycles += 1
        self.active += self.boot.time + restore.time
        self.drained += self.boot.amount + restore.amount
        self.level = self.law.capacity - self.boot.amount - restore.amount

    def outcome(self) -> Outcome:
        """What it has come to."""
        latency = self.waiting + self.active
        return Outcome(latency, self.active, self.cycles, self.drained, self.again, self.saved, self.level)


class _UrgentWalk:
    """Units as far as the charge reaches, and sleep in between; only the last one is saved if sleep is carried."""

    def __init__(self, execution: Execution, asleep: Asleep, law: CycleLaw) -> None:
        self.law, self.boot, self.asleep = law, execution.boot, asleep
        self.level = law.capacity - execution.boot.amount
        self.waiting, self.active, self.cycles = first_charge(law), execution.boot.time, 1
        self.drained, self.saved = execution.boot.amount, 0
        self.last: Unit | None = None
        """The last unit that was run and is not saved."""

    def run(self, unit: Unit, times: int) -> None:
        """Run equal units, with as many waits as they take."""
        is_full = False
        while times:
            room, taken = self.level - unit.preserve.amount, unit.work.amount
            fitting = times if taken == 0 <= room else min(times, max(0, room) // max(1, taken))
            if not fitting and is_full:
                # what is left behind one unit need not save it: sleep is carried
                if self.asleep.charging is None or taken > self.level:
                    raise NoProgress(f"{unit.name} does not fit a full buffer after waking")
                fitting = 1
            self._spend(fitting * taken, fitting * unit.work.time)
            self.last = unit if fitting else self.last
            times -= fitting
            is_full = bool(times)
            if times:
                self._wait(unit)

    def _spend(self, amount: int, time: int) -> None:
        self.level -= amount
        self.drained += amount
        self.active += time

    def _save(self) -> None:
        if self.last is not None:
            self._spend(self.last.preserve.amount, self.last.preserve.time)
            self.saved += self.last.preserve.amount
        self.last = None

    def _wait(self, following: Unit) -> None:
        """Sleep until the buffer is full, or save and switch off until then."""
        charging, wake = self.asleep.charging, self.asleep.wake
        self.cycles += 1
        if charging is not None:
            self.waiting += charging.charge_time(self.level, charging.buffer.turn_on_high) + self.law.upkeep.latency
            self.level = self.law.capacity
            self._spend(wake.amount, wake.time)
            return
        self._save()
        self.waiting += recharge(self.law, self.level)
        self.level = self.law.capacity
        for effort in (self.boot, following.recover):
            self._spend(effort.amount, effort.time)

    def outcome(self) -> Outcome:
        """What it has come to, with the result published."""
        if self.last is not None and self.level < self.last.preserve.amount:
            self._wait(self.last)
        self._save()
        return Outcome(
            self.waiting + self.active, self.active, self.cycles, self.drained, 0, self.saved, max(0, self.level)
        )
