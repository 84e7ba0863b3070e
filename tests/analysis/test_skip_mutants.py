"""Lists of skippable commits that say too much are rejected: every entry and every voltage, moved by the least step."""

from __future__ import annotations

import json
from collections.abc import Iterator
from copy import copy
from dataclasses import replace
from fractions import Fraction
from functools import cache
from importlib import resources
from math import ceil
from random import Random
from typing import Any

import pytest

from ischedule import api
from ischedule.analysis.power_cycles import chains_of, power_cycles
from ischedule.analysis.skip_check import endings
from ischedule.api import Result
from ischedule.models.build import program_of
from ischedule.models.case import load_case
from ischedule.models.cycle_law import replay
from ischedule.models.leakage import Leakage
from ischedule.models.plan_file import PlanFile, dump_plan_file, parse_plan_file
from ischedule.models.program import Program
from ischedule.models.quantities import Interval, Rounding
from ischedule.models.skippable import Skippable
from ischedule.models.skipping import late_commit_of, reading_for
from ischedule.skipping import commits_of
from tests.house.tree import ROOT
from tests.models.case_examples import NETWORK

STEP = 10_000_000
SLEEP = {
    "power": "10 uW",
    "poll_energy": "0.2 uJ",
    "poll_period": "20 ms",
    "wake": {"energy": "1 uJ", "time": "0.5 ms"},
    "retained": True,
}


@cache
def node() -> dict[str, Any]:
    """The shipped case that sleeps and measures."""
    text = (resources.files("ischedule.cases") / "sensor-node-sleeps-and-measures.json").read_text()
    found: dict[str, Any] = json.loads(text)
    return found


@cache
def solved(kind: str) -> Result:
    """A case of tasks or of a network, under programmable or fixed wake."""
    if kind == "node":
        return api.solve(load_case(node()))
    if kind == "fixed":
        wake = {"policy": "fixed", "mechanism": "sense", "sleep": node()["wake"]["sleep"]}
        return api.solve(load_case(node() | {"wake": wake}))
    if kind == "inexact":
        # nearly every voltage is a threshold, and none is read exactly
        wake = node()["wake"] | {"step": "1 uV", "threshold_error": "4 mV"}
        return api.solve(load_case(node() | {"wake": wake}))
    wake = {"policy": "fixed", "mechanism": "sense", "sleep": SLEEP}
    return api.solve(load_case(NETWORK | {"wake": wake}))


KINDS = ("node", "fixed", "inexact", "network")


def file_of(kind: str) -> PlanFile:
    found = solved(kind).plan_file
    assert found is not None
    return found


def reason(kind: str, *listed: Skippable) -> str:
    """Why a list is rejected, "" if it is not."""
    verdict = api.check(solved(kind).case, replace(file_of(kind), skippable=listed))
    return "" if verdict.accepted else verdict.reason


@pytest.mark.parametrize("kind", KINDS)
def test_what_solve_lists_is_accepted_and_its_file_reads_back(kind: str) -> None:
    result, file = solved(kind), file_of(kind)
    assert result.certified
    assert file.skippable
    assert parse_plan_file(dump_plan_file(file).encode(), "x") == file
    assert api.check(result.case, file).accepted
    assert api.check(result.case, replace(file, skippable=())).accepted
    trusted = api.check(result.case, file).trusted
    assert any("after a skipped commit" in one for one in trusted)
    assert any("repeated together" in one for one in trusted) == (kind != "network")


def test_both_kinds_of_entry_are_listed() -> None:
    assert all(one.start is not None for one in file_of("node").skippable)
    assert all(one.start is None for one in file_of("fixed").skippable)


def mutants(one: Skippable, step: int) -> Iterator[Skippable]:
    yield replace(one, reserve=one.reserve - step)
    yield replace(one, reserve=one.reserve + 20 * STEP)
    if one.start is None:
        return
    yield replace(one, start=None)
    yield replace(one, start=one.start - step)
    yield replace(one, start=one.start - step // 2)
    yield replace(one, reserve=one.reserve + step // 2)


@pytest.mark.parametrize("kind", ["node", "fixed", "inexact"])
def test_less_than_the_reserve_is_rejected(kind: str) -> None:
    """Voltages are the least that suffice: in steps of 10 mV or 1 uV, or to the microvolt without any."""
    step = STEP if kind == "node" else 1000
    for one in file_of(kind).skippable:
        for wrong in mutants(one, step):
            assert reason(kind, wrong), wrong


@pytest.mark.parametrize("kind", KINDS)
def test_a_list_without_order_or_beyond_the_plan_is_rejected(kind: str) -> None:
    listed, plan = file_of(kind).skippable, solved(kind).plan
    assert plan is not None
    cycles = sum(run.repeat for run in plan.cycles)
    assert "the last one publishes" in reason(kind, *listed[:-1], replace(listed[-1], last=cycles))
    assert "are listed after" in reason(kind, *listed, listed[-1])
    assert "are listed after" in reason(kind, replace(listed[0], first=0))
    assert reason(kind, replace(listed[0], last=listed[0].first - 1))


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"wake": {"policy": "fixed", "mechanism": "latch"}}, "does not sleep"),
        ({"wake": {"policy": "fixed", "mechanism": "burn", "idle_power": "20 mW"}}, "does not sleep"),
        ({"requirements": node()["requirements"] | {"deadline": "60 s", "failures": 1}}, "failures are tolerated"),
        ({"wake": node()["wake"] | {"sleep": node()["wake"]["sleep"] | {"retained": False}}}, "does not retain"),
        ({"while_running": {"power": "0.1 mW", "shortest": "90 %", "uneven": "0 s"}}, "counted on while"),
        (
            {"supply": {"kind": "curve", "points": [["0 s", "0 J"], ["1 s", "1 mJ"]], "rate": "3 mW"}},
            "under a supply curve",
        ),
    ],
)
def test_where_nothing_may_be_skipped_nothing_is_listed(change: dict[str, Any], why: str) -> None:
    case = load_case(node() | change)
    result = api.solve(case)
    assert result.plan_file is not None
    assert result.plan is not None
    assert result.plan_file.skippable == ()
    verdict = api.check(case, replace(result.plan_file, skippable=(Skippable(1, 1, 3 * 10**9),)))
    assert not verdict.accepted
    assert why in verdict.reason


@pytest.mark.parametrize("policy", ["fixed", "programmable"])
def test_a_reserve_is_read_with_the_current_that_flows_there(policy: str) -> None:
    """The same power charges with more current at a lower voltage, which lifts what is read by more than at turn-on."""
    wake = node()["wake"] | {"policy": policy, "power_on": "3.2 V"}
    if policy == "fixed":
        wake = {name: value for name, value in wake.items() if name not in ("step", "power_on")}
    buffer = node()["buffer"] | {"series_resistance": "20 ohm"}
    supply = {"kind": "power", "power": ["1.5 mW", "30 mW"]}
    case = load_case(node() | {"wake": wake, "buffer": buffer, "supply": supply, "load": {"power": ["0 W", "8 mW"]}})
    program = program_of(case)
    held = program.law.charging.buffer
    for level in (0, held.capacity // 4, held.capacity // 2):
        read = Fraction(reading_for(case, program, level))
        # 20 ohm 30 mW = 0.6 V^2
        inside = read - Fraction(6 * 10**17) / read
        assert inside >= held.voltage_of(level, Rounding.DOWN)


def test_nothing_may_be_skipped_beside_counters() -> None:
    """A choice of kinds counts records where the next cycle begins: a commit then seems to take nothing."""
    case = json.loads((ROOT / "cases/kws-inas-1mF-ts1.json").read_text())
    case |= {"wake": {"policy": "fixed", "mechanism": "sense", "sleep": SLEEP}}
    offered = case | {"options": {"preservation": ["record", "footprint"]}}
    listed, result = api.solve(case).plan_file, api.solve(offered)
    assert listed is not None
    assert listed.skippable
    assert result.plan_file is not None
    assert result.plan_file.skippable == ()
    verdict = api.check(offered, replace(result.plan_file, skippable=listed.skippable))
    assert not verdict.accepted
    assert "counters or markers" in verdict.reason


def test_a_list_without_a_plan_is_rejected() -> None:
    verdict = api.check(solved("node").case, replace(file_of("node"), plan=None))
    assert not verdict.accepted
    assert "there is no plan" in verdict.reason


@pytest.mark.parametrize("kind", KINDS)
def test_any_skips_are_no_later_than_certified(kind: str) -> None:
    """By the certified rule itself, with what is skipped taking nothing; no late commit is among it."""
    result = solved(kind)
    program, plan, evaluation, random = result.program, result.plan, result.evaluation, Random(5)
    assert isinstance(program, Program)
    assert plan is not None
    assert evaluation is not None
    chains = chains_of(program, plan)
    cycles = power_cycles(program, plan, chains)
    ends = endings(result.case, program, plan, chains, cycles)
    thresholds = [program.law.threshold_at(run.level, run.code) for run in plan.cycles for _ in range(run.repeat)]
    listed = [number for one in file_of(kind).skippable for number in range(one.first, one.last + 1)]
    active = evaluation.atoms_time + evaluation.resume_time + evaluation.commit_time
    for _ in range(50):
        drains, running = [cycle.drain for cycle in cycles], active
        for number in listed:
            if random.random() < 0.5:
                drains[number - 1] = ends[number - 1].drain
                running -= cycles[number - 1].commit_time
        assert running + replay(program.law, drains, thresholds).waiting <= evaluation.latency


def late(kind: str) -> list[int]:
    """What a late commit needs after each cycle but the last."""
    result = solved(kind)
    program, plan = result.program, result.plan
    assert isinstance(program, Program)
    assert plan is not None
    chains = chains_of(program, plan)
    return [one.need for one in endings(result.case, program, plan, chains, power_cycles(program, plan, chains))]


def test_a_late_commit_needs_sleep_polls_waking_and_the_commit() -> None:
    """6 uW for 50 ms and two polls of 400 nJ; 5 uJ to wake, 3 to resume, 4 to commit."""
    assert late("node") == [(300 + 2 * 400 + 12_000) * 10**6] * 2


def test_a_late_commit_counts_leakage_and_currents() -> None:
    """In charge: what sleep draws at brown-out; on a real capacitor: what leaks at the highest voltage, and R i^2."""
    case = solved("node").case
    program = solved("node").program
    assert isinstance(program, Program)
    ideal = late_commit_of(case, program)
    buffer = replace(case.buffer, leakage=Leakage(10**10), resistance=Interval(0, 10**8))
    law = copy(program.law)
    law.charging = copy(law.charging)
    law.charging.buffer = buffer
    lossy = late_commit_of(case, replace(program, law=law))
    leaks = Fraction(10 * 33, 10) * 50 * 10**6
    current = Fraction(14, 22) * Fraction(1, 10**5)
    heats = 100 * current**2 * Fraction(5, 100) * 10**15
    assert lossy.asleep - ideal.asleep == ceil(leaks + heats)


def test_the_list_says_how_many_commits_and_why_not_more() -> None:
    result = solved("node")
    program, plan = result.program, result.plan
    assert isinstance(program, Program)
    assert plan is not None
    found = commits_of(result.case, program, plan, {})
    assert (found.count, found.among, found.overwritten, found.unreserved) == (2, 2, 0, 0)
    network = solved("network")
    assert isinstance(network.program, Program)
    assert network.plan is not None
    found = commits_of(network.case, network.program, network.plan, dict(file_of("network").addresses))
    assert found.count == sum(one.last - one.first + 1 for one in file_of("network").skippable)
    assert found.count + found.overwritten + found.unreserved == found.among
