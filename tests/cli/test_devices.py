"""The devices are listed, and the constants of one are shown as they were published."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from ischedule.cli.devices import described
from ischedule.cli.main import main
from ischedule.models.accelerator import LayerAccelerator
from ischedule.models.device import built_in_devices, load_device

NAME = "msp430fr5994-lea-2021"


def test_devices_are_listed_with_their_titles(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["devices"]) == 0
    lines = capsys.readouterr().out.splitlines()[1:]
    assert [line.split(maxsplit=1) for line in lines] == [
        [name, load_device(name).title] for name in built_in_devices()
    ]
    assert main(["devices", "--json"]) == 0
    assert [entry["name"] for entry in json.loads(capsys.readouterr().out)] == built_in_devices()


def test_the_published_constants_of_a_device_are_shown(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["devices", "show", NAME]) == 0
    shown = [line.split("  ") for line in capsys.readouterr().out.splitlines()]
    cells = {line[0]: [cell.strip() for cell in line[1:] if cell.strip()] for line in shown}
    assert cells["boot"] == ["77.88 uJ", "70 ms"]
    assert cells["read, each word"] == ["27 nJ", "4 us"]
    assert cells["read, each command"] == ["200 nJ", "26.5 us"]
    assert cells["volatile memory"] == ["2048 B"]
    assert cells["progress record"] == ["4 words"]


@pytest.mark.parametrize("name", built_in_devices())
def test_every_figure_of_a_device_and_its_sources_are_shown(name: str) -> None:
    device = load_device(name)
    text = described(device)
    assert device.title in text
    for what, source in device.sources:
        assert f"  {what}: {source}\n" in text
    table = text.split("cost of")[1].split("sources")[0].splitlines()[1:-1]
    kernels, layers = 1 + 2 * 3 + 2 + 2 * 3 + 3 + 3, 1 + 3 + 2 * 5
    waits = 2 + len(device.modes) if isinstance(device, LayerAccelerator) and device.modes else 0
    assert len(table) == (layers + waits if isinstance(device, LayerAccelerator) else kernels)


def test_an_accelerator_is_shown_with_its_limits_and_ways_to_wait(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["devices", "show", "max78000"]) == 0
    cells = [
        [cell.strip() for cell in line.split("  ") if cell.strip()] for line in capsys.readouterr().out.splitlines()
    ]
    for row in (
        ["memory for weights", "442.4 kB"],
        ["kernels of conv2d", "1x1, 3x3"],
        ["loading weights, each byte", "1.377 nJ", "69.1 ns"],
        ["configuring a network", "1.956 uJ", "109 us"],
        ["UPM, accelerator memories kept", "387 uW", "weights and data", "41.6 us"],
    ):
        assert row in cells


def test_a_device_file_is_printed_as_it_is(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["devices", "show", NAME, "--json"]) == 0
    assert load_device(json.loads(capsys.readouterr().out)) == load_device(NAME)


def test_a_device_of_ones_own_is_shown(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    main(["devices", "show", NAME, "--json"])
    Path("board.json").write_text(capsys.readouterr().out.replace('"77.88 uJ"', '"99.99 uJ"'))
    assert main(["devices", "show", "board.json"]) == 0
    assert "99.99 uJ" in capsys.readouterr().out
    assert main(["devices", "show", "board.json", "--json"]) == 0
    assert capsys.readouterr().out == Path("board.json").read_text()


def test_an_unknown_device_is_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["devices", "show", "z80"]) == 2
    error = capsys.readouterr().err
    assert error.startswith('ischedule: command line: NAME = "z80": is no built-in device; write one of cortex-m4')
    assert error.count("\n") == 1
