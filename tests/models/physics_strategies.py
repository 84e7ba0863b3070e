"""Random buffers, supplies and wake data, wide enough to reach asymptotes, tiny amounts and full intervals."""

from __future__ import annotations

from fractions import Fraction

from hypothesis import strategies as st

from ischedule.models.buffer import EnergyBuffer
from ischedule.models.charging import ChargingLaw, charging_law
from ischedule.models.demand import Coordinate
from ischedule.models.quantities import Interval, Rounding
from ischedule.models.supply import ConstantCurrent, ConstantPower, ResistiveSource, Supply
from ischedule.models.wake import Mechanism, Policy, Sleep, Start, StartKind, Until, Wake

MILLIVOLT = 10**6
VOLT = 10**9


@st.composite
def intervals(draw: st.DrawFn, lo: int, hi: int) -> Interval:
    """An interval within lo .. hi: exact half of the time, else up to half as wide as it is high."""
    low = draw(st.integers(lo, hi))
    width = draw(st.sampled_from((0, 0, 0, 1)) | st.integers(0, low // 2))
    return Interval(low, min(hi, low + width))


def _buffer(draw: st.DrawFn, brown_out: Interval, turn_on: Interval) -> EnergyBuffer:
    margin = draw(st.sampled_from((Fraction(1), Fraction(11, 20), Fraction(3, 5))) | st.fractions(Fraction(1, 100), 1))
    capacitance = draw(intervals(10**8, 10**14))
    return EnergyBuffer(draw(st.sampled_from(Coordinate)), capacitance, turn_on, brown_out, margin)


@st.composite
def buffers(draw: st.DrawFn) -> EnergyBuffer:
    """A capacitor of 0.1 uF to 100 mF between thresholds of 0 to 5 V, however close."""
    brown_out = draw(intervals(0, 4 * VOLT))
    return _buffer(draw, brown_out, draw(intervals(brown_out.hi + 1, 5 * VOLT + 1)))


@st.composite
def working_buffers(draw: st.DrawFn) -> EnergyBuffer:
    """As `buffers`, with a brown-out voltage of 0.5 V to 3 V and a band of at least 0.2 V."""
    brown_out = draw(intervals(VOLT // 2, 2 * VOLT))
    return _buffer(draw, brown_out, draw(intervals(brown_out.hi + VOLT // 5, 5 * VOLT)))


@st.composite
def sources(draw: st.DrawFn, buffer: EnergyBuffer) -> ResistiveSource:
    """A source that reaches turn-on: from 1 nV above it to four times as high."""
    above = draw(st.sampled_from((1, 10, 10**3, 10**6)) | st.integers(1, 15 * VOLT))
    return ResistiveSource(
        Interval(buffer.turn_on.hi + above, buffer.turn_on.hi + above + draw(st.integers(0, VOLT))),
        draw(intervals(1, 10**11)),
    )


@st.composite
def supplies(draw: st.DrawFn, buffer: EnergyBuffer) -> Supply:
    """A source that reaches turn-on, a constant power, or a constant current."""
    kind = draw(st.sampled_from(("source", "power", "current")))
    if kind == "source":
        return draw(sources(buffer))
    if kind == "current":
        above = draw(st.none() | st.integers(0, VOLT))
        return ConstantCurrent(draw(intervals(10**6, 10**15)), None if above is None else buffer.turn_on.hi + above)
    return ConstantPower(draw(intervals(10**6, 10**15)))


@st.composite
def laws(draw: st.DrawFn) -> ChargingLaw:
    """A charging law of a random buffer and supply, nothing drawn while waiting."""
    buffer = draw(buffers())
    return charging_law(buffer, draw(supplies(buffer)))


@st.composite
def levels(draw: st.DrawFn, law: ChargingLaw) -> int:
    """A level that the law reaches: anywhere from empty to turn-on, near either end, the floor or the asymptote."""
    buffer = law.buffer
    highest = min(law.highest_level or 0, 2 * buffer.turn_on_high + 10**6)
    anchor = draw(st.sampled_from((buffer.empty_level, 0, buffer.capacity, buffer.turn_on_high, highest)))
    near = st.integers(anchor - 1000, anchor + 1000)
    level = draw(st.integers(buffer.empty_level, max(0, highest)) | near)
    return max(buffer.empty_level - 2, min(level, highest))


def everyday_buffer(
    coordinate: Coordinate = Coordinate.ENERGY, margin: Fraction = Fraction(1), spread: int = 0
) -> EnergyBuffer:
    """5 mF between 2.99 V and 2.8 V; `spread` widens the capacitance by so many per cent each way."""
    capacitance = Interval(5 * 10**10 * (100 - spread), 5 * 10**10 * (100 + spread))
    return EnergyBuffer(
        coordinate, capacitance, Interval.exactly(2990 * MILLIVOLT), Interval.exactly(2800 * MILLIVOLT), margin
    )


def everyday_source() -> ResistiveSource:
    """3 V behind 24 ohm."""
    return ResistiveSource(Interval.exactly(3 * VOLT), Interval.exactly(24 * 10**6))


SLEEP = Sleep(10**9, 3 * 10**8, 10**10, 10**9, 10**9, retained=True)
"""1 uW, polls of 0.3 uJ every 10 ms."""


@st.composite
def sleeps(draw: st.DrawFn, buffer: EnergyBuffer, supply: Supply) -> Sleep:
    """Sleep that the supply sustains: power and polls take at most half of what charging guarantees, as a current."""
    off = charging_law(buffer, supply)
    guaranteed = max(0, min(off.power_at(0), off.power_at(buffer.turn_on_high)))
    share = guaranteed * buffer.brown_out.hi // (4 * buffer.turn_on.hi)
    poll = draw(st.integers(0, buffer.capacity // 50))
    period = poll * 10**12 // max(1, share) + draw(st.integers(1, 10**10))
    return Sleep(draw(st.integers(0, share)), poll, period, 0, 0, draw(st.booleans()))


@st.composite
def wakes(draw: st.DrawFn, buffer: EnergyBuffer, supply: Supply, policy: Policy) -> Wake:
    """Every mechanism that the policy allows, with data that mostly work."""
    mechanisms = list(Mechanism) if policy is Policy.FIXED else [Mechanism.LATCH, Mechanism.SENSE]
    step = draw(st.sampled_from((None, 100_000, MILLIVOLT, 7 * MILLIVOLT)))
    power_on = draw(st.integers(buffer.voltage_of(buffer.capacity // 5, Rounding.UP), buffer.turn_on.lo))
    harvest = supply.most_power(Interval(buffer.brown_out.lo, buffer.turn_on.hi))
    idle_power = harvest + draw(st.integers(1, 10**15))
    return Wake(policy, draw(st.sampled_from(mechanisms)), step, power_on, idle_power, draw(sleeps(buffer, supply)))


def starts() -> st.SearchStrategy[Start]:
    """Every kind of start."""
    return st.sampled_from(StartKind).map(lambda kind: Start(kind, 10**15 if kind is StartKind.PERIODIC else None))


def ends() -> st.SearchStrategy[Until]:
    """Both ends of the latency."""
    return st.sampled_from(Until)
