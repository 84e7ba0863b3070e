"""Documents as things to run: their fenced blocks, the commands in them, the outputs they show, and their links."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

FILE_LINE = re.compile(r"(?:/\*|#|;) (?P<name>[\w./-]+)(?: \*/)?")
"""The first line of a block that is a file: a comment with its name."""

FENCE = re.compile(r" {0,3}(?P<fence>`{3,}|~{3,})(?P<info>[^`]*)")
EXIT_CODE = re.compile(r"\s+# exit (?P<code>\d+)\Z")


@dataclass(frozen=True)
class Block:
    """A fenced block: its language, its text, and the line of the document on which the text starts."""

    language: str
    text: str
    line: int


@dataclass(frozen=True)
class Step:
    """A command of a block, the exit code it ends with, and what it prints, or None where the document does not say."""

    command: str
    exit_code: int
    output: str | None
    line: int


def blocks(text: str) -> list[Block]:
    """The fenced blocks of a document; one that is never closed is an error, since the rest would not be seen."""
    found = []
    opened: tuple[str, str, int] | None = None
    inside: list[str] = []
    for number, line in enumerate(text.splitlines(), 1):
        match = FENCE.fullmatch(line)
        if opened is None:
            if match:
                opened, inside = (match["fence"], match["info"].strip(), number + 1), []
            continue
        fence, language, start = opened
        if match and not match["info"].strip() and match["fence"].startswith(fence):
            found.append(Block(language, "".join(f"{line}\n" for line in inside), start))
            opened = None
        else:
            inside.append(line)
    if opened is not None:
        raise ValueError(f"the block that starts on line {opened[2] - 1} is not closed")
    return found


def steps(block: Block) -> Iterator[Step]:
    """The commands of a shell block.

    Where lines start with `$ `, those are the commands and what follows each is its output; elsewhere every line is a
    command. One that ends in a backslash goes on in the next line. It should succeed, unless `# exit 1` follows it.
    """
    lines = list(enumerate(block.text.splitlines(), block.line))
    printed = any(line.startswith("$ ") for _, line in lines)
    while lines:
        start, command = lines.pop(0)
        if not command.strip() or command.startswith("#"):
            continue
        if printed and not command.startswith("$ "):
            raise ValueError(f"line {start}: output without a command")
        while command.endswith("\\") and lines:
            command = f"{command[:-1]}{lines.pop(0)[1].removeprefix('> ').lstrip()}"
        output = []
        while printed and lines and not lines[0][1].startswith("$ "):
            output.append(lines.pop(0)[1])
        code = EXIT_CODE.search(command)
        plain = EXIT_CODE.sub("", command.removeprefix("$ ") if printed else command)
        yield Step(plain, int(code["code"]) if code else 0, "\n".join(output) if printed else None, start)


def written(block: Block, tree: Path) -> Path:
    """The file that a block is, written where its first line says: `/* sensor/main.c */`, `# sensor/Makefile`."""
    match = FILE_LINE.fullmatch(block.text.partition("\n")[0])
    if match is None:
        raise ValueError(f"line {block.line}: a block in {block.language!r} whose first line does not name its file")
    file = tree / match["name"]
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(block.text)
    return file


def prints(expected: str, printed: str) -> bool:
    """Whether an output is the expected one: a line `...` stands for any lines, `...` within a line for any text."""
    pattern = ""
    for line in expected.strip("\n").splitlines():
        text = re.escape(line.rstrip()).replace(r"\.\.\.", ".*")
        pattern += r"(?:.*\n)*" if text == ".*" else rf"{text}[^\S\n]*\n"
    return re.fullmatch(pattern, f"{printed.strip(chr(10))}\n" if printed.strip() else "") is not None


STRICT = "-std=c99 -Wall -Wextra -Wpedantic -Wconversion -Werror"

TRIED = {
    "c": f"gcc {STRICT} -fsyntax-only -I {{folder}} $(find {{folder}} -name schedule.h -printf ' -I %h') {{file}}",
    "cmake": 'cmake -S {folder} -B {folder}/configured -Dischedule_DIR="$(ischedule emit --folder cmake)"',
    "make": "make -C {folder} --dry-run",
    "ini": "true",
}
"""How a block that is a file is tried: compiled beside the schedule that was emitted into its folder, configured, read.

What PlatformIO reads is only written.
"""


@dataclass(frozen=True)
class Shell:
    """A shell in a copy of the source tree, where `ischedule` is that of the copy and `python` that of the tests."""

    tree: Path
    tools: Path

    def __post_init__(self) -> None:
        self.tools.mkdir()
        for name, arguments in (("ischedule", " -m ischedule.cli"), ("python", ""), ("python3", "")):
            tool = self.tools / name
            tool.write_text(f'#!/bin/sh\nexec "{sys.executable}"{arguments} "$@"\n')
            tool.chmod(0o755)

    def run(self, command: str) -> tuple[int, str]:
        """The exit code of a command, and what it prints to both streams."""
        variables = {"PATH": f"{self.tools}:{os.environ['PATH']}", "PYTHONPATH": str(self.tree), "COLUMNS": "80"}
        ran = subprocess.run(
            ["bash", "-c", command],
            cwd=self.tree,
            env=os.environ | variables,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=600,
        )
        return ran.returncode, ran.stdout

    def follow(self, step: Step) -> str | None:
        """Carry out a step; what is wrong with it, or None."""
        code, printed = self.run(step.command)
        if code != step.exit_code:
            return f"line {step.line}: `{step.command}` ended with {code}, not {step.exit_code}:\n{printed}"
        if step.output is not None and not prints(step.output, printed):
            return f"line {step.line}: `{step.command}` printed\n{printed}\nand not\n{step.output}"
        return None

    def try_file(self, block: Block) -> str | None:
        """Write a block that is a file, and try it; what is wrong with it, or None."""
        file = written(block, self.tree).relative_to(self.tree)
        return self.follow(Step(TRIED[block.language].format(file=file, folder=file.parent), 0, None, block.line))


def heading_anchors(text: str) -> set[str]:
    """The names by which the headings of a document can be linked to, formed as GitHub forms them."""
    headings = re.findall(r"^#{1,6} +(.+?) *#*$", text, re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def broken_links(document: Path) -> list[str]:
    """The relative links of a document that lead nowhere."""
    broken = []
    for target in re.findall(r"\]\(([^)\s]+)\)", document.read_text("utf-8")):
        if re.match(r"[a-z]+:", target):
            continue
        name, _, anchor = target.partition("#")
        file = document.parent / name if name else document
        if not file.exists() or (anchor and anchor not in heading_anchors(file.read_text("utf-8"))):
            broken.append(target)
    return broken
