"""What is shipped: the listed packages are those of the tree, and what is installed from an archive works anywhere."""

from __future__ import annotations

import importlib.metadata
import json
import os
import subprocess
import sys
import sysconfig
import tarfile
import tomllib
import zipfile
from pathlib import Path

import pytest

import ischedule
from tests.firmware.tools import need
from tests.house.tree import ROOMS, ROOT, copy_of_tree, package_files, package_folders

PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
SETUPTOOLS = PROJECT["tool"]["setuptools"]


def run(*command: str | Path, cwd: Path) -> str:
    ran = subprocess.run([str(word) for word in command], cwd=cwd, capture_output=True, text=True)
    assert ran.returncode == 0, f"{command} failed:\n{ran.stdout}\n{ran.stderr}"
    return ran.stdout


def isolation(flag: str) -> list[str]:
    """`flag` where the build backend that the project asks for is installed; else one is fetched for the build."""
    return [flag] if int(importlib.metadata.version("setuptools").split(".")[0]) >= 77 else []


def test_the_listed_packages_are_those_of_the_tree() -> None:
    assert sorted(SETUPTOOLS["packages"]) == sorted(package_folders())
    mapped = {name: ROOT / folder for name, folder in SETUPTOOLS["package-dir"].items()}
    assert mapped == package_folders()


def test_what_is_imported_stands_in_a_package() -> None:
    folders = set(package_folders().values())
    outside = [name for name, path in package_files().items() if path.suffix == ".py" and path.parent not in folders]
    assert outside == ["ischedule/firmware/platformio/emit.py"], "only what a build system runs is not imported"


@pytest.mark.parametrize("room", ROOMS)
def test_the_source_tree_is_the_package_already(room: str) -> None:
    link = ROOT / "ischedule" / room
    assert link.is_symlink()
    assert link.readlink() == Path("..", room)


def test_the_version_is_stated_once_for_each_reader() -> None:
    assert PROJECT["project"]["version"] == ischedule.__version__
    assert f"released as {ischedule.__version__}" in (ROOT / "CHANGELOG.md").read_text("utf-8")
    library = json.loads((ROOT / "firmware/platformio/library.json").read_text("utf-8"))
    assert library["version"] == ischedule.__version__
    cmake = (ROOT / "firmware/cmake/ischeduleConfigVersion.cmake").read_text("utf-8")
    assert f'set(PACKAGE_VERSION "{ischedule.__version__}")' in cmake


@pytest.fixture(scope="module")
def archives(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """A copy of the tree, its source archive, the wheel made from that, and the wheel made from the tree directly."""
    folder = tmp_path_factory.mktemp("archives")
    tree = copy_of_tree(folder / "tree")
    run(sys.executable, "-m", "build", *isolation("--no-isolation"), "--outdir", folder / "dist", tree, cwd=folder)
    pip_wheel: list[str | Path] = [
        sys.executable,
        "-m",
        "pip",
        "wheel",
        "--no-deps",
        *isolation("--no-build-isolation"),
    ]
    run(*pip_wheel, "-w", folder / "direct", tree, cwd=folder)
    patterns = {"source": "dist/*.tar.gz", "wheel": "dist/*.whl", "direct": "direct/*.whl"}
    return {"tree": tree} | {kind: next(folder.glob(pattern)) for kind, pattern in patterns.items()}


@pytest.fixture(scope="module")
def installed(archives: dict[str, Path], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A fresh virtual environment with the package from the wheel, and all else from the environment of the tests."""
    folder = tmp_path_factory.mktemp("installed")
    run(sys.executable, "-m", "venv", folder / "venv", cwd=folder)
    install: list[str | Path] = [folder / "venv/bin/python", "-m", "pip", "install", "-q", "--no-deps", "--no-index"]
    run(*install, archives["wheel"], cwd=folder)
    site = next((folder / "venv/lib").glob("python*/site-packages"))
    paths = sysconfig.get_paths()
    (site / "environment_of_the_tests.pth").write_text(f"{paths['purelib']}\n{paths['platlib']}\n")
    return folder / "venv"


def test_the_wheel_holds_every_file_of_the_package_and_no_other(archives: dict[str, Path]) -> None:
    others = (".dist-info/", ".data/data/share/cmake/")
    names = {
        kind: {
            name for name in zipfile.ZipFile(archives[kind]).namelist() if not any(other in name for other in others)
        }
        for kind in ("wheel", "direct")
    }
    assert names["wheel"] == set(package_files(archives["tree"]))
    assert names["direct"] == names["wheel"]
    assert {"ischedule/py.typed", "ischedule/firmware/runtime/isched.h"} <= names["wheel"]


def test_the_source_archive_says_what_it_is(archives: dict[str, Path]) -> None:
    with tarfile.open(archives["source"]) as archive:
        names = {name.partition("/")[2] for name in archive.getnames()}
    assert {"pyproject.toml", "README.md", "LICENSE", "models/__init__.py"} <= names


def test_nothing_but_the_package_is_installed(installed: Path) -> None:
    recorded = next(installed.glob("lib/python*/site-packages/ischedule-*.dist-info/RECORD")).read_text("utf-8")
    tops = {line.split("/")[0] for line in recorded.splitlines() if not line.startswith("..")}
    assert tops == {"ischedule", f"ischedule-{ischedule.__version__}.dist-info"}
    assert not [room for room in ROOMS if list(installed.glob(f"lib/python*/site-packages/{room}"))]


def test_the_command_works_from_another_folder(installed: Path, tmp_path: Path) -> None:
    command = installed / "bin/ischedule"
    where = run(installed / "bin/python", "-c", "import ischedule; print(ischedule.__file__)", cwd=tmp_path)
    assert where.startswith(str(installed))
    assert run(command, "--version", cwd=tmp_path) == f"ischedule {ischedule.__version__}\n"


def test_cmake_finds_the_package_beside_the_programs(installed: Path) -> None:
    for name in ("ischeduleConfig.cmake", "ischeduleConfigVersion.cmake"):
        copy = installed / "share/cmake/ischedule" / name
        assert copy.read_bytes() == (ROOT / "firmware/cmake" / name).read_bytes()


def test_cmake_runs_the_program_beside_which_it_has_found_the_package(installed: Path, tmp_path: Path) -> None:
    need("cmake")
    script = tmp_path / "find.cmake"
    wanted = 'find_package(ischedule 0.1 REQUIRED)\nmessage("${ischedule_EXECUTABLE};${ischedule_RUNTIME_DIR}")\n'
    script.write_text(f"cmake_minimum_required(VERSION 3.20)\n{wanted}")
    path = f"{installed / 'bin'}:{os.environ['PATH']}"
    ran = subprocess.run(["cmake", "-P", script], env=os.environ | {"PATH": path}, capture_output=True, text=True)
    assert ran.returncode == 0, ran.stderr
    program, runtime = ran.stderr.strip().split(";")
    assert Path(program) == installed / "bin/ischedule"
    assert (Path(runtime) / "isched.c").is_file()
    assert Path(runtime).is_relative_to(installed)
    script.write_text(script.read_text().replace("0.1 REQUIRED", "0.2 REQUIRED"))
    ran = subprocess.run(["cmake", "-P", script], env=os.environ | {"PATH": path}, capture_output=True, text=True)
    assert ran.returncode != 0


def test_what_is_shipped_as_data_is_found(installed: Path, tmp_path: Path) -> None:
    command = installed / "bin/ischedule"
    shipped = sorted(path.stem for path in (ROOT / "cases").glob("*.json"))
    listed = [line.split()[0] for line in run(command, "cases", cwd=tmp_path).splitlines()[1:]]
    assert listed == shipped
    assert listed != []
    devices = run(command, "devices", cwd=tmp_path)
    assert [path.stem for path in (ROOT / "models/devices").glob("*.json") if path.stem not in devices] == []
    assert '"$schema"' in run(command, "schema", cwd=tmp_path)
