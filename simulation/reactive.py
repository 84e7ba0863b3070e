"""Runtimes that follow no plan: they run as long as the voltage allows, and differ in what they do when it does not.

OPPORTUNISTIC runs until brown-out and begins again after the last commit. JUST-IN-TIME saves everything volatile when
the voltage falls to a warning. URGENT sleeps at low voltage, and saves only where the supply does not carry that sleep.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass, field, replace
from math import floor, inf

from ischedule.simulation.board import Board
from ischedule.simulation.flow import Flow
from ischedule.simulation.machine import DEFAULT, Limits, Machine, Outcome, Tally
from ischedule.simulation.script import NOTHING, Activity, Script, Stretch
from ischedule.simulation.supplies import Steady

STALLED = "the supply does not reach turn-on"
NO_PROGRESS = "no progress in too many power cycles one after the other"
LATE = "the time of the simulation is over"


def without_commits(script: Script) -> Script:
    """The inference in one go: nothing saves any progress."""
    bare = (replace(stretch, commit=None, resume=NOTHING) for stretch in script.stretches)
    return replace(script, stretches=tuple(bare))


@dataclass(slots=True)
class _Place:
    """A place in a script: so many units of so many stretches are done."""

    stretch: int = 0
    unit: int = 0

    def after(self, script: Script, units: int = 1) -> _Place:
        """So many units of the same stretch further."""
        if self.unit + units < script.stretches[self.stretch].count:
            return _Place(self.stretch, self.unit + units)
        return _Place(self.stretch + 1, 0)

    def is_end(self, script: Script) -> bool:
        return self.stretch == len(script.stretches)


@dataclass(slots=True)
class _Runtime(ABC):
    """What all these runtimes share: coming up, and giving up."""

    script: Script
    machine: Machine
    tally: Tally = field(default_factory=Tally)
    saved: _Place = field(default_factory=_Place)
    failures: int = 0

    def outcome(self, why: str = "") -> Outcome:
        return self.tally.outcome(self.machine, why)

    def come_up(self) -> str:
        """Wait for turn-on and connect the load; what keeps it from that, else ""."""
        machine, wanted = self.machine, self.machine.board.wanted(None)
        if machine.terminal < wanted and not machine.charge(wanted):
            return LATE if machine.is_over else STALLED
        machine.switch_on()
        machine.boots += 1
        return ""

    def run(self) -> Outcome:
        """Power cycles until the script is done, or nothing has come of a number of them."""
        while True:
            why = self.come_up()
            if why:
                return self.outcome(why)
            place, before = replace(self.saved), self.machine.sums.delivered
            done = self.cycle()
            self.machine.cycles += 1
            if done:
                return self.outcome()
            progressed = self.saved != place or self.has_progressed()
            self.failures = 0 if progressed else self.failures + 1
            if not progressed:
                self.tally.repeated += self.machine.sums.delivered - before
            if self.machine.is_over:
                return self.outcome(LATE)
            if self.failures >= self.machine.limits.attempts:
                return self.outcome(NO_PROGRESS)

    def has_progressed(self) -> bool:
        """Whether a power cycle has brought anything besides what `saved` says."""
        return False

    @abstractmethod
    def cycle(self) -> bool:
        """One power cycle; True where the script is done."""

    def commit(self, stretch: Stretch) -> bool:
        """Save progress; False if it browned out."""
        assert stretch.commit is not None
        if not self.machine.spend(stretch.commit.activity, "commit", stretch.name):
            return False
        self.tally.checkpoints += 1
        self.tally.written += stretch.commit.written
        return True


class _Opportunistic(_Runtime):
    def cycle(self) -> bool:
        machine = self.machine
        if not machine.spend(self.script.boot, "begin", "boot"):
            return False
        resume = self.script.stretches[self.saved.stretch].resume
        if (self.saved != _Place() or resume != NOTHING) and not machine.spend(resume, "begin", "resume"):
            return False
        place, since = replace(self.saved), machine.sums.delivered
        begun = replace(self.saved)
        while not place.is_end(self.script):
            stretch = self.script.stretches[place.stretch]
            units = self._many(stretch, stretch.count - place.unit)
            if units:
                self._skip(stretch, units)
            else:
                units = 1
                if not self._unit(stretch):
                    self.tally.repeated += machine.sums.delivered - since if self.saved != begun else 0.0
                    return False
            place = place.after(self.script, units)
            if stretch.commit is not None:
                self.saved, since = replace(place), machine.sums.delivered
        return True

    def _unit(self, stretch: Stretch) -> bool:
        if not self.machine.spend(stretch.unit, "work", stretch.name):
            return False
        self.tally.written += stretch.written
        return stretch.commit is None or self.commit(stretch)

    def _many(self, stretch: Stretch, most: int) -> int:
        """How many whole units fit before brown-out, by division: where all phases move the squared voltage in straight
        lines, and downwards. 0 where that is not so, or fewer than two fit."""
        machine, board = self.machine, self.machine.board
        capacitor = board.capacitor
        flow, until = board.supply.at(machine.time, True)
        plain = capacitor.resistance == 0 and not capacitor.leaks and not capacitor.curve
        powered = flow.source_resistance == inf and flow.fed_current == 0
        if most < 2 or not plain or not powered or board.is_regulated or machine.records:
            return 0
        falls, time = 0.0, 0.0
        commit = NOTHING if stretch.commit is None else stretch.commit.activity
        for draw, length in (*stretch.unit.phases, *commit.phases):
            if draw == inf:
                falls += length * board.consumption / board.efficiency(inf)
                continue
            fall = (machine.load(draw).power - flow.fed) * length
            if fall < 0:
                return 0
            falls, time = falls + fall, time + length
        room = capacitor.stored(machine.voltage) - capacitor.stored(board.brown_out)
        fit = most if falls == 0 else min(most, floor(room / falls * (1 - 1e-12)))
        end = min(until, machine.limits.time)
        if time > 0 and end < inf:
            fit = min(fit, floor((end - machine.time) / time * (1 - 1e-12)))
        return fit if fit >= 2 else 0

    def _skip(self, stretch: Stretch, units: int) -> None:
        """So many units at once, each of which is known to fit."""
        activities = [stretch.unit] if stretch.commit is None else [stretch.unit, stretch.commit.activity]
        for one in activities:
            for draw, length in one.phases:
                self.machine.skip(draw, length, units)
        self.tally.written += units * stretch.written
        if stretch.commit is not None:
            self.tally.checkpoints += units
            self.tally.written += units * stretch.commit.written


class _JustInTime(_Runtime):
    """Work can stop anywhere: what of a stretch is left is a share of it."""

    warning: float
    left: list[float]

    def prepare(self, warning: float) -> None:
        self.warning = warning
        self.left = [float(stretch.count) for stretch in self.script.stretches]
        self.has_image = self.moved = False

    def has_progressed(self) -> bool:
        return self.moved

    def cycle(self) -> bool:
        machine = self.machine
        self.moved = False
        if not machine.spend(self.script.boot, "begin", "boot"):
            return False
        if self.has_image and not machine.spend(self.script.restore, "begin", "restore"):
            return False
        before, kept = machine.sums.delivered, list(self.left)
        for place, stretch in enumerate(self.script.stretches):
            whole = [(draw, time * self.left[place]) for draw, time in _mean(stretch.unit).phases]
            for draw, time in whole:
                passed, is_done = machine.work_until(draw, time, self.warning, stretch.name)
                self.left[place] *= 0.0 if is_done else 1 - passed / time
                if not is_done:
                    return self._save(kept, before)
        return True

    def _save(self, kept: list[float], before: float) -> bool:
        machine = self.machine
        if machine.spend(self.script.backup.activity, "commit", "backup"):
            self.moved, self.has_image = self.left != kept, True
            self.tally.checkpoints += 1
            self.tally.written += self.script.backup.written
        else:
            self.left = kept
            self.tally.repeated += machine.sums.delivered - before
        return False


class _Urgent(_Opportunistic):
    """Before each unit: enough for it and a commit? If not, sleep with everything in memory, or save and switch off."""

    def prepare(self) -> None:
        self.needed: dict[int, float] = {}

    def cycle(self) -> bool:
        machine = self.machine
        if not machine.spend(self.script.boot, "begin", "boot"):
            return False
        resume = self.script.stretches[self.saved.stretch].resume
        if not machine.spend(resume, "begin", "resume"):
            return False
        place = replace(self.saved)
        while not place.is_end(self.script):
            stretch = self.script.stretches[place.stretch]
            is_low = machine.voltage < self._voltage(place.stretch)
            if is_low and self._rest():
                if not machine.spend(self.script.wake, "begin", "wake"):
                    return False
            elif is_low:
                last = self._before(place)
                if place != self.saved and last is not None and last.commit is not None:
                    if not self.commit(last):
                        return False
                    self.saved = place
                    return False
                if machine.voltage <= machine.board.brown_out:
                    machine.fail()
                    return False
            if not machine.spend(stretch.unit, "work", stretch.name):
                return False
            self.tally.written += stretch.written
            place = place.after(self.script)
        last = self.script.stretches[-1]
        if last.commit is None:
            return True
        if machine.voltage < least_voltage(machine.board, (last.commit.activity,)):
            self._rest()
        return self.commit(last)

    def _before(self, place: _Place) -> Stretch | None:
        index = place.stretch if place.unit else place.stretch - 1
        return self.script.stretches[index] if index >= 0 else None

    def _voltage(self, index: int) -> float:
        if index not in self.needed:
            stretch = self.script.stretches[index]
            ends = [one.commit.activity for one in self.script.stretches[index : index + 1] if one.commit is not None]
            self.needed[index] = least_voltage(self.machine.board, (stretch.unit, *ends))
        return self.needed[index]

    def _rest(self) -> bool:
        """Sleep until turn-on while the supply carries it; False once it does not: what is in memory must be saved."""
        machine, asleep = self.machine, self.machine.board.sleeping
        if asleep is None:
            return False
        wanted = machine.board.wanted(None)
        while machine.terminal < wanted:
            flow, until = machine.board.supply.at(machine.time)
            if flow.harvest(machine.terminal) < asleep.mean_power or machine.is_over:
                return False
            begun = machine.time
            machine.wait_until(min(until, machine.limits.time), wanted, asleep.mean_power)
            if machine.time == begun:
                break
        self.tally.skipped += 1
        return True


def _mean(activity: Activity) -> Activity:
    """The same at one draw throughout."""
    if activity.peak == 0:
        return activity
    return Activity(activity.amount, max(activity.time, activity.amount / activity.peak))


def least_voltage(board: Board, activities: tuple[Activity, ...]) -> float:
    """The least voltage inside from which these run one after the other without any supply; turn-on where none is."""
    low, high = board.brown_out, board.turn_on * 2
    dark = replace(board, supply=Steady(Flow()))
    for _ in range(60):
        middle = (low + high) / 2
        machine = Machine(replace(dark, start=middle))
        if all(machine.spend(one, "") for one in activities):
            high = middle
        else:
            low = middle
    return high


def run_opportunistic(script: Script, board: Board, limits: Limits = DEFAULT, *, records: bool = False) -> Outcome:
    """Run until brown-out, again and again, from the last commit."""
    return _Opportunistic(script, Machine(board, limits, records)).run()


def run_just_in_time(
    script: Script, board: Board, limits: Limits = DEFAULT, *, warning: float | None = None, records: bool = False
) -> Outcome:
    """Save everything at a warning voltage; by default the least from which the backup runs without a supply."""
    runtime = _JustInTime(script, Machine(board, limits, records))
    runtime.prepare(least_voltage(board, (script.backup.activity,)) if warning is None else warning)
    return runtime.run()


def run_urgent(script: Script, board: Board, limits: Limits = DEFAULT, *, records: bool = False) -> Outcome:
    """Save only where the supply does not carry a sleep in which everything stays in memory."""
    runtime = _Urgent(script, Machine(board, limits, records))
    runtime.prepare()
    return runtime.run()
