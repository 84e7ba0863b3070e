"""`ischedule solve --solver smt`: the same verdicts as on the exact way, limits, and single layers."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from ischedule.cli.main import main
from tests.analysis.node_cases import document

pytest.importorskip("z3", reason="needs z3")

Captured = pytest.CaptureFixture[str]


@pytest.mark.parametrize(
    "name",
    [
        "kws-inas-1mF-ts1",
        "camera-behind-linear-regulator",
        "sensor-node-deadline-missed-narrowly",
        "sensor-node-part-tolerances",
        "sensor-node-radio-does-not-fit",
        "sensor-node-sense-compute-send",
        "sensor-node-sleeps-and-measures",
    ],
)
def test_both_solvers_say_the_same_of_shipped_cases(name: str, capsys: Captured) -> None:
    said = []
    for solver in ("exact", "smt"):
        code = main(["solve", name, "--solver", solver, "--json"])
        value = json.loads(capsys.readouterr().out)
        said.append((code, *(value[key] for key in ("status", "kind", "latency", "bound", "bottleneck"))))
    assert said[0] == said[1]


def test_the_note_says_whose_certificate_it_is(capsys: Captured) -> None:
    assert main(["solve", "sensor-node-part-tolerances", "--solver", "smt"]) == 0
    assert "the certificate comes from the search by labels" in capsys.readouterr().out


def test_time_that_is_up_is_undecided(capsys: Captured) -> None:
    assert main(["solve", "sensor-node-sense-compute-send", "--solver", "smt", "--time-limit", "0"]) == 3
    assert "undecided" in capsys.readouterr().out


@pytest.mark.parametrize("solver", ["exact", "ilp", "smt"])
def test_one_layer_is_solved_by_itself(solver: str, capsys: Captured) -> None:
    assert main(["solve", "cifar10-inas-5mF-ts1", "--layer", "pool", "--solver", solver, "--json"]) == 0
    value = json.loads(capsys.readouterr().out)
    assert (value["kind"], value["latency"], value["bound"]) == ("optimal", value["bound"], value["latency"])
    assert [layer["name"] for layer in value["figures"]["layers"]] == ["pool"]


def test_a_network_is_too_large_as_a_whole(capsys: Captured) -> None:
    assert main(["solve", "cifar10-inas-5mF-ts1", "--solver", "smt"]) == 2
    assert "one layer of a network with --layer" in capsys.readouterr().err


def test_a_part_has_no_plan_file(capsys: Captured) -> None:
    assert main(["solve", "kws-inas-1mF-ts1", "--layer", "dense1", "-o", "plans"]) == 2
    assert "leave out -o or --layer" in capsys.readouterr().err


@pytest.mark.parametrize(
    "changes",
    [
        {"objective": ["cycles", "latency"]},
        {"objective": ["energy", "latency"]},
        {"requirements": {"power_cycles": 3}},
        {"requirements": {"energy": "1 mJ"}},
    ],
    ids=str,
)
def test_limits_and_further_criteria_are_decided(changes: dict[str, Any], tmp_path: Path, capsys: Captured) -> None:
    case = tmp_path / "case.json"
    work = [{"name": "work", "energy": "150 uJ", "time": "20 ms", "volatile": "0 B", "repeat": 12}]
    case.write_text(json.dumps(document(tasks={**document()["tasks"], "list": work}, **changes)))
    said = []
    for solver in ("exact", "smt"):
        code = main(["solve", str(case), "--solver", solver, "--json"])
        value = json.loads(capsys.readouterr().out)
        said.append((code, *(value[key] for key in ("status", "kind", "latency"))))
    assert said[0] == said[1]
