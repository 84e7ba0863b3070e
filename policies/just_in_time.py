"""Just-in-time: a comparator warns before power fails, and the runtime saves all volatile memory in use.

The warning level covers the largest image of any layer, so that what it reserves is lost to work in every power cycle.
Work is divided into a layer's vector operations, which cannot be interrupted; nothing is run twice.
"""

from __future__ import annotations

from itertools import pairwise

from ischedule.models.cost import Effort
from ischedule.models.demand import Coordinate
from ischedule.models.quantities import CHARGE, ENERGY
from ischedule.policies.execution import (
    Discipline,
    Execution,
    Guarantee,
    Part,
    Requirement,
    Run,
    Snapshot,
    Stretch,
    Unit,
)
from ischedule.policies.policy import Policy, executed
from ischedule.policies.traffic import results_of
from ischedule.policies.uninterrupted import Whole, whole_of
from ischedule.policies.workload import Inapplicable, Workload

UNCERTIFIED = Guarantee(
    False,
    "saves wherever the warning comes: progress holds if the warning level and its delay do, a latency for one "
    "constant supply only",
)


def _execution(workload: Workload) -> Execution:
    if workload.tasks is not None:
        raise Inapplicable("what an image of volatile memory costs follows from a device, and the case has tasks")
    wholes = [(nest.name, whole_of(workload, nest)) for nest in workload.nests]
    snapshot = snapshot_of(workload, max(whole.volatile for _, whole in wholes))
    parts = [Part(name, (Stretch(_pieces(workload, whole)),)) for name, whole in wholes]
    dearest = max(run[0].amount for part in parts for run in part.stretches[0].runs)
    dimension = ENERGY if workload.case.coordinate is Coordinate.ENERGY else CHARGE
    needed = snapshot.restore.amount + dearest + snapshot.save.amount
    fits = Requirement("restoring, one operation and saving", needed, max(workload.budget, 0), dimension)
    return executed(POLICY.name, Discipline.JUST_IN_TIME, workload, parts, [fits], UNCERTIFIED, snapshot)


def snapshot_of(workload: Workload, size: int) -> Snapshot:
    """An image of so many bytes in one transfer each way, the progress record with it."""
    device = workload.device
    words = -(-size // device.word_bytes) + device.record_words
    save, restore = device.write.of(words).rounded_up(), device.read.of(words).rounded_up()
    return Snapshot(words * device.word_bytes, save, restore)


def _pieces(workload: Workload, whole: Whole) -> tuple[Run, ...]:
    """A layer in as many equal pieces as it has operations, to the last femtojoule and picosecond."""
    nothing = Effort(0, 0)
    number = whole.commands
    (energy, more_energy), (time, more_time) = (divmod(part, number) for part in whole.price)
    marks = sorted({0, more_energy, more_time, number})
    traffic = results_of(workload, [whole])
    runs: list[Run] = []
    for start, end in pairwise(marks):
        work = Effort(energy + (start < more_energy), time + (start < more_time))
        runs.append((Unit("an operation", work, nothing, nothing), end - start))
    first, times = runs[0]
    noted = Unit(first.name, first.work, nothing, nothing, traffic)
    return ((noted, 1), *(((first, times - 1),) if times > 1 else ()), *runs[1:])


POLICY = Policy(
    "just-in-time",
    "just in time: all volatile memory in use saved at a warning level",
    "Hibernus (Balsamo et al., IEEE ESL 7(1), 2015) and its successors",
    _execution,
)
