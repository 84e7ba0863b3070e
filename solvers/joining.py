"""Plans of a single cycle, where the buffer holds more than the floor when an inference starts.

Under programmable wake the prices of a plan regroup its waits, and give the level that the first cycle leaves as a
credit to the next one. A second cycle that needs less than this level would be paid for waiting: its price is then a
relaxation, and the cheapest sum of prices may belong to a plan that splits what one cycle could run. Two facts repair
this. Joining such a cycle to the one before never costs more, so plans of one cycle are looked at by themselves. And
no plan of several cycles takes less than its active time: a plan of one cycle that takes no longer is the best.
"""

from __future__ import annotations

from dataclasses import replace

from ischedule.models import kernels_array
from ischedule.models.cycle_law import CycleLaw, replay
from ischedule.models.plan import Plan
from ischedule.models.program import Program, Stage, TiledStage
from ischedule.models.programmable_wake import ProgrammableWakeLaw


def may_be_paid_for_waiting(law: CycleLaw) -> bool:
    """Whether a law's prices can be less than what a plan takes because of the level at its start."""
    return isinstance(law, ProgrammableWakeLaw) and law.head.level > 0 and law.max_cycles is None


def single_cycle(program: Program) -> Program:
    """The program, for plans of one cycle."""
    return replace(program, law=program.law.alone())


def active_of_several(program: Program) -> int:
    """The least active time of a plan of at least two cycles, without waiting; its first and last ends and one cut."""
    stages = program.stages
    ends = [_ends(stage) for stage in stages]
    outer = min(first for first, _, _ in ends[:1]) + min(last for _, last, _ in ends[-1:])
    return sum(map(_least_time, stages)) + outer + min(cut for _, _, cut in ends)


def _ends(stage: Stage) -> tuple[int, int, int]:
    """The least time to begin with the stage, to end with it, and to end and start again at one of its cuts."""
    if isinstance(stage, TiledStage):
        return stage.ends.resume[1], stage.ends.commit[1], stage.ends.resume[1] + stage.ends.commit[1]
    fitting = [chain for index, chain in enumerate(stage.designs) if stage.fits(index)]
    resume = min((int(min(chain.resume_time)) for chain in fitting), default=0)
    commit = min((int(min(chain.commit_time)) for chain in fitting), default=0)
    first = min((int(chain.resume_time[0]) for chain in fitting), default=0)
    last = min((int(chain.commit_time[-1]) for chain in fitting), default=0)
    return first, last, resume + commit


def _least_time(stage: Stage) -> int:
    if not isinstance(stage, TiledStage):
        return min((sum(map(int, c.time)) for i, c in enumerate(stage.designs) if stage.fits(i)), default=0)
    least = [
        int(kernels_array.totals(designs, stage.prices)[1].min())
        for form, extent in enumerate(stage.forms)
        for designs in kernels_array.enumerate_designs(
            form, extent, stage.prices, stage.volatile, sums_in_memory=stage.sums_in_memory
        )
        if len(designs)
    ]
    return min(least, default=0)


def latency_of(program: Program, plan: Plan) -> int:
    """What a plan takes by the certified rule."""
    law = program.law
    chains = [stage.chain(design) for stage, design in zip(program.stages, plan.designs, strict=True)]  # type: ignore[arg-type]
    drain, time, resume_drain, resume_time, commit_drain, commit_time = (
        [int(value) for chain in chains for value in chain.columns()[column]] for column in range(6)
    )
    drains, thresholds, active, begin = [], [], 0, 0
    for run in plan.cycles:
        threshold = law.threshold_at(run.level, run.code)
        for _ in range(run.repeat):
            end = begin + run.atoms
            drains.append(resume_drain[begin] + sum(drain[begin:end]) + commit_drain[end - 1])
            active += resume_time[begin] + sum(time[begin:end]) + commit_time[end - 1]
            thresholds.append(threshold)
            begin = end
    return active + replay(law, drains, thresholds).waiting
