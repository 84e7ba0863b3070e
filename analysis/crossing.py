"""One tiled stage of a proof: whatever enters it leaves it covered, or costs the bound.

A box of designs is discharged by its totals, in reduced costs or by total load; a design by the number of cycles that
must touch it or by its free-ended cost; the rest are walked through from the labels.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from ischedule.analysis.chord import Chord
from ischedule.analysis.design_classes import distinct
from ischedule.analysis.free_ended import FreeEnded
from ischedule.analysis.grounds import Grounds
from ischedule.analysis.labels import Cover, Unproven
from ischedule.analysis.level_walk import follow_levels, last_cost
from ischedule.analysis.potential import Entry, Walked, rows_in, walk
from ischedule.analysis.progress import Tell
from ischedule.analysis.second_cycle import second_last_cost
from ischedule.models.kernels import Ends, Price
from ischedule.models.plan import Boundary
from ischedule.models.program import TiledStage
from ischedule.models.tiling import Tiling

MANY = 2
"""Beyond so many times the stretch of the tables the rate says as much about a total load, and says it sooner."""


@dataclass(frozen=True, slots=True)
class Behind:
    """What the stages behind a boundary cost at least: floors, drain, time, and totals at the slopes of two chords."""

    reduced: int
    drain: int
    time: int
    sloped: int
    counted: int


@dataclass(frozen=True, slots=True)
class Place:
    """A stage among others: its designs, what none of them is below in drain or in time, and what lies behind it.

    Boxes may be listed at the slope of ``chord``; ``sloped`` is the least that a box comes to at it. ``line`` is the
    chord by which cycles are counted.
    """

    stage: TiledStage
    designs: FreeEnded
    lean: Price
    chord: Chord
    sloped: int
    line: Chord
    behind: Behind
    is_broken: bool = False
    """Whether no cycle is open behind the stage that came from before it."""


class Crossing:
    """One stage: all that follows from the labels before it is covered or discharged."""

    def __init__(self, grounds: Grounds, place: Place, before: Boundary, after: Cover | None, tell: Tell) -> None:
        self.grounds, self.place, self.after, self.tell = grounds, place, after, tell
        self.stage, self.behind = place.stage, place.behind
        self.before = before
        self.labels = _labels(before, grounds.ends)
        self.entry = self._potentials(before)
        # a plan through the stage costs the value if its potential before the stage and what it adds reach this
        self.reach = grounds.rate[1] * grounds.value - place.behind.reduced
        self.need = self._need()
        line, (_, rate) = place.line, grounds.rate
        # what a line and the number of cycles say must reach this less what the stages behind come to at its slope
        self.counted_reach = rate * grounds.value - place.behind.counted
        self.counted = [
            (rate * label.cost + line.slope * label.load, label.load, label.is_first) for label in self.labels
        ]

    def _potentials(self, before: Boundary) -> Entry:
        numerator, denominator = self.grounds.rate
        resume = self.grounds.ends.resume

        def state(label: tuple[int, int]) -> tuple[int, int]:
            load, cost = label[0] - resume[0], label[1] - resume[1]
            return denominator * cost + numerator * load, -load

        closed = None if before.closed is None else denominator * before.closed
        kept = tuple((denominator * cost, denominator * elapsed) for cost, elapsed in before.kept)
        ahead = tuple((*state((drain, cost)), state((drain, elapsed))[0]) for drain, cost, elapsed in before.ahead)
        return Entry(closed, tuple(map(state, before.first)), tuple(map(state, before.later)), kept, ahead)

    def _need(self) -> int | None:
        """The reduced totals with which a design is discharged whatever enters it; None if nothing enters."""
        rebate, entry = self.grounds.rebate, self.entry
        later = [state[0] - rebate.later for state in (*entry.later, *entry.kept, *entry.ahead)]
        if entry.closed is not None:
            later.append(entry.closed - rebate.later)
        entries = [*later, *(potential - rebate.first for potential, _ in entry.first)]
        return self.reach - min(entries) if entries else None

    def require(self) -> None:
        """Go through all designs, most of them in boxes."""
        if self.need is None:
            return
        slope, limit = self._steepness(self.need)
        if slope != self.grounds.rate[0]:
            self._require_along(slope, limit, self.need)
            return
        designs = self.place.designs
        for listed in designs.below(self.need):
            if not self._is_late(*listed.totals):
                for known in designs.cheaper(listed, self.need):
                    self._follow(known.tiling, listed.box.reduced)

    def _require_along(self, slope: int, limit: int, need: int) -> None:
        """The same with boxes listed at another slope: what is known of designs at the rate is little use there."""
        numerator, denominator = self.grounds.rate
        seen: set[tuple[int, ...]] = set()
        for box in self.place.designs.classes.below((slope, denominator), limit):
            drain, time = totals = box.totals(self.stage)
            reduced = denominator * time + numerator * drain
            if reduced >= need or self._is_late(drain, time):
                continue
            for tiling in distinct(self.stage, box, seen):
                least = self.grounds.least(self.stage, tiling, totals)
                if least is not None and least < need:
                    self._follow(tiling, reduced)

    def _steepness(self, need: int) -> tuple[int, int]:
        """The slope at which the boxes are listed, and the limit of their totals at it: the rate's, or the chord's.

        A plan whose load is beyond the chord's stretch costs the value anyway, as `_is_late` finds.
        """
        numerator, denominator = self.grounds.rate
        (drain, time), place = self.place.lean, self.place
        limit = self._chord_limit()
        # the fewer boxes, the smaller the part by which the limit exceeds the least box
        if limit is None or (limit - place.sloped) * need >= (need - denominator * time - numerator * drain) * limit:
            return numerator, need
        return place.chord.slope, limit

    def _chord_limit(self) -> int | None:
        grounds, behind, (drain, time) = self.grounds, self.behind, self.place.lean
        chord, denominator = self.place.chord, grounds.rate[1]
        least = []
        for flag in {label.is_first for label in self.labels}:
            labels = [(label.load, label.cost) for label in self.labels if label.is_first is flag]
            low = min(load for load, _ in labels) + drain + behind.drain
            cost = grounds.value - time - behind.time - min(cost for _, cost in labels)
            constant = chord.constant(low, cost, flag)
            if constant is None:
                return None
            least += [constant + denominator * cost + chord.slope * load for load, cost in labels]
        return denominator * grounds.value - behind.sloped - min(least)

    def _is_late(self, drain: int, time: int) -> bool:
        """Whether every plan that goes from a label through designs of these totals costs the value, by total load."""
        total, ahead = self.grounds.total, self.behind
        if self._are_many(drain, time):
            return True
        if total is None or drain + ahead.drain > MANY * total.farthest:
            return False
        reach = self.grounds.value - time - ahead.time

        def is_late(label: _Label) -> bool:
            if label.elapsed is not None and label.elapsed >= reach:
                return True
            return label.cost + total.least(label.load + drain + ahead.drain, label.is_first) >= reach

        return all(map(is_late, self.labels))

    def _are_many(self, drain: int, time: int) -> bool:
        """The same by the number of cycles that hold the load."""
        line, rate = self.place.line, self.grounds.rate[1]
        reach = self.counted_reach - rate * time - line.slope * drain
        behind = drain + self.behind.drain
        return all(sloped + self._counted(load + behind, is_first) >= reach for sloped, load, is_first in self.counted)

    def _counted(self, load: int, is_first: bool) -> int:
        """What the cycles that hold a load cost at least besides the line's slope."""
        found = self.place.line.constant(load, 0, is_first)
        assert found is not None, "a line always has a constant"
        return found

    def _follow(self, tiling: Tiling, reduced: int) -> None:
        """Walk through a design from the labels; what can still lead to a cheaper plan must be covered."""
        grounds, stage = self.grounds, self.stage
        limit = self.reach + grounds.rebate.later - reduced
        if grounds.follows:
            self._require_covered(tiling, self._followed(tiling, limit))
            return
        rows = rows_in(stage.forms[tiling.form], tiling, stage.prices, grounds.rate)
        found = walk(rows, grounds.waste, grounds.opening(), self.entry, limit)
        if found is not None:
            found = _begun_inside(found) if self.place.is_broken else found
            self._require_covered(tiling, self._states(reduced, found))

    def _followed(self, tiling: Tiling, limit: int) -> Boundary:
        """What holds after a design where levels are followed, but for closed states whose potential is too high."""
        numerator, denominator = self.grounds.rate

        chain, value = self.stage.chain(tiling), self.grounds.value - self.behind.time
        whole = sum(map(int, chain.time))

        def is_wanted(cost: int, elapsed: int, drained: int, time: int) -> bool:
            return denominator * (cost - time) - numerator * drained < limit and elapsed + whole - time < value

        law, commit = self.grounds.law, self.grounds.ends.commit[0]
        found = follow_levels(chain, law, self.before, is_wanted, self.tell, is_broken=self.place.is_broken)
        return replace(
            found,
            first=tuple(one for one in found.first if one[0] + commit <= law.first_capacity),
            later=tuple(one for one in found.later if one[0] + commit <= law.capacity),
            ahead=tuple(one for one in found.ahead if one[0] + commit <= law.capacity),
        )

    def _states(self, reduced: int, found: Walked) -> Boundary:
        """What a walk ends with, in costs."""
        resume = self.grounds.ends.resume
        numerator, denominator = self.grounds.rate

        def label(state: tuple[int, int]) -> tuple[int, int]:
            load = found.drain - state[1]
            cost = (state[0] + reduced - numerator * load) // denominator
            return load + resume[0], cost + resume[1]

        def standing(potential: int) -> int:
            return (potential + reduced) // denominator

        def ahead(state: tuple[int, int, int]) -> tuple[int, int, int]:
            return (*label(state[:2]), label((state[2], state[1]))[1])

        closed = None if found.closed is None else standing(found.closed)
        return Boundary(
            closed,
            tuple(map(label, found.first)),
            tuple(map(label, found.later)),
            tuple((standing(cost), standing(elapsed)) for cost, elapsed in found.kept),
            tuple(map(ahead, found.ahead)),
        )

    def _require_covered(self, tiling: Tiling, after: Boundary) -> None:
        grounds, resume, commit = self.grounds, self.grounds.ends.resume, self.grounds.ends.commit
        where = f"through {tiling.describe()} of stage {self.stage.name}"
        if self.after is None:
            law, last = grounds.law, last_cost if grounds.follows else second_last_cost
            costs = [cost + commit[1] + law.only(drain + commit[0]) for drain, cost in after.first]
            costs += [cost + commit[1] + law.last(drain + commit[0]) for drain, cost in after.later]
            costs += [commit[1] + last(law, drain + commit[0], cost, elapsed) for drain, cost, elapsed in after.ahead]
            if min(costs, default=grounds.value) < grounds.value:
                raise Unproven(f"a plan {where} may cost {min(costs)}, less than {grounds.value}")
            return
        for state in self.after.uncovered(after):
            drain, cost = state.drain, state.cost
            started = (0, cost) if drain is None else (drain - resume[0], cost - resume[1])
            if not self._is_dear(*started, state.elapsed, state.is_first):
                text = f"the state {state.name} is reached at a cost of {cost}, which no label covers"
                raise Unproven(f"{where} {text}")

    def _is_dear(self, load: int, cost: int, elapsed: int | None, is_first: bool) -> bool:
        """Whether every plan through a label after the stage costs the value."""
        grounds, ahead, total = self.grounds, self.behind, self.grounds.total
        if elapsed is not None and elapsed + ahead.time >= grounds.value:
            return True
        numerator, denominator = grounds.rate
        rebate = grounds.rebate.first if is_first else grounds.rebate.later
        if denominator * cost + numerator * load - rebate >= self.reach:
            return True
        sloped = denominator * cost + self.place.line.slope * load
        if sloped + self._counted(load + ahead.drain, is_first) >= self.counted_reach:
            return True
        if total is None:
            return False
        return cost + ahead.time + total.least(load + ahead.drain, is_first) >= grounds.value


def _begun_inside(found: Walked) -> Walked:
    """What a walk ends with but for open cycles that came from before: their load there counts below nothing."""
    later = tuple(state for state in found.later if state[1] >= 0)
    return replace(found, first=(), later=later, ahead=tuple(state for state in found.ahead if state[1] >= 0))


@dataclass(frozen=True, slots=True)
class _Label:
    """What enters a stage: load and cost without the ends of cycles, the time that has passed where it is known apart
    from the cost, and whether the cycle is the first."""

    load: int
    cost: int
    elapsed: int | None
    is_first: bool


def _labels(before: Boundary, ends: Ends) -> list[_Label]:
    drain, time = ends.resume
    closed = [] if before.closed is None else [_Label(0, before.closed, None, False)]
    return [
        *closed,
        *(_Label(label[0] - drain, label[1] - time, None, True) for label in before.first),
        *(_Label(label[0] - drain, label[1] - time, None, False) for label in before.later),
        *(_Label(0, cost, elapsed, False) for cost, elapsed in before.kept),
        *(_Label(load - drain, cost - time, elapsed - time, False) for load, cost, elapsed in before.ahead),
    ]
