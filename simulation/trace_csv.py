"""Traces of harvested power: CSV with the columns time_s and power_W, and any others beside them."""

from __future__ import annotations

import csv
import io
import re
from typing import Final

from ischedule.models.errors import MISSING, InputError
from ischedule.models.strict_json import read_bytes
from ischedule.simulation.supplies import Trace

_NUMBER: Final = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?")
_COLUMNS: Final = ("time_s", "power_W")


def read_trace(source: str, loops: bool = True) -> Trace:
    """The trace in a file; raises `InputError`."""
    return parse_trace(read_bytes(source), source, loops)


def parse_trace(data: bytes, source: str, loops: bool = True) -> Trace:
    """Each row's power holds from its time to the next row's; the last one for as long as the one before it.

    Times count from the first row's.
    """
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise InputError(source, "line 1", MISSING, f"is no UTF-8 ({error.reason})", "save it as UTF-8") from None
    rows = [row for row in csv.reader(io.StringIO(text)) if row]
    places = _places(rows[0] if rows else [], source)
    times: list[float] = []
    powers: list[float] = []
    for line, row in enumerate(rows[1:], start=2):
        time, power = (_number(row, place, source, line, name) for place, name in zip(places, _COLUMNS, strict=True))
        if times and time <= times[-1]:
            raise InputError(source, f"line {line}, time_s", time, "is not later than the row before it", "sort rows")
        if power < 0:
            raise InputError(source, f"line {line}, power_W", power, "is negative", "write a power of at least 0")
        times.append(time)
        powers.append(power)
    if len(times) < 2:
        raise InputError(source, "rows", len(times), "are too few", "write two rows or more below the header")
    first = times[0]
    end = 2 * times[-1] - times[-2] - first
    return Trace(tuple(time - first for time in times), tuple(powers), end, loops)


def _places(header: list[str], source: str) -> list[int]:
    names = [name.strip() for name in header]
    for name in _COLUMNS:
        if names.count(name) != 1:
            problem = "is no column of the header" if name not in names else "heads two columns"
            raise InputError(source, "line 1", name, problem, "begin with a line such as time_s,power_W")
    return [names.index(name) for name in _COLUMNS]


def _number(row: list[str], place: int, source: str, line: int, name: str) -> float:
    text = row[place].strip() if place < len(row) else ""
    value = float(text) if _NUMBER.fullmatch(text) else float("inf")
    if abs(value) > 1e15:
        raise InputError(source, f"line {line}, {name}", text, "is no number in reach", "write one such as 1.5e-3")
    return value
