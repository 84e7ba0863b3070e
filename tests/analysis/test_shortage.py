"""What is short: the least power cycle that would have to fit, against brute force; its name, its parts."""

from __future__ import annotations

from itertools import combinations, pairwise
from types import SimpleNamespace
from typing import Any, cast

from hypothesis import given
from hypothesis import strategies as st

from ischedule import api
from ischedule.analysis.fullest_cycle import fullest_cycle, passes
from ischedule.analysis.least_atom import least_atom
from ischedule.analysis.parts import Part
from ischedule.analysis.shortage import Shortage, deadline_shortage, dearest_atom
from ischedule.models.build import program_of
from ischedule.models.case import load_case
from ischedule.models.chain import Chain
from ischedule.models.cycle_law import CycleLaw
from ischedule.models.diagnosis import Diagnosis
from ischedule.models.kernels import Prices, rows_of
from ischedule.models.plan import Status
from ischedule.models.program import TiledStage
from ischedule.models.tiling import Extent, Tiling
from tests.analysis.node_cases import SLEEP, SOURCE, asleep, document, node, programmable
from tests.analysis.test_parts import network
from tests.models.kernel_strategies import layers, prices


def law_of(capacity: int, first_capacity: int, splits: bool = True) -> CycleLaw:
    fields = {"capacity": capacity, "first_capacity": first_capacity, "max_cycles": None if splits else 1}
    return cast(CycleLaw, SimpleNamespace(**fields))


@st.composite
def chains(draw: st.DrawFn) -> Chain:
    """Up to seven atoms with ends of any cost, and cuts anywhere."""
    count = draw(st.integers(1, 7))

    def column(most: int) -> list[int]:
        return draw(st.lists(st.integers(0, most), min_size=count, max_size=count))

    cut = [*draw(st.lists(st.booleans(), min_size=count - 1, max_size=count - 1)), True]
    return Chain(column(20), [0] * count, column(8), [0] * count, column(8), [0] * count, cut, 0)


def excess(chain: Chain, law: CycleLaw, start: int, end: int) -> int:
    """By how much a power cycle exceeds what it may drain."""
    drain = chain.resume_drain[start] + sum(chain.drain[start:end]) + chain.commit_drain[end - 1]
    return int(drain) - (law.capacity if start else law.first_capacity)


def plans(chain: Chain, splits: bool) -> list[list[tuple[int, int]]]:
    """Every way to divide the chain into power cycles."""
    inside = [index + 1 for index, cut in enumerate(chain.cut[:-1]) if cut] if splits else []
    chosen = [some for size in range(len(inside) + 1) for some in combinations(inside, size)]
    return [list(pairwise((0, *some, len(chain)))) for some in chosen]


@given(chain=chains(), capacity=st.integers(0, 60), more=st.sampled_from((0, 0, 15)), splits=st.booleans())
def test_the_fullest_cycle_is_that_of_the_best_plan(chain: Chain, capacity: int, more: int, splits: bool) -> None:
    law = law_of(capacity, capacity + more, splits)
    least = min(max(excess(chain, law, *cycle) for cycle in plan) for plan in plans(chain, splits))
    found = fullest_cycle(chain, law)
    assert excess(chain, law, found.start, found.end) == least == found.excess - capacity
    if splits:
        assert passes(chain, found.excess, more)
        assert not passes(chain, found.excess - 1, more)


@given(layer=layers(), some=prices())
def test_the_dearest_atom_fills_the_fullest_cycle_of_one(layer: tuple[Extent, Tiling], some: Prices) -> None:
    extent, tiling = layer
    run, index = dearest_atom(extent, tiling, some)
    rows = [row for row, _ in rows_of(extent, tiling, some)]

    def cycle(row: Any, place: int) -> int:
        return int(row.atoms[place][0] + (row.again[0] if place else 0))

    assert cycle(rows[run], index) == max(cycle(row, place) for row in rows for place in range(len(row.atoms)))


def shortage(case: dict[str, Any]) -> Shortage:
    result = api.solve(case)
    assert result.status is Status.UNSCHEDULABLE
    assert result.certified
    assert result.shortage is not None
    if result.shortage.parts:
        assert sum(amount for _, amount in result.shortage.parts) == result.shortage.demanded
    assert result.shortage.demanded > result.shortage.available
    return result.shortage


def test_tasks_that_must_run_together_are_named() -> None:
    found = shortage(document(buffer={"capacitance": "200 uF"}))
    assert (found.diagnosis, found.where) == (Diagnosis.ATOM_TOO_LARGE, "tasks radio on to send")
    assert found.demanded == (60 + 3 + 250 + 480 + 4) * 10**9
    assert found.available == 605 * 10**9
    assert dict(found.parts) == {
        Part.BOOT: 60 * 10**9,
        Part.RESUME: 3 * 10**9,
        Part.TASKS: 730 * 10**9,
        Part.COMMIT: 4 * 10**9,
    }
    assert found.sentence == "a power cycle for them all takes 797 uJ, there are 605 uJ"


def tasks(**ends: str) -> dict[str, Any]:
    made = {
        end: {"energy": energy, "time": "1 ms"} for end, energy in {"commit": "4 uJ", "resume": "3 uJ", **ends}.items()
    }
    return {**made, "list": [{"name": "first", "energy": "5 uJ", "time": "1 ms"}, {"energy": "5 uJ", "time": "1 ms"}]}


def test_a_commit_that_is_too_large_is_called_so() -> None:
    found = shortage(document(tasks=tasks(commit="2 mJ")))
    assert (found.diagnosis, found.where) == (Diagnosis.COMMIT_TOO_LARGE, "task 1")


def test_a_boot_that_leaves_no_room_is_called_so() -> None:
    found = shortage(document(boot={"energy": "1.415 mJ", "time": "1 ms"}, tasks=tasks()))
    assert (found.diagnosis, found.where) == (Diagnosis.BOOT_TOO_LARGE, "task 1")


def test_a_name_that_the_checker_would_not_accept_is_not_given() -> None:
    """A start takes more than the second task, but without any start that task would not fit either."""
    made = tasks(resume="100 uJ")
    made["list"][0]["energy"], made["list"][1]["energy"] = "200 uJ", "1.45 mJ"
    found = shortage(document(boot={"energy": "1.4 mJ", "time": "1 ms"}, tasks=made))
    assert dict(found.parts)[Part.BOOT] + dict(found.parts)[Part.RESUME] > dict(found.parts)[Part.TASKS]
    assert found.diagnosis is Diagnosis.ATOM_TOO_LARGE


def test_a_supply_that_cannot_reach_the_level_is_called_a_charging_stall() -> None:
    weak = {**SOURCE, "voltage": "2.4 V"}
    found = shortage(document(wake=programmable("continuous"), supply=weak, start="floor"))
    assert found.diagnosis is Diagnosis.CHARGING_STALL
    assert found.measure is not None
    fixed = shortage(document(supply=weak, start="floor"))
    assert (fixed.diagnosis, fixed.where) == (Diagnosis.CHARGING_STALL, "every power cycle")


def test_refusals_say_what_they_count() -> None:
    dear = {**SLEEP, "power": "2 mW"}
    assert shortage(document(wake={**asleep(), "sleep": dear})).measure is None
    assert shortage(document(wake={**asleep(), "sleep": dear})).diagnosis is Diagnosis.SLEEP_STALL
    booted = shortage(document(boot={"energy": "2 mJ", "time": "1 ms"}))
    assert (booted.diagnosis, booted.demanded) == (Diagnosis.BOOT_TOO_LARGE, 2 * 10**12)
    memory = shortage(_network(requirements={"nonvolatile_memory": "400 B"}))
    assert (memory.diagnosis, memory.where, memory.available) == (Diagnosis.NONVOLATILE_MEMORY, "the network", 400)


def _network(**changes: Any) -> dict[str, Any]:
    from tests.analysis.test_parts import NETWORK

    made = document(**NETWORK)
    for key in ("tasks", "boot", "requirements"):
        del made[key]
    return {**made, **changes}


def test_a_task_that_does_not_fit_memory_is_named() -> None:
    found = shortage(document(requirements={"volatile_memory": "1 KiB"}))
    assert (found.diagnosis, found.where) == (Diagnosis.VOLATILE_MEMORY, "task classify 1")
    assert (found.demanded, found.available) == (3072, 1024)


def test_a_layer_that_does_not_fit_memory_is_named() -> None:
    found = shortage(_network(requirements={"volatile_memory": "20 B"}))
    assert (found.diagnosis, found.where, found.available) == (Diagnosis.VOLATILE_MEMORY, "layer conv", 20)
    assert api.solve(_network(requirements={"volatile_memory": f"{found.demanded} B"})).plan is not None


def test_a_layer_whose_least_tile_is_too_dear_is_taken_apart() -> None:
    buffer = {"capacitance": "60 uF", "turn_on": "2.99 V", "brown_out": "2.8 V"}
    ideal = {"series_resistance": "0 ohm", "leakage": "0 A"}
    found = shortage(_network(buffer={**buffer, **ideal, "capacitance": "142 uF"}))
    assert found.diagnosis is Diagnosis.BOOT_TOO_LARGE
    assert [part for part, _ in found.parts] == [
        Part.BOOT,
        Part.RESUME,
        Part.FETCH,
        Part.COMPUTE,
        Part.STORE,
        Part.COMMIT,
    ]
    case = load_case(_network(buffer={**buffer, **ideal, "capacitance": "142 uF"}))
    stage = program_of(case).stages[0]
    assert isinstance(stage, TiledStage)
    least = least_atom(stage)
    assert least is not None
    assert found.demanded >= stage.ends.resume[0] + least + stage.ends.commit[0]


def test_a_deadline_is_a_shortage_of_time() -> None:
    found = deadline_shortage(5 * 10**12, 4 * 10**12)
    assert found.sentence == "every plan takes at least 5 s, 4 s are allowed"
    assert shortage(document(requirements={"deadline": "2 s"})).diagnosis is Diagnosis.DEADLINE
    assert network().requirements.deadline is None


def test_a_schedulable_case_is_short_of_nothing() -> None:
    assert api.solve(node()).shortage is None
