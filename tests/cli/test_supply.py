"""`ischedule supply`: what it prints and writes, and that a case reads it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from ischedule.api import check, explain, solve
from ischedule.cli.main import main
from ischedule.models.case_curve import read_curve
from ischedule.models.errors import InputError
from ischedule.models.plan import Status
from ischedule.models.plan_file import Certified
from ischedule.models.program import Program
from ischedule.models.supply import CurveSupply
from tests.house.tree import ROOT

TRACE = "time_s,power_W\n" + "".join(f"{time},{power}\n" for time, power in enumerate([0.002, 0.001, 0, 0, 0.003] * 4))


@pytest.fixture
def trace(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    file = tmp_path / "trace.csv"
    file.write_text(TRACE, "utf-8")
    return file


def test_the_curve_that_is_written_is_the_one_that_is_shown(trace: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["supply", str(trace), "-o", "curve.json", "--safety", "90%", "--json"]) == 0
    shown = json.loads(capsys.readouterr().out)
    curve = read_curve(trace.with_name("curve.json"))
    assert [list(point) for point in curve.points] == shown["points"]
    assert (curve.rate, curve.blackout) == (shown["rate"], shown["blackout"])
    assert shown["blackout"] == 2 * 10**12
    assert shown["mean_power"] == 12 * 10**11
    assert [one["trace"] for one in shown["guaranteed_power"]] == [0, 12 * 10**11]


def test_a_case_is_solved_under_the_curve_of_a_trace(trace: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["supply", str(trace), "-o", "curve.json"]) == 0
    assert "evidence about this one trace" in capsys.readouterr().out
    assert main(["cases", "--copy", "sensor-node-on-a-solar-curve", "-o", "case.json"]) == 0
    case = json.loads(trace.with_name("case.json").read_text("utf-8"))
    case["supply"] = {"kind": "curve", "path": "curve.json"}
    trace.with_name("case.json").write_text(json.dumps(case), "utf-8")
    assert main(["solve", "case.json", "-o", "plans"]) == 0
    assert "it may be full until any cycle ends" in " ".join(capsys.readouterr().out.split())
    assert main(["check", "case.json", "plans/sensor-node-on-a-solar-curve.plan.json"]) == 0
    assert main(["explain", "case.json"]) == 0
    capsys.readouterr()


@pytest.mark.parametrize(
    "call",
    [
        ["solve", "sensor-node-on-a-solar-curve", "--solver", "ilp"],
        ["solve", "sensor-node-on-a-solar-curve", "--pareto", "latency,energy"],
        ["supply", "missing.csv"],
    ],
)
def test_what_is_not_possible_under_a_curve_is_said(call: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(call) == 2
    assert capsys.readouterr().err.startswith("ischedule: ")


@pytest.mark.parametrize(
    "option",
    [
        ["--safety", "0"],
        ["--safety", "1.1"],
        ["--points", "3"],
        ["--safety", "x"],
        ["--window", "x"],
        ["--window", "3s:2s"],
        ["--window", "0s"],
    ],
)
def test_options_out_of_range_are_refused(trace: Path, option: list[str]) -> None:
    with pytest.raises(SystemExit) as refused:
        main(["supply", str(trace), *option])
    assert refused.value.code == 2


def test_only_windows_of_a_range_are_looked_at(trace: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["supply", str(trace), "--window", "2 s:10s", "-o", "curve.json", "--json"]) == 0
    shown = json.loads(capsys.readouterr().out)
    assert shown["windows"] == [2 * 10**12, 10**13]
    assert max(window for window, _ in shown["points"]) < 13 * 10**12
    assert [one["window"] for one in shown["guaranteed_power"]] == ["1 s", "10 s"]
    assert "at least 2 s and at most 10 s" in trace.with_name("curve.json").read_text("utf-8")
    assert main(["supply", str(trace), "--window", "10s"]) == 0
    out = " ".join(capsys.readouterr().out.split())
    assert "inside it, at most 10 s" in out
    assert "longer than these are taken" in out
    assert main(["supply", str(trace), "--window", "1.2s:1.9s"]) == 2
    assert "has no whole number of rows between its ends" in capsys.readouterr().err


def test_a_symbolic_proof_under_a_curve_is_refused(trace: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["solve", "sensor-node-on-a-solar-curve", "-o", "plans"]) == 0
    plan = "plans/sensor-node-on-a-solar-curve.plan.json"
    assert main(["check", "sensor-node-on-a-solar-curve", plan, "--symbolic"]) == 2
    assert "$.supply.kind" in capsys.readouterr().err


SOLAR = ROOT / "cases" / "sensor-node-on-a-solar-curve.json"


def real(**buffer: object) -> dict[str, object]:
    """The shipped case on another capacitor."""
    found: dict[str, object] = json.loads(SOLAR.read_text("utf-8"))
    return found | {"buffer": {**found["buffer"], **buffer}}  # type: ignore[dict-item]


def test_leakage_and_resistance_count_under_a_curve() -> None:
    ideal = solve(real())
    leaking = solve(real(leakage="20 uA"))
    both = solve({**real(leakage="20 uA", series_resistance="4 ohm"), "load": {"power": ["5 mW", "30 mW"]}})
    assert ideal.latency is not None
    assert leaking.latency is not None
    assert both.latency is not None
    assert all(one.certified for one in (ideal, leaking, both))
    # 20 uA at 4 V are 80 uW, which are drawn in every window
    assert isinstance(ideal.program, Program)
    assert isinstance(leaking.program, Program)
    rules = ideal.program.law.curve, leaking.program.law.curve
    assert rules[0] is not None
    assert rules[1] is not None
    assert rules[1].curve == rules[0].curve.less(80 * 10**9)
    assert ideal.latency * 1.02 < leaking.latency < ideal.latency * 1.3
    assert leaking.latency < both.latency
    assert isinstance(both.program, Program)
    assert both.program.law.charging.buffer.load_floor > 2_200_000_000


def test_failures_count_under_a_curve() -> None:
    plain, once, twice = (
        solve(real() | {"requirements": {"failures": count, "volatile_memory": "4 KiB"}}) for count in (0, 1, 2)
    )
    assert plain.latency is not None
    assert isinstance(plain.program, Program)
    assert plain.program.law.curve is not None
    blackout = plain.program.law.curve.curve.blackout
    for result, count in ((once, 1), (twice, 2)):
        assert result.evaluation is not None
        # it has too many cuts to be searched in full
        assert result.kind is Certified.WITHIN
        assert result.latency is not None
        assert result.latency >= plain.latency + count * blackout
        # each failure meets the longest blackout anew
        assert result.evaluation.failures > count * blackout
        assert result.bound is not None
        assert plain.latency + count * blackout < result.bound < result.latency < 1.06 * result.bound
        assert result.plan_file is not None
        assert check(result.case, result.plan_file).accepted


def test_failures_of_a_sleeping_device_are_refused_under_a_curve() -> None:
    woken = {"energy": "5 uJ", "time": "1 ms"}
    sleep = {"power": "1 uW", "poll_energy": "0.1 uJ", "poll_period": "1 s", "wake": woken, "retained": True}
    wake = {"policy": "fixed", "mechanism": "sense", "sleep": sleep}
    with pytest.raises(InputError, match="can lower below brown-out"):
        solve(real() | {"wake": wake, "requirements": {"failures": 1, "volatile_memory": "4 KiB"}})


def test_what_would_help_under_a_curve_is_found_and_confirmed(capsys: pytest.CaptureFixture[str]) -> None:
    document = json.loads(SOLAR.read_text("utf-8"))
    late = document | {"requirements": {"deadline": "11.2 s", "volatile_memory": "4 KiB"}}
    result, explanation = explain(late)
    assert result.plan is None or result.kind is Certified.DEADLINE
    assert explanation is not None
    found = {remedy.lever.name: remedy for remedy in explanation.remedies}
    assert {"deadline", "blackout of the supply curve", "power of the supply curve"} <= set(found)
    for remedy in found.values():
        changed = remedy.lever.changed(result.case, remedy.value)
        assert changed is not None
        assert solve(changed).status is Status.SCHEDULABLE
    blackout = found["blackout of the supply curve"]
    assert isinstance(result.case.supply, CurveSupply)
    assert blackout.value < result.case.supply.curve.blackout
    shorter = blackout.lever.changed(result.case, blackout.value)
    assert shorter is not None
    assert isinstance(shorter.supply, CurveSupply)
    assert shorter.supply.curve.blackout == blackout.value


def test_a_plan_under_a_curve_is_sensitive_to_the_curve() -> None:
    _, explanation = explain(json.loads(SOLAR.read_text("utf-8")))
    assert explanation is not None
    found = {one.lever.name: one.anew for one in explanation.sensitivities}
    # a blackout that is longer by 0.1 % makes every plan later by just that
    result = solve(json.loads(SOLAR.read_text("utf-8")))
    assert isinstance(result.case.supply, CurveSupply)
    assert found["blackout of the supply curve"] == pytest.approx(result.case.supply.curve.blackout / 1000, rel=1e-3)
    power = found["power of the supply curve"]
    assert power is not None
    assert power < 0
