"""Numbers of a case's own as a user brings them: `ischedule numbers`, and what other commands make of them."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from ischedule.cli.main import main
from tests.firmware.small_network import CASE, NETWORK
from tests.firmware.tools import need

LISTED = """\
small: shapes only: numbers are drawn

array                 what it is
input/zero            one int8 without an axis
conv/weights          int8 of 3 x 3 x 3 x 2
conv/multiplier       int32 of 3
conv/shift            uint8 of 3
conv/zero             one int8 without an axis
conv/activation       int8 of 256               optional
conv/activation_zero  one int8 without an axis  optional
wide/weights          int8 of 4 x 3 x 3 x 3
"""


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with a case in it that has shapes only."""
    monkeypatch.chdir(tmp_path)
    Path("plain.json").write_text(json.dumps({**CASE, "network": {**NETWORK, "width": "int8"}}))
    return tmp_path


def named(file: str) -> None:
    network = {**NETWORK, "width": "int8", "numbers": file}
    Path("mine.json").write_text(json.dumps({**CASE, "network": network}))


def weights(folder: str) -> list[str]:
    """The emitted numbers, without the line that says which plan they belong to."""
    lines = (Path(folder) / "schedule_weights.c").read_text().splitlines()
    found = [line for line in lines if "ISCHED_PLAN_ID" not in line]
    assert len(found) == len(lines) - 1
    return found


def failed(capsys: pytest.CaptureFixture[str], *argv: str) -> str:
    """The message of a call that the user got wrong."""
    capsys.readouterr()
    assert main(argv) == 2
    printed = capsys.readouterr()
    assert printed.out == ""
    return printed.err


def test_arrays_are_listed(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["numbers", "plain.json"]) == 0
    assert capsys.readouterr().out.startswith(LISTED)
    assert main(["numbers", "plain.json", "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert (told["numbers"], told["file"]) == (None, None)
    assert told["arrays"][1] == {"name": "conv/weights", "type": "int8", "shape": [3, 3, 3, 2], "optional": False}


def test_a_drawn_file_gives_the_firmware_of_its_seed(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["numbers", "plain.json", "--seed", "5", "-o", "drawn.npz"]) == 0
    assert capsys.readouterr().out.endswith("\nwritten: drawn.npz\n")
    named("drawn.npz")
    assert main(["emit", "plain.json", "--weights", "--seed", "5", "-o", "plain"]) == 0
    assert main(["emit", "mine.json", "--weights", "-o", "mine", "--depfile", "made.d"]) == 0
    assert weights("mine") == weights("plain")
    assert Path("made.d").read_text().split()[1:6] == ["\\", "mine.json", "\\", "drawn.npz", "\\"]
    assert main(["emit", "plain.json", "plain/small.plan.json", "--weights", "--seed", "6", "-o", "other"]) == 0
    assert weights("mine") != weights("other")
    assert main(["numbers", "mine.json", "-o", "again.npz"]) == 0
    assert "small: numbers from drawn.npz\n" in capsys.readouterr().out
    assert Path("again.npz").read_bytes() == Path("drawn.npz").read_bytes()


def test_a_file_that_exists_is_not_overwritten(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    Path("trained.npz").write_text("weeks of work")
    said = failed(capsys, "numbers", "plain.json", "-o", "trained.npz")
    assert said == 'ischedule: command line: -o = "trained.npz": the file exists already; name another one\n'
    assert Path("trained.npz").read_text() == "weeks of work"


def test_a_seed_draws_nothing_where_there_are_numbers(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["numbers", "plain.json", "-o", "own.npz"]) == 0
    named("own.npz")
    for call in (["emit", "mine.json", "--weights", "-o", "out"], ["numbers", "mine.json"]):
        said = failed(capsys, *call, "--seed", "0")
        assert said == (
            "ischedule: command line: --seed = 0: draws numbers, and the case has its own in own.npz; leave it out\n"
        )
    assert not Path("out").exists()


def test_what_is_wrong_with_a_file_is_one_line(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    named("own.npz")
    assert "own.npz: $ = missing: there is no such file" in failed(capsys, "solve", "mine.json")
    Path("own.npz").write_text("text")
    assert "own.npz: $ = missing: is no .npz file" in failed(capsys, "numbers", "mine.json")
    np.savez("own.npz", **{"conv/weights": np.zeros((3, 3, 3, 2), np.float32)})
    assert "own.npz: conv/weights = missing: is an array of <f4" in failed(capsys, "emit", "mine.json", "-o", "out")
    tasks = "sensor-node-sense-compute-send"
    assert "there is nothing to execute" in failed(capsys, "numbers", tasks)


def test_firmware_of_own_numbers_is_verified(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    need("gcc", "objcopy")
    assert main(["numbers", "plain.json", "--seed", "8", "-o", "own.npz"]) == 0
    named("own.npz")
    assert main(["verify-firmware", "mine.json", "--failures", "20", "--seed", "3"]) == 0
    assert "20 runs with power failing" in capsys.readouterr().out
