"""Quantities: exact in, exact out, and one kind of complaint for everything else."""

from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ischedule.models.quantities import (
    CAPACITANCE,
    CHARGE,
    CURRENT,
    DIMENSIONS,
    ENERGY,
    FREQUENCY,
    LIMIT,
    MEMORY,
    POWER,
    RESISTANCE,
    TIME,
    VOLTAGE,
    Dimension,
    Interval,
    QuantityError,
    Rounding,
    interval,
    parse,
    parse_interval,
    parse_ratio,
    round_to_integer,
    show,
    show_exact,
    to_integer,
)

dimensions = st.sampled_from(DIMENSIONS)
internal = st.one_of(st.integers(0, LIMIT), st.integers(0, 10**6), st.integers(0, 61).map(lambda k: 2**k))


@pytest.mark.parametrize(
    ("text", "dimension", "value"),
    [
        ("5 mF", CAPACITANCE, "0.005"),
        ("5mF", CAPACITANCE, "0.005"),
        (" 330  uF ", CAPACITANCE, "0.00033"),
        ("330 µF", CAPACITANCE, "0.00033"),
        ("330 μF", CAPACITANCE, "0.00033"),
        ("7.788e-5 J", ENERGY, "0.00007788"),
        ("77.88 uJ", ENERGY, "0.00007788"),
        (".5 V", VOLTAGE, "0.5"),
        ("3. V", VOLTAGE, "3"),
        ("+2.99 V", VOLTAGE, "2.99"),
        ("24 ohm", RESISTANCE, "24"),
        ("24 Ohm", RESISTANCE, "24"),
        ("1.5 kΩ", RESISTANCE, "1500"),
        ("1.5 k\u2126", RESISTANCE, "1500"),
        ("2 mohm", RESISTANCE, "0.002"),
        ("2 Mohm", RESISTANCE, "2000000"),
        ("1 fW", POWER, "1e-15"),
        ("1 pA", CURRENT, "1e-12"),
        ("12 uC", CHARGE, "0.000012"),
        ("1.5 min", TIME, "90"),
        ("2 h", TIME, "7200"),
        ("70 ms", TIME, "0.07"),
        ("16 MHz", FREQUENCY, "16e6"),
        ("16 mHz", FREQUENCY, "0.016"),
        ("2 kB", MEMORY, "2000"),
        ("2 KiB", MEMORY, "2048"),
        ("1 MiB", MEMORY, "1048576"),
        ("1 GB", MEMORY, "1000000000"),
        ("0 B", MEMORY, "0"),
    ],
)
def test_parse_reads_numbers_with_units(text: str, dimension: Dimension, value: str) -> None:
    assert parse(text, dimension) == Fraction(value)


@pytest.mark.parametrize(
    ("value", "dimension", "problem", "remedy"),
    [
        (5, CAPACITANCE, "number without a unit", '"5 mF"'),
        (5.5, VOLTAGE, "number without a unit", '"2.99 V"'),
        ("5", CAPACITANCE, "number without a unit", '"5 mF"'),
        ("5 V", CAPACITANCE, "a voltage where a capacitance belongs", '"5 mF"'),
        ("5 mJ", CHARGE, "an energy where a charge belongs", '"12 uC"'),
        ("5 xF", CAPACITANCE, 'unknown unit "xF"', '"5 mF"'),
        ("5 mf", CAPACITANCE, 'unknown unit "mf"', '"5 mF"'),
        ("5 mB", MEMORY, 'unknown unit "mB"', '"2048 B"'),
        ("5 KB", MEMORY, 'unknown unit "KB"', '"2048 B"'),
        ("-5 mF", CAPACITANCE, "negative", '"0 F"'),
        ("nan F", CAPACITANCE, "is not a capacitance", '"5 mF"'),
        ("inf F", CAPACITANCE, "is not a capacitance", '"5 mF"'),
        ("F", CAPACITANCE, "is not a capacitance", '"5 mF"'),
        ("", CAPACITANCE, "is not a capacitance", '"5 mF"'),
        ("5 m F", CAPACITANCE, "is not a capacitance", '"5 mF"'),
        ("1_000 s", TIME, "is not a time", '"70 ms"'),
        ("１ s", TIME, "is not a time", '"70 ms"'),
        ("5 mF ± 1 mF", CAPACITANCE, "is not a capacitance", '"5 mF"'),
        (None, ENERGY, "is not an energy", '"77.88 uJ"'),
        (True, ENERGY, "is not an energy", '"77.88 uJ"'),
        (["5 mF"], CAPACITANCE, "is not a capacitance", '"5 mF"'),
        ("1e30 J", ENERGY, "too large", "write at most 4.61 kJ"),
        ("1e999999999 J", ENERGY, "too long or too large", '"77.88 uJ"'),
        ("1" * 300 + " J", ENERGY, "is not an energy", '"77.88 uJ"'),
    ],
)
def test_parse_refuses_with_the_way_out(value: object, dimension: Dimension, problem: str, remedy: str) -> None:
    with pytest.raises(QuantityError) as caught:
        parse(value, dimension)
    assert problem in caught.value.problem
    assert remedy in caught.value.remedy
    assert caught.value.value == value


@given(st.text(alphabet="0123456789.eE+-±% kmuMFVJsBohin/", max_size=24), dimensions)
def test_any_text_is_a_quantity_or_a_quantity_error(text: str, dimension: Dimension) -> None:
    try:
        lo, hi = parse_interval(text, dimension)
    except QuantityError:
        return
    assert 0 <= lo <= hi <= LIMIT * dimension.unit


@given(st.decimals(0, 1000, allow_nan=False, allow_infinity=False, places=12), dimensions)
def test_parse_is_exact(number: Decimal, dimension: Dimension) -> None:
    assert parse(f"{number} {dimension.symbol}", dimension) == Fraction(number)


@given(internal, dimensions, st.sampled_from(Rounding))
def test_show_exact_parses_back_to_the_same_integer(integer: int, dimension: Dimension, rounding: Rounding) -> None:
    assert to_integer(parse(show_exact(integer, dimension), dimension), dimension, rounding) == integer


@given(internal.filter(lambda integer: integer <= LIMIT // 2), dimensions, st.integers(1, 8))
def test_show_keeps_its_digits(integer: int, dimension: Dimension, digits: int) -> None:
    shown = parse(show(integer, dimension, digits), dimension) / dimension.unit
    assert abs(shown - integer) * 2 * 10 ** (digits - 1) <= integer


@pytest.mark.parametrize(
    ("integer", "dimension", "text"),
    [
        (302_500_000_000, ENERGY, "302.5 uJ"),
        (1_620_000_000_000, TIME, "1.62 s"),
        (2_990_000_000, VOLTAGE, "2.99 V"),
        (1_555_930_000_000_000, TIME, "1556 s"),
        (999_999, ENERGY, "1 nJ"),
        (999_949, ENERGY, "999.9 pJ"),
        (-77_880_000_000, ENERGY, "-77.88 uJ"),
        (0, TIME, "0 s"),
        (2048, MEMORY, "2048 B"),
        (1_000_000, MEMORY, "1 MB"),
        (24_000_000, RESISTANCE, "24 ohm"),
        (16_000_000_000, FREQUENCY, "16 MHz"),
    ],
)
def test_show_is_for_human_eyes(integer: int, dimension: Dimension, text: str) -> None:
    assert show(integer, dimension) == text


@given(st.fractions(0, 10**6), dimensions)
def test_rounding_takes_the_stated_side(quantity: Fraction, dimension: Dimension) -> None:
    if quantity > (LIMIT - 1) * dimension.unit:
        return
    down, up = (to_integer(quantity, dimension, side) for side in (Rounding.DOWN, Rounding.UP))
    assert down * dimension.unit <= quantity <= up * dimension.unit
    assert up - down == (0 if (quantity / dimension.unit).denominator == 1 else 1)


@given(st.fractions())
def test_rounding_negative_numbers_too(number: Fraction) -> None:
    assert 0 <= number - round_to_integer(number, Rounding.DOWN) < 1
    assert 0 <= round_to_integer(number, Rounding.UP) - number < 1


@pytest.mark.parametrize(
    ("value", "lo", "hi"),
    [
        ("5 mF", "0.005", "0.005"),
        ("5 mF ± 20 %", "0.004", "0.006"),
        ("5 mF ±20%", "0.004", "0.006"),
        ("5 mF +/- 20 %", "0.004", "0.006"),
        ("5 mF +- 20 %", "0.004", "0.006"),
        ("5 mF ± 1 mF", "0.004", "0.006"),
        ("5 mF ± 100 uF", "0.0049", "0.0051"),
        (["4 mF", "6 mF"], "0.004", "0.006"),
        ("5 mF ± 100 %", "0", "0.01"),
    ],
)
def test_intervals(value: object, lo: str, hi: str) -> None:
    assert parse_interval(value, CAPACITANCE) == (Fraction(lo), Fraction(hi))


@pytest.mark.parametrize(
    ("value", "problem"),
    [
        ("5 mF ± 120 %", "below zero"),
        ("5 mF ± 6 mF", "below zero"),
        ("5 mF ± -1 %", "negative tolerance"),
        ("5 mF ± 1", "number without a unit"),
        ("5 mF ± 1 V", "a voltage where a capacitance belongs"),
        ("5 mF ± 1 % ± 1 %", "more than one tolerance"),
        ("± 1 %", "is not a capacitance"),
        ("4611 F ± 50 %", "too large"),
        (["6 mF", "4 mF"], "larger end first"),
        (["6 mF"], "list of two ends"),
        (["6 mF", 7], "number without a unit"),
        ([], "list of two ends"),
        (7, "number without a unit"),
        ({}, "is not a capacitance"),
    ],
)
def test_intervals_refused(value: object, problem: str) -> None:
    with pytest.raises(QuantityError) as caught:
        parse_interval(value, CAPACITANCE)
    assert problem in caught.value.problem


def test_the_wrong_end_of_a_list_is_named() -> None:
    with pytest.raises(QuantityError) as caught:
        parse_interval(["6 mF", 7], CAPACITANCE)
    error = caught.value.located("a.json", "$.buffer.capacitance")
    assert str(error).startswith("a.json: $.buffer.capacitance[1] = 7: ")


@given(st.fractions(0, 1000), st.fractions(0, 1000), dimensions)
def test_intervals_round_outward(one: Fraction, other: Fraction, dimension: Dimension) -> None:
    lo, hi = sorted((one, other))
    outward = Interval.outward((lo, hi), dimension)
    assert outward.lo * dimension.unit <= lo
    assert hi <= outward.hi * dimension.unit
    assert outward.hi - outward.lo < (hi - lo) / dimension.unit + 2


def test_interval_validates_and_measures() -> None:
    assert Interval.exactly(5) == Interval(5, 5)
    assert Interval.exactly(5).is_exact
    assert interval("5 mF ± 20 %", CAPACITANCE) == Interval(4 * 10**12, 6 * 10**12)
    assert interval("5 mF ± 20 %", CAPACITANCE).relative_width == Fraction(2, 5)
    assert Interval.exactly(0).relative_width == 0
    with pytest.raises(ValueError, match="low end"):
        Interval(2, 1)
    with pytest.raises(TypeError, match="integers"):
        Interval(1, 2.0)  # type: ignore[arg-type]
    with pytest.raises(TypeError, match="integers"):
        Interval(False, True)


@pytest.mark.parametrize(("text", "ratio"), [("55 %", "0.55"), ("0.55", "0.55"), ("100%", "1"), ("1e-2", "0.01")])
def test_ratios(text: str, ratio: str) -> None:
    assert parse_ratio(text) == Fraction(ratio)


@pytest.mark.parametrize("value", [0.55, 1, None, "", "%", "half", "0.5 V", "nan", "1e99999999"])
def test_ratios_refused(value: object) -> None:
    with pytest.raises(QuantityError) as caught:
        parse_ratio(value)
    assert '"55 %"' in caught.value.remedy
