"""Plans with limits on what they spend, and ties decided by further criteria, against every plan of small programs."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from random import Random

from hypothesis import example, given, settings
from hypothesis import strategies as st

from ischedule.analysis.check import Rejected, require_claim
from ischedule.analysis.claim import goal_claims
from ischedule.analysis.cover import Unproven
from ischedule.analysis.designs import tilings
from ischedule.analysis.evaluate import evaluate
from ischedule.analysis.goal_search import Fence, better_plan
from ischedule.models.chain import Chain
from ischedule.models.criteria import with_stores
from ischedule.models.goal import Criterion, Goal
from ischedule.models.plan import Status, Weighed
from ischedule.models.plan_file import Certified, PlanFile
from ischedule.models.program import ExplicitStage, Program, TiledStage
from ischedule.solvers.budgets import Budgeted, solve_goal
from ischedule.solvers.limit import Limit
from ischedule.solvers.solve import answer_of
from ischedule.solvers.spending import Spent, spent_by
from tests.analysis.brute_force import capacity_of, position_of, splits
from tests.analysis.small_networks import network
from tests.analysis.small_programs import laws
from tests.solvers.test_graphs import explicit_graph, orders

SEEDS = st.integers(0, 10**9)
ORDERS = (
    (Criterion.LATENCY,),
    (Criterion.LATENCY, Criterion.ENERGY, Criterion.WRITTEN),
    (Criterion.ENERGY,),
    (Criterion.ENERGY, Criterion.LATENCY),
    (Criterion.WRITTEN, Criterion.CYCLES, Criterion.LATENCY),
    (Criterion.CYCLES, Criterion.LATENCY),
)


def storing(program: Program, random: Random) -> Program:
    """The same program, with bytes that its atoms and commits store."""

    def stores(chain: Chain) -> Chain:
        def some() -> list[int]:
            return [random.randint(0, 20) for _ in range(len(chain))]

        return replace(chain, stored=some(), commit_stored=some())

    stages = [
        replace(stage, designs=tuple(map(stores, stage.designs)))
        for stage in program.stages
        if isinstance(stage, ExplicitStage)
    ]
    return replace(program, stages=tuple(stages))


def graph_of_sums(random: Random) -> Program:
    """A small graph under a law by which waiting is the sum of prices."""
    while True:
        program = explicit_graph(random, 3)
        if not program.law.keeps_level and not program.law.leaves_level:
            return program


def every_plan(program: Program) -> Iterator[Spent]:
    """What each plan spends, atom by atom."""
    for order in orders(program):
        yield from _designs(program, [program.stages[index] for index in order], [])


def _designs(program: Program, stages: list[object], chosen: list[Chain]) -> Iterator[Spent]:
    if not stages:
        yield from _cut(program, chosen)
        return
    stage = stages[0]
    assert isinstance(stage, ExplicitStage)
    for index, chain in enumerate(stage.designs):
        if stage.fits(index):
            yield from _designs(program, stages[1:], [*chosen, chain])


def _cut(program: Program, chains: list[Chain]) -> Iterator[Spent]:
    law = program.law
    rows = [
        (*row, stored, committed)
        for chain in chains
        for row, stored, committed in zip(
            zip(*chain.columns(), strict=True), chain.stored, chain.commit_stored, strict=True
        )
    ]
    for sizes in splits([row[:7] for row in rows]):
        if law.max_cycles is not None and len(sizes) > law.max_cycles:
            continue
        latency = energy = written = start = 0
        for index, size in enumerate(sizes):
            cycle = rows[start : start + size]
            position = position_of(index, len(sizes))
            drain = cycle[0][2] + sum(row[0] for row in cycle) + cycle[-1][4]
            if drain > capacity_of(law, position):
                break
            latency += cycle[0][3] + sum(row[1] for row in cycle) + cycle[-1][5] + law.price(position, drain)
            energy += drain
            written += sum(row[7] for row in cycle) + cycle[-1][8]
            start += size
        else:
            yield {
                Criterion.LATENCY: latency,
                Criterion.ENERGY: energy,
                Criterion.WRITTEN: written,
                Criterion.CYCLES: len(sizes),
            }


def goal_of(plans: list[Spent], random: Random) -> Goal:
    """A random order, and limits between the least and the most that any plan spends, now and then below."""
    limits = {}
    for criterion in Criterion:
        if plans and random.random() < 0.3:
            amounts = [plan[criterion] for plan in plans]
            limits[criterion] = max(0, random.randint(min(amounts) - random.randint(0, 2), max(amounts)))
    return Goal(random.choice(ORDERS), limits)


def best_of(plans: list[Spent], goal: Goal) -> list[int] | None:
    """What the best of some plans spends of the criteria of the order."""
    kept = [plan for plan in plans if all(plan[one] <= most for one, most in goal.limits.items())]
    return min(([plan[one] for one in goal.order] for plan in kept), default=None)


@given(SEEDS)
def test_no_plan_is_better_and_keeps_all_limits(seed: int) -> None:
    random = Random(seed)
    program = storing(graph_of_sums(random), random)
    plans = list(every_plan(program))
    goal = goal_of(plans, random)
    found = solve_goal(replace(program, goal=goal), Limit())
    best = best_of(plans, goal)
    if best is None:
        assert found.plan is None
        assert found.is_decided
        return
    assert found.plan is not None
    assert found.spent is not None
    assert [found.spent[one] for one in goal.order] == best
    assert found.spent == spent_by(program, found.plan)
    assert all(found.spent[one] <= most for one, most in goal.limits.items())


def judged(program: Program, found: Budgeted) -> list[tuple[PlanFile, str | None]]:
    """Every claim that a search supports, and why the checker rejects it, if it does."""
    answer = answer_of(program, found)
    evaluation = None if answer.plan is None else evaluate(program, answer.plan)
    files = goal_claims("test", program, answer, evaluation, None)
    return [(file, reason_against(program, file)) for file in files]


def reason_against(program: Program, file: PlanFile) -> str | None:
    evaluation = None if file.plan is None else evaluate(program, file.plan)
    try:
        require_claim(program, file, evaluation, None)
    except (Rejected, Unproven) as problem:
        return str(problem)
    return None


@given(SEEDS)
def test_what_is_found_is_certified_and_nothing_beyond_it(seed: int) -> None:
    random = Random(seed)
    program = storing(graph_of_sums(random), random)
    plans = list(every_plan(program))
    goal = goal_of(plans, random)
    program = replace(program, goal=goal)
    best = best_of(plans, goal)
    found = solve_goal(program, Limit())
    if found.stuck is not None:
        return
    claims = judged(program, found)
    assert [reason for _, reason in claims] == [None] * len(claims)
    strongest = claims[0][0]
    assert strongest.claim.certified is (Certified.INFEASIBLE if best is None else Certified.OPTIMAL)
    for file, _ in claims:
        require_no_more(program, file, best)


def require_no_more(program: Program, file: PlanFile, best: list[int] | None) -> None:
    """Claims beyond the truth are rejected: a greater bound, a better plan, no plan at all."""
    proof, claim = file.certificate, file.claim
    if not isinstance(proof, Weighed) or best is None or claim.bound is None:
        return
    offset = program.law.offset if program.goal.first is Criterion.LATENCY else 0
    greater = replace(proof, bound=replace(proof.bound, value=proof.bound.value + 1))
    if proof.is_exact and proof.spent is not None:
        for place in range(len(best)):
            more = tuple(value + (index == place) for index, value in enumerate(proof.spent))
            assert reason_against(program, replace(file, certificate=replace(proof, spent=more)))
        none = replace(claim, status=Status.UNSCHEDULABLE, latency=None, bound=None, certified=Certified.INFEASIBLE)
        lost = replace(proof, spent=None)
        assert reason_against(program, replace(file, claim=none, plan=None, certificate=lost))
    else:
        assert claim.bound <= best[0] + offset
        assert reason_against(program, replace(file, certificate=greater))


@given(SEEDS)
@example(827942)
def test_a_network_s_plan_is_that_of_all_its_designs(seed: int) -> None:
    """The goal of a small network is reached as by the program whose designs are all listed."""
    random = Random(seed)
    tiled = network(random).program
    listed = [
        ExplicitStage(stage.name, tuple(with_stores(stage, one) for one in tilings(stage)), stage.volatile)
        for stage in tiled.stages
        if isinstance(stage, TiledStage)
    ]
    if sum(len(stage.designs) for stage in listed) > 300 or tiled.law.keeps_level or tiled.law.leaves_level:
        return
    explicit = replace(tiled, stages=tuple(listed))
    free = solve_goal(replace(explicit, goal=Goal((random.choice(list(Criterion)),))), Limit())
    if free.spent is None:
        return
    limits = {one: max(0, most - random.randint(0, 1 + most // 50)) for one, most in free.spent.items()}
    goal = Goal(random.choice(ORDERS), {one: most for one, most in limits.items() if random.random() < 0.3})
    tiled, explicit = replace(tiled, goal=goal), replace(explicit, goal=goal)
    found, other = solve_goal(tiled, Limit()), solve_goal(explicit, Limit())
    assert (found.plan is None) == (other.plan is None)
    if found.spent is not None and other.spent is not None:
        assert [found.spent[one] for one in goal.order] == [other.spent[one] for one in goal.order]
    for file, reason in judged(tiled, found):
        assert reason is None
        assert other.spent is None or file.claim.certified is not Certified.INFEASIBLE
        best = None if other.spent is None else [other.spent[one] for one in goal.order]
        require_no_more(tiled, file, best)


def knapsack(random: Random) -> Program:
    """Stages of one atom, each with designs that trade time for energy and for bytes, in one power cycle or a few."""
    law = next(
        one
        for one in random.sample(laws(), len(laws()))
        if not one.keeps_level and not one.leaves_level and one.max_cycles is None and one.capacity >= 60
    )

    def design(most: int) -> Chain:
        drain = random.randint(0, most)
        time = random.randint(0, 10) + 3 * (most - drain)
        ends = [random.randint(0, 1)], [random.randint(0, 3)]
        stored, saved = [random.randint(0, 30)], [random.randint(0, 3)]
        return Chain([drain], [time], *ends, *ends, [True], 0, stored, saved)

    stages = [ExplicitStage(f"s{index}", tuple(design(12) for _ in range(4)), 0) for index in range(5)]
    return Program(tuple(stages), law, "")


def pulled_apart(random: Random) -> tuple[Program, list[Spent]]:
    """A program whose criteria pull apart, with two limits, and what each of its plans spends."""
    program = knapsack(random)
    plans = list(every_plan(program))
    named = random.sample([Criterion.LATENCY, Criterion.ENERGY, Criterion.WRITTEN], 3)
    limits = {}
    for criterion in named[1:]:
        amounts = sorted(plan[criterion] for plan in plans)
        limits[criterion] = amounts[len(amounts) * random.randint(1, 6) // 20]
    return replace(program, goal=Goal(tuple(named), limits)), plans


@given(SEEDS)
@settings(max_examples=20)
def test_no_choice_of_designs_is_better_where_many_are_undominated(seed: int) -> None:
    """Where criteria pull apart, many states matter at every boundary, for the search and for the checker."""
    random = Random(seed)
    program, plans = pulled_apart(random)
    goal, limits = program.goal, program.goal.limits
    best = best_of(plans, goal)
    found = solve_goal(program, Limit())
    assert best == (None if found.spent is None else [found.spent[one] for one in goal.order])
    claims = judged(program, found)
    assert [reason for _, reason in claims] == [None] * len(claims)
    for file, _ in claims:
        require_no_more(program, file, best)
    kept = [plan for plan in plans if all(plan[one] <= most for one, most in limits.items())]
    for worse in random.sample(kept, min(6, len(kept))):
        ranked = [worse[one] for one in goal.order]
        better = better_plan(program, goal, ranked, [Fence({one: 1}, 1, most) for one, most in limits.items()])
        assert (better is None) == (ranked == best)


@given(SEEDS)
def test_a_plan_that_breaks_a_limit_is_rejected(seed: int) -> None:
    """Whatever is claimed of it, and however good it is."""
    random = Random(seed)
    program = storing(graph_of_sums(random), random)
    found = solve_goal(replace(program, goal=Goal((Criterion.LATENCY, Criterion.ENERGY))), Limit())
    if found.spent is None:
        return
    for criterion, spent in found.spent.items():
        for most, is_kept in ((spent, True), (spent - 1, False)):
            if most < 0:
                continue
            limited = replace(program, goal=Goal((Criterion.LATENCY, Criterion.ENERGY), {criterion: most}))
            alone = [file for file, _ in judged(limited, found) if file.claim.certified is Certified.FEASIBLE]
            assert [reason_against(limited, file) is None for file in alone] == [is_kept]
