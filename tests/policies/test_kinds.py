"""Preservation kinds as designs: their chains against the kernels, and the solver's choice against every plan."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ischedule.analysis.cover import Unproven, require_bound
from ischedule.models.build import program_of
from ischedule.models.case import Case
from ischedule.models.errors import InputError
from ischedule.models.plan import Status
from ischedule.models.program import TiledStage
from ischedule.policies import kinds
from ischedule.policies.kinds import Kind, KindProgram, chain_of, program_of_kinds
from ischedule.policies.workload import Workload
from ischedule.solvers.explicit import solve_explicit
from ischedule.solvers.limit import Limit
from ischedule.solvers.solve import solve
from tests.policies.cases import document, layer_case
from tests.solvers.agreement import disagreement
from tests.solvers.enumeration import best_of_all_designs


def band(joules: float) -> dict[str, Any]:
    """A buffer with so much between its thresholds."""
    farads = 2 * joules / (2.99**2 - 2.8**2)
    found: dict[str, Any] = document()["buffer"]
    return found | {"capacitance": f"{farads * 1e6:.9f} uF"}


def small(outputs: int, inputs: int, side: int, spare: float, **changes: Any) -> Case:
    """A filter of one tap whose power cycles have so many microjoules besides booting."""
    layer = {"kind": "conv2d", "out_channels": outputs, "kernel": [1, 1]}
    return layer_case(inputs, 1, side, layer, buffer=band((77.88 + spare) * 1e-6), start="charged", **changes)


def test_the_kind_that_keeps_records_is_the_kernels_own_chain() -> None:
    case = small(3, 3, 2, 500)
    stage = program_of(case).stages[0]
    assert isinstance(stage, TiledStage)
    found = program_of_kinds(case, [Kind.RECORD])
    for design in found.designs[0]:
        mine, theirs = chain_of(Workload.of(case), stage.forms[0], design), stage.chain(design.tiling)
        assert [list(column) for column in mine.columns()] == [list(column) for column in theirs.columns()]
        assert mine.volatile == theirs.volatile


def chosen(found: KindProgram) -> list[Kind]:
    plan = solve(found.program, Limit()).plan
    assert plan is not None
    return [designs[index].kind for designs, index in zip(found.designs, plan.designs, strict=True)]  # type: ignore[index]


@settings(deadline=None, max_examples=12)
@given(st.integers(1, 3), st.integers(1, 3), st.integers(1, 3), st.floats(1.6, 12))
def test_the_best_choice_of_kinds_is_that_of_brute_force(outputs: int, inputs: int, side: int, spare: float) -> None:
    found = program_of_kinds(small(outputs, inputs, side, spare))
    assert disagreement(found.program, solve_explicit, best_of_all_designs) is None


@settings(deadline=None, max_examples=12)
@given(st.integers(1, 3), st.integers(1, 3), st.integers(1, 3), st.floats(1.6, 12))
def test_what_is_claimed_of_kinds_is_proven(outputs: int, inputs: int, side: int, spare: float) -> None:
    program = program_of_kinds(small(outputs, inputs, side, spare)).program
    answer = solve(program, Limit())
    if answer.status is not Status.SCHEDULABLE or answer.bound is None:
        return
    require_bound(program, answer.bound)
    with pytest.raises(Unproven):
        require_bound(program, replace(answer.bound, value=answer.bound.value + 1))


def costs(case: Case, some: Sequence[Kind]) -> int | None:
    return solve(program_of_kinds(case, some).program, Limit()).latency


@pytest.mark.parametrize(
    ("outputs", "inputs", "side", "spare", "kind"),
    [
        (2, 2, 6, 1.7, Kind.RECORD),  # the counter of every atom does not fit beside it
        (2, 2, 6, 1.9, Kind.FOOTPRINT),  # a cycle holds one atom, and a counter is shorter than a record
        (2, 2, 6, 2.1, Kind.RECORD),  # a cycle holds two atoms with one record, not with two counters
        (2, 2, 6, 2.8, Kind.FOOTPRINT),
    ],
)
def test_the_kind_that_is_chosen(outputs: int, inputs: int, side: int, spare: float, kind: Kind) -> None:
    case = small(outputs, inputs, side, spare)
    alone = [cost for one in Kind if (cost := costs(case, [one])) is not None]
    assert costs(case, list(Kind)) == min(alone)
    assert chosen(program_of_kinds(case)) == [kind]


def test_only_whole_pixels_are_augmented() -> None:
    found = program_of_kinds(small(4, 2, 2, 500), [Kind.AUGMENTED])
    assert {design.tiling.outputs * design.tiling.batch >= 4 for design in found.designs[0]} == {True}


def test_markers_are_not_behind_pixels_that_are_flattened() -> None:
    layers = [{"kind": "conv2d", "out_channels": 2, "kernel": [1, 1]}, {"kind": "dense", "out_channels": 2}]
    found = program_of_kinds(layer_case(2, 2, 1, *layers))
    assert [{design.kind for design in some} for some in found.designs] == [
        {Kind.RECORD, Kind.FOOTPRINT},
        set(Kind),
    ]


def test_atoms_are_counted_before_they_are_made() -> None:
    case = small(3, 3, 2, 500)
    found = program_of_kinds(case)
    extent = Workload.of(case).nests[0].forms[0]
    for chain, design in zip(found.program.stages[0].designs, found.designs[0], strict=True):  # type: ignore[union-attr]
        assert len(chain) == kinds.atoms_in(extent, design.tiling)


def test_large_layers_are_refused() -> None:
    with pytest.raises(InputError, match="too large to list every tiling"):
        program_of_kinds(layer_case(32, 15, 15, {"kind": "conv2d", "out_channels": 64, "kernel": [3, 3]}))


def test_an_augmented_atom_carries_a_marker_for_each_store() -> None:
    case = small(2, 2, 1, 500)
    workload = Workload.of(case)
    extent = workload.nests[0].extent
    listed = program_of_kinds(case, [Kind.AUGMENTED]).designs[0]
    design = next(one for one in listed if (one.tiling.outputs, one.tiling.inputs) == (2, 2))
    plain = kinds.KindDesign(Kind.RECORD, design.tiling)
    more = chain_of(workload, extent, design).drain[0] - chain_of(workload, extent, plain).drain[0]
    # one value written, one operation on two lanes, and the record that says which layer it is
    expected = 26.815 + 204.4 + 2 * 0.5273 + (193.36 + 4 * 26.815)
    assert more == pytest.approx(expected * 1e6, rel=1e-6)
