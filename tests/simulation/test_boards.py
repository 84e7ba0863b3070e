"""Boards of a case, and its certified plans on them: no brown-out, and nothing later than certified."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from ischedule import api
from ischedule.models.buffer import NO_RESISTANCE
from ischedule.models.case import Case, load_case
from ischedule.models.diagnosis import Diagnosis, Unschedulable
from ischedule.models.quantities import Interval
from ischedule.simulated import first_boot, planned_script, reactive_script, release_of
from ischedule.simulation.boards import SUPPLIES, board_of, flows_of
from ischedule.simulation.many import random_adversary, run_many
from ischedule.simulation.planned import run_planned

CASES = (
    "camera-behind-linear-regulator",
    "kws-real-capacitor-1mF",
    "kws-programmable-comparator-1mF",
    "sensor-node-part-tolerances",
    "sensor-node-on-a-current-loop",
    "sensor-node-sense-compute-send",
    "sensor-node-sleeps-and-measures",
    "sensor-node-supercapacitor",
)
ROUNDING = 1e-9
"""Seconds: what certified integers and simulated floats can differ by."""


@pytest.mark.parametrize("name", CASES)
def test_certified_plans_never_brown_out_and_are_never_late(name: str) -> None:
    result = api.solve(f"cases/{name}.json")
    assert result.certified
    script = planned_script(result.case, result.program, result.plan)  # type: ignore[arg-type]
    for seed in range(4):
        for kind in SUPPLIES:
            rng = np.random.default_rng(seed) if seed else None
            found = run_planned(
                script, board_of(result.case, rng, kind), boot=first_boot(result.case), release=release_of(result.case)
            )
            assert (found.finished, found.brown_outs, found.cycles) == (True, 0, script.cycles)
            assert found.latency <= result.latency / 1e12 + ROUNDING  # type: ignore[operator]
            assert abs(found.imbalance) <= 1e-9 * found.harvested + 10 * found.error


def resisting() -> Case:
    case = load_case("cases/sensor-node-part-tolerances.json")
    buffer = replace(case.buffer, resistance=Interval(2_000_000, 8_000_000))
    return replace(case, buffer=buffer, load=replace(case.load, range=Interval(0, 30 * 10**12)))


def test_a_plan_that_ignores_resistance_browns_out_where_the_certified_one_does_not() -> None:
    case = resisting()
    blind = replace(case, buffer=replace(case.buffer, resistance=NO_RESISTANCE))
    counts = []
    for one in (case, blind):
        result = api.solve(one)
        script = planned_script(one, result.program, result.plan)  # type: ignore[arg-type]
        rng = np.random.default_rng(3)
        boards = [board_of(case, rng if number else None) for number in range(2000)]
        found = run_many(script, boards, random_adversary(*flows_of(case), len(boards), rng))
        assert run_planned(script, boards[0]).brown_outs == 0 or one is blind
        counts.append(int(found.browned_out.sum()))
    assert counts[0] == 0
    assert counts[1] > 0


def test_seeds_reproduce_boards() -> None:
    case = resisting()
    one, other, third = (board_of(case, np.random.default_rng(seed), "random") for seed in (1, 1, 2))
    assert one == other != third
    bad = board_of(case, None)
    assert bad.capacitor.capacitance == case.buffer.capacitance.lo * 1e-15
    assert bad.capacitor.resistance == pytest.approx(8.0)
    assert (bad.turn_on, bad.brown_out) == (pytest.approx(3.234), pytest.approx(2.25))


def test_what_runs_is_what_the_case_states() -> None:
    """Whatever the case has of converter and resistance: nothing of what the analysis allows for them comes in."""
    case = load_case("cases/sensor-node-part-tolerances.json")
    result = api.solve(resisting())
    script = planned_script(resisting(), result.program, result.plan)  # type: ignore[arg-type]
    assert case.tasks is not None
    work = sum(activity.amount for run in script.runs for _, activity in run.cycle.work * run.repeat)
    assert work == pytest.approx(sum(case.tasks.amount) * 1e-15)
    reactive = reactive_script(resisting(), result.plan)  # type: ignore[arg-type]
    assert reactive.units == len(case.tasks)
    assert reactive.boot.amount == pytest.approx(60e-6)


@pytest.mark.parametrize("start", ["cold", "floor", {"period": "60 s"}])
@pytest.mark.parametrize("milliseconds", [30, 900])
def test_a_sleeping_device_under_fixed_wake_comes_up_once(start: object, milliseconds: int) -> None:
    """From an empty buffer it boots at turn-on, and waits for turn-on again before its first power cycle."""
    document = json.loads(Path("cases/sensor-node-sleeps-and-measures.json").read_text())
    document["wake"] = {"policy": "fixed", "mechanism": "sense", "sleep": document["wake"]["sleep"]}
    document["boot"] = {"energy": "300 uJ", "time": f"{milliseconds} ms"}
    document["start"] = start
    document.pop("requirements")
    result = api.solve(document | {"requirements": {"volatile_memory": "4 KiB"}})
    assert result.certified
    assert result.latency is not None
    if start == "cold":
        floor = api.solve(document | {"start": "floor", "requirements": {"volatile_memory": "4 KiB"}})
        assert floor.latency is not None
        # what booting takes, charged again at 1.5 mW less what sleeping takes, and up to one polling period
        assert result.latency >= floor.latency + (milliseconds + 200) * 10**9
    script = planned_script(result.case, result.program, result.plan)  # type: ignore[arg-type]
    for kind in SUPPLIES:
        found = run_planned(
            script, board_of(result.case, None, kind), boot=first_boot(result.case), release=release_of(result.case)
        )
        assert (found.finished, found.brown_outs, found.cycles) == (True, 0, script.cycles)
        assert found.latency <= result.latency / 1e12 + ROUNDING


def test_a_sleeping_device_that_cannot_boot_at_turn_on_never_comes_up() -> None:
    document = json.loads(Path("cases/sensor-node-sleeps-and-measures.json").read_text())
    document["wake"] = {"policy": "fixed", "mechanism": "sense", "sleep": document["wake"]["sleep"]}
    result = api.solve(document | {"boot": {"energy": "1.5 mJ", "time": "30 ms"}})
    assert isinstance(result.program, Unschedulable)
    assert result.program.diagnosis is Diagnosis.BOOT_LOOP
