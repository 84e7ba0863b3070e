"""Right addresses are accepted; buffers that share memory while they live, and a lack of regions, are found."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from itertools import combinations
from random import Random

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from ischedule.analysis.accesses import first_conflict, passes
from ischedule.analysis.layout_check import Fault, InvalidLayout, can_be_repeated, histories, require_layout
from ischedule.models.build import program_of
from ischedule.models.case import load_case
from ischedule.models.layout import Buffer, Layout, layout_of
from ischedule.models.network import Network
from ischedule.models.plan import Plan
from ischedule.models.program import Program
from ischedule.models.storage import Slot
from ischedule.models.tiling import stores_partial_sums
from ischedule.solvers.packing import pack
from tests.models.case_examples import NETWORK
from tests.models.network_strategies import networks
from tests.models.random_plans import random_plan
from tests.models.test_layout import case_of, random_design

SEEDS = st.integers(0, 10**9)
NETWORKS = networks(most_layers=6, most_extent=3)
Question = tuple[Program, Plan]

BRANCHED = load_case(
    {
        **NETWORK,
        "network": {
            "input": {"channels": 4, "height": 4, "width": 4},
            "layers": [
                {"name": "stem", "kind": "conv2d", "out_channels": 4, "kernel": [1, 1]},
                {"name": "side", "kind": "conv2d", "out_channels": 2, "kernel": [1, 1], "inputs": ["stem"]},
                {"name": "left", "kind": "conv2d", "out_channels": 4, "kernel": [1, 1], "inputs": ["stem"]},
                {"name": "right", "kind": "conv2d", "out_channels": 3, "kernel": [1, 1], "inputs": ["stem"]},
                {"name": "sum", "kind": "add", "inputs": ["stem", "left"]},
                {"name": "both", "kind": "concat", "inputs": ["sum", "right"]},
                {"name": "pool", "kind": "global_average_pool", "inputs": ["both"]},
                {"name": "dense", "kind": "dense", "out_channels": 5},
            ],
        },
    }
).network
assert BRANCHED is not None


def planned(net: Network, seed: int) -> Question:
    """The network with a plan whose cycles are cut anywhere."""
    case = case_of(net)
    program = program_of(case)
    return program, random_plan(program, Random(seed))


def addresses_of(layout: Layout, buffers: Mapping[Slot, Buffer] | None = None) -> dict[Slot, int]:
    """Packed addresses after the constants, for buffers that may be other than the layout's."""
    buffers = layout.buffers if buffers is None else buffers
    packing = pack(list(buffers.values()), most_nodes=200)
    return {slot: layout.constants.total + at for slot, at in zip(buffers, packing.addresses, strict=True)}


def fault_of(question: Question, addresses: Mapping[Slot, int], capacity: int = 2**40) -> Fault | None:
    """What the checker finds."""
    try:
        require_layout(*question, addresses, capacity)
    except InvalidLayout as problem:
        return problem.fault
    return None


def clash(layout: Layout, addresses: Mapping[Slot, int]) -> bool:
    """Whether two buffers that live at once share a byte."""
    return any(
        layout.buffers[one].meets(layout.buffers[other])
        and addresses[one] < addresses[other] + layout.buffers[other].size
        and addresses[other] < addresses[one] + layout.buffers[one].size
        for one, other in combinations(layout.buffers, 2)
    )


@given(NETWORKS, SEEDS)
@settings(max_examples=100, suppress_health_check=list(HealthCheck), deadline=None)
def test_packed_addresses_are_accepted(net: Network, seed: int) -> None:
    question = planned(net, seed)
    layout = layout_of(*question)
    addresses = addresses_of(layout)
    used = max(addresses[slot] + buffer.size for slot, buffer in layout.buffers.items())
    assert require_layout(*question, addresses, used) == used
    assert layout.least <= used <= layout.unshared
    assert fault_of(question, addresses, used - 1) is Fault.OUTSIDE
    assert fault_of(question, {slot: address - 1 for slot, address in addresses.items()}) is Fault.OUTSIDE


@given(NETWORKS, SEEDS)
@settings(max_examples=150, suppress_health_check=list(HealthCheck), deadline=None)
def test_any_addresses_are_judged_as_lifetimes_do(net: Network, seed: int) -> None:
    """Following what memory holds and comparing lifetimes are two ways to the same verdict."""
    question = planned(net, seed)
    layout = layout_of(*question)
    random = Random(seed)
    addresses = addresses_of(layout)
    for _ in range(10):
        slot = random.choice(list(addresses))
        addresses[slot] = max(layout.constants.total, addresses[slot] + random.choice((-1, 1, -8, 8, 30, -30)))
        assert (fault_of(question, addresses) in (Fault.SHARED, Fault.LOST)) == clash(layout, addresses)


def _shortened(buffer: Buffer, mutant: str) -> Buffer | None:
    """A buffer as somebody would see it who counts wrongly by one."""
    if mutant == "size":
        return replace(buffer, size=buffer.size - 1) if buffer.size > 1 else None
    if buffer.first == buffer.last:
        return None
    return replace(buffer, first=buffer.first + 1) if mutant == "first" else replace(buffer, last=buffer.last - 1)


@pytest.mark.parametrize("mutant", ["first", "last", "size"])
def test_lifetimes_and_sizes_one_less_are_found(mutant: str) -> None:
    """Packed as if it were so, the addresses are refused wherever they let buffers meet, which they often do."""
    caught = 0
    for seed in range(60):
        question = planned(BRANCHED, seed)
        layout = layout_of(*question)
        for slot, buffer in layout.buffers.items():
            wrong = _shortened(buffer, mutant)
            if wrong is None:
                continue
            addresses = addresses_of(layout, {**layout.buffers, slot: wrong})
            found = fault_of(question, addresses)
            assert (found is not None) == clash(layout, addresses)
            caught += found is not None
    assert caught > 20


def test_every_lifetime_matters_by_itself() -> None:
    """Two buffers that share the last cycle of one, and nothing else, may not share memory."""
    caught = 0
    for seed in range(40):
        question = planned(BRANCHED, seed)
        layout = layout_of(*question)
        apart, top = {}, layout.constants.total
        for slot, buffer in layout.buffers.items():
            apart[slot] = top
            top += buffer.size
        assert fault_of(question, apart) is None
        for one, other in combinations(layout.buffers, 2):
            first, second = layout.buffers[one], layout.buffers[other]
            touching = first.last == second.first or second.last == first.first
            for shift in (0, 1 - second.size, first.size - 1):
                moved = {**apart, one: top + 10**6, other: top + 10**6 + shift}
                assert (fault_of(question, moved) is not None) == first.meets(second)
            caught += touching
        for slot in (slot for slot in layout.buffers if slot.stage is None):
            missing = {key: value for key, value in apart.items() if key != slot}
            assert fault_of(question, missing) is Fault.MISSING
        assert fault_of(question, {**apart, Slot(99): top}) is Fault.MISSING
    assert caught > 40


def test_addresses_one_too_low_are_found() -> None:
    """A tight layout has no byte to spare below any buffer that lies on another."""
    caught = 0
    for seed in range(40):
        question = planned(BRANCHED, seed)
        layout = layout_of(*question)
        addresses = addresses_of(layout)
        for slot in addresses:
            moved = {**addresses, slot: addresses[slot] - 1}
            is_wrong = clash(layout, moved) or moved[slot] < layout.constants.total
            assert (fault_of(question, moved) is not None) == is_wrong
            caught += is_wrong
    assert caught > 100


def test_as_many_regions_as_repeating_every_cycle_takes() -> None:
    """A way to end in the tensor's own region exists wherever no pass lacks a region, as the plans' checker says."""
    refused = 0
    for seed in range(600):
        extent, tiling, ends = random_design(Random(seed))
        if not stores_partial_sums(extent, tiling):
            continue
        for regions in (1, 2, 3):
            found = all(
                can_be_repeated(tuple(history), regions) for history in histories(extent, tiling, ends[:-1]).values()
            )
            assert found == (first_conflict(passes(extent, tiling), ends, regions) is None)
            refused += not found
    assert refused > 300


@given(NETWORKS, SEEDS)
@settings(max_examples=100, suppress_health_check=list(HealthCheck), deadline=None)
def test_a_region_less_is_found(net: Network, seed: int) -> None:
    """The regions of a layout are as few as the checker accepts."""
    question = planned(net, seed)
    layout = layout_of(*question)
    addresses = addresses_of(layout)
    summed = {slot.stage for slot in addresses if slot.stage is not None}
    assume(summed)
    for kernel in summed:
        last = max((slot for slot in addresses if slot.stage == kernel), key=lambda slot: slot.region)
        less = {slot: address for slot, address in addresses.items() if slot != last}
        found = fault_of(question, less)
        assert found is Fault.REGIONS


def test_layouts_of_tasks_are_refused() -> None:
    program, plan = planned(BRANCHED, 1)
    silent = replace(program, storage=None)
    with pytest.raises(ValueError, match="does not say what its stages keep"):
        layout_of(silent, plan)
    with pytest.raises(InvalidLayout, match="nobody says"):
        require_layout(silent, plan, {Slot(0): 0}, 10**6)
