"""The closed forms and the integration of the board's physics, against tiny steps of the plain equations."""

from __future__ import annotations

from math import inf

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ischedule.simulation.circuit import Capacitor
from ischedule.simulation.flow import Flow, Passage

capacitors = st.builds(
    Capacitor,
    st.floats(1e-4, 1e-2),
    st.sampled_from((0.0, 0.5, 8.0)),
    st.sampled_from((0.0, 2e-6, 1e-4)),
    st.sampled_from((0.0, 1e-6, 1e-4)),
    st.sampled_from(((), ((0.0, 2e-3), (2.0, 1.5e-3), (5.0, 6e-4)))),
)
flows = st.builds(
    Flow,
    fed=st.sampled_from((0.0, 1e-3, 9e-3)),
    source=st.floats(0, 6),
    source_resistance=st.sampled_from((200.0, 3000.0, inf)),
    power=st.sampled_from((0.0, 2e-3, 2e-2)),
    current=st.sampled_from((0.0, 1e-3, 5e-3)),
).map(lambda flow: flow if flow.source_resistance != inf else flow.unsourced())


def tiny_steps(capacitor: Capacitor, voltage: float, flow: Flow, time: float, low: float) -> tuple[float, float]:
    """Voltage and moment at which the terminal falls to a voltage, or the time is over: the midpoint rule, with the
    terminal found by iteration instead of a formula."""

    def current(inside: float) -> float:
        terminal = inside
        for _ in range(60):
            source = max(0.0, flow.source - terminal) / flow.source_resistance
            into = (flow.fed - flow.power) / terminal + source - flow.current
            terminal = inside + capacitor.resistance * into
        return into

    def rate(inside: float) -> float:
        leak = capacitor.leak_current + capacitor.leak_conductance * inside
        return (current(inside) - leak) / capacitor.capacitance_at(inside)

    step = time / 4000
    for number in range(4000):
        if voltage + capacitor.resistance * current(voltage) <= low:
            return voltage, number * step
        voltage += step * rate(voltage + step / 2 * rate(voltage))
    return voltage, time


def balance(capacitor: Capacitor, start: float, passage: Passage) -> float:
    gone = passage.delivered + passage.heated + passage.leaked
    return passage.harvested - gone - (capacitor.stored(passage.voltage) - capacitor.stored(start))


@settings(max_examples=60, deadline=None)
@given(capacitors, flows, st.floats(2.2, 4.5), st.floats(1e-4, 0.2))
def test_passages_follow_the_equations_and_keep_the_energy(
    capacitor: Capacitor, flow: Flow, start: float, time: float
) -> None:
    found = capacitor.run(start, flow, time, low=1.8)
    voltage, passed = tiny_steps(capacitor, start, flow, time, 1.8)
    # the tiny steps stop at most one step behind the level
    assert found.voltage == pytest.approx(voltage, abs=2e-2)
    assert found.time == pytest.approx(passed, abs=2 * time / 4000 + 1e-12)
    if found.reached == "":
        assert found.voltage == pytest.approx(voltage, abs=1e-5)
    scale = capacitor.stored(5) + found.harvested
    assert abs(balance(capacitor, start, found)) <= 1e-7 * scale + 10 * found.error


@settings(max_examples=60, deadline=None)
@given(capacitors, flows, st.floats(2.2, 4.5), st.floats(1e-4, 0.2), st.floats(0.1, 0.9))
def test_a_passage_is_its_two_parts(capacitor: Capacitor, flow: Flow, start: float, time: float, share: float) -> None:
    whole = capacitor.run(start, flow, time, low=1.8)
    first = capacitor.run(start, flow, share * time, low=1.8)
    second = capacitor.run(first.voltage, flow, time - first.time, low=1.8) if not first.reached else first
    assert second.voltage == pytest.approx(whole.voltage, rel=1e-6)


def test_charging_by_a_power_is_a_straight_line_of_the_squared_voltage() -> None:
    found = Capacitor(1e-3).run(0.0, Flow(fed=2e-3), inf, high=3.0)
    assert (found.reached, found.voltage) == ("high", 3.0)
    assert found.time == pytest.approx(1e-3 * 9 / 2 / 2e-3)


def test_charging_from_a_source_is_exponential() -> None:
    from math import log

    found = Capacitor(1e-3, 10.0).run(1.0, Flow(source=5.0, source_resistance=90.0), inf, high=3.2)
    # u = v + R (Vs - v) / (R + Rs), so that the terminal is at 3.2 V when v = 3
    assert found.voltage == pytest.approx(3.0)
    assert found.time == pytest.approx(100 * 1e-3 * log(4 / 2))


def test_a_source_never_charges_above_itself() -> None:
    found = Capacitor(1e-3).run(1.0, Flow(source=3.0, source_resistance=90.0), 1e6, high=3.2)
    assert found.reached == ""
    assert found.voltage == pytest.approx(3.0)


def test_the_terminal_dips_by_the_load_and_collapses_where_it_cannot_be_carried() -> None:
    capacitor = Capacitor(1e-3, 10.0)
    terminal = capacitor.terminal(3.0, Flow(power=0.1))
    assert terminal == pytest.approx(3.0 - 10 * 0.1 / terminal)
    assert capacitor.terminal(1.9, Flow(power=0.1)) == 0.0
    assert capacitor.run(1.9, Flow(power=0.1), 1.0).reached == "low"


def test_what_leaks_away_ends_at_nothing() -> None:
    found = Capacitor(1e-3, 0.0, 1e-3).run(1.0, Flow(), 1e9)
    assert found.voltage == 0.0
