"""Outcomes in closed form against a walk unit by unit, closed forms of the theory, and the published explorer."""

from __future__ import annotations

import json
from dataclasses import dataclass
from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ischedule.compat.adapter import explore_case
from ischedule.models.case import Case, load_case
from ischedule.models.cost import Effort
from ischedule.models.cycle_law import CycleLaw
from ischedule.policies import inas, just_in_time, layer_by_layer, one_shot, registry
from ischedule.policies.execution import (
    Discipline,
    Execution,
    Guarantee,
    Part,
    Run,
    Snapshot,
    Stretch,
    Unit,
    totals_of,
)
from ischedule.policies.outcome import NoProgress, outcome
from ischedule.policies.policy import fits_a_cycle
from ischedule.policies.workload import Inapplicable, Workload
from tests.policies.cases import LAYER, layer_case, tasks_case

CASES = LAYER.parents[1] / "cases"
BUFFER = {"capacitance": "200 uF", "turn_on": "3 V", "brown_out": "2 V", "series_resistance": "0 ohm", "leakage": "0 A"}
"""A band of exactly 500 uJ."""


def workload(**changes: object) -> Workload:
    task = {"name": "a", "energy": "1 uJ", "time": "1 ms"}
    return Workload.of(tasks_case(task, buffer=BUFFER, **changes))


def execution_of(runs: tuple[Run, ...], discipline: Discipline, snapshot: Snapshot | None = None) -> Execution:
    found = workload()
    parts = (Part("all", (Stretch(runs),)),)
    needs = (fits_a_cycle(found, parts),)
    return Execution("made up", discipline, found.boot, parts, needs, Guarantee(False, ""), snapshot)


@dataclass
class Walked:
    """An execution unit by unit at 1 mW of constant power, energies in uJ: seconds follow from them."""

    cycles: int
    drained: Fraction
    waited: Fraction


def walk(execution: Execution, law: CycleLaw) -> Walked:
    """Every unit tried against what is left; a full buffer holds the law's capacity."""
    capacity, boot = law.capacity, execution.boot.amount
    reserve = 0 if execution.snapshot is None else execution.snapshot.save.amount
    cycles, level, drained, waited = 1, capacity - boot, boot, 0
    for unit, times in execution.runs():
        for _ in range(times):
            if level - reserve < unit.amount:
                left = level - reserve if execution.snapshot else 0
                drained += level - left
                waited += capacity - left
                restore = execution.snapshot.restore if execution.snapshot else unit.recover
                cycles, level = cycles + 1, capacity - boot - restore.amount
                drained += boot + restore.amount
            level -= unit.amount
            drained += unit.amount
    return Walked(cycles, Fraction(drained), Fraction(waited))


EFFORTS = st.builds(Effort, st.integers(0, 300 * 10**9), st.integers(0, 10**10))
UNITS = st.builds(
    Unit,
    st.just("a unit"),
    EFFORTS,
    st.builds(Effort, st.integers(0, 20 * 10**9), st.integers(0, 10**9)),
    st.builds(Effort, st.integers(0, 60 * 10**9), st.integers(0, 10**9)),
)
RUNS = st.lists(st.tuples(UNITS, st.integers(1, 40)), min_size=1, max_size=6).map(tuple)
SNAPSHOTS = st.builds(
    Snapshot,
    st.just(100),
    st.builds(Effort, st.integers(0, 40 * 10**9), st.integers(0, 10**9)),
    st.builds(Effort, st.integers(0, 40 * 10**9), st.integers(0, 10**9)),
)


@settings(deadline=None)
@given(RUNS, st.none() | SNAPSHOTS)
def test_packing_is_the_walk_unit_by_unit(runs: tuple[Run, ...], snapshot: Snapshot | None) -> None:
    discipline = Discipline.OPPORTUNISTIC if snapshot is None else Discipline.JUST_IN_TIME
    execution, law = execution_of(runs, discipline, snapshot), workload().law
    found, walked = outcome(execution, law), walk(execution, law)
    assert (found.cycles, found.drained) == (walked.cycles, walked.drained)
    # 1 mW is 1 fJ/ps; the first charge is of the whole band from the floor
    first = law.charging.charge_time(law.head.level, law.charging.buffer.turn_on_high)
    assert found.latency - found.active - first == pytest.approx(walked.waited, abs=2 * walked.cycles)
    totals = execution.totals()
    spent = totals.amount + found.run_again + found.saved + found.cycles * execution.boot.amount
    assert spent <= found.drained


def test_consuming_less_can_take_more_cycles() -> None:
    """The smallest anomaly of opportunistic execution (theory 3.3): a band of 100, the first of four takes 35 or 30."""

    def cycles(first: int) -> int:
        band = 500 * 10**9
        scale = band // 100
        boot = workload().boot.amount
        works, commits, recovers = (first, 10, 10, 50), (5, 10, 0, 5), (45, 15, 55, 25)
        runs = tuple(
            (Unit(str(place), Effort(work * scale, 1), Effort(commit * scale, 0), Effort(back * scale, 0)), 1)
            for place, (work, commit, back) in enumerate(zip(works, commits, recovers, strict=True))
        )
        # the theory's first start restores as well, and has no boot
        begun = ((Unit("restore", Effort(recovers[0] * scale, 0), Effort(0, 0), Effort(0, 0)), 1), *runs)
        execution = execution_of(begun, Discipline.OPPORTUNISTIC)
        free = Execution(execution.policy, execution.discipline, Effort(0, 0), execution.parts, (), execution.guarantee)
        assert boot > 0
        return outcome(free, workload().law).cycles

    assert (cycles(35), cycles(30)) == (2, 3)


def test_just_in_time_is_the_theory_s_number_of_checkpoints() -> None:
    """N = ceil((W - U) / G) with U the band above the warning level and G = U - restore, nothing harvested running."""
    law, boot = workload().law, workload().boot.amount
    save, restore, total = 20 * 10**9, 15 * 10**9, 7_000_000
    snapshot = Snapshot(64, Effort(save, 5), Effort(restore, 5))
    unit = Unit("an operation", Effort(10**6, 1), Effort(0, 0), Effort(0, 0))
    found = outcome(execution_of(((unit, total),), Discipline.JUST_IN_TIME, snapshot), law)
    usable = law.capacity - boot - save
    work, gain = total * 10**6, usable - restore
    assert found.cycles - 1 == -(-(work - usable) // gain)
    assert found.run_again == 0
    assert found.saved == (found.cycles - 1) * save


def test_a_planned_unit_waits_for_what_it_drained() -> None:
    law = workload().law
    unit = Unit("a batch", Effort(100 * 10**9, 10**9), Effort(10**9, 10**9), Effort(2 * 10**9, 10**9))
    found = outcome(execution_of(((unit, 3),), Discipline.PLANNED), law)
    drain = 113 * 10**9
    active = 3 * (3 * 10**9 + 10**9)
    assert (found.cycles, found.drained, found.active) == (3, 3 * drain, active)
    from_nothing = 900 * 10**9  # 200 uF charged from 0 V to 3 V at 1 mW
    assert found.latency == pytest.approx(from_nothing + 2 * drain + active, abs=9)


@pytest.mark.parametrize("name", ["kws-inas-5mF-ts1", "cifar10-inas-1mF-ts2", "kws-inas-10mF-ts3"])
def test_inas_takes_what_its_explorer_says(name: str) -> None:
    case = load_case(CASES / f"{name}.json")
    found = Workload.of(case)
    execution = inas.POLICY.execution(found)
    results = inas.explored(case).results
    totals = execution.totals()
    assert totals.units == sum(result.cycles for result in results)
    booted = totals.units * found.boot.amount
    recovered = sum(unit.recover.amount * times for unit, times in execution.runs())
    assert (totals.amount + booted + recovered) / 1e15 == pytest.approx(sum(r.energy for r in results), rel=1e-9)
    assert execution.makes_progress
    assert not execution.guarantee.certified


def test_inas_is_the_same_with_published_semantics() -> None:
    text = (CASES / "kws-inas-5mF-ts1.json").read_text("utf-8")
    published = text.replace('"power_path"', '"semantics": "inas-2021",\n  "power_path"')
    case = load_case(json.loads(published))
    assert explore_case(case).results == inas.explored(load_case(json.loads(text))).results


def test_inas_says_what_it_does_not_model() -> None:
    with pytest.raises(Inapplicable, match="inas-2021 does not model it"):
        inas.POLICY.execution(Workload.of(load_case(CASES / "ds-cnn-msp430.json")))


def test_one_shot_is_certified_if_it_fits() -> None:
    fits = one_shot.POLICY.execution(Workload.of(load_case(CASES / "kws-inas-5mF-ts1.json")))
    assert fits.makes_progress
    assert fits.guarantee.certified
    too_large = one_shot.POLICY.execution(Workload.of(load_case(CASES / "cifar10-inas-5mF-ts1.json")))
    assert not too_large.makes_progress
    assert not too_large.guarantee.certified
    with pytest.raises(NoProgress, match="never ends"):
        outcome(too_large, Workload.of(load_case(CASES / "cifar10-inas-5mF-ts1.json")).law)


def test_tasks_are_saved_at_their_cuts() -> None:
    free = {"name": "a", "energy": "5 uJ", "time": "1 ms", "repeat": 3}
    bound = {"name": "b", "energy": "7 uJ", "time": "2 ms", "cut": False}
    found = Workload.of(tasks_case(free, bound, free))
    execution = layer_by_layer.POLICY.execution(found)
    works = [(unit.work.amount // 10**9, unit.recover.amount // 10**9, times) for unit, times in execution.runs()]
    assert works == [(5, 0, 1), (5, 3, 2), (12, 3, 1), (5, 3, 2)]
    assert execution.totals().preserve == Effort(6 * 4 * 10**9, 6 * 10**9)
    everything = one_shot.POLICY.execution(found).totals()
    assert everything.work == execution.totals().work


def test_pieces_of_a_layer_are_the_whole_layer() -> None:
    found = Workload.of(load_case(CASES / "kws-inas-5mF-ts1.json"))
    whole = one_shot.POLICY.execution(found).totals()
    pieces = just_in_time.POLICY.execution(found).totals()
    assert (pieces.work, pieces.traffic) == (whole.work, whole.traffic)
    assert pieces.largest < whole.largest // 100


@settings(deadline=None, max_examples=20)
@given(st.integers(1, 12), st.integers(1, 12), st.integers(1, 9))
def test_no_design_takes_less_than_the_uninterrupted_one(channels: int, outputs: int, side: int) -> None:
    from ischedule.models.build import program_of
    from ischedule.models.least_tilings import least_tilings
    from ischedule.models.program import TiledStage

    case = layer_case(channels, side, side, {"kind": "conv2d", "out_channels": outputs, "kernel": [1, 1]})
    stage = program_of(case).stages[0]
    assert isinstance(stage, TiledStage)
    least = min(sum(stage.chain(one).drain) for one in least_tilings(0, stage.forms[0]) if stage.fits(one))
    assert layer_by_layer.POLICY.execution(Workload.of(case)).totals().work.amount <= least


def test_every_policy_is_tried_and_named_once() -> None:
    names = [policy.name for policy in registry.POLICIES]
    assert len(set(names)) == len(names)
    case: Case = load_case(LAYER)
    applied = [execution.policy for execution in registry.executions(case)]
    refused = [name for name, _ in registry.inapplicable(case)]
    assert [name for name in names if name in refused] == refused == ["inas", "urgent"]
    assert [name for name in names if name not in refused] == applied


def test_totals_count_repetitions() -> None:
    unit = Unit("a", Effort(3, 5), Effort(1, 0), Effort(7, 0))
    stretch = Stretch(((unit, 2), (unit, 3)), 4)
    totals = totals_of([stretch, stretch])
    assert (totals.units, totals.work, totals.preserve, totals.largest) == (40, Effort(120, 200), Effort(40, 0), 11)
    assert stretch.units == 20
