"""The plan of a case and the policies of the literature on one recorded trace: what each would have done, simulated.

All start at the beginning of the trace on the board at the bad end of its tolerances. The plan waits as it says; every
policy comes up at turn-on, and loses what it has not saved when power fails. What a simulation shows holds for its
trace; only the plan's latency is certified, for every supply within the stated.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

from ischedule.api import Result
from ischedule.comparison import PLAN, SKIPPING
from ischedule.models.case import Case
from ischedule.models.cost import Effort
from ischedule.models.program import Program
from ischedule.models.trace import read_trace
from ischedule.policies.execution import Discipline, Execution, Unit
from ischedule.policies.policy import Policy
from ischedule.policies.registry import tried
from ischedule.policies.workload import Workload
from ischedule.simulated import first_boot, ideal, planned_script, release_of
from ischedule.simulation.board import Board, Sleeping
from ischedule.simulation.boards import FEMTO, PICO, board_of
from ischedule.simulation.machine import Limits, Outcome
from ischedule.simulation.planned import run_planned
from ischedule.simulation.reactive import run_just_in_time, run_opportunistic, run_urgent
from ischedule.simulation.script import (
    NOTHING,
    Activity,
    Commit,
    PlannedCycle,
    PlannedCycles,
    PlannedScript,
    Script,
    Stretch,
)
from ischedule.simulation.supplies import Trace
from ischedule.skipping import why_nothing

MOST_STRETCHES = 50_000
"""An execution of more runs of equal units is not simulated."""

LIMITS = Limits(time=2 * 86_400.0, attempts=50)
"""Two days, and fifty power cycles in a row that bring nothing."""


@dataclass(frozen=True)
class Traced:
    """One way to run a case on a trace; without an outcome, why it was not simulated."""

    name: str
    outcome: Outcome | None
    why: str = ""


def on_trace(result: Result, policies: Iterable[Policy], file: str, *, skips: bool = True) -> Iterator[Traced]:
    """The plan, where there is one, also with the commits skipped that it lists, and the policies that have a meaning
    for the case, on the trace in a file."""
    return on_supply(result, policies, Trace.of(read_trace(file)), skips=skips)


def on_supply(result: Result, policies: Iterable[Policy], trace: Trace, *, skips: bool = True) -> Iterator[Traced]:
    """The same on a trace at hand."""
    case = result.case
    board = board_of(case, None, supply=trace)
    yield from _planned_rows(result, board, skips)
    workload = Workload.of(ideal(case))
    for policy in policies:
        execution = tried(policy, workload)
        if isinstance(execution, Execution):
            yield _of_execution(case, policy, execution, board)


def _planned_rows(result: Result, board: Board, skips: bool) -> Iterator[Traced]:
    case, program, plan, file = result.case, result.program, result.plan, result.plan_file
    if plan is None or file is None or not isinstance(program, Program):
        return
    yield Traced(PLAN, _run(case, planned_script(case, program, plan), board))
    if not skips:
        return
    why = why_nothing(case, program, plan, file.skippable)
    if why is None:
        yield Traced(SKIPPING, _run(case, planned_script(case, program, plan, file.skippable), board, skips=True))
    else:
        yield Traced(SKIPPING, None, f"takes all commits, as {PLAN} does: {why}")


def _of_execution(case: Case, policy: Policy, execution: Execution, board: Board) -> Traced:
    stretches = list(_stretches(execution))
    if len(stretches) > MOST_STRETCHES:
        return Traced(policy.name, None, f"has {len(stretches):,} runs of equal units, too many to simulate")
    if execution.discipline is Discipline.PLANNED:
        return Traced(policy.name, _run(case, _planned(execution, stretches), board))
    script = _script(execution, stretches)
    if execution.discipline is Discipline.JUST_IN_TIME:
        return Traced(policy.name, run_just_in_time(script, board, LIMITS))
    if execution.asleep is None:
        return Traced(policy.name, run_opportunistic(script, board, LIMITS))
    sleeping = board.sleeping or Sleeping(execution.asleep.power * FEMTO, 0.0, 1.0)
    return Traced(policy.name, run_urgent(script, replace(board, sleeping=sleeping), LIMITS))


def _run(case: Case, script: PlannedScript, board: Board, *, skips: bool = False) -> Outcome:
    return run_planned(script, board, LIMITS, boot=first_boot(case), release=release_of(case), skips=skips)


def _stretches(execution: Execution) -> Iterator[tuple[Unit, int]]:
    """Equal units side by side, as often as they come."""
    unit, count = None, 0
    for one, times in execution.runs():
        if one == unit:
            count += times
            continue
        if unit is not None and count:
            yield unit, count
        unit, count = one, times
    if unit is not None and count:
        yield unit, count


def _activity(effort: Effort) -> Activity:
    return Activity(effort.amount * FEMTO, effort.time * PICO)


def _script(execution: Execution, stretches: list[tuple[Unit, int]]) -> Script:
    """What the simulator runs of an execution: progress is kept after every unit, and nothing is saved at a warning."""
    found = tuple(
        Stretch(
            unit.name,
            times,
            _activity(unit.work),
            Commit(_activity(unit.preserve), unit.traffic.extra_bytes_written),
            _activity(unit.recover),
            unit.traffic.bytes_written - unit.traffic.extra_bytes_written,
        )
        for unit, times in stretches
    )
    image = execution.snapshot
    wake = NOTHING if execution.asleep is None else _activity(execution.asleep.wake)
    if image is None:
        return Script(_activity(execution.boot), found, wake=wake)
    backup = Commit(_activity(image.save), image.size)
    return Script(_activity(execution.boot), found, backup, _activity(image.restore))


def _planned(execution: Execution, stretches: list[tuple[Unit, int]]) -> PlannedScript:
    """Each unit in a power cycle of its own, from turn-on."""
    boot = ("boot", _activity(execution.boot))
    return PlannedScript(
        tuple(
            PlannedCycles(
                times,
                PlannedCycle(
                    None,
                    (boot, ("resume", _activity(unit.recover))),
                    ((unit.name, _activity(unit.work)),),
                    Commit(_activity(unit.preserve), unit.traffic.extra_bytes_written),
                ),
            )
            for unit, times in stretches
        )
    )
