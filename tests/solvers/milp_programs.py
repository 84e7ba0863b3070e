"""Random programs for a MILP: amounts and prices small enough that its tolerances cannot confuse two integers."""

from __future__ import annotations

from functools import cache
from random import Random

from ischedule.models.chain import Chain
from ischedule.models.program import ExplicitStage, Program
from ischedule.models.waiting import CycleLaw
from tests.solvers.random_laws import law_pool
from tests.solvers.random_programs import DIGEST


@cache
def small_laws() -> tuple[CycleLaw, ...]:
    """Laws whose prices stay below a million, with room for cycles of many atoms."""

    def is_small(law: CycleLaw) -> bool:
        return law.max_cycles is None and 400 <= law.capacity <= 10**5 and 0 < law.mid(law.capacity) <= 10**6

    return tuple(law for law in law_pool(1500, seed=7) if is_small(law))


def program_of_atoms(random: Random, atoms: int, *, stages: int, designs: int, window: int) -> Program:
    """Stages of several designs, so many atoms in each plan, about so many per cycle at most."""
    law = random.choice(small_laws())
    price = law.mid(law.capacity)
    sizes = [atoms // stages + (number < atoms % stages) for number in range(stages)]

    def chain(size: int) -> Chain:
        def column(most: int) -> list[int]:
            return [random.randint(0, max(1, most)) for _ in range(size)]

        drain = column(2 * law.capacity // window)
        resume, commit = column(law.capacity // 8), column(law.capacity // 20)
        times = [column(price // 10 + 9) for _ in range(3)]
        cut = [random.random() < 0.9 for _ in range(size - 1)]
        return Chain(drain, times[0], resume, times[1], commit, times[2], [*cut, True], 0)

    found = [
        ExplicitStage(f"s{number}", tuple(chain(max(1, size)) for _ in range(designs)), 0)
        for number, size in enumerate(sizes)
    ]
    return Program(tuple(found), law, DIGEST)
