"""`ischedule check --symbolic`: what is proven for every behaviour, and the behaviour that breaks a wrong plan."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from ischedule.cli.main import main

pytest.importorskip("z3", reason="needs z3")

Captured = pytest.CaptureFixture[str]
CASE = "sensor-node-sense-compute-send"


@pytest.fixture
def plan(tmp_path: Path) -> Path:
    assert main(["solve", CASE, "-o", str(tmp_path)]) == 0
    return tmp_path / f"{CASE}.plan.json"


def test_a_plan_is_proven(plan: Path, capsys: Captured) -> None:
    assert main(["check", CASE, str(plan), "--symbolic"]) == 0
    text = capsys.readouterr().out
    assert "1 to 3      467 uJ  1.417 mJ  proven" in text
    assert "proven latency: 3.728 s at most without failures" in text


def test_as_json(plan: Path, capsys: Captured) -> None:
    capsys.readouterr()
    assert main(["check", CASE, str(plan), "--symbolic", "--json"]) == 0
    value = json.loads(capsys.readouterr().out)
    assert value["symbolic"]["holds"]
    assert value["symbolic"]["latency"] == value["latency"]
    assert [one["cycle"] for one in value["symbolic"]["cycles"]] == [1, 2, 3]
    assert all("wake" in one["shown"] for one in value["symbolic"]["cycles"])


def test_a_plan_of_another_case_is_refuted_in_real_units(plan: Path, capsys: Captured) -> None:
    assert main(["check", "sensor-node-part-tolerances", str(plan), "--symbolic"]) == 1
    text = capsys.readouterr().out
    assert "not proven: wake" in text
    assert "counterexample in cycle 1: there is too little for" in text
    assert "with 376 uF" in text
    assert "are missing" in text
    assert main(["check", "sensor-node-part-tolerances", str(plan), "--symbolic", "--json"]) == 1
    broken = json.loads(capsys.readouterr().out)["symbolic"]["cycles"][0]["broken"]
    assert broken["obligation"] == "wake"
    assert broken["capacitance"] >= 376 * 10**9


def test_a_file_without_a_plan_cannot_be_proven(tmp_path: Path, capsys: Captured) -> None:
    name = "sensor-node-radio-does-not-fit"
    assert main(["solve", name, "-o", str(tmp_path)]) == 1
    assert main(["check", name, str(tmp_path / f"{name}.plan.json"), "--symbolic"]) == 2
    assert "is a file without a plan; leave out --symbolic" in capsys.readouterr().err
