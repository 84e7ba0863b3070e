"""Plans that list skippable commits on simulated boards: never later than certified, and nothing is ever run again.

The first holds within the assumptions. The second holds for every supply up to the greatest: also for one that fails
while the device sleeps with cycles in memory that are not committed.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import replace
from functools import cache
from math import inf
from typing import Any

import numpy as np
import pytest

from ischedule import api
from ischedule.api import Result
from ischedule.models.errors import InputError
from ischedule.models.program import Program
from ischedule.models.skippable import Skippable
from ischedule.simulated import first_boot, planned_script, release_of
from ischedule.simulation.board import Board
from ischedule.simulation.boards import SUPPLIES, board_of, flows_of
from ischedule.simulation.flow import Flow
from ischedule.simulation.machine import Limits, Outcome
from ischedule.simulation.planned import run_planned
from tests.simulation.random_cases import random_case

LIMITS = Limits(time=20_000.0)


def sleeping(seed: int) -> dict[str, Any]:
    """A random case on a real capacitor whose device sleeps with its memory retained."""
    case = {key: value for key, value in random_case(seed).items() if key != "while_running"}
    word = "charge" if case["power_path"] == "regulator" else "energy"
    woken = {word: f"2 {'uC' if word == 'charge' else 'uJ'}", "time": "1 ms"}
    power, period = (("20 uW", "40 ms"), ("400 uW", "300 ms"))[seed % 2]
    sleep = {"power": power, "poll_energy": "0.5 uJ", "poll_period": period, "wake": woken, "retained": True}
    kept = {key: case["wake"][key] for key in ("policy", "threshold_error", "step", "power_on") if key in case["wake"]}
    tasks = case["tasks"] | {"list": 12 * case["tasks"]["list"]}
    return case | {"wake": kept | {"mechanism": "sense", "sleep": sleep}, "tasks": tasks}


@cache
def results(seeds: range) -> tuple[Result, ...]:
    """Those that have a certified plan with commits that may be skipped."""
    found = []
    for seed in seeds:
        try:
            result = api.solve(sleeping(seed))
        except InputError:
            continue
        if result.certified and result.plan_file is not None and result.plan_file.skippable:
            found.append(result)
    return tuple(found)


SEEDS = range(2000, 2040)


def ran(result: Result, board: Board, listed: tuple[Skippable, ...] | None = None) -> Outcome:
    case, program, plan = result.case, result.program, result.plan
    assert isinstance(program, Program)
    assert plan is not None
    assert result.plan_file is not None
    script = planned_script(case, program, plan, result.plan_file.skippable if listed is None else listed)
    return run_planned(script, board, LIMITS, boot=first_boot(case), release=release_of(case), skips=True)


def test_skipping_makes_no_plan_later_and_no_commit_comes_late() -> None:
    skipped = runs = 0
    for result in results(SEEDS):
        assert result.latency is not None
        limit = result.latency * 1e-12
        for number, kind in enumerate(SUPPLIES):
            rng = np.random.default_rng(number) if number else None
            found = ran(result, board_of(result.case, rng, kind))
            assert (found.finished, found.brown_outs) == (True, 0)
            assert found.latency <= limit + 2e-8 * max(1.0, limit)
            assert found.checkpoints + found.skipped == found.cycles
            skipped, runs = skipped + found.skipped, runs + 1
    assert runs >= 60
    assert skipped > runs


class Failing:
    """A supply that comes for moments and goes for long while the device waits, and brings nothing while it runs."""

    def __init__(self, flow: Flow, dark: float, seed: int) -> None:
        random = np.random.default_rng(seed)
        lengths = [(random.uniform(0.05, 1.0), random.uniform(0.0, dark)) for _ in range(4000)]
        self.flow, self.moments = flow, np.cumsum(lengths).tolist()

    def at(self, time: float, running: bool = False) -> tuple[Flow, float]:
        place = bisect_right(self.moments, time)
        until = self.moments[place] if place < len(self.moments) else inf
        return (self.flow if place % 2 == 0 and not running else Flow()), until


def boards(result: Result) -> Iterator[Board]:
    _, most = flows_of(result.case)
    for seed in range(4):
        rng = np.random.default_rng(seed) if seed else None
        yield board_of(result.case, rng, supply=Failing(most, (2.0, 20.0, 100.0, 300.0)[seed], seed))


def lost(listed: bool = True, lower: int = 0) -> tuple[int, int, int]:
    """How many commits were skipped, how many came late, and in how many runs work was run again; with reserves that
    are lower by so many nanovolt."""
    skipped = late = again = 0
    for result in results(SEEDS):
        assert result.plan_file is not None
        entries = result.plan_file.skippable
        if lower:
            entries = tuple(replace(one, reserve=one.reserve - lower, start=None) for one in entries)
        for board in boards(result):
            found = ran(result, board, entries if listed else ())
            skipped += found.skipped
            late += found.checkpoints + found.skipped - found.cycles
            again += found.repeated > 0
    return skipped, late, again


def test_nothing_is_run_again_though_the_supply_fails_while_the_device_sleeps() -> None:
    skipped, late, again = lost()
    assert again == 0
    assert skipped > 100
    assert late > 10


def test_less_reserve_loses_work() -> None:
    assert lost(lower=100_000_000)[2] > 0


@pytest.mark.parametrize("name", ["sensor-node-sense-compute-send", "kws-real-capacitor-1mF"])
def test_a_device_that_does_not_sleep_lists_nothing(name: str) -> None:
    result = api.solve(f"cases/{name}.json")
    assert result.plan_file is not None
    assert result.plan_file.skippable == ()
