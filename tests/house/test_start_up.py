"""A light command starts light: what is heavy is imported where it is used."""

from __future__ import annotations

import subprocess
import sys

import pytest

from ischedule.cli.main import COMMANDS
from tests.house.tree import ROOT, within

HEAVY = ("numpy", "networkx", "jsonschema", "pulp", "highspy", "sympy", "mpmath", "z3")


def loaded_by(*argv: str) -> set[str]:
    """The modules that a process has loaded when this call of the command ends."""
    program = (
        "import atexit, sys\n"
        "atexit.register(lambda: print(*sys.modules, file=sys.stderr))\n"
        "from ischedule.cli.main import entry\n"
        "entry()\n"
    )
    ran = subprocess.run([sys.executable, "-c", program, *argv], capture_output=True, text=True, cwd=ROOT, timeout=60)
    assert ran.returncode == 0, ran.stderr
    return set(ran.stderr.splitlines()[-1].split())


def heavy(modules: set[str]) -> set[str]:
    return {name for name in modules if any(within(name, top) for top in HEAVY)}


@pytest.mark.parametrize("argv", [["--version"], ["--help"], ["schema"], ["cases"]], ids=" ".join)
def test_a_light_command_loads_nothing_heavy(argv: list[str]) -> None:
    modules = loaded_by(*argv)
    assert "ischedule.cli.main" in modules
    assert heavy(modules) == set()


def test_the_version_loads_no_room_and_no_command() -> None:
    modules = loaded_by("--version")
    rest = {name for name in modules if within(name, "ischedule")}
    assert rest == {"ischedule", "ischedule.cli", "ischedule.cli.main"}
    assert modules & {"json", "importlib.resources", "dataclasses", "typing"} == set()


@pytest.mark.parametrize("name", COMMANDS)
def test_no_command_loads_anything_heavy_to_explain_itself(name: str) -> None:
    modules = loaded_by(name, "--help")
    assert f"ischedule.cli.{name.replace('-', '_')}" in modules
    assert heavy(modules) == set()
