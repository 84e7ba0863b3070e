"""Capacitance by voltage, what a threshold guarantees, drift, and the loads that raise the floor."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ischedule.models.buffer import EnergyBuffer
from ischedule.models.build import program_of
from ischedule.models.capacitance_curve import CapacitanceCurve
from ischedule.models.case import load_case
from ischedule.models.cycle_law import begin
from ischedule.models.demand import Coordinate
from ischedule.models.diagnosis import Diagnosis, Unschedulable
from ischedule.models.errors import InputError, InvalidValue
from ischedule.models.loaded import loaded
from ischedule.models.quantities import Interval, Rounding
from ischedule.models.reading import Reading
from tests.models.case_examples import Document, changed

VOLT = 10**9
MILLIVOLT = 10**6
MICROFARAD = 10**9


@st.composite
def curves(draw: st.DrawFn) -> CapacitanceCurve:
    """Two to five points up to some volts."""
    gaps = draw(st.lists(st.integers(1, 2 * VOLT), min_size=1, max_size=4))
    voltages = [0]
    for gap in gaps:
        voltages.append(voltages[-1] + gap)
    ends = st.tuples(st.integers(1, 10**14), st.integers(1, 10**14)).map(sorted)
    return CapacitanceCurve(tuple((voltage, Interval(*draw(ends))) for voltage in voltages))


@given(curves(), st.sampled_from(Coordinate), st.integers(0, 6 * VOLT))
def test_a_curve_stores_the_sum_over_its_pieces_and_gives_the_voltage_back(
    curve: CapacitanceCurve, coordinate: Coordinate, voltage: int
) -> None:
    stored, points = Fraction(0), curve.points
    for (low, one), (high, other) in zip(points, [*points[1:], (10 * VOLT, points[-1][1])], strict=True):
        top = min(voltage, high)
        if top > low:
            least = min(one.lo, other.lo)
            power = 2 if coordinate is Coordinate.ENERGY else 1
            unit = 2 * 10**18 if coordinate is Coordinate.ENERGY else 10**9
            stored += Fraction(least * (top**power - low**power), unit)
    assert curve.least_stored(Fraction(voltage), coordinate) == stored
    assert curve.voltage_of(stored, coordinate, Rounding.DOWN) == voltage
    assert curve.voltage_of(stored, coordinate, Rounding.UP) == voltage
    assert curve.voltage_of(stored + Fraction(1, 10**6), coordinate, Rounding.UP) >= voltage


@given(curves(), st.integers(0, 5 * VOLT), st.integers(0, 5 * VOLT))
def test_the_largest_ratio_is_that_of_the_pieces_between(curve: CapacitanceCurve, one: int, other: int) -> None:
    low, high = min(one, other), max(one, other)
    met = [
        Fraction(greatest, least)
        for index, (start, least, greatest) in enumerate(curve.steps)
        if start <= high and (index + 1 == len(curve.steps) or curve.steps[index + 1][0] > low)
    ]
    assert curve.largest_ratio(low, high) == max(met)


def test_a_curve_begins_at_nothing_and_rises() -> None:
    exactly = Interval.exactly(MICROFARAD)
    for points in (((VOLT, exactly), (2 * VOLT, exactly)), ((0, exactly),), ((0, exactly), (0, exactly))):
        with pytest.raises(InvalidValue):
            CapacitanceCurve(points)


@given(
    st.builds(Reading, *[st.integers(0, 50 * MILLIVOLT)] * 2, st.integers(0, 10**10), st.integers(0, 50 * MILLIVOLT)),
    st.integers(10**9, 10**13),
    st.integers(0, 4 * VOLT),
)
def test_what_is_wanted_is_the_least_that_guarantees(reading: Reading, capacitance: int, inside: int) -> None:
    read = reading.wanted(inside, capacitance)
    assert reading.guaranteed(read, capacitance) >= inside
    if inside > 0:
        assert reading.guaranteed(read - 1, capacitance) < inside


def test_what_is_guaranteed_at_turn_on_by_hand() -> None:
    """(3.3 V - 10 mV - 5 mV) 470 / 480 - 20 mV."""
    reading = Reading(10 * MILLIVOLT, 5 * MILLIVOLT, 10 * MICROFARAD, 20 * MILLIVOLT)
    buffer = EnergyBuffer(
        Coordinate.CHARGE,
        Interval(470 * MICROFARAD, 500 * MICROFARAD),
        Interval(33 * VOLT // 10, 34 * VOLT // 10),
        Interval(2 * VOLT, 2 * VOLT),
        reading=reading,
    )
    guaranteed = Fraction(3_285_000_000 * 470, 480) - 20_000_000
    assert buffer.capacity == int(470 * (guaranteed - 2 * VOLT))
    assert buffer.turn_on_high == 470 * (3_410_000_000 - 2 * VOLT)
    assert buffer.highest_voltage == 3_410_000_000


REAL: Document = {
    "ischedule": 1,
    "name": "real",
    "buffer": {
        "capacitance": "1 mF ± 10 %",
        "turn_on": "3.3 V",
        "brown_out": "2 V",
        "series_resistance": "10 ohm",
        "leakage": "0 A",
    },
    "power_path": "converter",
    "load": {"power": ["1 mW", "20 mW"]},
    "boot": {"energy": "20 uJ", "time": "10 ms"},
    "wake": {"policy": "fixed", "mechanism": "latch"},
    "supply": {"kind": "power", "power": ["1 mW", "4 mW"]},
    "tasks": {
        "commit": {"energy": "4 uJ", "time": "1 ms"},
        "resume": {"energy": "2 uJ", "time": "1 ms"},
        "list": [{"name": "work", "energy": "200 uJ", "time": "50 ms", "repeat": 9}],
    },
}


def test_one_load_for_all_raises_the_floor_and_leaves_one_number() -> None:
    """u >= 2 V at 20 mW through 10 ohm needs 2.1 V inside; (10 ohm 20 mW / 4 V^2) = 5 % are lost on the way."""
    program = program_of(load_case(REAL))
    buffer = program.law.charging.buffer
    assert buffer.load_floor == 2_100_000_000
    assert not program.has_needs
    chain = program.stages[0].chain(0)  # type: ignore[arg-type]
    assert chain.drain[0] == 210 * 10**9
    # 4 mW at 3.3 V are 1.2121 mA, which lift the terminal by 12.12 mV
    assert buffer.reading.over_read == 12_121_213
    assert buffer.capacity < program_of(load_case(changed(REAL, "buffer.series_resistance", "0 ohm"))).law.capacity


def test_one_task_that_draws_more_leaves_a_level_of_its_own() -> None:
    tasks = [{"name": "send", "energy": "100 uJ", "time": "2 ms", "load": {"power": "80 mW"}, "repeat": 2}]
    program = program_of(load_case(changed(REAL, "tasks.list", tasks)))
    chain, buffer = program.stages[0].chain(0), program.law.charging.buffer  # type: ignore[arg-type]
    assert program.has_needs
    # 2.4 V inside at 80 mW, above 2.1 V for all else: 0.9 mF / 2 (2.4^2 - 2.1^2) = 607.5 uJ
    assert list(chain.excess) == [607_500_000_000] * 2
    assert buffer.load_floor == 2_100_000_000
    assert chain.drain[0] == 120 * 10**9  # 100 uJ and 20 %


def test_drift_widens_what_is_stated() -> None:
    drift = [
        {"cause": "ageing", "capacitance": ["70 %", "100 %"], "series_resistance": ["100 %", "200 %"]},
        {"cause": "cold", "series_resistance": ["100 %", "150 %"], "leakage": ["50 %", "300 %"]},
    ]
    document = changed(changed(REAL, "buffer.drift", drift), "buffer.leakage", "1 uA")
    buffer = load_case(document).buffer
    assert buffer.capacitance == Interval(63 * 10**10, 110 * 10**10)
    assert buffer.resistance.hi == 30 * 10**6
    assert buffer.leakage.current == 3 * 10**9


@pytest.mark.parametrize(
    ("path", "value", "diagnosis"),
    [
        ("load.power", "900 mW", Diagnosis.SERIES_RESISTANCE),
        ("buffer.redistribution", "1.3 V", Diagnosis.TURN_ON),
        ("wake.threshold_error", "1.25 V", Diagnosis.TURN_ON),
        ("buffer.leakage", "600 uA", Diagnosis.CHARGING_STALL),
    ],
)
def test_what_leaves_no_band_has_a_name(path: str, value: str, diagnosis: Diagnosis) -> None:
    with pytest.raises(Unschedulable) as reason:
        program_of(load_case(changed(REAL, path, value)))
    assert reason.value.diagnosis is diagnosis


@pytest.mark.parametrize(
    ("remove", "complaint"),
    [("load", "the buffer has a series resistance"), ("converter", "is stated by power")],
)
def test_what_must_be_known_of_a_load_is_asked_for(remove: str, complaint: str) -> None:
    document = dict(REAL)
    del document["load"]
    if remove == "converter":
        points = [{"efficiency": "80 %", "power": ["0 W", "1 W"]}]
        document = changed({**document, "converter": {"efficiency": points}}, "buffer.series_resistance", "0 ohm")
    with pytest.raises(InputError, match=complaint):
        program_of(load_case(document))


def test_a_converter_without_a_point_for_the_load_is_refused() -> None:
    points = [{"efficiency": "80 %", "power": ["0 W", "5 mW"]}]
    with pytest.raises(InputError, match=r"says nothing of 5\.0+1 mW|says nothing of 5 mW"):
        program_of(load_case({**REAL, "converter": {"efficiency": points}}))


def test_booting_that_draws_most_raises_the_floor_of_networks_only() -> None:
    boot = {"energy": "20 uJ", "time": "10 ms", "load": {"power": "40 mW"}}
    work = loaded(load_case(changed(REAL, "boot", boot)))
    assert work.buffer.load_floor == 2_100_000_000
    assert work.start_excess == work.buffer.level_of(2_200_000_000, Rounding.UP)
    assert work.boot.amount == 22 * 10**9
    assert replace(work.case, boot=replace(work.case.boot, draw=None)).restart.draw is None


def test_booting_keeps_to_the_margin() -> None:
    """At 2.8 V there are 177.8 uJ above the floor that half of the band leaves; booting takes 210 uJ."""
    wake = {"policy": "programmable", "mechanism": "latch", "external_comparator": True, "power_on": "2.8 V"}
    boot = {"energy": "200 uJ", "time": "10 ms"}
    document = changed(changed(changed(REAL, "buffer.margin", "50 %"), "wake", wake), "boot", boot)
    with pytest.raises(Unschedulable) as reason:
        program_of(load_case(document))
    assert reason.value.diagnosis is Diagnosis.BOOT_LOOP
    assert program_of(load_case(changed(document, "boot.energy", "100 uJ"))).law.head.level > 0


CHOSEN = {"policy": "programmable", "mechanism": "latch", "external_comparator": True, "power_on": "3.2 V"}


def test_what_was_left_droops_when_the_load_is_switched_on() -> None:
    """A cycle that need not wait begins lower than the one before it left; at the start that is counted already."""
    document = changed(changed(REAL, "wake", CHOSEN), "buffer.redistribution", "100 mV")
    law = program_of(load_case(document)).law
    buffer, level = law.charging.buffer, law.capacity // 2
    lowest = law.shared(None, 0)[0]
    drooped = begin(law, level, lowest, is_first=False)
    assert drooped == (0, buffer.connected_level(level))
    assert 0 < drooped[1] < level
    assert begin(law, level, lowest, is_first=True) == (0, level)


def test_a_cold_device_that_latches_is_switched_on_twice() -> None:
    document = changed(changed(REAL, "wake", CHOSEN), "buffer.redistribution", "100 mV")
    law = program_of(load_case(document)).law
    buffer = law.charging.buffer
    booted = buffer.guaranteed_level(3_200_000_000) - loaded(load_case(document)).boot.amount
    assert law.head.level == buffer.connected_level(booted) < booted
    asleep = {
        "policy": "programmable",
        "mechanism": "sense",
        "power_on": "3.2 V",
        "sleep": {
            "power": "1 uW",
            "poll_energy": "1 nJ",
            "poll_period": "1 ms",
            "wake": {"energy": "1 uJ", "time": "1 ms"},
            "retained": True,
        },
    }
    assert program_of(load_case(changed(document, "wake", asleep))).law.head.level == booted
