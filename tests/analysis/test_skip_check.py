"""Commits that may be skipped: run on numbers and on one flat memory, with failures at every point of every run."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from itertools import combinations
from random import Random

import numpy as np
import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from ischedule import api
from ischedule.analysis.executor import run
from ischedule.analysis.memories import MemoryFault
from ischedule.analysis.power_cycles import chains_of, power_cycles
from ischedule.analysis.skip_check import conflicts, first_overwritten
from ischedule.models.build import program_of
from ischedule.models.case import load_case
from ischedule.models.layout import layout_of
from ischedule.models.network import Layer, Network, TensorShape
from ischedule.models.plan import Plan, PowerCycles
from ischedule.models.program import Program, TiledStage
from ischedule.models.storage import Slot
from ischedule.models.tiling import Order, Tiling
from ischedule.skipping import take_between
from tests.analysis.test_layout_check import BRANCHED, addresses_of, planned
from tests.analysis.test_layout_runs import Device, WrongWord
from tests.analysis.test_skip_mutants import SLEEP
from tests.house.tree import ROOT
from tests.models.network_strategies import networks
from tests.models.test_layout import case_of

SEEDS = st.integers(0, 10**9)
SMALL = networks(most_layers=4, most_extent=3)
QUIETLY = settings(max_examples=40, suppress_health_check=list(HealthCheck), deadline=None)


def pairs_of(program: Program, plan: Plan, addresses: Mapping[Slot, int]) -> list[tuple[int, int]]:
    cycles = power_cycles(program, plan, chains_of(program, plan))
    return sorted(conflicts(program, plan, addresses, cycles), key=lambda pair: pair[1])


def skippable(program: Program, plan: Plan, addresses: Mapping[Slot, int]) -> set[int]:
    """As many commits as the rule allows, whatever the energy."""
    taken: set[int] = set()
    take_between(taken, pairs_of(program, plan, addresses))
    return set(range(1, sum(one.repeat for one in plan.cycles))) - taken


def some(random: Random, commits: Collection[int]) -> set[int]:
    """All, none, or some of them."""
    share = random.choice((0.3, 0.7, 1.0))
    return {one for one in sorted(commits) if random.random() < share}


@given(SMALL, SEEDS)
@QUIETLY
def test_skipped_commits_and_failures_anywhere_change_no_bit(net: Network, seed: int) -> None:
    """What is written since the last publish is garbage after a failure; what was read before may not be among it."""
    program, plan = planned(net, seed)
    assume(1 < sum(one.repeat for one in plan.cycles) <= 40)
    random = Random(seed)
    skipped = some(random, skippable(program, plan, {}))
    whole = run(case_of(net), plan, seed=seed % 97)
    commands = run(case_of(net), plan, seed=seed % 97, skipped=skipped).commands
    for command in range(commands) if commands < 30 else sorted(random.sample(range(commands), 20)):
        failures = {command, *(random.randrange(2 * commands) for _ in range(random.randrange(3)))}
        found = run(case_of(net), plan, seed=seed % 97, failures=failures, skipped=skipped)
        np.testing.assert_array_equal(found.output, whole.output)


ONE_LAYER = Network(TensorShape(6, 1, 2), (Layer("conv", "conv2d", ("input",), 2, kernel=(1, 1)),))


@pytest.mark.parametrize("order", Order)
@pytest.mark.parametrize("inputs", [1, 2])
@pytest.mark.parametrize("batch", [1, 2])
@pytest.mark.parametrize("atoms", [1, 2, 3])
def test_sums_of_one_layer_whatever_its_order(order: Order, inputs: int, batch: int, atoms: int) -> None:
    """Rows that power cycles cut into many pieces, each of which reads what the one before it has stored."""
    case = case_of(ONE_LAYER)
    program = program_of(case)
    tiling = Tiling(0, order, 1, 1, 1, inputs, batch)
    stage = program.stages[0]
    assert isinstance(stage, TiledStage)
    whole, rest = divmod(len(stage.chain(tiling)), atoms)
    plan = Plan((tiling,), (PowerCycles(whole, atoms, 1), *([PowerCycles(1, rest, 1)] if rest else [])))
    listed = skippable(program, plan, {})
    random = Random(atoms)
    expected = run(case, plan, seed=1).output
    for skipped in (listed, some(random, listed)):
        for command in range(0, run(case, plan, seed=1, skipped=skipped).commands, 7):
            np.testing.assert_array_equal(run(case, plan, seed=1, failures={command}, skipped=skipped).output, expected)
    assert listed


def test_layers_that_run_patch_by_patch() -> None:
    """The shipped network of blocks on a device that sleeps: all listed commits skipped, and some."""
    document = json.loads((ROOT / "cases" / "activity-msp430-blocks.json").read_text("utf-8"))
    wake = {"policy": "fixed", "mechanism": "sense", "sleep": SLEEP}
    result = api.solve(load_case(document | {"wake": wake}))
    program, plan, file = result.program, result.plan, result.plan_file
    assert isinstance(program, Program)
    assert plan is not None
    assert file is not None
    listed = {number for one in file.skippable for number in range(one.first, one.last + 1)}
    allowed = skippable(program, plan, dict(file.addresses))
    assert 0 < len(listed) <= len(allowed)
    whole, random = run(result.case, plan, seed=3), Random(1)
    for skipped in (listed, allowed, *(some(random, allowed) for _ in range(4))):
        failures = {random.randrange(2 * whole.commands) for _ in range(12)}
        found = run(result.case, plan, seed=3, failures=failures, skipped=skipped)
        np.testing.assert_array_equal(found.output, whole.output)


@given(SMALL, SEEDS)
@QUIETLY
def test_one_commit_more_is_found(net: Network, seed: int) -> None:
    """The list is the longest: with a commit more some cycle is overwritten in the checker's eyes, by brute force."""
    program, plan = planned(net, seed)
    count = sum(one.repeat for one in plan.cycles) - 1
    assume(1 < count <= 9)
    cycles = power_cycles(program, plan, chains_of(program, plan))
    listed = skippable(program, plan, {})
    assert first_overwritten(program, plan, {}, cycles, listed) is None
    for more in combinations(range(1, count + 1), len(listed) + 1):
        assert first_overwritten(program, plan, {}, cycles, set(more)) is not None


def test_lists_that_are_too_long_ruin_results() -> None:
    """Where the checker refuses, a device often overwrites what it must read again; three regions may do as well."""
    refused = ruined = 0
    for seed in range(150):
        program, plan = planned(BRANCHED, seed)
        pairs = pairs_of(program, plan, {})
        if not pairs:
            continue
        reader, writer = Random(seed).choice(pairs)
        refused += 1
        try:
            run(case_of(BRANCHED), plan, seed=seed, skipped=set(range(reader, writer)))
        except MemoryFault:
            ruined += 1
    assert refused > 20
    assert ruined > refused / 4


class Skipping(Device):
    """The device of flat memory, which begins again after the last commit that it has taken."""

    def run_skipping(self, skipped: Collection[int], random: Random) -> None:
        self.fill()
        joined: list[tuple[int, int]] = []
        for number, span in enumerate(zip([0, *self.ends], self.ends, strict=False), 1):
            joined.append(span)
            if number in skipped and number < len(self.ends):
                continue
            for _ in range(3):
                cut = random.randrange(len(joined))
                for start, end in joined[:cut]:
                    self._attempt(start, end, 10**9)
                self._attempt(*joined[cut], random.randrange(1 + 2 * len(self.memory)))
            for start, end in joined:
                self._attempt(start, end, 10**9)
            joined = []
        self.require_output()


@given(SMALL, SEEDS)
@settings(QUIETLY, max_examples=60)
def test_skipped_commits_survive_failures_at_packed_addresses(net: Network, seed: int) -> None:
    """Buffers are packed for lifetimes that end with publishes, some of which are skipped."""
    program, plan = planned(net, seed)
    addresses = addresses_of(layout_of(program, plan))
    random = Random(seed)
    for _ in range(3):
        device = Skipping(case_of(net).lowered(), program, plan, addresses)
        device.run_skipping(some(random, skippable(program, plan, addresses)), random)


def test_memory_that_is_shared_after_a_skipped_publish_is_found() -> None:
    """Skipping what shared addresses forbid makes the device read wrong words, often enough."""
    refused = wrong = 0
    for seed in range(200):
        program, plan = planned(BRANCHED, seed)
        addresses = addresses_of(layout_of(program, plan))
        pairs = pairs_of(program, plan, addresses)
        if not pairs:
            continue
        random = Random(seed)
        reader, writer = random.choice(pairs)
        refused += 1
        try:
            for _ in range(4):
                device = Skipping(case_of(BRANCHED).lowered(), program, plan, addresses)
                device.run_skipping(set(range(reader, writer)), random)
        except WrongWord:
            wrong += 1
    assert refused > 50
    assert wrong > refused / 4


@pytest.mark.parametrize(
    ("taken", "pairs", "expected"),
    [
        (set(), [], set()),
        (set(), [(1, 2), (2, 4), (3, 5), (5, 6)], {1, 3, 5}),
        ({4}, [(2, 5), (3, 6), (5, 7)], {4, 6}),
        ({1, 9}, [(1, 3), (2, 9), (3, 12)], {1, 8, 9}),
    ],
)
def test_the_fewest_commits_are_taken(taken: set[int], pairs: list[tuple[int, int]], expected: set[int]) -> None:
    take_between(taken, pairs)
    assert taken == expected


@given(st.lists(st.tuples(st.integers(1, 8), st.integers(1, 6)), max_size=7), st.sets(st.integers(1, 9), max_size=2))
def test_no_fewer_commits_lie_between_all_pairs(spans: list[tuple[int, int]], before: set[int]) -> None:
    pairs = sorted(((reader, reader + length) for reader, length in spans), key=lambda pair: pair[1])
    taken = set(before)
    take_between(taken, pairs)
    assert all(any(reader <= one < writer for one in taken) for reader, writer in pairs)
    for size in range(len(taken) - len(before)):
        for more in combinations(range(1, 15), size):
            fewer = before | set(more)
            assert not all(any(reader <= one < writer for one in fewer) for reader, writer in pairs)
