"""The script that PlatformIO runs, in an environment that answers as PlatformIO's does; and the library's manifest."""

from __future__ import annotations

import json
import os
import re
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from tests.firmware.projects import Project
from tests.house.tree import ROOT

FOLDER = ROOT / "firmware/platformio"


class Ended(Exception):
    """The script has ended the build."""


@dataclass
class Environment:
    """What the script uses of an environment of PlatformIO."""

    project: Path
    options: dict[str, str]
    paths: list[str] = field(default_factory=list)
    built: list[tuple[str, str]] = field(default_factory=list)

    def GetProjectOption(self, name: str, default: str) -> str:
        return self.options.get(name, default)

    def subst(self, text: str) -> str:
        return text.replace("$BUILD_DIR", str(self.project / ".pio")).replace("$PROJECT_DIR", str(self.project))

    def Append(self, CPPPATH: list[str]) -> None:
        self.paths += CPPPATH

    def BuildSources(self, place: str, sources: str) -> None:
        self.built.append((place, sources))

    def Exit(self, code: int) -> None:
        raise Ended(code)


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Project:
    made = Project.of_example("own-tasks", tmp_path)
    monkeypatch.setenv("PATH", f"{made.tools}:{os.environ['PATH']}")
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    return made


def build(project: Project, **options: str) -> tuple[Environment, Environment]:
    """Run the script for a project with these settings; the environments of the library and of the project."""
    settings = {f"custom_ischedule_{name}": value for name, value in options.items()}
    library, own = Environment(project.folder, settings), Environment(project.folder, settings)
    names: dict[str, object] = {"Import": lambda *_: None, "env": library, "projenv": own}
    exec(compile((FOLDER / "emit.py").read_text("utf-8"), "emit.py", "exec"), names)
    return library, own


def test_the_schedule_is_emitted_when_something_has_changed_and_built_in(project: Project) -> None:
    library, own = build(project, case="case.json")
    emitted = project.folder / ".pio/ischedule"
    assert library.paths == own.paths == [str(emitted)]
    assert own.built == [(str(emitted / "built"), str(emitted))]
    source = emitted / "schedule.c"
    assert (emitted / "isched.c").is_file()

    def made_again(**options: str) -> bool:
        before = source.stat().st_mtime_ns
        build(project, **options)
        return source.stat().st_mtime_ns != before

    assert not made_again(case="case.json")
    assert made_again(case="case.json", flags="--table-only")
    assert not (emitted / "isched.c").exists()
    project.edit("case.json", '"310 uJ"', '"311 uJ"')
    assert made_again(case="case.json", flags="--table-only")
    assert not made_again(case="case.json", flags="--table-only")


def test_what_ischedule_refuses_ends_the_build(project: Project, capfd: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(Ended):
        build(project)
    assert "custom_ischedule_case" in capfd.readouterr().err
    project.succeed("ischedule", "solve", "case.json", "-o", ".")
    build(project, case="case.json", plan="own-tasks.plan.json")
    project.edit("case.json", '"310 uJ"', '"311 uJ"')
    for _ in range(2):
        with pytest.raises(Ended):
            build(project, case="case.json", plan="own-tasks.plan.json")
        assert "the plan is for another case" in capfd.readouterr().out


def test_the_manifest_says_what_platformio_asks_of_it() -> None:
    """The rules of PlatformIO's own check of a library.json, for the keys that this one has."""
    manifest = json.loads((FOLDER / "library.json").read_text("utf-8"))
    assert re.fullmatch(r"[^:;/,@<>]{1,100}", manifest["name"])
    assert re.fullmatch(r"\d+\.\d+\.\d+", manifest["version"])
    assert 1 <= len(manifest["description"]) <= 1000
    assert all(re.fullmatch(r"[a-z\d\-_+. ]{1,50}", word) for word in manifest["keywords"])
    assert manifest["frameworks"] == manifest["platforms"] == "*"
    assert (FOLDER / manifest["build"]["extraScript"]).is_file()
    assert set(manifest) == {
        *["name", "version", "description", "keywords", "license", "frameworks", "platforms", "headers", "build"]
    }
