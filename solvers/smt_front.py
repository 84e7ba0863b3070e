"""What is known of a place: the states that cycles can leave there, each with a beginning of a plan that leaves it.

A state is a time and a level. Later and lower is no better, whatever comes behind: every wait is over later, and the
next cycle starts no higher. Below the lowest threshold the next cycle waits for certain, so that there the time less
what the level is worth says it all. Only states that no other is as good as are kept; and what one of them was as good
as stays so when a better one replaces it, so that the bounds hold of every state, whatever else a plan is asked for.
"""

from __future__ import annotations

from bisect import bisect_left, insort
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from ischedule.solvers.smt_encoding import Encoding, Place
from ischedule.solvers.smt_plan import Beginning
from ischedule.solvers.smt_rule import Rule


def _level(one: Beginning) -> int:
    return one.level


@dataclass
class Front:
    """Beginnings by the states that they leave: ``high`` by ascending level, and hence time; ``low`` is the one below
    the ground that costs least.
    """

    rule: Rule
    low: Beginning | None = None
    high: list[Beginning] = field(default_factory=list)

    def __iter__(self) -> Iterator[Beginning]:
        return iter([*([] if self.low is None else [self.low]), *self.high])

    def is_low(self, level: int) -> bool:
        """Whether every cycle waits before it starts from a level."""
        return self.rule.ground is not None and level < self.rule.ground

    def has(self, time: int, level: int) -> bool:
        """Whether a state is known that is as good."""
        index = bisect_left(self.high, level, key=_level)
        if index < len(self.high) and self.high[index].time <= time:
            return True
        if self.low is None or not self.is_low(level):
            return False
        return self.low.cost(self.rule) <= time - self.rule.worth(level)

    def add(self, one: Beginning) -> bool:
        """Keep a beginning, and what it is not as good as no longer; False if a state as good is known."""
        if self.has(one.time, one.level):
            return False
        if self.is_low(one.level):
            self.low = one
        else:
            self.high = [other for other in self.high if other.level > one.level or other.time < one.time]
            insort(self.high, one, key=_level)
        return True

    def as_good_as(self, time: Any, level: int, worth: Any) -> Beginning:
        """A beginning that is as good as a state within the bounds."""
        if self.low is not None and self.is_low(level) and time - worth >= self.low.cost(self.rule):
            return self.low
        return self.high[bisect_left(self.high, level, key=_level)]

    def better(self, encoding: Encoding, place: Place, one: Beginning) -> Any:
        """Whether a cycle that ends at a place leaves a state that one of the beginnings is not as good as."""
        z3 = encoding.z3
        if self.is_low(one.level):
            return z3.Or(place.done - place.worth < one.cost(self.rule), place.left >= self.rule.ground)
        return z3.Or(place.done < one.time, place.left > one.level)

    def bound(self, encoding: Encoding, place: Place, at: Any) -> None:
        """Add that where a literal holds the next cycle begins with a state that one of these is as good as."""
        z3, add, rule = encoding.z3, encoding.solver.add, self.rule
        ground, least = rule.ground, min((one.cost(rule) for one in self), default=None)
        if least is None:
            add(z3.Not(at))
            return
        cost = place.time - place.level_worth
        add(z3.Implies(at, cost >= least))
        if self.low is not None:
            cheap = cost >= self.low.cost(rule)
            known = z3.Or(cheap, place.time >= self.high[0].time) if self.high else cheap
            add(z3.Implies(z3.And(at, place.level < ground), known))
            at_least = z3.And(at, place.level >= ground)
        else:
            at_least = at
        if not self.high:
            add(z3.Not(at_least))
            return
        add(z3.Implies(at, place.level <= self.high[-1].level))
        add(z3.Implies(at_least, place.time >= self.high[0].time))
        for below, above in zip(self.high, self.high[1:], strict=False):
            add(z3.Implies(z3.And(at, place.level > below.level), place.time >= above.time))
        for one in self.high:
            add(z3.Implies(z3.And(at, place.level <= one.level), place.level_worth <= rule.worth(one.level)))
