"""Explicit tasks: measured atoms in order, each with what it takes and what a checkpoint after it would cost."""

import hashlib
import sys
from array import array
from bisect import bisect_right
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Final

from ischedule.models.cost import Effort
from ischedule.models.draw import Draw
from ischedule.models.errors import InvalidValue
from ischedule.models.quantities import LIMIT

MAX_TASKS: Final = 10_000_000
"""No workload has more tasks after its repetitions are written out."""

MAX_REPEAT: Final = MAX_TASKS


class TaskError(InvalidValue):
    """A workload of tasks that cannot be meant; its path starts at the list of tasks: `[3].cut`."""


@dataclass(frozen=True)
class CutCost:
    """What a checkpoint at one place costs: saving before power is given up, fetching when it is back."""

    commit: Effort
    resume: Effort


@dataclass(frozen=True)
class Task:
    """One uninterruptible piece of work: amount of the buffer coordinate, time (ps), volatile memory (bytes).

    `cut` is the checkpoint that may stand after it, or None where none may; `repeat` says how often it is done.
    """

    name: str
    amount: int
    time: int
    volatile: int = 0
    repeat: int = 1
    cut: CutCost | None = None
    draw: Draw | None = None
    """What it draws while it runs, None where that is as the case's load."""

    def __post_init__(self) -> None:
        for name in ("amount", "time", "volatile"):
            value = getattr(self, name)
            if type(value) is not int or not 0 <= value <= LIMIT:
                raise TaskError(value, "is not possible", f"write an integer from 0 to {LIMIT}", f".{name}")
        if type(self.repeat) is not int or not 1 <= self.repeat <= MAX_REPEAT:
            raise TaskError(self.repeat, "is no count", f"write an integer from 1 to {MAX_REPEAT}", ".repeat")


_COLUMNS: Final = (
    "amount",
    "time",
    "volatile",
    "commit_amount",
    "commit_time",
    "resume_amount",
    "resume_time",
)


@dataclass(frozen=True)
class TaskColumns:
    """All tasks in order with repetitions written out, one array of 64-bit integers for each property.

    Entry i of the commit and resume columns belongs to the cut after task i; both are 0 where `is_cut` is 0. The last
    task ends the inference, whose result is published: a cut is always there. `names` holds one name for each run of
    equal tasks and `first` where each run begins; both are empty for tasks without names. `drawing` says for each task
    which of the `draws` is its own, counted from 1; 0 is the case's load. It is empty where all tasks draw that.
    """

    amount: "array[int]"
    time: "array[int]"
    volatile: "array[int]"
    commit_amount: "array[int]"
    commit_time: "array[int]"
    resume_amount: "array[int]"
    resume_time: "array[int]"
    is_cut: bytes
    names: tuple[str, ...] = ()
    first: "array[int]" = field(default_factory=lambda: array("q"))
    draws: tuple[Draw, ...] = ()
    drawing: "array[int]" = field(default_factory=lambda: array("q"))

    def __post_init__(self) -> None:
        count = len(self.is_cut)
        if count == 0:
            raise TaskError([], "has no task", "add at least one task")
        if count > MAX_TASKS:
            raise TaskError(count, "is the number of tasks, which is too large", f"stay at or below {MAX_TASKS}")
        for name in _COLUMNS:
            column = getattr(self, name)
            if not isinstance(column, array) or column.typecode != "q" or len(column) != count:
                raise TypeError(f"{name} is an array of {count} signed 64-bit integers")
            if min(column) < 0:
                index = next(i for i, value in enumerate(column) if value < 0)
                raise TaskError(column[index], "is negative", "write at least 0", f"[{index}].{name}")
        if self.drawing and len(self.drawing) != count:
            raise TypeError(f"drawing has an entry for each of the {count} tasks")
        if not self.is_cut[-1]:
            problem = "is the last task and is followed by no cut, but its result must be published"
            remedy = "let a checkpoint stand after it and say what it costs"
            raise TaskError(self.name(count - 1), problem, remedy, f"[{self.run(count - 1)}].cut")
        self._check_totals()

    def _check_totals(self) -> None:
        """Every sum of amounts or times along the tasks fits, even with a checkpoint at every cut."""
        for what in ("amount", "time"):
            names = (what, f"commit_{what}", f"resume_{what}")
            total = sum(sum(getattr(self, name)) for name in names)
            if total > LIMIT:
                remedy = f"keep the sum at or below {LIMIT} internal units"
                raise TaskError(total, f"is the total {what} of all tasks and cuts, which is too large", remedy)

    def __len__(self) -> int:
        return len(self.is_cut)

    @classmethod
    def expand(cls, tasks: Iterable[Task]) -> "TaskColumns":
        """The columns of a list of tasks, repetitions written out."""
        columns: dict[str, array[int]] = {name: array("q") for name in _COLUMNS}
        is_cut = bytearray()
        names: list[str] = []
        first = array("q")
        draws: dict[Draw | None, int] = {None: 0}
        drawing = array("q")
        for task in tasks:
            if len(is_cut) + task.repeat > MAX_TASKS:
                problem = f"brings the number of tasks above {MAX_TASKS}"
                raise TaskError(task.repeat, problem, "repeat less often", f"[{len(names)}].repeat")
            commit, resume = (task.cut.commit, task.cut.resume) if task.cut else (_NOTHING, _NOTHING)
            row = (task.amount, task.time, task.volatile, commit.amount, commit.time, resume.amount, resume.time)
            names.append(task.name)
            first.append(len(is_cut))
            for name, value in zip(_COLUMNS, row, strict=True):
                columns[name].extend(array("q", (value,)) * task.repeat)
            is_cut.extend(bytes((task.cut is not None,)) * task.repeat)
            drawing.extend(array("q", (draws.setdefault(task.draw, len(draws)),)) * task.repeat)
        own = tuple(draw for draw in draws if draw is not None)
        found = columns_from(columns, bytes(is_cut), tuple(names), first)
        return replace(found, draws=own, drawing=drawing) if own else found

    def draw_of(self, index: int) -> Draw | None:
        """What a task draws, None for the case's load."""
        return self.draws[self.drawing[index] - 1] if self.drawing and self.drawing[index] else None

    def run(self, index: int) -> int:
        """Which run of equal tasks a task belongs to; without names every task is a run of its own."""
        return bisect_right(self.first, index) - 1 if self.first else index

    def name(self, index: int) -> str:
        """The task's name; repetitions are numbered from 1."""
        if not self.first:
            return f"task {index}"
        run = self.run(index)
        end = self.first[run + 1] if run + 1 < len(self.first) else len(self)
        repeats = end - self.first[run]
        return self.names[run] if repeats == 1 else f"{self.names[run]} {index - self.first[run] + 1}"

    def digest(self) -> str:
        """SHA-256 of what the tasks take; names do not count."""
        sha = hashlib.sha256(f"{len(self)} tasks\n".encode())
        for name in _COLUMNS:
            column: array[int] = getattr(self, name)
            if sys.byteorder == "big":
                column = column[:]
                column.byteswap()
            sha.update(column)
        sha.update(self.is_cut)
        if self.draws:
            sha.update(repr((self.draws, self.drawing.tolist())).encode())
        return sha.hexdigest()


def columns_from(
    columns: "Mapping[str, array[int]]", is_cut: bytes, names: tuple[str, ...], first: "array[int]"
) -> TaskColumns:
    """Tasks from their columns by name."""
    amount, time, volatile, *ends = (columns[name] for name in _COLUMNS)
    return TaskColumns(amount, time, volatile, ends[0], ends[1], ends[2], ends[3], is_cut, names, first)


def columns_of(
    amount: Sequence[int],
    time: Sequence[int],
    commit: Effort,
    resume: Effort,
    volatile: Sequence[int] | None = None,
) -> TaskColumns:
    """Unnamed tasks with the same checkpoint cost everywhere."""
    count = len(amount)
    for name, column in (("amount", amount), ("time", time), ("volatile", () if volatile is None else volatile)):
        if len(column) and max(column) > LIMIT:
            raise TaskError(max(column), "is too large", f"stay at or below {LIMIT}", f".{name}")

    def same(value: int) -> "array[int]":
        return array("q", (value,)) * count

    return TaskColumns(
        amount=array("q", amount),
        time=array("q", time),
        volatile=same(0) if volatile is None else array("q", volatile),
        commit_amount=same(commit.amount),
        commit_time=same(commit.time),
        resume_amount=same(resume.amount),
        resume_time=same(resume.time),
        is_cut=b"\x01" * count,
    )


_NOTHING: Final = Effort(0, 0)
