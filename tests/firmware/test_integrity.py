"""Seals of tensors: a bit that flips while the device is off makes it start over, and never a wrong output."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import pytest

from ischedule.analysis.layout_check import side_by_side
from ischedule.api import program_or_reason, solve
from ischedule.cli.main import main
from ischedule.emitting import emitted, runtime_files
from ischedule.firmware.boards import host
from ischedule.firmware.boards.outcome import Outcome, outcome_of
from ischedule.firmware.boards.source import Firmware
from ischedule.firmware.boards.tool import call
from ischedule.firmware.seal_source import Saved, saved_tensors
from ischedule.models.case import Case, load_case
from ischedule.models.plan_file import PlanFile
from ischedule.models.program import Program
from ischedule.verifying import reference
from tests.firmware.tools import need
from tests.house.tree import ROOT

NAME = "keywords-internal-fram"
FLIPPED = Path(__file__).parent / "flipped.c"


@cache
def solved() -> tuple[Case, PlanFile]:
    case = load_case(str(ROOT / "cases" / f"{NAME}.json"))
    file = solve(case).plan_file
    assert file is not None
    return case, file


@cache
def known() -> tuple[bytes, bytes]:
    """An input, and the output of the reference executor."""
    return reference(*solved(), 0)


def saved() -> list[Saved]:
    case, file = solved()
    program = program_or_reason(case)
    assert isinstance(program, Program)
    assert file.plan is not None
    return saved_tensors(program, file.plan, dict(file.addresses) or side_by_side(program, file.plan))


def built(folder: Path, main_file: str, *, integrity: bool) -> Path:
    case, file = solved()
    emission = emitted(case, file, lambda _: None, 0, integrity=integrity).emission
    assert emission is not None
    sources = folder / "sources"
    sources.mkdir()
    for name, text in {**emission.files, **runtime_files(emission)}.items():
        (sources / name).write_text(text)
    return host.build(Firmware.of_folder(sources, known()[0]), folder / "build", main=main_file)


def flipped(program: Path, flips: list[tuple[int, int, int]]) -> list[Outcome]:
    lines = "".join(f"{boot} {address} {bit}\n" for boot, address, bit in flips)
    texts = call([str(program)], stdin=lines).split("~Z 0;")[:-1]
    return [outcome_of(text) for text in texts]


def flips() -> list[tuple[int, int, int]]:
    """A bit of each third byte of every sealed tensor, before each boot at which it is needed."""
    return [
        (cycles + 1, address, (address * 5 + cycles) % 8)
        for one in saved()
        for cycles in range(max(one.since, 1), one.until)
        for address in range(one.address, one.address + one.bytes, 3)
    ]


def test_what_is_sealed_is_what_later_cycles_need() -> None:
    """The input until the last cycle of the first layer, the output for ever; what one cycle makes and reads is not."""
    tensors = saved()
    assert [(one.since, one.until, one.bytes) for one in tensors] == [(0, 3, 500), (3, 4, 24)]


def test_a_flipped_bit_never_reaches_the_output(tmp_path: Path) -> None:
    need("gcc", "objcopy")
    outcomes = flipped(built(tmp_path, str(FLIPPED), integrity=True), flips())
    assert len(outcomes) > 300
    assert all(one.is_right(known()[1]) for one in outcomes)
    assert max(one.boots for one in outcomes) > 4


def test_without_seals_some_do(tmp_path: Path) -> None:
    need("gcc", "objcopy")
    outcomes = flipped(built(tmp_path, str(FLIPPED), integrity=False), flips())
    assert not all(one.is_right(known()[1]) for one in outcomes)


def test_seals_survive_power_failures(tmp_path: Path) -> None:
    need("gcc", "objcopy")
    found = host.every_store(built(tmp_path, "every_store.c", integrity=True), byte=0xA5, second=1)
    assert found.failures > 1500
    assert found.wrong == 0


def test_tasks_have_nothing_to_seal(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    call_of = ["emit", "sensor-node-sense-compute-send", "-o", str(tmp_path / "out"), "--integrity"]
    assert main(call_of) == 2
    assert "leave out --integrity" in capsys.readouterr().err
