"""The bench of the TiNAS networks: how it reads them, and that its claims can fail."""

from __future__ import annotations

from dataclasses import replace

import pytest

from bench.published_reference import published_networks
from bench.tinas import Measured, document, equal_law, judged
from ischedule.compat.platform import LayerKind
from ischedule.models.case import load_case

NETWORKS = [one for one in published_networks() if one.name.startswith("tinas/")]
GOOD = Measured("x", 4.0, 4.0, 3.5, 3.0, 7, True, 1.0)


def test_every_published_network_is_one_of_these_cases() -> None:
    assert len(NETWORKS) == 6
    for network in NETWORKS:
        shapes = load_case(document(network, fold=False)).shapes()
        assert len(shapes) == len(network.layers)
        for shape, layer in zip(shapes, network.layers, strict=True):
            assert (shape.out_channels, shape.out_height, shape.out_width) == (
                layer.out_channels,
                layer.out_height,
                layer.out_width,
            )
            assert (shape.sources == 2) is (layer.kind is LayerKind.ADD)


@pytest.mark.parametrize("network", NETWORKS, ids=lambda one: one.name)
def test_the_published_latency_is_that_of_the_equal_law(network: object) -> None:
    assert network in NETWORKS
    one = NETWORKS[NETWORKS.index(network)]  # type: ignore[arg-type]
    assert equal_law(one) == pytest.approx(one.totals["latency_s"], rel=1e-6)


def test_claims_can_fail() -> None:
    assert judged([GOOD]) == []
    assert judged([replace(GOOD, is_proven=False)])
    assert judged([replace(GOOD, folded=3.5)])
