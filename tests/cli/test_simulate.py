"""`ischedule simulate` as a command: figures, files, and what it refuses."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from ischedule.cli.main import main

CASE = "sensor-node-part-tolerances"


def figures(capsys: pytest.CaptureFixture[str], *arguments: str) -> dict[str, object]:
    code = main(["simulate", *arguments, "--json"])
    value = dict(json.loads(capsys.readouterr().out))
    return value | {"code": code}


def test_a_plan_file_and_solving_first_come_to_the_same(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    assert main(["solve", CASE, "-o", str(tmp_path)]) == 0
    capsys.readouterr()
    plan = next(tmp_path.glob("*.json"))
    given, solved = figures(capsys, CASE, str(plan), "--runs", "7"), figures(capsys, CASE, "--runs", "7")
    assert given == solved
    assert (given["code"], given["finished"], given["brown_outs"]) == (0, 7, 0)


def test_seeds_reproduce_and_differ(capsys: pytest.CaptureFixture[str]) -> None:
    one, other, third = (figures(capsys, CASE, "--runs", "9", "--seed", seed) for seed in ("4", "4", "5"))
    assert one == other != third


def test_runtimes_without_a_plan_and_traces(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    trace = tmp_path / "trace.csv"
    trace.write_text("time_s,power_W\n0,2e-3\n1,5e-4\n3,2e-3\n")
    found = figures(capsys, CASE, "--policy", "opportunistic", "--runs", "5", "--trace", str(trace))
    assert (found["code"], found["finished"]) == (0, 5)
    assert int(str(found["brown_outs"])) > 0
    assert figures(capsys, CASE, "--policy", "one-shot", "--runs", "3")["code"] == 1


def test_files_are_written(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    events, drawing = tmp_path / "events.json", tmp_path / "voltage.svg"
    assert main(["simulate", CASE, "--runs", "2", "--perfetto", str(events), "--plot", str(drawing)]) == 0
    assert "certified latency" in capsys.readouterr().out
    rows = json.loads(events.read_text())["traceEvents"]
    spans = [row for row in rows if row["ph"] == "X"]
    assert {"boot", "send"} <= {row["name"] for row in spans}
    assert all(row["dur"] >= 0 for row in spans)
    assert [row["ts"] for row in spans] == sorted(row["ts"] for row in spans)
    assert drawing.read_text().lstrip().startswith("<?xml")


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["--runs", "0"], "--runs"),
        (["--seed", "-1"], "--seed"),
        (["--plot", "x.pdf"], "neither .png nor .svg"),
        (["--trace", "nowhere.csv"], "nowhere.csv"),
    ],
)
def test_what_cannot_be_simulated_is_refused(
    arguments: list[str], told: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["simulate", CASE, *arguments]) == 2
    assert told in capsys.readouterr().err


def test_a_case_without_a_plan_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["simulate", "sensor-node-radio-sags"]) == 2
    assert "no plan to simulate" in capsys.readouterr().err


def test_a_missing_matplotlib_is_told(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    assert main(["simulate", CASE, "--plot", "x.png"]) == 2
    assert "ischedule[plot]" in capsys.readouterr().err


def test_commits_are_skipped_where_the_plan_lists_them(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    node = "sensor-node-sleeps-and-measures"
    assert main(["simulate", node, "--policy", "planned-skipping", "--runs", "5", "--json"]) == 0
    value = json.loads(capsys.readouterr().out)
    assert value["note"] is None
    assert value["figures"]["checkpoints skipped"]["max"] == 2
    assert value["figures"]["latency"]["max"] * 1e12 <= value["certified_latency_ps"]
    assert main(["solve", node, "-o", str(tmp_path)]) == 0
    plan = tmp_path / f"{node}.plan.json"
    document = json.loads(plan.read_text("utf-8"))
    del document["skippable"]
    plan.write_text(json.dumps(document), "utf-8")
    capsys.readouterr()
    assert main(["simulate", node, str(plan), "--policy", "planned-skipping", "--runs", "5", "--json"]) == 0
    value = json.loads(capsys.readouterr().out)
    assert value["figures"]["checkpoints skipped"]["max"] == 0
    assert "the plan lists no commit" in value["note"]


def test_a_device_that_is_off_meanwhile_skips_nothing_and_says_so(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["simulate", "sensor-node-sense-compute-send", "--policy", "planned-skipping", "--runs", "2"]) == 0
    assert "the plan lists no commit as skippable: the device does not sleep" in capsys.readouterr().out
