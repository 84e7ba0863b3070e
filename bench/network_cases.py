"""The published networks as cases under the readings of the reference optima, by wake policy and dense kernel."""

from __future__ import annotations

import json
import math
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bench.published_reference import optima

CASES = Path(__file__).parent.parent / "cases"
FIXED, PROGRAMMABLE = "fixed", "programmable"
COMPARATOR = {"policy": "programmable", "mechanism": "latch", "external_comparator": True, "step": "continuous"}
MARGIN_OF_KWS_1MF = "0.685"
"""The published solutions for keyword spotting on 1 mF do not fit the published margin, which the cases keep."""


@dataclass(frozen=True)
class Variant:
    """One network under one wake policy, dense layers with or without their input as channels."""

    name: str
    policy: str
    dense_as_channels: bool

    @property
    def family(self) -> str:
        """The data set that the networks are for."""
        return "CIFAR-10" if self.name.startswith("cifar10") else "KWS"

    @property
    def label(self) -> str:
        """What stands in a table."""
        kernel = "" if self.family == "CIFAR-10" else ", dense as channels" if self.dense_as_channels else ", dense"
        return f"{self.family}, {self.policy}{kernel}"

    @property
    def reference(self) -> float:
        """The optimum of the independent experiment, in seconds."""
        kernel = "dac" if self.dense_as_channels else "nodac"
        return float(optima()[self.name]["exact"][f"{self.policy}/once/{kernel}"]["latency_s"])

    @property
    def refetching(self) -> float:
        """The same where every tile batch fetches the reused operand."""
        kernel = "dac" if self.dense_as_channels else "nodac"
        return float(optima()[self.name]["exact"][f"{self.policy}/refetch/{kernel}"]["latency_s"])

    @property
    def published(self) -> float:
        """The published designs under the true-voltage recharge law, in seconds; one number for both policies."""
        return float(optima()[self.name]["published_true_voltage"]["latency_s"])

    def document(self, margin: str | None = None) -> dict[str, Any]:
        """The case file."""
        found: dict[str, Any] = json.loads((CASES / f"{self.name}.json").read_text(encoding="utf-8"))
        if margin is not None:
            found["buffer"]["margin"] = margin
        elif self.name.startswith("kws-inas-1mF"):
            found["buffer"]["margin"] = MARGIN_OF_KWS_1MF
        found["options"] = {"dense_as_channels": self.dense_as_channels}
        if self.policy == PROGRAMMABLE:
            found |= {"wake": COMPARATOR, "start": "floor", "until": "published"}
        return found


def variants() -> list[Variant]:
    """All of them: convolutional networks once for each policy, those of dense layers with both kernels."""
    return [
        Variant(name, policy, kernel)
        for name in optima()
        for policy in (FIXED, PROGRAMMABLE)
        for kernel in ((False, True) if name.startswith("kws") else (False,))
    ]


def geometric_mean(values: Iterable[float]) -> float:
    """The geometric mean of positive numbers."""
    logarithms = [math.log(value) for value in values]
    return math.exp(sum(logarithms) / len(logarithms))
