"""Tasks in columns: a CSV file whose header names each column and its unit, for workloads of up to millions of tasks.

    name,energy [nJ],time [us],volatile [B],cut,commit_energy [nJ],commit_time [us],resume_energy [nJ],resume_time [us]

Cells are plain decimal numbers, read exactly and rounded up. Rows are read in blocks and columns converted as a whole:
first as integers, cell by cell only where that fails.
"""

import csv
import io
import re
from array import array
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import accumulate, islice
from typing import Final

from ischedule.models.cost import Effort
from ischedule.models.errors import MISSING, InputError, InvalidValue
from ischedule.models.quantities import LIMIT, MEMORY, TIME, Dimension, Rounding, parse, to_integer
from ischedule.models.tasks import MAX_REPEAT, MAX_TASKS, TaskColumns, columns_from

_BLOCK: Final = 20_000
_MAX_DIGITS: Final = 40
_HEADER: Final = re.compile(r"\s*([a-z_]+)\s*(?:\[\s*(\S+)\s*\])?\s*")
_YES_NO: Final = {"1": 1, "true": 1, "yes": 1, "": 1, "0": 0, "false": 0, "no": 0}
_ENDS: Final = ("commit_amount", "commit_time", "resume_amount", "resume_time")
_PLAIN: Final = {"name": "name", "repeat": "repeat", "cut": "is_cut"}


@dataclass(frozen=True)
class _Column:
    """One column of the file: what it fills, in which unit, and what an empty cell means (None: an error)."""

    title: str
    fills: str
    dimension: Dimension | None
    unit: str
    default: int | None
    scale: int

    def cell(self, text: str) -> int:
        """The integer in internal units, rounded up."""
        stripped = text.strip()
        if not stripped and self.default is not None:
            return self.default
        if self.fills == "is_cut":
            if stripped.lower() in _YES_NO:
                return _YES_NO[stripped.lower()]
            raise InvalidValue(text, "is neither yes nor no", "write 1 or 0")
        if self.dimension is None:
            if stripped.isascii() and stripped.isdigit() and 1 <= int(stripped[:40]) <= MAX_REPEAT:
                return int(stripped)
            raise InvalidValue(text, "is no count", f"write an integer from 1 to {MAX_REPEAT}")
        if not stripped:
            raise InvalidValue(text, "is empty", "write a number")
        try:
            return to_integer(parse(f"{stripped} {self.unit}", self.dimension), self.dimension, Rounding.UP)
        except InvalidValue as error:
            remedy = "write a plain decimal number" if "unit" in error.remedy else error.remedy
            raise InvalidValue(text, error.problem, remedy) from None

    def decimal(self, text: str) -> int | None:
        """The same for plain digits with at most one point; None for everything else."""
        whole, _, part = text.partition(".")
        digits = whole + part
        if self.scale == 0 or not (digits.isdigit() and digits.isascii() and len(digits) <= _MAX_DIGITS):
            return None
        value = -(-int(digits) * self.scale // 10 ** len(part))
        return value if value <= LIMIT else None

    def block(self, cells: tuple[str, ...]) -> list[int] | None:
        """All cells at once if each is a plain integer in range; None where one is not."""
        text = "".join(cells)
        if self.scale == 0 or "_" in text or not text.isascii():
            return None
        try:
            values = list(map(int, cells))
        except ValueError:
            return None
        if min(values) < 0 or max(values) > LIMIT // self.scale:
            return None
        return values if self.scale == 1 else [value * self.scale for value in values]


def read_tasks(text: str, source: str, amount: Dimension, commit: Effort | None, resume: Effort | None) -> TaskColumns:
    """The tasks of a CSV text; `commit` and `resume` are what a checkpoint costs where the file does not say it."""
    try:
        return _Table(text, source, amount, commit, resume).columns()
    except csv.Error as error:
        raise InputError(source, "$", MISSING, f"is not CSV ({error})", "correct the file") from None


class _Table:
    """One file being read."""

    def __init__(self, text: str, source: str, amount: Dimension, commit: Effort | None, resume: Effort | None) -> None:
        self.source = source
        self.amount = amount
        self.rows = csv.reader(io.StringIO(text, newline=""), strict=True)
        self.defaults = {
            "volatile": 0,
            "is_cut": 1,
            "repeat": 1,
            "commit_amount": commit.amount if commit else -1,
            "commit_time": commit.time if commit else -1,
            "resume_amount": resume.amount if resume else -1,
            "resume_time": resume.time if resume else -1,
        }
        self.header = self._read_header()

    def _error(self, path: str, value: object, problem: str, remedy: str) -> InputError:
        return InputError(self.source, path, value, problem, remedy)

    def _fillable(self) -> dict[str, tuple[str, Dimension | None]]:
        """What each column title fills, and its dimension."""
        word = self.amount.name
        titles: dict[str, tuple[str, Dimension | None]] = {title: (fills, None) for title, fills in _PLAIN.items()}
        titles |= {word: ("amount", self.amount), "time": ("time", TIME), "volatile": ("volatile", MEMORY)}
        for end in ("commit", "resume"):
            titles |= {f"{end}_{word}": (f"{end}_amount", self.amount), f"{end}_time": (f"{end}_time", TIME)}
        return titles

    def _read_header(self) -> list[_Column]:
        cells = next(self.rows, None)
        if not cells:
            raise self._error("header", MISSING, "the file has no header", "name the columns in the first line")
        known = self._fillable()
        header = [self._column(cell, known) for cell in cells]
        titles = [column.title for column in header]
        for title in titles:
            if titles.count(title) > 1:
                raise self._error("header", title, "names two columns", "remove one of them")
        for title, dimension in ((self.amount.name, self.amount), ("time", TIME)):
            if title not in titles:
                remedy = f'add a column such as "{title} [{dimension.symbol}]"'
                raise self._error("header", title, "is missing among the columns", remedy)
        return header

    def _column(self, cell: str, known: Mapping[str, tuple[str, Dimension | None]]) -> _Column:
        match = _HEADER.fullmatch(cell)
        if match is None or match.group(1) not in known:
            remedy = f"write one of {', '.join(known)}, with the unit in brackets"
            raise self._error("header", cell, "is an unknown column", remedy)
        title, unit = match.groups()
        fills, dimension = known[title]
        default = self.defaults.get(fills)
        if dimension is None:
            if unit is not None:
                raise self._error("header", cell, "has a unit and needs none", f'write "{title}"')
            return _Column(title, fills, None, "", default, 0)
        if unit is None:
            example = dimension.example.split()[1]
            raise self._error("header", cell, "has no unit", f'write for example "{title} [{example}]"')
        try:
            scale = parse(f"1 {unit}", dimension) / dimension.unit
        except InvalidValue as error:
            raise self._error(
                "header", cell, error.problem, f'write for example "{title} [{dimension.symbol}]"'
            ) from None
        whole = scale.numerator if scale.denominator == 1 else 0
        return _Column(title, fills, dimension, unit, default, whole)

    def _blocks(self) -> Iterator[tuple[int, list[list[str]]]]:
        """Rows with their numbers from 1, blank lines left out."""
        number = 1
        while chunk := list(islice(self.rows, _BLOCK)):
            rows = [row for row in chunk if row]
            if rows:
                yield number, rows
            number += len(rows)

    def _converted(self, column: _Column, cells: tuple[str, ...], number: int) -> list[int]:
        values = column.block(cells)
        if values is not None:
            return values
        known: dict[str, int] = {}
        try:
            for text in cells:
                if text not in known:
                    value = column.decimal(text)
                    known[text] = column.cell(text) if value is None else value
        except InvalidValue as error:
            path = f"row {number + cells.index(text)}, {column.title}"
            raise self._error(path, text, error.problem, error.remedy) from None
        return [known[text] for text in cells]

    def _values(self, rows: list[list[str]], number: int) -> tuple[dict[str, list[int]], tuple[str, ...]]:
        """The integers of a block by what they fill, and its names; -1 is a checkpoint cost that nobody states."""
        for offset, row in enumerate(rows):
            if len(row) != len(self.header):
                problem = f"has {len(row)} cells where the header has {len(self.header)}"
                raise self._error(f"row {number + offset}", ",".join(row), problem, "write one cell for each column")
        values: dict[str, list[int]] = {}
        names: tuple[str, ...] = ()
        for column, cells in zip(self.header, zip(*rows, strict=True), strict=True):
            if column.fills == "name":
                names = cells
            else:
                values[column.fills] = self._converted(column, cells, number)
        for fills, default in self.defaults.items():
            values.setdefault(fills, [default] * len(rows))
        self._check_cuts(values, number)
        return values, names or tuple(f"row {number + offset}" for offset in range(len(rows)))

    def _check_cuts(self, values: dict[str, list[int]], number: int) -> None:
        """Where no cut is, checkpoint costs are 0; where one is, each must be stated."""
        is_cut = values["is_cut"]
        for name in _ENDS:
            if not all(is_cut):
                values[name] = [value if cut else 0 for value, cut in zip(values[name], is_cut, strict=True)]
            if min(values[name]) < 0:
                row = number + values[name].index(-1)
                title = name.replace("amount", self.amount.name)
                problem = "is stated neither here nor in the case, and a cut stands after this task"
                remedy = "fill the column, write 0 in the column cut, or state commit and resume in the case"
                raise self._error(f"row {row}, {title}", MISSING, problem, remedy)

    def columns(self) -> TaskColumns:
        """All rows, checked, with repetitions written out."""
        filled: dict[str, array[int]] = {name: array("q") for name in ("amount", "time", "volatile", *_ENDS)}
        is_cut = bytearray()
        names: list[str] = []
        first = array("q")
        for number, rows in self._blocks():
            values, block_names = self._values(rows, number)
            repeats = values["repeat"]
            ends = list(accumulate(repeats, initial=len(is_cut)))
            if ends[-1] > MAX_TASKS:
                problem = f"brings the number of tasks above {MAX_TASKS}"
                raise self._error(f"row {number + len(rows) - 1}", ends[-1], problem, "repeat less often")
            first.extend(array("q", ends[:-1]))
            names.extend(block_names)
            for name, column in filled.items():
                column.extend(array("q", _repeated(values[name], repeats)))
            is_cut.extend(bytes(_repeated(values["is_cut"], repeats)))
        if not any(column.fills in ("name", "repeat") for column in self.header):
            names, first = [], array("q")
        try:
            return columns_from(filled, bytes(is_cut), tuple(names), first)
        except InvalidValue as error:
            raise InputError(self.source, f"tasks{error.path}", error.value, error.problem, error.remedy) from None


def _repeated(values: list[int], repeats: list[int]) -> list[int]:
    if max(repeats) == 1:
        return values
    return [value for value, count in zip(values, repeats, strict=True) for _ in range(count)]
