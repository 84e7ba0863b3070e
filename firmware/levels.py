"""The thresholds of a plan as the codes that a board's hardware compares with."""

from __future__ import annotations

from dataclasses import dataclass

from ischedule.models.case import Case
from ischedule.models.errors import InputError
from ischedule.models.plan import Plan
from ischedule.models.program import Program
from ischedule.models.programmable_wake import ProgrammableWakeLaw
from ischedule.models.skippable import Skippable
from ischedule.models.wake import Policy

_MILLIVOLT = 10**6
_MOST = 0xFFFF


@dataclass(frozen=True, slots=True)
class Levels:
    """For each run of power cycles the code it waits for, the highest code, and the voltage of one code (nV)."""

    codes: tuple[int, ...]
    highest: int
    step: int

    def at_least(self, voltage: int) -> int:
        """The lowest code that stands for a voltage or more."""
        return min(-(-voltage // self.step), _MOST)


def levels_of(case: Case, program: Program, plan: Plan) -> Levels:
    """The codes of a valid plan; raises `InputError` where no hardware has codes for its thresholds.

    A fixed threshold is the supervisor's. Its code is the turn-on voltage in millivolt, for devices that measure.
    """
    if case.wake.policy is Policy.FIXED:
        turn_on = case.buffer.turn_on
        code = -(-(turn_on.lo + turn_on.hi) // 2 // _MILLIVOLT)
        return Levels((code,) * len(plan.cycles), code, _MILLIVOLT)
    step, law = case.wake.step, program.law
    if step is None:
        problem = "are levels that no hardware can tell apart: the plan has no codes to compare with"
        remedy = "state the step of the device's comparator or converter, and solve the case again"
        raise InputError(case.source, "$.wake.step", "continuous", problem, remedy)
    codes = tuple(run.code for run in plan.cycles if run.code is not None)
    if len(codes) != len(plan.cycles) or not isinstance(law, ProgrammableWakeLaw) or law.thresholds.top is None:
        raise ValueError("every power cycle of a valid plan with a threshold of its own has a code")
    highest = max(law.thresholds.top.code or 0, *codes)
    if highest > _MOST:
        problem, remedy = f"makes codes up to {highest}, of which 16 bits hold {_MOST}", "state a coarser step"
        raise InputError(case.source, "$.wake.step", f"{step} nV", problem, remedy)
    return Levels(codes, highest, step)


@dataclass(frozen=True, slots=True)
class SkipEntry:
    """Commits after cycles ``first`` to ``last`` (counted from 0) that may be skipped: reserve and start as codes."""

    first: int
    last: int
    reserve: int
    start: int


def skip_entries(levels: Levels, listed: tuple[Skippable, ...]) -> tuple[SkipEntry, ...]:
    """What a plan lists, in codes: the late commit comes no later, and a start counts only if it is no lower."""
    return tuple(
        SkipEntry(
            one.first - 1,
            one.last - 1,
            levels.at_least(one.reserve),
            0 if one.start is None else levels.at_least(one.start),
        )
        for one in listed
    )
