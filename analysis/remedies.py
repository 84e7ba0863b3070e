"""Changes that would help a case without a plan: for each quantity the nearest value that is found to suffice alone.

Whether a power cycle can hold what it must is monotone in every quantity that is tried, so that the value found is the
least of its grid. Latency is not monotone in all of them: there the value is one that was found, and may not be the
nearest. Every value is confirmed by solving the changed case.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Protocol

from ischedule.analysis.levers import (
    CAPACITY,
    CHARGE_BUDGET,
    CYCLE_BUDGET,
    DEADLINE,
    ENERGY_BUDGET,
    NONVOLATILE,
    REMEDIES,
    TABLE_SIZE,
    TURN_ON,
    WRITE_BUDGET,
    WRITES,
    Lever,
)
from ischedule.analysis.reach import Reach
from ischedule.models.build import program_of
from ischedule.models.case import Case
from ischedule.models.demand import Coordinate, Unanswerable
from ischedule.models.diagnosis import Diagnosis, Unschedulable
from ischedule.models.errors import InputError
from ischedule.models.plan import Status
from ischedule.models.quantities import MEMORY, VOLTAGE


class Solved(Protocol):
    """What solving a case tells: whether it is schedulable, and the latency of the best plan."""

    @property
    def status(self) -> Status: ...

    @property
    def latency(self) -> int | None: ...


Solve = Callable[[Case], Solved]


@dataclass(frozen=True, slots=True)
class Remedy:
    """A quantity, its value now (None: the case states none) and one that suffices; the latency with it (ps)."""

    lever: Lever
    before: int | None
    value: int
    latency: int | None


FITTING = (Fraction(5, 4), Fraction(3, 2), 2, 3, 4, 6, 8, 16, 32, 64, 256, 1024)
"""How far from its value a quantity is looked for, where only the fit of power cycles has to be decided."""

IN_TIME = (Fraction(5, 4), Fraction(3, 2), 2, 4, 8)
"""The same where every step is a search."""

VOLTAGE_FITTING = tuple(Fraction(step, 100) for step in (101, 102, 103, 105, 107, 110, 115, 120, 130, 150, 200, 400))
VOLTAGE_IN_TIME = tuple(Fraction(step, 100) for step in (101, 105, 120, 200))
"""The same for voltages, of which small changes matter: a band that holds enough may lie between two limits."""

EITHER_WAY = (CAPACITY, TURN_ON)
"""Quantities on which latency depends in either direction."""

PROBE = Fraction(11, 10)
"""By what such a quantity is moved to see in which direction latency falls."""


def grid_index(value: int) -> int:
    """The number of the largest grid value at or below a positive value; the grid has three significant digits."""
    digits = max(0, len(str(value)) - 3)
    return int(900 * digits + value // 10**digits)


def grid_value(index: int) -> int:
    """The grid value of a number."""
    digits = max(0, (index - 100) // 900)
    return int((index - 900 * digits) * 10**digits)


def fits(case: Case) -> bool:
    """Whether power cycles and memories can hold what they must; a plan needs that, in whatever time."""
    try:
        program = program_of(case)
    except (Unschedulable, InputError):
        return False
    return Reach(program).boundaries()[1]


BUDGETS = {
    Diagnosis.WRITE_BUDGET: WRITE_BUDGET,
    Diagnosis.CYCLE_BUDGET: CYCLE_BUDGET,
    Diagnosis.WEAR: WRITES,
    Diagnosis.TABLE_SIZE: TABLE_SIZE,
}
"""Limits that are helped by being raised to what every plan spends at least."""


class Remedies:
    """The search for one case: how it solves (quickly, and with the checker), and how it says what it is trying."""

    def __init__(self, case: Case, solve: Solve, certify: Solve, announce: Callable[[str], None]) -> None:
        self.case = case
        self.solve = solve
        self.certify = certify
        self.announce = announce
        ends = [end for end in (case.requirements.deadline, case.start.period) if end is not None]
        self.latest = min(ends, default=None)
        self.latency: int | None = None

    def found(self, diagnosis: Diagnosis, latency: int | None, demanded: int = 0) -> Iterator[Remedy]:
        """All that is found against a bottleneck; `latency` is that of the best plan, where one misses its deadline."""
        self.latency = latency
        if diagnosis in BUDGETS or diagnosis is Diagnosis.ENERGY_BUDGET:
            yield from self._larger_budget(diagnosis, demanded)
            if diagnosis is not Diagnosis.WEAR:
                return
        if diagnosis is Diagnosis.DEADLINE and latency is not None:
            yield from self._later_deadline(latency)
        for lever in REMEDIES:
            now = lever.value(self.case)
            if now is None or now == 0:
                continue
            self.announce(f"looking for a sufficient {lever.name}")
            remedy = self._of(lever, now)
            if remedy is not None:
                yield remedy

    def _larger_budget(self, diagnosis: Diagnosis, demanded: int) -> Iterator[Remedy]:
        """What every plan spends at least, rounded up to four digits, if some plan keeps to that."""
        in_energy = ENERGY_BUDGET if self.case.coordinate is Coordinate.ENERGY else CHARGE_BUDGET
        lever = BUDGETS.get(diagnosis, in_energy)
        digits = max(0, len(str(demanded)) - 4) if lever is in_energy else 0
        remedy = self._confirmed(lever, -(-demanded // 10**digits) * 10**digits)
        if remedy is not None:
            yield remedy

    def _later_deadline(self, latency: int) -> Iterator[Remedy]:
        digits = max(0, len(str(latency)) - 4)
        remedy = self._confirmed(DEADLINE, -(-latency // 10**digits) * 10**digits)
        if remedy is not None:
            yield remedy

    def _confirmed(self, lever: Lever, value: int) -> Remedy | None:
        """The value as a remedy, if the checker certifies a plan of the changed case."""
        solved = self._solved(self.certify, lever, value)
        if solved is None or solved.status is not Status.SCHEDULABLE:
            return None
        return Remedy(lever, lever.value(self.case), value, solved.latency)

    def _solved(self, solve: Solve, lever: Lever, value: int) -> Solved | None:
        """What solving with another value says; None for a case that contradicts itself or is not decided."""
        changed = lever.changed(self.case, value)
        if changed is None:
            return None
        self.announce(f"trying a {lever.name} of {lever.shown(value)}")
        try:
            return solve(changed)
        except (InputError, Unschedulable, Unanswerable):
            return None

    def _of(self, lever: Lever, now: int) -> Remedy | None:
        """The nearest value of a quantity that is found to suffice."""
        start = now
        if not fits(self.case):
            nearest = self._fitting(lever, now)
            if nearest is None:
                return None
            start = nearest
            remedy = self._confirmed(lever, start)
            if remedy is not None:
                return remedy
        return self._in_time(lever, start)

    def _fitting(self, lever: Lever, now: int) -> int | None:
        """The nearest value with which everything can be held."""
        directions = (True, False) if lever.more_helps is None else (lever.more_helps,)
        for upward in directions:
            factors = VOLTAGE_FITTING if lever.dimension is VOLTAGE else FITTING
            found = search(now, lambda value: 0 if self._fits(lever, value) else None, 0, upward, factors, lever)
            if found is not None:
                return found
        return None

    def _fits(self, lever: Lever, value: int) -> bool:
        changed = lever.changed(self.case, value)
        return changed is not None and fits(changed)

    def _in_time(self, lever: Lever, start: int) -> Remedy | None:
        """A value with which a plan is in time, from one with which there is a plan."""
        if self.latest is None or lever is NONVOLATILE:
            return None
        here = self.latency if start == lever.value(self.case) else self._latency(lever, start)
        upward = lever.more_helps if lever not in EITHER_WAY else self._quicker(lever, start, here)
        if upward is None:
            return None
        factors = VOLTAGE_IN_TIME if lever.dimension is VOLTAGE else IN_TIME
        found = search(start, lambda value: self._latency(lever, value), self.latest, upward, factors, lever, here)
        return None if found is None else self._confirmed(lever, found)

    def _quicker(self, lever: Lever, start: int, here: int | None) -> bool | None:
        """In which direction from a value, with this latency, the best latency falls, None if in neither."""
        found = [(self._latency(lever, int(start * step)), step > 1) for step in (PROBE, 1 / PROBE)]
        latencies = [(latency, upward) for latency, upward in found if latency is not None]
        if not latencies or (here is not None and min(latencies)[0] >= here):
            return None
        return min(latencies)[1]

    def _latency(self, lever: Lever, value: int) -> int | None:
        solved = self._solved(self.solve, lever, value)
        return None if solved is None else solved.latency


def search(
    now: int,
    measure: Callable[[int], int | None],
    most: int,
    upward: bool,
    factors: Sequence[Fraction | int],
    lever: Lever,
    here: int | None = None,
) -> int | None:
    """The grid value nearest to `now` in one direction whose measure is at most `most`, None if none is found.

    It is the nearest if all values beyond it suffice as well; `here` is the measure at `now`, if known. Steps grow
    until one suffices; then the gap to the last that did not is closed, by interpolation, or by halves where that gains
    little. Memory sizes are searched byte by byte.
    """
    index, value_of = (int, int) if lever.dimension is MEMORY else (grid_index, grid_value)
    failing, at_failing = index(now), here
    for factor in factors:
        holding = index(int(now * factor) if upward else max(1, int(now / Fraction(factor))))
        measured = measure(value_of(holding)) if holding != failing else None
        if measured is not None and measured <= most:
            return value_of(_closed(measure, most, value_of, (failing, at_failing), (holding, measured)))
        failing, at_failing = holding, measured
    return None


def _closed(
    measure: Callable[[int], int | None],
    most: int,
    value_of: Callable[[int], int],
    failing: tuple[int, int | None],
    holding: tuple[int, int],
) -> int:
    """The grid number nearest to a failing one that holds."""
    by_halves = False
    while abs(holding[0] - failing[0]) > 1:
        gap, above = failing[0] - holding[0], failing[1]
        middle = holding[0] + gap // 2
        if not by_halves and above is not None and above > holding[1]:
            step = gap * (most - holding[1]) // (above - holding[1])
            inside = holding[0] + step
            middle = min(max(inside, min(holding[0], failing[0]) + 1), max(holding[0], failing[0]) - 1)
        measured = measure(value_of(middle))
        if measured is not None and measured <= most:
            holding = middle, measured
        else:
            failing = middle, measured
        by_halves = 2 * abs(failing[0] - holding[0]) > abs(gap)
    return holding[0]
