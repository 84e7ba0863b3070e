"""Proofs that no plan exists, held against every plan of small programs and every tiling of small layers."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise
from random import Random

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from ischedule.analysis.cover import Unproven
from ischedule.analysis.designs import fitting_chains, tilings
from ischedule.analysis.least_atom import largest_atom, least_atom
from ischedule.analysis.reach import require_bottleneck
from ischedule.models.chain import Chain
from ischedule.models.diagnosis import Diagnosis
from ischedule.models.kernels import Ends, Prices, volatile_bytes
from ischedule.models.least_tilings import least_tilings
from ischedule.models.plan import Bottleneck
from ischedule.models.program import ExplicitStage, Program, TiledStage
from ischedule.models.tiling import Extent, Order, Tiling, stores_partial_sums
from ischedule.models.waiting import CycleLaw
from tests.analysis.brute_force import best, cycle_of, splits
from tests.analysis.small_programs import laws, program
from tests.solvers.random_programs import wide_sums

SEEDS = st.integers(0, 2**32)


def proves(case: Program, stage: int, diagnosis: Diagnosis) -> bool:
    """Whether the checker accepts that nothing gets through a stage."""
    try:
        require_bottleneck(case, Bottleneck(stage, diagnosis.value))
    except Unproven:
        return False
    return True


def scarce(random: Random) -> Program:
    """A program with atoms that often fit no cycle."""
    case = program(random)
    stages = []
    for stage in case.stages:
        assert isinstance(stage, ExplicitStage)
        stages.append(
            replace(
                stage,
                designs=tuple(
                    replace(
                        one,
                        drain=[drain * random.choice((1, 2, 5)) for drain in one.drain],
                        cut=[cut and random.random() < 0.8 for cut in one.cut[:-1]] + [True],
                    )
                    for one in stage.designs
                ),
            )
        )
    return replace(case, stages=tuple(stages))


def test_a_bottleneck_is_proven_exactly_where_no_plan_exists() -> None:
    for seed in range(1500):
        check_bottlenecks(scarce(Random(seed)))


def check_bottlenecks(case: Program) -> None:
    proven = {(i, why) for i in range(len(case.stages)) for why in Diagnosis if proves(case, i, why)}
    if best(case) is not None:
        assert not proven
        return
    named = {why for _, why in proven}
    assert named & {Diagnosis.ATOM_TOO_LARGE, Diagnosis.VOLATILE_MEMORY}
    for index, why in proven:
        fits = any(one.volatile <= 10 for one in case.stages[index].designs)  # type: ignore[union-attr]
        assert (why is Diagnosis.VOLATILE_MEMORY) == (not fits)
    other = {Diagnosis.BOOT_TOO_LARGE, Diagnosis.COMMIT_TOO_LARGE, case.law.limited_by, Diagnosis.ATOM_TOO_LARGE}
    assert named <= other | {Diagnosis.VOLATILE_MEMORY}


def one_atom(law: CycleLaw, drain: int, resume: int, commit: int) -> Program:
    chain = Chain([drain], [0], [resume], [0], [commit], [0], [True], 4)
    return Program((ExplicitStage("s", (chain,), 4),), law, "")


def test_what_is_too_large_is_named() -> None:
    law = next(one for one in laws() if one.limited_by is Diagnosis.ATOM_TOO_LARGE)
    room = max(law.capacity, law.first_capacity)
    boot, commit, atom = Diagnosis.BOOT_TOO_LARGE, Diagnosis.COMMIT_TOO_LARGE, Diagnosis.ATOM_TOO_LARGE
    for amounts, names in (
        ((room + 1, 0, 0), {atom}),
        ((room, 1, 0), {atom, boot}),
        ((room, 0, 1), {atom, commit}),
        ((0, room + 1, 0), {atom, boot}),
        ((0, 0, room + 1), {atom, commit}),
        ((1, room, 1), {atom, boot}),
        ((room, 0, 0), set()),
    ):
        case = one_atom(law, *amounts)
        assert {why for why in Diagnosis if proves(case, 0, why)} == names
    small = replace(case, stages=(replace(case.stages[0], volatile=3),))
    assert {why for why in Diagnosis if proves(small, 0, why)} == {Diagnosis.VOLATILE_MEMORY}
    assert not proves(small, 1, Diagnosis.VOLATILE_MEMORY)
    assert not proves(small, -1, Diagnosis.VOLATILE_MEMORY)


@st.composite
def layers(draw: st.DrawFn) -> TiledStage:
    """A small layer with random prices, whose memory may be scarce."""

    def price() -> tuple[int, int]:
        return draw(st.sampled_from((0, 1, 7, 40))), draw(st.integers(0, 9))

    def per_order() -> dict[Order, tuple[int, int]]:
        return {order: price() for order in Order}

    pooling = draw(st.booleans())
    rows, columns, outputs = (draw(st.integers(1, 3)) for _ in range(3))
    inputs = 1 if pooling else draw(st.integers(1, 6))
    kernel, finish = 1 if pooling else draw(st.integers(1, 2)), not pooling and draw(st.booleans())
    extent = Extent(rows, columns, outputs, inputs, kernel, 1, pooling, finish=finish)
    read, write, *commands = (price() for _ in range(4))
    sums, words = wide_sums(read, write)
    first = (read, write, *sums, *commands, per_order(), per_order(), price(), price(), price(), price())
    prices = replace(Prices(*first, draw(st.integers(1, 4)), 2, words), finish=price())
    memory, writes = draw(st.integers(8, 60)), draw(st.sampled_from((None, 1, 2, 3)))
    ends = Ends(price(), price())
    return TiledStage("t", (extent,), prices, ends, memory, draw(st.booleans()), writes_per_byte=writes)


@given(layers())
def test_no_design_is_less_than_every_least_one(stage: TiledStage) -> None:
    (extent,) = stage.forms
    prices = stage.prices
    least = {
        tiling: (
            largest_atom(extent, tiling, prices),
            volatile_bytes(extent, tiling, prices),
            stores_partial_sums(extent, tiling),
        )
        for tiling in least_tilings(0, extent, stage.writes_per_byte)
    }
    everything = replace(stage, volatile=10**9, sums_in_memory=True)
    for tiling in tilings(everything):
        amount = largest_atom(extent, tiling, prices)
        memory = volatile_bytes(extent, tiling, prices)
        sums = stores_partial_sums(extent, tiling)
        assert any(a <= amount and m <= memory and s <= sums for a, m, s in least.values())


@given(layers())
def test_the_largest_atom_is_in_some_cycle_of_every_plan(stage: TiledStage) -> None:
    ends = stage.ends.resume[0] + stage.ends.commit[0]
    seen = 0
    for tiling, chain in fitting_chains(stage):
        rows = list(zip(*chain.columns(), strict=True))
        if len(rows) > 7:
            continue
        most = largest_atom(stage.forms[0], tiling, stage.prices)  # type: ignore[arg-type]
        for sizes in splits(rows):
            marks = [sum(sizes[:index]) for index in range(len(sizes) + 1)]
            heaviest = max(cycle_of(rows[a:b])[0] for a, b in pairwise(marks))
            assert heaviest >= most + ends
        seen += 1
    assume(seen)


def test_sums_that_are_dear_to_fetch_are_not_fetched_inside_a_cycle() -> None:
    cheap, dear = dict.fromkeys(Order, (0, 0)), dict.fromkeys(Order, (1000, 0))
    prices = Prices(*[(1, 0)] * 4, (0, 0), (0, 0), dear, cheap, (0, 0), (0, 0), (0, 0), (0, 0), 1, 2)
    stage = TiledStage("t", (Extent(1, 1, 1, 2, 1, 1),), prices, Ends((0, 0), (0, 0)), 99)
    tiling = Tiling(0, Order.OUTPUT, 1, 1, 1, 1, 1)
    rows = list(zip(*stage.chain(tiling).columns(), strict=True))
    assert largest_atom(stage.forms[0], tiling, prices) == cycle_of(rows)[0] == 6 < cycle_of(rows[1:])[0]


@given(layers(), st.integers(0, 400))
def test_a_layer_is_a_bottleneck_only_if_no_design_fits_any_cycle(stage: TiledStage, room: int) -> None:
    law = object.__new__(type(laws()[0]))
    law.__dict__.update(laws()[0].__dict__)
    law.capacity = law.first_capacity = room
    case = Program((stage,), law, "")
    fits = [chain for _, chain in fitting_chains(stage)]
    single = any(
        all(d + r + c <= room for d, r, c in zip(one.drain, one.resume_drain, one.commit_drain, strict=True))
        for one in fits
    )
    proven = {why for why in Diagnosis if proves(case, 0, why)}
    if single:
        assert not proven
    if not fits:
        assert Diagnosis.VOLATILE_MEMORY in proven
        with_sums = [chain for _, chain in fitting_chains(replace(stage, sums_in_memory=True))]
        assert (Diagnosis.NONVOLATILE_MEMORY in proven) == bool(with_sums)
    unworn = Program((replace(stage, writes_per_byte=None),), law, "")
    can_be_passed = not any(proves(unworn, 0, why) for why in Diagnosis)
    assert (Diagnosis.WEAR in proven) == (bool(proven) and can_be_passed)
    assert (least_atom(stage) is None) == (not fits)


def test_a_mixed_program_names_the_stage_that_blocks() -> None:
    law = next(one for one in laws() if one.max_cycles is None)
    good = one_atom(law, 1, 0, 0).stages[0]
    bad = one_atom(law, 2 * law.first_capacity + 2 * law.capacity, 0, 0).stages[0]
    case = Program((good, bad, good), law, "")
    assert [proves(case, index, Diagnosis.ATOM_TOO_LARGE) for index in range(3)] == [False, True, False]


@pytest.mark.parametrize("where", [0, 1])
def test_an_atom_that_fits_only_a_first_cycle_blocks_later_stages(where: int) -> None:
    law = next(one for one in laws() if one.max_cycles is None and one.first_capacity > one.capacity)
    large = one_atom(law, law.first_capacity, 0, 0).stages[0]
    small = one_atom(law, law.capacity, 0, 0).stages[0]
    case = Program((large, small) if where == 0 else (small, large), law, "")
    assert proves(case, 1, Diagnosis.ATOM_TOO_LARGE) == (where == 1)
    assert (best(case) is None) == (where == 1)
