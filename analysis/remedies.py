"""Changes that would help a case without a plan: for each quantity the nearest value that is found to suffice alone.

Whether a power cycle can hold what it must is monotone in every quantity that is tried, so that the value found is the
least of its grid. Latency is not monotone in all of them: there the value is one that was found, and may not be the
nearest. Every value is confirmed by solving the changed case.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from fractions import Fraction
from typing import Protocol

from ischedule.analysis.levers import DEADLINE, REMEDIES, VOLATILE, Lever
from ischedule.analysis.reach import NOWHERE, Reach, Standing
from ischedule.models.build import program_of
from ischedule.models.case import Case
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

IN_TIME = (Fraction(5, 4), Fraction(3, 2), 2, 3, 4, 8)
"""The same where every step is a search."""

HIGHEST_VOLTAGE = 4
"""No voltage is raised or lowered by more than this factor."""

PROBE = Fraction(11, 10)
"""By what a quantity is moved to see in which direction latency falls."""


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
    reach = Reach(program)
    before: Standing | None = None
    for index in range(len(program.stages)):
        before, ends = reach.after(index, before)
        if index == len(program.stages) - 1:
            return ends
        if before == NOWHERE:
            return False
    return False


class Remedies:
    """The search for one case: how it solves, and how it says what it is trying."""

    def __init__(self, case: Case, solve: Solve, announce: Callable[[str], None]) -> None:
        self.case = case
        self.solve = solve
        self.announce = announce

    def found(self, diagnosis: Diagnosis, latency: int | None) -> Iterator[Remedy]:
        """All that is found against a bottleneck; `latency` is that of the best plan, where one misses its deadline."""
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

    def _later_deadline(self, latency: int) -> Iterator[Remedy]:
        digits = max(0, len(str(latency)) - 4)
        value = -(-latency // 10**digits) * 10**digits
        remedy = self._confirmed(DEADLINE, value)
        if remedy is not None:
            yield remedy

    def _confirmed(self, lever: Lever, value: int) -> Remedy | None:
        changed = lever.changed(self.case, value)
        if changed is None:
            return None
        self.announce(f"trying a {lever.name} of {lever.shown(value)}")
        solved = self._solved(changed)
        if solved is None or solved.status is not Status.SCHEDULABLE:
            return None
        return Remedy(lever, lever.value(self.case), value, solved.latency)

    def _solved(self, case: Case) -> Solved | None:
        """What solving says; None for a case that contradicts itself."""
        try:
            return self.solve(case)
        except InputError:
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
            value = search(now, lambda value: self._fits(lever, value), upward, FITTING, lever)
            if value is not None:
                return value
        return None

    def _fits(self, lever: Lever, value: int) -> bool:
        changed = lever.changed(self.case, value)
        return changed is not None and fits(changed)

    def _in_time(self, lever: Lever, start: int) -> Remedy | None:
        """A value with which a plan meets the deadline, from one with which there is a plan."""
        if self.case.requirements.deadline is None and self.case.start.period is None:
            return None
        upward = self._quicker(lever, start)
        if upward is None:
            return None
        tried: dict[int, Remedy] = {}

        def holds(value: int) -> bool:
            remedy = self._confirmed(lever, value)
            if remedy is not None:
                tried[value] = remedy
            return remedy is not None

        value = search(start, holds, upward, IN_TIME, lever)
        return None if value is None else tried[value]

    def _quicker(self, lever: Lever, start: int) -> bool | None:
        """In which direction the best latency falls, None if in neither."""
        if lever is VOLATILE:
            return True
        here = self._latency(lever, start)
        found = [(self._latency(lever, int(start * step)), step > 1) for step in (PROBE, 1 / PROBE)]
        latencies = [(latency, upward) for latency, upward in found if latency is not None]
        if not latencies or (here is not None and min(latencies)[0] >= here):
            return None
        return min(latencies)[1]

    def _latency(self, lever: Lever, value: int) -> int | None:
        changed = lever.changed(self.case, value)
        solved = None if changed is None else self._solved(changed)
        return None if solved is None else solved.latency


def search(
    now: int, holds: Callable[[int], bool], upward: bool, factors: tuple[Fraction | int, ...], lever: Lever
) -> int | None:
    """The grid value nearest to `now`, in one direction, that holds where all beyond it do; None if none is found.

    Memory sizes are searched byte by byte.
    """
    exact = lever.dimension is MEMORY
    index, value_of = (int, int) if exact else (grid_index, grid_value)
    failing = index(now)
    holding: int | None = None
    for factor in factors:
        if lever.dimension is VOLTAGE and factor > HIGHEST_VOLTAGE:
            break
        candidate = index(int(now * factor) if upward else max(1, int(now / Fraction(factor))))
        if candidate != failing and holds(value_of(candidate)):
            holding = candidate
            break
        failing = candidate
    if holding is None:
        return None
    while abs(holding - failing) > 1:
        middle = (holding + failing) // 2
        if holds(value_of(middle)):
            holding = middle
        else:
            failing = middle
    return value_of(holding)
