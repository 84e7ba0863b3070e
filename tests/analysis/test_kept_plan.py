"""The closed forms of a whole plan add up to its certified waiting, and their slopes to how that changes."""

from __future__ import annotations

from typing import Any

import pytest

from ischedule.analysis.explain import slope_of
from ischedule.analysis.kept_plan import kept_plan
from ischedule.analysis.levers import SENSITIVE, Lever
from ischedule.analysis.power_cycles import chains_of, power_cycles, thresholds_of
from ischedule.models.build import program_of
from ischedule.models.case import Case
from ischedule.models.cycle_law import CycleLaw, replay
from ischedule.models.plan import Plan
from ischedule.models.program import Program
from ischedule.solvers.solve import solve
from tests.analysis.node_cases import REGULATED, SLEEP, SOURCE, asleep, node, programmable

SPREAD = {"capacitance": "470 uF ± 20 %", "turn_on": "3.3 V ± 1 %"}
CURRENT = {"kind": "current", "current": "0.6 mA ± 10 %"}
SENSING = {"policy": "fixed", "mechanism": "sense", "sleep": SLEEP}

CASES: dict[str, dict[str, Any]] = {
    "fixed": {},
    "fixed source": {"supply": SOURCE, "start": "charged", "until": "recharged"},
    "fixed floor": {"supply": SOURCE, "start": "floor", "buffer": {"margin": "80 %", "capacitance": "1 mF"}},
    "fixed spread": {"supply": SOURCE, "buffer": SPREAD, "start": {"period": "60 s"}},
    "fixed asleep": {"wake": SENSING, "supply": SOURCE, "start": "floor"},
    "fixed asleep on power": {"wake": SENSING, "until": "recharged", "start": "floor"},
    "continuous": {"wake": programmable("continuous")},
    "continuous source": {"wake": programmable("continuous"), "supply": SOURCE, "start": "floor"},
    "continuous charged": {"wake": programmable("continuous"), "supply": SOURCE, "start": "charged"},
    "continuous recharged": {
        "wake": programmable("continuous"),
        "supply": SOURCE,
        "start": "charged",
        "until": "recharged",
    },
    "continuous asleep": {"wake": asleep("continuous"), "buffer": {"margin": "90 %"}},
    "steps": {"wake": programmable()},
    "steps floor": {"wake": programmable("20 mV"), "supply": SOURCE, "start": "floor"},
    "steps charged": {"wake": programmable("20 mV"), "supply": SOURCE, "start": "charged", "until": "recharged"},
    "steps asleep": {"wake": asleep(), "supply": SOURCE},
    "charge": {**REGULATED, "supply": SOURCE},
    "charge on power": {**REGULATED, "start": "floor"},
    "charge asleep": {
        **REGULATED,
        "start": "floor",
        "wake": {**SENSING, "sleep": {**SLEEP, "wake": {"charge": "2 uC", "time": "1 ms"}}},
    },
    "charge steps": {**REGULATED, "wake": programmable(), "supply": SOURCE},
    "fixed current": {"supply": CURRENT, "start": "charged", "until": "recharged"},
    "fixed current asleep": {"wake": SENSING, "supply": CURRENT, "buffer": SPREAD, "start": "floor"},
    "continuous current": {"wake": programmable("continuous"), "supply": CURRENT, "start": "floor"},
    "steps current": {"wake": programmable("20 mV"), "supply": CURRENT},
    "charge current": {**REGULATED, "supply": CURRENT},
    "charge steps current": {**REGULATED, "wake": programmable(), "supply": CURRENT},
}


def solved(changes: dict[str, Any]) -> tuple[Case, Program, Plan]:
    case = node(**changes)
    program = program_of(case)
    plan = solve(program).plan
    assert plan is not None
    return case, program, plan


def drains_of(program: Program, plan: Plan) -> list[int]:
    return [cycle.drain for cycle in power_cycles(program, plan, chains_of(program, plan))]


def constant(case: Case, law: CycleLaw, waits: int) -> int:
    """The part of waiting that charging has no part in: noticing thresholds, and booting before the first wait."""
    boot = case.boot.time if law.head.delay else 0
    return waits * law.upkeep.latency + boot


def certified(case: Case, program: Program, plan: Plan) -> int:
    """The waiting for charge of the certified rule."""
    law, drains = program.law, drains_of(program, plan)
    waiting = replay(law, drains, thresholds_of(law, plan.cycles, drains)).waiting
    waits = len(drains) - (not law.head.waits) + (law.recharge_target is not None)
    return waiting - constant(case, law, waits)


@pytest.mark.parametrize("name", CASES)
def test_the_forms_add_up_to_the_waiting(name: str) -> None:
    case, program, plan = solved(CASES[name])
    assert sum(run.repeat for run in plan.cycles) > 1
    found = kept_plan(case, program, plan)
    assert found is not None
    assert found.value * 1e12 == pytest.approx(certified(case, program, plan), rel=1e-6, abs=1e6)


STEP = 1e-5


def waiting_after(case: Case, law: CycleLaw, program: Program, plan: Plan, stepped: bool) -> int:
    """The rule's waiting under another law, drains kept; thresholds by voltage where there are steps, else by level."""
    drains = drains_of(program, plan)
    thresholds = thresholds_of(program.law, plan.cycles, drains)
    buffer = law.charging.buffer
    total, level = law.head.delay, law.head.level
    for index, (drain, threshold) in enumerate(zip(drains, thresholds, strict=True)):
        if case.wake.policy.value == "fixed":
            high, low = buffer.turn_on_high, buffer.capacity
        elif stepped:
            exact = buffer.exact_level(threshold.voltage)
            high = low = round(exact)
        else:
            high = low = threshold.high
        start = level
        if index or law.head.waits:
            total += law.charging.charge_time(level, high) + law.upkeep.latency
            start = max(level, low)
        level = start - drain - law.upkeep.reserve
    if law.recharge_target is not None:
        total += law.charging.charge_time(level, law.recharge_target) + law.upkeep.latency
    return total


@pytest.mark.parametrize("lever", SENSITIVE, ids=lambda lever: str(lever.name))
@pytest.mark.parametrize("name", CASES)
def test_slopes_are_what_the_certified_rule_shows(name: str, lever: Lever) -> None:
    case, program, plan = solved(CASES[name])
    now = lever.value(case)
    if now is None:
        return
    ends = []
    for factor in (1 - STEP, 1 + STEP):
        changed = lever.changed(case, round(now * factor))
        assert changed is not None
        law = program_of(changed).law
        ends.append(waiting_after(case, law, program, plan, case.wake.step is not None))
    difference = (ends[1] - ends[0]) / (2 * STEP) * 1e-12
    found = kept_plan(case, program, plan)
    assert found is not None
    assert slope_of(found, lever) == pytest.approx(difference, rel=2e-3, abs=2e-4 * found.value)


def test_no_form_is_known_for_burning_the_rest() -> None:
    wake = {"policy": "fixed", "mechanism": "burn", "idle_power": "5 mW"}
    case, program, plan = solved({"wake": wake})
    assert kept_plan(case, program, plan) is None


def test_no_form_is_known_for_a_sleeper_that_boots_at_turn_on() -> None:
    case, program, plan = solved({"wake": SENSING})
    assert kept_plan(case, program, plan) is None


def test_no_form_is_known_for_a_regulated_sleeper_on_power_with_thresholds_of_its_own() -> None:
    wake = {**asleep(), "sleep": {**SLEEP, "wake": {"charge": "2 uC", "time": "1 ms"}}}
    case, program, plan = solved({**REGULATED, "wake": wake})
    assert kept_plan(case, program, plan) is None
