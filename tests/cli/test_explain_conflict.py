"""`ischedule explain` of a case of tasks without a plan: which requirements are in conflict."""

from __future__ import annotations

import json

import pytest

import ischedule.api
from ischedule.api import explain
from ischedule.cli.main import main
from ischedule.models.conflict import Named
from tests.analysis.node_cases import document

pytest.importorskip("z3", reason="needs z3")

Captured = pytest.CaptureFixture[str]


@pytest.fixture(autouse=True)
def time_enough(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is in conflict does not depend on how busy the machine is."""
    monkeypatch.setattr(ischedule.api, "CONFLICT_SECONDS", 600.0)


def test_a_radio_that_does_not_fit_would_with_a_checkpoint_more(capsys: Captured) -> None:
    assert main(["explain", "sensor-node-radio-does-not-fit"]) == 1
    text = capsys.readouterr().out
    assert "requirements in conflict" in text
    assert "places of checkpoints    8 power cycles                589 uJ" in text


def test_a_missed_deadline_names_what_makes_every_plan_late(capsys: Captured) -> None:
    assert main(["explain", "sensor-node-deadline-missed-narrowly", "--json"]) == 1
    found = {one["without"]: one for one in json.loads(capsys.readouterr().out)["conflict"]}
    assert set(found) == {"energy of a power cycle", "wake level", "supply", "start", "deadline"}
    assert found["deadline"]["latency"] == 3_728_100_000_003
    assert all(one["latency"] <= 3_600_000_000_000 for name, one in found.items() if name != "deadline")


def test_memory_that_is_short_is_in_conflict_with_nothing_else() -> None:
    _, explanation = explain(document(requirements={"volatile_memory": "2 KiB"}))
    assert explanation is not None
    assert explanation.conflict is not None
    assert explanation.conflict.names == (Named.VOLATILE,)


def test_no_time_no_conflict(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ischedule.api, "CONFLICT_SECONDS", 0.0)
    _, explanation = explain("cases/sensor-node-radio-does-not-fit.json")
    assert explanation is not None
    assert explanation.conflict is None
    assert explanation.remedies


def test_a_case_with_a_plan_has_no_conflict(capsys: Captured) -> None:
    assert main(["explain", "sensor-node-sense-compute-send", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["conflict"] is None
