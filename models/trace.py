"""Harvesting traces: a recorded power over time, read exactly from a CSV file.

The header names the columns, of which `time_s` and `power_W` are read. Each row's power lasts until the next row, that
of the last one as long as that of the row before. Times are whole picoseconds, powers femtowatt rounded down; a
negative power is an error, for a harvester that draws from the buffer is a leak to be stated as one.
"""

from __future__ import annotations

import csv
import re
from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise
from pathlib import Path
from typing import Final

from ischedule.models.errors import MISSING, InputError
from ischedule.models.quantities import LIMIT
from ischedule.models.strict_json import read_text

COLUMNS: Final = ("time_s", "power_W")

_NUMBER: Final = re.compile(r"[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d{1,2})?")


@dataclass(frozen=True)
class Trace:
    """Powers (fW), and how long each lasts (ps)."""

    powers: tuple[int, ...]
    lengths: tuple[int, ...]

    @property
    def length(self) -> int:
        """How long it lasts in all."""
        return sum(self.lengths)

    @property
    def step(self) -> int | None:
        """The length of every row, None if they differ."""
        return self.lengths[0] if len(set(self.lengths)) == 1 else None


def read_trace(file: str | Path) -> Trace:
    """The trace in a file; raises `InputError`."""
    source = str(file)
    rows = list(csv.reader(read_text(source).splitlines()))
    if not rows or any(name not in rows[0] for name in COLUMNS):
        header = ",".join(rows[0]) if rows else ""
        problem = "does not name the columns time_s and power_W"
        raise InputError(source, "line 1", header, problem, 'begin with a line such as "time_s,power_W"')
    if len(set(rows[0])) < len(rows[0]):
        raise InputError(source, "line 1", ",".join(rows[0]), "names a column twice", "give each column its own name")
    places = [rows[0].index(name) for name in COLUMNS]
    times: list[int] = []
    powers: list[int] = []
    for number, row in enumerate(rows[1:], 2):
        if len(row) != len(rows[0]):
            problem = f"has {len(row)} values, the header {len(rows[0])}"
            raise InputError(source, f"line {number}", ",".join(row), problem, "write one value for each column")
        time, power = (_value(row[place], name, source, number) for place, name in zip(places, COLUMNS, strict=True))
        whole = time * 10**12
        if whole.denominator != 1:
            raise InputError(source, f"line {number}, time_s", row[places[0]], "is finer than 1 ps", "round it")
        if times and whole <= times[-1]:
            problem, remedy = "is not later than the row before", "sort the rows by time, each time once"
            raise InputError(source, f"line {number}, time_s", row[places[0]], problem, remedy)
        if power < 0:
            problem, remedy = "is negative", "state what draws from the buffer as leakage, and write 0 here"
            raise InputError(source, f"line {number}, power_W", row[places[1]], problem, remedy)
        times.append(int(whole))
        powers.append(int(power * 10**15))
    if len(times) < 2:
        raise InputError(source, "$", MISSING, "has fewer than two rows", "record at least two")
    if times[-1] - times[0] >= LIMIT // 2 or max(powers) >= LIMIT:
        raise InputError(source, "$", MISSING, "is too long or too strong", "write at most 26 days, and 4 kW")
    lengths = [after - before for before, after in pairwise(times)]
    return Trace(tuple(powers), (*lengths, lengths[-1]))


def _value(text: str, name: str, source: str, number: int) -> Fraction:
    word = text.strip()
    if len(word) > 60 or not _NUMBER.fullmatch(word):
        raise InputError(
            source, f"line {number}, {name}", text, "is no number", "write a decimal number such as 0.0012"
        )
    return Fraction(word)
