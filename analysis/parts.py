"""What time and stored amount go into: booting, fetching, computing, storing, saving progress, waiting.

The price of every atom is a sum over the device's primitives. Pricing the same loop nest with the primitives of one
part only gives that part exactly, so that the parts of a plan add up to its latency and its drain, unit for unit.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from enum import Enum

from ischedule.analysis.evaluate import Evaluation
from ischedule.analysis.power_cycles import run_stages
from ischedule.models.case import Case
from ischedule.models.kernels import Price, Prices, totals
from ischedule.models.loaded import loaded
from ischedule.models.plan import Plan
from ischedule.models.preserving import preserving
from ischedule.models.program import Design, Program, Stage, TiledStage
from ischedule.models.tiling import Order, Tiling
from ischedule.models.workload import explicit_tasks


class Part(Enum):
    """One of the things that a plan's time and energy go into."""

    BOOT = "boot"
    RESUME = "resume"
    FETCH = "fetch"
    COMPUTE = "compute"
    STORE = "store"
    TASKS = "tasks"
    COMMIT = "commit"
    LEFT = "left under load"
    FAILURES = "failures"
    WAITING = "waiting"


KERNEL_PARTS = (Part.FETCH, Part.COMPUTE, Part.STORE)
"""The parts of a tiled layer's atoms."""

_FREE: Price = (0, 0)
_FREE_COMMANDS: Mapping[Order, Price] = dict.fromkeys(Order, _FREE)


def prices_of_part(prices: Prices, part: Part) -> Prices:
    """The prices with everything free that does not belong to one part of a kernel."""
    prices = prices.of_steps
    if part is not Part.FETCH:
        prices = replace(prices, read=_FREE, read_sum=_FREE)
        prices = replace(prices, input_command=_FREE, weight_command=_FREE, sums_command=dict(_FREE_COMMANDS))
    if part is not Part.COMPUTE:
        prices = replace(prices, multiply=_FREE, multiply_command=_FREE, tile=_FREE, pool=_FREE)
        prices = replace(prices, add=_FREE, softmax=_FREE, finish=_FREE)
    if part is not Part.STORE:
        prices = replace(prices, write=_FREE, write_sum=_FREE, store_command=dict(_FREE_COMMANDS))
    return prices


@dataclass(frozen=True, slots=True)
class Spent:
    """An amount of the buffer's coordinate and a time (ps)."""

    drain: int
    time: int


def stage_parts(stage: Stage, design: Design) -> dict[Part, Spent]:
    """What all atoms of a design take, by part; measured tasks are not taken apart."""
    if isinstance(stage, TiledStage):
        assert isinstance(design, Tiling)
        extent = stage.forms[design.form]
        split = {part: totals(extent, design, prices_of_part(stage.prices, part)) for part in KERNEL_PARTS}
        return {part: Spent(*price) for part, price in split.items()}
    assert isinstance(design, int)
    chain = stage.chain(design)
    return {Part.TASKS: Spent(sum(map(int, chain.drain)), sum(map(int, chain.time)))}


def plan_parts(case: Case, program: Program, plan: Plan, evaluation: Evaluation) -> dict[Part, Spent]:
    """Where the latency of a plan goes, and its drain.

    Every cycle begins with booting (or waking). Resuming is what it pays at its start besides: reading the progress
    record, and fetching again what a cycle before had in volatile memory. Waiting drains nothing that the plan counts;
    a cold device that boots before its first wait takes that time to boot.
    """
    restart = loaded(case).restart
    before = case.boot.time if program.law.head.delay else 0
    boot = Spent(evaluation.cycles * restart.amount, evaluation.cycles * restart.time)
    parts = {
        Part.BOOT: Spent(boot.drain, boot.time + before),
        Part.RESUME: Spent(evaluation.resume_drain - boot.drain, evaluation.resume_time - boot.time),
    }
    for stage, design in zip(run_stages(program, plan), plan.designs, strict=True):
        for part, spent in stage_parts(stage, design).items():
            others = parts.get(part, Spent(0, 0))
            parts[part] = Spent(others.drain + spent.drain, others.time + spent.time)
    parts[Part.COMMIT] = _committed(program, plan, evaluation)
    parts[Part.WAITING] = Spent(0, evaluation.waiting - before)
    if evaluation.failures:
        parts[Part.FAILURES] = Spent(0, evaluation.failures)
    return parts


def _committed(program: Program, plan: Plan, evaluation: Evaluation) -> Spent:
    """What is written to keep progress: by the cycles that end, and by the atoms of footprints."""
    drain, time = evaluation.commit_drain, evaluation.commit_time
    for stage, design in zip(run_stages(program, plan), plan.designs, strict=True):
        if isinstance(stage, TiledStage) and isinstance(design, Tiling):
            more = preserving(stage.forms[design.form], design, stage.prices)
            drain, time = drain + more[0], time + more[1]
    return Spent(drain, time)


@dataclass(frozen=True, slots=True)
class TaskRun:
    """A task of a case and its repetitions: what all of them drain, and how long they run (ps)."""

    name: str
    times: int
    drain: int
    running: int


def task_runs(case: Case) -> list[TaskRun]:
    """The named tasks of a case in order, repetitions together; none where they have no names."""
    tasks = explicit_tasks(case)
    if tasks is None or not tasks.first:
        return []
    amounts, ends = loaded(case).tasks(tasks).amount, [*tasks.first[1:], len(tasks)]
    return [
        TaskRun(name, end - start, sum(amounts[start:end]), sum(tasks.time[start:end]))
        for name, start, end in zip(tasks.names, tasks.first, ends, strict=True)
    ]
