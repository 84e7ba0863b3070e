"""Cases with published semantics: what the explorers are told, and what they refuse to be told."""

from __future__ import annotations

import copy
from typing import Any

import pytest

from ischedule.compat.adapter import explore_case, published_workload
from ischedule.compat.candidates import MAX_TILES
from ischedule.compat.platform import Semantics
from ischedule.models.case import load_case
from ischedule.models.errors import InputError
from tests.compat.published_numbers import KWS_1MF, KWS_1MF_TS1

KWS: dict[str, Any] = {
    "ischedule": 1,
    "name": "kws",
    "device": "msp430fr5994-lea-2021",
    "buffer": {
        "capacitance": "1 mF",
        "turn_on": "2.99 V",
        "brown_out": "2.8 V",
        "margin": "68.5 %",
        "series_resistance": "0 ohm",
        "leakage": "0 A",
    },
    "power_path": "converter",
    "wake": {"policy": "fixed", "mechanism": "latch"},
    "supply": {"kind": "source", "voltage": "3 V", "resistance": "62 ohm"},
    "start": "charged",
    "until": "recharged",
    "semantics": "inas-2021",
    "network": {
        "input": {"channels": 1, "height": 250, "width": 1},
        "layers": [
            {"name": name, "kind": "dense", "out_channels": width}
            for name, width in (("FC_0", 48), ("FC_1", 128), ("FC_2", 128), ("FC_3", 96), ("FC_END", 12))
        ],
    },
}


def changed(path: str, value: object) -> dict[str, Any]:
    """The case with one field set (or removed, for None)."""
    document = copy.deepcopy(KWS)
    *folders, name = path.split(".")
    section = document
    for folder in folders:
        section = section[folder]
    if value is None:
        del section[name]
    else:
        section[name] = value
    return document


def test_a_case_is_what_the_publication_evaluated() -> None:
    workload = published_workload(load_case(KWS))
    assert workload.semantics is Semantics.INAS_2021
    assert workload.platform == KWS_1MF
    assert workload.layers == tuple(printed.layer for printed in KWS_1MF_TS1)


def test_exploring_a_case_gives_the_published_latency() -> None:
    assert explore_case(load_case(KWS)).latency == pytest.approx(16.300674432257615, rel=1e-12)
    refuted = explore_case(load_case(changed("buffer.margin", "0.55")))
    assert [refusal.layer for refusal in refuted.refusals] == ["FC_0"]


def test_memories_may_be_restated() -> None:
    document = changed("requirements", {"volatile_memory": "1000 B", "nonvolatile_memory": "0 B"})
    workload = published_workload(load_case(document))
    assert (workload.platform.volatile_memory, workload.platform.nonvolatile_memory) == (1000, 0)
    found = explore_case(load_case(document))
    assert found.refusals[0].candidates.fail_volatile == found.refusals[0].candidates.total
    nothing = explore_case(load_case(changed("requirements", {"volatile_memory": "0 B"})))
    assert len(nothing.refusals) == 5


def test_the_later_semantics_need_the_later_device() -> None:
    document = changed("semantics", "tinas-2025")
    with pytest.raises(InputError, match="tinas-2025"):
        published_workload(load_case(document))
    document["device"] = "msp430fr5994-lea-2024"
    found = explore_case(load_case(document))
    assert found.feasible
    assert all(result.design.batch == 1 for result in found.results)


@pytest.mark.parametrize(
    ("path", "value", "said", "remedy"),
    [
        ("wake", {"policy": "programmable", "mechanism": "latch", "external_comparator": True}, "wake.policy", "fixed"),
        ("wake", {"policy": "fixed", "mechanism": "burn", "idle_power": "90 mW"}, "wake.mechanism", "latch"),
        ("start", "floor", "start", "charged"),
        ("start", {"period": "600 s"}, "start", "charged"),
        ("until", None, "until", "recharged"),
        ("supply", {"kind": "power", "power": "2 mW"}, "supply.kind", "source"),
        ("supply.voltage", "2.99 V", "supply.voltage", "source above 2.99 V"),
        ("supply.voltage", "3 V ± 1 mV", "supply.voltage", "single value"),
        ("supply.resistance", ["60 ohm", "64 ohm"], "supply.resistance", "single value"),
        ("buffer.capacitance", "1 mF ± 20 %", "buffer.capacitance", "single value"),
        ("buffer.turn_on", "2.99 V ± 1 mV", "buffer.turn_on", "single value"),
        ("buffer.brown_out", "2.8 V ± 1 mV", "buffer.brown_out", "single value"),
        ("device", "msp430fr5994-lea-2024", "device", "msp430fr5994-lea-2021"),
        ("boot", {"energy": "70 uJ", "time": "70 ms"}, "boot", "remove"),
    ],
)
def test_what_the_published_model_does_not_know(path: str, value: object, said: str, remedy: str) -> None:
    with pytest.raises(InputError) as caught:
        published_workload(load_case(changed(path, value)))
    assert caught.value.path == f"$.{said}"
    assert remedy in caught.value.remedy
    assert "\n" not in str(caught.value)


def test_networks_beyond_enumeration() -> None:
    document = changed("semantics", "tinas-2025")
    document["device"] = "msp430fr5994-lea-2024"
    document["network"] = {
        "input": {"channels": 1, "height": 5000, "width": 5000},
        "layers": [{"name": "c", "kind": "conv2d", "out_channels": 1, "kernel": [1, 1]}],
    }
    with pytest.raises(InputError, match=f"at most {MAX_TILES}"):
        explore_case(load_case(document))


def test_own_semantics_are_no_published_ones() -> None:
    with pytest.raises(ValueError, match="ischedule"):
        published_workload(load_case(changed("semantics", "ischedule")))


@pytest.mark.parametrize(
    ("path", "value", "field"),
    [
        ("network.layers", [{"name": "r", "kind": "activation", "activation": "relu"}], "kind"),
        ("network.layers", [{"name": "d", "kind": "dense", "out_channels": 1, "bias": True}], "bias"),
        ("network.layers", [{"name": "c", "kind": "conv1d", "out_channels": 1, "kernel": [3], "stride": 2}], "stride"),
        ("network.width", "int8", "width"),
        ("network.sums", "int32", "sums"),
        ("network.fuse", True, "fuse"),
    ],
)
def test_layers_of_later_networks_are_refused(path: str, value: object, field: str) -> None:
    with pytest.raises(InputError) as caught:
        published_workload(load_case(changed(path, value)))
    assert caught.value.path == (
        f"$.network.{field}" if field in ("width", "sums", "fuse") else f"$.network.layers[0].{field}"
    )
