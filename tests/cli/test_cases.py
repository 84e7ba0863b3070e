"""The shipped cases are listed, copied whole with the files they refer to, and found by name."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from ischedule.cli import shipped
from ischedule.cli.main import main
from ischedule.cli.shipped import case_source, shipped_case
from ischedule.models.case import load_case
from ischedule.models.errors import InputError

SHIPPED = Path(__file__).resolve().parents[2] / "cases"


@pytest.fixture
def shelf(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of shipped cases of the test's own, and an empty working directory beside it."""
    folder = tmp_path / "shelf"
    folder.mkdir()
    plain = {"ischedule": 1, "name": "plain", "description": "A case\n  on 2.5 lines. And more."}
    wide = {"ischedule": 1, "name": "wide", "device": {"path": "board.json"}, "tasks": {"columns": "tasks.csv"}}
    wide |= {"supply": {"kind": "curve", "path": "curve.json"}, "network": {"numbers": "numbers.npz"}}
    (folder / "plain.json").write_text(json.dumps(plain))
    (folder / "wide.json").write_text(json.dumps(wide))
    (folder / "board.json").write_text("{}")
    (folder / "curve.json").write_text("{}")
    (folder / "numbers.npz").write_bytes(b"\x00\xff")
    (folder / "tasks.csv").write_text("energy [nJ],time [us]\n1,2\n")
    monkeypatch.setattr(shipped, "shipped_folder", lambda: folder)
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")
    return folder


def test_cases_are_listed_by_name_with_one_line_each(shelf: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["cases"]) == 0
    assert capsys.readouterr().out == "case   what it is\nplain  A case on 2.5 lines\nwide\n"
    assert main(["cases", "--json"]) == 0
    assert json.loads(capsys.readouterr().out) == [
        {"name": "plain", "description": "A case on 2.5 lines. And more."},
        {"name": "wide", "description": ""},
    ]


def test_a_case_is_copied_to_its_own_name(shelf: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["cases", "--copy", "plain"]) == 0
    assert Path("plain.json").read_bytes() == (shelf / "plain.json").read_bytes()
    assert capsys.readouterr().out == "plain.json\n"


def test_what_a_case_refers_to_is_copied_beside_it(shelf: Path) -> None:
    Path("sub").mkdir()
    assert main(["cases", "--copy", "wide", "-o", "sub/mine.json"]) == 0
    names = ["board.json", "curve.json", "mine.json", "numbers.npz", "tasks.csv"]
    assert sorted(path.name for path in Path("sub").iterdir()) == names
    assert Path("sub/numbers.npz").read_bytes() == b"\x00\xff"
    assert Path("sub/tasks.csv").read_bytes() == (shelf / "tasks.csv").read_bytes()


def test_a_case_is_printed(shelf: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["cases", "--copy", "plain", "-o", "-"]) == 0
    assert capsys.readouterr().out == (shelf / "plain.json").read_text()


@pytest.mark.parametrize("there", ["mine.json", "tasks.csv"])
def test_no_file_is_overwritten(shelf: Path, capsys: pytest.CaptureFixture[str], there: str) -> None:
    Path(there).write_text("precious")
    assert main(["cases", "--copy", "wide", "-o", "mine.json"]) == 2
    assert capsys.readouterr().err == (
        f'ischedule: command line: -o = "{there}": the file exists already; name another one with -o FILE\n'
    )
    assert [path.name for path in Path().iterdir()] == [there]
    assert Path(there).read_text() == "precious"


def test_a_misspelt_name_gets_a_suggestion(shelf: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["cases", "--copy", "plane"]) == 2
    assert capsys.readouterr().err == (
        'ischedule: command line: CASE = "plane": no shipped case of that name; did you mean plain?\n'
    )


def test_an_output_without_a_copy_is_a_wrong_call(shelf: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as left:
        main(["cases", "-o", "mine.json"])
    assert left.value.code == 2
    assert "--copy" in capsys.readouterr().err


def test_a_name_stands_for_the_shipped_case_only_where_no_such_file_exists(shelf: Path) -> None:
    assert case_source("plain") == str(shelf / "plain.json")
    Path("plain").write_text("{}")
    assert case_source("plain") == "plain"


@pytest.mark.parametrize("argument", ["-", "missing.json", "sub/missing"])
def test_what_can_only_be_a_file_is_left_to_the_loader(shelf: Path, argument: str) -> None:
    assert case_source(argument) == argument


def test_a_name_that_is_nothing_is_refused(shelf: Path) -> None:
    with pytest.raises(InputError, match=r"neither a file nor a shipped case; `ischedule cases` lists them"):
        case_source("zzzzzz")


def test_every_shipped_case_is_listed_under_its_own_name_with_a_description() -> None:
    cases = shipped.shipped_cases()
    assert len(cases) >= 5
    for case in cases:
        assert case.content["name"] == case.name
        assert 20 < len(case.summary) <= 120, case.name
        assert all(companion.is_file() for companion in case.companions)


def test_every_shipped_case_loads() -> None:
    for case in shipped.shipped_cases():
        assert load_case(str(shipped_case(case.name).path)).name == case.name
    files = {path.name for case in shipped.shipped_cases() for path in [case.path, *case.companions]}
    assert {path.name for path in SHIPPED.iterdir() if path.suffix in (".json", ".csv")} == files
