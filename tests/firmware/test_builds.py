"""A case becomes part of a build: solved, checked and emitted when it has changed, and refused when it does not fit."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from ischedule.cli.build_files import FOLDERS, depfile, escaped, folder
from tests.firmware.projects import BUILDERS, Builder, Project
from tests.firmware.tools import need

SENT = "sent 4587\n"
"""What the example with tasks of its own sends in its third power cycle."""


@pytest.fixture(params=[builder for builder in BUILDERS if builder.name != "cmake with make"], ids=lambda one: one.name)
def builder(request: pytest.FixtureRequest) -> Builder:
    """One way to build; CMake writes the same rules for Ninja and make, so that few tests need both."""
    chosen: Builder = request.param
    need(*chosen.tools)
    return chosen


@pytest.fixture
def project(tmp_path: Path) -> Project:
    return Project.of_example("own-tasks", tmp_path)


def times(project: Project) -> dict[str, int]:
    """When each source that was emitted, and the program, was written."""
    build = project.folder / "build"
    found = [*build.rglob("schedule.c"), *build.rglob("schedule.h"), build / "sensor"]
    return {path.name: path.stat().st_mtime_ns for path in found}


def changed(project: Project, before: dict[str, int]) -> set[str]:
    """The names of the files that are newer now."""
    return {name for name, time in times(project).items() if time != before[name]}


def touch(path: Path) -> None:
    path.write_bytes(path.read_bytes())


@pytest.mark.parametrize("builder", BUILDERS, ids=lambda builder: builder.name)
def test_only_what_has_changed_is_made_again(project: Project, builder: Builder) -> None:
    builder.configured(project).succeed(*builder.build)
    assert [project.succeed("build/sensor") for _ in range(8)] == ["", "", "", SENT] * 2
    first = times(project)
    project.succeed(*builder.build)
    assert changed(project, first) == set()
    touch(project.folder / "main.c")
    project.succeed(*builder.build)
    assert changed(project, first) == {"sensor"}
    second = times(project)
    project.edit("case.json", '"energy": "310 uJ"', '"energy": "700 uJ"')
    project.succeed("ischedule", "solve", "case.json", "-o", ".")
    project.succeed(*builder.build)
    assert changed(project, second) == {"schedule.c", "schedule.h", "sensor"}
    third = times(project)
    with_plan(project, "own-tasks.plan.json")
    project.succeed(*builder.build)
    assert changed(project, third) == {"schedule.c", "schedule.h", "sensor"}
    boots = 1
    while project.succeed("build/sensor") != SENT:
        boots += 1
    assert boots == 6


def test_a_file_that_the_case_names_is_watched(project: Project, builder: Builder) -> None:
    case = json.loads((project.folder / "case.json").read_text("utf-8"))
    case["tasks"]["columns"] = "tasks of it.csv"
    rows = [
        f"{task['name']},{task['energy'].split()[0]},{task['time'].split()[0]},{int(task.get('cut', True))}"
        for task in case["tasks"].pop("list")
        for _ in range(task.get("repeat", 1))
    ]
    table = project.folder / "tasks of it.csv"
    table.write_text("\n".join(["name,energy [uJ],time [ms],cut", *rows]) + "\n")
    (project.folder / "case.json").write_text(json.dumps(case))
    builder.configured(project).succeed(*builder.build)
    before = times(project)
    project.succeed(*builder.build)
    assert changed(project, before) == set()
    touch(table)
    project.succeed(*builder.build)
    assert changed(project, before) == {"schedule.c", "schedule.h", "sensor"}


def with_plan(project: Project, plan: str) -> None:
    project.edit("CMakeLists.txt", "CASE case.json", f"CASE case.json PLAN {plan}")
    project.edit("Makefile", "CASE := case.json", f"CASE := case.json\nISCHEDULE_PLAN := {plan}")


def test_a_plan_is_taken_as_it_is_and_refused_where_it_does_not_fit(project: Project, builder: Builder) -> None:
    project.succeed("ischedule", "solve", "case.json", "-o", ".")
    with_plan(project, "own-tasks.plan.json")
    builder.configured(project).succeed(*builder.build)
    assert list((project.folder / "build").rglob("*.plan.json")) == []
    assert [project.succeed("build/sensor") for _ in range(4)] == ["", "", "", SENT]
    project.edit("case.json", '"310 uJ"', '"311 uJ"')
    refused = project.run(*builder.build)
    assert refused.returncode != 0
    assert "the plan is for another case" in refused.stdout
    assert project.run(*builder.build).returncode != 0
    project.edit("case.json", '"311 uJ"', '"310 uJ"')
    project.succeed(*builder.build)
    assert [project.succeed("build/sensor") for _ in range(4)] == ["", "", "", SENT]
    plan = json.loads((project.folder / "own-tasks.plan.json").read_text("utf-8"))
    plan["plan"]["cycles"][0]["atoms"] += 1
    plan["plan"]["cycles"][1]["atoms"] -= 1
    (project.folder / "own-tasks.plan.json").write_text(json.dumps(plan))
    refused = project.run(*builder.build)
    assert refused.returncode != 0
    assert "own-tasks: not emitted" in refused.stdout


def test_a_case_without_a_plan_ends_the_build_with_the_reason(project: Project, builder: Builder) -> None:
    project.edit("case.json", '"energy": "480 uJ"', '"energy": "4800 uJ"')
    refused = builder.configured(project).run(*builder.build)
    assert refused.returncode != 0
    assert "own-tasks: unschedulable" in refused.stdout
    assert not (project.folder / "build/sensor").exists()


@pytest.mark.parametrize(
    ("call", "problem"),
    [
        ("sensor", "CASE is missing: name a case file"),
        ("sensor CASE", "CASE: not understood"),
        ("sensor CASE case.json FAST", "FAST: not understood"),
        ("sensor CASE other.json", "there is no file /.*/other.json"),
        ("sensor CASE case.json PLAN other.json", "there is no file /.*/other.json"),
        ("sensor CASE case.json SEED 3", "SEED 3 draws weights: add WEIGHTS"),
        ("sensor CASE case.json TARGET vax", "TARGET vax is none of msp430, cortex-m, host"),
        ("other CASE case.json", "other is not a target"),
    ],
)
def test_a_wrong_call_is_refused_when_it_is_configured(project: Project, call: str, problem: str) -> None:
    need("cmake", "make", "gcc")
    project.edit("CMakeLists.txt", "sensor CASE case.json", call)
    found = project.succeed("ischedule", "emit", "--folder", "cmake").strip()
    ran = project.run("cmake", "-B", "build", f"-Dischedule_DIR={found}")
    assert ran.returncode != 0
    assert re.search(problem, " ".join(ran.stdout.split())), ran.stdout


def test_cmake_says_that_the_program_is_missing(project: Project) -> None:
    need("cmake", "make", "gcc")
    found = project.succeed("ischedule", "emit", "--folder", "cmake").strip()
    ran = project.run("cmake", "-B", "build", f"-Dischedule_DIR={found}", "-Dischedule_EXECUTABLE=/bin/false")
    assert ran.returncode != 0
    assert "/bin/false does not run" in " ".join(ran.stdout.split())


def test_make_needs_a_case_and_solves_nothing_to_clean_up(project: Project) -> None:
    need("make", "gcc")
    project.succeed("make", "clean")
    project.succeed("make", "ischedule-clean")
    assert not (project.folder / "build").exists()
    project.edit("Makefile", "ISCHEDULE_CASE := case.json", "")
    assert "ISCHEDULE_CASE is not set" in project.run("make").stdout


@pytest.mark.parametrize("name", FOLDERS)
def test_folders_of_build_files_are_found(name: str) -> None:
    assert folder(name).is_dir()


def test_a_dependency_file_names_what_was_read() -> None:
    text = depfile(Path("out dir/schedule.c"), ["a b.json", "c$d.csv", "a b.json"])
    lines = text.split(" \\\n  ")
    assert lines[:3] == ["out\\ dir/schedule.c:", "a\\ b.json", "c$$d.csv"]
    assert lines[3].endswith("ischedule/__init__.py\n")
    assert escaped("#1") == "\\#1"
