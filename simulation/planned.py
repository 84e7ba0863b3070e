"""The runtime of a plan: before each power cycle wait for its threshold, run it, commit, and give power up.

Where the plan lists a commit as skippable, a runtime that skips sleeps on instead with everything in memory, and
commits late once it measures less than the reserve. A brown-out undoes all since the last commit that was taken.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import inf

from ischedule.simulation.board import Board
from ischedule.simulation.machine import DEFAULT, Limits, Machine, Outcome, Tally
from ischedule.simulation.script import NOTHING, Activity, PlannedCycle, PlannedScript

STALLED = "the supply does not reach the threshold"
LOST = "power failed, and what was not committed is lost"
NO_PROGRESS = "the same power cycle failed too often"
LATE = "the time of the simulation is over"


ROUNDING = 1e-9
"""By which part a voltage may lie below one that it has reached, and a moment before one that has come."""


@dataclass(frozen=True, slots=True)
class Release:
    """How a board is found at the release: whether it `is_asleep`, else whether it must come up before it can wait for
    thresholds of its own, and whether its first power cycle `waits` at all."""

    is_asleep: bool = False
    comes_up: bool = True
    waits: bool = True


COLD = Release()
"""Off, and without charge."""


def run_planned(
    script: PlannedScript,
    board: Board,
    limits: Limits = DEFAULT,
    *,
    boot: Activity = NOTHING,
    skips: bool = False,
    records: bool = False,
    release: Release = COLD,
) -> Outcome:
    """Run a plan. `boot` is what a device takes that comes up before its first threshold, to wait for that asleep.

    With `skips` a device that sleeps skips the commits that may be skipped.
    """
    return _Planned(Machine(board, limits, records), boot, skips, release).run(script.written_out())


class _Planned:
    def __init__(self, machine: Machine, boot: Activity, skips: bool, release: Release) -> None:
        self.machine, self.tally, self.boot, self.skips = machine, Tally(), boot, skips
        self.board = machine.board
        self.waits, self.comes_up = release.waits, release.comes_up
        self.is_up = release.is_asleep
        """Whether the device is on, asleep, and can watch its own threshold."""
        self.read: float | None = None
        """What it measured when the cycle in progress began."""
        self.held: PlannedCycle | None = None
        """The last cycle, if its commit was skipped: volatile memory holds what the next one begins with."""
        self.unsaved = 0.0
        """What went into cycles since the last commit (J)."""

    def run(self, cycles: Sequence[PlannedCycle]) -> Outcome:
        place = saved = failures = 0
        while place < len(cycles):
            cycle, after = cycles[place], cycles[place + 1] if place + 1 < len(cycles) else None
            why = self._wait_holding(self.held, cycle.threshold) if self.held is not None else self._ready(cycle)
            if self.held is None and not why:
                saved, failures = place, 0 if saved < place else failures
            if not why and self._work(cycle, after):
                place += 1
                continue
            if why not in ("", LOST):
                return self.tally.outcome(self.machine, why)
            self.is_up, self.held = False, None
            self.tally.repeated += self.unsaved
            self.unsaved, place, failures = 0.0, saved, failures + 1
            if self.machine.is_over or failures >= self.machine.limits.attempts:
                return self.tally.outcome(self.machine, LATE if self.machine.is_over else NO_PROGRESS)
        return self.tally.outcome(self.machine)

    def _ready(self, cycle: PlannedCycle) -> str:
        """Wait for a cycle's threshold with nothing to lose; what keeps it from that, else ""."""
        if not self._wait(cycle.threshold):
            return LATE if self.machine.is_over else STALLED
        return ""

    def _wait(self, threshold: float | None) -> bool:
        machine, board = self.machine, self.board
        asleep = board.sleeping
        self.read = None
        if not self.waits:
            self.waits = True
            machine.switch_on()
            return True
        if self.comes_up and asleep is None and board.power_on is not None:
            self.comes_up = False
            if not self._arm(board.power_on + board.misreading):
                return False
        while not self.is_up and board.power_on is not None and asleep is not None:
            if machine.terminal < board.power_on + board.misreading and not machine.charge(
                board.power_on + board.misreading
            ):
                return False
            machine.switch_on()
            machine.boots += 1
            self.is_up = machine.spend(self.boot, "boot")
            if not self.is_up and (machine.is_over or machine.boots > 100 + machine.cycles):
                return False
        begun, wanted = machine.time, board.wanted(threshold)
        if machine.terminal >= wanted:
            if not machine.boots:
                machine.switch_on()
            self.read = machine.terminal
            return True
        drawn = asleep.mean_power if asleep is not None and self.is_up else 0.0
        while not machine.charge(wanted, drawn):
            if not drawn or machine.is_over:
                return False
            # the sleep went below brown-out: off, and up again
            machine.fail()
            self.is_up = False
            if machine.brown_outs > 100 + machine.cycles:
                return False
            return self._wait(threshold)
        if drawn and not machine.wait(machine.next_poll(begun), drawn):
            return False
        self.read = machine.terminal
        if not self.is_up:
            machine.switch_on()
        return True

    def _arm(self, wanted: float) -> bool:
        """A cold device comes up, boots, has its first threshold watched, and switches itself off; False if it never
        does."""
        machine = self.machine
        if machine.terminal < wanted and not machine.charge(wanted):
            return False
        machine.switch_on()
        machine.boots += 1
        return machine.spend(self.boot, "boot")

    def _work(self, cycle: PlannedCycle, after: PlannedCycle | None) -> bool:
        machine, before = self.machine, self.machine.sums.delivered
        begin = cycle.begin if self.held is None else cycle.warm
        machine.boots += not self.is_up
        parts = [("begin", *one) for one in begin] + [("work", *one) for one in cycle.work]
        is_done = all(machine.spend(activity, what, name) for what, name, activity in parts)
        is_skipped = is_done and after is not None and self._may_skip(cycle)
        if is_done and not is_skipped:
            is_done = self._commit(cycle)
        self.unsaved += machine.sums.delivered - before
        if not is_done:
            return False
        machine.cycles += 1
        self.tally.skipped += is_skipped
        self.held = cycle if is_skipped else None
        if not is_skipped:
            self.unsaved = 0.0
        if is_skipped:
            self.is_up = True
        elif after is not None:
            self._give_up_power()
        return True

    def _commit(self, cycle: PlannedCycle) -> bool:
        if not self.machine.spend(cycle.commit.activity, "commit"):
            return False
        self.tally.checkpoints += 1
        self.tally.written += cycle.commit.written
        return True

    def _give_up_power(self) -> None:
        self.is_up = self.board.sleeping is not None
        if self.board.idle_power is not None:
            self.machine.burn()

    def _may_skip(self, cycle: PlannedCycle) -> bool:
        """Whether the plan lets the device sleep on without the commit: the cycle began with enough."""
        if not self.skips or cycle.skip is None or self.board.sleeping is None:
            return False
        start = cycle.skip.start
        return start is None or (self.read is not None and self.read >= self.board.wanted(start))

    def _wait_holding(self, held: PlannedCycle, threshold: float | None) -> str:
        """Sleep until a threshold with a cycle in memory that is not committed, and commit it once a measurement finds
        less than the reserve; what keeps it from the threshold, else ""."""
        machine, board, asleep = self.machine, self.board, self.board.sleeping
        assert asleep is not None, "commits are skipped asleep"
        assert held.skip is not None, "only what may be skipped is"
        begun, wanted, least = machine.time, board.wanted(threshold), board.wanted(held.skip.reserve)
        while machine.terminal < wanted * (1 - ROUNDING):
            found = machine.wait_until(inf, wanted, asleep.mean_power, least)
            if found == "late" or machine.is_over:
                return LATE
            if found == "stalled":
                return STALLED
            pause = machine.next_poll(begun)
            if found == "low" and pause <= ROUNDING * asleep.poll_period:
                pause = asleep.poll_period
            if not machine.wait(pause, asleep.mean_power):
                machine.fail()
                return LOST
            if machine.terminal < least:
                return self._late_commit(held, threshold)
        self.read = machine.terminal
        return ""

    def _late_commit(self, held: PlannedCycle, threshold: float | None) -> str:
        """Save what is in memory, and wait on with nothing to lose."""
        before = self.machine.sums.delivered
        is_saved = self.machine.spend(held.wake, "begin", "wake") and self._commit(held)
        self.unsaved = 0.0 if is_saved else self.unsaved + self.machine.sums.delivered - before
        if not is_saved:
            return LOST
        self.held = None
        if self._wait(threshold):
            return ""
        return LATE if self.machine.is_over else STALLED
