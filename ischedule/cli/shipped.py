"""The cases that are shipped with the package, by name, and what a CASE argument means."""

import difflib
import importlib.resources
import json
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, Final

from ischedule.models.errors import InputError

_REFERENCES: Final = (("device", "path"), ("supply", "path"), ("tasks", "columns"), ("network", "numbers"))
"""The sections of a case that can name a file beside it, and the keys under which they do."""


@dataclass(frozen=True)
class ShippedCase:
    """A case file of the package; its name is the file's without the ending."""

    path: Path

    @property
    def name(self) -> str:
        return self.path.stem

    @cached_property
    def content(self) -> dict[str, Any]:
        """The file as plain JSON: what a listing needs, without building the case."""
        return dict(json.loads(self.path.read_bytes()))

    @property
    def description(self) -> str:
        return " ".join(str(self.content.get("description", "")).split())

    @property
    def summary(self) -> str:
        """The first sentence of the description."""
        return self.description.partition(". ")[0].removesuffix(".")

    @property
    def companions(self) -> list[Path]:
        """The files beside the case that it refers to: a device, a supply curve, columns of tasks, numbers."""
        parts = [(self.content.get(section), key) for section, key in _REFERENCES]
        references = [part.get(key) for part, key in parts if isinstance(part, dict)]
        return [self.path.with_name(name) for name in references if isinstance(name, str)]


def shipped_folder() -> Path:
    """Where they are."""
    return Path(str(importlib.resources.files("ischedule.cases")))


def shipped_cases() -> list[ShippedCase]:
    """All of them, by name; other JSON in the folder belongs to a case that refers to it."""
    files = map(ShippedCase, shipped_folder().glob("*.json"))
    return sorted((file for file in files if "ischedule" in file.content), key=lambda case: case.name)


def shipped_case(name: str, problem: str = "no shipped case of that name") -> ShippedCase:
    """The one of this name; `problem` says what is wrong where there is none."""
    known = {case.name: case for case in shipped_cases()}
    if name not in known:
        near = difflib.get_close_matches(name, known, n=3)
        remedy = f"did you mean {' or '.join(near)}?" if near else "`ischedule cases` lists them"
        raise InputError("command line", "CASE", name, problem, remedy)
    return known[name]


def case_source(argument: str) -> str:
    """What a CASE argument means: `-` for standard input, a file, or else the name of a shipped case."""
    if argument == "-" or Path(argument).exists() or Path(argument).name != argument or argument.endswith(".json"):
        return argument
    return str(shipped_case(argument, "neither a file nor a shipped case").path)
