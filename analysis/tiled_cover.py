"""Proof of a bound for networks: hundreds of thousands of designs per layer, nearly all discharged in boxes.

What a plan costs at least, given what holds at a boundary, is known in two ways: in reduced costs (the state's own, the
floors of the stages behind, less the rebate of the last cycle) and by total load (the least cost of cycles that hold
all that must still be drained). A box of designs whose totals bring either to the bound for every label before the
stage is discharged; so is a design of whose atoms' loads so many cycles follow that they waste too much. The others are
walked through atom by atom: first with free ends, which also proves the stage's floor, then from the labels.

The argument is written out in the checker's documentation.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from ischedule.analysis.chord import Chord, chords
from ischedule.analysis.crossing import Behind, Crossing, Place
from ischedule.analysis.design_classes import Classes
from ischedule.analysis.grounds import Grounds
from ischedule.analysis.labels import Cover, Unproven
from ischedule.analysis.progress import Tell, unheard
from ischedule.analysis.stage_floor import proven_floor
from ischedule.models.kernels import Ends
from ischedule.models.plan import Bound, Boundary
from ischedule.models.program import Program, TiledStage

PRECISION = 30
"""Bits to which chords are compared."""


def shared_ends(program: Program) -> Ends | None:
    """The prices of the ends of cycles, if all stages are tiled and share them."""
    ends = {stage.ends for stage in program.stages if isinstance(stage, TiledStage)}
    return ends.pop() if len(ends) == 1 and all(isinstance(one, TiledStage) for one in program.stages) else None


def require_tiled_bound(program: Program, ends: Ends, bound: Bound, tell: Tell = unheard) -> None:
    """Raise `Unproven` unless the certificate proves that every plan costs at least its value."""
    for _, crossing in crossings(program, ends, bound, tell):
        crossing.require()


def crossings(
    program: Program, ends: Ends, bound: Bound, tell: Tell = unheard, kind: type[Crossing] = Crossing
) -> Iterator[tuple[int, Crossing]]:
    """The stages of all steps with the crossing of each, of one kind, from the last one to the first."""
    stages = [stage for stage in program.stages if isinstance(stage, TiledStage)]
    if any(drain < ends.resume[0] for one in bound.boundaries for drain, *_ in (*one.first, *one.later, *one.ahead)):
        raise Unproven("a label has drained less than it takes to resume")
    if len(bound.floors) not in (0, len(stages)):
        raise Unproven(f"{len(bound.floors)} floors are given for {len(stages)} stages")
    floors = bound.floors or (0,) * len(stages)
    grounds = Grounds(program, ends, bound)
    classes = [Classes(stage, grounds.cost.widest) for stage in stages]
    leanest = [(one.least((1, 0)) or 0, one.least((0, 1)) or 0) for one in classes]
    drains, times = (program.behind(list(values)) for values in zip(*leanest, strict=True))
    listed, counted = _best(program, chords(grounds, drains[0], times[0]), classes, (drains[0], times[0]))
    proven = [0] * len(stages)
    for index in filter(lambda index: _is_behind(program, index), range(len(stages))):
        tell(f"checking the floor of layer {index + 1} of {len(stages)}")
        proven[index] = proven_floor(grounds, stages[index], classes[index], floors[index])
    columns = (program.behind(proven), drains, times, program.behind(listed.least), program.behind(counted.least))
    behind = [Behind(*values) for values in zip(*columns, strict=True)]
    entries = [Boundary(None, (ends.resume,), ()), *bound.boundaries]
    broken = program.broken_steps
    for number, step in enumerate(sorted(program.steps, key=lambda step: -step.source), 1):
        # a stage that no design passes lets no plan through, whatever it is said to cost
        index = step.stage
        target, slip = step.target, program.law.slip
        after = None if target == program.end else Cover(entries[target], slip, target in program.closed)
        place = Place(
            stages[index],
            classes[index],
            leanest[index],
            listed.chord,
            listed.least[index],
            counted.chord,
            behind[target],
            step in broken,
        )
        tell(f"checking the bound: layer {len(program.steps) - number + 1} of {len(program.steps)}")
        yield index, kind(grounds, place, entries[step.source], after, tell)


def _is_behind(program: Program, stage: int) -> bool:
    """Whether some step through the stage lies behind another one."""
    return any(step.source for step in program.steps if step.stage == stage)


@dataclass(frozen=True, slots=True)
class Sloped:
    """A chord, and what every stage comes to at least at its slope."""

    chord: Chord
    least: list[int]


def _best(
    program: Program, chords: list[Chord], classes: list[Classes], least: tuple[int, int]
) -> tuple[Sloped, Sloped]:
    """The chord by which the least totals of all ways come closest to the value, and the one of a line."""
    drain, time = least
    found = []
    best: tuple[int, Sloped] | None = None
    for chord in chords:
        grounds = chord.grounds
        sloped = Sloped(chord, [one.least((chord.slope, grounds.rate[1])) or 0 for one in classes])
        found.append(sloped)
        constant = chord.constant(drain, grounds.value - time, True)
        if constant is not None:
            part = (program.behind(sloped.least)[0] << PRECISION) // max(1, grounds.rate[1] * grounds.value - constant)
            if best is None or part > best[0]:
                best = part, sloped
    assert best is not None, "a line always has a constant"
    return best[1], found[0]
