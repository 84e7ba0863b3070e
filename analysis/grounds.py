"""What a bound for a network rests on whatever the stage: a rate and lines under the cost of a cycle, and rebates."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from ischedule.analysis.cycle_cost import CycleCost, is_under, most_saved
from ischedule.analysis.cycle_count import kinds_of, least_cycles
from ischedule.analysis.design_classes import BEYOND
from ischedule.analysis.first_atom import heaviest_load
from ischedule.analysis.labels import Unproven
from ischedule.analysis.potential import Opening, Waste
from ischedule.analysis.total_load import TotalLoad
from ischedule.models.kernels import Ends, Price
from ischedule.models.plan import Bound
from ischedule.models.program import Program, TiledStage
from ischedule.models.tiling import Tiling


@dataclass(frozen=True, slots=True)
class Line:
    """constant + slope * load, times the rate's denominator: it is under the cost of a cycle between two others.

    ``later`` is what the last cycle of a plan may lie below it, ``first`` what the first and the last together may.
    """

    constant: int
    slope: int
    later: int
    first: int


class Grounds:
    """What holds for the whole program: the rate and lines, proved, and what follows from them."""

    def __init__(self, program: Program, ends: Ends, bound: Bound) -> None:
        numerator, denominator = self.rate = bound.rate
        if numerator < 0 or denominator < 1:
            raise Unproven(f"{numerator} / {denominator} is no rate")
        self.law, self.ends, self.value = program.law, ends, bound.value
        self.cost = cost = CycleCost(program.law, ends)
        if not is_under(cost, 0, self.rate):
            raise Unproven("the rate is not under the cost of a cycle everywhere")
        self.ray = self._line(0, numerator)
        # a line steeper than the rate would overcharge what cycles share with other stages
        steepest = [(constant, min(slope, numerator)) for constant, slope in bound.lines]
        self.lines = [self._line(constant, slope) for constant, slope in steepest if constant > 0 <= slope]
        for line in self.lines:
            if not is_under(cost, line.constant // denominator, (line.slope, denominator)):
                raise Unproven(f"the line from {line.constant} is not under the cost of a cycle everywhere")
        self.waste = Waste(cost, self.rate)
        self.total = TotalLoad(cost) if cost.room >= 0 and cost.mid(0) >= 0 else None

    def _line(self, constant: int, slope: int) -> Line:
        cost, denominator = self.cost, self.rate[1]
        if cost.first_room < 0:
            return Line(constant * denominator, slope, 0, 0)

        def saved(price: Callable[[int], int], widest: int) -> int:
            return constant * denominator + most_saved(price, widest, (slope, denominator))

        only = saved(cost.only, cost.first_room)
        if cost.room < 0:
            return Line(constant * denominator, slope, only, only)
        later = saved(cost.last, cost.room)
        return Line(constant * denominator, slope, later, max(saved(cost.first, cost.first_room) + later, only))

    def opening(self) -> Opening:
        """The waste of the first of several cycles, which may be negative."""
        cost, (numerator, denominator) = self.cost, self.rate
        if cost.room < 0:
            return Opening(lambda load: BEYOND, cost.first_room)
        return Opening(lambda load: denominator * cost.first(load) - numerator * load, cost.first_room)

    def least(self, stage: TiledStage, tiling: Tiling, totals: Price) -> int | None:
        """The least that a design costs with free ends by the number of cycles it needs; None if no cycle holds it."""
        extent, prices, widest = stage.forms[tiling.form], stage.prices, self.cost.widest
        if heaviest_load(extent, tiling, prices) > widest:
            return None
        (drain, time), (numerator, denominator) = totals, self.rate
        reduced = denominator * time + numerator * drain
        inside = least_cycles(kinds_of(extent, tiling, prices), widest) - 2
        if inside <= 0 or not self.lines:
            return reduced
        by_line = max(inside * line.constant + line.slope * drain for line in self.lines)
        return max(reduced, denominator * time + by_line)
