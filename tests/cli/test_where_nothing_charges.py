"""Cases whose supply never restores what a charged start holds, or loses it in a failure: answers, no tracebacks."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from ischedule.api import solve
from ischedule.cli.main import main
from ischedule.models.diagnosis import Diagnosis
from ischedule.models.errors import InputError
from ischedule.models.program import Program

TASKS = {"commit": {"energy": "0 J", "time": "0 s"}, "resume": {"energy": "0 J", "time": "0 s"}}


def case(**changes: Any) -> dict[str, Any]:
    found: dict[str, Any] = {
        "ischedule": 1,
        "name": "node",
        "boot": {"energy": "20 uJ", "time": "10 ms"},
        "buffer": {
            "capacitance": "1 mF",
            "turn_on": "3.3 V",
            "brown_out": "2 V",
            "series_resistance": "0 ohm",
            "leakage": "0 A",
        },
        "power_path": "converter",
        "wake": {"policy": "fixed", "mechanism": "latch"},
        "supply": {"kind": "power", "power": "1 mW"},
        "start": "charged",
        "tasks": TASKS | {"list": [{"energy": "100 uJ", "time": "20 ms"}]},
    }
    return found | changes


LOSING = [
    {"buffer": case()["buffer"] | {"leakage": {"current": "0 A", "resistance": "3 kohm"}}},
    {"buffer": case()["buffer"] | {"leakage": "1 mA"}},
    {"supply": {"kind": "source", "voltage": "1 V", "resistance": "100 ohm"}},
]


@pytest.mark.parametrize("losing", LOSING)
@pytest.mark.parametrize("call", ["solve", "compare", "explain"])
def test_one_charge_is_all_there_is(
    losing: dict[str, Any], call: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "case.json"
    file.write_text(json.dumps(case(**losing)))
    assert main([call, str(file)]) == 0
    found = capsys.readouterr().out
    if call == "solve":
        assert "30 ms at worst" in found
    if call == "compare":
        assert "never ends" in found


def test_explaining_tries_only_what_is_decided(tmp_path: Path) -> None:
    load = {"power": ["1 mW", "9 mW"], "minimum_voltage": "2.4 V"}
    tasks = TASKS | {"list": [{"energy": "100 uJ", "time": "20 ms", "load": load}]}
    limits = {"requirements": {"power_cycles": 5}, "start": "cold", "load": {"power": ["1 mW", "5 mW"]}}
    file = tmp_path / "case.json"
    file.write_text(json.dumps(case(tasks=tasks, **limits, buffer=LOSING[1]["buffer"])))
    assert main(["explain", str(file)]) == 1


def test_limits_that_are_not_decided_with_loads_of_single_tasks_are_named() -> None:
    load = {"power": ["1 mW", "30 mW"], "minimum_voltage": "2.6 V"}
    tasks = TASKS | {"list": [{"energy": "100 uJ", "time": "20 ms", "load": load}]}
    with pytest.raises(InputError, match=r"\$\.requirements\.power_cycles = 5: is not decided here.*leave it out"):
        solve(case(tasks=tasks, requirements={"power_cycles": 5}, load={"power": ["1 mW", "5 mW"]}))


def test_a_bound_below_nothing_is_none(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    wake = {"policy": "programmable", "mechanism": "latch", "external_comparator": True, "power_on": "2.9 V"}
    tasks = {
        "commit": {"energy": "2 uJ", "time": "0.5 ms"},
        "resume": {"energy": "1 uJ", "time": "0.4 ms"},
        "list": [
            {"energy": "20 uJ", "time": "46 ms"},
            {"energy": "88 uJ", "time": "26 ms"},
            {"energy": "25 uJ", "time": "18 ms"},
        ],
    }
    buffer = case()["buffer"] | {"capacitance": "2 mF", "turn_on": "3.1 V", "brown_out": "2.4 V"}
    supply, limits = {"kind": "power", "power": "2 mW"}, {"power_cycles": 5}
    changes = {"wake": wake | {"step": "20 mV"}, "tasks": tasks, "buffer": buffer, "supply": supply}
    file = tmp_path / "case.json"
    file.write_text(json.dumps(case(**changes, requirements=limits)))
    assert main(["solve", str(file)]) == 0
    assert "no bound above nothing is proven" in capsys.readouterr().out


def asleep(**wake: Any) -> dict[str, Any]:
    woken = {"energy": "2 uJ", "time": "1 ms"}
    sleep = {"power": "0 W", "poll_energy": "0 J", "poll_period": "1 ms", "wake": woken, "retained": True}
    return {"policy": "programmable", "mechanism": "sense", "sleep": sleep} | wake


def test_a_device_that_lost_its_sleep_comes_up_where_it_is_switched_on() -> None:
    """From 2 V to 3.2 V 3.12 mJ at 1 mW, then booting; what is left is above the threshold."""
    failing = {"start": "floor", "requirements": {"failures": 1}}
    result = solve(case(wake=asleep(power_on="3.2 V"), **failing))
    plain = solve(case(wake=asleep(power_on="3.2 V"), start="floor"))
    assert result.certified
    assert plain.latency is not None
    assert result.latency is not None
    assert result.latency - plain.latency >= 3120 * 10**9 + 10 * 10**9 + 21 * 10**9
    with pytest.raises(InputError, match=r"\$\.wake\.power_on is required where failures|power_on"):
        solve(case(wake=asleep(), **failing))
    loops = solve(case(wake=asleep(power_on="2.002 V"), **failing))
    assert loops.plan is None
    assert not isinstance(loops.program, Program)
    assert loops.program is not None
    assert loops.program.diagnosis is Diagnosis.BOOT_LOOP


def test_a_first_cycle_that_finds_enough_has_a_threshold_from_which_it_can_be_run_again() -> None:
    wake = {"policy": "programmable", "mechanism": "latch", "external_comparator": True, "power_on": "3.2 V"}
    tasks = TASKS | {"list": [{"energy": "1 mJ", "time": "20 ms"}]}
    result = solve(case(wake=wake, tasks=tasks))
    assert result.plan is not None
    assert result.evaluation is not None
    assert result.plan.cycles[0].level >= result.evaluation.largest_cycle
    assert result.latency == 30 * 10**9
