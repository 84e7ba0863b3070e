"""The one exception type for everything a user can get wrong, and the value-level form that has no file yet."""

import json
from typing import Final

_SHOWN_CHARACTERS: Final = 80


class _Missing:
    """Stands for a value that the input does not have."""

    def __repr__(self) -> str:
        return "missing"


MISSING: Final = _Missing()


def show_value(value: object) -> str:
    """The value as JSON on one line, cut off after 80 characters."""
    if value is MISSING:
        return "missing"
    if isinstance(value, (list, tuple)) and 0 < len(value) <= 4 and all(isinstance(v, (str, int)) for v in value):
        text = f"[{', '.join(show_value(entry) for entry in value)}]"
    elif isinstance(value, (dict, list, tuple)):
        text = f"{{{len(value)} keys}}" if isinstance(value, dict) else f"[{len(value)} entries]"
    elif isinstance(value, int) and value.bit_length() > 512:
        text = f"an integer of {value.bit_length()} bits"
    elif value is None or isinstance(value, (str, bool, int, float)):
        text = json.dumps(value, ensure_ascii=False)
    else:
        text = json.dumps(str(value), ensure_ascii=False)
    return text if len(text) <= _SHOWN_CHARACTERS else text[: _SHOWN_CHARACTERS - 1] + "…"


def _one_line(text: str) -> str:
    """Whitespace of every kind becomes one space; what UTF-8 cannot carry is escaped."""
    return " ".join(text.split()).encode("utf-8", "backslashreplace").decode("utf-8")


class InputError(Exception):
    """Something in the input is wrong: where (file, JSON path), the value, what is wrong, and the way out.

    `source` is the file's name, or "-" for standard input. Its text is always a single line.
    """

    def __init__(self, source: str, path: str, value: object, problem: str, remedy: str) -> None:
        self.source = source
        self.path = path
        self.value = value
        self.problem = problem
        self.remedy = remedy
        super().__init__(source, path, value, problem, remedy)

    def __str__(self) -> str:
        return _one_line(f"{self.source}: {self.path} = {show_value(self.value)}: {self.problem}; {self.remedy}")


class InvalidValue(ValueError):
    """A wrong value, found where the file and the place in it are not known; `located` adds both."""

    def __init__(self, value: object, problem: str, remedy: str, path: str = "") -> None:
        self.value = value
        self.problem = problem
        self.remedy = remedy
        self.path = path
        super().__init__(value, problem, remedy)

    def __str__(self) -> str:
        return _one_line(f"{self.path or 'value'} = {show_value(self.value)}: {self.problem}; {self.remedy}")

    def located(self, source: str, path: str) -> InputError:
        """The same complaint as an error of the input file; the value's own path continues the given one."""
        return InputError(source, path + self.path, self.value, self.problem, self.remedy)
