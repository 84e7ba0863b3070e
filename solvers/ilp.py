"""The ILP solver: the arc-flow program over few designs, and all other designs priced until none can help.

A design outside the program is a column that is left out. For most, a bound on all plans with it exceeds a plan that
is known: box bounds price it. The others are crossed from the labels that the duals of the program name; one
that reaches a boundary at less than they say has a negative reduced cost, and enters. When none does, the duals are
those of the program with all columns, and the certificate's labels.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from ischedule.models.chain import Chain
from ischedule.models.plan import Bound, Boundary, Plan
from ischedule.models.program import Design, ExplicitStage, Program, TiledStage
from ischedule.solvers.flow_graph import FIRST, LATER, Arc, Closed, FlowGraph, Inside, Open, Wanted, flow_graph
from ischedule.solvers.flow_lp import Flow, Settings, least_flow
from ischedule.solvers.lift import power_cycles
from ischedule.solvers.limit import Limit, TimeUp
from ischedule.solvers.outcome import Outcome
from ischedule.solvers.thresholds import best_thresholds

Chosen = list[dict[int, Design]]
"""The designs of each step that are in the program, by their numbers."""


@dataclass(frozen=True)
class Master:
    """A program over some designs, solved: the graph, its flow (None: no plan), and the labels that the duals name."""

    graph: FlowGraph
    flow: Flow | None
    boundaries: tuple[Boundary, ...]


def solve_ilp(program: Program, limit: Limit) -> Outcome:
    """The optimal plan by the arc-flow program, or within a time limit the best one found and a proven bound."""
    if all(isinstance(stage, TiledStage) for stage in program.stages):
        from ischedule.solvers.ilp_columns import solve_by_columns

        outcome = solve_by_columns(program, limit)
    else:
        outcome = _solve_whole(program, limit)
    return outcome if program.has_bounds else replace(outcome, bound=None)


def _solve_whole(program: Program, limit: Limit) -> Outcome:
    """A program of explicit stages: every design is in."""
    chosen = all_designs(program)
    count = sum(stage.fits(index) for stage in program.stages for index in range(len(stage.designs)))  # type: ignore
    try:
        master = solve_master(program, chosen, limit)
    except TimeUp:
        from ischedule.solvers.longest import longest_cycles

        return longest_cycles(program)
    if master.flow is None:
        return Outcome(None, None, None, None, count, stuck_in(program, master.graph))
    plan, latency = plan_of_path(program, chosen, master.flow.path)
    bound = Bound(master.flow.cost, (0, 1), master.boundaries) if master.flow.is_exact else None
    return Outcome(plan, latency, master.flow.cost, bound, count)


def all_designs(program: Program) -> Chosen:
    """All designs of explicit stages that fit, for each step."""
    fitting = [
        {index: index for index in range(len(stage.designs)) if stage.fits(index)}
        for stage in program.stages
        if isinstance(stage, ExplicitStage)
    ]
    return [dict(fitting[step.stage]) for step in program.steps]


def solve_master(program: Program, chosen: Chosen, limit: Limit, wanted: Wanted | None = None) -> Master:
    """The arc-flow program over the chosen designs, solved."""
    graph = flow_graph(program, chains_of(program, chosen), wanted)
    needed = graph.needed()
    limit.tell(f"linear program of {len(needed.arcs)} arcs")
    flow = least_flow(needed, Settings(threads=limit.threads), limit)
    return Master(graph, flow, boundaries_of(graph, program.end))


def chains_of(program: Program, chosen: Chosen) -> list[dict[int, Chain]]:
    """For each step the chains of the chosen designs."""
    return [
        {number: program.stages[step.stage].chain(design) for number, design in designs.items()}  # type: ignore[arg-type]
        for step, designs in zip(program.steps, chosen, strict=True)
    ]


def stuck_in(program: Program, graph: FlowGraph) -> int:
    """The stage of a step that no flow passes: one from the last boundary that some flow reaches."""
    last = max(node.boundary for node in graph.nodes[:-1] if not isinstance(node, Inside))
    return next(step.stage for step in program.steps if step.source == last)


def boundaries_of(graph: FlowGraph, end: int) -> tuple[Boundary, ...]:
    """The duals as labels: what stands or is in progress at each boundary, and what that costs."""
    closed: list[int | None] = [None] * (end + 1)
    first: list[list[tuple[int, int]]] = [[] for _ in range(end + 1)]
    later: list[list[tuple[int, int]]] = [[] for _ in range(end + 1)]
    kept: list[list[tuple[int, int]]] = [[] for _ in range(end + 1)]
    ahead: list[list[tuple[int, int, int]]] = [[] for _ in range(end + 1)]
    for node, cost in zip(graph.nodes, graph.greatest_duals(), strict=True):
        if cost is None:
            continue
        if isinstance(node, Open):
            if node.kind in (FIRST, LATER):
                (first if node.kind == FIRST else later)[node.boundary].append((node.drain, cost))
            else:
                ahead[node.boundary].append((node.drain, cost, cost + node.kind))
        elif isinstance(node, Closed) and node.worth:
            kept[node.boundary].append((cost, cost + node.worth))
        elif isinstance(node, Closed):
            closed[node.boundary] = cost
    return tuple(
        Boundary(
            closed[boundary],
            undominated(first[boundary]),
            undominated(later[boundary]),
            undominated(kept[boundary]),
            tuple(sorted(ahead[boundary])),
        )
        for boundary in range(1, end)
    )


def undominated(labels: list[tuple[int, int]]) -> tuple[tuple[int, int], ...]:
    """The labels that no other is at or below in both numbers."""
    found: list[tuple[int, int]] = []
    for label in sorted(labels):
        if not found or label[1] < found[-1][1]:
            found.append(label)
    return tuple(found)


def plan_of_path(program: Program, chosen: Chosen, path: list[Arc]) -> tuple[Plan, int]:
    """The plan that a path stands for, and what it takes by the certified rule, from its chains in exact integers."""
    designs = {arc.step: chosen[arc.step][arc.design] for arc in path}
    names = tuple(designs.values())
    stages = tuple(program.steps[step].stage for step in designs)
    chains = [program.stages[stage].chain(name) for stage, name in zip(stages, names, strict=True)]  # type: ignore[arg-type]
    columns = [[int(value) for chain in chains for value in chain.columns()[part]] for part in range(6)]
    atoms = [0]
    for arc in path:
        atoms[-1] += arc.atoms
        if arc.ends:
            atoms.append(0)
    atoms.pop()
    drains, active, begin = [], 0, 0
    for size in atoms:
        end = begin + size
        drains.append(columns[2][begin] + sum(columns[0][begin:end]) + columns[4][end - 1])
        active += columns[3][begin] + sum(columns[1][begin:end]) + columns[5][end - 1]
        begin = end
    thresholds, waited = best_thresholds(program.law, drains)
    return Plan(names, power_cycles(atoms, thresholds), stages), active + waited
