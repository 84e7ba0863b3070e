"""What a bound for a network rests on whatever the stage: a rate and lines under the cost of a cycle, and rebates."""

from __future__ import annotations

from ischedule.analysis.cycle_cost import CycleCost, is_under, most_saved
from ischedule.analysis.design_classes import BEYOND
from ischedule.analysis.labels import Unproven
from ischedule.analysis.potential import Opening, Waste
from ischedule.analysis.total_load import TotalLoad
from ischedule.models.kernels import Ends
from ischedule.models.plan import Bound
from ischedule.models.program import Program


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
        # a line steeper than the rate would overcharge what cycles share with other stages
        self.lines = [(constant, min(slope, numerator)) for constant, slope in bound.lines if constant > 0]
        for constant, slope in self.lines:
            if not is_under(cost, constant, (slope, denominator)):
                raise Unproven(f"the line from {constant} is not under the cost of a cycle everywhere")
        self.later, self.first = self._rebates()
        self.waste = Waste(cost, self.rate)
        self.total = TotalLoad(cost, self.rate) if cost.room >= 0 else None

    def _rebates(self) -> tuple[int, int]:
        """What the last cycle may cost less than the rate, and the first and last together, times the denominator."""
        cost = self.cost
        if cost.first_room < 0:
            return 0, 0
        only = most_saved(cost.only, cost.first_room, self.rate)
        if cost.room < 0:
            return only, only
        later = most_saved(cost.last, cost.room, self.rate)
        return later, max(most_saved(cost.first, cost.first_room, self.rate) + later, only)

    def opening(self) -> Opening:
        """The waste of the first of several cycles, which may be negative."""
        cost, (numerator, denominator) = self.cost, self.rate
        if cost.room < 0:
            return Opening(lambda load: BEYOND, cost.first_room)
        return Opening(lambda load: denominator * cost.first(load) - numerator * load, cost.first_room)
