"""Exit codes, one-line errors and quiet endings, for every command alike."""

from __future__ import annotations

import argparse
import importlib
import os
import signal
import subprocess
import sys
import types
from pathlib import Path
from typing import IO

import pytest

import ischedule
from ischedule.cli import main as cli
from ischedule.models.errors import InputError

ROOT = Path(__file__).resolve().parents[2]


def launch(body: str, stdout: int | IO[str], **variables: str) -> subprocess.Popen[str]:
    """The console script in a process of its own, with a command line that only evaluates `body`."""
    program = f"import time; from ischedule.cli import main; main.main = lambda _: ({body}, 0)[-1]; main.entry()"
    command = [sys.executable, "-c", program]
    environment = os.environ | variables
    return subprocess.Popen(command, text=True, cwd=ROOT, env=environment, stdout=stdout, stderr=subprocess.PIPE)


def command_that(monkeypatch: pytest.MonkeyPatch, result: int | BaseException) -> None:
    """Put a command `trial` into the command line that returns or raises `result`."""

    def run(_: argparse.Namespace) -> int:
        if isinstance(result, BaseException):
            raise result
        return result

    module = types.ModuleType("ischedule.cli.trial")
    module.configure = lambda parser: parser.add_argument("--json", action="store_true")  # type: ignore[attr-defined]
    module.run = run  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "ischedule.cli.trial", module)
    monkeypatch.setitem(cli.COMMANDS, "trial", "try something")


@pytest.mark.parametrize("code", [0, 1, 3])
def test_the_exit_code_is_that_of_the_command(monkeypatch: pytest.MonkeyPatch, code: int) -> None:
    command_that(monkeypatch, code)
    assert cli.main(["trial", "--json"]) == code


def test_wrong_input_is_one_line_and_exit_code_2(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    command_that(monkeypatch, InputError("my.json", "$.buffer", "5\nmF", "it is wrong", "write it right"))
    assert cli.main(["trial"]) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert err == 'ischedule: my.json: $.buffer = "5\\nmF": it is wrong; write it right\n'


@pytest.mark.parametrize(
    "argv", [[], ["nothing-like-it"], ["trial", "--unknown"], ["trial", "--js"], ["--vers"], ["-"]]
)
def test_a_wrong_call_has_exit_code_2(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], argv: list[str]
) -> None:
    command_that(monkeypatch, 0)
    with pytest.raises(SystemExit) as left:
        cli.main(argv)
    assert left.value.code == 2
    assert capsys.readouterr().err.startswith("usage: ischedule")


def test_the_version_is_that_of_the_package(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as left:
        cli.main(["--version"])
    assert left.value.code == 0
    assert capsys.readouterr().out == f"ischedule {ischedule.__version__}\n"


@pytest.mark.parametrize("name", cli.COMMANDS)
def test_every_command_is_a_module_and_explains_itself(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    module = importlib.import_module(f"ischedule.cli.{name.replace('-', '_')}")
    assert callable(module.configure)
    assert callable(module.run)
    with pytest.raises(SystemExit) as left:
        cli.main([name, "--help"])
    assert left.value.code == 0
    assert capsys.readouterr().out.startswith(f"usage: ischedule {name}")


def test_the_help_names_every_command_and_exit_code(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        cli.main(["--help"])
    shown = capsys.readouterr().out
    starts = {line.split()[0] for line in shown.splitlines() if line.startswith("  ") and line.strip()}
    assert {*cli.COMMANDS, "0", "1", "2", "3"} <= starts


@pytest.mark.parametrize("body", ["print('short')", "print('long' * 100_000)"])
def test_a_reader_that_has_gone_is_no_error(body: str) -> None:
    reader, writer = os.pipe()
    os.close(reader)
    running = launch(body, stdout=writer)
    os.close(writer)
    assert running.communicate()[1] == ""
    assert running.returncode == 128 + signal.SIGPIPE


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="this system has no /dev/full")
@pytest.mark.parametrize("body", ["print('short')", "print('long' * 100_000)"])
def test_a_full_disk_is_one_line_and_exit_code_2(body: str) -> None:
    with open("/dev/full", "w") as full:
        running = launch(body, stdout=full)
        assert running.communicate()[1] == "ischedule: standard output: No space left on device\n"
    assert running.returncode == 2


def test_an_interrupted_command_says_so_in_one_line() -> None:
    running = launch("print(flush=True), time.sleep(60)", stdout=subprocess.PIPE)
    assert running.stdout is not None
    running.stdout.readline()
    running.send_signal(signal.SIGINT)
    assert running.communicate()[1] == "\nischedule: interrupted\n"
    assert running.returncode == 128 + signal.SIGINT


def test_a_character_that_the_terminal_lacks_is_written_as_its_code() -> None:
    running = launch("print('\\u2192 \\ud800')", stdout=subprocess.PIPE, PYTHONIOENCODING="latin-1")
    assert running.communicate() == ("\\u2192 \\ud800\n", "")
    assert running.returncode == 0
