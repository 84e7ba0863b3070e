"""The SMT solver: z3 decides a program, and the search by labels is asked for a certificate afterwards."""

from __future__ import annotations

from collections.abc import Sequence

from ischedule.models.demand import TooManyAtoms
from ischedule.models.plan import Bound
from ischedule.models.program import Design, ExplicitStage, Program, TiledStage
from ischedule.solvers.limit import Limit, TimeUp
from ischedule.solvers.outcome import Outcome
from ischedule.solvers.smt_encoding import Encoding
from ischedule.solvers.smt_options import Option, options_of
from ischedule.solvers.smt_search import Search

MOST_ATOMS = 60
"""Along a plan: what has more is not asked."""

MOST_OPTIONS = 600
"""Atoms of all designs in all slots together."""

CERTIFIED = "the optimum is z3's; the certificate comes from the search by labels, which has found the same one"
CLAIMED = (
    "z3 has decided that no plan takes less, which is claimed only: the certificate proves the bound that is shown"
)
UNBOUNDED = (
    "z3 has decided that no plan takes less, which is claimed only: of plans whose cycles must end in certain places "
    "nothing is proven where cycles leave levels"
)
INTERRUPTED = "the limit was reached before z3 had decided whether another plan takes less"


def solve_smt(program: Program, limit: Limit) -> Outcome:
    """The optimal plan by z3, or within a time limit an undecided best one. Raises `TooManyAtoms` for too many atoms.

    Of a tiled stage the design is taken from the exact solver, and its batching into power cycles decided.
    """
    by_labels = _chosen(program, limit)
    if by_labels is not None and by_labels.plan is None:
        return by_labels
    designs = _designs(program, by_labels)
    slots = options_of(program, designs)
    require_size(slots)
    search, count = Search(program, slots, limit), sum(map(len, designs))
    try:
        best = search.run()
    except TimeUp:
        return _interrupted(program, search, count)
    if best is None:
        return Outcome(None, None, None, None, count, _stuck(program, designs))
    latency = best.latency(search.rule)
    cost = latency - program.law.offset
    bound = (by_labels or _by_labels(program)).bound
    if isinstance(bound, Bound) and bound.value > cost:
        raise AssertionError(f"z3 has a plan that costs {cost}, labels prove that none costs less than {bound.value}")
    note = UNBOUNDED if bound is None else CLAIMED
    if isinstance(bound, Bound) and bound.value == cost:
        note = CERTIFIED
    return Outcome(best.plan(program), latency, cost, bound, count, note=note)


def _chosen(program: Program, limit: Limit) -> Outcome | None:
    """The exact solver's outcome where it has to choose the designs: of tiled stages."""
    if not any(isinstance(stage, TiledStage) for stage in program.stages):
        return None
    from ischedule.solvers.exact import solve_exact

    return solve_exact(program, Limit(listen=limit.listen))


def _designs(program: Program, chosen: Outcome | None) -> list[Sequence[Design]]:
    """The designs of each stage that are options: all, or those of a plan."""
    designs: list[Sequence[Design]] = [
        range(len(stage.designs)) if isinstance(stage, ExplicitStage) else () for stage in program.stages
    ]
    if chosen is not None and chosen.plan is not None:
        for stage, design in zip(chosen.plan.stages, chosen.plan.designs, strict=True):
            designs[stage] = (design,)
    return designs


def _by_labels(program: Program) -> Outcome:
    """The independent search whose labels the checker accepts as a certificate."""
    from ischedule.solvers.exact import solve_exact

    return solve_exact(program, Limit())


def require_size(slots: list[list[Option]]) -> None:
    """Raise `TooManyAtoms` for a program that is too much to ask."""
    longest = sum(max(map(len, slot)) for slot in slots)
    whole = sum(len(option) for slot in slots for option in slot)
    if longest > MOST_ATOMS or whole > MOST_OPTIONS:
        asked = f"{MOST_ATOMS} atoms along a plan and {MOST_OPTIONS} in all designs"
        raise TooManyAtoms(f"is asked about at most {asked}, and here there are {longest} and {whole}")


def _interrupted(program: Program, search: Search, count: int) -> Outcome:
    """What is known where the limit was reached: a plan, if there is one, and nothing about others."""
    best = search.best_so_far() or Search(program, search.encoding.slots, Limit()).suggestion()
    if best is None:
        raise TimeUp
    latency = best.latency(search.rule)
    cost = latency - program.law.offset
    return Outcome(best.plan(program), latency, cost, None, count, note=INTERRUPTED, is_undecided=True)


def _stuck(program: Program, designs: Sequence[Sequence[Design]]) -> int:
    """A stage that no beginning of a plan gets through, from the first boundary behind which there is none."""
    reached = {0}
    blocked = 0
    for number, slot in enumerate(options_of(program, designs)):
        for option in slot:
            step = program.steps[option.step]
            if step.source in reached:
                blocked = max(blocked, step.source)
                if _passes(program, designs, number, step.target):
                    reached.add(step.target)
    return next(step.stage for step in program.steps if step.source == blocked)


def _passes(program: Program, designs: Sequence[Sequence[Design]], slots: int, boundary: int) -> bool:
    """Whether some beginning of a plan that can go on stands at a boundary or crosses it with a cycle in progress."""
    encoding = Encoding(program, options_of(program, designs))
    for number in range(slots + 1):
        for _ in encoding.slot(number):
            pass
    encoding.link()
    encoding.solver.add(encoding.at(slots + 1, boundary), encoding.within_capacity())
    if boundary == program.end:
        encoding.solver.add(encoding.finished())
    elif program.law.max_cycles == 1:
        encoding.solver.add(encoding.in_progress())
    return bool(encoding.solver.check() == encoding.z3.sat)
