"""What `.ci/run` relies on: it is the README's own set-up, and a test that misses a tool is a failure there."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.firmware.tools import LIBRARIES, PACKAGES
from tests.house.tree import ROOT

SCRIPT = ROOT / ".ci/run"

SKIPPING = {
    "test": "import pytest\n\ndef test_one():\n    pytest.skip('{reason}')\n",
    "mark": "import pytest\n\n@pytest.mark.skipif(True, reason='{reason}')\ndef test_one():\n    pass\n",
    "module": "import pytest\npytest.skip('{reason}', allow_module_level=True)\n",
    "import": "import pytest\npytest.importorskip('no_such_module_{reason:.0}')\n",
}


def run_tests(folder: Path, in_ci: bool) -> subprocess.CompletedProcess[str]:
    variables = {
        name: value for name, value in os.environ.items() if name not in ("ISCHEDULE_CI", "HYPOTHESIS_PROFILE")
    }
    if in_ci:
        variables["ISCHEDULE_CI"] = "1"
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", str(folder)]
    return subprocess.run(command, cwd=folder, env=variables, capture_output=True, text=True)


def folder_with(source: str, folder: Path) -> Path:
    """A folder of tests with the project's own rules and one module."""
    shutil.copy(ROOT / "tests/conftest.py", folder)
    (folder / "test_one.py").write_text(source)
    (folder / "pytest.ini").write_text("[pytest]\n")
    return folder


@pytest.mark.parametrize("kind", SKIPPING)
def test_a_skip_for_want_of_a_tool_is_a_failure_in_ci_only(kind: str, tmp_path: Path) -> None:
    folder = folder_with(SKIPPING[kind].format(reason="needs z3"), tmp_path)
    assert "1 skipped" in run_tests(folder, in_ci=False).stdout
    ran = run_tests(folder, in_ci=True)
    assert ran.returncode not in (0, 5)
    assert "not run here, where everything must run" in ran.stdout


def test_other_skips_and_expected_failures_stay_what_they_are(tmp_path: Path) -> None:
    source = SKIPPING["test"].format(reason="not on this system")
    source += "\n@pytest.mark.xfail(reason='needs thought')\ndef test_two():\n    assert False\n"
    ran = run_tests(folder_with(source, tmp_path), in_ci=True)
    assert ran.returncode == 0
    assert "1 skipped, 1 xfailed" in ran.stdout


def test_more_examples_are_drawn_in_ci_and_always_the_same(tmp_path: Path) -> None:
    asking = "now = settings(); print(now.max_examples, now.derandomize, now.deadline); assert False"
    folder = folder_with(f"from hypothesis import settings\n\ndef test_one():\n    {asking}\n", tmp_path)
    assert "80 True None" in run_tests(folder, in_ci=True).stdout
    assert "40 False None" in run_tests(folder, in_ci=False).stdout


def test_the_script_can_be_run_and_stops_at_the_first_failure() -> None:
    text = SCRIPT.read_text("utf-8")
    assert os.access(SCRIPT, os.X_OK)
    assert subprocess.run(["bash", "-n", SCRIPT]).returncode == 0
    assert "\nset -euo pipefail\n" in text
    assert "||" not in text.split("# Debian")[1].split("fi\n", 1)[1]


def test_the_script_runs_every_check_and_the_tests_last() -> None:
    lines = [line.strip() for line in SCRIPT.read_text("utf-8").splitlines()]
    for check in (".venv/bin/ruff check .", ".venv/bin/ruff format --check .", ".venv/bin/mypy"):
        assert check in lines
    assert lines[-1] == 'bash -euc "${set_up[1]}"'
    assert "mapfile -t set_up < <(grep '^python3 -m venv ' README.md)" in lines


def test_the_script_installs_the_tools_that_tests_need_and_no_other() -> None:
    asked = SCRIPT.read_text("utf-8").partition("\ntools=(")[2].partition(")")[0].split()
    assert sorted(asked) == sorted({*PACKAGES.values(), *LIBRARIES})


def test_the_script_knows_which_packages_are_missing() -> None:
    """Its own functions, run where dpkg-query knows two packages, one of them removed."""
    text = SCRIPT.read_text("utf-8")
    function = next(line for line in text.splitlines() if line.startswith("installed() "))
    states = 'for name in "$@"; do case $name in here) echo installed;; gone) echo config-files;; esac; done'
    known = f"dpkg-query() {{ shift 3; {states}; }}"
    tried = {"here": True, "here here": True, "gone": False, "here gone": False, "here never": False}
    for asked, there in tried.items():
        ran = subprocess.run(["bash", "-euc", f"{known}\n{function}\nif installed {asked}; then exit 0; fi; exit 3"])
        assert ran.returncode == (0 if there else 3), asked
