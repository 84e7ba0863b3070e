"""What stands in the way of tasks whose power cycles need more than they drain."""

from __future__ import annotations

from ischedule.analysis.label_closure import cycles_from
from ischedule.analysis.parts import Part
from ischedule.analysis.shortage import Shortage, amount_of, named_task
from ischedule.models.case import Case
from ischedule.models.demand import Demand
from ischedule.models.diagnosis import Diagnosis
from ischedule.models.loaded import loaded
from ischedule.models.plan import Levels
from ischedule.models.program import ExplicitStage, Program
from ischedule.models.quantities import show
from ischedule.models.workload import explicit_tasks


def need_shortage(case: Case, program: Program, proof: Levels) -> Shortage:
    """The least power cycle that would lead on from what can be reached to a cut that cannot."""
    stage, law = program.stages[0], program.law
    assert isinstance(stage, ExplicitStage)
    tasks = explicit_tasks(case)
    assert tasks is not None, "a stage of explicit tasks has tasks"
    chain, coordinate = stage.chain(0), law.charging.buffer.coordinate
    reached = [cut for cut, labels in enumerate(proof.cuts) if labels]
    furthest = max(reached)
    end = next(index + 1 for index in range(furthest, len(chain)) if chain.cut[index])
    if law.max_cycles == 1:
        reached, end = [0], len(chain)
    found: list[tuple[int, int, Demand]] = []
    for start in reached:
        whole = next(whole for at, _, whole in cycles_from(chain, start, coordinate) if at == end)
        available = law.capacity if start else law.first_capacity
        found.append((whole.need - available, start, whole))
    _, start, cycle = min(found, key=lambda one: (one[0], -one[1]))
    restart = loaded(case).restart.amount
    parts = {
        Part.BOOT: restart,
        Part.RESUME: int(chain.resume_drain[start]) - restart,
        Part.TASKS: sum(map(int, chain.drain[start:end])),
        Part.COMMIT: int(chain.commit_drain[end - 1]),
        Part.LEFT: cycle.need - cycle.drain,
    }
    names = tasks.name(start), tasks.name(end - 1)
    where = named_task(names[0]) if end == start + 1 else f"tasks {names[0]} to {names[1]}"
    what = "it" if end == start + 1 else "them all"
    available, measure = law.capacity if start else law.first_capacity, amount_of(case)
    left = f" and must leave {show(parts[Part.LEFT], measure)} so that the voltage holds under its load"
    sentence = (
        f"a power cycle for {what} drains {show(cycle.drain, measure)}{left if parts[Part.LEFT] else ''}, "
        f"there are {show(available, measure)}"
    )
    name = Diagnosis.ATOM_TOO_LARGE if law.limited_by is Diagnosis.ATOM_TOO_LARGE else law.limited_by
    return Shortage(name, where, sentence, cycle.need, available, measure, tuple(parts.items()))
