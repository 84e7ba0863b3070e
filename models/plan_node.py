"""Values of a plan file as they are read: each knows where it stands, and says what is wrong with it.

Every number is an integer; one whose magnitude exceeds 2^53 is written as a string of its digits, because other readers
of JSON would round it.
"""

from __future__ import annotations

import re
from enum import Enum
from typing import Any, Final

from ischedule.models.errors import MISSING, InputError
from ischedule.models.strict_json import key_path

EXACT: Final = 1 << 53
"""Up to this magnitude every reader of JSON keeps an integer exactly."""

_DIGITS: Final = re.compile(r"-?[1-9][0-9]{15,38}")


class Node:
    """A value in the parsed file that knows where it stands."""

    __slots__ = ("path", "source", "value")

    def __init__(self, value: object, source: str, path: str = "$") -> None:
        self.value, self.source, self.path = value, source, path

    def wrong(self, problem: str, remedy: str) -> InputError:
        return InputError(self.source, self.path, self.value, problem, remedy)

    def entry(self, key: str) -> Node:
        """A member of an object that has been checked."""
        assert isinstance(self.value, dict)
        return Node(self.value[key], self.source, self.path + key_path(key))

    def object(self, *required: str, optional: tuple[str, ...] = ()) -> Node:
        """This value, which is an object with all the required keys and none but these and the optional ones."""
        if not isinstance(self.value, dict):
            raise self.wrong("is no object", f"write an object with {', '.join(required)}")
        for key in self.value:
            if key not in required and key not in optional:
                node = self.entry(key)
                raise node.wrong("is an unknown key", f"write only {', '.join(required + optional)}")
        for key in required:
            if key not in self.value:
                path = self.path + key_path(key)
                raise InputError(self.source, path, MISSING, "is required", f"write all of {', '.join(required)}")
        return self

    def has(self, key: str) -> bool:
        """Whether an object has this key."""
        return isinstance(self.value, dict) and key in self.value

    def list(self) -> list[Node]:
        """The entries of a list."""
        if not isinstance(self.value, list):
            raise self.wrong("is no list", "write a list")
        return [Node(value, self.source, f"{self.path}[{index}]") for index, value in enumerate(self.value)]

    def integer(self, least: int | None = None) -> int:
        """An integer in the one form that is allowed for it."""
        value = self.value
        if type(value) is str and _DIGITS.fullmatch(value) and abs(int(value)) > EXACT:
            value = int(value)
        elif type(value) is not int:
            raise self.wrong("is no integer", "write an integer, as a string only if it exceeds 2^53")
        elif abs(value) > EXACT:
            raise self.wrong("is an integer that other readers would round", "write its digits as a string")
        assert isinstance(value, int)
        if least is not None and value < least:
            raise self.wrong("is too small", f"write an integer of at least {least}")
        return value

    def optional(self, least: int | None = None) -> int | None:
        """An integer, or None for null."""
        return None if self.value is None else self.integer(least)

    def truth(self) -> bool:
        """True or false."""
        if type(self.value) is not bool:
            raise self.wrong("is neither true nor false", "write true or false")
        return self.value

    def text(self, pattern: re.Pattern[str], meaning: str) -> str:
        """A string of a certain form."""
        if type(self.value) is not str or not pattern.fullmatch(self.value):
            raise self.wrong(f"is not {meaning}", f"write {meaning}")
        return self.value

    def choice(self, kind: type[Enum]) -> Any:
        """A member of an enumeration by its value."""
        names = [member.value for member in kind]
        if type(self.value) is not str or self.value not in names:
            raise self.wrong("is none of the choices", f"write one of {', '.join(names)}")
        return kind(self.value)


def plain(value: int | None) -> int | str | None:
    """An integer in the one form that is allowed for it."""
    return str(value) if value is not None and abs(value) > EXACT else value
