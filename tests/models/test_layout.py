"""What a plan keeps in non-volatile memory, against lifetimes read off atom by atom and regions tried one by one."""

from __future__ import annotations

from dataclasses import replace
from random import Random

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ischedule.analysis.accesses import first_conflict, passes
from ischedule.analysis.layout_check import can_be_repeated, histories
from ischedule.models.build import program_of
from ischedule.models.case import Case, load_case
from ischedule.models.layout import Buffer, atoms_of_design, layout_of, max_load, regions_of, sum_regions_of
from ischedule.models.network import Network
from ischedule.models.plan import Plan, PowerCycles
from ischedule.models.program import Program, TiledStage
from ischedule.models.storage import TABLES, Slot
from ischedule.models.tiling import Extent, Tiling, innermost, stores_partial_sums
from tests.models.case_examples import NETWORK
from tests.models.network_strategies import networks
from tests.models.random_plans import random_plan

SEEDS = st.integers(0, 10**9)


def case_of(net: Network) -> Case:
    """A case with the network on the device of the example, which has much memory."""
    case = load_case(NETWORK)
    assert case.device is not None
    return replace(case, network=net, device=replace(case.device, volatile_memory=2**20))


def cycles_by_stage(program: Program, plan: Plan) -> dict[int, set[int]]:
    """For each stage the power cycles that run one of its atoms, one atom after the other."""
    owners = []
    for stage, design in zip(plan.stages, plan.designs, strict=True):
        tiled = program.stages[stage]
        assert isinstance(tiled, TiledStage)
        assert isinstance(design, Tiling)
        owners += [stage] * len(tiled.chain(design))
    found: dict[int, set[int]] = {}
    cycle = 0
    for run in plan.cycles:
        for _ in range(run.repeat):
            for _ in range(run.atoms):
                found.setdefault(owners.pop(0), set()).add(cycle)
            cycle += 1
    assert not owners
    return found


@given(networks(most_layers=6), SEEDS)
@settings(max_examples=80, suppress_health_check=list(HealthCheck), deadline=None)
def test_lifetimes_are_those_of_the_atoms(net: Network, seed: int) -> None:
    case = case_of(net)
    program, network = program_of(case), case.lowered()
    plan = random_plan(program, Random(seed))
    layout = layout_of(program, plan)
    ran = cycles_by_stage(program, plan)
    last = sum(run.repeat for run in plan.cycles) - 1
    for slot, buffer in layout.buffers.items():
        writers = {k for k, kernel in enumerate(network.kernels) if kernel.writes == slot.tensor}
        readers = {k for k, kernel in enumerate(network.kernels) if slot.tensor in kernel.reads}
        if slot.stage is not None:
            assert network.kernels[slot.stage].writes == slot.tensor
            writers = readers = {slot.stage}
        writing = set().union(*(ran[kernel] for kernel in writers)) or {0}
        reading = set().union(*(ran[kernel] for kernel in readers)) or {last}
        assert (buffer.first, buffer.last) == (min(writing), max(reading))
    assert {slot.tensor for slot in layout.buffers if slot.stage is None} == set(range(len(network.tensors)))


@given(networks(most_layers=6), SEEDS)
@settings(max_examples=80, suppress_health_check=list(HealthCheck), deadline=None)
def test_sizes_are_those_of_the_network(net: Network, seed: int) -> None:
    case = case_of(net)
    program, network = program_of(case), case.lowered()
    plan = random_plan(program, Random(seed))
    layout = layout_of(program, plan)
    width = net.width or 2
    wide = net.sums or (4 if width == 1 else width)
    words = sum(network.tensors) + sum(kernel.parameters - kernel.shape.biases for kernel in network.kernels)
    sums = sum(kernel.shape.biases for kernel in network.kernels)
    for stage, design in zip(plan.stages, plan.designs, strict=True):
        tiled = program.stages[stage]
        assert isinstance(tiled, TiledStage)
        assert isinstance(design, Tiling)
        others = [slot for slot in layout.buffers if slot.stage == stage]
        possible = (1, 2, 3) if wide > width else (0, 1, 2)
        assert len(others) in (possible if stores_partial_sums(tiled.forms[design.form], design) else (0,))
        sums += len(others) * network.kernels[stage].stored_elements
    records = 2 * case.device.word_bytes * case.device.record_words if case.device is not None else 0
    assert layout.unshared - layout.constants.tables == width * words + wide * sums + records
    assert layout.least <= layout.unshared
    assert layout.constants.tables >= TABLES.run * len(plan.cycles) + TABLES.layer * len(network.kernels)


def random_design(random: Random) -> tuple[Extent, Tiling, list[int]]:
    """A small layer, one of its designs, and atoms after which power cycles end."""
    pooling = random.random() < 0.2
    extent = Extent(*(random.randint(1, 3) for _ in range(3)), random.randint(1, 6), 1, 1, pooling)
    extent = replace(extent, groups=1 if pooling else random.randint(1, 2), inputs=1 if pooling else extent.inputs)
    tile = [random.choice((1, random.randint(1, loop))) for loop in extent.loops]
    tiling = Tiling(0, random.choice(extent.orders), *tile, 1)
    tiling = replace(tiling, batch=random.randint(1, innermost(extent, tiling)))
    atoms = len(list(passes(extent, tiling)))
    share = random.random() ** 2
    return extent, tiling, [*(atom for atom in range(1, atoms) if random.random() < share), atoms]


def test_as_few_regions_as_repeating_every_cycle_allows() -> None:
    """The fewest with which going through all passes finds no conflict."""
    found = {1: 0, 2: 0, 3: 0}
    for seed in range(1500):
        extent, tiling, ends = random_design(Random(seed))
        assert atoms_of_design(extent, tiling) == ends[-1]
        if stores_partial_sums(extent, tiling):
            needed = next(one for one in found if first_conflict(passes(extent, tiling), ends, one) is None)
            assert needed == regions_of(extent, tiling, ends[:-1], ends[-1])
            found[needed] += 1
    assert min(found.values()) > 50


def test_as_few_regions_for_wide_sums_as_repeating_every_cycle_allows() -> None:
    """The fewest beside the tensor with which all passes over all results find one."""
    found = {1: 0, 2: 0, 3: 0}
    for seed in range(3000):
        extent, tiling, ends = random_design(Random(seed))
        if stores_partial_sums(extent, tiling):
            passed = [tuple(one) for one in histories(extent, tiling, ends[:-1]).values()]
            needed = next(one for one in found if all(can_be_repeated(some, 1 + one, True) for some in passed))
            assert needed == sum_regions_of(extent, tiling, ends[:-1], ends[-1])
            found[needed] += 1
    assert min(found.values()) > 50


def example() -> tuple[Case, Program, Plan]:
    """The small network in two cycles: the first runs all but the last layer."""
    case = load_case(NETWORK)
    program = program_of(case)
    stages = [stage for stage in program.stages if isinstance(stage, TiledStage)]
    designs = [Tiling(0, stage.forms[0].orders[0], *stage.forms[0].loops, 1) for stage in stages]
    return case, program, Plan(tuple(designs), (PowerCycles(1, 3, 1), PowerCycles(1, 1, 1)))


def test_a_network_by_hand() -> None:
    _, program, plan = example()
    layout = layout_of(program, plan)
    sizes = [2 * 3 * 32 * 32, 2 * 8 * 28 * 30, 2 * 4 * 28 * 28, 2 * 4, 2 * 10]
    assert [one.size for one in layout.buffers.values()][:2] == sizes[:2]
    lives = {one.name: (one.first, one.last) for one in layout.buffers.values()}
    assert lives == {"input": (0, 0), "conv": (0, 0), "line": (0, 0), "pool": (0, 1), "dense": (1, 1)}
    assert list(layout.buffers) == [Slot(0), Slot(1), Slot(2), Slot(3), Slot(4)]


def test_loads_by_hand() -> None:
    buffers = [Buffer("a", 0, 1, 5), Buffer("b", 1, 2, 3), Buffer("c", 2, 9, 4)]
    assert max_load(buffers) == 8
    assert max_load([]) == 0
    assert buffers[0].meets(buffers[1])
    assert not buffers[0].meets(buffers[2])


def test_what_cannot_be_is_refused() -> None:
    with pytest.raises(ValueError, match="cycles 2 to 1"):
        Buffer("a", 2, 1, 5)
    with pytest.raises(ValueError, match="0 bytes"):
        Buffer("a", 0, 0, 0)
    with pytest.raises(ValueError, match="region 0"):
        Slot(0, None, 1)
