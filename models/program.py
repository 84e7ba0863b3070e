"""What may be executed: an acyclic graph of boundaries and stages, and the prices and limits that all stages share.

Stages are the layers of a network, each with its designs (or one stage that holds a case's explicit tasks). A boundary
is a set of layers that are done, and a step leads through one stage from a boundary to a later one. A chain has one way
through; where a network branches each order of its layers is one. A plan takes one way from the first boundary to the
last, picks one design of every stage on it and cuts their concatenated atoms into power cycles, which may span stages.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import groupby
from typing import Generic, TypeVar

from ischedule.models.chain import Chain
from ischedule.models.cost import Effort
from ischedule.models.goal import PLAIN, Goal
from ischedule.models.kernels import Ends, Prices, chain, volatile_bytes
from ischedule.models.preservation import Kind, Preserving, executed
from ischedule.models.storage import Storage
from ischedule.models.tiling import Extent, Order, Tiling, most_writes, stores_partial_sums, stores_whole_pixels
from ischedule.models.waiting import CycleLaw


@dataclass(frozen=True, slots=True)
class TiledStage:
    """A layer whose designs are all tilings of its forms that fit the memories.

    ``sums_in_memory`` tells whether non-volatile memory has room for the buffers of partial sums. Where it has none,
    only designs are left whose sums stay in volatile memory until they are results. No design writes a byte of its
    results more than ``writes_per_byte`` times, if that is limited.
    """

    name: str
    forms: tuple[Extent, ...]
    prices: Prices
    ends: Ends
    volatile: int
    sums_in_memory: bool = True
    kernels: tuple[int, ...] = ()
    """The kernels of the network that a block runs, by their places; of any other stage the one at its own place."""
    writes_per_byte: int | None = None
    preserving: Preserving | None = None
    """How progress is kept, where other stages keep it otherwise; its prices are then those of the search for both."""

    def fits(self, tiling: Tiling) -> bool:
        """Whether the design's buffers fit volatile memory, and its partial sums the other without wearing it."""
        extent = self.forms[tiling.form]
        if not self.has(tiling):
            return False
        if self.writes_per_byte is not None and most_writes(extent, tiling) > self.writes_per_byte:
            return False
        if stores_partial_sums(extent, tiling) and not self.sums_in_memory:
            return False
        return volatile_bytes(extent, tiling, self.prices) <= self.volatile

    def has(self, tiling: Tiling) -> bool:
        """Whether a tiling can keep progress as this stage does.

        A footprint stands behind every tile of pixels that is the innermost, a marker behind the results of a pixel.
        """
        if self.kind is Kind.RECORD:
            return True
        if tiling.order is Order.WEIGHT and tiling.batch > 1:
            return False
        return self.kind is Kind.FOOTPRINT or stores_whole_pixels(self.forms[tiling.form], tiling)

    @property
    def can_do_without_sums(self) -> bool:
        """Whether designs whose sums need one region take no less than some that stores none.

        In OUTPUT order a row in one batch is one, if no cycle begins inside rows; in pooling that takes more volatile
        memory.
        """
        return not any(form.pooling for form in self.forms)

    @property
    def kind(self) -> Kind:
        """How progress is kept."""
        return Kind.RECORD if self.preserving is None else self.preserving.kind

    def chain(self, tiling: Tiling) -> Chain:
        """The atoms of one design; where kinds differ, with the ends of cycles that all of them share."""
        return chain(self.forms[tiling.form], tiling, self.prices, self.ends)

    def executed(self, tiling: Tiling) -> Chain:
        """The atoms of one design, and what is really read and written at either end of a cycle."""
        found = self.chain(tiling)
        return found if self.preserving is None else executed(found, self.preserving)


@dataclass(frozen=True, slots=True)
class ExplicitStage:
    """A stage whose designs are given: a case's tasks (one design), or any small set of chains."""

    name: str
    designs: tuple[Chain, ...]
    volatile: int
    barred: frozenset[int] = frozenset()
    """Designs that a restriction leaves out, by their places."""

    def fits(self, index: int) -> bool:
        """Whether the design's volatile peak fits, and nothing else leaves it out."""
        return index not in self.barred and self.designs[index].volatile <= self.volatile

    @property
    def can_do_without_sums(self) -> bool:
        """Whether designs with one region take no less than some that stores no sums: they store none."""
        return True

    @property
    def kind(self) -> Kind:
        """How progress is kept."""
        return Kind.RECORD

    def chain(self, index: int) -> Chain:
        """The atoms of one design."""
        return self.designs[index]

    def executed(self, index: int) -> Chain:
        """The same."""
        return self.designs[index]


Stage = TiledStage | ExplicitStage


def are_alike(one: Stage, other: Stage) -> bool:
    """Whether two stages have the same designs at the same prices."""
    if isinstance(one, TiledStage) and isinstance(other, TiledStage):
        return replace(one, name="", kernels=()) == replace(other, name="", kernels=())
    return one == other


Design = Tiling | int
"""A tiling of a tiled stage, or the index of an explicit stage's chain."""


Number = TypeVar("Number", int, float)


@dataclass(frozen=True, slots=True)
class Step:
    """A way from one boundary to a later one: through a stage, by its place among the program's stages."""

    stage: int
    source: int
    target: int


@dataclass(frozen=True, slots=True)
class Leap(Generic[Number]):
    """What all ways from one narrow boundary to a later one come to at least."""

    source: int
    target: int
    least: Number

    def between(self, source: int, target: int) -> bool:
        """Whether it lies between two boundaries."""
        return source <= self.source and self.target <= target

    def moved(self, by: int) -> Leap[Number]:
        """The same among boundaries that are counted from this one."""
        return Leap(self.source - by, self.target - by, self.least)


def chain_of_steps(count: int) -> tuple[Step, ...]:
    """The steps of a program whose stages follow one another."""
    return tuple(Step(index, index, index + 1) for index in range(count))


@dataclass(frozen=True, slots=True)
class Reboot:
    """How a device comes up again that was asleep and lost its power: where that guarantees a level, and what it can
    take, and what booting takes there."""

    effort: Effort
    level: int
    high: int


@dataclass(frozen=True, slots=True)
class Program:
    """The whole question in integers: stages, the steps through them, and the law by which power cycles are waited for.

    Boundaries are numbered from 0, where a plan begins, so that every step leads to a higher number; the highest is
    where it ends. Without steps the stages follow one another. ``is_order_fixed`` says that the stages could run in
    more orders than are searched, and that the steps are of one of them. ``storage`` is what the stages keep in
    non-volatile memory, if that is known. At ``closed`` boundaries a power cycle ends in every plan that passes them;
    along ``broken`` steps, by their places, no cycle runs that began before and ends behind. The tables of a plan take
    at most ``table_size`` bytes, if that is limited.
    """

    stages: tuple[Stage, ...]
    law: CycleLaw
    digest: str
    steps: tuple[Step, ...] = ()
    is_order_fixed: bool = False
    goal: Goal = PLAIN
    storage: Storage | None = None
    closed: frozenset[int] = frozenset()
    broken: frozenset[int] = frozenset()
    table_size: int | None = None
    failures: int = 0
    """How many failures of power outside the assumptions a plan's latency allows for."""
    reboot: Reboot | None = None
    """What booting takes after one, where that is not how every power cycle begins."""

    def __post_init__(self) -> None:
        if not self.steps:
            object.__setattr__(self, "steps", chain_of_steps(len(self.stages)))
        sources, targets = {step.source for step in self.steps}, {step.target for step in self.steps}
        if any(not 0 <= step.stage < len(self.stages) or step.source >= step.target for step in self.steps):
            raise ValueError("a step leads through a stage to a later boundary")
        if sources | targets != set(range(self.end + 1)) or (sources - {0}) != (targets - {self.end}):
            raise ValueError("every boundary lies on a way from the first to the last")
        if len({(step.source, step.stage) for step in self.steps}) < len(self.steps):
            raise ValueError("two steps lead from one boundary through the same stage")
        if not self.closed <= set(range(1, self.end)):
            raise ValueError("the boundaries that are closed lie between the first and the last")
        if not self.broken <= set(range(len(self.steps))):
            raise ValueError("the steps that are broken are the program's")
        if self.storage is not None and len(self.storage.stages) != len(self.stages):
            raise ValueError("storage says of every stage what it keeps")

    @property
    def has_needs(self) -> bool:
        """Whether some power cycle may need more than it drains."""
        return any(
            design.has_needs for stage in self.stages if isinstance(stage, ExplicitStage) for design in stage.designs
        )

    @property
    def is_chain(self) -> bool:
        """Whether there is one way through all stages."""
        return self.steps == chain_of_steps(len(self.stages))

    @property
    def broken_steps(self) -> frozenset[Step]:
        """The steps that break cycles."""
        return frozenset(step for place, step in enumerate(self.steps) if self.breaks(place))

    def breaks(self, place: int) -> bool:
        """Whether no cycle from before a step may be open behind it; none is at either end of the program."""
        step = self.steps[place]
        return place in self.broken and step.source > 0 and step.target < self.end

    def is_like(self, other: Program) -> bool:
        """Whether both have the same ways through stages that are alike, under the same law."""
        pairs = zip(self.stages, other.stages, strict=False)
        return (
            len(self.stages) == len(other.stages)
            and self.law is other.law
            and (self.steps, self.closed, self.broken) == (other.steps, other.closed, other.broken)
            and all(are_alike(one, another) for one, another in pairs)
        )

    @property
    def has_bounds(self) -> bool:
        """Whether the prices of cycles add up to a bound on every plan.

        Where a cycle can begin on a level that the one before it has left, they do because the two could be one; where
        cycles must end in certain places, they could not.
        """
        return not (self.closed or self.broken) or not (self.law.keeps_level or self.law.leaves_level)

    @property
    def end(self) -> int:
        """The number of the last boundary."""
        return max(step.target for step in self.steps)

    def kernels_of(self, stage: int) -> tuple[int, ...]:
        """The kernels of the network that a stage runs one after the other, by their places."""
        found = self.stages[stage]
        return (isinstance(found, TiledStage) and found.kernels) or (stage,)

    def kinds(self, stages: Sequence[int]) -> tuple[Kind, ...]:
        """How these stages keep progress; nothing where all do it by records."""
        found = tuple(self.stages[stage].kind for stage in stages)
        return () if set(found) <= {Kind.RECORD} else found

    def into(self) -> list[list[int]]:
        """For each boundary the steps that lead to it, by their places."""
        found: list[list[int]] = [[] for _ in range(self.end + 1)]
        for index, step in enumerate(self.steps):
            found[step.target].append(index)
        return found

    def path(self, stages: Sequence[int]) -> list[Step] | None:
        """The steps through these stages one after the other, None if there is no such way to the end."""
        leading = {(step.source, step.stage): step for step in self.steps}
        found: list[Step] = []
        place = 0
        for stage in stages:
            step = leading.get((place, stage))
            if step is None:
                return None
            found.append(step)
            place = step.target
        return found if place == self.end else None

    def behind(self, values: Sequence[Number], leaps: Sequence[Leap[Number]] = ()) -> list[Number]:
        """For each boundary the least sum of the stages' values over all ways from there to the end.

        Where a leap begins it is at least what that says of it.
        """
        found: dict[int, Number] = {self.end: values[0] * 0}
        for source, steps in groupby(sorted(self.steps, key=lambda step: -step.source), lambda step: step.source):
            least = min(values[step.stage] + found[step.target] for step in steps)
            for leap in leaps:
                if leap.source == source:
                    least = max(least, leap.least + found[leap.target])
            found[source] = least
        return [found[boundary] for boundary in range(self.end + 1)]

    @property
    def narrows(self) -> list[int]:
        """The boundaries that every plan passes, in order."""
        passed_by = {boundary for step in self.steps for boundary in range(step.source + 1, step.target)}
        return [boundary for boundary in range(self.end + 1) if boundary not in passed_by]

    def between(self, source: int, target: int, law: CycleLaw) -> tuple[Program, list[int]]:
        """The program of all that lies between two narrows, under a law of its own, and its stages by their places."""
        places = [place for place, step in enumerate(self.steps) if source <= step.source and step.target <= target]
        steps = [self.steps[place] for place in places]
        stages = sorted({step.stage for step in steps})
        found = Program(
            tuple(self.stages[stage] for stage in stages),
            law,
            self.digest,
            tuple(Step(stages.index(step.stage), step.source - source, step.target - source) for step in steps),
            closed=frozenset(boundary - source for boundary in self.closed if source < boundary < target),
            broken=frozenset(number for number, place in enumerate(places) if place in self.broken),
        )
        return found, stages

    def before(self, values: Sequence[Number]) -> list[Number]:
        """For each boundary the least sum of the stages' values over all ways from the start to there."""
        return self._along(values, min)

    def beside(self, values: Sequence[Number], leaps: Sequence[Leap[Number]] = ()) -> list[Number]:
        """For each stage the least sum of the other stages' values over all ways that lead through it, 0 for none."""
        before, behind = self._along(values, min, leaps), self.behind(values, leaps)
        found: dict[int, Number] = {}
        for step in self.steps:
            others = before[step.source] + behind[step.target]
            found[step.stage] = min(others, found.get(step.stage, others))
        return [found.get(stage, values[0] * 0) for stage in range(len(self.stages))]

    def most(self, values: Sequence[Number]) -> Number:
        """The greatest sum of the stages' values over all ways from the start to the end."""
        return self._along(values, max)[-1]

    def _along(
        self, values: Sequence[Number], best: Callable[[Iterable[Number]], Number], leaps: Sequence[Leap[Number]] = ()
    ) -> list[Number]:
        found: dict[int, Number] = {0: values[0] * 0}
        for target, steps in groupby(sorted(self.steps, key=lambda step: step.target), lambda step: step.target):
            through = best([values[step.stage] + found[step.source] for step in steps])
            for leap in leaps:
                if leap.target == target:
                    through = max(through, leap.least + found[leap.source])
            found[target] = through
        return [found[boundary] for boundary in range(self.end + 1)]
