"""What a plan costs, exactly, and where its time and its drain go.

Waiting is what the certified rule gives (`replay`): cycle k starts at the higher of its threshold and the level left.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate, pairwise

from ischedule.analysis.accesses import require_repeatable
from ischedule.analysis.power_cycles import (
    Cycle,
    InvalidPlan,
    Violation,
    chains_of,
    column,
    power_cycles,
    run_stages,
    thresholds_of,
)
from ischedule.analysis.responses import Failed, recovery_of, response, works_of
from ischedule.models.chain import Chain
from ischedule.models.cycle_law import Threshold, begin
from ischedule.models.failures import Begun, allowance
from ischedule.models.fixed_wake import FixedWakeLaw
from ischedule.models.plan import Plan
from ischedule.models.preservation import COUNTER_BYTES, Kind
from ischedule.models.program import Design, Program, Stage, TiledStage
from ischedule.models.tiling import Extent, Order, Tiling, atoms_in, count, innermost
from ischedule.models.waiting import CycleLaw, replay


@dataclass(frozen=True, slots=True)
class StageTotals:
    """A stage's part: its atoms, the cycles that run any of them, and the starts and ends of cycles that lie in it.

    Drain and active time are exact; waiting is shared out in proportion to drain, to the picosecond. ``written`` counts
    the bytes of results and partial sums that a tiled stage stores, and of its footprints.
    """

    name: str
    atoms: int
    cycles: int
    drain: int
    active: int
    waiting: int
    written: int


@dataclass(frozen=True, slots=True)
class Evaluation:
    """The exact figures of a plan, in the buffer's coordinate and picoseconds.

    ``latency`` follows the certified rule; ``additive`` is what bounds are about, the sum of prices (see
    `CycleLaw.waiting`). The two are equal if the thresholds are those of the prices and no later cycle starts above its
    own. ``failures`` is the part of the latency that allows for failures of power. ``written`` includes a record for
    each cycle that commits one.
    """

    latency: int
    additive: int
    cycles: int
    drain: int
    atoms_drain: int
    resume_drain: int
    commit_drain: int
    atoms_time: int
    resume_time: int
    commit_time: int
    waiting: int
    written: int
    largest_cycle: int
    largest_need: int
    failures: int
    stages: tuple[StageTotals, ...]


def evaluate(program: Program, plan: Plan) -> Evaluation:
    """All figures of a plan. Raises `InvalidPlan`."""
    chains, law = chains_of(program, plan), program.law
    cycles = power_cycles(program, plan, chains)
    require_repeatable(program, plan, cycles, [len(one) for one in chains])
    drains = [cycle.drain for cycle in cycles]
    thresholds = thresholds_of(law, plan.cycles, drains, [cycle.need for cycle in cycles])
    atoms_time = sum(sum(column(one.time)) for one in chains)
    resume, commit = sum(cycle.resume_time for cycle in cycles), sum(cycle.commit_time for cycle in cycles)
    active, allowed = atoms_time + resume + commit, 0
    if law.curve is None:
        replayed = replay(law, drains, thresholds, [cycle.top for cycle in cycles])
        waiting = replayed.waiting
        recovery = 0 if law.period is None else _recovery(program, drains[-1], replayed.levels[-1])
        if program.failures:
            allowed = _allowance(program, chains, cycles, thresholds, replayed.levels)
        additive = active + waiting if program.has_needs else active + law.waiting(drains)
    else:
        works = works_of(chains, cycles, thresholds)
        additive = response(law, works)
        failed = None
        if program.failures:
            failed = Failed(program.failures, [one.high for one in _enough(program, cycles, thresholds)])
            allowed = response(law, works, failed) - additive
        waiting, recovery = additive - active, recovery_of(law, works, failed)
    latency = active + waiting + allowed
    _require_period(law, latency, recovery)
    run = run_stages(program, plan)
    written = [_written(stage, design) for stage, design in zip(run, plan.designs, strict=True)]
    commits = _committed(run, chains, cycles)
    stages = _stage_totals(run, chains, cycles, waiting, written)
    resume_drain, commit_drain = _end_drains(chains, cycles)
    return Evaluation(
        latency=latency,
        additive=additive,
        cycles=len(cycles),
        drain=sum(drains),
        atoms_drain=sum(drains) - resume_drain - commit_drain,
        resume_drain=resume_drain,
        commit_drain=commit_drain,
        atoms_time=atoms_time,
        resume_time=resume,
        commit_time=commit,
        waiting=waiting,
        written=sum(written) + commits,
        largest_cycle=max(drains),
        largest_need=max(cycle.need for cycle in cycles),
        failures=allowed,
        stages=stages,
    )


def _allowance(
    program: Program,
    chains: Sequence[Chain],
    cycles: Sequence[Cycle],
    thresholds: Sequence[Threshold],
    left: Sequence[int],
) -> int:
    """What the failures that the program tolerates take at most, each cycle having left a level."""
    law, times = program.law, [time for one in chains for time in column(one.time)]
    before = (law.head.level, *left[:-1])
    starts = enumerate(zip(before, thresholds, strict=True))
    begun = [begin(law, level, threshold, is_first=index == 0)[1] for index, (level, threshold) in starts]
    running = [one.resume_time + one.commit_time + sum(times[one.start : one.end]) for one in cycles]
    return allowance(program, map(Begun, _enough(program, cycles, thresholds), begun, running))


def _enough(program: Program, cycles: Sequence[Cycle], thresholds: Sequence[Threshold]) -> list[Threshold]:
    """What each cycle waits for when it is run again: a first one that found enough at its start, for what suffices."""
    law = program.law
    if cycles[0].need > law.capacity:
        text = f"the first cycle needs {cycles[0].need}, and no threshold guarantees that where it is run again"
        raise InvalidPlan(Violation.CYCLE_TOO_LARGE, text)
    return [
        one if cycle.need + law.upkeep.reserve <= one.level else min(law.shared(None, cycle.need), key=lambda t: t.high)
        for one, cycle in zip(thresholds, cycles, strict=True)
    ]


def _recovery(program: Program, drain: int, left: int) -> int:
    """How long it takes from the last publish until a periodic start is what it assumes.

    Where more flows in during some task than it takes, the level that is left counts: some of that can be lost.
    """
    law = program.law
    if program.has_needs and isinstance(law, FixedWakeLaw):
        return law.upkeep.pause + law.charging.charge_time(left, law.turn_on.high) + law.upkeep.latency
    return law.recovery(drain)


def _require_period(law: CycleLaw, latency: int, recovery: int) -> None:
    """Raise `InvalidPlan` unless the next inference finds the buffer as a periodic start assumes it."""
    if law.period is None:
        return
    recovery = 0 if law.recharge_target is not None else recovery
    if latency + recovery > law.period:
        text = f"latency {latency} ps and recharging {recovery} ps exceed the period of {law.period} ps"
        raise InvalidPlan(Violation.PERIOD, text)


def _end_drains(chains: Sequence[Chain], cycles: Sequence[Cycle]) -> tuple[int, int]:
    """What all cycles together drain to resume and to commit."""
    firsts = [0, *accumulate(map(len, chains))]
    resume = sum(int(chains[one.first_stage].resume_drain[one.start - firsts[one.first_stage]]) for one in cycles)
    commit = sum(int(chains[one.last_stage].commit_drain[one.end - 1 - firsts[one.last_stage]]) for one in cycles)
    return resume, commit


def _stage_totals(
    run: Sequence[Stage], chains: Sequence[Chain], cycles: Sequence[Cycle], waiting: int, written: Sequence[int]
) -> tuple[StageTotals, ...]:
    drain = [sum(column(one.drain)) for one in chains]
    active = [sum(column(one.time)) for one in chains]
    touched = [0] * len(chains)
    firsts = [0, *accumulate(map(len, chains))]
    for cycle in cycles:
        opening, closing = chains[cycle.first_stage], chains[cycle.last_stage]
        drain[cycle.first_stage] += int(opening.resume_drain[cycle.start - firsts[cycle.first_stage]])
        drain[cycle.last_stage] += int(closing.commit_drain[cycle.end - 1 - firsts[cycle.last_stage]])
        active[cycle.first_stage] += cycle.resume_time
        active[cycle.last_stage] += cycle.commit_time
        for stage in range(cycle.first_stage, cycle.last_stage + 1):
            touched[stage] += 1
    shares = shared_out(waiting, drain)
    return tuple(
        StageTotals(stage.name, len(chains[i]), touched[i], drain[i], active[i], shares[i], written[i])
        for i, stage in enumerate(run)
    )


def shared_out(amount: int, weights: Sequence[int]) -> list[int]:
    """An amount in integer parts that are proportional to the weights but for rounding, and whose sum is the amount."""
    total = sum(weights)
    if total == 0:
        return [amount, *[0] * (len(weights) - 1)]
    marks = [amount * mark // total for mark in accumulate(weights, initial=0)]
    return [after - before for before, after in pairwise(marks)]


def _committed(run: Sequence[Stage], chains: Sequence[Chain], cycles: Sequence[Cycle]) -> int:
    """What the commits of all cycles store: a record each, but inside layers without, or what explicit chains state."""
    firsts = [0, *accumulate(map(len, chains))]
    total = 0
    for cycle in cycles:
        stage, stored = run[cycle.last_stage], chains[cycle.last_stage].commit_stored
        if isinstance(stage, TiledStage):
            ends_inside = cycle.end < firsts[cycle.last_stage + 1]
            total += 0 if ends_inside and stage.kind is not Kind.RECORD else stage.ends.record
        elif len(stored):
            total += int(stored[cycle.end - 1 - firsts[cycle.last_stage]])
    return total


def _written(stage: Stage, design: Design) -> int:
    """Bytes of results and partial sums that a tiled stage stores; of explicit ones what their atoms are stated to."""
    if not isinstance(stage, TiledStage) or not isinstance(design, Tiling):
        return sum(map(int, stage.chain(design).stored))  # type: ignore[arg-type]
    extent = stage.forms[design.form]
    pixels = 1 if extent.pooling else extent.rows * extent.columns
    stored = stage.prices.word_bytes + (_passes(extent, design) - 1) * stage.prices.sum_bytes
    return extent.groups * extent.results * pixels * stored + _kept(stage, design)


def _kept(stage: TiledStage, design: Tiling) -> int:
    """Bytes of what its atoms write to keep progress: a record at the beginning, and counters or markers."""
    if stage.kind is Kind.RECORD:
        return 0
    extent = stage.forms[design.form]
    if stage.kind is Kind.FOOTPRINT:
        return stage.ends.record + COUNTER_BYTES * atoms_in(extent, design)
    return stage.ends.record + extent.rows * extent.columns * _passes(extent, design) * stage.prices.sum_bytes


def _passes(extent: Extent, tiling: Tiling) -> int:
    """How often each result is stored: as a sum but for the last time."""
    if extent.pooling:
        return count(innermost(extent, tiling), tiling.batch)
    passes = 1 if extent.channelwise else count(extent.inputs, tiling.inputs)
    return count(passes, tiling.batch) if tiling.order is Order.OUTPUT else passes
