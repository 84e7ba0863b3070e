"""Certified plans under supply curves, simulated on boards: droop when switched on, capacitance curves, bursts.

What the boards' supply delivers is the curve itself and bursts on top, so that it keeps the curve's promise about every
window. The simulation integrates the circuit and knows nothing of response times.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from fractions import Fraction
from itertools import chain
from typing import Any

import numpy as np
import pytest

from ischedule.api import solve
from ischedule.models import curve_waiting
from ischedule.models.case import Case
from ischedule.models.power_path import PowerPath
from ischedule.models.reading import Reading
from ischedule.models.supply import CurveSupply
from ischedule.simulated import first_boot, planned_script
from ischedule.simulation.board import Board
from ischedule.simulation.boards import board_of, supply_of
from ischedule.simulation.machine import Limits
from ischedule.simulation.planned import run_planned
from ischedule.simulation.supplies import Trace
from tests.simulation.random_cases import random_case
from tests.simulation.test_real_cases import certified, misses

BOARDS = 5


def curve_case(seed: int) -> dict[str, Any]:
    """A random case of one load behind a converter, under a convex curve; nothing is lost on the way into it."""
    found, rng = random_case(seed), np.random.default_rng(seed)
    buffer = found["buffer"] | {"series_resistance": "0 ohm", "leakage": "0 A"}
    if rng.random() < 0.7:
        buffer["decoupling"] = f"{rng.uniform(5, 60):.0f} uF"
    if rng.random() < 0.5:
        buffer["redistribution"] = f"{rng.uniform(5, 40):.0f} mV"
    for task in found["tasks"]["list"]:
        task.pop("load", None)
    found["load"] = {"power": ["1 mW", "14 mW"]}
    points = [["0 s", "0 J"], [f"{rng.uniform(0.1, 2):.2f} s", "0 J"], ["3 s", "1 mJ"]]
    supply: dict[str, Any] = {"kind": "curve", "points": points, "rate": "1.2 mW"}
    if rng.random() < 0.5:
        supply |= {"maximum_power": "0.9 mW", "least_load": "1 mW", "rate": "0.8 mW"}
    return found | {"buffer": buffer, "supply": supply, "while_running": "none"}


def loaded_case(seed: int) -> dict[str, Any]:
    """As `curve_case`, with loads of single tasks behind a series resistance, from a level above the floor on."""
    stated, found = random_case(seed), curve_case(seed)
    found["load"] = stated["load"]
    found["tasks"]["list"] = stated["tasks"]["list"]
    found["buffer"]["series_resistance"] = stated["buffer"]["series_resistance"]
    return found | {"start": "charged" if found["start"] == "cold" else found["start"]}


def stronger(trace: Trace, part: float) -> Trace:
    """What arrives at the terminal where a part of it is lost on the way into the capacitor."""
    return Trace(trace.times, tuple(power * (1 + part) for power in trace.powers), trace.end)


def with_bursts(trace: Trace, rng: np.random.Generator, most: float) -> Trace:
    """More power for a few short whiles: no window delivers less."""
    bursts = [(at, at + rng.uniform(0.01, 0.5), rng.uniform(0, most)) for at in rng.uniform(0, 20, 4)]
    times = sorted({*trace.times, *(end for one in bursts for end in one[:2])})
    powers = [
        trace.at(time)[0].fed + sum(power for start, end, power in bursts if start <= time < end) for time in times
    ]
    return Trace(tuple(times), tuple(powers), trace.end)


def boards(seed: int, case: Case) -> Iterator[Board]:
    """One at the bad end of everything, whose supply delivers just the curve, and others by chance."""
    assert isinstance(case.supply, CurveSupply)
    for number in range(BOARDS):
        rng = None if number == 0 else np.random.default_rng(100 * seed + number)
        supply = supply_of(case, None, "low")
        assert isinstance(supply, Trace)
        # R P / u^2 of a power is lost in the series resistance, at no less than a volt
        supply = stronger(supply, case.buffer.resistance.hi * 1e-6 * max(supply.powers))
        if rng is not None and not case.supply.outdraws:
            supply = with_bursts(supply, rng, 0.02)
        yield board_of(case, rng, supply=supply)


def broken(seeds: Iterable[int], make: Callable[[int], dict[str, Any]] = curve_case) -> tuple[int, list[str]]:
    """How many cases have a certified plan, and which of their runs brown out or are late."""
    found = [list(misses(seed, result, boards(seed, result.case))) for seed, result in certified(seeds, make)]
    return len(found), list(chain.from_iterable(found))


def test_no_certified_plan_under_a_curve_browns_out_or_is_late() -> None:
    count, found = broken(range(4000, 4060))
    assert count > 15
    assert found == []


def test_nor_does_one_whose_tasks_have_loads_of_their_own(monkeypatch: pytest.MonkeyPatch) -> None:
    count, found = broken(range(4000, 4080), loaded_case)
    assert count > 15
    assert found == []
    # what a load leaves above the floor is needed
    monkeypatch.setattr(PowerPath, "least_voltage", lambda path, draw: path.terminal_voltage(draw))
    assert broken(range(4000, 4080), loaded_case)[1]


@pytest.mark.parametrize(
    ("where", "name", "wrong"),
    [
        (curve_waiting, "_switched", lambda buffer, highest: 0),
        (curve_waiting, "outlasting", lambda buffer, supply, start, waiting_power: buffer),
        (Reading, "guaranteed", lambda reading, read, capacitance: Fraction(read)),
    ],
    ids=["nothing is lost at switching on", "blackouts are slept through from any level", "no droop"],
)
def test_what_is_left_out_is_noticed(where: object, name: str, wrong: object, monkeypatch: pytest.MonkeyPatch) -> None:
    from ischedule.models import waiting

    monkeypatch.setattr(where, name, wrong)
    if name == "outlasting":
        monkeypatch.setattr(waiting, name, wrong)
    assert broken(range(4000, 4060))[1]


def exact_case(seed: int, **buffer: Any) -> dict[str, Any]:
    """Nothing has a tolerance, work takes what is stated, and a running device draws more than ever comes."""
    rng = np.random.default_rng(seed)
    tasks = [{"energy": f"{rng.integers(100, 900)} uJ", "time": f"{rng.integers(300, 900)} ms"} for _ in range(4)]
    return {
        "ischedule": 1,
        "name": f"exact {seed}",
        "boot": {"energy": "0 J", "time": "0 s"},
        "buffer": {
            "turn_on": "3.3 V",
            "brown_out": "2.2 V",
            "series_resistance": "0 ohm",
            "leakage": "0 A",
            **({} if "capacitance_curve" in buffer else {"capacitance": "500 uF"}),
            **buffer,
        },
        "power_path": "converter",
        "wake": {"policy": "fixed", "mechanism": "latch"},
        "supply": {
            "kind": "curve",
            "points": [["0 s", "0 J"], ["2 s", "0 J"], ["3 s", "0.05 mJ"]],
            "rate": "0.09 mW",
            "maximum_power": "0.09 mW",
            "least_load": "0.1 mW",
        },
        "start": "cold",
        "tasks": {
            "commit": {"energy": "2 uJ", "time": "1 ms"},
            "resume": {"energy": "0 J", "time": "0 s"},
            "list": tasks,
        },
    }


@pytest.mark.parametrize(
    "buffer",
    [{}, {"decoupling": "25 uF"}, {"redistribution": "20 mV"}, {"decoupling": "25 uF", "redistribution": "20 mV"}],
    ids=str,
)
def test_the_bound_is_attained_where_every_cycle_begins_at_turn_on(buffer: dict[str, Any]) -> None:
    """By the supply that delivers just the curve, where the buffer is never full."""
    for seed in range(6):
        result = solve(exact_case(seed, **buffer))
        assert result.plan is not None
        assert result.latency is not None
        assert len(result.plan.cycles) > 1 or result.plan.cycles[0].repeat > 1
        script = planned_script(result.case, result.program, result.plan)  # type: ignore[arg-type]
        board = board_of(result.case, None)
        ran = run_planned(script, board, Limits(time=1e5), boot=first_boot(result.case))
        assert ran.finished
        assert ran.latency == pytest.approx(result.latency * 1e-12, rel=1e-7)


def test_a_capacitance_that_falls_with_the_voltage_counts_under_a_curve() -> None:
    """A curve that is one capacitance is that one; one that falls needs the greatest of each piece to be stored."""
    flat = [{"voltage": f"{volts} V", "capacitance": "500 uF"} for volts in (0, 4)]
    falling = [{"voltage": f"{volts / 4} V", "capacitance": f"{560 - 5 * volts} uF"} for volts in range(17)]
    results = {
        name: solve(exact_case(1, **buffer))
        for name, buffer in (
            ("one", {}),
            ("flat", {"capacitance_curve": flat}),
            ("falling", {"capacitance_curve": falling}),
        )
    }
    latencies = {name: result.latency for name, result in results.items()}
    assert latencies["flat"] == latencies["one"]
    assert latencies["falling"] is not None
    result = results["falling"]
    script = planned_script(result.case, result.program, result.plan)  # type: ignore[arg-type]
    ran = run_planned(script, board_of(result.case, None), Limits(time=1e5))
    assert ran.finished
    assert 0.95 * latencies["falling"] * 1e-12 < ran.latency <= latencies["falling"] * 1e-12
