"""Files appear whole or not at all, tables line up, progress shows only to a patient terminal."""

from __future__ import annotations

import io
import os
import stat
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ischedule.cli.output import Progress, table, write_whole


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


class Clock:
    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


def test_a_file_is_written_and_replaced_and_nothing_is_left_beside_it(tmp_path: Path) -> None:
    target = tmp_path / "plan.json"
    write_whole(target, "first\n")
    write_whole(target, "µ\n")
    assert target.read_bytes() == "µ\n".encode()
    assert os.listdir(tmp_path) == ["plan.json"]


def test_who_has_the_old_file_open_goes_on_reading_it(tmp_path: Path) -> None:
    target = tmp_path / "plan.json"
    target.write_text("old")
    with target.open() as reader:
        write_whole(target, "new and longer")
        assert reader.read() == "old"
    assert target.read_text() == "new and longer"


def test_a_new_file_has_the_mode_that_the_user_asked_the_system_for(tmp_path: Path) -> None:
    before = os.umask(0o027)
    try:
        write_whole(tmp_path / "plan.json", "")
    finally:
        os.umask(before)
    assert stat.S_IMODE((tmp_path / "plan.json").stat().st_mode) == 0o640


def test_a_replaced_file_keeps_its_mode(tmp_path: Path) -> None:
    target = tmp_path / "plan.json"
    target.write_text("old")
    target.chmod(0o604)
    write_whole(target, "new")
    assert stat.S_IMODE(target.stat().st_mode) == 0o604


def test_a_failure_leaves_the_old_file_as_it_was(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    target = tmp_path / "plan.json"
    target.write_text("old")

    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match=r"No space left on device: .*plan\.json"):
        write_whole(target, "new")
    assert target.read_text() == "old"
    assert os.listdir(tmp_path) == ["plan.json"]


def test_a_link_keeps_pointing_at_the_file_that_is_replaced(tmp_path: Path) -> None:
    (tmp_path / "real.json").write_text("old")
    (tmp_path / "link.json").symlink_to("real.json")
    write_whole(tmp_path / "link.json", "new")
    assert (tmp_path / "link.json").is_symlink()
    assert (tmp_path / "real.json").read_text() == "new"


def test_a_pipe_is_written_directly(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    reader = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)
    write_whole(pipe, "through")
    assert os.read(reader, 100) == b"through"
    os.close(reader)
    assert stat.S_ISFIFO(pipe.stat().st_mode)


@pytest.mark.parametrize("name", ["missing/plan.json", "."])
def test_a_place_that_cannot_be_written_is_named(tmp_path: Path, name: str) -> None:
    with pytest.raises(OSError) as caught:  # noqa: PT011 - the kind of OSError differs, the name matters
        write_whole(tmp_path / name, "text")
    assert caught.value.filename == str(tmp_path / name)
    assert os.listdir(tmp_path) == []


def test_figures_end_flush_and_words_start_flush() -> None:
    assert table(("layer", "cycles"), [("conv1", "7"), ("a", "1234567")], right=("cycles",)) == (
        "layer   cycles\nconv1        7\na      1234567\n"
    )


words = st.text(st.characters(codec="ascii", exclude_categories=("Z", "C")), min_size=1, max_size=12)


@given(st.lists(st.tuples(words, words), max_size=8), st.booleans())
def test_every_cell_of_a_column_stands_at_the_same_place(rows: list[tuple[str, str]], right: bool) -> None:
    lines = table(("first", "second"), rows, right=("second",) if right else ()).splitlines()
    start = max(len(cell) for cell, _ in [("first", ""), *rows]) + 2
    width = max(len(cell) for _, cell in [("", "second"), *rows])
    assert len(lines) == 1 + len(rows)
    for line, (first, second) in zip(lines, [("first", "second"), *rows], strict=True):
        assert line[:start].rstrip() == first
        assert line[start:] == (second.rjust(width) if right else second)


def test_progress_waits_for_a_second_and_is_wiped() -> None:
    terminal, clock = Terminal(), Clock()
    with Progress(terminal, clock) as progress:
        clock.now += 0.9
        progress("too early")
        clock.now += 0.2
        progress("layer 3 of 7")
        clock.now += 0.05
        progress("too soon")
        clock.now += 0.1
        progress("layer 4")
    assert terminal.getvalue() == "\rlayer 3 of 7\rlayer 4     \r" + " " * 7 + "\r"


def test_progress_is_silent_where_nobody_watches() -> None:
    stream, clock = io.StringIO(), Clock()
    with Progress(stream, clock) as progress:
        clock.now += 10
        progress("layer 3 of 7")
    assert stream.getvalue() == ""


def test_progress_stays_on_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "20")
    terminal, clock = Terminal(), Clock()
    with Progress(terminal, clock) as progress:
        clock.now += 2
        progress("a line\nthat is much longer than the terminal is wide")
    assert terminal.getvalue().startswith("\ra line that is much\r")
