"""The solver against HiGHS on the same programs, as arc-flow MILPs."""

from __future__ import annotations

from random import Random

import pytest

from ischedule.models.program import Program
from ischedule.solvers.explicit import solve_explicit
from ischedule.solvers.limit import Limit
from tests.solvers.enumeration import best_of_all_cut_sets
from tests.solvers.milp_programs import program_of_atoms

pytest.importorskip("pulp", reason="needs PuLP")
pytest.importorskip("highspy", reason="needs HiGHS")

from tests.solvers.milp import solve_milp

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")


def random_program(seed: int) -> Program:
    """Up to 40 atoms in up to three stages of up to three designs."""
    random = Random(seed)
    stages, designs, window = random.randint(1, 3), random.randint(1, 3), random.choice((3, 8, 15))
    return program_of_atoms(random, random.randint(4, 40), stages=stages, designs=designs, window=window)


@pytest.mark.parametrize("seed", range(30))
def test_the_milp_has_the_same_optimum(seed: int) -> None:
    program = random_program(seed)
    assert solve_milp(program).agrees(solve_explicit(program, Limit()))


def test_the_milp_equals_brute_force() -> None:
    for seed in range(15):
        program = program_of_atoms(Random(seed), 8, stages=2, designs=2, window=4)
        best, found = best_of_all_cut_sets(program), solve_milp(program)
        if best is None or not program.law.leaves_level:
            assert found.cost == (None if best is None else best.cost)
        else:
            assert found.cost is not None
            assert found.cost <= best.cost
