"""A certified plan as C: `schedule.h`, `schedule.c`, and what its work needs besides.

Nothing depends on when or where it is emitted: equal cases, plans and numbers give equal bytes. What is emitted is the
plan that the checker has accepted, and whoever calls this has asked it.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from ischedule.analysis.check import Verdict
from ischedule.firmware.cycle_source import CycleSource, cycle_source
from ischedule.firmware.levels import Levels, levels_of, skip_entries
from ischedule.firmware.memory_map import NOWHERE, MemoryMap, memory_map
from ischedule.firmware.seal_source import seal_source
from ischedule.firmware.source import WorkSource, comment
from ischedule.firmware.summary import summary
from ischedule.firmware.task_source import task_source
from ischedule.models.case import Case
from ischedule.models.errors import InputError
from ischedule.models.plan import Plan
from ischedule.models.plan_file import PlanFile, dump_plan_file
from ischedule.models.program import Program
from ischedule.models.tables import table_bytes
from ischedule.models.wake import Mechanism
from ischedule.models.workload import accelerator_of

RUNTIME = (
    "isched.h",
    "isched_port.h",
    "isched_plan.h",
    "isched_store.h",
    "isched_record.h",
    "isched_integrity.h",
    "isched.c",
    "isched_record.c",
    "isched_integrity.c",
    "isched_store_cell.c",
    "isched_store_log.c",
)
"""The files of the runtime that every firmware needs."""

_STEPS_OF_16_BITS = 0xFFFE
"""The most power cycles whose steps, with the one that says that there is no inference, fit 16 bits."""

_MOST_RUNS = 0xFFFF

_WAKES = {Mechanism.LATCH: "LATCH", Mechanism.BURN: "BURN", Mechanism.SENSE: "SENSE"}


@dataclass(frozen=True, slots=True)
class Emission:
    """Files by name, the parts of the runtime that go with them, and what the plan's tables take in ROM.

    ``assumed_bytes`` is what the plan's check of memory has counted for its tables, at least as much.
    """

    files: Mapping[str, str]
    runtime: Sequence[str]
    cycles: CycleSource
    work: WorkSource
    seal_bytes: int
    assumed_bytes: int
    plan_id: int
    power_cycles: int

    @property
    def table_bytes(self) -> int:
        """What all columns take that the plan decides."""
        return self.cycles.table_bytes + self.cycles.skip_bytes + self.work.table_bytes


def emission(
    case: Case,
    program: Program,
    file: PlanFile,
    verdict: Verdict,
    work: WorkSource | None = None,
    *,
    integrity: bool = False,
) -> Emission:
    """The C of an accepted plan; ``work`` is what a network's atoms do, tasks are the application's own.

    With ``integrity`` tensors are sealed with CRCs, which stand behind the buffers.
    """
    plan = file.plan
    if plan is None or not verdict.accepted:
        raise ValueError("only a plan that the checker has accepted is emitted")
    levels = levels_of(case, program, plan)
    if work is None:
        assert case.tasks is not None, "a network comes with what its atoms do"
        work = task_source(case.tasks)
    cycles = cycle_source(plan.cycles, levels.codes, skip_entries(levels, file.skippable))
    certificate = hashlib.sha256(dump_plan_file(file).encode()).hexdigest()
    plan_id = _plan_id(file.case, certificate, work)
    review = summary(case, program, plan, verdict)
    names = _Names(case, file, certificate, plan_id)
    memory = _memory_of(case, program, plan, file, integrity)
    header = _header(names, review, levels, cycles, work, "" if memory is None else memory.text(), plan)
    seals, seal_bytes = seal_source(memory.saved) if memory is not None and memory.saved else ("", 0)
    body = [_SOURCE_HEAD.format(title=comment(case.name)), cycles.text, seals, work.tables]
    sources = {"schedule.c": "\n".join(part for part in body if part), **work.files}
    match = _MATCH.format(id=plan_id)
    matched = {name: text + match * name.endswith(".c") for name, text in sources.items()}
    files = {"schedule.h": header, **matched}
    total = sum(run.repeat for run in plan.cycles)
    assumed = table_bytes(program, plan)
    return Emission(files, (*RUNTIME, *work.runtime), cycles, work, seal_bytes, assumed, plan_id, total)


def _memory_of(case: Case, program: Program, plan: Plan, file: PlanFile, integrity: bool) -> MemoryMap | None:
    found = memory_map(program, plan, file, integrity=integrity)
    if found is None and integrity:
        problem, remedy = "are the application's own, and so is the memory that they use", "leave out --integrity"
        raise InputError(case.source, "$.tasks", case.name, problem, remedy)
    if found is not None and program.storage is not None and found.end > program.storage.available:
        problem = f"takes memory up to {found.end} B of {program.storage.available} B"
        raise InputError("command line", "--integrity", f"{len(found.saved)} seals", problem, "leave it out")
    return found


def _plan_id(case: str, certificate: str, work: WorkSource) -> int:
    """What tells one firmware's progress from another's: case, plan, and all that the atoms compute with."""
    sha = hashlib.sha256(f"{case}\n{certificate}\n".encode())
    for text in (work.declarations, work.tables, *(f"{name}\n{work.files[name]}" for name in sorted(work.files))):
        sha.update(text.encode())
    return int.from_bytes(sha.digest()[:4], "big")


@dataclass(frozen=True, slots=True)
class _Names:
    """What the header says about where it comes from."""

    case: Case
    file: PlanFile
    certificate: str
    plan_id: int


_SOURCE_HEAD = """\
/* {title}: the tables of its plan. See schedule.h. */
#include "isched_plan.h"
"""

_MATCH = """
#if ISCHED_PLAN_ID != 0x{id:08x}UL
#error "schedule.h is of another plan than this file: emit them again, together"
#endif
"""


def _header(
    names: _Names, review: str, levels: Levels, cycles: CycleSource, work: WorkSource, memory: str, plan: Plan
) -> str:
    total = sum(run.repeat for run in plan.cycles)
    atoms = sum(run.repeat * run.atoms for run in plan.cycles)
    step = "uint16_t" if total <= _STEPS_OF_16_BITS else "uint32_t"
    atom = "uint16_t" if atoms <= 0xFFFF else "uint32_t"
    lines = "\n".join(f" * {line}".rstrip() for line in comment(review).splitlines())
    skips = "1" if cycles.skip_bytes or "isched_may_skip" in cycles.text else "0"
    tasks = 1 if "isched_task" in work.declarations else 0
    return f"""\
/* {comment(names.case.name)}: a certified plan as tables. Emitted by ischedule {comment(names.file.tool)}.
 *
{lines}
 */
#ifndef SCHEDULE_H
#define SCHEDULE_H

#include <stdint.h>

#define ISCHED_CASE_HASH "{names.file.case}"
#define ISCHED_CERTIFICATE_HASH "{names.certificate}"
#define ISCHED_PLAN_ID 0x{names.plan_id:08x}UL

#define ISCHED_CYCLES {total}UL
#define ISCHED_RUNS {len(plan.cycles)}U
#define ISCHED_ATOMS {atoms}UL
typedef {step} isched_step_t;
typedef {atom} isched_atom_t;

/* What ends a power cycle. */
#define ISCHED_WAKE_LATCH 0
#define ISCHED_WAKE_BURN 1
#define ISCHED_WAKE_SENSE 2
#define ISCHED_WAKE ISCHED_WAKE_{_WAKES[names.case.wake.mechanism]}

/* Levels are codes of {levels.step} nV. */
#define ISCHED_LEVEL_STEP_NV {levels.step}UL
#define ISCHED_LEVEL_HIGHEST {levels.highest}U

/* Whether commits that the plan lists are skipped while the device sleeps: only if the build asks for it. */
#ifndef ISCHED_SKIPS
#define ISCHED_SKIPS 0
#endif
#define ISCHED_LISTS_SKIPS {skips}
#if ISCHED_SKIPS && !ISCHED_LISTS_SKIPS
#error "this plan lists no commit that may be skipped"
#endif

#define ISCHED_HAS_TASKS {tasks}
{memory or NOWHERE}{work.declarations}
#endif
"""


def require_emittable(case: Case, file: PlanFile) -> None:
    """Raise `InputError` for what the runtime cannot carry out."""
    if file.plan is not None and len(file.plan.cycles) > _MOST_RUNS:
        problem = f"has {len(file.plan.cycles)} runs of power cycles, and the runtime counts up to {_MOST_RUNS}"
        remedy = 'limit "table_size" in the case\'s requirements, and solve it again'
        raise InputError(case.source, "$.requirements.table_size", case.name, problem, remedy)
    if accelerator_of(case) is not None:
        problem = "runs whole layers by itself, and the runtime has no driver for it"
        remedy = "emit plans of tasks, or of networks on a device that runs tiles"
        raise InputError(case.source, "$.device", "an accelerator", problem, remedy)
    if file.preservation:
        kinds = ", ".join(sorted({kind.value for kind in file.preservation}))
        problem = f"keeps progress by {kinds}, and the runtime keeps records"
        remedy = 'leave "preservation" out of the case\'s options, and solve it again'
        raise InputError(case.source, "$.options.preservation", kinds, problem, remedy)
