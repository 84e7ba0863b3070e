"""The `tasks` of a case file: a list, or a workload with common checkpoint costs whose tasks may be in a CSV file."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ischedule.models.case_load import load
from ischedule.models.case_values import CaseValues
from ischedule.models.cost import Effort
from ischedule.models.errors import MISSING, InputError, InvalidValue
from ischedule.models.quantities import MEMORY, TIME, Rounding
from ischedule.models.schema import check_shape
from ischedule.models.strict_json import read_text
from ischedule.models.tasks import CutCost, Task, TaskColumns
from ischedule.models.tasks_csv import read_tasks

_MAX_NAME = 200


def task_columns(workload: Any, values: CaseValues, base_dir: Path, path: str = "$.tasks") -> TaskColumns:
    """The tasks with repetitions written out; the shape of everything but the list's entries is already checked."""
    common = {} if isinstance(workload, list) else workload
    commit, resume = (
        values.effort(common[end], f"{path}.{end}") if end in common else None for end in ("commit", "resume")
    )
    if "columns" in common:
        if "list" in common:
            raise values.error(f"{path}.list", common["list"], "stands beside columns", "keep one of the two")
        file = str(base_dir / common["columns"])
        return read_tasks(read_text(file), file, values.amount_dimension, commit, resume)
    entries = workload if isinstance(workload, list) else common.get("list")
    if entries is None:
        raise values.error(
            f"{path}.list", MISSING, "is required", 'add "list" with tasks, or "columns" with a CSV file'
        )
    entry_path = path if isinstance(workload, list) else f"{path}.list"
    return _TaskList(values, entry_path, commit, resume).columns(entries)


class _TaskList:
    """A list of tasks being read. Entries of a shape seen before are not checked against the schema again."""

    def __init__(self, values: CaseValues, path: str, commit: Effort | None, resume: Effort | None) -> None:
        self.values = values
        self.path = path
        self.commit = commit
        self.resume = resume
        self.shapes: set[object] = set()

    def columns(self, entries: list[Any]) -> TaskColumns:
        tasks = (self._task(entry, index) for index, entry in enumerate(entries))
        try:
            return TaskColumns.expand(tasks)
        except InvalidValue as error:
            raise error.located(self.values.source, self.path) from None

    def _task(self, entry: Any, index: int) -> Task:
        path = f"{self.path}[{index}]"
        shape = _shape(entry)
        if shape not in self.shapes:
            check_shape(entry, self.values.source, path, "task")
            self.shapes.add(shape)
        name = entry.get("name", f"task {index}")
        if not 0 < len(name) <= _MAX_NAME:
            raise self.values.error(f"{path}.name", name, "is empty or too long", f"write 1 to {_MAX_NAME} characters")
        try:
            return Task(
                name=name,
                amount=self.values.amount(entry, path),
                time=self.values.integer(entry["time"], TIME, Rounding.UP, f"{path}.time"),
                volatile=self.values.integer(entry.get("volatile", "0 B"), MEMORY, Rounding.UP, f"{path}.volatile"),
                repeat=entry.get("repeat", 1),
                cut=self._cut(entry.get("cut", True), f"{path}.cut"),
                draw=load(entry["load"], self.values, f"{path}.load") if "load" in entry else None,
            )
        except InvalidValue as error:
            raise error.located(self.values.source, path) from None

    def _cut(self, cut: bool | Mapping[str, Any], path: str) -> CutCost | None:
        if cut is False:
            return None
        stated = {} if cut is True else cut
        return CutCost(self._end("commit", stated, self.commit, path), self._end("resume", stated, self.resume, path))

    def _end(self, end: str, stated: Mapping[str, Any], common: Effort | None, path: str) -> Effort:
        if end in stated:
            return self.values.effort(stated[end], f"{path}.{end}")
        if common is None:
            remedy = f'state "{end}" here or for all tasks, or write "cut": false'
            raise self._missing(f"{path}.{end}", remedy)
        return common

    def _missing(self, path: str, remedy: str) -> InputError:
        return self.values.error(path, MISSING, "is stated neither for this cut nor for all tasks", remedy)


def _shape(entry: object) -> object:
    """Keys and types of an entry; everything that the schema says about values in it is checked where they are read."""
    if isinstance(entry, dict):
        return tuple((key, _shape(value)) for key, value in entry.items())
    return type(entry)
