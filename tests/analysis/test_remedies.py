"""Remedies: the grid, the search, and that what is found suffices while its neighbour does not."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ischedule import api
from ischedule.analysis import remedies
from ischedule.analysis.levers import (
    CAPACITY,
    DEADLINE,
    REMEDIES,
    SENSITIVE,
    SOURCE_RESISTANCE,
    SOURCE_VOLTAGE,
    SUPPLY_POWER,
    TURN_ON,
    VOLATILE,
    Lever,
    middle,
    scaled,
)
from ischedule.analysis.remedies import FITTING, Remedy, fits, grid_index, grid_value, search
from ischedule.models.case import Case, load_case
from ischedule.models.plan import Status
from ischedule.models.quantities import Interval
from tests.analysis.node_cases import SOURCE, document, node, programmable
from tests.analysis.test_parts import NETWORK
from tests.house.tree import ROOT


@given(value=st.integers(1, 10**18))
def test_the_grid_has_three_digits_and_is_passed_without_gaps(value: int) -> None:
    index = grid_index(value)
    assert grid_value(index) <= value < grid_value(index + 1)
    assert len(str(grid_value(index)).rstrip("0")) <= 3
    assert grid_index(grid_value(index)) == index


@given(
    now=st.integers(100, 10**9),
    threshold=st.integers(1, 10**11),
    slope=st.sampled_from((1, 7)),
    memory=st.booleans(),
)
def test_the_search_finds_the_nearest_value_upward(now: int, threshold: int, slope: int, memory: bool) -> None:
    tried: list[int] = []

    def measure(value: int) -> int | None:
        tried.append(value)
        return slope * (10**12 - value)

    lever = VOLATILE if memory else CAPACITY
    found = search(now, measure, slope * (10**12 - threshold), True, FITTING, lever)
    if found is None:
        assert all(value < threshold for value in tried)
        assert now * 1000 < threshold or now >= threshold
        return
    assert found >= threshold
    before = found - 1 if memory else grid_value(grid_index(found) - 1)
    assert before < threshold or before <= now
    assert len(tried) < 80


@given(now=st.integers(1000, 10**9), share=st.fractions(Fraction(1, 500), Fraction(99, 100)))
def test_the_search_finds_the_nearest_value_downward(now: int, share: Fraction) -> None:
    threshold = max(1, int(now * share))

    def measure(value: int) -> int | None:
        return 0 if value <= threshold else None

    found = search(now, measure, 0, False, FITTING, CAPACITY)
    assert found is not None
    assert found <= threshold < grid_value(grid_index(found) + 1)


@given(lo=st.integers(1, 10**15), width=st.integers(0, 10**14), value=st.integers(1, 10**16))
def test_an_interval_is_scaled_outward_as_a_whole(lo: int, width: int, value: int) -> None:
    interval = Interval(lo, lo + width)
    found = scaled(interval, value)
    ratio = Fraction(value, middle(interval))
    assert found.lo <= interval.lo * ratio < found.lo + 1 or interval.is_exact
    assert found.hi - 1 < interval.hi * ratio <= found.hi or interval.is_exact
    assert scaled(interval, middle(interval)) == interval


@pytest.mark.parametrize("lever", [*REMEDIES, *SENSITIVE, DEADLINE], ids=lambda lever: str(lever.name))
def test_every_lever_moves_what_it_says(lever: Lever) -> None:
    network = {key: value for key, value in document(**NETWORK).items() if key not in ("tasks", "boot")}
    cases = [node(requirements={"deadline": "9 s"}), load_case(network), node(buffer={"capacitance": "1 mF ± 10 %"})]
    for name in ("sensor-node-supercapacitor", "sensor-node-on-a-current-loop", "sensor-node-on-a-solar-curve"):
        cases.append(load_case(ROOT / "cases" / f"{name}.json"))
    moved = 0
    for case in cases:
        now = lever.value(case)
        changed = None if now is None else lever.changed(case, now + now // 1000 + 1)
        if now is None or changed is None:
            continue
        moved += 1
        assert abs((lever.value(changed) or 0) - (now + now // 1000 + 1)) <= 1
        assert changed != case
    assert moved


def test_a_contradiction_is_no_change() -> None:
    assert TURN_ON.changed(node(), 2 * 10**9) is None
    assert TURN_ON.changed(node(buffer={"clamp": "3.4 V"}), 3_500_000_000) is None


def test_a_case_fits_where_there_is_a_plan() -> None:
    for changes in ({}, {"buffer": {"capacitance": "200 uF"}}, {"requirements": {"volatile_memory": "1 KiB"}}):
        case = node(**changes)
        assert fits(case) is (api.solve(case).plan is not None)
    stalled = node(supply={**SOURCE, "voltage": "3 V"})
    assert not fits(stalled)


def found(case: Case) -> dict[str, Remedy]:
    result, explanation = api.explain(case)
    assert result.status is Status.UNSCHEDULABLE
    assert explanation is not None
    return {remedy.lever.name: remedy for remedy in explanation.remedies}


def suffices(case: Case, lever: Lever, value: int) -> bool:
    changed = lever.changed(case, value)
    return changed is not None and api.solve(changed).status is Status.SCHEDULABLE


def check_nearest(case: Case, remedy: Remedy, upward: bool) -> None:
    """The value suffices, and its neighbour towards the present value does not."""
    assert suffices(case, remedy.lever, remedy.value)
    neighbour = grid_value(grid_index(remedy.value) + (-1 if upward else 1))
    assert not suffices(case, remedy.lever, neighbour)


def test_a_buffer_that_is_too_small_can_grow_in_two_ways() -> None:
    case = node(buffer={"capacitance": "200 uF"})
    remedies = found(case)
    assert set(remedies) == {"capacitance", "turn-on voltage"}
    for remedy in remedies.values():
        check_nearest(case, remedy, upward=True)
        assert remedy.latency is not None
    assert remedies["capacitance"].before == 200 * 10**9
    assert remedies["capacitance"].value == 264 * 10**9


def test_a_tolerance_is_scaled_with_its_value() -> None:
    case = node(buffer={"capacitance": "200 uF ± 10 %"})
    remedy = found(case)["capacitance"]
    check_nearest(case, remedy, upward=True)
    assert remedy.value == 293 * 10**9


def test_memory_is_found_to_the_byte() -> None:
    case = node(requirements={"volatile_memory": "1 KiB"})
    remedies = found(case)
    assert set(remedies) == {"volatile memory"}
    assert remedies["volatile memory"].value == 3072


def test_a_stall_is_helped_by_the_source_or_a_lower_threshold() -> None:
    case = node(supply={**SOURCE, "voltage": "3.2 V"})
    remedies = found(case)
    assert set(remedies) == {"turn-on voltage", "source voltage"}
    check_nearest(case, remedies["turn-on voltage"], upward=False)
    assert remedies["turn-on voltage"].value == 3_190_000_000
    check_nearest(case, remedies["source voltage"], upward=True)


def test_a_deadline_is_helped_by_more_supply_and_by_patience() -> None:
    case = node(requirements={"deadline": "3 s"})
    remedies = found(case)
    assert {"deadline", "supply power"} <= set(remedies)
    check_nearest(case, remedies["supply power"], upward=True)
    best = api.solve(node()).latency
    assert best is not None
    assert best <= remedies["deadline"].value < best * Fraction(1001, 1000)
    for remedy in remedies.values():
        assert suffices(case, remedy.lever, remedy.value)


def test_a_deadline_behind_a_source_is_helped_by_either_of_its_values() -> None:
    case = node(supply=SOURCE, requirements={"deadline": "0.88 s"})
    remedies = found(case)
    check_nearest(case, remedies[SOURCE_VOLTAGE.name], upward=True)
    check_nearest(case, remedies[SOURCE_RESISTANCE.name], upward=False)


def test_what_fits_but_is_late_is_looked_for_further_on() -> None:
    """A capacitor that is too small, and a deadline that the least sufficient one misses."""
    case = node(buffer={"capacitance": "200 uF"}, requirements={"deadline": "3.5 s"}, start="charged")
    remedies = found(case)
    for remedy in remedies.values():
        assert suffices(case, remedy.lever, remedy.value)
        assert remedy.latency is not None
        assert remedy.latency <= case.requirements.deadline  # type: ignore[operator]


def test_thresholds_of_its_own_are_helped_too() -> None:
    remedies = found(node(wake=programmable(), buffer={"capacitance": "200 uF"}))
    assert "capacitance" in remedies


def test_an_unhelped_quantity_is_not_listed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(remedies, "REMEDIES", (SUPPLY_POWER,))
    assert found(node(buffer={"capacitance": "200 uF"})) == {}


def test_a_limit_stops_the_searches() -> None:
    changes: dict[str, Any] = {"buffer": {"capacitance": "200 uF"}}
    result, explanation = api.explain(node(**changes), time_limit=0.0)
    assert result.status in (Status.UNSCHEDULABLE, Status.UNDECIDED)
    assert explanation is None or explanation.remedies == ()
