"""A program as an arc-flow MILP for HiGHS: one binary variable for each possible power cycle, flow kept at each cut.

Written from the meaning of a program, not from the solvers. A node is a cut: inside a design, or a boundary between
stages. An arc is a power cycle from one cut to a later one through a choice of designs, with everything it costs; the
first cycle leaves the source, the last one reaches the sink. A plan is a unit of flow.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass

import highspy
import pulp

from ischedule.models.program import Program
from ischedule.models.waiting import Position
from ischedule.solvers.outcome import Outcome
from tests.solvers.enumeration import Joined, Prices, cost_of, designs_of

Node = tuple[int, int, int, int]
"""Stage, design, atoms of it that are done, and what a level is worth that a first cycle has kept there, 0 elsewhere.

A boundary is (stage, -1, 0, ...). So each worth of a level at a cut is a node of its own.
"""

Chosen = tuple[tuple[int, int], ...]
"""Stages with the design chosen in each."""


@dataclass(frozen=True)
class Arc:
    """One power cycle: where it begins and ends, its cost, its atoms and the designs that it enters or is in."""

    tail: Node
    head: Node
    cost: int
    atoms: int
    designs: Chosen


@dataclass(frozen=True)
class Found:
    """The MILP's optimum: its exact cost, how many cycles were possible, and how long HiGHS itself took."""

    cost: int | None
    arcs: int
    seconds: float

    def agrees(self, outcome: Outcome) -> bool:
        """Whether a solver has the same least sum of prices, or follows levels where no plan attains it."""
        if outcome.bound is not None and outcome.bound.follows_levels:
            return self.cost is not None and outcome.cost is not None and self.cost < outcome.cost
        return self.cost == outcome.cost


class Arcs:
    """All power cycles of a program of explicit stages."""

    def __init__(self, program: Program) -> None:
        self.program, self.prices = program, Prices(program.law)
        self.chains = [
            {int(design): stage.chain(design) for design in designs}  # type: ignore[arg-type, call-overload]
            for stage, designs in zip(program.stages, designs_of(program), strict=True)
        ]
        self.source, self.sink = (0, -1, 0, 0), (len(self.chains), -1, 0, 0)
        law = program.law
        self.most = max(law.capacity, law.first_capacity)

    def all(self) -> Iterator[Arc]:
        """Every cycle from every cut; second ones also from every level that a first one can keep there."""
        firsts = list(self._starting_at(self.source))
        yield from firsts
        kept = {arc.head for arc in firsts if arc.head[3]}
        for stage, chains in enumerate(self.chains):
            if stage:
                yield from self._starting_at((stage, -1, 0, 0))
            for design, chain in chains.items():
                for begin in range(1, len(chain)):
                    if chain.cut[begin - 1]:
                        yield from self._starting_at((stage, design, begin, 0))
        for tail in sorted(kept):
            yield from self._starting_at(tail)

    def _starting_at(self, tail: Node) -> Iterator[Arc]:
        stage, chosen, begin, _ = tail
        if stage == len(self.chains):
            return
        for design, chain in self.chains[stage].items():
            if chosen in (design, -1):
                start = int(chain.resume_drain[begin]), int(chain.resume_time[begin])
                yield from self._from(tail, stage, design, begin, *start, ())

    def _from(
        self,
        tail: Node,
        stage: int,
        design: int,
        begin: int,
        drain: int,
        time: int,
        before: tuple[tuple[int, int], ...],
    ) -> Iterator[Arc]:
        """Every end of a cycle that runs atom `begin` of a design next."""
        chain, designs = self.chains[stage][design], (*before, (stage, design))
        for place in range(begin, len(chain)):
            drain, time = drain + int(chain.drain[place]), time + int(chain.time[place])
            if drain > self.most:
                return
            if not chain.cut[place]:
                continue
            whole = place + 1 == len(chain)
            head = (stage + 1, -1, 0, 0) if whole else (stage, design, place + 1, 0)
            spent = drain + int(chain.commit_drain[place])
            price = self._price(tail, head, spent)
            if price is not None:
                cost = price + time + int(chain.commit_time[place])
                head = (*head[:3], self._kept(tail, head, spent))
                yield Arc(tail, head, cost, self._atoms(tail, stage, place, designs), designs)
        if stage + 1 < len(self.chains):
            for follower in self.chains[stage + 1]:
                yield from self._from(tail, stage + 1, follower, 0, drain, time, designs)

    def _kept(self, tail: Node, head: Node, drain: int) -> int:
        law = self.program.law
        return law.kept(drain) if tail == self.source and head != self.sink and law.keeps_level else 0

    def _atoms(self, tail: Node, stage: int, place: int, designs: Chosen) -> int:
        whole = sum(len(self.chains[number][design]) for number, design in designs if number < stage)
        return whole + place + 1 - tail[2]

    def _price(self, tail: Node, head: Node, drain: int) -> int | None:
        ends = head == self.sink
        if tail != self.source:
            return self.prices.of(Position.LAST if ends else Position.MID, drain, tail[3] or None)
        if ends:
            return self.prices.of(Position.ONLY, drain)
        return None if self.program.law.max_cycles == 1 else self.prices.of(Position.FIRST, drain)


def solve_milp(program: Program) -> Found:
    """The least cost by HiGHS; the cost is that of the plan it chooses, added up in integers."""
    graph = Arcs(program)
    arcs = list(graph.all())
    problem = pulp.LpProblem("cycles", pulp.LpMinimize)
    chosen = [pulp.LpVariable(f"x{number}", cat=pulp.LpBinary) for number in range(len(arcs))]
    problem += pulp.LpAffineExpression([(variable, arc.cost) for variable, arc in zip(chosen, arcs, strict=True)])
    flow: dict[Node, list[tuple[pulp.LpVariable, int]]] = defaultdict(list)
    for variable, arc in zip(chosen, arcs, strict=True):
        flow[arc.tail].append((variable, 1))
        flow[arc.head].append((variable, -1))
    balance = {graph.source: 1, graph.sink: -1}
    if not all(node in flow for node in balance):
        return Found(None, len(arcs), 0.0)
    for node, terms in flow.items():
        problem += pulp.LpAffineExpression(terms) == balance.get(node, 0)
    # the threads of one process are started once, and another number is refused until they have ended
    highspy.Highs.resetGlobalScheduler(True)
    problem.solve(pulp.HiGHS(msg=False, gapRel=0.0, gapAbs=0.0, threads=1))
    if problem.status != pulp.LpStatusOptimal:
        assert problem.status == pulp.LpStatusInfeasible, pulp.LpStatus[problem.status]
        return Found(None, len(arcs), problem.solutionTime)
    used = [arc for variable, arc in zip(chosen, arcs, strict=True) if round(variable.value()) == 1]
    return Found(_exact_cost(graph, used), len(arcs), problem.solutionTime)


def _exact_cost(graph: Arcs, used: list[Arc]) -> int:
    """What the plan that these cycles make up costs when its atoms stand in a row."""
    after = {arc.tail: arc for arc in used}
    node, ends, designs = graph.source, [0], dict[int, int]()
    while node != graph.sink:
        arc = after.pop(node)
        ends.append(ends[-1] + arc.atoms)
        for stage, design in arc.designs:
            assert designs.setdefault(stage, design) == design, "one design for each stage"
        node = arc.head
    assert not after, "cycles beside the plan"
    sequence = Joined([graph.chains[stage][designs[stage]] for stage in range(len(graph.chains))])
    cost = cost_of(sequence, ends[1:], graph.prices)
    assert cost == sum(arc.cost for arc in used)
    return cost
