"""A network with branches from its case file to a plan, a certificate and an explanation, on the command line."""

from __future__ import annotations

import json
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest

from ischedule.analysis.trust import trusted_of
from ischedule.cli.main import main
from ischedule.models import build
from ischedule.models.build import program_of
from ischedule.models.case import load_case
from ischedule.models.order import steps_of

BRANCHES: dict[str, Any] = {
    "ischedule": 1,
    "name": "branches",
    "device": "msp430fr5994-lea-2021",
    "buffer": {
        "capacitance": "400 uF",
        "turn_on": "2.99 V",
        "brown_out": "2.8 V",
        "series_resistance": "0 ohm",
        "leakage": "0 A",
    },
    "power_path": "converter",
    "wake": {"policy": "fixed", "mechanism": "latch"},
    "supply": {"kind": "power", "power": "5 mW"},
    "network": {
        "input": {"channels": 2, "height": 6, "width": 6},
        "width": "int8",
        "layers": [
            {"name": "stem", "kind": "conv2d", "out_channels": 4, "kernel": [3, 3], "stride": 2, "padding": "same"},
            {"name": "norm", "kind": "batch_norm", "activation": "relu6"},
            {"name": "left", "kind": "conv2d", "out_channels": 4, "kernel": [3, 3], "padding": "same", "groups": 4},
            {"name": "sum", "kind": "add", "inputs": ["left", "norm"], "activation": "relu"},
            {"name": "right", "kind": "conv2d", "out_channels": 3, "kernel": [1, 1], "bias": True, "inputs": ["norm"]},
            {"name": "both", "kind": "concat", "inputs": ["right", "sum"]},
            {"name": "windows", "kind": "max_pool", "kernel": [2, 2], "stride": 1},
            {"name": "flat", "kind": "flatten"},
            {"name": "dense", "kind": "dense", "out_channels": 3},
            {"name": "softmax", "kind": "softmax"},
        ],
    },
}


@pytest.fixture
def case_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    Path("case.json").write_text(json.dumps(BRANCHES))
    return Path("case.json")


def test_a_network_with_branches_is_solved_checked_and_explained(
    case_file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["solve", str(case_file), "-o", "."]) == 0
    solved = capsys.readouterr().out
    assert "certified optimal" in solved
    rows = [line.split()[0] for line in solved.splitlines() if line.startswith(("stem", "left", "sum", "right", "win"))]
    assert sorted(rows[:5]) == ["left", "right", "stem", "sum", "windows"]
    assert main(["check", str(case_file), "branches.plan.json"]) == 0
    assert "optimal" in capsys.readouterr().out
    assert main(["explain", str(case_file)]) == 0
    assert "non-volatile memory" in capsys.readouterr().out


def test_every_order_is_in_the_program() -> None:
    program = program_of(load_case(BRANCHES))
    assert [stage.name for stage in program.stages] == ["stem", "left", "sum", "right", "windows", "dense", "softmax"]
    orders = [[0, 1, 2, 3, 4, 5, 6], [0, 1, 3, 2, 4, 5, 6], [0, 3, 1, 2, 4, 5, 6]]
    assert all(program.path(order) is not None for order in orders)
    assert program.path([1, 0, 2, 3, 4, 5, 6]) is None
    assert not program.is_order_fixed


def test_a_single_order_is_admitted(monkeypatch: pytest.MonkeyPatch) -> None:
    case = load_case(BRANCHES)
    monkeypatch.setattr(build, "steps_of", lambda needs: steps_of(needs, most=3))
    program = program_of(case)
    assert program.is_chain
    assert any("more orders are possible" in sentence for sentence in trusted_of(case, program))


@pytest.mark.parametrize("field", ["activation_step", "add_step", "softmax_step"])
def test_a_figure_that_a_layer_needs_is_named(field: str, case_file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    from importlib import resources

    device = json.loads((resources.files("ischedule.models.devices") / "msp430fr5994-lea-2021.json").read_text("utf-8"))
    del device[field]
    case_file.write_text(json.dumps({**BRANCHES, "device": device}))
    assert main(["solve", str(case_file)]) == 2
    error = capsys.readouterr().err
    assert f"$.device.{field} = missing: is not stated by the device, and layer" in error
    assert error.count("\n") == 1


def test_values_wider_than_a_word_are_refused(capsys: pytest.CaptureFixture[str], case_file: Path) -> None:
    wide = deepcopy(BRANCHES)
    wide["device"], wide["network"]["width"] = "cortex-m4-256k-estimate", "int16"
    case_file.write_text(json.dumps(wide))
    assert main(["solve", str(case_file)]) == 2
    assert '$.network.width = "int16": is wider than the device\'s word of 1 B' in capsys.readouterr().err
