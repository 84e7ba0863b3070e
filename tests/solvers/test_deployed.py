"""The shipped networks are those that people deploy, with the sizes of their publications."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from bench.deployed import CASES, Measured, judged
from bench.deployed_networks import NETWORKS
from ischedule.models.build import program_of
from ischedule.models.case import load_case

SHIPPED = sorted(path for kind in ("msp430", "cortex-m4") for path in CASES.glob(f"*-{kind}.json"))


@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: path.stem)
def test_shipped_networks_are_those_that_people_deploy(path: Path) -> None:
    document = json.loads(path.read_text("utf-8"))
    network = path.stem.removesuffix("-msp430").removesuffix("-cortex-m4")
    assert document["network"] == NETWORKS[network]()
    assert "estimates" in document["description"]
    program = program_of(load_case(path))
    assert not program.is_order_fixed
    assert len(program.steps) >= len(program.stages)


def test_they_have_their_published_sizes() -> None:
    found = {}
    for name, network in NETWORKS.items():
        case = {**json.loads((CASES / "ds-cnn-msp430.json").read_text("utf-8")), "network": network()}
        kernels = load_case(case).lowered().kernels
        found[name] = (sum(one.shape.weights for one in kernels), sum(one.shape.macs for one in kernels))
    separable = 4 * 64 * (9 + 64)
    assert found["ds-cnn"] == (40 * 64 + separable + 64 * 12, 125 * (40 * 64 + separable) + 64 * 12)
    blocks = 2 * 9 * 16 * 16 + 9 * (16 * 32 + 32 * 32) + 9 * (32 * 64 + 64 * 64) + 16 * 32 + 32 * 64
    assert found["resnet-8"][0] == 27 * 16 + blocks + 640
    assert found["resnet-8"][1] == pytest.approx(12.5e6, rel=0.01)
    assert found["mobilenet-v2"][1] == pytest.approx(10.7e6, rel=0.01)
    assert found["squeezenet"][0] == pytest.approx(0.73e6, rel=0.02)


def test_a_claim_that_does_not_hold_is_named() -> None:
    good = Measured("a", "schedulable", True, 10**12, 5, 3.0, 2.0, 100)
    assert judged([good]) == []
    assert judged([Measured("b", "schedulable", False, 10**12, 5, 3.0, 2.0, 100)]) == ["b: not certified optimal"]
    (late,) = judged([Measured("resnet-8-msp430", "schedulable", True, 10**12, 5, 11.0, 2.0, 100)])
    assert "11.0 s" in late
