"""Firmware of tasks: the application keeps its state in two places, and commits that the plan lists are skipped."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import pytest

from ischedule.api import solve
from ischedule.emitting import emitted, runtime_files
from ischedule.firmware.boards import host
from ischedule.firmware.boards.outcome import Outcome
from ischedule.firmware.boards.source import Firmware
from tests.firmware.tools import need
from tests.house.tree import ROOT

APPLICATION = Path(__file__).parent / "own_tasks" / "application.c"
ASLEEP = "sensor-node-sleeps-and-measures"
OFF = "sensor-node-sense-compute-send"
ORDER = {"sample": 3, "filter": 5, "classify": 4, "radio on": 6, "send": 7}
"""What the application adds for each task."""


@cache
def emission(name: str):  # type: ignore[no-untyped-def]
    result = solve(str(ROOT / "cases" / f"{name}.json"))
    assert result.plan_file is not None
    made = emitted(result.case, result.plan_file, lambda _: None).emission
    assert made is not None
    tasks = result.case.tasks
    assert tasks is not None
    number = 1
    for atom in range(len(tasks)):
        run = tasks.run(atom)
        repetition = atom - tasks.first[run]
        number = (number * 1664525 + ORDER[tasks.names[run]] * 977 + repetition + 1) % (1 << 32)
    return made, number.to_bytes(4, "little")


def firmware(name: str, folder: Path, broken: tuple[str, str, str] | None = None, **defines: str) -> Path:
    """The program of a case's tasks on the host; in a broken one a piece of text of a file is another."""
    made, _ = emission(name)
    files = {**made.files, **runtime_files(made)}
    if broken is not None:
        file, right, wrong = broken
        assert files[file].count(right) == 1
        files[file] = files[file].replace(right, wrong)
    sources = folder / "sources"
    sources.mkdir()
    for path, text in files.items():
        (sources / path).write_text(text)
    where = {"ISCHED_NV_BYTES": "16U", "ISCHED_CONSTANTS_BYTES": "0U", **defines}
    one = Firmware.of_folder(sources, b"\0", trace=1)
    return host.build(
        Firmware(one.sources, one.includes, one.input, 1, where), folder / "build", application=APPLICATION
    )


def commits(outcome: Outcome) -> int:
    """How often the application kept its state in the last boot."""
    return next(event.numbers[0] for event in outcome.events if event.kind == "K")


def everywhere(program: Path) -> list[Outcome]:
    """All runs with one failure, and with two."""
    steps = host.run(program, [[]])[0].steps
    runs = [[host.Failure(step, torn)] for step in range(1, steps + 1) for torn in (host.OLD, host.NEW)]
    runs += [[host.Failure(step), host.Failure(after)] for step in range(1, steps + 1) for after in (1, 2, 5, 9)]
    return host.run(program, runs)


@pytest.mark.parametrize("name", [OFF, ASLEEP])
def test_power_fails_anywhere(name: str, tmp_path: Path) -> None:
    need("gcc", "objcopy")
    outcomes = everywhere(firmware(name, tmp_path))
    assert len(outcomes) > 100
    assert all(one.is_right(emission(name)[1]) for one in outcomes)


@pytest.mark.parametrize("fades", [0, 1, 2])
def test_skipped_commits_are_made_up_for(fades: int, tmp_path: Path) -> None:
    need("gcc", "objcopy")
    surplus = {"HOST_SURPLUS": "5U", "HOST_FADES": f"{fades}U"}
    program = firmware(ASLEEP, tmp_path, ISCHED_SKIPS="1", **surplus)
    alone = host.run(program, [[]])[0]
    assert alone.is_right(emission(ASLEEP)[1])
    assert commits(alone) == {0: 1, 1: 3, 2: 2}[fades]
    assert all(one.is_right(emission(ASLEEP)[1]) for one in everywhere(program))


def test_a_cycle_that_began_low_is_committed(tmp_path: Path) -> None:
    """The plan lists a start above the threshold: at the threshold itself nothing may be skipped."""
    need("gcc", "objcopy")
    program = firmware(ASLEEP, tmp_path, ISCHED_SKIPS="1")
    assert commits(host.run(program, [[]])[0]) == 3


BROKEN = {
    "a late commit is forgotten": (
        "isched.c",
        "            if (commit(published, step) == 0U) {\n                return ISCHED_FAULT;\n            }\n"
        "            published = step;\n            pending = 0;\n",
        "            pending = 0;\n",
    ),
    "the state is kept after the step is published": (
        "isched.c",
        "    isched_save(published, next);\n",
        "    (void)isched_store_publish(next);\n    isched_save(published, next);\n",
    ),
    "nothing is brought back": (
        "isched.c",
        "            isched_resume(step);\n",
        "            isched_resume(0);\n",
    ),
}


@pytest.mark.parametrize("name", sorted(BROKEN))
def test_what_is_broken_is_noticed(name: str, tmp_path: Path) -> None:
    need("gcc", "objcopy")
    program = firmware(ASLEEP, tmp_path, BROKEN[name], ISCHED_SKIPS="1", HOST_SURPLUS="5U", HOST_FADES="1U")
    right = [one.is_right(emission(ASLEEP)[1]) for one in everywhere(program)]
    alone = host.run(program, [[]])[0]
    assert not all(right) or commits(alone) != 3
