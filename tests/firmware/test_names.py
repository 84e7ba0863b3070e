"""Names of a case never change what the emitted C says, nor keep it from compiling."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest

from ischedule.api import solve
from ischedule.emitting import emitted, runtime_files
from ischedule.firmware.source import comment
from tests.firmware.tools import need
from tests.house.tree import ROOT

EXAMPLE = ROOT / "firmware" / "examples" / "own-tasks"
WARNINGS = ("-std=c99", "-Wall", "-Wextra", "-Wpedantic", "-Wconversion", "-Werror")
NAMES = ("first", "while", 'a"b', "*/ int x; /*", "a*\\\n/ int x; /*", "a*??/\n/ int x; /*", "日本", "A", "a", "a 2")


def written(names: tuple[str, ...], title: str, folder: Path) -> None:
    """The sources of a case with tasks of these names."""
    case: dict[str, Any] = json.loads((EXAMPLE / "case.json").read_text())
    figures = {"energy": "35 uJ", "time": "12 ms", "volatile": "512 B"}
    case["name"], case["tasks"]["list"] = title, [{"name": name, **figures} for name in names]
    (folder / "case.json").write_text(json.dumps(case))
    result = solve(str(folder / "case.json"))
    assert result.plan_file is not None
    made = emitted(result.case, result.plan_file, lambda _: None).emission
    assert made is not None
    for name, text in {**made.files, **runtime_files(made)}.items():
        (folder / name).write_text(text)


@pytest.mark.parametrize("compiler", ["gcc", "clang"])
def test_names_of_any_kind_compile(compiler: str, tmp_path: Path) -> None:
    need(compiler)
    written(NAMES, "a title *\\\n/ *??/\n/ int y;", tmp_path)
    source = tmp_path / "schedule.c"
    command = [compiler, *WARNINGS, f"-I{tmp_path}", f"-I{EXAMPLE}", "-c", str(source), "-o", str(tmp_path / "one.o")]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("text", ["*\\\n/ int x; /*", "*??/\n/ int x;", "*???/\n/", "*????/\n/", "*/", "/*/*/", "*/*/"])
def test_no_text_ends_a_comment(text: str) -> None:
    kept = comment(text)
    assert not [end for end in ("*/", "/*", "\\", "??") if end in kept]
