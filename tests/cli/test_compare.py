"""`ischedule compare`: the plan and the policies of the literature in one table."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from ischedule.api import load_case, program_or_reason, solve
from ischedule.cli.main import main
from ischedule.comparison import PLAN, SKIPPING, compare, names
from ischedule.models.program import Program
from ischedule.policies.outcome import outcome
from ischedule.policies.registry import executions
from tests.house.tree import ROOT

KWS = str(ROOT / "cases" / "kws-inas-1mF-ts1.json")


def test_the_rows_are_the_plan_and_what_the_policies_come_to() -> None:
    case = load_case(KWS)
    found = compare(case, ["one-shot", "japari-8", "hawaii-external-1", "just-in-time"])
    program = program_or_reason(case)
    assert isinstance(program, Program)
    by_name = {row.name: row for row in found.rows}
    assert by_name[PLAN].latency == solve(case).latency
    assert by_name[PLAN].certified
    assert by_name["one-shot"].latency is None
    for execution in executions(case):
        row = by_name.get(execution.policy)
        if row is not None and row.latency is not None:
            expected = outcome(execution, program.law)
            # this latency ends with the buffer recharged, the plan's and the policy's
            again = program.law.charging.charge_time(expected.left, program.law.charging.buffer.turn_on_high)
            latency = expected.latency + again
            assert (row.latency, row.amount, row.cycles) == (latency, expected.drained, expected.cycles)
            assert not row.certified
    assert by_name["japari-8"].latency < by_name["hawaii-external-1"].latency  # type: ignore[operator]


def test_the_table_says_what_is_certified_and_why_not(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["compare", KWS, "--policy", "one-shot", "--policy", "tails"]) == 0
    text = capsys.readouterr().out
    lines = [" ".join(line.split()) for line in text.splitlines()]
    assert any(line.startswith("ischedule 2.011 s 1.00 ") and line.endswith(" yes") for line in lines)
    assert any(line.startswith("one-shot never ends") and line.endswith(" no") for line in lines)
    assert any(line.startswith("tails * ") for line in lines)
    assert "not of a better policy" in text
    assert "no latency holds for all supplies" in " ".join(text.split())


def test_as_json(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["compare", "cifar10-nas-max78000", "--json"]) == 0
    value = json.loads(capsys.readouterr().out)
    assert [row["policy"] for row in value["policies"]] == [PLAN, "one-shot", "layer-by-layer", "urgent"]
    assert value["policies"][0]["certified"] is True
    assert set(value["inapplicable"]) == set(names()) - {"one-shot", "layer-by-layer", "urgent"}
    assert "does not sleep" in value["inapplicable"][SKIPPING]


def test_a_case_without_a_plan_is_said_to_have_none(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["compare", "sensor-node-radio-does-not-fit"]) == 1
    assert "certified: no plan exists" in capsys.readouterr().out


def test_an_unknown_policy_is_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["compare", KWS, "--policy", "magic"]) == 2
    assert "magic" in capsys.readouterr().err


def test_a_picture_is_drawn(tmp_path: Path) -> None:
    pytest.importorskip("matplotlib")
    target = tmp_path / "compared.svg"
    assert main(["compare", KWS, "--policy", "japari-8", "--plot", str(target)]) == 0
    assert b"japari-8" in target.read_bytes() or b"<svg" in target.read_bytes()


def test_on_a_trace_all_are_simulated(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    trace = tmp_path / "trace.csv"
    rows = "".join(f"{step * 0.1:.1f},{0.004 if step % 7 else 0.0}\n" for step in range(600))
    trace.write_text("time_s,power_W\n" + rows, "utf-8")
    chosen = [one for name in ("layer-by-layer", "japari-8", "just-in-time") for one in ("--policy", name)]
    assert main(["compare", KWS, "--trace", str(trace), "--json", *chosen]) == 0
    value = {row["policy"]: row for row in json.loads(capsys.readouterr().out)["trace"]}
    assert list(value) == [PLAN, "layer-by-layer", "japari-8", "just-in-time"]
    assert all(row["finished"] for row in value.values())
    assert value[PLAN]["brown_outs"] == 0
    assert value["japari-8"]["written_by_checkpoints"] > value[PLAN]["written_by_checkpoints"]
    assert value["japari-8"]["latency"] > value[PLAN]["latency"]
    assert main(["compare", KWS, "--trace", str(trace), "--policy", "one-shot"]) == 0
    assert "simulated on" in capsys.readouterr().out


NODE = "sensor-node-sleeps-and-measures"


def test_the_plan_with_commits_skipped_is_a_row(capsys: pytest.CaptureFixture[str]) -> None:
    """Under programmable wake the list asks what was measured, so that the bound is the plan's own."""
    found = compare(load_case(str(ROOT / "cases" / f"{NODE}.json")), [SKIPPING])
    plan, skipping = found.rows
    assert (skipping.name, skipping.certified, skipping.latency) == (SKIPPING, True, plan.latency)
    assert "no later than the plan" in skipping.guarantee
    assert main(["compare", NODE, "--policy", SKIPPING, "--policy", "urgent"]) == 0
    text = capsys.readouterr().out
    assert "urgent" in text
    assert "left out" not in text


def test_commits_that_are_always_skipped_lower_the_bound() -> None:
    document = json.loads((ROOT / "cases" / f"{NODE}.json").read_text("utf-8"))
    sleep = document["wake"]["sleep"]
    fixed = document | {"wake": {"policy": "fixed", "mechanism": "sense", "sleep": sleep}}
    plan, skipping = compare(load_case(fixed), [SKIPPING]).rows
    assert skipping.certified
    assert skipping.latency is not None
    assert plan.latency is not None
    assert skipping.latency < plan.latency
    assert (skipping.amount or 0) < (plan.amount or 0)


def test_on_a_trace_commits_are_skipped(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    trace = tmp_path / "trace.csv"
    rows = "".join(f"{step * 2.0:.1f},{0.002 if step % 3 else 0.0}\n" for step in range(400))
    trace.write_text("time_s,power_W\n" + rows, "utf-8")
    assert main(["compare", NODE, "--trace", str(trace), "--json", "--policy", SKIPPING, "--policy", "urgent"]) == 0
    value = {row["policy"]: row for row in json.loads(capsys.readouterr().out)["trace"]}
    assert list(value) == [PLAN, SKIPPING, "urgent"]
    assert all(row["finished"] for row in value.values())
    assert value[PLAN]["checkpoints_skipped"] == 0
    assert value[SKIPPING]["checkpoints_skipped"] > 0
    assert value[SKIPPING]["latency"] <= value[PLAN]["latency"]
    assert value[SKIPPING]["run_again"] == 0
    pytest.importorskip("matplotlib")
    drawn = tmp_path / "traced.svg"
    chosen = ["--policy", SKIPPING, "--policy", "urgent"]
    assert main(["compare", NODE, "--trace", str(trace), "--plot", str(drawn), *chosen]) == 0
    plain = tmp_path / "plain.svg"
    assert main(["compare", NODE, "--plot", str(plain), *chosen]) == 0
    assert drawn.read_bytes().count(b"<use ") >= plain.read_bytes().count(b"<use ") + 3
    assert main(["compare", KWS, "--trace", str(trace), "--policy", SKIPPING]) == 0
    assert "takes all commits, as ischedule does: the device does not sleep" in " ".join(
        capsys.readouterr().out.split()
    )


def test_a_trace_that_is_none_is_one_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    trace = tmp_path / "trace.csv"
    trace.write_text("time_s,power_W\n0,0.001\n1,-2\n", "utf-8")
    assert main(["compare", KWS, "--trace", str(trace), "--policy", "one-shot"]) == 2
    assert "trace.csv" in capsys.readouterr().err
