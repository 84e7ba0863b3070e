"""Explanations of a plan: its margins, and how latency depends on each quantity."""

from __future__ import annotations

import pytest

from ischedule import api
from ischedule.analysis.explain import STEP, dearest_cycle
from ischedule.analysis.levers import SENSITIVE
from ischedule.models.chain import Chain
from ischedule.models.plan import Plan, PowerCycles
from ischedule.models.program import ExplicitStage, Program
from tests.analysis.node_cases import SOURCE, node, programmable
from tests.analysis.test_parts import network


def test_margins_are_what_is_used_of_what_there_is() -> None:
    case = node(requirements={"deadline": "10 s"}, start={"period": "20 s"})
    result, explanation = api.explain(case)
    assert explanation is not None
    assert result.evaluation is not None
    margins = {margin.name: margin for margin in explanation.margins}
    assert margins["fullest power cycle"].used == result.evaluation.largest_cycle
    assert margins["fullest power cycle"].available == case.buffer.capacity
    assert margins["dearest atom in a cycle of its own"].used == (60 + 3 + 250 + 480 + 4) * 10**9
    assert margins["deadline"].spare == 10 * 10**12 - result.evaluation.latency
    assert margins["period"].available == 20 * 10**12
    assert (margins["volatile memory"].used, margins["volatile memory"].available) == (3072, 4096)
    assert "non-volatile memory" not in margins
    assert explanation.shortage is None
    assert explanation.remedies == ()


def test_a_network_has_margins_in_both_memories() -> None:
    _, explanation = api.explain(network())
    assert explanation is not None
    margins = {margin.name: margin for margin in explanation.margins}
    assert 0 < margins["volatile memory"].used <= 2048
    assert 0 < margins["non-volatile memory"].used <= margins["non-volatile memory"].available == 10**6


def test_atoms_without_a_cut_between_them_count_as_one() -> None:
    chain = Chain([5, 7, 20], [0] * 3, [1, 50, 2], [0] * 3, [90, 3, 4], [0] * 3, [False, True, True], 0)
    stage = ExplicitStage("tasks", (chain,), 0)
    program = Program((stage,), None, "")  # type: ignore[arg-type]
    assert dearest_cycle(program, Plan((0,), (PowerCycles(1, 3, 100),))) == 2 + 20 + 4


def test_sensitivities_are_differences_to_the_best_plan_of_the_changed_case() -> None:
    for case in (node(), node(supply=SOURCE), node(wake=programmable("continuous"), start="floor")):
        result, explanation = api.explain(case)
        assert explanation is not None
        assert result.latency is not None
        names = [one.lever.name for one in explanation.sensitivities]
        assert names == [lever.name for lever in SENSITIVE if lever.value(case)]
        for one in explanation.sensitivities:
            changed = one.lever.changed(case, round(one.now * STEP))
            assert changed is not None
            assert one.anew == (api.solve(changed).latency or 0) - result.latency


@pytest.mark.parametrize("supply", [SOURCE, {"kind": "power", "power": "1.5 mW"}], ids=["source", "power"])
def test_where_the_best_plan_stays_the_closed_form_foretells_it(supply: dict[str, str]) -> None:
    """Supply and capacitance do not move the plan of this node, so that both columns agree to second order."""
    _, explanation = api.explain(node(supply=supply))
    assert explanation is not None
    for one in explanation.sensitivities:
        if one.lever.name in ("capacitance", "supply power", "source resistance"):
            assert one.kept == pytest.approx(one.anew, rel=5e-3)


def test_a_change_without_a_plan_is_told() -> None:
    stalls = node(supply={**SOURCE, "voltage": "3.301 V"})
    _, explanation = api.explain(stalls)
    assert explanation is not None
    changes = {one.lever.name: one.anew for one in explanation.sensitivities}
    assert changes["turn-on voltage"] is None
    assert changes["source voltage"] is not None


def test_burning_has_no_closed_form() -> None:
    _, explanation = api.explain(node(wake={"policy": "fixed", "mechanism": "burn", "idle_power": "5 mW"}))
    assert explanation is not None
    assert all(one.kept is None and one.anew is not None for one in explanation.sensitivities)
