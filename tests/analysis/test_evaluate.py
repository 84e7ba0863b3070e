"""The figures of a plan, held against adding everything up atom by atom, and the conditions that a plan can break."""

from __future__ import annotations

from dataclasses import replace
from itertools import product
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ischedule.analysis.evaluate import evaluate, shared_out
from ischedule.analysis.power_cycles import InvalidPlan, Violation
from ischedule.models.chain import Chain
from ischedule.models.fixed_wake import FixedWakeLaw
from ischedule.models.kernels import Ends, Prices
from ischedule.models.plan import Plan, PowerCycles
from ischedule.models.program import ExplicitStage, Program, TiledStage
from ischedule.models.tiling import Extent, Order, Tiling
from ischedule.models.waiting import CycleLaw, Position, replay
from tests.analysis.brute_force import best, choices, cycle_of, plan_of, position_of, rows_of, true_latency
from tests.analysis.small_programs import ample_law, chain, laws, program, random_law

SEEDS = st.integers(0, 2**32)


@given(SEEDS)
def test_every_feasible_plan_costs_what_its_atoms_and_cycles_cost(seed: int) -> None:
    random = Random(seed)
    case = program(random)
    found = list(choices(case))
    for choice in random.sample(found, min(5, len(found))):
        plan = plan_of(case, choice)
        figures = evaluate(case, plan)
        assert figures.latency == true_latency(case, plan)
        assert figures.additive == choice.additive + case.law.offset
        assert figures.cycles == len(choice.sizes)
        assert figures.drain == sum(choice.drains)
        assert figures.largest_cycle == max(choice.drains)
        assert figures.atoms_time + figures.resume_time + figures.commit_time == choice.active


@given(SEEDS)
def test_the_parts_of_the_stages_add_up(seed: int) -> None:
    case = program(Random(seed))
    found = best(case)
    if found is None:
        return
    stages = [stage for stage in case.stages if isinstance(stage, ExplicitStage)]
    saving = [
        replace(stage, designs=tuple(replace(one, commit_stored=[8] * len(one)) for one in stage.designs))
        for stage in stages
    ]
    figures = evaluate(replace(case, stages=tuple(saving)), plan_of(case, found))
    assert sum(stage.drain for stage in figures.stages) == figures.drain
    assert sum(stage.active for stage in figures.stages) + figures.waiting == figures.latency
    assert sum(stage.waiting for stage in figures.stages) == figures.waiting
    assert sum(stage.atoms for stage in figures.stages) == sum(found.sizes)
    assert figures.written == 8 * figures.cycles
    shared = sum(stage.cycles for stage in figures.stages) - figures.cycles
    assert 0 <= shared < len(figures.stages)


@given(st.integers(0, 10**12), st.lists(st.integers(0, 10**9), min_size=1, max_size=6))
def test_what_is_shared_out_is_all_of_it_in_proportion(amount: int, weights: list[int]) -> None:
    parts = shared_out(amount, weights)
    assert sum(parts) == amount
    total = sum(weights)
    if total:
        assert all(abs(part * total - amount * weight) < 2 * total for part, weight in zip(parts, weights, strict=True))


def first_plan(seed: int) -> tuple[Program, Plan]:
    """The best plan of the first program from this seed on that has one with at least two cycles and two stages."""
    while True:
        case = program(Random(seed))
        found = best(case)
        if found is not None and len(found.sizes) > 2 and len(case.stages) > 1:
            return case, plan_of(case, found)
        seed += 1


def broken(case: Program, plan: Plan) -> Violation | None:
    try:
        evaluate(case, plan)
    except InvalidPlan as problem:
        return problem.violation
    return None


@pytest.mark.parametrize("seed", range(0, 2000, 200))
def test_each_condition_that_is_broken_is_named(seed: int) -> None:
    case, plan = first_plan(seed)
    cycles, designs = plan.cycles, plan.designs
    assert broken(case, plan) is None
    assert broken(case, replace(plan, designs=designs[1:])) is Violation.DESIGN_COUNT
    for wrong in (-1, 99, True, Tiling(0, Order.INPUT, 1, 1, 1, 1, 1)):
        assert broken(case, replace(plan, designs=(wrong, *designs[1:]))) is Violation.UNKNOWN_DESIGN
    tight = tuple(replace(stage, volatile=1) for stage in case.stages)
    assert broken(replace(case, stages=tight), plan) is Violation.VOLATILE_MEMORY
    for changed in ((), cycles[1:], (*cycles, cycles[-1]), (replace(cycles[0], repeat=0), *cycles)):
        assert broken(case, replace(plan, cycles=changed)) is Violation.ATOM_COUNT
    assert broken(case, replace(plan, cycles=(replace(cycles[0], repeat=10**30),))) is Violation.ATOM_COUNT
    lower = replace(cycles[1], level=cycles[1].level + 1)
    assert broken(case, replace(plan, cycles=(cycles[0], lower, *cycles[2:]))) in (Violation.UNKNOWN_LEVEL, None)
    strange = replace(cycles[1], code=10**9)
    assert broken(case, replace(plan, cycles=(cycles[0], strange, *cycles[2:]))) is Violation.UNKNOWN_LEVEL


def one_stage(law: CycleLaw, drains: list[int], cut: list[bool]) -> Program:
    zeros = [0] * len(drains)
    return Program((ExplicitStage("s", (Chain(drains, zeros, zeros, zeros, zeros, zeros, cut, 0),), 0),), law, "")


def levels(law: CycleLaw, drains: list[int]) -> tuple[PowerCycles, ...]:
    found = [law.threshold(drain, position_of(index, len(drains))) for index, drain in enumerate(drains)]
    return tuple(PowerCycles(1, 1, one.level, one.code) for one in found)


def test_a_cycle_ends_at_a_cut_and_within_its_capacity() -> None:
    law = next(one for one in laws() if one.max_cycles is None and one.first_capacity == one.capacity)
    drains = [law.capacity, law.capacity]
    runs = levels(law, drains)
    assert broken(one_stage(law, drains, [True, True]), Plan((0,), runs)) is None
    assert broken(one_stage(law, drains, [False, True]), Plan((0,), runs)) is Violation.NO_CUT
    assert broken(one_stage(law, [0, law.capacity + 1], [True, True]), Plan((0,), runs)) is Violation.CYCLE_TOO_LARGE
    together = (replace(runs[0], atoms=2),)
    assert broken(one_stage(law, drains, [True, True]), Plan((0,), together)) is Violation.CYCLE_TOO_LARGE


def test_a_threshold_must_suffice() -> None:
    law = next(one for one in laws() if one.threshold(0, Position.MID).level < one.capacity - 1)
    drains = [law.capacity - 1, law.capacity - 1]
    high, low = levels(law, drains), levels(law, [0, 0])
    case = one_stage(law, drains, [True, True])
    assert broken(case, Plan((0,), high)) is None
    assert broken(case, Plan((0,), (high[0], low[1]))) is Violation.LEVEL_TOO_LOW


def test_a_threshold_must_leave_the_reserve() -> None:
    law = next(one for one in laws() if one.upkeep.reserve and one.threshold(0, Position.MID).level < one.capacity - 1)
    for drain in range(1, law.capacity):
        (run,) = levels(law, [drain])[:1]
        case = one_stage(law, [0, drain + law.upkeep.reserve], [True, True])
        plan = Plan((0,), (levels(law, [0, 0])[0], run))
        enough = run.level >= drain + 2 * law.upkeep.reserve
        if drain + law.upkeep.reserve <= law.capacity:
            assert broken(case, plan) is (None if enough else Violation.LEVEL_TOO_LOW)


def test_without_recharging_there_is_one_cycle() -> None:
    law = replace_max_cycles(next(one for one in laws() if one.max_cycles is None))
    drains = [1, 1]
    case = one_stage(law, drains, [True, True])
    assert broken(case, Plan((0,), levels(law, drains))) is Violation.CYCLE_COUNT


def replace_max_cycles(law: CycleLaw) -> CycleLaw:
    """The same law under a supply that recharges nothing."""
    changed = object.__new__(type(law))
    changed.__dict__.update(law.__dict__)
    changed.max_cycles = 1
    return changed


def test_a_periodic_start_must_be_restored_in_time() -> None:
    law = next(one for one in laws() if one.max_cycles is None and one.recharge_target is None)
    case = one_stage(law, [1, 1], [True, True])
    plan = Plan((0,), levels(law, [1, 1]))
    needed = evaluate(case, plan).latency + law.recovery(1)
    for period, expected in ((needed, None), (needed - 1, Violation.PERIOD)):
        changed = replace_max_cycles(law)
        changed.max_cycles, changed.period = None, period
        assert broken(replace(case, law=changed), plan) is expected


@given(SEEDS)
def test_prices_and_the_rule_agree_where_every_cycle_waits(seed: int) -> None:
    random = Random(seed)
    case = program(random)
    law = case.law
    found = list(choices(case))
    for choice in random.sample(found, min(9, len(found))):
        figures = evaluate(case, plan_of(case, choice))
        positions = [position_of(index, len(choice.sizes)) for index in range(len(choice.sizes))]
        thresholds = [law.threshold(*one) for one in zip(choice.drains, positions, strict=True)]
        left = [law.head.level, *replay(law, choice.drains, thresholds).levels]
        waits = [level < one.level for level, one in zip(left, thresholds, strict=False)]
        if isinstance(law, FixedWakeLaw) or all(waits[0 if law.head.waits else 1 :]):
            assert figures.additive == figures.latency


def thresholds_of(law: CycleLaw) -> list[tuple[int, int | None]]:
    """Every threshold of a law with few of them, as level and code."""
    found = {(one.level, one.code) for one in (law.threshold(drain, Position.MID) for drain in range(law.capacity + 1))}
    return sorted(found, key=lambda one: one[0])


def rounding(law: CycleLaw) -> int:
    """By how much two ways to price one wait can differ: a level rounded by one unit, and two times to their grids."""
    top = law.threshold(law.capacity, Position.MID).high
    up, down = law.charging.elapsed_up, law.charging.elapsed_down
    return 2 * max(up(one) - down(one - 1) for one in (1, top))


def few_thresholds(seed: int) -> CycleLaw:
    """The first law from this seed on with a few thresholds that hardware tells apart."""
    random = Random(seed)
    while True:
        law = random_law(random)
        if law.capacity < 400 and law.max_cycles is None and 1 < len(thresholds_of(law)) <= 10:
            return law


@pytest.mark.parametrize("seed", range(12))
def test_the_sum_of_prices_bounds_what_any_thresholds_give(seed: int) -> None:
    """The least additive cost is at most the least latency over all cuts and all thresholds, up to rounding."""
    law = few_thresholds(seed)
    thresholds = thresholds_of(law)
    compared = 0
    for again in range(8):
        case = Program((ExplicitStage("s", (chain(Random(again), law, 4, 20),), 10**6),), law, "")
        found = list(choices(case))
        least = min((choice.additive for choice in found), default=0) + law.offset
        for choice in found:
            if len(thresholds) ** len(choice.sizes) > 1000:
                continue
            for named in product(thresholds, repeat=len(choice.sizes)):
                runs = zip(choice.sizes, named, strict=True)
                plan = Plan((0,), tuple(PowerCycles(1, size, level, code) for size, (level, code) in runs))
                latency = true_latency(case, plan)
                assert latency is None or latency >= least - rounding(law) * len(choice.sizes)
                compared += latency is not None
    assert compared > 10


@given(SEEDS)
def test_a_cycle_that_waits_for_nothing_can_be_joined_to_the_one_before(seed: int) -> None:
    """Joining takes no longer, and whatever then follows finds no lower level."""
    random = Random(seed)
    law = random.choice([one for one in laws() if one.max_cycles is None])
    one = chain(random, law, 2, 1000)
    rows = rows_of(Program((ExplicitStage("s", (one,), 20),), law, ""), (0,))
    drains = [cycle_of(rows[:1]), cycle_of(rows[1:])]
    if any(drain > law.capacity for drain, _ in drains):
        return
    thresholds = [law.threshold(random.randint(drain, law.capacity), Position.MID) for drain, _ in drains]
    try:
        apart = replay(law, [drain for drain, _ in drains], thresholds)
    except ValueError:
        return
    if apart.levels[0] < thresholds[1].level or law.upkeep.latency or law.upkeep.pause or law.upkeep.reserve:
        return
    drain, time = cycle_of(rows)
    together = replay(law, [drain], thresholds[:1])
    assert time + together.waiting <= sum(time for _, time in drains) + apart.waiting
    assert together.levels[-1] >= apart.levels[-1]


@pytest.mark.parametrize(
    ("tiling", "times"),
    [
        (Tiling(0, Order.INPUT, 2, 2, 3, 4, 1), 1),
        (Tiling(0, Order.INPUT, 2, 2, 3, 1, 1), 4),
        (Tiling(0, Order.WEIGHT, 1, 1, 3, 2, 1), 2),
        (Tiling(0, Order.OUTPUT, 2, 2, 3, 1, 3), 2),
        (Tiling(0, Order.OUTPUT, 2, 2, 3, 1, 4), 1),
    ],
)
def test_results_are_written_once_for_each_pass(tiling: Tiling, times: int) -> None:
    price = (1, 1)
    per_order = dict.fromkeys(Order, price)
    prices = Prices(*[price] * 6, per_order, per_order, *[price] * 4, 2, 2, 4)
    law = ample_law()
    stage = TiledStage("s", (Extent(2, 2, 3, 4, 1, 1),), prices, Ends(price, price, 100), 10**6)
    run = PowerCycles(1, len(stage.chain(tiling)), law.capacity)
    figures = evaluate(Program((stage,), law, ""), Plan((tiling,), (run,)))
    assert figures.written == 100 + 2 * 2 * 3 * (2 + 8 * (times - 1))


def test_a_million_atoms_are_evaluated() -> None:
    atoms, size = 10**6, 20
    law = next(one for one in laws() if one.max_cycles is None and one.first_capacity == one.capacity >= size)
    ones, zeros = [1] * atoms, [0] * atoms
    case = Program((ExplicitStage("s", (Chain(ones, ones, zeros, ones, zeros, ones, [True] * atoms, 0),), 0),), law, "")
    first, mid, last = (law.threshold(size, where) for where in (Position.FIRST, Position.MID, Position.LAST))
    runs = ((1, first), (atoms // size - 2, mid), (1, last))
    plan = Plan((0,), tuple(PowerCycles(times, size, one.level, one.code) for times, one in runs))
    figures = evaluate(case, plan)
    assert figures.cycles == atoms // size
    assert figures.atoms_time + figures.resume_time + figures.commit_time == atoms + 2 * figures.cycles
