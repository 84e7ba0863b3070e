"""How far rounding can move the optimum: optimality is claimed for integers, this is the distance to exact times.

Each wait of a plan is priced by two elapsed times, one rounded up and one down, and by a threshold whose level is
rounded by at most one unit. A plan that takes no longer than a given latency has no more cycles than that latency
divided by the shortest possible start and end of a cycle, and no more than there are atoms.
"""

from __future__ import annotations

from ischedule.models.chain import Chain
from ischedule.models.cycle_law import CycleLaw, Position
from ischedule.models.fixed_wake import FixedWakeLaw
from ischedule.models.program import ExplicitStage, Program, Stage, TiledStage


def of_one_wait(law: CycleLaw) -> int:
    """By how many picoseconds the price of one wait can exceed what exact charging times give."""
    charging, top = law.charging, law.threshold(law.capacity, Position.MID).high
    levels = [level for level in (1, top) if charging.reaches(level)]  # nothing is waited for that is not reached
    return 2 * max((charging.elapsed_up(level) - charging.elapsed_down(level - 1) for level in levels), default=0)


def slack_of(law: CycleLaw) -> int:
    """By how many picoseconds a cycle can cost less than its price, at any threshold that suffices for it, where the
    least one is the best: its wait is rounded there as well, and so is the level that it leaves."""
    return 2 * of_one_wait(law)


def slack_of_plans(program: Program, cost: int) -> int:
    """By how many picoseconds a plan that costs no more than this can cost less than the prices of its cycles."""
    if isinstance(program.law, FixedWakeLaw) or program.law.curve is not None:
        return 0
    return slack_of(program.law) * most_cycles(program, max(0, cost + program.law.offset))


def late_beyond(program: Program, deadline: int | None) -> int | None:
    """A bound that exceeds this shows that every plan is late, whatever its thresholds: some are rounded better than
    the least that suffice, by which plans are compared."""
    return None if deadline is None else deadline + slack_of_plans(program, deadline - program.law.offset)


def most_cycles(program: Program, latency: int) -> int:
    """The most cycles that a plan of at most this latency can have."""
    shortest = min(map(_shortest_ends, program.stages))
    atoms = program.most(list(map(_most_atoms, program.stages)))
    return min(atoms, latency // shortest) if shortest else atoms


def rounding_of(program: Program, latency: int) -> int:
    """A plan whose exact latency is below this one cannot be below by more than this (ps)."""
    return most_cycles(program, latency) * of_one_wait(program.law)


def _shortest_ends(stage: Stage) -> int:
    if isinstance(stage, TiledStage):
        return stage.ends.resume[1] + stage.ends.commit[1]
    chains = _fitting(stage)
    resume = min((int(min(chain.resume_time)) for chain in chains), default=0)
    return resume + min((int(min(chain.commit_time)) for chain in chains), default=0)


def _most_atoms(stage: Stage) -> int:
    if isinstance(stage, TiledStage):
        return max(extent.rows * extent.columns * extent.outputs * extent.inputs for extent in stage.forms)
    return max(map(len, _fitting(stage)), default=0)


def _fitting(stage: ExplicitStage) -> list[Chain]:
    return [chain for index, chain in enumerate(stage.designs) if stage.fits(index)]
