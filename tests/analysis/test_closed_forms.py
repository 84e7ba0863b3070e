"""Closed forms: what sympy derives is what stands in the file, and it is what mpmath and the exact integers say."""

from __future__ import annotations

import math
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ischedule.analysis import closed_forms
from ischedule.analysis.closed_forms import Circuit, Sensitive
from ischedule.models.buffer import EnergyBuffer
from ischedule.models.charging import charging_law
from ischedule.models.demand import Coordinate
from ischedule.models.quantities import Interval, Rounding
from ischedule.models.supply import ConstantCurrent, ConstantPower, ResistiveSource, Supply

sympy = pytest.importorskip("sympy")
mpmath = pytest.importorskip("mpmath")

FILE = Path(closed_forms.__file__)
NAMES = ("capacitance", "turn_on", "brown_out", "power", "voltage", "resistance", "current")
MOVED = {"capacitance": ("capacitance", "slow"), "turn_on": ("turn_on", "high")}


def test_the_file_is_what_the_generator_writes() -> None:
    from bench.derive_closed_forms import generated

    text = FILE.read_text("utf-8")
    if f"sympy {sympy.__version__};" not in text:
        pytest.skip("the file was written with another version of sympy, whose terms are ordered differently")
    assert generated() == text


@st.composite
def circuits(draw: st.DrawFn) -> Circuit:
    """Capacitors, thresholds and supplies of everyday size; either supply can be read from it."""
    low = draw(st.floats(1e-5, 1e-2))
    off = draw(st.floats(1.0, 2.5))
    on = off + draw(st.floats(0.2, 1.5))
    high = on * draw(st.sampled_from((1.0, 1.01)))
    return Circuit(
        capacitance=low,
        slow=low * draw(st.sampled_from((1.0, 1.3))),
        turn_on=on,
        high=high,
        brown_out=off,
        margin=draw(st.sampled_from((1.0, 0.55))),
        power=draw(st.floats(1e-3, 1e-2)),
        voltage=high + draw(st.floats(0.3, 3.0)),
        resistance=draw(st.floats(10.0, 1000.0)),
        current=draw(st.floats(1e-3, 1e-2)),
        draw=draw(st.sampled_from((0.0, 1e-4))),
    )


def floor_of(coordinate: str, c: dict[str, Any], root: Callable[[Any], Any]) -> Any:
    """The voltage above which levels count, written out a second time."""
    if coordinate == "energy":
        return root(c["turn_on"] ** 2 - c["margin"] * (c["turn_on"] ** 2 - c["brown_out"] ** 2))
    return c["turn_on"] - c["margin"] * (c["turn_on"] - c["brown_out"])


def expected(name: str, amount: Any, c: dict[str, Any], root: Callable[[Any], Any], log: Callable[[Any], Any]) -> Any:
    """The same time from its definition, in whatever numbers are given."""
    coordinate, supply, kind = name.split("_")
    energy = coordinate == "energy"
    floor = floor_of(coordinate, c, root)

    def raised(start: Any, by: Any) -> Any:
        return root(start**2 + 2 * by / c["capacitance"]) if energy else start + by / c["capacitance"]

    start, end = {
        "recharge": lambda: (raised(c["turn_on"], -amount), c["high"]),
        "charge": lambda: (floor, raised(floor, amount)),
        "fill": lambda: (floor, c["high"]),
        "begin": lambda: (0 * c["high"], c["high"]),
    }[kind]()
    if supply == "power":
        net = c["power"] - c["draw"] * (1 if energy else c["high"] / c["brown_out"])
        return c["slow"] * (end**2 - start**2) / (2 * net)
    if supply == "current":
        return c["slow"] * (end - start) / (c["current"] - c["draw"] / c["brown_out"])
    source = c["voltage"] - c["resistance"] * c["draw"] / c["brown_out"]
    return c["resistance"] * c["slow"] * log((source - start) / (source - end))


FORMS = [
    f"{coordinate}_{supply}_{kind}"
    for coordinate in ("energy", "charge")
    for supply in ("power", "source", "current")
    for kind in ("recharge", "charge", "fill", "begin")
]


def amount_of(name: str, circuit: Circuit, share: float) -> tuple[float, ...]:
    """The amount that the form takes: a share of what the band from the floor to turn-on holds."""
    if not name.endswith("charge"):
        return ()
    budget: Sensitive = getattr(closed_forms, f"{name.split('_')[0]}_budget")(circuit)
    return (share * budget.value,)


def moved(circuit: Circuit, by: str, factor: Any) -> dict[str, Any]:
    """The circuit's values as mpmath numbers, one quantity scaled."""
    values = {name: mpmath.mpf(value) for name, value in circuit._asdict().items()}
    for name in MOVED.get(by, (by,)):
        values[name] *= factor
    return values


@pytest.mark.parametrize("name", FORMS)
@given(circuit=circuits(), share=st.floats(0.01, 0.99))
def test_values_lie_in_mpmath_intervals_and_slopes_are_derivatives(name: str, circuit: Circuit, share: float) -> None:
    amounts = amount_of(name, circuit, share)
    found: Sensitive = getattr(closed_forms, name)(*amounts, circuit)
    iv = mpmath.iv
    iv.dps = 30
    values = {key: iv.mpf(value) for key, value in circuit._asdict().items()}
    exact = expected(name, iv.mpf(amounts[0]) if amounts else None, values, iv.sqrt, iv.log)
    assert float(exact.a) * (1 - 1e-9) - 1e-15 <= found.value <= float(exact.b) * (1 + 1e-9) + 1e-15
    mpmath.mp.dps = 40
    amount = mpmath.mpf(amounts[0]) if amounts else None

    def at(by: str) -> Callable[[Any], Any]:
        return lambda factor: expected(name, amount, moved(circuit, by, factor), mpmath.sqrt, mpmath.log)

    for by in NAMES:
        slope = float(mpmath.diff(at(by), 1))
        assert getattr(found, by) == pytest.approx(slope, rel=1e-7, abs=1e-9 * found.value)


@given(circuit=circuits())
def test_budgets_are_what_the_band_holds(circuit: Circuit) -> None:
    c = circuit
    energy, charge = closed_forms.energy_budget(c), closed_forms.charge_budget(c)
    assert energy.value == pytest.approx(c.margin * c.capacitance * (c.turn_on**2 - c.brown_out**2) / 2)
    assert energy.turn_on == pytest.approx(c.margin * c.capacitance * c.turn_on**2)
    assert energy.brown_out == pytest.approx(-c.margin * c.capacitance * c.brown_out**2)
    assert charge.value == charge.capacitance == pytest.approx(c.margin * c.capacitance * (c.turn_on - c.brown_out))
    assert charge.turn_on == pytest.approx(c.margin * c.capacitance * c.turn_on)


def physics(circuit: Circuit, coordinate: str, supply: str) -> tuple[EnergyBuffer, Supply, Circuit]:
    """The circuit in integers, and the circuit that these integers are exactly."""
    low, high = round(circuit.capacitance * 1e15), round(circuit.slow * 1e15)
    on, on_high, off = (round(value * 1e9) for value in (circuit.turn_on, circuit.high, circuit.brown_out))
    margin = Fraction(11, 20) if circuit.margin < 1 else Fraction(1)
    kind = Coordinate.ENERGY if coordinate == "energy" else Coordinate.CHARGE
    buffer = EnergyBuffer(kind, Interval(low, high), Interval(on, on_high), Interval.exactly(off), margin)
    source: Supply = ConstantPower(Interval.exactly(round(circuit.power * 1e15)))
    if supply == "source":
        volts, ohms = round(circuit.voltage * 1e9), round(circuit.resistance * 1e6)
        source = ResistiveSource(Interval.exactly(volts), Interval.exactly(ohms))
    if supply == "current":
        source = ConstantCurrent(Interval.exactly(round(circuit.current * 1e15)))
    exact = circuit._replace(
        capacitance=low * 1e-15,
        slow=high * 1e-15,
        turn_on=on * 1e-9,
        high=on_high * 1e-9,
        brown_out=off * 1e-9,
        power=round(circuit.power * 1e15) * 1e-15,
        voltage=round(circuit.voltage * 1e9) * 1e-9,
        resistance=round(circuit.resistance * 1e6) * 1e-6,
        current=round(circuit.current * 1e15) * 1e-15,
        draw=round(circuit.draw * 1e15) * 1e-15,
    )
    return buffer, source, exact


@pytest.mark.parametrize("coordinate", ["energy", "charge"])
@pytest.mark.parametrize("supply", ["power", "source", "current"])
@given(circuit=circuits(), share=st.floats(0.01, 0.99))
def test_values_are_the_certified_charging_times(coordinate: str, supply: str, circuit: Circuit, share: float) -> None:
    buffer, source, exact = physics(circuit, coordinate, supply)
    law = charging_law(buffer, source, round(exact.draw * 1e15))
    if not law.reaches(buffer.turn_on_high):
        return
    level = math.floor(share * buffer.capacity)
    prefix = f"{coordinate}_{supply}"
    empty, full = buffer.empty_level, buffer.turn_on_high
    pairs = {
        "recharge": (law.charge_time(buffer.capacity - level, full), (level * 1e-15,)),
        "charge": (law.charge_time(0, level), (level * 1e-15,)),
        "fill": (law.charge_time(0, full), ()),
        "begin": (law.charge_time(empty, full), ()),
    }
    for kind, (picoseconds, amounts) in pairs.items():
        value = getattr(closed_forms, f"{prefix}_{kind}")(*amounts, exact).value
        assert value == pytest.approx(picoseconds * 1e-12, rel=1e-6, abs=1e-9), kind
    assert getattr(closed_forms, f"{coordinate}_budget")(exact).value == pytest.approx(
        buffer.capacity * 1e-15, rel=1e-9
    )
    assert buffer.level_of(buffer.turn_on.lo, Rounding.DOWN) == buffer.capacity
