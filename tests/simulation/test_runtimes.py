"""Runtimes on simulated boards: closed forms of whole runs, known anomalies, and no run without an end."""

from __future__ import annotations

from dataclasses import replace
from math import ceil, inf, sqrt

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ischedule.simulation.board import Board, Sleeping
from ischedule.simulation.circuit import Capacitor
from ischedule.simulation.flow import Flow
from ischedule.simulation.machine import Limits, Outcome
from ischedule.simulation.many import constant, run_many
from ischedule.simulation.planned import NO_PROGRESS, STALLED, Release, run_planned
from ischedule.simulation.reactive import run_just_in_time, run_opportunistic, run_urgent, without_commits
from ischedule.simulation.script import (
    NOTHING,
    Activity,
    Commit,
    PlannedCycle,
    PlannedCycles,
    PlannedScript,
    Script,
    Skip,
    Stretch,
)
from ischedule.simulation.supplies import Opposed, Steady, Switching, Trace

BOOT = Activity(50e-6, 5e-3)


def planned(
    *amounts: float, threshold: float | None = None, peak: float = 0.0, skip: Skip | None = None
) -> PlannedScript:
    """One power cycle for each amount of work (J), at 10 mW."""
    return PlannedScript(
        tuple(
            PlannedCycles(
                1,
                PlannedCycle(
                    threshold,
                    (("boot", BOOT),),
                    (("work", Activity(amount, amount / 1e-2, peak)),),
                    Commit(Activity(1e-5, 1e-3), 8),
                    skip,
                ),
            )
            for amount in amounts
        )
    )


def board(**changes: object) -> Board:
    return replace(Board(Capacitor(470e-6), Steady(Flow(fed=1.5e-3)), 3.3, 2.2), **changes)  # type: ignore[arg-type]


def balanced(outcome: Outcome) -> bool:
    return abs(outcome.imbalance) <= 1e-9 * outcome.harvested + 10 * outcome.error + 1e-15


@settings(max_examples=50, deadline=None)
@given(st.lists(st.floats(1e-5, 1.1e-3), min_size=1, max_size=6))
def test_a_plan_at_constant_power_takes_what_the_closed_form_says(amounts: list[float]) -> None:
    """Without harvest while running: what lies between empty and turn-on, and each drain but the last, at the power."""
    found = run_planned(planned(*amounts), board(supply=Opposed(Flow(fed=1.5e-3), Flow())))
    drains = [BOOT.amount + amount + 1e-5 for amount in amounts]
    waiting = (470e-6 * 3.3**2 / 2 + sum(drains[:-1])) / 1.5e-3
    running = sum(5e-3 + amount / 1e-2 + 1e-3 for amount in amounts)
    assert found.finished
    assert found.latency == pytest.approx(waiting + running, rel=1e-9)
    assert (found.cycles, found.brown_outs, found.boots) == (len(amounts), 0, len(amounts))
    assert (found.checkpoints, found.written) == (len(amounts), 8 * len(amounts))
    assert balanced(found)


@settings(max_examples=30, deadline=None)
@given(
    st.sampled_from((0.0, 2.0, 10.0)),
    st.sampled_from((0.0, 3e-6)),
    st.sampled_from((0.0, 2e-5)),
    st.integers(0, 1000),
    st.booleans(),
)
def test_energy_is_neither_lost_nor_found(
    resistance: float, leak: float, decoupling: float, seed: int, powered: bool
) -> None:
    ends = (
        (Flow(fed=1e-3), Flow(fed=6e-3))
        if powered
        else (Flow(source=3.6, source_resistance=900.0), Flow(source=4.5, source_resistance=400.0))
    )
    changed = board(
        capacitor=Capacitor(470e-6, resistance, leak),
        supply=Switching(ends, 0.05, seed),
        decoupling=decoupling,
        redistribution=0.01,
        clamp=3.35,
        sleeping=None if seed % 2 else Sleeping(1e-5, 1e-7, 1e-2),
    )
    script = Script(BOOT, (Stretch("x", 60, Activity(1e-4, 1e-2, 2e-2), Commit(Activity(1e-5, 1e-3), 4)),))
    for found in (
        run_planned(planned(*[6e-4] * 5, peak=2e-2), changed),
        run_opportunistic(script, changed),
        run_just_in_time(script, changed),
        run_urgent(script, changed),
    ):
        assert balanced(found)
        assert found.finished or found.why


def test_a_buffer_at_its_clamp_falls_when_more_is_drawn_than_comes() -> None:
    full = board(turn_on=3.0, clamp=3.0, supply=Steady(Flow(fed=1e-3)))
    found = run_planned(planned(4e-4), full)
    assert found.finished
    assert found.clamped == 0
    assert not run_planned(planned(2e-3), full, Limits(attempts=3)).finished


@given(st.floats(1e-6, 1e-3), st.floats(1e-3, 1), st.floats(1, 50), st.floats(0, 2), st.booleans())
def test_an_uneven_activity_takes_all_in_time_and_is_never_further_behind_than_its_lag(
    amount: float, time: float, times: float, share: float, leads: bool
) -> None:
    mean, lag = amount / time, share * time
    phases = Activity(amount, time, mean * times, lag).phases[:: -1 if leads else 1]
    assert sum(length for _, length in phases) == pytest.approx(time)
    assert sum(draw * length for draw, length in phases) == pytest.approx(amount)
    passed = taken = 0.0
    for draw, length in phases:
        passed, taken = passed + length, taken + draw * length
        assert abs(taken - mean * passed) <= mean * lag * (1 + 1e-9) + 1e-9 * amount
        assert draw <= mean * times * (1 + 1e-9)


def test_a_shorter_run_takes_as_much_within_its_peak() -> None:
    assert Activity(1e-3, 1.0, 4e-3).within(0.5) == Activity(1e-3, 0.5, 4e-3)
    assert Activity(1e-3, 1.0, 4e-3).within(0.1) == Activity(1e-3, 0.25, 4e-3)


def test_a_cycle_that_does_not_fit_is_given_up() -> None:
    found = run_planned(planned(2e-3), board(), Limits(attempts=3))
    assert (found.finished, found.why, found.brown_outs, found.cycles) == (False, NO_PROGRESS, 3, 0)
    assert found.repeated == pytest.approx(found.used)


def test_a_supply_that_does_not_reach_the_threshold_is_told() -> None:
    weak = board(supply=Steady(Flow(source=3.0, source_resistance=100.0)))
    assert run_planned(planned(1e-4), weak).why == STALLED
    leaky = board(capacitor=Capacitor(470e-6, 0.0, 1e-3))
    assert run_planned(planned(1e-4), leaky).why == STALLED


def test_resistance_browns_out_what_energy_alone_would_carry() -> None:
    dark = Opposed(Flow(fed=1.5e-3), Flow())
    script = planned(1.2e-3, peak=5e-2)
    assert run_planned(script, board(supply=dark)).brown_outs == 0
    assert run_planned(script, board(supply=dark, capacitor=Capacitor(470e-6, 15.0))).brown_outs > 0


@pytest.mark.parametrize(("first", "cycles"), [(35, 2), (30, 3)])
def test_opportunistic_execution_that_takes_less_takes_longer(first: float, cycles: int) -> None:
    """The capacitor holds 100 above brown-out. With less work a unit more is committed, whose resume is dear."""
    work, commit, resume = (first, 10, 10, 50), (5, 10, 0, 5), (45, 15, 55, 25)
    stretches = tuple(
        Stretch(
            str(place),
            1,
            Activity(work[place], 1e-3),
            Commit(Activity(commit[place], 1e-3)),
            Activity(resume[place], 1e-3),
        )
        for place in range(4)
    )
    supply = Opposed(Flow(fed=1.0), Flow())
    narrow = Board(Capacitor(2.0), supply, sqrt(200 + 1e-6), 10.0)
    found = run_opportunistic(Script(NOTHING, stretches), narrow)
    assert (found.finished, found.cycles, found.checkpoints) == (True, cycles, 4)


@settings(max_examples=40, deadline=None)
@given(st.integers(2, 4000), st.floats(2e-6, 6e-5))
def test_units_by_division_are_those_one_by_one(count: int, amount: float) -> None:
    script = Script(BOOT, (Stretch("x", count, Activity(amount, amount / 1e-2), Commit(Activity(1e-6, 1e-4), 2)),))
    quick, slow = (run_opportunistic(script, board(), records=records) for records in (False, True))
    assert (quick.cycles, quick.checkpoints, quick.brown_outs) == (slow.cycles, slow.checkpoints, slow.brown_outs)
    assert quick.latency == pytest.approx(slow.latency, rel=1e-9)
    assert (quick.repeated, quick.written) == (pytest.approx(slow.repeated, abs=1e-12), slow.written)


def test_one_shot_never_ends_where_the_whole_does_not_fit() -> None:
    script = Script(BOOT, (Stretch("x", 50, Activity(1e-4, 1e-2), Commit(Activity(1e-6, 1e-4))),))
    assert run_opportunistic(script, board()).finished
    assert not run_opportunistic(without_commits(script), board()).finished
    assert run_opportunistic(
        without_commits(replace(script, stretches=script.stretches[:1])), board(turn_on=6.0)
    ).finished


@settings(max_examples=60, deadline=None)
@given(st.floats(1e-3, 5e-2), st.floats(0.0, 8e-3), st.floats(1e-5, 2e-4), st.floats(1e-5, 2e-4))
def test_just_in_time_takes_as_many_checkpoints_as_the_formula(
    work: float, power: float, backup: float, restore: float
) -> None:
    """N = 0 if W <= U p/(p-P), else ceil((W - U p/(p-P)) / (G p/(p-P))), with G = U - E_r (1 - P/p)."""
    load, warning = 1e-2, 2.6
    usable = 470e-6 / 2 * (3.3**2 - warning**2)
    supply = Opposed(Flow(fed=1e-3), Flow(fed=power))
    script = Script(
        NOTHING,
        (Stretch("x", 1, Activity(work, work / load)),),
        Commit(Activity(backup, backup / load)),
        Activity(restore, restore / load),
    )
    share = load / (load - power)
    net = usable - restore * (1 - power / load)
    exact = (work - usable * share) / (net * share)
    found = run_just_in_time(script, board(supply=supply), warning=warning)
    assert found.finished
    if abs(exact - round(exact)) > 1e-6:
        assert found.checkpoints == max(0, ceil(exact))


def test_urgent_saves_only_where_the_supply_does_not_carry_the_sleep() -> None:
    script = Script(BOOT, (Stretch("x", 50, Activity(2e-4, 1e-2), Commit(Activity(1e-5, 1e-3), 7)),))
    carried = run_urgent(script, board(sleeping=Sleeping(1e-4, 0.0, 1e-3)))
    assert (carried.finished, carried.cycles, carried.checkpoints) == (True, 1, 1)
    assert carried.skipped > 1
    not_carried = run_urgent(script, board(sleeping=Sleeping(1e-2, 0.0, 1e-3)))
    assert (not_carried.finished, not_carried.skipped, not_carried.brown_outs) == (True, 0, 0)
    assert not_carried.checkpoints == not_carried.cycles > 1


def test_skipping_saves_commits_while_the_supply_carries_the_sleep() -> None:
    asleep, script = board(sleeping=Sleeping(1e-4, 0.0, 1e-3)), planned(*[6e-4] * 4, skip=Skip(2.25))
    taken, skipped = (run_planned(script, asleep, skips=skips) for skips in (False, True))
    assert (taken.checkpoints, taken.skipped) == (4, 0)
    assert (skipped.checkpoints, skipped.skipped, skipped.brown_outs) == (1, 3, 0)
    assert skipped.latency < taken.latency
    unlisted = run_planned(planned(*[6e-4] * 4), asleep, skips=True)
    assert (unlisted.checkpoints, unlisted.skipped, unlisted.latency) == (4, 0, taken.latency)


def test_only_cycles_that_began_with_enough_are_skipped() -> None:
    asleep = board(sleeping=Sleeping(1e-4, 0.0, 0.2))
    for start, skipped in ((3.0, 3), (3.29, 3), (3.5, 0)):
        found = run_planned(planned(*[6e-4] * 4, skip=Skip(2.25, start)), asleep, skips=True)
        assert (found.skipped, found.checkpoints) == (skipped, 4 - skipped)


FAILS = Trace((0.0, 2.0, 40.0), (1.5e-3, 0.0, 1.5e-3), 1e6, loops=False)
"""Dark while the device waits for its second power cycle."""


def test_a_supply_that_fails_asleep_brings_a_late_commit_and_nothing_is_run_again() -> None:
    """It comes at the first poll below the reserve; the device browns out later, with nothing to lose."""
    asleep, script = Sleeping(1e-4, 0.0, 0.5), planned(*[6e-4] * 2, skip=Skip(2.3))
    found = run_planned(script, board(supply=FAILS, sleeping=asleep), skips=True, records=True)
    assert (found.finished, found.skipped, found.checkpoints, found.repeated) == (True, 1, 2, 0.0)
    assert found.brown_outs == 1
    late = next(event for event in found.events if event.what == "commit")
    before = late.voltage**2 + 2 * 1e-5 / 470e-6
    fallen = 2 * asleep.power * asleep.poll_period / 470e-6
    assert 2.3**2 - fallen <= before <= 2.3**2
    out = next(event for event in found.events if event.what == "brown-out")
    assert 2.0 < late.time < out.time < 40.0


def test_without_a_reserve_what_was_skipped_is_lost_and_run_again() -> None:
    hungry = board(supply=FAILS, sleeping=Sleeping(1e-3, 0.0, 0.05))
    found = run_planned(planned(*[6e-4] * 2, skip=Skip(2.2)), hungry, skips=True)
    assert (found.finished, found.skipped, found.brown_outs) == (True, 2, 1)
    assert found.repeated == pytest.approx(BOOT.amount + 6e-4)
    kept = run_planned(planned(*[6e-4] * 2, skip=Skip(2.3)), hungry, skips=True)
    assert (kept.finished, kept.skipped, kept.brown_outs, kept.repeated) == (True, 1, 1, 0.0)


def test_runs_side_by_side_are_those_event_by_event() -> None:
    random = np.random.default_rng(5)
    script = planned(6e-4, 9e-4, 2e-4, peak=3e-2)
    asleep = Sleeping(5e-5, 1e-6, 0.03)
    for leak, supply, sleeping in (
        (0.0, Opposed(Flow(fed=2e-3), Flow(fed=1e-3)), None),
        (2e-6, Opposed(Flow(fed=2e-3), Flow(fed=1e-3)), None),
        (2e-6, Opposed(Flow(source=5.0, source_resistance=900.0), Flow(source=3.0, source_resistance=900.0)), None),
        (0.0, Opposed(Flow(fed=2e-3), Flow(fed=1e-3)), asleep),
        (2e-6, Opposed(Flow(source=5.0, source_resistance=900.0), Flow(source=3.0, source_resistance=900.0)), asleep),
        (0.0, Opposed(Flow(fed_current=1e-3), Flow(fed_current=4e-4)), None),
        (2e-6, Opposed(Flow(fed_current=1e-3), Flow(fed_current=4e-4)), asleep),
    ):
        boards = [
            board(
                capacitor=Capacitor(random.uniform(3e-4, 6e-4), random.choice((0.0, 3.0, 12.0)), leak),
                supply=supply,
                decoupling=1e-5,
                misreading=random.uniform(-0.02, 0.02),
                consumption=random.uniform(0.9, 1.0),
                sleeping=sleeping,
                start=2.2 if sleeping else 0.0,
            )
            for _ in range(40)
        ]
        many = run_many(script, boards, constant([supply.waiting] * 40, [supply.running] * 40))
        release = Release(is_asleep=sleeping is not None)
        ones = [run_planned(script, one, Limits(attempts=1), release=release) for one in boards]
        assert many.browned_out.tolist() == [one.brown_outs > 0 for one in ones]
        assert 0 < sum(many.browned_out) < 40 or sleeping
        for place, one in enumerate(ones):
            assert many.cycles[place] == one.cycles
            if one.finished:
                # fixed steps across the moment at which a source begins to deliver are less exact
                off = 1e-4 if supply.running.source else 1e-6
                assert many.latency[place] == pytest.approx(one.latency, rel=off)


def test_side_by_side_too_nothing_is_kept_above_the_clamp() -> None:
    """Harvest fills the buffer during the first activity, and the second takes more than a full buffer has."""
    full = board(
        capacitor=Capacitor(1e-4),
        supply=Opposed(Flow(fed=5e-3), Flow(fed=2e-2)),
        turn_on=3.0,
        brown_out=2.0,
        start=2.5,
        clamp=3.05,
    )
    for resistance in (0.0, 0.1):
        clamped = replace(full, capacitor=Capacitor(1e-4, resistance))
        for amount, fits in ((2.5e-4, True), (4.5e-4, False)):
            work = (("fill", Activity(1e-6, 0.05)), ("spend", Activity(amount, 1e-3)))
            cycle = PlannedCycle(None, (), work, Commit(Activity(1e-6, 1e-3)))
            script = PlannedScript((PlannedCycles(1, cycle),))
            many = run_many(script, [clamped], constant([Flow(fed=5e-3)], [Flow(fed=2e-2)]))
            one = run_planned(script, clamped, Limits(attempts=1))
            assert (bool(many.finished[0]), one.finished) == (fits, fits)


def test_supplies_say_the_same_of_a_moment_whenever_asked() -> None:
    ends = Flow(fed=1e-3), Flow(fed=2e-3)
    one, other = Switching(ends, 0.1, 7), Switching(ends, 0.1, 7)
    moments = np.random.default_rng(1).uniform(0, 40, 200)
    kept = {moment: one.at(moment) for moment in moments}
    assert all(other.at(moment) == kept[moment] for moment in sorted(moments, reverse=True))
    assert Switching(ends, 0.1, 8).at(moments[0]) != kept[moments[0]]


def test_a_trace_repeats_or_ends() -> None:
    trace = Trace((0.0, 1.0), (1e-3, 3e-3), 4.0)
    assert [trace.at(moment)[0].fed for moment in (0.0, 0.5, 1.0, 3.9, 4.0, 9.5)] == [
        1e-3,
        1e-3,
        3e-3,
        3e-3,
        1e-3,
        3e-3,
    ]
    assert trace.at(4.5)[1] == 5.0
    once = replace(trace, loops=False)
    assert once.at(4.0) == (Flow(), inf)
    dark = run_planned(planned(1e-4), board(supply=replace(once, powers=(1e-6, 1e-6))), Limits(time=100))
    assert not dark.finished
