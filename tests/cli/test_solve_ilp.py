"""`ischedule solve --solver ilp`: the same verdicts, limits and gaps as on the exact way."""

from __future__ import annotations

import json

import pytest

from ischedule.cli.main import main

Captured = pytest.CaptureFixture[str]

pytest.importorskip("pulp", reason="needs PuLP")
pytest.importorskip("highspy", reason="needs HiGHS")


@pytest.mark.parametrize(
    "name",
    [
        "camera-behind-linear-regulator",
        "kws-inas-1mF-ts1",
        "kws-programmable-comparator-1mF",
        "sensor-node-radio-does-not-fit",
        "sensor-node-sleeps-and-measures",
    ],
)
def test_both_solvers_say_the_same_of_a_shipped_case(name: str, capsys: Captured) -> None:
    said = []
    for solver in ("exact", "ilp"):
        code = main(["solve", name, "--solver", solver, "--json"])
        value = json.loads(capsys.readouterr().out)
        said.append((code, *(value[key] for key in ("status", "kind", "latency", "bound"))))
    assert said[0] == said[1]


def test_a_gap_stops_the_search_at_a_certified_plan(capsys: Captured) -> None:
    assert main(["solve", "kws-inas-1mF-ts1", "--solver", "ilp", "--gap", "50%", "--threads", "1", "--json"]) == 0
    value = json.loads(capsys.readouterr().out)
    assert value["certified"]
    assert value["bound"] <= value["latency"] <= 1.5 * value["bound"] + 10**9


def test_time_that_is_up_leaves_the_best_plan_and_a_bound(capsys: Captured) -> None:
    code = main(["solve", "cifar10-inas-10mF-ts1", "--solver", "ilp", "--time-limit", "0", "--json"])
    value = json.loads(capsys.readouterr().out)
    assert code == 0
    assert value["bound"] < value["latency"]


@pytest.mark.parametrize(
    ("option", "value"), [("--gap", "much"), ("--gap", "-1"), ("--threads", "0"), ("--threads", "x")]
)
def test_wrong_options_are_refused(option: str, value: str, capsys: Captured) -> None:
    with pytest.raises(SystemExit) as stop:
        main(["solve", "kws-inas-1mF-ts1", option, value])
    assert stop.value.code == 2
    assert "write for example" in capsys.readouterr().err


def test_both_solvers_say_the_same_of_a_case_with_limits(capsys: Captured) -> None:
    """Of latency, energy and bytes written in this order, within limits on the last two."""
    said = []
    for solver in ("exact", "ilp"):
        code = main(["solve", "kws-energy-limit-1mF", "--solver", solver, "--json"])
        value = json.loads(capsys.readouterr().out)
        spent = (value["figures"][key] for key in ("drain", "written", "power_cycles"))
        said.append((code, *(value[key] for key in ("status", "kind", "latency", "bound")), *spent))
    assert said[0] == said[1]
    assert said[0][:3] == (0, "schedulable", "optimal")
