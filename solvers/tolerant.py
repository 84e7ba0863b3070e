"""The best plan of tasks that tolerate failures of power: the dearest power cycle counts as often again as may fail.

What a plan takes is the sum of its cycles' costs and so many times the dearest. For a bound on the dearest the rest is
a shortest path, and the bounds that matter are those of the ways themselves: at each cut the ways are kept of which
none is as cheap with as cheap a dearest cycle.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from ischedule.models.chain import Chain
from ischedule.models.cycle_law import Position
from ischedule.models.failures import least_repeated
from ischedule.models.fixed_wake import FixedWakeLaw
from ischedule.models.plan import Answer, Plan, PowerCycles, Repeated, Status
from ischedule.models.program import Program
from ischedule.solvers.limit import Limit
from ischedule.solvers.needs import Edge, edges_of
from ischedule.solvers.under_curve import only_chain

MOST_WAYS = 300_000
"""How many cycles are put behind ways before the search gives up."""


class Way(NamedTuple):
    """What a way to a cut costs, its dearest cycle once more, and how it was found."""

    cost: int
    dearest: int
    before: Way | None = None
    cycle: PowerCycles | None = None


def solve_tolerant(program: Program, limit: Limit, deadline: int | None) -> Answer | None:
    """The best plan with its failures; None where that is not searched: other programs, and too many ways.

    Where a cycle leaves a level for the next one a plan can take less than the sum of prices: another that joins the
    two would be as good, but its dearest cycle is not.
    """
    chain, law = only_chain(program), program.law
    is_plain = program.goal.is_plain and program.table_size is None and program.storage is None
    if chain is None or chain.ceiling is not None or law.max_cycles is not None or not is_plain:
        return None
    if (chain.has_needs and not isinstance(law, FixedWakeLaw)) or law.keeps_level or law.leaves_level:
        return None
    last = _Search(program, chain, limit).best()
    if last is None:
        return None
    cost = last.cost + program.failures * last.dearest
    latency = cost + law.offset
    status = Status.SCHEDULABLE if deadline is None or latency <= deadline else Status.UNSCHEDULABLE
    return Answer(status, _plan(last), latency, Repeated(cost), None)


class _Search:
    """All cheapest ways through one chain."""

    def __init__(self, program: Program, chain: Chain, limit: Limit) -> None:
        self.program, self.chain, self.law, self.limit = program, chain, program.law, limit
        self.edges = edges_of(program.law, chain, limit)

    def best(self) -> Way | None:
        """The way to the end that costs least with its failures; None if there is none, or there are too many."""
        atoms, seen = len(self.chain), 0
        ways: list[list[Way]] = [[] for _ in range(atoms + 1)]
        ways[0] = [Way(0, 0)]
        for place in range(atoms):
            self.limit.check()
            here = cheapest(ways[place])
            if not here:
                continue
            for edge in self.edges(place):
                if edge.need > self.law.capacity:
                    continue  # no threshold guarantees as much, so that it could not be run again
                ways[edge.end] += self._behind(here, place, edge)
                seen += len(here)
            ways[place] = here
            if seen > MOST_WAYS:
                return None
        return min(ways[atoms], key=lambda way: way.cost + self.program.failures * way.dearest, default=None)

    def _behind(self, ways: list[Way], place: int, edge: Edge) -> Iterator[Way]:
        """The ways with one more cycle."""
        law, atoms = self.law, len(self.chain)
        if place == 0:
            position = Position.ONLY if edge.end == atoms else Position.FIRST
        else:
            position = Position.LAST if edge.end == atoms else Position.MID
        price = law.price(position, edge.drain)
        again = least_repeated(law, edge.need, edge.active, self.program.reboot)
        threshold = law.threshold(edge.drain, position)
        cycle = PowerCycles(1, edge.end - place, threshold.level, threshold.code)
        for way in ways:
            yield Way(way.cost + price + edge.active, max(way.dearest, again), way, cycle)


def cheapest(ways: list[Way]) -> list[Way]:
    """Those than which no other is as cheap in both."""
    found: list[Way] = []
    least: int | None = None
    for way in sorted(ways, key=lambda one: one[:2]):
        if least is None or way.dearest < least:
            found.append(way)
            least = way.dearest
    return found


def _plan(last: Way) -> Plan:
    cycles: list[PowerCycles] = []
    way: Way | None = last
    while way is not None and way.cycle is not None:
        one = way.cycle
        if cycles and (cycles[-1].atoms, cycles[-1].level, cycles[-1].code) == (one.atoms, one.level, one.code):
            one = PowerCycles(cycles.pop().repeat + 1, one.atoms, one.level, one.code)
        cycles.append(one)
        way = way.before
    return Plan((0,), tuple(reversed(cycles)))
