"""Projects of firmware in a folder of their own, built as an engineer builds them."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from tests.house.tree import ROOT

EXAMPLES = ROOT / "firmware/examples"
STRICT = "-std=c99 -Os -Wall -Wextra -Wpedantic -Wconversion -Werror"


@dataclass(frozen=True)
class Project:
    """A folder with the sources of a firmware; `ischedule` on its PATH is that of this source tree."""

    folder: Path
    tools: Path

    @classmethod
    def of_example(cls, name: str, folder: Path) -> Project:
        """A copy of an example that comes with the package."""
        shutil.copytree(EXAMPLES / name, folder / name)
        tools = folder / "tools"
        tools.mkdir()
        program = tools / "ischedule"
        program.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m ischedule.cli "$@"\n')
        program.chmod(0o755)
        return cls(folder / name, tools)

    def run(self, *command: str | Path) -> subprocess.CompletedProcess[str]:
        """What became of a command in the folder; both streams are its output."""
        variables = {"PATH": f"{self.tools}:{os.environ['PATH']}", "PYTHONPATH": str(ROOT), "COLUMNS": "80"}
        words = [str(word) for word in command]
        return subprocess.run(
            words,
            cwd=self.folder,
            env=os.environ | variables,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=300,
        )

    def succeed(self, *command: str | Path) -> str:
        """The output of a command that has to succeed."""
        ran = self.run(*command)
        assert ran.returncode == 0, f"{command} ended with {ran.returncode}:\n{ran.stdout}"
        return ran.stdout

    def edit(self, name: str, old: str, new: str) -> None:
        """Replace a text that occurs in a file."""
        file = self.folder / name
        text = file.read_text("utf-8")
        assert old in text
        file.write_text(text.replace(old, new))


@dataclass(frozen=True)
class Builder:
    """One way to build: what is run first, what is run each time, and where the results are."""

    name: str
    tools: tuple[str, ...]
    configure: tuple[str, ...]
    build: tuple[str, ...]

    def configured(self, project: Project, *options: str) -> Project:
        """The project, ready to be built."""
        if self.configure:
            found = project.succeed("ischedule", "emit", "--folder", "cmake").strip()
            project.succeed(*self.configure, f"-Dischedule_DIR={found}", *options)
        return project


CMAKE = ("cmake", "-B", "build", f"-DCMAKE_C_FLAGS={STRICT}")
BUILDERS = (
    Builder("cmake with ninja", ("cmake", "ninja", "gcc"), (*CMAKE, "-G", "Ninja"), ("cmake", "--build", "build")),
    Builder("cmake with make", ("cmake", "make", "gcc"), CMAKE, ("cmake", "--build", "build")),
    Builder("make", ("make", "gcc"), (), ("make", f"CFLAGS={STRICT}")),
)
