"""Explicit tasks in C: a function for each, which the application defines, and the order in which they run."""

from __future__ import annotations

import re

from ischedule.firmware.columns import Column
from ischedule.firmware.source import WorkSource, comment
from ischedule.models.tasks import TaskColumns

_DECLARED = """\
/* The tasks, yours to define; `repetition` counts those of one name from 0. A task that is cut short is run again. */
{functions}

/* Volatile memory is empty when a power cycle begins. Bring back what the tasks before step `published` have left, */
void isched_resume(isched_step_t published);

/* and keep it in non-volatile memory before step `next` is published. What was kept for `published` stays untouched:
 * two places that take turns will do. */
void isched_save(isched_step_t published, isched_step_t next);
"""

_WALK = """\
static void (*const isched_tasks[{count}])(isched_atom_t repetition) = {{
{entries}
}};

void isched_run_atom(isched_atom_t atom, uint8_t resumes)
{{
    uint16_t task = {last}U;
    (void)resumes;
    while (atom < ISCHED_FIRST_OF_TASK(task)) {{
        --task;
    }}
    isched_tasks[task]((isched_atom_t)(atom - ISCHED_FIRST_OF_TASK(task)));
}}
"""


def task_source(tasks: TaskColumns) -> WorkSource:
    """The tasks of a case; without names they are one function with a number."""
    names, first = (list(tasks.names), list(tasks.first)) if tasks.first else (["all"], [0])
    functions = function_names(names)
    declared = "\n".join(f"void {name}(isched_atom_t repetition);" for name in dict.fromkeys(functions))
    entries = "\n".join(f"    {name}, /* {comment(label)} */" for name, label in zip(functions, names, strict=True))
    column = Column.of("isched_first_of_task", first)
    text = column.text() if len(first) > 1 else "#define ISCHED_FIRST_OF_TASK(i) 0U\n"
    if len(first) == 1:
        walk = f"""\
void isched_run_atom(isched_atom_t atom, uint8_t resumes)
{{
    (void)resumes;
    {functions[0]}(atom);
}}
"""
        return WorkSource(_DECLARED.format(functions=declared), walk)
    walk = _WALK.format(count=len(functions), entries=entries, last=len(functions) - 1)
    return WorkSource(_DECLARED.format(functions=declared), f"{text}\n{walk}", descriptor_bytes=column.bytes)


def function_names(names: list[str]) -> list[str]:
    """A C name for each task; tasks of one name have one function, and different ones never do."""
    found: dict[str, str] = {}
    for name in names:
        if name in found:
            continue
        stem = re.sub(r"[^0-9a-z]+", "_", name.lower()).strip("_") or "unnamed"
        candidate, number = f"isched_task_{stem}", 2
        while candidate in found.values():
            candidate, number = f"isched_task_{stem}_{number}", number + 1
        found[name] = candidate
    return [found[name] for name in names]
