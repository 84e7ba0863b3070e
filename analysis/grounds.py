"""What a bound for a network rests on whatever the stage: a rate and lines under the cost of a cycle, and rebates.

What cycles cost by their total load is not asked in segments: that says more only where cycles are few.
"""

from __future__ import annotations

from collections.abc import Callable
from copy import copy
from dataclasses import dataclass

from ischedule.analysis.cycle_cost import CycleCost, is_under, most_saved
from ischedule.analysis.cycle_count import kinds_of, least_cycles
from ischedule.analysis.design_classes import BEYOND
from ischedule.analysis.first_atom import heaviest_load
from ischedule.analysis.labels import Unproven
from ischedule.analysis.potential import Opening, Waste
from ischedule.analysis.total_load import TotalLoad
from ischedule.models.cycle_law import CycleLaw
from ischedule.models.free_ends import FreeEnds
from ischedule.models.kernels import Ends, Price
from ischedule.models.plan import Bound
from ischedule.models.program import TiledStage
from ischedule.models.tiling import Tiling

Line = tuple[int, int]
"""constant + slope * load, both times the rate's denominator: it is under the cost of a cycle between two others."""


@dataclass(frozen=True, slots=True)
class Rebate:
    """What the last cycle of a plan may lie below a line, and what the first and the last together may."""

    later: int
    first: int


class Grounds:
    """What holds for a whole program: the rate and lines, proved, and what follows from them."""

    def __init__(self, law: CycleLaw, ends: Ends, bound: Bound) -> None:
        numerator, denominator = self.rate = bound.rate
        if numerator < 0 or denominator < 1:
            raise Unproven(f"{numerator} / {denominator} is no rate")
        self.law, self.ends, self.value = law, ends, bound.value
        self.follows = bound.follows_levels
        self.cost = cost = CycleCost(law, ends)
        if not is_under(cost, 0, self.rate):
            raise Unproven("the rate is not under the cost of a cycle everywhere")
        # a line steeper than the rate would overcharge what cycles share with other stages
        steepest = [(constant, min(slope, numerator)) for constant, slope in bound.lines]
        for constant, slope in steepest:
            if constant > 0 and not is_under(cost, constant, (slope, denominator)):
                raise Unproven(f"the line from {constant} is not under the cost of a cycle everywhere")
        self.lines = [(denominator * constant, slope) for constant, slope in steepest if constant > 0 <= slope]
        self.rebate = self.rebate_of((0, numerator))
        self.waste = Waste(cost, self.rate)
        is_whole = not isinstance(law, FreeEnds)
        self.total = TotalLoad(cost) if is_whole and cost.room >= 0 and cost.mid(0) >= 0 else None

    def proving(self, value: int) -> Grounds:
        """The same for another value."""
        found = copy(self)
        found.value = value
        return found

    def rebate_of(self, line: Line) -> Rebate:
        """What plans may cost less than a line says of their cycles."""
        cost, (constant, slope) = self.cost, line
        if cost.first_room < 0:
            return Rebate(0, 0)

        def saved(price: Callable[[int], int], widest: int) -> int:
            return constant + most_saved(price, widest, (slope, self.rate[1]))

        only = saved(cost.only, cost.first_room)
        if cost.room < 0:
            return Rebate(only, only)
        later = saved(cost.last, cost.room)
        return Rebate(later, max(saved(cost.first, cost.first_room) + later, only))

    def cycles(self, load: int) -> int:
        """The least number of cycles that hold a load."""
        return max(1, -(-load // max(self.cost.widest, 1)))

    def opening(self) -> Opening:
        """The waste of the first of several cycles, which may be negative, and what it keeps."""
        cost, law, (numerator, denominator) = self.cost, self.law, self.rate
        if cost.room < 0:
            return Opening(lambda load: BEYOND, cost.first_room)

        def waste(load: int) -> int:
            return denominator * cost.first(load) - numerator * load

        def kept(load: int) -> int:
            return denominator * law.kept(load + cost.drain)

        return Opening(waste, cost.first_room, kept if law.keeps_level else None)

    def least(self, stage: TiledStage, tiling: Tiling, totals: Price) -> int | None:
        """The least that a design costs with free ends by the number of cycles it needs; None if no cycle holds it."""
        extent, prices, widest = stage.forms[tiling.form], stage.prices, self.cost.widest
        if heaviest_load(extent, tiling, prices) > widest - prices.beside:
            return None
        (drain, time), (numerator, denominator) = totals, self.rate
        reduced = denominator * time + numerator * drain
        inside = least_cycles(kinds_of(extent, tiling, prices), widest) - 2
        if inside <= 0 or not self.lines:
            return reduced
        by_line = max(inside * constant + slope * drain for constant, slope in self.lines)
        return max(reduced, denominator * time + by_line)
