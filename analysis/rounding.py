"""How far rounding can move the optimum: optimality is claimed for integers, this is the distance to exact times.

Each wait of a plan is priced by two elapsed times, one rounded up and one down, and by a threshold whose level is
rounded by at most one unit. A plan that takes no longer than a given latency has no more cycles than that latency
divided by the shortest possible start and end of a cycle, and no more than there are atoms.
"""

from __future__ import annotations

from ischedule.analysis.designs import fitting_chains
from ischedule.models.cycle_law import CycleLaw, Position
from ischedule.models.program import Program, Stage, TiledStage


def of_one_wait(law: CycleLaw) -> int:
    """By how many picoseconds the price of one wait can exceed what exact charging times give."""
    charging, top = law.charging, law.threshold(law.capacity, Position.MID).high
    return max(charging.elapsed_up(level) - charging.elapsed_down(level - 1) for level in (1, top)) * 2


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
    chains = [chain for _, chain in fitting_chains(stage)]
    resume = min((int(min(chain.resume_time)) for chain in chains), default=0)
    return resume + min((int(min(chain.commit_time)) for chain in chains), default=0)


def _most_atoms(stage: Stage) -> int:
    if isinstance(stage, TiledStage):
        return max(extent.rows * extent.columns * extent.outputs * extent.inputs for extent in stage.forms)
    return max((len(chain) for _, chain in fitting_chains(stage)), default=0)
