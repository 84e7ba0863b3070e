"""Buffers and addresses as CSV in the form of MiniMalloc, which other packers read and write.

A line is a buffer: ``id,lower,upper,size`` and, once it has an address, ``offset``. It lives in the half-open interval
[lower, upper): here the power cycles from the first that uses it to the one after the last.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence

from ischedule.models.errors import MISSING, InputError
from ischedule.models.layout import Buffer

_COLUMNS = ("id", "lower", "upper", "size")
_OFFSET = "offset"
_DIGITS = 18
_BOTH = "\r\n"


def dump_buffers(buffers: Sequence[Buffer], addresses: Sequence[int] | None = None) -> str:
    """The buffers as CSV, with addresses where they are given."""
    lines = [_line([*_COLUMNS, *([] if addresses is None else [_OFFSET])])]
    for index, one in enumerate(buffers):
        offset = [] if addresses is None else [addresses[index]]
        lines.append(_line([one.name, one.first, one.last + 1, one.size, *offset]))
    return "".join(lines)


def _line(cells: Sequence[object]) -> str:
    """One line; only a writer that ends lines with both kinds of break quotes both of them in names."""
    text = io.StringIO(newline="")
    csv.writer(text, lineterminator=_BOTH).writerow(cells)
    return text.getvalue().removesuffix(_BOTH) + "\n"


def read_buffers(text: str, source: str) -> tuple[list[Buffer], list[int] | None]:
    """The buffers, and their addresses where the file has them; raises `InputError` for a line that is none."""
    lines = csv.reader(io.StringIO(text, newline=""), strict=True)
    buffers: list[Buffer] = []
    addresses: list[int] = []
    columns: list[str] = []
    try:
        for cells in lines:
            if not columns:
                columns = _header(cells, source)
            elif cells:
                buffer, address = _buffer(cells, columns, source, lines.line_num)
                buffers.append(buffer)
                addresses.append(address)
    except csv.Error as error:
        place = f"line {lines.line_num}"
        raise InputError(source, place, MISSING, f"is no CSV: {error}", "quote names with commas") from None
    if not columns:
        raise InputError(source, "line 1", MISSING, "has no columns", f"begin with {','.join(_COLUMNS)}")
    return buffers, addresses if _OFFSET in columns else None


def _header(cells: Sequence[str], source: str) -> list[str]:
    """The names of the columns, in any order."""
    found = [cell.strip() for cell in cells]
    if sorted(found) not in (sorted(_COLUMNS), sorted((*_COLUMNS, _OFFSET))):
        remedy = f"name the columns {','.join(_COLUMNS)} and, with addresses, {_OFFSET}"
        raise InputError(source, "line 1", ",".join(found), "are not the columns of buffers", remedy)
    return found


def _buffer(cells: Sequence[str], columns: Sequence[str], source: str, line: int) -> tuple[Buffer, int]:
    place = f"line {line}"
    if len(cells) != len(columns):
        problem, remedy = f"has {len(cells)} cells, there are {len(columns)} columns", "give each column a cell"
        raise InputError(source, place, ",".join(cells), problem, remedy)
    row = dict(zip(columns, cells, strict=True))
    number = {}
    for name in (*_COLUMNS[1:], _OFFSET):
        value = row.get(name, "0").strip()
        if not (value.isascii() and value.isdecimal() and len(value) <= _DIGITS):
            problem = "is no whole number from 0"
            raise InputError(source, f"{place}, {name}", value, problem, f"write at most {_DIGITS} digits")
        number[name] = int(value)
    if number["lower"] >= number["upper"]:
        remedy = "let it be above lower: the interval does not contain it"
        raise InputError(source, f"{place}, upper", number["upper"], "ends before it begins", remedy)
    if not number["size"]:
        raise InputError(source, f"{place}, size", 0, "is no size of a buffer", "leave out buffers without bytes")
    buffer = Buffer(row["id"], number["lower"], number["upper"] - 1, number["size"])
    return buffer, number[_OFFSET]
