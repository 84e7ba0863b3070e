"""One-shot: the whole inference in one power cycle, with nothing saved inside; a power loss starts it again.

The baseline of accelerators that cannot be stopped, and of every runtime that ignores power losses.
"""

from __future__ import annotations

from ischedule.models.cost import Effort
from ischedule.policies.execution import Discipline, Execution, Guarantee, Part, Stretch, Unit
from ischedule.policies.policy import Policy, executed
from ischedule.policies.traffic import results_of
from ischedule.policies.uninterrupted import whole_of
from ischedule.policies.workload import Workload

CERTIFIED = Guarantee(True, "one planned power cycle, which fits a full buffer")
UNSEEN = Guarantee(False, "one power cycle drains what a full buffer has; what single activities need is not looked at")


def _execution(workload: Workload) -> Execution:
    nothing = Effort(0, 0)
    tasks = workload.tasks
    if tasks is not None:
        unit = Unit("all tasks", Effort(sum(tasks.amount), sum(tasks.time)), nothing, nothing)
    else:
        wholes = [whole_of(workload, nest) for nest in workload.nests]
        work = Effort(sum(one.price[0] for one in wholes), sum(one.price[1] for one in wholes))
        unit = Unit("the inference", work, nothing, nothing, results_of(workload, wholes))
    parts = [Part("everything", (Stretch(((unit, 1),)),))]
    found = UNSEEN if workload.has_excess else CERTIFIED
    return executed(POLICY.name, Discipline.OPPORTUNISTIC, workload, parts, guarantee=found)


POLICY = Policy("one-shot", "one-shot: nothing saved inside an inference", "the usual baseline", _execution)
