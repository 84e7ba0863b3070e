"""Plans that the runtime cannot count in its integers are refused, and not cut off."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from ischedule.api import solve
from ischedule.emitting import emitted
from ischedule.firmware.emission import require_emittable
from ischedule.models.case import load_case
from ischedule.models.errors import InputError
from ischedule.models.plan import PowerCycles
from tests.house.tree import ROOT


def test_more_runs_than_16_bits_count() -> None:
    case = load_case(str(ROOT / "cases" / "sensor-node-sense-compute-send.json"))
    file = solve(case).plan_file
    assert file is not None
    assert file.plan is not None
    require_emittable(case, replace(file, plan=replace(file.plan, cycles=(PowerCycles(1, 1, 0),) * 0xFFFF)))
    with pytest.raises(InputError, match="has 65536 runs of power cycles"):
        require_emittable(case, replace(file, plan=replace(file.plan, cycles=(PowerCycles(1, 1, 0),) * 0x10000)))


def test_results_of_a_pixel_that_no_transfer_holds(tmp_path: Path) -> None:
    document = json.loads((ROOT / "cases" / "ds-cnn-cortex-m4.json").read_text())
    layer = {"name": "wide", "kind": "dense", "out_channels": 20_000}
    document["network"] |= {"input": {"channels": 2, "height": 1, "width": 1}, "layers": [layer]}
    path = tmp_path / "case.json"
    path.write_text(json.dumps(document))
    case = load_case(path)
    file = solve(case).plan_file
    assert file is not None
    with pytest.raises(InputError, match="80000 bytes in the results of a pixel"):
        emitted(case, file, lambda _: None, 0)
