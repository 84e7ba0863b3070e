"""Layer by layer: a progress record after each layer; a power loss starts the layer again.

Results of layers lie in non-volatile memory already, so that the record is all that is saved. Tasks are saved at every
cut, at the case's own costs. (Protean and the MAX78000 toolchain save a layer's results themselves, because their
accelerator's memory is volatile.)
"""

from __future__ import annotations

from collections.abc import Iterator

from ischedule.models.cost import Effort
from ischedule.policies.execution import Discipline, Execution, Part, Run, Stretch, Traffic, Unit
from ischedule.policies.policy import Policy, executed
from ischedule.policies.traffic import results_of
from ischedule.policies.uninterrupted import whole_of
from ischedule.policies.workload import Workload


def _execution(workload: Workload) -> Execution:
    parts = [task_part(workload)] if workload.tasks is not None else list(_layers(workload))
    return executed(POLICY.name, Discipline.OPPORTUNISTIC, workload, parts)


def _layers(workload: Workload) -> Iterator[Part]:
    ends, boot = workload.ends, workload.boot
    commit = Effort(*ends.commit)
    recover = Effort(ends.resume[0] - boot.amount, ends.resume[1] - boot.time)
    record = Traffic(writes=1, bytes_written=ends.record, extra_writes=1, extra_bytes_written=ends.record)
    for nest in workload.nests:
        whole = whole_of(workload, nest)
        unit = Unit("the layer", Effort(*whole.price), commit, recover, results_of(workload, [whole]) + record)
        yield Part(nest.name, (Stretch(((unit, 1),)),))


def task_part(workload: Workload) -> Part:
    """Tasks as units that end at the cuts of the case, each saved as the case prices it. More flowing in during one of
    them than it takes counts for nothing."""
    chain, boot = workload.chain, workload.boot
    runs: list[Run] = []
    first = 0
    for place, is_cut in enumerate(chain.cut):
        if not is_cut:
            continue
        taken = sum(max(0, int(drain)) for drain in chain.drain[first : place + 1])
        work = Effort(taken, sum(chain.time[first : place + 1]))
        commit = Effort(int(chain.commit_drain[place]), int(chain.commit_time[place]))
        recover = Effort(int(chain.resume_drain[first]) - boot.amount, int(chain.resume_time[first]) - boot.time)
        unit = Unit("a task", work, commit, recover, Traffic(extra_writes=1, writes=1))
        if runs and runs[-1][0] == unit:
            runs[-1] = (unit, runs[-1][1] + 1)
        else:
            runs.append((unit, 1))
        first = place + 1
    return Part("tasks", (Stretch(tuple(runs)),))


POLICY = Policy(
    "layer-by-layer",
    "layer by layer: a progress record after every layer, or every task's own checkpoint",
    "Protean (ka-moamoa/protean-firmware), and the toolchain of Caronti et al., TECS 22(5) 82, 2023",
    _execution,
)
