"""The source tree as the tests of the house see it: a copy of it to work in, its modules and what they import."""

from __future__ import annotations

import ast
import functools
import shutil
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
ROOMS = ("models", "solvers", "analysis", "simulation", "policies", "compat", "firmware", "cases")
"""The folders at the root that are reached as `ischedule.<room>`."""

NOT_SOURCE = shutil.ignore_patterns(".*", "__pycache__", "build", "dist", "*.egg-info")


def copy_of_tree(target: Path) -> Path:
    """Copy the sources to `target`: the links of `ischedule/` stay links, what a tool has left behind stays out."""
    shutil.copytree(ROOT, target, symlinks=True, ignore=NOT_SOURCE)
    return target


@dataclass(frozen=True)
class Import:
    """One import statement: the module it stands in, the name it asks for and the line."""

    importer: str
    imported: str
    level: int
    line: int

    def __str__(self) -> str:
        return f"{self.importer}:{self.line} imports {'.' * self.level}{self.imported}"


def package_folders(root: Path = ROOT) -> dict[str, Path]:
    """Every folder of the package with an `__init__.py`, by the name under which it is imported."""
    found = {}
    for name, top in [("ischedule", root / "ischedule"), *((f"ischedule.{room}", root / room) for room in ROOMS)]:
        for folder in [top, *(path for path in sorted(top.rglob("*")) if path.is_dir() and not path.is_symlink())]:
            if (folder / "__init__.py").is_file():
                found[".".join((name, *folder.relative_to(top).parts))] = folder
    return found


def package_files(root: Path = ROOT) -> dict[str, Path]:
    """Every file of the package, in folders of data too, by the name that it has in an archive of the package."""
    found = {}
    for room, top in [("", root / "ischedule"), *((room, root / room) for room in ROOMS)]:
        for path in sorted(top.rglob("*")):
            inside = path.relative_to(top).parts
            passed = [top.joinpath(*inside[:size]) for size in range(1, len(inside) + 1)]
            if path.is_file() and not any(
                part.is_symlink() or part.name == "__pycache__" or part.name.startswith(".") for part in passed
            ):
                found["/".join(("ischedule", room, *inside) if room else ("ischedule", *inside))] = path
    return found


def modules() -> dict[str, Path]:
    """Every module of the package, by the name under which it is imported."""
    found = {}
    for package, folder in package_folders().items():
        for path in sorted(folder.glob("*.py")):
            found[package if path.stem == "__init__" else f"{package}.{path.stem}"] = path
    return found


def imports_of(module: str, source: str) -> list[Import]:
    """The imports of a module wherever they stand, in functions too; `from a import b` asks for `a.b`."""
    found = []
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            found += [Import(module, alias.name, 0, node.lineno) for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            parent = node.module or ""
            found += [Import(module, f"{parent}.{alias.name}", node.level, node.lineno) for alias in node.names]
    return found


@functools.cache
def all_imports() -> tuple[Import, ...]:
    """The imports of every module of the package."""
    return tuple(one for name, path in modules().items() for one in imports_of(name, path.read_text("utf-8")))


def within(name: str, package: str) -> bool:
    """Whether `name` is `package` or lies inside it."""
    return name == package or name.startswith(package + ".")
