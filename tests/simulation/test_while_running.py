"""Power that is guaranteed while the device runs, on boards that have nothing to spare: what is left out is noticed."""

from __future__ import annotations

from random import Random
from typing import Any

import pytest

from ischedule.api import solve
from ischedule.models import loaded
from ischedule.models.buffer import EnergyBuffer
from ischedule.models.power_path import PowerPath
from ischedule.models.while_running import Harvest
from tests.simulation.test_real_cases import broken


def tight_case(seed: int) -> dict[str, Any]:
    """Tasks on an ideal capacitor that is charged to its clamp, or as far as is just enough."""
    random = Random(seed)
    milliwatt = random.uniform(0.3, 2)
    tasks = []
    for _ in range(random.randint(2, 6)):
        milliseconds, drawn = random.uniform(5, 60), random.uniform(2, 12)
        if random.random() < 0.4:
            milliseconds, drawn = random.uniform(50, 400), random.uniform(0.05, 0.8) * milliwatt
        tasks.append({"energy": f"{milliseconds * drawn:.1f} uJ", "time": f"{milliseconds:.2f} ms"})
    wake = {"policy": "programmable", "mechanism": "latch", "external_comparator": True, "power_on": "2.8 V"}
    if random.random() < 0.5:
        wake = {"policy": "fixed", "mechanism": "latch"}
    return {
        "ischedule": 1,
        "name": f"tight {seed}",
        "boot": {"energy": "15 uJ", "time": "5 ms"},
        "buffer": {
            "capacitance": f"{random.uniform(80, 300):.0f} uF ± {random.choice([0, 0, 20])} %",
            "turn_on": "3.0 V",
            "brown_out": "2.0 V",
            "clamp": "3.0 V",
            "series_resistance": "0 ohm",
            "leakage": "0 A",
        },
        "power_path": "converter",
        "load": {"power": ["0 W", "40 mW"]},
        "wake": wake,
        "supply": {"kind": "power", "power": [f"{milliwatt:.4f} mW", "3 mW"]},
        "start": random.choice(["cold", "floor"]),
        "while_running": {
            "power": f"{milliwatt:.4f} mW",
            "shortest": random.choice(["100 %", "80 %"]),
            "uneven": random.choice(["0 s", "10 ms"]),
        },
        "tasks": {
            "commit": {"energy": "2 uJ", "time": "0.5 ms"},
            "resume": {"energy": "2 uJ", "time": "0.5 ms"},
            "list": tasks,
        },
    }


SEEDS = range(40)


def test_plans_that_count_on_what_flows_in_hold() -> None:
    count, found = broken(SEEDS, tight_case)
    assert count > 30
    assert found == []


def test_they_are_better_than_plans_that_do_not() -> None:
    """More fits into a power cycle, and what is left shortens the next wait. No plan becomes slower or is lost unless
    the level swings."""
    faster = 0
    for seed in SEEDS:
        case = tight_case(seed)
        counted, plain = solve(case).latency, solve(case | {"while_running": "none"}).latency
        if case["while_running"]["uneven"] == "0 s" and plain is not None:
            assert counted is not None
            assert counted <= plain
        faster += counted is not None and plain is not None and counted < plain
    assert faster > 15


@pytest.mark.parametrize(
    ("where", "name", "wrong"),
    [
        (Harvest, "swing", lambda harvest, rate: 0),
        (PowerPath, "lost_rate", property(lambda path: path.leak_rate - path.stored_rate)),
        (Harvest, "rate", lambda harvest, *place: 2 * plain_rate(harvest, *place)),
    ],
    ids=["what is taken is even", "no run is short", "twice the power"],
)
def test_what_is_left_out_is_noticed(where: type, name: str, wrong: object, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(where, name, wrong)
    assert any(broken(range(start, start + 10), tight_case)[1] for start in range(0, 100, 10))


def lifting_case(seed: int) -> dict[str, Any]:
    """What flows in during the first task must lift the buffer so far that the second one does not sag."""
    random = Random(seed)
    case = tight_case(seed)
    power = {"power": "1 mW", "shortest": "100 %", "uneven": "0 s"}
    case |= {"while_running": power, "supply": {"kind": "power", "power": "1 mW"}, "start": "floor"}
    case["wake"] = {"policy": "fixed", "mechanism": "latch"}
    case["buffer"] |= {
        "capacitance": "220 uF ± 20 %",
        "turn_on": "2.6 V",
        "clamp": "4 V",
        "series_resistance": "10 ohm",
    }
    case["load"] = {"power": ["0.1 mW", "4 mW"]}
    most = {"power": ["1 mW", f"{random.uniform(130, 210):.0f} mW"]}
    case["tasks"]["list"] = [
        {"energy": "150 uJ", "time": "0.4 s", "cut": False},
        {"energy": "20 uJ", "time": "0.1 ms", "load": most},
    ]
    return case


def test_what_flows_in_lifts_the_greatest_capacitance_least(monkeypatch: pytest.MonkeyPatch) -> None:
    """250 uJ lift 176 uF from 2.57 V to 3.07 V, and 264 uF to 2.91 V, where levels are those of 176 uF."""
    count, found = broken(range(30), lifting_case)
    assert 5 < count < 30
    assert found == []
    monkeypatch.setattr(loaded, "_largest_ratio", lambda buffer: 1)
    more, found = broken(range(30), lifting_case)
    assert more > count
    assert found


def full_case(number: int) -> dict[str, Any]:
    """More flows in during the first task than there is room for, and the second needs all that there was and more."""
    case = tight_case(number)
    power = {"power": "1 mW", "shortest": "100 %", "uneven": "0 s"}
    case |= {"while_running": power, "supply": {"kind": "power", "power": "1 mW"}, "start": "floor"}
    case["wake"] = {"policy": "fixed", "mechanism": "latch"}
    case["buffer"]["capacitance"] = "100 uF"
    case["tasks"]["list"] = [
        {"energy": "5 uJ", "time": "100 ms", "cut": False},
        {"energy": f"{270 + number} uJ", "time": "30 ms"},
    ]
    return case


def test_what_flows_in_above_the_clamp_counts_for_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of 250 uJ at the clamp, 30 uJ less and the commit's 1.5 uJ remain for the second task."""
    answers = [solve(full_case(number)).plan is not None for number in range(20)]
    assert answers == [270 + number - 30 + 1.5 <= 250 for number in range(20)]
    assert broken(range(20), full_case) == (sum(answers), [])
    monkeypatch.setattr(EnergyBuffer, "ceiling", property(lambda buffer: 1 << 60))
    count, found = broken(range(20), full_case)
    assert count == 20
    assert len(found) > sum(answers)


plain_rate = Harvest.rate
