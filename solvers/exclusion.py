"""Arcs of the ILP that box bounds exclude: every plan with one costs more than is wanted.

An arc's reduced cost is what reaching its tail costs, its own cost, and what follows its head at least. The last is
said by the floors of the layers behind, like everything that prices what is not in the program.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ischedule.models.program import Step
from ischedule.solvers.flow_graph import FIRST, LATER, Closed, Node, Open
from ischedule.solvers.network_pass import Search
from ischedule.solvers.sweep import Exits, Kind

KINDS = {FIRST: Kind.FIRST, LATER: Kind.LATER}


@dataclass(frozen=True)
class Exclusion:
    """Plans that cost at most so much, by bounds on what they cost at least."""

    search: Search
    steps: Sequence[Step]
    most: float

    def at_least(self, node: Node, drain: int, time: int) -> float:
        """What follows a node costs at least, after the drain and time that are left of a design."""
        if isinstance(node, Closed) and node.boundary == self.search.program.end:
            return 0.0
        if isinstance(node, Open):
            kind, boundary, drain = KINDS.get(node.kind, Kind.AHEAD), node.boundary, node.drain
        else:
            # a closed state that has yet to run what is left of the design, as far as its sums tell
            kind, boundary = Kind.KEPT, node.boundary if isinstance(node, Closed) else self.steps[node.step].target
        one = np.array([drain]), np.array([time])
        exits = Exits(*one, *one, one[1] + node.kind if isinstance(node, Open) and kind is Kind.AHEAD else None)
        return float(self.search.least_label(exits, kind, boundary)[0])

    def standing(self, node: Node) -> float:
        """What an open cycle has drained, at the rate, without what a plan saves by its ends."""
        rate, resume = self.search.rate, self.search.resume
        if isinstance(node, Open):
            rebate = rate.rebate.first if node.kind == FIRST else rate.rebate.later
            return rate.value * (node.drain - resume[0]) - resume[1] - rebate
        is_first = isinstance(node, Closed) and node.boundary == 0
        return -(rate.rebate.first if is_first else rate.rebate.later)

    def through(self, step: int, design: int) -> float:
        """What a design costs at least, and all that follows it."""
        way = self.steps[step]
        return float(self.search.floors[way.stage].bounds[design]) + self.search.rests[way.target].floor
