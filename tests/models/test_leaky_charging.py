"""Constant power against one leak, in closed form: against integrals, against steps, and bit for bit as columns."""

from __future__ import annotations

from fractions import Fraction

import mpmath
import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from ischedule.models.buffer import EnergyBuffer
from ischedule.models.charging import ChargingLaw, ChargingStall, charging_law
from ischedule.models.charging_array import elapsed_down_array, elapsed_up_array
from ischedule.models.demand import Coordinate
from ischedule.models.leakage import Leakage
from ischedule.models.leaky_charging import CurrentLeakCharging, LeakyCharging, ResistiveLeakCharging, squared_voltage
from ischedule.models.quantities import Interval, Rounding
from ischedule.models.stepped_charging import SteppedCharging
from ischedule.models.supply import ConstantPower

VOLT = 10**9
MILLIFARAD = 10**12
MICROWATT = 10**9
MICROAMPERE = 10**9
MEGOHM = 10**12


@st.composite
def buffers(draw: st.DrawFn) -> EnergyBuffer:
    """A capacitor that leaks in one way."""
    off = draw(st.integers(1, 30)) * VOLT // 10
    on = off + draw(st.integers(1, 20)) * VOLT // 10
    low = draw(st.integers(MILLIFARAD // 100, 10 * MILLIFARAD))
    leak = draw(
        st.one_of(
            st.builds(Leakage, st.integers(1, 200 * MICROAMPERE)),
            st.builds(Leakage, st.just(0), st.integers(MEGOHM // 100, 100 * MEGOHM)),
        )
    )
    margin = draw(st.sampled_from((Fraction(1), Fraction(3, 5))))
    return EnergyBuffer(
        draw(st.sampled_from(Coordinate)),
        Interval(low, low + draw(st.integers(0, low // 4))),
        Interval.exactly(on),
        Interval.exactly(off),
        margin,
        leakage=leak,
    )


def laws() -> st.SearchStrategy[ChargingLaw]:
    """Laws that charge at the floor at least."""
    powers = st.integers(10 * MICROWATT, 5000 * MICROWATT)
    found = st.builds(
        lambda one, power: charging_law(one, ConstantPower(Interval(power, 2 * power))), buffers(), powers
    )
    return found.filter(lambda law: (law.highest_level or 0) > 1000)


def exact_time(law: ChargingLaw, level: int) -> mpmath.mpf:
    """What charging from the floor to a level takes, integrated from the circuit's own equation in SI units."""
    assert isinstance(law, LeakyCharging)
    buffer, leak = law.buffer, law.buffer.leakage
    farads, watts = mpmath.mpf(buffer.capacitance.hi) * mpmath.mpf("1e-15"), mpmath.mpf(law.power) * mpmath.mpf("1e-15")
    amperes = mpmath.mpf(leak.current) * mpmath.mpf("1e-15")
    siemens = 0 if leak.resistance is None else 1 / (mpmath.mpf(leak.resistance) * mpmath.mpf("1e-6"))
    ends = []
    for one in (0, level):
        square = squared_voltage(buffer, one)
        ends.append(mpmath.sqrt(mpmath.mpf(square.numerator) / square.denominator) * mpmath.mpf("1e-9"))
    points = mpmath.linspace(ends[0], ends[1], 17)
    return mpmath.quad(lambda v: farads * v / (watts - amperes * v - siemens * v * v), points) * mpmath.mpf("1e12")


@settings(max_examples=60, deadline=None)
@given(laws(), st.floats(-0.9, 0.9))
def test_both_are_what_the_circuit_takes_to_the_picosecond(law: ChargingLaw, share: float) -> None:
    buffer = law.buffer
    top = min(law.highest_level or 0, 2 * buffer.turn_on_high)
    level = int(share * top) if share >= 0 else int(-share * buffer.empty_level)
    assume(level != 0)
    with mpmath.workdps(60):
        true = exact_time(law, level)
        assert law.elapsed_down(level) == int(mpmath.floor(true))
    assert law.elapsed_up(level) == law.elapsed_down(level) + 1


@settings(max_examples=60, deadline=None)
@given(laws(), st.lists(st.floats(-1.2, 1.0), min_size=1, max_size=40))
def test_columns_are_the_scalars(law: ChargingLaw, shares: list[float]) -> None:
    top = min(law.highest_level or 0, 2 * law.buffer.turn_on_high)
    values = [int(share * top) if share >= 0 else int(-share * law.buffer.empty_level) for share in shares]
    near = [0, 1, -1, min(top, 5), law.buffer.empty_level, law.buffer.empty_level + 1]
    levels = np.array(values + near, dtype=np.int64)
    assert elapsed_up_array(law, levels).tolist() == [law.elapsed_up(level) for level in levels.tolist()]
    assert elapsed_down_array(law, levels).tolist() == [law.elapsed_down(level) for level in levels.tolist()]


@settings(max_examples=30, deadline=None)
@given(laws(), st.integers(0, 10**6), st.integers(0, 10**6))
def test_steps_are_slower_by_a_little(law: ChargingLaw, one: int, other: int) -> None:
    assert isinstance(law, LeakyCharging)
    assume(law.highest_level is not None and law.highest_level > law.buffer.turn_on_high)
    stepped = SteppedCharging(law.buffer, ConstantPower(Interval.exactly(law.power)), 0)
    assume(stepped.highest_level is not None and stepped.highest_level >= law.buffer.turn_on_high)
    low, high = sorted(law.buffer.turn_on_high * end // 10**6 for end in (one, other))
    assert law.charge_time(low, high) <= stepped.charge_time(low, high) + 2


@pytest.mark.parametrize("coordinate", Coordinate)
@pytest.mark.parametrize("leakage", [Leakage(100 * MICROAMPERE), Leakage(0, 30_000 * 10**6)])
def test_nothing_is_reached_where_the_leak_takes_all(coordinate: Coordinate, leakage: Leakage) -> None:
    """300 uW against 100 uA end at 3 V, and so they do against 30 kilohm."""
    ends = Interval.exactly(5 * VOLT), Interval.exactly(2 * VOLT)
    buffer = EnergyBuffer(coordinate, Interval.exactly(MILLIFARAD), *ends, leakage=leakage)
    law = charging_law(buffer, ConstantPower(Interval.exactly(300 * MICROWATT)))
    assert isinstance(law, CurrentLeakCharging | ResistiveLeakCharging)
    assert law.highest_level == buffer.level_of(3 * VOLT, Rounding.DOWN) - 1
    assert law.power_at(law.highest_level) == pytest.approx(0, abs=1000)
    assert law.elapsed_up(law.highest_level) > law.elapsed_up(law.highest_level - 10**6) > 0
    with pytest.raises(ChargingStall):
        law.elapsed_up(law.highest_level + 1)
    # at the floor of 2 V the current takes 200 uW, the resistance 133 uW
    for microwatt, reaches in ((199, leakage.current == 0), (133, False), (134, leakage.current == 0)):
        weak = charging_law(buffer, ConstantPower(Interval.exactly(microwatt * MICROWATT)))
        assert (weak.highest_level is not None) == reaches


def test_what_sleeps_takes_its_part() -> None:
    """A power behind a converter, a current at brown-out behind a regulator, that joins the leak."""
    ends = Interval.exactly(3 * VOLT), Interval.exactly(2 * VOLT)
    supply = ConstantPower(Interval.exactly(1000 * MICROWATT))
    energy, charge = (
        EnergyBuffer(one, Interval.exactly(MILLIFARAD), *ends, leakage=Leakage(MICROAMPERE))
        for one in (Coordinate.ENERGY, Coordinate.CHARGE)
    )
    law = charging_law(energy, supply, 20 * MICROWATT)
    assert isinstance(law, CurrentLeakCharging)
    assert (law.power, law.current) == (980 * MICROWATT, MICROAMPERE)
    law = charging_law(charge, supply, 20 * MICROWATT)
    assert isinstance(law, CurrentLeakCharging)
    assert (law.power, law.current) == (1000 * MICROWATT, 11 * MICROAMPERE)
    both = EnergyBuffer(Coordinate.ENERGY, Interval.exactly(MILLIFARAD), *ends, leakage=Leakage(1, MEGOHM))
    assert isinstance(charging_law(both, supply), SteppedCharging)


@settings(max_examples=40, deadline=None)
@given(laws(), st.integers(0, 10**6), st.integers(1, 10**6), st.integers(0, 10**6))
def test_charging_slows_down_as_the_level_rises(law: ChargingLaw, low: int, span: int, up: int) -> None:
    """So that the least sufficient threshold is the best: T is convex, after rounding too."""
    top = min(law.highest_level or 0, 2 * law.buffer.turn_on_high)
    x, n, more = (top * part // (3 * 10**6) for part in (low, span, up))
    assert law.elapsed_up(x + n) - law.elapsed_down(x) <= law.elapsed_up(x + more + n) - law.elapsed_down(x + more) + 1
    assert law.elapsed_up(n) <= law.elapsed_up(x + n) - law.elapsed_down(x)
