"""Prices of power cycles: ordered, equal to the certified rule, optimal where claimed, and safe in simulation."""

from __future__ import annotations

import math
from fractions import Fraction
from itertools import product

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from ischedule.models.buffer import EnergyBuffer
from ischedule.models.charging import ChargingStall
from ischedule.models.demand import Coordinate
from ischedule.models.diagnosis import Diagnosis, Unschedulable
from ischedule.models.errors import InvalidValue
from ischedule.models.programmable_wake import ProgrammableWakeLaw
from ischedule.models.quantities import Interval, Rounding
from ischedule.models.supply import ConstantCurrent, ConstantPower, ResistiveSource, Supply
from ischedule.models.waiting import CycleLaw, Position, Threshold, cycle_law, positions, replay
from ischedule.models.wake import Mechanism, Policy, Sleep, Start, StartKind, Until, Wake
from tests.models.physics_strategies import (
    MILLIVOLT,
    SLEEP,
    VOLT,
    ends,
    everyday_buffer,
    everyday_source,
    starts,
    supplies,
    wakes,
    working_buffers,
)

FIXED = Wake(Policy.FIXED, Mechanism.LATCH)
CONTINUOUS = Wake(Policy.PROGRAMMABLE, Mechanism.LATCH, None, 2950 * MILLIVOLT)
STEPPED = Wake(Policy.PROGRAMMABLE, Mechanism.LATCH, MILLIVOLT, 2950 * MILLIVOLT)
SENSING = Wake(Policy.PROGRAMMABLE, Mechanism.SENSE, MILLIVOLT, 2950 * MILLIVOLT, None, SLEEP)
FLOOR, COLD, CHARGED = Start(StartKind.FLOOR), Start(StartKind.COLD), Start(StartKind.CHARGED)
PUBLISHED, RECHARGED = Until.PUBLISHED, Until.RECHARGED
HIGH_SOURCE = ResistiveSource(Interval.exactly(8 * VOLT), Interval.exactly(10**9))


def everyday_law(
    wake: Wake = FIXED,
    start: Start = CHARGED,
    until: Until = PUBLISHED,
    supply: Supply | None = None,
    buffer: EnergyBuffer | None = None,
    boot: tuple[int, int] = (0, 0),
) -> CycleLaw:
    return cycle_law(buffer or everyday_buffer(), supply or everyday_source(), wake, start, until, *boot)


@st.composite
def random_laws(draw: st.DrawFn, policy: Policy | None = None) -> CycleLaw:
    """Any law of any case that has one."""
    buffer = draw(working_buffers())
    supply = draw(supplies(buffer))
    wake = draw(wakes(buffer, supply, policy or draw(st.sampled_from(Policy))))
    boot = draw(st.integers(0, buffer.capacity // 10))
    try:
        return cycle_law(buffer, supply, wake, draw(starts()), draw(ends()), boot, 10**10)
    except (Unschedulable, InvalidValue):
        assume(False)
        raise


def capacity_at(law: CycleLaw, position: Position) -> int:
    return law.first_capacity if position in (Position.FIRST, Position.ONLY) else law.capacity


@given(random_laws(), st.sampled_from(Position), st.data())
def test_prices_never_fall_with_the_drain(law: CycleLaw, position: Position, data: st.DataObject) -> None:
    assume(law.max_cycles is None)
    capacity = capacity_at(law, position)
    low = data.draw(st.integers(0, capacity))
    high = data.draw(st.integers(low, capacity) | st.integers(low, min(capacity, low + 3)))
    assert 0 <= law.price(position, low) <= law.price(position, high)


@given(random_laws(Policy.PROGRAMMABLE), st.sampled_from(Position), st.data())
def test_prices_do_not_fall_where_the_threshold_changes(law: CycleLaw, position: Position, data: st.DataObject) -> None:
    reserve, capacity = law.upkeep.reserve, capacity_at(law, position)
    threshold = law.threshold(data.draw(st.integers(0, law.capacity)), Position.MID)
    for level in (threshold.level, law.head.level):
        edge = level - reserve
        if 0 <= edge < capacity:
            assert law.price(position, edge) <= law.price(position, edge + 1)


def rounding(law: CycleLaw) -> int:
    """What the roundings of one cycle can amount to: of two times, and of a level to an integer at either end."""
    charging, top = law.charging, law.capacity
    grain = charging.grain
    units = (charging.elapsed_up(level) - charging.elapsed_down(level - 1) for level in (1, top))
    return 4 * grain + 2 * max(units)


@given(random_laws(), st.data())
def test_prices_add_up_to_the_certified_rule(law: CycleLaw, data: st.DataObject) -> None:
    """Exactly, as long as no cycle after the first begins above its threshold; a relaxation otherwise.

    A second cycle that begins above its own is priced without what it leaves of the level.
    """
    count = 1 if law.max_cycles == 1 else data.draw(st.integers(1, 5))
    some = st.integers(0, law.capacity) | st.integers(law.capacity * 9 // 10, law.capacity)
    drains = [data.draw(some) for _ in range(count)]
    thresholds = [law.threshold(drain, place) for drain, place in zip(drains, positions(count), strict=True)]
    result = replay(law, drains, thresholds)
    assert len(result.levels) == count
    if all(threshold.level >= left for threshold, left in zip(thresholds[1:], result.levels[:-1], strict=True)):
        assert law.waiting(drains) == result.waiting
    elif law.is_minimal_optimal and (not law.keeps_level or thresholds[1].level >= result.levels[0]):
        assert law.waiting(drains) <= result.waiting + count * rounding(law)


@given(random_laws(), st.data())
def test_thresholds_are_found_again_by_their_names(law: CycleLaw, data: st.DataObject) -> None:
    position = data.draw(st.sampled_from(Position))
    drain = data.draw(st.integers(0, capacity_at(law, position)))
    assume(law.max_cycles is None)
    threshold = law.threshold(drain, position)
    assert law.threshold_at(threshold.level, threshold.code) == threshold
    if threshold.code is not None:
        assert threshold.level == law.charging.buffer.level_of(threshold.voltage, Rounding.DOWN)
        assert threshold.high == law.charging.buffer.level_of(threshold.voltage, Rounding.UP)
    assert law.charging.buffer.empty_level < threshold.level <= threshold.high <= threshold.level + 1 or (
        threshold.voltage == law.charging.buffer.turn_on.hi
    )
    if law.head.waits or position in (Position.MID, Position.LAST):
        assert threshold.level >= drain + law.upkeep.reserve or law.head.level >= drain + law.upkeep.reserve


def test_wrong_thresholds_are_refused() -> None:
    fixed, continuous, stepped = everyday_law(), everyday_law(CONTINUOUS), everyday_law(STEPPED)
    capacity = everyday_buffer().capacity
    level = stepped.threshold(capacity // 2, Position.MID).level
    code = stepped.threshold(capacity // 2, Position.MID).code
    assert code is not None
    for law, name in (
        (fixed, (capacity - 1, None)),
        (fixed, (capacity, 2990)),
        (continuous, (capacity + 1, None)),
        (continuous, (-1, None)),
        (continuous, (5, 2800)),
        (stepped, (level, None)),
        (stepped, (level, code + 1)),
        (stepped, (level + 1, code)),
        (stepped, (capacity, 2991)),
        (stepped, (0, 2799)),
    ):
        with pytest.raises(ValueError, match="threshold"):
            law.threshold_at(*name)


def test_drains_beyond_the_capacity_are_refused() -> None:
    for wake in (FIXED, CONTINUOUS, STEPPED, SENSING):
        law = everyday_law(wake, FLOOR)
        for position in Position:
            with pytest.raises(ValueError, match="capacity"):
                law.price(position, capacity_at(law, position) + 1)
            with pytest.raises(ValueError, match="capacity"):
                law.threshold(-1, position)
        law.mid(law.capacity)
        with pytest.raises(ValueError, match="drains"):
            replay(law, [law.capacity + 1], [law.threshold(law.capacity, Position.ONLY)])
    with pytest.raises(ValueError, match="at least one"):
        everyday_law().waiting([])


# ---------------------------------------------------------------- closed forms


def seconds(time: int) -> float:
    return time / 10**12


def voltage(level: int) -> float:
    return math.sqrt(2.8**2 + 2 * level * 1e-15 / 5e-3)


def rc(low: float, high: float) -> float:
    return 24 * 5e-3 * math.log((3 - low) / (3 - high))


def test_fixed_latch_is_the_recharge_to_turn_on() -> None:
    law, drain = everyday_law(), 10**12
    recharge = rc(voltage(law.capacity - drain), 2.99)
    assert seconds(law.mid(drain)) == pytest.approx(recharge, rel=1e-9)
    assert (law.first(drain), law.last(drain), law.only(drain), law.offset) == (law.mid(drain), 0, 0, 0)
    recharged = everyday_law(until=RECHARGED)
    assert recharged.last(drain) == recharged.only(drain) == law.mid(drain) == law.recovery(drain)
    assert seconds(everyday_law(start=FLOOR).offset) == pytest.approx(rc(2.8, 2.99), rel=1e-9)
    assert seconds(everyday_law(start=COLD).offset) == pytest.approx(rc(0, 2.99), rel=1e-9)


def test_programmable_latch_charges_from_the_floor_to_each_threshold() -> None:
    law, drain = everyday_law(CONTINUOUS, FLOOR), 10**12
    assert seconds(law.mid(drain)) == pytest.approx(rc(2.8, voltage(drain)), rel=1e-9)
    assert law.first(drain) == law.last(drain) == law.only(drain) == law.mid(drain)
    assert (law.offset, law.recovery(drain), law.is_minimal_optimal) == (0, 0, True)
    assert law.threshold(drain, Position.MID) == Threshold(drain, drain, None, math.ceil(voltage(drain) * VOLT))
    assert everyday_law(CONTINUOUS, FLOOR, RECHARGED).waiting([drain] * 3) == law.waiting([drain] * 3)


def test_a_step_costs_at_most_a_step() -> None:
    smooth, stepped = everyday_law(CONTINUOUS, FLOOR), everyday_law(STEPPED, FLOOR)
    drain = 10**12
    threshold = stepped.threshold(drain, Position.MID)
    assert threshold.code == 2871  # sqrt(2.8^2 + 0.4) = 2.8705... V
    assert threshold.voltage == 2871 * MILLIVOLT
    assert smooth.mid(drain) < stepped.mid(drain) < smooth.mid(drain) * 1.05


def test_a_charged_start_spends_first_and_recharges_last() -> None:
    law = everyday_law(CONTINUOUS, CHARGED)
    capacity, drain = law.capacity, 10**12
    assert law.waiting([drain]) == 0
    two = law.waiting([capacity, drain])
    assert seconds(two) == pytest.approx(rc(2.8, voltage(drain)), rel=1e-9)
    again = everyday_law(CONTINUOUS, CHARGED, RECHARGED)
    assert seconds(again.waiting([drain])) == pytest.approx(rc(voltage(capacity - drain), 2.99), rel=1e-9)
    whole = again.waiting([capacity, drain])
    assert seconds(whole) == pytest.approx(rc(2.8, voltage(drain)) + rc(2.8, 2.99), rel=1e-9)


def test_a_cold_start_powers_on_boots_and_waits_on() -> None:
    boot, boot_time, drain = 10**11, 7 * 10**10, 2 * 10**12
    law = everyday_law(CONTINUOUS, COLD, boot=(boot, boot_time))
    at_power_on = int(everyday_buffer().exact_level(2950 * MILLIVOLT))
    assert law.head.level == at_power_on - boot
    expected = rc(0, 2.95) + 0.07 + rc(voltage(at_power_on - boot), max(voltage(at_power_on - boot), voltage(drain)))
    assert seconds(law.waiting([drain])) == pytest.approx(expected, rel=1e-9)
    full = law.capacity
    expected = rc(0, 2.95) + 0.07 + rc(voltage(at_power_on - boot), voltage(full)) + rc(2.8, voltage(drain))
    assert seconds(law.waiting([full, drain])) == pytest.approx(expected, rel=1e-9)
    little = 10**11
    expected = rc(0, 2.95) + 0.07 + rc(voltage(at_power_on - boot - little), voltage(full))
    assert seconds(law.waiting([little, full])) == pytest.approx(expected, rel=1e-9)


def test_burning_costs_the_whole_band_whatever_was_drained() -> None:
    """5 mF from 2.99 V to 2.8 V at 30 mW, less the at most 23.33 mW (2.8 V, 0.2 V over 24 ohm) that come in."""
    law = everyday_law(Wake(Policy.FIXED, Mechanism.BURN, idle_power=30 * 10**12))
    burn = 2.75025e-3 / (30e-3 - 2.8 * 0.2 / 24)
    assert seconds(law.mid(0)) == pytest.approx(burn + rc(2.8, 2.99), rel=1e-9)
    assert law.mid(law.capacity) == law.mid(0)
    half = everyday_law(
        Wake(Policy.FIXED, Mechanism.BURN, idle_power=30 * 10**12), buffer=everyday_buffer(margin=Fraction(1, 2))
    )
    # a margin does not keep the device from burning down to brown-out
    assert half.mid(0) == pytest.approx(law.mid(0), abs=10)


def test_sensing_adds_its_draw_its_latency_and_one_poll_in_reserve() -> None:
    supply = ConstantPower(Interval.exactly(10**12))
    latched, sensing = everyday_law(CONTINUOUS, FLOOR, supply=supply), everyday_law(SENSING, FLOOR, supply=supply)
    assert sensing.upkeep.reserve == SLEEP.poll_energy
    assert sensing.capacity == latched.capacity - SLEEP.poll_energy
    net = 10**12 - SLEEP.mean_power
    threshold = sensing.threshold(10**12, Position.MID)
    assert threshold.level >= 10**12 + SLEEP.poll_energy
    exact = Fraction(threshold.high - threshold.level + 10**12 + SLEEP.poll_energy) * 10**12 / net + SLEEP.poll_period
    assert exact <= sensing.mid(10**12) <= exact + 2


def test_a_charged_device_that_senses_starts_without_measuring() -> None:
    law = everyday_law(SENSING, CHARGED)
    drains = [law.capacity, 10**12]
    left = law.head.level - law.capacity - law.upkeep.reserve
    assert left == 0
    wait = law.charging.charge_time(left, law.threshold(10**12, Position.LAST).high) + SLEEP.poll_period
    assert law.waiting(drains) == wait
    assert law.waiting([law.capacity]) == 0


# ---------------------------------------------------------------- what else could have been chosen


def tiny_law(source: int, step: int | None, floor: int, start: Start = FLOOR) -> ProgrammableWakeLaw:
    """A nanofarad up to 2 V."""
    band = Interval.exactly(2 * VOLT), Interval.exactly(floor)
    buffer = EnergyBuffer(Coordinate.ENERGY, Interval.exactly(10**6), *band)
    supply = ResistiveSource(Interval.exactly(source), Interval.exactly(10**9))
    law = cycle_law(buffer, supply, Wake(Policy.PROGRAMMABLE, Mechanism.LATCH, step), start, PUBLISHED, 0, 0)
    assert isinstance(law, ProgrammableWakeLaw)
    return law


def every_threshold(law: ProgrammableWakeLaw) -> list[Threshold]:
    lowest = law.thresholds.least_name(0)
    return [law.thresholds.at(code) for code in range(lowest, law.thresholds.least_name(law.capacity) + 1)]


def joinings(law: CycleLaw, drains: list[int]) -> list[list[int]]:
    """The drains of these cycles where any neighbours are run as one, if it holds them."""
    found = []
    for cuts in product((False, True), repeat=len(drains) - 1):
        some = [drains[0]]
        for drain, is_cut in zip(drains[1:], cuts, strict=True):
            some = [*some, drain] if is_cut else [*some[:-1], some[-1] + drain]
        if some[0] <= law.first_capacity and all(drain <= law.capacity for drain in some[1:]):
            found.append(some)
    return found


@given(
    st.lists(st.integers(100_000, 875_000), min_size=1, max_size=3),
    st.integers(2001, 3000),
    st.sampled_from((StartKind.FLOOR, StartKind.CHARGED)),
)
def test_no_choice_of_thresholds_beats_the_prices(drains: list[int], source: int, kind: StartKind) -> None:
    """Against every combination of the 11 thresholds from 1.5 V on that each suffice for their own cycle, replayed.

    A cycle that waits for nothing is to be joined to the one before: these cycles or some of them joined have prices
    that are no more.
    """
    law = tiny_law(source * MILLIVOLT, VOLT // 20, 3 * VOLT // 2, Start(kind))
    assert law.is_minimal_optimal
    choices = [[one for one in every_threshold(law) if one.level >= drain] for drain in drains]
    waits = [replay(law, drains, choice).waiting for choice in product(*choices)]
    slack = len(drains) * rounding(law)
    assert min(law.waiting(some) for some in joinings(law, drains)) <= min(waits) + slack
    if kind is StartKind.FLOOR:
        assert law.waiting(drains) <= min(waits) + slack
        chosen = [law.threshold(drain, place) for drain, place in zip(drains, positions(len(drains)), strict=True)]
        assert abs(replay(law, drains, chosen).waiting - min(waits)) <= slack
        assert law.waiting(drains) >= min(waits) - slack


def test_what_a_cycle_left_can_save_less_than_a_step() -> None:
    """100 pJ twice: waiting for 1.6 V twice, or once for 1.65 V, from which the second cycle goes straight on."""
    law = tiny_law(2001 * MILLIVOLT, VOLT // 20, 3 * VOLT // 2)
    drains = [100_000, 100_000]
    own, carried = ([law.thresholds.at(code) for code in codes] for codes in ((32, 32), (33, 30)))
    assert law.waiting(drains) == replay(law, drains, own).waiting
    saved = replay(law, drains, own).waiting - replay(law, drains, carried).waiting
    assert 0 < saved < law.charging.charge_time(own[0].level, carried[0].level)


@given(st.integers(2001, 9000), st.sampled_from((VOLT // 10, VOLT // 50, None)), st.data())
def test_below_half_the_source_the_best_of_the_stated_set_is_found(
    source: int, step: int | None, data: st.DataObject
) -> None:
    law = tiny_law(source * MILLIVOLT, step, VOLT)
    drain = data.draw(st.integers(0, law.capacity))
    charging = law.charging
    if step:
        candidates = [one for one in every_threshold(law) if one.level >= drain]
    else:
        even = [law.capacity * index // 64 for index in range(1, 65)]
        candidates = [Threshold(one, one, None, 0) for one in [drain, *even] if one >= drain]
    prices = [charging.elapsed_up(one.high) - charging.elapsed_down(one.level - drain) for one in candidates]
    assert not law.is_minimal_optimal
    assert law.mid(drain) == law.first(drain) == min(prices)
    chosen = law.threshold(drain, Position.MID)
    assert charging.elapsed_up(chosen.high) - charging.elapsed_down(chosen.level - drain) == min(prices)
    assert law.last(drain) == charging.elapsed_up(candidates[0].high)


def test_minimal_thresholds_are_best_only_above_half_the_source() -> None:
    buffer = everyday_buffer()
    for supply, minimal in (
        (everyday_source(), True),
        (ResistiveSource(Interval.exactly(5600 * MILLIVOLT), Interval.exactly(1)), True),
        (ResistiveSource(Interval.exactly(5600 * MILLIVOLT + 1), Interval.exactly(1)), False),
        (HIGH_SOURCE, False),
        (ConstantPower(Interval.exactly(1)), True),
        (ConstantCurrent(Interval.exactly(1)), False),
    ):
        assert everyday_law(CONTINUOUS, FLOOR, supply=supply).is_minimal_optimal is minimal
    charge = everyday_law(CONTINUOUS, FLOOR, supply=HIGH_SOURCE, buffer=everyday_buffer(Coordinate.CHARGE))
    assert charge.is_minimal_optimal
    law = everyday_law(CONTINUOUS, FLOOR, supply=HIGH_SOURCE, buffer=buffer)
    drain = law.capacity // 10
    assert law.threshold(drain, Position.MID).level > 9 * drain
    assert law.mid(drain) < 0.98 * law.charging.charge_time(0, drain)


# ---------------------------------------------------------------- simulation of true devices


@given(st.data())
def test_no_true_device_waits_longer(data: st.DataObject) -> None:
    """Latched devices anywhere in the intervals, simulated by voltage with drains up to the stated ones."""
    buffer = EnergyBuffer(
        Coordinate.ENERGY, Interval(4 * 10**12, 6 * 10**12), Interval(2980 * MILLIVOLT, 2995 * MILLIVOLT),
        Interval(2750 * MILLIVOLT, 2800 * MILLIVOLT), data.draw(st.sampled_from((Fraction(1), Fraction(11, 20)))),
    )  # fmt: skip
    supply = ResistiveSource(Interval(2999 * MILLIVOLT, 3100 * MILLIVOLT), Interval(20 * 10**6, 24 * 10**6))
    wake = data.draw(st.sampled_from((FIXED, CONTINUOUS, STEPPED)))
    law = cycle_law(buffer, supply, wake, data.draw(st.sampled_from((FLOOR, CHARGED))), PUBLISHED, 0, 0)
    drains = data.draw(st.lists(st.integers(law.capacity // 2, law.capacity), min_size=1, max_size=4))
    chosen = [law.threshold(drain, place) for drain, place in zip(drains, positions(len(drains)), strict=True)]
    bound = replay(law, drains, chosen).waiting

    shares = st.sampled_from((0.0, 1.0)) | st.floats(0, 1)
    farad = 4e-3 + 2e-3 * data.draw(shares)
    on = 2.98 + 0.015 * data.draw(shares)
    volt, ohm = 2.999 + 0.101 * data.draw(shares), 20 + 4 * data.draw(shares)
    floor = math.sqrt(buffer.floor_squared) / VOLT
    v, time = floor if law.head.waits else (on if wake is FIXED else 2.98), 0.0
    for cycle, (drain, threshold) in enumerate(zip(drains, chosen, strict=True)):
        target = on if wake is FIXED else threshold.voltage / VOLT
        if wake is CONTINUOUS:
            target = math.sqrt(float(buffer.floor_squared + threshold.level / buffer.amount_per_volt)) / VOLT
        if (cycle or law.head.waits) and target > v:
            time += ohm * farad * math.log((volt - v) / (volt - target))
            v = target
        v = math.sqrt(v * v - 2 * drain * data.draw(shares) * 1e-15 / farad)
        assert v >= floor - 1e-9
    assert time <= seconds(bound) * (1 + 1e-9) + 1e-11


@given(st.data())
def test_no_sensing_device_waits_longer_or_browns_out(data: st.DataObject) -> None:
    """Sleep a period, measure, spend the poll, and so on, at constant power: simulated poll by poll in exact energy."""
    supply = ConstantPower(Interval(5 * 10**11, 10**12))
    wake = data.draw(st.sampled_from((SENSING, Wake(Policy.FIXED, Mechanism.SENSE, sleep=SLEEP))))
    buffer = everyday_buffer()
    law = cycle_law(buffer, supply, wake, FLOOR, PUBLISHED, 0, 0)
    drains = data.draw(st.lists(st.integers(0, law.capacity) | st.just(law.capacity), min_size=1, max_size=4))
    chosen = [law.threshold(drain, place) for drain, place in zip(drains, positions(len(drains)), strict=True)]
    bound = replay(law, drains, chosen).waiting
    power = data.draw(st.integers(supply.power.lo, supply.power.hi))
    period_gain = Fraction((power - SLEEP.power) * SLEEP.poll_period, 10**12)
    level, time = Fraction(0), 0
    for drain, threshold in zip(drains, chosen, strict=True):
        while True:
            missing = threshold.high - level - period_gain
            polls = max(1, math.floor(missing / (period_gain - SLEEP.poll_energy)))
            level += polls * period_gain - (polls - 1) * SLEEP.poll_energy
            time += polls * SLEEP.poll_period
            measured, level = level, level - SLEEP.poll_energy
            assert level >= 0
            if measured >= threshold.high:
                break
        level -= drain
        assert level >= 0
    assert time <= bound


# ---------------------------------------------------------------- what cannot work


def diagnosis_of(**case: object) -> Unschedulable:
    with pytest.raises(Unschedulable) as found:
        everyday_law(**case)  # type: ignore[arg-type]
    return found.value


def test_every_stall_has_its_own_name() -> None:
    weak = ResistiveSource(Interval(2985 * MILLIVOLT, 3 * VOLT), Interval.exactly(24 * 10**6))
    dead = ResistiveSource(Interval(2 * VOLT, 3 * VOLT), Interval.exactly(24 * 10**6))
    stall = diagnosis_of(supply=weak, start=FLOOR)
    assert stall.diagnosis is Diagnosis.CHARGING_STALL
    assert (stall.demanded, stall.available) == (2_750_250_000_000, 2_675_562_499_999)
    assert str(stall) == "charging stall: the threshold is 2.99 V, the supply reaches 2.985 V at its lowest"
    stall = diagnosis_of(supply=dead, start=FLOOR, wake=STEPPED)
    assert (
        str(stall) == "charging stall: the threshold is 2.99 V, the supply does not charge at the floor at its lowest"
    )
    hungry = Sleep(2 * 10**12, 0, 10**10, 0, 0, True)
    stall = diagnosis_of(start=FLOOR, wake=Wake(Policy.FIXED, Mechanism.SENSE, sleep=hungry))
    assert (stall.diagnosis, stall.demanded) == (Diagnosis.SLEEP_STALL, 2 * 10**12)
    assert stall.available == 1_245_833_333_333  # 2.99 V (3 V - 2.99 V) / 24 ohm
    assert "sleeping and polling draw 2 mW" in str(stall)
    polling = Sleep(0, 3 * 10**12, 10**15, 0, 0, True)
    stall = diagnosis_of(start=FLOOR, wake=Wake(Policy.FIXED, Mechanism.SENSE, sleep=polling))
    assert stall.diagnosis is Diagnosis.SLEEP_STALL
    assert "one poll takes 3 mJ" in str(stall)


def test_every_boot_failure_has_its_own_name() -> None:
    capacity = everyday_buffer().capacity
    large = diagnosis_of(boot=(capacity + 1, 0))
    assert (large.diagnosis, large.demanded, large.available) == (Diagnosis.BOOT_TOO_LARGE, capacity + 1, capacity)
    everyday_law(boot=(capacity, 0))
    level = int(everyday_buffer().exact_level(2950 * MILLIVOLT))
    loop = diagnosis_of(wake=CONTINUOUS, start=COLD, boot=(level + 1, 0))
    assert (loop.diagnosis, loop.demanded, loop.available) == (Diagnosis.BOOT_LOOP, level + 1, level)
    everyday_law(CONTINUOUS, COLD, boot=(level, 0))
    below = Wake(Policy.PROGRAMMABLE, Mechanism.LATCH, None, 2700 * MILLIVOLT)
    assert diagnosis_of(wake=below, start=COLD).diagnosis is Diagnosis.BOOT_LOOP
    weak = ResistiveSource(Interval.exactly(2900 * MILLIVOLT), Interval.exactly(24 * 10**6))
    locked = diagnosis_of(wake=CONTINUOUS, start=COLD, supply=weak)
    assert locked.diagnosis is Diagnosis.COLD_START_LOCK_UP


def test_data_that_contradict_are_the_users_error() -> None:
    buffer, source = everyday_buffer(), everyday_source()
    idle = Wake(Policy.FIXED, Mechanism.BURN, idle_power=10**12)
    weak = ResistiveSource(Interval.exactly(2900 * MILLIVOLT), Interval.exactly(24 * 10**6))
    coarse = Wake(Policy.PROGRAMMABLE, Mechanism.LATCH, 999 * MILLIVOLT, 2950 * MILLIVOLT)
    unnamed = Wake(Policy.PROGRAMMABLE, Mechanism.LATCH)
    for supply, wake, start, path in (
        (source, idle, CHARGED, ".wake.idle_power"),
        (weak, CONTINUOUS, CHARGED, ".start"),
        (source, unnamed, COLD, ".wake.power_on"),
    ):
        with pytest.raises(InvalidValue) as refused:
            cycle_law(buffer, supply, wake, start, PUBLISHED, 0, 0)
        assert refused.value.path == path
    narrow = EnergyBuffer(
        Coordinate.ENERGY, buffer.capacitance, Interval.exactly(2990 * MILLIVOLT), Interval.exactly(2980 * MILLIVOLT)
    )
    with pytest.raises(InvalidValue) as refused:
        cycle_law(narrow, source, Wake(Policy.PROGRAMMABLE, Mechanism.LATCH, 100 * MILLIVOLT), FLOOR, PUBLISHED, 0, 0)
    assert refused.value.path == ".wake.step"
    assert coarse.step == 999 * MILLIVOLT


def test_a_charged_device_may_run_once_without_a_supply() -> None:
    dead = ConstantPower(Interval.exactly(0))
    law = everyday_law(supply=dead)
    assert (law.max_cycles, law.waiting([law.capacity])) == (1, 0)
    with pytest.raises(ChargingStall):
        law.mid(1)
    assert diagnosis_of(supply=dead, until=RECHARGED).diagnosis is Diagnosis.CHARGING_STALL


def test_a_supply_that_ends_below_turn_on_limits_the_capacity() -> None:
    weak = ResistiveSource(Interval.exactly(2900 * MILLIVOLT), Interval.exactly(24 * 10**6))
    for wake, capacity in ((CONTINUOUS, 1_424_999_999_999), (STEPPED, 1_410_502_500_000)):
        law = everyday_law(wake, FLOOR, supply=weak)
        assert (law.capacity, law.limited_by) == (capacity, Diagnosis.CHARGING_STALL)
        assert law.mid(capacity) >= law.mid(capacity - 1) > 0
    assert everyday_law(STEPPED, FLOOR).limited_by is Diagnosis.ATOM_TOO_LARGE


def test_a_periodic_start_is_charged_under_fixed_wake_and_at_the_floor_under_programmable() -> None:
    periodic = Start(StartKind.PERIODIC, 10**15)
    fixed, programmable = everyday_law(start=periodic), everyday_law(CONTINUOUS, periodic)
    assert (fixed.period, programmable.period) == (10**15, 10**15)
    assert fixed.waiting([10**12] * 2) == everyday_law().waiting([10**12] * 2)
    assert fixed.recovery(10**12) == fixed.mid(10**12)
    assert programmable.waiting([10**12] * 2) == everyday_law(CONTINUOUS, FLOOR).waiting([10**12] * 2)
