"""What the simulator runs of a plan: each power cycle's activities as the case states them at the load.

Figures behind converter and series resistance, which the analysis makes of them, must not come in here: the simulated
board has a converter and a resistance of its own. So costs are those of the same case on an ideal buffer.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import accumulate, groupby
from math import inf

from ischedule.analysis.power_cycles import chains_of, power_cycles, run_stages, thresholds_of
from ischedule.models.buffer import NO_RESISTANCE
from ischedule.models.build import program_of
from ischedule.models.case import Case
from ischedule.models.draw import Draw
from ischedule.models.errors import MISSING, InputError
from ischedule.models.leakage import NO_LEAKAGE
from ischedule.models.plan import Plan
from ischedule.models.preservation import Kind
from ischedule.models.program import Program, TiledStage
from ischedule.models.reading import TRUE_READING
from ischedule.models.skippable import Skippable
from ischedule.models.wake import Mechanism, Policy, StartKind
from ischedule.simulation.boards import FEMTO, NANO, PICO
from ischedule.simulation.planned import Release
from ischedule.simulation.script import (
    NOTHING,
    Activity,
    Commit,
    PlannedCycle,
    PlannedCycles,
    PlannedScript,
    Script,
    Skip,
    Stretch,
)


def ideal(case: Case) -> Case:
    """The case with an ideal buffer in front of the load: no resistance, no leakage, no converter, true readings, and
    nothing that flows in meanwhile: what work takes is then what is stated."""
    tasks = case.tasks
    if tasks is not None and tasks.draws:
        tasks = replace(tasks, draws=(), drawing=type(tasks.drawing)("q"))
    buffer = replace(case.buffer, resistance=NO_RESISTANCE, leakage=NO_LEAKAGE, reading=TRUE_READING)
    boot = replace(case.boot, draw=None)
    return replace(case, buffer=buffer, converter=None, load=Draw(), boot=boot, tasks=tasks, while_running=None)


def activity(case: Case, amount: int, time: int, draw: Draw) -> Activity:
    """An activity of a case, from the model's units: as uneven as the case allows it to be."""
    peak = 0.0 if draw.range is None else draw.range.hi * FEMTO
    lag = inf if case.while_running is None else case.while_running.uneven * PICO
    return Activity(amount * FEMTO, time * PICO, peak, lag)


@dataclass(frozen=True)
class _Atoms:
    """All atoms of a plan as the case states them: amounts, times, draws, stages, and the ends of cycles."""

    amounts: list[int]
    times: list[int]
    draws: list[Draw]
    stages: list[str]
    resumes: list[tuple[int, int]]
    commits: list[tuple[int, int]]
    cuts: list[bool]
    stored: list[int]


def _atoms(case: Case, stated: Program, plan: Plan) -> _Atoms:
    found = _Atoms([], [], [], [], [], [], [], [])
    for stage, chain in zip(run_stages(stated, plan), chains_of(stated, plan), strict=True):
        size = len(chain)
        found.amounts.extend(map(int, chain.drain))
        found.times.extend(map(int, chain.time))
        found.stages.extend([stage.name] * size)
        found.resumes.extend(zip(map(int, chain.resume_drain), map(int, chain.resume_time), strict=True))
        found.commits.extend(zip(map(int, chain.commit_drain), map(int, chain.commit_time), strict=True))
        found.cuts.extend(map(bool, chain.cut))
        record = stage.ends.record if isinstance(stage, TiledStage) else 0
        inside = record if stage.kind is Kind.RECORD else 0
        committed = map(int, chain.commit_stored) if len(chain.commit_stored) else [inside] * (size - 1) + [record]
        found.stored.extend(committed)
    tasks = case.tasks
    if tasks is None:
        found.draws.extend([case.load] * len(found.amounts))
    else:
        found.draws.extend(tasks.draw_of(index) or case.load for index in range(len(tasks)))
        if tasks.names:
            found.stages[:] = [tasks.names[tasks.run(index)] for index in range(len(tasks))]
    return found


def planned_script(case: Case, program: Program, plan: Plan, skippable: Sequence[Skippable] = ()) -> PlannedScript:
    """Everything that the power cycles of a valid plan run, and which commits it lists as skippable.

    Consecutive atoms of one draw and name are one activity: all of their energy is drawn at its end, which strains the
    buffer no less. Tasks remain apart where the level may rise during one of them.
    """
    stated = program_of(ideal(case))
    atoms = _atoms(case, stated, plan)
    drawn = power_cycles(program, plan, chains_of(program, plan))
    thresholds = thresholds_of(
        program.law, plan.cycles, [cycle.drain for cycle in drawn], [cycle.need for cycle in drawn]
    )
    amounts, times = (list(accumulate(column, initial=0)) for column in (atoms.amounts, atoms.times))
    keys = list(zip(atoms.stages, map(id, atoms.draws), strict=True))
    if case.while_running is not None and case.tasks is not None:
        keys = [(name, place) for place, name in enumerate(atoms.stages)]
    skips = _skips(skippable)
    wake = _begin(case, (case.restart.amount, case.restart.time))
    cycles = []
    for number, (cycle, threshold) in enumerate(zip(drawn, thresholds, strict=True), 1):
        work = []
        for (name, _), places in groupby(range(cycle.start, cycle.end), keys.__getitem__):
            inside = list(places)
            start, end = inside[0], inside[-1] + 1
            taken = activity(case, amounts[end] - amounts[start], times[end] - times[start], atoms.draws[start])
            work.append((name, taken))
        commit = Commit(activity(case, *atoms.commits[cycle.end - 1], case.load), atoms.stored[cycle.end - 1])
        begin = _begin(case, atoms.resumes[cycle.start])
        cycles.append(
            PlannedCycle(
                None if case.wake.policy is Policy.FIXED else threshold.voltage * NANO,
                begin,
                tuple(work),
                commit,
                skips.get(number),
                wake if case.tasks is not None else begin,
                wake[0][1] if wake else NOTHING,
            )
        )
    return PlannedScript(tuple(PlannedCycles(len(list(same)), cycle) for cycle, same in groupby(cycles)))


def _skips(skippable: Sequence[Skippable]) -> dict[int, Skip]:
    """By the number of a power cycle what the list says of its commit."""
    return {
        number: Skip(one.reserve * NANO, None if one.start is None else one.start * NANO)
        for one in skippable
        for number in range(one.first, one.last + 1)
    }


def _begin(case: Case, resume: tuple[int, int]) -> tuple[tuple[str, Activity], ...]:
    """Booting or waking, then what is fetched."""
    restart = case.restart
    fetched = activity(case, resume[0] - restart.amount, resume[1] - restart.time, case.load)
    parts = (("boot", activity(case, restart.amount, restart.time, restart.draw or case.load)), ("resume", fetched))
    return tuple((name, part) for name, part in parts if part != replace(NOTHING, peak=part.peak))


def first_boot(case: Case) -> Activity:
    """What a device takes that comes up before its first threshold, to wait for that asleep."""
    if case.wake.policy is Policy.PROGRAMMABLE or case.wake.mechanism is Mechanism.SENSE:
        return activity(case, case.boot.amount, case.boot.time, case.boot.draw or case.load)
    return NOTHING


def release_of(case: Case) -> Release:
    """How a case's start finds the board; only a cold one has to come up."""
    is_cold = case.start.kind is StartKind.COLD
    is_asleep = case.wake.mechanism is Mechanism.SENSE and not is_cold
    is_back = case.start.kind is StartKind.PERIODIC and case.wake.policy is Policy.FIXED
    is_full = is_back or case.start.kind is StartKind.CHARGED
    return Release(is_asleep, is_cold, not is_full)


def reactive_script(case: Case, plan: Plan) -> Script:
    """The plan's atoms for a runtime that waits for no thresholds: it commits at every cut there is.

    What saves everything at any moment is not known of a case: the dearest of all commits and of all resumes stand for
    it.
    """
    atoms = _atoms(case, program_of(ideal(case)), plan)
    restart = case.restart
    rows: list[Stretch] = []
    for place, (amount, time, draw) in enumerate(zip(atoms.amounts, atoms.times, atoms.draws, strict=True)):
        amount_fetched, time_fetched = atoms.resumes[place]
        resume = activity(case, amount_fetched - restart.amount, time_fetched - restart.time, case.load)
        commit = (
            Commit(activity(case, *atoms.commits[place], case.load), atoms.stored[place]) if atoms.cuts[place] else None
        )
        rows.append(Stretch(atoms.stages[place], 1, activity(case, amount, time, draw), commit, resume))
    joined = _joined(rows)
    boot = activity(case, restart.amount, restart.time, restart.draw or case.load)
    commits = [row.commit for row in joined if row.commit is not None]
    return Script(
        boot,
        tuple(joined),
        max(commits, key=lambda one: one.activity.amount),
        max((row.resume for row in joined), key=lambda one: one.amount),
    )


def _joined(rows: Sequence[Stretch]) -> list[Stretch]:
    """Equal units one after the other as one stretch."""
    return [replace(row, count=len(list(same))) for row, same in groupby(rows)]


def require_planned(case: Case) -> None:
    """Refuse a case whose plans are no power cycles of this model."""
    if case.semantics.value != "ischedule":
        remedy = 'simulate a case with "semantics": "ischedule"'
        raise InputError(case.source, "$.semantics", case.semantics.value or MISSING, "has no plan to simulate", remedy)
