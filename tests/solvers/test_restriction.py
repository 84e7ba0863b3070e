"""Programs whose cycles must end in certain places, against every plan that does so; and the lemma on stored sums."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from itertools import pairwise, product
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ischedule.analysis.cover import Unproven, require_bound
from ischedule.analysis.designs import fitting_chains
from ischedule.analysis.evaluate import evaluate
from ischedule.analysis.power_cycles import chains_of
from ischedule.models.criteria import with_stores
from ischedule.models.kernels import Ends, Prices, volatile_bytes
from ischedule.models.plan import Bound, Plan
from ischedule.models.program import ExplicitStage, Program, Step, TiledStage
from ischedule.models.restriction import Restriction, restricted
from ischedule.models.tiling import Extent, Order, Tiling, innermost, stores_partial_sums
from ischedule.solvers.limit import TimeUp
from ischedule.solvers.longest import longest_cycles
from ischedule.solvers.solve import solve
from tests.models.kernel_strategies import cycle_ends, layers, prices
from tests.solvers.enumeration import Joined, Rule, cut_sets, least_cost_of
from tests.solvers.random_programs import random_tiled
from tests.solvers.stored_programs import plain_laws, stored_program
from tests.solvers.test_graphs import orders

SEEDS = st.integers(0, 10**9)


def with_ends(program: Program, random: Random) -> Program:
    """The program with some boundaries closed and some steps broken."""
    share = random.random()
    closed = frozenset(boundary for boundary in range(1, program.end) if random.random() < share)
    broken = frozenset(step for step in range(len(program.steps)) if random.random() < share)
    return replace(program, storage=None, closed=closed, broken=broken)


def keeps(program: Program, path: list[Step], lengths: list[int], ends: tuple[int, ...]) -> bool:
    """Whether cycles that end after so many atoms end where they must."""
    number = {step: place for place, step in enumerate(program.steps)}
    first = 0
    for step, length in zip(path, lengths, strict=True):
        last = first + length
        if step.target in program.closed and last not in ends:
            return False
        runs_through = any(begin < first and last < end for begin, end in pairwise((0, *ends)))
        if number[step] in program.broken and runs_through:
            return False
        first = last
    return True


def best_restricted(program: Program) -> int | None:
    """The least cost of all plans that end their cycles where they must."""
    rule, best = Rule(program.law), None
    for order in orders(program):
        path = program.path(order)
        assert path is not None
        stages = [program.stages[stage] for stage in order]
        for designs in product(*(range(len(stage.designs)) for stage in stages)):  # type: ignore[union-attr]
            chains = [stage.chain(design) for stage, design in zip(stages, designs, strict=True)]  # type: ignore[arg-type]
            sequence, lengths = Joined(chains), [len(chain) for chain in chains]
            for ends in cut_sets(sequence):
                if keeps(program, path, lengths, ends):
                    cost = least_cost_of(sequence, ends, rule)
                    best = cost if best is None or (cost is not None and cost < best) else best
    return best


def require_kept(program: Program, plan: Plan) -> None:
    path = program.path(plan.stages)
    assert path is not None
    sizes = [run.atoms for run in plan.cycles for _ in range(run.repeat)]
    ends = tuple(sum(sizes[: index + 1]) for index in range(len(sizes)))
    assert keeps(program, path, [len(one) for one in chains_of(program, plan)], ends)


@given(SEEDS, st.booleans())
@settings(max_examples=150)
def test_the_best_plan_that_ends_its_cycles_where_it_must(seed: int, branches: bool) -> None:
    random = Random(seed)
    program = with_ends(replace(stored_program(random, branches=branches), law=random.choice(plain_laws())), random)
    answer, best = solve(program), best_restricted(program)
    assert answer.latency == (None if best is None else best + program.law.offset)
    if answer.plan is None:
        return
    require_kept(program, answer.plan)
    assert isinstance(answer.bound, Bound)
    assert answer.bound.value == best
    require_bound(program, answer.bound)
    with pytest.raises(Unproven):
        require_bound(program, replace(answer.bound, value=answer.bound.value + 1))


def test_restrictions_cost_something() -> None:
    """Often enough the best plan of all is none of those."""
    kinds: Counter[str] = Counter()
    for seed in range(200):
        random = Random(seed)
        program = with_ends(replace(stored_program(random, branches=False), law=random.choice(plain_laws())), random)
        free, bound = replace(program, closed=frozenset(), broken=frozenset()), solve(program).bound
        answer = solve(free)
        if not isinstance(bound, Bound) or not isinstance(answer.bound, Bound):
            continue
        kinds["dearer" if bound.value > answer.bound.value else "equal"] += 1
        if bound.value > answer.bound.value:
            with pytest.raises(Unproven):
                require_bound(free, bound)
    assert kinds["dearer"] > 20
    assert kinds["equal"] > 20


def test_layers_are_restricted_as_their_chains_are() -> None:
    """A network's search and its check, against the search over all chains of all its designs."""
    kinds: Counter[bool] = Counter()
    for seed in range(120):
        random = Random(seed)
        tiled = with_ends(random_tiled(random, random.choice(plain_laws()), stages=3), random)
        stages = tuple(
            ExplicitStage(stage.name, tuple(one for _, one in fitting_chains(stage)), 10**9) for stage in tiled.stages
        )
        if not all(stage.designs for stage in stages):
            continue
        answer, other = solve(tiled), solve(replace(tiled, stages=stages))
        assert answer.latency == other.latency
        if answer.plan is None:
            continue
        require_kept(tiled, answer.plan)
        assert isinstance(answer.bound, Bound)
        require_bound(tiled, answer.bound)
        free = replace(tiled, closed=frozenset(), broken=frozenset())
        kinds[solve(free).latency == answer.latency] += 1
        if solve(free).latency != answer.latency:
            with pytest.raises(Unproven):
                require_bound(free, answer.bound)
    assert min(kinds.values()) > 8


def test_a_plan_at_once_ends_its_cycles_at_closed_boundaries() -> None:
    found = 0
    for seed in range(100):
        random = Random(seed)
        program = with_ends(replace(stored_program(random, branches=True), law=random.choice(plain_laws())), random)
        program = replace(program, broken=frozenset())
        answer = solve(program)
        try:
            plan = longest_cycles(program).plan
        except TimeUp:
            continue
        assert plan is not None
        assert answer.latency is not None
        assert evaluate(program, plan).latency >= answer.latency
        require_kept(program, plan)
        found += bool(program.closed)
    assert found > 20


def test_steps_that_are_left_out_leave_the_other_ways() -> None:
    for seed in range(200):
        random = Random(seed)
        program = with_ends(stored_program(random, branches=True), random)
        left_out = frozenset(step for step in range(len(program.steps)) if random.random() < 0.2)
        view = restricted(program, Restriction(barred=left_out))
        number = {step: place for place, step in enumerate(program.steps)}
        expected = set()
        for order in orders(program):
            path = program.path(order)
            assert path is not None
            if not left_out & {number[step] for step in path}:
                expected.add(order)
        assert (set() if view is None else set(orders(view.program))) == expected
        if view is not None:
            for place, step in zip(view.steps, view.program.steps, strict=True):
                whole = program.steps[place]
                assert whole.stage == step.stage
                assert (view.boundaries[step.source], view.boundaries[step.target]) == (whole.source, whole.target)
            assert {view.boundaries[one] for one in view.program.closed} <= program.closed
            assert {view.steps[one] for one in view.program.broken} <= program.broken


@given(layers(), prices(), cycle_ends())
@settings(max_examples=300)
def test_sums_of_rows_that_no_cycle_is_cut_in_need_not_be_stored(
    design: tuple[Extent, Tiling], cost: Prices, ends: Ends
) -> None:
    """Where sums also stay in volatile memory, one batch for the whole row takes no more anywhere.

    So stages without stored sums leave out no plan that has one region and is better than all others, whatever counts.
    """
    extent, tiling = design
    if not stores_partial_sums(extent, tiling) or extent.pooling or tiling.order is not Order.OUTPUT:
        return
    whole = replace(tiling, batch=innermost(extent, tiling))
    assert not stores_partial_sums(extent, whole)
    stage = TiledStage("layer", (extent,), cost, ends, 10**9)
    fine, coarse = with_stores(stage, tiling), with_stores(stage, whole)
    batches = len(fine) // len(coarse)
    assert batches * len(coarse) == len(fine)
    for row in range(len(coarse)):
        begin, stop = row * batches, (row + 1) * batches
        assert coarse.drain[row] <= sum(fine.drain[begin:stop])
        assert coarse.time[row] <= sum(fine.time[begin:stop])
        assert coarse.stored[row] <= sum(fine.stored[begin:stop])
        assert coarse.commit_stored[row] <= fine.commit_stored[stop - 1]
        assert coarse.resume_drain[row] <= fine.resume_drain[begin]
        assert coarse.resume_time[row] <= fine.resume_time[begin]
        assert (coarse.commit_drain[row], coarse.commit_time[row]) == (
            fine.commit_drain[stop - 1],
            fine.commit_time[stop - 1],
        )
    assert volatile_bytes(extent, whole, cost) == volatile_bytes(extent, tiling, cost)
