"""The explorers against the publications' figures and against plain minimisation over all candidates."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ischedule.compat.candidates import candidates
from ischedule.compat.capacitor import cycle_budget
from ischedule.compat.exploration import LayerRefusal, LayerResult
from ischedule.compat.explorer import (
    OverBudget,
    UnknownLayerKind,
    evaluate,
    evaluate_layer,
    explore,
    explore_layer,
)
from ischedule.compat.platform import Layer, LayerKind, Platform, Semantics, parse_design
from ischedule.compat.profile import INAS_2021, profile_of
from tests.compat.published_numbers import (
    CIFAR_1MF,
    CIFAR_1MF_TS1,
    CIFAR_10MF,
    KEPT_INPUT,
    KEPT_WEIGHTS,
    KWS_1MF,
    KWS_1MF_TS1,
    TINAS_5MF,
    TINAS_5MF_LAYERS,
    Printed,
)

INAS, TINAS = Semantics.INAS_2021, Semantics.TINAS_2025
PUBLISHED = [
    *((CIFAR_1MF, INAS, printed) for printed in (*CIFAR_1MF_TS1, KEPT_INPUT)),
    (CIFAR_10MF, INAS, KEPT_WEIGHTS),
    *((TINAS_5MF, TINAS, printed) for printed in TINAS_5MF_LAYERS),
    *((KWS_1MF, INAS, printed) for printed in KWS_1MF_TS1),
]


@pytest.mark.parametrize(
    ("platform", "semantics", "printed"),
    PUBLISHED,
    ids=[f"{semantics.value}-{printed.layer.name}-{printed.design}" for _, semantics, printed in PUBLISHED],
)
def test_published_layers(platform: Platform, semantics: Semantics, printed: Printed) -> None:
    found = explore_layer(platform, printed.layer, semantics)
    assert isinstance(found, LayerResult)
    assert str(found.design) == printed.design
    given_design = evaluate_layer(platform, printed.layer, parse_design(printed.design), profile_of(semantics))
    assert replace(found, candidates=None) == given_design
    assert found.latency == pytest.approx(printed.latency, rel=1e-12)
    assert found.energy == pytest.approx(printed.energy, rel=1e-12)
    assert (found.first.count, found.later.count) == (printed.cycles_first, printed.cycles_later)
    assert found.active + found.recharge == pytest.approx(found.latency, rel=1e-12)
    assert found.cycles == printed.cycles_first + printed.cycles_later
    if printed.peak_energy:
        assert found.peak_energy == pytest.approx(printed.peak_energy, rel=1e-12)
        dearest = found.later if found.later.count else found.first
        assert dearest.time == pytest.approx(printed.peak_time, rel=1e-12)


def test_breakdown_of_a_published_cycle() -> None:
    found = explore_layer(CIFAR_1MF, CIFAR_1MF_TS1[0].layer, INAS)
    assert isinstance(found, LayerResult)
    assert found.later.energy_parts == pytest.approx(
        {
            "reboot": 7.788e-05,
            "restore": 3.08e-07,
            "fetch": 3.121638861538462e-05,
            "compute": 0.00015446695322071348,
            "store": 1.5371768e-05,
            "record": 3.0062e-07,
        },
        rel=1e-12,
    )
    assert found.first.time_parts["fetch"] == pytest.approx(0.002328, rel=1e-12)
    assert found.later.time_parts["fetch"] == pytest.approx(0.004289672994461539, rel=1e-12)
    assert sum(found.later.time_parts.values()) == pytest.approx(found.later.time, rel=1e-12)
    assert found.later.recharge == pytest.approx(0.1536020905492547, rel=1e-12)


@pytest.mark.parametrize(
    ("printed", "platform", "expected"),
    [
        (CIFAR_1MF_TS1[0], CIFAR_1MF, (2952, 1235, 1124, 593)),
        (KEPT_INPUT, CIFAR_1MF, (24960, 3399, 11773, 9788)),
        (CIFAR_1MF_TS1[1], CIFAR_1MF, (625, 577, 35, 13)),
        (CIFAR_1MF_TS1[2], CIFAR_1MF, (115, 115, 0, 0)),
        (KWS_1MF_TS1[0], KWS_1MF, (60, 3, 34, 23)),
    ],
    ids=lambda value: value.layer.name if isinstance(value, Printed) else None,
)
def test_published_candidate_counts(printed: Printed, platform: Platform, expected: tuple[int, ...]) -> None:
    found = explore_layer(platform, printed.layer, INAS).candidates
    assert found is not None
    assert (found.total, found.feasible, found.fail_volatile, found.fail_energy) == expected


@given(
    st.integers(1, 6), st.integers(1, 6), st.integers(1, 6), st.integers(1, 6), st.sampled_from(Semantics),
    st.sampled_from([0.0003, 0.0006, 0.001]), st.sampled_from([60, 120, 2048]),
)  # fmt: skip
def test_the_minimum_over_all_candidates(
    rows: int, columns: int, outputs: int, inputs: int, semantics: Semantics, capacitance: float, memory: int
) -> None:
    platform = replace(CIFAR_1MF, capacitance=capacitance, volatile_memory=memory)
    layer = Layer("c", LayerKind.CONVOLUTION, inputs, rows + 2, columns + 2, outputs, rows, columns, 3, 3)
    table = candidates(layer, semantics)
    outcomes = []
    for index in range(len(table)):
        try:
            result = evaluate_layer(platform, layer, table.design(index), profile_of(semantics))
        except OverBudget:
            continue
        if result.volatile_bytes <= memory:
            outcomes.append(result)
    found = explore_layer(platform, layer, semantics)
    assert found.candidates is not None
    assert (found.candidates.total, found.candidates.feasible) == (len(table), len(outcomes))
    if not outcomes:
        assert isinstance(found, LayerRefusal)
        assert found.energy is None or found.energy > cycle_budget(platform)
        assert found.energy is not None or found.least_volatile_bytes > memory
        return
    assert isinstance(found, LayerResult)
    best = min(outcomes, key=lambda result: (result.latency, result.volatile_bytes))
    assert (found.latency, found.volatile_bytes) == (best.latency, best.volatile_bytes)


def test_kws_is_refuted_at_the_published_margin() -> None:
    layers = [printed.layer for printed in KWS_1MF_TS1]
    found = explore(replace(KWS_1MF, margin=0.55), layers, INAS)
    assert not found.feasible
    (refusal,) = found.refusals
    assert refusal.layer == "FC_0"
    assert str(refusal.cheapest) == "1_1_1_1_reuse_O_S1"
    assert refusal.energy == pytest.approx(375.04e-6, rel=1e-5)
    assert refusal.budget == pytest.approx(302.5275e-6, rel=1e-12)
    assert sum(refusal.energy_parts.values()) == pytest.approx(refusal.energy, rel=1e-12)
    assert (refusal.candidates.feasible, refusal.candidates.total) == (0, 60)
    assert "needs 375.04 uJ of 302.53 uJ" in str(refusal)
    assert explore(replace(KWS_1MF, margin=0.6819), layers, INAS).feasible
    assert not explore(replace(KWS_1MF, margin=0.6818), layers, INAS).feasible


def test_the_refused_cheapest_cycle_is_what_no_candidate_undercuts() -> None:
    platform = replace(KWS_1MF, margin=1.0)
    layer = KWS_1MF_TS1[0].layer
    table = candidates(layer, INAS)
    peaks = []
    for index in range(len(table)):
        try:
            result = evaluate_layer(replace(platform, capacitance=1.0), layer, table.design(index), INAS_2021)
        except OverBudget:
            continue
        if result.volatile_bytes <= platform.volatile_memory:
            peaks.append(result.peak_energy)
    refusal = explore_layer(replace(KWS_1MF, margin=0.1), layer, INAS)
    assert isinstance(refusal, LayerRefusal)
    assert refusal.energy == min(peaks)


def test_the_refused_cheapest_cycle_fits_the_memory() -> None:
    """Two input channels at once spare the partial sums and so energy, but take two words more."""
    layer = Layer("c", LayerKind.CONVOLUTION, 2, 4, 4, 1, 4, 4)
    starved = replace(CIFAR_1MF, margin=0.01)
    roomy, tight = (explore_layer(replace(starved, volatile_memory=size), layer, INAS) for size in (10, 6))
    assert isinstance(roomy, LayerRefusal)
    assert isinstance(tight, LayerRefusal)
    assert (str(roomy.cheapest)[:7], str(tight.cheapest)[:7]) == ("1_1_1_2", "1_1_1_1")
    assert roomy.energy is not None
    assert tight.energy is not None
    assert roomy.energy < tight.energy


def test_too_little_volatile_memory_is_named() -> None:
    refusal = explore_layer(replace(CIFAR_1MF, volatile_memory=5), CIFAR_1MF_TS1[0].layer, INAS)
    assert isinstance(refusal, LayerRefusal)
    assert refusal.cheapest is None
    assert refusal.candidates.fail_volatile == refusal.candidates.total
    assert "needs 6 of 5 bytes" in str(refusal)


def test_a_network_is_the_sum_of_its_layers() -> None:
    layers = [printed.layer for printed in KWS_1MF_TS1]
    found = explore(KWS_1MF, layers, INAS)
    assert found.feasible
    assert found.latency == pytest.approx(16.300674432257615, rel=1e-12)
    assert found.energy == pytest.approx(0.019788327128210867, rel=1e-12)
    assert found.cycles == 54
    assert found.active == pytest.approx(6.342800149577545, rel=1e-12)
    assert found.recharge == pytest.approx(9.95787428268007, rel=1e-12)
    designs = [parse_design(printed.design) for printed in KWS_1MF_TS1]
    assert evaluate(KWS_1MF, layers, designs, INAS_2021).latency == found.latency


def test_too_little_nonvolatile_memory_refutes_a_network() -> None:
    layers = [printed.layer for printed in KWS_1MF_TS1]
    assert not explore(replace(KWS_1MF, nonvolatile_memory=90_000), layers, INAS).feasible


def test_unknown_layers_and_dear_designs_are_refused() -> None:
    with pytest.raises(UnknownLayerKind, match="inas-2021 has no formula for relu layers"):
        explore_layer(CIFAR_1MF, TINAS_5MF_LAYERS[3].layer, INAS)
    with pytest.raises(OverBudget, match="layer CONV_2, design 2_2_1_8_reuse_W_S20: a power cycle needs"):
        evaluate_layer(CIFAR_1MF, KEPT_WEIGHTS.layer, parse_design(KEPT_WEIGHTS.design), INAS_2021)
