"""A capacitor's closed forms and steps against an integration that shares nothing with them but the equation."""

from __future__ import annotations

from dataclasses import dataclass
from math import inf, isfinite, sqrt

import pytest
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st

from ischedule.simulation.circuit import Capacitor, Flow

STEPS = 3000


def _terminal(part: Capacitor, flow: Flow, v: float) -> float | None:
    """The larger u with u = v + R i(u), i = net/u + (Vs - u)/Rs + J - I; a source below the terminal delivers none."""
    for sourced in (True, False):
        g = 1 / flow.source_resistance if sourced and flow.source_resistance != inf else 0.0
        a, b = 1 + part.resistance * g, v + part.resistance * (flow.source * g + flow.fed_current - flow.current)
        under = b * b + 4 * a * part.resistance * (flow.fed - flow.power)
        if under < 0:
            return None
        u = (b + sqrt(under)) / (2 * a)
        if not (sourced and g and u > flow.source):
            return u
    return None


@dataclass
class _Run:
    v: float
    harvested: float
    delivered: float
    heated: float
    leaked: float


def _integrated(part: Capacitor, flow: Flow, v: float, time: float) -> _Run | None:
    """Classical Runge-Kutta in v with many equal steps; None where the load is not carried or v comes near 0."""
    h, state = time / STEPS, [v, 0.0, 0.0, 0.0, 0.0]

    def rates(at: float) -> list[float] | None:
        u = _terminal(part, flow, at)
        if u is None or u < 0.3 or at < 0.3:
            return None
        g = 0.0 if flow.source_resistance == inf or u > flow.source else 1 / flow.source_resistance
        fed = flow.fed / u + (flow.source - u) * g + flow.fed_current
        i = fed - flow.power / u - flow.current
        leak = part.leak_current + part.leak_conductance * at
        return [
            (i - leak) / part.capacitance_at(at),
            fed * u,
            flow.power + flow.current * u,
            part.resistance * i * i,
            leak * at,
        ]

    for _ in range(STEPS):
        one = rates(state[0])
        two = one and rates(state[0] + h / 2 * one[0])
        three = two and rates(state[0] + h / 2 * two[0])
        four = three and rates(state[0] + h * three[0])
        if not (one and two and three and four):
            return None
        state = [
            s + h / 6 * (a + 2 * b + 2 * c + d) for s, a, b, c, d in zip(state, one, two, three, four, strict=True)
        ]
    return _Run(*state)


def test_a_source_below_the_terminal_draws_nothing() -> None:
    part, flow = Capacitor(2e-3), Flow(fed=1 / 64, source=3.0, source_resistance=50.0)
    expected, found = _integrated(part, flow, 2.0, 0.25), part.run(2.0, flow, 0.25)
    assert expected is not None
    assert found.voltage > flow.source
    assert found.voltage == pytest.approx(expected.v, abs=1e-5)
    assert found.harvested == pytest.approx(part.stored(found.voltage) - part.stored(2.0), rel=1e-9)


def test_powers_that_cancel_are_counted() -> None:
    found = Capacitor(1e-2).run(2.0, Flow(fed=1 / 64, power=1 / 64), 0.25)
    assert (found.voltage, found.harvested, found.delivered) == (2.0, 1 / 256, 1 / 256)


@pytest.mark.parametrize(
    "flow",
    [
        Flow(power=2e-2),
        Flow(fed=2e-2),
        Flow(source=5.0, source_resistance=300.0),
        Flow(current=4e-3),
        Flow(fed_current=4e-3),
        Flow(power=5e-3, fed_current=4e-3),
        Flow(power=5e-3, source=5.0, source_resistance=300.0),
    ],
    ids=str,
)
def test_behind_a_resistance(flow: Flow) -> None:
    part = Capacitor(1e-3, resistance=10.0)
    expected, found = _integrated(part, flow, 3.0, 0.05), part.run(3.0, flow, 0.05)
    assert expected is not None
    for name in ("harvested", "delivered", "heated", "leaked"):
        assert getattr(found, name) == pytest.approx(getattr(expected, name), rel=1e-8, abs=1e-15), name
    assert found.voltage == pytest.approx(expected.v, rel=1e-10)
    goal = _terminal(part, flow, expected.v)
    assert goal is not None
    rises = expected.v > 3.0
    there = part.run(3.0, flow, 1.0, high=goal if rises else inf, low=0.0 if rises else goal)
    assert there.reached == ("high" if rises else "low")
    assert there.time == pytest.approx(0.05, rel=1e-8)


def _some(low: float, high: float) -> st.SearchStrategy[float]:
    return st.just(0.0) | st.floats(low, high)


parts = st.builds(
    Capacitor,
    capacitance=st.floats(1e-4, 1e-2),
    resistance=_some(0.1, 20.0),
    leak_current=_some(1e-6, 1e-3),
    leak_conductance=_some(1e-6, 1e-4),
    curve=st.just(()) | st.just(((0.0, 2e-3), (2.0, 1.5e-3), (4.0, 5e-4))),
)
flows = st.builds(
    Flow,
    fed=_some(1e-4, 2e-2),
    source=st.floats(2.0, 6.0),
    source_resistance=st.just(inf) | st.floats(50.0, 5000.0),
    power=_some(1e-4, 3e-2),
    current=_some(1e-4, 5e-3),
    fed_current=_some(1e-4, 5e-3),
)


@settings(max_examples=60, deadline=None)
@given(parts, flows, st.floats(1.5, 4.0), st.floats(1e-3, 0.3))
@example(Capacitor(8e-3), Flow(power=0.015, current=4e-3, fed_current=4e-3), 2.0, 0.25)
def test_a_while_ends_where_an_integration_ends(part: Capacitor, flow: Flow, v: float, time: float) -> None:
    expected = _integrated(part, flow, v, time)
    assume(expected is not None)
    assert expected is not None
    found = part.run(v, flow, time)
    assert found.reached == ""
    assert found.time == pytest.approx(time)
    assert found.voltage == pytest.approx(expected.v, abs=1e-5)
    size = 1e-5 * part.stored(4.0)
    for name in ("harvested", "delivered", "heated", "leaked"):
        assert getattr(found, name) == pytest.approx(getattr(expected, name), rel=1e-4, abs=size), name


@settings(max_examples=150, deadline=None)
@given(parts, flows, st.floats(1.5, 4.0), st.floats(1e-3, 10.0), st.floats(1.2, 3.0), st.floats(0.1, 2.0))
def test_what_comes_in_is_stored_delivered_or_lost(
    part: Capacitor, flow: Flow, v: float, time: float, low: float, span: float
) -> None:
    found = part.run(v, flow, time, high=low + span, low=low)
    assume(isfinite(found.time))
    lost = found.delivered + found.heated + found.leaked
    gained = part.stored(found.voltage) - part.stored(v)
    size = found.harvested + lost + part.stored(v)
    assert found.harvested - lost == pytest.approx(gained, abs=1e-7 * size + found.error)


@settings(max_examples=60, deadline=None)
@given(parts, flows, st.floats(1.5, 4.0), st.floats(0.02, 0.4))
def test_a_level_is_reached_when_an_integration_reaches_it(part: Capacitor, flow: Flow, v: float, away: float) -> None:
    terminal = _terminal(part, flow, v)
    assume(terminal is not None and terminal - away > 0.5)
    assert terminal is not None
    found = part.run(v, flow, 5.0, high=terminal + away, low=terminal - away)
    assume(found.reached != "")
    assert found.time > 0
    expected = _integrated(part, flow, v, found.time)
    assume(expected is not None)
    assert expected is not None
    goal = terminal + away if found.reached == "high" else terminal - away
    assert _terminal(part, flow, expected.v) == pytest.approx(goal, abs=1e-4)


CERAMIC = ((0.0, 2e-3), (2.0, 1.5e-3), (4.0, 5e-4))


@pytest.mark.parametrize(
    ("flow", "seconds"),
    [
        # the charge up to 1.5 V over the current, and the same behind a source
        (Flow(fed_current=1e-3), (2e-3 + 1.625e-3) / 2 * 1.5 / 1e-3),
        (Flow(fed=2e-3), (2e-3 * 1.5**2 / 2 - 2.5e-4 * 1.5**3 / 3) / 2e-3),
    ],
)
def test_a_ceramic_is_charged_from_nothing(flow: Flow, seconds: float) -> None:
    found = Capacitor(1e-3, curve=CERAMIC).run(0.0, flow, inf, high=1.5)
    assert found.reached == "high"
    assert found.time == pytest.approx(seconds, rel=1e-9)


def test_an_empty_ceramic_waits_for_what_comes() -> None:
    found = Capacitor(1e-3, curve=CERAMIC).run(0.0, Flow(), 1.5, high=3.0)
    assert (found.voltage, found.time, found.reached) == (0.0, 1.5, "")
