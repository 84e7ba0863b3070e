"""`ischedule solve --pareto`: the table, the JSON, the plot, and what it refuses."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from ischedule.cli.main import main
from tests.models.case_examples import NETWORK, TASKS


def run(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str, str]:
    code = main(["solve", *arguments])
    shown = capsys.readouterr()
    return code, shown.out, shown.err


def test_the_front_of_a_shipped_network(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    code, text, _ = run(capsys, "kws-inas-1mF-ts1", "--pareto", "latency,energy")
    assert code == 0
    assert "certified: no plan lies below the lines between neighbours" in text
    code, text, _ = run(capsys, "kws-inas-1mF-ts1", "--pareto", "latency,energy", "--json")
    value = json.loads(text)
    assert code == 0
    assert value["certified"] is True
    latencies = [int(point["latency"]) for point in value["points"]]
    energies = [int(point["energy"]) for point in value["points"]]
    assert len(latencies) > 1
    assert latencies == sorted(latencies)
    assert energies == sorted(energies, reverse=True)


def test_the_plot_is_written_whole(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    pytest.importorskip("matplotlib", reason="needs matplotlib")
    path = tmp_path / "front.svg"
    code, _, _ = run(capsys, "kws-inas-1mF-ts1", "--pareto", "latency,energy", "--plot", str(path))
    assert code == 0
    assert path.read_text().rstrip().endswith("</svg>")
    assert [one.name for one in tmp_path.iterdir()] == ["front.svg"]


def test_without_a_plan_nothing_is_said_of_a_front(capsys: pytest.CaptureFixture[str]) -> None:
    code, text, _ = run(capsys, "sensor-node-radio-does-not-fit", "--pareto", "latency,energy")
    assert code == 3
    assert "no plan was found" in text


def test_what_a_front_is_not(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    limited = tmp_path / "limited.json"
    limited.write_text(json.dumps(dict(NETWORK, requirements={"energy": "1 J"})))
    tasks = tmp_path / "tasks.json"
    tasks.write_text(json.dumps(TASKS))
    for arguments, word in (
        ((str(limited), "--pareto", "latency,energy"), "$.requirements"),
        ((str(tasks), "--pareto", "latency,written"), "tasks do not say"),
        (("kws-inas-1mF-ts1", "--pareto", "latency,energy", "-o", str(tmp_path)), "-o"),
        (("kws-inas-1mF-ts1", "--pareto", "latency,energy", "--addresses", "a.csv"), "--addresses"),
        (("kws-inas-1mF-ts1", "--pareto", "latency,energy", "--solver", "ilp"), "--solver"),
        (("kws-inas-1mF-ts1", "--pareto", "latency,energy", "--plot", "front.txt"), "--plot"),
        (("kws-inas-1mF-ts1", "--plot", "front.svg"), "--pareto"),
    ):
        code, out, err = run(capsys, *arguments)
        assert (code, out) == (2, "")
        assert word in err
    with pytest.raises(SystemExit) as stopped:
        main(["solve", "kws-inas-1mF-ts1", "--pareto", "latency,latency"])
    assert stopped.value.code == 2
    assert "two different ones" in capsys.readouterr().err
