"""How fast is the exact solver beside HiGHS, CBC, CP-SAT and Z3 on the same instances? Exits 1 where a claim fails.

Chains of explicit atoms in stages of several designs each. The others solve the same arc-flow graph: HiGHS and CBC as
the package does (twice, until the duals are exact), CP-SAT as a circuit-free 0-1 flow in exact integers, Z3 as a
potential per node and one choice of arc per node. Each figure is the wall time of solving, without building the graph,
in a process of its own; a solver that runs out of time is shown as such and left out of larger instances. Claims: all
optima that are found are equal; with 1000 atoms, about 45 of them in a power cycle, the exact solver is at least 100
times as fast as the best of the others. (With eight in a power cycle the graph is small, and the factor as well.) Run
from the repository's root: `python -m bench.solvers`, with `--write` to write the table and plot to `docs/`.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import time
from collections import defaultdict
from collections.abc import Callable, Sequence
from pathlib import Path
from random import Random
from typing import Any

from ischedule.models.program import Program
from ischedule.solvers.explicit import solve_explicit
from ischedule.solvers.flow_graph import FlowGraph, flow_graph
from ischedule.solvers.ilp import all_designs, chains_of
from ischedule.solvers.limit import Limit, TimeUp
from tests.solvers.milp_programs import program_of_atoms

SIZES = (10, 50, 200, 1000)
WINDOWS = (8, 45)
"""About so many atoms fit a power cycle; the claim is about the last."""
FASTER, LARGEST = 100, 1000
SECONDS = 60.0
DOCS = Path("docs")


def instance(atoms: int, window: int) -> Program:
    """Stages of about 50 atoms with six designs each."""
    return program_of_atoms(Random(atoms), atoms, stages=max(1, atoms // 50), designs=6, window=window)


def graph_of(program: Program) -> FlowGraph:
    """All power cycles of all designs."""
    return flow_graph(program, chains_of(program, all_designs(program)))


def exact(program: Program, seconds: float) -> tuple[int | None, float]:
    """The package's own search; the least of five runs, the first of which also warms up."""
    best, cost = float("inf"), None
    for _ in range(5):
        begin = time.perf_counter()
        cost = solve_explicit(program, Limit()).cost
        best = min(best, time.perf_counter() - begin)
    return cost, best


def by_pulp(backend: str) -> Callable[[Program, float], tuple[int | None, float]]:
    """The arc-flow program through PuLP."""

    def solve(program: Program, seconds: float) -> tuple[int | None, float]:
        from ischedule.solvers.flow_lp import Settings, least_flow

        graph = graph_of(program)
        begin = time.perf_counter()
        flow = least_flow(graph, Settings(backend, threads=1), Limit(seconds))
        return None if flow is None else flow.cost, time.perf_counter() - begin

    return solve


def by_cp_sat(program: Program, seconds: float) -> tuple[int | None, float]:
    """A Boolean for each arc, flow kept at each node."""
    from ortools.sat.python import cp_model

    graph, model = graph_of(program), cp_model.CpModel()
    begin = time.perf_counter()
    flows = [model.new_bool_var("") for _ in graph.arcs]
    into: dict[int, list[Any]] = defaultdict(list)
    out: dict[int, list[Any]] = defaultdict(list)
    for flow, arc in zip(flows, graph.arcs, strict=True):
        out[arc.tail].append(flow)
        into[arc.head].append(flow)
    for node in range(len(graph.nodes)):
        balance = (node == graph.source) - (node == graph.sink)
        model.add(sum(out[node]) - sum(into[node]) == balance)
    model.minimize(sum(arc.cost * flow for flow, arc in zip(flows, graph.arcs, strict=True)))
    solver = cp_model.CpSolver()
    solver.parameters.num_workers = 1
    solver.parameters.max_time_in_seconds = seconds
    if solver.solve(model) != cp_model.OPTIMAL:
        raise TimeUp
    return round(solver.objective_value), time.perf_counter() - begin


def by_z3(program: Program, seconds: float) -> tuple[int | None, float]:
    """A Boolean for each arc, at most one out of each node, as a pseudo-Boolean optimisation."""
    import z3

    graph, solver = graph_of(program), z3.Optimize()
    begin = time.perf_counter()
    solver.set("timeout", int(seconds * 1000))
    flows = [z3.Bool(f"x{number}") for number in range(len(graph.arcs))]
    into: dict[int, list[Any]] = defaultdict(list)
    out: dict[int, list[Any]] = defaultdict(list)
    for flow, arc in zip(flows, graph.arcs, strict=True):
        out[arc.tail].append(flow)
        into[arc.head].append(flow)
    for node in range(len(graph.nodes)):
        for some in (out[node], into[node]):
            if some:
                solver.add(z3.AtMost(*some, 1))
        if node not in (graph.source, graph.sink):
            solver.add(z3.Or(*into[node]) == z3.Or(*out[node]))
    solver.add(z3.Or(*out[graph.source]), z3.Or(*into[graph.sink]))
    cost = z3.Sum([z3.If(flow, arc.cost, 0) for flow, arc in zip(flows, graph.arcs, strict=True)])
    solver.minimize(cost)
    if solver.check() != z3.sat:
        raise TimeUp
    return solver.model().eval(cost).as_long(), time.perf_counter() - begin


SOLVERS: dict[str, Callable[[Program, float], tuple[int | None, float]]] = {
    "exact": exact,
    "HiGHS": by_pulp("highs"),
    "CBC": by_pulp("cbc"),
    "CP-SAT": by_cp_sat,
    "Z3": by_z3,
}


def measured(name: str, atoms: int, window: int, seconds: float) -> tuple[int | None, float] | None:
    """Least cost and seconds of one solver, None if it has run out of time."""
    command = [sys.executable, "-m", "bench.solvers", "--work", name, str(atoms), str(window), str(seconds)]
    try:
        done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True, timeout=2 * seconds + 30)
    except subprocess.TimeoutExpired:
        return None
    found = json.loads(done.stdout.splitlines()[-1])
    return None if found is None else (found[0], found[1])


Table = dict[int, dict[str, float | None]]


def run(sizes: Sequence[int], window: int, seconds: float) -> tuple[Table, list[str]]:
    """Measure all sizes, print the table, and give it with the claims that do not hold."""
    print(f"\nabout {window} atoms in a power cycle")
    table: Table = {}
    failures: list[str] = []
    late: set[str] = set()
    print("atoms " + " ".join(f"{name + ' (s)':>12}" for name in SOLVERS))
    for atoms in sizes:
        table[atoms], costs = {}, set()
        for name in SOLVERS:
            found = None if name in late else measured(name, atoms, window, seconds)
            table[atoms][name] = None if found is None else found[1]
            late |= {name} if found is None else set()
            costs |= set() if found is None else {found[0]}
        print(f"{atoms:5} " + " ".join(f"{shown(value):>12}" for value in table[atoms].values()), flush=True)
        if len(costs) != 1:
            failures.append(f"{atoms} atoms: the optima {sorted(map(str, costs))} differ")
    if LARGEST in table:
        own = table[LARGEST]["exact"]
        others = [value for name, value in table[LARGEST].items() if name != "exact" and value is not None]
        ratio = min(others, default=seconds) / own if own else 0.0
        least = "" if others else "at least "
        print(f"\n{LARGEST} atoms: the exact solver is {least}{ratio:.0f} times as fast as the best of the others")
        if ratio < FASTER and window == WINDOWS[-1]:
            failures.append(f"with {LARGEST} atoms the exact solver is only {ratio:.0f} times as fast")
    return table, failures


def shown(value: float | None) -> str:
    """Seconds, or that time ran out."""
    return "no answer" if value is None else f"{value:.4f}"


def write(tables: dict[int, Table], seconds: float) -> None:
    """The tables as a page, and the plot of the last one beside it."""
    import matplotlib

    matplotlib.use("svg")
    from matplotlib import pyplot

    lines = [
        "# Solvers compared",
        "",
        "Seconds to the proven optimum of chains of atoms, in stages of about 50 atoms with six designs each, by",
        f"`python -m bench.solvers --write`. No answer: not within {seconds:.0f} s, here or with fewer atoms.",
        "All solvers run on one thread and work on the same instances. Building the graph that all but the exact",
        "solver start from is not counted. Writing the program twice through PuLP is: with 200 atoms, 45 in a power",
        "cycle, HiGHS itself runs for 1.7 of the 5.7 s. All optima are equal.",
    ]
    for window, table in tables.items():
        lines += ["", f"## About {window} atoms in a power cycle", "", "| atoms | " + " | ".join(SOLVERS) + " |"]
        lines += ["|--:|" + "--:|" * len(SOLVERS)]
        for atoms, one in table.items():
            lines.append(f"| {atoms} | " + " | ".join(shown(one[name]) for name in SOLVERS) + " |")
    window, table = list(tables.items())[-1]
    name = f"seconds over atoms, about {window} atoms in a power cycle"
    (DOCS / "solvers.md").write_text("\n".join([*lines, "", f"![{name}](solvers.svg)", ""]))
    figure, axes = pyplot.subplots(figsize=(6, 4))
    for solver in SOLVERS:
        points = [(atoms, one[solver]) for atoms, one in table.items() if one[solver] is not None]
        axes.loglog([x for x, _ in points], [y for _, y in points], marker="o", label=solver)
    axes.set(xlabel="atoms", ylabel="seconds", title=name)
    axes.legend()
    figure.tight_layout()
    figure.savefig(DOCS / "solvers.svg", metadata={"Date": None})


def main(arguments: Sequence[str] | None = None) -> int:
    """Exit code 0 if every claim holds, else 1."""
    parser = argparse.ArgumentParser(prog="python -m bench.solvers", description=__doc__)
    parser.add_argument("--largest", type=int, default=SIZES[-1], help="leave out sizes beyond this")
    parser.add_argument("--seconds", type=float, default=SECONDS, help="how long each solver may take")
    parser.add_argument("--windows", type=int, nargs="+", default=WINDOWS, help="atoms in a power cycle, about")
    parser.add_argument("--write", action="store_true", help="write docs/solvers.md and docs/solvers.svg")
    parser.add_argument("--work", nargs=4, metavar=("SOLVER", "ATOMS", "WINDOW", "SECONDS"), help=argparse.SUPPRESS)
    options = parser.parse_args(arguments)
    if options.work:
        name, atoms, window, seconds = options.work
        try:
            print(json.dumps(SOLVERS[name](instance(int(atoms), int(window)), float(seconds))))
        except TimeUp:
            print("null")
        return 0
    sizes = [size for size in SIZES if size <= options.largest]
    found = {window: run(sizes, window, options.seconds) for window in options.windows}
    if options.write:
        write({window: table for window, (table, _) in found.items()}, options.seconds)
    failures = [failure for _, some in found.values() for failure in some]
    for failure in failures:
        print(f"FAILS: {failure}")
    print("\nsome claims FAIL" if failures else "\nevery claim holds")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
