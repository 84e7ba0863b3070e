"""The arc-flow formulation: a plan is one unit of flow from the source to the sink of a graph of power cycles.

A node is a cut inside a design (so that designs are chosen by the way the flow takes, not by linking constraints), a
boundary between stages at which a cycle has ended, or a boundary that a cycle crosses, with what it has drained so far.
An arc ends a power cycle, or carries one over a boundary; its cost is exact. Power cycles that do not fit are no arcs,
so no constraint switches another one on: the matrix is that of a network, and its linear relaxation is integral.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import cache
from itertools import accumulate

from ischedule.models.chain import Chain
from ischedule.models.cycle_law import CycleLaw, Position

LATER = -1
"""The kind of an open cycle that is neither the first nor begins on a level that the first has kept."""
FIRST = -2


@dataclass(frozen=True, slots=True)
class Closed:
    """Standing at a cut, or (no design) at the boundary before a stage; ``worth`` (ps) is what a kept level saves."""

    stage: int
    design: int | None
    cut: int
    worth: int = 0


@dataclass(frozen=True, slots=True)
class Open:
    """A cycle in progress at the boundary before a stage: its drain so far, and its kind or the worth it began on."""

    stage: int
    drain: int
    kind: int


Node = Closed | Open
Wanted = Callable[[Node, int], bool]
"""Whether a node that is reached at this cost may belong to a plan that is wanted."""


@dataclass(frozen=True, slots=True)
class Arc:
    """The rest of a power cycle, or a part of one up to a boundary, with the atoms of one stage's design."""

    tail: int
    head: int
    cost: int
    atoms: int
    stage: int
    design: int
    ends: bool


@dataclass
class FlowGraph:
    """Nodes in an order in which every arc leads forward, and arcs grouped by their tails in this order."""

    source: int = 0
    sink: int = -1
    nodes: list[Node] = field(default_factory=list)
    arcs: list[Arc] = field(default_factory=list)

    def greatest_duals(self) -> list[int | None]:
        """The greatest node potentials that no arc exceeds, exactly: what each costs to reach."""
        found: list[int | None] = [None] * len(self.nodes)
        found[self.source] = 0
        for arc in self.arcs:
            start, there = found[arc.tail], found[arc.head]
            if start is not None and (there is None or start + arc.cost < there):
                found[arc.head] = start + arc.cost
        return found


class _Profile:
    """A chain in sums from its start."""

    def __init__(self, chain: Chain) -> None:
        self.drain = list(accumulate(map(int, chain.drain), initial=0))
        self.time = list(accumulate(map(int, chain.time), initial=0))
        self.resume = list(zip(map(int, chain.resume_drain), map(int, chain.resume_time), strict=True))
        self.commit = list(zip(map(int, chain.commit_drain), map(int, chain.commit_time), strict=True))
        self.cut = [bool(value) for value in chain.cut]

    def __len__(self) -> int:
        return len(self.cut)


def flow_graph(law: CycleLaw, stages: Sequence[dict[int, Chain]], wanted: Wanted | None = None) -> FlowGraph:
    """The graph of all plans with these designs (numbered) of each stage.

    With ``wanted``, no arc leaves a node at a boundary that is not wanted at its cost, nor an open cycle where another
    of its kind has drained and cost no more.
    """
    return _Builder(law, stages, wanted).build()


class _Builder:
    """Arcs stage by stage, and in a design cut by cut: all that reaches a node is known before arcs leave it."""

    def __init__(self, law: CycleLaw, stages: Sequence[dict[int, Chain]], wanted: Wanted | None) -> None:
        self.law, self.graph, self.wanted = law, FlowGraph(), wanted
        self.stages = [{name: _Profile(chain) for name, chain in stage.items()} for stage in stages]
        self.number: dict[Node, int] = {}
        self.at: dict[tuple[int, int | None, int], list[Node]] = {}
        self.price, self.kept, self.unwaited = cache(law.price), cache(law.kept), cache(law.unwaited)

    def node(self, node: Node) -> int:
        """The number of a node, which is new if need be."""
        if node not in self.number:
            self.number[node] = len(self.graph.nodes)
            self.graph.nodes.append(node)
            place = (node.stage, None, 0) if isinstance(node, Open) else (node.stage, node.design, node.cut)
            self.at.setdefault(place, []).append(node)
        return self.number[node]

    def build(self) -> FlowGraph:
        """All arcs that the source leads to."""
        self.graph.source = self.node(Closed(0, None, 0))
        for stage, designs in enumerate(self.stages):
            entries = self.entries(stage)
            for design, profile in designs.items():
                for node in entries:
                    self.leave(node, stage, design, profile, 0)
                for cut in range(1, len(profile)):
                    for node in self.at.get((stage, design, cut), ()):
                        self.leave(node, stage, design, profile, cut)
        self.graph.sink = self.node(Closed(len(self.stages), None, 0))
        return self.graph

    def entries(self, stage: int) -> list[Node]:
        """The nodes before a stage from which arcs leave."""
        entries = self.at.get((stage, None, 0), [])
        if self.wanted is None:
            return entries
        duals = self.graph.greatest_duals()
        best: dict[int, int] = {}
        kept: list[Node] = []
        for node in sorted(entries, key=lambda one: one.drain if isinstance(one, Open) else -1):
            cost = duals[self.number[node]]
            if isinstance(node, Open) and cost is not None:
                if cost >= best.get(node.kind, cost + 1):
                    continue
                best[node.kind] = cost
            if cost is None or not self.wanted(node, cost):
                continue
            kept.append(node)
        return kept

    def leave(self, node: Node, stage: int, design: int, profile: _Profile, cut: int) -> None:
        """Every way on from a node through the atoms of a design behind a cut."""
        if isinstance(node, Open):
            kind, drain, time = node.kind, node.drain, 0
        else:
            kind = node.worth or LATER
            if self.number[node] == self.graph.source:
                kind = FIRST
            drain, time = profile.resume[cut]
        most = self.law.first_capacity if kind == FIRST else self.law.capacity
        tail, final = self.number[node], stage + 1 == len(self.stages)
        for end in range(cut + 1, len(profile) + 1):
            drained = drain + profile.drain[end] - profile.drain[cut]
            if drained > most:
                return
            passed, whole = time + profile.time[end] - profile.time[cut], end == len(profile)
            commit = profile.commit[end - 1]
            if profile.cut[end - 1] and drained + commit[0] <= most:
                cost = self.cost(kind, drained + commit[0], final and whole)
                if cost is not None:
                    head = self.behind(kind, drained + commit[0], stage, design, end, whole)
                    total = cost + passed + commit[1]
                    self.graph.arcs.append(Arc(tail, self.node(head), total, end - cut, stage, design, True))
            if whole and not final:
                over = self.node(Open(stage + 1, drained, kind))
                self.graph.arcs.append(Arc(tail, over, passed, end - cut, stage, design, False))

    def behind(self, kind: int, drain: int, stage: int, design: int, end: int, whole: bool) -> Closed:
        """The node at which a cycle of this drain ends."""
        is_sink = whole and stage + 1 == len(self.stages)
        worth = self.kept(drain) if kind == FIRST and self.law.keeps_level and not is_sink else 0
        return Closed(stage + 1, None, 0, worth) if whole else Closed(stage, design, end, worth)

    def cost(self, kind: int, drain: int, ends: bool) -> int | None:
        """The price of a cycle, None where the law allows it no cycle to follow."""
        if kind == FIRST:
            if ends:
                return self.price(Position.ONLY, drain)
            return None if self.law.max_cycles == 1 else self.price(Position.FIRST, drain)
        position = Position.LAST if ends else Position.MID
        price = self.price(position, drain)
        return price if kind == LATER else max(price, kind + self.unwaited(position, drain))
