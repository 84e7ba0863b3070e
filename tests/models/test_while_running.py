"""Guaranteed power while running: what of it is stored, what a case may say, and where the level lies meanwhile."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from math import sqrt
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ischedule.api import check, solve
from ischedule.models.build import program_of
from ischedule.models.case import case_hash, load_case
from ischedule.models.chain import Chain
from ischedule.models.demand import Coordinate
from ischedule.models.draw import Draw
from ischedule.models.errors import InputError
from ischedule.models.loaded import loaded
from ischedule.models.power_path import PowerPath
from ischedule.models.program import ExplicitStage
from ischedule.models.quantities import Interval, Rounding
from ischedule.models.while_running import Harvest

VOLT = 10**9
HARVEST = {"power": "1 mW", "shortest": "90 %", "uneven": "2 ms"}


def node(**changes: Any) -> dict[str, Any]:
    """Two tasks, the first of which takes less than flows in."""
    case: dict[str, Any] = {
        "ischedule": 1,
        "name": "node",
        "boot": {"energy": "10 uJ", "time": "5 ms"},
        "buffer": {
            "capacitance": "100 uF",
            "turn_on": "3.0 V",
            "brown_out": "2.0 V",
            "clamp": "3.2 V",
            "series_resistance": "0 ohm",
            "leakage": "0 A",
        },
        "power_path": "converter",
        "wake": {"policy": "fixed", "mechanism": "latch"},
        "supply": {"kind": "power", "power": "1 mW"},
        "while_running": HARVEST,
        "tasks": {
            "commit": {"energy": "2 uJ", "time": "1 ms"},
            "resume": {"energy": "2 uJ", "time": "1 ms"},
            "list": [{"energy": "20 uJ", "time": "100 ms"}, {"energy": "90 uJ", "time": "10 ms"}],
        },
    }
    return case | changes


def chain_of(case: dict[str, Any]) -> Chain:
    stage = program_of(load_case(case)).stages[0]
    assert isinstance(stage, ExplicitStage)
    return stage.chain(0)


@given(st.integers(10**9, 10**13), st.floats(0, 20), st.floats(0, 0.05), st.floats(1.8, 3))
def test_no_more_is_counted_than_a_resistance_lets_through(power: int, ohms: float, load: float, volts: float) -> None:
    """Of what flows in at the terminal, less what the load takes there, the part that is stored inside; and what the
    load takes while it exceeds that. Both are at least what the counted rate and the load's own factor say."""
    microohm, watts = round(ohms * 1e6), power * 1e-15
    harvest = Harvest(power, Fraction(1), 0)
    counted = float(harvest.rate(Coordinate.ENERGY, microohm, round(volts * VOLT), 4 * VOLT)) * 1e-3
    inside = volts * (1 + (ohms * (watts - load)) * -1 / volts**2)
    current = (watts - load) / volts
    stored = inside * current
    path = PowerPath(Coordinate.ENERGY, Interval(round(volts * VOLT), 4 * VOLT), microohm)
    if ohms * load > volts**2:
        return
    factor = float(path.factor(Draw(Interval(0, max(1, round(load * 1e15))))))
    assert stored >= counted - load * factor - 1e-9


def test_behind_a_regulator_the_current_is_that_at_the_highest_voltage() -> None:
    harvest = Harvest(3 * 10**12, Fraction(1, 2), 10**9)
    rate = harvest.rate(Coordinate.CHARGE, 5 * 10**6, 2 * VOLT, 3 * VOLT)
    assert rate == 1  # 3 mW at 3 V is 1 mA, which is 1 fC in each picosecond
    assert harvest.swing(rate) == 10**9


def test_an_activity_drains_what_it_takes_less_what_flows_in_during_its_shortest_run() -> None:
    chain = chain_of(node())
    # 1 mW for 90 ms is 90 uJ, for 9 ms 9 uJ; booting 10 - 4.5 uJ, commits 2 - 0.9 uJ
    assert list(chain.drain) == [-70 * 10**9, 81 * 10**9]
    assert list(chain.resume_drain) == [5_500_000_000, 5_500_000_000 + 1_100_000_000]
    assert list(chain.commit_drain) == [1_100_000_000] * 2
    buffer = loaded(load_case(node())).buffer
    assert buffer.swing == 2 * 10**9
    assert buffer.ceiling == chain.ceiling
    half = 50_000 * 10**6  # C/2 in nJ per square volt, as fJ
    assert buffer.floor_squared / VOLT**2 == pytest.approx(4 + 2e9 / half)
    assert buffer.ceiling + buffer.swing == pytest.approx(half * (3.2**2 - 4) - 2e9, abs=5e3)


def test_nothing_rises_where_all_tasks_take_more() -> None:
    case = node(while_running=HARVEST | {"power": "0.1 mW"})
    chain = chain_of(case)
    assert min(chain.drain) > 0
    assert chain.ceiling is None
    assert not chain.has_needs


def test_primitives_of_a_device_take_nothing_at_least() -> None:
    path = PowerPath(Coordinate.ENERGY, Interval(2 * VOLT, 3 * VOLT), harvest=Harvest(10**12, Fraction(1), 0))
    assert path.amount(500, 1000, Draw()) == 0
    assert path.net(500, 1000, Draw()) == -500
    assert path.amount(1500, 1000, Draw()) == 500


def test_the_floor_rises_and_the_guaranteed_level_falls_by_the_swing() -> None:
    case = node(buffer=node()["buffer"] | {"clamp": "3.0 V"})
    still = loaded(load_case(case | {"while_running": HARVEST | {"uneven": "0 s"}})).buffer
    swings = loaded(load_case(case)).buffer
    assert still.capacity - swings.capacity == pytest.approx(2 * swings.swing, abs=1e4)
    assert swings.connected_level(swings.capacity + 10) == swings.capacity
    assert sqrt(float(swings.floor_squared)) > 2 * VOLT


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"power": "2 mW"}, r"\$\.while_running\.power = .2 mW.*more than the supply guarantees.*1 mW"),
        ({"shortest": "120 %"}, r"\$\.while_running\.shortest = .120 %"),
        ({"shortest": "0 %"}, r"\$\.while_running\.shortest"),
        ({"shortest": "often"}, r"\$\.while_running\.shortest"),
        ({"uneven": "2 mV"}, r"\$\.while_running\.uneven"),
        ({"uneven": "300 ms"}, r"\$\.while_running\.uneven.*swing.*shorter time"),
        ({"power": "-1 mW"}, r"\$\.while_running\.power"),
        ({"more": "1 mW"}, r"more"),
    ],
)
def test_what_cannot_be_is_refused(wrong: dict[str, str], message: str) -> None:
    with pytest.raises(InputError, match=message):
        program_of(load_case(node(while_running=HARVEST | wrong)))


def test_it_stands_in_front_of_no_curve_and_no_published_model() -> None:
    with pytest.raises(InputError, match="beside a supply curve"):
        load_case(node(supply={"kind": "curve", "rate": "1 mW", "latency": "1 s"}))
    with pytest.raises(InputError, match="not part of the published model"):
        load_case(node(semantics="inas-2021"))
    source = {"kind": "source", "voltage": "4 V", "resistance": "2 kohm"}
    with pytest.raises(InputError, match=r"guarantees between 2 V and 3 V, which is 1\.5 mW"):
        load_case(node(supply=source, while_running=HARVEST | {"power": "1.6 mW"}))
    assert load_case(node(supply=source, while_running=HARVEST | {"power": "1.5 mW"})).while_running is not None


def test_a_plan_that_counts_it_is_none_where_it_is_not_stated() -> None:
    """The same tasks again and again: with more flowing in, more of them share a power cycle."""
    tasks = node()["tasks"] | {"list": [{"energy": "40 uJ", "time": "20 ms", "repeat": 20}]}
    case = node(tasks=tasks)
    bare = case | {"while_running": "none"}
    result, plain = solve(case), solve(bare)
    assert result.latency is not None
    assert plain.latency is not None
    assert result.latency < plain.latency
    assert result.plan_file is not None
    assert result.plan_file.plan is not None
    assert check(case, result.plan_file).accepted
    assert not check(bare, replace(result.plan_file, case=case_hash(load_case(bare)))).accepted


def test_a_device_that_burns_gains_nothing() -> None:
    case = node(wake={"policy": "fixed", "mechanism": "burn", "idle_power": "40 mW"})
    with pytest.raises(InputError, match=r"\$\.while_running\.power = .1 mW.* more than task 0 takes"):
        program_of(load_case(case))
    program_of(load_case(case | {"while_running": HARVEST | {"power": "0.1 mW"}}))


@pytest.mark.parametrize("failures", [1, 3])
def test_a_failure_loses_what_had_flowed_in(failures: int) -> None:
    """The first cycle leaves more than turn-on guarantees; run again from there, the second one leaves less."""
    tasks = node()["tasks"] | {
        "list": [{"energy": "20 uJ", "time": "400 ms"}, {"energy": "190 uJ", "time": "10 ms"}] * 2
    }
    case = node(tasks=tasks)
    plain, result = solve(case), solve(case | {"requirements": {"failures": failures}})
    assert plain.latency is not None
    assert result.latency is not None
    assert result.plan_file is not None
    assert check(case | {"requirements": {"failures": failures}}, result.plan_file).accepted
    # from brown-out to turn-on 250 uJ at 1 mW, and a cycle again that takes at least 10 ms
    assert result.latency >= plain.latency + failures * 260 * 10**9


@pytest.mark.parametrize(("period", "is_back"), [("0.57 s", False), ("0.9 s", True)])
def test_what_the_clamp_turned_away_is_not_back_at_the_next_start(period: str, is_back: bool) -> None:
    """The first task finds the buffer full: it drains nothing and gains nothing, whatever flows in."""
    buffer = node()["buffer"] | {"capacitance": "220 uF", "clamp": "3.0 V"}
    tasks = node()["tasks"] | {
        "list": [{"energy": "100 uJ", "time": "0.5 s", "cut": False}, {"energy": "300 uJ", "time": "5 ms"}]
    }
    power = {"power": "1 mW", "shortest": "100 %", "uneven": "0 s"}
    case = node(buffer=buffer, tasks=tasks, while_running=power, start={"period": period})
    result = solve(case)
    assert (result.plan is not None and result.certified) == is_back


def test_what_is_kept_inside_is_less_than_the_clamp_by_what_charging_lifts_the_terminal() -> None:
    buffer = node()["buffer"] | {"series_resistance": "10 ohm"}
    supply = {"kind": "power", "power": ["1 mW", "3 mW"]}
    case = load_case(node(buffer=buffer, supply=supply, load={"power": ["0.1 mW", "20 mW"]}))
    # 10 ohm at 3 mW and 3.0 V
    assert loaded(case).buffer.kept_up_to == 32 * VOLT // 10 - VOLT // 100


def test_needs_above_the_floor_and_booting_leave_room_for_the_swing() -> None:
    """The floor has it already; what is needed above it, and booting, which may go below, have it on top."""
    work = loaded(load_case(node()))
    high = Draw(least_voltage=25 * VOLT // 10)
    buffer = work.buffer
    assert work.excess(high) == buffer.level_of(high.least_voltage, Rounding.UP) + buffer.swing
    assert -5000 < work.boot_left <= 0
    assert buffer.bare_floor <= -buffer.swing < 0
