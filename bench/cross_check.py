"""Does the exact solver agree with a MILP of the same instance, and how much faster is it? Exits 1 where a claim fails.

Random programs of explicit stages with several designs each, up to 200 atoms in a plan, are solved by the exact solver
and by HiGHS through PuLP as an arc-flow MILP (`tests/solvers/milp.py`). Claims: no difference in any optimum, compared
in integers; on the largest programs the exact solver is at least 100 times as fast as HiGHS alone, without the time to
write the MILP down. Then thousands of small programs against all of their plans, one by one.
Run from the repository's root: `python -m bench.cross_check`.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from random import Random
from statistics import median

from ischedule.models.program import Program
from ischedule.solvers.explicit import solve_explicit
from ischedule.solvers.limit import Limit
from ischedule.solvers.outcome import Outcome
from tests.solvers.agreement import disagreement
from tests.solvers.enumeration import best_of_all_cut_sets
from tests.solvers.milp import Found, solve_milp
from tests.solvers.milp_programs import program_of_atoms
from tests.solvers.random_laws import law_pool
from tests.solvers.random_programs import random_explicit

LARGEST = 200
LARGE_PROGRAMS = 10
FASTER = 100


@dataclass(frozen=True)
class Comparison:
    """One program solved twice."""

    atoms: int
    milp: Found
    exact: Outcome
    seconds: float

    @property
    def agrees(self) -> bool:
        """Whether both found the same optimum, or both none."""
        return self.milp.agrees(self.exact)


def programs(count: int) -> list[tuple[int, Program]]:
    """Programs by their number of atoms: most are small, the last ones have as many as there may be."""
    found = []
    for seed in range(count):
        random = Random(seed)
        is_large = seed >= count - LARGE_PROGRAMS
        atoms = LARGEST if is_large else random.choice((5, 12, 25, 50, 80))
        stages, designs = (4, 6) if is_large else (random.randint(1, 4), random.randint(1, 4))
        window = random.randint(40, 50) if is_large else random.choice((3, 6, 12, 20))
        found.append((atoms, program_of_atoms(random, atoms, stages=stages, designs=designs, window=window)))
    return found


def compare(atoms: int, program: Program) -> Comparison:
    """Both optima, and the time of each solver."""
    begin = time.perf_counter()
    found = solve_explicit(program, Limit())
    seconds = time.perf_counter() - begin
    return Comparison(atoms, solve_milp(program), found, seconds)


def run(count: int) -> bool:
    """Compare on so many programs, print the figures, and tell whether all claims hold."""
    made = programs(count)
    compare(*made[0])
    found = [compare(atoms, program) for atoms, program in made]
    differences = [index for index, one in enumerate(found) if not one.agrees]
    print(f"{'atoms':>6} {'programs':>9} {'cycles possible':>16} {'exact (ms)':>11} {'HiGHS (ms)':>11} {'ratio':>7}")
    for atoms in sorted({one.atoms for one in found}):
        some = [one for one in found if one.atoms == atoms]
        exact, milp = median(one.seconds for one in some), median(one.milp.seconds for one in some)
        arcs = median(one.milp.arcs for one in some)
        print(f"{atoms:6} {len(some):9} {arcs:16.0f} {1e3 * exact:11.1f} {1e3 * milp:11.1f} {milp / exact:7.0f}")
    largest = [one for one in found if one.atoms == LARGEST]
    least = min(one.milp.seconds / one.seconds for one in largest)
    solved = sum(one.exact.cost is not None for one in found)
    print(f"\n{len(found)} programs ({solved} schedulable): {len(differences)} differences {differences or ''}")
    followed = sum(one.exact.bound is not None and one.exact.bound.follows_levels for one in found)
    print(f"{followed} of them behind levels left, which no price sees: dearer there than the MILP's optimum")
    print(f"largest programs: at least {least:.0f} times as fast as HiGHS (claim: {FASTER})")
    return not differences and least >= FASTER


def run_brute_force(count: int) -> bool:
    """Compare with all plans of so many small programs."""
    laws, differences = law_pool(300), []
    for seed in range(count):
        random = Random(1_000_000 + seed)
        program = random_explicit(random, random.choice(laws))
        if (difference := disagreement(program, solve_explicit, best_of_all_cut_sets)) is not None:
            differences.append((seed, difference))
    print(f"brute force over all plans: {count} programs, {len(differences)} differences {differences[:3] or ''}")
    return not differences


def main(arguments: Sequence[str] | None = None) -> int:
    """Exit code 0 if every claim holds, else 1."""
    parser = argparse.ArgumentParser(prog="python -m bench.cross_check", description=__doc__)
    parser.add_argument("--programs", type=int, default=200, help="programs for the MILP")
    parser.add_argument("--brute-force", type=int, default=10_000, help="small programs for brute force")
    options = parser.parse_args(arguments)
    holds = [run(options.programs), run_brute_force(options.brute_force)]
    print("\nevery claim holds" if all(holds) else "\nsome claims FAIL")
    return 0 if all(holds) else 1


if __name__ == "__main__":
    sys.exit(main())
