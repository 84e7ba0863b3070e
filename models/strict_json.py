"""Strict JSON: UTF-8, no duplicate keys, no NaN, bounded depth and numbers; everything else is an `InputError`."""

import json
import re
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from ischedule.models.errors import MISSING, InputError

STANDARD_INPUT: Final = "-"

_MAX_DIGITS: Final = 40
_PLAIN_KEY: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_-]*")


@dataclass(frozen=True)
class _Refused:
    """Stands in the parsed value for what JSON may say and this project does not accept."""

    value: str
    problem: str
    remedy: str


class _Reader:
    """The hooks of one parse: each leaves a mark where it refuses something, so that the path can be found later."""

    def __init__(self) -> None:
        self.refused = False

    def _refuse(self, value: str, problem: str, remedy: str) -> _Refused:
        self.refused = True
        return _Refused(value, problem, remedy)

    def object(self, pairs: list[tuple[str, object]]) -> dict[str, object]:
        result = dict(pairs)
        if len(result) != len(pairs):
            seen: set[str] = set()
            for key, _ in pairs:
                if key in seen:
                    result[key] = self._refuse(key, "is a duplicate key", "keep one of the two")
                seen.add(key)
        return result

    def constant(self, name: str) -> _Refused:
        return self._refuse(name, "is no number", "write a finite value")

    def number(self, text: str) -> int | float | _Refused:
        if len(text) > _MAX_DIGITS:
            return self._refuse(text, "is a number too long to be meant", "write a shorter one")
        number = int(text) if text.lstrip("-").isdigit() else float(text)
        if number in (float("inf"), float("-inf")):
            return self._refuse(text, "is too large", "write a finite value")
        return number


def key_path(key: str) -> str:
    """How a JSON path continues to this key."""
    return f".{key}" if _PLAIN_KEY.fullmatch(key) else f"[{json.dumps(key, ensure_ascii=False)}]"


def _first_refused(value: object) -> tuple[str, _Refused]:
    """The path of the first mark in the order of the text."""
    pending = [("$", value)]
    while pending:
        path, current = pending.pop()
        if isinstance(current, _Refused):
            return path, current
        if isinstance(current, dict):
            pending.extend((path + key_path(key), entry) for key, entry in reversed(current.items()))
        elif isinstance(current, list):
            pending.extend((f"{path}[{index}]", current[index]) for index in reversed(range(len(current))))
    raise AssertionError("a reader refuses only what it leaves in the value")


_LISTENERS: list[list[str]] = []


@contextmanager
def files_read() -> Iterator[list[str]]:
    """Collects the names of the files that are read meanwhile: what a build system has to watch."""
    names: list[str] = []
    _LISTENERS.append(names)
    try:
        yield names
    finally:
        _LISTENERS.pop()


def read_bytes(source: str) -> bytes:
    """All of a file, or of standard input for "-"."""
    if source == STANDARD_INPUT:
        return sys.stdin.buffer.read()
    for names in _LISTENERS:
        names.append(source)
    try:
        return Path(source).read_bytes()
    except FileNotFoundError:
        raise InputError(source, "$", MISSING, "there is no such file", "check the name") from None
    except IsADirectoryError:
        raise InputError(source, "$", MISSING, "is a directory", "name a file in it") from None
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise InputError(source, "$", MISSING, f"cannot be read ({reason})", "name a readable file") from None


def _decoded(data: bytes, source: str) -> str:
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        problem = f"is not UTF-8 (byte {error.start} is 0x{data[error.start]:02x})"
        raise InputError(source, "$", MISSING, problem, "save the file as UTF-8") from None


def read_text(source: str) -> str:
    """The text of a UTF-8 file."""
    return _decoded(read_bytes(source), source)


def parse_json(data: bytes, source: str) -> object:
    """The JSON value in the bytes."""
    text = _decoded(data, source)
    if not text.strip():
        raise InputError(source, "$", MISSING, "the file is empty", "write a JSON object")
    reader = _Reader()
    try:
        value: object = json.loads(
            text,
            object_pairs_hook=reader.object,
            parse_constant=reader.constant,
            parse_int=reader.number,
            parse_float=reader.number,
        )
    except json.JSONDecodeError as error:
        place = f"line {error.lineno}, column {error.colno}"
        line = next(iter(text.split("\n")[error.lineno - 1 :]), "").strip()
        raise InputError(source, "$", line, f"is not JSON at {place} ({error.msg})", "correct the syntax") from None
    except RecursionError:
        raise InputError(source, "$", MISSING, "is nested too deeply", "flatten the structure") from None
    if reader.refused:
        path, refused = _first_refused(value)
        raise InputError(source, path, refused.value, refused.problem, refused.remedy)
    return value


def read_json(source: str) -> object:
    """The JSON value in a file, or on standard input for "-"."""
    return parse_json(read_bytes(source), source)
