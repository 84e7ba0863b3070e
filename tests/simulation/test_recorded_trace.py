"""A recorded trace as a supply: each row's power from its moment on, over and over."""

from __future__ import annotations

from pathlib import Path

import pytest

from ischedule.models.trace import read_trace
from ischedule.simulation.supplies import Trace


def test_moments_count_from_the_first_row(tmp_path: Path) -> None:
    file = tmp_path / "t.csv"
    file.write_text("lux,time_s,power_W\n3,10,1e-3\n4,10.5,2e-3\n1,11.5,0\n", "utf-8")
    trace = Trace.of(read_trace(file))
    assert (trace.times, trace.end) == ((0.0, 0.5, 1.5), 2.5)
    assert trace.powers == pytest.approx((1e-3, 2e-3, 0.0))
    flow, until = trace.at(2.75)
    assert (flow.fed, until) == pytest.approx((1e-3, 3.0))
    assert Trace.of(read_trace(file), loops=False).at(2.75)[0].fed == 0
