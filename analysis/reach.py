"""Proof that no plan exists: nothing that a plan can be in leads through one of the stages.

What can be reached at a boundary needs no costs: standing closed, or inside the first or a later cycle with some amount
drained, and less is never worse. A tiled stage lets everything through unless no cycle can hold the dearest atom of
even its least designs; this takes more for reachable than is, never less. Where there is one cycle only, it drains at
least what the least of all designs does.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from ischedule.analysis.cover import Unproven
from ischedule.analysis.design_classes import Classes
from ischedule.analysis.designs import fitting_chains
from ischedule.analysis.least_atom import least_atom
from ischedule.models.chain import Chain
from ischedule.models.diagnosis import Diagnosis
from ischedule.models.plan import Bottleneck
from ischedule.models.program import Program, Stage, Step, TiledStage
from ischedule.models.waiting import CycleLaw


@dataclass(frozen=True, slots=True)
class Standing:
    """Whether a plan can stand closed at a boundary, and the least that an open first or later cycle has drained."""

    closed: bool
    first: int | None
    later: int | None


ANYWHERE = Standing(True, 0, 0)
NOWHERE = Standing(False, None, None)


@dataclass(frozen=True, slots=True)
class Relief:
    """Which costs of cycles are left out, to see what keeps a stage from being passed."""

    resume: bool = False
    commit: bool = False


NO_RELIEF = Relief()


def _least(*drains: int | None) -> int | None:
    return min((drain for drain in drains if drain is not None), default=None)


def _either(one: Standing, other: Standing) -> Standing:
    """What is reached in one way or the other."""
    return Standing(one.closed or other.closed, _least(one.first, other.first), _least(one.later, other.later))


def walk(
    chain: Chain, law: CycleLaw, before: Standing | None, relief: Relief, *, is_broken: bool = False
) -> tuple[Standing, bool]:
    """What is reached after a design (None: from the start of the program), and whether a plan can end there.

    Where the way through is broken no cycle is open behind it that came from before.
    """
    splits = law.max_cycles is None
    resumes = [0] * len(chain) if relief.resume else chain.resume_drain
    commits = [0] * len(chain) if relief.commit else chain.commit_drain
    entry = Standing(False, int(resumes[0]), None) if before is None else before
    closed, first, later = entry.closed, entry.first, entry.later
    begun: int | None = None
    drained = 0
    ends = False
    for drain, resume, commit, cut in zip(chain.drain, resumes, commits, chain.cut, strict=True):
        if closed:
            begun = _least(begun, int(resume) - drained)
            later = _least(later, begun)
        drained += int(drain)
        reach = drained + int(commit)
        first_ends = first is not None and first + reach <= law.first_capacity
        ends = first_ends or (splits and later is not None and later + reach <= law.capacity)
        closed = splits and bool(cut) and ends
    if is_broken:
        first, later = None, begun
    held = None if first is None or first + drained > law.first_capacity else first + drained
    kept = None if later is None or later + drained > law.capacity else later + drained
    return Standing(closed, held, kept), ends


class Reach:
    """What a program's stages let through."""

    def __init__(self, program: Program) -> None:
        self.program = program
        self.law = program.law
        self.broken = program.broken_steps

    def boundaries(self) -> tuple[list[Standing | None], bool]:
        """What can be reached at each boundary (None: the start), and whether a plan can end."""
        found: list[Standing | None] = [None, *[NOWHERE] * self.program.end]
        finished = False
        for step in sorted(self.program.steps, key=lambda step: step.source):
            if found[step.source] == NOWHERE:
                continue
            standing, ends = self.along(step, found[step.source])
            found[step.target] = _either(self._kept(step, standing), found[step.target] or NOWHERE)
            finished = finished or (ends and step.target == self.program.end)
        return found, finished

    def _kept(self, step: Step, standing: Standing) -> Standing:
        """What is left of what is reached behind a step, where its boundary is closed."""
        if step.target not in self.program.closed:
            return standing
        return Standing(standing.closed and self.law.max_cycles is None, None, None)

    def along(self, step: Step, before: Standing | None, relief: Relief = NO_RELIEF) -> tuple[Standing, bool]:
        """What is reached along a step by any of its stage's designs, and whether a plan can end there."""
        stage, is_broken = self.program.stages[step.stage], step in self.broken
        if isinstance(stage, TiledStage):
            if not self._passes_tiled(stage, relief):
                return NOWHERE, False
            return (ANYWHERE, True) if self.law.max_cycles is None else self._in_one_cycle(stage, before, relief)
        found = [walk(chain, self.law, before, relief, is_broken=is_broken) for _, chain in fitting_chains(stage)]
        closed = any(standing.closed for standing, _ in found)
        first = _least(*(standing.first for standing, _ in found))
        later = _least(*(standing.later for standing, _ in found))
        return Standing(closed, first, later), any(ends for _, ends in found)

    def _passes_tiled(self, stage: TiledStage, relief: Relief) -> bool:
        """Whether some cycle can hold the dearest atom of a least design; its ends may lie in any stage."""
        atom = least_atom(stage)
        resume = 0 if relief.resume else min(_least_resume(one) for one in self.program.stages)
        commit = 0 if relief.commit else min(_least_commit(one) for one in self.program.stages)
        return atom is not None and resume + atom + commit <= max(self.law.capacity, self.law.first_capacity)

    def _in_one_cycle(self, stage: TiledStage, before: Standing | None, relief: Relief) -> tuple[Standing, bool]:
        """What is reached behind a stage by the only cycle there is, and whether it can end there."""
        room, least = self.law.first_capacity, Classes(stage, self.law.first_capacity).least((1, 0))
        opening = stage.ends.resume[0] + stage.prices.begin[0]
        begun = (0 if relief.resume else opening) if before is None else before.first
        commits = [0] if relief.commit else [_least_commit(one) for one in self.program.stages]
        drained = None if least is None or begun is None else begun + least
        if drained is None or drained + min(commits) > room:
            return NOWHERE, False
        return Standing(False, drained, None), relief.commit or drained + stage.ends.commit[0] <= room

    def blocks(self, step: Step, before: Standing | None, relief: Relief = NO_RELIEF) -> bool:
        """Whether nothing gets along a step from what is reached before it."""
        standing, ends = self.along(step, before, relief)
        return not ends if step.target == self.program.end else self._kept(step, standing) == NOWHERE


def _least_resume(stage: Stage) -> int:
    if isinstance(stage, TiledStage):
        return stage.ends.resume[0]
    return min((int(min(chain.resume_drain)) for chain in stage.designs), default=0)


def _least_commit(stage: Stage) -> int:
    if isinstance(stage, TiledStage):
        return stage.ends.commit[0]
    return min((int(min(chain.commit_drain)) for chain in stage.designs), default=0)


def require_bottleneck(program: Program, bottleneck: Bottleneck) -> None:
    """Raise `Unproven` unless no plan reaches the end, and none gets through the stage named for the reason named."""
    index, count = bottleneck.stage, len(program.stages)
    if not 0 <= index < count:
        raise Unproven(f"there is no stage {index} among {count}")
    reach, name = Reach(program), program.stages[index].name
    found, finished = reach.boundaries()
    blocked = [
        (step, entry)
        for step in program.steps
        if step.stage == index
        for entry in (found[step.source], ANYWHERE)
        if entry != NOWHERE and reach.blocks(step, entry)
    ]
    if finished or not blocked:
        raise Unproven(f"stage {name} can be passed, or is not reached")
    if bottleneck.diagnosis not in {one.value for way in blocked for one in _reasons(reach, *way)}:
        raise Unproven(f"stage {name} cannot be passed, but not because of: {bottleneck.diagnosis}")


def _reasons(reach: Reach, step: Step, before: Standing | None) -> Iterator[Diagnosis]:
    """Every name that is right for what keeps a step from being passed."""
    stage = reach.program.stages[step.stage]
    if not _has_design(stage):
        if isinstance(stage, TiledStage) and _has_design(replace(stage, sums_in_memory=True)):
            yield Diagnosis.NONVOLATILE_MEMORY
        yield from _wear(reach, step, before, stage)
        yield Diagnosis.VOLATILE_MEMORY
        return
    yield Diagnosis.ATOM_TOO_LARGE
    yield reach.law.limited_by
    if not reach.blocks(step, before, Relief(resume=True)):
        yield Diagnosis.BOOT_TOO_LARGE
    if not reach.blocks(step, before, Relief(commit=True)):
        yield Diagnosis.COMMIT_TOO_LARGE
    yield from _wear(reach, step, before, stage)


def _wear(reach: Reach, step: Step, before: Standing | None, stage: Stage) -> Iterator[Diagnosis]:
    """Wear, if a step could be passed were its stage allowed to write its results any number of times."""
    if not isinstance(stage, TiledStage) or stage.writes_per_byte is None:
        return
    stages = list(reach.program.stages)
    stages[step.stage] = replace(stage, writes_per_byte=None)
    if not Reach(replace(reach.program, stages=tuple(stages))).blocks(step, before):
        yield Diagnosis.WEAR


def _has_design(stage: Stage) -> bool:
    if isinstance(stage, TiledStage):
        return least_atom(stage) is not None
    return any(True for _ in fitting_chains(stage))
