"""Do the exact solver, the ILP and z3 agree? Exits 1 on any difference in verdict or optimum.

Random programs of explicit stages under laws of every policy, mechanism, supply, start and end: mostly stages in
several orders with limits on what is spent and objectives of several criteria, drawn so that limits bind; and chains,
graphs, tight memories. In one of twelve non-volatile memory is mostly too little for the best plan. Where a program has
a goal or such a memory, all its plans are gone through as well. Where the ILP prices levels that later cycles leave as
time gained, it is held to its bound only. Programs have up to twenty atoms. All three must decide every program, z3
within a limit.
Run from the repository's root: `python -m bench.agreement`.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections import Counter
from collections.abc import Sequence

from ischedule.models.program import Program
from tests.solvers.three_solvers import NAMES, Drawn, answered, drawn, fault, with_memory

MEMORY = 12
"""One of so many programs has a memory that binds."""


def atoms_of(program: Program) -> int:
    """The most atoms along any way."""
    return program.most([max(map(len, stage.designs)) for stage in program.stages])  # type: ignore[union-attr]


class Tally:
    """What the solvers have said of all programs so far."""

    def __init__(self) -> None:
        self.seconds: Counter[str] = Counter()
        self.decided: Counter[str] = Counter()
        self.kinds: Counter[str] = Counter()
        self.features: Counter[str] = Counter()
        self.longest, self.slowest = 0, (0.0, 0)
        self.differences: list[tuple[int, str]] = []

    def add(self, seed: int, limit: float | None) -> None:
        """Ask every solver about the program of a seed."""
        one = with_memory(seed) if seed % MEMORY == MEMORY - 1 else drawn(seed)
        self.kinds[one.kind] += 1
        self.longest = max(self.longest, atoms_of(one.program))
        self._features(one)
        answers, spent = {}, 0.0
        for name in NAMES:
            begin = time.perf_counter()
            try:
                answers[name] = answered(name, one.program, limit if name == "smt" else None)
            except Exception as problem:
                self._differs(seed, one, f"{name} fails: {problem!r}")
            took = time.perf_counter() - begin
            spent += took
            self.seconds[name] += round(1e6 * took)
            self.decided[name] += answers.get(name) is not None
        for name, answer in answers.items():
            wrong = None if answer is None else fault(one, name, answer, answers.get("exact"))
            if wrong is not None:
                self._differs(seed, one, wrong)
        self.slowest = max(self.slowest, (spent, seed))

    def _features(self, one: Drawn) -> None:
        goal = one.program.goal
        self.features["several orders"] += not one.program.is_chain
        self.features["limits"] += bool(goal.limits)
        self.features["several criteria"] += len(goal.order) > 1
        self.features["all three"] += not one.program.is_chain and bool(goal.limits) and len(goal.order) > 1
        self.features["no plan within the limits"] += bool(goal.limits) and one.best is None

    def _differs(self, seed: int, one: Drawn, what: str) -> None:
        self.differences.append((seed, what))
        print(f"seed {seed} ({one.kind}): {what}", flush=True)


def run(count: int, first: int, limit: float | None) -> bool:
    """Compare on so many programs, print the figures, and tell whether nothing differs."""
    tally = Tally()
    for seed in range(first, first + count):
        tally.add(seed, limit)
    print(", ".join(f"{number} of kind {kind}" for kind, number in sorted(tally.kinds.items())))
    print(", ".join(f"{number} with {name}" for name, number in tally.features.items()))
    for name in NAMES:
        print(f"{name:6} decided {tally.decided[name]} of {count} in {tally.seconds[name] / 1e6:.1f} s")
    slowest, seed = tally.slowest
    print(f"up to {tally.longest} atoms; the slowest program, seed {seed}, took {slowest:.1f} s")
    undecided = sum(count - tally.decided[name] for name in NAMES)
    print(f"{count} programs: {len(tally.differences)} differences, {undecided} undecided")
    return not tally.differences and not undecided


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
