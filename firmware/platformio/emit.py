"""Run by PlatformIO for a project that has this library among its lib_deps: emits the schedule, and builds it in.

The project says in platformio.ini, relative to its own folder, what to emit; all but the case may be left out:

    custom_ischedule_case = case.json
    custom_ischedule_plan = plan.json
    custom_ischedule_target = msp430
    custom_ischedule_flags = --weights --seed 7
    custom_ischedule_program = ischedule
"""

# PlatformIO's build brings Import, env and projenv.
# mypy: disable-error-code="name-defined"
# ruff: noqa: F821

import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

Import("env", "projenv")


def option(name: str, default: str = "") -> str:
    """A setting of the project."""
    return str(env.GetProjectOption(f"custom_ischedule_{name}", default))


def command(folder: Path) -> list[str]:
    """How the schedule is emitted."""
    if not option("case"):
        sys.stderr.write("ischedule: platformio.ini has no custom_ischedule_case: name a case file\n")
        env.Exit(1)
    target = ["--target", option("target")] if option("target") else []
    plan = [option("plan")] if option("plan") else []
    places = ["-o", str(folder), "--depfile", str(folder / "schedule.d")]
    program = shlex.split(option("program", "ischedule"))
    return [*program, "emit", option("case"), *plan, *places, *target, *shlex.split(option("flags"))]


def is_current(folder: Path, project: Path, words: list[str]) -> bool:
    """Whether the schedule was emitted by these words, after the last change of all that it is made from."""
    said, rule = folder / "command", folder / "schedule.d"
    if not said.is_file() or not rule.is_file() or said.read_text("utf-8") != shlex.join(words):
        return False
    _, *names = re.split(r"(?<!\\)\s+", rule.read_text("utf-8").replace("\\\n", "").strip())
    made = rule.stat().st_mtime_ns
    needed = [project / re.sub(r"\\(.)", r"\1", name).replace("$$", "$") for name in names]
    return all(file.is_file() and file.stat().st_mtime_ns <= made for file in needed)


def emit(folder: Path, project: Path) -> None:
    """Make the folder anew where it is not current; what ischedule refuses ends the build."""
    words = command(folder)
    if is_current(folder, project, words):
        return
    shutil.rmtree(folder, ignore_errors=True)
    if subprocess.run(words, cwd=project, stdin=subprocess.DEVNULL).returncode != 0:
        env.Exit(1)
    (folder / "command").write_text(shlex.join(words), "utf-8")


schedule = Path(env.subst("$BUILD_DIR")) / "ischedule"
emit(schedule, Path(env.subst("$PROJECT_DIR")))
for one in (env, projenv):
    one.Append(CPPPATH=[str(schedule)])
projenv.BuildSources(str(schedule / "built"), str(schedule))
