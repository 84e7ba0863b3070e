"""How fast is the exact solver beside HiGHS, CBC, CP-SAT and Z3 on the same instances? Exits 1 where a claim fails.

Chains of explicit atoms in stages of several designs each, with one budget: bytes written, half way between the least
and what the quickest plan writes. The others solve the same arc-flow graph with one side constraint: HiGHS and CBC as
an integer program with amounts reduced by potentials, as the package writes it, CP-SAT as a 0-1 flow in exact integers,
Z3 as a choice of arcs. The exact solver starts from the program, and also proves a bound for the checker. Figures are
seconds of processor time on one thread, of solving without building the graph, each in a process of its own that ends
when its time is used up. With the most atoms each of the others has at least a hundred times what the exact solver
took: one that has no answer then takes more. Claims: all optima that are found are equal; with 1000 atoms, about 45 of
them in a power cycle, the exact solver is at least 100 times as fast as the best of the others. (With eight in a power
cycle the graph is small, and the factor as well.) Run from the repository's root: `python -m bench.solvers`, with
`--write` to write the table and plot to `docs/`.
"""

from __future__ import annotations

import argparse
import json
import resource
import signal
import subprocess
import sys
from collections import defaultdict
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from fractions import Fraction
from math import ceil
from pathlib import Path
from random import Random
from typing import Any

from ischedule.models.chain import Chain
from ischedule.models.goal import Criterion, Goal
from ischedule.models.program import ExplicitStage, Program
from ischedule.solvers.budgets import solve_goal
from ischedule.solvers.exact import solve_exact
from ischedule.solvers.flow_graph import FlowGraph, flow_graph
from ischedule.solvers.ilp import all_designs, chains_of
from ischedule.solvers.limit import Limit, TimeUp
from ischedule.solvers.spending import Mix, spent_by
from tests.solvers.milp_programs import program_of_atoms

SIZES = (10, 50, 200, 1000)
WINDOWS = (8, 45)
"""About so many atoms fit a power cycle; the claim is about the last."""
FASTER, LARGEST = 100, 1000
SECONDS = 60.0
Answer = tuple[int | None, float]
DOCS = Path("docs")


def instance(atoms: int, window: int) -> Program:
    """Stages of about 50 atoms with six designs each, and a budget of bytes written that binds."""
    program = program_of_atoms(Random(atoms), atoms, stages=max(1, atoms // 50), designs=6, window=window)
    random = Random(atoms + 1)

    def stores(chain: Chain) -> Chain:
        stored, saved = ([random.randint(0, 20) for _ in range(len(chain))] for _ in range(2))
        return replace(chain, stored=stored, commit_stored=saved)

    stages = tuple(
        replace(stage, designs=tuple(map(stores, stage.designs)))
        for stage in program.stages
        if isinstance(stage, ExplicitStage)
    )
    program = replace(program, stages=stages)
    ends = []
    for name in (Criterion.LATENCY, Criterion.WRITTEN):
        plan = solve_exact(Mix.of({name: Fraction(1)}).program(program), Limit()).plan
        assert plan is not None
        ends.append(spent_by(program, plan)[Criterion.WRITTEN])
    return replace(program, goal=Goal((Criterion.LATENCY,), {Criterion.WRITTEN: sum(ends) // 2}))


def graph_of(program: Program) -> FlowGraph:
    """All power cycles of all designs."""
    return flow_graph(program, chains_of(program, all_designs(program)), follows=False)


def budget_of(program: Program) -> int:
    """The most bytes that a plan may write."""
    return program.goal.limits[Criterion.WRITTEN]


def used() -> float:
    """Processor time of this process and of those that it has started."""
    mine, others = (resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return mine.ru_utime + mine.ru_stime + others.ru_utime + others.ru_stime


def start(seconds: float) -> float:
    """Let this process end when so much more processor time is used; what has been used so far."""
    most = int(used() + seconds) + 1
    resource.setrlimit(resource.RLIMIT_CPU, (most, most + 5))
    return used()


def is_late() -> bool:
    """Whether the time of this process, with those that it has started, is used up."""
    most, _ = resource.getrlimit(resource.RLIMIT_CPU)
    return most != resource.RLIM_INFINITY and used() >= most - 1


def exact(program: Program, seconds: float) -> Answer:
    """The package's own search; the less of two runs, the first of which also warms up."""
    best, cost = float("inf"), None
    for _ in range(2):
        begin = used()
        found = solve_goal(program, Limit())
        cost = None if found.spent is None else found.spent[Criterion.LATENCY]
        best = min(best, used() - begin)
    return cost, best


def by_pulp(backend: str) -> Callable[[Program, float], Answer]:
    """The arc-flow program with a side constraint through PuLP."""

    def solve(program: Program, seconds: float) -> Answer:
        from ischedule.solvers.flow_limits import least_path, spent_along
        from ischedule.solvers.flow_lp import Settings

        graph = graph_of(program)
        begin = start(seconds)
        path = least_path(graph, Criterion.LATENCY, program.goal.limits, [], Settings(backend, 1), Limit())
        return None if path is None else spent_along(path)[Criterion.LATENCY], used() - begin

    return solve


def by_cp_sat(program: Program, seconds: float) -> Answer:
    """A Boolean for each arc, flow kept at each node."""
    from ortools.sat.python import cp_model

    graph, model = graph_of(program), cp_model.CpModel()
    begin = start(seconds)
    flows = [model.new_bool_var("") for _ in graph.arcs]
    into: dict[int, list[Any]] = defaultdict(list)
    out: dict[int, list[Any]] = defaultdict(list)
    for flow, arc in zip(flows, graph.arcs, strict=True):
        out[arc.tail].append(flow)
        into[arc.head].append(flow)
    for node in range(len(graph.nodes)):
        balance = (node == graph.source) - (node == graph.sink)
        model.add(sum(out[node]) - sum(into[node]) == balance)
    model.add(sum(arc.stored * flow for flow, arc in zip(flows, graph.arcs, strict=True)) <= budget_of(program))
    model.minimize(sum(arc.cost * flow for flow, arc in zip(flows, graph.arcs, strict=True)))
    solver = cp_model.CpSolver()
    solver.parameters.num_workers = 1
    if solver.solve(model) != cp_model.OPTIMAL:
        raise TimeUp
    return round(solver.objective_value), used() - begin


def by_z3(program: Program, seconds: float) -> Answer:
    """A Boolean for each arc, at most one out of each node, as a pseudo-Boolean optimisation."""
    import z3

    graph, solver = graph_of(program), z3.Optimize()
    begin = start(seconds)
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
    stored = [(flow, arc.stored) for flow, arc in zip(flows, graph.arcs, strict=True) if arc.stored]
    solver.add(z3.PbLe(stored, budget_of(program)))
    cost = z3.Sum([z3.If(flow, arc.cost, 0) for flow, arc in zip(flows, graph.arcs, strict=True)])
    solver.minimize(cost)
    if solver.check() != z3.sat:
        raise TimeUp
    return solver.model().eval(cost).as_long(), used() - begin


SOLVERS: dict[str, Callable[[Program, float], Answer]] = {
    "exact": exact,
    "HiGHS": by_pulp("highs"),
    "CBC": by_pulp("cbc"),
    "CP-SAT": by_cp_sat,
    "Z3": by_z3,
}


def measured(name: str, atoms: int, window: int, seconds: float) -> Answer | None:
    """Least cost and seconds of one solver, None if it has run out of time."""
    command = [sys.executable, "-m", "bench.solvers", "--work", name, str(atoms), str(window), str(seconds)]
    done = subprocess.run(command, check=False, stdout=subprocess.PIPE, text=True)
    if done.returncode == -signal.SIGXCPU:
        return None
    if done.returncode != 0:
        raise RuntimeError(f"{name} with {atoms} atoms ended as {done.returncode}, which is no matter of time")
    found = json.loads(done.stdout.splitlines()[-1])
    return None if found is None else (found[0], found[1])


@dataclass
class Line:
    """What the solvers took for one number of atoms, None for one without an answer, and the least time that is."""

    seconds: dict[str, float | None]
    limit: float
    costs: set[int | None]

    @property
    def others(self) -> dict[str, float]:
        """What the others took, or at least."""
        return {name: self.limit if took is None else took for name, took in self.seconds.items() if name != "exact"}

    @property
    def factor(self) -> float:
        """How many times as fast the exact solver is as the best of the others, or at least."""
        own = self.seconds["exact"]
        return min(self.others.values()) / own if own else 0.0

    @property
    def is_at_least(self) -> bool:
        """Whether the best of the others has no answer."""
        return all(took is None for name, took in self.seconds.items() if name != "exact")


Table = dict[int, Line]


def line_of(atoms: int, window: int, seconds: float, jobs: int) -> Line:
    """All solvers on one instance. With the most atoms the time that the others have is what the claim is about."""
    own = measured("exact", atoms, window, seconds)
    limit = seconds
    if atoms == LARGEST and own is not None and window == WINDOWS[-1]:
        limit = max(seconds, float(ceil(FASTER * own[1])))
    others = [name for name in SOLVERS if name != "exact"]
    with ThreadPoolExecutor(jobs) as pool:
        found = list(pool.map(lambda name: measured(name, atoms, window, limit), others))
    answers = {"exact": own, **dict(zip(others, found, strict=True))}
    costs = {one[0] for one in answers.values() if one is not None}
    return Line({name: None if one is None else one[1] for name, one in answers.items()}, limit, costs)


def run(sizes: Sequence[int], window: int, seconds: float, jobs: int) -> tuple[Table, list[str]]:
    """Measure all sizes, print the table, and give it with the claims that do not hold."""
    print(f"\nabout {window} atoms in a power cycle")
    print("atoms " + " ".join(f"{name + ' (s)':>12}" for name in SOLVERS) + "       factor")
    table: Table = {}
    for atoms in sizes:
        table[atoms] = line = line_of(atoms, window, seconds, jobs)
        cells = (f"{shown(line.seconds[name], line.limit):>12}" for name in SOLVERS)
        print(f"{atoms:5} " + " ".join(cells) + f" {factor_of(line):>12}", flush=True)
    return table, judged(table, window)


def judged(table: Table, window: int) -> list[str]:
    """The claims that do not hold."""
    failures = []
    for atoms, line in table.items():
        if line.seconds["exact"] is None:
            failures.append(f"{atoms} atoms: the exact solver has no answer")
        if len(line.costs) > 1:
            failures.append(f"{atoms} atoms: the optima {sorted(map(str, line.costs))} differ")
    if LARGEST in table and window == WINDOWS[-1] and table[LARGEST].factor < FASTER:
        failures.append(f"with {LARGEST} atoms the exact solver is only {table[LARGEST].factor:.0f} times as fast")
    return failures


def factor_of(line: Line) -> str:
    """The factor, or that it is at least so much."""
    return ("at least " if line.is_at_least else "") + f"{line.factor:.3g}"


def shown(value: float | None, limit: float) -> str:
    """Seconds, or that time ran out."""
    return f"> {limit:.0f}" if value is None else f"{value:.3g}"


def write(tables: dict[int, Table], seconds: float) -> None:
    """The tables as a page, and the plot of the last one beside it."""
    import matplotlib

    matplotlib.use("svg")
    from matplotlib import pyplot

    lines = [
        "# Solvers compared",
        "",
        "Seconds of processor time to the proven optimum of chains of atoms with one budget, by",
        "`python -m bench.solvers --write`: stages of about 50 atoms with six designs each, and a limit on the bytes",
        "written half way between the least and what the quickest plan writes. All solvers run on one thread, on the",
        f"same instances. They have {seconds:.0f} s each, or with the most atoms in the larger power cycles a hundred",
        "times what the exact solver took, if that is more; *>* is one that had no answer by then. Building the",
        "graph that all but the exact solver start from is not counted. The exact solver also proves a bound for the",
        "checker. The factor is that by which the exact solver is faster than the best of the others.",
        "",
    ]
    costs = [one.costs for table in tables.values() for one in table.values()]
    lines.append("All optima that are found are equal." if max(map(len, costs)) < 2 else "**Some optima differ.**")
    for window, table in tables.items():
        atoms, one = list(table.items())[-1]
        lines.append(f"With {atoms} atoms, about {window} in a power cycle, the factor is {factor_of(one)}.")
    for window, table in tables.items():
        lines += ["", f"## About {window} atoms in a power cycle", ""]
        lines += ["| atoms | " + " | ".join(SOLVERS) + " | factor |", "|--:|" + "--:|" * (len(SOLVERS) + 1)]
        for atoms, one in table.items():
            cells = (shown(one.seconds[name], one.limit) for name in SOLVERS)
            lines.append(f"| {atoms} | " + " | ".join(cells) + f" | {factor_of(one)} |")
    window, table = list(tables.items())[-1]
    name = f"seconds over atoms, about {window} atoms in a power cycle"
    (DOCS / "solvers.md").write_text("\n".join([*lines, "", f"![{name}](solvers.svg)", ""]))
    figure, axes = pyplot.subplots(figsize=(6, 4))
    for solver in SOLVERS:
        points = [(atoms, took) for atoms, one in table.items() if (took := one.seconds[solver]) is not None]
        (drawn,) = axes.loglog([x for x, _ in points], [y for _, y in points], marker="o", label=solver)
        late = [(atoms, one.limit) for atoms, one in table.items() if one.seconds[solver] is None]
        axes.loglog([x for x, _ in late], [y for _, y in late], marker="^", linestyle="", color=drawn.get_color())
    axes.set(xlabel="atoms", ylabel="seconds (triangles: at least)", title=name)
    axes.legend()
    figure.tight_layout()
    figure.savefig(DOCS / "solvers.svg", metadata={"Date": None})


def main(arguments: Sequence[str] | None = None) -> int:
    """Exit code 0 if every claim holds, else 1."""
    parser = argparse.ArgumentParser(prog="python -m bench.solvers", description=__doc__)
    parser.add_argument("--sizes", type=int, nargs="+", default=SIZES, help="how many atoms")
    parser.add_argument("--seconds", type=float, default=SECONDS, help="how long each solver may take")
    parser.add_argument("--windows", type=int, nargs="+", default=WINDOWS, help="atoms in a power cycle, about")
    parser.add_argument("--jobs", type=int, default=1, help="how many of the others run side by side")
    parser.add_argument("--write", action="store_true", help="write docs/solvers.md and docs/solvers.svg")
    parser.add_argument("--work", nargs=4, metavar=("SOLVER", "ATOMS", "WINDOW", "SECONDS"), help=argparse.SUPPRESS)
    options = parser.parse_args(arguments)
    if options.work:
        name, atoms, window, seconds = options.work
        try:
            print(json.dumps(SOLVERS[name](instance(int(atoms), int(window)), float(seconds))))
        except TimeUp:
            print("null")
        except Exception:
            if not is_late():
                raise
            print("null")
        return 0
    found = {window: run(options.sizes, window, options.seconds, options.jobs) for window in options.windows}
    if options.write:
        write({window: table for window, (table, _) in found.items()}, options.seconds)
    failures = [failure for _, some in found.values() for failure in some]
    for failure in failures:
        print(f"FAILS: {failure}")
    print("\nsome claims FAIL" if failures else "\nevery claim holds")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
