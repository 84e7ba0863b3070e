"""Proof of a bound for networks: hundreds of thousands of designs per layer, nearly all discharged in boxes.

What a plan costs at least, given what holds at a boundary, is known in two ways: in reduced costs (the state's own, the
floors of the stages behind, less the rebate of the last cycle) and by total load (the least cost of cycles that hold
all that must still be drained). A box of designs whose totals bring either to the bound for every label before the
stage is discharged; so is a design of whose atoms' loads so many cycles follow that they waste too much. The others are
walked through atom by atom: first with free ends, which also proves the stage's floor and is kept for all further
questions, then from the labels. What lies between two boundaries may be proved first: a segment, a program of its own.

The argument is written out in the checker's documentation.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import repeat

from ischedule.analysis.chord import Chord, chords
from ischedule.analysis.crossing import Behind, Crossing, Place
from ischedule.analysis.design_classes import Classes
from ischedule.analysis.free_ended import FreeEnded
from ischedule.analysis.grounds import Grounds
from ischedule.analysis.labels import Cover, Unproven
from ischedule.analysis.progress import Tell, unheard
from ischedule.analysis.stage_floor import proven_floor
from ischedule.models.free_ends import FreeEnds
from ischedule.models.kernels import Ends, Price
from ischedule.models.plan import Bound, Boundary, Segment
from ischedule.models.program import Leap, Program, TiledStage, are_alike

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
    if any(drain < ends.resume[0] for drain in _drains(bound)):
        raise Unproven("a label has drained less than it takes to resume")
    if len(bound.floors) not in (0, len(stages)):
        raise Unproven(f"{len(bound.floors)} floors are given for {len(stages)} stages")
    grounds = Grounds(program.law, ends, bound)
    parts: list[_Part] = []
    for index, (stage, floor) in enumerate(zip(stages, bound.floors or repeat(0), strict=False)):
        tell(f"checking the floor of layer {index + 1} of {len(stages)}")
        parts.append(_part(program, grounds, stage, index, floor, parts))
    segments = _Segments(program, grounds, bound, parts)
    for number, segment in enumerate(bound.segments, 1):
        tell(f"checking the bound of segment {number} of {len(bound.segments)}")
        segments.add(segment)
    yield from _through(program, grounds, bound.boundaries, parts, segments.leaps, tell, kind)


def _drains(bound: Bound) -> Iterator[int]:
    boundaries = [*bound.boundaries, *(one for segment in bound.segments for one in segment.boundaries)]
    return (drain for one in boundaries for drain, *_ in (*one.first, *one.later, *one.ahead))


@dataclass(frozen=True, slots=True)
class _Part:
    """A stage: what is known of its designs, what none of them is below in drain or in time, and its floor."""

    stage: TiledStage
    designs: FreeEnded
    lean: Price
    floor: int


def _part(
    program: Program, grounds: Grounds, stage: TiledStage, index: int, floor: int, before: Sequence[_Part]
) -> _Part:
    """A stage with its floor proved, or that of one before it that is alike."""
    like = next((part for part in before if are_alike(part.stage, stage)), None)
    designs = FreeEnded(grounds, stage, Classes(stage, grounds.cost.widest)) if like is None else like.designs
    classes = designs.classes
    lean = (classes.least((1, 0)) or 0, classes.least((0, 1)) or 0) if like is None else like.lean
    if not any(step.source for step in program.steps if step.stage == index):
        floor = 0  # nothing asks what a stage costs that lies behind no other
    elif like is None or like.floor < floor:
        floor = proven_floor(stage.name, designs, floor)
    return _Part(stage, designs, lean, floor)


class _Segments:
    """What the segments of a certificate say, each proved as the bound of a program of its own.

    It rests on those before it that lie within. Networks repeat their blocks: what has been proved of one is not proved
    again of another that is alike.
    """

    def __init__(self, program: Program, grounds: Grounds, bound: Bound, parts: Sequence[_Part]) -> None:
        self.program, self.grounds, self.parts = program, grounds, parts
        self.leaps: list[Leap[int]] = []
        self.proved: list[tuple[Program, Segment, list[Leap[int]]]] = []
        if not bound.segments:
            return
        if program.law.max_cycles is not None:
            raise Unproven("a segment lies between cycles, and a plan has only one")
        self.law = FreeEnds(program.law, grounds.ends, grounds.rate)
        self.free = Grounds(self.law, grounds.ends, replace(bound, follows_levels=False))

    def add(self, segment: Segment) -> None:
        """Prove one more; raise `Unproven` unless it holds."""
        source, target = segment.source, segment.target
        if not {source, target} <= set(self.program.narrows) or source >= target:
            raise Unproven(f"not every plan leads from boundary {source} to boundary {target}")
        if len(segment.boundaries) != target - source - 1:
            raise Unproven(f"{len(segment.boundaries)} boundaries are given between {source} and {target}")
        inner, places = self.program.between(source, target, self.law)
        known = [leap.moved(source) for leap in self.leaps if leap.between(source, target)]
        moved = segment.moved(source)
        if not any(one == moved and leaps == known and inner.is_like(other) for other, one, leaps in self.proved):
            free, parts = self.free.proving(segment.value), [self.parts[place] for place in places]
            for _, crossing in _through(inner, free, segment.boundaries, parts, known, unheard, Crossing):
                crossing.require()
            self.proved.append((inner, moved, known))
        self.leaps.append(Leap(source, target, self.grounds.rate[1] * segment.value))


def _through(
    program: Program,
    grounds: Grounds,
    boundaries: Sequence[Boundary],
    parts: Sequence[_Part],
    leaps: Sequence[Leap[int]],
    tell: Tell,
    kind: type[Crossing],
) -> Iterator[tuple[int, Crossing]]:
    """The crossings of all steps, given what is known of their stages and of what lies between boundaries."""
    drains, times = (program.behind([part.lean[place] for part in parts]) for place in (0, 1))
    classes = [part.designs.classes for part in parts]
    listed, counted = _best(program, chords(grounds, drains[0], times[0]), classes, (drains[0], times[0]))
    reduced = program.behind([part.floor for part in parts], leaps)
    columns = (reduced, drains, times, program.behind(listed.least), program.behind(counted.least))
    behind = [Behind(*values) for values in zip(*columns, strict=True)]
    entries = [Boundary(None, (_begun(program, grounds),), ()), *boundaries]
    broken = program.broken_steps
    for number, step in enumerate(sorted(program.steps, key=lambda step: -step.source), 1):
        # a stage that no design passes lets no plan through, whatever it is said to cost
        index, target, slip = step.stage, step.target, program.law.slip
        part = parts[index]
        after = None if target == program.end else Cover(entries[target], slip, target in program.closed)
        place = Place(
            part.stage,
            part.designs,
            part.lean,
            listed.chord,
            listed.least[index],
            counted.chord,
            behind[target],
            step in broken,
        )
        tell(f"checking the bound: layer {len(program.steps) - number + 1} of {len(program.steps)}")
        yield index, kind(grounds, place, entries[step.source], after, tell)


def _begun(program: Program, grounds: Grounds) -> Price:
    """What the first cycle has drained and taken before its first atom; in a segment it may have begun before that."""
    drain, time = grounds.ends.resume
    if isinstance(program.law, FreeEnds):
        return drain, time
    opening = [program.stages[step.stage] for step in program.steps if step.source == 0]
    begins = [stage.prices.begin for stage in opening if isinstance(stage, TiledStage)]
    return drain + min(begin for begin, _ in begins), time + min(begin for _, begin in begins)


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
