"""The commands on a network that an accelerator runs layer by layer."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from ischedule.cli.main import main
from tests.models.accelerator_examples import CASES


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def write(**sections: Any) -> None:
    document = json.loads((CASES / "cifar10-nas-max78000.json").read_text("utf-8"))
    Path("case.json").write_text(json.dumps({**document, **sections}))


def test_a_plan_is_solved_checked_and_proven(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["solve", "kws20-max78000", "-o", "plans"]) == 0
    out = capsys.readouterr().out
    assert "certified optimal" in out
    assert "conv2 to dense" in out
    assert "whole layers: none runs longer than the clock cycles computed for it" in out
    assert main(["check", "kws20-max78000", "plans/kws20-max78000.plan.json", "--symbolic"]) == 0
    assert "proven" in capsys.readouterr().out


@pytest.mark.parametrize("solver", ["ilp", "smt"])
def test_other_solvers_find_the_same(solver: str, capsys: pytest.CaptureFixture[str]) -> None:
    latencies = []
    for name in ("exact", solver):
        assert main(["solve", "mnist-max78000", "--json", "--solver", name]) == 0
        latencies.append(json.loads(capsys.readouterr().out)["latency"])
    assert latencies[0] == latencies[1]


def test_what_is_too_small_is_explained_by_layers(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    document = json.loads((CASES / "cifar10-nas-max78000.json").read_text("utf-8"))
    write(buffer={**document["buffer"], "capacitance": "80 uF"})
    assert main(["explain", "case.json"]) == 1
    out = capsys.readouterr().out
    assert "where       tasks conv1 to conv4" in out
    assert "126 uF" in out


@pytest.mark.parametrize(
    ("requirements", "text"),
    [
        ({"volatile_memory": "100 KiB"}, "task conv1"),
        ({"nonvolatile_memory": "3 KiB"}, "two copies of the results"),
    ],
)
def test_memories_that_are_too_small_are_explained(
    here: Path, capsys: pytest.CaptureFixture[str], requirements: dict[str, str], text: str
) -> None:
    write(requirements=requirements)
    assert main(["explain", "case.json"]) == 1
    out = capsys.readouterr().out
    assert text in out
    assert "suffices" in out


def test_a_layer_alone_and_the_front(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["solve", "cifar10-nas-max78000", "--layer", "conv6"]) == 0
    assert "conv6 alone: schedulable" in capsys.readouterr().out
    assert main(["solve", "cifar10-nas-max78000", "--pareto", "latency,energy"]) == 0
    assert "1.692197 s" in capsys.readouterr().out
    assert main(["solve", "cifar10-nas-max78000", "--pareto", "latency,written"]) == 2
    assert "cannot be counted" in capsys.readouterr().err


def test_memories_that_are_kept_are_among_what_is_trusted(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    sleep = {
        "power": "0.387 mW",
        "poll_energy": "1 uJ",
        "poll_period": "100 ms",
        "wake": {"energy": "1 uJ", "time": "42 us"},
    }
    trusted = "the accelerator's memories keep what they hold while the device sleeps"
    for retained in (True, False):
        write(wake={"policy": "fixed", "mechanism": "sense", "sleep": {**sleep, "retained": retained}})
        assert main(["solve", "case.json"]) == 0
        assert (trusted in capsys.readouterr().out) is retained


def test_addresses_mean_nothing(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["solve", "mnist-max78000", "--addresses", "a.csv"]) == 2
    assert "--addresses" in capsys.readouterr().err


def test_published_semantics_are_for_their_own_board(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write(semantics="inas-2021")
    assert main(["solve", "case.json"]) == 2
    error = capsys.readouterr().err
    assert "case.json: $." in error
    assert error.count("\n") == 1


def test_a_layer_that_cannot_run_is_one_line(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write(
        network={
            "input": {"channels": 3, "height": 8, "width": 8},
            "layers": [{"name": "wide", "kind": "conv2d", "out_channels": 4, "kernel": [5, 5]}],
        }
    )
    for command in ("solve", "explain"):
        assert main([command, "case.json"]) == 2
        assert capsys.readouterr().err == (
            'ischedule: case.json: $.network.layers[0].name = "wide": has a kernel of 5x5, which cannot run on the '
            "device max78000; use 1x1 or 3x3\n"
        )
