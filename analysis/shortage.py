"""What keeps every plan from existing, in figures: what is demanded, of what parts, and what is available.

A certificate names the stage that cannot be passed. Here the least power cycle that would have to pass it is taken
apart, so that it shows what would have to shrink or grow.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import islice

from ischedule.analysis.division import least_held
from ischedule.analysis.fullest_cycle import fullest_cycle
from ischedule.analysis.labels import Unproven
from ischedule.analysis.least_atom import largest_atom
from ischedule.analysis.parts import KERNEL_PARTS, Part, prices_of_part
from ischedule.analysis.runs_search import least_with_few_runs
from ischedule.models.case import Case
from ischedule.models.cycle_law import CycleLaw
from ischedule.models.demand import Coordinate
from ischedule.models.diagnosis import Diagnosis, Unschedulable
from ischedule.models.goal import Criterion
from ischedule.models.kernels import Prices, rows_of, volatile_bytes
from ischedule.models.least_tilings import least_designs
from ischedule.models.loaded import loaded
from ischedule.models.plan import Bottleneck, Division, Overload, Weighed
from ischedule.models.preservation import Kind
from ischedule.models.program import ExplicitStage, Program, TiledStage
from ischedule.models.quantities import CHARGE, ENERGY, MEMORY, TIME, Dimension, show, show_exact
from ischedule.models.stated import is_about_goal
from ischedule.models.tables import most_runs, sizes_of
from ischedule.models.tiling import Extent, Tiling
from ischedule.models.workload import explicit_tasks


@dataclass(frozen=True, slots=True)
class Shortage:
    """A bottleneck: demanded and available in internal units of the measure; the parts add up to what is demanded.

    The measure is None where only the sentence says what is counted; there the parts are empty.
    """

    diagnosis: Diagnosis
    where: str
    sentence: str
    demanded: int
    available: int
    measure: Dimension | None
    parts: tuple[tuple[Part, int], ...] = ()


_WHERE = {
    Diagnosis.VOLATILE_MEMORY: "the network",
    Diagnosis.NONVOLATILE_MEMORY: "the network",
    Diagnosis.TABLE_SIZE: "the whole inference",
}


def refusal_shortage(case: Case, refusal: Unschedulable) -> Shortage:
    """The bottleneck of a case that has no program."""
    measure = MEMORY if refusal.diagnosis in _WHERE else amount_of(case)
    if refusal.diagnosis is Diagnosis.SLEEP_STALL:
        return Shortage(refusal.diagnosis, "waiting", refusal.text, refusal.demanded, refusal.available, None)
    where = _WHERE.get(refusal.diagnosis, "every power cycle")
    return Shortage(refusal.diagnosis, where, refusal.text, refusal.demanded, refusal.available, measure)


BUDGETS = {
    Criterion.LATENCY: Diagnosis.DEADLINE,
    Criterion.ENERGY: Diagnosis.ENERGY_BUDGET,
    Criterion.WRITTEN: Diagnosis.WRITE_BUDGET,
    Criterion.CYCLES: Diagnosis.CYCLE_BUDGET,
}
"""What a limit that no plan keeps is called."""


def limit_shortage(case: Case, program: Program, proof: Weighed) -> Shortage:
    """The bottleneck of a case in which no plan keeps the limits of its goal: one of them, or several together."""
    limits, offset = program.goal.limits, program.law.offset
    named = [criterion for criterion, _ in proof.weights if criterion in limits]
    if proof.is_exact or len(named) != 1 or len(proof.weights) != 1:
        some = ", ".join(BUDGETS[criterion].value for criterion in limits)
        sentence = f"each of these limits is kept by some plan, all of them by none: {some}"
        return Shortage(Diagnosis.LIMITS_TOGETHER, "the whole inference", sentence, 1, 0, None)
    criterion, weight = proof.weights[0]
    least, most = -(-proof.scale * proof.bound.value // weight), limits[criterion]
    if criterion is Criterion.LATENCY:
        return deadline_shortage(least + offset, most + offset)
    measure = {Criterion.ENERGY: amount_of(case), Criterion.WRITTEN: MEMORY}.get(criterion)
    shown = [f"{value} power cycles" if measure is None else show(value, measure) for value in (least, most)]
    sentence = f"every plan spends at least {shown[0]}, {shown[1]} are allowed"
    if criterion is Criterion.CYCLES and most == case.requirements.writes_per_byte:
        sentence = (
            f"every plan has at least {least} power cycles, each of which writes a progress record; "
            f"a byte may be written {most} times"
        )
        return Shortage(Diagnosis.WEAR, "the progress records", sentence, least, most, None)
    return Shortage(BUDGETS[criterion], "the whole inference", sentence, least, most, measure)


def deadline_shortage(least: int, latest: int) -> Shortage:
    """The bottleneck of a case in which every plan takes longer than is allowed (both in ps)."""
    sentence = f"every plan takes at least {show(least, TIME)}, {show(latest, TIME)} are allowed"
    return Shortage(Diagnosis.DEADLINE, "the whole inference", sentence, least, latest, TIME)


def shortage_of(case: Case, program: Program, bottleneck: Bottleneck) -> Shortage:
    """The bottleneck of a stage that no plan gets through."""
    stage = program.stages[bottleneck.stage]
    if isinstance(stage, ExplicitStage):
        return _tasks_shortage(case, program, stage)
    worn = _wear_shortage(program, stage)
    if worn is not None:
        return worn
    fitting = [tiling for tiling in least_designs(stage) if stage.fits(tiling)]
    if not fitting:
        return _memory_shortage(stage)
    return _atom_shortage(case, program, stage, fitting)


def amount_of(case: Case) -> Dimension:
    """What the case's amounts count."""
    return ENERGY if case.coordinate is Coordinate.ENERGY else CHARGE


def division_shortage(program: Program, division: Division) -> Shortage:
    """The bottleneck of a network whose every plan holds too much in some power cycle, or leaves a layer without a
    design: the cycle that the whole proof begins with."""
    overload = division.parts[0].proof
    assert isinstance(overload, Overload), "where memory is to blame there is a cycle that holds too much"
    assert program.storage is not None, "it is known what is kept"
    path = [program.steps[place] for place in overload.steps]
    least, available = least_held(program.storage, program, path, overload.sums), program.storage.available
    names = [program.stages[step.stage].name for step in path]
    where = f"layer {names[0]}" if len(names) == 1 else f"layers {names[0]} to {names[-1]}"
    sums = " with stored sums" if overload.sums else ""
    sentence = (
        f"a power cycle{sums} holds {show_exact(least, MEMORY)}, there are {show_exact(available, MEMORY)}, "
        "and every other way to run the network holds too much as well or has no design that fits"
    )
    if is_about_goal(division):
        sentence = sentence.replace(" or has no design that fits", ", has no design that fits or breaks a limit")
    return Shortage(Diagnosis.NONVOLATILE_MEMORY, where, sentence, least, available, MEMORY)


def _wear_shortage(program: Program, stage: TiledStage) -> Shortage | None:
    """Without the limit on writes some design of a layer would pass: how many writes let one."""
    most, room = stage.writes_per_byte, max(program.law.capacity, program.law.first_capacity)
    room -= stage.ends.resume[0] + stage.ends.commit[0]
    if most is None or not _is_passed(replace(stage, writes_per_byte=None), room):
        return None
    low, high = most, 2 * most
    while not _is_passed(replace(stage, writes_per_byte=high), room):
        low, high = high, 2 * high
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if _is_passed(replace(stage, writes_per_byte=middle), room) else (middle, high)
    sentence = f"every design whose tiles fit memory and power cycles writes some byte {high} times, {most} are allowed"
    return Shortage(Diagnosis.WEAR, f"layer {stage.name}", sentence, high, most, None)


def _is_passed(stage: TiledStage, room: int) -> bool:
    """Whether some least design fits volatile memory, and its dearest atom a power cycle."""
    return any(
        stage.fits(one) and largest_atom(stage.forms[one.form], one, stage.prices) <= room
        for one in least_designs(stage)
    )


def table_shortage(program: Program) -> Shortage:
    """The bottleneck of tasks that cannot be run in as few runs of equal power cycles as their tables may have."""
    runs, allowed = (most_runs(program) or 0) + 1, program.table_size or 0
    atoms = len(program.stages[0].chain(0))  # type: ignore[arg-type]
    while runs < atoms and _has_no_plan(program, runs):
        runs += 1
    entry = sizes_of(program).run
    sentence = (
        f"every plan has at least {runs} runs of equal power cycles, each of which takes {show_exact(entry, MEMORY)} "
        f"of its tables; {show_exact(allowed, MEMORY)} are allowed"
    )
    return Shortage(Diagnosis.TABLE_SIZE, "the whole inference", sentence, runs * entry, allowed, MEMORY)


def _has_no_plan(program: Program, runs: int) -> bool:
    """Whether it is certain that there is no plan of so many runs or fewer."""
    try:
        return least_with_few_runs(program, runs) is None
    except Unproven:
        return False


def _memory_shortage(stage: TiledStage) -> Shortage:
    """No design of a layer fits: its least tile in volatile memory."""
    where = f"layer {stage.name}"
    needed = min(volatile_bytes(stage.forms[tiling.form], tiling, stage.prices) for tiling in least_designs(stage))
    sentence = f"the least tile takes {show(needed, MEMORY)}, there are {show(stage.volatile, MEMORY)}"
    return Shortage(Diagnosis.VOLATILE_MEMORY, where, sentence, needed, stage.volatile, MEMORY)


def _atom_shortage(case: Case, program: Program, stage: TiledStage, fitting: list[Tiling]) -> Shortage:
    """Even the least design that fits memory has an atom that no power cycle can hold."""
    tiling = min(fitting, key=lambda one: largest_atom(stage.forms[one.form], one, stage.prices))
    extent = stage.forms[tiling.form]
    place = dearest_atom(extent, tiling, stage.prices.of_steps)
    work = {part: _amount_at(extent, tiling, prices_of_part(stage.prices, part), place) for part in KERNEL_PARTS}
    again = sum(amount[1] for amount in work.values()) if place[1] else 0
    restart = loaded(case).restart.amount
    resume, commit = _ends_of(stage, place)
    parts = {
        Part.BOOT: restart,
        Part.RESUME: resume - restart + again,
        **{part: amount[0] for part, amount in work.items()},
        Part.COMMIT: commit,
    }
    available = max(program.law.capacity, program.law.first_capacity)
    return _cycle_shortage(case, program.law, f"layer {stage.name}", "its least tile", parts, available)


def _ends_of(stage: TiledStage, place: tuple[int, int]) -> tuple[int, int]:
    """What a cycle of one atom takes to begin, and to keep progress: what the atom itself writes is part of that."""
    shared, prices, kept = stage.ends.resume[0], stage.prices, stage.preserving
    if kept is None:
        return shared, stage.ends.commit[0]
    at_record = shared + prices.begin[0] - kept.record[0]
    if kept.kind is Kind.RECORD:
        return at_record, kept.record[0]
    if place == (0, 0):
        return at_record, kept.record[0] + prices.each[0]
    return shared + prices.inside[0], prices.each[0]


def dearest_atom(extent: Extent, tiling: Tiling, prices: Prices) -> tuple[int, int]:
    """Where the atom stands that makes the fullest power cycle of one atom: its run of rows, its place in the row."""
    places = (
        (atom[0] + (row.again[0] if index else 0), run, index)
        for run, (row, _) in enumerate(rows_of(extent, tiling, prices))
        for index, atom in enumerate(row.atoms)
    )
    return max(places, key=lambda place: place[0])[1:]


def _amount_at(extent: Extent, tiling: Tiling, prices: Prices, place: tuple[int, int]) -> tuple[int, int]:
    """What the atom at a place takes, and what a cycle that starts with it fetches again."""
    row, _ = next(islice(rows_of(extent, tiling, prices), place[0], None))
    return row.atoms[place[1]][0], row.again[0]


def _tasks_shortage(case: Case, program: Program, stage: ExplicitStage) -> Shortage:
    """The power cycle that stands in the way of a plan most, of a case of tasks."""
    tasks = explicit_tasks(case)
    assert tasks is not None, "a stage of explicit tasks has tasks"
    chain, law = stage.chain(0), program.law
    if not stage.fits(0):
        index = max(range(len(tasks)), key=tasks.volatile.__getitem__)
        where = named_task(tasks.name(index))
        sentence = f"it takes {show(chain.volatile, MEMORY)}, there are {show(stage.volatile, MEMORY)}"
        return Shortage(Diagnosis.VOLATILE_MEMORY, where, sentence, chain.volatile, stage.volatile, MEMORY)
    cycle = fullest_cycle(chain, law)
    start, end = cycle.start, cycle.end
    restart = loaded(case).restart.amount
    parts = {
        Part.BOOT: restart,
        Part.RESUME: int(chain.resume_drain[start]) - restart,
        Part.TASKS: sum(map(int, chain.drain[start:end])),
        Part.COMMIT: int(chain.commit_drain[end - 1]),
    }
    names = tasks.name(start), tasks.name(end - 1)
    where = named_task(names[0]) if end == start + 1 else f"tasks {names[0]} to {names[1]}"
    available = law.capacity if start else law.first_capacity
    return _cycle_shortage(case, law, where, "it" if end == start + 1 else "them all", parts, available)


def named_task(task: str) -> str:
    """A task by its name; one without is called by its number already."""
    return task if task.startswith(("task ", "row ")) else f"task {task}"


def _cycle_shortage(
    case: Case, law: CycleLaw, where: str, what: str, parts: dict[Part, int], available: int
) -> Shortage:
    measure, demanded = amount_of(case), sum(parts.values())
    sentence = f"a power cycle for {what} takes {show(demanded, measure)}, there are {show(available, measure)}"
    return Shortage(_name(law, parts), where, sentence, demanded, available, measure, tuple(parts.items()))


def _name(law: CycleLaw, parts: dict[Part, int]) -> Diagnosis:
    """What stands out: the work, what a cycle begins with, or saving its progress."""
    if law.limited_by is not Diagnosis.ATOM_TOO_LARGE:
        return law.limited_by
    start, commit = parts[Part.BOOT] + parts[Part.RESUME], parts[Part.COMMIT]
    work = sum(parts.values()) - start - commit
    if work >= max(start, commit):
        return Diagnosis.ATOM_TOO_LARGE
    return Diagnosis.BOOT_TOO_LARGE if start >= commit else Diagnosis.COMMIT_TOO_LARGE
