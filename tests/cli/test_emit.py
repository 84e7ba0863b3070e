"""`ischedule emit` as a user calls it."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest

from ischedule.cli.main import main
from tests.firmware.tools import need

TASKS = "sensor-node-sense-compute-send"
STRICT = ["-std=c99", "-Wall", "-Wextra", "-Wpedantic", "-Wconversion", "-Werror"]


@pytest.fixture(scope="module")
def plans(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Plan files of cases of tasks."""
    folder = tmp_path_factory.mktemp("plans")
    for name in (TASKS, "sensor-node-sleeps-and-measures", "sensor-node-part-tolerances"):
        assert main(["solve", name, "-o", str(folder)]) == 0
    return folder


def emit(name: str, plans: Path, folder: Path, *options: str) -> int:
    return main(["emit", name, str(plans / f"{name}.plan.json"), "-o", str(folder), *options])


def test_equal_plans_are_equal_bytes(plans: Path, tmp_path: Path) -> None:
    for folder in ("one", "two"):
        assert emit(TASKS, plans, tmp_path / folder) == 0
    names = sorted(path.name for path in (tmp_path / "one").iterdir())
    assert "schedule.c" in names
    assert "isched.c" in names
    for name in names:
        assert (tmp_path / "one" / name).read_bytes() == (tmp_path / "two" / name).read_bytes()


def test_the_table_alone(plans: Path, tmp_path: Path) -> None:
    assert emit(TASKS, plans, tmp_path, "--table-only") == 0
    assert sorted(path.name for path in tmp_path.iterdir()) == ["schedule.c", "schedule.h"]


@pytest.mark.parametrize("compiler", ["gcc", "clang"])
@pytest.mark.parametrize("name", [TASKS, "sensor-node-sleeps-and-measures"])
@pytest.mark.parametrize("skips", [0, 1])
def test_it_compiles_without_a_warning(plans: Path, tmp_path: Path, name: str, compiler: str, skips: int) -> None:
    need(compiler)
    assert emit(name, plans, tmp_path) == 0
    call = [compiler, *STRICT, f"-DISCHED_SKIPS={skips}", "-I", tmp_path, "-c", tmp_path / "schedule.c"]
    done = subprocess.run([*call, "-o", tmp_path / "schedule.o"], capture_output=True, text=True, check=False)
    lists = name == "sensor-node-sleeps-and-measures"
    assert (done.returncode == 0) is (lists or not skips), done.stderr
    assert ("lists no commit" in done.stderr) is (not lists and bool(skips))


def test_files_of_two_plans_do_not_compile_together(plans: Path, tmp_path: Path) -> None:
    """What a call that was cut short has left, or a header that was copied alone."""
    need("gcc")
    for name in (TASKS, "sensor-node-part-tolerances"):
        assert emit(name, plans, tmp_path / name) == 0
    header = tmp_path / TASKS / "schedule.h"
    header.write_bytes((tmp_path / "sensor-node-part-tolerances" / "schedule.h").read_bytes())
    call = ["gcc", *STRICT, "-I", header.parent, "-c", header.parent / "schedule.c", "-o", tmp_path / "schedule.o"]
    done = subprocess.run(call, capture_output=True, text=True, check=False)
    assert done.returncode != 0
    assert "schedule.h is of another plan than this file" in done.stderr


@pytest.mark.parametrize("name", [TASKS, "sensor-node-sleeps-and-measures", "sensor-node-part-tolerances"])
def test_the_compiled_tables_are_as_large_as_reported(
    plans: Path, tmp_path: Path, name: str, capsys: pytest.CaptureFixture[str]
) -> None:
    need("gcc", "nm")
    capsys.readouterr()
    assert emit(name, plans, tmp_path, "--json") == 0
    reported = json.loads(capsys.readouterr().out)["bytes"]
    skips = int(name == "sensor-node-sleeps-and-measures")
    source, target = tmp_path / "schedule.c", tmp_path / "schedule.o"
    subprocess.run(["gcc", "-O0", f"-DISCHED_SKIPS={skips}", "-I", tmp_path, "-c", source, "-o", target], check=True)
    listed = subprocess.run(["nm", "-S", target], capture_output=True, text=True, check=True).stdout
    sizes = {fields[3]: int(fields[1], 16) for fields in map(str.split, listed.splitlines()) if len(fields) == 4}
    tables = {symbol: size for symbol, size in sizes.items() if symbol.startswith(("isched_cycles_", "isched_skip_"))}
    assert sum(tables.values()) == reported["tables"]
    assert reported["tables"] <= reported["assumed_for_tables"]


def test_a_plan_of_another_case_is_refused(plans: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    other = plans / "sensor-node-part-tolerances.plan.json"
    assert main(["emit", TASKS, str(other), "-o", str(tmp_path / "out")]) == 1
    assert "the plan is for another case" in capsys.readouterr().out
    assert not (tmp_path / "out").exists()


def test_a_changed_plan_is_refused(plans: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    document = json.loads((plans / f"{TASKS}.plan.json").read_text())
    document["plan"]["cycles"][0]["atoms"] += 1
    document["plan"]["cycles"][1]["atoms"] -= 1
    changed = tmp_path / "changed.plan.json"
    changed.write_text(json.dumps(document))
    assert main(["emit", TASKS, str(changed), "-o", str(tmp_path / "out")]) == 1
    assert "not emitted" in capsys.readouterr().out
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    ("arguments", "problem"),
    [
        (["-", "-", "-o", "x"], "standard input is the case already"),
        ([TASKS, "missing.plan.json", "-o", "x"], "missing.plan.json"),
        ([TASKS, "{plan}", "-o", "{plan}"], "is not a folder"),
    ],
)
def test_wrong_calls(plans: Path, arguments: list[str], problem: str, capsys: pytest.CaptureFixture[str]) -> None:
    from ischedule.models.errors import InputError

    plan = str(plans / f"{TASKS}.plan.json")
    try:
        code = main(["emit", *(argument.format(plan=plan) for argument in arguments)])
        text = capsys.readouterr().err
    except (InputError, OSError) as error:
        code, text = 2, str(error)
    assert code == 2
    assert problem in text


def test_an_accelerator_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["solve", "mnist-max78000", "-o", str(tmp_path)]) == 0
    assert main(["emit", "mnist-max78000", str(tmp_path / "mnist-max78000.plan.json"), "-o", str(tmp_path / "o")]) == 2
    assert "no driver" in capsys.readouterr().err


def test_without_a_plan_the_case_is_solved(plans: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["emit", TASKS, "-o", str(tmp_path / "solved"), "--depfile", str(tmp_path / "made.d")]) == 0
    assert emit(TASKS, plans, tmp_path / "given") == 0
    given = {path.name: path.read_bytes() for path in (tmp_path / "given").iterdir()}
    solved = {path.name: path.read_bytes() for path in (tmp_path / "solved").iterdir()}
    assert solved == given | {f"{TASKS}.plan.json": (plans / f"{TASKS}.plan.json").read_bytes()}
    rule = (tmp_path / "made.d").read_text("utf-8").split()
    assert rule[0] == f"{tmp_path}/solved/schedule.c:"
    assert Path(rule[2]).name == f"{TASKS}.json"
    capsys.readouterr()
    assert main(["emit", "sensor-node-radio-does-not-fit", "-o", str(tmp_path / "none")]) == 1
    assert "unschedulable" in capsys.readouterr().out
    assert not (tmp_path / "none").exists()


def test_a_folder_of_the_package_is_named(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit, match="0"):
        main(["emit", "--folder", "cmake"])
    assert (Path(capsys.readouterr().out.strip()) / "ischeduleConfig.cmake").is_file()
