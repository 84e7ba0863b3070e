"""How many atoms does z3 decide, and in what time? Exits 1 where a claim fails.

Random programs of explicit chains under laws of every policy, mechanism, supply and start, of 10 to 40 atoms along a
plan, in one to three stages of up to two designs. Each is decided by the exact solver and by z3 under a limit. Claims:
no difference; every program of up to 20 atoms is decided within it. Of larger ones the undecided are counted. Seconds
of wall time count for the limit, of processor time are printed.
Run from the repository's root: `python -m bench.smt`.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Sequence
from random import Random
from statistics import median

from ischedule.models.plan import Status
from ischedule.models.program import ExplicitStage, Program
from ischedule.solvers.limit import Limit
from ischedule.solvers.solve import solve
from tests.analysis.small_programs import chain, laws

SIZES = (10, 15, 20, 30, 40)
ALWAYS = 20


def instance(seed: int, atoms: int) -> Program:
    """A program with so many atoms along every way."""
    random = Random(1000 * atoms + seed)
    law = random.choice([one for one in laws() if one.max_cycles is None])
    scale = 1 + law.first(0) // 2
    stages = random.randint(1, 3)
    sizes = [atoms // stages + (index < atoms % stages) for index in range(stages)]
    designs = random.randint(1, 2)
    found = [tuple(chain(random, law, size, scale) for _ in range(designs)) for size in sizes]
    return Program(tuple(ExplicitStage(f"s{i}", one, 20) for i, one in enumerate(found)), law, "")


def run(sizes: Sequence[int], count: int, seconds: float) -> list[str]:
    """Decide so many programs of each size, print the figures, and give the claims that do not hold."""
    failures: list[str] = []
    print("atoms  programs  schedulable  undecided  median (s)  longest (s)")
    for atoms in sizes:
        times, undecided, schedulable = [], 0, 0
        for seed in range(count):
            program = instance(seed, atoms)
            exact = solve(program)
            begin = time.process_time()
            found = solve(program, Limit(seconds), solver="smt")
            times.append(time.process_time() - begin)
            if found.status is Status.UNDECIDED:
                undecided += 1
                if atoms <= ALWAYS:
                    failures.append(f"{atoms} atoms, seed {seed}: undecided in {seconds:g} s")
            elif (found.status, found.latency) != (exact.status, exact.latency):
                failures.append(f"{atoms} atoms, seed {seed}: {found.latency} and {exact.latency}")
            schedulable += exact.status is Status.SCHEDULABLE
        print(
            f"{atoms:5} {count:9} {schedulable:12} {undecided:10} {median(times):11.2f} {max(times):12.2f}", flush=True
        )
    return failures


def main(arguments: Sequence[str] | None = None) -> int:
    """Exit code 0 if every claim holds, else 1."""
    parser = argparse.ArgumentParser(prog="python -m bench.smt", description=__doc__)
    parser.add_argument("--largest", type=int, default=SIZES[-1], help="leave out sizes beyond this")
    parser.add_argument("--programs", type=int, default=20, help="how many programs of each size")
    parser.add_argument("--seconds", type=float, default=60.0, help="for each program")
    options = parser.parse_args(arguments)
    failures = run([size for size in SIZES if size <= options.largest], options.programs, options.seconds)
    for failure in failures:
        print(f"FAILS: {failure}")
    print("\nsome claims FAIL" if failures else "\nevery claim holds")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
