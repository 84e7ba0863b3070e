"""Bounds and their certificates, held against every plan of small programs."""

from __future__ import annotations

from dataclasses import replace
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ischedule.analysis.cover import Cover, Staircase, Unproven, require_bound
from ischedule.analysis.passage import go_through
from ischedule.analysis.waiting_floor import BEYOND, WaitingFloor
from ischedule.models.plan import Bound, Boundary
from ischedule.models.program import ExplicitStage, Program
from ischedule.models.waiting import Position
from tests.analysis.brute_force import best
from tests.analysis.reference_labels import States, boundaries, certificate, step
from tests.analysis.small_programs import chain, laws, program

SEEDS = st.integers(0, 2**32)


def proves(case: Program, bound: Bound) -> bool:
    """Whether the checker accepts a certificate."""
    try:
        require_bound(case, bound)
    except Unproven:
        return False
    return True


@given(SEEDS)
def test_the_optimum_is_proven_and_nothing_above_it(seed: int) -> None:
    case = program(Random(seed))
    optimum = best(case)
    if optimum is None:
        assert proves(case, certificate(case, 10**30))
    else:
        assert proves(case, certificate(case, optimum.additive))
        assert not proves(case, certificate(case, optimum.additive + 1))


@given(SEEDS)
def test_labels_that_cost_too_much_to_matter_may_be_left_out(seed: int) -> None:
    case = program(Random(seed))
    optimum = best(case)
    if optimum is None or len(case.stages) == 1:
        return
    full = certificate(case, optimum.additive)
    times = [min(sum(one.time) for one in stage.designs if one.volatile <= 10) for stage in case.stages]
    pruned = []
    for index, one in enumerate(full.boundaries):
        most = optimum.additive - sum(times[index + 1 :])
        first, later = (tuple(label for label in labels if label[1] < most) for labels in (one.first, one.later))
        closed = one.closed if one.closed is not None and one.closed < most else None
        kept = tuple(label for label in one.kept if label[1] < most)
        ahead = tuple(label for label in one.ahead if label[2] < most)
        pruned.append(Boundary(closed, first, later, kept, ahead))
    assert proves(case, replace(full, boundaries=tuple(pruned)))
    if all((one.kept, one.ahead) == (left.kept, left.ahead) for one, left in zip(full.boundaries, pruned, strict=True)):
        # a state behind a level may take longer than its price says: without it more is proven, and true
        assert not proves(case, replace(full, value=optimum.additive + 1, boundaries=tuple(pruned)))


@given(SEEDS)
def test_whatever_labels_are_given_no_false_bound_is_proven(seed: int) -> None:
    random = Random(seed)
    case = program(random)
    optimum = best(case)
    if optimum is None or len(case.stages) == 1:
        return
    changed = list(boundaries(case))
    for _ in range(random.randint(1, 3)):
        index = random.randrange(len(changed))
        one = changed[index]
        shift = random.choice((-1, 1, -10, 10, optimum.additive // 3))
        kind = random.randrange(6)
        if kind == 0:
            one = replace(one, closed=random.choice((None, (one.closed or 0) + shift)))
        elif kind == 1 and one.later:
            one = replace(one, later=tuple((d, c + shift) for d, c in one.later))
        elif kind == 2 and one.first:
            one = replace(one, first=tuple((max(0, d + shift), c) for d, c in one.first))
        elif kind == 3 and one.kept:
            one = replace(one, kept=tuple((c + shift, e - shift) for c, e in one.kept))
        elif kind == 4 and one.ahead:
            one = replace(one, ahead=tuple((d, c - shift, e + shift) for d, c, e in one.ahead))
        else:
            one = replace(one, later=one.later[1:], first=one.first[:-1], kept=one.kept[1:], ahead=one.ahead[1:])
        changed[index] = one
    assert not proves(case, Bound(optimum.additive + 1, (0, 1), tuple(changed)))


def test_the_number_of_boundaries_and_the_sign_of_drains_are_checked() -> None:
    case = next(one for one in (program(Random(seed)) for seed in range(99)) if len(one.stages) > 1 and best(one))
    optimum = best(case)
    assert optimum is not None
    good = certificate(case, optimum.additive)
    assert proves(case, good)
    assert not proves(case, replace(good, boundaries=good.boundaries[1:]))
    assert not proves(case, replace(good, boundaries=(*good.boundaries, good.boundaries[-1])))
    free = Boundary(0, ((-1, 0),), ((-1, 0),))
    assert not proves(case, replace(good, value=0, boundaries=tuple(free for _ in good.boundaries)))


def isolated(case: Program) -> Program:
    """The program with only the design of each stage that is cheapest when the stage stands alone."""
    stages = []
    for stage in case.stages:
        assert isinstance(stage, ExplicitStage)
        costs = [best(Program((replace(stage, designs=(one,)),), case.law, "")) for one in stage.designs]
        known = [(cost.additive, index) for index, cost in enumerate(costs) if cost is not None]
        stages.append(replace(stage, designs=(stage.designs[min(known)[1]],)) if known else stage)
    return Program(tuple(stages), case.law, case.digest)


def test_designs_that_are_dear_alone_can_be_needed_together() -> None:
    lost = 0
    for seed in range(400):
        case = program(Random(seed), 6)
        optimum, alone = best(case), best(isolated(case))
        if optimum is None or alone is None or alone.additive == optimum.additive:
            continue
        lost += 1
        assert proves(isolated(case), certificate(isolated(case), alone.additive))
        assert not proves(case, Bound(alone.additive, (0, 1), boundaries(isolated(case))))
        assert proves(case, certificate(case, optimum.additive))
    assert lost > 5


@given(SEEDS, st.integers(1, 300))
def test_the_walk_gives_what_running_every_atom_from_every_state_gives(seed: int, atoms: int) -> None:
    random = Random(seed)
    law = random.choice(laws())
    scale = 1 + law.capacity // random.randint(1, 40)
    one = chain(random, law, atoms, 10 ** random.randint(0, 7))
    one = replace(one, drain=[min(amount, scale) for amount in one.drain])
    before = None
    if random.random() < 0.7:
        labels = [[(random.randint(0, law.capacity + 3), random.randint(0, 10**6)) for _ in range(5)] for _ in "12"]
        closed = random.choice((None, random.randint(0, 10**6)))
        before = Boundary(closed, tuple(labels[0][: random.randint(0, 5)]), tuple(labels[1]))
        if law.max_cycles is not None:
            before = replace(before, later=(), closed=None)
        elif law.keeps_level:
            kept = [(c, c + random.randint(0, 10**6)) for _, c in labels[0]]
            ahead = [(d, c, c + random.randint(0, 10**6)) for d, c in labels[1]]
            before = replace(before, kept=tuple(kept), ahead=tuple(ahead))
    states = step(law, one, before)
    passage = go_through(one, WaitingFloor(law, random.choice((1, atoms, 10**6))), before)
    after = passage.after
    closed = [] if after.closed is None else [after.closed]
    found = States(closed, list(after.first), list(after.later), list(after.kept), list(after.ahead))
    assert found.boundary(law.slip) == states.boundary(law.slip)
    commit, time = one.commit_drain[-1], one.commit_time[-1]
    ends = [c + time + law.only(d + commit) for d, c in states.first if d + commit <= law.first_capacity]
    if law.max_cycles is None:
        ends += [c + time + law.last(d + commit) for d, c in states.later if d + commit <= law.capacity]
        ends += [
            time + max(c + law.last(d + commit), e + law.unwaited(Position.LAST, d + commit))
            for d, c, e in states.ahead
            if d + commit <= law.capacity
        ]
    assert passage.finished == min(ends, default=None)


@given(SEEDS, st.integers(0, 10**6))
def test_the_floor_is_under_the_price(seed: int, atoms: int) -> None:
    random = Random(seed)
    law = random.choice([one for one in laws() if one.max_cycles is None])
    floor = WaitingFloor(law, atoms)
    width = 1 << floor.shift
    for _ in range(50):
        rest = random.randint(-3 * law.capacity, law.capacity)
        low = random.randint(max(0, -rest), max(0, -rest) + 2 * law.capacity)
        index = (rest >> floor.shift) + (low >> floor.shift) + 1
        drain = rest + low
        if drain <= law.capacity:
            assert index >= 0
            assert floor.table[index] <= law.mid(drain)
            less = random.randint(0, drain)
            rise = floor.least_rise * (((drain - less) >> floor.shift) - 2)
            assert law.mid(drain) - law.mid(less) >= max(0, rise)
        elif drain <= 3 * law.capacity:
            assert floor.table[index] <= BEYOND
            assert index * width <= 4 * law.capacity + width


@given(st.lists(st.tuples(st.integers(0, 9), st.integers(0, 9)), max_size=6), st.integers(0, 9), st.integers(0, 9))
def test_a_staircase_covers_what_one_of_its_labels_beats(labels: list[tuple[int, int]], drain: int, cost: int) -> None:
    assert Staircase(tuple(labels)).covers(drain, cost) == any(d <= drain and c <= cost for d, c in labels)


def test_only_a_closed_state_that_is_no_dearer_covers_one() -> None:
    found = Boundary(5, (), ())
    assert [bool(list(Cover(Boundary(closed, (), ()), 0).uncovered(found))) for closed in (4, 5, 6, None)] == [
        0,
        0,
        1,
        1,
    ]
    assert not list(Cover(Boundary(None, (), ()), 0).uncovered(Boundary(None, (), ())))
    labels = Boundary(None, ((3, 4),), ((5, 6),))
    assert not list(Cover(labels, 0).uncovered(labels))
    assert len(list(Cover(Boundary(None, ((5, 6),), ((3, 4),)), 0).uncovered(labels))) == 1


@given(SEEDS)
def test_without_labels_a_bound_is_what_the_first_stages_cost_and_the_time_of_the_rest(seed: int) -> None:
    case = program(Random(seed))
    stages = [stage for stage in case.stages if isinstance(stage, ExplicitStage)]
    if len(stages) != 2 or not all(any(one.volatile <= 10 for one in stage.designs) for stage in stages):
        return
    after = boundaries(case)[0]
    rest = min(sum(one.time) for one in stages[1].designs if one.volatile <= 10)
    costs = [cost for _, cost in (*after.first, *after.later)] + ([] if after.closed is None else [after.closed])
    costs += [passed for *_, passed in (*after.kept, *after.ahead)]
    least = min(costs, default=10**20) + rest
    nothing = (Boundary(None, (), ()),)
    assert proves(case, Bound(least, (0, 1), nothing))
    assert proves(case, Bound(least + 1, (0, 1), nothing)) == (not costs)


def test_a_bound_that_fails_says_where() -> None:
    case = next(one for one in (program(Random(seed)) for seed in range(99)) if len(one.stages) == 1 and best(one))
    optimum = best(case)
    assert optimum is not None
    with pytest.raises(Unproven, match=f"may cost {optimum.additive}, less than {optimum.additive + 1}"):
        require_bound(case, Bound(optimum.additive + 1, (0, 1), ()))


def test_labels_behind_a_level_that_cannot_be_kept_are_refused() -> None:
    cases = (program(Random(seed)) for seed in range(200))
    case = next(one for one in cases if len(one.stages) > 1 and best(one) and not one.law.keeps_level)
    optimum = best(case)
    assert optimum is not None
    good = certificate(case, optimum.additive)
    assert proves(case, good)
    for labels in ({"kept": ((0, 0),)}, {"ahead": ((0, 0, 0),)}):
        wrong = replace(good.boundaries[0], **labels)  # type: ignore[arg-type]
        assert not proves(case, replace(good, boundaries=(wrong, *good.boundaries[1:])))
