"""Firmware of numbers made by hand: what it computes is what comes out on paper, and other numbers are another plan."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

import ischedule
from ischedule.analysis.executor import run
from ischedule.emitting import Emitted, emitted, runtime_files
from ischedule.firmware.boards import host
from ischedule.firmware.boards.source import Firmware
from ischedule.models.case import Case, case_hash, load_case
from ischedule.models.errors import InputError
from ischedule.models.plan_file import PlanFile
from tests.firmware.small_network import CASE
from tests.firmware.tools import need

LAYER = {"name": "dense", "kind": "dense", "out_channels": 2, "bias": True}

INPUT = [10, -20, 30]

INT8: dict[str, Any] = {
    "input/zero": np.array(2, np.int8),
    "dense/weights": np.array([[1, 2, 3], [-1, 0, 5]], np.int8).reshape(2, 1, 1, 3),
    "dense/bias": np.array([100, -7], np.int32),
    "dense/multiplier": np.array([3, 5], np.int32),
    "dense/shift": np.array([2, 3], np.uint8),
    "dense/zero": np.array(5, np.int8),
}
"""Sums 1 * 8 + 2 * -22 + 3 * 28 + 100 = 148 and -8 + 140 - 7 = 125; of the first 3/4, of the second 5/8, and 5."""

Q15: dict[str, Any] = {
    "dense/weights": np.array([[1000, 2000, 3000], [-1000, 0, 5000]], np.int16).reshape(2, 1, 1, 3),
    "dense/bias": np.array([100, -7], np.int16),
    "dense/shift": np.array([9, 10], np.uint8),
}
"""Sums 10,000 - 40,000 + 90,000 = 60,000 and -10,000 + 150,000 = 140,000, shifted by 9 and 10 to the nearest."""

RESULTS = {
    "int8": (INT8, [(148 * 3 + 2) // 4 + 5, (125 * 5 + 4) // 8 + 5]),
    "int16": (Q15, [100 + 117, -7 + 137]),
}


def named(folder: Path, width: str, numbers: dict[str, Any]) -> Case:
    """A case of one dense layer with numbers of its own."""
    np.savez(folder / "mine.npz", **numbers)
    network = {"input": {"channels": 3, "height": 1, "width": 1}, "width": width, "layers": [LAYER]}
    return load_case({**CASE, "network": {**network, "numbers": "mine.npz"}}, folder)


def solved(case: Case) -> PlanFile:
    file = ischedule.solve(case).plan_file
    assert file is not None
    return file


def written(case: Case, file: PlanFile, folder: Path) -> Emitted:
    result = emitted(case, file, lambda _: None, 0)
    assert result.emission is not None, result.refusal
    folder.mkdir()
    for name, text in {**result.emission.files, **runtime_files(result.emission)}.items():
        (folder / name).write_text(text)
    return result


def ran(folder: Path, width: str) -> list[int]:
    """What emitted firmware makes of the input on this computer."""
    firmware = Firmware.of_folder(folder, np.array(INPUT, width).tobytes())
    (outcome,) = host.run(host.build(firmware, folder.with_name(f"{folder.name} built")), [[]])
    assert outcome.end == "done"
    return [int(word) for word in np.frombuffer(outcome.output, width)]


@pytest.mark.parametrize("width", RESULTS)
def test_executor_and_firmware_compute_what_comes_out_on_paper(width: str, tmp_path: Path) -> None:
    need("gcc", "objcopy")
    numbers, expected = RESULTS[width]
    case = named(tmp_path, width, numbers)
    file = solved(case)
    assert file.plan is not None
    words = np.array(INPUT, width).reshape(1, 1, 3)
    assert run(case, file.plan, words).output.ravel().tolist() == expected
    written(case, file, tmp_path / "firmware")
    assert ran(tmp_path / "firmware", width) == expected


def test_one_other_weight_is_another_case_plan_and_result(tmp_path: Path) -> None:
    need("gcc", "objcopy")
    case = named(tmp_path, "int8", INT8)
    file = solved(case)
    first = written(case, file, tmp_path / "first").emission
    weights = INT8["dense/weights"].copy()
    weights[1, 0, 0, 1] = 1
    other = named(tmp_path, "int8", INT8 | {"dense/weights": weights})
    assert case_hash(other) != case_hash(case)
    refused = emitted(other, file, lambda _: None, 0)
    assert refused.emission is None
    assert "another case" in str(refused.refusal)
    second = written(other, solved(other), tmp_path / "second").emission
    assert first is not None
    assert second is not None
    assert first.plan_id != second.plan_id
    assert ran(tmp_path / "second", "int8") == [116, ((125 - 22) * 5 + 4) // 8 + 5]
    with pytest.raises(InputError, match="holds other numbers"):
        emitted(case, file, lambda _: None, 0)
