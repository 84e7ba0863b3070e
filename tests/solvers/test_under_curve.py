"""Plans under a supply curve against all cut sets, and the checker against claims that are false."""

from __future__ import annotations

import json
import random
from dataclasses import replace
from itertools import pairwise, product
from pathlib import Path
from typing import Any

import pytest

from ischedule.analysis.check import check as check_claim
from ischedule.analysis.evaluate import evaluate
from ischedule.analysis.label_closure import cycle_demand
from ischedule.analysis.power_cycles import InvalidPlan
from ischedule.api import check, solve
from ischedule.models.build import program_of
from ischedule.models.case import load_case
from ischedule.models.curve_bound import least_response
from ischedule.models.cycle_law import Position, positions
from ischedule.models.demand import Coordinate
from ischedule.models.errors import InputError
from ischedule.models.plan import Plan, PowerCycles, UnderCurve
from ischedule.models.plan_file import Certified, dump_plan_file, parse_plan_file
from ischedule.models.program import Program
from ischedule.solvers import under_curve

CURVE = {"kind": "curve", "points": [["0 s", "0 J"], ["4 s", "0 J"], ["9 s", "3 mJ"]], "rate": "1.2 mW"}
OUTDRAWN = {"maximum_power": "3 mW", "least_load": "4 mW"}
WAKES: dict[str, dict[str, Any]] = {
    "latch": {"policy": "fixed", "mechanism": "latch"},
    "burn": {"policy": "fixed", "mechanism": "burn", "idle_power": "5 mW"},
    "sense": {
        "policy": "fixed",
        "mechanism": "sense",
        "sleep": {
            "power": "2 uW",
            "poll_energy": "1 uJ",
            "poll_period": "100 ms",
            "wake": {"energy": "5 uJ", "time": "1 ms"},
            "retained": True,
        },
    },
    "comparator": {
        "policy": "programmable",
        "mechanism": "latch",
        "external_comparator": True,
        "step": "20 mV",
        "power_on": "2.6 V",
    },
}


SLEEPLESS = WAKES["sense"]["sleep"] | {"power": "0 W", "poll_energy": "0 J"}
"""A sleeping device that draws nothing, and needs no room above its threshold."""


def document(seed: int, wake: str, start: object, until: str, supply: dict[str, Any]) -> dict[str, Any]:
    draw = random.Random(seed)
    tasks = [
        {
            "name": f"task {place}",
            "energy": f"{draw.randint(30, 700)} uJ",
            "time": f"{draw.randint(5, 900)} ms",
            "cut": place == 5 or draw.random() < 0.8,
        }
        for place in range(6)
    ]
    return {
        "ischedule": 1,
        "name": "drawn",
        "boot": {"energy": "60 uJ", "time": "30 ms"},
        "buffer": {
            "capacitance": draw.choice(["470 uF", "470 uF ± 10 %"]),
            "turn_on": draw.choice(["3.3 V", "3.3 V ± 1 %"]),
            "brown_out": "2.2 V",
            "clamp": "3.8 V",
            "series_resistance": "0 ohm",
            "leakage": "0 A",
        },
        "power_path": "converter",
        "wake": WAKES[wake],
        "supply": supply,
        "start": start,
        "until": until,
        "tasks": {
            "commit": {"energy": f"{draw.randint(1, 90)} uJ", "time": "1 ms"},
            "resume": {"energy": "3 uJ", "time": f"{draw.randint(1, 300)} ms"},
            "list": tasks,
        },
    }


def all_latencies(program: Program) -> list[int]:
    """What every set of cuts takes, each cycle at the least threshold that suffices for it, as the checker computes."""
    (stage,) = program.stages
    chain = stage.chain(0)
    found = []
    for cuts in product((False, True), repeat=len(chain) - 1):
        ends = [0, *(place for place, cut in enumerate(cuts, 1) if cut), len(chain)]
        runs = []
        try:
            for (start, end), position in zip(pairwise(ends), positions(len(ends) - 1), strict=True):
                need = cycle_demand(chain, start, end, Coordinate.ENERGY).need
                threshold = program.law.threshold(need, position)
                runs.append(PowerCycles(1, end - start, threshold.level, threshold.code))
            found.append(evaluate(program, Plan((0,), tuple(runs))).latency)
        except (InvalidPlan, ValueError):
            continue
    return found


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("wake", ["latch", "sense", "comparator", "burn"])
@pytest.mark.parametrize("start", ["cold", "floor", "charged"])
@pytest.mark.parametrize("until", ["published", "recharged"])
def test_the_plan_of_tasks_is_the_best_of_all_cuts(seed: int, wake: str, start: str, until: str) -> None:
    supply = CURVE | ({} if seed % 2 else OUTDRAWN) | ({"maximum_power": "3 mW"} if wake == "burn" else {})
    given = document(seed, wake, start, until, supply)
    if seed % 3 == 2:
        given["buffer"] |= {"decoupling": "15 uF", "redistribution": "10 mV"}
    if seed % 3 and wake != "sense":
        given["requirements"] = given.get("requirements", {}) | {"failures": seed % 3}
    case = load_case(given)
    if (wake, start) == ("sense", "floor"):
        with pytest.raises(InputError, match="a level that a blackout can lower below brown-out"):
            program_of(case)
        return
    program = program_of(case)
    result, latencies = solve(case), all_latencies(program)
    if not latencies:
        assert result.kind is Certified.INFEASIBLE
        return
    assert result.kind is Certified.OPTIMAL
    assert result.latency == min(latencies)
    assert result.plan_file is not None
    assert parse_plan_file(dump_plan_file(result.plan_file).encode(), "plan") == result.plan_file
    for value in (result.latency + 1, result.latency - 1):
        claim = replace(result.plan_file.claim, bound=value)
        forged = replace(result.plan_file, claim=claim, certificate=UnderCurve(value))
        assert not check(case, forged).accepted


@pytest.mark.parametrize("seed", range(8))
@pytest.mark.parametrize("wake", ["latch", "comparator"])
@pytest.mark.parametrize("start", ["cold", "floor", "charged"])
def test_the_plan_of_tasks_with_loads_of_their_own_is_the_best_of_all_cuts(seed: int, wake: str, start: str) -> None:
    """Cycles that need more than they drain: to hold the voltage under a task's load to its end."""
    given = document(seed, wake, start, "published", CURVE | ({} if seed % 2 else OUTDRAWN))
    given["buffer"] |= {"series_resistance": "8 ohm"}
    given["load"] = {"power": ["1 mW", "20 mW"]}
    for place, task in enumerate(given["tasks"]["list"]):
        if place % 2 == seed % 2:
            task |= {"time": "20 ms", "load": {"power": ["1 mW", "60 mW"]}}
        else:
            task["time"] = "800 ms"
    case = load_case(given)
    program = program_of(case)
    assert program.has_needs
    result, latencies = solve(case), all_latencies(program)
    if not latencies:
        assert result.kind is Certified.INFEASIBLE
        return
    assert (result.kind, result.latency) == (Certified.OPTIMAL, min(latencies))
    assert result.plan_file is not None
    for value in (result.latency + 1, result.latency - 1):
        claim = replace(result.plan_file.claim, bound=value)
        forged = replace(result.plan_file, claim=claim, certificate=UnderCurve(value))
        assert not check(case, forged).accepted


@pytest.mark.parametrize("wake", ["latch", "comparator", "burn", "sense"])
@pytest.mark.parametrize("start", ["cold", "charged"])
@pytest.mark.parametrize("clamped", [True, False])
def test_what_follows_from_the_least_drain_is_below_every_plan(wake: str, start: str, clamped: bool) -> None:
    supply = CURVE | ({"maximum_power": "3 mW"} if wake == "burn" else {})
    for seed in range(20, 30):
        given = document(seed, wake, start, "published", supply)
        if not clamped:
            del given["buffer"]["clamp"]
            given["wake"] = given["wake"] | ({"sleep": SLEEPLESS} if wake == "sense" else {})
        program = program_of(load_case(given))
        (stage,) = program.stages
        latencies = all_latencies(program)
        least = least_response(program.law, sum(map(int, stage.chain(0).drain)))
        assert not latencies or (least is not None and least <= min(latencies))


def test_where_cuts_are_too_many_a_gap_is_certified(monkeypatch: pytest.MonkeyPatch) -> None:
    case = load_case(document(3, "latch", "cold", "published", CURVE))
    best = solve(case)
    monkeypatch.setattr(under_curve, "MOST_STATES", 0)
    result = solve(case)
    assert result.note == under_curve.TOO_MANY
    assert result.kind in (Certified.WITHIN, Certified.OPTIMAL)
    assert best.latency is not None
    assert result.bound is not None
    assert result.latency is not None
    assert result.bound <= best.latency <= result.latency
    assert result.plan_file is not None
    proof = result.plan_file.certificate
    assert isinstance(proof, UnderCurve)
    for forged in (replace(proof, value=result.bound + 1), replace(proof, energy=None)):
        claim = replace(result.plan_file.claim, bound=forged.value)
        verdict = check(case, replace(result.plan_file, claim=claim, certificate=forged))
        assert not verdict.accepted or forged.value <= best.latency


def test_a_time_limit_leaves_a_plan_and_a_gap() -> None:
    result = solve(document(3, "latch", "cold", "published", CURVE), time_limit=0)
    assert result.note == under_curve.STOPPED
    assert result.certified
    assert result.plan is not None


def test_a_deadline_decides_as_the_bound_does() -> None:
    given = document(3, "latch", "cold", "published", CURVE)
    latency = solve(given).latency
    assert latency is not None
    kept = solve(given | {"requirements": {"deadline": f"{latency} ps"}})
    late = solve(given | {"requirements": {"deadline": f"{latency - 1} ps"}})
    assert (kept.kind, late.kind) == (Certified.OPTIMAL, Certified.DEADLINE)


def test_what_the_curve_never_promises_has_no_plan() -> None:
    supply = {"kind": "curve", "points": [["0 s", "0 J"], ["9 s", "3 mJ"]], "rate": "0 W"}
    result = solve(document(3, "latch", "cold", "published", supply))
    assert result.kind is Certified.INFEASIBLE


def test_a_certificate_about_prices_proves_nothing_under_a_curve() -> None:
    given = document(3, "latch", "cold", "published", CURVE)
    priced = solve(given | {"supply": {"kind": "power", "power": "1.2 mW"}})
    under = solve(given)
    assert priced.plan_file is not None
    assert under.plan_file is not None
    value = getattr(priced.plan_file.certificate, "value")  # noqa: B009
    claim = replace(under.plan_file.claim, bound=value, certified=Certified.WITHIN)
    case = load_case(given)
    forged = replace(under.plan_file, claim=claim, certificate=priced.plan_file.certificate)
    verdict = check_claim(case, program_of(case), forged)
    assert not verdict.accepted
    assert "sums of prices" in verdict.reason


def test_a_periodic_start_must_be_recharged_in_time() -> None:
    given = document(3, "latch", {"period": "60 s"}, "published", CURVE)
    assert solve(given).kind is Certified.OPTIMAL
    assert solve(given | {"start": {"period": "5 s"}}).plan is None


@pytest.mark.parametrize(
    ("change", "path"),
    [
        ({"supply": CURVE | {"latency": "1 s"}}, "$.supply.latency"),
        ({"supply": {"kind": "curve", "rate": "1 mW"}}, "$.supply.points"),
        ({"supply": {"kind": "curve", "latency": "1 s"}}, "$.supply.rate"),
        ({"supply": CURVE | {"maximum_power": "1 uW"}}, "$.supply.maximum_power"),
        ({"supply": CURVE | {"points": [["0 s", "0 J"], ["0 s", "1 J"]]}}, "$.supply.points[1][0]"),
        ({"supply": CURVE | {"dead_time": {"stop": "2 s", "every": "1 s"}}}, "$.supply.dead_time.stop"),
        ({"power_path": "regulator"}, "$.supply.kind"),
        ({"wake": WAKES["burn"]}, "$.supply.maximum_power"),
        ({"objective": "energy"}, "$.objective"),
        ({"requirements": {"table_size": "64 B"}}, "$.requirements.table_size"),
    ],
)
def test_what_cannot_be_meant_names_its_place(change: dict[str, Any], path: str) -> None:
    given = document(3, "latch", "cold", "published", CURVE) | change
    if "power_path" in change:
        given["boot"] = {"charge": "20 uC", "time": "30 ms"}
        ends = {"commit": {"charge": "1 uC", "time": "1 ms"}, "resume": {"charge": "1 uC", "time": "1 ms"}}
        given["tasks"] = ends | {"list": [{"name": "task", "charge": "20 uC", "time": "30 ms"}]}
    with pytest.raises(InputError) as refused:
        solve(given)
    assert refused.value.path == path


def test_a_file_states_the_same_case_as_its_points(tmp_path: Path) -> None:
    given = document(3, "latch", "cold", "published", CURVE)
    curve = {"ischedule-supply-curve": 1, "points": CURVE["points"], "rate": CURVE["rate"]}
    (tmp_path / "curve.json").write_text(json.dumps(curve), "utf-8")
    inline = load_case(given)
    filed = load_case(given | {"supply": {"kind": "curve", "path": "curve.json"}}, tmp_path)
    assert inline.supply == filed.supply
    assert program_of(inline).digest == program_of(filed).digest


def test_a_sleeping_device_needs_room_above_its_threshold() -> None:
    given = document(3, "sense", "cold", "published", CURVE)
    given["buffer"]["clamp"] = "3.35 V"
    result = solve(given)
    assert str(result.program).startswith("sleep stall") or result.kind is Certified.OPTIMAL
    given["wake"]["sleep"] = WAKES["sense"]["sleep"] | {"power": "200 uW"}
    assert solve(given).kind is Certified.INFEASIBLE


def test_a_network_is_planned_within_a_certified_gap() -> None:
    layers = [
        {"name": "first", "kind": "conv2d", "out_channels": 2, "kernel": [3, 3], "padding": "same"},
        {"name": "second", "kind": "dense", "out_channels": 4},
    ]
    given = document(3, "latch", "cold", "published", CURVE)
    del given["tasks"], given["boot"]
    given |= {
        "device": "msp430fr5994-lea-2021",
        "network": {"input": {"channels": 1, "height": 6, "width": 6}, "layers": layers},
    }
    result = solve(given)
    assert result.kind in (Certified.WITHIN, Certified.OPTIMAL)
    assert result.bound is not None
    assert result.latency is not None
    assert result.bound <= result.latency


def test_the_positions_of_a_first_cycle_ask_for_one_threshold() -> None:
    """What the checker relies on where it does not know yet whether a first cycle is the only one."""
    program = program_of(load_case(document(3, "comparator", "cold", "published", CURVE)))
    for drain in range(0, program.law.first_capacity, max(1, program.law.first_capacity // 50)):
        assert program.law.threshold(drain, Position.FIRST) == program.law.threshold(drain, Position.ONLY)
