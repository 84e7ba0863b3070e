"""Traces in files: what is read, and which line is told where that cannot be."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ischedule.models.errors import InputError
from ischedule.simulation.trace_csv import parse_trace


def test_columns_are_found_by_their_names() -> None:
    trace = parse_trace(b"lux,time_s,power_W\n3,10,1e-3\n4,10.5,2e-3\n\n1,11.5,0\n", "t.csv")
    assert (trace.times, trace.powers, trace.end) == ((0.0, 0.5, 1.5), (1e-3, 2e-3, 0.0), 2.5)


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("", "line 1"),
        ("time_s,watts\n0,1\n", "line 1"),
        ("time_s,power_W,power_W\n0,1,1\n", "line 1"),
        ("time_s,power_W\n0,1\n", "rows"),
        ("time_s,power_W\n0,1\n0,2\n", "line 3, time_s"),
        ("time_s,power_W\n0,1\n1,-2\n", "line 3, power_W"),
        ("time_s,power_W\n0,nan\n1,2\n", "line 2, power_W"),
        ("time_s,power_W\n0,1e999\n1,2\n", "line 2, power_W"),
        ("time_s,power_W\n0\n1,2\n", "line 2, power_W"),
        ("time_s,power_W\n0,1_0\n1,2\n", "line 2, power_W"),
    ],
)
def test_what_is_wrong_is_told_with_its_line(text: str, place: str) -> None:
    with pytest.raises(InputError) as caught:
        parse_trace(text.encode(), "t.csv")
    assert place in str(caught.value)


@given(st.binary(max_size=80))
def test_no_bytes_raise_anything_else(data: bytes) -> None:
    for text in (data, b"time_s,power_W\n" + data):
        try:
            trace = parse_trace(text, "t.csv")
        except InputError:
            continue
        assert trace.end > 0
