"""The check against the printed figures holds for the shipped reference, and fails for a reference that is wrong."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from bench.published import main
from bench.published_reference import REFERENCE, published_networks


def test_every_claim_holds(capsys: pytest.CaptureFixture[str]) -> None:
    assert main([]) == 0
    assert "every claim holds" in capsys.readouterr().out


def test_what_the_reference_covers() -> None:
    networks = published_networks()
    inas = [network for network in networks if network.semantics.value == "inas-2021"]
    assert len({network.name for network in networks}) == len(networks) == 30
    assert len({network.case for network in inas if not network.continuous}) == 18


def tampered(folder: Path, change: str) -> None:
    shutil.copytree(REFERENCE, folder, dirs_exist_ok=True)
    path = folder / ("optima.json" if change == "true voltage" else "published.json")
    data: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    if change == "true voltage":
        data["cases"]["kws-inas-5mF-ts1"]["published_true_voltage"]["latency_s"] *= 1 + 1e-8
    else:
        network = next(entry for entry in data["networks"] if entry["id"] == "inas/intpow_cifar_cap005_ts2")
        if change == "latency":
            network["totals"]["latency_s"] *= 1 + 1e-8
        elif change == "margin":
            for entry in data["networks"]:
                entry["platform"]["margin"] = 0.55
        else:
            column = (data["columns"] + data["intermittent_columns"] + data["candidate_columns"]).index(change)
            network["layers"][1][column] = network["layers"][1][column] * (1 + 1e-8) + (column >= 23)
    path.write_text(json.dumps(data), encoding="utf-8")


@pytest.mark.parametrize(
    "change",
    ["latency", "energy_J", "recharge_later_s", "cycle_energy_first_J", "fail_energy", "margin", "true voltage"],
)
def test_a_wrong_reference_is_noticed(tmp_path: Path, capsys: pytest.CaptureFixture[str], change: str) -> None:
    tampered(tmp_path, change)
    assert main(["--reference", str(tmp_path)]) == 1
    assert "FAIL" in capsys.readouterr().out
