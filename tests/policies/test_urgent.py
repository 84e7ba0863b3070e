"""Urgent checkpoints in closed form, against a walk unit by unit and the simulated runtime."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ischedule.models.case import Case, load_case
from ischedule.models.charging import charging_law
from ischedule.models.cost import Effort
from ischedule.models.quantities import Interval
from ischedule.models.supply import ConstantPower
from ischedule.policies import urgent
from ischedule.policies.execution import Asleep, Discipline, Execution, Run
from ischedule.policies.outcome import NoProgress, outcome, recharge
from ischedule.policies.workload import Inapplicable, Workload
from ischedule.simulation.board import Sleeping
from ischedule.simulation.boards import FEMTO, board_of
from ischedule.simulation.flow import Flow
from ischedule.simulation.reactive import run_urgent
from ischedule.simulation.supplies import Opposed
from ischedule.traced import _script, _stretches
from tests.house.tree import ROOT
from tests.policies.cases import tasks_case
from tests.policies.test_outcome import BUFFER, RUNS, execution_of, workload

CASES = ROOT / "cases"


def walked(execution: Execution, asleep: Asleep) -> tuple[int, int, int]:
    """Cycles, drain and waiting after the first charge, every unit asked for by itself."""
    law, boot = workload().law, execution.boot.amount
    high = law.charging.buffer.turn_on_high
    units = [unit for unit, times in execution.runs() for _ in range(times)]
    level, cycles, drained, waited, unsaved = law.capacity - boot, 1, boot, 0, None
    for unit in units:
        if level < unit.work.amount + unit.preserve.amount:
            cycles += 1
            if asleep.charging is not None:
                waited += asleep.charging.charge_time(level, high)
                level, drained = law.capacity - asleep.wake.amount, drained + asleep.wake.amount
            else:
                saved = 0 if unsaved is None else unsaved.preserve.amount
                waited += recharge(law, level - saved)
                level = law.capacity - boot - unit.recover.amount
                drained += saved + boot + unit.recover.amount
        level, drained, unsaved = level - unit.work.amount, drained + unit.work.amount, unit
    if level < units[-1].preserve.amount:
        cycles, drained = cycles + 1, drained + asleep.wake.amount
        waited += asleep.charging.charge_time(level, high)  # type: ignore[union-attr]
    return cycles, drained + units[-1].preserve.amount, waited


@settings(deadline=None)
@given(RUNS, st.booleans(), st.integers(0, 9 * 10**11))
def test_units_by_division_are_those_one_by_one(runs: tuple[Run, ...], carried: bool, power: int) -> None:
    found = workload()
    charging = charging_law(found.law.charging.buffer, found.case.supply, power) if carried else None
    asleep = Asleep(power, Effort(10**9, 10**9), charging)
    execution = replace(execution_of(runs, Discipline.URGENT), asleep=asleep)
    if not execution.makes_progress:
        return
    law = found.law
    result = outcome(execution, law)
    cycles, drained, waited = walked(execution, asleep)
    assert (result.cycles, result.drained) == (cycles, drained)
    first = law.charging.charge_time(law.head.level, law.charging.buffer.turn_on_high)
    assert result.latency - result.active - first == waited
    assert result.saved == (runs[-1][0].preserve.amount if carried else result.saved)


def powered(name: str, microwatt: int) -> Case:
    case = load_case(CASES / f"{name}.json")
    return replace(case, supply=ConstantPower(Interval.exactly(microwatt * 10**9)))


@pytest.mark.parametrize("name", ["cifar10-nas-max78000", "kws20-max78000", "mnist-max78000"])
@pytest.mark.parametrize("microwatt", [1000, 3000, 10_000])
def test_the_simulated_runtime_takes_what_the_closed_form_says(name: str, microwatt: int) -> None:
    """Nothing is harvested while running, on an ideal board; sleep is carried, so that only the result is saved."""
    case = powered(name, microwatt)
    found = Workload.of(case)
    execution = urgent.POLICY.execution(found)
    assert execution.asleep is not None
    assert execution.asleep.charging is not None
    expected = outcome(execution, found.law)
    fed = Opposed(Flow(fed=microwatt * 1e-6), Flow())
    asleep = Sleeping(execution.asleep.power * FEMTO, 0.0, 1.0)
    board = replace(board_of(case, None, supply=fed), sleeping=asleep)
    ran = run_urgent(_script(execution, list(_stretches(execution))), board)
    assert (ran.finished, ran.brown_outs, ran.checkpoints, ran.skipped) == (True, 0, 1, expected.cycles - 1)
    assert ran.latency == pytest.approx(expected.latency * 1e-12, rel=1e-6)


def test_a_supply_below_the_mode_has_it_saved_and_switched_off() -> None:
    """The MAX78000 keeps its memories with some hundred microwatt; a closed form as of layer by layer, but for what is
    saved."""
    case = powered("kws20-max78000", 20)
    found = Workload.of(case)
    execution = urgent.POLICY.execution(found)
    assert execution.asleep is not None
    assert execution.asleep.charging is None
    if execution.makes_progress:
        result = outcome(execution, found.law)
        assert result.saved > execution.parts[0].stretches[0].runs[-1][0].preserve.amount
    fed = Opposed(Flow(fed=20e-6), Flow())
    board = replace(board_of(case, None, supply=fed), sleeping=Sleeping(execution.asleep.power * FEMTO, 0.0, 1.0))
    ran = run_urgent(_script(execution, list(_stretches(execution))), board)
    assert ran.finished == execution.makes_progress
    if ran.finished:
        assert ran.skipped == 0
        assert ran.checkpoints == result.cycles
        assert ran.latency == pytest.approx(result.latency * 1e-12, rel=1e-6)


def slept(**changes: Any) -> Case:
    sleep = {
        "power": "6 uW",
        "poll_energy": "400 nJ",
        "poll_period": "50 ms",
        "wake": {"energy": "5 uJ", "time": "2 ms"},
        "retained": True,
    }
    wake = {"policy": "fixed", "mechanism": "sense", "sleep": sleep | changes}
    return tasks_case({"name": "a", "energy": "90 uJ", "time": "1 ms", "repeat": 30}, wake=wake, buffer=BUFFER)


def test_a_device_that_sleeps_has_it_and_others_say_why_not() -> None:
    found = Workload.of(slept())
    execution = urgent.POLICY.execution(found)
    assert execution.asleep is not None
    assert execution.asleep.power == 14 * 10**9
    assert not execution.guarantee.certified
    assert outcome(execution, found.law).cycles > 1
    for case in (slept(retained=False), tasks_case({"name": "a", "energy": "90 uJ", "time": "1 ms"})):
        with pytest.raises(Inapplicable, match="retained"):
            urgent.POLICY.execution(Workload.of(case))
    with pytest.raises(Inapplicable):
        urgent.POLICY.execution(Workload.of(load_case(CASES / "kws-inas-5mF-ts1.json")))


def test_a_layer_larger_than_the_buffer_never_ends() -> None:
    case = load_case(CASES / "cifar10-nas-max78000.json")
    low = int(case.buffer.brown_out.hi)
    little = replace(case, buffer=replace(case.buffer, turn_on=Interval.exactly(low + 3 * 10**8)))
    found = Workload.of(little)
    execution = urgent.POLICY.execution(found)
    assert not execution.makes_progress
    with pytest.raises(NoProgress, match="never ends"):
        outcome(execution, found.law)
