"""Failures under a supply curve, against simulated runs in which power fails as cycles end."""

from __future__ import annotations

import random
import sys
from collections.abc import Sequence
from dataclasses import replace
from fractions import Fraction
from itertools import combinations_with_replacement
from math import floor
from pathlib import Path
from types import ModuleType

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bench.curves import bound_with, failing, random_curve, random_plan, taken
from ischedule.models import curve_failures
from ischedule.models.curve_failures import Failing, response_with_failures
from ischedule.models.response_time import CurveRule, Overflow, Work
from ischedule.models.supply_curve import SupplyCurve
from tests.models.curve_simulation import Cycle, greatest_of, simulate

HUGE = 10**6


@settings(max_examples=200)
@given(st.integers(0, 10**9))
def test_no_run_with_failures_ends_after_the_bound(seed: int) -> None:
    draw = random.Random(seed)
    curve = random_curve(draw)
    level, full, cycles = random_plan(draw)
    failures = draw.randint(0, 2)
    most = bound_with(curve, level, full, cycles, failures, Overflow.RUNNING)
    for places in combinations_with_replacement(range(len(cycles)), failures):
        bursts = sorted((draw.randint(0, most + 1), draw.randint(0, 3 * full)) for _ in range(3))
        run = failing(taken(draw, cycles), places)
        assert simulate(greatest_of(curve, bursts), run, level, full) <= most


def worst(curve: SupplyCurve, level: int, full: int, cycles: Sequence[Cycle], failures: int) -> Fraction:
    """The latest end over which cycles fail, if just before each failure so much comes that the curve begins anew."""
    found = Fraction(0)
    for places in combinations_with_replacement(range(len(cycles)), failures):
        run, bursts = failing(cycles, places), list[tuple[int, int]]()
        for place, cycle in enumerate(run):
            if cycle.fails:
                moment = simulate(greatest_of(curve, bursts), run[: place + 1], level, full)
                bursts.append((floor(moment), HUGE * (1 + len(bursts))))
        found = max(found, simulate(greatest_of(curve, bursts), run, level, full))
    return found


@settings(max_examples=80)
@given(st.integers(0, 10**9))
def test_the_bound_is_attained_by_a_supply_that_begins_anew(seed: int) -> None:
    """To within the whole picoseconds at which such a supply can begin, where the buffer is never full."""
    draw = random.Random(seed)
    curve = random_curve(draw)
    level, full, cycles = random_plan(draw)
    cycles = [replace(cycle, active=cycle.active + 2) for cycle in cycles]
    failures = draw.randint(1, 2)
    most = bound_with(curve, level, full, cycles, failures, Overflow.NEVER)
    assert most - 1 - 2 * failures <= worst(curve, level, HUGE**3, cycles, failures) <= most


def test_without_failures_it_is_the_response() -> None:
    for seed in range(100):
        draw = random.Random(seed)
        curve = random_curve(draw)
        level, full, cycles = random_plan(draw)
        for overflow in Overflow:
            rule = CurveRule(curve, Fraction(1), level, full, overflow)
            works = [Work(cycle.threshold, cycle.drain, cycle.active) for cycle in cycles]
            for target in (None, full):
                again = [work.high for work in works]
                assert response_with_failures(Failing(rule, 0, 0), works, again, target) == rule.response(works, target)


def test_more_failures_are_no_sooner_and_a_blackout_is_met_in_each() -> None:
    curve = SupplyCurve(((0, 0), (10, 0)), 10**12)
    cycles = [Cycle(10, 10, 5), Cycle(10, 10, 5)]
    found = [bound_with(curve, 0, 10, cycles, count, Overflow.NEVER) for count in range(4)]
    # the first ends at 25 and the second at 35; a failure at the end of either is 20 to charge again and 5 to run
    assert found == [35, 60, 85, 110]


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("moment = ends[number - 1] + self.rule.pause", "moment = ends[0]"),
        ("Passed(moment, moment, self.bottom, 0, ())", "Passed(moment, 0, self.bottom, 0, ())"),
        ("if not any(state.is_no_worse(other) for other in kept)", "if not kept"),
    ],
)
def test_defects_are_noticed(old: str, new: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Some simulated run ends after what a defect would promise."""
    text = Path(curve_failures.__file__ or "").read_text("utf-8")
    assert text.count(old) >= 1
    broken = ModuleType("broken_curve_failures")
    monkeypatch.setitem(sys.modules, broken.__name__, broken)
    exec(compile(text.replace(old, new, 1), "broken", "exec"), broken.__dict__)
    for seed in range(400):
        draw = random.Random(seed)
        curve = random_curve(draw)
        level, full, cycles = random_plan(draw)
        cycles = [replace(cycle, active=cycle.active + 2) for cycle in cycles]
        rule = CurveRule(curve, Fraction(1), level, full, Overflow.NEVER)
        works = [Work(cycle.threshold, cycle.drain, cycle.active) for cycle in cycles]
        again = [work.high for work in works]
        found = broken.response_with_failures(broken.Failing(rule, 2, 0), works, again, None)
        if worst(curve, level, HUGE**3, cycles, 2) > found:
            return
    pytest.fail("no run ends after what the defect promises")
