"""Published designs under the true-voltage law: the reference figure, and a plain recomputation of one layer."""

from __future__ import annotations

import math

import pytest

from ischedule.compat.explorer import evaluate
from ischedule.compat.platform import parse_design
from ischedule.compat.profile import INAS_2021
from ischedule.compat.true_voltage import true_voltage_latency
from tests.compat.published_numbers import KWS_1MF, KWS_1MF_TS1, KWS_1MF_TS1_TRUE_VOLTAGE

LAYERS = [printed.layer for printed in KWS_1MF_TS1]
DESIGNS = [parse_design(printed.design) for printed in KWS_1MF_TS1]


def test_reference_network() -> None:
    found = true_voltage_latency(KWS_1MF, LAYERS, DESIGNS)
    assert (found.latency, found.energy) == pytest.approx(KWS_1MF_TS1_TRUE_VOLTAGE[:2], rel=1e-12)
    assert found.cycles == KWS_1MF_TS1_TRUE_VOLTAGE[2]


def test_the_first_layer_by_hand() -> None:
    """48 cycles, each with 250 inputs and 250 weights fetched one by one and 250 vector operations of length 1."""
    cycle = (
        0.07
        + (4 * 64.00000000000001 + 423.99999999999994) / 16e6
        + 250 * ((64.00000000000001 + 423.99999999999994) / 16e6 + (7 * 12 + 5 * 44) / 16e6)
        + 250 * ((64.00000000000001 + 423.99999999999994) / 16e6 + (8 * 12 + 10 * 44) / 16e6)
        + 250 * (1.4999999999999978 + 616.0000000000002 + 12 + (7 * 12 + 10 * 44) + (3 * 12 + 3 * 44)) / 16e6
        + (64.00082974729904 + 422.22773129921234 + 7 * 12 + 5 * 44) / 16e6
        + (4 * 64.00082974729904 + 422.22773129921234) / 16e6
    )
    energy = KWS_1MF_TS1[0].energy / 48
    left = math.sqrt(2.99**2 - 2 * energy / 0.001)
    recharge = 62 * 0.001 * math.log((3.0 - left) / (3.0 - 2.99))
    found = true_voltage_latency(KWS_1MF, LAYERS[:1], DESIGNS[:1])
    assert found.latency == pytest.approx(48 * (cycle + recharge), rel=1e-12)
    assert found.energy == pytest.approx(KWS_1MF_TS1[0].energy, rel=1e-12)


def test_only_time_differs_from_the_published_model() -> None:
    published = evaluate(KWS_1MF, LAYERS, DESIGNS, INAS_2021)
    found = true_voltage_latency(KWS_1MF, LAYERS, DESIGNS)
    assert found.energy == published.energy
    assert published.active < found.active < 1.004 * published.active
    assert found.recharge < published.recharge
