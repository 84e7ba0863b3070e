"""The walls between the rooms: which way imports go, and what the checker never reaches."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterable

import pytest

from tests.house.tree import ROOMS, ROOT, Import, all_imports, imports_of, modules, within

ALLOWED = {
    "ischedule.models": ("ischedule.models",),
    "ischedule.solvers": ("ischedule.models", "ischedule.solvers"),
    "ischedule.analysis": ("ischedule.models", "ischedule.analysis"),
    "ischedule.compat": ("ischedule.models", "ischedule.compat"),
    "ischedule.policies": ("ischedule.models", "ischedule.compat", "ischedule.policies"),
    "ischedule.simulation": ("ischedule.models", "ischedule.simulation"),
    "ischedule.firmware": ("ischedule.models", "ischedule.analysis", "ischedule.firmware"),
    "ischedule.cases": ("ischedule.cases",),
}
"""What each room may import of the package; the face, `ischedule` itself, may import all of it."""

CHECKER = "ischedule.analysis.check"
CHECKERS = (CHECKER, "ischedule.analysis.layout_check")
SOLVING = ("ischedule.solvers", "numpy", "pulp", "highspy", "sympy", "z3")
"""What the checker must not rest on: the solvers, floating-point arrays, and what solvers are compared with."""

HEAVY = ("numpy", "pulp", "highspy", "sympy", "mpmath", "z3")


def forbidden(imports: Iterable[Import]) -> list[str]:
    """The imports that go through a wall, as `module:line imports name`."""
    return [
        str(one)
        for one in imports
        for room, allowed in ALLOWED.items()
        if within(one.importer, room)
        and within(one.imported, "ischedule")
        and not any(within(one.imported, name) for name in allowed)
    ]


def reached_from(start: str, imports: Iterable[Import], known: Iterable[str]) -> dict[str, list[str]]:
    """Everything that `start` imports, directly or not, with the chain of imports that leads there.

    The face of the package is left out: it offers the solvers, and whether importing it loads them shows when it runs.
    """
    known = set(known)
    asked: dict[str, list[str]] = {}
    for one in imports:
        parts = one.imported.split(".")
        inside = [name for size in range(2, len(parts) + 1) if (name := ".".join(parts[:size])) in known]
        asked.setdefault(one.importer, []).extend(inside or parts[:1])
    chains = {start: [start]}
    waiting = [start]
    while waiting:
        module = waiting.pop()
        for name in asked.get(module, []):
            if name not in chains:
                chains[name] = [*chains[module], name]
                waiting.append(name)
    return chains


def test_imports_go_one_way() -> None:
    assert forbidden(all_imports()) == []


def test_a_solver_imported_by_the_models_is_found() -> None:
    source = "def f():\n    from ischedule.solvers import exact\n"
    assert forbidden(imports_of("ischedule.models.buffer", source)) == [
        "ischedule.models.buffer:2 imports ischedule.solvers.exact"
    ]
    assert forbidden(imports_of("ischedule.models.buffer", "from ischedule import compat")) != []
    assert forbidden(imports_of("ischedule.firmware.emit", source)) != []
    assert forbidden(imports_of("ischedule.analysis.check", "from ischedule.firmware import emit")) != []
    assert forbidden(imports_of("ischedule.cli.solve", source)) == []


def test_imports_are_absolute_and_start_with_the_package() -> None:
    everywhere = list(all_imports())
    for path in [*(ROOT / "tests").rglob("*.py"), *(ROOT / "bench").rglob("*.py")]:
        everywhere += imports_of(str(path.relative_to(ROOT)), path.read_text("utf-8"))
    assert [str(one) for one in everywhere if one.level or any(within(one.imported, room) for room in ROOMS)] == []


def test_a_relative_import_is_seen() -> None:
    assert [one.level for one in imports_of("ischedule.models.a", "from . import b\nfrom ..solvers import c")] == [1, 2]


@pytest.mark.parametrize("checker", CHECKERS)
def test_the_checker_reaches_no_solver(checker: str) -> None:
    entries = [name for name in modules() if within(name, checker)]
    chains = {name: chain for entry in entries for name, chain in reached_from(entry, all_imports(), modules()).items()}
    assert len(chains) > len(entries) > 0
    assert [" -> ".join(chain) for name, chain in chains.items() if any(within(name, bad) for bad in SOLVING)] == []


@pytest.mark.parametrize("checker", CHECKERS)
def test_the_checker_loads_no_solver(checker: str) -> None:
    program = f"import sys, {checker}; print([name for name in {SOLVING} if name in sys.modules])"
    ran = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, cwd=ROOT)
    assert (ran.returncode, ran.stdout, ran.stderr) == (0, "[]\n", "")


def test_a_solver_behind_two_doors_is_found() -> None:
    imports = [
        *imports_of("ischedule.analysis.check", "import ischedule.models.case"),
        *imports_of("ischedule.models.case", "def f():\n    from ischedule.models import tasks_array"),
        *imports_of("ischedule.models.tasks_array", "import numpy.typing as npt"),
    ]
    known = ["ischedule.analysis.check", "ischedule.models.case", "ischedule.models.tasks_array"]
    chains = reached_from(CHECKER, imports, known)
    assert chains["numpy"] == [*known, "numpy"]


def test_arrays_live_in_modules_of_their_own() -> None:
    heavy = [one for one in all_imports() if any(within(one.imported, name) for name in HEAVY)]
    assert [
        str(one) for one in heavy if within(one.importer, "ischedule.models") and not one.importer.endswith("_array")
    ] == []
