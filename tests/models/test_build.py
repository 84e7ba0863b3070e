"""From a case to its program: forms of layers, memories, ends of cycles, the law, and what is refused."""

from __future__ import annotations

from copy import deepcopy
from itertools import product
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ischedule.models.build import program_of
from ischedule.models.case import Case, case_hash, load_case
from ischedule.models.diagnosis import Diagnosis, Unschedulable
from ischedule.models.errors import InputError
from ischedule.models.kernels import Ends, Prices, chain, most_spent, volatile_bytes
from ischedule.models.kernels_array import enumerate_designs
from ischedule.models.lowering import forms_of
from ischedule.models.network import LayerShape
from ischedule.models.prices import ends_of, prices_of
from ischedule.models.program import ExplicitStage, Program, TiledStage
from ischedule.models.strict_json import read_json
from ischedule.models.tiling import Extent, Order, Tiling, innermost, most_writes, stores_partial_sums
from ischedule.models.waiting import cycle_law
from tests.house.tree import ROOT
from tests.models.kernel_strategies import cycle_ends, layers, prices

NETWORK: dict[str, Any] = {
    "ischedule": 1,
    "name": "small",
    "device": "msp430fr5994-lea-2021",
    "buffer": {
        "capacitance": "5 mF",
        "turn_on": "2.99 V",
        "brown_out": "2.8 V",
        "series_resistance": "0 ohm",
        "leakage": "0 A",
    },
    "power_path": "converter",
    "wake": {"policy": "fixed", "mechanism": "latch"},
    "supply": {"kind": "source", "voltage": "3 V", "resistance": "24 ohm"},
    "network": {
        "input": {"channels": 3, "height": 8, "width": 6},
        "layers": [
            {"name": "conv", "kind": "conv2d", "out_channels": 4, "kernel": [3, 2]},
            {"name": "dense", "kind": "dense", "out_channels": 5},
            {"name": "last", "kind": "dense", "out_channels": 2},
        ],
    },
}
MAPS = 3 * 8 * 6, 4 * 6 * 5, 5, 2
WEIGHTS = 4 * 3 * 3 * 2 + 5 * 4 * 6 * 5 + 2 * 5
RECORDS = 2 * 4
LEAST = 2 * (sum(MAPS) + WEIGHTS + RECORDS)

TASKS: dict[str, Any] = {
    **{key: value for key, value in NETWORK.items() if key not in ("device", "network")},
    "boot": {"energy": "10 uJ", "time": "5 ms"},
    "requirements": {"volatile_memory": "900 B"},
    "tasks": {
        "commit": {"energy": "3 uJ", "time": "3 ms"},
        "resume": {"energy": "2 uJ", "time": "2 ms"},
        "list": [
            {"name": "sample", "energy": "20 uJ", "time": "1 ms", "volatile": "100 B", "repeat": 2},
            {"name": "filter", "energy": "30 uJ", "time": "4 ms", "volatile": "800 B", "cut": False},
            {
                "name": "send",
                "energy": "40 uJ",
                "time": "9 ms",
                "cut": {"commit": {"energy": "7 uJ", "time": "6 ms"}, "resume": {"energy": "1 uJ", "time": "1 ms"}},
            },
        ],
    },
}


def case_of(document: dict[str, Any], **sections: Any) -> Case:
    """The case, with some sections replaced."""
    return load_case({**deepcopy(document), **sections})


def tiled(program: Program) -> list[TiledStage]:
    """The stages of a network."""
    return [stage for stage in program.stages if isinstance(stage, TiledStage)]


def test_each_layer_is_a_stage_with_its_forms() -> None:
    case = case_of(NETWORK)
    program = program_of(case)
    assert [(stage.name, stage.forms) for stage in tiled(program)] == [
        ("conv", (Extent(6, 5, 4, 3, 3, 2),)),
        ("dense", (Extent(1, 1, 5, 4, 6, 5), Extent(1, 1, 5, 120, 1, 1))),
        ("last", (Extent(1, 1, 2, 5, 1, 1),)),
    ]
    given_only = program_of(case_of(NETWORK, options={"dense_as_channels": False}))
    assert [stage.forms[0] for stage in tiled(program)] == [stage.forms[0] for stage in tiled(given_only)]
    assert all(len(stage.forms) == 1 for stage in tiled(given_only))
    assert program.digest == case_hash(case) != given_only.digest


def test_one_dimension_is_two_with_one_column() -> None:
    document = deepcopy(NETWORK)
    document["network"] = {
        "input": {"channels": 9, "height": 20, "width": 1},
        "layers": [
            {"name": "conv", "kind": "conv1d", "out_channels": 4, "kernel": [5]},
            {"name": "pool", "kind": "global_average_pool"},
        ],
    }
    conv, pool = tiled(program_of(case_of(document)))
    assert conv.forms == (Extent(16, 1, 4, 9, 5, 1),)
    assert pool.forms == (Extent(16, 1, 4, 1, 1, 1, pooling=True),)


@given(st.integers(1, 6), st.integers(1, 6), st.integers(1, 6), st.integers(1, 6), st.booleans())
def test_forms_of_a_dense_layer_do_the_same_work(channels: int, height: int, width: int, out: int, wide: bool) -> None:
    shape = LayerShape("d", "dense", channels, height, width, out, 1, 1, height, width)
    forms = forms_of(shape, wide)
    assert len(forms) == (2 if wide and height * width > 1 else 1)
    for form in forms:
        taps = form.kernel_rows * form.kernel_columns
        assert form.rows * form.columns * form.outputs * form.inputs * taps == shape.macs == shape.weights


def test_prices_and_ends_are_those_of_the_device_and_the_case() -> None:
    case = case_of(NETWORK)
    device = case.device
    assert device is not None
    for stage in tiled(program_of(case)):
        assert stage.prices == prices_of(device)
        assert stage.ends == ends_of(device, device.boot)
    slow = case_of(NETWORK, boot={"energy": "90 uJ", "time": "80 ms"})
    assert tiled(program_of(slow))[0].ends.resume == (90_000_000_000 + 308_000_000, 80_000_000_000 + 42_500_001)


def test_a_sleeping_device_wakes_instead_of_booting() -> None:
    sleep = {
        "power": "1 uW",
        "poll_energy": "10 nJ",
        "poll_period": "10 ms",
        "wake": {"energy": "1 uJ", "time": "1 ms"},
        "retained": True,
    }
    wake = {"policy": "fixed", "mechanism": "sense", "sleep": sleep}
    program = program_of(case_of(NETWORK, wake=wake))
    assert tiled(program)[0].ends.resume == (1_000_000_000 + 308_000_000, 1_000_000_000 + 42_500_001)
    stage = program_of(case_of(TASKS, wake=wake)).stages[0]
    assert list(stage.chain(0).resume_drain)[:2] == [1_000_000_000, 3_000_000_000]  # type: ignore[arg-type]


def test_volatile_memory_is_the_smaller_of_device_and_requirement() -> None:
    assert {stage.volatile for stage in tiled(program_of(case_of(NETWORK)))} == {2048}
    for asked, left in (("1000 B", 1000), ("1 MB", 2048)):
        program = program_of(case_of(NETWORK, requirements={"volatile_memory": asked}))
        assert {stage.volatile for stage in tiled(program)} == {left}


def test_the_law_is_that_of_the_case() -> None:
    case = case_of(NETWORK, start="charged", until="recharged")
    law = program_of(case).law
    boot = case.boot
    same = cycle_law(case.buffer, case.supply, case.wake, case.start, case.until, boot.amount, boot.time)
    assert law.capacity == same.capacity
    drains = (law.capacity // 3, law.capacity // 2, law.capacity)
    assert law.waiting(drains) == same.waiting(drains)
    assert law.offset == same.offset


def test_what_the_law_refuses_names_its_place_in_the_case() -> None:
    burning = {"policy": "fixed", "mechanism": "burn", "idle_power": "1 nW"}
    case = case_of(NETWORK, wake=burning)
    with pytest.raises(InputError) as caught:
        program_of(case)
    assert (caught.value.source, caught.value.path) == ("case", "$.wake.idle_power")


def test_too_weak_a_supply_is_unschedulable() -> None:
    case = case_of(NETWORK, supply={"kind": "source", "voltage": "2.9 V", "resistance": "24 ohm"})
    with pytest.raises(Unschedulable) as caught:
        program_of(case)
    assert caught.value.diagnosis is Diagnosis.CHARGING_STALL


# Non-volatile memory


def test_what_is_kept_is_stated_in_bytes() -> None:
    storage = program_of(case_of(NETWORK)).storage
    assert storage is not None
    assert storage.tensors == tuple(2 * words for words in MAPS)
    assert [(one.reads, one.writes, one.region) for one in storage.stages] == [
        ((0,), 1, 2 * MAPS[1]),
        ((1,), 2, 2 * MAPS[2]),
        ((2,), 3, 2 * MAPS[3]),
    ]
    assert (storage.weights, storage.records) == (2 * WEIGHTS, 2 * RECORDS)
    assert (storage.inputs, storage.outputs) == ({0}, {3})
    assert program_of(case_of(TASKS)).storage is None


@pytest.mark.parametrize(
    ("keys", "word", "sums"),
    [
        ({}, 2, 2),
        ({"sums": "int32"}, 2, 4),
        ({"width": "int8"}, 1, 4),
        ({"width": "int8", "sums": "int16"}, 1, 2),
        ({"width": "int16", "sums": "int64"}, 2, 8),
    ],
)
def test_sums_and_biases_have_a_width_of_their_own(keys: dict[str, str], word: int, sums: int) -> None:
    """In bytes of biases and of regions, which lie apart from the tensor where they are wider."""
    network = deepcopy(NETWORK["network"]) | keys
    network["layers"][0]["bias"] = True
    program = program_of(case_of(NETWORK, network=network))
    assert program.storage is not None
    assert program.storage.weights == word * WEIGHTS + sums * 4
    assert [one.region for one in program.storage.stages] == [sums * words for words in MAPS[1:]]
    assert {one.sums_apart for one in program.storage.stages} == {sums > word}
    prices = tiled(program)[0].prices
    assert (prices.word_bytes, prices.sum_bytes) == (word, sums)


def test_narrow_sums_are_refused() -> None:
    device = read_json(str(ROOT / "models" / "devices" / "msp430fr5994-lea-2021.json"))
    assert isinstance(device, dict)
    network = deepcopy(NETWORK["network"]) | {"sums": "int16"}
    with pytest.raises(InputError, match=r"\$\.network\.sums = \"int16\": is narrower.*write \"int32\" or more"):
        program_of(case_of(NETWORK, network=network, device=device | {"word": "4 B"}))


def test_less_memory_is_available_where_less_is_asked_for() -> None:
    whole = program_of(case_of(NETWORK)).storage
    some = program_of(case_of(NETWORK, requirements={"nonvolatile_memory": f"{LEAST + 96} B"})).storage
    assert whole is not None
    assert some is not None
    assert (whole.available, some.available) == (1_000_000, LEAST + 96)


def test_a_network_must_fit_layer_by_layer() -> None:
    """Of the maps the first layer's input and results are the most that is there at once; there are tables too."""
    tables = 12 + 3 * 16 + 3 * 4 * 3
    least = LEAST - 2 * sum(MAPS[2:]) + tables
    assert program_of(case_of(NETWORK, requirements={"nonvolatile_memory": f"{least} B"})).storage is not None
    with pytest.raises(Unschedulable) as caught:
        program_of(case_of(NETWORK, requirements={"nonvolatile_memory": f"{least - 1} B"}))
    assert caught.value.diagnosis is Diagnosis.NONVOLATILE_MEMORY
    assert (caught.value.demanded, caught.value.available) == (least, least - 1)
    assert f"{least} B" in str(caught.value)


@given(layers())
def test_partial_sums_pass_through_memory_when_a_pass_ends_before_the_last_input(design: tuple[Extent, Tiling]) -> None:
    """By walking the atoms: some output is written by an atom that is not the last to work on it."""
    extent, tiling = design
    if extent.pooling or tiling.order is Order.OUTPUT:
        atoms_of_a_row = -(-innermost(extent, tiling) // tiling.batch)
        assert stores_partial_sums(extent, tiling) == (atoms_of_a_row > 1)
    else:
        passes = 1 if extent.channelwise else len(range(0, extent.inputs, tiling.inputs))
        assert stores_partial_sums(extent, tiling) == (passes > 1)


@given(layers(), prices(), cycle_ends(), st.booleans(), st.integers(0, 200), st.sampled_from([None, 1, 2, 3]))
def test_a_stage_fits_what_both_memories_hold_and_bear(
    design: tuple[Extent, Tiling], cost: Prices, ends: Ends, sums: bool, volatile: int, writes: int | None
) -> None:
    extent, tiling = design
    stage = TiledStage("layer", (extent,), cost, ends, volatile, sums, writes_per_byte=writes)
    needed = volatile_bytes(extent, tiling, cost)
    may_store = sums or not stores_partial_sums(extent, tiling)
    is_borne = writes is None or most_writes(extent, tiling) <= writes
    assert stage.fits(tiling) == (needed <= volatile and may_store and is_borne)
    found = enumerate_designs(0, extent, cost, volatile, canonical=False, sums_in_memory=sums, writes_per_byte=writes)
    listed = {designs.tiling(place) for designs in found for place in range(len(designs))}
    assert (tiling in listed) == stage.fits(tiling)


# Sums that must stay exact


@given(layers(), prices(), cycle_ends())
def test_no_design_spends_more_than_the_stated_most(design: tuple[Extent, Tiling], cost: Prices, ends: Ends) -> None:
    extent, tiling = design
    atoms = chain(extent, tiling, cost, ends)
    most = most_spent(extent, cost, ends)
    assert sum(map(sum, (atoms.drain, atoms.resume_drain, atoms.commit_drain))) <= most[0]
    assert sum(map(sum, (atoms.time, atoms.resume_time, atoms.commit_time))) <= most[1]


@given(layers(), prices(), cycle_ends())
def test_the_finest_design_comes_close_to_the_most(design: tuple[Extent, Tiling], cost: Prices, ends: Ends) -> None:
    """Only what the first atom of a row does not fetch twice is counted too much."""
    extent, _ = design
    most, reached = most_spent(extent, cost, ends), 0
    for order in extent.orders:
        atoms = chain(extent, Tiling(0, order, 1, 1, 1, extent.least_inputs, 1), cost, ends)
        reached = max(reached, sum(map(sum, (atoms.drain, atoms.resume_drain, atoms.commit_drain))))
    assert reached <= most[0] <= 2 * reached


def test_a_network_beyond_exact_sums_is_refused() -> None:
    document = deepcopy(NETWORK)
    document["network"] = {
        "input": {"channels": 512, "height": 512, "width": 512},
        "layers": [{"name": "huge", "kind": "conv2d", "out_channels": 512, "kernel": [1, 1]}],
    }
    document["device"] = {**_inline_device(), "nonvolatile_memory": "100 GB"}
    with pytest.raises(InputError, match=r"huge.*2\*\*62.*fewer channels"):
        program_of(case_of(document))
    document["network"]["input"] = {"channels": 16, "height": 64, "width": 64}
    assert len(program_of(case_of(document)).stages) == 1


def _inline_device() -> dict[str, Any]:
    """A device written out in the case."""
    flat = {"energy": "1 nJ", "time": "1 us"}
    linear = {"per_element": flat, "fixed": flat}
    step = [{"what": "step", "energy": "1 nJ", "time": "1 us"}]
    orders = dict.fromkeys(("input", "weight", "output"), step)
    return {
        "device_format": 1,
        "name": "board",
        "word": "2 B",
        "volatile_memory": "2 kB",
        "nonvolatile_memory": "1 MB",
        "vector_multiple": 2,
        "record_words": 4,
        "boot": {"energy": "77.88 uJ", "time": "70 ms"},
        "read": linear,
        "write": linear,
        "multiply_accumulate": linear,
        "fetch_input": step,
        "fetch_weight": step,
        "fetch_output": orders,
        "store_output": orders,
        "mac_step": step,
        "tile": [],
        "pool_step": step,
    }


# Tasks


def test_tasks_are_one_chain_whose_cuts_resume_before_the_next_task() -> None:
    program = program_of(case_of(TASKS))
    (stage,) = program.stages
    assert isinstance(stage, ExplicitStage)
    (atoms,) = stage.designs
    micro, milli = 10**9, 10**9
    assert list(atoms.drain) == [20 * micro, 20 * micro, 30 * micro, 40 * micro]
    assert list(atoms.time) == [1 * milli, 1 * milli, 4 * milli, 9 * milli]
    assert list(atoms.resume_drain) == [10 * micro, 12 * micro, 12 * micro, 10 * micro]
    assert list(atoms.resume_time) == [5 * milli, 7 * milli, 7 * milli, 5 * milli]
    assert list(atoms.commit_drain) == [3 * micro, 3 * micro, 0, 7 * micro]
    assert list(atoms.commit_time) == [3 * milli, 3 * milli, 0, 6 * milli]
    assert list(atoms.cut) == [True, True, False, True]
    assert atoms.volatile == 800
    assert (stage.volatile, stage.fits(0)) == (900, True)


@pytest.mark.parametrize(("limit", "fits"), [("799 B", False), ("800 B", True)])
def test_tasks_must_fit_volatile_memory(limit: str, fits: bool) -> None:
    (stage,) = program_of(case_of(TASKS, requirements={"volatile_memory": limit})).stages
    assert isinstance(stage, ExplicitStage)
    assert stage.fits(0) == fits


def test_tasks_beyond_exact_sums_are_refused() -> None:
    few = {**TASKS["tasks"], "list": [{"name": "long", "energy": "1 uJ", "time": "1 s", "repeat": 4}]}
    boot = {"energy": "1 uJ", "time": "1000000 s"}
    assert len(program_of(case_of(TASKS, boot=boot, tasks=few)).stages) == 1
    few["list"][0]["repeat"] = 5
    with pytest.raises(InputError, match=r"\$\.tasks = 5: .*2\*\*62"):
        program_of(case_of(TASKS, boot=boot, tasks=few))


@given(prices())
def test_every_pair_of_memories_has_a_design_without_partial_sums(cost: Prices) -> None:
    """OUTPUT order with all input tiles in one batch needs no more memory than with any other batch."""
    for rows, outputs, inputs in product(range(1, 4), range(1, 4), range(1, 6)):
        extent = Extent(rows, 2, outputs, inputs, 2, 2)
        one = Tiling(0, Order.OUTPUT, 1, 1, 1, 1, inputs)
        assert not stores_partial_sums(extent, one)
        least = min(
            volatile_bytes(extent, Tiling(0, order, 1, 1, 1, 1, 1), cost) for order in (Order.INPUT, Order.OUTPUT)
        )
        assert volatile_bytes(extent, one, cost) == least
