"""Bounds that no plan of several cycles can fall below, whatever it waits: only plans of one cycle remain to be shown.

Under programmable wake and a start above the floor the law's prices can pay a second cycle for waiting, so that they
bound such plans badly. What a plan is active is a bound as well: the quickest design of every stage, the ends of the
first and of the last cycle, and at least one cut between.
"""

from __future__ import annotations

from dataclasses import replace

from ischedule.analysis.design_classes import Classes
from ischedule.analysis.designs import fitting_chains, least_time
from ischedule.models.plan import Bound
from ischedule.models.program import Program, Stage, TiledStage


def narrowed(program: Program, bound: Bound) -> Program:
    """The program with plans of one cycle only, if every plan of several reaches the bound by its active time."""
    law = program.law
    if law.head.level <= 0 or law.max_cycles is not None:
        return program
    reached = bound.value + law.offset <= active_of_several(program)
    return replace(program, law=law.alone()) if reached else program


def active_of_several(program: Program) -> int:
    """The least that a plan of at least two cycles is active."""
    begins, ends, cuts = zip(*(_ends(stage) for stage in program.stages), strict=True)
    return sum(map(_quickest, program.stages)) + int(begins[0]) + int(ends[-1]) + min(map(int, cuts))


def _quickest(stage: Stage) -> int:
    """The time of the atoms of the quickest design that fits memory, or less."""
    if isinstance(stage, TiledStage):
        return Classes(stage, 1 << 62).least((0, 1)) or 0
    return least_time(stage)


def _ends(stage: Stage) -> tuple[int, int, int]:
    """The least time of a first cycle's start, of a last cycle's end, and of ending and starting in between."""
    if isinstance(stage, TiledStage):
        resume, commit = stage.ends.resume[1], stage.ends.commit[1]
        return resume, commit, resume + commit
    chains = [chain for _, chain in fitting_chains(stage)]
    if not chains:
        return 0, 0, 0
    resume = min(int(min(chain.resume_time)) for chain in chains)
    commit = min(int(min(chain.commit_time)) for chain in chains)
    begin = min(int(chain.resume_time[0]) for chain in chains)
    return begin, min(int(chain.commit_time[-1]) for chain in chains), resume + commit
