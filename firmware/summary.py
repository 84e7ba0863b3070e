"""What an engineer reads at the top of an emitted schedule: the claim, and power cycle by power cycle what it does."""

from __future__ import annotations

from collections.abc import Iterator
from textwrap import wrap
from typing import Final

from ischedule.analysis.check import Verdict
from ischedule.analysis.cycle_runs import CycleRun, cycle_runs
from ischedule.analysis.power_cycles import run_stages
from ischedule.models.case import Case
from ischedule.models.demand import Coordinate
from ischedule.models.layout import Layout, layout_of
from ischedule.models.plan import Plan
from ischedule.models.plan_file import Certified
from ischedule.models.program import Program
from ischedule.models.quantities import CHARGE, ENERGY, TIME, VOLTAGE, show
from ischedule.models.storage import Slot
from ischedule.models.workload import explicit_tasks

_WIDTH: Final = 110

_CLAIMS = {
    Certified.OPTIMAL: "no plan takes less",
    Certified.WITHIN: "no plan takes less than {bound}",
    Certified.FEASIBLE: "nothing is known about better plans",
}


def summary(case: Case, program: Program, plan: Plan, verdict: Verdict) -> str:
    """The claim and a table of the power cycles."""
    assert verdict.latency is not None, "an accepted plan has a latency"
    lines = [f"Latency {show(verdict.latency, TIME)} at worst, certified"]
    if verdict.certified in _CLAIMS:
        bound = "" if verdict.bound is None else show(verdict.bound, TIME)
        lines[0] += "; " + _CLAIMS[verdict.certified].format(bound=bound)
    lines += ["", "Trusted:"]
    for one in verdict.trusted:
        lines += wrap(one, _WIDTH, initial_indent="- ", subsequent_indent="  ")
    return "\n".join([*lines, "", *_table(case, program, plan)])


def _table(case: Case, program: Program, plan: Plan) -> Iterator[str]:
    layout = None if program.storage is None or explicit_tasks(case) is not None else layout_of(program, plan)
    rows: list[tuple[str, ...]] = [("cycle", "waits for", "atoms", "drains at most", "resumes from", "commits")]
    rows += [_row(case, program, plan, layout, run) for run in cycle_runs(program, plan)]
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    for row in rows:
        yield "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()


def _row(case: Case, program: Program, plan: Plan, layout: Layout | None, run: CycleRun) -> tuple[str, ...]:
    number = str(run.first) if run.count == 1 else f"{run.first} to {run.last}"
    waits = show(run.threshold.voltage, VOLTAGE, 5)
    if run.threshold.code is not None:
        waits += f" (code {run.threshold.code})"
    names, tasks = run.stages, explicit_tasks(case)
    if tasks is not None:
        names = tasks.name(run.start), tasks.name(run.start + run.count * run.atoms - 1)
    work = names[0] if names[0] == names[1] else f"{names[0]} to {names[1]}"
    amount = ENERGY if case.coordinate is Coordinate.ENERGY else CHARGE
    reads, writes = ("state", "state") if layout is None else _touched(program, plan, layout, run)
    return number, waits, f"{run.atoms}: {work}", show(run.most_drain, amount), reads, writes


def _touched(program: Program, plan: Plan, layout: Layout, run: CycleRun) -> tuple[str, str]:
    """The buffers that a run of cycles reads, and those that it writes, by name."""
    names = [stage.name for stage in run_stages(program, plan)]
    first, last = names.index(run.stages[0]), names.index(run.stages[1])
    reads: dict[str, None] = {}
    writes: dict[str, None] = {}
    assert program.storage is not None, "a layout is of a program that says what it keeps"
    for index in plan.stages[first : last + 1]:
        kept = program.storage.stages[index]
        sums = [slot for slot in layout.buffers if slot.stage == index]
        inside = [layout.buffers[slot].name for slot in sums]
        reads.update(dict.fromkeys([*(layout.buffers[Slot(tensor)].name for tensor in kept.reads), *inside]))
        writes.update(dict.fromkeys([layout.buffers[Slot(kept.writes)].name, *inside]))
    return ", ".join(reads), ", ".join(writes)
