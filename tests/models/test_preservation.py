"""Kinds of preservation: where a record is counted changes no power cycle, and the columns are those of the atoms."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import product
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ischedule.models import atoms_array, kernels_array
from ischedule.models.build import program_of
from ischedule.models.case import Case, case_hash, load_case
from ischedule.models.chain import Chain
from ischedule.models.errors import InputError
from ischedule.models.kernels import Ends, Price, Prices, chain, heaviest_cycle, most_spent, rows_of, totals
from ischedule.models.nest import Work, atoms_of, work_of
from ischedule.models.preservation import Counters, Kind, Preserving, executed, prices_of_kind, shared_by_kinds
from ischedule.models.program import TiledStage
from ischedule.models.tiling import Extent, Order, Tiling, atoms_in, innermost
from tests.models.kernel_strategies import cycle_ends, layers, prices
from tests.policies.cases import document, layer_case

Design = tuple[Extent, Tiling]
KINDS = st.sampled_from(list(Kind))


@st.composite
def counters(draw: st.DrawFn) -> Counters:
    """What counters take, which may be more than records."""
    price = st.tuples(st.integers(0, 9999), st.integers(0, 9999))
    probe = draw(price)
    more = draw(price)
    search = probe[0] + more[0], probe[1] + more[1]
    kinds = (Kind.RECORD, *draw(st.sampled_from([(Kind.FOOTPRINT, Kind.AUGMENTED), (Kind.AUGMENTED, Kind.FOOTPRINT)])))
    return Counters(draw(price), draw(price), search, probe, kinds)


def as_searched(design: Design, kind: Kind, cost: Prices, records: Ends, counter: Counters) -> Chain:
    extent, tiling = design
    paid = prices_of_kind(kind, cost, records, counter)
    return chain(extent, tiling, paid, shared_by_kinds(records, counter))


def as_stated(design: Design, kind: Kind, cost: Prices, records: Ends, counter: Counters) -> Chain:
    """The atoms and ends of a kind, straight from what it means."""
    extent, tiling = design
    plain = chain(extent, tiling, cost, records)
    if kind is Kind.RECORD:
        return plain
    length, columns = len(plain), {}
    starts, each = counter.resume, counter.write
    marked = [((0, 0), (0, 0))] * length
    if kind is Kind.AUGMENTED:
        marked = list(markers(extent, tiling, cost))
        further, each = max(0, (length - 1).bit_length() - 1), (0, 0)
        starts = (counter.search[0] + further * counter.probe[0], counter.search[1] + further * counter.probe[1])
    for part, name in enumerate(("drain", "time")):
        again = [resume - records.resume[part] for resume in getattr(plain, f"resume_{name}")]
        again = [one + more[part] for one, (_, more) in zip(again, marked, strict=True)]
        atoms = [atom + each[part] + more[part] for atom, (more, _) in zip(getattr(plain, name), marked, strict=True)]
        atoms[0] += records.commit[part]
        columns[name] = atoms
        columns[f"resume_{name}"] = [records.resume[part], *(starts[part] + one for one in again[1:])]
        columns[f"commit_{name}"] = [0] * (length - 1) + [records.commit[part]]
    return Chain(**columns, cut=plain.cut, volatile=plain.volatile)


def markers(extent: Extent, tiling: Tiling, cost: Prices) -> Iterator[tuple[Price, Price]]:
    """What the markers of each atom take, and those that a cycle reads again that starts with it, step by step."""
    for atom in atoms_of(extent, tiling):
        found = []
        for steps in (atom.steps, atom.again):
            works = [work_of(extent, step, cost.multiple) for step in steps]
            stored, read = sum(one.store_commands for one in works), sum(one.sums_commands for one in works)
            made = Work(write_sums=stored, multiply_commands=stored, lanes=stored * cost.multiple, read_sums=read)
            found.append(made.price(cost, tiling.order))
        yield found[0], found[1]


def cycles_of(chains: Sequence[Chain]) -> list[tuple[int, int]]:
    """Drain and time of every power cycle over some chains, one after the other."""
    found = []
    for part in ("drain", "time"):
        atoms, resume, commit = (
            [int(value) for one in chains for value in getattr(one, name)]
            for name in (part, f"resume_{part}", f"commit_{part}")
        )
        found.append(
            [
                resume[i] + sum(atoms[i:j]) + commit[j - 1]
                for i in range(len(atoms))
                for j in range(i + 1, len(atoms) + 1)
            ]
        )
    return list(zip(*found, strict=True))


@given(st.lists(st.tuples(layers(), KINDS), min_size=1, max_size=3), prices(), cycle_ends(), counters())
def test_every_power_cycle_comes_to_what_its_kinds_mean(
    run: list[tuple[Design, Kind]], cost: Prices, records: Ends, counter: Counters
) -> None:
    stated = [as_stated(design, kind, cost, records, counter) for design, kind in run]
    searched = [as_searched(design, kind, cost, records, counter) for design, kind in run]
    if sum(map(len, stated)) > 60:
        return
    assert cycles_of(searched) == cycles_of(stated)


@given(layers(), KINDS, prices(), cycle_ends(), counters())
def test_what_is_executed_is_what_the_kind_means(
    design: Design, kind: Kind, cost: Prices, records: Ends, counter: Counters
) -> None:
    found = executed(as_searched(design, kind, cost, records, counter), Preserving(kind, records.commit))
    stated = as_stated(design, kind, cost, records, counter)
    assert [list(column) for column in found.columns()] == [list(column) for column in stated.columns()]


@given(layers(), KINDS, prices(), cycle_ends(), counters())
def test_no_start_and_no_atom_is_cheaper_for_not_being_plain(
    design: Design, kind: Kind, cost: Prices, records: Ends, counter: Counters
) -> None:
    found = as_searched(design, kind, cost, records, counter)
    shared = shared_by_kinds(records, counter)
    assert all(resume >= shared.resume[0] for resume in found.resume_drain)
    assert all(resume >= shared.resume[1] for resume in found.resume_time)
    assert set(found.commit_drain) == set(found.commit_time) == {0}


@given(layers(), KINDS, prices(), cycle_ends(), counters())
def test_totals_atoms_and_rows_are_those_of_the_chain(
    design: Design, kind: Kind, cost: Prices, records: Ends, counter: Counters
) -> None:
    extent, tiling = design
    paid, shared = prices_of_kind(kind, cost, records, counter), shared_by_kinds(records, counter)
    found = chain(extent, tiling, paid, shared)
    assert atoms_in(extent, tiling) == len(found)
    assert totals(extent, tiling, paid) == (sum(found.drain), sum(found.time))
    rows = [row for row, repeats in rows_of(extent, tiling, paid) for _ in range(repeats)]
    assert [atom for row in rows for atom in row.atoms] == list(zip(found.drain, found.time, strict=True))
    alone = [resume + atom for resume, atom in zip(found.resume_drain, found.drain, strict=True)]
    assert heaviest_cycle(extent, tiling, paid, shared) == max(alone)
    spent = sum(found.drain) + sum(found.resume_drain), sum(found.time) + sum(found.resume_time)
    assert all(most >= one for most, one in zip(most_spent(extent, paid, shared), spent, strict=True))


@given(layers(), KINDS, prices(), cycle_ends(), counters())
def test_columns_are_the_chain(design: Design, kind: Kind, cost: Prices, records: Ends, counter: Counters) -> None:
    extent, tiling = design
    if tiling.order is Order.WEIGHT and tiling.batch > 1:
        return
    paid, shared = prices_of_kind(kind, cost, records, counter), shared_by_kinds(records, counter)
    whole = chain(extent, tiling, paid, shared)
    every = kernels_array.enumerate_designs(0, extent, cost, 10**6, canonical=False)
    some = next(one for one in every if one.order is tiling.order)
    place = next(index for index in range(len(some)) if some.tiling(index) == tiling)
    some = some.take(np.array([place]))
    laid = atoms_array.chains(some, paid)
    length = len(whole)
    assert laid.length[0] == length
    sums = (
        [sum(whole.drain[:stop]) for stop in range(length + 1)],
        [sum(whole.time[:stop]) for stop in range(length + 1)],
    )
    assert (laid.drain[0, : length + 1].tolist(), laid.time[0, : length + 1].tolist()) == sums
    assert set(laid.drain[0, length:].tolist()) == {sums[0][-1]}
    assert (laid.again_drain[0, :length] + shared.resume[0]).tolist() == list(whole.resume_drain)
    assert (laid.again_time[0, :length] + shared.resume[1]).tolist() == list(whole.resume_time)
    assert [int(column[0]) for column in kernels_array.totals(some, paid)] == [sums[0][-1], sums[1][-1]]


def filtered(**changes: Any) -> Case:
    return layer_case(2, 2, 6, {"kind": "conv2d", "out_channels": 2, "kernel": [1, 1]}, **changes)


BOTH = {"preservation": ["record", "footprint"]}


def test_a_layer_may_be_run_in_each_kind() -> None:
    program = program_of(filtered(options=BOTH))
    assert [(stage.name, stage.kind) for stage in program.stages] == [
        ("layer1", Kind.RECORD),
        ("layer1 (footprint)", Kind.FOOTPRINT),
    ]
    assert {(step.source, step.target) for step in program.steps} == {(0, 1)}
    assert program.kernels_of(1) == program.kernels_of(0) == (0,)
    plain = program_of(filtered())
    assert program.storage is not None
    assert plain.storage is not None
    assert program.storage.records == plain.storage.records + 4


def test_markers_stand_behind_whole_pixels_that_are_read_as_such() -> None:
    layers = [
        {"kind": "conv2d", "out_channels": 3, "kernel": [1, 1]},
        {"kind": "conv2d", "out_channels": 3, "kernel": [1, 1], "groups": 3},
        {"kind": "conv2d", "out_channels": 2, "kernel": [1, 1]},
        {"kind": "dense", "out_channels": 2},
    ]
    case = layer_case(2, 2, 3, *layers, options={"preservation": ["record", "augmented"]})
    program = program_of(case)
    # the depthwise filter stores a channel at a time, and the dense layer reads six pixels as channels
    marked = [stage for stage in program.stages if stage.kind is Kind.AUGMENTED]
    assert [stage.name for stage in marked] == ["layer1 (augmented)", "layer4 (augmented)"]
    plain = program_of(layer_case(2, 2, 3, *layers))
    assert program.storage is not None
    assert plain.storage is not None
    more = [one - other for one, other in zip(program.storage.tensors, plain.storage.tensors, strict=True)]
    assert more == [0, 2 * 6, 0, 0, 2]
    for stage in marked:
        assert isinstance(stage, TiledStage)
        outputs = stage.forms[0].outputs
        for tiling in every_tiling(stage.forms[0]):
            whole = tiling.outputs * (tiling.batch if tiling.order is Order.INPUT else 1) >= outputs
            assert stage.has(tiling) == (whole and (tiling.order is not Order.WEIGHT or tiling.batch == 1))


def every_tiling(extent: Extent) -> Iterator[Tiling]:
    for order in extent.orders:
        for tile in product(*(range(1, loop + 1) for loop in extent.loops)):
            for batch in range(1, innermost(extent, Tiling(0, order, *tile, 1)) + 1):
                yield Tiling(0, order, *tile, batch)


def test_markers_are_refused_where_memory_is_scarce() -> None:
    layer = {"kind": "conv2d", "out_channels": 3, "kernel": [1, 1]}
    scarce = {"nonvolatile_memory": "200 B"}
    program_of(layer_case(3, 2, 3, layer, requirements=scarce))
    case = layer_case(3, 2, 3, layer, requirements=scarce, options={"preservation": ["record", "augmented"]})
    with pytest.raises(InputError, match="is decided where all buffers fit"):
        program_of(case)


def test_a_footprint_stands_behind_every_tile_of_pixels() -> None:
    records, footprints = program_of(filtered(options=BOTH)).stages
    assert isinstance(records, TiledStage)
    assert isinstance(footprints, TiledStage)
    several = Tiling(0, Order.WEIGHT, 1, 1, 1, 2, 3)
    assert records.fits(several)
    assert not footprints.fits(several)


def test_records_alone_are_what_plans_have_anyway() -> None:
    plain, asked = filtered(), filtered(options={"preservation": ["record"]})
    assert case_hash(plain) == case_hash(asked) != case_hash(filtered(options=BOTH))
    assert program_of(asked).stages == program_of(plain).stages


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"options": {"preservation": ["footprint"]}}, "leaves out records"),
        ({"options": BOTH, "semantics": "inas-2021"}, "has no meaning under published semantics"),
        ({"options": {"preservation": ["record", "marker"]}}, "preservation"),
        ({"options": {"preservation": ["record", "record"]}}, "preservation"),
        ({"options": {"preservation": []}}, "preservation"),
    ],
)
def test_what_is_no_choice_is_refused(changes: dict[str, Any], message: str) -> None:
    with pytest.raises(InputError, match=message):
        filtered(**changes)


def test_tasks_have_no_kinds() -> None:
    ends = {"commit": {"energy": "4 uJ", "time": "1 ms"}, "resume": {"energy": "3 uJ", "time": "2 ms"}}
    stated = document(
        tasks=ends | {"list": [{"name": "one", "energy": "1 uJ", "time": "1 ms"}]},
        boot={"energy": "10 uJ", "time": "1 ms"},
        options=BOTH,
    )
    del stated["network"], stated["device"]
    with pytest.raises(InputError, match="means nothing without a network"):
        load_case(stated)


@pytest.mark.parametrize(
    "changes",
    [
        {"objective": "energy"},
        {"requirements": {"written": "1 kB"}},
        {"requirements": {"power_cycles": 3}},
        {"requirements": {"writes_per_byte": 9}},
        {"requirements": {"table_size": "1 kB"}},
        {"supply": {"kind": "curve", "rate": "1 mW", "latency": "4 s"}, "start": "charged"},
    ],
)
def test_what_is_not_decided_with_kinds_is_refused(changes: dict[str, Any]) -> None:
    with pytest.raises(InputError, match="is not decided together with a choice"):
        program_of(filtered(options=BOTH, **changes))


def test_a_device_whose_records_are_dearer_to_read_than_an_atom_is_refused() -> None:
    device = document()["device"] | {"record_words": 100}
    with pytest.raises(InputError, match="dearer than running an atom"):
        program_of(filtered(options=BOTH, device=device))
