"""Do the exact solver, the ILP and z3 agree? Exits 1 on any difference in verdict or optimum.

Random programs of explicit stages under laws of every policy, mechanism, supply, start and end: chains of several
designs, stages in several orders, tight memories, limits on energy, bytes and power cycles with further criteria. The
ILP is asked about chains without such limits; where it prices levels that later cycles leave as time gained, it is held
to its bound only. Programs have up to twenty atoms. What z3 does not decide within its limit is counted.
Run from the repository's root: `python -m bench.agreement`.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from random import Random

from ischedule.models.plan import Answer, Status
from ischedule.models.program import Program
from ischedule.solvers.limit import Limit
from ischedule.solvers.solve import solve
from tests.analysis.small_programs import program as small_program
from tests.solvers.random_laws import law_pool
from tests.solvers.random_programs import random_explicit
from tests.solvers.test_budgets import every_plan, goal_of, graph_of_sums, spent_by, storing
from tests.solvers.test_graphs import explicit_graph

KINDS = ("chain", "chain", "graph", "long chain", "any law", "budgets")


def made(seed: int) -> tuple[str, Program]:
    """The program of a seed, and its kind."""
    random, kind = Random(seed), KINDS[seed % len(KINDS)]
    if kind == "graph":
        return kind, explicit_graph(random)
    if kind == "budgets":
        program = storing(graph_of_sums(random), random)
        return kind, replace(program, goal=goal_of(list(every_plan(program)), random))
    if kind == "any law":
        return kind, random_explicit(random, random.choice(law_pool(200)), atoms=8)
    return kind, small_program(random, 20 if kind == "long chain" else 8)


def atoms_of(program: Program) -> int:
    """The most atoms along any way."""
    return program.most([max(map(len, stage.designs)) for stage in program.stages])  # type: ignore[union-attr]


def difference(program: Program, limit: float | None, seconds: Counter[str]) -> str | None:
    """What differs between the solvers, None if nothing does; what is undecided is counted."""
    found: dict[str, Answer] = {}
    is_for_ilp = program.is_chain and program.goal.is_plain
    for name in ("exact", "ilp", "smt") if is_for_ilp else ("exact", "smt"):
        begin = time.perf_counter()
        found[name] = solve(program, Limit(limit) if name == "smt" else None, solver=name)
        seconds[name] += round(1e6 * (time.perf_counter() - begin))
    exact, smt = found["exact"], found["smt"]
    if smt.is_undecided or smt.status is Status.UNDECIDED:
        seconds["undecided"] += 1
        return None
    if not program.goal.is_plain:
        return _difference_of_spending(program, exact, smt)
    if (smt.status, smt.latency, smt.bottleneck) != (exact.status, exact.latency, exact.bottleneck):
        return f"exact {exact.status.value} {exact.latency}, smt {smt.status.value} {smt.latency}"
    return _difference_of_ilp(program, exact, found["ilp"]) if "ilp" in found else None


def _difference_of_spending(program: Program, exact: Answer, smt: Answer) -> str | None:
    """In the criteria of the goal, in order; where one names no plan, both must."""
    spent = [None if one.plan is None else spent_by(program, one.plan) for one in (exact, smt)]
    values = [None if one is None else [one[name] for name in program.goal.order] for one in spent]
    return None if values[0] == values[1] and smt.status is exact.status else f"exact {values[0]}, smt {values[1]}"


def _difference_of_ilp(program: Program, exact: Answer, ilp: Answer) -> str | None:
    if (ilp.status, ilp.bottleneck) != (exact.status, exact.bottleneck):
        return f"exact {exact.status.value}, ilp {ilp.status.value}"
    follows = exact.bound is not None and exact.bound.follows_levels
    if not follows and ilp.latency != exact.latency:
        return f"exact {exact.latency}, ilp {ilp.latency}"
    if follows and ilp.bound is not None and exact.latency is not None:
        least = ilp.bound.value + program.law.offset
        return f"exact {exact.latency}, below the ILP's bound {least}" if exact.latency < least else None
    return None


def run(count: int, first: int, limit: float | None) -> bool:
    """Compare on so many programs, print the figures, and tell whether nothing differs."""
    seconds: Counter[str] = Counter()
    kinds: Counter[str] = Counter()
    longest, differences, slowest = 0, [], (0.0, first)
    for seed in range(first, first + count):
        kind, program = made(seed)
        begin = time.perf_counter()
        found = difference(program, limit, seconds)
        slowest = max(slowest, (time.perf_counter() - begin, seed))
        kinds[kind] += 1
        longest = max(longest, atoms_of(program))
        if found is not None:
            differences.append((seed, found))
            print(f"seed {seed} ({kind}): {found}", flush=True)
    print(", ".join(f"{number} of kind {kind}" for kind, number in sorted(kinds.items())))
    for name in ("exact", "ilp", "smt"):
        print(f"{name:6} {seconds[name] / 1e6:8.1f} s in all")
    print(f"up to {longest} atoms; the slowest program, seed {slowest[1]}, took {slowest[0]:.1f} s")
    print(f"{count} programs: {len(differences)} differences, {seconds['undecided']} undecided by z3")
    return not differences


def main(arguments: Sequence[str] | None = None) -> int:
    """Exit code 0 if every claim holds, else 1."""
    parser = argparse.ArgumentParser(prog="python -m bench.agreement", description=__doc__)
    parser.add_argument("--programs", type=int, default=500, help="how many programs")
    parser.add_argument("--first", type=int, default=0, help="the seed of the first one")
    parser.add_argument("--limit", type=float, default=120.0, help="seconds that z3 may take for each program")
    options = parser.parse_args(arguments)
    holds = run(options.programs, options.first, options.limit)
    print("\nevery claim holds" if holds else "\nsome claims FAIL")
    return 0 if holds else 1


if __name__ == "__main__":
    sys.exit(main())
