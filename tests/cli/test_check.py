"""`ischedule check`: accepted, rejected with a reason, or one line about what is wrong with the files."""

from __future__ import annotations

import io
import json
import sys
from pathlib import Path
from typing import Any

import pytest

from ischedule.cli.main import main
from ischedule.cli.output import Progress
from tests.analysis.node_cases import document

Captured = pytest.CaptureFixture[str]


@pytest.fixture(autouse=True)
def solved(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Captured) -> None:
    """A case with its plan file, and one of another case."""
    monkeypatch.chdir(tmp_path)
    Path("case.json").write_text(json.dumps(document()))
    Path("other.json").write_text(json.dumps(document(until="recharged")))
    assert main(["solve", "case.json", "-o", "."]) == 0
    capsys.readouterr()


def check(capsys: Captured, *arguments: str, code: int) -> str:
    assert main(["check", *arguments]) == code
    out, err = capsys.readouterr()
    assert err == ""
    return str(out)


def altered(**changes: Any) -> str:
    plan = json.loads(Path("node.plan.json").read_text())
    for key, value in changes.items():
        plan["claim"][key] = value
    Path("altered.json").write_text(json.dumps(plan))
    return "altered.json"


def test_a_true_claim_is_accepted(capsys: Captured) -> None:
    text = check(capsys, "case.json", "node.plan.json", code=0)
    assert text.splitlines()[0] == "node: accepted: the plan meets every condition, and none takes less time"
    assert "claimed, and recomputed" in text
    assert "claimed, proven" in text
    assert "ideal capacitor: no series resistance, no leakage" in text
    assert "- the checker itself, and Python's integers" in text
    assert max(map(len, text.splitlines())) <= 100


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_long_checks_say_at_a_terminal_what_they_are_about(capsys: Captured, monkeypatch: pytest.MonkeyPatch) -> None:
    terminal = Terminal()
    monkeypatch.setattr(sys, "stderr", terminal)
    monkeypatch.setattr(Progress, "PATIENCE", -1.0)
    monkeypatch.setattr(Progress, "INTERVAL", 0.0)
    assert main(["check", "case.json", "node.plan.json"]) == 0
    assert "checking the plan" in terminal.getvalue()
    assert "checking the bound: atom 0 of" in terminal.getvalue()


def test_the_verdict_as_json(capsys: Captured) -> None:
    found = json.loads(check(capsys, "case.json", "node.plan.json", "--json", code=0))
    assert (found["accepted"], found["kind"], found["status"]) == (True, "optimal", "schedulable")
    assert found["latency"] == found["claimed_latency"] == found["bound"]
    refused = json.loads(check(capsys, "other.json", "node.plan.json", "--json", code=1))
    assert refused["accepted"] is False
    assert refused["bound"] is None
    assert "another case" in refused["reason"]


def test_a_plan_for_another_case_is_rejected(capsys: Captured) -> None:
    text = check(capsys, "other.json", "node.plan.json", code=1)
    assert text.startswith("node: rejected: the plan is for another case")
    assert "trusted" not in text


@pytest.mark.parametrize("key", ["latency", "bound"])
def test_a_false_figure_is_rejected(capsys: Captured, key: str) -> None:
    text = check(capsys, "case.json", altered(**{key: 10**12}), code=1)
    assert text.startswith("node: rejected: ")
    assert "1 s claimed" in text


def test_a_plan_alone_is_accepted_as_such(capsys: Captured) -> None:
    plan = json.loads(Path("node.plan.json").read_text())
    plan["claim"] |= {"bound": None, "certified": "feasible"}
    plan["certificate"] = None
    Path("alone.json").write_text(json.dumps(plan))
    text = check(capsys, "case.json", "alone.json", code=0)
    assert "schedulable, feasible" in text


def test_a_plan_file_is_read_from_standard_input(capsys: Captured, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(Path("node.plan.json").read_bytes())))
    check(capsys, "case.json", "-", code=0)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (None, "there is no such file"),
        ("", "the file is empty"),
        ("{", "is not JSON"),
        ("{}", "is required"),
        ('{"ischedule": 1}', "is an unknown key"),
    ],
)
def test_a_broken_plan_file_is_one_line(capsys: Captured, content: str | None, said: str) -> None:
    if content is not None:
        Path("broken.json").write_text(content)
    assert main(["check", "case.json", "broken.json"]) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert err.startswith("ischedule: broken.json: ")
    assert err.count("\n") == 1
    assert said in err


def test_standard_input_cannot_be_both(capsys: Captured) -> None:
    assert main(["check", "-", "-"]) == 2
    assert "standard input is the case already" in capsys.readouterr().err


def test_case_and_plan_in_the_wrong_order_are_told_apart(capsys: Captured) -> None:
    assert main(["check", "node.plan.json", "case.json"]) == 2
    assert capsys.readouterr().err.startswith("ischedule: node.plan.json: $")
