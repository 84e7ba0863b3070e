"""Certified plans of random real capacitors, simulated: none browns out or is late, and mutants of the physics do."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from fractions import Fraction
from itertools import chain
from typing import Any

import numpy as np
import pytest

from ischedule.api import solve
from ischedule.models.buffer import EnergyBuffer
from ischedule.models.case import Case
from ischedule.models.errors import InputError
from ischedule.models.leakage import Leakage
from ischedule.models.power_path import PowerPath
from ischedule.models.reading import Reading
from ischedule.models.supply import ConstantCurrent
from ischedule.result import Result
from ischedule.simulated import first_boot, planned_script, release_of
from ischedule.simulation.board import Board
from ischedule.simulation.boards import SUPPLIES, board_of
from ischedule.simulation.flow import Flow
from ischedule.simulation.machine import Limits
from ischedule.simulation.planned import run_planned
from ischedule.simulation.supplies import Opposed
from tests.simulation.random_cases import random_case

BOARDS = 7
"""On how many boards each plan is run."""


def certified(seeds: Iterable[int], make: Callable[[int], dict[str, Any]]) -> Iterator[tuple[int, Result]]:
    """The cases of some seeds that have a certified plan, those that contradict themselves left out."""
    for seed in seeds:
        try:
            result = solve(make(seed))
        except InputError:
            continue
        if result.plan is not None and result.latency is not None and result.certified:
            yield seed, result


def misses(seed: int, result: Result, boards: Iterable[Board]) -> Iterator[str]:
    """The runs of a certified plan on some boards that brown out, do not finish or end after the bound."""
    case, limit = result.case, result.latency * 1e-12  # type: ignore[operator]
    script = planned_script(case, result.program, result.plan)  # type: ignore[arg-type]
    for number, board in enumerate(boards):
        ran = run_planned(script, board, Limits(time=1e5), boot=first_boot(case), release=release_of(case))
        if ran.brown_outs or not ran.finished or ran.latency > limit + 2e-8 * max(1.0, limit):
            yield f"seed {seed}, board {number}: {ran.brown_outs} brown-outs, {ran.latency} of {limit} s"


def boards(seed: int, case: Case) -> Iterator[Board]:
    """Two at the bad end of everything, and others by chance, each with another kind of supply."""
    for number in range(BOARDS):
        rng = None if number < 2 else np.random.default_rng(100 * seed + number)
        kind = ("low", "opposed")[number] if number < 2 else SUPPLIES[number % len(SUPPLIES)]
        yield board_of(case, rng, kind)


def broken(seeds: Iterable[int], make: Callable[[int], dict[str, Any]] = random_case) -> tuple[int, list[str]]:
    """How many cases have a certified plan, and which of their runs brown out or are late."""
    found = [list(misses(seed, result, boards(seed, result.case))) for seed, result in certified(seeds, make)]
    return len(found), list(chain.from_iterable(found))


def test_no_certified_plan_browns_out_or_is_late() -> None:
    count, found = broken(range(1000, 1070))
    assert count > 50
    assert found == []


def test_nor_of_a_board_that_a_current_feeds() -> None:
    count, found = broken(range(2000, 2040), lambda seed: random_case(seed, feeds_current=True))
    assert count > 25
    assert found == []


def fed_by_a_current(ohms: int, leak: str) -> dict[str, Any]:
    """5 mA through 30 ohm lift the terminal by 0.15 V; nothing has a tolerance but the current, upwards."""
    return {
        "ischedule": 1,
        "name": "a current through a resistance",
        "boot": {"energy": "0 J", "time": "0 s"},
        "buffer": {
            "capacitance": "1 mF",
            "turn_on": "3 V",
            "brown_out": "2 V",
            "clamp": "5 V",
            "series_resistance": f"{ohms} ohm",
            "leakage": leak,
        },
        "power_path": "converter",
        "load": {"power": "3 mW"},
        "wake": {"policy": "fixed", "mechanism": "latch"},
        "supply": {"kind": "current", "current": ["1 mA", "5 mA"], "up_to": "3.2 V"},
        "start": "floor",
        "tasks": {
            "commit": {"energy": "0 J", "time": "0 s"},
            "resume": {"energy": "0 J", "time": "0 s"},
            "list": [{"energy": "0.56 mJ", "time": "200 ms"}] * 4,
        },
    }


def test_a_current_lifts_what_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    careful = solve(fed_by_a_current(30, "20 uA"))
    monkeypatch.setattr(ConstantCurrent, "current_at", lambda supply, voltage: Fraction(0))
    greedy = solve(fed_by_a_current(30, "20 uA"))
    for result, cycles in ((careful, 2), (greedy, 1)):
        assert result.plan is not None
        assert sum(one.repeat for one in result.plan.cycles) == cycles
        script = planned_script(result.case, result.program, result.plan)  # type: ignore[arg-type]
        ran = run_planned(script, board_of(result.case, None, "opposed"), Limits(time=1e5))
        assert bool(ran.brown_outs) is (result is greedy)


@pytest.mark.parametrize(("leak", "loss"), [("0 A", 1e-8), ("20 uA", 0.01)])
def test_the_bound_of_a_current_is_attained(leak: str, loss: float) -> None:
    result = solve(fed_by_a_current(0, leak))
    assert result.plan is not None
    assert result.latency is not None
    case, bound = result.case, result.latency * 1e-12
    supply = Opposed(Flow(fed_current=1e-3), Flow())
    script = planned_script(case, result.program, result.plan)  # type: ignore[arg-type]
    ran = run_planned(script, board_of(case, None, supply=supply), Limits(time=1e5), release=release_of(case))
    assert ran.finished
    assert bound * (1 - loss) <= ran.latency <= bound * (1 + 1e-9)


@pytest.mark.parametrize(
    ("where", "name", "wrong"),
    [
        (PowerPath, "least_voltage", lambda path, draw: path.terminal_voltage(draw)),
        (Leakage, "current_at", lambda leakage, voltage: Fraction(0)),
        (Reading, "guaranteed", lambda reading, read, capacitance: Fraction(read)),
        (EnergyBuffer, "reached_level", lambda buffer, read: buffer.capacity),
        (EnergyBuffer, "bare_floor", property(lambda buffer: 0)),
    ],
    ids=["no dip", "no leak", "no droop", "no error upwards", "a floor that is none"],
)
def test_physics_that_is_left_out_is_noticed(
    where: type, name: str, wrong: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(where, name, wrong)
    for known in (PowerPath.factor, PowerPath.least_voltage):
        getattr(known, "cache_clear", lambda: None)()
    try:
        assert any(broken(range(start, start + 10))[1] for start in range(1200, 1300, 10))
    finally:
        monkeypatch.undo()
        PowerPath.factor.cache_clear()
        PowerPath.least_voltage.cache_clear()
