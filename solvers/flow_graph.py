"""The arc-flow formulation: a plan is one unit of flow from the source to the sink of a graph of power cycles.

A node is a cut inside a design (so that designs are chosen by the way the flow takes, not by linking constraints), a
boundary between stages at which a cycle has ended, or a boundary that a cycle crosses, with what it has drained so far.
An arc ends a power cycle, or carries one over a boundary; its cost is exact. Power cycles that do not fit are no arcs,
so no constraint switches another one on: the matrix is that of a network, and its linear relaxation is integral. Where
stages can run in several orders, the flow takes one of the ways between the boundaries. No arc carries a cycle over a
boundary that is closed, or all along a step that breaks cycles.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import cache, partial
from itertools import accumulate, takewhile
from math import inf
from typing import Protocol

from ischedule.models.chain import Chain
from ischedule.models.cycle_law import Position
from ischedule.models.program import Program

LATER = -1
"""The kind of an open cycle that is neither the first nor begins on a level that the first has kept."""
FIRST = -2


@dataclass(frozen=True, slots=True)
class Closed:
    """Standing at a boundary, where a cycle has ended; ``worth`` (ps) is what a kept level saves."""

    boundary: int
    worth: int = 0


@dataclass(frozen=True, slots=True)
class Inside:
    """Standing at a cut inside a design of a step."""

    step: int
    design: int
    cut: int
    worth: int = 0


@dataclass(frozen=True, slots=True)
class Open:
    """A cycle in progress at a boundary: its drain so far, and its kind or the worth it began on."""

    boundary: int
    drain: int
    kind: int


Node = Closed | Inside | Open


class Wanted(Protocol):
    """Plans that cost at most ``most``, by bounds on what a plan costs at least."""

    @property
    def most(self) -> float:
        """What a wanted plan costs at most."""

    def at_least(self, node: Node, drain: int, time: int) -> float:
        """What follows a node; inside a design so much drain and time are left of it."""

    def standing(self, node: Node) -> float:
        """What of that an open cycle has already drained; the rest is said of each way on."""

    def through(self, step: int, design: int) -> float:
        """What a design costs, and all that follows it."""


@dataclass(frozen=True, slots=True)
class Arc:
    """The rest of a power cycle, or a part of one up to a boundary, with the atoms of one design of a step.

    ``drain`` and ``stored`` are what these drain and how many bytes they store, with the ends of the cycle on the arc.
    """

    tail: int
    head: int
    cost: int
    atoms: int
    step: int
    design: int
    ends: bool
    drain: int = 0
    stored: int = 0


@dataclass
class FlowGraph:
    """Nodes and arcs; arcs are grouped by their tails, and all that lead to a node stand before those that leave it."""

    source: int = 0
    sink: int = -1
    nodes: list[Node] = field(default_factory=list)
    arcs: list[Arc] = field(default_factory=list)

    def greatest_duals(self) -> list[int | None]:
        """The greatest node potentials that no arc exceeds, exactly: what each costs to reach."""
        return self.reached([arc.cost for arc in self.arcs])

    def reached(self, costs: Sequence[int]) -> list[int | None]:
        """What each node costs to reach at least from the source, by costs of the arcs; None where nothing leads."""
        found: list[int | None] = [None] * len(self.nodes)
        found[self.source] = 0
        for arc, cost in zip(self.arcs, costs, strict=True):
            start, there = found[arc.tail], found[arc.head]
            if start is not None and (there is None or start + cost < there):
                found[arc.head] = start + cost
        return found

    def behind(self, costs: Sequence[int]) -> list[int | None]:
        """What follows each node costs at least, up to the sink."""
        found: list[int | None] = [None] * len(self.nodes)
        found[self.sink] = 0
        for arc, cost in zip(reversed(self.arcs), reversed(costs), strict=True):
            end, here = found[arc.head], found[arc.tail]
            if end is not None and (here is None or end + cost < here):
                found[arc.tail] = end + cost
        return found

    def needed(self) -> FlowGraph:
        """The arcs from which the sink can be reached, of those between the same nodes the cheapest."""
        leads = {self.sink}
        cheapest: dict[tuple[int, int], Arc] = {}
        for arc in reversed(self.arcs):
            if arc.head in leads:
                leads.add(arc.tail)
                known = cheapest.get((arc.tail, arc.head))
                if known is None or arc.cost <= known.cost:
                    cheapest[arc.tail, arc.head] = arc
        kept = {id(arc) for arc in cheapest.values()}
        return replace(self, arcs=[arc for arc in self.arcs if id(arc) in kept])


class _Profile:
    """A chain in sums from its start."""

    def __init__(self, chain: Chain) -> None:
        nothing = [0] * len(chain)
        self.drain = list(accumulate(map(int, chain.drain), initial=0))
        self.time = list(accumulate(map(int, chain.time), initial=0))
        self.resume = list(zip(map(int, chain.resume_drain), map(int, chain.resume_time), strict=True))
        self.commit = list(zip(map(int, chain.commit_drain), map(int, chain.commit_time), strict=True))
        self.cut = [bool(value) for value in chain.cut]
        stored, saved = (one if len(one) else nothing for one in (chain.stored, chain.commit_stored))
        self.stored = list(accumulate(map(int, stored), initial=0))
        self.saved = list(map(int, saved))

    def __len__(self) -> int:
        return len(self.cut)


Ways = Sequence[dict[int, Chain]]
"""For each step of a program the chains of some designs, by the designs' numbers."""


def flow_graph(program: Program, ways: Ways, wanted: Wanted | None = None, *, follows: bool = True) -> FlowGraph:
    """The graph of all plans with these designs of each step.

    With ``wanted``, an arc that no wanted plan can have is left out, and none leaves an open cycle where another of its
    kind has drained and cost no more. Unless it ``follows`` a level that the first cycle has kept, costs are the
    sum of prices.
    """
    return _Builder(program, ways, wanted, follows).build()


_Rest = tuple[int, int, int, bool, int, int]
"""What an arc has beside its ends and its cost, in order."""


class _Builder:
    """Arcs boundary by boundary, and in a design cut by cut: all that reaches a node is known before arcs leave it."""

    def __init__(self, program: Program, ways: Ways, wanted: Wanted | None, follows: bool = True) -> None:
        self.program, self.law, self.graph, self.wanted = program, program.law, FlowGraph(), wanted
        self.end, self.keeps = program.end, follows and program.law.keeps_level
        self.ways = [{name: _Profile(chain) for name, chain in some.items()} for some in ways]
        self.number: dict[Node, int] = {}
        self.reached: list[int | None] = []
        self.rest: dict[Node, float] = {}
        self.at: dict[tuple[int, int, int] | int, list[Node]] = {}
        self.price = {position: cache(partial(self.law.price, position)) for position in Position}
        self.kept, self.unwaited, self.rise = cache(self.law.kept), cache(self.law.unwaited), cache(self.law.rise)

    def node(self, node: Node) -> int:
        """The number of a node, which is new if need be."""
        if node not in self.number:
            self.number[node] = len(self.graph.nodes)
            self.graph.nodes.append(node)
            self.reached.append(None)
            place = (node.step, node.design, node.cut) if isinstance(node, Inside) else node.boundary
            self.at.setdefault(place, []).append(node)
        return self.number[node]

    def build(self) -> FlowGraph:
        """All arcs that the source leads to."""
        self.graph.source = self.node(Closed(0))
        self.reached[self.graph.source] = 0
        for boundary in range(self.end):
            entries = self.entries(boundary)
            for step, way in enumerate(self.program.steps):
                if way.source != boundary or not entries:
                    continue
                for design, profile in self.ways[step].items():
                    for node in self.hopeful(entries, step, design):
                        self.leave(node, step, design, profile, 0)
                    for cut in range(1, len(profile)):
                        for node in self.at.get((step, design, cut), ()):
                            self.leave(node, step, design, profile, cut)
        self.graph.sink = self.node(Closed(self.end))
        return self.graph

    def entries(self, boundary: int) -> list[tuple[float, Node]]:
        """The nodes at a boundary from which arcs leave, by what each has cost at least, the least first."""
        entries = self.at.get(boundary, [])
        if self.wanted is None:
            return [(0.0, node) for node in entries]
        best: dict[int, int] = {}
        kept: list[tuple[float, Node]] = []
        for node in sorted(entries, key=lambda one: one.drain if isinstance(one, Open) else -1):
            cost = self.cost_of(self.number[node])
            if isinstance(node, Open):
                if cost >= best.get(node.kind, cost + 1):
                    continue
                best[node.kind] = cost
            kept.append((cost + self.wanted.standing(node), node))
        return sorted(kept, key=lambda one: one[0])

    def hopeful(self, entries: list[tuple[float, Node]], step: int, design: int) -> Iterator[Node]:
        """Those from which a wanted plan may go on with a design."""
        most = inf if self.wanted is None else self.wanted.most - self.wanted.through(step, design)
        return (node for _, node in takewhile(lambda one: one[0] <= most, entries))

    def cost_of(self, node: int) -> int:
        """What reaching a node costs, by all arcs so far."""
        cost = self.reached[node]
        assert cost is not None, "arcs leave nodes that are reached"
        return cost

    def leave(self, node: Node, step: int, design: int, profile: _Profile, cut: int) -> None:
        """Every way on from a node through the atoms of a design behind a cut."""
        if isinstance(node, Open):
            kind, drain, time, before = node.kind, node.drain, 0, node.drain
        else:
            kind = node.worth or LATER
            if self.number[node] == self.graph.source:
                kind = FIRST
            (drain, time), before = profile.resume[cut], 0
        most = self.law.first_capacity if kind == FIRST else self.law.capacity
        tail, target = self.number[node], self.program.steps[step].target
        final = target == self.end
        for end in range(cut + 1, len(profile) + 1):
            drained = drain + profile.drain[end] - profile.drain[cut]
            if drained > most:
                return
            passed, whole = time + profile.time[end] - profile.time[cut], end == len(profile)
            commit, stored = profile.commit[end - 1], profile.stored[end] - profile.stored[cut]
            if profile.cut[end - 1] and drained + commit[0] <= most:
                cost = self.cost(kind, drained + commit[0], final and whole)
                if cost is not None:
                    head = self.behind(kind, drained + commit[0], step, design, end, profile)
                    spent = drained + commit[0] - before, stored + profile.saved[end - 1]
                    self.add(tail, head, cost + passed + commit[1], (end - cut, step, design, True, *spent), profile)
            if whole and self.may_stay_open(node, step, cut):
                over = Open(target, drained, kind if self.can_go_on(kind, drained) else LATER)
                self.add(tail, over, passed, (end - cut, step, design, False, drained - before, stored), profile)

    def may_stay_open(self, node: Node, step: int, cut: int) -> bool:
        """Whether a cycle in progress at a node may be carried over the end of a step, behind a cut of its design."""
        target = self.program.steps[step].target
        comes_from_before = isinstance(node, Open) and cut == 0
        is_ended = target == self.end or target in self.program.closed
        return not is_ended and not (comes_from_before and self.program.breaks(step))

    def add(self, tail: int, head: Node, price: int, rest: _Rest, profile: _Profile) -> None:
        """An arc to a node, unless no wanted plan can have it."""
        cost = self.cost_of(tail) + price
        if self.wanted is not None:
            ahead = self.rest.get(head)
            if ahead is None:
                left = (0, 0)
                if isinstance(head, Inside):
                    left = profile.drain[-1] - profile.drain[head.cut], profile.time[-1] - profile.time[head.cut]
                ahead = self.rest[head] = self.wanted.at_least(head, *left)
            if cost + ahead > self.wanted.most:
                return
        number = self.node(head)
        known = self.reached[number]
        self.reached[number] = cost if known is None else min(known, cost)
        self.graph.arcs.append(Arc(tail, number, price, *rest))

    def behind(self, kind: int, drain: int, step: int, design: int, end: int, profile: _Profile) -> Closed | Inside:
        """The node at which a cycle of this drain ends; no level is kept there if the next cycle waits for certain."""
        target, whole = self.program.steps[step].target, end == len(profile)
        is_sink = whole and target == self.end
        worth = max(0, self.kept(drain)) if kind == FIRST and self.keeps and not is_sink else 0
        if whole:
            return Closed(target, worth)
        following = profile.resume[end][0] + profile.drain[end + 1] - profile.drain[end]
        return Inside(step, design, end, worth if worth and self.can_go_on(worth, following) else 0)

    def can_go_on(self, kind: int, drain: int) -> bool:
        """Whether a second cycle behind a level may not wait, if it drains at least so much; any other kind may."""
        return kind < 0 or kind > self.rise(min(drain, self.law.capacity))

    def cost(self, kind: int, drain: int, ends: bool) -> int | None:
        """The price of a cycle, None where the law allows it no cycle to follow."""
        if kind == FIRST:
            if ends:
                return self.price[Position.ONLY](drain)
            return None if self.law.max_cycles == 1 else self.price[Position.FIRST](drain)
        position = Position.LAST if ends else Position.MID
        price = self.price[position](drain)
        return price if kind == LATER else max(price, kind + self.unwaited(position, drain))
