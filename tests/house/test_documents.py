"""What the documents show is what happens: every command, program, case and link in them is tried."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from ischedule.models.case import load_case
from ischedule.models.strict_json import parse_json
from tests.firmware.tools import need
from tests.house.documents import TRIED, Block, Shell, Step, blocks, broken_links, heading_anchors, prints, steps
from tests.house.tree import ROOT, copy_of_tree

README = ROOT / "README.md"
DOCUMENTS = [README, *sorted((ROOT / "docs").rglob("*.md"))]
NOT_RUN = {"text", "csv", "math"}
"""Languages in which nothing can be run or parsed; shell, Python and JSON blocks are, and files are tried."""

NEEDED = {"c": ("gcc",), "cmake": ("cmake", "make", "gcc"), "make": ("make", "gcc")}
"""The tools that files of firmware are tried with."""

SET_UP = re.compile(r"python3 -m venv \.venv && \.venv/bin/pip install (?P<what>\S+) && \.venv/bin/(?P<rest>.+)")
TEST_COMMAND = "python -m pytest -n auto --dist worksteal"


def without_set_up(step: Step) -> Step | None:
    """A step of the README as it is run here: a set-up line loses its installation, and the test command is running."""
    match = SET_UP.fullmatch(step.command)
    if match is None:
        return step
    return None if match["rest"] == TEST_COMMAND else Step(match["rest"], step.exit_code, step.output, step.line)


def run_block(document: Path, block: Block, shell: Shell, namespace: dict[str, object]) -> list[str]:
    """Run or read one block; what is wrong with it."""
    if block.language == "sh":
        tried = [without_set_up(step) if document == README else step for step in steps(block)]
        return [wrong for step in tried if step is not None and (wrong := shell.follow(step)) is not None]
    if block.language == "python":
        exec(compile("\n" * (block.line - 1) + block.text, document, "exec"), namespace)
        return []
    if block.language == "json":
        value = parse_json(block.text.encode(), f"{document.name}:{block.line}")
        if isinstance(value, dict) and "ischedule" in value:
            load_case(value)
        return []
    if block.language in TRIED:
        need(*NEEDED.get(block.language, ()))
        wrong = shell.try_file(block)
        return [] if wrong is None else [wrong]
    return [] if block.language in NOT_RUN else [f"line {block.line}: a block in {block.language!r} is not tried"]


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_what_a_document_shows_is_what_happens(document: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    shell = Shell(copy_of_tree(tmp_path / "tree"), tmp_path / "tools")
    monkeypatch.chdir(shell.tree)
    namespace: dict[str, object] = {"__name__": "__document__"}
    wrong = [
        text for block in blocks(document.read_text("utf-8")) for text in run_block(document, block, shell, namespace)
    ]
    assert not wrong, "\n".join(wrong)


@pytest.mark.parametrize("document", [*DOCUMENTS, ROOT / "CHANGELOG.md"], ids=lambda path: str(path.relative_to(ROOT)))
def test_every_link_leads_somewhere(document: Path) -> None:
    assert broken_links(document) == []


def test_the_set_up_is_two_lines_one_solves_and_one_tests() -> None:
    lines = [line for line in README.read_text("utf-8").splitlines() if "pip install" in line]
    matches = [SET_UP.fullmatch(line) for line in lines]
    assert [match and match["what"] for match in matches] == [".", "'.[test]'"]
    rests = [match["rest"] for match in matches if match]
    assert rests[0].startswith("ischedule solve ")
    assert (ROOT / "cases" / f"{rests[0].split()[-1]}.json").is_file()
    assert rests[1] == TEST_COMMAND


def test_blocks_are_found_with_their_language_and_line() -> None:
    text = "a\n```sh\none\n```\n~~~json\n```\n{}\n~~~\n  ````\nlast\n```\n  ````\n"
    assert blocks(text) == [Block("sh", "one\n", 3), Block("json", "```\n{}\n", 6), Block("", "last\n```\n", 10)]
    with pytest.raises(ValueError, match="line 2 is not closed"):
        blocks("a\n```sh\none\n")


def test_commands_are_told_from_their_output() -> None:
    assert list(steps(Block("sh", "# first\nls a \\\n   b\n\nfalse  # exit 1\n", 5))) == [
        Step("ls a b", 0, None, 6),
        Step("false", 1, None, 9),
    ]
    assert list(steps(Block("sh", "$ ls \\\n> a\n$ false # exit 1\nx\ny\n", 1))) == [
        Step("ls a", 0, "", 1),
        Step("false", 1, "x\ny", 3),
    ]
    with pytest.raises(ValueError, match="line 1: output without a command"):
        list(steps(Block("sh", "x\n$ ls\n", 1)))


@pytest.mark.parametrize(
    ("expected", "printed", "same"),
    [
        ("a\nb", "a  \nb\n", True),
        ("a\nb", "a\nc\n", False),
        ("a", "a\nb\n", False),
        ("a\n...\nd", "a\nb\nc\nd\n", True),
        ("a\n...\nd", "a\nd\n", True),
        ("a\n...\nd", "a\nb\n", False),
        ("took ... s", "took 1.5 s", True),
        ("took ... s", "took 1.5\ns", False),
        ("a.c", "abc", False),
        ("...", "", True),
        ("", "", True),
        ("", "a\n", False),
    ],
)
def test_an_output_is_compared_line_by_line(expected: str, printed: str, same: bool) -> None:
    assert prints(expected, printed) is same


def test_a_command_that_does_something_else_is_reported(tmp_path: Path) -> None:
    (tmp_path / "tree").mkdir()
    shell = Shell(tmp_path / "tree", tmp_path / "tools")
    assert shell.follow(Step("echo a; echo b >&2", 0, "a\nb", 1)) is None
    assert "printed\na\n" in str(shell.follow(Step("echo a", 0, "b", 1)))
    assert "ended with 3, not 0" in str(shell.follow(Step("exit 3", 0, None, 1)))
    assert "ended with 0, not 3" in str(shell.follow(Step("true", 3, None, 1)))
    assert shell.follow(Step("python -c 'import sys; sys.exit(4)'", 4, "", 1)) is None


def test_a_block_that_is_wrong_is_reported(tmp_path: Path) -> None:
    (tmp_path / "tree").mkdir()
    shell = Shell(tmp_path / "tree", tmp_path / "tools")
    namespace: dict[str, object] = {}
    here = tmp_path / "page.md"
    assert run_block(here, Block("python", "x = 1\n", 1), shell, namespace) == []
    with pytest.raises(AssertionError):
        run_block(here, Block("python", "assert x == 2\n", 1), shell, namespace)
    with pytest.raises(Exception, match="duplicate"):
        run_block(here, Block("json", '{"a": 1, "a": 2}', 1), shell, namespace)
    with pytest.raises(Exception, match="required"):
        run_block(here, Block("json", '{"ischedule": 1}', 1), shell, namespace)
    assert run_block(here, Block("ruby", "", 7), shell, namespace) == ["line 7: a block in 'ruby' is not tried"]
    assert "ended with 1" in run_block(here, Block("sh", "false\n", 1), shell, namespace)[0]


def test_a_file_that_does_not_compile_or_cannot_be_configured_is_reported(tmp_path: Path) -> None:
    need("gcc", "cmake", "make")
    shell = Shell(copy_of_tree(tmp_path / "tree"), tmp_path / "tools")
    (shell.tree / "out/schedule").mkdir(parents=True)
    (shell.tree / "out/schedule/schedule.h").write_text("#define CYCLES 3\n")
    here = tmp_path / "page.md"
    uses = '#include "schedule.h"\n\nint cycles(void);\nint cycles(void)\n{{\n    return {what};\n}}\n'

    def tried(language: str, text: str) -> str:
        return "\n".join(run_block(here, Block(language, text, 1), shell, {}))

    assert tried("c", f"/* out/a.c */\n{uses.format(what='CYCLES')}") == ""
    assert "WAYS" in tried("c", f"/* out/a.c */\n{uses.format(what='WAYS')}")
    start = (
        "# out/CMakeLists.txt\ncmake_minimum_required(VERSION 3.20)\nproject(a C)\nfind_package(ischedule REQUIRED)\n"
    )
    assert tried("cmake", f"{start}add_library(a a.c)\n") == ""
    assert "not a target" in tried("cmake", f"{start}ischedule_add_schedule(a CASE a.json)\n")
    assert tried("make", "# out/Makefile\na: a.c\n\tcc -c a.c\n") == ""
    assert "missing separator" in tried("make", "# out/Makefile\na: a.c\n  cc -c a.c\n")
    with pytest.raises(ValueError, match="line 1: a block in 'c' whose first line does not name its file"):
        tried("c", "int a;\n")


def test_a_link_that_leads_nowhere_is_found(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text("# Two words: here\n[a](other.md) [b](#two-words-here) [c](https://x.org) [d](page.md#two)\n")
    assert heading_anchors(page.read_text()) == {"two-words-here"}
    assert broken_links(page) == ["other.md", "page.md#two"]
