"""The tools that build and emulate firmware: a missing one is named with the package that brings it."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Sequence
from typing import Final

from ischedule.models.errors import MISSING, InputError

PACKAGES: Final = {
    "gcc": "gcc",
    "objcopy": "binutils",
    "clang": "clang",
    "ld.lld": "lld",
    "llvm-nm": "llvm",
    "mspdebug": "mspdebug",
    "arm-none-eabi-gcc": "gcc-arm-none-eabi",
    "arm-none-eabi-nm": "binutils-arm-none-eabi",
    "qemu-system-arm": "qemu-system-arm",
}
"""The Debian package of each tool that a board runs."""


class MissingTool(InputError):
    """A tool that a board needs is not installed."""

    def __init__(self, name: str) -> None:
        package = PACKAGES[name]
        super().__init__(
            "the environment", name, MISSING, "the tool is not installed", f"install it (Debian: {package})"
        )
        self.name = name
        self.package = package


class ToolFailed(Exception):
    """A tool did not do what it was asked to: what it was called with and what it said."""


def need(*names: str) -> None:
    """Refuse to go on where one of the tools is missing."""
    for name in names:
        if shutil.which(name) is None:
            raise MissingTool(name)


def call(command: Sequence[str], *, stdin: str = "", timeout: float = 120.0) -> str:
    """What a command says on its standard output; one that fails is an error with all that it said."""
    need_known(command[0])
    done = subprocess.run(command, input=stdin, capture_output=True, text=True, timeout=timeout, errors="replace")
    if done.returncode != 0:
        raise ToolFailed(f"{' '.join(command)}\n{done.stdout}{done.stderr}")
    return done.stdout


def need_known(name: str) -> None:
    """A command that is no file of ours has to be installed."""
    if name in PACKAGES:
        need(name)
