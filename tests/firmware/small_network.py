"""A network that fits a small microcontroller: solved, emitted, and what the executor makes of an input."""

from __future__ import annotations

import functools
import json
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np

import ischedule
from ischedule.analysis.executor import arithmetic_of, run
from ischedule.analysis.layer_numbers import random_tensor
from ischedule.emitting import emitted, numbers_of, runtime_files
from ischedule.firmware.boards.source import Firmware
from ischedule.models.case import Case, load_case
from ischedule.models.plan_file import PlanFile

SEED: Final = 11

CASE: Final = {
    "ischedule": 1,
    "name": "small",
    "device": "msp430fr5994-lea-2021",
    "buffer": {
        "capacitance": "330 uF",
        "turn_on": "2.99 V",
        "brown_out": "2.8 V",
        "series_resistance": "0 ohm",
        "leakage": "0 A",
    },
    "power_path": "converter",
    "wake": {"policy": "fixed", "mechanism": "latch"},
    "supply": {"kind": "source", "voltage": "3 V", "resistance": "62 ohm"},
}

NETWORK: Final = {
    "input": {"channels": 2, "height": 6, "width": 6},
    "layers": [
        {"name": "conv", "kind": "conv2d", "out_channels": 3, "kernel": [3, 3], "activation": "relu"},
        {"name": "wide", "kind": "conv2d", "out_channels": 4, "kernel": [3, 3], "padding": "same"},
        {"name": "sum", "kind": "conv2d", "out_channels": 3, "kernel": [1, 1], "activation": "relu"},
        {"name": "add", "kind": "add", "inputs": ["sum", "conv"]},
        {"name": "pool", "kind": "max_pool", "kernel": [2, 2], "stride": 2},
        {"name": "dense", "kind": "dense", "out_channels": 5},
    ],
}
"""Convolutions, an addition, a pool and a dense layer."""


@dataclass(frozen=True)
class Solved:
    """A case with its plan, an input and the output that the executor computes."""

    case: Case
    file: PlanFile
    input: bytes
    output: bytes

    @property
    def cycles(self) -> list[int]:
        """How many atoms each power cycle of the plan has."""
        assert self.file.plan is not None
        return [run.atoms for run in self.file.plan.cycles for _ in range(run.repeat)]

    def firmware(self, folder: Path, *, trace: int = 1) -> Firmware:
        """The emitted files in `folder`, with weights."""
        result = emitted(self.case, self.file, lambda _: None, SEED)
        assert result.emission is not None, result.refusal
        folder.mkdir(parents=True)
        for name, text in {**result.emission.files, **runtime_files(result.emission)}.items():
            (folder / name).write_text(text)
        return Firmware.of_folder(folder, self.input, trace=trace)


@functools.cache
def solved(width: str) -> Solved:
    """The network with words of a width."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "small.json"
        path.write_text(json.dumps({**CASE, "network": {**NETWORK, "width": width}}))
        return solved_case(load_case(str(path)))


def solved_case(case: Case) -> Solved:
    """Solve a case and compute its output for random numbers."""
    file = ischedule.solve(case).plan_file
    assert file is not None
    assert file.plan is not None
    assert case.network is not None
    width = arithmetic_of(case)
    words = random_tensor(case.network.input, width, np.random.default_rng(SEED + 1))
    output = run(case, file.plan, words, numbers_of(case, SEED)).output
    assert len(np.unique(output)) > 2
    return Solved(case, file, words.tobytes(), output.tobytes())
