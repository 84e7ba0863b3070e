"""Traces read exactly, and the curves taken from them, against every window."""

from __future__ import annotations

from fractions import Fraction
from itertools import accumulate
from pathlib import Path
from unittest import mock

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ischedule.models import trace_windows
from ischedule.models.case_curve import dump_curve, read_curve
from ischedule.models.errors import InputError
from ischedule.models.quantities import Interval
from ischedule.models.trace import Trace, read_trace
from ischedule.models.trace_windows import NoWindow, curve_under, minima

UNIT = 10**12
"""Picoseconds, so that a power of one femtowatt delivers one femtojoule in each."""


def write(folder: Path, text: str) -> Path:
    file = folder / "trace.csv"
    file.write_text(text, "utf-8")
    return file


def test_a_trace_is_read_exactly(tmp_path: Path) -> None:
    found = read_trace(write(tmp_path, "time_s,voltage_V,power_W\n0,1,1e-6\n0.25,1,2.5e-15\n1.5,1,0.0000009999e-9\n"))
    assert found == Trace((10**9, 2, 0), (25 * 10**10, 125 * 10**10, 125 * 10**10))


@pytest.mark.parametrize(
    ("text", "where"),
    [
        ("", "line 1"),
        ("time_s,power\n0,1\n1,1\n", "line 1"),
        ("time_s,power_W,power_W\n0,1,1\n1,1,1\n", "line 1"),
        ("time_s,power_W\n0,1\n0,2\n", "line 3, time_s"),
        ("time_s,power_W\n0,1\n1,-1e-9\n", "line 3, power_W"),
        ("time_s,power_W\n0,nan\n1,1\n", "line 2, power_W"),
        ("time_s,power_W\n0,1\n1,inf\n", "line 3, power_W"),
        ("time_s,power_W\n0,1,2\n1,1\n", "line 2"),
        ("time_s,power_W\n0,1\n0.0000000000001,1\n", "line 3, time_s"),
        ("time_s,power_W\n0,1\n", "$"),
    ],
)
def test_what_is_no_trace_is_refused(tmp_path: Path, text: str, where: str) -> None:
    with pytest.raises(InputError) as refused:
        read_trace(write(tmp_path, text))
    assert refused.value.path == where


def contents(trace: Trace, wraps: bool, length: Fraction) -> Fraction:
    """The least content of a window of one length, a multiple of a quarter, by looking at every quarter."""
    rows = list(zip(trace.powers, trace.lengths, strict=True)) * (3 if wraps else 1)
    quarters = [Fraction(power, 4) for power, lasts in rows for _ in range(4 * lasts // UNIT)]
    until = [Fraction(0), *accumulate(quarters)]
    step = int(4 * length / UNIT)
    last = 4 * trace.length // UNIT - (0 if wraps else step)
    return min(until[begin + step] - until[begin] for begin in range(last + 1))


@st.composite
def traces(draw: st.DrawFn) -> Trace:
    powers = draw(st.lists(st.integers(0, 9), min_size=2, max_size=8))
    if draw(st.booleans()):
        return Trace(tuple(powers), (UNIT,) * len(powers))
    return Trace(tuple(powers), tuple(UNIT * draw(st.integers(1, 3)) for _ in powers))


@settings(max_examples=60)
@given(traces(), st.booleans())
def test_the_minima_are_those_of_all_windows(trace: Trace, wraps: bool) -> None:
    found = minima(trace, wraps)
    for window, stored in found.points[1:]:
        least = contents(trace, wraps, Fraction(window))
        assert stored == least if trace.step is not None else stored <= least


@settings(max_examples=60)
@given(traces(), st.booleans(), st.integers(4, 10), st.sampled_from([Fraction(1), Fraction(9, 10)]))
def test_the_curve_promises_no_more_than_any_window_contains(
    trace: Trace, wraps: bool, most: int, safety: Fraction
) -> None:
    curve = curve_under(minima(trace, wraps), safety, most)
    assert len(curve.points) <= most
    laps = 2 if wraps else 1
    for quarter in range(1, 4 * laps * trace.length // UNIT + 1):
        length = Fraction(quarter * UNIT, 4)
        assert curve.exactly(length) <= safety * contents(trace, wraps, length)


@settings(max_examples=40)
@given(st.lists(st.integers(0, 9), min_size=4, max_size=8), st.integers(2, 3))
def test_fewer_lengths_are_safe_between_them(powers: list[int], lengths: int) -> None:
    trace = Trace(tuple(powers), (UNIT,) * len(powers))
    with mock.patch.object(trace_windows, "MOST_WINDOWS", lengths):
        curve = curve_under(minima(trace, False), Fraction(1), 8)
    for quarter in range(1, 4 * len(powers) + 1):
        length = Fraction(quarter * UNIT, 4)
        assert curve.exactly(length) <= contents(trace, False, length)


@settings(max_examples=80)
@given(traces(), st.booleans(), st.integers(0, 20), st.integers(1, 30), st.integers(4, 10))
def test_windows_within_a_range_promise_nothing_false_of_any_other(
    trace: Trace, wraps: bool, shortest: int, span: int, most: int
) -> None:
    """Lengths in quarters; behind the longest the curve goes on with several side by side."""
    windows = Interval(UNIT * shortest // 4, UNIT * (shortest + span) // 4)
    try:
        found = minima(trace, wraps, windows)
    except NoWindow:
        assert trace.step is not None
        assert not any(windows.lo <= trace.step * count <= windows.hi for count in range(1, len(trace.powers) + 1))
        return
    assert found.points[-1][0] <= windows.hi + 1
    assert all(stored == 0 for window, stored in found.points if window < windows.lo)
    curve = curve_under(found, Fraction(1), most)
    for quarter in range(1, 4 * (2 if wraps else 1) * trace.length // UNIT + 1):
        length = Fraction(quarter * UNIT, 4)
        least = contents(trace, wraps, length)
        assert curve.exactly(length) <= least
        assert length > found.points[-1][0] or found.content(int(length)) <= least


def test_the_lengths_of_a_range_are_exact() -> None:
    trace = Trace((4, 0, 1, 2, 4, 9, 3, 3), (UNIT,) * 8)
    found = minima(trace, False, Interval(2 * UNIT, 4 * UNIT))
    assert found.points == ((0, 0), (2 * UNIT, 0), (2 * UNIT + 1, 1), (3 * UNIT, 3), (4 * UNIT, 7))
    whole = minima(trace, False)
    assert [whole.content(count * UNIT) for count in (2, 3, 4)] == [1, 3, 7]


def test_a_long_trace_is_looked_at_more_closely_in_short_windows() -> None:
    trace = Trace(tuple((7 * place) % 10 for place in range(60)), (UNIT,) * 60)
    with mock.patch.object(trace_windows, "MOST_WINDOWS", 10):
        all_of_them, short = minima(trace, False), minima(trace, False, Interval(0, 10 * UNIT))
    assert short.content(5 * UNIT) == contents(trace, False, Fraction(5 * UNIT)) > all_of_them.content(5 * UNIT)


def test_long_traces_are_counted_in_a_coarser_unit() -> None:
    trace = Trace((10**18, 3 * 10**18, 2 * 10**18), (10**15,) * 3)
    least = [stored for _, stored in minima(trace, True).points]
    assert least[1:] == [10**21, 3 * 10**21, 6 * 10**21]


def test_points_enough_make_the_curve_exact_where_the_minima_are_convex() -> None:
    trace = Trace((0, 0, 1, 2, 4, 9), (UNIT,) * 6)
    curve = curve_under(minima(trace, False), Fraction(1), 12)
    assert [curve.at_least(UNIT * window) for window in range(7)] == [0, 0, 0, 1, 3, 7, 16]


def test_a_dark_trace_promises_nothing() -> None:
    curve = curve_under(minima(Trace((0, 0, 0), (UNIT,) * 3), False), Fraction(1), 8)
    assert curve.inverse(1) is None


@given(traces())
def test_a_curve_file_gives_the_same_curve_back(tmp_path_factory: pytest.TempPathFactory, trace: Trace) -> None:
    curve = curve_under(minima(trace, False), Fraction(1), 8)
    file = tmp_path_factory.getbasetemp() / "curve.json"
    file.write_text(dump_curve(curve, "a trace"), "utf-8")
    assert read_curve(file) == curve
