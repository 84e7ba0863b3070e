"""`ischedule explain --without`: what a group of constraints costs."""

from __future__ import annotations

import json

import pytest

from ischedule.api import compare_without, solve
from ischedule.cli.main import main
from ischedule.models.case import load_case
from tests.analysis.node_cases import document

Captured = pytest.CaptureFixture[str]


def test_a_deadline_that_is_missed_is_switched_off(capsys: Captured) -> None:
    assert main(["explain", "sensor-node-deadline-missed-narrowly", "--without", "deadline", "--json"]) == 1
    value = json.loads(capsys.readouterr().out)
    assert value["with"]["status"] == "unschedulable"
    assert (value["without"]["status"], value["without"]["certified"]) == ("schedulable", "optimal")
    assert value["cost"] == 0


def test_volatile_memory_costs_what_the_two_optima_differ_by(capsys: Captured) -> None:
    name = "kws-inas-1mF-ts1"
    assert main(["explain", name, "--without", "volatile-memory"]) == 0
    assert "volatile-memory costs" in capsys.readouterr().out
    kept, free = compare_without(f"cases/{name}.json", "volatile-memory")
    assert kept.latency == solve(load_case(f"cases/{name}.json")).latency
    assert kept.latency is not None
    assert free.latency is not None
    assert free.latency <= kept.latency


def test_both_solvers_say_the_same() -> None:
    case = load_case(document())
    for group in ("deadline", "volatile-memory", "non-volatile-memory"):
        one, two = (compare_without(case, group, solver=solver) for solver in ("exact", "ilp"))
        assert [result.latency for result in one] == [result.latency for result in two]


def test_a_solver_without_a_group_is_an_error(capsys: Captured) -> None:
    assert main(["explain", "sensor-node-sense-compute-send", "--solver", "ilp"]) == 2
    assert "goes with --without only" in capsys.readouterr().err


def test_an_unknown_group_is_an_error_with_the_way_out(capsys: Captured) -> None:
    assert main(["explain", "sensor-node-sense-compute-send", "--without", "wishes"]) == 2
    assert "write volatile-memory or non-volatile-memory or deadline or energy" in capsys.readouterr().err


def test_a_limit_on_what_is_spent_is_switched_off_by_itself() -> None:
    """Both solvers say what it costs."""
    case = load_case("cases/kws-energy-limit-1mF.json")
    costs = []
    for solver in ("exact", "ilp"):
        kept, free = compare_without(case, "energy", solver=solver)
        assert kept.latency is not None
        assert free.latency is not None
        costs.append(kept.latency - free.latency)
    assert costs[0] == costs[1] > 0
