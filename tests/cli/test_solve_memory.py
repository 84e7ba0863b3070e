"""Addresses of a network's buffers as a user meets them: one line, JSON, and a file."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from ischedule.cli.main import main
from ischedule.models.minimalloc import read_buffers

CASE = "kws-inas-1mF-ts1"
Captured = pytest.CaptureFixture[str]


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder to work in."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_addresses_are_in_the_json_and_in_a_file(capsys: Captured) -> None:
    assert main(["solve", CASE, "--json", "--addresses", "a.csv"]) == 0
    value = json.loads(capsys.readouterr().out)
    memory = value["memory_layout"]
    buffers, addresses = read_buffers(Path("a.csv").read_text("utf-8"), "a.csv")
    assert addresses is not None
    assert [one.name for one in buffers] == ["input", *(f"dense{index}" for index in range(1, 6))]
    assert [(one.size, one.first + 1, one.last + 1, at) for one, at in zip(buffers, addresses, strict=True)] == [
        (one["size"], one["first_cycle"], one["last_cycle"], one["address"]) for one in memory["buffers"]
    ]
    assert memory["size"] == max(one["address"] + one["size"] for one in memory["buffers"])
    constants = memory["weights"] + memory["records"] + memory["tables"]
    assert min(one["address"] for one in memory["buffers"]) == constants
    assert memory["unshared"] == constants + sum(one["size"] for one in memory["buffers"])
    assert constants < memory["bound"] <= memory["size"] < memory["unshared"]
    assert memory["buffers"][-1]["last_cycle"] == value["figures"]["power_cycles"]


def test_the_report_has_a_line(capsys: Captured) -> None:
    assert main(["solve", CASE]) == 0
    (line,) = [line for line in capsys.readouterr().out.splitlines() if line.startswith("memory ")]
    assert (
        line.split(None, 1)[1] == "97,016 B of 1,000,000 B of non-volatile memory, packed (97,488 B if nothing shared)"
    )
    assert not any(Path().iterdir())


def test_tasks_have_no_addresses(capsys: Captured) -> None:
    assert main(["solve", "sensor-node-sense-compute-send", "--addresses", "a.csv"]) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert err.startswith('ischedule: command line: --addresses = "a.csv": ')
    assert main(["solve", "sensor-node-sense-compute-send", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["memory_layout"] is None
    assert not any(Path().iterdir())
