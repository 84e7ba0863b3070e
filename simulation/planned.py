"""The runtime of a plan: before each power cycle wait for its threshold, run it, commit, and give power up."""

from __future__ import annotations

from dataclasses import dataclass

from ischedule.simulation.board import Board
from ischedule.simulation.machine import DEFAULT, Limits, Machine, Outcome, Tally
from ischedule.simulation.script import NOTHING, Activity, PlannedCycle, PlannedScript

STALLED = "the supply does not reach the threshold"
NO_PROGRESS = "the same power cycle failed too often"
LATE = "the time of the simulation is over"


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

    With `skips` a device that sleeps saves nothing, and fetches nothing, while the supply carries its sleep; it commits
    late where the supply no longer does.
    """
    return _Planned(Machine(board, limits, records), Tally(), boot, skips, release).run(script)


class _Planned:
    def __init__(self, machine: Machine, tally: Tally, boot: Activity, skips: bool, release: Release) -> None:
        self.machine, self.tally, self.boot, self.skips = machine, tally, boot, skips
        self.board = machine.board
        self.waits, self.comes_up = release.waits, release.comes_up
        self.is_up = release.is_asleep
        """Whether the device is on, asleep, and can watch its own threshold."""
        self.is_warm = False
        """Whether it holds in volatile memory what the next cycle begins with."""

    def run(self, script: PlannedScript) -> Outcome:
        cycles = [run.cycle for run in script.runs]
        for place, run in enumerate(script.runs):
            following = cycles[place + 1] if place + 1 < len(cycles) else None
            for number in range(run.repeat):
                after = run.cycle if number + 1 < run.repeat else following
                why = self._cycle(run.cycle, after)
                if why:
                    return self.tally.outcome(self.machine, why)
        return self.tally.outcome(self.machine)

    def _cycle(self, cycle: PlannedCycle, after: PlannedCycle | None) -> str:
        """Run one until it succeeds; what keeps it from that, else ""."""
        machine = self.machine
        for _ in range(self.machine.limits.attempts):
            if not self._wait(cycle.threshold):
                return LATE if machine.is_over else STALLED
            before = machine.sums.delivered
            if self._work(cycle, after):
                return ""
            self.is_up = self.is_warm = False
            self.tally.repeated += machine.sums.delivered - before
            if machine.is_over:
                return LATE
        return NO_PROGRESS

    def _wait(self, threshold: float | None) -> bool:
        machine, board = self.machine, self.board
        asleep = board.sleeping
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
            return True
        drawn = asleep.mean_power if asleep is not None and self.is_up else 0.0
        while not machine.charge(wanted, drawn):
            if not drawn or machine.is_over:
                return False
            # the sleep went below brown-out: off, and up again
            machine.fail()
            self.is_up = self.is_warm = False
            if machine.brown_outs > 100 + machine.cycles:
                return False
            return self._wait(threshold)
        if drawn and not machine.wait(machine.next_poll(begun), drawn):
            return False
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
        machine = self.machine
        begin = (("wake", cycle.wake),) if self.is_warm else cycle.begin
        machine.boots += not self.is_up
        for name, activity in begin:
            if not machine.spend(activity, "begin", name):
                return False
        for name, activity in cycle.work:
            if not machine.spend(activity, "work", name):
                return False
        if after is not None and self._skip(cycle, after):
            return True
        if not machine.spend(cycle.commit.activity, "commit"):
            return False
        machine.cycles += 1
        self.tally.checkpoints += 1
        self.tally.written += cycle.commit.written
        self.is_warm = False
        if after is not None:
            self._give_up_power()
        return True

    def _give_up_power(self) -> None:
        self.is_up = self.board.sleeping is not None
        if self.board.idle_power is not None:
            self.machine.burn()

    def _skip(self, cycle: PlannedCycle, after: PlannedCycle) -> bool:
        """Sleep until the next threshold with everything in memory, if the supply carries that."""
        machine, asleep = self.machine, self.board.sleeping
        if not self.skips or asleep is None:
            return False
        flow, _ = self.board.supply.at(machine.time)
        if flow.harvest(machine.terminal) < asleep.mean_power:
            return False
        if not self._asleep_to(after.threshold, asleep.mean_power):
            return False
        machine.cycles += 1
        self.tally.skipped += 1
        self.is_up = self.is_warm = True
        return True

    def _asleep_to(self, threshold: float | None, power: float) -> bool:
        """Sleep as long as the supply carries it; False where it stops to, before anything stored was used up."""
        machine = self.machine
        while machine.terminal < self.board.wanted(threshold):
            flow, until = self.board.supply.at(machine.time)
            if flow.harvest(machine.terminal) < power or machine.is_over:
                return False
            if until == float("inf"):
                return machine.charge(self.board.wanted(threshold), power)
            machine.wait_until(until, self.board.wanted(threshold), power)
        return True
