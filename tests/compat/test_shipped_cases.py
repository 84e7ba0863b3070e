"""The shipped iNAS cases are the published networks on their published platforms."""

from __future__ import annotations

import json
from dataclasses import replace
from importlib import resources
from pathlib import Path
from typing import Any

import pytest

from bench.published_reference import PublishedNetwork, optima, published_networks
from ischedule.compat.adapter import explore_case, published_workload
from ischedule.models.case import Semantics, load_case

CASES = Path(str(resources.files("ischedule.cases")))
NETWORKS = [network for network in published_networks() if network.case is not None]


def shipped(network: PublishedNetwork) -> dict[str, Any]:
    document: dict[str, Any] = json.loads((CASES / f"{network.case}.json").read_text(encoding="utf-8"))
    return document


@pytest.mark.parametrize("network", NETWORKS, ids=lambda network: network.case)
def test_a_shipped_case_is_the_published_network(network: PublishedNetwork) -> None:
    case = load_case(CASES / f"{network.case}.json")
    assert case.name == network.case
    assert case.semantics is Semantics.ISCHEDULE
    workload = published_workload(replace(case, semantics=Semantics.INAS_2021))
    assert [replace(layer, name="") for layer in workload.layers] == [
        replace(layer, name="") for layer in network.layers
    ]
    assert workload.platform == replace(network.platform, margin=0.55)


def test_every_published_network_is_shipped() -> None:
    names = {path.stem for path in CASES.glob("*-inas-*.json")}
    assert names == {network.case for network in NETWORKS} == set(optima())
    assert len(names) == 18


def test_a_shipped_case_with_published_semantics_gives_the_published_latency() -> None:
    network = next(network for network in NETWORKS if network.case == "cifar10-inas-5mF-ts1")
    found = explore_case(load_case(shipped(network) | {"semantics": "inas-2021"}))
    assert found.latency == pytest.approx(network.totals["latency_s"], rel=1e-9)
    assert [result.design for result in found.results] == list(network.designs)
