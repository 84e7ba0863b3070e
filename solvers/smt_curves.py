"""What charging takes, told to the solver where it asks: values at single levels, and monotone between them.

An instance names one level and holds for all: a threshold no lower takes no less time to reach, a level no higher is
worth no more. A plan whose time is less than what it takes breaks one of the instances at its own levels; so adding
them for every plan that is found ends with a plan whose time is what it takes.
"""

from __future__ import annotations

from itertools import accumulate

from ischedule.models.charging import PolynomialCharging
from ischedule.models.cycle_law import Threshold
from ischedule.solvers.smt_encoding import Encoding, Place
from ischedule.solvers.smt_options import COMMIT, DRAIN, RESUME
from ischedule.solvers.smt_plan import Cycle


class Curves:
    """The instances that an encoding has been told so far."""

    def __init__(self, encoding: Encoding) -> None:
        self.encoding, self.rule, self.z3 = encoding, encoding.rule, encoding.z3
        self.charging = encoding.program.law.charging
        self.is_line = isinstance(self.charging, PolynomialCharging) and self.charging.square == 0
        self.known: set[tuple[str, int, int, int]] = set()

    def seed(self, place: Place) -> None:
        """The instances at levels that are plain beforehand: the full buffer, and what cycles within a design drain."""
        highest = max(self.rule.top, self.encoding.program.law.head.level)
        if not self.charging.reaches(highest):
            self.encoding.solver.add(place.worth <= 0)
            return
        self.encoding.solver.add(place.worth <= self.rule.down(highest))
        if self.is_line:
            self._line(place)
        if self.is_line and not self.rule.has_code():
            return
        self.asked(place, 0)
        reserve = self.encoding.program.law.upkeep.reserve
        for index in place.options:
            columns = self.encoding.slots[place.slot][index].columns
            behind = columns[COMMIT][place.atom] + reserve
            sums = accumulate(reversed(columns[DRAIN][: place.atom + 1]))
            for begin, drain in zip(range(place.atom, -1, -1), sums, strict=True):
                self.at_need(place, columns[RESUME][begin] + drain + behind)

    def _line(self, place: Place) -> None:
        """Energies at constant power, charges at a constant current: time is proportional to the level.

        Rounding is what integers do.
        """
        assert isinstance(self.charging, PolynomialCharging)
        line, scale = self.charging.line, self.charging.scale
        top = self.rule.top
        self.encoding.solver.add(
            self.z3.Implies(place.high <= top, scale * place.rise >= line * place.high),
            self.z3.Implies(place.high > top, scale * place.rise >= line * top),
        )
        if self.rule.bottom is None:
            self.encoding.solver.add(scale * place.worth <= line * place.left)

    def at_need(self, place: Place, need: int) -> None:
        """The instances for a cycle that drains so much and starts at its threshold."""
        if not 0 <= need <= self.rule.top:
            return
        threshold = self.rule.least(need)
        self.asked(place, need)
        self.left(place, threshold.level - need)
        if self.rule.choices:
            return
        head = self.encoding.program.law.head.level
        if need <= head:
            self.asked(place, 0)
            self.left(place, max(head, self.rule.least(0).level) - need)

    def tell(self, place: Place, cycle: Cycle, threshold: Threshold, left: int) -> None:
        """The instances at what a cycle that ends at a place asks and waits for, and at what it leaves."""
        self.asked(place, cycle.asked)
        self._high(place, threshold.high)
        self.left(place, left)

    def asked(self, place: Place, asked: int) -> None:
        """What the least sufficient threshold is at a level that is asked for."""
        asked = min(asked, self.rule.top)
        if self.rule.is_fixed or not self._is_new("asked", place, asked):
            return
        found = self.rule.least(asked)
        if self.rule.has_code() and place.choices:
            z3, least = self.z3, place.choices[0]
            self.encoding.solver.add(
                z3.Implies(z3.And(least, place.asked <= asked), place.threshold <= found.level),
                z3.Implies(z3.And(least, place.asked >= asked), place.threshold >= found.level),
                z3.Implies(z3.And(least, place.asked >= asked), place.high >= found.high),
            )
        self._high(place, found.high)

    def _high(self, place: Place, high: int) -> None:
        """What it takes to reach a level."""
        if self.rule.is_fixed or not self.charging.reaches(high) or not self._is_new("high", place, high):
            return
        self.encoding.solver.add(self.z3.Implies(place.high >= high, place.rise >= self.rule.up(high)))

    def left(self, place: Place, level: int) -> None:
        """What a level that is left is worth."""
        if not self.charging.reaches(level) or not self._is_new("left", place, level):
            return
        self.encoding.solver.add(self.z3.Implies(place.left <= level, place.worth <= self.rule.down(level)))

    def _is_new(self, kind: str, place: Place, level: int) -> bool:
        key = (kind, place.slot, place.atom, level)
        if key in self.known:
            return False
        self.known.add(key)
        return True
