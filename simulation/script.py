"""What a runtime executes, run-length coded: booting, then stretches of equal units with the checkpoints between them.

Amounts are counted at the load: joules behind a converter, coulombs behind a linear regulator; draws are watts or
amperes accordingly, times are seconds. Inference networks repeat the same tile millions of times, so that a stretch
says how often and no policy writes its units out.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from math import inf


@dataclass(frozen=True, slots=True)
class Activity:
    """Something that runs without a pause: what it takes in all, how long it lasts, and the most that it draws.

    `peak` is 0 where it draws the same all the time. Otherwise it draws `peak` for as long as the amount lasts, after
    doing nothing for the rest of its time: the order that strains a capacitor most. It does nothing for no longer than
    `lag`, and then draws evenly as long as the rest can still be drawn in time.
    """

    amount: float
    time: float
    peak: float = 0.0
    lag: float = inf

    def __post_init__(self) -> None:
        if not (self.amount >= 0 and self.time >= 0 and self.peak >= 0 and self.lag >= 0):
            raise ValueError(f"an activity takes nothing negative: {self}")

    @property
    def phases(self) -> tuple[tuple[float, float], ...]:
        """Draw and duration one after the other; an amount without a time or a draw comes all at once, as (inf, it)."""
        if self.amount == 0:
            return ((0.0, self.time),) if self.time else ()
        mean = self.amount / self.time if self.time else inf
        if self.peak == 0:
            return ((mean, self.time if self.time else self.amount),)
        busy = self.amount / self.peak
        if busy >= self.time:
            return ((self.peak, busy),)
        if self.lag >= self.time - busy:
            return ((0.0, self.time - busy), (self.peak, busy))
        if self.lag == 0:
            return ((mean, self.time),)
        last = mean * self.lag / (self.peak - mean)
        return ((0.0, self.lag), (mean, self.time - self.lag - last), (self.peak, last))

    def within(self, share: float) -> Activity:
        """The same in a share of its time, or as much of that as its peak asks for."""
        return replace(self, time=max(self.time * share, self.amount / self.peak if self.peak else 0.0))


NOTHING = Activity(0.0, 0.0)


@dataclass(frozen=True, slots=True)
class Commit:
    """What saving progress takes, and how many bytes of non-volatile memory it writes."""

    activity: Activity
    written: int = 0


@dataclass(frozen=True, slots=True)
class Stretch:
    """So many equal units: what each takes, what saving its progress takes (None: its end keeps none), and what is
    fetched when execution begins again at one of them. Bytes that a unit writes besides are counted with it."""

    name: str
    count: int
    unit: Activity
    commit: Commit | None = None
    resume: Activity = NOTHING
    written: int = 0

    def __post_init__(self) -> None:
        if self.count < 1:
            raise ValueError(f"a stretch has at least one unit: {self.count}")


@dataclass(frozen=True, slots=True)
class Script:
    """An inference as a runtime executes it. Where the last unit has no commit, its end is the result all the same.

    `backup` is what saves everything volatile at any moment, and `restore` what brings it back: only runtimes that
    checkpoint when the voltage falls, not where the program says so, need them. `wake` is what a device takes that has
    slept with everything in memory.
    """

    boot: Activity
    stretches: tuple[Stretch, ...]
    backup: Commit = Commit(NOTHING)
    restore: Activity = NOTHING
    wake: Activity = NOTHING

    def __post_init__(self) -> None:
        if not self.stretches:
            raise ValueError("a script has at least one stretch")

    @property
    def units(self) -> int:
        """How many units there are."""
        return sum(stretch.count for stretch in self.stretches)


@dataclass(frozen=True, slots=True)
class Skip:
    """That the commit of a power cycle may be skipped: the reading at the terminal (V) below which a device asleep
    commits late, and the one with which the cycle must have begun, None where any will do."""

    reserve: float
    start: float | None = None


@dataclass(frozen=True, slots=True)
class PlannedCycle:
    """One power cycle of a plan: the terminal voltage it waits for (None: the board's turn-on), what it begins with,
    its work, and its commit, which may be skipped where `skip` says so.

    `begin` is booting or waking, and resuming; `warm` what stands in its place after a skipped commit, with all that
    would be fetched still in memory. `wake` is what a device asleep takes to come up for a late commit.
    """

    threshold: float | None
    begin: tuple[tuple[str, Activity], ...]
    work: tuple[tuple[str, Activity], ...]
    commit: Commit
    skip: Skip | None = None
    warm: tuple[tuple[str, Activity], ...] = ()
    wake: Activity = NOTHING


@dataclass(frozen=True, slots=True)
class PlannedCycles:
    """A run of equal power cycles."""

    repeat: int
    cycle: PlannedCycle


@dataclass(frozen=True, slots=True)
class PlannedScript:
    """All power cycles of a plan in order; each begins with booting or waking, which is among its activities."""

    runs: tuple[PlannedCycles, ...]

    @property
    def cycles(self) -> int:
        """How many power cycles there are."""
        return sum(run.repeat for run in self.runs)

    def written_out(self) -> list[PlannedCycle]:
        """All of them in order."""
        return [run.cycle for run in self.runs for _ in range(run.repeat)]
