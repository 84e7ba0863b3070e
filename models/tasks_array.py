"""The columns of a workload as numpy arrays, sharing their memory."""

from array import array
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ischedule.models.tasks import TaskColumns

Integers = npt.NDArray[np.int64]


@dataclass(frozen=True)
class TaskArrays:
    """`TaskColumns` for computing with many tasks at once; all arrays are read-only."""

    amount: Integers
    time: Integers
    volatile: Integers
    commit_amount: Integers
    commit_time: Integers
    resume_amount: Integers
    resume_time: Integers
    is_cut: npt.NDArray[np.bool_]

    @classmethod
    def of(cls, columns: TaskColumns) -> "TaskArrays":
        """The same tasks; nothing is copied."""

        def view(column: "array[int]") -> Integers:
            shared: Integers = np.frombuffer(column, dtype=np.int64)
            shared.flags.writeable = False
            return shared

        return cls(
            amount=view(columns.amount),
            time=view(columns.time),
            volatile=view(columns.volatile),
            commit_amount=view(columns.commit_amount),
            commit_time=view(columns.commit_time),
            resume_amount=view(columns.resume_amount),
            resume_time=view(columns.resume_time),
            is_cut=np.frombuffer(columns.is_cut, dtype=np.bool_),
        )
