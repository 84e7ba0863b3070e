"""What `ischedule solve` prints: the verdict, the plan's figures, its layers and power cycles, where its time goes."""

from collections.abc import Iterator, Sequence

from ischedule.analysis.cycle_runs import CycleRun, cycle_runs
from ischedule.analysis.evaluate import Evaluation
from ischedule.analysis.parts import Part, plan_parts, task_runs
from ischedule.analysis.physical_bound import physical_bound
from ischedule.analysis.power_cycles import run_stages
from ischedule.analysis.trust import ideal_clause
from ischedule.api import Result
from ischedule.cli.figures import (
    amount_dimension,
    bullets,
    facts,
    keeps,
    number,
    percent,
    plural,
    section,
    shortened,
    threshold,
    tile,
    time,
)
from ischedule.cli.goal_report import best_fact, limit_facts
from ischedule.cli.skipping_report import skipping_facts
from ischedule.memory import PackedMemory
from ischedule.models.case import Case
from ischedule.models.plan import Plan
from ischedule.models.plan_file import Certified
from ischedule.models.program import Program
from ischedule.models.quantities import POWER, show
from ischedule.models.response_time import CurveRule, Overflow
from ischedule.models.tables import table_bytes
from ischedule.models.wake import Mechanism, StartKind, Until
from ischedule.models.workload import explicit_tasks

MOST_RUNS = 24
MOST_TASKS = 24
"""Rows of a table before its middle is left out; JSON has them all."""

PARTS = (
    ("booting", (Part.BOOT,)),
    ("running tasks", (Part.TASKS,)),
    ("computing", (Part.COMPUTE,)),
    ("fetching operands", (Part.FETCH,)),
    ("storing results", (Part.STORE,)),
    ("resuming", (Part.RESUME,)),
    ("committing", (Part.COMMIT,)),
    ("waiting for charge", (Part.WAITING,)),
    ("allowed for failures", (Part.FAILURES,)),
)
UNSPENT = {Part.WAITING, Part.FAILURES}
"""What drains nothing that a plan counts."""


def report(result: Result) -> str:
    """All of it."""
    text = verdict_lines(result)
    if result.note is not None:
        text += f"note: {result.note}\n"
    shortage = result.shortage
    if shortage is not None:
        text += f"{shortage.diagnosis.value}: {shortage.where}: {shortage.sentence}\n"
    program, plan, evaluation = result.program, result.plan, result.evaluation
    if isinstance(program, Program) and plan is not None and evaluation is not None:
        text += "\n" + facts(list(plan_facts(result, program, evaluation)))
        text += layers(result.case, program, plan, evaluation)
        text += power_cycles(result.case, program, plan)
        text += where_time_goes(result.case, program, plan, evaluation)
    if result.verdict is not None:
        text += "\ntrusted\n\n" + trusted(result.case, result.verdict.trusted)
    return text


def trusted(case: Case, sentences: Sequence[str]) -> str:
    """What is trusted, but for what stands beside the verdict already."""
    clause = f"certified{ideal_clause(case)}"
    return bullets([sentence for sentence in sentences if sentence != clause])


def verdict_lines(result: Result) -> str:
    """The status, and below it what is certified."""
    certified = {
        None: "not certified",
        Certified.OPTIMAL: "certified optimal",
        Certified.WITHIN: _within(result),
        Certified.FEASIBLE: "certified feasible",
        Certified.INFEASIBLE: "certified: no plan exists",
        Certified.DEADLINE: "certified: every plan is late",
    }[result.kind]
    ideal = ideal_clause(result.case) if result.certified else ""
    return f"{result.case.name}: {result.status.value}\n{certified}{ideal}\n"


def _within(result: Result) -> str:
    if result.gap == 0:
        return f"certified optimal by {result.case.objective[0].value} alone"
    gap = "an unknown part" if result.gap is None else percent(result.gap, 1)
    return f"certified within {gap} of the optimum"


def plan_facts(result: Result, program: Program, evaluation: Evaluation) -> Iterator[tuple[str, str]]:
    """Latency, its bound and deadline, energy and memory traffic."""
    case, latency = result.case, evaluation.latency
    yield "latency", f"{time(latency)} at worst, {span(case)}"
    yield "best possible", best_fact(result)
    if case.requirements.deadline is not None:
        yield "deadline", deadline_fact(latency, case.requirements.deadline)
    amount = amount_dimension(case)
    full = max(program.law.capacity, program.law.first_capacity)
    fullest = f"the fullest takes {show(evaluation.largest_cycle, amount)} of {show(full, amount)}"
    yield amount.name, f"{show(evaluation.drain, amount)} in {plural(evaluation.cycles, 'power cycle')}; {fullest}"
    if program.has_needs:
        need = show(evaluation.largest_need, amount)
        yield "under load", f"some power cycle needs {need} when it begins, so that its voltage holds to the end"
    if case.while_running is not None:
        power = show(case.while_running.power, POWER)
        yield "harvest", f"{amount.name} is net of what flows in while the device runs, {power} at least"
    if evaluation.failures:
        count = plural(program.failures, "failure")
        yield "failures", f"{count} of power tolerated: {time(evaluation.failures)} of the latency allow for that"
    if evaluation.written:
        yield "written", f"{number(evaluation.written)} B to non-volatile memory"
    if result.memory is not None:
        packed, there, unshared = map(number, (result.memory.size, result.memory.available, result.memory.unshared))
        yield "memory", f"{packed} B of {there} B of non-volatile memory, packed ({unshared} B if nothing shared)"
        yield from wear_facts(case, result.memory)
    if case.requirements.table_size is not None and result.plan is not None:
        taken, allowed = table_bytes(program, result.plan), case.requirements.table_size
        runs = plural(len(result.plan.cycles), "run")
        yield "tables", f"{number(taken)} B of {number(allowed)} B, with {runs} of equal power cycles"
    yield from limit_facts(case, program, evaluation)
    if result.plan is not None and result.plan_file is not None:
        yield from skipping_facts(case, program, result.plan, result.plan_file.skippable)
    if program.law.curve is not None:
        yield "supply curve", curve_fact(program.law.curve)
        return
    physical = physical_bound(program.law, evaluation)
    more = percent(latency - evaluation.failures - physical, physical)
    yield (
        "physical bound",
        f"{time(physical)} if all charging were at the best charging power; the plan takes {more} more",
    )


def curve_fact(rule: CurveRule) -> str:
    """Which bound a latency under a curve is, and why."""
    return {
        Overflow.NEVER: "the buffer never overflows: a running device draws more than ever charges; a supply that "
        "delivers just the curve is as slow, if the curve promises windows side by side what each is promised",
        Overflow.AT_START: "only what is delivered between a reached threshold and its being noticed may be lost",
        Overflow.RUNNING: "what is delivered to a full buffer is lost, and it may be full until any cycle ends "
        "(state maximum_power and least_load if a running device draws more than ever charges)",
    }[rule.overflow]


def wear_facts(case: Case, memory: PackedMemory) -> Iterator[tuple[str, str]]:
    """The byte that is written most, where somebody asks for it."""
    allowed, endurance, wear = case.requirements.writes_per_byte, case.endurance, memory.wear
    if allowed is None and endurance is None:
        return
    text = f"no byte is written more than {plural(wear.writes, 'time')} in one inference ({wear})"
    if allowed is not None:
        text += f", {number(allowed)} allowed"
    if endurance is not None:
        text += f"; {number(endurance)} writes of a byte last for {plural(endurance // wear.writes, 'inference')}"
    yield "wear", text


def span(case: Case) -> str:
    """From when to when a latency counts."""
    begin = {
        StartKind.COLD: "from an empty buffer",
        StartKind.FLOOR: "from a buffer at its floor",
        StartKind.CHARGED: "from a charged buffer",
        StartKind.PERIODIC: "from what the last inference left",
    }[case.start.kind]
    end = "the buffer is recharged" if case.until is Until.RECHARGED else "the last result is published"
    return f"{begin} until {end}"


def deadline_fact(latency: int, deadline: int) -> str:
    """Whether a deadline is met, and by how much."""
    if latency <= deadline:
        return (
            f"{time(deadline)}, met with {time(deadline - latency)} ({percent(deadline - latency, deadline)}) to spare"
        )
    return f"{time(deadline)}, missed by {time(latency - deadline)} ({percent(latency - deadline, deadline)})"


def layers(case: Case, program: Program, plan: Plan, evaluation: Evaluation) -> str:
    """A table of layers with their designs, or of tasks."""
    if explicit_tasks(case) is not None:
        return tasks(case, evaluation)
    rows: list[tuple[str, ...]] = [
        (
            total.name,
            keeps(stage, design),
            tile(design),
            str(getattr(design, "batch", "")),
            number(total.atoms),
            number(total.cycles),
            show(total.drain, amount_dimension(case)),
            time(total.active + total.waiting),
            percent(total.active + total.waiting, evaluation.latency),
        )
        for stage, design, total in zip(run_stages(program, plan), plan.designs, evaluation.stages, strict=True)
    ]
    rows.append(_sum_of_layers(case, evaluation))
    header = ("layer", "keeps", "tile", "batch", "atoms", "cycles", "energy", "time", "share")
    title = "layers: tiles of rows x columns x output x input channels; a batch of them is one atom"
    return section(title, header, rows, right=("batch", "atoms", "cycles", "energy", "time", "share"))


def _sum_of_layers(case: Case, evaluation: Evaluation) -> tuple[str, ...]:
    """The last line of the table; a power cycle that runs atoms of several layers is counted once."""
    atoms, drain = sum(total.atoms for total in evaluation.stages), show(evaluation.drain, amount_dimension(case))
    return ("all", "", "", "", number(atoms), number(evaluation.cycles), drain, time(evaluation.latency), "100.0 %")


def tasks(case: Case, evaluation: Evaluation) -> str:
    """A table of tasks, repetitions together."""
    amount, runs = amount_dimension(case), task_runs(case)
    rises = any(run.drain < 0 for run in runs)
    rows = [
        (
            run.name,
            number(run.times),
            show(run.drain, amount),
            "" if rises else percent(run.drain, evaluation.drain),
            time(run.running),
            percent(run.running, evaluation.latency),
        )
        for run in runs
    ]
    if not rows:
        return ""
    header = ("task", "times", amount.name, f"of all {amount.name}", "running", "of the latency")
    return section("tasks", header, shortened(rows, MOST_TASKS), right=header[1:])


def power_cycles(case: Case, program: Program, plan: Plan) -> str:
    """The power cycles in order, those that are alike on one line."""
    amount = amount_dimension(case)
    rows = [
        (
            str(run.first) if run.count == 1 else f"{run.first} to {run.last}",
            _work(case, run),
            number(run.atoms),
            _range(show(run.least_drain, amount), show(run.most_drain, amount)),
            threshold(run.threshold),
        )
        for run in cycle_runs(program, plan)
    ]
    atoms = "tasks" if explicit_tasks(case) is not None else "atoms"
    header = ("cycle", "works on", f"{atoms} each", amount.name, "starts at")
    title = "power cycles, and the voltage that each waits for"
    return section(title, header, shortened(rows, MOST_RUNS), right=(f"{atoms} each",))


def _work(case: Case, run: CycleRun) -> str:
    named = explicit_tasks(case)
    if named is None:
        return _range(*run.stages)
    if run.count > 1:
        return _range(named.name(run.start), named.name(run.start + run.count * run.atoms - 1))
    return _range(named.name(run.start), named.name(run.start + run.atoms - 1))


def _range(first: str, last: str) -> str:
    return first if first == last else f"{first} to {last}"


def where_time_goes(case: Case, program: Program, plan: Plan, evaluation: Evaluation) -> str:
    """Latency and energy by what they go into."""
    parts = plan_parts(case, program, plan, evaluation)
    amount, rows = amount_dimension(case), []
    for name, names in PARTS:
        if not any(part in parts for part in names):
            continue
        if Part.BOOT in names and case.wake.mechanism is Mechanism.SENSE:
            name = "waking up"
        spent = sum(parts[part].time for part in names if part in parts)
        drained = sum(parts[part].drain for part in names if part in parts)
        rows.append(
            (
                name,
                time(spent),
                percent(spent, evaluation.latency),
                "" if UNSPENT & {*names} else show(drained, amount),
                "" if UNSPENT & {*names} or evaluation.drain <= 0 else percent(drained, evaluation.drain),
            )
        )
    whole = "100.0 %" if evaluation.drain > 0 else ""
    rows.append(("all", time(evaluation.latency), "100.0 %", show(evaluation.drain, amount), whole))
    header = ("where it goes", "time", "of all time", amount.name, f"of all {amount.name}")
    return "\n" + section("", header, rows, right=header[1:]).lstrip("\n")
