"""Explicit tasks: repetitions, cuts, names, bounds and the digest."""

from array import array

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ischedule.models.cost import Effort
from ischedule.models.quantities import LIMIT
from ischedule.models.tasks import MAX_TASKS, CutCost, Task, TaskColumns, TaskError, columns_of
from ischedule.models.tasks_array import TaskArrays

small = st.integers(0, 1000)
efforts = st.builds(Effort, small, small)
cuts = st.builds(CutCost, efforts, efforts)


def tasks() -> st.SearchStrategy[list[Task]]:
    """Lists of tasks of which the last is followed by a cut."""
    anyone = st.builds(Task, st.text(min_size=1, max_size=5), small, small, small, st.integers(1, 4), st.none() | cuts)
    final = st.builds(Task, st.just("last"), small, small, small, st.integers(1, 4), cuts)
    return st.tuples(st.lists(anyone, max_size=6), final).map(lambda pair: [*pair[0], pair[1]])


@given(tasks())
def test_columns_hold_every_repetition_of_every_task(given_tasks: list[Task]) -> None:
    columns = TaskColumns.expand(given_tasks)
    written_out = [task for task in given_tasks for _ in range(task.repeat)]
    assert len(columns) == len(written_out)
    for index, task in enumerate(written_out):
        row = (columns.amount[index], columns.time[index], columns.volatile[index], bool(columns.is_cut[index]))
        assert row == (task.amount, task.time, task.volatile, task.cut is not None)
        ends = (
            Effort(columns.commit_amount[index], columns.commit_time[index]),
            Effort(columns.resume_amount[index], columns.resume_time[index]),
        )
        assert ends == ((task.cut.commit, task.cut.resume) if task.cut else (Effort(0, 0), Effort(0, 0)))
        assert columns.name(index).startswith(task.name)


@given(tasks())
def test_numpy_sees_the_same_integers(given_tasks: list[Task]) -> None:
    columns = TaskColumns.expand(given_tasks)
    arrays = TaskArrays.of(columns)
    for name in ("amount", "time", "volatile", "commit_amount", "commit_time", "resume_amount", "resume_time"):
        assert getattr(arrays, name).tolist() == list(getattr(columns, name))
    assert arrays.is_cut.tolist() == [bool(cut) for cut in columns.is_cut]
    assert arrays.amount.dtype == np.int64
    with pytest.raises(ValueError, match="read-only"):
        arrays.amount[0] = 1


@given(tasks(), tasks())
def test_equal_digests_mean_equal_work(one: list[Task], other: list[Task]) -> None:
    first, second = TaskColumns.expand(one), TaskColumns.expand(other)
    anonymous = (TaskColumns.expand([Task("x", t.amount, t.time, t.volatile, t.repeat, t.cut) for t in one])).digest()
    assert first.digest() == anonymous
    same = all(
        getattr(first, name) == getattr(second, name)
        for name in first.__dataclass_fields__
        if name not in ("names", "first")
    )
    assert (first.digest() == second.digest()) == same


def test_the_digest_is_stable() -> None:
    columns = columns_of([1, 2], [3, 4], Effort(5, 6), Effort(7, 8))
    assert columns.digest() == "fb52e229b01259f136ad39927b829a9904a42717b7ba161c5cedfa2d04465774"


def test_names_number_repetitions() -> None:
    free = CutCost(Effort(0, 0), Effort(0, 0))
    columns = TaskColumns.expand([Task("sense", 1, 1, cut=free), Task("filter", 1, 1, repeat=3, cut=free)])
    assert [columns.name(index) for index in range(4)] == ["sense", "filter 1", "filter 2", "filter 3"]
    assert [columns.run(index) for index in range(4)] == [0, 1, 1, 1]
    assert columns_of([1, 1], [1, 1], Effort(0, 0), Effort(0, 0)).name(1) == "task 1"


@pytest.mark.parametrize(
    ("arguments", "path"),
    [
        ({"amount": -1}, ".amount"),
        ({"amount": 1.0}, ".amount"),
        ({"time": LIMIT + 1}, ".time"),
        ({"volatile": True}, ".volatile"),
        ({"repeat": 0}, ".repeat"),
        ({"repeat": MAX_TASKS + 1}, ".repeat"),
    ],
)
def test_tasks_that_are_impossible(arguments: dict[str, object], path: str) -> None:
    with pytest.raises(TaskError) as caught:
        Task(**{"name": "a", "amount": 1, "time": 1, **arguments})  # type: ignore[arg-type]
    assert caught.value.path == path


def test_workloads_that_are_impossible() -> None:
    free = CutCost(Effort(0, 0), Effort(0, 0))
    with pytest.raises(TaskError, match="no task"):
        TaskColumns.expand([])
    with pytest.raises(TaskError, match="last task") as caught:
        TaskColumns.expand([Task("a", 1, 1, cut=free), Task("b", 1, 1, repeat=3)])
    assert caught.value.path == "[1].cut"
    with pytest.raises(TaskError, match="brings the number of tasks above") as caught:
        TaskColumns.expand([Task("a", 1, 1, cut=free), Task("b", 1, 1, repeat=MAX_TASKS, cut=free)])
    assert caught.value.path == "[1].repeat"


@pytest.mark.parametrize("what", ["amount", "time"])
def test_sums_that_would_leave_64_bits_are_refused(what: str) -> None:
    half = LIMIT // 2
    fits = {"amount": [1, 1], "time": [1, 1], what: [half - 4, half - 4]}
    one = Effort(1, 1)
    columns_of(**fits, commit=one, resume=one)
    fits[what] = [half, half + 1 - 4]
    with pytest.raises(TaskError, match=f"total {what}"):
        columns_of(**fits, commit=one, resume=one)


def test_columns_are_arrays_of_one_length() -> None:
    good = columns_of([1, 2], [3, 4], Effort(5, 6), Effort(7, 8), [9, 9])
    fields = {name: getattr(good, name) for name in good.__dataclass_fields__}
    with pytest.raises(TypeError, match="time is an array of 2"):
        TaskColumns(**{**fields, "time": array("q", [1])})
    with pytest.raises(TypeError, match="volatile is an array of 2"):
        TaskColumns(**{**fields, "volatile": [1, 2]})
    with pytest.raises(TaskError, match="negative") as caught:
        TaskColumns(**{**fields, "time": array("q", [1, -1])})
    assert caught.value.path == "[1].time"
    with pytest.raises(TaskError, match="too large"):
        columns_of([2**80], [1], Effort(0, 0), Effort(0, 0))
