"""What build systems need of `ischedule emit`: where their files are, and what an emission depends on."""

import argparse
import importlib.resources
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import ischedule

FOLDERS = {
    "firmware": "",
    "cmake": "cmake",
    "make": "make",
    "platformio": "platformio",
    "runtime": "runtime",
    "ports": "ports",
    "examples": "examples",
}
"""Folders of the room of firmware, by the name under which they are asked for."""


def folder(name: str) -> Path:
    """Where the files of this name are."""
    return Path(str(importlib.resources.files("ischedule.firmware"))) / FOLDERS[name]


class PrintFolder(argparse.Action):
    """An option that prints a folder and ends the program, as `--version` does: whatever else is asked for."""

    def __call__(
        self,
        parser: argparse.ArgumentParser,
        namespace: argparse.Namespace,
        values: str | Sequence[Any] | None,
        option_string: str | None = None,
    ) -> None:
        print(folder(str(values)))
        parser.exit()


def depfile(target: Path, files: Iterable[str]) -> str:
    """A rule, as make and Ninja read it: this target is out of date when one of the files is newer, or the package."""
    needed = dict.fromkeys([*files, str(Path(ischedule.__file__))])
    return f"{escaped(str(target))}: \\\n  " + " \\\n  ".join(map(escaped, needed)) + "\n"


def escaped(name: str) -> str:
    """A file's name as a dependency file has it."""
    return name.replace("$", "$$").replace("#", "\\#").replace(" ", "\\ ")
