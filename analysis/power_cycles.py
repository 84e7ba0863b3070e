"""The power cycles of a plan: which atoms each runs, what it drains, and whether it may be run at all.

The atoms of the chosen designs stand in a row and are cut into power cycles. A cycle drains what its first atom takes
to resume, its atoms, and what its last atom takes to commit, and is active for the same sum of times.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from enum import Enum
from itertools import accumulate, chain, repeat

from ischedule.analysis.label_closure import cycle_demand
from ischedule.models.block import Block, is_block_tiling
from ischedule.models.chain import Chain
from ischedule.models.plan import Plan, PowerCycles
from ischedule.models.program import Design, ExplicitStage, Program, Stage, TiledStage
from ischedule.models.tiling import Tiling, innermost
from ischedule.models.waiting import CycleLaw, Position, Threshold, positions


class Violation(Enum):
    """The conditions that a plan must meet, by what it means to break each."""

    DESIGN_COUNT = "not one design for each stage"
    NO_WAY = "no order of the stages"
    UNKNOWN_DESIGN = "no design of the stage"
    VOLATILE_MEMORY = "volatile memory"
    ATOM_COUNT = "not every atom in one power cycle"
    NO_CUT = "a power cycle ends where there is no cut"
    CYCLE_COUNT = "more power cycles than the supply allows"
    CYCLE_TOO_LARGE = "power cycle too large"
    UNKNOWN_LEVEL = "no threshold of the hardware"
    LEVEL_TOO_LOW = "threshold too low"
    SUPPLY = "more than the supply promises"
    PERIOD = "not back at the start within the period"
    WRITE_AFTER_READ = "a power cycle that cannot be repeated"


class InvalidPlan(Exception):
    """The first condition that a plan breaks, and where."""

    def __init__(self, violation: Violation, text: str) -> None:
        self.violation = violation
        self.text = text
        super().__init__(violation, text)

    def __str__(self) -> str:
        return f"{self.violation.value}: {self.text}"


@dataclass(frozen=True, slots=True)
class Cycle:
    """One power cycle: its first atom and the one after its last, counted over the plan, its drain and its ends.

    ``need`` is what must be stored when it begins, at least what it drains. More than ``top``, where there is one, is
    no use: what flows in while it runs would rise above what is kept.

    The stages are counted in the order in which the plan runs them.
    """

    start: int
    end: int
    drain: int
    resume_time: int
    commit_time: int
    first_stage: int
    last_stage: int
    need: int
    top: int | None = None


def chains_of(program: Program, plan: Plan) -> list[Chain]:
    """The chains of the chosen designs; raises `InvalidPlan` for one that is unknown to its stage or does not fit."""
    return [_chain_of(stage, design) for stage, design in zip(run_stages(program, plan), plan.designs, strict=True)]


def run_stages(program: Program, plan: Plan) -> list[Stage]:
    """The stages that a plan runs, in its order; raises `InvalidPlan` where they are no way through the program."""
    if len(plan.designs) != len(plan.stages) or (program.is_chain and len(plan.designs) != len(program.stages)):
        text = f"{len(plan.designs)} designs for {len(program.stages)} stages"
        raise InvalidPlan(Violation.DESIGN_COUNT, text)
    if program.path(plan.stages) is None:
        text = "the stages in the order " + ", ".join(map(str, plan.stages)) + " are no way through the program"
        raise InvalidPlan(Violation.NO_WAY, text)
    return [program.stages[index] for index in plan.stages]


def _chain_of(stage: Stage, design: Design) -> Chain:
    if isinstance(stage, ExplicitStage):
        if type(design) is not int or not 0 <= design < len(stage.designs):
            raise InvalidPlan(Violation.UNKNOWN_DESIGN, f"stage {stage.name} has no {_describe(design)}")
        found = stage.executed(design) if stage.fits(design) else None
    else:
        if not isinstance(design, Tiling) or not is_tiling_of(stage, design):
            raise InvalidPlan(Violation.UNKNOWN_DESIGN, f"stage {stage.name} has no {_describe(design)}")
        found = stage.executed(design) if stage.fits(design) else None
    if found is None:
        text = f"{_describe(design)} of stage {stage.name} exceeds {stage.volatile} bytes"
        raise InvalidPlan(Violation.VOLATILE_MEMORY, text)
    return found


def _describe(design: Design) -> str:
    return design.describe() if isinstance(design, Tiling) else f"design {design}"


def is_tiling_of(stage: TiledStage, tiling: Tiling) -> bool:
    """Whether a tiling's form, order, tile sizes and batch are within the stage's loops."""
    if not 0 <= tiling.form < len(stage.forms):
        return False
    extent = stage.forms[tiling.form]
    if isinstance(extent, Block):
        return is_block_tiling(extent, tiling)
    if tiling.order not in extent.orders or tiling.inputs < extent.least_inputs:
        return False
    tile = (tiling.rows, tiling.columns, tiling.outputs, tiling.inputs)
    if not all(1 <= size <= loop for size, loop in zip(tile, extent.loops, strict=True)):
        return False
    return 1 <= tiling.batch <= innermost(extent, tiling) and stage.has(tiling)


def column(values: Sequence[int]) -> Iterator[int]:
    """The entries of a chain's column as Python integers, whatever holds them."""
    return map(int, values)


def _ends(program: Program, chains: Sequence[Chain], plan: Plan) -> list[int]:
    """The position after the last atom of each cycle."""
    atoms = sum(map(len, chains))
    if not plan.cycles or any(run.repeat < 1 or run.atoms < 1 for run in plan.cycles):
        raise InvalidPlan(Violation.ATOM_COUNT, "a plan has at least one power cycle, and each runs at least one atom")
    if sum(run.repeat * run.atoms for run in plan.cycles) != atoms:
        planned = sum(run.repeat * run.atoms for run in plan.cycles)
        raise InvalidPlan(Violation.ATOM_COUNT, f"the power cycles run {planned} atoms, the designs have {atoms}")
    allowed = program.law.max_cycles
    cycles = sum(run.repeat for run in plan.cycles)
    if allowed is not None and cycles > allowed:
        raise InvalidPlan(Violation.CYCLE_COUNT, f"{cycles} power cycles, where at most {allowed} can be supplied")
    return list(accumulate(chain.from_iterable(repeat(run.atoms, run.repeat) for run in plan.cycles)))


def power_cycles(program: Program, plan: Plan, chains: Sequence[Chain]) -> list[Cycle]:
    """All power cycles of a plan in order; raises `InvalidPlan` for one that ends where it cannot."""
    prefix = list(accumulate(chain.from_iterable(column(one.drain) for one in chains), initial=0))
    firsts = [0, *accumulate(map(len, chains))]
    cycles: list[Cycle] = []
    start = stage = 0
    for end in _ends(program, chains, plan):
        while start >= firsts[stage + 1]:
            stage += 1
        last = stage
        while end > firsts[last + 1]:
            last += 1
        opening, closing = start - firsts[stage], end - 1 - firsts[last]
        if not chains[last].cut[closing]:
            name = program.stages[plan.stages[last]].name
            where = f"cycle {len(cycles) + 1} ends after atom {closing + 1} of stage {name}"
            raise InvalidPlan(Violation.NO_CUT, where)
        drain = prefix[end] - prefix[start]
        drain += int(chains[stage].resume_drain[opening]) + int(chains[last].commit_drain[closing])
        resume, commit = int(chains[stage].resume_time[opening]), int(chains[last].commit_time[closing])
        need, top = drain, None
        if any(one.has_needs for one in chains[stage : last + 1]):
            need, top = _need_and_top(program, chains[stage], opening, opening + end - start)
        cycles.append(Cycle(start, end, drain, resume, commit, stage, last, need, top))
        start = end
    return cycles


def _need_and_top(program: Program, chain: Chain, start: int, end: int) -> tuple[int, int | None]:
    """What a cycle of tasks needs when it begins, and up to which level more is any use; None if up to any."""
    whole = cycle_demand(chain, start, end, program.law.charging.buffer.coordinate)
    if chain.ceiling is None:
        return whole.need, None
    if whole.height > chain.ceiling:
        text = f"what flows into the buffer must come to {whole.height} and is kept up to {chain.ceiling}"
        raise InvalidPlan(Violation.CYCLE_TOO_LARGE, f"in the power cycle of tasks {start + 1} to {end} {text}")
    return whole.need, chain.ceiling - whole.rise


def thresholds_of(
    law: CycleLaw, runs: Iterable[PowerCycles], drains: Sequence[int], needs: Sequence[int] | None = None
) -> list[Threshold]:
    """The threshold of every cycle; raises `InvalidPlan` for one that the hardware lacks or that does not suffice.

    Cycles need what they drain unless more is said.
    """
    needs = drains if needs is None else needs
    found: list[Threshold] = []
    capacities = {Position.FIRST: law.first_capacity, Position.ONLY: law.first_capacity}
    where = positions(len(drains))
    for run in runs:
        threshold = _threshold_of(law, run)
        for _ in range(run.repeat):
            index = len(found)
            need, capacity = needs[index], capacities.get(where[index], law.capacity)
            verb = "drains" if need == drains[index] else "needs"
            if need > capacity:
                text = f"cycle {index + 1} {verb} {need}, at most {capacity} are available"
                raise InvalidPlan(Violation.CYCLE_TOO_LARGE, text)
            level = threshold.level if index else max(threshold.level, law.head.level)
            if need + law.upkeep.reserve > level:
                text = f"cycle {index + 1} {verb} {need} and starts at {level}"
                raise InvalidPlan(Violation.LEVEL_TOO_LOW, text)
            found.append(threshold)
    return found


def _threshold_of(law: CycleLaw, run: PowerCycles) -> Threshold:
    try:
        return law.threshold_at(run.level, run.code)
    except ValueError as error:
        raise InvalidPlan(Violation.UNKNOWN_LEVEL, str(error)) from None
